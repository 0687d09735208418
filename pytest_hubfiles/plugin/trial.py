"""A run of a test with changes of the API, in a process of its own: all of it that is not the test's to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_hubfiles.record.interception import Change as ChangeOfAnswers
from pytest_hubfiles.rehearsal.applied import applying
from pytest_hubfiles.settings.values import RecordMode

if TYPE_CHECKING:
    from pytest_hubfiles.judge.registry import Contracts
    from pytest_hubfiles.model.exchange import Interaction
    from pytest_hubfiles.plugin.settings_of_test import TestSettings
    from pytest_hubfiles.rehearsal.asking import MoveWatch
    from pytest_hubfiles.rehearsal.changes import Change


@dataclass(frozen=True, slots=True)
class Trial:
    """What is found out before the fork, once and not in each process anew.

    ``wanted`` is what is set for the test, ``recorded`` what its cassette holds, ``plain`` that without an encoding,
    ``answers`` what the changes make of it, as ``change`` does of anything. ``asking`` watches a test that runs as
    another version. ``is_control`` says that the test runs as ever, to be compared with the others.
    """

    wanted: TestSettings
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
        wanted: TestSettings,
        recorded: list[Interaction],
        contracts: Contracts,
        asking: MoveWatch | None = None,
    ) -> Trial:
        """Return the trial of a test with *changes*."""
        change = applying(changes, contracts, None if asking is None else asking.move)
        is_control = not changes and asking is None
        wanted = replace(wanted, mode=RecordMode.NONE)
        plain = [interaction.plain() for interaction in recorded]
        return cls(wanted, recorded, plain, change(plain), change, asking, is_control)

    def answer(self, loaded: Sequence[Interaction]) -> Iterable[Interaction]:
        """Return the answers in place of those *loaded*: what is recorded, or what a user's hooks have made of it."""
        return self.answers if loaded == self.plain else self.change(loaded)
