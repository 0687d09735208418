"""What a run has to report, gathered from its tests; each format renders the same facts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from pytest_hubfiles.compare.comparison import Compared, Comparison, Verdict
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.model.exchange import Exchange
from pytest_hubfiles.model.finding import Finding, merge, worst
from pytest_hubfiles.model.policy import Severity


class Contracted(NamedTuple):
    """The contract that judged an exchange: version, operation, HTTP status and task state."""

    version: str
    operation: str
    http_status: int
    task_status: str | None


def tally(exchanges: Iterable[Exchange], judge: bool = True) -> tuple[dict[Contracted, int], list[tuple[str, str]]]:
    """Return how many of *exchanges* each contract judges, and the URLs of the others, each with the reason."""
    counted: Counter[Contracted] = Counter()
    unjudged: list[tuple[str, str]] = []
    for exchange in exchanges:
        if not judge:
            unjudged.append((exchange.url, "judging is off for the test"))
        elif exchange.operation is None or exchange.version is None:
            unjudged.append((exchange.url, "no contract"))
        elif 300 <= exchange.status_code < 400:
            unjudged.append((exchange.url, "a redirect"))
        else:
            counted[Contracted(exchange.version, exchange.operation, exchange.status_code, exchange.task_status)] += 1
    return dict(counted), unjudged


@dataclass(frozen=True, slots=True)
class Record:
    """What one test tells the report; it travels from worker to controller as text.

    ``recording`` says whether the network was asked, ``promoted``, ``candidate`` and ``reasons`` what became of it.
    """

    test: str
    cassette: str
    judged: Mapping[Contracted, int]
    not_judged: list[tuple[str, str]]
    findings: list[Finding]
    failed: bool
    promoted: bool = False
    candidate: str | None = None
    reasons: list[str] = field(default_factory=list)
    verified: bool = False
    recording: bool = False

    @property
    def is_test(self) -> bool:
        """Whether it is of a test of the suite, rather than of a cassette that was judged by itself."""
        return self.test != self.cassette

    def to_text(self) -> str:
        """Return the record as one line of JSON."""
        facts = {name: getattr(self, name) for name in self.__dataclass_fields__}
        facts["judged"] = [[*contract, count] for contract, count in self.judged.items()]
        facts["findings"] = [finding.to_dict() for finding in self.findings]
        return json.dumps(facts, sort_keys=True)

    @classmethod
    def from_text(cls, text: str) -> Record:
        """Return the record that :meth:`to_text` wrote."""
        facts = json.loads(text)
        facts["judged"] = {Contracted(*contract): count for *contract, count in facts["judged"]}
        facts["not_judged"] = [(url, reason) for url, reason in facts["not_judged"]]
        facts["findings"] = [Finding.from_dict(finding) for finding in facts["findings"]]
        return cls(**facts)


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
    are merged into this one.
    """

    records: list[Record] = field(default_factory=list)
    run_findings: list[Finding] = field(default_factory=list)
    failed: bool = False
    action: str = "judged"
    comparison: Comparison | None = None
    stale_deviations: list[str] = field(default_factory=list)
    elsewhere: Tally = field(default_factory=Tally)

    def add(self, record: Record) -> None:
        """Take in what one test tells."""
        self.records.append(record)
        self.failed = self.failed or record.failed

    @property
    def worth_telling(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.records or self.run_findings or self.comparison or self.exchange_count)

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
        """How many cassettes were recorded, replayed or asked for."""
        return len(self.cassettes) + self.elsewhere.cassettes

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


class OtherComparisonError(HubfilesError):
    """Reports of different comparisons, which no one report can tell."""

    def __init__(self, one: Comparison, other: Comparison) -> None:
        self.one, self.other = one, other
        super().__init__(
            f"One report compares {one.old} with {one.new}, another {other.old} with {other.new}.\n"
            "Merge the reports of each comparison by themselves."
        )


def merged(reports: Iterable[Report]) -> Report:
    """Return one report of several runs: counts added, the same finding of the same test told once.

    Of each report only what it adds is kept, so that *reports* can be any number, read one after another. A
    deviation is stale where each of them says so.

    Raises:
        OtherComparisonError: if they compare other things with one another.
    """
    cassettes, failed = 0, False
    judged: Counter[Contracted] = Counter()
    not_judged: Counter[tuple[str, str]] = Counter()
    comparison: Comparison | None = None
    stale: list[str] | None = None

    def findings() -> Iterator[Finding]:
        nonlocal cassettes, failed, comparison, stale
        for report in reports:
            cassettes += report.cassette_count
            judged.update(report.judged)
            not_judged.update(report.not_judged)
            failed = failed or report.failed
            comparison = _both(comparison, report.comparison)
            stale = [line for line in report.stale_deviations if stale is None or line in stale]
            yield from report.findings

    return Report(
        run_findings=merge(findings()),
        failed=failed,
        comparison=comparison,
        stale_deviations=stale or [],
        elsewhere=Tally(cassettes, judged, not_judged),
    )


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
        )
    return Comparison(
        one.old,
        one.new,
        tuple(operations[name] for name in sorted(operations)),
        tuple(dict.fromkeys((*one.missing, *other.missing))),
        tuple(dict.fromkeys((*one.support, *other.support))),
    )
