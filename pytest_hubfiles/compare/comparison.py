"""What became of a comparison: a verdict per operation, and what only one side shows."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from pytest_hubfiles.model.finding import Finding, worst
from pytest_hubfiles.model.policy import Severity


class Verdict(str, Enum):
    """What a comparison means for a consumer, from what does not concern it to what breaks it."""

    NOT_COMPARED = "not compared"
    SAFE = "safe"
    CHECK = "check"
    BREAKING = "breaking"

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> Verdict:
        """Return the verdict on two sides that were compared with these *findings*."""
        severity = worst(findings)
        return {Severity.BREAKING: cls.BREAKING, Severity.WARNING: cls.CHECK}.get(severity or Severity.INFO, cls.SAFE)

    @classmethod
    def worst(cls, verdicts: Iterable[Verdict]) -> Verdict:
        """Return the worst of *verdicts*."""
        return max(verdicts, key=list(cls).index, default=cls.NOT_COMPARED)


class Compared(NamedTuple):
    """The verdicts on one operation, by what its schemas say and by what its recordings show."""

    operation: str
    schemas: Verdict
    recordings: Verdict

    @property
    def verdict(self) -> Verdict:
        """The worse of the two."""
        return Verdict.worst((self.schemas, self.recordings))


class Comparison(NamedTuple):
    """What became of the comparison of two sides; its findings are the report's.

    ``old`` and ``new`` are what the sides are called: versions, cassettes or folders. ``missing`` has a line for
    each thing that one side does not show, so that nothing was compared; ``support`` a line for each date on
    which a version stops being supported.
    """

    old: str
    new: str
    operations: tuple[Compared, ...]
    missing: tuple[str, ...] = ()
    support: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst verdict on any operation."""
        return Verdict.worst(operation.verdict for operation in self.operations)
