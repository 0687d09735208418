"""The states of a task, and the order in which they may come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TERMINAL: Final = frozenset({"CANCELED", "COMPLETE"})
"""The states in which a task stays. Source: HubSpot's Files guide, which gives no state after them."""


TRANSITIONS: Final[Mapping[str, frozenset[str]]] = {
    "PENDING": frozenset({"PENDING", "PROCESSING", "COMPLETE", "CANCELED"}),
    "PROCESSING": frozenset({"PROCESSING", "COMPLETE", "CANCELED"}),
    "COMPLETE": frozenset({"COMPLETE"}),
    "CANCELED": frozenset({"CANCELED"}),
}
"""Which state may follow which. The order is this project's assumption; HubSpot documents the four states only."""
