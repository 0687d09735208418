"""Shows at the terminal how far the rehearsal of a test has come."""

from __future__ import annotations

import shutil
from typing import Any, Final, cast

import pytest

from pytest_hubfiles.report.grouping import plural
from pytest_hubfiles.report.rehearsal import Rehearsed
from pytest_hubfiles.visible import visible

_PYTESTS: Final = "TerminalReporter"


class Progress:
    """Writes a line for each test: on a terminal while it is rehearsed, elsewhere with ``-v`` and once it has been.

    It writes nothing with ``-q``, in a worker, and where a plugin has put a terminal reporter of its own in place of
    pytest's.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._reporter = cast("Any", config.pluginmanager.get_plugin("terminalreporter"))
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

    def _rewrite(self, text: str) -> None:
        self._reporter.ensure_newline()
        width = shutil.get_terminal_size().columns - 1
        self._reporter.rewrite(visible(text)[:width], erase=True)
        self._reporter.flush()
