"""What a rehearsal promises holds for a bounded part of what ``make rehearsal`` measures."""

from __future__ import annotations

from rehearsals.promises import w1


def test_no_break_is_false() -> None:
    """Nothing gets in the way of the promise; the others take minutes, and are held to in part by tests/rehearsal."""
    assert w1(bounded=True).failures == ()
