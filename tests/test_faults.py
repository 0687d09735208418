"""At least one fault of each kind is injected against each promise, and none gets through."""

from __future__ import annotations

from types import ModuleType

import pytest
from faults.ledger import rows
from helpers.pages import PAGES


@pytest.mark.slow
@pytest.mark.parametrize("row", list(rows()), ids=lambda module: module.__name__.rpartition(".")[2])
def test_promise_holds_under_a_bounded_set_of_faults(row: ModuleType) -> None:
    """No fault gets through, the control shows that one would be noticed, and the table of promises has the row."""
    outcome = row.run(bounded=True)
    assert outcome.injected > 0
    assert outcome.failures == ()
    assert outcome.control
    assert f"| {outcome.promise} | {outcome.title.split(' (')[0]}" in PAGES["docs/explanation/promises.md"]
