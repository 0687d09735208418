"""One report of several runs, such as the shards of a suite."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from pytest_hubfiles.compare.comparison import ByTests, Compared, Comparison, Verdict
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.judge.source import Source
from pytest_hubfiles.model.finding import Finding, merge
from pytest_hubfiles.model.policy import Kind
from pytest_hubfiles.report import version_ends
from pytest_hubfiles.report.record import Contracted
from pytest_hubfiles.report.rehearsal import Rehearsal
from pytest_hubfiles.report.report import Report, Tally


class OtherComparisonError(HubfilesError):
    """Reports of different comparisons, which one report cannot hold."""

    def __init__(self, one: Comparison, other: Comparison) -> None:
        self.one, self.other = one, other
        super().__init__(
            f"One report compares {one.old} with {one.new}, another {other.old} with {other.new}.\n"
            "Merge the reports of each comparison by themselves."
        )


class OtherRehearsalError(HubfilesError):
    """Reports of rehearsals of other families, which one report cannot hold."""

    def __init__(self, one: Rehearsal, other: Rehearsal) -> None:
        self.one, self.other = one, other
        super().__init__(
            f"One report rehearses {one.family}, another {other.family}.\n"
            "Merge the reports of each family by themselves."
        )


def merged(reports: Iterable[Report]) -> Report:
    """Return one report of several runs: counts added, the same finding of the same test listed once.

    Of each report only what it adds is kept, so that *reports* can be any number, read one after another. A
    deviation is stale where each of them says so.

    Raises:
        OtherComparisonError, OtherRehearsalError: if they compare other things, or rehearse changes of other families.
    """
    cassettes, failed = 0, False
    judged: Counter[Contracted] = Counter()
    not_judged: Counter[tuple[str, str]] = Counter()
    comparison: Comparison | None = None
    rehearsal: Rehearsal | None = None
    stale: list[str] | None = None
    sources: dict[tuple[str, str], Source] = {}
    most: Counter[str | None] = Counter()  # operations that one run has of each version

    def findings() -> Iterator[Finding]:
        nonlocal cassettes, failed, comparison, stale, rehearsal
        for report in reports:
            cassettes += report.cassette_count
            sources.update(report.sources)
            judged.update(report.judged)
            not_judged.update(report.not_judged)
            failed = failed or report.failed
            comparison = _both(comparison, report.comparison)
            rehearsal = _together(rehearsal, report.rehearsal)
            stale = [line for line in report.stale_deviations if stale is None or line in stale]
            for finding in report.findings:
                if finding.kind is Kind.VERSION_ENDS:
                    most[finding.version] = max(most[finding.version], version_ends.operations_in(finding))
                yield finding

    made = Report(
        run_findings=merge(findings()),
        failed=failed,
        comparison=comparison,
        stale_deviations=stale or [],
        elsewhere=Tally(cassettes, judged, not_judged),
        rehearsal=rehearsal,
        sources=sources,
    )
    made.run_findings = [_recounted(finding, made, most) for finding in made.run_findings]
    return made


def _recounted(finding: Finding, made: Report, most: Mapping[str | None, int]) -> Finding:
    is_counted = finding.kind is Kind.VERSION_ENDS
    return version_ends.recounted(finding, made, most[finding.version]) if is_counted else finding


def _together(one: Rehearsal | None, other: Rehearsal | None) -> Rehearsal | None:
    """Return what two reports say of rehearsals of one family.

    Raises:
        OtherRehearsalError: if they are of other families.
    """
    if one is None or other is None:
        return one or other
    if one.family != other.family:
        raise OtherRehearsalError(one, other)
    one.merge(other)
    return one


def _both(one: Comparison | None, other: Comparison | None) -> Comparison | None:
    """Return what two reports say of the same comparison, of each operation the worse."""
    if one is None or other is None:
        return one or other
    if (one.old, one.new) != (other.old, other.new):
        raise OtherComparisonError(one, other)
    operations: dict[str, Compared] = {}
    for compared in (*one.operations, *other.operations):
        known = operations.get(compared.operation, compared)
        operations[compared.operation] = Compared(
            compared.operation,
            Verdict.worst((known.schemas, compared.schemas)),
            Verdict.worst((known.recordings, compared.recordings)),
            ByTests.worst(known.tests, compared.tests),
            known.is_recorded or compared.is_recorded,
        )
    return Comparison(
        one.old,
        one.new,
        tuple(sorted(operations.values(), key=lambda one: (not one.is_recorded, one.operation))),
        tuple(dict.fromkeys((*one.missing, *other.missing))),
        tuple(dict.fromkeys((*one.support, *other.support))),
        max(one.accepted, other.accepted),
    )
