"""What changed between the recordings there were and the recordings there are now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pytest_hubfiles.contracts import Contract, Contracts
from pytest_hubfiles.exchanges import BodyNotJsonError, Exchange
from pytest_hubfiles.findings import Case, Category, Finding, Kind, severity_of
from pytest_hubfiles.shapes import ANY_KEY, UNDECLARED, Declared, Shape, child_path, merge_all, shape_of

_GONE: Final = frozenset({404, 405, 410})

History = Callable[[], Iterable[Exchange]]
"""Gives the exchanges of other cassettes; called only when a vanished field makes them worth reading."""


def compare(
    before: Sequence[Exchange], after: Sequence[Exchange], contracts: Contracts, history: History = tuple
) -> Iterator[Finding]:
    """Yield how *after* differs in shape from *before*, per version, operation, HTTP status and task state.

    Values, their order, and how often a task was polled are no difference. An operation that only one side
    exercised is not compared.
    """
    old, new = _by_operation(before), _by_operation(after)
    for key in sorted(old.keys() & new.keys()):
        contract = contracts.get(*key)
        others = _Others(history, contract)
        yield from _Comparison(contract, old[key], new[key], others).findings()


def _by_operation(exchanges: Iterable[Exchange]) -> dict[tuple[str, str], list[Exchange]]:
    grouped: dict[tuple[str, str], list[Exchange]] = {}
    for exchange in exchanges:
        if exchange.operation is not None and exchange.version is not None:
            grouped.setdefault((exchange.version, exchange.operation), []).append(exchange)
    return grouped


def _body(exchange: Exchange) -> Any:
    """Return the parsed body; None stands for no body, a null, and one that is not JSON."""
    try:
        return None if exchange.interaction.is_empty else exchange.json
    except BodyNotJsonError:
        return None


def _is_empty(exchange: Exchange) -> bool:
    return exchange.interaction.is_empty or exchange.body.strip() == b"null"


def _shape(exchanges: Iterable[Exchange], declared: Mapping[str, Declared]) -> Shape | None:
    bodies = (_body(exchange) for exchange in exchanges)
    return merge_all(shape_of(body, declared) for body in bodies if body is not None)


@dataclass(frozen=True, slots=True)
class _Others:
    """What other cassettes show of one operation."""

    history: History
    contract: Contract

    def sometimes_lack(self, http_status: int, task_status: str | None, steps: Sequence[str]) -> bool:
        """Return whether the field at *steps* is missing from some object of the same key elsewhere."""
        same = [
            exchange
            for exchange in self.history()
            if (exchange.version, exchange.operation) == (self.contract.version, self.contract.operation)
            and (exchange.status_code, exchange.task_status) == (http_status, task_status)
        ]
        shape = _shape(same, self.contract.outline(http_status))
        *parents, name = steps
        for step in parents:
            if shape is None:
                return False
            shape = shape.elements if step == "[*]" else shape.fields.get(step)
        return shape is not None and shape.objects > 0 and (name in shape.optional or name not in shape.fields)


@dataclass(frozen=True, slots=True)
class _Comparison:
    """One operation of one version, before and after."""

    contract: Contract
    old: list[Exchange]
    new: list[Exchange]
    others: _Others

    def findings(self) -> Iterator[Finding]:
        yield from self._statuses()
        for status in sorted({e.status_code for e in self.old} & {e.status_code for e in self.new}):
            yield from self._answers(
                status,
                [e for e in self.old if e.status_code == status],
                [e for e in self.new if e.status_code == status],
            )

    def _finding(
        self,
        kind: Kind,
        status: int | None,
        state: str | None,
        message: str,
        *cases: Case,
        path: str = "$",
        before: str | None = None,
        after: str | None = None,
        exchanges: int = 1,
    ) -> Finding:
        return Finding(
            kind=kind,
            severity=severity_of(kind, *cases),
            category=Category.DRIFT,
            message=message,
            version=self.contract.version,
            operation=self.contract.operation,
            http_status=status,
            task_status=state,
            path=path,
            before=before,
            after=after,
            exchanges=exchanges,
        )

    def _statuses(self) -> Iterator[Finding]:
        old, new = {e.status_code for e in self.old}, {e.status_code for e in self.new}
        old_success, new_success = {s for s in old if s < 300}, {s for s in new if s < 300}
        if old_success and not new_success:
            kind = Kind.OPERATION_GONE if new <= _GONE else Kind.SUCCESS_STATUS_CHANGED
            yield self._status_finding(kind, old_success, new, len(self.new))
            return
        if old_success and old_success != new_success:
            count = sum(e.status_code in new_success - old_success for e in self.new)
            yield self._status_finding(Kind.SUCCESS_STATUS_CHANGED, old_success, new_success, max(count, 1))
        then, now = _statuses_by_request(self.old), _statuses_by_request(self.new)
        changes: dict[tuple[Kind, frozenset[int], frozenset[int]], int] = {}
        for request in then.keys() & now.keys():
            was, came = then[request], now[request]
            errors = frozenset(s for s in came - was if s >= 400)
            if min(was) < 300 and errors:
                change = (Kind.SUCCESS_STATUS_CHANGED, frozenset(s for s in was if s < 300), errors)
            elif min(was) >= 400 and came != was:
                change = (Kind.ERROR_STATUS_CHANGED, was, came)
            else:
                continue
            changes[change] = changes.get(change, 0) + 1
        for (kind, was, came), count in sorted(changes.items(), key=str):
            yield self._status_finding(kind, was, came, count)

    def _status_finding(self, kind: Kind, before: Iterable[int], after: Iterable[int], count: int) -> Finding:
        was, came = (", ".join(map(str, sorted(statuses))) for statuses in (before, after))
        return self._finding(kind, None, None, f"HTTP {was} → {came}", before=was, after=came, exchanges=count)

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
            )
        elif len(was_empty) == len(old) and len(emptied) < len(new):
            yield self._finding(
                Kind.BODY_APPEARED,
                status,
                None,
                "a body where there was none",
                before="nothing",
                after="a body",
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
            before, after = _shape(then[state], declared), _shape(now[state], declared)
            if before is not None and after is not None:
                yield from self._shapes(status, state, before, after, len(now[state]))

    def _lost_states(self, status: int, old: list[Exchange], new: list[Exchange]) -> Iterator[Finding]:
        """Yield what became of ``$.status`` where answers carry no state any more.

        Of the other fields only those no state had are told: which of the rest belong to which state is lost.
        """
        declared = self.contract.outline(status)
        was, came = _shape(old, declared), _shape(new, declared)
        if was is not None and came is not None:
            known = was.fields.keys() - {"status"}
            yield from self._shapes(status, None, was.without(known), came.without(known), len(new))

    def _shapes(self, status: int, state: str | None, before: Shape, after: Shape, total: int) -> Iterator[Finding]:
        """Yield one finding for each place in which two shapes differ."""
        if before == after:
            return
        from deepdiff import (
            DeepDiff,
        )  # imported only once there is something to tell: it takes longer than the rest

        # Without the threshold, DeepDiff calls two objects with few common keys one changed value; unless
        # told otherwise, it passes over keys such as __typename.
        differences = DeepDiff(
            before.tree(), after.tree(), view="tree", threshold_to_diff_deeper=0, ignore_private_variables=False
        )
        places = {_place(item.path(output_format="list")) for items in differences.values() for item in items}
        about = _Place(self, status, state, total)
        for steps, aspect in sorted(places):
            old, new = _at(before, steps), _at(after, steps)
            if old is not None and new is not None:
                yield from _RULES[aspect](about, steps, old, new)


_Steps = tuple[str, ...]


def _place(path: list[Any]) -> tuple[_Steps, str]:
    """Split a path in a shape's tree into the steps to a node that both sides have and the aspect that differs."""
    steps: list[str] = []
    position = 0
    while True:
        if path[position] == "fields" and position + 2 < len(path):
            steps.append(path[position + 1])
            position += 2
        elif path[position] == "elements" and position + 1 < len(path):
            steps.append("[*]")
            position += 1
        else:
            return tuple(steps), path[position]


def _at(shape: Shape | None, steps: Sequence[str]) -> Shape | None:
    for step in steps:
        if shape is None:
            return None
        shape = shape.elements if step == "[*]" else shape.fields.get(step)
    return shape


def _json_path(steps: Sequence[str]) -> str:
    path = "$"
    for step in steps:
        path = f"{path}[*]" if step == "[*]" else f"{path}.*" if step == ANY_KEY else child_path(path, step)
    return path


def _named(types: Iterable[str]) -> str:
    return " or ".join(sorted(types))


@dataclass(frozen=True, slots=True)
class _Place:
    """Which answers of a comparison the rules look at; each rule is one aspect of a node."""

    comparison: _Comparison
    status: int
    state: str | None
    total: int

    def _declared(self, steps: Sequence[str]) -> Declared:
        return self.comparison.contract.outline(self.status).get(_json_path(steps), UNDECLARED)

    def _finding(
        self,
        kind: Kind,
        steps: Sequence[str],
        said: str,
        *cases: Case,
        before: str | None = None,
        after: str | None = None,
        seen: int | None = None,
    ) -> Finding:
        path = _json_path(steps)
        exchanges = self.total if seen is None else min(self.total, max(seen, 1))
        return self.comparison._finding(
            kind,
            self.status,
            self.state,
            f"{path} {said}",
            *cases,
            path=path,
            before=before,
            after=after,
            exchanges=exchanges,
        )

    def fields(self, steps: _Steps, old: Shape, new: Shape) -> Iterator[Finding]:
        """Fields came or went; where their object itself did, that has been said of the object."""
        if not (old.objects and new.objects):
            return
        added = [name for name in new.fields if name not in old.fields]
        for name in added:
            came = new.fields[name]
            yield self._finding(
                Kind.FIELD_ADDED,
                (*steps, name),
                f"({_named(came.types)}) was not there",
                after=_named(came.types),
                seen=came.count,
            )
        for name in (name for name in old.fields if name not in new.fields):
            where, was = (*steps, name), old.fields[name]
            cases = [Case.REQUIRED] if self._declared(where).required else []
            if (
                name == ANY_KEY
                or name in old.optional
                or self.comparison.others.sometimes_lack(self.status, self.state, where)
            ):
                cases.insert(0, Case.SOMETIMES_ABSENT)
            alike = [
                other
                for other in added
                if (new.fields[other].types, new.fields[other].format) == (was.types, was.format)
            ]
            renamed = f"; is it called {' or '.join(alike)} now?" if alike else ""
            yield self._finding(
                Kind.FIELD_REMOVED,
                where,
                f"({_named(was.types)}) is gone{renamed}",
                *cases,
                before=_named(was.types),
            )

    def optional(self, steps: _Steps, old: Shape, new: Shape) -> Iterator[Finding]:
        """Fields that every object had are missing from some."""
        for name in sorted((new.optional - old.optional) & old.fields.keys()):
            where, present = (*steps, name), new.fields[name].count
            cases = [Case.REQUIRED] if self._declared(where).required else []
            yield self._finding(
                Kind.FIELD_NOW_OPTIONAL,
                where,
                f"was always there and now is in {present} of {new.objects}",
                *cases,
                before="always",
                after="sometimes",
            )

    def types(self, steps: _Steps, old: Shape, new: Shape) -> Iterator[Finding]:
        """Other JSON types; where null took the place of the value, that is all there is to say."""
        before, after = _named(old.types), _named(new.types)
        was, came = old.types - {"null"}, new.types - {"null"}
        if new.types - old.types == {"null"}:
            cases = [Case.NULL_ALLOWED] if self._declared(steps).nullable else []
            yield self._finding(
                Kind.NULL_APPEARED,
                steps,
                f"can be null now ({before} → {after})",
                *cases,
                before=before,
                after=after,
            )
        elif "null" in old.types and "null" not in new.types and (not was or was == came):
            yield self._finding(
                Kind.NULL_DISAPPEARED,
                steps,
                f"is no longer null ({before} → {after})",
                before=before,
                after=after,
            )
        strangers = came - was if was and came else frozenset()
        if "number" in was:
            strangers -= {"integer"}
        if not strangers:
            return
        if steps and steps[-1] == "[*]" and len(was) == 1 and len(came) > 1:
            kind, said = Kind.ELEMENT_MIXED, "do not share one type any more"
        elif strangers == {"number"} and "integer" in was:
            kind, said = Kind.INTEGER_WIDENED, "is not always an integer any more"
        else:
            kind, said = Kind.TYPE_CHANGED, "changed its type"
        yield self._finding(kind, steps, f"{said} ({before} → {after})", before=before, after=after, seen=new.count)

    def format(self, steps: _Steps, old: Shape, new: Shape) -> Iterator[Finding]:
        """Strings of another format; where they are no strings any more, their type tells."""
        if old.format is None or new.format is None:
            return
        cases = [Case.NARROWED] if old.format == "text" else []
        said = f"changed its format ({old.format} → {new.format})"
        yield self._finding(
            Kind.FORMAT_CHANGED, steps, said, *cases, before=old.format, after=new.format, seen=new.count
        )

    def values(self, steps: _Steps, old: Shape, new: Shape) -> Iterator[Finding]:
        """Values of an enumeration that the old recordings did not show; of another type, their type tells."""
        if new.types - {"null"} - old.types:
            return
        declared = self._declared(steps)
        before = ", ".join(sorted(old.values)) or None
        for value in sorted(new.values - old.values) if old.values else ():
            cases = [Case.LISTED] if value in (declared.enum or ()) else []
            listed = "" if cases else ", which is not documented"
            yield self._finding(
                Kind.ENUM_VALUE_ADDED,
                steps,
                f"can be {value} now{listed}",
                *cases,
                before=before,
                after=value,
            )

    def elements(self, steps: _Steps, old: Shape, new: Shape) -> Iterator[Finding]:
        """An array was emptied or filled."""
        if "array" not in old.types or "array" not in new.types:
            return
        if new.elements is None:
            yield self._finding(Kind.ARRAY_EMPTIED, steps, "has no elements any more", before="elements", after="empty")
        else:
            yield self._finding(Kind.ARRAY_FILLED, steps, "has elements now", before="empty", after="elements")


_RULES: Final[Mapping[str, Callable[[_Place, _Steps, Shape, Shape], Iterator[Finding]]]] = {
    "elements": _Place.elements,
    "fields": _Place.fields,
    "format": _Place.format,
    "optional": _Place.optional,
    "types": _Place.types,
    "values": _Place.values,
}


def _statuses_by_request(exchanges: Iterable[Exchange]) -> dict[tuple[object, ...], frozenset[int]]:
    """Return the statuses each request got; tasks count by their order, since their ids are values."""
    tasks: dict[str, str] = {}
    statuses: dict[tuple[object, ...], frozenset[int]] = {}
    for exchange in exchanges:
        interaction = exchange.interaction
        task = interaction.task_id
        asked = interaction.path if task is None else tasks.setdefault(task, f"task {len(tasks) + 1}")
        method, _, query, body = interaction.match_key
        request = (method, asked, query, body)
        statuses[request] = statuses.get(request, frozenset()) | {exchange.status_code}
    return statuses


def _by_state(exchanges: Iterable[Exchange]) -> dict[str | None, list[Exchange]]:
    grouped: dict[str | None, list[Exchange]] = {}
    for exchange in exchanges:
        grouped.setdefault(exchange.task_status, []).append(exchange)
    return grouped
