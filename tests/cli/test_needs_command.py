"""``hubfiles needs``: what rehearsed tests need, as files, and what a run makes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from helpers.downstream import Downstream, interaction, polled, started, whole_import
from jsonschema import Draft202012Validator

from pytest_hubfiles import cassettes
from pytest_hubfiles.cli.main import main

SUITE = """
def test_size(hubfiles):
    assert import_a_file(hubfiles).json["result"]["size"] + 1

def test_state(hubfiles):
    assert import_a_file(hubfiles).task_status == "COMPLETE"
"""
DONE = polled("COMPLETE").json
TESTS = ("test_size", "test_state")


def needs(*args: object) -> Result:
    return CliRunner().invoke(main, ["needs", *map(str, args)])


@pytest.fixture
def suite(downstream: Downstream) -> Downstream:
    """A suite of two tests, one of which needs the size of the file that the other never looks at."""
    downstream.tests(SUITE)
    for test in TESTS:
        downstream.write(whole_import(), downstream.cassette(test))
    return downstream


_REPORTS: dict[tuple[str, ...], bytes] = {}
"""What each rehearsal of the suite has said; another would say the same."""


def rehearsed(suite: Downstream, *members: str, name: str = "rehearsed.json") -> Path:
    """Rehearse the suite with changes of *members* of the result, or of its size; return the report."""
    report = suite.path / name
    members = members or ("size",)
    if members in _REPORTS:
        report.write_bytes(_REPORTS[members])
        return report
    result = suite.pytester.runpytest_subprocess(
        "-p", "no:cacheprovider", "--hubfiles-rehearse=all",
        f"--hubfiles-report=json:{report}", *(f"--hubfiles-rehearse-only=import-status $.result.{m}" for m in members),
    )  # fmt: skip
    result.assert_outcomes(passed=2)
    _REPORTS[members] = report.read_bytes()
    return report


@pytest.fixture
def known(suite: Downstream) -> Downstream:
    """The suite, rehearsed, its needs in a folder that its ini file names."""
    result = needs(rehearsed(suite), "--out", suite.path / "needs")
    assert result.exit_code == 0, result.output
    suite.ini("hubfiles_needs = needs")
    return suite


@pytest.mark.slow
def test_the_needs_of_a_suite(suite: Downstream) -> None:
    """A rehearsal's report has the needs, and the command writes them: a schema that recorded answers satisfy."""
    report = rehearsed(suite)
    out = suite.path / "needs"
    first = needs(report, "--out", out)
    assert (first.exit_code, first.output) == (0, f"written: {out}/2026-03/import-status.json\n")
    text = (out / "2026-03/import-status.json").read_text("utf-8")
    schema = json.loads(text)
    assert json.loads(report.read_text("utf-8"))["rehearsal"]["needs"] == {"2026-03": {"import-status": schema}}
    size = schema["properties"]["result"]["properties"]["size"]
    assert size["x-needed-by"]["field-removed"] == ["test_files.py::test_size"]
    assert schema["x-tests"] == [f"test_files.py::{test}" for test in TESTS]
    validator = Draft202012Validator(schema)
    assert all(map(validator.is_valid, [polled("PENDING").json, DONE]))
    assert not validator.is_valid({**DONE, "result": {**DONE["result"], "size": None}})
    assert needs(report, "--out", out).output.startswith("unchanged: ")
    assert (out / "2026-03/import-status.json").read_text("utf-8") == text


@pytest.mark.slow
def test_several_reports_are_taken_together(suite: Downstream) -> None:
    """What reports of parts of a rehearsal tell comes to the same as the report of all of it."""
    whole = rehearsed(suite, "id", "size", name="whole.json")
    parts = [rehearsed(suite, member, name=f"{member}.json") for member in ("id", "size")]
    assert needs(whole, "--out", suite.path / "one").exit_code == 0
    assert needs(*parts, "--out", suite.path / "two").exit_code == 0
    one, two = ((suite.path / name / "2026-03/import-status.json").read_bytes() for name in ("one", "two"))
    assert one == two


def test_a_link_is_not_written_through(suite: Downstream) -> None:
    """Where a link lies in the place of a file or a folder of needs nothing is written, and that is said."""
    report, elsewhere = rehearsed(suite), suite.path / "elsewhere"
    elsewhere.mkdir()
    (suite.path / "needs").mkdir()
    (suite.path / "needs/2026-03").symlink_to(elsewhere)
    result = needs(report, "--out", suite.path / "needs")
    assert (result.exit_code, list(elsewhere.iterdir())) == (2, [])
    assert "could not be written" in result.output
    assert "symbolic link" in result.output


@pytest.mark.parametrize(
    ("text", "said"),
    [(None, "No such file"), ("{", "it is not JSON"), ("{}", "it is not written by --hubfiles-report")],
    ids=["missing", "no JSON", "no report"],
)
def test_what_is_no_report(tmp_path: Path, text: str | None, said: str) -> None:
    """A report that cannot be read is named with the reason, and nothing is written."""
    if text is not None:
        (tmp_path / "report.json").write_text(text, encoding="utf-8")
    result = needs(tmp_path / "report.json", "--out", tmp_path / "needs")
    assert result.exit_code == 2
    assert said in result.output
    assert not (tmp_path / "needs").exists()


def test_a_report_without_a_rehearsal(suite: Downstream) -> None:
    """A report that tells of no rehearsal makes no needs, and what makes one is said."""
    suite.run("--hubfiles-report=json:plain.json")
    result = needs(suite.path / "plain.json", "--out", suite.path / "needs")
    assert result.exit_code == 2
    assert "it tells of no rehearsal" in result.output
    assert "--hubfiles-rehearse all" in result.output


def test_a_report_of_tests_that_could_not_be_rehearsed(suite: Downstream) -> None:
    """Of several machines one may have had no other: its tests are named. Nothing is written if that is all."""
    report = rehearsed(suite)
    document = json.loads(report.read_text("utf-8"))
    refused = suite.path / "refused.json"
    document["rehearsal"] |= {"evidence": {}, "by_test": [], "tests": 0, "breaks": [], "joint": []}
    document["rehearsal"]["refused"] = [{"test": "test_other.py::test_it", "reason": "it sends nothing"}]
    refused.write_text(json.dumps(document), encoding="utf-8")

    both = needs(report, refused, "--out", suite.path / "needs")
    alone = needs(refused, "--out", suite.path / "none")

    assert (both.exit_code, alone.exit_code) == (0, 2)
    assert (
        "not rehearsed, so that it is not known what it needs: test_other.py::test_it (it sends nothing)" in both.output
    )
    assert "test_other.py::test_it (it sends nothing)" in alone.output
    assert "No needs were written: of no change it is known whether it breaks a test." in alone.output
    assert (suite.path / "needs/2026-03/import-status.json").exists()
    assert not (suite.path / "none").exists()


def test_a_report_of_a_rehearsal_without_time(suite: Downstream) -> None:
    """A rehearsal that had no time for anything makes no needs, which is said."""
    report = suite.path / "report.json"
    suite.pytester.runpytest_subprocess(
        "-p", "no:cacheprovider", "--hubfiles-rehearse=all", "--hubfiles-rehearse-budget=0s",
        f"--hubfiles-report=json:{report}",
    )  # fmt: skip
    result = needs(report, "--out", suite.path / "needs")
    assert result.exit_code == 2
    assert "No needs were written" in result.output


@pytest.mark.parametrize("name", ["../../outside", "a/b", ".hidden", ""])
def test_a_name_that_leads_elsewhere(suite: Downstream, name: str) -> None:
    """A report whose versions or operations are no names of files is refused."""
    report = rehearsed(suite)
    document = json.loads(report.read_text("utf-8"))
    evidence = document["rehearsal"]["evidence"]
    evidence[name] = evidence.pop("2026-03")
    report.write_text(json.dumps(document), encoding="utf-8")
    result = needs(report, "--out", suite.path / "needs")
    assert result.exit_code == 2
    assert "cannot be read as a report: at $.rehearsal.evidence" in result.output
    assert not (suite.path / "needs").exists()


def test_a_report_that_nobody_wrote(suite: Downstream) -> None:
    """Evidence that is nested without end, or names a change that is none, is refused in a sentence."""
    report = rehearsed(suite)
    document = json.loads(report.read_text("utf-8"))
    facts = document["rehearsal"]["evidence"]["2026-03"]["import-status"]
    facts["joint"] = [["test_size", "import-status nonsense", "import-status $.id field-removed"]]
    report.write_text(json.dumps(document), encoding="utf-8")
    for command in (["needs", str(report), "--out", str(suite.path / "needs")], ["merge-reports", str(report)]):
        result = CliRunner().invoke(main, command)
        assert (result.exit_code, "is no change" in result.output) == (2, True)
    for _ in range(400):
        facts["states"] = {"": {"types": [], "looks": [], "element": next(iter(facts["states"].values()))}}
    report.write_text(json.dumps(document), encoding="utf-8")
    result = needs(report, "--out", suite.path / "needs")
    assert (result.exit_code, "nested too deeply" in result.output) == (2, True)


# --- what a run makes of them ---


def diff(suite: Downstream, old: object, new: object, *args: str) -> Result:
    for name, size in (("old", old), ("new", new)):
        body = {**DONE, "result": {**DONE["result"], "size": size}}
        path = suite.path / f"{name}.yaml"
        path.write_bytes(cassettes.dump([started(), interaction("GET", polled("COMPLETE").path, 200, body)]))
    return CliRunner().invoke(main, ["diff", f"{suite.path}/old.yaml", f"{suite.path}/new.yaml", *args])


def document(suite: Downstream) -> Any:
    return json.loads((suite.path / "report.json").read_text("utf-8"))


def test_a_finding_says_who_needs_what_changed(known: Downstream) -> None:
    """Drift says below its line how many tests need what changed, and in the report which; the unknown is null."""
    known.restart("size-as-string")
    result = known.run_live("--hubfiles-record=rewrite", "--hubfiles-report=json:report.json", "-k", "test_state")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "*$.result.size *type-changed*",
            "*needed by 1 of 2 tests: test_files.py::test_size; rehearsed with this change: 1 breaks, 1 does not",
        ]
    )
    by_path = {f["path"]: f["needed_by"] for f in document(known)["findings"] if f["category"] == "drift"}
    assert by_path["$.result.size"] == ["test_files.py::test_size"]
    assert by_path["$.result.url"] is None


@pytest.mark.parametrize(("form", "said"), [("markdown", "needed by 1 of 2 tests"), ("html", "needed by 1 of 2 tests")])
def test_each_report_says_it(known: Downstream, form: str, said: str) -> None:
    """Markdown and HTML tell how many tests need what changed."""
    result = diff(known, 1, "1", "--needs", f"{known.path}/needs", "--format", form)
    assert said in result.stdout


@pytest.mark.parametrize(
    ("new", "level", "status"),
    [("1", "needed", 1), ("1", "never", 0), (True, "needed", 0), (True, "breaking", 1)],
    ids=["needed", "never", "harmless", "breaking"],
)
def test_a_comparison_fails_on_what_is_needed(known: Downstream, new: object, level: str, status: int) -> None:
    """``diff --fail-on needed`` fails for a change that breaks a test, and for no other."""
    assert diff(known, 1, new, f"--needs={known.path}/needs", f"--fail-on={level}").exit_code == status


def test_a_comparison_without_needs(suite: Downstream) -> None:
    """``--fail-on needed`` without needs is refused, and what gives them is said."""
    result = diff(suite, 1, "1", "--fail-on=needed")
    assert result.exit_code == 2
    assert "--fail-on: 'needed' is not possible" in result.output
    assert "--needs" in result.output


def test_a_run_fails_on_what_is_needed(known: Downstream) -> None:
    """A run fails for what a test needs, and not for what none is known to need; that is said."""
    options = ("--hubfiles-record=rewrite", "--hubfiles-fail-on=needed", "-k", "test_state")
    body = {**DONE, "result": {**DONE["result"], "archived": "no"}}
    known.write([started(), interaction("GET", polled("COMPLETE").path, 200, body)], known.cassette("test_state"))
    unknown = known.run_live(*options)
    unknown.assert_outcomes(passed=1, deselected=1)
    unknown.stdout.fnmatch_lines(["of 1 difference it is not known whether a test needs what changed*"])
    known.restart("size-as-string")
    needed = known.run_live(*options)
    needed.assert_outcomes(failed=1, deselected=1)
    assert known.candidate("test_state").exists()


def test_a_run_without_needs(suite: Downstream) -> None:
    """To fail on what is needed without needs is an error of usage that names the setting."""
    result = suite.run("--hubfiles-fail-on=needed")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --hubfiles-fail-on: 'needed' is not possible; *hubfiles_needs*"])


def test_a_folder_that_is_not_there(suite: Downstream) -> None:
    """Needs that are not there are an error of usage, but to a rehearsal, which finds them out."""
    suite.ini("hubfiles_needs = needs")
    result = suite.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*needs cannot be read: there is no such folder.*"])
    assert rehearsed(suite).exists()


def test_needs_of_a_test_that_is_gone(known: Downstream) -> None:
    """A full run says once that the needs tell of a test that is none any more; a part of the suite says nothing."""
    known.tests(SUITE.replace("test_size", "test_length"))
    known.write(whole_import(), known.cassette("test_length"))
    known.cassette("test_size").unlink()
    result = known.run()
    said = [line for line in result.outlines if "out of date" in line]
    assert said == [
        "hubfiles_needs is out of date: test_files.py::test_size is no test any more; "
        "rehearse again, and write it anew with hubfiles needs"
    ]
    assert "out of date" not in known.run("-k", "state").stdout.str()


@pytest.mark.slow
def test_merged_reports_have_the_needs_of_all(suite: Downstream) -> None:
    """The report that others are merged into has the needs that follow from all of them."""
    whole, *parts = (rehearsed(suite, *m, name=f"{'-'.join(m)}.json") for m in (("id", "size"), ("id",), ("size",)))
    merged = CliRunner().invoke(main, ["merge-reports", *map(str, parts)])
    assert json.loads(merged.stdout)["rehearsal"]["needs"] == json.loads(whole.read_bytes())["rehearsal"]["needs"]


def test_between_versions(suite: Downstream) -> None:
    """What differs between two versions is held against the needs of the one that is left."""
    file = suite.path / "needs/v3/import-start.json"
    file.parent.mkdir(parents=True)
    file.write_text('{"x-tests": ["a", "b"], "properties": {"links": {"x-needed-by": {"field-removed": ["a"]}}}}')
    suite.ini("hubfiles_needs = needs")
    result = suite.run("--hubfiles-compare=v3:2026-03", "--hubfiles-report=json:report.json")
    known = [f for f in document(suite)["findings"] if f["needed_by"] is not None]
    assert [(f["category"], f["path"], f["needed_by"], f["needed_of"]) for f in known] == [
        ("version", "$.links", ["a"], 2)
    ]
    result.stdout.fnmatch_lines(["*needed by 1 of 2 tests: a; rehearsed with this change: 1 breaks, 1 does not"])
