"""The one place that opens a cassette file and the one that writes any file: no link, pipe or half of one."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from pytest_hubfiles.cassettes.errors import CassetteNotWrittenError, CassetteUnreadableError
from pytest_hubfiles.cassettes.limits import Limits

_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)
_AS_IT_IS: Final = getattr(os, "O_BINARY", 0)  # without it, Windows changes the ends of lines
_NO_WAIT: Final = getattr(os, "O_NONBLOCK", 0)  # a pipe would wait for somebody to open its other end
_KINDS: Final = (
    (stat.S_ISREG, None),
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
)


def _oddity(about: os.stat_result) -> str | None:
    """Return what it is that is no regular file, None for one that is."""
    return next((name for test, name in _KINDS if test(about.st_mode)), "a device")


def _link_above(path: Path, root: Path | None) -> Path | None:
    """Return the first folder between *root* and *path* that is a link, None where none is."""
    if root is None:
        return None
    found = None
    below = str(root).rstrip(os.sep) + os.sep
    folder = os.path.dirname(path)  # noqa: PTH120  # pathlib would take as long as reading the file does
    while folder.startswith(below) and folder != below:
        if os.path.islink(folder):  # noqa: PTH114  # likewise
            found = Path(folder)
        folder = os.path.dirname(folder)  # noqa: PTH120  # likewise
    return found


def opened(path: Path, limits: Limits) -> BinaryIO:
    """Return the regular file *path*, to be read; no link below the root is followed, and nothing is waited for.

    Raises:
        CassetteUnreadableError: with the reason.
    """
    link = _link_above(path, limits.root)
    if link is not None:
        raise CassetteUnreadableError(path, f"{link} is a symbolic link; put a folder in its place")
    try:
        oddity = _oddity(path.lstat())
        if oddity is not None:
            raise CassetteUnreadableError(path, f"it is not a regular file but {oddity}; put the file in its place")
        file = open(os.open(path, os.O_RDONLY | _NO_LINK | _NO_WAIT | _AS_IT_IS), "rb")  # noqa: PTH123, SIM115
    except FileNotFoundError:
        raise CassetteUnreadableError(path, "there is no such file") from None
    except (OSError, ValueError) as error:  # the latter for a NUL in its name
        raise CassetteUnreadableError(path, getattr(error, "strerror", None) or str(error)) from None
    try:
        about = os.fstat(file.fileno())
        if _oddity(about) is not None:  # it was replaced since it was looked at
            raise CassetteUnreadableError(path, "it is not a regular file")
        if about.st_size > limits.bytes:
            size = about.st_size / 1_000_000
            raise CassetteUnreadableError(path, f"it has {size:.1f} MB, more than {limits.setting} lets pass")
    except BaseException:
        file.close()
        raise
    return file


def check_target(path: Path, root: Path | None = None) -> None:
    """Refuse to write to *path* where something lies that is not ours to replace.

    Raises:
        CassetteNotWrittenError: a link at or above it below *root*, no regular file, or one that is read-only.
    """
    link = _link_above(path, root)
    if link is not None:
        raise CassetteNotWrittenError(path, f"{link} is a symbolic link, and nothing is written through one")
    try:
        about = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError) as error:
        raise CassetteNotWrittenError(path, getattr(error, "strerror", None) or str(error)) from None
    oddity = _oddity(about)
    if oddity is not None:
        raise CassetteNotWrittenError(path, f"what lies there is {oddity}, not a regular file; remove it first")
    if not about.st_mode & 0o222:
        raise CassetteNotWrittenError(path, "the file that lies there is read-only; make it writable first")


def write(path: Path, content: bytes, root: Path | None = None) -> None:
    """Put *content* at *path* so that the file is at any moment, a power cut too, the old one or the new one.

    Folders are made as needed; a file that was there hands on its permissions. No link below *root* is followed.

    Raises:
        CassetteNotWrittenError: with the reason; the old file is as it was and no other one is left.
    """
    check_target(path, root)
    try:
        _make_folder(path.parent)
        _replace(path, content)
    except (OSError, ValueError) as error:  # the latter for a NUL in its name
        raise CassetteNotWrittenError(path, getattr(error, "strerror", None) or str(error)) from None
    _sync(path.parent)


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    with suppress(FileExistsError):  # made by another process meanwhile; what is no folder is told by what comes next
        folder.mkdir()
    _sync(folder.parent)


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(_leftover_prefix(path) + secrets.token_hex(8) + _TEMPORARY)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK | _AS_IT_IS, 0o666)
    try:
        try:
            if path.exists() and hasattr(os, "fchmod"):
                os.fchmod(descriptor, stat.S_IMODE(path.stat().st_mode))
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _sync(folder: Path) -> None:
    """Make a new name in *folder* last through a power cut, where the system can; the file is in its place anyway."""
    if os.name == "nt":  # Windows opens no folders
        return
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


_TEMPORARY: Final = ".tmp"


def _leftover_prefix(path: Path) -> str:
    """Return how the temporary files of *path* begin; a cassette's name is never cut."""
    return f".{path.name[:120]}."


def leftovers(path: Path) -> Iterator[Path]:
    """Yield the temporary files that writers of *path* left when they were killed; its lock must be held."""
    prefix = _leftover_prefix(path)
    with suppress(OSError), os.scandir(path.parent) as entries:
        for entry in entries:
            token = entry.name.removeprefix(prefix).removesuffix(_TEMPORARY)
            if entry.name == f"{prefix}{token}{_TEMPORARY}" and len(token) == 16:
                yield path.with_name(entry.name)
