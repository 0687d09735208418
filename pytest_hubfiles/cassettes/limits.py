"""How large a cassette file may be, how much it may hold, and below which folder no link to it is followed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

MOST_VALUES: Final = 200_000
"""The most values that a file of any size may have,"""
BYTES_OF_A_VALUE: Final = 16
"""and one more for so many bytes; an exchange of 2 kB has about 40."""


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
