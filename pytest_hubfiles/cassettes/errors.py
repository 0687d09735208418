"""What can go wrong with a cassette file."""

from __future__ import annotations

from pathlib import Path

from pytest_hubfiles.errors import HubfilesError


class RefusedError(ValueError):
    """A document that is not read to its end; ``reason`` and ``line`` (from 1, or None) say why and where."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        self.reason, self.line = reason, line
        super().__init__(reason)


class CassetteUnreadableError(HubfilesError):
    """A cassette file that cannot be read; ``path``, ``reason`` and ``line`` (from 1, or None) say why and where."""

    def __init__(self, path: Path, reason: str, line: int | None = None) -> None:
        self.path, self.reason, self.line = path, reason, line
        super().__init__(self.described(str(path)))

    def described(self, shown: str) -> str:
        """Return the message with the file called *shown*."""
        place = shown if self.line is None else f"{shown}, line {self.line}"
        return f"The cassette {place} cannot be read: {self.reason}"


class CassetteNotWrittenError(HubfilesError):
    """A cassette that could not be written; what was there before is as it was."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"The cassette {path} could not be written: {reason}. What was there before is as it was.")
