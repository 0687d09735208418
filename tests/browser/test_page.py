"""The HTML report in a real browser: opened from a file, used by keyboard and on a phone, with no network at all."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from helpers.patience import PATIENCE
from helpers.samples import (
    CHANGES,
    HOSTILE,
    RICH_FINDINGS,
    UPLOADERS,
    compared,
    finding,
    full_of,
    hostile_rehearsal,
    large,
    rehearsed,
    rehearsed_large,
    report,
    rich,
)
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from pytest_hubfiles.report.formats.html_report import render_html
from pytest_hubfiles.report.rehearsal import Unbroken
from pytest_hubfiles.report.report import Report

# Without the last four, Chromium calls home by itself; without the first, it does not run as root.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
expect.set_options(timeout=120_000)  # of what fails, each sits it out
WIDTHS = {"desktop": 1280, "tablet": 768, "phone": 390, "small phone": 320}
REPORTS: dict[str, Callable[[], Report]] = {
    "none": lambda: report(failed=False),
    "unexplained": report,
    "one": lambda: report(finding("type-changed", "$.result.size", "integer", "string", line=112)),
    "rich": rich,
    "compared": compared,
    "many": lambda: large(300),
    "hostile": lambda: report(*map(full_of, HOSTILE)),
    "rehearsed": rehearsed,
    "rehearsed in bulk": rehearsed_large,
    "rehearsed with harm": lambda: hostile_rehearsal("".join(HOSTILE)),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The Chromium of this machine, without a window."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.fail("There is no Chromium here: install it (apt-get install chromium), or name it in CHROMIUM.")
    settings = {"executable_path": path, "args": ARGUMENTS, "timeout": PATIENCE * 1000}
    with sync_playwright() as playwright, playwright.chromium.launch(**settings) as chromium:
        yield chromium


def new_page(context: BrowserContext) -> Page:
    """Open a tab whose every wait ends only what hangs."""
    context.set_default_timeout(PATIENCE * 1000)
    return context.new_page()


Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open a page from a file; that it asks for nothing else and complains of nothing is checked at the end."""
    contexts, complaints, requests = [], [], []

    def open_it(html: str, width: int = 1280, **settings: Any) -> Page:
        file = tmp_path / "report.html"
        file.write_text(html, encoding="utf-8")
        context = browser.new_context(viewport={"width": width, "height": 800}, **settings)
        contexts.append(context)
        page = new_page(context)
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        network = context.new_cdp_session(page)
        network.send("Network.enable")
        network.on("Network.requestWillBeSent", lambda event: requests.append(event["request"]["url"]))
        page.goto(file.as_uri())
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert complaints == []
    assert {url.partition(":")[0] for url in requests} <= {"file", "data"}
    assert len([url for url in requests if url.startswith("file:")]) == len(contexts)


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is on *selector*."""
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"the keyboard does not reach {selector}")


def findings(page: Page) -> int:
    """How many findings can be seen."""
    return page.locator("[data-finding]:visible").count()


def severity_counts(one: Report) -> dict[str, int]:
    return {word: sum(f.severity.value == word for f in one.findings) for word in ("breaking", "warning", "info")}


@pytest.mark.parametrize("name", REPORTS)
def test_it_opens(open_page: Open, name: str) -> None:
    """Every report opens from a file with its verdict on top, without a complaint in the console."""
    made = REPORTS[name]()
    page = open_page(render_html(made))

    expect(page.locator("h1")).to_have_text("Failed" if made.failed else "Passed")
    expect(page.locator("h1")).to_be_in_viewport()
    assert page.locator(".filters").is_visible() == bool(made.findings)
    assert page.locator("#none").is_visible() == (not made.findings and made.rehearsal is None)


def test_filtering_by_severity(open_page: Open) -> None:
    """By keyboard alone, what is not of a chosen severity goes, rows and headings with it, and comes back."""
    page = open_page(render_html(large(300)))
    counts = severity_counts(large(300))
    assert findings(page) == 300

    tab_to(page, "input[value=breaking]")
    page.keyboard.press("Space")
    assert findings(page) == 300 - counts["breaking"]
    expect(page.locator("#shown")).to_have_text(f"{300 - counts['breaking']} of 300 findings")
    assert page.locator(".finding.breaking:visible, .shape tr.breaking:visible").count() == 0

    tab_to(page, "input[value=warning]")
    page.keyboard.press("Space")
    tab_to(page, "input[value=info]")
    page.keyboard.press("Space")
    assert findings(page) == 0
    assert page.locator(".card:visible").count() == 1  # what was judged
    assert page.locator(".shape tr:visible, .contents li:visible").count() == 0
    expect(page.locator("#none")).to_be_visible()

    page.keyboard.press("Space")
    assert findings(page) == counts["info"]
    expect(page.locator("#none")).to_be_hidden()


def test_filtering_by_version(open_page: Open) -> None:
    """By keyboard alone, a version can be left out, also what belongs to none."""
    page = open_page(render_html(rich()))
    total = len(RICH_FINDINGS)
    of_v3 = sum(f.version == "v3" for f in RICH_FINDINGS)
    of_none = sum(f.version is None for f in RICH_FINDINGS)

    tab_to(page, "input[name=version]")
    expect(page.locator("label:has(input:focus)")).to_have_text(f"v3 {of_v3}")
    page.keyboard.press("Space")
    assert findings(page) == total - of_v3
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator("label:has(input:focus)")).to_have_text(f"no version {of_none}")
    page.keyboard.press("Space")
    assert findings(page) == total - of_v3 - of_none
    assert page.locator(".card:visible", has_text="Cassettes and requests").count() == 0


def test_both_filters(open_page: Open) -> None:
    """What is seen is of a chosen severity and a chosen version, and a parent in a tree goes with its children."""
    page = open_page(render_html(rich()))

    page.locator("input[value=breaking]").uncheck(force=True)
    page.locator("label", has_text="v3").locator("input").uncheck(force=True)
    wanted = [f for f in RICH_FINDINGS if f.version != "v3" and f.severity.value != "breaking"]
    assert findings(page) == len(wanted)
    parents = page.locator(".shape tr.parent:visible")
    assert parents.all_inner_texts() == ["result\t"]
    page.locator("input[value=warning]").uncheck(force=True)
    page.locator("input[value=info]").uncheck(force=True)
    assert parents.count() == 0


@pytest.mark.parametrize("clipboard", ["there", "refused", "missing"])
def test_copying_a_fingerprint(open_page: Open, clipboard: str) -> None:
    """A fingerprint is copied by keyboard and said to be, also where the browser offers the page no clipboard."""
    page = open_page(render_html(rich()))
    page.evaluate("void (window.setTimeout = () => 0)")  # or "copied" would be gone after two seconds, read or not
    if clipboard == "refused":
        page.evaluate("void (navigator.clipboard.writeText = () => Promise.reject(new Error('refused')))")
    if clipboard == "missing":
        page.evaluate("void Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    button = page.locator("button.copy").nth(2)
    fingerprint = button.get_attribute("data-copy")

    button.focus()
    page.keyboard.press("Enter")

    expect(page.locator("#status")).to_have_text(f"Copied {fingerprint}")
    expect(button.locator(".hint")).to_have_text("copied")
    expect(button).to_be_focused()
    page.evaluate("document.body.append(Object.assign(document.createElement('textarea'), {id: 'paste'}))")
    page.locator("#paste").focus()
    page.keyboard.press("Control+V")
    assert page.locator("#paste").input_value() == fingerprint
    assert re.fullmatch("[0-9a-f]{16}", fingerprint or "")


def test_the_keyboard_reaches_everything(open_page: Open) -> None:
    """Whatever can be used can be reached by Tab, in the order it is read, and shows that it has the focus."""
    page = open_page(render_html(rich()))
    usable = page.locator("a:visible, button:visible, input:visible, summary:visible").count()

    seen, last = 0, -1
    while True:
        page.keyboard.press("Tab")
        order = page.evaluate(
            "[...document.querySelectorAll('a, button, input, summary')].indexOf(document.activeElement)"
        )
        if order < 0:
            break
        assert order > last
        seen, last = seen + 1, order
        outline = page.evaluate(
            """() => {
              const e = document.activeElement;
              return getComputedStyle(e.matches(".chip input") ? e.nextElementSibling : e).outlineStyle;
            }"""
        )
        assert outline == "solid"
    assert seen == usable


def test_links_lead_to_findings(open_page: Open) -> None:
    """A path in a table leads to its finding, an entry of the contents to its group, the skip link to the findings."""
    page = open_page(render_html(rich()))

    page.locator(".shape a", has_text="parentFolderId").click()
    expect(page.locator(":target .kind")).to_have_text("null-appeared")
    expect(page.locator(":target")).to_be_in_viewport()
    page.locator(".contents a").nth(3).click()
    expect(page.locator("section:target")).to_be_in_viewport()
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("name", REPORTS)
def test_nothing_is_wider_than_the_screen(open_page: Open, name: str, width: int) -> None:
    """On every screen, with names of any length, nobody has to scroll sideways."""
    page = open_page(render_html(REPORTS[name]()), width=width)

    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_shapes_on_a_phone(open_page: Open) -> None:
    """On a phone the two sides stand below one another, each named; on a desktop side by side."""
    places = {}
    for name in ("desktop", "phone"):
        page = open_page(render_html(rich()), width=WIDTHS[name])
        row = page.locator(".shape tr", has_text="parentFolderId")
        before, after = (row.locator(f"td.{side}").bounding_box() for side in ("before", "after"))
        assert before
        assert after
        places[name] = (before["y"] == after["y"], before["x"] == after["x"])
        named = page.evaluate("e => getComputedStyle(e, '::before').content", row.locator("td.before").element_handle())
        assert named == ("none" if name == "desktop" else '"recorded before"')
    assert places == {"desktop": (True, False), "phone": (False, True)}


CONTRAST = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255];
  };
  const over = (top, below) => top.slice(0, 3).map((c, i) => c * top[3] + below[i] * (1 - top[3])).concat(1);
  const behind = (e) =>
    e === null ? rgba("canvas") : over(rgba(getComputedStyle(e).backgroundColor), behind(e.parentElement));
  const linear = (v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = (c) => [.2126, .7152, .0722].reduce((sum, weight, i) => sum + weight * linear(c[i] / 255), 0);
  const poor = [];
  for (const e of document.querySelectorAll("body *:not(.aside):not(script):not(style)")) {
    const says = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (!says || !e.checkVisibility()) continue;
    const ground = behind(e), [a, b] = [light(over(rgba(getComputedStyle(e).color), ground)), light(ground)].sort();
    const ratio = (b + .05) / (a + .05);
    if (ratio < 4.5) poor.push(`${e.className || e.tagName} ${ratio.toFixed(2)}`);
  }
  return [...new Set(poor)];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["rich", "none", "compared", "rehearsed"])
def test_text_can_be_read(open_page: Open, name: str, scheme: str) -> None:
    """In both schemes every text has the contrast that WCAG 2.2 (AA) asks for: 4.5 to 1."""
    page = open_page(render_html(REPORTS[name]()), color_scheme=scheme)

    page.evaluate("for (const e of document.querySelectorAll('details, #quiet')) e.open = e.checked = true")
    if name == "rehearsed":
        page.locator("#matrix td[data-breaks]").first.click()
    assert page.evaluate(CONTRAST) == []
    page.evaluate("document.querySelector('h1').style.color = getComputedStyle(document.body).backgroundColor")
    assert [poor.split()[0] for poor in page.evaluate(CONTRAST)] == ["H1"]  # so that poor contrast is seen


def test_dark_is_dark(open_page: Open) -> None:
    """The page follows the scheme of the system: dark ink on light paper, or the reverse."""
    light, dark = (
        open_page(render_html(rich()), color_scheme=scheme).evaluate(
            "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
        )
        for scheme in ("light", "dark")
    )

    def lightness(colour: str) -> int:
        return sum(map(int, re.findall(r"\d+", colour)[:3]))

    assert lightness(light[0]) - lightness(light[1]) > 500
    assert lightness(dark[1]) - lightness(dark[0]) > 500


def test_it_can_be_read_without_script(open_page: Open) -> None:
    """Where scripts are off, every finding is there, and no filter that would do nothing."""
    page = open_page(render_html(rich()), java_script_enabled=False)

    assert page.locator("[data-finding]").count() == len(RICH_FINDINGS)
    expect(page.locator("[data-finding]").first).to_be_visible()
    expect(page.locator(".filters")).to_be_hidden()


# --- a rehearsal ---

SIGNS = {
    "never-ends": "∞", "raises": "!", "gives-up": "◷", "asks-else": "→", "fails": "✗", "undecided": "?",
    "not-tried": "–", "passes": "✓",
}  # fmt: skip


def cell(page: Page, change: str, test: str) -> Locator:
    """Return where *change* and *test* meet."""
    column = page.locator("#matrix thead th").evaluate_all("(all, t) => all.findIndex((e) => e.title === t)", test)
    return page.locator(f'#matrix tr[data-name="{change}"] > :nth-child({column + 1})')


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_each_verdict_has_a_colour_and_a_sign(open_page: Open, scheme: str) -> None:
    """No two verdicts look alike, neither by colour nor by sign, and each is in the legend."""
    page = open_page(render_html(rehearsed()), color_scheme=scheme)

    looks = page.evaluate(
        """names => names.map((name) => {
          const cell = document.querySelector(`#matrix .change td.${name}:not(.accepted)`);
          const style = getComputedStyle(cell);
          return [name, cell.textContent, style.color + style.backgroundColor];
        })""",
        list(SIGNS),
    )
    assert {name: sign for name, sign, _ in looks} == SIGNS
    assert len({colour for _, _, colour in looks}) == len(SIGNS)
    legend = page.locator(".legend li").evaluate_all("all => all.map((e) => e.dataset.state)")
    assert legend == [*list(SIGNS)[:-1], "accepted", "passes"]
    accepted = cell(page, CHANGES[5], UPLOADERS[4])
    expect(accepted).to_have_text("(!)")


def test_the_matrix_by_keyboard(open_page: Open) -> None:
    """Tab leads into the matrix once, arrows through it; the cell with the focus is told in full, its line is next."""
    page = open_page(render_html(rehearsed()))
    cell(page, CHANGES[0], UPLOADERS[0]).focus()
    detail = page.locator("#detail")
    expect(detail).to_contain_text("uploaders/manual.py:41 wait_forever")
    expect(detail).to_contain_text("never ends")

    page.keyboard.press("ArrowRight")
    expect(cell(page, CHANGES[0], UPLOADERS[1])).to_be_focused()
    expect(detail).to_contain_text("TimeoutError: not done in 60 s")
    page.keyboard.press("Tab")
    line = page.locator("#detail button.copy")
    expect(line).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_have_text(
        "Copied pytest 'tests/test_uploads.py::test_manual_wait[2026-03]' --hubfiles-change "
        "'import-status $.status enum-value-added'"
    )
    page.keyboard.press("Shift+Tab")
    expect(page.locator("#matrix td:focus")).to_have_count(1)
    page.keyboard.press("Shift+Tab")
    expect(page.locator("#matrix :focus")).to_have_count(0)

    page.keyboard.press("Tab")
    page.keyboard.press("Control+Home")
    expect(page.locator('#matrix tr[data-name="import-status $.status"] th')).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    expect(page.locator('#matrix tr[data-name="import-status $.status"] th')).to_be_focused()
    page.keyboard.press("Control+End")
    expect(page.locator("#matrix td:focus")).to_be_in_viewport()
    expect(detail).to_contain_text(UPLOADERS[4])


def test_a_cell_says_what_it_means(open_page: Open) -> None:
    """A cell without a break says that the test passes, was not tried, or has no such recording."""
    page = open_page(render_html(rehearsed()))
    page.locator("#quiet").check(force=True)
    detail = page.locator("#detail")

    cell(page, CHANGES[10], UPLOADERS[1]).click()
    expect(detail).to_have_text(f"{UPLOADERS[1]}passes:{CHANGES[10]}")
    cell(page, CHANGES[11], UPLOADERS[2]).click()
    expect(detail).to_contain_text("not tried:")
    cell(page, CHANGES[9], UPLOADERS[0]).click()
    expect(detail).to_contain_text("its recording does not allow this:")
    cell(page, "import-status $.status", UPLOADERS[3]).click()
    expect(detail).to_contain_text("AssertionError: assert 'LATER' == 'COMPLETE'")


def test_folding_the_matrix(open_page: Open) -> None:
    """Of hundreds of changes the places that break a test are seen; a place opens, and the rest on demand."""
    page = open_page(render_html(rehearsed_large()))
    rows = page.locator("#matrix tbody tr:visible")
    assert rows.count() == 20

    place = rows.first.locator("th")
    place.focus()
    expect(place).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Enter")
    expect(place).to_have_attribute("aria-expanded", "true")
    assert rows.count() == 24
    place.click()
    assert rows.count() == 20
    page.locator("#unfold").check(force=True)
    assert rows.count() == 20 + 80
    page.locator("#quiet").check(force=True)
    assert rows.count() == 60 + 240
    page.locator("#unfold").uncheck(force=True)
    assert rows.count() == 60


def test_a_rehearsal_that_breaks_nothing(open_page: Open) -> None:
    """Where no test breaks the matrix is there all the same, full of what passes."""
    made = rehearsed()
    assert made.rehearsal is not None
    made.rehearsal.breaks.clear()
    made.rehearsal.by_test = {test: Unbroken(frozenset(CHANGES)) for test in UPLOADERS}
    page = open_page(render_html(made))

    assert page.locator("#matrix td.passes:visible").count() > 0


@pytest.mark.parametrize("width", [WIDTHS["phone"], WIDTHS["desktop"]], ids=["phone", "desktop"])
def test_the_matrix_scrolls_by_itself(open_page: Open, width: int) -> None:
    """The matrix scrolls sideways and the page does not; what changes and the tests' names stay in sight."""
    page = open_page(render_html(rehearsed_large()), width=width)
    page.locator(".matrix").evaluate("e => { e.scrollIntoView({behavior: 'instant'}); e.scrollTo(300, 200); }")

    assert page.locator(".matrix").evaluate("e => e.scrollLeft") == 300
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box, change, name = (
        page.locator(one).bounding_box()
        for one in (".matrix", "#matrix tbody tr:nth-child(1) th >> nth=9", "#matrix thead th >> nth=0")
    )
    assert box
    assert change
    assert name
    assert abs(change["x"] - box["x"]) <= 1
    assert abs(name["y"] - box["y"]) <= 1 + 1
    assert change["width"] < box["width"] / 2
    page.locator("#matrix tbody tr:visible").nth(3).locator("td").nth(30).focus()
    focused = page.locator("#matrix td:focus").bounding_box()
    assert focused
    assert focused["x"] >= box["x"] + change["width"] - 1
    expect(page.locator("#matrix td:focus")).to_be_in_viewport()
    expect(page.locator("#detail .what").first).to_be_in_viewport()


def test_a_rehearsal_without_script(open_page: Open) -> None:
    """Where scripts are off, all rows are there, each break can be read, and nothing that would do nothing."""
    page = open_page(render_html(rehearsed()), java_script_enabled=False)

    assert page.locator("#matrix tbody tr:visible").count() == len(CHANGES) + 3
    expect(page.locator("#tools")).to_be_hidden()
    page.locator(".breaks summary").click()
    expect(page.locator(".breaks .break").first).to_contain_text("reproduce")
    assert page.locator(".breaks .break:visible").count() == 8


# --- no network ---


class Elsewhere(ThreadingHTTPServer):
    """A server that notes what it is asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Noting)
        self.asked: set[str] = set()
        self.asking = threading.Condition()


class _Noting(BaseHTTPRequestHandler):
    server: Elsewhere

    def do_GET(self) -> None:
        with self.server.asking:
            self.server.asked.add(self.path.strip("/"))
            self.server.asking.notify_all()
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Keep silent."""


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    """A server that should get no request."""
    with Elsewhere() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("guarded", [True, False], ids=["with the policy", "without: the probe"])
def test_the_policy_forbids_the_network(browser: Browser, tmp_path: Path, elsewhere: Elsewhere, guarded: bool) -> None:
    """Had markup got into the page, it would load nothing and run nothing; without the policy it would do both."""
    address = f"http://127.0.0.1:{elsewhere.server_address[1]}"
    html = render_html(rich()).replace(
        "</main>",
        f"<img src='{address}/img'><link rel=stylesheet href='{address}/css'><iframe src='{address}/frame'></iframe>"
        f"<script src='{address}/script'></script><script>fetch('{address}/fetch'); document.title = 'run'</script>"
        f"<style>body {{ background: url({address}/background) }}</style><img src=x onerror=\"document.title='run'\">"
        "</main>",
    )
    if not guarded:
        html = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html)
    file = tmp_path / "report.html"
    file.write_text(html, encoding="utf-8")

    context = browser.new_context()
    page = new_page(context)
    page.goto(file.as_uri(), wait_until="networkidle")
    wanted = {"img", "css", "frame", "script", "fetch", "background"}
    if not guarded:
        with elsewhere.asking:
            assert elsewhere.asking.wait_for(lambda: wanted <= elsewhere.asked, PATIENCE)
        page.wait_for_function("document.title === 'run'")
    title = page.title()
    context.close()

    assert elsewhere.asked == (set() if guarded else wanted)
    assert (title == "run") == (not guarded)
