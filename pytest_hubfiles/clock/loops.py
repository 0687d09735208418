"""How an idle event loop of asyncio, and so of tornado and anyio, has the clock moved on in place of waiting."""

from __future__ import annotations

import inspect
import os
import selectors
import socket
import stat
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from pytest_hubfiles.clock.simulation import Simulation
from pytest_hubfiles.clock.threads import raise_unless_systems

GRACE: Final = 0.05
"""For how many seconds what a connection may bring is really waited for, before time is skipped."""

_SELECTORS: Final = tuple(
    getattr(selectors, name)
    for name in ("EpollSelector", "KqueueSelector", "DevpollSelector", "PollSelector", "SelectSelector")
    if hasattr(selectors, name)
)

Select = Callable[..., list[Any]]


class LoopWaits:
    """Stands between event loops and their selectors, for one clock."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._originals: dict[type, Select] = {}

    def start(self) -> None:
        """Have the loops of asyncio, those that run already too, wait by the clock."""
        for kind in _SELECTORS:
            if "select" in vars(kind):
                self._originals[kind] = kind.select
                kind.select = self._waiting(kind.select)

    def stop(self) -> None:
        """Have them wait really."""
        for kind, original in self._originals.items():
            kind.select = original  # type: ignore[attr-defined]
        self._originals.clear()

    def _waiting(self, original: Select) -> Select:
        simulation = self._simulation

        def select(selector: selectors.BaseSelector, timeout: float | None = None) -> list[Any]:
            frame = inspect.currentframe()
            caller = frame.f_back if frame is not None else None
            is_loop = caller is not None and caller.f_globals.get("__name__") == "asyncio.base_events"
            if timeout is None or timeout <= 0 or not is_loop:
                return original(selector, timeout)
            registered = selector.get_map()
            grace = how_long(registered) if len(registered) > 1 else 0.0  # a loop has one to be woken by
            if grace is None:
                return original(selector, timeout)
            return simulation.wait(timeout, partial(original, selector), grace)

        return select


def how_long(registered: Mapping[Any, selectors.SelectorKey]) -> float | None:
    """Return for how long what is *registered* is really waited for; None for as long as it takes.

    A process or a device lives in real time. A server that listens waits for no answer.
    """
    kinds = [_kind(key.fd) for key in registered.values()]
    if "other" in kinds:
        return None
    return GRACE if kinds.count("connection") > 1 else 0.0


class _Borrowed(socket.SocketType):
    """A look at the socket of somebody else, which it never closes, wherever the handler of a signal raises."""

    __del__ = socket.SocketType.detach


def _kind(fd: int) -> str:
    try:
        if not stat.S_ISSOCK(os.fstat(fd).st_mode):
            return "other"
        borrowed = _Borrowed(fileno=fd)
    except OSError as error:
        raise_unless_systems(error)
        return "other"
    try:
        return "listener" if borrowed.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) else "connection"
    except OSError as error:  # the system does not say
        raise_unless_systems(error)
        return "connection"
