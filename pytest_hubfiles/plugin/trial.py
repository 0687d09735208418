"""A run of a test with changes of the API, in a process of its own: all of it that is not the test's to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_hubfiles.record.interception import Change as ChangeOfAnswers
from pytest_hubfiles.rehearsal.applied import applying

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_hubfiles.judge.registry import Contracts
    from pytest_hubfiles.model.exchange import Interaction
    from pytest_hubfiles.rehearsal.asking import MoveWatch
    from pytest_hubfiles.rehearsal.changes import Change


@dataclass(frozen=True, slots=True)
class Trial:
    """What is found out before the fork, once and not in each process anew.

    ``recorded`` is what the ``cassette`` holds, ``plain`` that without an encoding, ``answers`` what the changes make
    of it, as ``change`` does of anything. ``asking`` watches a test that runs as another version. ``is_control`` says
    that the test runs as ever, to be compared with the others.
    """

    cassette: tuple[Path, object]
    recorded: list[Interaction]
    plain: list[Interaction]
    answers: Iterable[Interaction]
    change: ChangeOfAnswers
    asking: MoveWatch | None
    is_control: bool

    @classmethod
    def of(
        cls,
        changes: Sequence[Change],
        cassette: Path,
        recorded: list[Interaction],
        contracts: Contracts,
        asking: MoveWatch | None = None,
    ) -> Trial:
        """Return the trial of a test with *changes*."""
        change = applying(changes, contracts, None if asking is None else asking.move)
        plain = [interaction.plain() for interaction in recorded]
        is_control = not changes and asking is None
        return cls(_as_it_is(cassette), recorded, plain, change(plain), change, asking, is_control)

    def recorded_in(self, cassette: Path) -> list[Interaction] | None:
        """Return what *cassette* holds, None if that is to be read: a fixture may have named another, or written it."""
        return self.recorded if _as_it_is(cassette) == self.cassette else None

    def answer(self, loaded: Sequence[Interaction]) -> Iterable[Interaction]:
        """Return the answers in place of those *loaded*: what is recorded, or what a user's hooks have made of it."""
        return self.answers if loaded == self.plain else self.change(loaded)


def _as_it_is(cassette: Path) -> tuple[Path, object]:
    """Return what tells a cassette from any other, and from itself once it is written anew."""
    try:
        found = cassette.stat()
    except OSError:
        return cassette, None
    return cassette, (found.st_ino, found.st_size, found.st_mtime_ns)
