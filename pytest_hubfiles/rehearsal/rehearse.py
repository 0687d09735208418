"""The rehearsal of one test: a control, its changes, a control again."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from pytest_hubfiles.rehearsal.changes import Change
from pytest_hubfiles.rehearsal.search import Search, SearchResult
from pytest_hubfiles.report.rehearsal import Break, Ended, Ending, Joint, Refused, Rehearsed

ENDS_OTHERWISE: Final = "it ends otherwise when it is run a second time, without any change"
_NO_FIXTURE: Final = "it does not come to use the fixture"
ASKS_OTHERWISE: Final = "it asks something else when it is run a second time, without any change"

_SKIPS: Final = "it skips itself under such a change"
_KEPT: Final = " here; if it has that from a test before it, rehearse it alone"
_TUPLES: Final = ("asked", "imported", "old", "operations")

Progress = Callable[[int, int], None]
"""Is told of how many changes the verdict is known, and how many there are."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a child says of a test: its verdict, None if it never came to use the fixture, and what it asked.

    ``operations`` are those of which it got an answer, ``imported`` are the modules of installed packages that were
    imported for it. Of one that ran as another version, ``requests`` are those that this refuses, ``old`` the
    operations that it asked of the other one.
    """

    verdict: Ending | None
    error: str | None = None
    place: str | None = None
    asked: tuple[str, ...] = ()
    skipped: bool = False
    imported: tuple[str, ...] = ()
    requests: tuple[Refused, ...] = ()
    old: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()

    @property
    def outcome(self) -> Ended:
        """How the test ended."""
        if self.verdict is None:
            return Ended(Ending.UNDECIDED, self.error or _NO_FIXTURE)
        if self.skipped:
            return Ended(Ending.UNDECIDED, _SKIPS)
        return Ended(self.verdict, self.error, self.place)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {**asdict(self), "verdict": None if self.verdict is None else self.verdict.value}

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Told:
        """Return what :meth:`to_dict` wrote; what a child says that failed by itself is a verdict of none."""
        if "fault" in said:
            return cls(None, said["fault"])
        facts: dict[str, Any] = {**said, **{name: tuple(said[name]) for name in _TUPLES}}
        facts["verdict"] = None if said["verdict"] is None else Ending(said["verdict"])
        facts["requests"] = tuple(map(Refused.from_dict, said["requests"]))
        return cls(**facts)

    def otherwise(self, again: Told) -> str | None:
        """Return why the test cannot be rehearsed, where it did not do *again* what it did; None where it did.

        The order in which it asks is that of threads, another each time.
        """
        if again.outcome != self.outcome:
            return ENDS_OTHERWISE
        return None if sorted(again.asked) == sorted(self.asked) else ASKS_OTHERWISE


@dataclass(frozen=True, slots=True)
class OneTest:
    """A test to rehearse: its ``name``, and the ``arguments`` with which a shell runs it as it runs now."""

    name: str
    arguments: str

    def breaks(self, change: Change | str, family: str, outcome: Ended, options: str = "") -> Break:
        """Return that *change* breaks it so; under *options*, if not as that change alone."""
        line = self._reproducing([change], options)
        return Break(str(change), family, self.name, outcome.verdict.value, outcome.error, outcome.place, line)

    def joint(self, changes: Sequence[Change], options: str = "") -> Joint:
        """Return that *changes* break it at once, and none of them alone; under *options*, if not as they are."""
        return Joint(self.name, tuple(map(str, changes)), self._reproducing(changes, options))

    def _reproducing(self, changes: Sequence[Change | str], options: str) -> str:
        with_them = " ".join(f"--hubfiles-change {shlex.quote(str(change))}" for change in changes)
        return f"pytest {self.arguments} {options or with_them}"


class RehearsalOfTest:
    """Runs *test* with each of some changes; *families* has these changes, each with its family.

    *attempt* runs it with some of them at once. *suspects* are the names of those that broke it the last time.
    """

    def __init__(
        self,
        test: OneTest,
        families: Mapping[Change, str],
        attempt: Callable[[Sequence[Change]], Told],
        suspects: Iterable[str] = (),
    ) -> None:
        self._test, self._attempt, self._suspects = test, attempt, frozenset(suspects)
        self._families = families

    def run(self, is_over: Callable[[], bool], progress: Progress = lambda *_: None) -> Rehearsed:
        """Return what the test comes to; nothing more is tried once the budget *is_over*.

        *progress* is told of how many changes the verdict is known, and how many there are.
        """
        name, changes = self._test.name, list(self._families)
        if not changes:
            return Rehearsed(name)
        control = self._attempt(())
        why_not = why_not_of(control)
        if why_not is not None:
            return Rehearsed(name, refused=why_not)

        asked = asked_of(changes, control)
        found = searched(lambda group: self._attempt(group).outcome, asked, self._suspects, is_over, progress)
        found.outcomes.update(not_asked(changes, control))
        otherwise = control.otherwise(self._attempt(()))
        if otherwise is not None:
            return Rehearsed(name, refused=otherwise)
        breaks = (
            self._test.breaks(change, self._families[change], outcome)
            for change, outcome in found.outcomes.items()
            if outcome.verdict.is_break
        )
        joint = tuple(map(self._test.joint, found.joint))
        return replace(rehearsed(name, found), breaks=tuple(breaks), joint=joint)


def asked_of(changes: Iterable[Change], told: Told) -> list[Change]:
    """Return those of *changes* of whose operations a test gets answers that *told* this."""
    return [change for change in changes if change.operation in told.operations]


def not_asked(changes: Iterable[Change], told: Told) -> dict[Change, Ended]:
    """Return why there is no verdict on the others.

    A module of the test may keep what it was answered before, under no change.
    """
    return {
        change: Ended(Ending.UNDECIDED, f"it asks nothing of {change.operation}{_KEPT}")
        for change in changes
        if change.operation not in told.operations
    }


def searched(
    attempt: Callable[[Sequence[Change]], Ended],
    changes: Sequence[Change],
    suspects: Iterable[str],
    is_over: Callable[[], bool],
    progress: Progress,
) -> SearchResult:
    """Return what a search among *changes* finds, which *attempt* tries; nothing more once the budget *is_over*."""

    def within_budget(group: Sequence[Change]) -> Ended | None:
        if is_over():
            return None
        progress(search.settled, len(changes))
        return attempt(group)

    known = set(suspects)
    search = Search(within_budget, [change for change in changes if str(change) in known])
    return search.run(changes)


def rehearsed(name: str, found: SearchResult) -> Rehearsed:
    """Return what a search has *found* of the test *name*, but for what breaks it."""
    undecided = {
        str(change): outcome.error or ""
        for change, outcome in found.outcomes.items()
        if outcome.verdict is Ending.UNDECIDED
    }
    return Rehearsed(
        name,
        tried=tuple(map(str, found.outcomes)),
        runs=found.runs,
        not_tried=tuple(map(str, found.not_tried)),
        undecided=undecided,
    )


def why_not_of(control: Told) -> str | None:
    """Return why a test cannot be rehearsed, from what it comes to without any change; None if it can be."""
    if control.verdict is None:
        return control.error or _NO_FIXTURE
    if control.skipped:
        return "it is skipped or expected to fail"
    if control.verdict is not Ending.PASSES:
        return f"it does not pass in a process of its own: {control.error or control.verdict.value}"
    if not control.asked:
        return "it sends nothing"
    return None
