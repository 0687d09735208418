"""Entries of the user's own deviations file that match nothing any more."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from helpers.downstream import Downstream, polled, started, whole_import
from helpers.slow import params

from pytest_hubfiles.judge.deviations import Deviation, stale
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.policy import Category, Kind, Severity

SIZE = {"result": {**polled("COMPLETE").json["result"], "size": "24574"}}
TODAY = dt.date(2026, 10, 5)
LINE = "a deviation matches nothing any more: $.nowhere (ours); delete it"
FOUND = Finding(
    kind=Kind.SCHEMA_VIOLATION,
    severity=Severity.INFO,
    category=Category.CONTRACT,
    message="",
    path="$.x",
    keyword="type",
    deviation="known",
)


def entry(path: str, key: str = 'keyword = "type"', more: str = "") -> str:
    return f'[[deviation]]\npath = "{path}"\n{key}\nreason = "ours"\nsource = "us"\n{more}\n'


@pytest.fixture
def project(downstream: Downstream) -> Downstream:
    """A project with one entry that is needed and one that is not."""
    downstream.ini("hubfiles_deviations = mine.toml")
    (downstream.path / "mine.toml").write_text(entry("$.result.size") + entry("$.nowhere"), encoding="utf-8")
    downstream.tests()
    downstream.write([started(), polled("COMPLETE", change=SIZE)])
    return downstream


def stale_lines(outlines: list[str]) -> list[str]:
    return [line for line in outlines if line.startswith("a deviation matches nothing")]


RUNS = {"plain": [], "workers": ["-n", "2"], "strict": ["--hubfiles-strict"]}


@pytest.mark.parametrize("args", params(RUNS, slow=["workers"]))
def test_a_full_run_tells_them(project: Downstream, args: list[str]) -> None:
    """A full run tells the entry that matched no finding, and not the one that did; with workers too."""
    if args == ["--hubfiles-strict"]:
        project.write(whole_import())
        (project.path / "mine.toml").write_text(entry("$.nowhere"), encoding="utf-8")
    result = project.run(*args)

    assert result.ret == 0
    assert stale_lines(result.outlines) == [LINE]


def test_the_json_report_tells_them(project: Downstream) -> None:
    """The JSON report lists them, where there are any."""

    def report() -> Any:
        project.run("--hubfiles-report=json:report.json")
        return json.loads((project.path / "report.json").read_text(encoding="utf-8"))

    assert report()["stale_deviations"] == [LINE]
    (project.path / "mine.toml").write_text(entry("$.result.size"), encoding="utf-8")
    assert "stale_deviations" not in report()


@pytest.mark.parametrize(
    "args",
    [["-k", "test_import"], ["test_files.py"], ["--hubfiles-version=2026-03"]],
    ids=["-k", "a file", "a version"],
)
def test_a_part_of_a_run_tells_none(project: Downstream, args: list[str]) -> None:
    """A run of some tests cannot know what the others need."""
    result = project.run(*args)

    assert result.ret == 0
    assert stale_lines(result.outlines) == []


def test_a_run_that_fails_tells_none(project: Downstream) -> None:
    """A test that failed early may not have come to what an entry is for."""
    project.tests("def test_import(hubfiles):\n    assert not hubfiles.import_status('AAAAEZ6whGI')\n")

    assert stale_lines(project.run().outlines) == []


def test_the_shipped_entries_are_not_reported(downstream: Downstream) -> None:
    """What the package knows of HubSpot is no matter of the project's suite."""
    downstream.tests()
    downstream.write([started(), polled("COMPLETE")])

    assert stale_lines(downstream.run().outlines) == []


@pytest.mark.parametrize(
    ("facts", "reported"),
    [
        ({"keyword": "enum"}, True),
        ({"keyword": "type"}, False),
        ({"kind": Kind.SCHEMA_VIOLATION}, False),
        ({"kind": Kind.UNDOCUMENTED_FIELD}, True),
        ({"kind": Kind.FIELD_REMOVED}, False),
        ({"kind": Kind.REQUEST_VIOLATION}, False),
        ({"keyword": "enum", "until": TODAY}, True),
        ({"keyword": "enum", "until": dt.date(2026, 10, 4)}, False),
        ({"keyword": "type", "versions": ("v3",)}, True),
    ],
    ids=["unmatched", "matched", "matched by kind", "unmatched kind", "drift", "also of versions", "last day",
         "run out", "another version"],
)  # fmt: skip
def test_which_entries_are_stale(facts: dict[str, Any], reported: bool) -> None:
    """An entry is stale if no finding matches it, and a replay would have found what it is for."""
    assert bool(stale([Deviation("$.x", "r", "s", **facts)], [FOUND], TODAY)) is reported
