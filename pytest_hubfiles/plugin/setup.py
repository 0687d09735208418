"""How a test that uses the fixture starts: in which versions it runs, and what records, replays and judges it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.fixture import HubFiles
from pytest_hubfiles.model.hubspot_api import CANONICAL_ORIGIN
from pytest_hubfiles.plugin.activation import begin
from pytest_hubfiles.plugin.hooks import TEST_RUN
from pytest_hubfiles.plugin.marker import marker_arguments
from pytest_hubfiles.plugin.own_faults import OwnFaultError, failing
from pytest_hubfiles.plugin.run_settings import Run
from pytest_hubfiles.plugin.settings_of_test import TestSettings, settings_of
from pytest_hubfiles.record import Interception, Recorder
from pytest_hubfiles.record.reach import Reach
from pytest_hubfiles.run.one_test import TestRun
from pytest_hubfiles.secrets.write_guard import WriteGuard
from pytest_hubfiles.settings.values import RecordMode

if TYPE_CHECKING:
    from pytest_hubfiles.record import StagedRecordings


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


def base_url_of(config: pytest.Config) -> str:
    """Return where this run sends its requests to HubSpot."""
    with failing("reading the base URL"):
        base_url: str = begin(config).get("base_url")
        return base_url


@contextmanager
def recorded_or_replayed(request: pytest.FixtureRequest, vcr_config: dict[str, Any]) -> Iterator[HubFiles]:
    """Record or replay what the test that *request* is for sends, and offer it the calls of the fixture."""
    item: pytest.Item = request.node
    with failing("reading how to record or replay"):
        param = getattr(request, "param", None)
        if isinstance(param, OwnFaultError):
            raise param
        run = begin(request.config)
        if not run.running:  # nobody had begun when pytest started to run tests
            run.started()
        wanted = settings_of(item, run, param)
    # A replay needs none, and a suite may fetch its own from where not everybody can. No fault of ours if it fails.
    asks = wanted.mode is not RecordMode.NONE or "hubfiles_token" in request.fixturenames
    token: str | None = request.getfixturevalue("hubfiles_token") if asks else None
    with failing("starting to record or replay"), ExitStack() as recording:
        test_run = _test_run(item, run, wanted, token=token, vcr_config=vcr_config)
        recorder = run.redaction.recorder = test_run.recorder
        recording.enter_context(Interception(recorder))
        offered = HubFiles(
            version=wanted.version,
            base_url=recorder.base_url,
            cassette=recorder.cassette,
            _test_run=test_run,
            _contracts=run.contracts,
            _token=token,
        )
        item.stash[TEST_RUN] = test_run
        started = recording.pop_all()
    with failing("ending to record or replay", test_run), started:
        yield offered


def _test_run(
    item: pytest.Item, run: Run, wanted: TestSettings, *, token: str | None, vcr_config: dict[str, Any]
) -> TestRun:
    """Return what records or replays the test *item*, and judges it.

    Raises:
        HubfilesError: if the vcrpy configuration is wrong.
    """
    base_url = run.get("base_url")

    def public() -> str:
        parts = urlsplit(base_url.lower())
        return (
            f"{CANONICAL_ORIGIN}\n{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}\n{run.contracts.paths}"
        )

    write_guard = WriteGuard.of(os.environ, token, public)
    write_guard.learn(base_url, {}, b"")  # it may have a password in it
    recorder = Recorder(
        cassette=wanted.cassette,
        display_name=wanted.shown,
        mode=wanted.mode,
        staged=_staged(run, wanted, write_guard),
        base_url=base_url,
        identify=run.contracts.identify,
        write_guard=write_guard,
        additions=run.additions,
        vcr_config=_checked(vcr_config),
        limits=run.limits,
        test=item.nodeid,
        max_identical_answers=run.get("max_identical_answers"),
        stragglers=run.stragglers,
        reach=Reach(run.get("base_url"), run.get("hosts"), token),
    )
    return TestRun(
        test=item.nodeid,
        shown=wanted.shown,
        recorder=recorder,
        rules=wanted.rules,
        shared=wanted.shared,
        siblings=run.cassettes / wanted.version,
        order=lambda: item.session.items.index(item),
        limits=run.limits,
    )


def _checked(config: object) -> Mapping[str, Any]:
    if isinstance(config, Mapping) and not config:
        return {}
    from pytest_hubfiles.record.vcrpy.config import checked

    return checked(config)


def _staged(run: Run, wanted: TestSettings, write_guard: WriteGuard) -> StagedRecordings | None:
    if wanted.mode in (RecordMode.NONE, RecordMode.VERIFY):
        return None
    from pytest_hubfiles.record import StagedRecordings  # a replay keeps nothing

    return StagedRecordings(
        wanted.cassette, run.id, wanted.mode, wanted.shared, run.limits, write_guard, run.get("base_url")
    )
