"""The only code that opens a cassette file and that writes any file: no links, no pipes, no half-written files."""

from __future__ import annotations

import os
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from pytest_hubfiles.cassettes.errors import CassetteNotWrittenError, CassetteUnreadableError
from pytest_hubfiles.cassettes.limits import Limits
from pytest_hubfiles.regular_files import AS_IT_IS, NO_WAIT, oddity
from pytest_hubfiles.visible import shown

_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)
_WAITS: Final = (0.01, 0.03, 0.1, 0.3, 1.0) if os.name == "nt" else ()
"""The seconds to wait on Windows, which replaces no file while a worker reads it, which takes milliseconds."""


def _link_above(path: Path, root: Path | None) -> Path | None:
    """Return the first folder between *root* and *path* that is a link, None if there is none."""
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
    """Open the regular file *path* for reading, without following a link below the root and without waiting.

    Raises:
        CassetteUnreadableError: with the reason.
    """
    link = _link_above(path, limits.root)
    if link is not None:
        raise CassetteUnreadableError(path, f"{link} is a symbolic link; put a folder in its place")
    try:
        odd = oddity(path.lstat())
        if odd is not None and path.is_dir():
            if path.is_symlink():
                raise CassetteUnreadableError(path, f"{shown(path.name)} is a symbolic link; put a folder in its place")
            os.scandir(path).close()  # this says why nobody can see what is in it
        if odd is not None:
            raise CassetteUnreadableError(path, f"it is not a regular file but {odd}; put the file in its place")
        file = open(os.open(path, os.O_RDONLY | _NO_LINK | NO_WAIT | AS_IT_IS), "rb")  # noqa: PTH123, SIM115
    except FileNotFoundError:
        raise CassetteUnreadableError(path, "there is no such file") from None
    except (OSError, ValueError) as error:  # ValueError: its name contains a NUL
        raise CassetteUnreadableError(path, getattr(error, "strerror", None) or str(error)) from None
    try:
        about = os.fstat(file.fileno())
        if oddity(about) is not None:  # it was replaced since lstat
            raise CassetteUnreadableError(path, "it is not a regular file")
        if about.st_size > limits.bytes:
            size = about.st_size / 1_000_000
            raise CassetteUnreadableError(path, f"it has {size:.1f} MB, more than {limits.setting} lets pass")
    except BaseException:
        file.close()
        raise
    return file


def content(path: Path, limits: Limits) -> bytes:
    """Return what the regular file *path* holds.

    Raises:
        CassetteUnreadableError: with the reason.
    """
    with opened(path, limits) as file:
        try:
            return file.read(limits.bytes)
        except OSError as error:  # such as a disk that fails
            raise CassetteUnreadableError(path, error.strerror or str(error)) from None


def check_target(path: Path, root: Path | None = None) -> None:
    """Refuse to write to *path* if something lies there that we must not replace.

    Raises:
        CassetteNotWrittenError: for a link at *path* or above it below *root*, for anything but a regular file, and
            for a read-only one.
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
    odd = oddity(about)
    if odd is not None:
        raise CassetteNotWrittenError(path, f"what lies there is {odd}, not a regular file; remove it first")
    if not about.st_mode & 0o222:
        raise CassetteNotWrittenError(path, "the file that lies there is read-only; make it writable first")


def write(path: Path, content: bytes, root: Path | None = None) -> None:
    """Write *content* to *path* atomically: at any moment, even at a power cut, the file is the old or the new one.

    Folders are made as needed. The new file has the permissions of the old one. No link below *root* is followed.

    Raises:
        CassetteNotWrittenError: with the reason; the old file is unchanged and no other one is left.
    """
    check_target(path, root)
    try:
        _make_folder(path.parent)
        _replace(path, content)
    except (OSError, ValueError) as error:  # ValueError: its name contains a NUL
        raise CassetteNotWrittenError(path, getattr(error, "strerror", None) or str(error)) from None
    _sync(path.parent)


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    with suppress(FileExistsError):  # another process made it meanwhile; if it is no folder, the next step fails
        folder.mkdir()
    _sync(folder.parent)


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(_leftover_prefix(path) + secrets.token_hex(8) + _TEMPORARY)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK | AS_IT_IS, 0o666)
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
        _put_in_place(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def _put_in_place(temporary: Path, path: Path) -> None:
    for seconds in _WAITS:
        try:
            temporary.replace(path)
        except PermissionError:
            time.sleep(seconds)
        else:
            return
    temporary.replace(path)


def _sync(folder: Path) -> None:
    """Make a new name in *folder* survive a power cut, if the system can; without it the file is in place too."""
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
    """Return the prefix of the temporary files of *path*; 120 characters hold the name of any cassette."""
    return f".{path.name[:120]}."


def leftovers(path: Path) -> Iterator[Path]:
    """Yield the temporary files that killed writers of *path* left behind; the caller must hold its lock."""
    prefix = _leftover_prefix(path)
    with suppress(OSError), os.scandir(path.parent) as entries:
        for entry in entries:
            token = entry.name.removeprefix(prefix).removesuffix(_TEMPORARY)
            if entry.name == f"{prefix}{token}{_TEMPORARY}" and len(token) == 16:
                yield path.with_name(entry.name)
