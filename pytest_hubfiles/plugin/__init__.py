"""The pytest plugin: options, fixtures and hooks around the modules that know. PYTEST_DONT_REWRITE."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from pytest_hubfiles import options
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.plugin.guard import OwnFaultError, complaining, failing
from pytest_hubfiles.plugin.reporter import COMPLAINTS, PARTIAL, Reporter
from pytest_hubfiles.plugin.run import RECORD, RUN, Run, hand_on, marker_arguments

if TYPE_CHECKING:
    from pytest_hubfiles.fixture import HubFiles
    from pytest_hubfiles.sandbox import Sandbox
    from pytest_hubfiles.trial import Conclusion, Trial

_TRIAL: pytest.StashKey[Trial] = pytest.StashKey()
_SUBTEST_FAILED: set[str] = set()


# --- options -----------------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add every option of the table to the command line and to the ini file."""
    group = parser.getgroup("hubfiles", "record, replay and contract-test HubSpot's Files endpoints")
    for option in options.OPTIONS.values():
        if option.flag is not None and option.name in options.FLAGS:
            group.addoption(option.flag, action="store_true", default=None, help=option.help)
        elif option.flag is not None:
            action = "append" if option.repeatable else "store"
            group.addoption(option.flag, action=action, default=None, metavar=option.metavar, help=option.help)
        if option.ini is not None:
            if option.repeatable:
                parser.addini(option.ini, option.help, type="linelist", default=[])
            else:
                parser.addini(option.ini, option.help, type="string", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Check every setting before anything runs."""
    config.addinivalue_line(
        "markers",
        f"hubfiles({', '.join(f'{name}=' for name in options.MARKER_ARGUMENTS)}): how the fixture hubfiles "
        "records, replays and judges this test.",
    )
    try:
        config.stash[RUN] = Run(config)
    except HubfilesError as error:
        raise pytest.UsageError(str(error)) from None
    except Exception as error:  # noqa: BLE001  # raised as it is, it would end the run with INTERNALERROR
        raise pytest.UsageError(str(OwnFaultError("reading the settings", error))) from None
    if not config.stash[RUN].is_worker:
        config.pluginmanager.register(Reporter(config.stash[RUN]), "pytest_hubfiles.reporter")
    if config.stash[RUN].get("check"):
        from pytest_hubfiles.plugin.check import CassetteCollector

        config.pluginmanager.register(CassetteCollector(config), "pytest_hubfiles.check")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell an xdist worker which run it belongs to."""
    node.workerinput[RECORD] = node.config.stash[RUN].id


# --- versions ----------------------------------------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that uses the fixture once for each version asked for; a single one adds no id."""
    if "hubfiles" not in metafunc.fixturenames:
        return
    try:
        markers = marker_arguments(metafunc.definition.iter_markers("hubfiles"))
        versions = metafunc.config.stash[RUN].get("version", markers)
    except HubfilesError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
    except Exception as error:  # noqa: BLE001  # raised here, it would keep every test from running
        fault = OwnFaultError("reading the versions to run it for", error)
        metafunc.parametrize("hubfiles", [fault], ids=["fault"], indirect=True)
        return
    if len(versions) > 1:
        metafunc.parametrize("hubfiles", versions, ids=versions, indirect=True)


# --- fixtures ----------------------------------------------------------------------------------------------


@pytest.fixture
def hubfiles_token() -> str | None:
    """The access token for the built-in calls: HUBSPOT_ACCESS_TOKEN, unless a suite overrides this."""
    return os.environ.get("HUBSPOT_ACCESS_TOKEN") or None


@pytest.fixture
def hubfiles_vcr_config() -> dict[str, Any]:
    """More vcrpy configuration, such as ``filter_headers``; it can add scrubbing, never remove it."""
    return {}


@pytest.fixture
def hubfiles_sandbox() -> Iterator[Sandbox]:
    """A stand-in for HubSpot's endpoints on 127.0.0.1, for the length of one test."""
    from pytest_hubfiles.sandbox import Sandbox

    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def hubfiles(
    request: pytest.FixtureRequest, hubfiles_token: str | None, hubfiles_vcr_config: dict[str, Any]
) -> Iterator[HubFiles]:
    """Record or replay all HTTP of this test, judge every answer, and offer calls to HubSpot's Files tasks."""
    with failing("starting to record or replay"), ExitStack() as recording:
        if isinstance(fault := getattr(request, "param", None), OwnFaultError):
            raise fault
        from pytest_hubfiles.fixture import HubFiles
        from pytest_hubfiles.plugin.start import start_trial

        trial, version = start_trial(request, hubfiles_token, hubfiles_vcr_config)
        recording.enter_context(trial.recorder)
        offered = HubFiles(
            version=version,
            base_url=trial.recorder.base_url,
            cassette=trial.recorder.cassette,
            _trial=trial,
            _contracts=request.config.stash[RUN].contracts,
            _token=hubfiles_token,
        )
        request.node.stash[_TRIAL] = trial
        started = recording.pop_all()
    with failing("ending to record or replay", trial), started:
        yield offered


# --- a test's course ---------------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test that passed, once and with everything that was found, in its call phase."""
    trial = item.stash.get(_TRIAL, None)
    try:
        result = yield
    except (KeyboardInterrupt, pytest.exit.Exception):  # no other hook of this test will be called
        if trial is not None:
            run = item.config.stash[RUN]
            with complaining(run, "keeping what an interrupted test recorded"):
                trial.end_call(passed=False)
                _end_test(item, passed=False)
                run.report.add(trial.record())
        raise
    if trial is not None:
        with failing("judging the test", trial):
            conclusion = trial.end_call(passed=True)
            if conclusion.failing or conclusion.refusals:
                trial.verdict = pytest.fail.Exception(_explain(trial, conclusion), pytrace=False)
                raise trial.verdict
    return result


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add what was found to a failure of the test's own, and hand everything on to whoever reports."""
    trial = item.stash.get(_TRIAL, None)
    if trial is None:
        return (yield)
    fault = None
    if call.when == "teardown":
        try:
            hand_on(item, trial.record())
        except Exception as error:  # noqa: BLE001  # raised here, it would end the run with INTERNALERROR
            fault = OwnFaultError("handing on what the test told", error)
    report = yield
    try:
        _redact(report, trial.recorder.redacted)
    except Exception as error:  # noqa: BLE001  # likewise; and nothing is to be shown that was not looked through
        fault = OwnFaultError("taking credentials out of the report", error)
        report.sections[:], report.longrepr = [], None
    is_ours = call.excinfo is not None and call.excinfo.value is trial.verdict
    # A failure of a unittest.TestCase shows here only, so do xfail and a skip.
    if call.when != "teardown" and not report.passed and not is_ours:
        try:
            conclusion = trial.end_call(passed=False)
            if conclusion.findings or conclusion.refusals:
                report.sections.append(("hubfiles", _explain(trial, conclusion)))
        except Exception as error:  # noqa: BLE001  # likewise
            fault = OwnFaultError("judging the test", error)
    if fault is not None:
        trial.passed = False
        report.sections.append(("hubfiles", str(fault)))
        if not report.failed or report.longrepr is None:
            report.outcome, report.longrepr = "failed", str(fault)
    if call.when == "teardown":
        del item.stash[_TRIAL]  # which holds the whole cassette
    return report


def _redact(report: pytest.TestReport, redacted: Callable[[str], str]) -> None:
    """Take the test's credentials out of its failure, with all local variables in it, and of what it printed."""
    if isinstance(report.longrepr, tuple):  # of a test that was skipped: file, line, reason
        file, line, reason = report.longrepr
        report.longrepr = (file, line, redacted(reason))
    elif report.longrepr is not None and (new := redacted(said := report.longreprtext)) != said:
        # The summary at the end tells the first line of what is plain text: that is to be the reason.
        crash = getattr(report.longrepr, "reprcrash", None)
        reason = redacted(str(crash.message)).partition("\n")[0] if crash is not None else ""
        report.longrepr = f"{reason}\n\n{new}" if reason else new
    if hasattr(report, "wasxfail"):
        report.wasxfail = redacted(report.wasxfail)
    report.sections[:] = [(title, redacted(text)) for title, text in report.sections]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note that a subtest failed: its test is called passed until all is over."""
    if report.failed and hasattr(report, "context"):  # pytest's SubtestReport, which is not public
        _SUBTEST_FAILED.add(report.nodeid)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Promote or keep what was recorded once everything of the test is torn down."""
    try:
        result = yield
    except BaseException:
        _end_test(item, passed=False)
        raise
    _end_test(item, passed=True)
    return result


def _end_test(item: pytest.Item, passed: bool) -> None:
    trial = item.stash.get(_TRIAL, None)
    if trial is None:
        return
    if item.nodeid in _SUBTEST_FAILED:
        _SUBTEST_FAILED.discard(item.nodeid)
        passed = trial.passed = False
    try:
        with failing("promoting the recording", trial):
            late = trial.end_test(passed)
            if late.failing or late.refusals:
                raise pytest.fail.Exception(_explain(trial, late), pytrace=False)
    except pytest.fail.Exception:
        if passed:  # else the test is red for a reason of its own
            raise


def _explain(trial: Trial, conclusion: Conclusion) -> str:
    from pytest_hubfiles.reports.terminal import explain

    return explain(trial.shown, conclusion.findings, conclusion.failing, conclusion.refusals, purpose=trial.purpose)


# --- the run's report --------------------------------------------------------------------------------------


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Note that this is no full run."""
    if items:
        items[0].config.stash[RUN].partial = True


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell xdist's controller what only a worker knows: that it left tests out."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[PARTIAL] = session.config.stash[RUN].partial
        output[COMPLAINTS] = session.config.stash[RUN].complaints
