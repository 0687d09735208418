"""Runs a test in a child, whose outcome no plugin is told, and notes what was seen of it."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_hubfiles.plugin.hooks import TEST_RUN
from pytest_hubfiles.plugin.run_settings import Run
from pytest_hubfiles.rehearsal.rehearse import Told
from pytest_hubfiles.rehearsal.verdicts import Observed, outcome_of
from pytest_hubfiles.run.one_test import TestRun
from pytest_hubfiles.visible import visible

_OURS: Final = __name__.partition(".")[0]


class Silent:
    """Runs a test in a child, whose outcome no plugin is told, and notes what was seen of it, once it *is_on*."""

    def __init__(self) -> None:
        self.is_on = False
        self._test_run: TestRun | None = None
        self._error: BaseException | None = None
        self._skipped = False

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_timeout_set_timer(self) -> bool | None:
        """Have pytest-timeout set no timer: its clock is that on the wall, and a child comes to an end without it."""
        return self.is_on or None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Set *item* up, call it and tear it down, as pytest does."""
        if not self.is_on:
            return None
        if self._carry_out(item, "setup"):
            self._carry_out(item, "call")
        self._carry_out(item, "teardown", nextitem=nextitem)
        return True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note the first failure: of the test, or of a subtest, which the test itself outlives."""
        report = yield
        if self.is_on and report.failed and self._error is None:
            raised = None if call.excinfo is None else call.excinfo.value
            self._error = raised or pytest.fail.Exception(report.longreprtext)
        return report

    def _carry_out(self, item: pytest.Item, when: Any, **more: Any) -> bool:
        hook = getattr(item.ihook, f"pytest_runtest_{when}")
        call = pytest.CallInfo.from_call(lambda: hook(item=item, **more), when=when)
        self._test_run = item.stash.get(TEST_RUN, self._test_run)  # before the report takes it away
        report: pytest.TestReport = item.ihook.pytest_runtest_makereport(item=item, call=call)
        self._skipped = self._skipped or report.skipped
        return report.passed

    def told(self, run: Run, root: Path) -> Told:
        """Return what was seen of the test."""
        test_run, error = self._test_run, self._error
        if test_run is None:
            return Told(None, skipped=self._skipped)
        tape = test_run.recorder.tape
        seen = Observed(
            error,
            is_assertion=isinstance(error, (AssertionError, pytest.fail.Exception)),
            asks_else=bool(test_run.recorder.problems),
            is_endless=tape.is_endless,
            waited=tape.has_waited,
        )
        outcome = outcome_of(seen, root)
        shown = None if outcome.error is None else run.redaction.redacted(outcome.error)
        exchanges = test_run.recorder.exchanges
        asked = tuple(f"{exchange.method} {exchange.url}" for exchange in exchanges)
        operations = tuple({visible(one.operation) for one in exchanges if one.operation is not None})
        return Told(outcome.verdict, shown, outcome.place, asked, self._skipped, operations=operations)


_TELLING: Final = (
    "pytest_runtest_logstart", "pytest_runtest_logreport", "pytest_runtest_logfinish", "pytest_warning_recorded",
    "pytest_exception_interact",
)  # fmt: skip
"""The hooks by which pytest tells of a test, some of them out of it: of a subtest, of a warning."""


def keep_apart(config: pytest.Config) -> None:
    """Have pytest, in a child, write nothing to what its parent writes to, and no more of a failure than is read."""
    config.option.tbstyle = "value"
    plugins = config.pluginmanager
    allure, logging = plugins.get_plugin("allure_listener"), plugins.get_plugin("logging-plugin")
    if allure is not None:  # it writes a file for each test
        plugins.unregister(allure)
    if logging is not None and (config.getoption("log_file") or config.getini("log_file")):
        logging.set_log_path(os.devnull)
    folders = getattr(config, "_tmp_path_factory", None)
    if folders is not None:  # it makes others where the temporary files of the child are
        folders._given_basetemp = folders._basetemp = None
    for name in _TELLING:  # a worker of xdist would tell its controller
        hook = getattr(config.hook, name)
        for implementation in hook.get_hookimpls():
            if not str(getattr(implementation.function, "__module__", "")).startswith(_OURS):
                hook._remove_plugin(implementation.plugin)
