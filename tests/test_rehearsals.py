"""What a rehearsal promises holds for a bounded part of what ``make rehearsal`` measures."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rehearsals.promises import Measured, w1, w2, w3, w4, w6


@pytest.mark.parametrize("promise", [w1, w2, w3, w4, w6], ids=lambda promise: promise.__name__)
def test_promises(promise: Callable[..., Measured]) -> None:
    """A part of each promise that is no time holds, and its control fails."""
    assert promise(bounded=True).failures == ()
