"""Makes a run and registers its hooks, once, when a setting, xdist or a test first uses this plugin."""

from __future__ import annotations

from typing import Final

import pytest

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.plugin import hooks
from pytest_hubfiles.plugin.own_faults import OwnFaultError
from pytest_hubfiles.plugin.run_settings import RUN, Run
from pytest_hubfiles.plugin.summary import Reporter
from pytest_hubfiles.plugin.tracebacks import HiddenFrames

_LEFT_OUT: Final = ("deselected", "skipped", "error")
"""What pytest's terminal calls tests, files and classes that did not run."""


def begin(config: pytest.Config) -> Run:
    """Return the run of *config* for a test that uses it; the first one registers the hooks.

    Raises:
        HubfilesError: if a setting, or a file that one names, is bad.
    """
    if RUN in config.stash:
        return config.stash[RUN]
    run = _begin(config)
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None:  # without a terminal and a report, nobody reads what follows from it
        run.partial = any(terminal.stats.get(word) for word in _LEFT_OUT)
    return run


def begin_before_tests(config: pytest.Config) -> Run:
    """Return the run of *config* for a setting or for xdist, before any test is collected.

    Raises:
        UsageError: if a setting, or a file that one names, is bad.
    """
    try:
        return config.stash[RUN] if RUN in config.stash else _begin(config)
    except HubfilesError as error:
        raise pytest.UsageError(str(error)) from None
    except Exception as error:  # noqa: BLE001  # raised as it is, it would end the run with INTERNALERROR
        raise pytest.UsageError(str(OwnFaultError("reading the settings", error))) from None


def _begin(config: pytest.Config) -> Run:
    run = config.stash[RUN] = Run(config)
    config.pluginmanager.register(hooks, "pytest_hubfiles.hooks")
    config.pluginmanager.register(run.redaction, "pytest_hubfiles.redaction")
    config.pluginmanager.register(
        HiddenFrames(lambda item: hooks.TEST_RUN in item.stash), "pytest_hubfiles.hidden_frames"
    )
    if not run.is_worker:
        config.pluginmanager.register(Reporter(run), "pytest_hubfiles.summary")
    if run.get("rehearse") is not None:
        from pytest_hubfiles.plugin.rehearsing import Rehearsing

        config.pluginmanager.register(Rehearsing(run), "pytest_hubfiles.rehearsing")
    if run.get("check"):
        from pytest_hubfiles.plugin.cassette_items import CassetteCollector

        config.pluginmanager.register(CassetteCollector(config), "pytest_hubfiles.cassette_items")
    return run
