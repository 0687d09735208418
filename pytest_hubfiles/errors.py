"""Everything this package raises on purpose, under one base class."""

from __future__ import annotations


class HubfilesError(Exception):
    """Base of every error this package raises on purpose; its text is written for the person at the terminal."""


class TooSlowError(HubfilesError):
    """A body that cannot be judged in a time that is in proportion to its size; ``reason`` says what takes so long."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)
