"""What a rehearsal promises holds for a bounded part of what ``make rehearsal`` measures.

``tests/rehearsal`` has its part of the others: W2 and W3 in ``test_rehearse.py``, W4 in ``test_events.py`` and
``tests/clock``, W6 in ``test_all_clients.py``.
"""

from __future__ import annotations

from rehearsals.promises import w1


def test_each_break_happens_again_from_its_line() -> None:
    """Of a few changes, each break that is reported happens again from the line that it prints."""
    assert w1(bounded=True).failures == ()
