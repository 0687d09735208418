"""Where HubSpot's API is."""

from __future__ import annotations

from typing import Final

CANONICAL_ORIGIN: Final = "https://api.hubapi.com"
"""The origin every recording is stored under, wherever it came from."""
