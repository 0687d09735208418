"""How a test that uses the fixture starts: in which versions it runs, and what records, replays and judges it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from time import monotonic, process_time  # as they are now: a test may have patched them when they are asked
from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.fixture import HubFiles
from pytest_hubfiles.model.hubspot_api import CANONICAL_ORIGIN
from pytest_hubfiles.own_work import own_work
from pytest_hubfiles.plugin.activation import begin
from pytest_hubfiles.plugin.hooks import TEST_RUN
from pytest_hubfiles.plugin.marker import marker_arguments
from pytest_hubfiles.plugin.own_faults import OwnFaultError, failing
from pytest_hubfiles.plugin.run_settings import Run
from pytest_hubfiles.plugin.settings_of_test import TestSettings, goes_live, settings_of, version_of
from pytest_hubfiles.record import Interception, Recorder
from pytest_hubfiles.record.interception import Change
from pytest_hubfiles.record.reach import Reach
from pytest_hubfiles.record.token import check_token
from pytest_hubfiles.record.vcrpy.installed import import_vcrpy
from pytest_hubfiles.run.one_test import TestRun
from pytest_hubfiles.secrets.write_guard import WriteGuard
from pytest_hubfiles.settings.values import RecordMode, Sleep

if TYPE_CHECKING:
    from pytest_hubfiles.record import StagedRecordings


_PATIENT_POLLS: Final = 20
_STRETCH: Final = 1.25
_LONGEST_STRETCH: Final = 1000.0
"""After so many polls of a task that does not end, each sleep is longer than the one before: no time-out is too long.

The steps are small, so that of two time-outs the shorter one is reached first. Where few polls are allowed, half of
them are as they are, and half of the others make the sleeps a thousand times as long.
"""


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


def is_replayed(request: pytest.FixtureRequest) -> bool:
    """Return whether the test that *request* is for needs no network; what is wrong with it, its fixture will say."""
    with own_work():
        try:
            wanted = settings_of(request.node, begin(request.config), version_of(request.node))
        except HubfilesError:
            return False
        return not goes_live(wanted.mode, wanted.cassette)


def recorded_or_replayed(request: pytest.FixtureRequest, vcr_config: Mapping[str, Any]) -> Iterator[HubFiles]:
    """Record or replay what the test that *request* is for sends, and offer it the calls of the fixture."""
    item: pytest.Item = request.node
    aside = own_work()
    with aside, failing("reading how to record or replay"):
        param = getattr(request, "param", None)
        if isinstance(param, OwnFaultError):
            raise param
        run = begin(request.config)
        if not run.running:  # nobody had begun when pytest started to run tests
            run.started()
        wanted = settings_of(item, run, param)
    # A replay needs none, and a suite may fetch its own from where not everybody can. No fault of ours if it fails.
    asks = wanted.mode is not RecordMode.NONE or "hubfiles_token" in request.fixturenames
    token, aside = (request.getfixturevalue("hubfiles_token"), own_work()) if asks else (None, aside)
    with aside, failing("starting to record or replay"), ExitStack() as recording:
        test_run = _test_run(item, run, wanted, token=token, vcr_config=vcr_config)
        recorder = run.redaction.recorder = test_run.recorder
        if recorder.live:
            check_token(token)
        recording.enter_context(run.redaction.log)  # the first test of a run may ask for the fixture itself
        trial, change = run.trial, _change(run, wanted)
        run.stragglers.stand_guard()  # before the test has guards of its own
        recording.enter_context(Interception(recorder, change))
        asking = None if trial is None else trial.asking
        if asking is not None:
            recorder.tape.takes_any_body, recorder.tape.watch = True, asking.see
        offered = HubFiles(
            version=wanted.version if asking is None else asking.move.new,
            base_url=recorder.base_url,
            cassette=recorder.cassette,
            _test_run=test_run,
            _contracts=run.contracts,
            _token=token,
        )
        item.stash[TEST_RUN] = test_run
        if recorder.live:
            recording.callback(_shown(item, recorder))
        recording.enter_context(_sleeping(run, test_run))
        started = recording.pop_all()
    try:
        yield offered
    finally:
        _end(test_run, started)


def _end(test_run: TestRun, started: ExitStack) -> None:
    # A replay only puts back what was there.
    aside: AbstractContextManager[object] = own_work() if test_run.recorder.live else nullcontext()
    with aside, failing("ending to record or replay", test_run):
        started.close()


def _shown(item: pytest.Item, recorder: Recorder) -> Callable[[], None]:
    """Show how far the recording of a test has come; return what ends that."""
    from pytest_hubfiles.plugin.progress import RecordingProgress  # a replay shows nothing

    progress = RecordingProgress(item)
    recorder.history.on_live = progress.see
    return progress.end


def _test_run(
    item: pytest.Item, run: Run, wanted: TestSettings, *, token: str | None, vcr_config: Mapping[str, Any]
) -> TestRun:
    """Return what records or replays the test *item*, and judges it.

    Raises:
        HubfilesError: if the vcrpy configuration is wrong.
    """
    base_url = run.get("base_url")
    write_guard = WriteGuard.of(os.environ, token, lambda: run.public)
    if base_url != CANONICAL_ORIGIN:  # it may have a password in it
        write_guard.learn(base_url, {}, b"")
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
        reach=Reach(base_url, run.get("hosts"), token),
        recorded=None if run.trial is None else run.trial.recorded_in(wanted.cassette),
    )
    return TestRun(
        test=item.nodeid,
        shown=wanted.shown,
        recorder=recorder,
        rules=wanted.rules,
        shared=wanted.shared,
        accepted=run.accepted,
        siblings=run.cassettes / wanted.version,
        order=lambda: item.session.items.index(item),
        limits=run.limits,
        judged_elsewhere=run.trial is not None and not run.trial.is_control,
    )


def _change(run: Run, wanted: TestSettings) -> Change | None:
    """Return what the API does otherwise in this test, None if nothing."""
    if run.trial is not None:
        return run.trial.answer
    if not wanted.changes:
        return None
    from pytest_hubfiles.plugin.kept_tests import of_the_same_name
    from pytest_hubfiles.rehearsal.applied import named

    near = () if wanted.cassette.exists() else of_the_same_name(wanted.cassette, run, wanted.version)
    return named(wanted.changes, run.contracts, wanted.shown, near)


def _sleeping(run: Run, test_run: TestRun) -> AbstractContextManager[object]:
    """Have sleeps of a replay return at once where that is wanted, or note how long it waited.

    With a change of the API they always do: a test that polls on is to come to its own time-out.
    """
    tape = test_run.recorder.tape
    if run.get("sleep") is Sleep.REAL and not tape.is_changed:
        return _Waiting(test_run)
    from pytest_hubfiles import clock

    if test_run.recorder.live or clock.active() is not None:
        return nullcontext()
    virtual, patient = clock.VirtualClock(), min(_PATIENT_POLLS, tape.most_repeats // 2)
    left = max(1, tape.most_repeats - patient)
    factor = max(_STRETCH, _LONGEST_STRETCH ** (2 / left))

    def hurry(seconds: float) -> None:
        longer = min(max(0, tape.repeats - patient), left, 100)
        virtual.stretch = min(_LONGEST_STRETCH, factor**longer)

    virtual.on_skip = hurry if tape.is_changed else None
    return virtual


class _Waiting(AbstractContextManager["_Waiting"]):
    """Notes for how long the test neither computed nor ended, which it spent asleep unless it talked to others."""

    def __init__(self, test_run: TestRun) -> None:
        self._test_run = test_run
        self._wall, self._processor = monotonic(), process_time()

    def __exit__(self, *_: object) -> None:
        computed = process_time() - self._processor
        waited = monotonic() - self._wall - computed
        is_plain = waited > max(1.0, 2 * computed)  # a busy machine makes whoever computes wait as well
        self._test_run.waited = waited if is_plain and not self._test_run.recorder.live else 0.0


def _checked(config: object) -> Mapping[str, Any]:
    if isinstance(config, Mapping) and not config:
        return {}
    import_vcrpy()
    from pytest_hubfiles.record.vcrpy.config import checked

    return checked(config)


def _staged(run: Run, wanted: TestSettings, write_guard: WriteGuard) -> StagedRecordings | None:
    if wanted.mode in (RecordMode.NONE, RecordMode.VERIFY):
        return None
    from pytest_hubfiles.record import StagedRecordings  # a replay keeps nothing

    return StagedRecordings(
        wanted.cassette, run.id, wanted.mode, wanted.shared, run.limits, write_guard, run.get("base_url")
    )
