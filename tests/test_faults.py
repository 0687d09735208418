"""At least one fault of each kind is injected against each promise, and none gets through."""

from __future__ import annotations

from types import ModuleType

import pytest
from faults.ledger import rows
from helpers.pages import PAGES
from helpers.slow import params

ROWS = {row.__name__.rpartition(".")[2]: row for row in rows()}
SLOW = [name for name in ROWS if name.startswith(("r02", "r05", "r10", "r12", "r13"))]


@pytest.mark.parametrize("row", params(ROWS, slow=SLOW))
def test_promise_holds_under_a_bounded_set_of_faults(row: ModuleType) -> None:
    """No fault gets through, the control shows that one would be noticed, and the table of promises has the row."""
    outcome = row.run(bounded=True)
    assert outcome.injected > 0
    assert outcome.failures == ()
    assert outcome.control
    assert f"| {outcome.promise} | {outcome.title.split(' (')[0]}" in PAGES["docs/explanation/promises.md"]
