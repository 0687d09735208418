"""The HTML report, read by a parser; ``tests/browser`` has what only a browser can show."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
from collections.abc import Iterable
from html.parser import HTMLParser

import pytest
from helpers.samples import (
    CHANGES,
    RICH_FINDINGS,
    UPLOADERS,
    finding,
    for_hostile_text,
    full_of,
    hostile,
    hostile_rehearsal,
    large,
    rehearsed,
    rehearsed_large,
    report,
    rich,
)

from pytest_hubfiles.report.formats.html_report import render_html
from pytest_hubfiles.report.outline import outline, steps_of
from pytest_hubfiles.report.report import Report
from pytest_hubfiles.visible import visible

VOID = {"meta", "link", "input", "br", "circle", "path"}


class Page(HTMLParser):
    """The elements of the page in their order, with their attributes, and its text but for style and script."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.own: dict[str, str] = {}
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in ("style", "script"):
            self.own[self._open[-1]] = self.own.get(self._open[-1], "") + data
        elif data.strip():
            self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def shape(self) -> list[tuple[str, list[str]]]:
        """The elements and the names of their attributes."""
        return [(tag, sorted(attributes)) for tag, attributes in self.elements]

    @property
    def text(self) -> str:
        return "\n".join(self.texts)


def test_the_verdict_comes_first() -> None:
    """The page begins with whether the run failed and how much was found, in its title too."""
    page = Page(render_html(rich()))

    texts = [" ".join(text.split()) for text in page.texts]
    assert texts[:4] == [
        "Failed – hubfiles report", "Skip to the findings", "Failed", "7 breaking, 3 warning, 4 info",
    ]  # fmt: skip
    assert Page(render_html(report(failed=False))).texts[0] == "Passed – hubfiles report"


def test_findings_are_grouped() -> None:
    """Findings stand by operation and state, each with kind, path, message, tests, cassettes and fingerprint."""
    page = Page(render_html(rich()))

    assert len(page.all("section")) == 9  # eight groups, and what was judged
    found = [attributes for tag, attributes in page.elements if "data-finding" in attributes]
    assert len(found) == len(RICH_FINDINGS)
    for one in RICH_FINDINGS:
        assert one.path in page.texts
        assert one.kind.value in page.texts
        assert one.fingerprint in page.texts
        assert one.test is None or one.test in page.texts
    assert "cassettes/shared.yaml:9" in page.texts
    assert "A waiting task has no completedAt." in page.text
    assert "https://api.hubapi.com/crm/v3/objects" in page.texts


def test_the_shapes_stand_side_by_side() -> None:
    """Both sides of each path are in one row, each marked as what it is, with only the difference marked."""
    html = re.sub(r"\s*(<[^>]*>)\s*", r"\1", render_html(rich()))

    row = re.search(r"<tr[^>]*><th[^>]*><i></i><a[^>]*>parentFolderId</a></th>(.*?)</tr>", html)
    assert row is not None
    assert row[1] == (
        '<td class="before" data-side="recorded before"><span class="value">string</span></td>'
        '<td class="after" data-side="now"><span class="value"><ins>null</ins>or string</span></td>'
    )
    for words in ("Against the contract", "documented", "received", "Between versions"):
        assert f">{words}</th>" in html


@pytest.mark.parametrize("made", [Report(), report(), report(failed=False), report(finding("field-added"))], ids=str)
def test_small_reports(made: Report) -> None:
    """Reports of nothing, of a failure that no finding explains, of none and of one finding are whole pages."""
    page = Page(render_html(made))

    assert len(page.all("h1")) == 1
    (none,) = [attributes for attributes in page.all("p") if attributes.get("id") == "none"]
    assert ("hidden" in none) == bool(made.findings)
    assert ("another reason than these findings" in page.text) == (made.failed and not made.findings)


def test_a_large_report() -> None:
    """A report of hundreds of findings tells every one of them once."""
    page = Page(render_html(large(300)))

    assert sum("data-finding" in attributes for _, attributes in page.elements) == 300
    assert len({attributes["data-copy"] for attributes in page.all("button")}) == 300
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    links = [attributes["href"] for attributes in page.all("a")]
    assert {link.removeprefix("#") for link in links if link} <= set(ids)


def test_the_matrix() -> None:
    """A rehearsal is a row for each change and for each place of several, and a column for each test."""
    page = Page(render_html(rehearsed()))

    assert {a.get("title") for tag, a in page.elements if tag == "th" and "title" in a} == set(UPLOADERS)
    names = [a["data-name"] for a in page.all("tr") if "data-name" in a]
    assert set(names) > set(CHANGES)
    assert len(names) == len(set(names))
    assert {"import-status $.status", "import-status $.completedAt", "import-status $.result"} <= set(names)
    assert names[0] == "import-status $.status"
    cells = [a for a in page.all("td") if "data-breaks" in a]
    numbers = {number for a in cells for number in (a["data-breaks"] or "").split()}
    assert numbers == {str(number) for number in range(1, 9)}
    assert {(a["class"] or "").split()[0] for a in page.all("td") if a.get("class") and a["class"] != "number"} == {
        "never-ends", "raises", "gives-up", "asks-else", "fails", "undecided", "not-tried", "passes"
    }  # fmt: skip
    for words in (
        "5 of them break a test, 1 accepted",
        "only together:",
        "not rehearsed:",
        "(it is skipped or",
        "(!)",
    ):
        assert words in page.text
    assert "another reason than these findings" not in page.text


@pytest.mark.slow
def test_a_large_rehearsal() -> None:
    """Hundreds of changes and dozens of tests are all there, and each break with the line that repeats it."""
    page = Page(render_html(rehearsed_large(240, 36)))

    assert sum("data-name" in a for a in page.all("tr")) == 240 + 60
    assert len([a for a in page.all("button") if (a["data-copy"] or "").startswith("pytest ")]) == 1440
    assert sum(a.get("class") == "quiet" for a in page.all("tbody")) == 40


# --- alone ---


def test_nothing_outside_the_page() -> None:
    """The policy allows the page's own style and script by their hashes and nothing else; no element asks for more."""
    page = Page(render_html(rich()))

    (policy,) = [a for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    hashes = {
        kind: base64.b64encode(hashlib.sha256(page.own[kind].encode()).digest()).decode()
        for kind in ("style", "script")
    }
    assert policy["content"] == (
        f"default-src 'none'; style-src 'sha256-{hashes['style']}'; script-src 'sha256-{hashes['script']}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert (len(page.all("style")), len(page.all("script"))) == (1, 1)
    for tag, attributes in page.elements:
        assert not {"src", "srcset", "style", "action", "target"} & set(attributes)
        assert not any(name.startswith("on") for name in attributes)
        href = attributes.get("href") or ""
        assert not href or href.startswith("data:image/svg+xml," if tag == "link" else "#")
    assert "url(" not in page.own["style"]
    assert "@import" not in page.own["style"]
    assert not re.search(r"fetch|XMLHttp|WebSocket|import\(|innerHTML|eval", page.own["script"])


def plain(lines: int) -> Page:
    return Page(render_html(hostile("\n".join(["plain"] * lines))))


PLAIN = {1: plain(1)}


@pytest.mark.slow
@for_hostile_text
def test_hostile_text(text: str) -> None:
    """Text that means harm is text: the page has the elements, attributes, style and script it has for plain text."""
    page = Page(render_html(hostile(text)))

    one = full_of(text)
    lines = len(one.message.splitlines())
    assert page.shape == PLAIN.setdefault(lines, plain(lines)).shape
    assert page.own == PLAIN[lines].own
    assert visible(one.deviation or "").strip() in page.text
    assert visible(one.path) in page.texts


def as_text(shape: Iterable[object]) -> set[str]:
    return set(map(str, shape))


@pytest.mark.slow
@for_hostile_text
def test_hostile_text_in_a_rehearsal(text: str) -> None:
    """Changes, tests, errors, places and reasons that mean harm are text: the page is made as for plain ones."""
    page = Page(render_html(hostile_rehearsal(text)))
    harmless = [Page(render_html(hostile_rehearsal(plain))) for plain in ("plain", "of one place", "v1:v2")]

    assert [page.own == one.own for one in harmless] == [True, True, True]
    assert as_text(page.shape) <= as_text(one for page in harmless for one in page.shape)
    assert visible(text).strip() in page.text
    assert visible(f"{text}:7 {text}") in page.text


def test_jinja_is_imported_for_the_page_only() -> None:
    """Reports and their formats cost no template engine; the page does, so the probe sees it."""
    probe = (
        "import sys, pytest_hubfiles.report.publishing as f\n"
        "from pytest_hubfiles.report.report import Report\n"
        "for name in ('json', 'markdown', 'sarif', 'github'): f.render(name, Report())\n"
        "print('jinja2' in sys.modules)\n"
        "f.render('html', Report())\n"
        "print('jinja2' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["False", "True"]


# --- the tree of paths ---


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("$", []),
        ("$.result.size", ["result", "size"]),
        ("$.errors[*].context.*[*]", ["errors", "[*]", "context", "*", "[*]"]),
        ("$['self-link']['it\\'s'].x", ["self-link", "it's", "x"]),
        ("$['a.b[*]\\\\']", ["a.b[*]\\"]),
        ("$['two\\nlines']", ["two\nlines"]),
    ],
)
def test_the_steps_of_a_path(path: str, steps: list[str]) -> None:
    """A JSONPath is taken apart into the names it was made of."""
    assert steps_of(path) == steps


def test_the_tree() -> None:
    """Paths share their parents, a chain of parents takes one line, and a parent knows what is below it."""
    rows = outline(
        [
            finding("type-changed", "$.result.size", "integer", "string"),
            finding("field-added", "$.result.owner.name", None, "string"),
            finding("field-removed", "$.result.owner.id", "integer", None),
            finding("deprecation-announced"),
        ]
    )

    assert [(row.depth, row.name, row.is_leaf, len(row.findings)) for row in rows] == [
        (0, "result", False, 3),
        (1, "owner", False, 2),
        (2, "id", True, 1),
        (2, "name", True, 1),
        (1, "size", True, 1),
    ]
    assert (rows[2].after, rows[3].before) == (None, None)


@pytest.mark.parametrize(
    ("one", "before", "after"),
    [
        (finding("type-changed", "$.a", "integer", "string"), "[integer]", "[string]"),
        (finding("null-appeared", "$.a", "string", "null or string"), "string", "[null] or string"),
        (finding("success-status-changed", "$", "200, 202", "202, 204"), "[200], 202", "202, [204]"),
        (finding("enum-value-added", "$.a", "DONE, OPEN", "LOST"), "DONE, OPEN", "[LOST]"),
        (finding("schema-violation", "$.a", "DONE, OPEN", "LOST", keyword="enum"), "DONE, OPEN", "[LOST]"),
    ],
)
def test_the_difference_is_marked(one: object, before: str, after: str) -> None:
    """Of two lists what the other lacks is marked; a value that came in an enumeration took none away."""
    (row,) = outline([one])  # type: ignore[list-item]

    def shown(parts: object) -> str:
        return "".join(f"[{p.text}]" if p.changed else p.text for p in parts)  # type: ignore[attr-defined]

    assert (shown(row.before), shown(row.after)) == (before, after)
