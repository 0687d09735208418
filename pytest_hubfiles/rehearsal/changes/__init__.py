"""What the API may do differently: changes of what was recorded, by name, and what they do to it."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_hubfiles.judge.registry import Contracts
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.rehearsal.changes import families, listing
from pytest_hubfiles.rehearsal.changes.families import Family
from pytest_hubfiles.rehearsal.changes.kinds import chosen, parse
from pytest_hubfiles.rehearsal.changes.names import Change, UnknownChangeError
from pytest_hubfiles.rehearsal.changes.recording import Recording

__all__ = [
    "Change", "Family", "Recording", "UnknownChangeError", "apply", "changes_of", "chosen", "families_of",
    "family", "parse",
]  # fmt: skip


def changes_of(recorded: Sequence[Interaction], contracts: Contracts) -> tuple[Change, ...]:
    """Return every change that *recorded* allows, each alteration once, the most telling first."""
    return tuple(listing.changes_of(Recording(recorded, contracts)))


def families_of(recorded: Sequence[Interaction], contracts: Contracts) -> dict[Change, Family]:
    """Return every change that *recorded* allows with its family, the most telling first."""
    recording = Recording(recorded, contracts)
    return {change: families.family(change, recording) for change in listing.changes_of(recording)}


def apply(change: Change, recorded: Sequence[Interaction], contracts: Contracts) -> tuple[Interaction, ...]:
    """Return *recorded*, interactions as a recorder loads them from a cassette, with *change*.

    Raises:
        UnknownChangeError: if there is no such kind of change.
    """
    return Recording(recorded, contracts).changed(change)


def family(change: Change, recorded: Sequence[Interaction], contracts: Contracts) -> Family:
    """Return whether *change* is allowed by the contract of its operation, breaks it, or is an event."""
    return families.family(change, Recording(recorded, contracts))
