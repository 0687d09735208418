"""How a test that uses the fixture starts: in which versions, and with which trial."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_hubfiles import cassettes
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.fixture import HubFiles
from pytest_hubfiles.plugin.activation import begin
from pytest_hubfiles.plugin.hooks import TRIAL
from pytest_hubfiles.plugin.marker import marker_arguments
from pytest_hubfiles.plugin.own_faults import OwnFaultError, failing
from pytest_hubfiles.plugin.run_settings import Run
from pytest_hubfiles.record.recorder import Recorder
from pytest_hubfiles.run.one_test import Trial
from pytest_hubfiles.secrets.write_guard import WriteGuard
from pytest_hubfiles.settings.precedence import NAMED, decide
from pytest_hubfiles.settings.values import RecordMode

if TYPE_CHECKING:
    from pytest_hubfiles.record.promotion import Takes

_RECORDERS: Final = {"vcr": "pytest-recording", "_vcr_marker": "pytest-vcr"}
"""The fixtures through which other plugins heed ``@pytest.mark.vcr``, each requested by every test."""


class TwoRecordersError(HubfilesError):
    """A test that another plugin is to record and replay as well."""

    def __init__(self, other: str) -> None:
        super().__init__(
            f"This test has two recorders: it requests the fixture hubfiles, and its @pytest.mark.vcr is for {other}.\n"
            "One would answer in the other's place, unjudged. Take the marker off, or the fixture out."
        )


class RecordingInCiError(HubfilesError):
    """A CI run that was to record without its command line saying so."""

    def __init__(self, source: str, mode: RecordMode) -> None:
        super().__init__(
            f"{source} is {mode.value}, which goes to the network here, and this is a CI run (CI is set).\n"
            "Record where somebody can review the cassettes, and commit them; or, if it is this run's job, "
            f"say so on its command line: --hubfiles-record {mode.value}."
        )


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Have a test that uses the fixture run once for each version asked for; a single one adds no id."""
    try:
        markers = marker_arguments(metafunc.definition.iter_markers("hubfiles"))
        versions = begin(metafunc.config).get("version", markers)
    except HubfilesError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
    except Exception as error:  # noqa: BLE001  # raised here, it would keep every test from running
        fault = OwnFaultError("reading the versions to run it for", error)
        metafunc.parametrize("hubfiles", [fault], ids=["fault"], indirect=True)
        return
    if len(versions) > 1:
        metafunc.parametrize("hubfiles", versions, ids=versions, indirect=True)


@contextmanager
def tried(request: pytest.FixtureRequest, vcr_config: dict[str, Any]) -> Iterator[HubFiles]:
    """Record or replay what the test that *request* is for sends, and offer it the calls of the fixture."""
    with failing("reading how to record or replay"):
        if isinstance(fault := getattr(request, "param", None), OwnFaultError):
            raise fault
        run = begin(request.config)
        if not run.running:  # nobody had begun when pytest started to run tests
            run.started()
        markers = marker_arguments(request.node.iter_markers("hubfiles"))
        mode: RecordMode = run.get("record", markers)
    # A replay needs none, and a suite may fetch its own from where not everybody can. No fault of ours if it fails.
    asks = mode is not RecordMode.NONE or "hubfiles_token" in request.fixturenames
    token: str | None = request.getfixturevalue("hubfiles_token") if asks else None
    with failing("starting to record or replay"), ExitStack() as recording:
        trial, version = _trial(request, run, markers, mode=mode, token=token, vcr_config=vcr_config)
        recording.enter_context(trial.recorder)
        offered = HubFiles(
            version=version,
            base_url=trial.recorder.base_url,
            cassette=trial.recorder.cassette,
            _trial=trial,
            _contracts=run.contracts,
            _token=token,
        )
        request.node.stash[TRIAL] = trial
        started = recording.pop_all()
    with failing("ending to record or replay", trial), started:
        yield offered


def _trial(
    request: pytest.FixtureRequest,
    run: Run,
    markers: tuple[Mapping[str, Any], ...],
    *,
    mode: RecordMode,
    token: str | None,
    vcr_config: dict[str, Any],
) -> tuple[Trial, str]:
    """Return the trial of the test that *request* is for, and the version it runs in.

    Raises:
        HubfilesError: if a setting, a marker, a schema or the vcrpy configuration is wrong.
    """
    item: pytest.Item = request.node
    version: str = getattr(request, "param", None) or run.get("version", markers)[0]
    run.check_versions([version], markers)
    named: str | None = run.get("cassette", markers)
    path = (
        cassettes.path_for(run.cassettes, version, _test_folder(item), _test_name(item, version))
        if named is None
        else cassettes.named_path(run.cassettes, version, named)
    )
    _check_recorders(item)
    _check_ci(run, mode, markers, path)
    write_guard = WriteGuard.of(os.environ, token)
    write_guard.learn(run.get("base_url"), {}, b"")  # it may have a password in it
    shown = run.shown(path)
    return (
        Trial(
            test=item.nodeid,
            shown=shown,
            recorder=Recorder(
                cassette=path,
                shown=shown,
                mode=mode,
                takes=_takes(run, path, mode, named is not None, write_guard),
                base_url=run.get("base_url"),
                identify=run.contracts.identify,
                write_guard=write_guard,
                additions=run.additions,
                vcr_config=vcr_config,
                limits=run.limits,
                test=item.nodeid,
            ),
            rules=run.rules(markers),
            shared=named is not None,
            siblings=run.cassettes / version,
            order=lambda: item.session.items.index(item),
            limits=run.limits,
        ),
        version,
    )


def _takes(run: Run, path: Path, mode: RecordMode, shared: bool, write_guard: WriteGuard) -> Takes | None:
    if mode in (RecordMode.NONE, RecordMode.VERIFY):
        return None
    from pytest_hubfiles.record.promotion import Takes  # a replay keeps nothing

    return Takes(path, run.id, mode, shared, run.limits, write_guard)


def _check_recorders(item: pytest.Item) -> None:
    if item.get_closest_marker("vcr") is None:
        return
    fixtures = getattr(item, "fixturenames", ())
    for fixture, plugin in _RECORDERS.items():
        if fixture in fixtures:
            raise TwoRecordersError(plugin)


def _check_ci(run: Run, mode: RecordMode, markers: tuple[Mapping[str, Any], ...], path: Path) -> None:
    replays = mode is RecordMode.NONE or (mode is RecordMode.ONCE and path.exists())
    if replays or os.environ.get("CI", "").lower() in ("", "0", "false", "no", "off"):
        return
    source, _ = decide("record", run.config.getoption, markers, run.config.getini) or ("", None)
    if source != NAMED["record"].flag:
        raise RecordingInCiError(source, mode)


def _test_folder(item: pytest.Item) -> PurePosixPath:
    """Return the test's file as a folder name, from rootdir and without its suffix."""
    return PurePosixPath(item.nodeid.split("::", 1)[0].removesuffix(".py"))


def _test_name(item: pytest.Item, version: str) -> str:
    """Return the test's name with its class and parameters, without the version's id."""
    # Not the test's own id, to which xdist adds its group with --dist loadgroup.
    classes = item.parent.nodeid.partition("::")[2] if item.parent is not None else ""
    name = f"{classes}::{item.name}" if classes else item.name
    callspec = getattr(item, "callspec", None)
    if callspec is None or "hubfiles" not in callspec.params:
        return name
    head = name[: len(name) - len(callspec.id) - 2]
    # Its id comes first, unless somebody else's pytest_generate_tests came before ours.
    rest = re.sub(rf"(?:^|-){re.escape(version)}(?=-|$)", "", callspec.id, count=1).removeprefix("-")
    return f"{head}[{rest}]" if rest else head
