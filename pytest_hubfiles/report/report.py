"""What a run has to report, gathered from its tests; each format renders the same facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from pytest_hubfiles.compare.comparison import Comparison
from pytest_hubfiles.judge.source import Source
from pytest_hubfiles.model.finding import Finding, worst
from pytest_hubfiles.model.policy import Severity
from pytest_hubfiles.report.record import Contracted, Record
from pytest_hubfiles.report.rehearsal import Rehearsal


class Tally(NamedTuple):
    """What was looked at: how many cassettes, the exchanges by contract, and those that no contract judged."""

    cassettes: int = 0
    judged: Mapping[Contracted, int] = MappingProxyType({})
    not_judged: Mapping[tuple[str, str], int] = MappingProxyType({})


@dataclass
class Report:
    """Everything a run has to report; ``failed`` is whether its findings failed it.

    ``action`` is what was done with the exchanges; ``stale_deviations`` has a line for each of the user's
    deviations that a full run found nothing for; ``elsewhere`` is what other runs looked at, where their reports
    are merged into this one. ``rehearsal`` is which changes of the API its tests were tried with, and what broke.
    ``sources`` are the documents from which contracts were made, by version and operation.
    """

    records: list[Record] = field(default_factory=list)
    run_findings: list[Finding] = field(default_factory=list)
    failed: bool = False
    action: str = "judged"
    comparison: Comparison | None = None
    stale_deviations: list[str] = field(default_factory=list)
    elsewhere: Tally = field(default_factory=Tally)
    rehearsal: Rehearsal | None = None
    sources: Mapping[tuple[str, str], Source] = field(default_factory=dict)

    def add(self, record: Record) -> None:
        """Take in what one test reports."""
        self.records.append(record)
        self.failed = self.failed or record.failed

    @property
    def worth_telling(self) -> bool:
        """Whether there is anything to report."""
        return bool(self.records or self.run_findings or self.comparison or self.exchange_count or self.rehearsal)

    @property
    def findings(self) -> list[Finding]:
        """All findings, the worst first, then by version, operation, state and path."""
        found = [finding for record in self.records for finding in record.findings] + self.run_findings
        return sorted(
            found,
            key=lambda f: (
                -f.severity.rank, f.version or "", f.operation or "", f.http_status or 0, f.task_status or "", f.path,
                f.kind.value, f.test or "", f.cassette or "", f.category.value, f.before or "", f.after or "",
                f.message,
            ),
        )  # fmt: skip

    @property
    def judged(self) -> dict[Contracted, int]:
        """How many exchanges each contract judged."""
        counts: Counter[Contracted] = Counter(self.elsewhere.judged)
        for record in self.records:
            counts.update(record.judged)
        return {contract: counts[contract] for contract in sorted(counts, key=lambda c: tuple(map(str, c)))}

    @property
    def not_judged(self) -> dict[tuple[str, str], int]:
        """The URLs that no contract judged, with the reason, and how often."""
        counts = Counter(self.elsewhere.not_judged)
        counts.update(pair for record in self.records for pair in record.not_judged)
        return dict(sorted(counts.items()))

    @property
    def cassettes(self) -> list[str]:
        """The cassettes that were recorded, replayed or asked for in this run."""
        return sorted({record.cassette for record in self.records})

    @property
    def cassette_count(self) -> int:
        """How many cassettes were recorded, replayed or judged; one that is not there does not count."""
        return len({record.cassette for record in self.records if record.exists}) + self.elsewhere.cassettes

    @property
    def judged_count(self) -> int:
        """How many exchanges were judged."""
        return sum(self.judged.values())

    @property
    def exchange_count(self) -> int:
        """How many exchanges there were."""
        return self.judged_count + sum(self.not_judged.values())

    @property
    def worst(self) -> Severity | None:
        """The highest severity found."""
        return worst(self.findings)
