"""The rehearsal of one test: a control, its changes, a control again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_hubfiles.rehearsal.changes import Change
from pytest_hubfiles.rehearsal.search import Found, Search
from pytest_hubfiles.report.rehearsal import Break, Outcome, Rehearsed, Verdict


@dataclass(frozen=True, slots=True)
class Told:
    """What a child says of a test: its verdict, None if it never came to use the fixture, and what it asked.

    ``imported`` are the modules of installed packages that were imported for it.
    """

    verdict: Verdict | None
    error: str | None = None
    place: str | None = None
    asked: tuple[str, ...] = ()
    skipped: bool = False
    imported: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """How the test ended."""
        return Outcome(self.verdict or Verdict.UNDECIDED, self.error, self.place)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        verdict = None if self.verdict is None else self.verdict.value
        facts = (verdict, self.error, self.place, list(self.asked), self.skipped, list(self.imported))
        return dict(zip(self.__slots__, facts, strict=True))

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Told:
        """Return what :meth:`to_dict` wrote; what a child says that failed by itself is a verdict of none."""
        if "fault" in said:
            return cls(None, said["fault"])
        verdict = None if said["verdict"] is None else Verdict(said["verdict"])
        return cls(
            verdict, said["error"], said["place"], tuple(said["asked"]), said["skipped"], tuple(said["imported"])
        )


class Rehearsal:
    """Runs the test *name* with each of some changes; *families* has these changes, each with its family.

    *attempt* runs it with some of them at once. *suspects* are the names of those that broke it the last time.
    """

    def __init__(
        self,
        name: str,
        families: Mapping[Change, str],
        attempt: Callable[[Sequence[Change]], Told | None],
        suspects: Iterable[str] = (),
    ) -> None:
        self._name, self._attempt, self._suspects = name, attempt, frozenset(suspects)
        self._families = families

    def run(self, is_over: Callable[[], bool]) -> Rehearsed:
        """Return what the test comes to; nothing more is tried once the budget *is_over*."""
        name, changes = self._name, list(self._families)
        if not changes:
            return Rehearsed(name)
        control = self._attempt(())
        why_not = _why_not(control)
        if why_not is not None:
            return Rehearsed(name, refused=why_not)

        def attempt(group: Sequence[Change]) -> Outcome | None:
            if is_over():
                return None
            told = self._attempt(group)
            return Outcome(Verdict.UNDECIDED) if told is None else told.outcome

        suspects = [change for change in changes if str(change) in self._suspects]
        found = Search(attempt, suspects).run(changes)
        again = self._attempt(())
        if again is None or control is None or again.outcome != control.outcome:
            return Rehearsed(name, refused="it ends otherwise when it is run a second time, without any change")
        if sorted(again.asked) != sorted(control.asked):  # the order is that of threads, another each time
            return Rehearsed(name, refused="it asks something else when it is run a second time, without any change")
        return self._rehearsed(found)

    def _rehearsed(self, found: Found) -> Rehearsed:
        breaks = [
            Break(str(change), self._families[change], self._name, outcome.verdict.value, outcome.error, outcome.place)
            for change, outcome in found.outcomes.items()
            if outcome.verdict.is_break
        ]
        undecided = [str(change) for change, o in found.outcomes.items() if o.verdict is Verdict.UNDECIDED]
        return Rehearsed(
            self._name,
            tried=tuple(map(str, found.outcomes)),
            runs=found.runs,
            inferred=found.inferred,
            breaks=tuple(breaks),
            joint=tuple(tuple(map(str, group)) for group in found.joint),
            not_tried=tuple(map(str, found.not_tried)),
            undecided=tuple(undecided),
        )


def _why_not(control: Told | None) -> str | None:
    """Return why a test cannot be rehearsed, from what it comes to without any change; None if it can be."""
    if control is None:
        return "it comes to no end in a process of its own"
    if control.verdict is None:
        return control.error or "it does not come to use the fixture"
    if control.skipped:
        return "it is skipped"
    if control.verdict is not Verdict.PASSES:
        return f"it does not pass in a process of its own: {control.error or control.verdict.value}"
    if not control.asked:
        return "it sends nothing"
    return None
