"""The result of a comparison: a verdict per operation, and what only one side shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import NamedTuple

from pytest_hubfiles.model.exchange import Exchange
from pytest_hubfiles.model.finding import Finding, worst
from pytest_hubfiles.model.policy import Severity

Pair = tuple[Sequence[Exchange], Sequence[Exchange]]
"""What two sides have recorded under one name: before and after."""


class Verdict(str, Enum):
    """What a comparison means for a consumer of the API, the worst last."""

    NOT_COMPARED = "not compared"
    SAFE = "safe"
    CHECK = "check"
    BREAKING = "breaking"

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Verdict:
        """Return the verdict on two sides whose comparison has these *findings*."""
        severity = worst(findings)
        return {Severity.BREAKING: cls.BREAKING, Severity.WARNING: cls.CHECK}.get(severity or Severity.INFO, cls.SAFE)

    @classmethod
    def worst(cls, verdicts: Iterable[Verdict]) -> Verdict:
        """Return the worst of *verdicts*."""
        return max(verdicts, key=list(cls).index, default=cls.NOT_COMPARED)


class ByTests(str, Enum):
    """What rehearsed tests tell of an operation, the worst last."""

    NOT_REHEARSED = "not rehearsed"
    SAFE = "safe"
    BREAKING = "breaking"

    @classmethod
    def worst(cls, one: ByTests | None, other: ByTests | None) -> ByTests | None:
        """Return the worse of the two, None where neither is known."""
        return max((told for told in (one, other) if told is not None), key=list(cls).index, default=None)


class Compared(NamedTuple):
    """The two verdicts on one operation, of its schemas and its recordings, and what tests told if any were asked.

    ``is_recorded`` is False where others are recorded and this is in neither version: nobody seems to use it.
    """

    operation: str
    schemas: Verdict
    recordings: Verdict
    tests: ByTests | None = None
    is_recorded: bool = True

    @property
    def verdict(self) -> Verdict:
        """The worse of the two."""
        return Verdict.worst((self.schemas, self.recordings))


class Comparison(NamedTuple):
    """The result of the comparison of two sides; its findings stand in the report.

    ``old`` and ``new`` are the display names of the sides: versions, cassettes or folders. ``missing`` has a line for
    each thing that one side does not show, and that is therefore not compared; ``support`` a line for each date on
    which the support of a version ends. ``accepted`` is how many findings are excused.
    """

    old: str
    new: str
    operations: tuple[Compared, ...]
    missing: tuple[str, ...] = ()
    support: tuple[str, ...] = ()
    accepted: int = 0

    def with_tests(self, breaks: Mapping[str, bool]) -> Comparison:
        """Return this with what tests told: whether the move *breaks* one, by the operations that they use."""
        told = {True: ByTests.BREAKING, False: ByTests.SAFE, None: ByTests.NOT_REHEARSED}
        return self._replace(
            operations=tuple(one._replace(tests=told[breaks.get(one.operation)]) for one in self.operations)
        )

    @property
    def has_tests(self) -> bool:
        """Whether tests were asked."""
        return any(one.tests is not None for one in self.operations)

    @property
    def verdict(self) -> Verdict:
        """The worst verdict on any operation that is recorded."""
        return Verdict.worst(operation.verdict for operation in self.operations if operation.is_recorded)
