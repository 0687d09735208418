"""Parameters of tests, of which some are marked as slow: `make test` leaves them out, `make test-slow` runs them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import pytest


def params(values: Mapping[str, Any], slow: Collection[str]) -> list[Any]:
    """Return *values* as parameters with their names as ids, those whose names are among *slow* marked."""
    assert set(slow) <= set(values)
    return [
        pytest.param(value, id=name, marks=[pytest.mark.slow] if name in slow else []) for name, value in values.items()
    ]


ALONE_OR_WORKERS: Final = pytest.mark.parametrize(
    "args", params({"alone": (), "workers": ("-n", "2")}, slow=["workers"])
)
"""In one process, and by workers of xdist, which take a second to start."""
