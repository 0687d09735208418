"""What a rehearsal promises holds for a bounded part of what ``make rehearsal`` measures.

``tests/rehearsal`` has its part of the others: W2 and W3 in ``test_rehearse.py``, W6 in ``test_all_clients.py``.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rehearsals.promises import Measured, w1, w4


@pytest.mark.parametrize("promise", [w1, w4], ids=lambda promise: promise.__name__)
def test_promises(promise: Callable[..., Measured]) -> None:
    """A part of each promise that is no time holds, and its control fails."""
    assert promise(bounded=True).failures == ()
