"""What changes for a consumer from one contract of an operation to another, by their schemas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pytest_hubfiles.compare import shape_differences
from pytest_hubfiles.compare.shape_differences import Subject
from pytest_hubfiles.compare.shapes import shape_declared
from pytest_hubfiles.judge.contract import Contract
from pytest_hubfiles.model.finding import SCHEMAS, Finding
from pytest_hubfiles.model.policy import Case, Category, Kind, Severity, severity_of

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


def schema_finding(kind: Kind, said: str, *, version: str, operation: str, **facts: Any) -> Finding:
    """Return a finding of schemas that are compared."""
    message = f"{SCHEMAS}{said}"
    return Finding.of(kind, message, category=Category.VERSION, version=version, operation=operation, **facts)


def gone(old: Contract, new: str, version: str | None = None) -> Finding:
    """Return the finding for the operation of *old*, which *new* has no more; it is about *version*, else its own."""
    said = f"{old.method} {old.path} has no counterpart in {new}"
    facts = {"before": "documented", "after": "not documented"}
    return schema_finding(Kind.OPERATION_GONE, said, version=version or old.version, operation=old.operation, **facts)


@dataclass(frozen=True)
class TwoContracts:
    """Two contracts of one operation, the *old* and the *new* one, and what messages call them."""

    old: Contract
    new: Contract
    called: tuple[str, str]

    def findings(self) -> Iterator[Finding]:
        """Yield what changes for who sends the request and reads the answer, each with its severity."""
        old, new = self.old, self.new
        was, now = (contract.path.replace(f"/{contract.version}/", "/", 1) for contract in (old, new))
        if (old.method, was) != (new.method, now):
            said = f"the request is {new.method} {new.path} now, where {self.called[0]} has {old.method} {old.path}"
            yield self._finding(Kind.REQUEST_VIOLATION, said, before=f"{old.method} {was}", after=f"{new.method} {now}")
        yield from self._request()
        statuses = [", ".join(contract.successes) or "none" for contract in (old, new)]
        if statuses[0] != statuses[1]:
            said = f"HTTP {statuses[0]} → {statuses[1]}"
            yield self._finding(Kind.SUCCESS_STATUS_CHANGED, said, before=statuses[0], after=statuses[1])
        for status in sorted(old.responses.keys() & new.responses.keys()):
            yield from self._answer(status)

    def _finding(self, kind: Kind, said: str, **facts: Any) -> Finding:
        return schema_finding(kind, said, version=self.new.version, operation=self.new.operation, **facts)

    def _answer(self, status: str) -> Iterator[Finding]:
        old, new = self.old, self.new
        pointers = old.responses[status], new.responses[status]
        number = int(status) if status.isdecimal() else None
        if None in pointers:
            if pointers[0] != pointers[1]:
                gone = pointers[1] is None
                kind = Kind.BODY_EMPTIED if gone else Kind.BODY_APPEARED
                said = "no body is documented any more" if gone else "a body is documented now"
                yield self._finding(kind, said, http_status=number)
            return
        for found in _between(old, pointers[0], new, pointers[1], number):
            words = _ANSWER_WORDS.get(found.kind)
            message = found.message if words is None else f"{found.path} {self._filled(words, found)}"
            if found.kind is Kind.FIELD_REMOVED:  # no recordings here that sometimes lack an optional field
                found = found.but(severity=severity_of(found.kind))
            elif found.kind is Kind.ENUM_VALUE_ADDED and found.path == "$.status" and new.method == "GET":
                found = found.but(severity=severity_of(found.kind, Case.TASK_STATE))
            yield found.but(
                category=Category.VERSION,
                version=new.version,
                keyword=_KEYWORDS.get(found.kind),
                share=None,
                message=f"{SCHEMAS}{message if number else f'{message} (in errors)'}",
            )

    def _filled(self, text: str, found: Finding) -> str:
        return text.format(before=found.before, after=found.after, old=self.called[0], new=self.called[1])

    def _request(self) -> Iterator[Finding]:
        old, new = self.old, self.new
        if (old.request is None) != (new.request is None):
            said = "a body must be sent now" if old.request is None else "no body is documented any more"
            yield self._finding(Kind.REQUEST_VIOLATION, said)
            return
        # *new* must accept every body that *old* accepts: compared with an answer, the sides trade places.
        for found in _between(new, new.request, old, old.request):
            is_stricter = found.severity is not Severity.INFO or found.kind is Kind.FIELD_ADDED
            if found.kind in _REQUEST_WORDS and is_stricter:
                said = f"{found.path} {self._filled(_REQUEST_WORDS[found.kind], found)}"
                facts = {"path": found.path, "before": found.after, "after": found.before}
                yield self._finding(Kind.REQUEST_VIOLATION, said, keyword=_KEYWORDS[found.kind], **facts)
        for found in _between(old, old.request, new, new.request):
            if found.kind is Kind.FIELD_NOW_OPTIONAL:
                said = f"{found.path} need not be sent any more"
                facts = {"path": found.path, "before": "required", "after": "optional", "keyword": "required"}
                yield self._finding(found.kind, said, **facts)


def _between(
    old: Contract, was: str | None, new: Contract, now: str | None, status: int | None = None
) -> Iterator[Finding]:
    """Yield how the schema *now* of *new* differs from the schema *was* of *old*, as findings of recordings do."""
    outline = old.outline_of(was)
    subject = Subject(old, status, None, outline, 1, lambda steps: False)
    return shape_differences.between(shape_declared(outline), shape_declared(new.outline_of(now)), subject)
