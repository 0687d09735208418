"""What changes for a consumer who moves from one version of the API to another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from pytest_hubfiles.compare import drift, shape_differences
from pytest_hubfiles.compare.answers import OtherRecordings
from pytest_hubfiles.compare.comparison import Compared, Comparison, Pair, Verdict
from pytest_hubfiles.compare.shape_differences import Subject
from pytest_hubfiles.compare.shapes import shape_declared
from pytest_hubfiles.judge.contract import Contract
from pytest_hubfiles.judge.declared import UNDECLARED
from pytest_hubfiles.judge.registry import Contracts
from pytest_hubfiles.judge.support import supported
from pytest_hubfiles.model.exchange import Exchange
from pytest_hubfiles.model.finding import RECORDINGS, SCHEMAS, Finding
from pytest_hubfiles.model.policy import Case, Category, Kind, Severity, severity_of

_COVERAGE: Final = frozenset({Kind.STATE_APPEARED, Kind.STATE_GONE})
"""Kinds about what was recorded, not about what changed: a comparison lists that elsewhere."""

_KEYWORDS: Final[Mapping[Kind, str]] = {
    Kind.FIELD_ADDED: "properties",
    Kind.FIELD_REMOVED: "properties",
    Kind.FIELD_RENAMED: "properties",
    Kind.FIELD_NOW_OPTIONAL: "required",
    Kind.TYPE_CHANGED: "type",
    Kind.INTEGER_WIDENED: "type",
    Kind.NULL_APPEARED: "type",
    Kind.NULL_DISAPPEARED: "type",
    Kind.ELEMENT_MIXED: "type",
    Kind.FORMAT_CHANGED: "format",
    Kind.ENUM_VALUE_ADDED: "enum",
}
"""The JSON Schema keyword in which two schemas differ, by the kind of difference."""

_ANSWER_WORDS: Final[Mapping[Kind, str]] = {
    Kind.FIELD_ADDED: "({after}) is documented now",
    Kind.FIELD_NOW_OPTIONAL: "was required in {old} and is not in {new}, so it can be missing",
    Kind.ENUM_VALUE_ADDED: "can be {after} now",
}
"""The words for a difference of schemas, if they differ from those for recordings."""

_REQUEST_WORDS: Final[Mapping[Kind, str]] = {
    Kind.FIELD_ADDED: "({after}) is no longer documented, so it may be refused or passed over",
    Kind.FIELD_REMOVED: "({before}) must be sent now; {old} does not know it",
    Kind.FIELD_RENAMED: "must be sent now, which {old} may have called {after}",
    Kind.FIELD_NOW_OPTIONAL: "must be sent now; {old} did not ask for it",
    Kind.TYPE_CHANGED: "must be {before} now, where {old} took {after}",
    Kind.INTEGER_WIDENED: "must be {before} now, where {old} took {after}",
    Kind.NULL_APPEARED: "must not be null any more",
    Kind.ELEMENT_MIXED: "must be {before} now, where {old} took {after}",
    Kind.FORMAT_CHANGED: "must be {before} now, where {old} took {after}",
    Kind.ENUM_VALUE_ADDED: "must not be {after} any more",
}
"""The words for a stricter request, by the kind of difference from *new* to *old*: a request goes the other way."""


@dataclass(frozen=True)
class Migration:
    """The move of a consumer from version *old* to version *new*.

    ``pairs`` are the exchanges that the same tests recorded in *old* and in *new*.
    """

    old: str
    new: str
    contracts: Contracts
    pairs: Sequence[Pair]

    @cached_property
    def _contracts(self) -> dict[str, tuple[Contract | None, Contract | None]]:
        """The contracts of each operation in *old* and in *new*."""
        entries = self.contracts.entries[::-1]  # so that the first contract of an operation is the one that stays
        old, new = ({c.operation: c for c in entries if c.version == version} for version in (self.old, self.new))
        return {name: (old.get(name), new.get(name)) for name in sorted(old.keys() | new.keys())}

    @cached_property
    def _recorded(self) -> list[Pair]:
        """The pairs, without exchanges of other versions or under no contract."""
        return [
            ([e for e in old if e.version == self.old], [e for e in new if e.version == self.new])
            for old, new in self.pairs
        ]

    def findings(self) -> Iterator[Finding]:
        """Yield what changes by the schemas and by the recordings; each message begins with one of the two."""
        for operation, (old, new) in self._contracts.items():
            if old is not None and new is not None:
                yield from self._schemas(old, new)
            elif old is not None:
                said = f"{old.method} {old.path} has no counterpart in {self.new}"
                yield self._finding(Kind.OPERATION_GONE, operation, said, before="documented", after="not documented")
        others = OtherRecordings(tuple, self.contracts)
        found = drift.compare_all(self._recorded, self.contracts, others, across_versions=True)
        yield from (finding for finding in found if finding.kind not in _COVERAGE)

    def _finding(self, kind: Kind, operation: str, said: str, **facts: Any) -> Finding:
        message = f"{SCHEMAS}{said}"
        return Finding.of(kind, message, category=Category.VERSION, version=self.new, operation=operation, **facts)

    # --- by the schemas ---

    def _schemas(self, old: Contract, new: Contract) -> Iterator[Finding]:
        was, now = (contract.path.replace(f"/{contract.version}/", "/", 1) for contract in (old, new))
        if (old.method, was) != (new.method, now):
            said = f"the request is {new.method} {new.path} now, where {self.old} has {old.method} {old.path}"
            yield self._finding(
                Kind.REQUEST_VIOLATION, new.operation, said, before=f"{old.method} {was}", after=f"{new.method} {now}"
            )
        yield from self._request(old, new)
        statuses = [", ".join(contract.successes) or "none" for contract in (old, new)]
        if statuses[0] != statuses[1]:
            said = f"HTTP {statuses[0]} → {statuses[1]}"
            yield self._finding(Kind.SUCCESS_STATUS_CHANGED, new.operation, said, before=statuses[0], after=statuses[1])
        for status in sorted(old.responses.keys() & new.responses.keys()):
            yield from self._answer(old, new, status)

    def _answer(self, old: Contract, new: Contract, status: str) -> Iterator[Finding]:
        pointers = old.responses[status], new.responses[status]
        number = int(status) if status.isdecimal() else None
        if None in pointers:
            if pointers[0] != pointers[1]:
                gone = pointers[1] is None
                kind = Kind.BODY_EMPTIED if gone else Kind.BODY_APPEARED
                said = "no body is documented any more" if gone else "a body is documented now"
                yield self._finding(kind, new.operation, said, http_status=number)
            return
        for found in _between(old, pointers[0], new, pointers[1], number):
            words = _ANSWER_WORDS.get(found.kind)
            message = found.message if words is None else f"{found.path} {self._filled(words, found)}"
            if found.kind is Kind.FIELD_REMOVED:  # no recordings here that sometimes lack an optional field
                found = replace(found, severity=severity_of(found.kind))
            elif found.kind is Kind.ENUM_VALUE_ADDED and found.path == "$.status" and new.method == "GET":
                found = replace(found, severity=severity_of(found.kind, Case.TASK_STATE))
            yield replace(
                found,
                category=Category.VERSION,
                version=self.new,
                keyword=_KEYWORDS.get(found.kind),
                share=None,
                message=f"{SCHEMAS}{message if number else f'{message} (in errors)'}",
            )

    def _filled(self, text: str, found: Finding) -> str:
        return text.format(before=found.before, after=found.after, old=self.old, new=self.new)

    def _request(self, old: Contract, new: Contract) -> Iterator[Finding]:
        if (old.request is None) != (new.request is None):
            said = "a body must be sent now" if old.request is None else "no body is documented any more"
            yield self._finding(Kind.REQUEST_VIOLATION, new.operation, said)
            return
        # *new* must accept every body that *old* accepts: compared with an answer, the sides trade places.
        for found in _between(new, new.request, old, old.request):
            is_stricter = found.severity is not Severity.INFO or found.kind is Kind.FIELD_ADDED
            if found.kind in _REQUEST_WORDS and is_stricter:
                said = f"{found.path} {self._filled(_REQUEST_WORDS[found.kind], found)}"
                facts = {"path": found.path, "before": found.after, "after": found.before}
                yield self._finding(Kind.REQUEST_VIOLATION, new.operation, said, keyword=_KEYWORDS[found.kind], **facts)
        for found in _between(old, old.request, new, new.request):
            if found.kind is Kind.FIELD_NOW_OPTIONAL:
                said = f"{found.path} need not be sent any more"
                facts = {"path": found.path, "before": "required", "after": "optional", "keyword": "required"}
                yield self._finding(found.kind, new.operation, said, **facts)

    # --- the result ---

    def comparison(self, findings: Iterable[Finding]) -> Comparison:
        """Return the result that *findings* amount to: a verdict per operation, and what was never recorded."""
        by_source: dict[tuple[str | None, str], list[Finding]] = {}
        for found in findings:
            source = SCHEMAS if found.message.startswith(SCHEMAS) else RECORDINGS
            by_source.setdefault((found.operation, source), []).append(found)
        seen = self._seen()
        compared_states = {key[0] for key in seen[0] & seen[1]}
        operations = tuple(
            Compared(
                operation,
                schemas=Verdict.of(by_source.get((operation, SCHEMAS), ())) if old else Verdict.NOT_COMPARED,
                recordings=Verdict.of(by_source.get((operation, RECORDINGS), ()))
                if operation in compared_states or (operation, RECORDINGS) in by_source
                else Verdict.NOT_COMPARED,
            )
            for operation, (old, _) in self._contracts.items()
        )
        return Comparison(
            self.old, self.new, operations, tuple(self._missing(*seen)), tuple(support(self.old, self.new))
        )

    def _seen(self) -> tuple[set[_Observed], set[_Observed]]:
        old, new = ({_observed(e) for pair in self._recorded for e in pair[side]} for side in (0, 1))
        return old, new

    def _missing(self, old: set[_Observed], new: set[_Observed]) -> Iterator[str]:
        empty = [version for version, seen in ((self.old, old), (self.new, new)) if not seen]
        if empty:
            yield f"never recorded: {' and '.join(empty)}; of {' and '.join(empty)} only the schemas speak"
        for operation, contracts in self._contracts.items():
            if contracts[0] is None:
                yield f"only in {self.new}: {operation}"
            if None in contracts:
                continue
            expected = {key for key in old | new if key[0] == operation}
            for contract in contracts:
                expected |= _documented(contract) if contract is not None else set()
            for key in sorted(expected, key=lambda key: (key[1], key[2] or "")):
                lacking = [v for v, seen in ((self.old, old), (self.new, new)) if key not in seen and v not in empty]
                if lacking:
                    facts = " ".join(str(fact) for fact in key if fact is not None)
                    yield f"never observed in {' or '.join(lacking)}: {facts}"


_Observed = tuple[str, int, "str | None"]
"""Operation, HTTP status and task state of an answer."""


def _observed(exchange: Exchange) -> _Observed:
    return str(exchange.operation), exchange.status_code, exchange.task_status


def _documented(contract: Contract) -> set[_Observed]:
    """Return the successes that *contract* documents, one for each task state."""
    expected: set[_Observed] = set()
    for status in map(int, contract.successes):
        states = contract.outline(status).get("$.status", UNDECLARED).enum if contract.method == "GET" else None
        expected |= {(contract.operation, status, state) for state in states or (None,)}
    return expected


def _between(
    old: Contract, was: str | None, new: Contract, now: str | None, status: int | None = None
) -> Iterator[Finding]:
    """Yield how the schema *now* of *new* differs from the schema *was* of *old*, as findings of recordings do."""
    outline = old.outline_of(was)
    subject = Subject(old, status, None, outline, 1, lambda steps: False)
    return shape_differences.between(shape_declared(outline), shape_declared(new.outline_of(now)), subject)


# --- how long a version is supported ---


def support(old: str, new: str) -> Iterator[str]:
    """Yield a line for each of two versions that says how long HubSpot supports it, and what the move gains."""
    known = supported()
    for label in (old, new):
        if label in known:
            yield f"{label} is supported until {known[label].month}, {known[label].source}"
        else:
            yield f"{label}: no end of its support is known"
    if old in known and new in known and known[new].last_day <= known[old].last_day:
        last = max(known, key=lambda label: known[label].last_day)
        yield f"{old} to {new} gains no time; {last} is supported longest, until {known[last].month}"
