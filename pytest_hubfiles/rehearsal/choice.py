"""Which changes a rehearsal tries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from pytest_hubfiles.judge.registry import Contracts
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.rehearsal.accepted import fits
from pytest_hubfiles.rehearsal.changes import Change, changes_of, family

_ALL: Final = "all"


@dataclass(frozen=True, slots=True)
class Choice:
    """The changes of a *family*, or ``all``, that match one of the patterns *only*, if there are any.

    A pattern is an operation and a JSONPath, with ``*`` in either, or a change's whole name. *budget* is in seconds.
    """

    family: str
    only: tuple[str, ...] = ()
    budget: float | None = None

    def of(self, recorded: Iterable[Interaction], contracts: Contracts) -> Iterator[tuple[Change, str]]:
        """Yield each change that *recorded* allows and that is chosen, with its family."""
        recorded = tuple(recorded)
        for change in changes_of(recorded, contracts):
            if self.only and not any(_matches(change, pattern) for pattern in self.only):
                continue
            its = family(change, recorded, contracts)
            if self.family == _ALL or self.family.removesuffix("s") == its:
                yield change, its


def _matches(change: Change, pattern: str) -> bool:
    operation, _, path = pattern.strip().partition(" ")
    of_place = fits(change.operation, operation) and (not path or fits(change.path or "", path.strip()))
    return of_place or fits(str(change), pattern.strip())
