"""How long HubSpot supports a version of its API."""

from __future__ import annotations

import datetime as dt
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from pytest_hubfiles import toml
from pytest_hubfiles.judge.shipped import shipped_schemas

if TYPE_CHECKING:
    from collections.abc import Mapping

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


class Support(NamedTuple):
    """The last day on which a version is supported, and who says so."""

    last_day: dt.date
    source: str

    @property
    def month(self) -> str:
        """The month of the last day, in words."""
        return f"{_MONTHS[self.last_day.month - 1]} {self.last_day.year}"


@cache
def supported() -> Mapping[str, Support]:
    """Return the support of each version of which an end is known; ``schemas/versions.toml`` names its sources."""
    text = (shipped_schemas() / "versions.toml").read_text(encoding="utf-8")
    entries = toml.loads(text)["version"]
    return MappingProxyType({entry["label"]: Support(entry["ends"], entry["source"]) for entry in entries})
