"""Tells ``hubfiles adopt`` which tests a suite has, and which cassette each one will look for.

It is loaded in the collection that ``adoption/suite.py`` starts, and nowhere else.
"""

from __future__ import annotations

import inspect
import json
import os
from pathlib import Path
from typing import Any

import pytest

from pytest_hubfiles.judge import shipped
from pytest_hubfiles.plugin.activation import begin
from pytest_hubfiles.plugin.cassette_names import name_with_class, path_of
from pytest_hubfiles.plugin.run_settings import Run

_REPLACED_BY_PYTEST_RECORDING = r"<>?%*:|\"'/\\"


def pytest_configure(config: pytest.Config) -> None:
    """Know the markers of the recorders that the suite comes from: they need not be installed."""
    for name in ("vcr", "default_cassette", "block_network", "allowed_hosts"):
        config.addinivalue_line("markers", f"{name}: of the recorder that this suite comes from")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Write what is known of each test to the file that the command reads."""
    run = begin(session.config)
    versions = {*shipped.versions_on_file(run.get("schemas")), *run.get("version")}
    tests = [_facts(item, run, versions) for item in session.items if isinstance(item, pytest.Function)]
    facts = {"version": run.get("version")[0], "tests": tests}
    Path(os.environ["HUBFILES_ADOPT"]).write_text(json.dumps(facts), encoding="utf-8")


def _facts(item: pytest.Function, run: Run, versions: set[str]) -> dict[str, Any]:
    named = item.get_closest_marker("default_cassette")
    markers = list(item.iter_markers("vcr"))
    return {
        "id": item.nodeid,
        "file": str(item.path),
        "function": ".".join([*item.nodeid.split("::")[1:-1], item.originalname or item.name]),
        "is_marked": bool(markers),
        "is_adopted": "hubfiles" in item.fixturenames,
        "takes_cassette": "vcr" in inspect.signature(item.function).parameters,
        "name": str(named.args[0]) if named is not None and named.args else _name(item),
        "named": [str(path) for marker in markers for path in marker.args],
        "targets": {version: str(path_of(item, run.cassettes, version)) for version in sorted(versions)},
    }


def _name(item: pytest.Function) -> str:
    """Return the name that pytest-recording gives the cassette of *item*, and pytest-vcr and vcrpy's test case too.

    Source: ``get_default_cassette_name`` of pytest-recording 0.14.1.
    """
    return "".join("-" if char in _REPLACED_BY_PYTEST_RECORDING else char for char in name_with_class(item))
