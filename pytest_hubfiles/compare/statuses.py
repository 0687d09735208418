"""What the HTTP statuses of an operation show: it is gone, or a request gets another status than before."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pytest_hubfiles.judge.contract import Contract
from pytest_hubfiles.model.exchange import Exchange, Interaction
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.policy import Category, Kind

GONE: Final = frozenset({404, 405, 410})
"""The statuses of an operation that no longer exists."""


@dataclass(frozen=True, slots=True)
class RecordedTasks:
    """The tasks of a recording, numbered: their ids are values, and differ from recording to recording."""

    started: Mapping[str, int]
    polled: Mapping[str, int]

    @classmethod
    def of(cls, exchanges: Sequence[Exchange]) -> RecordedTasks:
        """Return the tasks that *exchanges* start and poll."""
        started = dict.fromkeys(e.interaction.started_task for e in exchanges)
        polled = dict.fromkeys(e.interaction.task_id for e in exchanges)
        return cls(*(_numbered(task for task in tasks if task is not None) for tasks in (started, polled)))

    def target(self, interaction: Interaction) -> str:
        """Return what a request asks for: a path, or a task by its number."""
        task = interaction.task_id
        if task is not None and task in self.started:
            return f"started task {self.started[task]}"
        if task is not None and not self.started:
            return f"task {self.polled[task]}"
        return interaction.path


def _numbered(tasks: Iterable[str]) -> dict[str, int]:
    return {task: number for number, task in enumerate(tasks)}


class StatusesByRequest(dict[tuple[object, ...], frozenset[int]]):
    """The statuses that each request got."""

    def add(
        self, pair: int, exchanges: Iterable[Exchange], tasks: RecordedTasks, known: Collection[str | None]
    ) -> None:
        """Add *exchanges* of one side of *pair*; both sides know the *known* tasks by the same ids."""
        for exchange in exchanges:
            interaction = exchange.interaction
            _, method, path, query, body = interaction.match_key  # the two sides may come from two places
            target = path if interaction.task_id in known else tasks.target(interaction)
            request = (pair, method, target.replace(f"/{exchange.version}/", "/", 1), query, body)
            self[request] = self.get(request, frozenset()) | {exchange.status_code}


@dataclass(frozen=True, slots=True)
class StatusComparison:
    """One operation before and after: its exchanges, and the statuses that each request got."""

    contract: Contract
    old: list[Exchange]
    new: list[Exchange]
    then: StatusesByRequest
    now: StatusesByRequest

    def findings(self) -> Iterator[Finding]:
        """Yield what changed for the operation as a whole, then what changed request by request."""
        old, new = {e.status_code for e in self.old}, {e.status_code for e in self.new}
        old_success, new_success = {s for s in old if s < 300}, {s for s in new if s < 300}
        asked_again = self.then.keys() & self.now.keys()
        failed = [r for r in asked_again if min(self.then[r]) < 300 <= min(self.now[r])]
        if failed and not new_success:
            kind = Kind.OPERATION_GONE if new <= GONE else Kind.SUCCESS_STATUS_CHANGED
            yield self._finding(kind, old_success, new, len(self.new))
            return
        if old_success and new_success and old_success != new_success:
            count = sum(e.status_code in new_success - old_success for e in self.new)
            yield self._finding(Kind.SUCCESS_STATUS_CHANGED, old_success, new_success, max(count, 1))
        changes: dict[tuple[Kind, frozenset[int], frozenset[int]], int] = {}
        for request in asked_again:
            change = _change(self.then[request], self.now[request])
            if change is not None:
                changes[change] = changes.get(change, 0) + 1
        for (kind, was, came), count in sorted(changes.items(), key=str):
            yield self._finding(kind, was, came, count)

    def _finding(self, kind: Kind, before: Collection[int], after: Collection[int], count: int) -> Finding:
        was, came = (", ".join(map(str, sorted(statuses))) for statuses in (before, after))
        return Finding.of(
            kind,
            f"HTTP {was} → {came}",
            category=Category.DRIFT,
            version=self.contract.version,
            operation=self.contract.operation,
            before=was,
            after=came,
            exchanges=count,
            line=next((e.interaction.line for e in self.new if e.status_code in after), None),
        )


def _change(was: frozenset[int], came: frozenset[int]) -> tuple[Kind, frozenset[int], frozenset[int]] | None:
    """Return how the statuses of one request changed, None if they did not or both are successes."""
    errors = frozenset(status for status in came - was if status >= 400)
    if min(was) < 300 and errors:
        return Kind.SUCCESS_STATUS_CHANGED, frozenset(status for status in was if status < 300), errors
    if min(was) >= 400 > min(came):
        return Kind.SUCCESS_STATUS_CHANGED, was, came
    if min(was) >= 400 and came != was:
        return Kind.ERROR_STATUS_CHANGED, was, came
    return None
