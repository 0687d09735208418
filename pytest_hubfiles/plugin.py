"""The pytest plugin: options, fixtures and hooks around the modules that know. PYTEST_DONT_REWRITE."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Generator, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest

from pytest_hubfiles import options
from pytest_hubfiles.errors import HubfilesError

if TYPE_CHECKING:
    from pytest_hubfiles.contracts import Contracts
    from pytest_hubfiles.deviations import Deviation
    from pytest_hubfiles.findings import Finding
    from pytest_hubfiles.fixture import HubFiles
    from pytest_hubfiles.reports import Report
    from pytest_hubfiles.sandbox import Sandbox
    from pytest_hubfiles.trial import Conclusion, Trial

_RECORD = "hubfiles"
_FINDING = "hubfiles_finding"
_PARTIAL = "hubfiles_partial"
_RUN: pytest.StashKey[_Run] = pytest.StashKey()
_TRIAL: pytest.StashKey[Trial] = pytest.StashKey()


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


class _Run:
    """The settings of one pytest process, checked when it starts, and what is loaded once for it."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        worker = getattr(config, "workerinput", None)
        self.is_worker = worker is not None
        self.id: str = worker[_RECORD] if worker is not None else uuid.uuid4().hex
        self._contracts: Contracts | None = None
        self._deviations: tuple[Deviation, ...] | None = None
        self._report: Report | None = None
        self.partial = False
        self.running = False
        for name in options.OPTIONS:
            self.get(name)
        self.check_versions(self.get("version"))
        if self.get("schemas"):
            self.contracts  # noqa: B018  # a bad schema file is told before any test runs
        if self.get("deviations") is not None:
            self.deviations  # noqa: B018  # likewise

    def get(self, name: str, markers: tuple[Mapping[str, Any], ...] = ()) -> Any:
        """Return a setting, its path made absolute: against the caller's folder, or the ini file's."""
        value = options.resolve(name, self.config.getoption, markers, self.config.getini)
        if isinstance(value, Path):
            return self._absolute(options.OPTIONS[name], value)
        if name == "schemas":
            return tuple(self._absolute(options.OPTIONS[name], path) for path in value)
        return value

    def _absolute(self, option: options.Option, path: Path) -> Path:
        given = option.flag is not None and self.config.getoption(option.flag)
        inipath = self.config.inipath
        folder = self.config.invocation_params.dir if given else inipath.parent if inipath else self.config.rootpath
        return folder / path

    def check_versions(self, versions: Iterable[str], markers: tuple[Mapping[str, Any], ...] = ()) -> None:
        """Refuse a version that no contract describes, if anybody asked for it."""
        decided = options.decide("version", self.config.getoption, markers, self.config.getini)
        if decided is None:
            return
        from pytest_hubfiles import schemas

        known = schemas.versions_on_file(self.get("schemas"))
        for version in versions:
            if version not in known:
                raise options.OptionError(decided[0], version, f"there are contracts for {', '.join(known)}")

    @property
    def cassettes(self) -> Path:
        """The cassette root."""
        root: Path | None = self.get("cassettes")
        return self.config.rootpath / "cassettes" if root is None else root

    @property
    def contracts(self) -> Contracts:
        """The contracts on file, read once."""
        if self._contracts is None:
            from pytest_hubfiles import schemas

            self._contracts = schemas.load(self.get("schemas"))
        return self._contracts

    @property
    def deviations(self) -> tuple[Deviation, ...]:
        """The known deviations, the user's first, read once."""
        if self._deviations is None:
            from pytest_hubfiles import deviations, schemas

            own = self.get("deviations")
            shipped = deviations.load(schemas.shipped_schemas() / "deviations.toml")
            self._deviations = (deviations.load(own) if own is not None else ()) + shipped
        return self._deviations

    @property
    def report(self) -> Report:
        """The report of this run."""
        if self._report is None:
            from pytest_hubfiles.reports import Report

            self._report = Report()
        return self._report

    @property
    def has_report(self) -> bool:
        """Whether there is a report to write: anything was told, or one was asked for."""
        return self.running and (self._report is not None or bool(self.get("report")) or self.get("min_judged") > 0)

    def shown(self, path: Path) -> str:
        """Return *path* as messages name it: from rootdir, with forward slashes."""
        return PurePosixPath(os.path.relpath(path, self.config.rootpath).replace(os.sep, "/")).as_posix()


def pytest_configure(config: pytest.Config) -> None:
    """Check every setting before anything runs."""
    config.addinivalue_line(
        "markers",
        f"hubfiles({', '.join(f'{name}=' for name in options.MARKER_ARGUMENTS)}): how the fixture hubfiles "
        "records, replays and judges this test.",
    )
    try:
        config.stash[_RUN] = _Run(config)
    except HubfilesError as error:
        raise pytest.UsageError(str(error)) from None
    if not config.stash[_RUN].is_worker:
        config.pluginmanager.register(_Reporter(config.stash[_RUN]), "pytest_hubfiles.reporter")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell an xdist worker which run it belongs to."""
    node.workerinput[_RECORD] = node.config.stash[_RUN].id


# --- versions ----------------------------------------------------------------------------------------------


def _marker_arguments(markers: Iterator[pytest.Mark]) -> tuple[Mapping[str, Any], ...]:
    found = []
    for marker in markers:
        options.check_marker(marker.args, marker.kwargs)
        found.append(marker.kwargs)
    return tuple(found)


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that uses the fixture once for each version asked for; a single one adds no id."""
    if "hubfiles" not in metafunc.fixturenames:
        return
    try:
        markers = _marker_arguments(metafunc.definition.iter_markers("hubfiles"))
        versions = metafunc.config.stash[_RUN].get("version", markers)
    except HubfilesError as error:
        pytest.fail(str(error), pytrace=False)
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
    from pytest_hubfiles.fixture import HubFiles

    try:
        trial, version = _start_trial(request, hubfiles_token, hubfiles_vcr_config)
    except HubfilesError as error:
        pytest.fail(str(error), pytrace=False)
    run = request.config.stash[_RUN]
    request.node.stash[_TRIAL] = trial
    with trial.recorder:
        yield HubFiles(
            version=version,
            base_url=trial.recorder.base_url,
            cassette=trial.recorder.cassette,
            _trial=trial,
            _contracts=run.contracts,
            _token=hubfiles_token,
        )


def _start_trial(request: pytest.FixtureRequest, token: str | None, vcr_config: dict[str, Any]) -> tuple[Trial, str]:
    from pytest_hubfiles import cassettes
    from pytest_hubfiles.judging import Rules
    from pytest_hubfiles.recorder import Recorder
    from pytest_hubfiles.takes import Takes
    from pytest_hubfiles.trial import Trial

    item: pytest.Item = request.node
    run = request.config.stash[_RUN]
    markers = _marker_arguments(item.iter_markers("hubfiles"))
    version: str = getattr(request, "param", None) or run.get("version", markers)[0]
    run.check_versions([version], markers)
    named: str | None = run.get("cassette", markers)
    path = (
        cassettes.path_for(run.cassettes, version, _test_folder(item), _test_name(item, version))
        if named is None
        else cassettes.named_path(run.cassettes, version, named)
    )
    mode: options.RecordMode = run.get("record", markers)
    writes = mode not in (options.RecordMode.NONE, options.RecordMode.VERIFY)
    fail_on = run.get("fail_on")
    max_megabytes: float = run.get("max_cassette_mb")
    return (
        Trial(
            test=item.nodeid,
            shown=run.shown(path),
            recorder=Recorder(
                cassette=path,
                shown=run.shown(path),
                mode=mode,
                takes=Takes(path, run.id, mode) if writes else None,
                base_url=run.get("base_url"),
                identify=run.contracts.identify,
                secrets=[token] if token and len(token) >= 8 else [],
                vcr_config=vcr_config,
                max_megabytes=max_megabytes,
                test=item.nodeid,
            ),
            rules=Rules(
                contracts=run.contracts,
                deviations=run.deviations,
                fail_on=None if fail_on == "never" else fail_on,
                strict=run.get("strict", markers),
                allow=run.get("allow", markers),
                judge=run.get("judge", markers),
                accept=run.get("accept"),
                max_age_days=run.get("max_age"),
            ),
            shared=named is not None,
            siblings=run.cassettes / version,
            order=lambda: item.session.items.index(item),
            max_megabytes=max_megabytes,
        ),
        version,
    )


def _test_folder(item: pytest.Item) -> PurePosixPath:
    """Return the test's file as a folder name, from rootdir and without its suffix."""
    relative = PurePosixPath(item.nodeid.split("::", 1)[0])
    return relative.with_suffix("") if relative.suffix else relative


def _test_name(item: pytest.Item, version: str) -> str:
    """Return the test's name with its class and parameters, without the version's id."""
    _, _, name = item.nodeid.partition("::")
    callspec = getattr(item, "callspec", None)
    if callspec is None or "hubfiles" not in callspec.params:
        return name
    head = name[: len(name) - len(callspec.id) - 2]
    # Its id comes first, unless somebody else's pytest_generate_tests came before ours.
    rest = re.sub(rf"(?:^|-){re.escape(version)}(?=-|$)", "", callspec.id, count=1).removeprefix("-")
    return f"{head}[{rest}]" if rest else head


# --- a test's course ---------------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test that passed, once and with everything that was found, in its call phase."""
    trial = item.stash.get(_TRIAL, None)
    try:
        result = yield
    except (KeyboardInterrupt, pytest.exit.Exception):  # no other hook of this test will be called
        if trial is not None:
            trial.end_call(passed=False)
            _end_test(item, passed=False)
            item.config.stash[_RUN].report.add(trial.record())
        raise
    if trial is not None:
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
    if trial is not None and call.when == "teardown":
        _hand_on(item, trial)
    report = yield
    if trial is None or call.when == "teardown":
        return report
    is_ours = call.excinfo is not None and call.excinfo.value is trial.verdict
    passed = report.passed and not hasattr(report, "wasxfail")
    if not passed and not is_ours:  # a failure of a unittest.TestCase shows here only, so do subtests and xfail
        conclusion = trial.end_call(passed=False)
        if conclusion.findings or conclusion.refusals:
            report.sections.append(("hubfiles", _explain(trial, conclusion)))
    return report


def _hand_on(item: pytest.Item, trial: Trial) -> None:
    from pytest_hubfiles.reports.terminal import in_one_line

    record = trial.record()
    item.user_properties[:] = [
        pair for pair in item.user_properties if pair[0] not in (_RECORD, _FINDING)
    ]  # of a rerun
    item.user_properties += [(_FINDING, in_one_line(finding)) for finding in record.findings]
    item.user_properties.append((_RECORD, record.to_text()))


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
    try:
        late = trial.end_test(passed)
    except HubfilesError as error:
        if passed:
            pytest.fail(str(error), pytrace=False)
    else:
        if passed and (late.failing or late.refusals):
            pytest.fail(_explain(trial, late), pytrace=False)


def _explain(trial: Trial, conclusion: Conclusion) -> str:
    from pytest_hubfiles.reports.terminal import explain

    return explain(
        trial.shown, conclusion.findings, conclusion.failing, conclusion.refusals, verifying=trial.is_verifying
    )


# --- the run's report --------------------------------------------------------------------------------------


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Note that this is no full run."""
    if items:
        items[0].config.stash[_RUN].partial = True


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell xdist's controller what only a worker knows: that it left tests out."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_PARTIAL] = session.config.stash[_RUN].partial


class _Reporter:
    """Gathers what tests tell, in the process that reports, and reports it."""

    def __init__(self, run: _Run) -> None:
        self.run = run
        self.complaints: list[str] = []

    @pytest.hookimpl(tryfirst=True)  # the first that answers is the last that is asked, and xdist answers
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Note that tests are run, rather than listed or planned."""
        self.run.running = not (session.config.getoption("collectonly") or session.config.getoption("setuponly"))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note that this is no full run where a file or class could not be collected, or was skipped."""
        self.run.partial = self.run.partial or not report.passed

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Note that this is no full run where a worker left tests out, or crashed."""
        self.run.partial = self.run.partial or getattr(node, "workeroutput", {}).get(_PARTIAL, True)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in what a test tells when it ends, from this process or from a worker."""
        if report.when == "setup" and not report.passed:
            self.run.partial = True  # skipped, or failed before it could open its cassette
        if report.when == "teardown":
            for name, value in report.user_properties:
                if name == _RECORD:
                    from pytest_hubfiles.reports import Record

                    self.run.report.add(Record.from_text(str(value)))

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Judge the run as a whole, write its reports, and make its exit status tell."""
        run = self.run
        if not run.has_report or exitstatus in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERNAL_ERROR):
            return
        from pytest_hubfiles import takes

        takes.forget(run.id)
        if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and self._is_full(session):
            run.report.run_findings += self._unused()
        least = run.get("min_judged")
        if run.report.judged_count < least:
            self.complaints.append(
                f"judged {run.report.judged_count} exchanges where --hubfiles-min-judged asks for {least}"
            )
        fail_on = run.get("fail_on")
        weighty = [f for f in run.report.run_findings if fail_on != "never" and f.severity.rank >= fail_on.rank]
        run.report.failed = run.report.failed or bool(weighty or self.complaints)
        self._write_reports()
        if (weighty or self.complaints) and session.exitstatus in (
            pytest.ExitCode.OK,
            pytest.ExitCode.NO_TESTS_COLLECTED,
        ):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _is_full(self, session: pytest.Session) -> bool:
        """Return whether every test of the suite has run, so that a cassette nobody opened is one nobody needs."""
        config = session.config
        narrowed = ("keyword", "markexpr", "deselect", "lf", "ignore", "ignore_glob", "--hubfiles-version")
        everything = config.args_source in (config.ArgsSource.TESTPATHS, config.ArgsSource.INVOCATION_DIR)
        stopped = bool(session.shouldstop or session.shouldfail)
        return (
            everything
            and not self.run.partial
            and not stopped
            and bool(self.run.report.records)
            and not any(config.getoption(name, None) for name in narrowed)
        )

    def _unused(self) -> list[Finding]:
        from pytest_hubfiles import cassettes
        from pytest_hubfiles.findings import Category, Finding, Kind, severity_of

        opened = set(self.run.report.cassettes)
        return [
            Finding(
                kind=Kind.CASSETTE_UNUSED,
                severity=severity_of(Kind.CASSETTE_UNUSED),
                category=Category.REPLAY,
                message=f"{shown} is opened by no test; delete it, or see why its test is gone",
                before=shown,
                cassette=shown,
            )
            for shown in map(self.run.shown, cassettes.find(self.run.cassettes))
            if shown not in opened
        ]

    def _write_reports(self) -> None:
        from pytest_hubfiles.reports.json_report import render_json

        for _, name in self.run.get("report"):
            if name != "-":
                path = self.run.config.invocation_params.dir / name
                try:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(render_json(self.run.report), encoding="utf-8")
                except OSError as error:
                    self.complaints.append(f"the report {name} could not be written: {error.strerror or error}")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell what was judged, recorded and found."""
        run = self.run
        if not run.has_report:
            return
        from pytest_hubfiles.reports.json_report import render_json
        from pytest_hubfiles.reports.terminal import render_terminal

        if run.report.worth_telling or self.complaints:
            terminalreporter.section("hubfiles")
            terminalreporter.write("\n".join([*render_terminal(run.report), *self.complaints]) + "\n")
        for _ in [name for _, name in run.get("report") if name == "-"]:
            terminalreporter.write(render_json(run.report))
