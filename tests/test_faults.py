"""At least one fault of each kind is injected against each promise, and none gets through."""

from __future__ import annotations

from types import ModuleType

import pytest
from faults import r16_our_own_failure
from faults.ledger import rows
from helpers.pages import PAGES


@pytest.mark.parametrize("place", r16_our_own_failure.PLACES)
def test_each_place_that_may_fail_is_there(place: str) -> None:
    """What a fault is injected into is a function of the package, though a bounded set leaves most of them out."""
    with r16_our_own_failure.injected(place) as failed:
        assert failed == []


@pytest.mark.slow
@pytest.mark.parametrize("row", list(rows()), ids=lambda module: module.__name__.rpartition(".")[2])
def test_promise_holds_under_a_bounded_set_of_faults(row: ModuleType) -> None:
    """No fault gets through, the control shows that one would be noticed, and the table of promises has the row."""
    outcome = row.run(bounded=True)
    assert outcome.injected > 0
    assert outcome.failures == ()
    assert outcome.control
    assert f"| {outcome.promise} | {outcome.title.split(' (')[0]}" in PAGES["docs/explanation/promises.md"]
