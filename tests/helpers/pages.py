"""The README and the pages in ``docs``: what a user reads, and the snippets in it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parents[2]
PAGES: Final = {
    path.relative_to(PROJECT).as_posix(): path.read_text(encoding="utf-8")
    for path in (PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md")))
}
TEXT: Final = "\n".join(PAGES.values())
FENCE: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def snippets(page: str, language: str) -> list[str]:
    """Return the snippets of a page that are written in *language*."""
    return [text for name, text in FENCE.findall(page) if name == language]


def named_file(text: str) -> tuple[str, str]:
    """Return the file name that a snippet's first line gives, and the snippet."""
    first = text.split("\n", 1)[0]
    assert first.startswith("# "), first
    return first[2:], text
