"""Files that are looked at one after another, or by several processes where that takes long."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from pytest_hubfiles.errors import HubfilesError

_Looked = TypeVar("_Looked")
_Found = TypeVar("_Found")
_LARGE: Final = 4_000_000  # bytes; a processor takes about a second for so much
_MOST_PROCESSES: Final = 4


def size_of(path: Path) -> int:
    """Return how many bytes a file has, 0 if nobody can say: whoever looks at it says why."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def each(
    look: Callable[[_Looked], _Found], things: Sequence[_Looked], size: Callable[[_Looked], int]
) -> Iterator[_Found]:
    """Yield what *look* returns for each of *things*, in their order; *size* is how many bytes it looks at.

    Where they are large, and there are processors for it, several processes look. They are forked, so that what is
    loaded already need not be loaded again; elsewhere than on Linux a fork is not to be relied on.
    """
    processes = min(_processors(), _MOST_PROCESSES, len(things))
    if processes < 2 or sum(map(size, things)) < _LARGE:
        yield from map(look, things)
    else:
        yield from _each(look, things, processes)


def _each(look: Callable[[_Looked], _Found], things: Sequence[_Looked], processes: int) -> Iterator[_Found]:
    import multiprocessing  # takes longer to import than most checks do
    from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor

    fork = multiprocessing.get_context("fork")
    try:
        with ProcessPoolExecutor(processes, fork, _prepare, (look,)) as pool:
            yield from pool.map(_look, things)
    except BrokenProcessPool:
        raise ProcessEndedError from None


def _processors() -> int:
    """Return how many processors this process may use, one where it must not be forked."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1


class ProcessEndedError(HubfilesError):
    """A process that looked at files was ended from outside."""

    def __init__(self) -> None:
        super().__init__(
            "A process that looked at cassettes was ended, as a system does that has no memory left.\n"
            "Look at fewer at once: name a folder or a file."
        )


_looking: Callable[[Any], Any]


def _prepare(look: Callable[[Any], Any]) -> None:
    global _looking  # noqa: PLW0603  # a pool hands its functions on by their names
    _looking = look
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever waits for it ends it


def _look(thing: object) -> Any:
    return _looking(thing)
