"""R1: whatever fails or kills a save, the cassette is the old one or the new one, and "saved" means the new one."""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from helpers.answers import COMPLETE, PENDING, interaction

from faults.apart import run_apart
from faults.ledger import Outcome
from pytest_hubfiles import cassettes
from pytest_hubfiles.record import StagedRecordings
from pytest_hubfiles.settings.values import RecordMode

POLL = "/files/v3/files/import-from-url/async/tasks/AAAAEZ6whGI/status"
OLD = [interaction("GET", POLL, PENDING)]
NEW = [interaction("GET", POLL, COMPLETE)] * 3
ERRORS = (errno.ENOSPC, errno.EIO, errno.EMFILE, errno.EROFS)
SAVED, REFUSED, CRASHED = 0, 10, 20


def _limits(path: Path) -> cassettes.Limits:
    return cassettes.Limits(root=path.parents[1])


Save = Callable[[Path], None]


def _write(path: Path) -> None:
    cassettes.save(path, NEW, _limits(path))


def _promote(path: Path) -> None:
    """Record in the modes of a run: what was there is replaced, and the candidate beside it goes."""
    staged = StagedRecordings(path, f"run-{os.getpid()}", RecordMode.REWRITE, limits=_limits(path))
    staged.begin("test_a")
    staged.promote("test_a", 1, NEW)


def _open_w(path: Path) -> None:
    """Save as ``open(path, "w")`` does: the positive control."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    os.write(descriptor, cassettes.dump(NEW))
    os.close(descriptor)


# --- faults, at the border between Python and the system ------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """What happens at the ``at``-th call that touches the folder: a kill, or an error, that once or from then on."""

    at: int
    number: int | None
    persistent: bool = False

    def __str__(self) -> str:
        what = "SIGKILL" if self.number is None else errno.errorcode[self.number]
        return f"{what} at call {self.at}{' and all later' if self.persistent else ''}"


class Injector:
    """Counts the calls of this process that touch *folder*, and makes one fail.

    Python's audit events tell of calls by name; of those by descriptor there are none, so they are wrapped.
    """

    def __init__(self, folder: Path, fault: Fault) -> None:
        self.folder, self.fault, self.calls, self.armed = str(folder), fault, 0, True
        self.ours: set[int] = set()
        sys.addaudithook(self._audit)
        self._open = os.open
        os.open = self._opened
        for name in ("write", "fsync", "close", "fchmod"):
            setattr(os, name, self._wrapped(name, getattr(os, name)))

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if (event == "open" or event.startswith("os.")) and self.armed:
            names = [os.fspath(arg) for arg in args[:2] if isinstance(arg, (str, os.PathLike))]
            if any(str(name).startswith(self.folder) for name in names):
                self._call()

    def _opened(self, path: Any, *args: Any, **kwargs: Any) -> int:
        descriptor = self._open(path, *args, **kwargs)
        if str(path).startswith(self.folder):
            self.ours.add(descriptor)
        return descriptor

    def _wrapped(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(descriptor: int, *args: Any) -> Any:
            if descriptor not in self.ours:
                return real(descriptor, *args)
            if name == "write" and self.calls + 1 == self.fault.at:  # a part of it arrives
                real(descriptor, args[0][: len(args[0]) // 2])
            if name == "close":
                self.ours.discard(descriptor)
                real(descriptor)  # it is closed, whatever it reports
            self._call()
            return None if name == "close" else real(descriptor, *args)

        return call

    def _call(self) -> None:
        self.calls += 1
        if self.calls == self.fault.at or (self.fault.persistent and self.calls > self.fault.at):
            if self.fault.number is None:
                os.kill(os.getpid(), signal.SIGKILL)
            assert self.fault.number is not None
            raise OSError(self.fault.number, os.strerror(self.fault.number))


@contextmanager
def _file_size_limit() -> Iterator[None]:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))
    yield


@contextmanager
def _no_descriptors() -> Iterator[None]:
    lowest = os.dup(0)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    yield


# --- one attempt, in a process that may die -------------------------------------------------------------------


def _attempt(save: Save, path: Path, prepare: Callable[[], Any]) -> int:
    """Save in a forked process after *prepare*; return its exit status, negative for the signal that killed it."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        status = CRASHED
        try:
            prepare()
            save(path)
            status = SAVED
        except (cassettes.CassetteNotWrittenError, OSError) as error:
            is_reported = isinstance(error, cassettes.CassetteNotWrittenError) or save is _open_w
            status = REFUSED if is_reported else CRASHED
        finally:
            if status == CRASHED:
                traceback.print_exc()
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _lay_out(folder: Path, exists: bool) -> Path:
    """Make an empty root with the cassette's folder in it, the cassette too if it *exists*; return its path."""
    path = folder / "v3" / "test_x.yaml"
    if exists:
        path.parent.mkdir(parents=True)
        path.write_bytes(cassettes.dump(OLD))
    return path


def _judge(path: Path, exists: bool, status: int) -> str | None:
    """Return what an attempt broke, None if nothing."""
    found = path.read_bytes() if path.exists() else None
    old, new = cassettes.dump(OLD) if exists else None, cassettes.dump(NEW)
    if found not in (old, new):
        return f"the cassette is neither the old nor the new one but has {len(found or b'')} bytes"
    if status == SAVED and found != new:
        return "it was said to be saved and is not"
    if status == REFUSED and found != old:
        return "it was said not to be saved and is"
    if status == CRASHED:
        return "it ended in a traceback"
    if found is not None and len(cassettes.read(path)) not in (len(OLD), len(NEW)):
        return "it cannot be read"
    return None


def _left_over(path: Path) -> list[str]:
    return sorted(other.name for other in path.parent.glob("*") if other != path) if path.parent.exists() else []


@dataclass
class Tally:
    """What the attempts came to."""

    injected: int
    failures: list[str]

    def attempt(self, save: Save, folder: Path, exists: bool, fault: object, prepare: Callable[[], Any]) -> int:
        """Try to save under *fault* in a fresh folder; return the exit status."""
        root = Path(tempfile.mkdtemp(dir=folder))
        path = _lay_out(root, exists)
        status = _attempt(save, path, lambda: prepare(root))
        self.injected += 1
        problem = _judge(path, exists, status)
        left = _left_over(path)
        excused = status < 0 or getattr(fault, "persistent", False)  # nothing can be removed then
        if problem is None and left and not excused:
            problem = f"{left} is left behind"
        if problem is None and save is not _open_w:
            _write_again(path)
            if _left_over(path):
                problem = f"{_left_over(path)} is left after the next save, too"
        if problem is not None:
            self.failures.append(
                f"{save.__name__.strip('_')}, {'old one there' if exists else 'none'}, {fault}: {problem}"
            )
        return status


def _write_again(path: Path) -> None:
    with cassettes.locked(path, "the next"):
        cassettes.write(path, cassettes.dump(OLD))


def _injecting(fault: Fault, counter: Path) -> Callable[[Path], None]:
    """Return what makes *fault* happen in the process that calls it, and notes in *counter* how many calls it made."""

    def prepare(root: Path) -> None:
        injector, leave = Injector(root, fault), os._exit

        def leave_counted(status: int) -> None:
            injector.armed = False
            counter.write_text(str(injector.calls))
            leave(status)

        os._exit = leave_counted  # type: ignore[assignment]

    return prepare


def _every_call(tally: Tally, save: Save, folder: Path, exists: bool, faults: Sequence[Fault]) -> None:
    """Let each of *faults* happen at the first call, the second, and so on, until no call is left."""
    counter = folder / "calls"
    for kind in faults:
        fault, calls = kind, 0
        while calls >= fault.at:
            fault = replace(fault, at=fault.at + 1)
            counter.write_text(str(fault.at))  # what stands if it is killed
            tally.attempt(save, folder, exists, fault, _injecting(fault, counter))
            calls = int(counter.read_text())


def _mounts(tally: Tally, folder: Path) -> list[str]:
    """Save on a full file system and on a read-only one; return what could not be tried."""
    missing = []
    for name, options, then in (("a full tmpfs", "size=16k", _fill), ("a read-only mount", "size=1m", _remount)):
        place = folder / "mount"
        place.mkdir(exist_ok=True)
        mount = ["mount", "-t", "tmpfs", "-o", options, "none", str(place)]
        if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
            missing.append(name)
            continue
        try:
            for save in (_write, _promote):
                for file in place.rglob("*"):
                    file.unlink() if file.is_file() else None
                path = _lay_out(place / save.__name__, exists=True)
                then(place)
                status = _attempt(save, path, lambda: None)
                tally.injected += 1
                problem = _judge(path, True, status) or ("" if status == REFUSED else "it was not refused")
                problem = problem or ("something is left behind" if _left_over(path) else "")
                if problem:
                    tally.failures.append(f"{save.__name__}, {name}: {problem}")
                subprocess.run(["mount", "-o", "remount,rw", str(place)], check=True)
        finally:
            subprocess.run(["umount", str(place)], check=True)
    return missing


def _fill(place: Path) -> None:
    with (place / "filler").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 512)
        except OSError:
            pass


def _remount(place: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)


def run(bounded: bool) -> Outcome:
    """Let every call fail in every way."""
    with tempfile.TemporaryDirectory() as folder:
        done = run_apart(__name__, str(int(bounded)), folder, folder=Path(folder))
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
        outcome = json.loads(done.stdout.splitlines()[-1])
    return Outcome(**{**outcome, "failures": tuple(outcome["failures"])})


def _main(bounded: bool, folder: Path) -> Outcome:
    tally, control, title = Tally(0, []), Tally(0, []), "a save is whole or has not happened"
    kill = Fault(0, None)
    errors = [Fault(0, number, persistent) for number in ERRORS for persistent in (False, True)]
    few = {(_write, True): [Fault(0, errno.ENOSPC), Fault(0, errno.EROFS, persistent=True)]}
    for save, exists in ((_write, True), (_write, False), (_promote, True)):
        _every_call(tally, save, folder, exists, [kill, *(few.get((save, exists), []) if bounded else errors)])
        for name, limit in (("file-size limit", _file_size_limit), ("no descriptor left", _no_descriptors)):
            if save is _write:  # a lock needs a descriptor too
                status = tally.attempt(save, folder, exists, name, lambda root, limit=limit: limit().__enter__())
                if status != REFUSED:
                    tally.failures.append(f"{save.__name__}, {name}: it was not refused")
    _every_call(control, _open_w, folder, True, [kill])
    if not bounded:
        missing = _mounts(tally, folder)
        if missing:
            title += f" (not tried, as this user cannot mount: {', '.join(missing)})"
    return Outcome("R1", title, tally.injected, "lost", bool(control.failures), tuple(tally.failures))


if __name__ == "__main__":
    print(json.dumps(asdict(_main(sys.argv[1] == "1", Path(sys.argv[2])))))  # noqa: T201  # read by run()
