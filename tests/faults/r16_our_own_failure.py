"""R16: an exception in each hook, fixture and boundary of ours costs neither a recording nor another test's result."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Final
from unittest import mock

from helpers.downstream import constant_server

from faults.ledger import Outcome
from faults.projects import Project, Ran, project

_TESTS: Final = """
import urllib.request

def test_import(hubfiles):
    try:
        import_a_file(hubfiles)
    except Exception:  # what goes wrong in our code is raised into a client, which may swallow it
        pass
    try:
        urllib.request.urlopen(hubfiles.base_url + "/files/2026-03/files/import-from-url/async/tasks/1/status").read()
    except Exception:
        pass

def test_next(hubfiles):
    import_a_file(hubfiles)

def test_other():
    pass
"""

_PLUGIN: Final = "pytest_hubfiles.plugin"
_BOUNDARIES: Final = {
    # what fails: where in a run that records, and in one that replays
    "pytest_configure": f"{_PLUGIN}.activation.Run",
    "pytest_generate_tests": f"{_PLUGIN}.setup.marker_arguments",
    "fixture": f"{_PLUGIN}.setup._test_run",
    "settings of a test": "pytest_hubfiles.plugin.setup.settings_of",
    "recorder": f"{_PLUGIN}.setup.Recorder",
    "recorder.enter": "pytest_hubfiles.record.tape.Tape",
    "recorder.exit": "pytest_hubfiles.record.interception.Interception.__exit__",
    "what a test is offered": "pytest_hubfiles.fixture.HubFiles.__init__",
    "recorder.ask": "pytest_hubfiles.record.recorder.Recorder.reserve",
    "recorder.identify": "pytest_hubfiles.judge.registry.Contracts.identify",
    "pytest_runtest_call": "pytest_hubfiles.run.one_test.TestRun.end_call",
    "judging": "pytest_hubfiles.run.rules.Rules.check",
    "excusing": "pytest_hubfiles.run.rules.Rules.excuse",
    "pytest_runtest_teardown": "pytest_hubfiles.run.one_test.TestRun.end_test",
    "pytest_runtest_makereport": "pytest_hubfiles.run.one_test.TestRun.record",
    "handing on": f"{_PLUGIN}.run_settings.Run.hand_on",
    "pytest_runtest_logreport": f"{_PLUGIN}.handover.Handover.take",
    "report": "pytest_hubfiles.report.report.Report.add",
    "pytest_sessionfinish": f"{_PLUGIN}.summary.Reporter._is_full",
    "cassettes nobody opened": f"{_PLUGIN}.summary.Reporter._unused",
    "writing reports": "pytest_hubfiles.report.formats.json_report.render_json",
    "pytest_terminal_summary": "pytest_hubfiles.report.formats.terminal.render_terminal",
    "deviations that have run out": "pytest_hubfiles.judge.deviations.run_out",
}
_RECORDING: Final = {
    "recorder.receive": "pytest_hubfiles.record.recorder.Recorder.record",
    "scrubbing": "pytest_hubfiles.record.session_secrets.secrets.scrub",
    "staged.begin": "pytest_hubfiles.record.promotion.StagedRecordings.begin",
    "comparing": "pytest_hubfiles.run.rules.Rules.compare",
    "staged.promote": "pytest_hubfiles.record.promotion.StagedRecordings.promote",
    "staged.base": "pytest_hubfiles.record.promotion.StagedRecordings._base",
    "cassettes.save": "pytest_hubfiles.record.promotion.cassettes.save",
    "cassettes.write": "pytest_hubfiles.record.promotion.cassettes.write",
}
_MERGING: Final = {"staged.merge": "pytest_hubfiles.record.promotion.StagedRecordings._merged"}
_REPLAYING: Final = {
    "recorder.answer": "pytest_hubfiles.record.tape.Tape.find",
    "recorder.play": "pytest_hubfiles.record.recorder.Recorder.play",
    "cassettes.read": "pytest_hubfiles.record.recorder.cassettes.read",
    "age": "pytest_hubfiles.run.rules.Rules.stale",
}
PLACES: Final = tuple({**_BOUNDARIES, **_RECORDING, **_MERGING, **_REPLAYING}.values())
"""Where something fails."""

_BEFORE_ANY_TEST: Final = {"pytest_configure"}
_BOUNDED: Final = {
    "pytest_configure", "pytest_generate_tests", "fixture", "recorder.receive", "recorder.answer",
    "pytest_runtest_call", "pytest_runtest_makereport", "staged.merge", "report", "pytest_sessionfinish",
}  # fmt: skip


class Injected(Exception):  # noqa: N818  # stands for any error there is
    """What nobody expects."""


@contextlib.contextmanager
def injected(target: str) -> Iterator[list[str]]:
    """Have the first call of *target* fail; hand out a list that holds its name once it has."""
    failed: list[str] = []
    owner, _, name = target.rpartition(".")
    place = _resolve(owner)
    real: Callable[..., Any] = getattr(place, name)
    plain = vars(place).get(name)

    def fail_once(*args: Any, **kwargs: Any) -> Any:
        if not failed:
            failed.append(target)
            if name == "__exit__":  # or its patches would stay, and this would be no test of ours
                real(*args, **kwargs)
            raise Injected("boom")
        return real(*args, **kwargs)

    replacement = staticmethod(fail_once) if isinstance(plain, classmethod) else fail_once
    with mock.patch.object(place, name, replacement):
        yield failed


def _resolve(dotted: str) -> Any:
    module, _, rest = dotted, "", ""
    names: list[str] = []
    while True:
        try:
            place = __import__(module, fromlist=["_"])
            break
        except ImportError:
            module, _, rest = module.rpartition(".")
            names.insert(0, rest)
    for name in names:
        place = getattr(place, name)
    return place


def run(bounded: bool) -> Outcome:
    """Inject an exception at each boundary, recording and replaying, and look at what it cost."""
    failures: list[str] = []
    count = 0
    with constant_server() as url, project() as suite:
        suite.tests(_TESTS)
        recorded = suite.run(f"--hubfiles-base-url={url}", "--hubfiles-record=once")
        assert recorded.status == 0, recorded.output
        for mode, boundaries in (
            ("rewrite", _BOUNDARIES | _RECORDING),
            ("all", _MERGING),
            ("none", _BOUNDARIES | _REPLAYING),
        ):
            for name, target in boundaries.items():
                if bounded and (name not in _BOUNDED or (mode == "none") != (name in _REPLAYING)):
                    continue
                count += 1
                failures += _cost(suite, url, mode, name, target)
        with mock.patch("pytest_hubfiles.plugin.summary.complaining", _unguarded):
            control = _cost(suite, url, "none", "unguarded", _BOUNDARIES["pytest_terminal_summary"])
    return Outcome(
        "R16", "a fault of our own loses and hides nothing", count, "lost or hidden", bool(control), tuple(failures)
    )


@contextlib.contextmanager
def _unguarded(*_: object) -> Iterator[None]:
    yield


def _cost(suite: Project, url: str, mode: str, name: str, target: str) -> list[str]:
    before = suite.contents()
    with injected(target) as failed:
        ran = suite.run(f"--hubfiles-base-url={url}", f"--hubfiles-record={mode}", "--hubfiles-report=json:report.json")
    found = list(_wrong(ran, name, failed)) + [
        f"{test} is another" for test in before if suite.contents().get(test) != before[test]
    ]
    for kept in suite.path.rglob("*.candidate.yaml"):
        kept.unlink()
    return [f"{name} while {mode}: {what}" for what in found]


def _wrong(ran: Ran, name: str, failed: list[str]) -> Iterator[str]:
    if not failed:
        yield "was never called"
    if ran.status == 0:
        yield "the run is green"
    if "INTERNALERROR" in ran.output:
        yield "INTERNALERROR"
    if "pytest-hubfiles itself failed" not in ran.output and "hook of hubfiles_vcr_config, failed" not in ran.output:
        yield "nobody says whose fault it is"
    if "boom" not in ran.output:
        yield "nobody says what it was"
    if name in _BEFORE_ANY_TEST:
        return
    for test in ("test_next", "test_other"):
        if ran.outcomes.get(test) != "passed":
            yield f"{test} is {ran.outcomes.get(test)}"
