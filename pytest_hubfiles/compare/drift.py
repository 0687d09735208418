"""What changed between the recordings there were and the recordings there are now."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Final

from pytest_hubfiles.compare import shape_differences
from pytest_hubfiles.compare.shape_differences import Subject, drift_finding
from pytest_hubfiles.compare.shapes import Shape, plainly_alike, shape_of_all
from pytest_hubfiles.judge.contract import Contract, Contracts
from pytest_hubfiles.judge.declared import UNDECLARED, Place
from pytest_hubfiles.model.body import BodyNotJsonError
from pytest_hubfiles.model.exchange import Exchange, Interaction
from pytest_hubfiles.model.finding import RECORDINGS, Finding
from pytest_hubfiles.model.policy import Case, Category, Kind

GONE: Final = frozenset({404, 405, 410})
"""The statuses of an operation that is there no more."""

_MOST_TRIED: Final = 50  # different shapes of answers among which the one that shows a difference is looked for

History = Callable[[], Iterable[Exchange]]
"""Gives the exchanges of other cassettes; called only when a vanished field makes them worth reading."""

Pair = tuple[Sequence[Exchange], Sequence[Exchange]]
"""What was recorded for one test before, and what is now."""


def compare(
    before: Sequence[Exchange], after: Sequence[Exchange], contracts: Contracts, history: History = tuple
) -> Iterator[Finding]:
    """Yield how *after* differs in shape from *before*, per version, operation, HTTP status and task state.

    Values, their order, and how often a task was polled are no difference. An operation that only one side
    exercised is not compared.
    """
    if _is_plainly_the_same(before, after, contracts):  # told before anything is set up to find out what differs
        return iter(())
    return compare_all([(before, after)], contracts, Others(history, contracts))


def compare_all(
    pairs: Sequence[Pair], contracts: Contracts, others: Others, *, across_versions: bool = False
) -> Iterator[Finding]:
    """Yield how the second sides of *pairs* differ from the first, as :func:`compare` does.

    Shapes are merged over all pairs, whereas a request is looked for again in its own pair. A finding has the line of
    the first of *after* that shows it, where there is one pair, and so one file that holds it. *across_versions*
    compares an operation with the same one of another version: its findings are of category version, are
    weighed by what the contract of the first side promises, and stand under the version of the second.
    """
    if not across_versions and all(_is_plainly_the_same(*pair, contracts) for pair in pairs):
        return
    sides = [(_by_operation(before, across_versions), _by_operation(after, across_versions)) for before, after in pairs]
    tasks = [(_Tasks.of(before), _Tasks.of(after)) for before, after in pairs]
    for key in sorted({key for old, _ in sides for key in old} & {key for _, new in sides for key in new}):
        then, now = _Requests(), _Requests()
        for number, ((old, new), (old_tasks, new_tasks)) in enumerate(zip(sides, tasks, strict=True)):
            was, came = old.get(key, []), new.get(key, [])
            known = {e.interaction.task_id for e in was} & {e.interaction.task_id for e in came}
            then.note(number, was, old_tasks, known)
            now.note(number, came, new_tasks, known)
        all_old = [exchange for old, _ in sides for exchange in old.get(key, ())]
        all_new = [exchange for _, new in sides for exchange in new.get(key, ())]
        contract = contracts.get(str(all_old[0].version), str(all_old[0].operation))
        for found in _Comparison(contract, all_old, all_new, others, then, now).findings():
            found = found if len(pairs) == 1 else replace(found, line=None)
            yield _moved(found, all_new[0]) if across_versions else found


def _moved(found: Finding, to: Exchange) -> Finding:
    return replace(found, category=Category.VERSION, version=to.version, message=f"{RECORDINGS}{found.message}")


def _is_plainly_the_same(before: Sequence[Exchange], after: Sequence[Exchange], contracts: Contracts) -> bool:
    """Return whether each of *after* is plainly of the shape of its counterpart in *before*: then nothing drifted."""
    if len(before) != len(after):
        return False
    for one, other in zip(before, after, strict=True):  # noqa: SIM110  # all() takes a twentieth of the time for itself
        if not _are_plainly_alike(one, other, contracts):
            return False
    return True


def _are_plainly_alike(one: Exchange, other: Exchange, contracts: Contracts) -> bool:
    version, operation, old, new = one.version, one.operation, one.interaction, other.interaction
    if version != other.version or operation != other.operation:
        return False
    if version is None or operation is None:
        return True  # nothing is known of either
    status = old.status_code
    if status != new.status_code or status >= 300 or old.task_status != new.task_status:
        return False  # who got an error is to be told by what was asked for
    said = old.response_headers.get("Content-Type")
    if (said is None or said != new.response_headers.get("Content-Type")) and old.media_type != new.media_type:
        return False
    try:
        body, its = old.json, new.json
        if body is None or its is None:
            return False
        return plainly_alike(body, its, contracts.get(version, operation).place(status))
    except (BodyNotJsonError, RecursionError):
        return False


def _by_operation(exchanges: Iterable[Exchange], across_versions: bool) -> dict[tuple[str, ...], list[Exchange]]:
    grouped: dict[tuple[str, ...], list[Exchange]] = {}
    for exchange in exchanges:
        if exchange.operation is not None and exchange.version is not None:
            key = (exchange.operation,) if across_versions else (exchange.version, exchange.operation)
            grouped.setdefault(key, []).append(exchange)
    return grouped


def _body(exchange: Exchange) -> Any:
    """Return the parsed body; None stands for no body, a null, and one that is not JSON."""
    try:
        return None if exchange.interaction.is_empty else exchange.json
    except BodyNotJsonError:
        return None


def _is_empty(exchange: Exchange) -> bool:
    return exchange.interaction.is_empty or exchange.body.strip() == b"null"


def _shape(exchanges: Iterable[Exchange], place: Place) -> Shape | None:
    bodies = (_body(exchange) for exchange in exchanges)
    return shape_of_all([body for body in bodies if body is not None], place)


@dataclass(frozen=True)
class Others:
    """What other cassettes show, read once, and only when a vanished field makes them worth reading."""

    history: History
    contracts: Contracts

    @cached_property
    def _shapes(self) -> dict[tuple[object, ...], Shape]:
        shapes: dict[tuple[object, ...], Shape] = {}
        for exchange in self.history():
            contract = self.contracts.of(exchange)
            shape = contract and _shape([exchange], contract.place(exchange.status_code))
            if shape:
                key = (exchange.version, exchange.operation, exchange.status_code, exchange.task_status)
                shapes[key] = shapes[key].merge(shape) if key in shapes else shape
        return shapes

    def sometimes_lack(
        self, contract: Contract, http_status: int, task_status: str | None, steps: Sequence[str]
    ) -> bool:
        """Return whether the field at *steps* is missing from some object of the same key elsewhere."""
        *parents, name = steps
        key = (contract.version, contract.operation, http_status, task_status)
        shape = shape_differences.at(self._shapes.get(key), parents)
        return shape is not None and shape.objects > 0 and (name in shape.optional or name not in shape.fields)


@dataclass(frozen=True, slots=True)
class _Tasks:
    """Which tasks a recording started, by order: their ids are values, and differ from recording to recording."""

    started: Mapping[str, int]
    polled: Mapping[str, int]

    @classmethod
    def of(cls, exchanges: Sequence[Exchange]) -> _Tasks:
        started = dict.fromkeys(e.interaction.started_task for e in exchanges)
        polled = dict.fromkeys(e.interaction.task_id for e in exchanges)
        return cls(*(_numbered(task for task in tasks if task is not None) for tasks in (started, polled)))

    def name(self, interaction: Interaction) -> str:
        """Return what a request asks for: the path, or which of the tasks that were started."""
        task = interaction.task_id
        if task is not None and task in self.started:
            return f"started task {self.started[task]}"
        if task is not None and not self.started:
            return f"task {self.polled[task]}"
        return interaction.path


def _numbered(tasks: Iterable[str]) -> dict[str, int]:
    return {task: number for number, task in enumerate(tasks)}


class _Requests(dict[tuple[object, ...], frozenset[int]]):
    """The statuses that each request got."""

    def note(self, pair: int, exchanges: Iterable[Exchange], tasks: _Tasks, known: Collection[str | None]) -> None:
        """Add *exchanges* of *pair*; of the *known* tasks, both of its sides know the ids."""
        for exchange in exchanges:
            interaction = exchange.interaction
            method, path, query, body = interaction.match_key
            asked = path if interaction.task_id in known else tasks.name(interaction)
            request = (pair, method, asked.replace(f"/{exchange.version}/", "/", 1), query, body)
            self[request] = self.get(request, frozenset()) | {exchange.status_code}


@dataclass(frozen=True, slots=True)
class _Comparison:
    """One operation, before and after: what was answered, and with what statuses each request was."""

    contract: Contract
    old: list[Exchange]
    new: list[Exchange]
    others: Others
    then: _Requests
    now: _Requests

    @property
    def _finding(self) -> Callable[..., Finding]:
        return partial(drift_finding, self.contract)

    def findings(self) -> Iterator[Finding]:
        yield from self._statuses()
        for status in sorted({e.status_code for e in self.old} & {e.status_code for e in self.new}):
            yield from self._answers(
                status,
                [e for e in self.old if e.status_code == status],
                [e for e in self.new if e.status_code == status],
            )

    def _statuses(self) -> Iterator[Finding]:
        old, new = {e.status_code for e in self.old}, {e.status_code for e in self.new}
        old_success, new_success = {s for s in old if s < 300}, {s for s in new if s < 300}
        then, now = self.then, self.now
        failed = [r for r in then.keys() & now.keys() if min(then[r]) < 300 <= min(now[r])]
        if failed and not new_success:
            kind = Kind.OPERATION_GONE if new <= GONE else Kind.SUCCESS_STATUS_CHANGED
            yield self._status_finding(kind, old_success, new, len(self.new))
            return
        if old_success and new_success and old_success != new_success:
            count = sum(e.status_code in new_success - old_success for e in self.new)
            yield self._status_finding(Kind.SUCCESS_STATUS_CHANGED, old_success, new_success, max(count, 1))
        changes: dict[tuple[Kind, frozenset[int], frozenset[int]], int] = {}
        for request in then.keys() & now.keys():
            was, came = then[request], now[request]
            errors = frozenset(s for s in came - was if s >= 400)
            if min(was) < 300 and errors:
                change = (Kind.SUCCESS_STATUS_CHANGED, frozenset(s for s in was if s < 300), errors)
            elif min(was) >= 400 > min(came):
                change = (Kind.SUCCESS_STATUS_CHANGED, was, came)
            elif min(was) >= 400 and came != was:
                change = (Kind.ERROR_STATUS_CHANGED, was, came)
            else:
                continue
            changes[change] = changes.get(change, 0) + 1
        for (kind, was, came), count in sorted(changes.items(), key=str):
            yield self._status_finding(kind, was, came, count)

    def _status_finding(self, kind: Kind, before: Iterable[int], after: Iterable[int], count: int) -> Finding:
        old, new = set(before), set(after)
        was, came = (", ".join(map(str, sorted(statuses))) for statuses in (old, new))
        line = _line_of(e for e in self.new if e.status_code in new)
        return self._finding(
            kind, None, None, f"HTTP {was} → {came}", before=was, after=came, exchanges=count, line=line
        )

    def _answers(self, status: int, old: list[Exchange], new: list[Exchange]) -> Iterator[Finding]:
        emptied = [e for e in new if _is_empty(e)]
        was_empty = [e for e in old if _is_empty(e)]
        if emptied and (not was_empty or (len(emptied) == len(new) and len(was_empty) < len(old))):
            after = "null" if any(e.body.strip() for e in emptied) else "nothing"
            yield self._finding(
                Kind.BODY_EMPTIED,
                status,
                None,
                f"the body is {after} where there was one, in {len(emptied)} of {len(new)} answers",
                before="a body",
                after=after,
                exchanges=len(emptied),
                line=_line_of(emptied),
            )
        elif len(was_empty) == len(old) and len(emptied) < len(new):
            yield self._finding(
                Kind.BODY_APPEARED,
                status,
                None,
                "a body where there was none",
                before="nothing",
                after="a body",
                line=_line_of(e for e in new if not _is_empty(e)),
            )
            return
        old, new = [e for e in old if not _is_empty(e)], [e for e in new if not _is_empty(e)]
        types = {e.interaction.media_type for e in old}
        strangers = [e for e in new if e.interaction.media_type not in types]
        if types and strangers:
            was = ", ".join(sorted(kind or "none" for kind in types))
            came = ", ".join(sorted({e.interaction.media_type or "none" for e in strangers}))
            yield self._finding(
                Kind.CONTENT_TYPE_CHANGED,
                status,
                None,
                f"{was} → {came}",
                before=was,
                after=came,
                exchanges=len(strangers),
                line=_line_of(strangers),
            )
            new = [e for e in new if e.interaction.media_type in types]
        yield from self._states(status, old, new, complete=not (emptied or strangers))

    def _states(self, status: int, old: list[Exchange], new: list[Exchange], complete: bool) -> Iterator[Finding]:
        declared = self.contract.outline(status)
        then, now = _by_state(old), _by_state(new)
        listed = declared.get("$.status", UNDECLARED).enum
        for state in sorted(now.keys() - then.keys(), key=str):
            if state is None:
                yield from self._lost_states(status, old, now[None])
            elif listed is not None and state not in listed:
                values = ", ".join(sorted(listed))
                yield self._finding(
                    Kind.ENUM_VALUE_ADDED,
                    status,
                    state,
                    f"a task is {state}, documented are {values}",
                    Case.TASK_STATE,
                    path="$.status",
                    before=values,
                    after=state,
                    exchanges=len(now[state]),
                    line=_line_of(now[state]),
                )
            else:
                yield self._finding(
                    Kind.STATE_APPEARED,
                    status,
                    state,
                    f"tasks are seen as {state} now",
                    path="$.status",
                    after=state,
                    exchanges=len(now[state]),
                    line=_line_of(now[state]),
                )
        for state in sorted(then.keys() - now.keys(), key=str):
            if state is not None and complete and None not in now:
                yield self._finding(
                    Kind.STATE_GONE,
                    status,
                    state,
                    f"no task is seen as {state} any more",
                    path="$.status",
                    before=state,
                )
        for state in sorted(then.keys() & now.keys(), key=str):
            before, after = (_shape(side[state], self.contract.place(status)) for side in (then, now))
            if before is not None and after is not None:
                yield from self._shapes(status, state, before, after, now[state])

    def _lost_states(self, status: int, old: list[Exchange], new: list[Exchange]) -> Iterator[Finding]:
        """Yield what became of ``$.status`` where answers carry no state any more.

        Of the other fields only those no state had are told: which of the rest belong to which state is lost.
        """
        was, came = (_shape(side, self.contract.place(status)) for side in (old, new))
        if was is not None and came is not None:
            known = was.fields.keys() - {"status"}
            yield from self._shapes(status, None, was.without(known), came.without(known), new)

    def _shapes(
        self, status: int, state: str | None, before: Shape, after: Shape, new: list[Exchange]
    ) -> Iterator[Finding]:
        others = partial(self.others.sometimes_lack, self.contract, status, state)
        subject = Subject(self.contract, status, state, self.contract.outline(status), len(new), others)
        found = list(shape_differences.between(before, after, subject))
        lines = self._lines({(finding.kind, finding.path) for finding in found}, before, new, subject) if found else {}
        for finding in found:
            line = lines.get((finding.kind, finding.path), lines.get((None, finding.path), _line_of(new)))
            yield replace(finding, line=line)

    def _lines(
        self, wanted: set[tuple[Kind | None, str]], before: Shape, new: list[Exchange], subject: Subject
    ) -> dict[tuple[Kind | None, str], int | None]:
        """Return the line of the first of *new* that differs from *before* by itself, by kind and path and by path.

        A field that is there in some answers only is gone in the one that lacks it: the path says which that is.
        """
        lines: dict[tuple[Kind | None, str], int | None] = {}
        tried: list[Shape] = []
        for exchange in new:
            shape = _shape([exchange], self.contract.place(exchange.status_code))
            if shape is None or shape in tried:
                continue
            tried.append(shape)
            for finding in shape_differences.between(before, shape, subject):
                for key in ((finding.kind, finding.path), (None, finding.path)):
                    lines.setdefault(key, exchange.interaction.line)
            if wanted <= lines.keys() or len(tried) == _MOST_TRIED:
                break
        return lines


def _line_of(exchanges: Iterable[Exchange]) -> int | None:
    """Return the line of the first of *exchanges*."""
    return next((exchange.interaction.line for exchange in exchanges), None)


def _by_state(exchanges: Iterable[Exchange]) -> dict[str | None, list[Exchange]]:
    grouped: dict[str | None, list[Exchange]] = {}
    for exchange in exchanges:
        grouped.setdefault(exchange.task_status, []).append(exchange)
    return grouped
