"""The documentation site in a real browser, opened from a disk with no network at all: each page, and the search."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.pages import PAGES, PROJECT
from helpers.patience import PATIENCE
from playwright.sync_api import Browser, expect, sync_playwright

WIDTHS = {"desktop": 1280, "phone": 390}
OVERFLOWS = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"
BROKEN = "() => [...document.images].filter(i => i.offsetParent && i.complete && !i.naturalWidth).map(i => i.src)"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as ``make docs`` builds it, in a folder of its own."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("docs", "CHANGELOG.md", "zensical.toml"):
        (shutil.copytree if (PROJECT / name).is_dir() else shutil.copy)(PROJECT / name, folder / name)
    build = [Path(sys.executable).with_name("zensical"), "build", "--clean", "--strict"]
    subprocess.run(build, cwd=folder, check=True, capture_output=True)
    return folder / "site"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The Chromium of this machine, without a window."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    settings = {"executable_path": path, "args": arguments, "timeout": PATIENCE * 1000}
    with sync_playwright() as playwright, playwright.chromium.launch(**settings) as chromium:
        yield chromium


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_each_page_opens(browser: Browser, site: Path, width: int, scheme: str) -> None:
    """No page complains, asks another server for anything, is wider than its window, or lacks a picture."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    names = [name.removeprefix("docs/").removesuffix(".md") for name in PAGES if name.startswith("docs/")]
    for name in names:
        page.goto((site / f"{name}.html").as_uri(), wait_until="load")
        assert (name, page.evaluate(OVERFLOWS), page.evaluate(BROKEN)) == (name, False, [])
    context.close()
    assert len(names) > 20
    assert complaints == []
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []


def test_search_finds_a_message_offline(browser: Browser, site: Path) -> None:
    """Somebody who types the words of an error finds what is behind it."""
    context = browser.new_context()
    page = context.new_page()
    page.goto((site / "index.html").as_uri())
    field = page.get_by_placeholder("Search").first
    for _ in range(600):  # until the page's script is there, the key does nothing
        if field.is_visible():
            break
        page.keyboard.press("/")
        page.wait_for_timeout(100)
    field.fill("task never ended")
    expect(page.get_by_text("the recorded task never ended").first).to_be_visible(timeout=PATIENCE * 1000)
    context.close()
