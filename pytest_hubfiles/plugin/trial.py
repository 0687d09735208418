"""A run of a test with changes of the API, in a process of its own: all of it that is not the test's to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_hubfiles import cassettes
from pytest_hubfiles.record.interception import Change as ChangeOfAnswers
from pytest_hubfiles.rehearsal.applied import applying

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_hubfiles.judge.registry import Contracts
    from pytest_hubfiles.model.exchange import Interaction
    from pytest_hubfiles.rehearsal.asking import MoveWatch
    from pytest_hubfiles.rehearsal.changes import Change


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a ``cassette`` holds, as it is and ``plain``, without an encoding; its ``state`` is of when it was read.

    Two are equal that were read from one file in one state.
    """

    cassette: Path
    state: object
    interactions: list[Interaction] = field(compare=False)
    plain: list[Interaction] = field(compare=False)

    @classmethod
    def read(cls, cassette: Path, limits: cassettes.Limits) -> Recorded:
        """Return what *cassette* holds.

        Raises:
            CassetteUnreadableError: if it cannot be read.
        """
        state = _state(cassette)
        interactions = cassettes.read(cassette, limits)
        return cls(cassette, state, interactions, [interaction.plain() for interaction in interactions])

    def is_in(self, cassette: Path) -> bool:
        """Return whether *cassette* holds it still: a fixture may have named another, or written it."""
        return cassette == self.cassette and _state(cassette) == self.state


@dataclass(frozen=True, slots=True)
class Trial:
    """What is found out before the fork, once and not in each process anew.

    ``answers`` are what the changes make of what is ``recorded``, as ``change`` does of anything. ``asking`` watches a
    test that runs as another version. ``is_control`` says that the test runs as ever, to be compared with the others.
    """

    recorded: Recorded
    answers: Iterable[Interaction]
    change: ChangeOfAnswers
    asking: MoveWatch | None
    is_control: bool

    @classmethod
    def of(
        cls, changes: Sequence[Change], recorded: Recorded, contracts: Contracts, asking: MoveWatch | None = None
    ) -> Trial:
        """Return the trial of a test with *changes*."""
        change = applying(changes, contracts, None if asking is None else asking.move)
        return cls(recorded, change(recorded.plain), change, asking, is_control=not changes and asking is None)

    def recorded_in(self, cassette: Path) -> list[Interaction] | None:
        """Return what *cassette* holds, None if that is to be read."""
        return self.recorded.interactions if self.recorded.is_in(cassette) else None

    def answer(self, loaded: Sequence[Interaction]) -> Iterable[Interaction]:
        """Return the answers in place of those *loaded*: what is recorded, or what a user's hooks have made of it."""
        return self.answers if loaded == self.recorded.plain else self.change(loaded)


def _state(cassette: Path) -> object:
    """Return what tells a file from itself once it is written anew."""
    try:
        found = cassette.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
