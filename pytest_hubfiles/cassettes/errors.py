"""The errors of a cassette file."""

from __future__ import annotations

from pathlib import Path

from pytest_hubfiles.errors import HubfilesError, Portable
from pytest_hubfiles.visible import clauses, shown


class RefusedError(Portable, ValueError):
    """A document is refused; ``reason`` and ``line`` (from 1, or None) say why and where."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        self.reason, self.line = reason, line
        super().__init__(reason)


class CassetteUnreadableError(HubfilesError):
    """A cassette file cannot be read; ``path``, ``reason`` and ``line`` (from 1, or None) say why and where."""

    def __init__(self, path: Path, reason: str, line: int | None = None) -> None:
        self.path, self.reason, self.line = path, reason, line
        super().__init__(self.described(shown(path)))

    def described(self, display_name: str) -> str:
        """Return the message with *display_name* for the file."""
        place = display_name if self.line is None else f"{display_name}, line {self.line}"
        return f"The cassette {place} cannot be read: {self.reason}"


class CassetteNotWrittenError(HubfilesError):
    """A cassette could not be written; the old one is unchanged."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(
            f"The cassette {shown(path)} could not be written: {clauses(reason)}. "
            "The old cassette is unchanged. Fix the cause, then record again."
        )
