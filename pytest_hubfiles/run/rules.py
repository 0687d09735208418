"""By which rules exchanges are judged in one test or one run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypedDict

from pytest_hubfiles.judge import deviations, lifecycle
from pytest_hubfiles.judge.deviations import Deviation
from pytest_hubfiles.judge.registry import Contracts
from pytest_hubfiles.model.days import today
from pytest_hubfiles.model.exchange import Exchange, Interaction
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.policy import Kind, Severity
from pytest_hubfiles.settings.values import NEEDED, OUTAGE

if TYPE_CHECKING:
    from pytest_hubfiles.compare.answers import History
    from pytest_hubfiles.run.needed import Needs


class FailsOn(TypedDict):
    """From which severity on a finding fails, and whether that of a difference depends on what tests need."""

    fail_on: Severity | None
    only_needed: bool


def fails_on(level: Severity | str) -> FailsOn:
    """Return what *level* means: a severity, ``never``, or ``needed``."""
    if level == NEEDED:
        return {"fail_on": Severity.BREAKING, "only_needed": True}
    return {"fail_on": level if isinstance(level, Severity) else None, "only_needed": False}


@dataclass(frozen=True, slots=True)
class Rules:
    """What exchanges are held against, what is excused, and from which severity on a finding fails.

    ``deviations`` reads those that are known, when there is a first finding that one may explain. ``needs`` are those
    of the tests; with ``only_needed`` drift and what differs between versions fails where a test needs it, and there a
    warning too.
    """

    contracts: Contracts
    deviations: Callable[[], tuple[Deviation, ...]] = tuple
    fail_on: Severity | None = Severity.BREAKING
    needs: Needs | None = None
    only_needed: bool = False
    strict: bool = False
    allow: frozenset[Kind | str] = frozenset()
    judge: bool = True
    accept: bool = False
    max_age_days: int | None = None
    today: dt.date = field(default_factory=today)

    def check(self, exchanges: Sequence[Exchange], lets_go: bool = False) -> list[Finding]:
        """Return what is wrong with *exchanges*, in the order they were asked for, by their contracts.

        With *lets_go* each drops its parsed body once it is judged: ten thousand then take 0.7 of the memory.
        """
        if not self.judge:
            return []
        groups: dict[object, list[Exchange]] = {}
        for exchange in exchanges:
            groups.setdefault(_as_judged(exchange), []).append(exchange)
        found = []
        for alike in groups.values():
            for finding in self.contracts.check(alike[0]):
                found.append(finding if len(alike) == 1 else finding.but(exchanges=finding.exchanges * len(alike)))
            state = alike[0].task_status
            for exchange in alike if lets_go else ():
                exchange.interaction.drop_parsed(state)
        return found + list(lifecycle.check(exchanges))

    def compare(self, before: Iterable[Interaction], after: Iterable[Interaction], history: History) -> list[Finding]:
        """Return how the recordings *after* differ in shape from those *before*.

        That a body is not JSON is for the contract to say. An outage is no answer to compare, unless the test is about
        outages; only the page that a router sends in place of an operation that is gone says something of the API.
        """
        if not self.judge:
            return []
        from pytest_hubfiles.compare import drift  # a replay compares nothing
        from pytest_hubfiles.compare.statuses import GONE

        if OUTAGE not in self.allow:
            after = [i for i in after if i.transient is None or i.status_code in GONE]
        old, new = ([self.contracts.identify(interaction) for interaction in side] for side in (before, after))
        found = drift.compare(old, new, self.contracts, history)
        return [finding for finding in found if finding.kind is not Kind.BODY_NOT_JSON]

    def is_the_same(
        self, before: Iterable[Interaction], after: Iterable[Interaction], history: History, *, shared: bool
    ) -> bool:
        """Return whether the recordings *after* say nothing that those *before*, of a young enough cassette, do not.

        What nobody judges is never the same. If *shared*, other tests recorded the rest of *before*.
        """
        before = list(before)
        if not self.judge or not before or self.stale(before):
            return False
        from pytest_hubfiles.compare import refresh  # only re-recording needs it

        old, new = ([self.contracts.identify(interaction) for interaction in side] for side in (before, after))
        return refresh.is_the_same(old, new, self.contracts, history, shared=shared)

    def stale(self, interactions: Iterable[Interaction]) -> list[Finding]:
        """Return a finding if the oldest ``Date`` of *interactions* is older than the age set."""
        if self.max_age_days is None:
            return []
        dated = [(date, interaction.line) for interaction in interactions if (date := _date_of(interaction))]
        oldest, line = min(dated, key=lambda pair: pair[0], default=(self.today, None))
        age = (self.today - oldest).days
        if age <= self.max_age_days:
            return []
        limit = f"{self.max_age_days} day{'s' * (self.max_age_days != 1)}"
        return [
            Finding.of(
                Kind.CASSETTE_STALE,
                f"recorded {age} days ago ({oldest}), which is more than the {limit} of hubfiles_max_age; "
                "record it again",
                before=limit,
                line=line,
            )
        ]

    @property
    def known_deviations(self) -> tuple[Deviation, ...]:
        """The deviations that excuse a finding today: none where everything is held to the letter."""
        return () if self.strict else tuple(d for d in self.deviations() if d.holds(self.today))

    def excuses(self, finding: Finding) -> bool:
        """Return whether a deviation, or the test's marker, excuses *finding*."""
        return all(one.deviation is not None for one in self.excuse([finding]))

    def excuse(self, findings: Iterable[Finding], old: str | None = None) -> list[Finding]:
        """Return *findings*, those that a deviation or the test's marker excuses lowered to info.

        Each has with it which tests need what changed, as far as that is known; between versions, those of *old*.
        """
        findings = list(findings)
        if not findings:
            return []
        if self.needs is not None:
            findings = self.needs.annotated(findings, old)
        known = () if self.strict else self.deviations()
        return [
            finding.but(severity=Severity.INFO, deviation="allowed by the test's marker")
            if finding.kind in self.allow
            else finding
            for finding in deviations.lower(findings, known, self.today)
        ]


def _as_judged(exchange: Exchange) -> object:
    """Return what a verdict depends on. Polls of a waiting task are alike and judged once: 0.9 of the time of five."""
    interaction, asked = exchange.interaction, exchange.interaction.request_headers
    headers = [part for pair in interaction.response_headers.items() if pair[0].lower() != "date" for part in pair]
    return (
        exchange.operation, exchange.version, interaction.method, interaction.url, interaction.status_code,
        interaction.request_body, interaction.response_body, *asked, *asked.values(), *headers,
    )  # fmt: skip


def _date_of(interaction: Interaction) -> dt.date | None:
    try:
        return parsedate_to_datetime(interaction.headers.get("date", "")).date()
    except (TypeError, ValueError):
        return None
