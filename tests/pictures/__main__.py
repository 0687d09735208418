"""Writes the pictures into ``docs/images``, each for a light and for a dark page."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final, Literal

from helpers.pages import PROJECT
from playwright.sync_api import Browser, sync_playwright

from pictures.runs import FAILURE, Shown, shown
from pictures.terminal_svg import THEMES, picture

_IMAGES: Final = PROJECT / "docs" / "images"
_WIDTH: Final = 1120
_SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
_CHROMIUMS: Final = ("chromium", "chromium-browser", "google-chrome")


def _terminals(seen: Shown) -> None:
    failure = seen.failure[seen.failure.index("\n") + 1 :].partition("= hubfiles =")[0].rpartition("\n")[0]
    for theme in THEMES:
        for name, command, output in (("failure", FAILURE, failure), ("review", "hubfiles review", seen.review)):
            path = _IMAGES / f"{name}-{theme}.svg"
            path.write_text(picture(command, output, theme), encoding="utf-8")
            print(path)


def _pages(seen: Shown, browser: Browser) -> None:
    """Show each page down to the end of its first card."""
    for scheme in _SCHEMES:
        context = browser.new_context(viewport={"width": _WIDTH, "height": 900}, color_scheme=scheme)
        page = context.new_page()
        for name, file in (("report", seen.report), ("rehearsal", seen.rehearsal)):
            page.goto(file.as_uri())
            card = page.locator(".card").first.bounding_box()
            assert card is not None
            path = _IMAGES / f"{name}-{scheme}.png"
            page.screenshot(
                path=path,
                full_page=True,
                clip={"x": 0, "y": 0, "width": _WIDTH, "height": card["y"] + card["height"] + 16},
            )
            print(path)
        context.close()


def main() -> None:
    """Make every picture; Chromium is the system's, or the one that CHROMIUM names."""
    chromium = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _CHROMIUMS)), None)
    if chromium is None:
        sys.exit("There is no Chromium here: install it (apt-get install chromium), or name it in CHROMIUM.")
    with tempfile.TemporaryDirectory() as folder:
        seen = shown(Path(folder))
        _terminals(seen)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            _pages(seen, browser)


if __name__ == "__main__":
    main()
