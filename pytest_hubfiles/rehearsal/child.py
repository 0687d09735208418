"""Carries out work in a process of its own, forked from this one, and brings back what it says."""

from __future__ import annotations

import faulthandler
import json
import os
import select
import shutil
import signal
import struct
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Final, NoReturn

from pytest_hubfiles.errors import HubfilesError

CPU_SECONDS: Final = 20
"""Processor time that only a test takes which does not come to an end."""
WALL_SECONDS: Final = 600.0
"""The same on the wall of a test that waits for what does not happen."""
_LOOK_SECONDS: Final = 0.2
_LENGTH: Final = struct.Struct("!Q")


class NoForkError(HubfilesError):
    """A machine that cannot fork."""

    def __init__(self) -> None:
        super().__init__(
            "A rehearsal forks a process for each change, which this operating system cannot do.\n"
            "Rehearse on Linux or macOS, as in WSL or a container."
        )


class NoEndError(HubfilesError):
    """A child that came to no end; ``reason`` says what is known of it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"A process of the rehearsal said nothing: {reason}")


def check_can_fork() -> None:
    """Refuse an operating system that cannot fork.

    Raises:
        NoForkError: if it cannot.
    """
    if not hasattr(os, "fork"):
        raise NoForkError


def in_child(work: Callable[[], Mapping[str, Any]], *, seconds: float = WALL_SECONDS) -> dict[str, Any]:
    """Return what *work* returns in a child, as JSON brings it.

    The child is a copy of this process, in which nothing that it does is seen: it writes to no terminal of this one,
    has temporary files of its own, and is gone afterwards with all that it started. Only the thread that calls this is
    copied. What is outside of the process (files, databases, other servers) is shared. Where SIGTERM would end this
    process at once, the child is ended before, and its files removed.

    Raises:
        NoEndError: if the child came to no end.
    """
    import resource  # here, for all children; other systems lack it

    limit = partial(resource.setrlimit, resource.RLIMIT_CPU, (CPU_SECONDS, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    outputs = _outputs()
    reading, writing = os.pipe()
    with tempfile.TemporaryDirectory(prefix="hubfiles-", ignore_cleanup_errors=True) as folder:
        child, deadline = _Child(), time.monotonic() + seconds
        try:
            with _ending_first(child, folder):
                if child.fork():
                    os.close(reading)
                    _be_child(work, limit, writing, folder, outputs)
                os.close(writing)
                said = _read(reading, child, deadline)
        finally:
            os.close(reading)
            status = child.end()
    if said is None:
        is_late = time.monotonic() >= deadline
        raise NoEndError(f"it did not end within {seconds:g} s" if is_late else _how_ended(status))
    return said


class _Child:
    """A child of this process, whose status the system tells once."""

    def __init__(self) -> None:
        self._pid: int | None = None
        self._status: int | None = None
        self._postponed: int | None = None

    def fork(self) -> bool:
        """Fork it from this process; return whether this is it.

        Raises:
            NoEndError: if a test has put something else in place of the function that forks.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns where there are other threads
            pid = os.fork()
        if type(pid) is not int:  # a signal to the process that a mock stands for, 1, would go to all others
            raise NoEndError(f"os.fork is a {type(os.fork).__name__}, and returned no process")
        if pid == 0:  # whose signals are not about itself: it would end its own group, which is that of its parent
            return True
        self._pid = pid
        if self._postponed is not None:
            os.kill(os.getpid(), self._postponed)
        return False

    @property
    def is_known(self) -> bool:
        """Whether its process is known."""
        return self._pid is not None

    def postpone(self, number: int) -> None:
        """Have the signal *number* sent to this process again once the child is known."""
        self._postponed = number

    def has_ended(self) -> bool:
        """Return whether it has ended by itself."""
        if self._status is None and self._pid is not None:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            self._status = status if pid else None
        return self._status is not None

    def end(self) -> int:
        """End it, and what it started; return its status as ``os.waitpid`` has it, its own if it had ended."""
        if self._pid is None:  # there is no room for another process
            return 0
        with suppress(OSError):
            os.killpg(self._pid, signal.SIGKILL)
        if self._status is None:
            with suppress(OSError):  # it may not have become a group yet
                os.kill(self._pid, signal.SIGKILL)
            with suppress(ChildProcessError):  # a signal came when its status had just been told
                self._status = os.waitpid(self._pid, 0)[1]
        return self._status or 0


@contextmanager
def _ending_first(child: _Child, folder: str) -> Iterator[None]:
    """Have SIGTERM end the *child*, and remove its *folder*, before it ends this process."""
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return

    def end(number: int, frame: object) -> None:
        if not child.is_known:
            child.postpone(number)
            return
        child.end()
        shutil.rmtree(folder, ignore_errors=True)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _be_child(
    work: Callable[[], Mapping[str, Any]], limit: Callable[[], None], writing: int, folder: str, outputs: Iterable[int]
) -> NoReturn:
    import posix  # coverage may have patched os._exit, which then writes a file into the project

    try:
        os.setsid()  # all that it starts is found by this
        limit()
        _stand_apart(folder, outputs)
        said = json.dumps(work()).encode()
        _write(writing, _LENGTH.pack(len(said)) + said)
    except BaseException as error:  # noqa: BLE001  # whatever it is, this process ends here
        with suppress(BaseException):
            said = json.dumps({"fault": f"{type(error).__name__}: {error}"}).encode()
            _write(writing, _LENGTH.pack(len(said)) + said)
    finally:
        posix._exit(0)


def _stand_apart(folder: str, outputs: Iterable[int]) -> None:
    """Have what the child writes to *outputs* go to files of its own, which pytest's capture reads from there."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    faulthandler.disable()  # it writes to a descriptor that pytest keeps of the terminal; a crash is told by the parent
    for descriptor in outputs:
        path = os.path.join(folder, "output")  # noqa: PTH118  # quicker, and so are the descriptors
        own = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
        os.dup2(own, descriptor)
        os.close(own)
        os.unlink(path)  # noqa: PTH108
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123  # it has no path of ours
        os.dup2(nothing.fileno(), 0)
    os.environ["PYTEST_DEBUG_TEMPROOT"] = os.environ["TMPDIR"] = tempfile.tempdir = folder


def _outputs() -> set[int]:
    """Return the descriptors by which this process writes to its output, with nothing left to write."""
    descriptors = {1, 2}
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # a closed one, or a test's own
            stream.flush()
            descriptors.add(stream.fileno())
    return descriptors | _open_on_the_same(descriptors)


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


def _read(reading: int, child: _Child, deadline: float) -> dict[str, Any] | None:
    """Return what the child says; None once it has died without a word, or has not come to an end by *deadline*."""
    data = b""
    while time.monotonic() < deadline:
        has_ended = child.has_ended()  # before the look, which then finds its last words
        if select.select([reading], [], [], 0 if has_ended else _LOOK_SECONDS)[0]:
            piece = os.read(reading, 1 << 20)
            if not piece:
                return None
            data += piece
            if len(data) >= _LENGTH.size and len(data) >= _LENGTH.size + _LENGTH.unpack_from(data)[0]:
                said: dict[str, Any] = json.loads(data[_LENGTH.size :])
                return said
        elif has_ended:  # what it has started may hold its end of the pipe
            return None
    return None


def _how_ended(status: int) -> str:
    """Return how a child ended that said nothing, from its *status* as ``os.waitpid`` has it."""
    if not os.WIFSIGNALED(status):
        return f"its process ended with exit status {os.waitstatus_to_exitcode(status)}"
    number = os.WTERMSIG(status)
    if number == signal.SIGXCPU:
        return f"it took more than {CPU_SECONDS} s of the processor"
    return f"its process was ended by {signal.Signals(number).name}"
