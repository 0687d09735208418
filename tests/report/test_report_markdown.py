"""The Markdown report, rendered by GitHub's own parser."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from cmarkgfm import github_flavored_markdown_to_html
from cmarkgfm.cmark import Options
from helpers.samples import (
    few,
    for_hostile_text,
    full_of,
    hostile,
    hostile_rehearsal,
    large,
    nasty,
    rehearsed,
    rehearsed_large,
    report,
    rich,
)
from hypothesis import given

from pytest_hubfiles.report.formats.markdown import LIMIT, code, render_markdown
from pytest_hubfiles.report.record import Record
from pytest_hubfiles.report.report import Report
from pytest_hubfiles.visible import visible


class Page(HTMLParser):
    """What a reader gets: the elements in their order, the text in code, and the text outside it."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.code: list[str] = []
        self.prose = ""
        self._in_code = False
        self.feed(github_flavored_markdown_to_html(markdown, Options.CMARK_OPT_UNSAFE))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(f"{tag}{attrs or ''}")
        if tag == "code":
            self._in_code = True
            self.code.append("")

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")
        self._in_code = self._in_code and tag != "code"

    def handle_data(self, data: str) -> None:
        if self._in_code:
            self.code[-1] += data
        else:
            self.prose += data

    def handle_comment(self, data: str) -> None:
        self.tags.append(f"comment {data}")


def test_the_whole_of_it() -> None:
    """The verdict comes first, then a table by severity, then findings by operation and state, then what was judged."""
    text = render_markdown(rich())

    head, *groups = text.split("\n### ")
    assert head.startswith(
        "## ❌ hubfiles: failed\n\n**7 breaking, 3 warning, 4 info** · judged 9 of 10 exchanges in 1 cassette\n\n"
        "| severity | findings | kinds |\n| :--- | ---: | :--- |\n| 🔴 breaking | 7 | "
    )
    assert "`type-changed` × 2" in head
    assert [group.partition("\n")[0] for group in groups] == [
        "`import-start` · `2026-03`",
        "`import-status` · `2026-03` · `200 COMPLETE`",
        "`import-status` · `v3`",
        "`import-status` · `v3` · `200 COMPLETE`",
        "Cassettes and requests",
        "`import-status` · `2026-03` · `200 STALLED`",
        "`import-status` · `2026-03` · `200 PENDING`",
        "`import-status` · `2026-03` · `200 PROCESSING`",
    ]
    item = "- 🔴 **breaking** `$.result.size` `schema-violation`: `integer` → `string`  "
    lines = text.splitlines()
    at = lines.index(item)
    assert lines[at + 1] == '  `is string ("24574"), documented as integer`  '
    assert lines[at + 2].startswith(
        "  `tests/test_uploader.py::test_again`, `tests/test_uploader.py::test_import_completes` · "
        "`cassettes/shared.yaml:9`, `cassettes/2026-03/"
    )
    assert re.search(r" · 2 exchanges · fingerprint `[0-9a-f]{16}`$", lines[at + 2])
    assert "  known deviation: `A waiting task has no completedAt.`  " in lines
    assert "| `2026-03` | `import-status` | `200` | `PENDING` | 4 |" in lines
    assert "- `https://api.hubapi.com/crm/v3/objects` (`no contract`) × 1" in lines


def test_a_report_without_findings() -> None:
    """A run that found nothing says so, in two lines and what was judged."""
    text = render_markdown(report(failed=False))

    assert text.startswith(
        "## ✅ hubfiles: passed\n\n**no findings** · judged 9 of 9 exchanges in 1 cassette\n\n<details>"
    )
    assert render_markdown(Report()) == (
        "## ✅ hubfiles: passed\n\n**no findings** · judged 0 of 0 exchanges in 0 cassettes\n"
    )


def test_a_failure_without_findings() -> None:
    """A run that failed though nothing was found does not leave its reader without a reason."""
    text = render_markdown(report(failed=True))

    assert "> The run failed for another reason than these findings" in text


def test_a_rehearsal() -> None:
    """What was rehearsed stands above the findings: each change that breaks a test, how, and how it happens again."""
    text = render_markdown(rehearsed())

    lines = text.splitlines()
    assert (
        "**Rehearsal: 5 tests, 11 allowed changes (150 runs): 5 of them break a test, 1 accepted, 1 without a verdict "
        "with 1 test**" in lines
    )
    first = lines.index(
        "| 🔴 breaks | 3/5 | `import-status $.status enum-value-added` | `1 raises, 1 never ends, 1 gives up` |"
    )
    assert lines[first + 4].startswith("| ⚪ accepted | 1/5 | `import-status $.result field-removed` | `raises at ")
    again = "pytest tests/test_sdk.py::test_sdk_complete --hubfiles-change 'import-start success-status-changed 200'"
    assert f"- `{again}`" in lines
    assert "- not rehearsed: `tests/test_sdk.py::test_skips` (`it is skipped or expected to fail`)" in lines
    assert "another reason" not in text


def test_a_large_rehearsal_fits() -> None:
    """A rehearsal of thousands of breaks leaves room for the rest of a comment, and says that there are more."""
    made = rehearsed_large(400, 60)
    made.records += large(3000).records
    text = render_markdown(made)

    assert len(text.encode()) <= LIMIT
    assert "more that break a test" in text
    assert "Left out, as a comment on GitHub holds no more" in text


@pytest.mark.slow
@for_hostile_text
def test_hostile_text_in_a_rehearsal(text: str) -> None:
    """Changes, tests, errors, places and reasons that mean harm stand in code, and change nothing around it."""
    page, plain = (Page(render_markdown(hostile_rehearsal(said))) for said in (text, "plain"))

    assert page.tags == plain.tags
    assert page.prose == plain.prose


PLAIN = Page(render_markdown(hostile("plain")))


@for_hostile_text
def test_hostile_text(text: str) -> None:
    """Text that means harm stands in code and changes nothing around it: no element, link, mention or row is added."""
    page = Page(render_markdown(hostile(text)))

    lines = len(full_of(text).message.splitlines())
    plain = PLAIN if lines == 1 else Page(render_markdown(hostile("\n".join(["plain"] * lines))))
    assert page.tags == plain.tags
    assert page.prose.split() == plain.prose.split()
    assert not re.search(r"[@#]\w|https?:|www\.", page.prose)
    shown = visible(text)[:150]
    if text.strip() == text:
        assert any(shown in span for span in page.code)


@few
@given(nasty)
def test_code_keeps_its_text(text: str) -> None:
    """A code span shows exactly what it was given, what does not print as an escape."""
    page = Page(code(text))

    assert page.tags == ["p", "code", "/code", "/p"]
    shown = visible(text)
    assert page.code == [shown or " "]


def test_a_probe_of_the_parser() -> None:
    """The same text outside a code span does harm, so that the tests above would see it."""
    page = Page("x <b>y</b> [a](http://b) http://c.example `open")

    assert {tag.split("[")[0] for tag in page.tags} >= {"b", "a"}


@pytest.mark.parametrize("count", [1, 100, 300, 3000])
def test_it_fits_into_a_comment(count: int) -> None:
    """However much was found, GitHub takes the comment, the worst comes first, and what is left out is counted."""
    text = render_markdown(large(count))

    assert len(text.encode()) <= LIMIT
    reported = [
        text.count(f"\n- {sign} **{word}**") for sign, word in (("🔴", "breaking"), ("🟠", "warning"), ("🔵", "info"))
    ]
    there = [len(range(start, count, 3)) for start in range(3)]
    left = re.search(r"\*\*Left out, as a comment on GitHub holds no more: (.*)\.\*\*", text)
    missing = {word: int(number) for number, word in re.findall(r"(\d+) (\w+)", left[1] if left else "")}
    assert [
        t + missing.get(word, 0) for t, word in zip(reported, ("breaking", "warning", "info"), strict=True)
    ] == there
    assert not (missing.get("breaking") and (reported[1] or reported[2]))
    assert bool(missing) == (count >= 300)


def test_nothing_outgrows_a_comment() -> None:
    """Neither long names, nor many addresses, nor many contracts make it larger than GitHub takes."""
    long = "漢`|" * 2000
    made = hostile(long)
    judged = dict(made.records[0].judged)
    for number in range(2000):
        judged[next(iter(judged))._replace(operation=f"{number}{long}")] = 1
    records = [
        Record(long, long, judged, [(f"{number}{long}", long) for number in range(2000)],
               [full_of(f"{number}{long}") for number in range(200)], True)
    ]  # fmt: skip
    text = render_markdown(Report(records, [], True))

    assert len(text.encode()) <= LIMIT
    assert "rows more" in text
    assert "URLs more" in text
    assert "**Left out" in text
