"""The rehearsal of one test as another version, with and without what that version does not promise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pytest_hubfiles.rehearsal.asking import MoveWatch
from pytest_hubfiles.rehearsal.changes import Change
from pytest_hubfiles.rehearsal.move import Move
from pytest_hubfiles.rehearsal.rehearse import (
    OneTest,
    Progress,
    Told,
    asked_of,
    not_asked,
    rehearsed,
    searched,
    why_not_of,
)
from pytest_hubfiles.rehearsal.search import NOT_AGAIN, SearchResult
from pytest_hubfiles.report.rehearsal import Break, Ended, Ending, Rehearsed

VERSION: Final = "version"
"""The family of what a new version does otherwise."""

Attempt = Callable[[Sequence[Change], bool], Told]
"""Runs the test with some changes at once; as the new version, or as the one that it is of."""


@dataclass
class Moving:
    """Runs *test*, which uses *operations*, as the new version of *move*, with each of *changes* and with all of them.

    *suspects* are the names of those that broke it the last time.
    """

    test: OneTest
    move: Move
    operations: Sequence[str]
    changes: Sequence[Change]
    attempt: Attempt
    suspects: Iterable[str] = ()

    def run(self, is_over: Callable[[], bool], progress: Progress = lambda *_: None) -> Rehearsed:
        """Return what the test comes to; nothing more is tried once the budget *is_over*.

        *progress* is told of how many changes the verdict is known, and how many there are.
        """
        name, everything = self.test.name, (str(self.move), *map(str, self.changes))
        if not self.operations:
            return Rehearsed(name, refused=f"nothing of {self.move.old} is recorded of it")
        control = self.attempt((), False)
        why_not = why_not_of(control)
        if why_not is not None:
            return Rehearsed(name, refused=why_not)
        if is_over():
            return Rehearsed(name, not_tried=everything)
        plain = self.attempt((), True)
        outcome = plain.outcome
        if outcome.verdict.is_break and not self._outcome(()).verdict.is_break:
            outcome = Ended(Ending.UNDECIDED, NOT_AGAIN)
        if outcome.verdict is Ending.UNDECIDED:
            return Rehearsed(name, undecided=dict.fromkeys(everything, outcome.error or ""))
        if plain.outcome.verdict.is_break:
            found, breaks = SearchResult(runs=1), [self._as_new(plain.outcome)]
        else:
            asked = asked_of(self.changes, plain)
            found = searched(self._outcome, asked, self.suspects, is_over, progress)
            found.runs += 1  # that with nothing absent
            breaks = [*self._breaks(found), *self._all_at_once(found, asked)]
            found.outcomes.update(not_asked(self.changes, plain))
        otherwise = control.otherwise(self.attempt((), False))
        if otherwise is not None:
            return Rehearsed(name, refused=otherwise)
        joint = tuple(self.test.joint(group, self._options) for group in found.joint)
        return replace(self._with_move(rehearsed(name, found), breaks), breaks=tuple(breaks), requests=plain.requests,
                       joint=joint, operations=self._by_operation(breaks, plain, found))  # fmt: skip

    def _with_move(self, told: Rehearsed, breaks: Sequence[Break]) -> Rehearsed:
        """Return *told* with what becomes of the test under the move: it passes if there is no doubt."""
        move = str(self.move)
        if not breaks and told.undecided:
            return replace(told, undecided={move: next(iter(told.undecided.values())), **told.undecided})
        if not breaks and told.not_tried:
            return replace(told, not_tried=(move, *told.not_tried))
        is_known = not breaks or any(one.change == move for one in breaks)
        return replace(told, tried=(move, *told.tried)) if is_known else told

    def _outcome(self, changes: Sequence[Change], *, as_new: bool = True) -> Ended:
        return self.attempt(changes, as_new).outcome

    def _breaks(self, found: SearchResult) -> Iterator[Break]:
        for change, outcome in found.outcomes.items():
            if outcome.verdict.is_break:
                alone = self._outcome((change,), as_new=False).verdict is outcome.verdict
                yield self.test.breaks(change, VERSION, outcome, "" if alone else self._options)

    def _all_at_once(self, found: SearchResult, asked: Sequence[Change]) -> Iterator[Break]:
        """Yield that the test breaks once all that is *asked* for is absent, though no single member is needed."""
        is_open = len(found.outcomes) > 1 and not found.not_tried
        if not is_open or any(outcome.verdict is not Ending.PASSES for outcome in found.outcomes.values()):
            return
        outcome = self._outcome(asked)
        found.runs += 1
        if outcome.verdict.is_break:
            found.joint = found.joint or [tuple(asked)]
            yield self._as_new(outcome)

    def _as_new(self, outcome: Ended) -> Break:
        return self.test.breaks(str(self.move), VERSION, outcome, self._options)

    @property
    def _options(self) -> str:
        return f"--hubfiles-rehearse {self.move}"

    def _by_operation(self, breaks: Iterable[Break], plain: Told, found: SearchResult) -> Mapping[str, bool]:
        """Return whether the move breaks each operation, as far as this test tells."""
        broken = {change.operation for change, outcome in found.outcomes.items() if outcome.verdict.is_break}
        broken |= {change.operation for group in found.joint for change in group}
        broken |= {request.operation for request in plain.requests} | set(plain.old)
        if not broken and any(breaks):
            broken = set(self.operations)
        return {operation: operation in broken for operation in self.operations}


def asked_as_new(told: Told, test: str, asking: MoveWatch) -> Told:
    """Return what was *told* of *test* with what it asked as the new version."""
    told = replace(told, requests=tuple(asking.refused(test)), old=tuple(dict.fromkeys(asking.old)))
    if told.verdict is not Ending.ASKS_ELSE or not asking.old:
        return told
    error = f"{asking.move.old} is written into the code"
    return replace(told, error=error, place=asking.place or told.place)
