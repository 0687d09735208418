"""What a run reports: the terminal section, the JSON report, JUnit XML, and the exit status."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from importlib import metadata
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from helpers.downstream import Downstream, polled, started, whole_import
from helpers.slow import ALONE_OR_WORKERS, params

import pytest_hubfiles
from pytest_hubfiles.judge import schema_files
from pytest_hubfiles.report.formats.json_report import read_json
from pytest_hubfiles.report.publishing import render
from pytest_hubfiles.settings.values import REPORT_FORMATS

COMPLETE = whole_import()[3].json
FAULTY = [started(), polled("COMPLETE", change={"result": {**COMPLETE["result"], "size": "24574"}})]
SUITE = """
def test_good(hubfiles):
    import_a_file(hubfiles)

def test_bad(hubfiles):
    import_a_file(hubfiles)

def test_other(hubfiles):
    hubfiles.start_import(url="https://example.com/cat.png", access="PRIVATE")

def test_nothing():
    pass
"""


@pytest.fixture
def suite(downstream: Downstream) -> Downstream:
    """A project with a good recording, one against the contract, and one with warnings."""
    downstream.tests(SUITE)
    downstream.write(whole_import(), downstream.cassette("test_good"))
    downstream.write(FAULTY, downstream.cassette("test_bad"))
    downstream.write(
        [started({"url": "https://example.com/cat.png", "access": "PRIVATE"})], downstream.cassette("test_other")
    )
    return downstream


def report(project: Downstream, *args: str, path: str = "report.json") -> Any:
    """Run with a JSON report; return it, and the run's exit status in its key ``exit``."""
    result = project.run(f"--hubfiles-report=json:{path}", *args)
    return {**json.loads((project.path / path).read_text(encoding="utf-8")), "exit": int(result.ret)}


def test_the_terminal_section(suite: Downstream) -> None:
    """The section tells what was judged by contract, and each finding in a line, its test below, the worst first."""
    result = suite.run()

    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*= hubfiles =*",
            "judged 7 of 7 exchanges in 3 cassettes",
            "  2026-03  import-start   202              3",
            "  2026-03  import-status  200  COMPLETE    2",
            "  2026-03  import-status  200  PENDING     1",
            "  2026-03  import-status  200  PROCESSING  1",
            "",
            "findings: 1 breaking, *",
            'breaking  2026-03 import-status 200 COMPLETE  $.result.size  schema-violation: is string ("24574"), docu*',
            "          in test_files.py::test_bad",
            "warning   2026-03 import-start 202  $.duplicateValidationScope  request-violation: the request's *",
            "          in test_files.py::test_other",
            "warning   2026-03 import-start 202  $.duplicateValidationStrategy  request-violation: the request's *",
            "          in test_files.py::test_other",
            "warning   2026-03 import-start 202  $.overwrite  request-violation: the request's *",
            "          in test_files.py::test_other",
        ],
        consecutive=True,
    )


def test_a_finding_of_many_tests_is_one_line(downstream: Downstream) -> None:
    """What several tests found is reported once, with how many exchanges showed it."""
    downstream.tests(
        "@pytest.mark.parametrize('number', [1, 2, 3])\n"
        "@pytest.mark.hubfiles(cassette='shared')\ndef test_import(hubfiles, number):\n    import_a_file(hubfiles)\n"
    )
    downstream.write(FAULTY, downstream.path / "cassettes" / "2026-03" / "shared.yaml")

    result = downstream.run()

    result.assert_outcomes(failed=3)
    (line,) = [line for line in result.outlines if line.startswith("breaking ") and "[3 exchanges]" in line]
    below = result.outlines[result.outlines.index(line) + 1]
    assert below == "          in test_files.py::test_import[1] and 2 other tests"
    result.stdout.fnmatch_lines(["judged 6 of 6 exchanges in 1 cassette", "findings: 1 breaking, 1 *"])


RUNS = {"plain": [], "workers": ["-n", "2"], "quiet": ["-q"], "no terminal": ["-p", "no:terminal"]}


@pytest.mark.parametrize("args", params(RUNS, slow=["workers"]))
def test_the_json_report(suite: Downstream, args: list[str]) -> None:
    """The report has every key that is promised, and is the same with workers and whatever the terminal shows."""
    document = report(suite, *args)

    exits = document.pop("exit")
    assert document["findings"][0].pop("fingerprint").isalnum()
    assert exits == 1
    first = document["findings"][0]
    assert first == {
        "kind": "schema-violation",
        "severity": "breaking",
        "category": "contract",
        "version": "2026-03",
        "operation": "import-status",
        "http_status": 200,
        "task_status": "COMPLETE",
        "path": "$.result.size",
        "before": "integer",
        "after": "string",
        "keyword": "type",
        "message": '$.result.size is string ("24574"), documented as integer',
        "test": "test_files.py::test_bad",
        "cassette": "cassettes/2026-03/test_files/test_bad.yaml",
        "deviation": None,
        "exchanges": 1,
        "line": 22,
        "needed_by": None,
    }
    assert [(f["kind"], f["severity"], f["path"]) for f in document["findings"][1:]] == [
        ("request-violation", "warning", "$.duplicateValidationScope"),
        ("request-violation", "warning", "$.duplicateValidationStrategy"),
        ("request-violation", "warning", "$.overwrite"),
        ("version-ends", document["findings"][-1]["severity"], "$"),
    ]
    del document["findings"]
    source = schema_files.load().sources["2026-03", "import-start"]._asdict()
    by = {"version": "2026-03", "source": source}
    start = {**by, "operation": "import-start", "http_status": 202, "task_status": None, "exchanges": 3}
    status = {**by, "operation": "import-status", "http_status": 200}
    assert document == {
        "report_version": 1,
        "tool": {"name": "pytest-hubfiles", "version": metadata.version("pytest-hubfiles")},
        "checked": {
            "cassettes": 3,
            "exchanges": 7,
            "judged": 7,
            "contracts": [
                start,
                {**status, "task_status": "COMPLETE", "exchanges": 2},
                {**status, "task_status": "PENDING", "exchanges": 1},
                {**status, "task_status": "PROCESSING", "exchanges": 1},
            ],
            "not_judged": [],
        },
        "worst": "breaking",
        "failed": True,
    }


def test_the_report_fits_its_schema(suite: Downstream) -> None:
    """Reports of good, bad, unjudged and drifting runs fit the JSON Schema that comes with the package."""
    schema = json.loads((Path(pytest_hubfiles.__file__).parent / "report.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    reports = [report(suite), report(suite, "-k", "test_nothing"), report(suite, "--hubfiles-strict")]
    suite.tests("@pytest.mark.hubfiles(judge=False)\ndef test_good(hubfiles): import_a_file(hubfiles)")
    reports.append(report(suite))
    suite.tests("def test_good(hubfiles):\n    import_a_file(hubfiles, name='unknown')")
    reports.append(report(suite))
    suite.restart("sunset", "size-as-string", "nulls")
    reports.append(report(suite, f"--hubfiles-base-url={suite.sandbox.url}", "--hubfiles-record=verify"))

    for document in reports:
        del document["exit"]
        validator.validate(document)
    assert [document["worst"] for document in reports] == [
        "breaking",
        None,
        "breaking",
        "warning",
        "breaking",
        "breaking",
    ]
    assert {f["category"] for document in reports for f in document["findings"]} == {"contract", "drift", "replay"}
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({**reports[0], "worst": "terrible"})


@pytest.mark.slow
def test_fingerprints_are_stable(suite: Downstream) -> None:
    """The same finding has the same fingerprint in another run, in another folder, with workers and in any order."""
    first = {f["path"]: f["fingerprint"] for f in report(suite)["findings"]}
    (suite.path / "deep" / "er").mkdir(parents=True)
    suite.tests(SUITE, "deep/er/test_files")
    (suite.path / "test_files.py").unlink()
    cassettes = suite.path / "cassettes" / "2026-03"
    (cassettes / "deep").mkdir()
    (cassettes / "test_files").rename(cassettes / "test_files_gone")
    (cassettes / "deep" / "er").mkdir()
    (cassettes / "test_files_gone").rename(cassettes / "deep" / "er" / "test_files")

    assert {f["path"]: f["fingerprint"] for f in report(suite, "-n", "2")["findings"]} == first


LISTED = {"plain": [], "quiet": ["-q"], "quieter": ["-qq"], "workers": ["-n", "2"], "uncaptured": ["-s"]}


@pytest.mark.parametrize("quiet", params(LISTED, slow=["workers"]))
def test_a_report_on_stdout(suite: Downstream, quiet: list[str]) -> None:
    """What ``json:-`` writes is the last on stdout, from a line that is ``{`` alone, whatever comes before."""
    result = suite.run("--hubfiles-report=json:-", "-k", "good", *quiet)

    before, brace, document = result.stdout.str().rpartition("\n{\n")
    assert json.loads(brace + document)["checked"]["judged"] == 4
    assert "judged 4 of 4 exchanges" in before


@pytest.mark.slow
def test_nothing_but_the_report_on_stdout(suite: Downstream) -> None:
    """Without pytest's terminal reporter, stdout is the document and nothing else, and ends as the run ends."""
    result = suite.run_apart("-p", "no:terminal", "--hubfiles-report=json:-")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert json.loads(result.stdout.str())["checked"]["judged"] == 7


def test_several_reports_on_stdout(suite: Downstream) -> None:
    """Reports on stdout stand there in the order asked for, each from a line of its own, and each once."""
    result = suite.run(*(f"--hubfiles-report={name}:-" for name in ("github", "json", "markdown", "json")))

    text = result.stdout.str()
    starts = ["\nhubfiles: failed: ", "\n{\n", "\n## ❌ hubfiles: failed\n"]
    assert [text.count(start) for start in starts] == [1, 1, 1]
    assert sorted(starts, key=text.index) == starts


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_report_on_stdout_is_utf_8(suite: Downstream, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that knows no arrows and signs gets the report in UTF-8 all the same, and nothing crashes."""
    monkeypatch.setenv("PYTHONIOENCODING", encoding)

    result = suite.run_apart("-p", "no:terminal", "--hubfiles-report=markdown:-")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.stderr.str() == ""
    assert "## ❌ hubfiles: failed" in result.stdout.str()


@ALONE_OR_WORKERS
def test_every_format_in_one_run(suite: Downstream, args: list[str]) -> None:
    """One run writes every format, each into a file, from the one report that the JSON holds."""
    wanted = [f"--hubfiles-report={name}:out/{name}" for name in REPORT_FORMATS]

    assert suite.run(*wanted, *args).ret == pytest.ExitCode.TESTS_FAILED

    same = read_json((suite.path / "out" / "json").read_bytes(), "the report")
    for name in REPORT_FORMATS:
        assert (suite.path / "out" / name).read_text(encoding="utf-8") == render(name, same)


def test_reports_into_several_places(suite: Downstream) -> None:
    """A report can be asked for more than once, and folders that are missing are made."""
    report(suite, "--hubfiles-report=json:a/b/c/report.json", path="d/report.json")

    texts = {(suite.path / name).read_text(encoding="utf-8") for name in ("a/b/c/report.json", "d/report.json")}
    assert len(texts) == 1


def test_a_report_that_cannot_be_written(suite: Downstream) -> None:
    """A run whose report could not be written fails and says which and why."""
    (suite.path / "file").write_text("in the way", encoding="utf-8")

    result = suite.run("--hubfiles-report=json:file/report.json", "-k", "good")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=1, deselected=3)
    result.stdout.fnmatch_lines(["the report file/report.json could not be written: *"])


def test_a_report_of_nothing(downstream: Downstream) -> None:
    """A run that used nothing of the plugin writes the report it was asked for: nothing was checked."""
    downstream.tests("def test_nothing(): pass")

    document = report(downstream)

    assert document["checked"] == {
        "cassettes": 0, "exchanges": 0, "judged": 0, "contracts": [], "not_judged": [],
    }  # fmt: skip
    assert (document["worst"], document["failed"], document["exit"]) == (None, False, 0)


def test_a_crashing_test_does_not_cost_the_report(suite: Downstream) -> None:
    """What other tests found is reported though one test errors."""
    suite.tests(f"{SUITE}\ndef test_error(no_such_fixture): pass\n")

    assert report(suite)["checked"]["judged"] == 7


# --- too little ---


@ALONE_OR_WORKERS
@pytest.mark.parametrize(("least", "code"), [(4, 0), (5, 1)])
def test_judging_too_little_fails(suite: Downstream, least: int, code: int, args: list[str]) -> None:
    """A run that judged fewer exchanges than asked for exits with 1 though all passed, and its report says so."""
    document = report(suite, f"--hubfiles-min-judged={least}", "-k", "good", *args)

    assert (document["exit"], document["failed"], document["checked"]["judged"]) == (code, bool(code), 4)


def test_collecting_nothing_is_too_little(suite: Downstream) -> None:
    """A run in which no test was collected judged too little, and says so."""
    result = suite.run("--hubfiles-min-judged=1", "-k", "no_such_test")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["judged 0 exchanges where --hubfiles-min-judged asks for 1"])


@pytest.mark.parametrize(
    "args", [["--collect-only"], ["--fixtures"], ["--markers"], ["--setup-plan"], ["--setup-only"], ["--cache-show"]]
)
def test_a_run_that_runs_no_test_is_not_judged(suite: Downstream, args: list[str]) -> None:
    """Listing tests, fixtures or plans is no run: nothing is reported, written or held against it."""
    result = suite.run("--hubfiles-min-judged=1", "--hubfiles-report=json:report.json", *args)

    assert result.ret == 0
    result.stdout.no_fnmatch_line("*= hubfiles =*")
    assert not (suite.path / "report.json").exists()


# --- JUnit XML ---


@ALONE_OR_WORKERS
def test_findings_reach_junit_xml(suite: Downstream, args: list[str]) -> None:
    """Each finding is a property of its test in JUnit XML, in one line, with its fingerprint."""
    document = report(suite, "--junitxml=junit.xml", *args)

    fingerprints = {f["path"]: f["fingerprint"] for f in document["findings"]}
    cases = {case.get("name"): case for case in ET.parse(suite.path / "junit.xml").iter("testcase")}
    reported = {
        name: [p.get("value") for p in case.iter("property") if p.get("name") == "hubfiles_finding"]
        for name, case in cases.items()
    }
    assert {p.get("name") for case in cases.values() for p in case.iter("property")} == {"hubfiles_finding"}
    assert reported["test_good"] == reported["test_nothing"] == []
    assert reported["test_bad"] == [
        "breaking 2026-03 import-status 200 COMPLETE $.result.size schema-violation: "
        f'is string ("24574"), documented as integer [{fingerprints["$.result.size"]}]'
    ]
    assert len(reported["test_other"]) == 3
    assert cases["test_bad"].find("failure") is not None
    assert cases["test_bad"].find("error") is None
