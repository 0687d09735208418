"""Everything that is set for one test, resolved in one call: its version, its cassette, how to record and to judge."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_hubfiles import cassettes
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.plugin.cassette_names import path_of
from pytest_hubfiles.plugin.marker import marker_arguments
from pytest_hubfiles.settings.precedence import NAMED
from pytest_hubfiles.settings.values import RecordMode

if TYPE_CHECKING:
    from pytest_hubfiles.plugin.run_settings import Run
    from pytest_hubfiles.run.rules import Rules

_RECORDERS: Final = {"vcr": "pytest-recording", "_vcr_marker": "pytest-vcr"}
"""The fixtures through which other plugins heed ``@pytest.mark.vcr``, each requested by every test."""

_REPLAYING: Final = (RecordMode.NONE, RecordMode.ONCE, RecordMode.NEW_EPISODES)
"""The modes in which what a cassette has is replayed."""


class TwoRecordersError(HubfilesError):
    """A test that another plugin would record and replay as well."""

    def __init__(self, other: str) -> None:
        super().__init__(
            f"This test has two recorders: it requests the fixture hubfiles, and its @pytest.mark.vcr is for {other}.\n"
            "One would answer in the other's place, unjudged. Remove the marker or the fixture."
        )


class VersionsNotRunError(HubfilesError):
    """A test that is asked for in several versions, and requests the fixture when it is too late to repeat it."""

    def __init__(self, version: str, others: list[str]) -> None:
        super().__init__(
            f"This test is to run for the versions {', '.join([version, *others])}, and asks for the fixture with "
            "request.getfixturevalue, too late to be repeated.\n"
            'Name the fixture where pytest sees it at collection: @pytest.mark.usefixtures("hubfiles").'
        )


class RecordingInCiError(HubfilesError):
    """A CI run that would record although its command line does not say so."""

    def __init__(self, source: str, mode: RecordMode) -> None:
        super().__init__(
            f"{source} is {mode.value}, which goes to the network here, and this is a CI run (CI is set).\n"
            "Record where somebody can review the cassettes, and commit them; or, if it is this run's job, "
            f"say so on its command line: --hubfiles-record {mode.value}."
        )


@dataclass(frozen=True, slots=True)
class TestSettings:
    """What is set for one test.

    ``shown`` is how messages call the ``cassette``; ``shared`` says whether other tests may use it too. ``changes``
    are the names of changes of the API to replay with, all at once.
    """

    version: str
    mode: RecordMode
    cassette: Path
    shown: str
    shared: bool
    rules: Rules
    changes: tuple[str, ...] = ()

    @property
    def is_replayed(self) -> bool:
        """Whether the test is answered from what is recorded already."""
        return self.mode in _REPLAYING and self.cassette.exists()


def version_of(item: pytest.Item) -> str | None:
    """Return the version for which the test *item* is repeated, None where it runs for one alone."""
    callspec = getattr(item, "callspec", None)
    version: str | None = None if callspec is None else callspec.params.get("hubfiles")
    return version


def settings_of(item: pytest.Item, run: Run, version: str | None) -> TestSettings:
    """Return what is set for the test *item*; *version* is that of its parameter, None where it has none.

    Raises:
        HubfilesError: if a setting, a marker or a schema is wrong, or if the test must not record.
    """
    markers = marker_arguments(item.iter_markers("hubfiles"))
    if version is None:
        version, *others = run.get("version", markers)
        if others:
            raise VersionsNotRunError(version, others)
    run.check_versions([version], markers)
    changes: tuple[str, ...] = run.get("change", markers)
    is_replay = bool(changes) or run.trial is not None
    mode: RecordMode = RecordMode.NONE if is_replay else run.get("record", markers)
    path, named = cassette_of(item, run, version, markers), run.get("cassette", markers)
    if named is None:
        run.namesakes(item.session.items).check(item, path, version, run)
    if run.get("candidates") and os.path.lexists(cassettes.candidate_path(path)):
        path, mode = cassettes.candidate_path(path), RecordMode.NONE
    _check_recorders(item)
    source, _ = run.decided("record", markers) or ("", None)
    if run.records_by_addopts:
        source = f"{source}, in addopts,"
    if source != NAMED["record"].flag and _is_ci() and goes_live(mode, path):
        raise RecordingInCiError(source, mode)
    return TestSettings(version, mode, path, run.shown(path), named is not None, run.rules(markers), changes)


def cassette_of(item: pytest.Item, run: Run, version: str, markers: tuple[Mapping[str, Any], ...]) -> Path:
    """Return the path of the cassette of the test *item* in *version*: one that its *markers* name, or its own.

    Raises:
        HubfilesError: if a marker is wrong.
    """
    named: str | None = run.get("cassette", markers)
    if named is None:
        return path_of(item, run.cassettes, version)
    return cassettes.named_path(run.cassettes, version, named)


def _check_recorders(item: pytest.Item) -> None:
    if item.get_closest_marker("vcr") is None:
        return
    fixtures = getattr(item, "fixturenames", ())
    for fixture, plugin in _RECORDERS.items():
        if fixture in fixtures:
            raise TwoRecordersError(plugin)


def _is_ci() -> bool:
    return os.environ.get("CI", "").lower() not in ("", "0", "false", "no", "off")


def goes_live(mode: RecordMode, cassette: Path) -> bool:
    """Return whether a test of this *mode* may ask the network, with this *cassette*."""
    return mode is not RecordMode.NONE and not (mode is RecordMode.ONCE and cassette.exists())
