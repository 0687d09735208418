"""Whether the other threads of the program have nothing to do, so that time may be skipped."""

from __future__ import annotations

import sys
import threading
from collections.abc import Collection
from pathlib import Path
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


def stands(frame: FrameType) -> Where:
    """Return where the thread whose innermost *frame* this is stands."""
    return frame.f_code, frame.f_lasti


def everybody() -> dict[int, Where]:
    """Return where each thread stands."""
    return {ident: stands(frame) for ident, frame in sys._current_frames().items()}


class Quiet:
    """Looks again and again whether all threads but the caller's have nothing to do.

    ``before`` is where threads stood before the test began: who still stands there has no part in it.
    """

    def __init__(self, before: dict[int, Where]) -> None:
        self._before = before
        self._last: dict[int, Where] = {}

    def looks_so(self, asleep: Collection[int]) -> bool:
        """Return whether every thread that is not *asleep* waits, and has waited since the last look.

        The caller must have let other threads run in between: one that has work may only now have begun on it.
        """
        frames = sys._current_frames()
        others = {i: f for i, f in frames.items() if i not in asleep and i != threading.get_ident()}
        last, self._last = self._last, {ident: stands(frame) for ident, frame in others.items()}
        if self._last != last or not all(self._waits(ident, frame) for ident, frame in others.items()):
            return False
        natives = {thread.ident: thread.native_id for thread in threading.enumerate()}
        return not any(_is_runnable(natives.get(ident)) for ident in others)

    def _waits(self, ident: int, frame: FrameType) -> bool:
        if self._before.get(ident) == stands(frame):
            return True
        module = frame.f_globals.get("__name__")
        if module == "selectors":
            caller = frame.f_back
            while caller is not None and caller.f_globals.get("__name__", "").startswith("pytest_hubfiles.clock"):
                caller = caller.f_back
            return caller is not None and caller.f_globals.get("__name__") in _SELECTING
        return (module, frame.f_code.co_name) in _WAITING


def _is_runnable(native_id: int | None) -> bool:
    """Return whether the system has a thread run, or would if it had a processor free; False where it does not say."""
    try:
        state = Path(f"/proc/self/task/{native_id}/stat").read_text("ascii", "replace")
    except OSError:
        return False
    return state.rpartition(")")[2].split()[:1] == ["R"]
