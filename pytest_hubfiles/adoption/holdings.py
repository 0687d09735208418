"""What a cassette of another recorder holds: operations, versions, what can be judged, credentials, placeholders."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pytest_hubfiles import cassettes
from pytest_hubfiles.cassettes import file_findings
from pytest_hubfiles.judge.support import supported
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.model.policy import Kind, Severity
from pytest_hubfiles.report.grouping import plural
from pytest_hubfiles.report.record import tally
from pytest_hubfiles.run.rules import Rules
from pytest_hubfiles.run.settings import Settings
from pytest_hubfiles.secrets.plausible import is_example, is_placeholder

_SECRET_HEADER: Final = re.compile(r"(?i)auth|cookie|token|secret|api-?key|hapikey")


@dataclass(frozen=True)
class Holding:
    """What the cassette ``path`` holds; ``interactions`` have no credentials any more, which stood in ``places``."""

    path: Path
    interactions: tuple[Interaction, ...]
    operations: dict[str, tuple[str, ...]]
    judged: int
    reasons: tuple[str, ...]
    breaking: int
    places: tuple[str, ...]
    placeholders: int

    @property
    def versions(self) -> list[str]:
        """The versions of HubSpot's API that it asks."""
        return list(self.operations)

    def __str__(self) -> str:
        """Return it in one line."""
        asked = [f"{version} {', '.join(operations)}" for version, operations in self.operations.items()]
        ends = [
            f"{version} ends in {supported()[version].month}" for version in self.operations if version in supported()
        ]
        judged = f"{self.judged} of {plural(len(self.interactions), 'exchange')} can be judged"
        judged += f" ({', '.join(self.reasons)})" if self.reasons else ""
        judged += f", {plural(self.breaking, 'breaking finding')}" if self.breaking else ""
        secret = f"credentials in the {', the '.join(self.places)}" if self.places else "no credentials"
        secret += f", {plural(self.placeholders, 'placeholder')}" if self.placeholders else ""
        return "; ".join([", ".join(asked) or "nothing of HubSpot's tasks", *ends, judged, secret])


def holding(path: Path, settings: Settings, rules: Rules) -> Holding:
    """Read the cassette *path*, and say what it holds by *rules*.

    Raises:
        CassetteUnreadableError: if it cannot be read.
    """
    recorded = cassettes.read(path, cassettes.Limits(settings.get("max_cassette_mb")))
    clean, credentials = file_findings.scrubbed(recorded, settings.additions)
    exchanges = [rules.contracts.identify(interaction) for interaction in clean]
    operations: dict[str, dict[str, None]] = {}
    for exchange in exchanges:
        if exchange.version is not None and exchange.operation is not None:
            operations.setdefault(exchange.version, {})[exchange.operation] = None
    judged, not_judged = tally(exchanges, rules.contracts)
    found = rules.excuse(rules.check(exchanges))
    return Holding(
        path=path,
        interactions=tuple(clean),
        operations={version: tuple(names) for version, names in sorted(operations.items())},
        judged=sum(judged.values()),
        reasons=tuple(dict.fromkeys(reason for _, reason in not_judged)),
        breaking=sum(finding.severity is Severity.BREAKING for finding in found),
        places=tuple(str(one.after) for one in credentials if one.kind is Kind.SECRET_IN_CASSETTE),
        placeholders=sum(map(_placeholders, recorded)),
    )


def _placeholders(interaction: Interaction) -> int:
    """Return how many headers of a credential's name hold none: another recorder has put something in its place."""
    headers = interaction.request_headers.items()
    values = (value for name, its in headers if _SECRET_HEADER.search(name) for value in its)
    return sum(any(is_placeholder(word) or is_example(word) for word in (v, *v.split()[-1:])) for v in values)
