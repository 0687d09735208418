"""A rehearsal in reports: written, read again and merged, it says the same."""

from __future__ import annotations

import html
import json
from dataclasses import replace

from helpers.samples import compared, report

from pytest_hubfiles.compare.comparison import ByTests
from pytest_hubfiles.report.formats.html_report import render_html
from pytest_hubfiles.report.formats.json_report import read_json, render_json
from pytest_hubfiles.report.formats.markdown import render_markdown
from pytest_hubfiles.report.formats.rehearsal_text import render_rehearsal
from pytest_hubfiles.report.formats.terminal import render_terminal
from pytest_hubfiles.report.merging import merged
from pytest_hubfiles.report.rehearsal import Break, Joint, Refused, Rehearsal, Rehearsed
from pytest_hubfiles.report.report import Report

LINKS = "import-start $.links field-removed"
ONE = Rehearsed(
    "test_a.py::test_links",
    tried=("v3:2026-09", LINKS),
    runs=4,
    breaks=(
        Break(LINKS, "version", "test_a.py::test_links", "raises", "KeyError: 'links'", "a.py:1 f", "pytest a", "soon"),
    ),
    joint=(Joint("test_a.py::test_links", (LINKS, "import-status $.result.access field-removed"), "pytest a"),),
    not_tried=("x",),
    undecided={"y": "it died"},
    requests=(Refused("test_a.py::test_links", "import-start", ("$.overwrite",), ("$.access",)),),
    operations={"import-start": True, "import-status": False},
)
OTHER = replace(
    ONE,
    test="test_b.py::test_links",
    breaks=(),
    joint=(),
    requests=(),
    operations={"import-start": False, "import-status": True, "more": False},
)


def rehearsed(*tests: Rehearsed) -> Report:
    """Make a report of the rehearsal of *tests*."""
    made = report()
    made.rehearsal = Rehearsal("v3:2026-09")
    for one in tests:
        made.rehearsal.add(one)
    return made


def test_what_a_test_hands_on() -> None:
    """What a test hands to the report as text is read again as it was."""
    assert Rehearsed.from_text(ONE.to_text()) == ONE
    assert Rehearsed.from_text(Rehearsed("t", refused="why").to_text()) == Rehearsed("t", refused="why")


def test_a_report_is_read_again() -> None:
    """A JSON report fits its schema, and what is read of it is what was written."""
    written = rehearsed(ONE, OTHER)
    read = read_json(render_json(written).encode(), "report.json")
    assert read.rehearsal is not None
    assert written.rehearsal is not None
    assert read.rehearsal.to_dict() == written.rehearsal.to_dict()
    assert read.rehearsal.requests == list(ONE.requests)


def test_an_older_report_is_read() -> None:
    """What breaks only together had no line that repeats it once; all else of such a report is there."""
    document = json.loads(render_json(rehearsed(ONE)))
    del document["rehearsal"]["joint"][0]["reproduce"]
    read = read_json(json.dumps(document).encode(), "report.json").rehearsal
    assert read is not None
    (together,) = (line for line in render_rehearsal(read) if line.startswith("only together"))
    assert together.endswith(": import-start $.links field-removed, import-status $.result.access field-removed")


def test_shards_are_merged() -> None:
    """The reports of two shards come to that of both; an operation breaks if it does so in one of them."""
    both = merged([rehearsed(ONE), rehearsed(OTHER)]).rehearsal
    whole = rehearsed(ONE, OTHER).rehearsal
    assert both is not None
    assert whole is not None
    assert both.to_dict() == whole.to_dict()
    assert both.operations == {"import-start": True, "import-status": True, "more": False}


def test_a_test_that_was_rehearsed_alone_as_well() -> None:
    """What one run came to no verdict on, and another knows to break the test, is a break alone, in either order."""
    (known,) = ONE.breaks
    without = replace(ONE, breaks=(), joint=(), undecided={known.change: "it asks nothing"}, not_tried=(known.change,))
    for order in ((ONE, without), (without, ONE)):
        both = merged([rehearsed(one) for one in order]).rehearsal
        assert both is not None
        assert [one.change for one in both.breaks] == [known.change]
        assert known.change not in both.not_tried


def test_the_lines_of_a_move() -> None:
    """Tests of one name are told by their files, what is accepted is told, and so is each body that is refused."""
    rehearsal = rehearsed(ONE, OTHER).rehearsal
    assert rehearsal is not None
    lines = render_rehearsal(rehearsal)
    assert lines[:5] == [
        "from v3 to 2026-09: of your 2 v3 tests 1 passes against answers as 2026-09 documents them",
        "  test_a.py::test_links  $.links may be missing  raises at a.py:1 f: KeyError: 'links'",
        "    accepted: soon",
        "    reproduce: pytest a",
        "  1 test sends a body that 2026-09 refuses: test_a.py::test_links "
        "(1 member missing in import-start: $.overwrite; 1 member wrong in import-start: $.access)",
    ]
    assert "  what is optional in v3 already was left as recorded: --hubfiles-rehearse allowed tries it absent" in lines


def test_a_move_of_which_nothing_is_known() -> None:
    """A test that the budget left out, or that came to no verdict, is none that passes."""
    left_out = replace(OTHER, test="test_c.py::test_c", tried=(), not_tried=("v3:2026-09",), undecided={})
    open_one = replace(OTHER, test="test_d.py::test_d", tried=(), not_tried=(), undecided={"v3:2026-09": "it ended"})
    rehearsal = rehearsed(ONE, OTHER, left_out, open_one).rehearsal
    assert rehearsal is not None
    first, *others = render_rehearsal(rehearsal)
    assert first.endswith(
        "of your 4 v3 tests 1 passes against answers as 2026-09 documents them, of 2 nothing is known"
    )
    assert "no verdict for 1 change with test_d.py::test_d (it ended): v3:2026-09" in others
    assert "not tried within the budget: 2 changes with 3 tests: v3:2026-09, x" in others


def test_what_tests_tell_of_a_comparison() -> None:
    """A comparison says by operation what tests tell, in every form; merged, the worse counts."""
    one, other = compared(), compared()
    assert one.comparison is not None
    assert other.comparison is not None
    one.comparison = one.comparison.with_tests({"import-status": False})
    other.comparison = other.comparison.with_tests({"import-status": True})

    both = merged([one, read_json(render_json(other).encode(), "other.json"), compared()])

    assert both.comparison is not None
    told = {operation.operation: operation.tests for operation in both.comparison.operations}
    assert told == {"import-start": ByTests.NOT_REHEARSED, "import-status": ByTests.BREAKING}
    assert "  import-status  breaking  breaking    check          breaking" in render_terminal(both)
    assert "| `import-status` | breaking | breaking | check | breaking |" in render_markdown(both)
    assert "by your tests" not in render_markdown(compared())
    assert "tests" not in render_json(compared())


def test_the_page_of_a_move() -> None:
    """The page says of a move what the terminal says, beside the table of changes by tests."""
    made = rehearsed(ONE, OTHER)
    assert made.rehearsal is not None
    first, *lines = render_rehearsal(made.rehearsal)
    page = html.unescape(render_html(made))

    assert first.startswith("from v3 to 2026-09: of your 2 v3 tests ")
    assert first in page
    broken = [line.strip() for line in lines if "may be missing" in line or "body that 2026-09 refuses" in line]
    assert len(broken) == 2
    assert all(line in page for line in broken)
    assert '<table id="matrix">' in page
