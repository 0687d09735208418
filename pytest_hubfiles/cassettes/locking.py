"""Locks, so that each cassette has one writer at a time across workers and runs, and the folder that runs share."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from pytest_hubfiles.cassettes.errors import CassetteNotWrittenError
from pytest_hubfiles.cassettes.files import leftovers
from pytest_hubfiles.cassettes.names import candidate_path
from pytest_hubfiles.errors import HubfilesError

_LOCK_SECONDS: Final = 300.0  # many workers take turns, each for a few hundredths of a second: longer means it hangs
_POLL_SECONDS: Final = 0.01  # merging and writing a recording takes a few hundredths


def private_folder() -> Path:
    """Return the folder for locks and staged recordings, outside of every checkout, which only this user may enter.

    Raises:
        HubfilesError: if it cannot be made, or belongs to another user.
    """
    user = str(os.getuid()) if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    folder = Path(tempfile.gettempdir()) / f"pytest-hubfiles-{user}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        about = folder.lstat()
        if not stat.S_ISDIR(about.st_mode) or (hasattr(os, "getuid") and about.st_uid != os.getuid()):
            raise HubfilesError(f"{folder} belongs to somebody else; remove it, or set TMPDIR to a folder of your own")
        if hasattr(os, "getuid") and about.st_mode & 0o077:
            folder.chmod(0o700)
    except OSError as error:
        why = error.strerror or error
        raise HubfilesError(f"{folder} cannot be made: {why}; set TMPDIR to a folder of your own") from None
    return folder


def identity(path: Path) -> str:
    """Return a short name for the cassette *path* that is the same in every process."""
    real = os.path.normcase(os.path.realpath(path))  # unlike resolve(), it does not fail for a link to itself
    return hashlib.sha256(real.encode("utf-8", "surrogatepass")).hexdigest()[:24]


@contextmanager
def locked(path: Path, holder: str, seconds: float = _LOCK_SECONDS) -> Iterator[None]:
    """Hold the lock of the cassette *path*, across workers and separate runs of this user.

    The system releases the lock of a killed process. Temporary files that such a process left are removed.

    Raises:
        CassetteNotWrittenError: if another process holds it for *seconds*; it says which.
    """
    from filelock import FileLock, Timeout

    folder = private_folder() / "locks"
    lock = folder / f"{identity(path)}.lock"
    note = lock.with_suffix(".holder")
    held = FileLock(lock)
    try:
        folder.mkdir(exist_ok=True)
        held.acquire(timeout=seconds, poll_interval=_POLL_SECONDS)
    except Timeout:
        by = _content(note) or "another process"
        raise CassetteNotWrittenError(path, f"{by} held its lock for {seconds:g} seconds") from None
    except OSError as error:
        raise CassetteNotWrittenError(path, f"its lock {lock} cannot be taken: {error.strerror or error}") from None
    try:
        with suppress(OSError):  # the note only serves a message
            note.write_text(f"process {os.getpid()} ({holder})", encoding="utf-8", errors="replace")
        for leftover in (*leftovers(path), *leftovers(candidate_path(path))):
            with suppress(OSError):
                leftover.unlink()
        yield
    finally:
        held.release()


def _content(note: Path) -> str:
    try:
        return note.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
