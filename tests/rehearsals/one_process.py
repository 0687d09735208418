"""A pytest plugin that rehearses in one process, without a fork: the control, which has to go wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from pytest_hubfiles.plugin import rehearsing

_SILENT = "pytest_hubfiles.silent"


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Have what is to be done in a child done here, and what that leaves behind in our own plugin taken back."""
    plugin: Any = config.pluginmanager.get_plugin("pytest_hubfiles.rehearsing")

    def in_one_process(work: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
        try:
            said: dict[str, Any] = json.loads(json.dumps(work()))
            return said
        finally:
            plugin._is_child, plugin._run.trial = False, None
            config.pluginmanager.unregister(name=_SILENT)

    rehearsing.in_child = in_one_process  # type: ignore[assignment]
