"""How large a cassette file may be, and below which folder no link is followed to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Limits:
    """What a cassette file must keep to.

    ``megabytes`` (of 1,000,000 bytes) bounds the file and what its aliases amount to; below ``root``, where there is
    one, no symbolic link is followed.
    """

    megabytes: float = 64.0
    root: Path | None = None

    @property
    def bytes(self) -> int:
        """The most bytes that a file may have."""
        return int(self.megabytes * 1_000_000)

    @property
    def setting(self) -> str:
        """The setting that says so, for messages."""
        return f"hubfiles_max_cassette_mb = {self.megabytes:g}"


USUAL = Limits()
"""The limits where nobody has set any: hubfiles_max_cassette_mb is 64."""
