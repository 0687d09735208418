"""At least one fault of each kind is injected against each promise, and none gets through."""

from __future__ import annotations

from types import ModuleType

import pytest
from faults.ledger import rows


@pytest.mark.parametrize("row", list(rows()), ids=lambda module: module.__name__.rpartition(".")[2])
def test_promise_holds_under_a_bounded_set_of_faults(row: ModuleType) -> None:
    """No fault gets through, and the control shows that one that does would be noticed."""
    outcome = row.run(bounded=True)
    assert outcome.injected > 0
    assert outcome.failures == ()
    assert outcome.control
