"""The document that a contract was made from."""

from __future__ import annotations

from typing import NamedTuple


class Source(NamedTuple):
    """An OpenAPI document: its title and version as it gives them, and the SHA-256 of the file."""

    title: str
    version: str
    sha256: str

    def __str__(self) -> str:
        return f'"{self.title}" {self.version} (sha256 {self.sha256[:12]}…)'
