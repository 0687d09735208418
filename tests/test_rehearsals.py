"""What a rehearsal promises holds for a bounded part of what ``make rehearsal`` measures."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rehearsals.promises import PROMISES, Measured


@pytest.mark.parametrize("promise", [p for p in PROMISES if p.__name__ != "w5"], ids=lambda p: p.__name__)
def test_promise(promise: Callable[..., Measured]) -> None:
    """Nothing gets in the way of the promise; what it costs is measured, and no test asserts times."""
    assert promise(bounded=True).failures == ()
