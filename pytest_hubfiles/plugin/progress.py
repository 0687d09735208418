"""Shows at the terminal how far a recording, a rehearsal or a comparison has come."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, Final, cast

import pytest

from pytest_hubfiles.model.exchange import Exchange
from pytest_hubfiles.progress import ProgressLine
from pytest_hubfiles.report.grouping import plural
from pytest_hubfiles.report.rehearsal import Rehearsed
from pytest_hubfiles.visible import visible

_PYTESTS: Final = "TerminalReporter"


def progress_line(config: pytest.Config) -> ProgressLine:
    """Return a line for the run's terminal: it is never shown in a worker, nor where `Progress` would not write."""
    return ProgressLine(Progress(config).rewriter)


class RecordingProgress:
    """Says how far the recording of a test has come, once that takes over a second."""

    def __init__(self, item: pytest.Item) -> None:
        self._test, self._count = item.nodeid, 0
        self._line = progress_line(item.config)

    def see(self, exchange: Exchange) -> None:
        """Say that *exchange* is recorded, too."""
        self._count += 1
        what = f"{exchange.operation or exchange.method} {exchange.task_status or exchange.status_code}"
        self._line.show(f"recording {self._test}: {plural(self._count, 'exchange')}, the last {what}")

    def end(self) -> None:
        """Take the line away."""
        self._line.end()


class Progress:
    """Writes a line for each test: on a terminal while it is rehearsed, elsewhere with ``-v`` and once it has been.

    It writes nothing with ``-q``, in a worker, and where a plugin has put a terminal reporter of its own in place of
    pytest's.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._reporter = cast("Any", config.pluginmanager.get_plugin("terminalreporter"))
        capture = cast("Any", config.pluginmanager.get_plugin("capturemanager"))
        self._uncaptured = nullcontext if capture is None else capture.global_and_fixture_disabled
        speaks = type(self._reporter).__name__ == _PYTESTS and self._reporter.verbosity >= 0
        self._is_live = speaks and self._reporter.isatty
        self._is_told = speaks and self._reporter.verbosity > 0

    def show(self, test: str, settled: int, changes: int) -> None:
        """Show of how many of the *changes* the verdict is known."""
        if self._is_live:
            self._rewrite(f"rehearsing {test}: {settled} of {plural(changes, 'change')}")

    def end(self, rehearsed: Rehearsed) -> None:
        """Say what the rehearsal came to."""
        if rehearsed.refused is not None:
            said = f"not rehearsed: {rehearsed.test} ({rehearsed.refused})"
        else:
            count = len(rehearsed.breaks)
            broken = f"{count} break{'s' * (count == 1)} it" if count else "none breaks it"
            said = f"rehearsed {rehearsed.test}: {plural(len(rehearsed.tried), 'change')}, {broken}"
        if self._is_live:
            self._rewrite(said)
        elif self._is_told:
            self._reporter.ensure_newline()
            self._reporter.write(visible(said))  # what pytest writes next begins with a new line

    @property
    def rewriter(self) -> Callable[[str], None] | None:
        """What puts a text in the place of the line that it wrote before, None where there is no terminal."""
        return self._rewrite if self._is_live else None

    def _rewrite(self, text: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        with self._uncaptured():
            self._reporter.ensure_newline()
            self._reporter.rewrite(visible(text)[:width], erase=True)
            self._reporter.flush()
