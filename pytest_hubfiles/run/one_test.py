"""One test's recording and its judgement: what was found, and whether the candidate replaces the cassette."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from pytest_hubfiles import cassettes, secrets
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.model.exchange import Exchange
from pytest_hubfiles.model.finding import WAIVABLE, Finding, merge
from pytest_hubfiles.model.policy import Category, Kind
from pytest_hubfiles.record.recorder import Recorder
from pytest_hubfiles.report.report import Record, tally
from pytest_hubfiles.run.rules import Rules
from pytest_hubfiles.settings.values import OUTAGE, RecordMode

TEST_FAILED = "the test did not pass"


class Conclusion(NamedTuple):
    """What a test comes to: everything found, what of it fails the test, and why its recording is not promoted."""

    findings: tuple[Finding, ...]
    failing: tuple[Finding, ...]
    refusals: tuple[str, ...]


@dataclass
class Trial:
    """A test under way.

    ``shown`` is how messages and reports call the cassette; ``shared`` whether other tests use it too;
    ``siblings`` the folder of the version's cassettes; ``order`` gives the test's place in the run.
    ``passed`` says whether the test's own code passed, ``verdict`` is what it was failed with for what was found;
    ``faults`` are those of this plugin, after which nothing is promoted.
    """

    test: str
    shown: str
    recorder: Recorder
    rules: Rules
    shared: bool
    siblings: Path
    order: Callable[[], int]
    limits: cassettes.Limits
    passed: bool = False
    verdict: BaseException | None = None
    faults: list[str] = field(default_factory=list)
    _findings: list[Finding] = field(default_factory=list)
    _judged: int = 0
    _promoted: bool = False
    _candidate: str | None = None
    _reasons: list[str] = field(default_factory=list)

    @property
    def is_verifying(self) -> bool:
        """Whether the network is compared with the cassette, and nothing written."""
        return self.recorder.mode is RecordMode.VERIFY

    @property
    def purpose(self) -> str:
        """What the test does with the cassette: ``record``, ``replay`` or ``verify``."""
        return "verify" if self.is_verifying else "record" if self.recorder.live else "replay"

    @property
    def _has_more(self) -> bool:
        return self._judged != len(self.recorder.exchanges) + len(self.recorder.problems)

    @property
    def findings(self) -> list[Finding]:
        """What has been found so far, the worst first."""
        if self._has_more:
            self._findings = self._examine(finished=False)
        return self._findings

    def _examine(self, finished: bool) -> list[Finding]:
        recorder, rules = self.recorder, self.rules
        self._judged = len(recorder.exchanges) + len(recorder.problems)
        judged = rules.check(recorder.exchanges, lets_go=finished and not recorder.live)
        found = [*self._file_findings(), *recorder.problems, *judged]
        if recorder.live:
            if finished and recorder.original:
                found += rules.compare(recorder.original, recorder.recorded, self._history)
        else:
            found += rules.stale(recorder.original)
            if finished and self.passed and not self.shared:
                found += [self._unplayed(self.rules.contracts.identify(i)) for i in recorder.unplayed]
        # Merged first: what each of a hundred polls shows is looked at once. And once more, for it may weigh less now.
        return merge(rules.excuse(self._told(merge(found))))

    def _told(self, findings: Collection[Finding]) -> Iterator[Finding]:
        """Yield *findings* as those of this test, without credentials that a value or a message of them may hold."""
        credentials = self.recorder.credentials if findings else ()
        for finding in findings:
            yield replace(
                finding,
                test=self.test,
                cassette=self.shown,
                message=secrets.redact_values(finding.message, credentials),
                before=None if finding.before is None else secrets.redact_values(finding.before, credentials),
                after=None if finding.after is None else secrets.redact_values(finding.after, credentials),
            )

    def _file_findings(self) -> list[Finding]:
        found = self.recorder.file_findings()
        if self.recorder.live and self.recorder.mode is RecordMode.REWRITE:  # the secret goes with the old cassette
            return [finding for finding in found if finding.kind is not Kind.SECRET_IN_CASSETTE]
        return found

    def _unplayed(self, exchange: Exchange) -> Finding:
        return Finding.of(
            Kind.UNPLAYED,
            f"{exchange.label} is recorded, and the test no longer asks for it; record it again",
            exchange=exchange,
            before=exchange.label,
        )

    def _history(self) -> Iterator[Exchange]:
        """Yield the exchanges of the version's other cassettes, as far as they can be read."""
        for path in cassettes.find(self.siblings):
            if path != self.recorder.cassette:
                try:
                    interactions = cassettes.read(path, self.limits)
                except cassettes.CassetteUnreadableError:
                    continue
                for interaction in interactions:
                    yield self.rules.contracts.identify(interaction.plain())

    def end_call(self, passed: bool) -> Conclusion:
        """Judge everything once the test's own code has run; *passed* says how that went."""
        self.passed = passed
        self._findings = self._examine(finished=True)
        self._reasons = self._refusals()
        return Conclusion(tuple(self._findings), tuple(self._failing()), tuple(self._reasons))

    def _failing(self) -> list[Finding]:
        """Return what of the findings fails the test."""
        is_replaced = self.rules.accept and self.recorder.live and not self.is_verifying
        failing = self.rules.failing(self._findings)
        return [f for f in failing if not (is_replaced and f.kind is Kind.CASSETTE_UNREADABLE)]

    def _refusals(self) -> list[str]:
        """Return why what was recorded is not to replace the cassette; empty if it is, or nothing was recorded."""
        faults = [*self.faults, *self.recorder.faults]
        if not (self.recorder.recorded or self.recorder.outages):
            return [*faults, *self._idle()]
        outages = [] if OUTAGE in self.rules.allow else self.recorder.outages
        if self.is_verifying:  # nothing is to be replaced, but an outage verifies nothing
            return [*faults, *outages]
        reasons = [*([] if self.passed else [TEST_FAILED]), *faults, *outages]
        if any(not self._is_accepted(finding) for finding in self.rules.at_or_above(self._findings)):
            reasons.append(WAIVABLE)
        return reasons

    def _idle(self) -> Iterator[str]:
        """Yield why a test that was to ask the network again did not: what it holds would go on being replayed."""
        again = (RecordMode.ALL, RecordMode.REWRITE, RecordMode.VERIFY)
        recorder = self.recorder
        if recorder.mode in again and self.passed and not self.shared and recorder.original and not recorder.exchanges:
            yield f"no request was seen, though {len(recorder.original)} exchanges are recorded"

    def _is_accepted(self, finding: Finding) -> bool:
        waived = finding.category in (Category.CONTRACT, Category.DRIFT) or finding.kind is Kind.CASSETTE_UNREADABLE
        return self.rules.accept and waived

    def end_test(self, passed: bool) -> Conclusion:
        """Promote what was recorded, or keep it as a candidate, once the test is torn down.

        Returns what came to light since the test's own code ended: in the teardown of its fixtures.

        Raises:
            CassetteNotWrittenError: if that cannot be done; the cassette is as it was.
        """
        self.passed = self.passed and passed
        known, told = {finding.identity for finding in self._findings}, self._reasons
        if self._has_more:
            self._findings = self._examine(finished=True)
        if self.recorder.live:
            self._reasons = self._refusals()
            try:
                self._keep_or_promote()
            except HubfilesError as error:
                self._reasons.append(str(error))
                raise
        return Conclusion(
            tuple(finding for finding in self._findings if finding.identity not in known),
            tuple(finding for finding in self._failing() if finding.identity not in known),
            tuple(reason for reason in self._reasons if reason not in told),
        )

    def _keep_or_promote(self) -> None:
        takes, recorded = self.recorder.takes, self.recorder.recorded
        if takes is None or not recorded:
            return
        if not self._reasons:
            takes.promote(self.test, self.order(), recorded)
            self._promoted = True
        else:
            candidate = takes.keep(self.test, self.order(), recorded, self._reasons)
            self._candidate = candidate_shown(self.shown, candidate)

    def record(self) -> Record:
        """Return what the run's report needs to know of this test."""
        judged, not_judged = tally(self.recorder.exchanges, self.rules.judge)
        return Record(
            test=self.test,
            cassette=self.shown,
            judged=judged,
            not_judged=not_judged,
            findings=self.findings,
            failed=self.verdict is not None or bool(self._failing()),
            promoted=self._promoted,
            candidate=self._candidate,
            reasons=self._reasons if self.recorder.live else [],
            verified=self.is_verifying,
            recording=self.recorder.live,
        )


def candidate_shown(shown: str, candidate: Path) -> str:
    """Return how *candidate* is called in messages, its cassette being called *shown*."""
    return (PurePosixPath(shown).parent / candidate.name).as_posix()
