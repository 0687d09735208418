"""Red or green: what fails a test, a cassette and a run, and what keeps a recording from being promoted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from pytest_hubfiles.model.finding import TEST_FAILED, WAIVABLE, Finding
from pytest_hubfiles.model.policy import Category, Kind, Severity
from pytest_hubfiles.record import Recorder
from pytest_hubfiles.report.record import tally
from pytest_hubfiles.report.rehearsal import Rehearsal
from pytest_hubfiles.report.report import Report
from pytest_hubfiles.run.rules import Rules
from pytest_hubfiles.settings.values import NEEDED, NEVER, OUTAGE, RecordMode


class Conclusion(NamedTuple):
    """What a test comes to: everything found, what of it fails the test, and why its recording is not promoted."""

    findings: tuple[Finding, ...]
    failing: tuple[Finding, ...]
    refusals: tuple[str, ...]

    @property
    def is_red(self) -> bool:
        """Whether this fails a test whose own code passed."""
        return bool(self.failing or self.refusals)

    @property
    def loses_a_recording(self) -> bool:
        """Whether what was recorded must not be kept, for more than that the test did not pass."""
        return any(reason != TEST_FAILED for reason in self.refusals)

    def since(self, earlier: Conclusion) -> Conclusion:
        """Return what came to light after the *earlier* conclusion."""
        known = {finding.identity for finding in earlier.findings}
        return Conclusion(
            tuple(finding for finding in self.findings if finding.identity not in known),
            tuple(finding for finding in self.failing if finding.identity not in known),
            tuple(reason for reason in self.refusals if reason not in earlier.refusals),
        )


NOTHING_FOUND = Conclusion((), (), ())


def at_or_above(findings: Iterable[Finding], rules: Rules) -> list[Finding]:
    """Return the *findings* that reach the severity from which the *rules* fail, and every credential."""
    return [finding for finding in findings if _weighs(finding, rules)]


def _weighs(finding: Finding, rules: Rules) -> bool:
    if finding.kind is Kind.SECRET_IN_CASSETTE and finding.deviation is None:
        return True
    if rules.only_needed and finding.is_difference:
        return bool(finding.needed_by and finding.needed_by.tests) and finding.severity is not Severity.INFO
    return rules.fail_on is not None and finding.severity.rank >= rules.fail_on.rank


def failing(findings: Iterable[Finding], rules: Rules) -> list[Finding]:
    """Return the *findings* that fail a test or a cassette; drift that the command line accepts does not."""
    return [f for f in at_or_above(findings, rules) if not (rules.accept and f.category is Category.DRIFT)]


def of_test(
    findings: Sequence[Finding],
    rules: Rules,
    recorder: Recorder,
    *,
    passed: bool,
    shared: bool,
    faults: Collection[str],
) -> Conclusion:
    """Return what a test comes to that *passed* or did not.

    *shared* is whether other tests use its cassette too, *faults* are those of this plugin, after which nothing is
    promoted.
    """
    is_replaced = rules.accept and recorder.live and recorder.mode is not RecordMode.VERIFY
    red = [f for f in failing(findings, rules) if not (is_replaced and f.kind is Kind.CASSETTE_UNREADABLE)]
    faults = [*faults, *recorder.faults]
    if recorder.recorded or recorder.transient_answers or recorder.incomplete:
        reasons = list(_refusals(findings, rules, recorder, passed))
        if not reasons and not shared:  # what kept it from being recorded is said already
            reasons = list(_emptied(rules, recorder))
    else:
        reasons = list(_unseen(recorder)) if passed and not shared else []
    return Conclusion(tuple(findings), tuple(red), (*faults, *reasons))


def _refusals(findings: Iterable[Finding], rules: Rules, recorder: Recorder, passed: bool) -> Iterator[str]:
    """Yield why what was recorded must not replace the cassette."""
    replaces = recorder.mode is not RecordMode.VERIFY
    if replaces and not passed:
        yield TEST_FAILED
    yield from recorder.incomplete
    if OUTAGE not in rules.allow:
        yield from recorder.transient_answers  # they verify nothing either
    if replaces and any(not _is_waived(finding, rules) for finding in at_or_above(findings, rules)):
        yield WAIVABLE


def _emptied(rules: Rules, recorder: Recorder) -> Iterator[str]:
    """Yield why a recording must not replace a cassette that says more: nothing of it is judged, something was."""
    if recorder.mode is RecordMode.VERIFY or not rules.judge or not recorder.original:
        return
    before, _ = tally(map(rules.contracts.identify, recorder.original), rules.contracts)
    if not before or tally(recorder.exchanges, rules.contracts)[0]:
        return
    count = sum(before.values())
    judged = f"{count} exchange{'s are' if count > 1 else ' is'}"
    yield (
        f"nothing that was recorded is judged, and of the old cassette {judged}: see what was asked, or delete the old"
        " cassette if that is meant"
    )


def _is_waived(finding: Finding, rules: Rules) -> bool:
    can_be = finding.category in (Category.CONTRACT, Category.DRIFT) or finding.kind is Kind.CASSETTE_UNREADABLE
    return rules.accept and can_be


def _unseen(recorder: Recorder) -> Iterator[str]:
    """Yield why a test is red of whose requests none was seen, though some are recorded: nothing was judged."""
    if len(recorder.history) or recorder.problems or not recorder.original:
        return
    count = len(recorder.original)
    seen = f"no request was seen, though {count} exchange{'s are' if count > 1 else ' is'} recorded"
    if not recorder.live:
        yield f"{seen}. Requests of other processes and of clients with sockets of their own, as pycurl, go unseen."
    elif recorder.mode in (RecordMode.ALL, RecordMode.REWRITE, RecordMode.REFRESH, RecordMode.VERIFY):
        yield seen  # and the old recording would go on being replayed


def of_rehearsal(rehearsal: Rehearsal) -> Iterator[str]:
    """Yield why a rehearsal is red: it tried nothing, or a test breaks under what HubSpot may do at any time."""
    if not rehearsal.tried and rehearsal.refused:
        yield "nothing was rehearsed: the tests that replay could not be, for the reasons above"
    elif not rehearsal.tried and rehearsal.left_out:
        yield "nothing was rehearsed within the budget: give it more time with --hubfiles-rehearse-budget"
    elif not rehearsal.tried and rehearsal.undecided:
        yield "nothing was rehearsed: no run of a test came to a verdict, for the reasons above"
    elif rehearsal.move is not None and not rehearsal.tried:
        old, _ = rehearsal.move
        yield (
            f"nothing was rehearsed: no test that replays is of version {old} and can be; "
            f"--hubfiles-version {old} runs those that name no version as {old}"
        )
    elif not rehearsal.tried:
        yield (
            f"nothing was rehearsed: no test that replays allows a change of the family {rehearsal.family}"
            " that --hubfiles-rehearse-only, if given, chooses; hubfiles changes lists those of your cassettes"
        )
    failing = rehearsal.failing
    if failing:
        changes, tests = {one.change for one in failing}, {one.test for one in failing}
        yield (
            f"{len(changes)} change{'s' * (len(changes) > 1)} that the API may make at any time"
            f" break{'s' * (len(changes) == 1)} {len(tests)} test{'s' * (len(tests) > 1)};"
            " mend the code, keep such a change as a test (change= in its marker), or accept the break"
        )


def of_run(report: Report, rules: Rules, least: int, least_is_asked_by: str) -> Iterator[str]:
    """Yield why a run is red beside its tests: it judged fewer than *least* exchanges, or found something itself."""
    if report.judged_count < least:
        yield f"judged {report.judged_count} exchanges where {least_is_asked_by} asks for {least}"
    weighty = at_or_above(report.run_findings, rules)
    if not weighty:
        return
    kinds = ", ".join(sorted({finding.kind.value for finding in weighty}))
    asked = NEEDED if rules.only_needed else NEVER if rules.fail_on is None else rules.fail_on.value
    yield f"the run fails because of {kinds} (--hubfiles-fail-on {asked})"
    changed = [finding for finding in weighty if finding.category is Category.VERSION]
    yield from (f"  {f.operation} {f.path} {f.kind.value}: fingerprint {f.fingerprint}" for f in changed)
