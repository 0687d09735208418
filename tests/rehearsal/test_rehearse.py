"""Which tests break under which change: as a user sees it, whatever the tests are like."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.alone import SUBTESTS
from helpers.downstream import HELPERS, STATUS, TASK, Downstream, polled, whole_import, write_cassette
from rehearsals.projects import Project, Ran, replaying

from pytest_hubfiles import toml

SUITE = """
import time
from datetime import datetime
import requests

def poll(hubfiles):
    url = f"{hubfiles.base_url}/files/2026-03/files/import-from-url/async"
    task = requests.post(url, json=BODY).json()["id"]
    return lambda: requests.get(f"{url}/tasks/{task}/status").json()

def test_plain(hubfiles):
    ask = poll(hubfiles)
    for _ in range(3):
        done = ask()
    assert done["status"] == "COMPLETE"

def test_strict_date(hubfiles):
    ask = poll(hubfiles)
    while (done := ask())["status"] in ("PENDING", "PROCESSING"):
        time.sleep(1)
    assert done["result"]
    datetime.strptime(done["completedAt"], "%Y-%m-%dT%H:%M:%S.%fZ")

def test_own_timeout(hubfiles):
    ask = poll(hubfiles)
    end = time.monotonic() + 3600
    while time.monotonic() < end:
        if ask()["status"] == "COMPLETE":
            return
        time.sleep(5)
    raise RuntimeError("too slow")

def test_no_end(hubfiles):
    ask = poll(hubfiles)
    while ask()["status"] != "COMPLETE":
        pass
"""
ENUM = "import-status $.status enum-value-added"
DATE = "import-status $.completedAt format-changed no-millis"
ONLY = ("--hubfiles-rehearse-only=import-status $.status", f"--hubfiles-rehearse-only={DATE}")
RED = """
def test_red(hubfiles):
    print("said once")
    poll(hubfiles)
    raise AssertionError("red")
"""


def project(folder: Path, source: str, *ini: str) -> Project:
    return replaying(folder, HELPERS + source, whole_import(), *ini)


def named(rehearsal: list[dict[str, str]], fact: str) -> dict[str, str]:
    """Return a *fact* of each entry of a rehearsal by the name of its test."""
    return {one["test"].partition("::")[2]: one[fact] for one in rehearsal}


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A suite whose tests wait in ways of their own, and one of which is red."""
    return project(tmp_path_factory.mktemp("suite"), SUITE + RED, "hubfiles_max_identical_answers = 120")


@pytest.fixture(scope="module")
def first(suite: Project) -> tuple[Ran, dict[str, bytes], dict[str, bytes]]:
    """The rehearsal of it, of which pytest's cache takes note, and its files before and afterwards."""
    before = suite.files()
    return suite.rehearse("allowed", "cached", *ONLY), before, suite.files()


Shared = tuple[Ran, dict[str, bytes], dict[str, bytes]]


@pytest.mark.slow
def test_what_a_new_state_does(first: Shared) -> None:
    """Each loop comes to an end of its own kind, and the table says how many tests end how, and where."""
    ran, *_ = first
    assert ran.status == 1
    assert {test.partition("::")[2]: how for (test, change), how in ran.verdicts.items() if change == ENUM} == {
        "test_plain": "fails", "test_strict_date": "raises",
        "test_own_timeout": "gives-up", "test_no_end": "never-ends",
    }  # fmt: skip
    pytest.LineMatcher(ran.output.splitlines()).fnmatch_lines(
        [
            "rehearsal: 4 tests, * allowed changes (* runs): * of them break a test",
            f"breaks * 4/4  {ENUM} *",
            "*raises at test_suite.py:* test_strict_date: KeyError: 'result'",
            "*never ends at test_suite.py:*",
            "*reproduce: pytest test_suite.py::test_no_end --hubfiles-change *",
            "To accept a break, *rehearsed.toml, and the name of that file into ini hubfiles_rehearsed; *",
            "* change* that the API may make at any time break* 4 tests; *",
        ]
    )


@pytest.mark.slow
def test_few_answers_that_are_alike(tmp_path: Path) -> None:
    """A loop comes to its own time-out, however few answers of one kind the suite allows in a row."""
    own_timeout = SUITE[: SUITE.index("def test_plain")] + SUITE[SUITE.index("def test_own_timeout") :]
    few = project(tmp_path, own_timeout, "hubfiles_max_identical_answers = 10")
    ran = few.rehearse("allowed", f"--hubfiles-rehearse-only={ENUM}")
    assert {test.partition("::")[2]: how for (test, change), how in ran.verdicts.items()} == {
        "test_own_timeout": "gives-up", "test_no_end": "never-ends",
    }  # fmt: skip


def test_no_test_changes_its_colour_and_nothing_is_written(first: Shared) -> None:
    """A rehearsal leaves the outcomes, the output and the files of a run as they are."""
    ran, before, after = first
    assert "1 failed, 4 passed" in ran.output
    assert ran.output.count("\nsaid once") == 1
    assert before == after
    assert "does not pass in a process of its own" in named(ran.rehearsal["refused"], "reason")["test_red"]


TWO_TIMES = """
def test_two_times(hubfiles):
    ask, start = poll(hubfiles), time.monotonic()
    while ask()["status"] != "COMPLETE":
        waited = time.monotonic() - start
        if waited > 6 * FIRST:
            raise RuntimeError("too slow")
        if waited > 4 * FIRST:
            return  # it is looked for in another way
        time.sleep(FIRST / 50)

def test_one_time(hubfiles):
    ask, end = poll(hubfiles), time.monotonic() + 1000 * FIRST
    while ask()["status"] != "COMPLETE":
        if time.monotonic() > end:
            raise RuntimeError("too slow")
        time.sleep(FIRST / 50)
"""


@pytest.mark.parametrize("seconds", [1, 3600])
@pytest.mark.parametrize("answers", [200, pytest.param(100_000, marks=pytest.mark.slow)])
def test_a_task_that_does_not_end_is_waited_for_step_by_step(tmp_path: Path, seconds: int, answers: int) -> None:
    """Of two times that a test waits for the shorter one comes first, and a long one comes, in few polls."""
    source = f"{HELPERS}{SUITE[: SUITE.index('def test_plain')]}FIRST = {seconds}\n{TWO_TIMES}"
    suite = replaying(tmp_path, source, whole_import(), f"hubfiles_max_identical_answers = {answers}")
    ran = suite.rehearse("allowed", f"--hubfiles-rehearse-only={ENUM}")
    assert ran.rehearsal["tests"] == 2, ran.output
    assert {test.partition("::")[2]: how for (test, change), how in ran.verdicts.items() if change == ENUM} == {
        "test_one_time": "gives-up"
    }


OF_WHAT_WAS_FOUND = """
@pytest.fixture
def found(hubfiles):
    seen = []
    yield lambda: seen.append(sorted(finding.kind.value for finding in hubfiles.findings)) or seen[-1]
    assert seen[-1] == sorted(finding.kind.value for finding in hubfiles.findings)

def test_of_what_was_found(hubfiles, found):
    import_a_file(hubfiles)
    assert found()
"""
OF_A_HOOK = """
from datetime import datetime

@pytest.fixture(scope="session")
def hubfiles_vcr_config():
    def in_green(response):
        response["body"]["string"] = response["body"]["string"].replace(b"grey", b"green")
        return response
    return {"before_record_response": in_green}

def test_of_a_hook(hubfiles):
    done = import_a_file(hubfiles).json
    assert done["colour"] == "green"
    datetime.strptime(done["completedAt"], "%Y-%m-%dT%H:%M:%S.%fZ")
"""


MADE_ANEW = """
import pytest

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    r = yield
    return pytest.TestReport(r.nodeid, r.location, r.keywords, r.outcome, r.longrepr, r.when, r.sections, r.duration)
"""


def test_reports_that_a_suite_makes_anew(tmp_path: Path) -> None:
    """What a rehearsal came to, and what was judged, does not hang on what else a report has with it."""
    suite = project(tmp_path, SUITE)
    (tmp_path / "below").mkdir()
    (tmp_path / "test_suite.py").rename(tmp_path / "below" / "test_suite.py")
    (tmp_path / "below" / "conftest.py").write_text(MADE_ANEW)  # read after our own hooks are there
    ran = suite.rehearse("allowed", "-k", "strict_date", f"--hubfiles-rehearse-only={DATE}")
    assert set(ran.verdicts.values()) == {"raises"}, ran.output
    assert "judged 4 of 4 exchanges" in ran.output


OF_ANOTHER_CASSETTE = """
@pytest.fixture(autouse=True)
def marked(request):
    request.node.add_marker(pytest.mark.hubfiles(cassette="other"), append=False)

def test_of_another_cassette(hubfiles):
    assert import_a_file(hubfiles).json["colour"] == "blue"

@pytest.fixture
def written(request):
    folder = request.config.rootpath / "cassettes" / "2026-03"
    mine, other = folder / "import.yaml", (folder / "other.yaml").read_bytes()
    if mine.read_bytes() != other:  # in the first process, not in the others
        mine.write_bytes(other)
    request.node.add_marker(pytest.mark.hubfiles(cassette="import"), append=False)

def test_of_one_that_is_written(written, hubfiles):
    assert import_a_file(hubfiles).json["colour"] == "blue"
"""


def test_a_marker_of_a_fixture_counts_in_each_process(tmp_path: Path) -> None:
    """What a fixture of the test changes, its settings or its cassette, is so in its rehearsal, too."""
    suite = replaying(tmp_path, HELPERS + OF_ANOTHER_CASSETTE, whole_import())
    other = [*whole_import()[:-1], polled("COMPLETE", change={"colour": "blue"})]
    write_cassette(tmp_path / "cassettes" / "2026-03" / "other.yaml", *other)
    ran = suite.rehearse("allowed", f"--hubfiles-rehearse-only={DATE}")
    assert ran.rehearsal["tests"] == 2, ran.output
    assert ran.rehearsal["refused"] == []


def test_what_a_test_sees_of_the_plugin_is_the_same_in_each_process(tmp_path: Path) -> None:
    """What was found in the recording, and what a hook makes of that, is there under a change as it is without."""
    grey = [*whole_import()[:-1], polled("COMPLETE", change={"colour": "grey"})]
    suite = replaying(tmp_path, HELPERS + OF_WHAT_WAS_FOUND + OF_A_HOOK, grey)
    ran = suite.rehearse("allowed", f"--hubfiles-rehearse-only={DATE}")
    assert ran.rehearsal["tests"] == 2, ran.output
    assert {test.partition("::")[2] for test, _ in ran.verdicts} == {"test_of_a_hook"}
    assert named(ran.rehearsal["breaks"], "error")["test_of_a_hook"].startswith("ValueError")


OF_SUBTESTS = """
import unittest
import warnings

def result_of(hubfiles):
    return import_a_file(hubfiles).json["result"]

@pytest.mark.filterwarnings("default")
def test_subtest(hubfiles, subtests):
    warnings.warn("told once")
    with subtests.test("of the fixture"):
        assert result_of(hubfiles)

class TestOfUnittest(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _with(self, hubfiles):
        self.hubfiles = hubfiles

    def test_subtest(self):
        with self.subTest("of unittest"):
            assert result_of(self.hubfiles)
"""


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["here", "worker"])
def test_what_fails_a_subtest_alone_breaks_its_test(tmp_path: Path, workers: tuple[str, ...]) -> None:
    """A subtest fails by itself, and its test goes on; nobody is told of it but the rehearsal."""
    suite = project(tmp_path, OF_SUBTESTS)
    ran = suite.rehearse("allowed", "--hubfiles-rehearse-only=import-status $.result", *SUBTESTS, *workers)
    assert ran.rehearsal["tests"] == 2, ran.output
    *_, outcome = ran.output.splitlines()
    assert "2 passed" in outcome
    assert "1 warning" in outcome
    assert "failed" not in outcome
    assert {(test.partition("::")[2], how) for (test, change), how in ran.verdicts.items()} == {
        ("test_subtest", "raises"), ("TestOfUnittest::test_subtest", "raises"),
    }  # fmt: skip
    assert set(named(ran.rehearsal["breaks"], "error").values()) == {"KeyError: 'result'"}


OF_THE_ENVIRONMENT = """
import logging
import sys

def test_of_the_environment(hubfiles, monkeypatch, tmp_path):
    monkeypatch.setenv("AIOHTTP_NO_EXTENSIONS", "1")
    import aiohttp.helpers
    assert aiohttp.helpers.NO_EXTENSIONS or "vcr" in sys.modules  # which imports it, and answers before Python 3.11
    assert import_a_file(hubfiles).json["result"]

def test_of_a_folder(hubfiles, tmp_path):
    logging.getLogger().error("logged once")
    assert tmp_path.name == "test_of_a_folder0"
    assert import_a_file(hubfiles).json["result"]
"""


def test_what_a_test_imports_and_writes_is_its_own_in_each_process(tmp_path: Path) -> None:
    """A package finds the environment as the test has set it; folders and logs are those of the real test."""
    suite = project(tmp_path, OF_THE_ENVIRONMENT, "log_file = run.log")
    ran = suite.rehearse("allowed", "--hubfiles-rehearse-only=import-status $.result field-removed")
    assert (tmp_path / "run.log").read_text("utf-8").count("logged once") == 1
    assert "2 passed" in ran.output
    assert ran.rehearsal["refused"] == []
    assert set(ran.verdicts.values()) == {"raises"}
    assert len(ran.verdicts) == 2


SECRET = "CKqz7-rh4s3cr3tv4lue7th4t8is9l0ng"
UNSAYABLE = f"""
import requests

class Unsayable(Exception):
    def __str__(self):
        raise ValueError("it holds " + self.args[0])

def test_unsayable(hubfiles):
    secret = "".join({list(SECRET)!r})
    done = import_a_file(hubfiles).json
    requests.get(hubfiles.base_url + {STATUS!r}, headers={{"X-Our-Token": secret}})
    if "result" not in done:
        raise Unsayable(secret)
"""


def test_what_cannot_be_told_of_a_run_tells_no_credential(tmp_path: Path) -> None:
    """Where an error cannot be written, what was raised over that is told in its place, without what was sent."""
    suite = project(tmp_path, UNSAYABLE)
    ran = suite.rehearse("allowed", "--hubfiles-rehearse-only=import-status $.result field-removed")
    (of_test,) = ran.rehearsal["by_test"]
    assert list(of_test["undecided"].values()) == ["ValueError: it holds SCRUBBED"]
    assert SECRET not in json.dumps(ran.rehearsal) + ran.output


@pytest.mark.slow
def test_every_break_happens_again_from_its_line(suite: Project, first: Shared) -> None:
    """The line that a break prints reproduces it, with the same error, and no other test is needed for that."""
    by_verdict = {one["verdict"]: one for one in first[0].rehearsal["breaks"]}
    assert len(by_verdict) == 4
    for one in by_verdict.values():
        assert one["reproduce"].startswith("pytest ")
        again = suite.breaks_again(one["reproduce"])
        assert "1 failed" in again.output
        if one["error"] is not None:
            assert one["error"].partition(":")[0] in again.output


def test_the_line_of_a_break_is_one_for_the_folder_it_is_typed_in(tmp_path: Path) -> None:
    """From another folder the path of the test is another, and cassettes elsewhere are found by the same option."""
    below = Project(tmp_path / "suite" / "below")
    below.folder.mkdir(parents=True)
    (project(tmp_path / "suite", SUITE).folder / "cassettes").rename(tmp_path / "recorded")
    elsewhere = "--hubfiles-cassettes=../../recorded"

    ran = below.rehearse("allowed", elsewhere, f"--hubfiles-rehearse-only={DATE}", "..", "-k", "strict_date")

    (found,) = ran.rehearsal["breaks"]
    assert found["reproduce"].startswith(f"pytest ../test_suite.py::test_strict_date {elsewhere} --hubfiles-change ")
    assert "1 failed" in below.breaks_again(found["reproduce"]).output


@pytest.mark.slow
def test_the_verdicts_are_the_same(suite: Project, first: Shared) -> None:
    """With workers, and with the last result as the guess, which saves runs, the verdicts are the same."""
    ran, *_ = first
    workers, guessed = suite.rehearse("allowed", "-n", "2", *ONLY), suite.rehearse("allowed", "cached", *ONLY)
    for other in (workers, guessed):
        assert other.verdicts == ran.verdicts
        assert other.rehearsal["by_test"] == ran.rehearsal["by_test"]
    assert guessed.rehearsal["runs"] < ran.rehearsal["runs"] == workers.rehearsal["runs"]


@pytest.mark.slow
def test_accepted_breaks(tmp_path: Path) -> None:
    """A break that the suite accepts, for a reason and until a day, makes no run red; one that has run out is told."""
    suite = project(tmp_path, SUITE, "hubfiles_rehearsed = rehearsed.toml")
    only = ("--hubfiles-rehearse-only=import-status $.completedAt format-changed *-*", "-k", "strict")
    entry = '[[rehearsed]]\nchange = "{}"\ntest = "{}"\nreason = "we move in May"\n'
    file = suite.folder / "rehearsed.toml"
    file.write_text(entry.format(DATE, "test_suite.py::test_strict_date"), "utf-8")
    some = suite.rehearse("allowed", *only)
    assert some.status == 1  # there are more
    lines = some.output.splitlines()
    at = lines.index("To accept a break, write such an entry into rehearsed.toml; * stands for anything:")
    sample = "".join(f"{line.strip()}\n" for line in lines[at + 1 : at + 5])
    assert [entry["test"] for entry in toml.tables(sample, "rehearsed")] == ["test_suite.py::test_strict_date"]
    assert [one["change"] for one in some.rehearsal["breaks"] if one["accepted"] == "we move in May"] == [DATE]
    file.write_text(entry.format("import-status $.completedAt *", "*strict*"), "utf-8")
    assert suite.rehearse("allowed", *only).status == 0
    file.write_text(entry.format("import-status $.completedAt *", "*strict*") + "until = 2020-01-01\n", "utf-8")
    late = suite.rehearse("allowed", *only)
    assert late.status == 1
    assert "an accepted break has run out: import-status $.completedAt * in *strict*, on 2020-01-01 " in late.output
    file.write_text(entry.format(DATE, "*strict*") + entry.format(DATE, "elsewhere.py::*"), "utf-8")
    whole = suite.rehearse("allowed", f"--hubfiles-rehearse-only={DATE}")
    told = [line for line in whole.output.splitlines() if "about no test" in line]
    assert told == [f"an accepted break is about no test: {DATE} in elsewhere.py::* (we move in May)"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x", "it is not TOML"),
        ("[[rehearsed]]\nchange = 'a'\ntest = 'b'\n", "entry 1: reason must be given"),
        ("[[rehearsed]]\nchnge = 'a'\n", "entry 1: 'chnge' is none of its keys"),
        ("[[deviation]]\n", "it holds deviation; entries are * tables"),
        ("[[rehearsed]]\nchange='a'\ntest='b'\nreason='c'\nuntil='x'\n", "entry 1: until must be a date"),
    ],
)
def test_a_bad_file_of_accepted_breaks(downstream: Downstream, text: str, said: str) -> None:
    """What is wrong with the file is said before any test runs."""
    downstream.ini("hubfiles_rehearsed = rehearsed.toml")
    (downstream.path / "rehearsed.toml").write_text(text, "utf-8")
    result = downstream.run("--hubfiles-rehearse=allowed")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*rehearsed.toml cannot be used: {said}*"])


@pytest.mark.parametrize(
    ("option", "value"), [("--hubfiles-rehearse-only", "import-status"), ("--hubfiles-rehearse-budget", "3s")]
)
def test_what_narrows_nothing_down(downstream: Downstream, option: str, value: str) -> None:
    """What only a rehearsal heeds is refused where there is none, with what to add."""
    result = downstream.run(f"{option}={value}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{option}: '{value}' is not possible; *--hubfiles-rehearse allowed"])


def test_one_change_and_all_of_them(downstream: Downstream) -> None:
    """A run of all tests with one change rehearses none: it is refused, with what to leave out."""
    result = downstream.run("--hubfiles-rehearse=allowed", f"--hubfiles-change={DATE}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*--hubfiles-change: '{DATE}' is not possible; all tests run with it: *"])


@pytest.mark.slow
def test_never_green_on_nothing(suite: Project) -> None:
    """A rehearsal that found nothing to try is red and says so; when the time is over, what was left out is named."""
    ran = suite.rehearse("allowed", "--hubfiles-rehearse-only=import-status $.nothing", "-k", "plain")
    assert ran.status == 1
    assert ran.rehearsal["changes"] == 0
    assert "\nnothing was rehearsed: " in ran.output
    over = suite.rehearse("allowed", "--hubfiles-rehearse-budget=0s", "-k", "plain")
    assert over.rehearsal["runs"] == 0
    assert len(over.rehearsal["not_tried"]) > 50
    lines = pytest.LineMatcher(over.output.splitlines())
    lines.fnmatch_lines(
        [
            "rehearsal: nothing was tried",
            "not tried within the budget: * changes with 1 test: *",
            "nothing was rehearsed within the budget: give it more time with --hubfiles-rehearse-budget",
        ]
    )


LOUD = """
import logging

def test_loud(hubfiles, capsys):
    with capsys.disabled():
        print("past the capture")
    logging.getLogger("own").warning("live log")
    import_a_file(hubfiles)
"""


@pytest.mark.slow
def test_only_the_test_itself_is_heard(tmp_path: Path) -> None:
    """What a rehearsed run writes past pytest's capture, or logs live, does not reach the terminal."""
    ran = project(tmp_path, LOUD).rehearse("allowed", f"--hubfiles-rehearse-only={ENUM}", "-o", "log_cli=true")
    assert ran.rehearsal["runs"] > 0
    assert (ran.output.count("past the capture"), ran.output.count("live log")) == (1, 2)  # of these, one is a heading


UNFIT = """
import os, pathlib, requests

def mark(name):
    marks = pathlib.Path(name)
    marks.write_text(marks.read_text() + "x" if marks.exists() else "x")
    return len(marks.read_text())

def test_sends_nothing(hubfiles):
    pass

def test_counts(hubfiles):
    import_a_file(hubfiles)
    assert mark("counts.txt") not in (2, 4)

def test_skips(hubfiles):
    import_a_file(hubfiles)
    pytest.skip("not here")

@pytest.mark.xfail
def test_expected(hubfiles):
    import_a_file(hubfiles)
    assert False

def test_any_order(hubfiles):
    url = f"{hubfiles.base_url}/files/2026-03/files/import-from-url/async"
    asks = [lambda: requests.post(url, json=BODY), lambda: requests.get(f"{url}/tasks/TASK/status")]
    for ask in asks[:: 1 if mark("orders.txt") == 1 else -1]:
        ask()

def test_any_number(hubfiles):
    url = f"{hubfiles.base_url}/files/2026-03/files/import-from-url/async"
    for _ in range(mark("numbers.txt")):
        requests.get(f"{url}/tasks/TASK/status")

def test_late(request):
    import_a_file(request.getfixturevalue("hubfiles"))

@pytest.mark.hubfiles(cassette="other")
def test_never_recorded(hubfiles):
    pass

def test_dies(hubfiles):
    if import_a_file(hubfiles, timeout=9).json["status"] == "NEW_VALUE":
        os._exit(3)

def test_of_nothing():
    pass

def test_only_start(hubfiles):
    hubfiles.start_import(**BODY)
"""


@pytest.mark.slow
def test_what_cannot_be_rehearsed_is_said(tmp_path: Path) -> None:
    """A test that cannot be rehearsed is named once, with the reason; so is a run that came to no verdict."""
    source = (
        UNFIT.replace("TASK", TASK).replace("import_a_file(hubfiles, timeout=9)", "last_poll(hubfiles)") + LAST_POLL
    )
    ran = project(tmp_path, source).rehearse("allowed", f"--hubfiles-rehearse-only={ENUM}")
    reasons = named(ran.rehearsal["refused"], "reason")
    assert reasons["test_skips"] == reasons["test_expected"] == "it is skipped or expected to fail"
    assert reasons["test_sends_nothing"] == "it sends nothing"
    assert reasons["test_any_number"] == "it asks something else when it is run a second time, without any change"
    assert reasons["test_late"].endswith('name it before: @pytest.mark.usefixtures("hubfiles")')
    assert reasons["test_never_recorded"] == "nothing is recorded of it"
    assert {"test_any_order", "test_of_nothing", "test_dies"}.isdisjoint(reasons)
    assert "test_counts" not in named(ran.rehearsal["breaks"], "verdict")  # though it failed by itself, now and then
    undecided = {one["test"].partition("::")[2]: one["undecided"] for one in ran.rehearsal["by_test"]}["test_dies"]
    died = "its process ended with exit status 3"
    assert undecided == {ENUM: died, f"{ENUM} at-the-end": died}
    lines = pytest.LineMatcher(ran.output.splitlines())
    lines.fnmatch_lines(
        [
            "rehearsal: *, 3 without a verdict with 2 tests",
            "no verdict for 3 changes with *::test_only_start (it asks nothing of import-status here; *): *",
            f"no verdict for 2 changes with *::test_dies ({died}): {ENUM}, {ENUM} at-the-end",
            "not rehearsed: *test_skips* (it is skipped or expected to fail)",
        ]
    )


LAST_POLL = """
def last_poll(hubfiles):
    task = hubfiles.start_import(**BODY).json["id"]
    return [hubfiles.import_status(task) for _ in range(3)][-1]
"""
RETRIES = """
import requests

def start(hubfiles):
    url = f"{hubfiles.base_url}/files/2026-03/files/import-from-url/async"
    started = requests.post(url, json=BODY, timeout=30)
    started.raise_for_status()
    return started.json()

def test_retries(hubfiles):
    for _ in range(3):
        try:
            start(hubfiles)
            return
        except requests.RequestException as error:
            last = error
    raise LookupError("no start") from last

def test_waits_without_end(hubfiles):
    requests.get(f"{hubfiles.base_url}/files/2026-03/files/import-from-url/async/tasks/TASK/status")
"""


@pytest.mark.slow
def test_outages(tmp_path: Path) -> None:
    """What is tried again meets an outage again that is for good; a client without a time-out waits for ever."""
    suite = project(tmp_path, RETRIES.replace("TASK", TASK))
    ran = suite.rehearse("events", "--hubfiles-rehearse-only=import-start outage *", "--hubfiles-rehearse-only=* stall")
    found = {(one["test"].partition("::")[2], one["change"]): one for one in ran.rehearsal["breaks"]}
    assert {key: (one["verdict"], one["error"]) for key, one in found.items()} == {
        **{
            ("test_retries", f"import-start outage {outage}-for-good"): ("raises", "LookupError: no start")
            for outage in ("429", "429-no-retry-after", "500", "502", "cut", "stall")
        },
        ("test_waits_without_end", "import-status outage stall"): ("never-ends", None),
    }
    again = suite.breaks_again(found["test_waits_without_end", "import-status outage stall"]["reproduce"])
    assert "Give the client a time-out" in again.output


RECORDS = """
def test_recorded(hubfiles):
    assert import_a_file(hubfiles).json["result"]["size"]
"""


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "tests"), [("once", 1), ("new_episodes", 1), ("rewrite", 0)])
def test_beside_a_mode_that_records(tmp_path: Path, mode: str, tests: int) -> None:
    """What a mode replays is rehearsed from the cassette, and what it records is named as such."""
    suite = project(tmp_path, RECORDS)
    only = "--hubfiles-rehearse-only=import-status $.result.size null-appeared"
    ran = suite.rehearse("breaking", f"--hubfiles-record={mode}", "--hubfiles-base-url=http://127.0.0.1:9", only)
    assert ran.rehearsal["tests"] == tests
    assert list(named(ran.rehearsal["refused"], "reason").values()) == ["it records"] * (1 - tests)


SLOW = (
    LAST_POLL
    + """
import os

def test_slow(hubfiles):
    if last_poll(hubfiles).json["status"] == "NEW_VALUE":
        os.system("sleep 1.5")
        raise LookupError("by itself")
"""
)


@pytest.mark.slow
def test_beside_a_limit_on_the_wall(tmp_path: Path) -> None:
    """The limit that pytest-timeout sets decides nothing about a change: no verdict hangs on a clock on the wall."""
    ran = project(tmp_path, SLOW).rehearse(
        "allowed", "-p", "timeout", "--timeout=1", f"--hubfiles-rehearse-only={ENUM}"
    )
    assert "1 passed" in ran.output
    assert {(one["verdict"], one["error"]) for one in ran.rehearsal["breaks"]} == {("raises", "LookupError: by itself")}


CHANGED = f"""
@pytest.mark.hubfiles(cassette="import")
def test_import(hubfiles):
    import_a_file(hubfiles)

@pytest.mark.hubfiles(cassette="import", change="{DATE}")
def test_a_date_without_fraction(hubfiles):
    done = import_a_file(hubfiles)
    assert done.json["completedAt"].endswith("03Z")
"""


KEPT = """
@pytest.mark.hubfiles(cassette="shared/one")
def test_access(hubfiles):
    assert import_a_file(hubfiles).json["result"]["access"]

def test_of_its_own(hubfiles):
    assert import_a_file(hubfiles).json["result"]["access"]

@pytest.mark.hubfiles(cassette="shared/one", change="import-status $.result.access field-removed")
def test_kept(hubfiles):
    assert "access" not in import_a_file(hubfiles).json["result"]
"""


@pytest.mark.slow
def test_a_break_that_is_kept_as_a_test(tmp_path: Path) -> None:
    """A break of the test whose cassette a kept test shares is known by that test; those of others are open."""
    suite = project(tmp_path, KEPT)
    write_cassette(suite.folder / "cassettes" / "2026-03" / "shared" / "one.yaml", *whole_import())
    only = "--hubfiles-rehearse-only=import-status $.result.access field-removed"
    both, alone = suite.rehearse("allowed", only), suite.rehearse("allowed", only, "-k", "test_access")

    assert named(both.rehearsal["breaks"], "accepted") == {
        "test_access": "kept as test_suite.py::test_kept",
        "test_of_its_own": None,
    }
    assert (both.status, alone.status) == (1, 0)


@pytest.mark.slow
def test_a_kept_test_and_its_cassette(downstream: Downstream) -> None:
    """A kept test names the test that records its cassette, and where that has gone; a move names the kept test."""
    downstream.tests(KEPT)
    downstream.record()
    downstream.ini("hubfiles_max_age = 1d")
    old = [
        replace(i, response_headers={**i.response_headers, "Date": ("Mon, 05 Oct 2020 09:14:05 GMT",)})
        for i in whole_import()
    ]
    shared = downstream.path / "cassettes" / "2026-03" / "shared" / "one.yaml"
    downstream.write(old, shared)
    stale = downstream.run("-k", "kept", "--hubfiles-fail-on=warning")
    shared.rename(shared.with_name("two.yaml"))
    (shared.parent / "more").mkdir()
    shared.with_name("two.yaml").rename(shared.parent / "more" / "one.yaml")
    gone = downstream.run("-k", "kept")

    stale.stdout.fnmatch_lines(["    pytest test_files.py::test_access --hubfiles-fail-on warning *"])
    gone.stdout.fnmatch_lines(['Was it moved? Then say cassette="shared/more/one" in the marker.'])


def test_a_move_of_what_a_kept_test_names(downstream: Downstream) -> None:
    """Whoever takes along the cassette of a test is told which kept tests name it, and what they have to say."""
    keeping = KEPT.partition("@pytest.mark.hubfiles(cassette")[0] + KEPT[KEPT.index("def test_of_its_own") :]
    keeping = keeping.replace("shared/one", "test_files/test_of_its_own")
    downstream.tests(keeping)
    downstream.record()
    downstream.tests(keeping.replace("def test_of_its_own", "def test_new"))

    told = downstream.run()

    told.assert_outcomes(passed=1, failed=1)
    told.stdout.fnmatch_lines(
        [
            "    mv */test_of_its_own.yaml */test_new.yaml",
            'Then say cassette="test_files/test_new" in the marker of test_files.py::test_kept.',
        ]
    )


def test_a_change_kept_as_a_test(downstream: Downstream) -> None:
    """A marker's change is replayed in every mode, beside the ordinary test that records, and judged as recorded."""
    downstream.tests(CHANGED)
    downstream.run_live("--hubfiles-record=once", "-k", "test_import").assert_outcomes(passed=1)
    for mode in ("none", "once", "rewrite", "new_episodes", "verify"):
        downstream.asked()
        result = downstream.run_live(f"--hubfiles-record={mode}", "-k", "date")
        result.assert_outcomes(passed=1)
        assert downstream.asked() == 0
    assert downstream.run().ret == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "import-status $.completdAt format-changed no-millis",
            "*import-status $.completedAt format-changed no-millis*",
        ),
        ("import-status $.status enum-value-aded", "*import-status $.status enum-value-added*"),
        ("import-stats one-poll-more", "*import-status one-poll-more*"),
    ],
)
def test_an_unknown_change_names_the_near_ones(downstream: Downstream, change: str, said: str) -> None:
    """A name that is wrong in one letter is answered with the right one, whichever word it is in."""
    downstream.tests()
    downstream.write(whole_import())
    result = downstream.run(f"--hubfiles-change={change}")
    assert result.ret != 0
    output = result.stdout.str() + result.stderr.str()
    assert said.strip("*") in output


def test_a_run_with_a_change_says_so(downstream: Downstream) -> None:
    """Who sees its result, green or red, is not to take the answers for HubSpot's."""
    downstream.tests()
    downstream.write(whole_import())
    result = downstream.run(f"--hubfiles-change={DATE}")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"replayed with a change that HubSpot has not made: {DATE}"])
    both = downstream.run(f"--hubfiles-change={DATE}", f"--hubfiles-change={ENUM}")
    both.stdout.fnmatch_lines([f"replayed with changes that HubSpot has not made: {DATE} and {ENUM}"])


def test_a_change_without_a_recording(downstream: Downstream) -> None:
    """A test that keeps a change, and of which nothing is recorded, is told what to record."""
    downstream.tests()
    result = downstream.run(f"--hubfiles-change={DATE}")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*nothing is recorded in cassettes/2026-03/test_files/test_import.yaml*"])


STATEFUL = """
import functools, requests, tempfile, pathlib, threading

CALLS = []

@functools.lru_cache
def done(base_url):
    task = requests.post(f"{base_url}/files/2026-03/files/import-from-url/async", json=BODY).json()["id"]
    url = f"{base_url}/files/2026-03/files/import-from-url/async/tasks/{task}/status"
    return [requests.get(url).json() for _ in range(3)][-1]

def test_cached(hubfiles):
    assert done(hubfiles.base_url)["result"]["size"]

@pytest.fixture(scope="module")
def counted():
    CALLS.append("set up")
    return CALLS

def test_counted(hubfiles, counted):
    counted.append(import_a_file(hubfiles).json["result"]["size"])
    assert len(counted) == 2

def test_in_a_thread(hubfiles, counted, tmp_path):
    thread = threading.Thread(target=lambda: counted.append(import_a_file(hubfiles).json["result"]["size"]))
    thread.start()
    thread.join()
    assert len(counted) == 3
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("x")

def test_starts_again(hubfiles):
    for _ in range(3):
        try:
            assert import_a_file(hubfiles).json["result"]["size"] + 1
            return
        except Exception as error:
            last = error
    raise last
"""


@pytest.mark.slow
def test_stateful_tests_are_rehearsed_truly(tmp_path: Path) -> None:
    """Caches, counters and fixtures of a module hide no break and invent none: each run has them as the test has."""
    ran = project(tmp_path, STATEFUL).rehearse("breaking", "--hubfiles-rehearse-only=import-status $.result.size")
    assert "4 passed" in ran.output
    assert ran.rehearsal["refused"] == []
    found = {one["test"].partition("::")[2]: one for one in ran.rehearsal["breaks"] if "null" in one["change"]}
    assert len(ran.rehearsal["by_test"]) == 4
    assert found.keys() == {"test_cached", "test_starts_again"}
    first_error = found["test_starts_again"]["error"]  # of whoever starts again, not that nothing is recorded of that
    assert first_error.startswith("TypeError: unsupported operand")


KEEPING = f"""
import functools
import requests

URL = {STATUS!r}

def ask(base_url, path):
    return requests.get(base_url + path, timeout=10).json()

@functools.lru_cache
def finished(base_url, path):
    return ask(base_url, path)

def test_id(hubfiles):
    assert finished(hubfiles.base_url, URL)["status"]

def test_taken(hubfiles):
    requests.post(hubfiles.base_url + "/files/2026-03/files/import-from-url/async", json=BODY, timeout=10)
    assert finished(hubfiles.base_url, URL)["requestedAt"]

def test_skipping(hubfiles):
    if "requestedAt" not in ask(hubfiles.base_url, URL):
        pytest.skip("nothing to see")
"""


def test_what_no_verdict_is_given_on(tmp_path: Path) -> None:
    """A change of what a test does not ask for, as another has left it the answer, is no pass, nor is a skip."""
    suite = project(tmp_path, KEEPING)
    change = "import-status $.requestedAt field-removed"

    together = suite.rehearse("all", f"--hubfiles-rehearse-only={change}", "-k", "not skipping")
    skipping = suite.rehearse("all", f"--hubfiles-rehearse-only={change}", "-k", "skipping")
    alone = suite.rehearse("all", f"--hubfiles-rehearse-only={change}", "-k", "taken")

    assert together.verdicts == {}
    assert change in together.rehearsal["not_tried"]
    why = "it asks nothing of import-status here; if it has that from a test before it, rehearse it alone"
    assert f"no verdict for 1 change with test_suite.py::test_taken ({why}): {change}" in together.output
    said = f"no verdict for 1 change with test_suite.py::test_skipping (it skips itself under such a change): {change}"
    assert said in skipping.output
    assert alone.verdicts == {("test_suite.py::test_taken", change): "raises"}


MASKING = f"""
import requests
from datetime import datetime

def parsed(text):
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")
    except ValueError:
        return None

def test_times(hubfiles):
    task = requests.get(hubfiles.base_url + {STATUS!r}, timeout=10).json()
    if parsed(task["requestedAt"]):
        assert task["startedAt"].endswith("Z")
    assert len(task["requestedAt"] + task["startedAt"]) <= 48
"""


def test_ways_of_writing_hide_nothing(tmp_path: Path) -> None:
    """A test may look at one time only if it can read another, or at both together: what breaks it is found."""
    suite = project(tmp_path, MASKING)
    only = [f"--hubfiles-rehearse-only=import-status {place}" for place in ("$.requestedAt", "$.startedAt")]

    verdicts = suite.rehearse("allowed", *only).verdicts

    assert {
        "import-status $.startedAt format-changed lower-case",
        "import-status $.startedAt format-changed six-digits",
        "import-status $.requestedAt format-changed six-digits",
    } <= {change for _, change in verdicts}


ONE_OF_TWO = """
def ask(hubfiles):
    return hubfiles.wait("import-status", hubfiles.start_import(**BODY).json["id"], interval=0).json

def test_either(hubfiles):
    task = ask(hubfiles)
    assert task.get("requestedAt") or task.get("startedAt")

@pytest.mark.hubfiles(change=["import-status $.requestedAt field-removed", "import-status $.startedAt field-removed"])
def test_kept(hubfiles):
    assert not {"requestedAt", "startedAt"} & ask(hubfiles).keys()
"""


def test_what_breaks_only_together_is_repeated(tmp_path: Path) -> None:
    """Of two members a test may need one: the line says both changes, and a marker keeps them both."""
    suite = project(tmp_path, ONE_OF_TWO)
    gone = [f"import-status $.{name} field-removed" for name in ("requestedAt", "startedAt")]

    ran = suite.rehearse("all", *(f"--hubfiles-rehearse-only={one}" for one in gone))
    (joint,) = ran.rehearsal["joint"]
    again = suite.breaks_again(joint["reproduce"])

    assert ran.status == 0
    assert (joint["test"], sorted(joint["changes"])) == ("test_suite.py::test_either", gone)
    assert f"only together: test_suite.py::test_either breaks *; reproduce: {joint['reproduce']}" in ran.output.replace(
        f"under all of these at once, under none of them alone: {', '.join(joint['changes'])}", "*"
    )
    assert (again.status, "assert (None or None)" in again.output) == (1, True)


def test_what_happens_may_happen_twice(downstream: Downstream) -> None:
    """Two outages in a row both show, and both are told."""
    downstream.tests("def test_import(hubfiles):\n    import_a_file(hubfiles)\n")
    downstream.write(whole_import())
    outages = [f"import-status outage {status}" for status in (502, 500)]

    ran = downstream.run(*(f"--hubfiles-change={outage}" for outage in outages))

    ran.assert_outcomes(failed=1)
    ran.stdout.fnmatch_lines(["*HTTP 50*", f"*{outages[0]} and {outages[1]}*"])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([DATE, DATE.replace("no-millis", "offset")], "*cannot be made at once: one would not show*"),
        (["import-status $.result field-removed", "import-status $.result.id field-removed"], "*one would not show*"),
        (["import-status body-emptied", "import-status $.result.id field-removed"], "*one would not show*"),
        ([f"import-status success-status-changed {status}" for status in (204, 201)], "*one would not show*"),
        ([], "*give at least one*"),
        ([7], "*give the name of a change, or a list of names*"),
    ],
    ids=["one place", "within", "of the whole", "of one kind", "none", "no text"],
)
def test_changes_that_cannot_be_made(downstream: Downstream, changes: list[object], said: str) -> None:
    """Two changes of which one would not show are refused, as is what names none; other tests go on, rehearsed too."""
    marker = f"@pytest.mark.hubfiles(cassette='test_files/test_import', change={changes!r})"
    downstream.tests(
        f"""
def test_import(hubfiles):
    assert import_a_file(hubfiles).task_status == "COMPLETE"

{marker}
def test_kept(hubfiles):
    import_a_file(hubfiles)
"""
    )
    downstream.write(whole_import())

    ran = downstream.run("--hubfiles-rehearse=allowed", f"--hubfiles-rehearse-only={ENUM}")

    ran.assert_outcomes(passed=1, errors=1)
    ran.stdout.fnmatch_lines([said, f"breaks*1/1  {ENUM} *"])
    assert "itself failed" not in ran.stdout.str()
