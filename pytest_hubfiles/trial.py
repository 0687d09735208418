"""One test's recording and its judgement: what was found, and whether the candidate replaces the cassette."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from pytest_hubfiles import cassettes
from pytest_hubfiles.exchanges import Exchange
from pytest_hubfiles.findings import WAIVABLE, Category, Finding, Kind, merge, severity_of
from pytest_hubfiles.judging import Rules
from pytest_hubfiles.options import OUTAGE, RecordMode
from pytest_hubfiles.recorder import Recorder
from pytest_hubfiles.reports import Contracted, Record

TEST_FAILED = "the test, which did not pass"


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What a test comes to: everything found, what of it fails the test, and why its recording is not promoted."""

    findings: tuple[Finding, ...]
    failing: tuple[Finding, ...]
    refusals: tuple[str, ...]


@dataclass
class Trial:
    """A test under way.

    ``shown`` is how messages and reports call the cassette; ``shared`` whether other tests use it too;
    ``siblings`` the folder of the version's cassettes; ``order`` gives the test's place in the run.
    ``passed`` says whether the test's own code passed, ``told`` whether it failed for what was found.
    """

    test: str
    shown: str
    recorder: Recorder
    rules: Rules
    shared: bool
    siblings: Path
    order: Callable[[], int]
    max_megabytes: float
    passed: bool = False
    told: bool = False
    _findings: list[Finding] = field(default_factory=list)
    _judged: int = 0
    _promoted: bool = False
    _candidate: str | None = None
    _reasons: list[str] = field(default_factory=list)

    @property
    def findings(self) -> list[Finding]:
        """What has been found so far, the worst first."""
        if self._judged != len(self.recorder.exchanges) + len(self.recorder.problems):
            self._findings = self._examine(finished=False)
        return self._findings

    def _examine(self, finished: bool) -> list[Finding]:
        recorder, rules = self.recorder, self.rules
        self._judged = len(recorder.exchanges) + len(recorder.problems)
        found = [*recorder.file_findings(), *recorder.problems, *rules.check(recorder.exchanges)]
        if recorder.live:
            if finished and recorder.original:
                found += rules.compare(recorder.original, recorder.recorded, self._history)
        else:
            found += rules.stale(recorder.original)
            if finished and self.passed and not self.shared:
                found += [self._unplayed(i.method, i.path) for i in recorder.unplayed]
        named = (replace(finding, test=self.test, cassette=self.shown) for finding in found)
        return merge(rules.excuse(named))

    def _unplayed(self, method: str, path: str) -> Finding:
        return Finding(
            kind=Kind.UNPLAYED,
            severity=severity_of(Kind.UNPLAYED),
            category=Category.REPLAY,
            message=f"{method} {path} is recorded, and the test no longer asks for it; record it again",
            before=f"{method} {path}",
        )

    def _history(self) -> Iterator[Exchange]:
        """Yield the exchanges of the version's other cassettes, as far as they can be read."""
        for path in cassettes.find(self.siblings):
            if path != self.recorder.cassette:
                try:
                    interactions = cassettes.read(path, self.max_megabytes)
                except cassettes.CassetteUnreadableError:
                    continue
                for interaction in interactions:
                    yield self.rules.contracts.identify(interaction.plain())

    def end_call(self, passed: bool) -> Conclusion:
        """Judge everything once the test's own code has run; *passed* says how that went."""
        self.passed = passed
        self._findings = self._examine(finished=True)
        return Conclusion(tuple(self._findings), tuple(self.rules.failing(self._findings)), tuple(self._refusals()))

    def _refusals(self) -> list[str]:
        """Return why what was recorded is not to replace the cassette; empty if it is, or nothing was recorded."""
        if not (self.recorder.recorded or self.recorder.outages):
            return []
        reasons = [] if self.passed else [TEST_FAILED]
        if OUTAGE not in self.rules.allow:
            reasons += self.recorder.outages
        if any(not self._is_accepted(finding) for finding in self.rules.at_or_above(self._findings)):
            reasons.append(WAIVABLE)
        return reasons

    def _is_accepted(self, finding: Finding) -> bool:
        return self.rules.accept and finding.category in (Category.CONTRACT, Category.DRIFT)

    def end_test(self, passed: bool) -> None:
        """Promote what was recorded, or keep it as a candidate, once the test is torn down.

        Raises:
            CassetteNotWrittenError: if that cannot be done; the cassette is as it was.
        """
        recorder, takes = self.recorder, self.recorder.takes
        self.passed = self.passed and passed
        if takes is None or not recorder.live or not (recorder.recorded or recorder.outages):
            return
        self._reasons = self._refusals()
        if not self._reasons:
            takes.promote(self.test, self.order(), recorder.recorded, self.max_megabytes)
            self._promoted = True
        elif recorder.recorded:
            candidate = takes.keep(self.test, self.order(), recorder.recorded, self._reasons, self.max_megabytes)
            self._candidate = candidate_shown(self.shown, candidate)

    def record(self) -> Record:
        """Return what the run's report needs to know of this test."""
        counted: Counter[Contracted] = Counter()
        unjudged: list[tuple[str, str]] = []
        for exchange in self.recorder.exchanges:
            if not self.rules.judge:
                unjudged.append((exchange.url, "judging is off for the test"))
            elif exchange.operation is None or exchange.version is None:
                unjudged.append((exchange.url, "no contract"))
            elif 300 <= exchange.status_code < 400:
                unjudged.append((exchange.url, "a redirect"))
            else:
                counted[
                    Contracted(exchange.version, exchange.operation, exchange.status_code, exchange.task_status)
                ] += 1
        return Record(
            test=self.test,
            cassette=self.shown,
            judged=dict(counted),
            not_judged=unjudged,
            findings=self.findings,
            failed=bool(self.rules.failing(self.findings)),
            promoted=self._promoted,
            candidate=self._candidate,
            reasons=self._reasons,
            verified=self.recorder.mode is RecordMode.VERIFY,
        )


def candidate_shown(shown: str, candidate: Path) -> str:
    """Return how *candidate* is called in messages, its cassette being called *shown*."""
    return (PurePosixPath(shown).parent / candidate.name).as_posix()
