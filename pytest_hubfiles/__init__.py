"""Record, replay and contract-test HubSpot's asynchronous Files endpoints. PYTEST_DONT_REWRITE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_hubfiles.errors import HubfilesError
    from pytest_hubfiles.fixture import HubFiles
    from pytest_hubfiles.model.exchange import Exchange
    from pytest_hubfiles.model.finding import Finding
    from pytest_hubfiles.model.policy import Category, Kind, Severity
    from pytest_hubfiles.sandbox import Sandbox

__all__ = ["Category", "Exchange", "Finding", "HubFiles", "HubfilesError", "Kind", "Sandbox", "Severity"]

_HOMES = {
    "Category": "model.policy",
    "Exchange": "model.exchange",
    "Finding": "model.finding",
    "HubFiles": "fixture",
    "HubfilesError": "errors",
    "Kind": "model.policy",
    "Sandbox": "sandbox",
    "Severity": "model.policy",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for: loading the plugin must cost nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def pytest_addoption(pluginmanager: Any) -> None:
    """Register the plugin for ``-p pytest_hubfiles`` where the package is not installed.

    For what ``pytest_plugins`` names, pytest looks through everything installed once more.
    """
    import importlib

    name = f"{__name__}.plugin.entry"
    entry = importlib.import_module(name)
    if not pluginmanager.is_registered(entry):
        pluginmanager.register(entry, name)
