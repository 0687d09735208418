"""A rehearsal in the terminal, and the matrix that the page shows."""

from __future__ import annotations

import pytest
from helpers.samples import CHANGES, UPLOADERS, rehearsed

from pytest_hubfiles.report.formats.rehearsal_text import headline, render_rehearsal
from pytest_hubfiles.report.matrix import Matrix, matrix_of
from pytest_hubfiles.report.rehearsal import Break, Rehearsal, Rehearsed


def sample() -> Rehearsal:
    made = rehearsed().rehearsal
    assert made is not None
    return made


def test_the_terminal() -> None:
    """Each change that breaks a test has a line, below it where, and the line that repeats it; then the rest."""
    assert render_rehearsal(sample()) == [
        "rehearsal: 5 tests, 11 allowed changes (150 runs): 5 of them break a test, 1 accepted, 1 without a verdict "
        "with 1 test",
        "          tests  change                                                how",
        "breaks      3/5  import-status $.status enum-value-added               1 raises, 1 never ends, 1 gives up",
        "          raises at uploaders/typed.py:82 parse: ValidationError: 1 validation error for Task",
        "          gives up at uploaders/manual.py:52 wait: TimeoutError: not done in 60 s",
        "          never ends at uploaders/manual.py:41 wait_forever",
        "          reproduce: pytest 'tests/test_uploads.py::TestTyped::test_typed_file[2026-03]' --hubfiles-change "
        "'import-status $.status enum-value-added'",
        "breaks      2/5  import-status $.completedAt format-changed no-millis  2 raise",
        "          raises at uploaders/manual.py:67 duration: ValueError: time data does not match",
        "          reproduce: pytest 'tests/test_uploads.py::test_manual_duration[v3]' --hubfiles-change "
        "'import-status $.completedAt format-changed no-millis'",
        "breaks      1/4  import-start success-status-changed 200               asks what is not recorded at "
        "uploaders/sdk.py:17 run: HubfilesError: POST /files/v3/files is not recorded",
        "          reproduce: pytest tests/test_sdk.py::test_sdk_complete --hubfiles-change "
        "'import-start success-status-changed 200'",
        "breaks      1/5  import-status $.status enum-value-added at-the-end    fails at tests/test_sdk.py:19 "
        "test_sdk_complete: AssertionError: assert 'LATER' == 'COMPLETE'",
        "          reproduce: pytest tests/test_sdk.py::test_sdk_complete --hubfiles-change "
        "'import-status $.status enum-value-added at-the-end'",
        "accepted    1/5  import-status $.result field-removed                  raises at uploaders/sdk.py:30 url_of: "
        "KeyError: 'result'",
        "          accepted for 1 test: no file, no import",
        "          reproduce: pytest tests/test_sdk.py::test_sdk_links --hubfiles-change "
        "'import-status $.result field-removed'",
        "only together: tests/test_uploads.py::test_manual_wait[2026-03] breaks under all of these at once, under none "
        "of them alone: import-status $.result.url field-removed, import-status $.result.defaultHostingUrl "
        "field-removed; reproduce: pytest 'tests/test_uploads.py::test_manual_wait[2026-03]' --hubfiles-change "
        "'import-status $.result.url field-removed' --hubfiles-change "
        "'import-status $.result.defaultHostingUrl field-removed'",
        "no verdict for 1 change with tests/test_sdk.py::test_sdk_complete (it took more than 20 s of the processor): "
        "import-status $.result field-added",
        "not tried within the budget: 1 change with 1 test: import-status one-poll-more",
        "not rehearsed: tests/test_sdk.py::test_skips (it is skipped or expected to fail)",
    ]


@pytest.mark.parametrize(
    ("family", "said"),
    [
        ("allowed", "1 test, 1 allowed change (2 runs): no test breaks"),
        ("breaking", "1 test, 1 breaking change (2 runs): no test breaks"),
        ("events", "1 test, 1 event (2 runs): no test breaks"),
        ("all", "1 test, 1 change (2 runs): no test breaks"),
    ],
)
def test_the_headline(family: str, said: str) -> None:
    """The first line names what was tried in plain words, and says so where that is nothing."""
    made = Rehearsal(family)
    assert headline(made) == "nothing was tried"
    made.add(Rehearsed("test_a.py::test_a", ("import-status one-poll-more",), runs=2))
    assert headline(made) == said


def test_families_are_told_apart() -> None:
    """Where changes of all families are tried, each that breaks a test is shown with its own."""
    made = Rehearsal("all")
    one = Break("import-status task-canceled", "event", "test_a.py::test_a", "fails", None, None, "pytest")
    made.add(Rehearsed("test_a.py::test_a", (one.change,), breaks=(one,)))
    assert render_rehearsal(made)[2] == "breaks      1/1  (event) import-status task-canceled  fails"


# --- the matrix ---


def row(matrix: Matrix, name: str) -> str:
    rows = {row.name: row for place in matrix.places for row in (place.row, *place.changes)}
    return " ".join("." if cell is None else cell.sign for cell in rows[name].cells)


def test_the_matrix() -> None:
    """Tests that break most come first; a place has the worst of its changes; what is not recorded is left empty."""
    matrix = matrix_of(sample())

    assert matrix.tests == tuple(UPLOADERS[number] for number in (3, 0, 1, 2, 4))
    assert row(matrix, "import-status $.status") == "✗ ∞ ◷ ! ✓"
    assert row(matrix, CHANGES[0]) == "✓ ∞ ◷ ! ✓"
    assert row(matrix, CHANGES[5]) == "✓ ✓ ✓ ✓ (!)"
    assert row(matrix, "import-status $.result") == "? ✓ ✓ ✓ (!)"
    assert row(matrix, CHANGES[9]) == "→ . ✓ ✓ ✓"
    assert row(matrix, CHANGES[11]) == ". . . – ."
    assert [state.words for state in matrix.states][-2:] == ["accepted", "passes"]


def test_what_there_is_to_see_comes_first() -> None:
    """A place without a verdict stands before those where each test passes."""
    made = Rehearsal("events")
    changes = ("import-status a-first", "import-status b-second", "import-status c-third")
    made.add(Rehearsed("test_a.py::test_a", changes, undecided={changes[1]: "it died"}))
    assert [place.row.name for place in matrix_of(made).places] == [changes[1], changes[0], changes[2]]


@pytest.mark.parametrize(
    ("tests", "shown"),
    [
        (["a.py::test_one", "b.py::TestIt::test_two[x::y]"], ["one", "two[x::y]"]),
        (["a.py::test_one", "b.py::test_one"], ["a.py::test_one", "b.py::test_one"]),
        (["a.py::test_a_name_that_is_long_indeed[v3]"], ["a_name…ng_indeed[v3]"]),
    ],
)
def test_short_names(tests: list[str], shown: list[str]) -> None:
    """A column bears the last name of its test, unless another has it too; of a long one both ends."""
    made = Rehearsal("allowed")
    for test in tests:
        made.add(Rehearsed(test, ("import-status one-poll-more",)))
    assert matrix_of(made).short_names == shown
