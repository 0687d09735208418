"""Puts what is made from the code into the pages, each part between two comments that name it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from helpers.pages import PROJECT

from reference import api, commands, findings, report_schema, settings

PARTS: Final[Mapping[str, Callable[[], str]]] = {
    "api": api.classes,
    "commands": commands.commands,
    "findings": findings.kinds,
    "fixtures": api.fixtures,
    "marker": settings.marker,
    "report": report_schema.members,
    "settings": settings.settings,
    "switches": commands.switches,
}
_PART: Final = re.compile(r"(<!-- (?P<name>[a-z]+) -->\n\n).*?(<!-- end of (?P=name) -->)", re.DOTALL)


def pages() -> list[Path]:
    """Return the pages of the reference."""
    return sorted((PROJECT / "docs" / "reference").glob("*.md"))


def renewed(page: str) -> str:
    """Return *page* with each part that is made from the code as the code has it now."""
    return _PART.sub(lambda found: f"{found[1]}{PARTS[found['name']]()}\n\n{found[3]}", page)


def named(page: str) -> list[str]:
    """Return the names of the parts that *page* has."""
    return [found["name"] for found in _PART.finditer(page)]
