"""Finds which of many changes break a test: each by itself, then what breaks it only together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from pytest_hubfiles.rehearsal.changes import Change
from pytest_hubfiles.report.rehearsal import Ended, Ending

_STEERING: Final = re.compile(r"\$|\$(?:\.\w+\[\*\])?\.(?:status|state|id|taskId)").fullmatch
"""Places by which a client tells what to do next: the whole answer, the state of a task, and its id, or of several."""

_ABSENT: Final = ("field-removed", "null-appeared", "field-renamed", "array-emptied")
_EMPTY: Final = "empty"
_MOST_JOINT: Final = 3

NOT_AGAIN: Final = "it breaks one time and not another, under the same change"
"""Why there is no verdict on a change that broke a test once."""

Try = Callable[[Sequence[Change]], "Ended | None"]
"""Runs the test with some changes at once; None once the budget is spent."""


@dataclass
class SearchResult:
    """What a search has found: a verdict by change, how often the test ran, and what breaks it only together."""

    outcomes: dict[Change, Ended] = field(default_factory=dict)
    runs: int = 0
    joint: list[tuple[Change, ...]] = field(default_factory=list)
    not_tried: list[Change] = field(default_factory=list)


class Search:
    """Tries changes one by one, as under two at once a test may pass that breaks under either.

    It may hold one member against another, or read one only if another is there, or is written so that it can read it.
    *suspects* are the changes that broke it the last time. What breaks it, and is no suspect, has to do so twice: files
    and servers are the same for all runs, and may be what broke it. In the end what takes something away, and breaks
    nothing alone, is tried all at once: of two places a test may need one.
    """

    def __init__(self, attempt: Try, suspects: Iterable[Change] = ()) -> None:
        self._attempt, self._suspects = attempt, set(suspects)
        self._found = SearchResult()
        self._is_over = False

    @property
    def settled(self) -> int:
        """Of how many changes the verdict is known."""
        return len(self._found.outcomes)

    def run(self, changes: Sequence[Change]) -> SearchResult:
        """Return what becomes of the test under each of *changes*, in their order."""
        for change in changes:
            outcome = self._tried([change])
            if outcome is not None:
                self._found.outcomes[change] = self._confirmed(change, outcome)
        for group in self._gone(changes):
            self._find_joint(group)
        found = self._found
        found.not_tried = [change for change in changes if change not in found.outcomes]
        return found

    def _confirmed(self, change: Change, outcome: Ended) -> Ended:
        """Return *outcome*, unless *change* does not break the test once more; it may have broken it the last time."""
        if not outcome.verdict.is_break or change in self._suspects:
            return outcome
        again = self._tried([change])
        return outcome if again is None or again.verdict.is_break else Ended(Ending.UNDECIDED, NOT_AGAIN)

    def _gone(self, changes: Sequence[Change]) -> Iterator[list[Change]]:
        """Yield what takes something away and breaks nothing alone: for each way, as many as do not meet, at once."""
        by_way: dict[tuple[str, str | None], list[Change]] = {}
        for change in changes:
            if (change.kind in _ABSENT or change.variant == _EMPTY) and not _steers(change) and self._passes(change):
                by_way.setdefault((change.kind, change.variant), []).append(change)
        for alike in by_way.values():
            left = alike
            while left:
                group: list[Change] = []
                for change in (*left, *alike):  # first what is in no group yet
                    if not any(meet(change, member) for member in group):
                        group.append(change)
                left = [change for change in left if change not in group]
                yield group

    def _passes(self, change: Change) -> bool:
        outcome = self._found.outcomes.get(change)
        return outcome is not None and outcome.verdict is Ending.PASSES

    def _find_joint(self, group: Sequence[Change]) -> None:
        """Find what in *group*, none of which breaks the test alone, breaks it together; then what else does."""
        left = list(group)
        for known in self._found.joint:
            left = [change for change in left if change != known[0]]
        for _ in range(_MOST_JOINT):
            outcome = self._tried(left) if len(left) > 1 else None
            if outcome is None or not outcome.verdict.is_break:
                return
            needed = self._add_joint(left)
            left = [change for change in left if change != needed[0]]

    def _add_joint(self, group: Sequence[Change]) -> list[Change]:
        """Find the fewest members of *group*, which breaks the test, that break it together, and return them."""
        needed = list(group)
        size = len(needed) // 2
        while size:
            for start in range(0, len(needed), size):
                rest = needed[:start] + needed[start + size :]
                outcome = self._tried(rest) if len(rest) > 1 else None
                if outcome is not None and outcome.verdict is not Ending.PASSES:
                    needed = rest
                    break
            else:
                size //= 2
            size = min(size, len(needed) // 2)
        outcome = self._tried(needed)
        if outcome is not None and outcome.verdict.is_break:
            self._found.joint.append(tuple(needed))
        return needed

    def _tried(self, group: Sequence[Change]) -> Ended | None:
        outcome = None if self._is_over else self._attempt(group)
        self._is_over = outcome is None
        self._found.runs += outcome is not None
        return outcome


def _steers(change: Change) -> bool:
    """Return whether *change* decides what a test asks and reads next, so that it could hide what others do."""
    return change.path is None or _STEERING(change.path) is not None


def meet(one: Change, other: Change) -> bool:
    """Return whether the two are at one place, or one is at a place within that of the other."""
    if one.operation != other.operation or one.path is None or other.path is None:
        return one.operation == other.operation
    short, long = sorted((one.path, other.path), key=len)
    return long == short or (long.startswith(short) and long[len(short)] in ".[")
