"""Rehearses each test that replays before it runs: in processes that fork from this one, with a change in each."""

from __future__ import annotations

import gc
import inspect
import sys
import threading
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

import pytest

from pytest_hubfiles import clock
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.own_work import own_work
from pytest_hubfiles.plugin.explaining import arguments_of
from pytest_hubfiles.plugin.hooks import TEST_RUN
from pytest_hubfiles.plugin.kept_tests import keepers
from pytest_hubfiles.plugin.late_modules import import_all, imported_after, is_of_python
from pytest_hubfiles.plugin.own_faults import complaining
from pytest_hubfiles.plugin.progress import Progress
from pytest_hubfiles.plugin.run_settings import Run
from pytest_hubfiles.plugin.settings_of_test import settings_of, version_of
from pytest_hubfiles.plugin.silent import Silent, keep_apart
from pytest_hubfiles.plugin.trial import Recorded, Trial
from pytest_hubfiles.record.fast import player
from pytest_hubfiles.record.vcrpy.installed import refuse_unsafe
from pytest_hubfiles.rehearsal import evidence
from pytest_hubfiles.rehearsal.asking import MoveWatch
from pytest_hubfiles.rehearsal.changes import Change, Family
from pytest_hubfiles.rehearsal.child import NoEndError, check_can_fork, in_child
from pytest_hubfiles.rehearsal.choice import Choice
from pytest_hubfiles.rehearsal.move import Move
from pytest_hubfiles.rehearsal.moving import Moving, asked_as_new
from pytest_hubfiles.rehearsal.rehearse import OneTest, RehearsalOfTest, Told
from pytest_hubfiles.rehearsal.verdicts import is_installed
from pytest_hubfiles.report.rehearsal import Break, Ending, Rehearsal, Rehearsed
from pytest_hubfiles.settings.values import RecordMode

_CACHED: Final = "hubfiles/rehearsed"
_PASSED: Final[pytest.StashKey[bool]] = pytest.StashKey()
_RESULT: Final[pytest.StashKey[Rehearsed]] = pytest.StashKey()
_MOST_SHARED: Final = 16
"""Of so many cassettes it is kept what they allow: tests that share one stand near each other."""

_PATIENCE: Final = 60.0
_MANY_TIMES: Final = 20
"""A run with a change may take a minute, or so many times what the test takes without one: then it waits for nobody."""
_FIRST_PATIENCE: Final = 120.0
_LEAST_PATIENCE: Final = 15.0
"""Without a change a test may take two minutes, and after one that came to no end a quarter of that, and so on."""
_OF_THREADS: Final = "; it may wait for a thread from before, as of a session's pool, which no run of a rehearsal has"

_LATE: Final = 'it asks for the fixture when it runs; name it before: @pytest.mark.usefixtures("hubfiles")'


def known_breaks(config: pytest.Config) -> dict[str, list[str]]:
    """Return the changes that broke each test the last time that it was rehearsed, from pytest's cache."""
    cache = getattr(config, "cache", None)
    known = {} if cache is None else cache.get(_CACHED, {})
    return known if isinstance(known, dict) else {}


def remember_breaks(config: pytest.Config, rehearsal: Rehearsal) -> None:
    """Have pytest's cache hold the changes that broke each test; a test that was not rehearsed keeps its own."""
    cache = getattr(config, "cache", None)
    if cache is None or hasattr(config, "workerinput"):
        return
    found: dict[str, list[str]] = {test: [] for test in rehearsal.names}
    for one in rehearsal.breaks:
        found[one.test].append(one.change)
    cache.set(_CACHED, {**known_breaks(config), **found})


class _Subject(NamedTuple):
    """A test to rehearse, what is recorded of it, and what stands for the next test."""

    item: pytest.Item
    recorded: Recorded
    neighbour: pytest.Item | None


class Rehearsing:
    """Rehearses the tests of a run.

    Raises:
        NoForkError: if this machine cannot.
    """

    def __init__(self, run: Run) -> None:
        check_can_fork()
        self._run = run
        self._choice = Choice(
            run.get("rehearse"), run.get("rehearse_only"), run.get("rehearse_budget"), run.rules().known_deviations
        )
        versions = run.rehearsed_versions
        self._move = None if versions is None else Move(*versions, run.contracts)
        self._families = lru_cache(_MOST_SHARED)(self._found_families)
        self._suspects = known_breaks(run.config)
        self._before: pytest.Item | None = None
        self._is_child, self._silent = False, Silent()
        self._own_work = own_work()
        self._deadline: float | None = None
        self._limit, self._first_limit = _PATIENCE, _FIRST_PATIENCE

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, Any, Any]:
        """Rehearse *item*, and then have it run as ever."""
        if not self._is_child:
            self._own_work = own_work()
            with self._own_work, complaining(self._run, f"rehearsing {item.nodeid}"):
                self._rehearse(item)
            self._before = item
        return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Hand on what the rehearsal of a test came to, if the test itself passed."""
        asked_late = TEST_RUN in item.stash and not _asks(item)  # once it is reported that is gone
        report = yield
        item.stash[_PASSED] = item.stash.get(_PASSED, True) and report.passed
        if call.when == "teardown" and not self._is_child:
            late = Rehearsed(item.nodeid, refused=_LATE) if asked_late else None
            rehearsed = item.stash.get(_RESULT, late)
            if rehearsed is not None and (item.stash[_PASSED] or rehearsed.refused is not None):
                self._run.rehearsals.give(item.nodeid, rehearsed)
                self._run.rehearsals.attach(item.nodeid, report)
        return report

    def _rehearse(self, item: pytest.Item) -> None:
        if not _asks(item):
            return
        run = self._run
        try:
            wanted = settings_of(item, run, version_of(item))
            if wanted.changes or (self._move is not None and wanted.version != self._move.old):
                return  # it is a rehearsal itself, or of another version
            if not wanted.is_replayed:
                why = "nothing is recorded of it" if wanted.mode is RecordMode.NONE else "it records"
                item.stash[_RESULT] = Rehearsed(item.nodeid, refused=why)
                return
            subject = _Subject(item, Recorded.read(wanted.cassette, run.limits), _neighbour(item, self._before))
        except HubfilesError:
            return  # which the test itself will say
        if self._deadline is None and self._choice.budget is not None:
            self._deadline = time.monotonic() + self._choice.budget
        self._prepare(item.config)
        gc.freeze()  # what is there already is copied for no child's garbage collector
        try:
            rehearsal, families = self._rehearsal(subject)
            progress = Progress(run.config)
            rehearsed = rehearsal.run(self._is_over, lambda *counts: progress.show(item.nodeid, *counts))
            progress.end(rehearsed)
            found = evidence.of_test(rehearsed, families, subject.recorded.plain, run.contracts) if families else {}
            item.stash[_RESULT] = replace(
                rehearsed, evidence=found, breaks=tuple(self._known(item, wanted.cassette, rehearsed.breaks))
            )
        finally:
            gc.unfreeze()

    def _known(self, item: pytest.Item, cassette: Path, breaks: Sequence[Break]) -> Iterator[Break]:
        """Yield *breaks*; those that a test keeps with the change, which shares the cassette, are accepted."""
        kept = keepers(item, self._run, cassette) if breaks else {}
        for one in breaks:
            yield replace(one, accepted=f"kept as {kept[one.change]}") if one.change in kept else one

    def _rehearsal(self, subject: _Subject) -> tuple[RehearsalOfTest | Moving, Mapping[Change, str]]:
        """Return what rehearses *subject*, and the changes that its cassette allows, each with its family."""
        name = subject.item.nodeid
        test, suspects = OneTest(name, arguments_of([name], self._run)), self._suspects.get(name, ())
        move, choice, plain = self._move, self._choice, subject.recorded.plain
        if move is None:
            families = self._families(subject.recorded)
            return RehearsalOfTest(test, families, lambda changes: self._told(subject, changes), suspects), families
        changes = [change for change in move.changes_of(plain) if choice.is_wanted(change)]

        def attempt(tried: Sequence[Change], as_new: bool) -> Told:
            return self._told(subject, tried, move if as_new else None)

        return Moving(test, move, move.operations(plain), changes, attempt, suspects), {}

    def _found_families(self, recorded: Recorded) -> Mapping[Change, Family]:
        return dict(self._choice.of(recorded.plain, self._run.contracts))

    def _is_over(self) -> bool:
        return self._deadline is not None and time.monotonic() > self._deadline

    def _told(self, subject: _Subject, changes: Sequence[Change], move: Move | None = None) -> Told:
        """Return what *subject* comes to with *changes* after *move*, in a process of its own."""
        asking = None if move is None else MoveWatch(move, subject.item.config.rootpath)
        trial = Trial.of(changes, subject.recorded, self._run.contracts, asking)
        started, limit = time.monotonic(), self._first_limit if trial.is_control else self._limit
        told = self._ran(subject, trial, limit)
        took = time.monotonic() - started
        if trial.is_control:
            self._limit = max(_PATIENCE, _MANY_TIMES * took)
        if trial.is_control and took >= limit:
            self._first_limit = max(_LEAST_PATIENCE, limit / 4)
        names = list(self._importable(subject, trial, told))
        if names:  # once here, rather than in each child
            import_all(names)
            self._prepare(subject.item.config)
        return told

    def _ran(self, subject: _Subject, trial: Trial, seconds: float, imported: Sequence[str] = ()) -> Told:
        """Return what *subject* comes to in a process of its own that has *imported* modules before."""

        def work() -> Mapping[str, Any]:
            import_all(imported)
            try:
                return self._in_child(subject, trial).to_dict()
            except Exception as error:  # noqa: BLE001  # of a hook, or of an error that cannot be written
                return Told(None, self._run.redaction.redacted_now(f"{type(error).__name__}: {error}")).to_dict()

        started = time.monotonic()
        try:
            return Told.from_dict(in_child(work, seconds=seconds))
        except NoEndError as error:
            may_wait = threading.active_count() > 1 and time.monotonic() - started >= seconds
            return Told(None, error.reason + _OF_THREADS * may_wait)

    def _importable(self, subject: _Subject, trial: Trial, told: Told) -> Iterator[str]:
        """Yield what the test has imported, and may find imported already.

        Of other packages that is what it imports without any change, and if it then passes as it did before: a package
        may look at the environment when it is imported, as the test has set it.
        """
        others = {name for name in told.imported if not is_of_python(name)}
        if others and trial.is_control and told.verdict is Ending.PASSES:
            again = self._ran(subject, trial, self._limit, told.imported)
            others = set() if told.otherwise(again) is None else others
        yield from (name for name in told.imported if name not in others)

    def _prepare(self, config: pytest.Config) -> None:
        """Do here, for all children, what each of them would do once."""
        if not config.pluginmanager.is_registered(self._silent):  # only now, as it is to be asked before all others
            config.pluginmanager.register(self._silent, "pytest_hubfiles.silent")
        with suppress(HubfilesError):  # which the test itself will say
            refuse_unsafe()
        player.prepare()
        is_installed(__file__)
        inspect.getmodule(_asks.__code__)  # which file is which module's, as every traceback asks
        clock.prepare()

    def _in_child(self, subject: _Subject, trial: Trial) -> Told:
        newest, silent, item = next(reversed(sys.modules)), self._silent, subject.item
        self._is_child = silent.is_on = True
        self._run.trial = trial
        keep_apart(item.config)
        with self._own_work.suspended():
            item.ihook.pytest_runtest_protocol(item=item, nextitem=subject.neighbour)
        told = replace(silent.told(self._run, item.config.rootpath), imported=tuple(imported_after(newest)))
        return told if trial.asking is None else asked_as_new(told, item.nodeid, trial.asking)


def _asks(item: pytest.Item) -> bool:
    """Return whether *item* is known to use the fixture before it runs."""
    return "hubfiles" in getattr(item, "fixturenames", ())


def _neighbour(item: pytest.Item, before: pytest.Item | None) -> pytest.Item | None:
    """Return what stands for the next test, so that only the fixtures are torn down that *item* has set up.

    What the tests *before* have set up is this process's, of which the child has a copy.
    """
    if before is None:
        return None
    shared = set(before.listchain())
    parents = (
        node for node in reversed(item.listchain()[:-1]) if node in shared and isinstance(node, pytest.Collector)
    )
    return cast("pytest.Item", _Neighbour.from_parent(next(parents), name="next"))


class _Neighbour(pytest.Item):
    """A test that is never run."""

    def runtest(self) -> None:
        """Do nothing."""
