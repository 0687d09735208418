"""Which changes a rehearsal tries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from pytest_hubfiles.judge.deviations import Deviation
from pytest_hubfiles.judge.registry import Contracts
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.rehearsal.accepted import fits
from pytest_hubfiles.rehearsal.changes import Change, Family, families_of

_ALL: Final = "all"


@dataclass(frozen=True, slots=True)
class Choice:
    """The changes of a *family*, or ``all``, that match one of the patterns *only*, if there are any.

    A pattern is how the name of a change begins, its operation at least; ``*`` is anything. *budget* is in seconds.
    *known* are the deviations that HubSpot is known to send, which make no change breaking.
    """

    family: str
    only: tuple[str, ...] = ()
    budget: float | None = None
    known: tuple[Deviation, ...] = ()

    def is_wanted(self, change: Change) -> bool:
        """Return whether *change* matches one of the patterns, or there are none."""
        return not self.only or any(_matches(change, pattern) for pattern in self.only)

    def of(self, recorded: Iterable[Interaction], contracts: Contracts) -> Iterator[tuple[Change, Family]]:
        """Yield each change that *recorded* allows and that is chosen, with its family."""
        for change, its in families_of(tuple(recorded), contracts, self.known).items():
            if self.is_wanted(change) and self.family in (_ALL, its, f"{its}s"):
                yield change, its


def _matches(change: Change, pattern: str) -> bool:
    name, pattern = str(change), " ".join(pattern.split())
    return fits(name, pattern) or fits(name, f"{pattern} *")
