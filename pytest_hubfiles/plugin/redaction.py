"""Takes the credentials that a run knows out of everything that pytest tells of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from pytest_hubfiles.secrets import redact_values
from pytest_hubfiles.secrets.write_guard import WriteGuard


class Redaction:
    """The credentials that a run knows: those of the environment, and those that its tests have used so far."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._known = set(WriteGuard.of(environment).values)

    def learn(self, values: Iterable[str]) -> None:
        """Know *values* from now on, until the run ends."""
        self._known.update(values)

    def redacted(self, text: str) -> str:
        """Return *text* without credentials."""
        return redact_values(text, self._known)

    # --- what pytest tells ------------------------------------------------------------------------------------

    def redact(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        """Take credentials out of a failure, with all local variables in it, and of what was printed."""
        redacted = self.redacted
        if isinstance(report.longrepr, tuple):  # of a test that was skipped: file, line, reason
            file, line, reason = report.longrepr
            report.longrepr = (file, line, redacted(reason))
        elif report.longrepr is not None and (new := redacted(said := report.longreprtext)) != said:
            # The short summary shows the first line of a plain text, so the reason goes first.
            crash = getattr(report.longrepr, "reprcrash", None)
            reason = redacted(str(crash.message)).partition("\n")[0] if crash is not None else ""
            report.longrepr = f"{reason}\n\n{new}" if reason else new
        why = getattr(report, "wasxfail", None)
        if why is not None:
            _set(report, "wasxfail", redacted(why))
        report.sections[:] = [(title, redacted(text)) for title, text in report.sections]
        context = getattr(report, "context", None)  # of pytest's SubtestReport, which is not public
        if context is not None:
            kwargs = {name: redacted(str(value)) for name, value in context.kwargs.items()}
            _set(report, "context", replace(context, msg=context.msg and redacted(context.msg), kwargs=kwargs))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Redact what no hook before has seen, such as the report of a subtest."""
        self.redact(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Redact why a file could not be collected."""
        self.redact(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: Any) -> None:
        """Redact a warning, which the summary repeats."""
        said = str(warning_message.message)
        if (new := self.redacted(said)) != said:
            warning_message.message = new

    @pytest.hookimpl(tryfirst=True)
    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Redact why the run ends: the reason of ``pytest.exit``."""
        _redact_error(excinfo.value, self.redacted)

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excrepr: Any) -> None:
        """Redact what another plugin failed with."""
        entries = [entry for chain in getattr(excrepr, "chain", ()) for entry in chain[0].reprentries]
        for entry in entries:
            entry.lines = [self.redacted(line) for line in entry.lines]


def _redact_error(error: BaseException, redacted: Callable[[str], str]) -> None:
    error.args = tuple(redacted(arg) if isinstance(arg, str) else arg for arg in error.args)
    if isinstance(error, pytest.exit.Exception):
        error.msg = redacted(str(error.msg))


def _set(owner: object, name: str, value: object) -> None:
    setattr(owner, name, value)
