"""The hooks around a test that uses the fixture, registered with the first that does."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import nullcontext, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from pytest_hubfiles.model.policy import Kind, Severity
from pytest_hubfiles.own_work import own_work
from pytest_hubfiles.plugin.colours import BEGINS_WITH_FACT
from pytest_hubfiles.plugin.explaining import explained
from pytest_hubfiles.plugin.own_faults import Failure, OwnFaultError, complaining, failing
from pytest_hubfiles.plugin.run_settings import RUN
from pytest_hubfiles.plugin.tracebacks import shorten
from pytest_hubfiles.record.log_filter import take_off_filters

if TYPE_CHECKING:
    from pytest_hubfiles.plugin.run_settings import Run
    from pytest_hubfiles.run.one_test import TestRun
    from pytest_hubfiles.run.verdict import Conclusion

TEST_RUN: pytest.StashKey[TestRun] = pytest.StashKey()
PARTIAL: Final = "hubfiles_partial"
"""The key under which an xdist worker says whether it left tests out."""

COMPLAINTS: Final = "hubfiles_complaints"
"""The key under which an xdist worker lists the faults of this plugin that belong to no test."""

_SUBTEST_FAILED: set[str] = set()
_CALLED: Final[pytest.StashKey[bool]] = pytest.StashKey()
"""Whether the test's own code is running: what is reported meanwhile is a subtest's."""

_ENDING_THE_RUN: Final = (KeyboardInterrupt, pytest.exit.Exception)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Redact the log of each test from its set-up to its teardown; keep what one has recorded that ends the run."""
    run = item.config.stash[RUN]
    with run.redaction.log:
        try:
            return (yield)
        except _ENDING_THE_RUN:  # no other hook of this test will be called
            run.partial = True
            with own_work(), complaining(run, "keeping what an interrupted test recorded"):
                _keep_interrupted(item, run)
            raise


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(request: pytest.FixtureRequest) -> Generator[None, object, object]:
    """Redact what handlers get that a fixture of many tests has added: those of one test are there to be looked at."""
    if request.scope == "function":
        return (yield)
    with request.config.stash[RUN].redaction.log.seeing():
        return (yield)


def _keep_interrupted(item: pytest.Item, run: Run) -> None:
    test_run = item.stash.get(TEST_RUN, None)
    if test_run is None:
        return
    if not test_run.is_concluded:
        test_run.end_call(passed=False)
    _end_test(item, passed=False)
    run.report.add(test_run.record())


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test that passed, once and with everything that was found, in its call phase."""
    item.stash[_CALLED] = True
    try:
        result = yield
    finally:
        item.stash[_CALLED] = False
    _end_call(item)
    return result


def _end_call(item: pytest.Item) -> None:
    """Judge a test whose own code passed, and fail it if it is red; a failed subtest has made it red already."""
    test_run = item.stash.get(TEST_RUN, None)  # only now: the test's own code may have asked for the fixture
    if test_run is None:
        return
    passed = item.nodeid not in _SUBTEST_FAILED
    with own_work(), failing("judging the test", test_run):
        conclusion = test_run.end_call(passed)
        if conclusion.failing or (passed and conclusion.is_red):
            test_run.failure = Failure(explained(item, test_run, conclusion))
            raise test_run.failure


@pytest.hookimpl(specname="pytest_runtest_makereport", wrapper=True, trylast=True)
def pytest_hubfiles_first_report(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Leave no credential in a report, and where it is made from, before other plugins such as allure read these."""
    report = yield
    if report.longrepr is not None or report.sections:
        with own_work():
            _redact_first(item, call, report)
    return report


def _redact_first(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    test_run = item.stash.get(TEST_RUN, None)  # only now: the test's own code, or a retry, may have begun it
    redaction = item.config.stash[RUN].redaction
    error = None if call.excinfo is None else call.excinfo.value
    if isinstance(error, Failure):
        report.longrepr = str(error)  # the short summary then begins with the fact
        setattr(report, BEGINS_WITH_FACT, True)
    elif error is not None and test_run is not None:
        shorten(report, error, test_run, item.config.getoption("fulltrace", False))
    try:
        if test_run is not None:
            redaction.learn(test_run.recorder)
        redaction.redact(report)
        redaction.redact_sources(item, call)
    except Exception as fault:  # noqa: BLE001  # raised here, it would end the run with INTERNALERROR
        _show_nothing(report, test_run, fault)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what was found to the test's own failure, and hand everything on to the report."""
    fault = _hand_on(item) if call.when == "teardown" else None
    report = yield
    without_ours = report.longrepr
    if report.longrepr is not None or report.sections:
        with own_work():
            _complete(item, call, report, fault)
    else:
        _complete(item, call, report, fault)
    if isinstance(report.longrepr, str) and report.longrepr is not without_ours:
        setattr(report, BEGINS_WITH_FACT, True)
    if call.when == "teardown":
        item.config.stash[RUN].records.attach(item.nodeid, report)
    return report


def _complete(
    item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport, fault: OwnFaultError | None
) -> None:
    """Have *report* say what was found, and what went wrong in this plugin, a *fault* known already first."""
    test_run = item.stash.get(TEST_RUN, None)
    redaction = item.config.stash[RUN].redaction
    error = None if call.excinfo is None else call.excinfo.value
    try:
        if report.longrepr is not None or report.sections:  # other plugins may have added to it
            redaction.redact(report)
    except Exception as problem:  # noqa: BLE001  # raised here, it would end the run with INTERNALERROR
        _show_nothing(report, test_run, problem)
    if test_run is None:
        return
    is_ours = error is not None and error is test_run.failure
    if is_subtest := item.stash.get(_CALLED, False):
        _tell_so_far(item, report, test_run)
    elif call.when != "teardown" and not is_ours:
        try:
            _conclude(item, report, test_run)
        except Exception as problem:  # noqa: BLE001  # likewise
            fault = OwnFaultError("judging the test", problem)
    if report.skipped and not is_subtest:
        _fail_skipped(item, report, test_run)
    if fault is not None:
        _tell_fault(report, test_run, fault)
    if call.when == "teardown":
        del item.stash[TEST_RUN]  # which holds the whole cassette
        redaction.recorder = None


def _show_nothing(report: pytest.TestReport, test_run: TestRun | None, error: Exception) -> None:
    """Have *report* show nothing that was not looked through, and the fault of ours that is why."""
    report.sections[:], report.longrepr = [], None
    _tell_fault(report, test_run, OwnFaultError("taking credentials out of the report", error))


def _tell_fault(report: pytest.TestReport, test_run: TestRun | None, fault: OwnFaultError) -> None:
    if test_run is not None:
        test_run.passed = False
    report.sections.append(("hubfiles", str(fault)))
    if not report.failed or report.longrepr is None:
        report.outcome, report.longrepr = "failed", str(fault)


def _hand_on(item: pytest.Item) -> OwnFaultError | None:
    """Hand on what the test reports, and know which credentials it has used; return a fault of ours."""
    test_run = item.stash.get(TEST_RUN, None)
    if test_run is None:
        return None
    with own_work():  # fixtures of wider scope may have patches on
        return _handed_on(item, test_run)


def _handed_on(item: pytest.Item, test_run: TestRun) -> OwnFaultError | None:
    run = item.config.stash[RUN]
    try:
        run.redaction.learn(test_run.recorder)
        if run.trial is None:
            record = test_run.record()
            if record.reasons:
                record = replace(record, reasons=list(map(run.redaction.redacted, record.reasons)))
            run.hand_on(item, record)
    except Exception as error:  # noqa: BLE001  # raised in the hook, it would end the run with INTERNALERROR
        return OwnFaultError("handing on what the test reports", error)
    return None


def _conclude(item: pytest.Item, report: pytest.TestReport, test_run: TestRun) -> None:
    """Judge a test that the wrapper around its call has not judged.

    A failure of a unittest.TestCase shows here only, so do xfail and a skip. And the wrapper never sees the first test
    of a run whose own code asks for the fixture, nor the second try of a plugin that runs tests again.
    """
    if not report.passed:
        _tell(item, report, test_run, test_run.end_call(passed=False))
    elif report.when == "call" and not (test_run.is_concluded and _CALLED in item.stash):
        try:
            _end_call(item)
        except pytest.fail.Exception as failure:
            report.outcome, report.longrepr = "failed", str(failure)


def _tell_so_far(item: pytest.Item, report: pytest.TestReport, test_run: TestRun) -> None:
    """Add what has been found so far to the failure of a subtest; its test is judged once all of it has run."""
    if report.failed:
        with suppress(Exception):  # the same will fail the test, and be told there
            _tell(item, report, test_run, test_run.so_far)


def _tell(item: pytest.Item, report: pytest.TestReport, test_run: TestRun, conclusion: Conclusion) -> None:
    weighs = any(finding.severity is not Severity.INFO for finding in conclusion.findings)
    if conclusion.refusals or weighs or (conclusion.findings and item.config.stash[RUN].is_verbose):
        text = item.config.stash[RUN].redaction.redacted(explained(item, test_run, conclusion, report.longreprtext))
        report.sections.append(("hubfiles", text))


def _fail_skipped(item: pytest.Item, report: pytest.TestReport, test_run: TestRun) -> None:
    """Fail a test that was skipped, or failed as expected, over what must not be passed over.

    A test that expects to fail may expect any finding; none excuses a credential on the disk. A test that was skipped
    over an outage has not recorded what it was to record.
    """
    conclusion = test_run.conclusion
    is_expected = hasattr(report, "wasxfail")
    is_told = any(not is_expected or finding.kind is Kind.SECRET_IN_CASSETTE for finding in conclusion.failing)
    if is_told or (conclusion.loses_a_recording and not is_expected):
        text = item.config.stash[RUN].redaction.redacted(explained(item, test_run, conclusion))
        reason = f"\n{report.longrepr[2]}" if isinstance(report.longrepr, tuple) else ""
        report.outcome, report.longrepr = "failed", text + reason
        if is_expected:
            del report.wasxfail
    test_run.is_expected = hasattr(report, "wasxfail")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note that a subtest failed: its test is called passed until all is over."""
    if report.failed and hasattr(report, "context"):  # pytest's SubtestReport, which is not public
        _SUBTEST_FAILED.add(report.nodeid)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Promote or keep what was recorded once everything of the test is torn down."""
    try:
        result = yield
    except _ENDING_THE_RUN:
        raise
    except BaseException:
        _end_test(item, passed=False)
        raise
    _end_test(item, passed=True)
    return result


def _end_test(item: pytest.Item, passed: bool) -> None:
    test_run = item.stash.get(TEST_RUN, None)
    if test_run is None:
        return
    if item.nodeid in _SUBTEST_FAILED:
        _SUBTEST_FAILED.discard(item.nodeid)
        passed = test_run.passed = False
    try:
        aside = own_work() if test_run.recorder.live else nullcontext()  # only then it writes files
        with aside, failing("promoting the recording", test_run):
            was_green = passed and test_run.passed
            late = test_run.end_test(passed)
            if late.is_red and was_green:  # otherwise the test is red already
                raise Failure(explained(item, test_run, late))
    except pytest.fail.Exception:
        if passed:
            raise


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Note that this is no full run, and what it leaves out."""
    if items:
        run = items[0].config.stash[RUN]
        run.partial = True
        run.deselected += items


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Give xdist's controller what only a worker knows; a worker that gives nothing has crashed."""
    run = session.config.stash[RUN]
    if "stragglers" in vars(run):  # a test has been recorded or replayed
        with complaining(run, "waiting for what tests have left behind"):
            run.stragglers.wait()
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[PARTIAL] = run.partial
        output[COMPLAINTS] = run.complaints


def pytest_unconfigure() -> None:
    """Leave nothing on the loggers, once the last test is torn down, an interrupted one too."""
    take_off_filters()
