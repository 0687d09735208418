"""How large a cassette file may be, and below which folder no link to it is followed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a cassette file.

    ``megabytes`` (of 1,000,000 bytes) bounds the file, also with its aliases written out. Below ``root``, if it is
    given, no symbolic link is followed.
    """

    megabytes: float = 64.0
    root: Path | None = None

    @property
    def bytes(self) -> int:
        """The most bytes that a file may have."""
        return int(self.megabytes * 1_000_000)

    @property
    def setting(self) -> str:
        """The setting that sets this, for messages."""
        return f"hubfiles_max_cassette_mb = {self.megabytes:g}"


USUAL = Limits()
"""The default limits: hubfiles_max_cassette_mb is 64."""
