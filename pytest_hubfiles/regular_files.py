"""Files from outside: which of them may be opened, and read without waiting and within bounds."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Final

NO_WAIT: Final = getattr(os, "O_NONBLOCK", 0)  # opening a pipe would wait until its other end is opened
AS_IT_IS: Final = getattr(os, "O_BINARY", 0)  # without it, Windows changes the ends of lines
MOST_BYTES: Final = 64_000_000
_KINDS: Final = (
    (stat.S_ISREG, None),
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
)


def oddity(about: os.stat_result) -> str | None:
    """Return what kind of file it is, None for a regular file."""
    return next((name for test, name in _KINDS if test(about.st_mode)), "a device")


def read(path: Path, most: int = MOST_BYTES) -> bytes:
    """Return what the regular file *path*, or the one to which it is a link, holds.

    Raises:
        OSError: if it cannot be read, is no regular file, or has more than *most* bytes; ``strerror`` says why.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | NO_WAIT | AS_IT_IS)
    except ValueError as error:  # its name contains a NUL
        raise OSError(errno.EINVAL, str(error), str(path)) from None
    with open(descriptor, "rb") as file:  # noqa: PTH123  # pathlib opens no descriptor
        odd = oddity(os.fstat(descriptor))
        if odd is not None:
            raise OSError(errno.EINVAL, f"it is not a regular file but {odd}", str(path))
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it has more than {most / 1_000_000:g} MB", str(path))
    return content


def read_text(path: Path, most: int = MOST_BYTES) -> str:
    """Return the text of *path*, which is UTF-8; lines end in line feeds.

    Raises:
        OSError: as for :func:`read`.
        UnicodeDecodeError: if it is no UTF-8.
    """
    return read(path, most).decode("utf-8").replace("\r\n", "\n")
