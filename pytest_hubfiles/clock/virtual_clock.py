"""The virtual clock: while it is on, sleeps return at once and every clock that a program sees moves on by as much."""

from __future__ import annotations

import operator
import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Final

import time_machine

from pytest_hubfiles.clock.conditions import ConditionWaits
from pytest_hubfiles.clock.loops import LoopWaits
from pytest_hubfiles.clock.places import Place, Replacement, find
from pytest_hubfiles.clock.simulation import Simulation
from pytest_hubfiles.errors import HubfilesError

_sleep, _monotonic, _monotonic_ns = time.sleep, time.monotonic, time.monotonic_ns
_perf_counter, _perf_counter_ns = time.perf_counter, time.perf_counter_ns
_ctime, _asctime = time.ctime, time.asctime

_LONGEST: Final = 9_223_372_036
"""The longest sleep that Python accepts, in whole seconds."""


class TwoClocksError(HubfilesError):
    """A virtual clock was put on while another one is on."""

    def __init__(self) -> None:
        super().__init__("A virtual clock is on already, and there can be one at a time. Use active() to reach it.")


class VirtualClock:
    """Skips sleeps, within a ``with`` statement, and moves the clocks on by what was skipped.

    ``stretch`` is by how many seconds the clocks move on for each that is skipped. ``on_skip``, where given, is called
    at each skip with its seconds, in the thread that slept; what it raises is raised from the sleep, and in trio
    ends the run.
    """

    def __init__(self, *, stretch: float = 1.0, on_skip: Callable[[float], None] | None = None) -> None:
        self._simulation = Simulation(_move_wall_clock)
        self.stretch, self.on_skip = stretch, on_skip
        self._undo = ExitStack()

    @property
    def now(self) -> float:
        """By how many seconds the clocks are ahead of real time."""
        return self._simulation.ahead / 1e9

    @property
    def skipped(self) -> float:
        """How many seconds of sleep were skipped."""
        return self._simulation.skipped

    @property
    def stretch(self) -> float:
        """By how many seconds the clocks move on for each that is skipped."""
        return self._simulation.stretch

    @stretch.setter
    def stretch(self, factor: float) -> None:
        self._simulation.stretch = factor

    @property
    def on_skip(self) -> Callable[[float], None] | None:
        """What is called at each skip, with its seconds."""
        return self._simulation.on_skip

    @on_skip.setter
    def on_skip(self, hook: Callable[[float], None] | None) -> None:
        self._simulation.on_skip = hook

    def __enter__(self) -> VirtualClock:
        if _STATE.clock is not None:
            raise TwoClocksError
        with ExitStack() as undo:
            _STATE.clock, places = self, _STATE.take_places()
            undo.callback(_STATE.forget_clock)
            if not _is_time_of_gevent():
                self._put_on(undo, places)
            self._undo = undo.pop_all()
        return self

    def _put_on(self, undo: ExitStack, places: list[Place]) -> None:
        replacement = Replacement(places, {**_FUNCTIONS, **_trio_functions(self._simulation)})
        undo.callback(replacement.undo)
        for waits in (LoopWaits(self._simulation), ConditionWaits(self._simulation)):
            undo.callback(waits.stop)
            waits.start()
        if not _is_wall_clock_set():
            undo.enter_context(time_machine.travel(time.time(), tick=True))
            time.time()  # it ticks from the first time on that it is asked

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._simulation.end()
        self._undo.close()


class _State:
    """What there is one of in a process: the clock that is on, and the places that were found before."""

    def __init__(self) -> None:
        self.clock: VirtualClock | None = None
        self._places: list[Place] | None = None
        self._imported: tuple[int, int] | None = None

    def prepare(self) -> None:
        imported = len(sys.modules), id(sys.modules[next(reversed(sys.modules))])
        if self._places is None or imported != self._imported:
            found = find([*_FUNCTIONS, *_starting_trio()])
            # What was found before stays: gc.freeze() hides it from a second look.
            places = {(id(place.owner), place.name): place for place in [*(self._places or ()), *found]}
            self._places, self._imported = list(places.values()), imported

    def take_places(self) -> list[Place]:
        """Return the places, and keep none of them: the objects that they belong to may be of one test only."""
        self.prepare()
        places, self._places = self._places, None
        return places or []

    def forget_clock(self) -> None:
        self.clock = None


_STATE: Final = _State()


def active() -> VirtualClock | None:
    """Return the clock that is on, None where none is."""
    return _STATE.clock


def prepare() -> None:
    """Find the places that hold a clock or a sleep, so that the next clock is put on at once, in a forked child too.

    They are looked for again only where modules were imported since.
    """
    _STATE.prepare()


def _starting_trio() -> tuple[Any, ...]:
    """Return the functions that start a run of trio, if it is there."""
    if "trio" not in sys.modules:
        return ()
    from pytest_hubfiles.clock.trio_clock import STARTING

    return STARTING


def _trio_functions(simulation: Simulation) -> dict[Any, Any]:
    """Return what stands in for each of them."""
    if not _starting_trio():
        return {}
    from pytest_hubfiles.clock.trio_clock import with_clock

    return {run: with_clock(run, simulation) for run in _starting_trio()}


def _is_time_of_gevent() -> bool:
    """Return whether sleeps are those of gevent, whose own loop really waits for them."""
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("time"))


def _is_wall_clock_set() -> bool:
    """Return whether the test, or what surrounds it, has set the time of day by itself."""
    frozen = "freezegun" in sys.modules and sys.modules["datetime"].datetime.__name__ == "FakeDatetime"
    return frozen or bool(time_machine.escape_hatch.is_travelling())


def _move_wall_clock(seconds: float) -> None:
    """Move on the time of day: ours, and one of the test's own that ticks."""
    for traveller in time_machine.traveller_stack:
        if traveller._tick:
            traveller.shift(seconds)


def _simulation() -> Simulation | None:
    return _STATE.clock._simulation if _STATE.clock is not None else None


class _StandIns:
    """The functions that stand in for those of time.

    They do what those do where no clock is on: whoever has kept one of them keeps something that works. They are
    methods, since a function that a class holds would be made a method of its instances, as those of time are not.
    """

    def sleep(self, *args: Any, **kwargs: Any) -> None:
        """Let so many seconds of the clock pass."""
        simulation = _simulation()
        seconds = _seconds(args) if simulation is not None and not kwargs else None
        if simulation is None or seconds is None:
            _sleep(*args, **kwargs)  # which yields, or says what is wrong
        else:
            simulation.wait(seconds, _really_sleep)

    def monotonic(self) -> float:
        """Return what the monotonic clock shows, in seconds."""
        return _monotonic() + _ahead() / 1e9

    def monotonic_ns(self) -> int:
        """Return what the monotonic clock shows, in nanoseconds."""
        return _monotonic_ns() + _ahead()

    def perf_counter(self) -> float:
        """Return what the performance counter shows, in seconds."""
        return _perf_counter() + _ahead() / 1e9

    def perf_counter_ns(self) -> int:
        """Return what the performance counter shows, in nanoseconds."""
        return _perf_counter_ns() + _ahead()

    def ctime(self, seconds: float | None = None, /) -> str:
        """Return a time as text, the present one by default."""
        return _ctime(time.time() if seconds is None else seconds)

    def asctime(self, *args: Any) -> str:
        """Return a tuple of time as text, the present local one by default."""
        return _asctime(*(args or (time.localtime(),)))


def _ahead() -> int:
    simulation = _simulation()
    return 0 if simulation is None else simulation.ahead


def _really_sleep(seconds: float) -> None:
    if seconds:
        _sleep(seconds)


def _seconds(args: tuple[Any, ...]) -> float | None:
    """Return the seconds that a call of sleep asks for; None for none, and where Python would refuse them."""
    if len(args) != 1:
        return None
    (seconds,) = args
    if not isinstance(seconds, float):
        if not hasattr(type(seconds), "__index__"):
            return None
        seconds = operator.index(seconds)
    return float(seconds) if 0 < seconds <= _LONGEST else None


_STAND_INS: Final = _StandIns()
_FUNCTIONS: Final[dict[Any, Any]] = {
    _sleep: _STAND_INS.sleep,
    _monotonic: _STAND_INS.monotonic,
    _monotonic_ns: _STAND_INS.monotonic_ns,
    _perf_counter: _STAND_INS.perf_counter,
    _perf_counter_ns: _STAND_INS.perf_counter_ns,
    _ctime: _STAND_INS.ctime,
    _asctime: _STAND_INS.asctime,
}


def _after_fork() -> None:
    simulation = _simulation()
    if simulation is not None:
        simulation.forget_others()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
