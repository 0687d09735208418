"""One thing that a check found."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypedDict

from pytest_hubfiles.model.policy import POLICY, Case, Category, Kind, Severity, severity_of
from pytest_hubfiles.visible import visible, visible_lines

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from pytest_hubfiles.model.exchange import Exchange

WAIVABLE: Final = "findings"
"""The one reason for not promoting a recording that a person can waive."""

TEST_FAILED: Final = "the test failed"
"""The reason for not promoting what a test has recorded that did not pass."""

SCHEMAS: Final = "schemas: "
RECORDINGS: Final = "recordings: "
"""What the message of a finding of category version begins with: where the finding was seen."""

_EXAMPLE: Final = " (one example of several)"
"""What a message ends with that quotes one of several values."""

_MOST_NAMED: Final = 3
"The tests that a line names which need something."

_TEXTS: Final = (
    "version", "operation", "task_status", "path", "before", "after", "keyword", "test", "cassette",
    "deviation",
)  # fmt: skip
_texts_of: Final = attrgetter(*_TEXTS)


class Share(NamedTuple):
    """In how many of how many answers, or objects in them, something was seen; the message says it in these words."""

    seen: int
    among: int

    def __str__(self) -> str:
        return f"in {self.seen} of {self.among}"


class Needed(NamedTuple):
    """The tests that need what changed, and of how many tests that were rehearsed it is known.

    ``broken`` is how many of them break under exactly this change; None where only its like was tried.
    """

    tests: tuple[str, ...]
    of: int
    broken: int | None = None

    def __str__(self) -> str:
        named = ", ".join(self.tests[:_MOST_NAMED])
        more = f" and {len(self.tests) - _MOST_NAMED} more" if len(self.tests) > _MOST_NAMED else ""
        count = len(self.tests) or "none"
        line = f"needed by {count} of {self.of} test{'s' * (self.of != 1)}{f': {named}{more}' if named else ''}"
        if self.broken is None:
            return line
        others = self.of - self.broken
        broken = f"{self.broken} break{'s' * (self.broken == 1)}, {others} do{'es' * (others == 1)} not"
        return f"{line}; rehearsed with this change: {broken}"


class Facts(TypedDict, total=False):
    """The facts of a finding that :meth:`Finding.of` takes."""

    category: Category
    version: str | None
    operation: str | None
    http_status: int | None
    task_status: str | None
    path: str
    before: str | None
    after: str | None
    keyword: str | None
    cassette: str | None
    exchanges: int
    line: int | None
    share: Share | None


class AllFacts(Facts, total=False):
    """The facts of a finding that :meth:`Finding.but` takes."""

    severity: Severity
    message: str
    test: str | None
    deviation: str | None
    needed_by: Needed | None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found, where, and how severe it is.

    ``before`` is what was expected or recorded, ``after`` what came. ``path`` is a JSONPath with ``[*]`` for array
    elements. ``exchanges`` counts the exchanges that showed it, ``line`` is the line of the first in the cassette,
    counted from 1. ``share`` is what the message says of how many there were, if it does. ``deviation`` is why the
    severity was lowered to info, if it was. ``needed_by`` are the tests that need what changed, None where that is not
    known; it is no part of what the finding is.
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
    share: Share | None = None
    needed_by: Needed | None = None

    def __post_init__(self) -> None:
        if not "".join(filter(None, _texts_of(self))).isprintable():
            for name in _TEXTS:
                text = getattr(self, name)
                if text is not None and not text.isprintable():
                    object.__setattr__(self, name, visible(text))
        object.__setattr__(self, "message", visible_lines(self.message))

    @classmethod
    def of(
        cls, kind: Kind, message: str, *cases: Case, exchange: Exchange | None = None, **facts: Unpack[Facts]
    ) -> Finding:
        """Return a finding of *kind*, with the severity that the policy gives it in these *cases*.

        Unless *facts* say otherwise, its category is the first one of its kind, and it was found in *exchange*.
        """
        if exchange is not None:
            found: Facts = {
                "version": exchange.version,
                "operation": exchange.operation,
                "http_status": exchange.status_code,
                "task_status": exchange.task_status,
                "line": exchange.interaction.line,
            }
            facts = {**found, **facts}
        facts.setdefault("category", POLICY[kind].categories[0])
        return cls(kind=kind, severity=severity_of(kind, *cases), message=message, **facts)

    def but(self, **facts: Unpack[AllFacts]) -> Finding:
        """Return the same finding but for these *facts*."""
        known: dict[str, Any] = dict(zip(_FACTS, _facts_of(self), strict=True))  # a quarter of the time of replace()
        return Finding(**{**known, **facts})

    @property
    def identity(self) -> tuple[str | int | None, ...]:
        """What distinguishes this finding from any other, in every run."""
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
    def is_difference(self) -> bool:
        """Whether it tells what one answer has and another has not, rather than what is wrong with one."""
        return self.category in (Category.DRIFT, Category.VERSION)

    @property
    def fingerprint(self) -> str:
        """A short name for this finding, the same in every run and on every machine."""
        text = "\x1f".join("" if fact is None else str(fact) for fact in self.identity)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def with_another(self, other: Finding) -> Finding:
        """Return what this and *other* come to, the same finding in other exchanges: its message is true of both."""
        message, share = self.message, self.share
        if share is not None and other.share is not None:
            head, said, tail = message.rpartition(str(share))
            share = Share(share.seen + other.share.seen, share.among + other.share.among)
            message = f"{head}{share}{tail}" if said else message
        elif self.category is Category.CONTRACT and message != other.message and not message.endswith(_EXAMPLE):
            message += _EXAMPLE
        return self.but(exchanges=self.exchanges + other.exchanges, message=message, share=share)

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
            **({} if self.share is None else {"share": self.share._asdict()}),
            "needed_by": None if self.needed_by is None else list(self.needed_by.tests),
            **(
                {}
                if self.needed_by is None
                else {"needed_of": self.needed_by.of, "needed_broken": self.needed_by.broken}
            ),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Finding:
        """Return the finding that :meth:`to_dict` wrote."""
        facts = {key: value for key, value in data.items() if key != "fingerprint"}
        if "share" in facts:
            facts["share"] = Share(**facts["share"])
        if facts.get("needed_by") is not None:
            tests, of, broken = facts["needed_by"], facts.pop("needed_of"), facts.pop("needed_broken")
            facts["needed_by"] = Needed(tuple(tests), of, broken)
        return cls(
            **{
                **facts,
                "kind": Kind(facts["kind"]),
                "severity": Severity(facts["severity"]),
                "category": Category(facts["category"]),
            }
        )


_FACTS: Final = tuple(field.name for field in fields(Finding))
_facts_of: Final = attrgetter(*_FACTS)


def merge(findings: Iterable[Finding]) -> list[Finding]:
    """Return *findings*, the worst first, each once per test, with the number of exchanges that showed it."""
    merged: dict[object, Finding] = {}
    for finding in findings:
        # Two requests that match no recording can differ in their bodies alone, and only the message tells them apart.
        said = finding.message if finding.category is Category.REPLAY else None
        key = (finding.identity, finding.test, finding.cassette, said)
        if key in merged:
            merged[key] = merged[key].with_another(finding)
        else:
            merged[key] = finding
    return sorted(merged.values(), key=lambda finding: -finding.severity.rank)


def worst(findings: Iterable[Finding]) -> Severity | None:
    """Return the highest severity among *findings*, None if there are none."""
    return max((finding.severity for finding in findings), key=lambda severity: severity.rank, default=None)
