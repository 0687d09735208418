"""Where HubSpot's API is, and how its versions are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pytest_hubfiles.errors import HubfilesError

CANONICAL_ORIGIN: Final = "https://api.hubapi.com"
"""The origin every recording is stored under, wherever it came from."""

_VERSION_LABEL: Final = re.compile(r"v[0-9]{1,3}|[0-9]{4}-[0-9]{2}(?:-[a-z]+)?")


class UnknownVersionError(HubfilesError):
    """A label that is no HubSpot API version."""

    def __init__(self, label: object) -> None:
        self.label = label
        super().__init__(
            f"{label!r} is not a HubSpot API version.\nA version is written as in a path: v3, 2026-03 or 2026-09-beta."
        )


@dataclass(frozen=True, slots=True)
class ApiVersion:
    """A HubSpot API version as it stands in a path: ``v3``, ``2026-03`` or ``2026-09-beta``.

    Source: HubSpot's versioning policy, date-based since 2025-09.

    Raises:
        UnknownVersionError: if *label* has none of these forms.
    """

    label: str

    def __post_init__(self) -> None:
        if not isinstance(self.label, str) or not _VERSION_LABEL.fullmatch(self.label):
            raise UnknownVersionError(self.label)


def is_version(label: str) -> bool:
    """Return whether *label* is written as an API version is."""
    return bool(_VERSION_LABEL.fullmatch(label))
