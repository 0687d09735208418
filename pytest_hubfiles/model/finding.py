"""What a check can find, and how much each kind weighs."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final, NamedTuple


class Severity(str, Enum):
    """How much a finding matters to a consumer of the answer: ``info < warning < breaking``.

    ``rank`` is 0 for info, 1 for warning, 2 for breaking.
    """

    rank: int

    INFO = "info"
    WARNING = "warning"
    BREAKING = "breaking"

    def __init__(self, value: str) -> None:
        self.rank = len(type(self).__members__)


WAIVABLE: Final = "findings"
"""The one reason for not promoting a recording that a person can waive."""


class Category(str, Enum):
    """What an exchange was held against."""

    CONTRACT = "contract"
    DRIFT = "drift"
    VERSION = "version"
    REPLAY = "replay"


class Kind(str, Enum):
    """What was found; :data:`POLICY` says what each weighs."""

    SCHEMA_VIOLATION = "schema-violation"
    UNDOCUMENTED_FIELD = "undocumented-field"
    UNDOCUMENTED_STATUS = "undocumented-status"
    BODY_EMPTY = "body-empty"
    BODY_NOT_JSON = "body-not-json"
    CONTENT_TYPE_CHANGED = "content-type-changed"
    ILLEGAL_TRANSITION = "illegal-transition"
    ERROR_ENVELOPE = "error-envelope"
    REQUEST_VIOLATION = "request-violation"
    UNKNOWN_OPERATION = "unknown-operation"
    DEPRECATION_ANNOUNCED = "deprecation-announced"

    FIELD_ADDED = "field-added"
    FIELD_REMOVED = "field-removed"
    FIELD_NOW_OPTIONAL = "field-now-optional"
    TYPE_CHANGED = "type-changed"
    INTEGER_WIDENED = "integer-widened"
    NULL_APPEARED = "null-appeared"
    NULL_DISAPPEARED = "null-disappeared"
    FORMAT_CHANGED = "format-changed"
    ENUM_VALUE_ADDED = "enum-value-added"
    ELEMENT_MIXED = "element-mixed"
    ARRAY_EMPTIED = "array-emptied"
    ARRAY_FILLED = "array-filled"
    SUCCESS_STATUS_CHANGED = "success-status-changed"
    ERROR_STATUS_CHANGED = "error-status-changed"
    BODY_EMPTIED = "body-emptied"
    BODY_APPEARED = "body-appeared"
    STATE_APPEARED = "state-appeared"
    STATE_GONE = "state-gone"
    OPERATION_GONE = "operation-gone"

    UNMATCHED_REQUEST = "unmatched-request"
    TASK_NEVER_ENDED = "task-never-ended"
    UNPLAYED = "unplayed"
    CASSETTE_UNUSED = "cassette-unused"
    CASSETTE_STALE = "cassette-stale"
    CASSETTE_UNREADABLE = "cassette-unreadable"
    SECRET_IN_CASSETTE = "secret-in-cassette"


class Case(str, Enum):
    """A circumstance under which a kind weighs more or less than it usually does."""

    REQUIRED = "the schema requires it"
    SOMETIMES_ABSENT = "other recordings show it as sometimes absent"
    NULL_ALLOWED = "the schema allows null"
    LISTED = "the schema lists it"
    TASK_STATE = "it is the state of a task"
    NARROWED = "the new values are stricter"


SCHEMAS: Final = "schemas: "
RECORDINGS: Final = "recordings: "
"""How the messages of the findings of category version begin: what a finding was seen in."""


class Policy(NamedTuple):
    """One row of the table: where a kind belongs, what it weighs, and when it weighs otherwise."""

    categories: tuple[Category, ...]
    severity: Severity
    meaning: str
    unless: Mapping[Case, Severity]


def _row(
    category: Category | tuple[Category, ...],
    severity: Severity,
    meaning: str,
    unless: Mapping[Case, Severity] | None = None,
) -> Policy:
    categories = category if isinstance(category, tuple) else (category,)
    if Category.DRIFT in categories:
        categories += (Category.VERSION,)
    return Policy(categories, severity, meaning, unless or {})


_C, _D, _R = Category.CONTRACT, Category.DRIFT, Category.REPLAY
_I, _W, _B = Severity.INFO, Severity.WARNING, Severity.BREAKING

# Sources of the policy: HubSpot's definition of a breaking change (removed, renamed or retyped response
# fields and changed error codes break; a new value of an existing field does not), oasdiff's
# response-side checks, and what HubSpot's two Python clients do with each change.
POLICY: Final[Mapping[Kind, Policy]] = {
    Kind.SCHEMA_VIOLATION: _row(_C, _B, "a JSON Schema keyword fails"),
    Kind.UNDOCUMENTED_FIELD: _row(_C, _I, "a key that the schema does not declare"),
    Kind.UNDOCUMENTED_STATUS: _row(_C, _B, "a 2xx status that the contract does not declare"),
    Kind.BODY_EMPTY: _row(_C, _B, "no body, or a literal null, where the contract wants one"),
    Kind.BODY_NOT_JSON: _row(_C, _B, "a body that is not JSON"),
    Kind.CONTENT_TYPE_CHANGED: _row((_C, _D), _B, "another media type than the contract's or the recording's"),
    Kind.ILLEGAL_TRANSITION: _row(_C, _W, "a task goes back to an earlier state"),
    Kind.ERROR_ENVELOPE: _row(_C, _W, "a 4xx or 5xx body that does not fit the documented error object"),
    Kind.REQUEST_VIOLATION: _row(
        (_C, Category.VERSION), _W, "a request body that does not fit what the version documents"
    ),
    Kind.UNKNOWN_OPERATION: _row(_C, _I, "a HubSpot path under no contract"),
    Kind.DEPRECATION_ANNOUNCED: _row(_C, _W, "a Deprecation or Sunset header"),
    Kind.FIELD_ADDED: _row(_D, _I, "a field that was not there"),
    Kind.FIELD_REMOVED: _row(_D, _W, "a field that is no longer there", {Case.REQUIRED: _B, Case.SOMETIMES_ABSENT: _I}),
    Kind.FIELD_NOW_OPTIONAL: _row(_D, _I, "a field that was always there and now is not", {Case.REQUIRED: _B}),
    Kind.TYPE_CHANGED: _row(_D, _B, "another JSON type"),
    Kind.INTEGER_WIDENED: _row(_D, _W, "an integer became a number"),
    Kind.NULL_APPEARED: _row(_D, _B, "null where there was none", {Case.NULL_ALLOWED: _W}),
    Kind.NULL_DISAPPEARED: _row(_D, _I, "null is no longer sent"),
    Kind.FORMAT_CHANGED: _row(_D, _B, "another string format", {Case.NARROWED: _I}),
    Kind.ENUM_VALUE_ADDED: _row(
        _D, _W, "a value of an enumeration that was not seen before", {Case.LISTED: _I, Case.TASK_STATE: _B}
    ),
    Kind.ELEMENT_MIXED: _row(_D, _B, "array elements no longer share one JSON type"),
    Kind.ARRAY_EMPTIED: _row(_D, _I, "an array has no elements any more"),
    Kind.ARRAY_FILLED: _row(_D, _I, "an array that was empty has elements"),
    Kind.SUCCESS_STATUS_CHANGED: _row(_D, _B, "another 2xx, or an error where a success was"),
    Kind.ERROR_STATUS_CHANGED: _row(_D, _B, "another 4xx or 5xx for the same request"),
    Kind.BODY_EMPTIED: _row(_D, _B, "no body where there was one"),
    Kind.BODY_APPEARED: _row(_D, _W, "a body where there was none"),
    Kind.STATE_APPEARED: _row(_D, _I, "a task state seen now and not before"),
    Kind.STATE_GONE: _row(_D, _I, "a task state seen before and not now"),
    Kind.OPERATION_GONE: _row(_D, _B, "404, 405 or 410 where an operation answered 2xx"),
    Kind.UNMATCHED_REQUEST: _row(_R, _B, "nothing is recorded for a request"),
    Kind.TASK_NEVER_ENDED: _row(_R, _B, "polls ran out before a terminal state"),
    Kind.UNPLAYED: _row(_R, _W, "a recorded exchange that the test no longer asks for"),
    Kind.CASSETTE_UNUSED: _row(_R, _W, "a cassette that no test opened in a full run"),
    Kind.CASSETTE_STALE: _row(_R, _W, "a cassette older than the age set for it"),
    Kind.CASSETTE_UNREADABLE: _row(_R, _B, "a cassette file that cannot be read"),
    Kind.SECRET_IN_CASSETTE: _row(_R, _B, "a credential in a cassette on disk"),
}


def severity_of(kind: Kind, *cases: Case) -> Severity:
    """Return what *kind* weighs; of several *cases* the first that the table knows decides."""
    policy = POLICY[kind]
    return next((policy.unless[case] for case in cases if case in policy.unless), policy.severity)


_UNPRINTABLE: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


_TEXTS: Final = (
    "message", "version", "operation", "task_status", "path", "before", "after", "keyword", "test", "cassette",
    "deviation",
)  # fmt: skip


def _printable(text: str) -> str:
    """Return *text* as every terminal and file can take it: a body may hold half a character or an escape sequence."""
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found, where, and what it weighs.

    ``before`` and ``after`` are what was expected or recorded and what came; ``path`` is a JSONPath
    with ``[*]`` for array elements; ``exchanges`` is how many exchanges showed it;
    ``deviation`` is why it was lowered to info, where it was; ``line`` is where in the cassette the first
    of them stands, counted from 1.
    """

    kind: Kind
    severity: Severity
    category: Category
    message: str
    version: str | None = None
    operation: str | None = None
    http_status: int | None = None
    task_status: str | None = None
    path: str = "$"
    before: str | None = None
    after: str | None = None
    keyword: str | None = None
    test: str | None = None
    cassette: str | None = None
    deviation: str | None = None
    exchanges: int = 1
    line: int | None = None

    def __post_init__(self) -> None:
        for name in _TEXTS:
            text = getattr(self, name)
            if text is not None and not text.isprintable():
                object.__setattr__(self, name, _printable(text))

    @property
    def identity(self) -> tuple[str | int | None, ...]:
        """What makes it this finding and no other, wherever it is found."""
        return (
            self.kind.value,
            self.category.value,
            self.version,
            self.operation,
            self.http_status,
            self.task_status,
            self.path,
            self.keyword,
            self.before,
            self.after,
        )

    @property
    def fingerprint(self) -> str:
        """A name for this finding that is the same in every run and on every machine."""
        text = "\x1f".join("" if fact is None else str(fact) for fact in self.identity)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as the JSON report writes it."""
        return {
            "kind": self.kind.value,
            "severity": self.severity.value,
            "category": self.category.value,
            "version": self.version,
            "operation": self.operation,
            "http_status": self.http_status,
            "task_status": self.task_status,
            "path": self.path,
            "before": self.before,
            "after": self.after,
            "keyword": self.keyword,
            "message": self.message,
            "test": self.test,
            "cassette": self.cassette,
            "fingerprint": self.fingerprint,
            "deviation": self.deviation,
            "exchanges": self.exchanges,
            "line": self.line,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Finding:
        """Return the finding that :meth:`to_dict` wrote."""
        facts = {key: value for key, value in data.items() if key != "fingerprint"}
        return cls(
            **{
                **facts,
                "kind": Kind(facts["kind"]),
                "severity": Severity(facts["severity"]),
                "category": Category(facts["category"]),
            }
        )


def replay_finding(kind: Kind, message: str, **facts: Any) -> Finding:
    """Return a finding of category replay with its *facts*, which weighs what its *kind* does."""
    return Finding(kind=kind, severity=severity_of(kind), category=Category.REPLAY, message=message, **facts)


def merge(findings: Iterable[Finding]) -> list[Finding]:
    """Return *findings*, the worst first, each once per test with the number of exchanges that showed it."""
    merged: dict[object, Finding] = {}
    for finding in findings:
        # Two requests that nothing is recorded for can differ in their bodies alone, which only the message tells.
        said = finding.message if finding.category is Category.REPLAY else None
        key = (finding.identity, finding.test, finding.cassette, said)
        if key in merged:
            merged[key] = replace(merged[key], exchanges=merged[key].exchanges + finding.exchanges)
        else:
            merged[key] = finding
    return sorted(merged.values(), key=lambda finding: -finding.severity.rank)


def worst(findings: Iterable[Finding]) -> Severity | None:
    """Return the highest severity among *findings*, or None where there are none."""
    return max((finding.severity for finding in findings), key=lambda severity: severity.rank, default=None)
