"""A clock for trio that moves on where trio would wait."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any, Final

import trio

from pytest_hubfiles.clock.loops import GRACE
from pytest_hubfiles.clock.simulation import Simulation, Sleeper
from pytest_hubfiles.clock.threads import Quiet

_PAUSE: Final = 0.001
_FOR_EVER: Final = 1e9

STARTING: Final = (trio.run, trio.lowlevel.start_guest_run)
"""The functions that start a run."""


class TrioClock(trio.abc.Clock, trio.abc.Instrument):
    """Shows a run of trio the time of the program, which it moves on where nothing is ready to run."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._sleeper: Sleeper | None = None
        self._quiet: Quiet | None = None

    def start_clock(self) -> None:
        """Do nothing: the clock runs."""

    def current_time(self) -> float:
        """Return the time, in seconds."""
        return time.monotonic()

    def deadline_to_sleep_time(self, deadline: float) -> float:
        """Return for how long trio may wait for whatever comes, having moved the clock on if nothing did."""
        left = deadline - self.current_time()
        if left <= 0:
            return left
        if left == float("inf"):  # trio is woken by others alone
            self._sleeper = self._sleeper or self._simulation.fall_asleep(_FOR_EVER)
            return left
        if self._sleeper is None or self._quiet is None:
            self._rise()
            self._sleeper, self._quiet = self._simulation.fall_asleep(left), self._simulation.look()
            return min(left, GRACE if _waits_for_others() else _PAUSE)
        if self._simulation.wake(self._sleeper, self._quiet):
            self._rise()
            return 0.0
        # A guest polls in another thread, which is never at rest unless it polls at once; what came meanwhile is seen.
        return 0.0 if self._simulation.comes_to_rest(self._sleeper, self._quiet) else min(left, _PAUSE)

    def before_task_step(self, task: object) -> None:
        """Note that trio has something to do."""
        if self._sleeper is not None:
            self._rise()

    def after_run(self) -> None:
        """Note that trio has ended."""
        self._rise()

    def _rise(self) -> None:
        if self._sleeper is not None:
            self._simulation.awake(self._sleeper)
        self._sleeper = self._quiet = None


def _waits_for_others() -> bool:
    """Return whether a task waits for a socket other than the one by which trio itself is woken."""
    waiting = trio.lowlevel.current_statistics().io_statistics
    return getattr(waiting, "tasks_waiting_read", 2) + getattr(waiting, "tasks_waiting_write", 0) > 1


def with_clock(run: Callable[..., Any], simulation: Simulation) -> Callable[..., Any]:
    """Return *run*, a function of trio that starts a run, with a clock of ours unless its caller gives one."""

    @functools.wraps(run)
    def clocked(*args: Any, **kwargs: Any) -> Any:
        if kwargs.get("clock") is None:
            clock = TrioClock(simulation)
            kwargs |= {"clock": clock, "instruments": [*kwargs.get("instruments", ()), clock]}
        return run(*args, **kwargs)

    return clocked
