"""What the API may do differently: changes of what was recorded, by name, and what they do to it."""

from pytest_hubfiles.rehearsal.changes.families import Family, families_of
from pytest_hubfiles.rehearsal.changes.kinds import chosen, parse
from pytest_hubfiles.rehearsal.changes.listing import changes_of
from pytest_hubfiles.rehearsal.changes.names import Change, UnknownChangeError
from pytest_hubfiles.rehearsal.changes.recording import Recording, apply

__all__ = [
    "Change",
    "Family",
    "Recording",
    "UnknownChangeError",
    "apply",
    "changes_of",
    "chosen",
    "families_of",
    "parse",
]
