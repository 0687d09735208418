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
        "is_case": _is_case(item),
        "is_adopted": "hubfiles" in item.fixturenames,
        "takes_cassette": "vcr" in inspect.signature(item.function).parameters,
        "name": str(named.args[0]) if named is not None and named.args else _name(item),
        "named": [*(str(path) for marker in markers for path in marker.args), *_named_by_case(item)],
        "targets": {version: str(path_of(item, run.cassettes, version)) for version in sorted(versions)},
    }


def _is_case(item: pytest.Function) -> bool:
    """Return whether *item* is of vcrpy's test case, which records each of its tests."""
    bases = () if item.cls is None else item.cls.__mro__
    return any((base.__module__, base.__name__) == ("vcr.unittest", "VCRMixin") for base in bases)


def _named_by_case(item: pytest.Function) -> list[str]:
    """Return the cassette that vcrpy's test case has for *item*, if it says so without having been set up.

    Source: ``VCRMixin`` in vcrpy 9.4.2.
    """
    if not _is_case(item) or item.cls is None:
        return []
    try:
        case: Any = item.cls(item.name)
        folder = case._get_vcr_kwargs().get("cassette_library_dir")  # as vcrpy calls them
        folder = folder or case._get_cassette_library_dir()  # likewise
        return [str(Path(folder) / case._get_cassette_name())]  # likewise
    except Exception:  # noqa: BLE001  # they may be overridden, and need what a set-up makes
        return []


def _name(item: pytest.Function) -> str:
    """Return the name that pytest-recording gives the cassette of *item*, and pytest-vcr and vcrpy's test case too.

    Source: ``get_default_cassette_name`` of pytest-recording 0.14.1.
    """
    return "".join("-" if char in _REPLACED_BY_PYTEST_RECORDING else char for char in name_with_class(item))
