"""Carries out work in a process of its own, forked from this one, and brings back what it says."""

from __future__ import annotations

import json
import os
import select
import signal
import struct
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final, NoReturn

from pytest_hubfiles.errors import HubfilesError

CPU_SECONDS: Final = 20
"""Processor time that only a test takes which does not come to an end."""
WALL_SECONDS: Final = 600.0
"""The same of a test that waits for what does not happen."""
_LOOK_SECONDS: Final = 0.2
_LENGTH: Final = struct.Struct("!Q")


class NoForkError(HubfilesError):
    """A machine that cannot fork."""

    def __init__(self) -> None:
        super().__init__(
            "A rehearsal forks a process for each change, which this operating system cannot do.\n"
            "Rehearse on Linux or macOS, as in WSL or a container."
        )


def check_can_fork() -> None:
    """Refuse an operating system that cannot fork.

    Raises:
        NoForkError: if it cannot.
    """
    if not hasattr(os, "fork"):
        raise NoForkError


def in_child(work: Callable[[], Mapping[str, Any]], *, seconds: float = WALL_SECONDS) -> dict[str, Any] | None:
    """Return what *work* returns in a child, as JSON brings it; None where the child came to no end.

    The child is a copy of this process, in which nothing that it does is seen: it writes to no terminal of this one,
    has temporary files of its own, and is gone afterwards with all that it started. Only the thread that calls this is
    copied. What is outside of the process (files, databases, other servers) is shared.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # a closed one, or a test's own
            stream.flush()
    reading, writing = os.pipe()
    with tempfile.TemporaryDirectory(prefix="hubfiles-", ignore_cleanup_errors=True) as folder:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns where there are other threads
            pid = os.fork()
        if pid == 0:
            os.close(reading)
            _be_child(work, writing, folder)
        os.close(writing)
        try:
            return _read(reading, pid, time.monotonic() + seconds)
        finally:
            os.close(reading)
            _end(pid)


def _be_child(work: Callable[[], Mapping[str, Any]], writing: int, folder: str) -> NoReturn:
    try:
        os.setsid()  # all that it starts is found by this
        _stand_apart(folder)
        said = json.dumps(work()).encode()
        _write(writing, _LENGTH.pack(len(said)) + said)
    except BaseException as error:  # noqa: BLE001  # whatever it is, this process ends here
        with suppress(BaseException):
            said = json.dumps({"fault": f"{type(error).__name__}: {error}"}).encode()
            _write(writing, _LENGTH.pack(len(said)) + said)
    finally:
        os._exit(0)


def _stand_apart(folder: str) -> None:
    """Have what the child writes go to files of its own, which pytest's capture reads from there."""
    import resource

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, most))
    descriptors = {1, 2}
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            descriptors.add(stream.fileno())
    for descriptor in descriptors | _open_on_the_same(descriptors):
        with tempfile.TemporaryFile(dir=folder) as own:
            os.dup2(own.fileno(), descriptor)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123  # it has no path of ours
        os.dup2(nothing.fileno(), 0)
    os.environ["PYTEST_DEBUG_TEMPROOT"] = os.environ["TMPDIR"] = tempfile.tempdir = folder


def _open_on_the_same(descriptors: Iterable[int]) -> set[int]:
    """Return all that are open on the files of *descriptors*: pytest keeps some, to write past its own capture."""

    def file_of(descriptor: int) -> tuple[int, int, int] | None:
        with suppress(OSError):  # it is closed
            status = os.fstat(descriptor)
            return status.st_dev, status.st_ino, status.st_rdev
        return None

    files = {file_of(descriptor) for descriptor in descriptors} - {None}
    with suppress(OSError):
        return {int(name) for name in os.listdir("/dev/fd") if file_of(int(name)) in files}  # noqa: PTH208
    return set()


def _write(writing: int, data: bytes) -> None:
    while data:
        data = data[os.write(writing, data) :]


def _read(reading: int, pid: int, deadline: float) -> dict[str, Any] | None:
    """Return what the child says; None once it has died without a word, or its time is over."""
    data = b""
    while time.monotonic() < deadline:
        if select.select([reading], [], [], _LOOK_SECONDS)[0]:
            piece = os.read(reading, 1 << 20)
            if not piece:
                return None
            data += piece
            if len(data) >= _LENGTH.size and len(data) >= _LENGTH.size + _LENGTH.unpack_from(data)[0]:
                said: dict[str, Any] = json.loads(data[_LENGTH.size :])
                return said
        elif not data and os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return None  # what it has started may hold its end of the pipe
    return None


def _end(pid: int) -> None:
    """End the child, and what it started."""
    for kill in (os.killpg, os.kill):  # it may not have become a group yet
        with suppress(OSError):
            kill(pid, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(pid, 0)
