"""What two sides of recordings, cassettes or folders of them, differ in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from pytest_hubfiles import cassettes
from pytest_hubfiles.compare import drift, sides
from pytest_hubfiles.compare.answers import OtherRecordings
from pytest_hubfiles.compare.comparison import Compared, Comparison, Verdict
from pytest_hubfiles.compare.sides import Recordings
from pytest_hubfiles.model.exchange import Exchange
from pytest_hubfiles.model.finding import merge
from pytest_hubfiles.report.record import Contracted, Record
from pytest_hubfiles.report.report import Report
from pytest_hubfiles.run.rules import Rules
from pytest_hubfiles.run.verdict import at_or_above


@dataclass(frozen=True)
class Diff:
    """The comparison of the recordings *old* with the recordings *new*, those of one name with one another.

    Cassettes are read one after the other, and only what is found is kept.
    """

    old: Recordings
    new: Recordings
    rules: Rules

    @property
    def names(self) -> list[str]:
        """The names that both sides have."""
        return sorted(self.old.readers.keys() & self.new.readers.keys())

    def report(self, names: Iterable[str]) -> Report:
        """Compare the cassettes *names*; return what is found, and what only one side has."""
        report = Report(action="compared")
        verdicts: dict[str, list[Verdict]] = {}
        for name in names:
            record = self._record(name)
            report.add(record)
            for operation in {contract.operation for contract in record.judged}:
                about = [finding for finding in record.findings if finding.operation == operation]
                verdicts.setdefault(operation, []).append(Verdict.of(about))
        report.failed = bool(at_or_above(report.findings, self.rules))
        operations = (Compared(o, Verdict.NOT_COMPARED, Verdict.worst(found)) for o, found in sorted(verdicts.items()))
        report.comparison = Comparison(self.old.name, self.new.name, tuple(operations), tuple(self._missing()))
        return report

    def _record(self, name: str) -> Record:
        (old, new), complaints = sides.pair(self.old, self.new, name, self.rules.contracts.identify)
        across_versions = _versions(old).isdisjoint(_versions(new))
        found = drift.compare_all([(old, new)], self.rules.contracts, self._others, across_versions=across_versions)
        cassette = self.new.called(name)
        findings = merge(self.rules.excuse(replace(finding, cassette=cassette) for finding in found))
        unread = [complaint.cassette for complaint in complaints]
        then = {(e.operation, None if across_versions else e.version) for e in old}
        counted: Counter[Contracted] = Counter()
        passed_over: list[tuple[str, str]] = []
        for exchange in new:
            if exchange.operation is None or exchange.version is None:
                passed_over.append((exchange.url, "no contract"))
            elif unread:
                passed_over.append((exchange.url, f"{unread[0]} cannot be read"))
            elif (exchange.operation, None if across_versions else exchange.version) not in then:
                passed_over.append((exchange.url, f"{exchange.operation} is not in {self.old.called(name)}"))
            else:
                facts = exchange.version, exchange.operation, exchange.status_code, exchange.task_status
                counted[Contracted(*facts)] += 1
        return Record("", cassette, dict(counted), passed_over, [*complaints, *findings], failed=False)

    @cached_property
    def _others(self) -> OtherRecordings:
        return OtherRecordings(self._history, self.rules.contracts)

    def _history(self) -> Iterator[Exchange]:
        """Yield all exchanges of the old side, as far as they can be read."""
        for name in self.old.readers:
            try:
                yield from self.old.exchanges(name, self.rules.contracts.identify)
            except cassettes.CassetteUnreadableError:
                continue

    def _missing(self) -> Iterator[str]:
        for one, other in ((self.old, self.new), (self.new, self.old)):
            yield from (f"only in {one.name}: {name}" for name in sorted(one.readers.keys() - other.readers.keys()))


def _versions(exchanges: Iterable[Exchange]) -> set[str]:
    return {exchange.version for exchange in exchanges if exchange.version is not None}
