"""The kinds of findings, and the severity of each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final, NamedTuple


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


class Category(str, Enum):
    """What an exchange was held against."""

    CONTRACT = "contract"
    DRIFT = "drift"
    VERSION = "version"
    REPLAY = "replay"


class Kind(str, Enum):
    """What was found; the value is what reports and the marker's ``allow=`` call it."""

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
    OTHER_HOST = "other-host"
    VERSION_ENDS = "version-ends"

    FIELD_ADDED = "field-added"
    FIELD_REMOVED = "field-removed"
    FIELD_RENAMED = "field-renamed"
    FIELD_NOW_OPTIONAL = "field-now-optional"
    TYPE_CHANGED = "type-changed"
    INTEGER_WIDENED = "integer-widened"
    NULL_APPEARED = "null-appeared"
    NULL_DISAPPEARED = "null-disappeared"
    NULL_ONLY = "null-only"
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
    """A circumstance in which a kind is more or less severe than usual."""

    REQUIRED = "the schema requires it"
    SOMETIMES_ABSENT = "other recordings show it as sometimes absent"
    NULL_ALLOWED = "the schema allows null"
    LISTED = "the schema lists it"
    TASK_STATE = "it is the state of a task"
    NARROWED = "the new values are stricter"
    ENDS_SOON = "it ends within 180 days, or has ended"
    LOOSENED = "digits, a URL or a path became free text"


class Policy(NamedTuple):
    """One row of the table: the categories of a kind, its severity, and the cases that change the severity."""

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

# Sources of the policy: HubSpot's definition of a breaking change (removed, renamed or retyped response fields and
# changed error codes break; a new value of an existing field does not), the checks of oasdiff for responses, and what
# HubSpot's two Python clients do with each change.
POLICY: Final[Mapping[Kind, Policy]] = {
    Kind.SCHEMA_VIOLATION: _row(_C, _B, "a JSON Schema keyword fails"),
    Kind.UNDOCUMENTED_FIELD: _row(_C, _I, "a key that the schema does not declare"),
    Kind.UNDOCUMENTED_STATUS: _row(_C, _B, "a 2xx status that the contract does not declare"),
    Kind.BODY_EMPTY: _row(_C, _B, "no body, or a literal null, where the contract wants one"),
    Kind.BODY_NOT_JSON: _row((_C, _D), _B, "a body that is not JSON"),
    Kind.CONTENT_TYPE_CHANGED: _row((_C, _D), _B, "another media type than the contract's or the recording's"),
    Kind.ILLEGAL_TRANSITION: _row(_C, _W, "a task goes back to an earlier state"),
    Kind.ERROR_ENVELOPE: _row(_C, _W, "a 4xx or 5xx body that does not fit the documented error object"),
    Kind.REQUEST_VIOLATION: _row(
        (_C, Category.VERSION), _W, "a request body that does not fit what the version documents"
    ),
    Kind.UNKNOWN_OPERATION: _row(_C, _I, "a HubSpot path under no contract"),
    Kind.DEPRECATION_ANNOUNCED: _row(_C, _W, "a Deprecation or Sunset header"),
    Kind.OTHER_HOST: _row(_C, _I, "while recording, a request to a host that is neither the base URL's nor HubSpot's"),
    Kind.VERSION_ENDS: _row(_C, _I, "requests use a version whose support ends", {Case.ENDS_SOON: _W}),
    Kind.FIELD_ADDED: _row(_D, _I, "a field that was not there"),
    Kind.FIELD_REMOVED: _row(_D, _B, "a field that is no longer there", {Case.SOMETIMES_ABSENT: _I}),
    Kind.FIELD_RENAMED: _row(_D, _B, "a field that has another name now"),
    Kind.FIELD_NOW_OPTIONAL: _row(_D, _I, "a field that was always there and now is not", {Case.REQUIRED: _B}),
    Kind.TYPE_CHANGED: _row(_D, _B, "another JSON type"),
    Kind.INTEGER_WIDENED: _row(_D, _W, "an integer became a number"),
    Kind.NULL_APPEARED: _row(_D, _B, "null where there was none", {Case.NULL_ALLOWED: _W}),
    Kind.NULL_DISAPPEARED: _row(_D, _I, "null is no longer sent"),
    Kind.NULL_ONLY: _row(_D, _W, "a field that had values is null in every answer now"),
    Kind.FORMAT_CHANGED: _row(_D, _B, "another string format", {Case.NARROWED: _I, Case.LOOSENED: _W}),
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
    """Return the severity of *kind*; the first of *cases* that the table lists decides."""
    policy = POLICY[kind]
    return next((policy.unless[case] for case in cases if case in policy.unless), policy.severity)
