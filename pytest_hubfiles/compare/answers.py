"""What the answers of one operation with one status show: their bodies, media types, task states and shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Final

from pytest_hubfiles.compare import shape_differences
from pytest_hubfiles.compare.shape_differences import Subject
from pytest_hubfiles.compare.shapes import Shape, shape_of_all
from pytest_hubfiles.judge.contract import Contract
from pytest_hubfiles.judge.declared import UNDECLARED, DeclaredPlace
from pytest_hubfiles.judge.registry import Contracts
from pytest_hubfiles.model.body import BodyNotJsonError
from pytest_hubfiles.model.exchange import Exchange
from pytest_hubfiles.model.finding import Finding, Share
from pytest_hubfiles.model.policy import Case, Category, Kind

_MOST_TRIED: Final = 50  # shapes of single answers that are searched for the first one that shows a difference

History = Callable[[], Iterable[Exchange]]
"""Reads the exchanges of other cassettes; called only if a vanished field makes them worth reading."""


@dataclass(frozen=True)
class OtherRecordings:
    """What other cassettes show, read once, and only if a vanished field makes them worth reading."""

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
        """Return whether the field at *steps* is absent from some object in such answers elsewhere."""
        *parents, name = steps
        key = (contract.version, contract.operation, http_status, task_status)
        shape = shape_differences.at(self._shapes.get(key), parents)
        return shape is not None and shape.objects > 0 and (name in shape.optional or name not in shape.fields)


@dataclass(frozen=True, slots=True)
class AnswerComparison:
    """The answers of one operation with one status, before and after."""

    contract: Contract
    status: int
    others: OtherRecordings

    def _finding(self, kind: Kind, state: str | None, message: str, *cases: Case, **facts: Any) -> Finding:
        return Finding.of(
            kind,
            message,
            *cases,
            category=Category.DRIFT,
            version=self.contract.version,
            operation=self.contract.operation,
            http_status=self.status,
            task_status=state,
            **facts,
        )

    def findings(self, old: list[Exchange], new: list[Exchange]) -> Iterator[Finding]:
        """Yield how the answers *new* differ from the answers *old*."""
        was_empty, emptied = [e for e in old if _is_empty(e)], [e for e in new if _is_empty(e)]
        if emptied and (not was_empty or (len(emptied) == len(new) and len(was_empty) < len(old))):
            after = "null" if any(e.body.strip() for e in emptied) else "nothing"
            share = Share(len(emptied), len(new))
            now = "the body is null" if after == "null" else "there is no body"
            said = f"{now} {share} answers, where there was one before"
            facts = {"before": "a body", "after": after, "share": share, **_seen_in(emptied)}
            yield self._finding(Kind.BODY_EMPTIED, None, said, **facts)
        elif len(was_empty) == len(old) and len(emptied) < len(new):
            said, line = "a body where there was none", _line_of(e for e in new if not _is_empty(e))
            yield self._finding(Kind.BODY_APPEARED, None, said, before="nothing", after="a body", line=line)
            return
        old, new = [e for e in old if not _is_empty(e)], [e for e in new if not _is_empty(e)]
        types = {e.interaction.media_type for e in old}
        strangers = [e for e in new if e.interaction.media_type not in types]
        if types and strangers:
            was = ", ".join(sorted(kind or "none" for kind in types))
            came = ", ".join(sorted({e.interaction.media_type or "none" for e in strangers}))
            facts = {"before": was, "after": came, **_seen_in(strangers)}
            yield self._finding(Kind.CONTENT_TYPE_CHANGED, None, f"{was} → {came}", **facts)
            new = [e for e in new if e.interaction.media_type in types]
        garbled = [e for e in new if not is_json(e)]
        if garbled and any(map(is_json, old)):
            share = Share(len(garbled), len(new))
            said = f"the body is not JSON any more, {share} answers: {_not_json(garbled[0])}"
            facts = {"before": "JSON", "after": "something else", "share": share, **_seen_in(garbled)}
            yield self._finding(Kind.BODY_NOT_JSON, None, said, **facts)
        new = [e for e in new if is_json(e)]
        yield from self._states(old, new, complete=not (emptied or strangers or garbled))

    def _states(self, old: list[Exchange], new: list[Exchange], complete: bool) -> Iterator[Finding]:
        """Yield which task states came and went, and how the answers of each state differ.

        Only if *new* is *complete*, all answers compared, is a state gone that it does not show.
        """
        then, now = _by_state(old), _by_state(new)
        for state in sorted(now.keys() - then.keys(), key=str):
            if state is None:
                yield from self._lost_states(old, now[None])
            else:
                yield self._new_state(state, now[state])
        for state in sorted(then.keys() - now.keys(), key=str):
            if state is not None and complete and None not in now:
                said = f"no task is seen as {state} any more"
                yield self._finding(Kind.STATE_GONE, state, said, path="$.status", before=state)
        for state in sorted(then.keys() & now.keys(), key=str):
            before, after = (_shape(side[state], self.contract.place(self.status)) for side in (then, now))
            if before is not None and after is not None:
                yield from self._differences(state, before, after, now[state])

    def _new_state(self, state: str, exchanges: list[Exchange]) -> Finding:
        listed = self.contract.outline(self.status).get("$.status", UNDECLARED).enum
        facts = {"path": "$.status", "after": state, **_seen_in(exchanges)}
        if listed is None or state in listed:
            return self._finding(Kind.STATE_APPEARED, state, f"tasks are seen as {state} now", **facts)
        values = ", ".join(sorted(listed))
        said = f"a task is {state}, documented are {values}"
        return self._finding(Kind.ENUM_VALUE_ADDED, state, said, Case.TASK_STATE, before=values, **facts)

    def _lost_states(self, old: list[Exchange], new: list[Exchange]) -> Iterator[Finding]:
        """Yield what became of ``$.status`` if answers have no state any more.

        Of the other fields it reports only those that no state had: to which state the rest belong is lost.
        """
        was, came = (_shape(side, self.contract.place(self.status)) for side in (old, new))
        if was is not None and came is not None:
            known = was.fields.keys() - {"status"}
            yield from self._differences(None, was.without(known), came.without(known), new)

    def _differences(self, state: str | None, before: Shape, after: Shape, new: list[Exchange]) -> Iterator[Finding]:
        """Yield how two shapes differ, each finding with the line of the first of *new* that shows it."""
        lacking = partial(self.others.sometimes_lack, self.contract, self.status, state)
        outline = self.contract.outline(self.status)
        subject = Subject(self.contract, self.status, state, outline, len(new), lacking)
        found = list(shape_differences.between(before, after, subject))
        lines = self._lines({(finding.kind, finding.path) for finding in found}, before, new, subject) if found else {}
        for finding in found:
            line = lines.get((finding.kind, finding.path), lines.get((None, finding.path), _line_of(new)))
            yield finding.but(line=line)

    def _lines(
        self, wanted: set[tuple[Kind | None, str]], before: Shape, new: list[Exchange], subject: Subject
    ) -> dict[tuple[Kind | None, str], int | None]:
        """Return the line of the first of *new* that alone differs from *before*, by kind and path and by path.

        The path alone finds the answer that lacks a field which only some answers have: by itself, it shows the
        field as gone.
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


def _is_empty(exchange: Exchange) -> bool:
    return exchange.interaction.is_empty or exchange.body.strip() == b"null"


def _not_json(exchange: Exchange) -> str | None:
    """Return why the body of *exchange* is not JSON, None if it is."""
    try:
        exchange.json  # noqa: B018  # kept for those who compare it
    except BodyNotJsonError as error:
        return error.reason
    return None


def is_json(exchange: Exchange) -> bool:
    """Return whether *exchange* has a body that is JSON."""
    return _not_json(exchange) is None


def _body(exchange: Exchange) -> Any:
    """Return the parsed body; None for no body, a null, and a body that is not JSON."""
    try:
        return None if exchange.interaction.is_empty else exchange.json
    except BodyNotJsonError:
        return None


def _shape(exchanges: Iterable[Exchange], place: DeclaredPlace) -> Shape | None:
    bodies = (_body(exchange) for exchange in exchanges)
    return shape_of_all([body for body in bodies if body is not None], place)


def _line_of(exchanges: Iterable[Exchange]) -> int | None:
    """Return the line of the first of *exchanges*."""
    return next((exchange.interaction.line for exchange in exchanges), None)


def _seen_in(exchanges: Sequence[Exchange]) -> dict[str, Any]:
    """Return in how many *exchanges* something was seen, and the line of the first."""
    return {"exchanges": len(exchanges), "line": _line_of(exchanges)}


def _by_state(exchanges: Iterable[Exchange]) -> dict[str | None, list[Exchange]]:
    grouped: dict[str | None, list[Exchange]] = {}
    for exchange in exchanges:
        grouped.setdefault(exchange.task_status, []).append(exchange)
    return grouped
