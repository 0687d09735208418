"""The states of a task, and the order in which they may come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TERMINAL: Final = frozenset({"CANCELED", "COMPLETE"})
"""The states in which a task stays. Source: HubSpot's Files guide, which has no state after them."""


TRANSITIONS: Final[Mapping[str, frozenset[str]]] = {
    "PENDING": frozenset({"PENDING", "PROCESSING", "COMPLETE", "CANCELED"}),
    "PROCESSING": frozenset({"PROCESSING", "COMPLETE", "CANCELED"}),
    "COMPLETE": frozenset({"COMPLETE"}),
    "CANCELED": frozenset({"CANCELED"}),
}
"""The states that may follow each state. HubSpot documents only the four states; the order is our assumption."""


def goes_back(before: str, after: str) -> bool:
    """Return whether a task in the state *before* cannot be in *after* later; of states that nobody lists it may."""
    return after in TRANSITIONS and after not in TRANSITIONS.get(before, {after})
