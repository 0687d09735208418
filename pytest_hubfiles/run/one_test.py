"""One test's recording and its judgement: what was found, and whether the candidate replaces the cassette."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from pytest_hubfiles import cassettes, secrets
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.model.exchange import Exchange
from pytest_hubfiles.model.finding import TEST_FAILED, Finding, merge
from pytest_hubfiles.model.policy import Category, Kind
from pytest_hubfiles.record import Recorder, candidates
from pytest_hubfiles.report.record import Record, tally, versions_used
from pytest_hubfiles.run import verdict
from pytest_hubfiles.run.rules import Rules
from pytest_hubfiles.run.verdict import NOTHING_FOUND, Conclusion
from pytest_hubfiles.settings.values import RecordMode

_REPLACING: Final = (RecordMode.REWRITE, RecordMode.REFRESH)


@dataclass
class TestRun:
    """A test under way.

    ``shown`` is how messages and reports call the cassette; ``shared`` whether other tests use it too;
    ``siblings`` the folder of the version's cassettes, of which ``accepted`` have changed their shape in this run: how
    an answer used to look is not for these to say. ``order`` gives the test's place in the run.
    ``passed`` says whether the test's own code passed, ``failure`` is what it was failed with for what was found;
    ``faults`` are those of this plugin, after which nothing is promoted; ``waited`` is for how many seconds a replay
    did nothing; ``is_expected`` says that it failed as it was expected to, and nothing of it is red. ``orphans`` are
    cassettes whose tests are gone, one of which may be its own. ``judged_elsewhere`` says that another process judges
    what is recorded, and this one does so for who asks for the findings.
    """

    test: str
    shown: str
    recorder: Recorder
    rules: Rules
    shared: bool
    siblings: Path
    order: Callable[[], int]
    limits: cassettes.Limits
    accepted: set[Path] = field(default_factory=set)
    passed: bool = False
    failure: BaseException | None = None
    faults: list[str] = field(default_factory=list)
    waited: float = 0.0
    is_expected: bool = False
    orphans: list[str] = field(default_factory=list)
    judged_elsewhere: bool = False
    _findings: list[Finding] = field(default_factory=list)
    _judged: int = 0
    _promoted: bool = False
    _candidate: str | None = None
    _conclusion: Conclusion = NOTHING_FOUND

    @property
    def is_verifying(self) -> bool:
        """Whether the network is compared with the cassette, and nothing written."""
        return self.recorder.mode is RecordMode.VERIFY

    @property
    def is_concluded(self) -> bool:
        """Whether the test's own code has ended and was judged."""
        return self._conclusion is not NOTHING_FOUND

    @property
    def conclusion(self) -> Conclusion:
        """What the test came to, once its own code has ended."""
        return self._conclusion

    @property
    def purpose(self) -> str:
        """What the test does with the cassette: ``record``, ``replay`` or ``verify``."""
        return "verify" if self.is_verifying else "record" if self.recorder.live else "replay"

    @property
    def _has_more(self) -> bool:
        return self._judged != len(self.recorder.history) + len(self.recorder.problems)

    @property
    def findings(self) -> list[Finding]:
        """What has been found so far, the worst first."""
        if self._has_more:
            self._findings = self._judge(finished=False)
        return self._findings

    @property
    def so_far(self) -> Conclusion:
        """What the test would come to if it ended now, but for what it still has to ask."""
        return Conclusion(tuple(self.findings), tuple(verdict.failing(self.findings, self.rules)), ())

    def _judge(self, finished: bool) -> list[Finding]:
        recorder, rules = self.recorder, self.rules
        is_left_out = finished and self.judged_elsewhere
        self._judged = -1 if is_left_out else len(recorder.history) + len(recorder.problems)
        judged = [] if is_left_out else rules.check(self._exchanges, lets_go=finished and not recorder.live)
        found = [*self._file_findings(), *recorder.problems, *judged]
        if recorder.live:
            if finished and recorder.original:
                found += rules.compare(recorder.original, recorder.recorded, self._history)
        else:
            found += rules.stale(recorder.original)
            if finished and self.passed and not self.shared and not recorder.tape.is_changed:
                found += [self._unplayed(self.rules.contracts.identify(i)) for i in recorder.tape.unplayed]
        # Merged first: what each of a hundred polls shows is looked at once. And once more, for it may weigh less now.
        return merge(rules.excuse(self._redacted(merge(found))))

    @property
    def _exchanges(self) -> list[Exchange]:
        """What is judged: what happened, or where a change is tried what was recorded."""
        recorder = self.recorder
        if not recorder.tape.is_changed:
            return recorder.exchanges
        return [self.rules.contracts.identify(interaction) for interaction in recorder.original]

    def _redacted(self, findings: Collection[Finding]) -> Iterator[Finding]:
        """Yield *findings* as those of this test, without credentials that a value or a message of them may hold."""
        credentials = self.recorder.credentials if findings else ()
        for finding in findings:
            yield finding.but(
                test=self.test,
                cassette=self.shown,
                message=secrets.redact_values(finding.message, credentials),
                before=None if finding.before is None else secrets.redact_values(finding.before, credentials),
                after=None if finding.after is None else secrets.redact_values(finding.after, credentials),
            )

    def _file_findings(self) -> list[Finding]:
        found = self.recorder.stored.findings(self.recorder.display_name)
        if self.recorder.live and self.recorder.mode in _REPLACING:  # the secret goes with the old cassette
            return [finding for finding in found if finding.kind is not Kind.SECRET_IN_CASSETTE]
        return found

    def _unplayed(self, exchange: Exchange) -> Finding:
        return Finding.of(
            Kind.UNPLAYED,
            f"{exchange.label} is recorded, and the test no longer asks for it; record it again",
            version=exchange.version,
            operation=exchange.operation,
            http_status=exchange.status_code,
            task_status=exchange.task_status,
            before=exchange.label,
            line=exchange.interaction.line,
        )

    def _history(self) -> Iterator[Exchange]:
        """Yield the exchanges of the version's other cassettes, as far as they can be read."""
        for path in cassettes.find(self.siblings):
            if path != self.recorder.cassette and path not in self.accepted:
                try:
                    interactions = cassettes.read(path, self.limits)
                except cassettes.CassetteUnreadableError:
                    continue
                for interaction in interactions:
                    yield self.rules.contracts.identify(interaction.plain())

    def end_call(self, passed: bool) -> Conclusion:
        """Judge everything once the test's own code has run; *passed* says how that went."""
        self.passed = passed
        self._findings = self._judge(finished=True)
        self._conclusion = self._concluded()
        return self._conclusion

    def _concluded(self) -> Conclusion:
        return verdict.of_test(
            self._findings, self.rules, self.recorder, passed=self.passed, shared=self.shared, faults=self.faults
        )

    def end_test(self, passed: bool) -> Conclusion:
        """Promote what was recorded, or keep it as a candidate, once the test is torn down.

        Returns what came to light since the test's own code ended: in the teardown of its fixtures.

        Raises:
            CassetteNotWrittenError: if that cannot be done; the cassette is unchanged.
        """
        self.passed = self.passed and passed
        earlier = self._conclusion
        if self._has_more:
            self._findings = self._judge(finished=True)
        self._conclusion = self._concluded()
        if self.recorder.live:
            try:
                self._keep_or_promote()
            except HubfilesError as error:
                self._conclusion = self._conclusion._replace(refusals=(*self._conclusion.refusals, str(error)))
                raise
        elif self.passed and not self.shared and cassettes.is_candidate(self.recorder.cassette):
            # Its code has been mended against what was recorded.
            candidates.lift(self.recorder.cassette, TEST_FAILED, self.limits)
        return self._conclusion.since(earlier)

    def _keep_or_promote(self) -> None:
        staged, recorded = self.recorder.staged, self.recorder.recorded
        if staged is None or not recorded:
            return
        reasons = self._conclusion.refusals
        if not reasons and self._is_refreshed:
            staged.leave(self.test)
        elif not reasons:
            staged.promote(self.test, self.order(), recorded)
            self._promoted = True
            if any(finding.category is Category.DRIFT for finding in self._findings):
                self.accepted.add(self.recorder.cassette)
        else:
            candidate = staged.keep(self.test, self.order(), recorded, reasons)
            self._candidate = candidate_shown(self.shown, candidate)

    @property
    def _is_refreshed(self) -> bool:
        """Whether the cassette stays because it says all that was recorded now."""
        recorder = self.recorder
        return (
            recorder.mode is RecordMode.REFRESH
            and not recorder.stored.findings(recorder.display_name)
            and self.rules.is_the_same(recorder.original, recorder.recorded, self._history, shared=self.shared)
        )

    def record(self) -> Record:
        """Return what the run's report needs to know of this test."""
        judged, not_judged = tally(self._exchanges, self.rules.contracts, self.rules.judge)
        return Record(
            test=self.test,
            cassette=self.shown,
            judged=judged,
            not_judged=not_judged,
            findings=self.findings,
            failed=not self.is_expected and (self.failure is not None or bool(self._conclusion.failing)),
            promoted=self._promoted,
            candidate=self._candidate,
            reasons=list(self._conclusion.refusals) if self.recorder.live else [],
            verified=self.is_verifying,
            recording=self.recorder.live,
            used=versions_used(self.recorder.exchanges),
            waited=self.waited,
            orphans=self.orphans,
            exists=self._candidate is not None or os.path.lexists(self.recorder.cassette),
        )


def candidate_shown(shown: str, candidate: Path) -> str:
    """Return how *candidate* is called in messages, its cassette being called *shown*."""
    return (PurePosixPath(shown).parent / candidate.name).as_posix()
