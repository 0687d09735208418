"""Takes the credentials that a run knows out of everything that pytest tells of it."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import pytest

from pytest_hubfiles import secrets
from pytest_hubfiles.own_work import own_work
from pytest_hubfiles.plugin.colours import BEGINS_WITH_FACT
from pytest_hubfiles.record import Recorder
from pytest_hubfiles.record.log_filter import RedactedLog
from pytest_hubfiles.record.session_secrets import SessionSecrets
from pytest_hubfiles.secrets.write_guard import WriteGuard

_LOOKED_THROUGH: Final = {
    "nodeid", "_id", "location", "keywords", "outcome", "longrepr", "when", "sections", "duration", "start", "stop",
    "context", "result", "hubfiles", "hubfiles_rehearsed",
}  # fmt: skip
"""What is in a report that is redacted by itself, or that no test decides."""
_PAIR: Final = 2


class Redaction:
    """The credentials that a run knows: those of the environment, and those that its tests have used so far.

    While ``log`` is entered, what handlers of the root logger write is redacted.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._secrets = SessionSecrets(WriteGuard.of(environment), secrets.NOTHING_MORE)
        self.recorder: Recorder | None = None  # of the test that runs
        self.log = RedactedLog(self._learn_now, self.redacted)

    def learn(self, recorder: Recorder) -> None:
        """Know what the test of *recorder* has used, until the run ends; nobody looks for it before a text is told."""
        recorder.hand_on_credentials(self._secrets)

    def _learn_now(self) -> None:
        """Know what the running test has used so far."""
        if self.recorder is not None:
            self.learn(self.recorder)

    def redacted(self, text: str) -> str:
        """Return *text* without credentials."""
        return secrets.redact_values(text, self._secrets.values)

    def redacted_now(self, text: str) -> str:
        """Return *text* without credentials, those too that the running test has used so far."""
        self._learn_now()
        return self.redacted(text)

    def _redacted_value(self, value: object) -> object:
        """Return *value*, or its text without credentials if that has any."""
        try:
            text = str(value)
        except Exception:  # noqa: BLE001  # of its own class: nobody can tell it
            return value
        return value if (new := self.redacted(text)) == text else new

    # --- what pytest tells ------------------------------------------------------------------------------------

    def redact(self, report: Any) -> None:
        """Take credentials out of a failure, with all local variables in it, and of what was printed."""
        redacted = self.redacted
        if isinstance(report.longrepr, tuple):  # of a test that was skipped: file, line, reason
            report.longrepr = secrets.redact_data(report.longrepr, redacted)
        elif report.longrepr is not None:
            crash = getattr(report.longrepr, "reprcrash", None)  # it may tell of an error deeper in groups
            said, crashed = report.longreprtext, "" if crash is None else str(crash.message)
            new, reason = redacted(said), redacted(crashed)
            if (new, reason) != (said, crashed):
                # The short summary shows the first line of a plain text, so the reason goes first.
                reason = reason.partition("\n")[0]
                report.longrepr = f"{reason}\n\n{new}" if reason else new
                if reason:
                    setattr(report, BEGINS_WITH_FACT, True)
        if report.sections:
            report.sections[:] = secrets.redact_data(report.sections, redacted)
        context = getattr(report, "context", None)  # of the report of a subtest: pytest's own, or pytest-subtests'
        if context is not None:
            kwargs = {name: self._redacted_value(value) for name, value in context.kwargs.items()}
            report.context = copy.copy(context)  # made anew, it would quote each value once more
            object.__setattr__(report.context, "msg", secrets.redact_data(context.msg, redacted))
            object.__setattr__(report.context, "kwargs", kwargs)

    def redact_sources(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """Take credentials out of what the report of *call* was made from, as other plugins read that.

        allure asks the error for its message, pytest-json-report the test for what was captured.
        """
        captured = getattr(item, "_report_sections", None)  # there is nothing public to read it by
        if captured:
            captured[:] = secrets.redact_data(captured, self.redacted)
        if call.excinfo is not None:  # the error itself may be the module's, and is compared with what is expected
            told = call.excinfo.exconly
            setattr(call.excinfo, "exconly", lambda tryshort=False: self.redacted(told(tryshort)))  # noqa: B010
            error = call.excinfo.value
            if isinstance(error, pytest.xfail.Exception) and error.msg:  # pytest takes the reason from there
                error.msg = self.redacted(error.msg)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Redact what no hook before has seen, such as the report of a subtest, and what other plugins have added."""
        added = [name for name in vars(report).keys() - _LOOKED_THROUGH if getattr(report, name)]
        is_of_subtest = getattr(report, "context", None) is not None
        if not (added or is_of_subtest or report.longrepr is not None or report.sections):
            return
        with own_work():
            if is_of_subtest:  # its test goes on, and may have sent more
                self._learn_now()
            self.redact(report)
            for name in added:
                setattr(report, name, secrets.redact_data(getattr(report, name), self.redacted))
            report.user_properties = [
                (one[0], self._redacted_value(one[1])) if isinstance(one, tuple) and len(one) == _PAIR else one
                for one in report.user_properties  # JUnit XML has the text of each value
            ]

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
        self._learn_now()
        error = excinfo.value
        for name in (*vars(error), "args"):  # no test will look at it
            with suppress(Exception):  # a property may raise
                value = getattr(error, name)
                if (new := secrets.redact_data(value, self.redacted)) is not value:
                    setattr(error, name, new)

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excrepr: Any) -> None:
        """Redact what another plugin failed with."""
        chain = getattr(excrepr, "chain", None) or [(excrepr.reprtraceback, excrepr.reprcrash)]
        with own_work():
            self._learn_now()
            for traceback, crash, *_ in chain:
                if crash is not None:
                    crash.message = self.redacted(crash.message)
                for entry in traceback.reprentries:
                    self._redact_entry(entry)

    def _redact_entry(self, entry: Any) -> None:
        """Redact one entry of a traceback, in whichever style it is."""
        redacted = self.redacted
        entry.lines = [redacted(line) for line in entry.lines]
        if (of_locals := getattr(entry, "reprlocals", None)) is not None:
            of_locals.lines = [redacted(line) for line in of_locals.lines]
        if (of_arguments := getattr(entry, "reprfuncargs", None)) is not None:
            of_arguments.args = [(name, redacted(value)) for name, value in of_arguments.args]
