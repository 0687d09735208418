"""What changes for a consumer who moves from one version of the API to another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from pytest_hubfiles.compare import drift
from pytest_hubfiles.compare.answers import OtherRecordings
from pytest_hubfiles.compare.comparison import Compared, Comparison, Pair, Verdict
from pytest_hubfiles.compare.contracts import TwoContracts, gone
from pytest_hubfiles.judge.contract import Contract
from pytest_hubfiles.judge.declared import UNDECLARED
from pytest_hubfiles.judge.registry import Contracts
from pytest_hubfiles.judge.support import supported
from pytest_hubfiles.model.exchange import Exchange
from pytest_hubfiles.model.finding import RECORDINGS, SCHEMAS, Finding
from pytest_hubfiles.model.policy import Kind, Severity

_COVERAGE: Final = frozenset({Kind.STATE_APPEARED, Kind.STATE_GONE})
"""Kinds about what was recorded, not about what changed: a comparison lists that elsewhere."""


@dataclass(frozen=True)
class Migration:
    """The move of a consumer from version *old* to version *new*.

    ``pairs`` are the exchanges that the same tests recorded in *old* and in *new*.
    """

    old: str
    new: str
    contracts: Contracts
    pairs: Sequence[Pair]

    @cached_property
    def _contracts(self) -> dict[str, tuple[Contract | None, Contract | None]]:
        """The contracts of each operation in *old* and in *new*."""
        entries = self.contracts.entries[::-1]  # so that the first contract of an operation is the one that stays
        old, new = ({c.operation: c for c in entries if c.version == version} for version in (self.old, self.new))
        return {name: (old.get(name), new.get(name)) for name in sorted(old.keys() | new.keys())}

    @cached_property
    def _recorded(self) -> list[Pair]:
        """The pairs, without exchanges of other versions or under no contract."""
        return [
            ([e for e in old if e.version == self.old], [e for e in new if e.version == self.new])
            for old, new in self.pairs
        ]

    def findings(self) -> Iterator[Finding]:
        """Yield what changes by the schemas and by the recordings; each message begins with one of the two."""
        for old, new in self._contracts.values():
            if old is not None and new is not None:
                yield from TwoContracts(old, new, (self.old, self.new)).findings()
            elif old is not None:
                yield gone(old, self.new, self.new)
        others = OtherRecordings(tuple, self.contracts)
        found = drift.compare_all(self._recorded, self.contracts, others, across_versions=True)
        yield from (finding for finding in found if finding.kind not in _COVERAGE)

    @cached_property
    def unused(self) -> frozenset[str]:
        """The operations that nobody has recorded, in either version; none where nothing is recorded at all."""
        used = {key[0] for seen in self._seen() for key in seen}
        return frozenset(self._contracts) - used if used else frozenset()

    def excused(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return *findings*; those about operations that nobody has recorded are of severity info, with the reason."""
        reason = "nobody has recorded {}"
        return [
            f.but(severity=Severity.INFO, deviation=reason.format(f.operation)) if self._is_idle(f) else f
            for f in findings
        ]

    def _is_idle(self, finding: Finding) -> bool:
        return finding.operation in self.unused and finding.deviation is None and finding.severity is not Severity.INFO

    # --- the result ---

    def comparison(self, findings: Iterable[Finding]) -> Comparison:
        """Return the result that *findings* amount to: a verdict per operation, and what was never recorded.

        Operations that nobody has recorded come last.
        """
        findings = list(findings)
        by_source: dict[tuple[str | None, str], list[Finding]] = {}
        for found in findings:
            source = SCHEMAS if found.message.startswith(SCHEMAS) else RECORDINGS
            by_source.setdefault((found.operation, source), []).append(found)
        seen = self._seen()
        compared_states = {key[0] for key in seen[0] & seen[1]}
        operations = tuple(
            Compared(
                operation,
                schemas=Verdict.of(by_source.get((operation, SCHEMAS), ())) if old else Verdict.NOT_COMPARED,
                recordings=Verdict.of(by_source.get((operation, RECORDINGS), ()))
                if operation in compared_states or (operation, RECORDINGS) in by_source
                else Verdict.NOT_COMPARED,
                is_recorded=operation not in self.unused,
            )
            for operation, (old, _) in sorted(self._contracts.items(), key=lambda entry: entry[0] in self.unused)
        )
        accepted = sum(f.deviation is not None and f.operation not in self.unused for f in findings)
        missing, dates = tuple(self._missing(*seen)), tuple(support(self.old, self.new))
        return Comparison(self.old, self.new, operations, missing, dates, accepted)

    def _seen(self) -> tuple[set[_Observed], set[_Observed]]:
        old, new = ({_observed(e) for pair in self._recorded for e in pair[side]} for side in (0, 1))
        return old, new

    def _missing(self, old: set[_Observed], new: set[_Observed]) -> Iterator[str]:
        empty = [version for version, seen in ((self.old, old), (self.new, new)) if not seen]
        if empty:
            yield f"never recorded: {' and '.join(empty)}; of {' and '.join(empty)} only the schemas speak"
        for operation, contracts in self._contracts.items():
            if contracts[0] is None:
                yield f"only in {self.new}: {operation}"
            if None in contracts or operation in self.unused:
                continue
            expected = {key for key in old | new if key[0] == operation}
            for contract in contracts:
                expected |= _documented(contract) if contract is not None else set()
            for key in sorted(expected, key=lambda key: (key[1], key[2] or "")):
                lacking = [v for v, seen in ((self.old, old), (self.new, new)) if key not in seen and v not in empty]
                if lacking:
                    facts = " ".join(str(fact) for fact in key if fact is not None)
                    yield f"never observed in {' or '.join(lacking)}: {facts}"


_Observed = tuple[str, int, "str | None"]
"""Operation, HTTP status and task state of an answer."""


def _observed(exchange: Exchange) -> _Observed:
    return str(exchange.operation), exchange.status_code, exchange.task_status


def _documented(contract: Contract) -> set[_Observed]:
    """Return the successes that *contract* documents, one for each task state."""
    expected: set[_Observed] = set()
    for status in map(int, contract.successes):
        states = contract.outline(status).get("$.status", UNDECLARED).enum if contract.method == "GET" else None
        expected |= {(contract.operation, status, state) for state in states or (None,)}
    return expected


# --- how long a version is supported ---


def support(old: str, new: str) -> Iterator[str]:
    """Yield a line for each of two versions that says how long HubSpot supports it, and what the move gains."""
    known = supported()
    for label in (old, new):
        if label in known:
            yield f"{label} is supported until {known[label].month}, {known[label].source}"
        else:
            yield f"{label}: no end of its support is known"
    if old in known and new in known and known[new].last_day <= known[old].last_day:
        last = max(known, key=lambda label: known[label].last_day)
        yield f"{old} to {new} gains no time; {last} is supported longest, until {known[last].month}"
