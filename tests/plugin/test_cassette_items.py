"""``pytest --hubfiles-check``: every cassette is a test that judges all it holds."""

from __future__ import annotations

import dataclasses
import gc
import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from helpers.downstream import STATUS, TASK, Downstream, interaction, polled, started, whole_import
from helpers.slow import ALONE_OR_WORKERS

from pytest_hubfiles import cassettes
from pytest_hubfiles.model.exchange import Exchange, Interaction

GOOD = "cassettes/2026-03/test_files/test_good.yaml"
BAD = "cassettes/2026-03/test_files/test_bad.yaml"
OLD = "cassettes/v3/test_files/test_old.yaml"
SIZE = {"result": {**whole_import()[3].json["result"], "size": "24574"}}
FAULTY = [started(), polled("COMPLETE", change=SIZE)]
V3 = [
    interaction(
        "POST",
        "/files/v3/files/import-from-url/async",
        202,
        {"id": "A", "links": {}},
        asked={"url": "https://example.com/cat.png", "access": "PRIVATE"},
    )
]
TOKEN = "pat-na1-6b5d8f7c-9d1e-4f2a-8b3c-0123456789ab"


@pytest.fixture
def suite(downstream: Downstream) -> Downstream:
    """A project with tests, and the cassettes of a good recording, of a bad one, and of another version."""
    downstream.ini("testpaths = tests")
    downstream.tests("def test_of_something_else(): pass\n", "tests/test_files")
    downstream.write(whole_import(), downstream.path / GOOD)
    downstream.write(FAULTY, downstream.path / BAD)
    downstream.write(V3, downstream.path / OLD)
    return downstream


def check(project: Downstream, *args: str) -> pytest.RunResult:
    return project.run("--hubfiles-check", *args)


def report(project: Downstream, *args: str) -> Any:
    """Check with a JSON report; return it, and the run's exit status in its key ``exit``."""
    result = check(project, "--hubfiles-report=json:report.json", *args)
    return {**json.loads((project.path / "report.json").read_text(encoding="utf-8")), "exit": int(result.ret)}


def alone(project: Downstream, *interactions: Any, path: str = GOOD) -> Path:
    """Leave the project with one cassette."""
    for other in (GOOD, BAD, OLD):
        (project.path / other).unlink()
    return project.write(interactions, project.path / path)


# --- what is collected ---


@ALONE_OR_WORKERS
def test_each_cassette_is_a_test(suite: Downstream, args: list[str]) -> None:
    """Without a path, each cassette under the root is one test whose id is its path, and testpaths is not searched."""
    result = check(suite, "-v", *args)

    result.assert_outcomes(passed=2, failed=1)
    for path, outcome in ((GOOD, "PASSED"), (BAD, "FAILED"), (OLD, "PASSED")):
        assert sum(path in line and outcome in line and "%]" in line for line in result.outlines) == 1
    result.stdout.fnmatch_lines(
        [
            f"*__ cassette {BAD} __*",
            "schema-violation $.result.size is string (*",
            "breaking  2026-03 import-status 200 COMPLETE, fingerprint *",
            "    hubfiles accept --finding *",
            "*= hubfiles =*",
            "judged 7 of 7 exchanges in 3 cassettes",
            "breaking  2026-03 import-status 200 COMPLETE  $.result.size  schema-violation: is string (*",
        ]
    )


@pytest.mark.parametrize(
    ("paths", "ids"),
    [
        ([], [BAD, GOOD, OLD]),
        (["cassettes/v3"], [OLD]),
        ([GOOD], [GOOD]),
        ([GOOD, "cassettes/v3"], [GOOD, OLD]),
        (["tests"], []),
        (["."], [BAD, GOOD, OLD]),
        ([GOOD, "tests/test_files.py"], [GOOD, "tests/test_files.py::test_of_something_else"]),
        (["tests/test_files.py::test_of_something_else"], ["tests/test_files.py::test_of_something_else"]),
    ],
)
def test_paths_say_what_is_collected(suite: Downstream, paths: list[str], ids: list[str]) -> None:
    """A path is a cassette or a folder of them; of the tests only those are run whose file is named."""
    result = check(suite, "--collect-only", "-qq", *paths)

    assert [line for line in result.outlines if line.startswith(("cassettes", "tests"))] == ids
    assert result.ret == (pytest.ExitCode.OK if ids else pytest.ExitCode.NO_TESTS_COLLECTED)


@pytest.mark.parametrize(
    ("paths", "named"),
    [
        (["cassettes/v3/a[1].yaml"], ["a[1]"]),
        (["cassettes/v3/a[1].yaml", "cassettes/v3/[x]/a.yaml"], ["[x]/a", "a[1]"]),
        (["cassettes/v3/[x]"], ["[x]/a", "[x]/b[1]"]),
        (["cassettes/v3/a[1].yaml", "cassettes/v3/b.yaml"], ["a[1]", "b"]),
        (["cassettes/v3/a[1].yaml", "cassettes"], ["[x]/a", "[x]/b[1]", "a[1]", "b"]),
    ],
    ids=["a file", "two", "a folder", "beside another", "and all around"],
)
def test_a_cassette_may_have_brackets(downstream: Downstream, paths: list[str], named: list[str]) -> None:
    """What pytest takes for parameters is a cassette's name here; nothing beside it is collected."""
    for name in ("a[1]", "b", "[x]/a", "[x]/b[1]"):
        downstream.write(whole_import(), downstream.path / f"cassettes/v3/{name}.yaml")

    result = check(downstream, "-v", *paths)

    passed = [line.split()[0] for line in result.outlines if "%]" in line]
    assert sorted(passed) == sorted(f"cassettes/v3/{name}.yaml" for name in named)


def test_collecting_reads_no_file(suite: Downstream) -> None:
    """Collecting makes tests of names: a file that cannot be read is one too, and so is a candidate; others are not."""
    folder = (suite.path / GOOD).parent
    for name in (
        "broken.yaml",
        "other.yml",
        "recorded.json",
        "recorded.toml",
        "x.candidate.yaml",
        "README.md",
        ".h.yaml",
    ):
        (folder / name).write_text("\0", encoding="utf-8")

    result = check(suite, "--collect-only", "-qq", str(folder))

    assert [line.rpartition("/")[2] for line in result.outlines if line.startswith("cassettes")] == [
        "broken.yaml", "other.yml", "recorded.json", "recorded.toml", "test_bad.yaml", "test_good.yaml",
        "x.candidate.yaml",
    ]  # fmt: skip


def test_the_cassette_root_is_the_one_set(suite: Downstream) -> None:
    """The root of which all cassettes are checked is the one that the ini file or the command line sets."""
    (suite.path / "cassettes").rename(suite.path / "recorded")

    check(suite, "--hubfiles-cassettes=recorded").assert_outcomes(passed=2, failed=1)
    suite.ini("testpaths = tests", "hubfiles_cassettes = recorded")
    check(suite).assert_outcomes(passed=2, failed=1)


def test_no_folder_of_cassettes_is_passed_over(suite: Downstream) -> None:
    """A folder under the root is searched though pytest searches none of its name, unless told to ignore it."""
    suite.write(whole_import(), suite.path / "cassettes" / "2026-03" / "build" / "upload.yaml")

    check(suite).assert_outcomes(passed=3, failed=1)
    check(suite, "--ignore=cassettes/v3").assert_outcomes(passed=1, failed=1)


@ALONE_OR_WORKERS
def test_no_cassette_is_called_unused(suite: Downstream, args: list[str]) -> None:
    """A check opens cassettes without their tests: it cannot say which of them no test needs."""
    suite.pytester.makeconftest(f"collect_ignore = [{GOOD!r}]")

    result = check(suite, *args)

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.no_fnmatch_line("*cassette-unused*")


def test_there_is_no_cassette_root(downstream: Downstream) -> None:
    """A cassette root that does not exist ends the run before it begins, with its name and what to do."""
    result = check(downstream)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --hubfiles-check: there is no cassette root *cassettes; name the cassettes *"])


def test_an_empty_cassette_root_is_not_green(downstream: Downstream) -> None:
    """A root without a cassette is a run without tests."""
    (downstream.path / "cassettes").mkdir()

    assert check(downstream).ret == pytest.ExitCode.NO_TESTS_COLLECTED


def test_ordinary_runs_collect_no_cassette(suite: Downstream) -> None:
    """Without the option a cassette is no test, even where its folder is named."""
    result = suite.run("tests", "cassettes")

    result.assert_outcomes(passed=1)


# --- how tests of cassettes are run ---


@ALONE_OR_WORKERS
def test_they_are_selected_by_keyword(suite: Downstream, args: list[str]) -> None:
    """``-k`` selects by a cassette's name."""
    check(suite, "-k", "good", *args).assert_outcomes(passed=1, deselected=0 if args else 2)


def test_those_that_failed_last_are_run_again(suite: Downstream) -> None:
    """``--lf`` runs the cassettes that failed, and all again when they are mended."""
    check(suite).assert_outcomes(passed=2, failed=1)
    check(suite, "--lf").assert_outcomes(failed=1)
    suite.write(whole_import(), suite.path / BAD)
    check(suite, "--lf").assert_outcomes(passed=1)
    check(suite, "--lf").assert_outcomes(passed=3)


def test_the_run_stops_at_the_first(suite: Downstream) -> None:
    """``-x`` ends the run with the first cassette that fails."""
    check(suite, "-x").assert_outcomes(failed=1)


@ALONE_OR_WORKERS
def test_findings_reach_junit_xml(suite: Downstream, args: list[str]) -> None:
    """A cassette is a case of JUnit XML, with its findings as properties and its failure."""
    check(suite, "--junitxml=junit.xml", *args)

    cases = {case.get("name"): case for case in ET.parse(suite.path / "junit.xml").iter("testcase")}
    assert set(cases) == {path.replace("/", ".") for path in (GOOD, BAD, OLD)}
    bad = cases[BAD.replace("/", ".")]
    reported = [p.get("value") or "" for p in bad.iter("property") if p.get("name") == "hubfiles_finding"]
    assert [text.partition(":")[0] for text in reported] == [
        "breaking 2026-03 import-status 200 COMPLETE $.result.size schema-violation"
    ]
    assert bad.find("failure") is not None


@ALONE_OR_WORKERS
def test_the_report_is_that_of_any_run(suite: Downstream, args: list[str]) -> None:
    """The JSON report counts what was judged and names each finding's cassette, whose path is its test's id."""
    document = report(suite, *args)

    assert (document["exit"], document["failed"], document["worst"]) == (1, True, "breaking")
    checked = document["checked"]
    assert (checked["cassettes"], checked["exchanges"], checked["judged"]) == (3, 7, 7)
    first = document["findings"][0]
    assert (first["kind"], first["test"], first["cassette"]) == ("schema-violation", BAD, BAD)


# --- what is judged ---


def test_tasks_are_followed(suite: Downstream) -> None:
    """A task that goes back is found."""
    alone(suite, started(), polled("COMPLETE"), polled("PENDING"))

    assert [f["kind"] for f in report(suite)["findings"] if f["severity"] == "warning"] == ["illegal-transition"]


def test_the_settings_hold(suite: Downstream) -> None:
    """Severity, deviations and their refusal are as in any run."""
    waiting = {"status": "PENDING", "taskId": TASK, "requestedAt": "2026-10-05T09:14:02.117Z"}
    alone(suite, interaction("GET", STATUS, 200, waiting))
    check(suite).assert_outcomes(passed=1)
    check(suite, "--hubfiles-strict").assert_outcomes(failed=1)
    check(suite, "--hubfiles-fail-on=info").assert_outcomes(failed=1)
    check(suite, "--hubfiles-fail-on=never", "--hubfiles-strict").assert_outcomes(passed=1)
    suite.ini("hubfiles_fail_on = info")
    check(suite).assert_outcomes(failed=1)


def test_an_old_cassette_is_stale(suite: Downstream) -> None:
    """A cassette older than hubfiles_max_age is found to be."""
    alone(suite, *whole_import(), started(date="Mon, 05 Oct 2015 09:14:05 GMT"))
    suite.ini("hubfiles_max_age = 30d")

    assert [f["kind"] for f in report(suite)["findings"] if f["category"] == "replay"] == ["cassette-stale"]


def test_an_unreadable_cassette_fails_and_the_others_are_judged(suite: Downstream) -> None:
    """A file that is no cassette fails with its name, its line and the reason, and costs no other its verdict."""
    (suite.path / OLD).write_text("interactions:\n- !!python/name:os.system\nversion: 1\n", encoding="utf-8")

    document = report(suite)

    (found,) = [f for f in document["findings"] if f["kind"] == "cassette-unreadable"]
    assert (found["severity"], found["cassette"], found["line"]) == ("breaking", OLD, 2)
    assert found["message"].startswith(
        f"The cassette {OLD}, line 2 cannot be read: its tag tag:yaml.org,2002:python/name:os"
    )
    assert document["checked"]["judged"] == 6
    check(suite, "--hubfiles-fail-on=never", OLD).assert_outcomes(failed=1)


def test_a_file_that_is_too_large_is_not_read(suite: Downstream) -> None:
    """A cassette larger than hubfiles_max_cassette_mb is refused."""
    suite.ini("hubfiles_max_cassette_mb = 0.001")

    result = check(suite, GOOD)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*more than hubfiles_max_cassette_mb = 0.001 lets pass"])


def test_a_credential_is_found_and_never_reported(suite: Downstream) -> None:
    """A credential in a header, and again wherever else it stands, is found by place and printed nowhere."""
    other = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
    leaking = [
        dataclasses.replace(started(), request_headers={"Authorization": (f"Bearer {other}",)}),
        polled("COMPLETE", change={"result": {**SIZE["result"], "size": f"of {other}", "access": TOKEN}}),
        interaction("GET", f"/files/v3/elsewhere/{other}?hapikey={TOKEN}", 200, {}),
    ]
    alone(suite, *leaking)

    result = check(
        suite, "-vv", "--hubfiles-report=json:report.json", "--hubfiles-report=json:-", "--junitxml=junit.xml", "-l"
    )

    reported = [result.stdout.str(), result.stderr.str()]
    reported += [(suite.path / name).read_text(encoding="utf-8") for name in ("report.json", "junit.xml")]
    assert not [secret for text in reported for secret in (other, TOKEN) if secret in text]
    found = [f for f in json.loads(reported[2])["findings"] if f["kind"] == "secret-in-cassette"]
    assert {f["severity"] for f in found} == {"breaking"}
    assert {f["after"] for f in found} == {
        "request header Authorization", "response body, field size", "response body, field access", "URL",
    }  # fmt: skip
    assert any("$.result.size" in line and "schema-violation" in line for line in result.outlines)


# --- never green on nothing ---


@pytest.mark.parametrize(
    ("interactions", "said"),
    [
        ([], "it holds no exchange"),
        ([interaction("GET", "/crm/v3/objects/contacts", 200, {})] * 2, "no contract (2)"),
        ([polled("PENDING"), interaction("GET", "/x", 200, {})], None),
        (
            [interaction("GET", whole_import()[1].path, 302), interaction("GET", "/x", 200, {})],
            "a redirect (1), no contract (1)",
        ),
    ],
    ids=["empty", "elsewhere", "one of two", "redirects"],
)
@pytest.mark.parametrize("level", ["breaking", "never"])
def test_a_cassette_in_which_nothing_is_judged_fails(
    suite: Downstream, interactions: list[Any], said: str | None, level: str
) -> None:
    """A cassette that gives nothing to judge fails, whatever the severity asked for, and says why."""
    alone(suite, *interactions)

    result = check(suite, f"--hubfiles-fail-on={level}")

    result.assert_outcomes(passed=said is None, failed=said is not None)
    if said is not None:
        result.stdout.fnmatch_lines([f"nothing in the cassette was judged: {said}"])


@ALONE_OR_WORKERS
def test_versions_restrict_what_is_judged(suite: Downstream, args: list[str]) -> None:
    """With a version on the command line only its exchanges are judged; a cassette without any is skipped."""
    mixed = "cassettes/mixed.yaml"
    suite.write([*V3, *whole_import()], suite.path / mixed)

    result = check(suite, "--hubfiles-version=v3", "-rs", *args)

    result.assert_outcomes(passed=2, skipped=2)
    result.stdout.fnmatch_lines(["judged 2 of 2 exchanges in 2 cassettes"])
    result.stdout.fnmatch_lines(["SKIPPED*: it holds no exchange of a version asked for"])


def test_the_ini_files_version_restricts_nothing(suite: Downstream) -> None:
    """The version that tests run for by default says nothing of which cassettes are checked."""
    suite.ini("hubfiles_version = v3")

    assert report(suite)["checked"]["judged"] == 7


@ALONE_OR_WORKERS
def test_a_version_of_which_nothing_is_judged_fails_the_run(suite: Downstream, args: list[str]) -> None:
    """A version asked for must have been judged somewhere, else the run fails and names it."""
    (suite.path / BAD).unlink()
    versions = ["--hubfiles-version=v3", "--hubfiles-version=2026-03", "--hubfiles-version=2026-09"]

    result = check(suite, *versions, *args)

    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["nothing was judged of version 2026-09, which --hubfiles-version asks for"])
    assert check(suite, *versions[:2], *args).ret == 0


def test_a_credential_in_a_cassette_of_another_version_fails(suite: Downstream) -> None:
    """A cassette that the version leaves out is still searched for credentials."""
    alone(suite, dataclasses.replace(started(), request_headers={"Authorization": (f"Bearer {TOKEN}",)}))
    suite.write(V3, suite.path / OLD)

    check(suite, "--hubfiles-version=v3").assert_outcomes(passed=1, failed=1)


@ALONE_OR_WORKERS
def test_judging_too_little_fails(suite: Downstream, args: list[str]) -> None:
    """``--hubfiles-min-judged`` holds for cassettes."""
    result = check(suite, "--hubfiles-min-judged=8", "-k", "not bad", *args)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["judged 5 exchanges where --hubfiles-min-judged asks for 8"])


def test_nothing_of_the_exchanges_stays(suite: Downstream) -> None:
    """The tests of cassettes keep no exchange when they have run: a corpus is as large as its largest cassette."""

    def held() -> set[int]:
        gc.collect()
        return {id(found) for found in gc.get_objects() if type(found) in (Exchange, Interaction)}

    class Looking:
        def pytest_sessionfinish(self, session: pytest.Session) -> None:
            kept.extend(held() - before)

    kept: list[int] = []
    before = held()
    suite.run("--hubfiles-check", plugins=[Looking()]).assert_outcomes(passed=2, failed=1)

    assert kept == []


def test_cassettes_that_others_wrote_are_judged(suite: Downstream) -> None:
    """Cassettes of cassetter's, and vcrpy's as JSON, are judged beside our own."""
    alone(suite, *whole_import())
    for name in ("cassetter.yaml", "cassetter.toml"):
        (suite.path / "cassettes" / name).write_bytes(
            (Path(__file__).parents[1] / "cassettes" / "foreign" / name).read_bytes()
        )
    document = json.loads(json.dumps(cassettes_as_json(suite.path / GOOD)))
    (suite.path / "cassettes" / "vcrpy.json").write_text(json.dumps(document), encoding="utf-8")

    assert report(suite)["checked"]["judged"] == 4 + 3 + 3 + 4


def cassettes_as_json(path: Path) -> object:
    """Return a cassette as vcrpy's serializer for JSON writes it."""
    import yaml

    assert cassettes.read(path)
    return yaml.safe_load(path.read_text(encoding="utf-8"))


# --- links ---


@pytest.mark.slow
@ALONE_OR_WORKERS
@pytest.mark.parametrize("named", [[], ["cassettes"], ["cassettes/2026-03"]], ids=["root", "its name", "below"])
def test_what_is_found_leads_through_no_link(suite: Downstream, named: list[str], args: list[str]) -> None:
    """A folder that is found below what is checked, and is a link, is not read through: nothing outside is judged."""
    alone(suite, *whole_import())
    outside = suite.write(whole_import(), suite.path / "elsewhere" / "test_outside.yaml")
    link = suite.path / "cassettes" / "2026-03" / "linked"
    link.symlink_to(outside.parent, target_is_directory=True)

    reported = report(suite, *named, *args)

    assert reported["exit"] == 1
    assert reported["checked"]["exchanges"] == 4
    (finding,) = (f for f in reported["findings"] if f["kind"] == "cassette-unreadable")
    assert "linked is a symbolic link; put a folder in its place" in finding["message"]


def test_what_is_named_may_be_a_link(suite: Downstream) -> None:
    """A folder that the command line names is read though it is a link, for its user says so."""
    alone(suite, *whole_import())
    outside = suite.write(whole_import(), suite.path / "elsewhere" / "test_outside.yaml")
    link = suite.path / "cassettes" / "linked"
    link.symlink_to(outside.parent, target_is_directory=True)

    reported = report(suite, "cassettes/linked")

    assert reported["exit"] == 0
    assert reported["checked"]["judged"] == 4
