"""Whether the other threads of the program have nothing to do, so that time may be skipped."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Collection
from functools import partial
from io import FileIO
from types import CodeType, FrameType
from typing import Final

_WAITING: Final = frozenset(
    {
        ("threading", "wait"),
        ("threading", "join"),
        ("threading", "_wait_for_tstate_lock"),
        ("threading", "acquire"),
        ("threading", "__enter__"),
        ("concurrent.futures.thread", "_worker"),
        ("trio._core._thread_cache", "_work"),
    }
)
"""The functions in which a thread waits for another one, or for work."""

_SELECTING: Final = frozenset({"asyncio.base_events", "socketserver"})
"""The modules that wait in a selector for whatever may come, not for an answer."""

Where = tuple[CodeType, int]
"""Where a thread stands: in which code, and at which instruction."""

_monotonic = partial(time.monotonic)  # freezegun replaces each name of the real clock itself


def _where(frame: FrameType) -> Where:
    return frame.f_code, frame.f_lasti


def everybody() -> dict[int, Where]:
    """Return where each thread stands."""
    return {ident: _where(frame) for ident, frame in sys._current_frames().items()}


class Quiet:
    """Looks again and again whether all threads but the caller's have nothing to do.

    ``before`` is where threads stood before the test began: who still stands there has no part in it.
    """

    def __init__(self, before: dict[int, Where]) -> None:
        self._before = before
        self._seen: object = None
        self._since = 0.0

    @property
    def is_undecided(self) -> bool:
        """Whether everybody waited at the last look."""
        return self._seen is not None

    def looks_so(self, asleep: Collection[int]) -> bool:
        """Return whether every thread that is not *asleep* waits, and has done nothing else since it was seen so first.

        One that was just given work stands for a moment where it waited for it. It asks for the interpreter at least
        once in each switch interval, and so is not seen unchanged for longer. The caller must really wait in between.
        """
        frames = sys._current_frames()
        others = {i: f for i, f in frames.items() if i not in asleep and i != threading.get_ident()}
        natives = {thread.ident: thread.native_id for thread in threading.enumerate()}
        switches = [_switches(natives.get(ident)) for ident in others]
        if -1 in switches or not all(self._waits(ident, frame) for ident, frame in others.items()):
            self._seen = None
            return False
        seen = (sorted(asleep), [(ident, _where(frame)) for ident, frame in others.items()], switches)
        if self._seen != seen:
            self._seen, self._since = seen, _monotonic()
        return _monotonic() - self._since > 1.2 * sys.getswitchinterval()

    def _waits(self, ident: int, frame: FrameType) -> bool:
        if self._before.get(ident) == _where(frame):
            return True
        module = frame.f_globals.get("__name__")
        if module == "selectors":
            caller = frame.f_back
            while caller is not None and _is_ours(caller):
                caller = caller.f_back
            return caller is not None and caller.f_globals.get("__name__") in _SELECTING
        return (module, frame.f_code.co_name) in _WAITING and not _starts_another(frame)


def called_by(through: Collection[str]) -> str | None:
    """Return the module that has called the caller, the modules *through* which it did left out."""
    frame: FrameType | None = sys._getframe(1)
    here = None if frame is None else frame.f_globals.get("__name__")
    while frame is not None and (frame.f_globals.get("__name__") == here or frame.f_globals.get("__name__") in through):
        frame = frame.f_back
    return None if frame is None else frame.f_globals.get("__name__")


def raise_unless_systems(error: OSError) -> None:
    """Raise *error* on unless the system raised it: then the handler of a signal did, as time-outs of tests do."""
    if error.errno is None:
        raise error


def _is_ours(frame: FrameType) -> bool:
    """Return whether a function of the clock stands here in the place of another."""
    return str(frame.f_globals.get("__name__")).startswith("pytest_hubfiles.clock")


def _starts_another(frame: FrameType | None) -> bool:
    """Return whether a thread only waits until one that it has started runs."""
    while frame is not None and (frame.f_globals.get("__name__") == "threading" or _is_ours(frame)):
        if frame.f_code.co_name == "start":
            return True
        frame = frame.f_back
    return False


class _Status(FileIO):
    """What the system says of a thread.

    The handler of a signal may raise once it is open and before ``with`` holds it: then nobody else closes it, and an
    ordinary file would warn of that. A function written in Python would let the handler raise in here, unheard.
    """

    __del__ = FileIO.close


def _switches(native_id: int | None) -> int:
    """Return how often a thread has begun to wait; -1 if it does not wait now, 0 where the system does not say."""
    try:
        with _Status(f"/proc/self/task/{native_id}/status") as file:
            status = file.read().decode("ascii", "replace")
    except OSError as error:
        raise_unless_systems(error)
        return 0
    facts = dict(line.partition(":")[::2] for line in status.splitlines())
    return -1 if facts.get("State", "").split()[:1] == ["R"] else int(facts.get("voluntary_ctxt_switches", 0))
