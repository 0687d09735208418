"""How a thread that waits for another one, for a limited time, has the clock moved on in place of waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final

from pytest_hubfiles.clock.places import sees_real_time
from pytest_hubfiles.clock.simulation import Simulation, Sleeper
from pytest_hubfiles.clock.threads import called_by

_allocate_lock = threading.Lock
_THROUGH: Final = frozenset({"threading", "queue", "concurrent.futures._base", "concurrent.futures.thread"})
"""The modules through which a program comes to wait on a condition."""


class ConditionWaits:
    """Stands in for ``threading.Condition.wait`` with a time-out, for one clock.

    Events, semaphores, barriers, timers, queues and futures wait by it. What waits in C does not: locks, joins of
    threads, and ``queue.SimpleQueue`` really wait.
    """

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._original = threading.Condition.wait

    def start(self) -> None:
        """Have threads wait by the clock."""
        simulation, original = self._simulation, self._original

        def wait(condition: Any, timeout: float | None = None) -> bool:
            if timeout is None or timeout <= 0 or not condition._is_owned() or sees_real_time(called_by(_THROUGH)):
                return original(condition, timeout)
            return _wait(condition, timeout, simulation)

        self._put(wait)

    def stop(self) -> None:
        """Have them wait really."""
        self._put(self._original)

    def _put(self, wait: Callable[..., bool]) -> None:
        threading.Condition.wait = wait  # type: ignore[method-assign]


class _Waiter:
    """What a condition keeps of a thread that waits: who notifies it says that it is awake, before it can say so."""

    def __init__(self, simulation: Simulation, sleeper: Sleeper) -> None:
        self._simulation, self._sleeper = simulation, sleeper
        self._lock = _allocate_lock()
        self._lock.acquire()

    def acquire(self, seconds: float) -> bool:
        """Return whether the thread was notified, having really waited for so many *seconds* at most."""
        return self._lock.acquire(timeout=seconds)

    def release(self) -> None:
        """Notify the thread."""
        self._simulation.awake(self._sleeper)
        self._lock.release()


def _wait(condition: Any, seconds: float, simulation: Simulation) -> bool:
    """Do what ``threading.Condition.wait`` does, but let the *seconds* pass by the clock."""
    sleeper = simulation.fall_asleep(seconds)
    waiter = _Waiter(simulation, sleeper)
    condition._waiters.append(waiter)
    saved = condition._release_save()
    is_notified = False
    try:
        is_notified = simulation.sleep(sleeper, waiter.acquire)
        return is_notified
    finally:
        condition._acquire_restore(saved)
        if not is_notified and waiter in condition._waiters:
            condition._waiters.remove(waiter)
