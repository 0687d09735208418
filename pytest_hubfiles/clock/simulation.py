"""A clock that sleeps move on in place of waiting, as in a simulation of discrete events."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from pytest_hubfiles.clock.threads import Quiet, everybody

Events = TypeVar("Events")
Poll = Callable[[float], Events]
"""Waits really, for at most so many seconds, and returns what came, or nothing."""

_FIRST_PAUSE: Final = 0.0002
_LONGEST_PAUSE: Final = 0.002
"""How long a sleeper really waits, in seconds, before it looks again whether others are busy."""

_sleep, _monotonic_ns = time.sleep, time.monotonic_ns


@dataclass(order=True, slots=True)
class Sleeper:
    """A thread that sleeps until a time of the clock, in nanoseconds; of two for one time, the first comes first."""

    until: int
    number: int
    thread: int = field(compare=False)


class Simulation:
    """Who sleeps until when, and how far the clock is ahead of real time.

    ``ahead`` is that in nanoseconds; who still sleeps when it has ended really sleeps on. ``on_skip`` is called, in
    the thread that slept, with the seconds of each skip; ``moved`` with by how many the clock moves on.
    """

    def __init__(self, moved: Callable[[float], None]) -> None:
        self.ahead = 0
        self.skipped = 0.0
        self.stretch = 1.0
        self._is_over = False
        self.on_skip: Callable[[float], None] | None = None
        self._moved = moved
        self._numbers = itertools.count()
        self._before = everybody()
        self.forget_others()

    def forget_others(self) -> None:
        """Forget who sleeps: after a fork there is one thread, and another one may have held the lock."""
        self._lock = threading.RLock()  # a signal's handler may sleep
        self._sleepers: list[Sleeper] = []

    def end(self) -> None:
        """Skip nothing any more."""
        with self._lock:
            self._is_over = True

    def monotonic_ns(self) -> int:
        """Return what the clock shows, in nanoseconds."""
        return _monotonic_ns() + self.ahead

    def wait(self, seconds: float, poll: Poll[Events], grace: float = 0.0) -> Events:
        """Let *seconds* of the clock pass, unless *poll* returns something before.

        What is polled for is really waited for, for *grace* seconds, before time is skipped.
        """
        events = poll(0)
        if not events and grace:
            events = poll(min(seconds, grace))
        return events or self.sleep(self.fall_asleep(seconds), poll)

    def sleep(self, sleeper: Sleeper, poll: Poll[Events]) -> Events:
        """Let the time of *sleeper* pass, unless *poll* returns something before."""
        events = poll(0)
        try:
            quiet, pause = self.look(), _FIRST_PAUSE
            while not events and not self.wake(sleeper, quiet):
                events = poll(max(0.0, min(pause, self.left(sleeper))))
                pause = min(_LONGEST_PAUSE, pause * 1.5)
        finally:
            self.awake(sleeper)
        return events or poll(0)

    def look(self) -> Quiet:
        """Return what looks whether everybody else has nothing to do."""
        return Quiet(self._before)

    def fall_asleep(self, seconds: float) -> Sleeper:
        """Note that this thread does nothing for *seconds* of the clock, or until it says that it is awake."""
        until = self.monotonic_ns() + round(seconds * 1e9)
        sleeper = Sleeper(until, next(self._numbers), threading.get_ident())
        with self._lock:
            heapq.heappush(self._sleepers, sleeper)
        return sleeper

    def awake(self, sleeper: Sleeper) -> None:
        """Note that a thread is at work again."""
        with self._lock:
            if sleeper in self._sleepers:
                self._sleepers.remove(sleeper)
                heapq.heapify(self._sleepers)

    def left(self, sleeper: Sleeper) -> float:
        """Return for how many seconds of the clock *sleeper* still sleeps."""
        return (sleeper.until - self.monotonic_ns()) / 1e9

    def wake(self, sleeper: Sleeper, quiet: Quiet) -> bool:
        """Return whether the *sleeper* has slept enough, having moved the clock on if nobody has anything to do."""
        with self._lock:
            left = self.left(sleeper)
            if left <= 0:
                return True
            if not self._may_skip(sleeper, quiet):
                return False
            self._moved(left * self.stretch)
            self.ahead += round(left * self.stretch * 1e9)
            self.skipped += left
        if self.on_skip is not None:
            self.on_skip(left)
        return True

    def comes_to_rest(self, sleeper: Sleeper, quiet: Quiet) -> bool:
        """Really wait for a moment if nobody seems to have anything to do; return whether that is so."""
        while True:
            with self._lock:
                if self._may_skip(sleeper, quiet):
                    return True
                if not self._sleepers or self._sleepers[0] is not sleeper or not quiet.is_undecided:
                    return False
            _sleep(_LONGEST_PAUSE)

    def _may_skip(self, sleeper: Sleeper, quiet: Quiet) -> bool:
        if self._is_over or not self._sleepers or self._sleepers[0] is not sleeper:
            return False
        return threading.active_count() == 1 or quiet.looks_so([other.thread for other in self._sleepers])
