"""Everything this package raises on purpose, under one base class."""

from __future__ import annotations


class HubfilesError(Exception):
    """Base of every error this package raises on purpose; its text is written for the person at the terminal."""
