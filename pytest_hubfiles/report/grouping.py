"""Findings as people read them: each once, with everything that shows it, grouped by operation and state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Final, NamedTuple

from pytest_hubfiles.compare.comparison import Compared, Comparison, Verdict
from pytest_hubfiles.model.finding import RECORDINGS, SCHEMAS, Finding
from pytest_hubfiles.model.policy import Category, Severity
from pytest_hubfiles.report.report import Report


def plural(count: int, noun: str) -> str:
    """Return ``1 exchange`` or ``2 exchanges``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


class Location(NamedTuple):
    """A cassette, and the line in it where that is known."""

    cassette: str
    line: int | None

    def __str__(self) -> str:
        return self.cassette if self.line is None else f"{self.cassette}:{self.line}"


class Seen(NamedTuple):
    """One finding, listed once: ``finding`` counts the exchanges of all tests and places that showed it."""

    finding: Finding
    tests: tuple[str, ...]
    places: tuple[Location, ...]


def what_it_says(finding: Finding) -> str:
    """Return the message without the path, which stands beside it wherever it is shown."""
    source = next((label for label in (SCHEMAS, RECORDINGS) if finding.message.startswith(label)), "")
    return source + finding.message.removeprefix(source).removeprefix(f"{finding.path} ")


class Group(NamedTuple):
    """What was found in the answers of one operation in one state; all None for what belongs to no operation."""

    version: str | None
    operation: str | None
    http_status: int | None
    task_status: str | None
    seen: tuple[Seen, ...]

    @property
    def state(self) -> str:
        """HTTP status and task state, as far as the findings are about one: ``200 COMPLETE``."""
        return " ".join(str(fact) for fact in (self.http_status, self.task_status) if fact is not None)


def across_tests(findings: Iterable[Finding]) -> list[Seen]:
    """Return each finding once, however many tests saw it, in the order given."""
    same: dict[str, list[Finding]] = {}
    for finding in findings:
        # Two requests that nothing is recorded for can differ in their bodies alone, which only the message shows.
        key = finding.fingerprint + (finding.message if finding.category is Category.REPLAY else "")
        same.setdefault(key, []).append(finding)
    return [
        Seen(
            reduce(Finding.with_another, found),
            tuple(dict.fromkeys(finding.test for finding in found if finding.test is not None)),
            tuple(dict.fromkeys(Location(f.cassette, f.line) for f in found if f.cassette is not None)),
        )
        for found in same.values()
    ]


def alike(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Return *findings* in the order given, those together that say the same of the contract in different answers."""
    same: dict[object, list[Finding]] = {}
    for number, finding in enumerate(findings):
        is_told_once = finding.category is Category.CONTRACT and finding.needed_by is None
        said = (finding.kind, finding.severity, finding.path, finding.message, finding.deviation)
        same.setdefault(said if is_told_once else number, []).append(finding)
    return list(same.values())


def grouped(seen: Iterable[Seen]) -> list[Group]:
    """Return *seen* by version, operation, HTTP status and task state, the group of the first one first."""
    groups: dict[tuple[str | None, str | None, int | None, str | None], list[Seen]] = {}
    for one in seen:
        finding = one.finding
        key = (finding.version, finding.operation, finding.http_status, finding.task_status)
        groups.setdefault(key, []).append(one)
    return [Group(*key, tuple(found)) for key, found in groups.items()]


def count_by_severity(seen: Iterable[Seen]) -> dict[Severity, int]:
    """Return how many findings there are of each severity that was found, the worst first."""
    counts = Counter(one.finding.severity for one in seen)
    return {severity: counts[severity] for severity in reversed(Severity) if counts[severity]}


def in_words(counts: dict[Severity, int]) -> str:
    """Return ``1 breaking, 3 warning``."""
    return ", ".join(f"{count} {severity.value}" for severity, count in counts.items())


def judged_in_words(report: Report) -> str:
    """Return ``judged 7 of 7 exchanges in 3 cassettes``."""
    return (
        f"{report.action} {report.judged_count} of {plural(report.exchange_count, 'exchange')} "
        f"in {plural(report.cassette_count, 'cassette')}"
    )


MEANINGS: Final[Mapping[Verdict, str]] = {
    Verdict.NOT_COMPARED: "not compared",
    Verdict.SAFE: "safe, no difference that can break a consumer",
    Verdict.CHECK: "check, a consumer has to look at the warnings above",
    Verdict.BREAKING: "breaking, what works with the old can fail with the new",
}

"""What a verdict means for its reader."""


def meaning(comparison: Comparison) -> str:
    """Return what *comparison* comes to for its reader, and how many findings were accepted in it."""
    said = MEANINGS[comparison.verdict]
    if not comparison.accepted:
        return said
    accepted = f"{plural(comparison.accepted, 'finding')} that {'was' if comparison.accepted == 1 else 'were'} accepted"
    return f"safe but for {accepted}" if comparison.verdict is Verdict.SAFE else f"{said}, beside {accepted}"


def verdict_of(one: Compared) -> str:
    """Return the verdict on an operation in words: none where nobody has recorded it."""
    return one.verdict.value if one.is_recorded else "never recorded"


OTHER_REASONS: Final = (
    "The run failed for another reason than these findings, such as a recording that was refused "
    "or too few exchanges judged; see the output of the run."
)


def fails_for_other_reasons(report: Report) -> bool:
    """Whether nothing that was found can be why the run failed: everything found is a known deviation, if anything."""
    if report.rehearsal is not None and report.rehearsal.failing:
        return False
    return report.failed and all(finding.deviation is not None for finding in report.findings)
