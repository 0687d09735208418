"""Files that are looked at one after another, or by several processes where that takes long."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from pytest_hubfiles.errors import HubfilesError

_Found = TypeVar("_Found")
_LARGE: Final = 4_000_000  # bytes; a processor takes about a second for so much
_MOST_PROCESSES: Final = 4


def each(look: Callable[[Path], _Found], paths: Sequence[Path]) -> Iterator[_Found]:
    """Yield what *look* returns for each of *paths*, in their order.

    Where they are large, and there are processors for it, several processes look. They are forked, so that what is
    loaded already need not be loaded again; elsewhere than on Linux a fork is not to be relied on.
    """
    processes = min(_processors(), _MOST_PROCESSES, len(paths))
    if processes < 2 or sum(map(_size, paths)) < _LARGE:
        yield from map(look, paths)
    else:
        yield from _each(look, paths, processes)


def _each(look: Callable[[Path], _Found], paths: Sequence[Path], processes: int) -> Iterator[_Found]:
    import multiprocessing  # takes longer to import than most checks do
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    fork = multiprocessing.get_context("fork")
    try:
        with ProcessPoolExecutor(processes, fork, _prepare, (look,)) as pool:
            yield from pool.map(_look, paths)
    except BrokenProcessPool:
        raise ProcessEndedError from None


def _processors() -> int:
    """Return how many processors this process may use, one where it must not be forked."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # whoever looks at it says why
        return 0


class ProcessEndedError(HubfilesError):
    """A process that looked at files was ended from outside."""

    def __init__(self) -> None:
        super().__init__(
            "A process that looked at cassettes was ended, as a system does that has no memory left.\n"
            "Look at fewer at once: name a folder or a file."
        )


_looking: Callable[[Path], Any]


def _prepare(look: Callable[[Path], Any]) -> None:
    global _looking  # noqa: PLW0603  # a pool hands its functions on by their names
    _looking = look
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever waits for it ends it


def _look(path: Path) -> Any:
    return _looking(path)
