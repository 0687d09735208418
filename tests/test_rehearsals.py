"""What a rehearsal promises holds for a bounded part of what ``make rehearsal`` measures."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rehearsals.promises import Measured, w1


@pytest.mark.parametrize("promise", [w1], ids=lambda p: p.__name__)
def test_promise(promise: Callable[..., Measured]) -> None:
    """Nothing gets in the way of the promise; the others take minutes, and are held to in part by tests/rehearsal."""
    assert promise(bounded=True).failures == ()
