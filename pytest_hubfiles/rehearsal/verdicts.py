"""Tells how a test ended under a change, from what it raised and what it asked."""

from __future__ import annotations

import os
import re
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final

from pytest_hubfiles.report.rehearsal import Ended, Ending

_TIMES_OUT: Final = ("timeout", "timedout", "retryerror", "deadline")
"""In the names of what libraries raise that wait no longer."""
_MOST_STEPS: Final = 50


@dataclass(frozen=True, slots=True)
class Observed:
    """What was seen of a test: the exception that ended it, None if it passed, and what it asked.

    ``is_assertion`` says whether the test called itself wrong, ``asks_else`` whether it asked what is not recorded,
    ``is_endless`` whether it was stopped for asking too often, ``waited`` whether it asked on after the last recorded
    answer of a task that had not ended.
    """

    error: BaseException | None
    is_assertion: bool = False
    asks_else: bool = False
    is_endless: bool = False
    waited: bool = False


def outcome_of(seen: Observed, root: Path) -> Ended:
    """Return how a test of a project in *root* ended."""
    error = seen.error
    place = None if error is None else place_of(error, root)
    said = None if error is None else in_one_line(error)
    if seen.is_endless:
        return Ended(Ending.NEVER_ENDS, None, place)
    if seen.asks_else:
        return Ended(Ending.ASKS_ELSE, said, place)
    if error is None:
        return Ended(Ending.PASSES)
    if seen.waited or any(word in type(error).__name__.lower() for word in _TIMES_OUT) or _is_timeout(error):
        return Ended(Ending.GIVES_UP, said, place)
    return Ended(Ending.FAILS if seen.is_assertion else Ending.RAISES, said, place)


def _is_timeout(error: BaseException) -> bool:
    import asyncio

    return isinstance(error, (TimeoutError, asyncio.TimeoutError))


def in_one_line(error: BaseException) -> str:
    """Return what *error* says: its type, and the first line of its text."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def place_of(error: BaseException, root: Path) -> str | None:
    """Return where in the code of the project in *root* the *error* came from, as ``path:line function``."""
    found = None
    for trace in _traces(error):
        for path, line, name in _frames(trace):
            if _is_own(path, str(root)):
                found = _shown(path, line, name, root)
        if found is not None:
            return found
    return None


def place_here(root: Path, word: str) -> str | None:
    """Return which code of the project in *root* has called this, as ``path:line function``.

    It is the innermost that has *word* in a text of its own, or in one of its module that it names; else the innermost.
    """
    own = [(f, line) for f, line in traceback.walk_stack(None) if _is_own(f.f_code.co_filename, str(root))]
    pattern = re.compile(rf"\b{re.escape(word)}\b")
    frame, line = next((place for place in own if _says(place[0], pattern)), own[0] if own else (None, 0))
    return None if frame is None else _shown(frame.f_code.co_filename, line, frame.f_code.co_name, root)


def _says(frame: FrameType, pattern: re.Pattern[str]) -> bool:
    texts = (*frame.f_code.co_consts, *(frame.f_globals.get(name) for name in frame.f_code.co_names))
    return any(isinstance(text, str) and pattern.search(text) for text in texts)


def _shown(path: str, line: int, name: str, root: Path) -> str:
    return f"{os.path.relpath(path, root).replace(os.sep, '/')}:{line} {name}"


def _traces(error: BaseException | None) -> Iterator[TracebackType | None]:
    """Yield the tracebacks of *error*, and of those within it and before it."""
    steps = 0
    waiting = [error]
    while waiting and steps < _MOST_STEPS:
        steps += 1
        now = waiting.pop(0)
        if now is not None:
            waiting[:0] = getattr(now, "exceptions", ())[:_MOST_STEPS]  # of a group, whose own frames say little
            waiting.append(now.__cause__ or now.__context__)
            if not getattr(now, "exceptions", ()):
                yield now.__traceback__


def _frames(trace: TracebackType | None) -> Iterator[tuple[str, int, str]]:
    while trace is not None:
        code = trace.tb_frame.f_code
        if not trace.tb_frame.f_locals.get("__tracebackhide__"):
            yield code.co_filename, trace.tb_lineno, code.co_name
        trace = trace.tb_next


@cache
def _is_own(path: str, root: str) -> bool:
    """Return whether the file *path* is of the project in *root*, and no installed package's."""
    if path.startswith("<") or not os.path.abspath(path).startswith(root + os.sep):  # noqa: PTH100  # as it stands
        return False
    return not is_installed(path)


def is_installed(path: str | None) -> bool:
    """Return whether *path* is a file of Python or of an installed package, ours included."""
    return path is not None and os.path.abspath(path).startswith(_installed())  # noqa: PTH100  # as it stands


@cache
def _installed() -> tuple[str, ...]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    ours = str(Path(__file__).parents[1])
    return (*(sysconfig.get_path(name) + os.sep for name in names), sys.prefix + os.sep, ours + os.sep)
