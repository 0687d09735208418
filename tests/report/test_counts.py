"""What a finding says of how many answers is true of all the tests that it is listed for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from helpers.downstream import Downstream, interaction, polled, started
from helpers.slow import params

from pytest_hubfiles.cli.main import main

TESTS = "\n".join(
    f"""
def test_{name}(hubfiles):
    task = hubfiles.start_import(**BODY).json["id"]
    states = [hubfiles.import_status(task).task_status for _ in range({polls})]
"""
    for name, polls in (("one", 1), ("two", 2), ("three", 3))
)
TEXT = "the body is null in {} answers, where there was one before"


@pytest.fixture
def drifted(downstream: Downstream) -> Downstream:
    """A project of three tests, recorded before polls of a waiting task began to have a body of null."""
    downstream.tests(TESTS)
    downstream.record()
    downstream.restart("null-body")
    return downstream


def findings(path: Path, kind: str = "body-emptied") -> list[dict[str, Any]]:
    return [f for f in json.loads(path.read_text(encoding="utf-8"))["findings"] if f["kind"] == kind]


@pytest.mark.slow
@pytest.mark.parametrize("workers", params({"alone": (), "xdist": ("-n2",)}, slow=["xdist"]))
def test_of_three_tests(drifted: Downstream, workers: tuple[str, ...]) -> None:
    """The terminal, which lists it once, counts over all tests; the report says of each test what it saw."""
    result = drifted.run_apart("--hubfiles-record=rewrite", "--hubfiles-report=json:a.json", *workers)

    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines([f"*body-emptied: {TEXT.format('5 of 6')}*5 exchanges*"])
    said = {finding["test"]: finding["message"] for finding in findings(drifted.path / "a.json")}
    assert said == {
        "test_files.py::test_one": TEXT.format("1 of 1"),
        "test_files.py::test_two": TEXT.format("2 of 2"),
        "test_files.py::test_three": TEXT.format("2 of 3"),
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", ["json", "markdown", "html", "sarif", "github", "terminal"])
def test_of_merged_reports(drifted: Downstream, name: str) -> None:
    """Reports of shards say together what one report of all would say, in every format."""
    for number, test in enumerate(("one", "two", "three")):
        drifted.run_live(
            "--hubfiles-record=rewrite", f"--hubfiles-report=json:{number}.json", "-k", f"test_{test}"
        ).assert_outcomes(failed=1, deselected=2)
    shards = [str(drifted.path / f"{number}.json") for number in range(3)]

    result = CliRunner().invoke(main, ["merge-reports", *shards, "--format", name])

    text = result.stdout.replace("&nbsp;", " ")
    if name == "json":
        assert text.count(TEXT.format("2 of 3")) == 1
    else:
        assert TEXT.format("5 of 6") in text
        assert "1 of 1 answers" not in text


def test_the_same_test_in_several_reports(drifted: Downstream) -> None:
    """Of a test that several reports have seen, the message in the merged report counts what all of them saw."""
    for number in range(2):
        drifted.run_live(
            "--hubfiles-record=rewrite", f"--hubfiles-report=json:{number}.json", "-k", "test_three"
        ).assert_outcomes(failed=1, deselected=2)
    merged = drifted.path / "merged.json"
    shards = [str(drifted.path / f"{number}.json") for number in range(2)]

    CliRunner().invoke(main, ["merge-reports", *shards, "--format", "json", "--out", str(merged)])

    (finding,) = findings(merged)
    assert finding["message"] == TEXT.format("4 of 6")
    assert (finding["exchanges"], finding["share"]) == (4, {"seen": 4, "among": 6})


def test_of_a_field_that_is_sometimes_there(downstream: Downstream) -> None:
    """A field that became optional is counted over all tests too."""
    for name, polls in (("one", [1, 0]), ("two", [1, 1, 0])):
        path = f"cassettes/2026-03/{name}.yaml"
        then = [started(), *(polled("COMPLETE", change={"more": 1}) for _ in polls)]
        now = [started(), *(polled("COMPLETE", change={"more": 1} if there else {}) for there in polls)]
        downstream.write(then, downstream.path / "old" / path)
        downstream.write(now, downstream.path / "new" / path)
    old, new = (str(downstream.path / side) for side in ("old", "new"))

    result = CliRunner().invoke(main, ["diff", old, new])

    assert "$.more  field-now-optional: was always there and now is in 3 of 5" in result.stdout, result.stdout


def test_quoted_values(downstream: Downstream) -> None:
    """A value that a message quotes is called an example where the answers had several."""
    downstream.tests(
        "\n".join(f"def test_{size}(hubfiles): hubfiles.import_status('{size}')" for size in ("one", "two"))
    )
    for size in ("one", "two"):
        body = json.loads(polled("COMPLETE").response_body)
        body["result"]["size"] = size
        path = f"/files/2026-03/files/import-from-url/async/tasks/{size}/status"
        downstream.write([interaction("GET", path, 200, body)], downstream.cassette(f"test_{size}"))

    result = downstream.run()

    result.stdout.fnmatch_lines(['*$.result.size*("one")*(one example of several)*2 exchanges*'])
