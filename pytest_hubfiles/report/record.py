"""What one test or one cassette hands to the report."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from pytest_hubfiles.judge.registry import Contracts
from pytest_hubfiles.model.exchange import Exchange
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.hubspot_api import is_version
from pytest_hubfiles.visible import visible


class Contracted(NamedTuple):
    """The contract that judged an exchange: version, operation, HTTP status and task state."""

    version: str
    operation: str
    http_status: int
    task_status: str | None


def tally(
    exchanges: Iterable[Exchange], contracts: Contracts, judge: bool = True
) -> tuple[dict[Contracted, int], list[tuple[str, str]]]:
    """Return how many of *exchanges* a schema has judged, by contract, and the URLs of the others with the reason."""
    counted: Counter[Contracted] = Counter()
    unjudged: list[tuple[str, str]] = []
    for exchange in exchanges:
        reason = contracts.why_not_judged(exchange) if judge else "judging is off for the test"
        if reason is not None:
            unjudged.append((visible(exchange.url), reason))
        elif exchange.operation is not None and exchange.version is not None:
            counted[Contracted(exchange.version, exchange.operation, exchange.status_code, exchange.task_status)] += 1
    return dict(counted), unjudged


def versions_used(exchanges: Iterable[Exchange]) -> dict[str, dict[str, int]]:
    """Return how often *exchanges* ask each operation of each version of HubSpot's API, under contract or not."""
    used: dict[str, Counter[str]] = {}
    for exchange in exchanges:
        version, operation = exchange.version, exchange.operation
        if operation is None:
            segments = exchange.interaction.path.split("/") if exchange.interaction.is_hubspot else []
            version = next((segment for segment in segments if is_version(segment)), None)
            named = ("{}" if any(map(str.isdigit, s)) and s != version else s for s in segments)
            operation = f"{exchange.method} {'/'.join(named)}"  # of one operation, but for ids
        if version is not None:
            used.setdefault(version, Counter())[operation] += 1
    return {version: dict(counts) for version, counts in used.items()}


@dataclass(frozen=True, slots=True)
class Record:
    """What one test hands to the report; it travels from worker to controller as text.

    ``recording`` says whether the network was asked, ``promoted``, ``candidate`` and ``reasons`` what became of it,
    ``exists`` whether there is a cassette or a candidate now. ``waited`` is for how many seconds a replay did
    nothing, ``used`` how often it asked each operation of each version. ``orphans`` are cassettes whose tests are gone,
    one of which may be its own.
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
    exists: bool = True
    waited: float = 0.0
    used: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    orphans: list[str] = field(default_factory=list)

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
