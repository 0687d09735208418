"""What two sides of recordings, cassettes or folders of them, differ in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from pytest_hubfiles import cassettes
from pytest_hubfiles.compare import drift, sides
from pytest_hubfiles.compare.answers import OtherRecordings, is_json
from pytest_hubfiles.compare.comparison import Compared, Comparison, Verdict
from pytest_hubfiles.compare.sides import Recordings
from pytest_hubfiles.model.exchange import Exchange
from pytest_hubfiles.model.finding import Finding, merge
from pytest_hubfiles.model.policy import Kind
from pytest_hubfiles.report.record import Contracted, Record
from pytest_hubfiles.report.report import Report
from pytest_hubfiles.run import side_by_side
from pytest_hubfiles.run.rules import Rules
from pytest_hubfiles.run.verdict import at_or_above


@dataclass(frozen=True)
class Diff:
    """The comparison of the recordings *old* with the recordings *new*, those of one name with one another.

    Of the cassettes that were read, only what is found is kept. Many large ones are compared side by side.
    """

    old: Recordings
    new: Recordings
    rules: Rules

    @property
    def names(self) -> list[str]:
        """The names that both sides have."""
        return sorted(self.old.readers.keys() & self.new.readers.keys())

    def report(self, progress: Callable[[Sequence[str]], Iterable[str]] = iter) -> Report:
        """Compare the cassettes; return what is found, and what only one side has. *progress* goes through names."""
        report = Report(action="compared", sources=self.rules.contracts.sources)
        verdicts: dict[str, list[Verdict]] = {}
        missing: list[str] = []
        names = self.names
        found = side_by_side.each(self._record, names, self._size)
        for _, (record, lacking) in zip(progress(names), found, strict=True):
            report.add(record)
            missing += lacking
            told = {f.operation for f in record.findings if f.operation is not None}
            for operation in {contract.operation for contract in record.judged} | told:
                about = [finding for finding in record.findings if finding.operation == operation]
                verdicts.setdefault(operation, []).append(Verdict.of(about))
        report.failed = bool(at_or_above(report.findings, self.rules))
        operations = (
            Compared(o, Verdict.NOT_COMPARED, Verdict.worst(all_of_it)) for o, all_of_it in sorted(verdicts.items())
        )
        missing += self._missing()
        report.comparison = Comparison(self.old.name, self.new.name, tuple(operations), tuple(missing))
        return report

    def _record(self, name: str) -> tuple[Record, list[str]]:
        """Compare the cassettes *name*; return that, and a line for all of an operation that the new side lacks."""
        (old, new), complaints = sides.pair(self.old, self.new, name, self.rules.contracts.identify)
        across_versions = _versions(old).isdisjoint(_versions(new))
        found = drift.compare_all([(old, new)], self.rules.contracts, self._others, across_versions=across_versions)
        cassette = self.new.called(name)
        were = _versions(old) if across_versions else ()
        findings = merge(self.rules.excuse((f.but(cassette=cassette) for f in found), min(were, default=None)))
        facing = _Facing(self.old.called(name), old, new, findings, across_versions)
        unread = [complaint.cassette for complaint in complaints]
        counted: Counter[Contracted] = Counter()
        passed_over: list[tuple[str, str]] = []
        for exchange in new:
            reason = facing.why_not_compared(exchange)
            if exchange.operation is None or exchange.version is None:
                passed_over.append((exchange.url, "no contract"))
            elif unread or reason is not None:
                passed_over.append((exchange.url, f"{unread[0]} cannot be read" if unread else str(reason)))
            else:
                facts = exchange.version, exchange.operation, exchange.status_code, exchange.task_status
                counted[Contracted(*facts)] += 1
        record = Record("", cassette, dict(counted), passed_over, [*complaints, *findings], failed=False)
        return record, [] if unread else list(facing.lacking())

    def _size(self, name: str) -> int:
        """Return how many bytes are read to compare the cassettes *name*, as far as they are files."""
        return sum(side_by_side.size_of(side.files[name]) for side in (self.old, self.new) if name in side.files)

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


_ABOUT_STATUS: Final = frozenset({Kind.SUCCESS_STATUS_CHANGED, Kind.ERROR_STATUS_CHANGED, Kind.OPERATION_GONE})


@dataclass(frozen=True)
class _Facing:
    """Two cassettes that were compared, the old one called *called*: what of each the other has nothing for."""

    called: str
    old: Sequence[Exchange]
    new: Sequence[Exchange]
    findings: Sequence[Finding]
    across_versions: bool

    def _key(self, exchange: Exchange) -> tuple[str | None, str | None]:
        return exchange.operation, None if self.across_versions else exchange.version

    @cached_property
    def _then(self) -> dict[tuple[str | None, str | None], dict[int, bool]]:
        """Of each old operation the statuses, and whether any answer with it can be compared."""
        return self._statuses(self.old)

    def _statuses(self, side: Sequence[Exchange]) -> dict[tuple[str | None, str | None], dict[int, bool]]:
        seen: dict[tuple[str | None, str | None], dict[int, bool]] = {}
        for exchange in side:
            statuses = seen.setdefault(self._key(exchange), {})
            usable = exchange.interaction.is_empty or is_json(exchange)
            statuses[exchange.status_code] = usable or statuses.get(exchange.status_code, False)
        return seen

    def _is_told(self, operation: str | None) -> bool:
        """Return whether a finding says that *operation* has other statuses."""
        return any(f.operation == operation and f.kind in _ABOUT_STATUS for f in self.findings)

    def why_not_compared(self, exchange: Exchange) -> str | None:
        """Return why an exchange of the new side has nothing to be compared with, None if it has."""
        statuses, operation, status = self._then.get(self._key(exchange)), exchange.operation, exchange.status_code
        if statuses is None:
            return f"{operation} is not in {self.called}"
        if not exchange.interaction.is_empty and not is_json(exchange):
            return "its body is not JSON"
        if status not in statuses:
            return None if self._is_told(operation) else f"HTTP {status} of {operation} is not in {self.called}"
        return None if statuses[status] else f"the body in {self.called} is not JSON"

    def lacking(self) -> Iterator[str]:
        """Yield a line for each operation, and each status of one, that only the old side has."""
        now = self._statuses(self.new)
        for key, statuses in sorted(self._then.items(), key=str):
            operation, version = key
            if operation is None:
                continue
            name = operation if version is None else f"{version} {operation}"
            if key not in now:
                yield f"only in {self.called}: {name}"
            elif not self._is_told(operation):
                gone = sorted(statuses.keys() - now[key].keys())
                yield from (f"only in {self.called}: {name} HTTP {status}" for status in gone)


def _versions(exchanges: Iterable[Exchange]) -> set[str]:
    return {exchange.version for exchange in exchanges if exchange.version is not None}
