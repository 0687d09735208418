"""The README and the pages in ``docs``: what a user reads."""

from __future__ import annotations

from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).parents[2]
PAGES: Final = {
    path.relative_to(PROJECT).as_posix(): path.read_text(encoding="utf-8")
    for path in (PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md")))
}
TEXT: Final = "\n".join(PAGES.values())
