"""Which tests break under which change: as a user sees it, whatever the tests are like."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest
from helpers.downstream import TASK, Downstream, whole_import

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
OWN = ("report.json", "stdout", "stderr")
TESTS = ("test_plain", "test_strict_date", "test_own_timeout", "test_no_end")


@pytest.fixture
def suite(downstream: Downstream) -> Downstream:
    """A suite with recordings of the whole import, whose tests wait in ways of their own."""
    downstream.tests(SUITE)
    for test in TESTS:
        downstream.write(whole_import(), downstream.cassette(test))
    return downstream


def rehearse(suite: Downstream, *args: str, family: str = "allowed") -> tuple[pytest.RunResult, dict[str, Any]]:
    """Rehearse the suite in a process of its own; return the run and what its JSON report says of the rehearsal."""
    report = suite.path / "report.json"
    result = suite.pytester.runpytest_subprocess(
        "-p", "no:hypothesispytest", "-W", "error", f"--hubfiles-rehearse={family}", f"--hubfiles-report=json:{report}",
        *args,
    )  # fmt: skip
    rehearsal = json.loads(report.read_text("utf-8")).get("rehearsal", {})
    return result, rehearsal


def verdicts(rehearsal: dict[str, Any]) -> dict[tuple[str, str], str]:
    return {(one["test"].partition("::")[2], one["change"]): one["verdict"] for one in rehearsal["breaks"]}


def test_what_a_new_state_does(suite: Downstream) -> None:
    """Each loop comes to an end of its own kind, and the table says how many tests end how, and where."""
    result, rehearsal = rehearse(suite, "--hubfiles-rehearse-only=import-status $.status")
    assert result.ret == 1
    assert {test: verdict for (test, change), verdict in verdicts(rehearsal).items() if change == ENUM} == {
        "test_plain": "fails", "test_strict_date": "raises",
        "test_own_timeout": "gives-up", "test_no_end": "never-ends",
    }  # fmt: skip
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(
        [
            "rehearsal: 4 tests, * allowed changes (* runs): * of them break a test",
            f"breaks * 4/4  {ENUM.replace('[', '[[]')} *",
            "*raises at test_files.py:* test_strict_date: KeyError: 'result'",
            "*never ends at test_files.py:*",
            "*reproduce: pytest test_files.py::test_no_end --hubfiles-change *",
        ]
    )
    result.stdout.fnmatch_lines(["* change* that the API may make at any time break* 4 tests; *hubfiles_rehearsed*"])


def test_every_break_happens_again_from_its_line(suite: Downstream) -> None:
    """The line that a break prints reproduces it, with the same error, and no other test is needed for that."""
    _, rehearsal = rehearse(suite, "-k", "strict or no_end", family="all")
    breaks = {one["change"]: one for one in rehearsal["breaks"]}
    assert len(breaks) > 20
    for one in list(breaks.values())[::20]:
        words = shlex.split(one["reproduce"])
        assert words[0] == "pytest"
        result = suite.run(*words[1:], "-rf")
        result.assert_outcomes(failed=1)
        if one["error"] is not None and one["verdict"] == "raises":
            assert one["error"].partition(":")[0] in result.stdout.str()


def test_no_test_changes_its_colour_and_nothing_is_written(suite: Downstream) -> None:
    """A rehearsal leaves the outcomes, the output and the files of a run as they are."""

    def files() -> dict[str, bytes]:
        kept = (p for p in suite.path.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
        return {str(p): p.read_bytes() for p in kept if ".pytest_cache" not in p.parts and p.name not in OWN}

    suite.tests(SUITE + "    print('said once')\n    raise AssertionError('red')\n")
    before = files()
    result, _ = rehearse(suite)
    result.assert_outcomes(passed=3, failed=1)
    assert result.outlines.count("said once") == 1
    assert files() == before


@pytest.mark.parametrize("more", [("-n", "2"), ("-p", "no:cacheprovider")], ids=["two-workers", "again"])
def test_the_verdicts_are_the_same(suite: Downstream, more: tuple[str, ...]) -> None:
    """Serial or with workers, with the last result as the guess or without: the breaks are the same."""
    _, first = rehearse(suite)
    _, second = rehearse(suite, *more)
    assert verdicts(first) == verdicts(second)
    assert first["by_test"] == second["by_test"]


def test_the_last_result_saves_runs(suite: Downstream) -> None:
    """What broke the last time is tried first, so that the others need one run a group."""
    _, first = rehearse(suite)
    _, second = rehearse(suite)
    assert second["runs"] < first["runs"]
    assert verdicts(first) == verdicts(second)


def test_accepted_breaks(suite: Downstream) -> None:
    """A break that the suite accepts, for a reason and until a day, makes no run red; one that has run out is told."""
    suite.ini("hubfiles_rehearsed = rehearsed.toml")
    entry = '[[rehearsed]]\nchange = "{}"\ntest = "{}"\nreason = "we move in May"\n'
    only = ("--hubfiles-rehearse-only=import-status $.completedAt", "-k", "strict")
    file = suite.path / "rehearsed.toml"
    file.write_text(entry.format(DATE, "test_files.py::test_strict_date"), "utf-8")
    result, rehearsal = rehearse(suite, *only)
    assert result.ret == 1  # there are more
    accepted = {one["change"]: one["accepted"] for one in rehearsal["breaks"]}
    assert [change for change, reason in accepted.items() if reason == "we move in May"] == [DATE]
    file.write_text(entry.format("import-status $.completedAt *", "*strict*"), "utf-8")
    assert rehearse(suite, *only)[0].ret == 0
    file.write_text(entry.format("import-status $.completedAt *", "*strict*") + "until = 2020-01-01\n", "utf-8")
    late, _ = rehearse(suite, *only)
    assert late.ret == 1
    late.stdout.fnmatch_lines(["an accepted break has run out: import-status $.completedAt *, on 2020-01-01 *"])


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
def test_a_bad_file_of_accepted_breaks(suite: Downstream, text: str, said: str) -> None:
    """What is wrong with the file is said before any test runs."""
    suite.ini("hubfiles_rehearsed = rehearsed.toml")
    (suite.path / "rehearsed.toml").write_text(text, "utf-8")
    result = suite.run("--hubfiles-rehearse=allowed")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*rehearsed.toml cannot be used: {said}*"])


def test_never_green_on_nothing(suite: Downstream) -> None:
    """A rehearsal that found nothing to try is red, and says so."""
    result, rehearsal = rehearse(suite, "--hubfiles-rehearse-only=import-status $.nothing")
    assert result.ret == 1
    assert rehearsal["changes"] == 0
    result.stdout.fnmatch_lines(["nothing was rehearsed: *"])


LOUD = """
import logging

def test_loud(hubfiles, capsys):
    with capsys.disabled():
        print("past the capture")
    logging.getLogger("own").warning("live log")
    import_a_file(hubfiles)
"""


def test_only_the_test_itself_is_heard(downstream: Downstream) -> None:
    """What a rehearsed run writes past pytest's capture, or logs live, does not reach the terminal."""
    downstream.tests(LOUD)
    downstream.write(whole_import(), downstream.cassette("test_loud"))
    only = "--hubfiles-rehearse-only=import-status $.status"
    result, rehearsal = rehearse(downstream, only, "-o", "log_cli=true")
    assert rehearsal["runs"] > 0
    output = result.stdout.str() + result.stderr.str()
    assert (output.count("past the capture"), output.count("live log")) == (1, 2)  # of these, one is a heading


def test_a_change_is_chosen_by_its_name(suite: Downstream) -> None:
    """A change may be chosen by its whole name, as the lines that repeat a break have it."""
    _, rehearsal = rehearse(
        suite, f"--hubfiles-rehearse-only={DATE}", "--hubfiles-rehearse-only=import-start outage 50*", "-k", "strict",
        family="all",
    )  # fmt: skip
    assert rehearsal["changes"] == 1 + 4


def test_only_what_was_rehearsed_is_counted(suite: Downstream) -> None:
    """A test that no chosen change is about was not rehearsed."""
    suite.write(whole_import()[:3], suite.cassette("test_plain"))  # which never completes, and so has no result
    _, rehearsal = rehearse(suite, "--hubfiles-rehearse-only=import-status $.result field-removed")
    assert rehearsal["tests"] == 3
    assert rehearsal["changes"] == 1


def test_the_budget(suite: Downstream) -> None:
    """When the time is over, what was not tried is named, and counted."""
    result, rehearsal = rehearse(suite, "--hubfiles-rehearse-budget=0s")
    assert rehearsal["runs"] == 0
    assert len(rehearsal["not_tried"]) > 50
    result.stdout.fnmatch_lines(["rehearsal: nothing was tried", "not tried within the budget: * changes: *"])


UNFIT = """
import requests
COUNT = [0]

def test_sends_nothing(hubfiles):
    pass

def test_counts(hubfiles):
    import_a_file(hubfiles)
    import pathlib
    marks = pathlib.Path("marks.txt")
    marks.write_text(marks.read_text() + "x" if marks.exists() else "x")
    assert len(marks.read_text()) not in (2, 4)

def test_skips(hubfiles):
    import_a_file(hubfiles)
    pytest.skip("not here")

@pytest.mark.xfail
def test_expected(hubfiles):
    import_a_file(hubfiles)
    assert False

def test_red(hubfiles):
    import_a_file(hubfiles)
    assert False
"""


def test_what_cannot_be_rehearsed_is_said(downstream: Downstream) -> None:
    """A test that sends nothing, ends otherwise each time, skips or fails is named once, with the reason."""
    downstream.tests(UNFIT)
    for test in ("test_sends_nothing", "test_counts", "test_skips", "test_expected", "test_red"):
        downstream.write(whole_import(), downstream.cassette(test))
    result, rehearsal = rehearse(downstream, "--hubfiles-rehearse-only=import-status $.status")
    reasons = {one["test"].partition("::")[2]: one["reason"] for one in rehearsal["refused"]}
    assert reasons["test_skips"] == "it is skipped"
    assert reasons["test_expected"] == "it is skipped"
    assert "does not pass in a process of its own" in reasons["test_red"]
    assert "does not pass in a process of its own" in reasons["test_sends_nothing"]
    assert rehearsal["breaks"] == rehearsal["joint"] == []  # though test_counts failed by itself, now and then
    result.stdout.fnmatch_lines(["not rehearsed: *test_skips* (it is skipped)"])


LATE = """
def test_late(request):
    import_a_file(request.getfixturevalue("hubfiles"))

def test_never_recorded(hubfiles):
    pass

def test_of_nothing():
    pass
"""


def test_what_is_not_rehearsed_though_it_passes_is_said(downstream: Downstream) -> None:
    """A test that asks for the fixture too late, or of which nothing is recorded, is named; others are not."""
    downstream.tests(LATE)
    downstream.write(whole_import(), downstream.cassette("test_late"))
    _, rehearsal = rehearse(downstream)
    assert {one["test"].partition("::")[2]: one["reason"] for one in rehearsal["refused"]} == {
        "test_late": 'it asks for the fixture when it runs; name it before: @pytest.mark.usefixtures("hubfiles")',
        "test_never_recorded": "nothing is recorded of it",
    }


ANY_ORDER = """
import pathlib, requests

def mark(name):
    marks = pathlib.Path(name)
    marks.write_text(marks.read_text() + "x" if marks.exists() else "x")
    return len(marks.read_text())

def test_any_order(hubfiles):
    url = f"{hubfiles.base_url}/files/2026-03/files/import-from-url/async"
    asks = [lambda: requests.post(url, json=BODY), lambda: requests.get(f"{url}/tasks/TASK/status")]
    for ask in asks[:: 1 if mark("orders.txt") == 1 else -1]:
        ask()

def test_any_number(hubfiles):
    url = f"{hubfiles.base_url}/files/2026-03/files/import-from-url/async"
    for _ in range(mark("numbers.txt")):
        requests.get(f"{url}/tasks/TASK/status")
"""


def test_threads_may_ask_in_any_order(downstream: Downstream) -> None:
    """A test that asks the same in another order is rehearsed; one that asks something else is not, and it is said."""
    downstream.tests(ANY_ORDER.replace("TASK", TASK))
    for test in ("test_any_order", "test_any_number"):
        downstream.write(whole_import(), downstream.cassette(test))
    only = "--hubfiles-rehearse-only=import-status $.status"
    result, rehearsal = rehearse(downstream, only, "-k", "any_order")
    assert rehearsal["refused"] == []
    result, rehearsal = rehearse(downstream, only, "-k", "any_number")
    assert [one["reason"] for one in rehearsal["refused"]] == [
        "it asks something else when it is run a second time, without any change"
    ]
    result.stdout.fnmatch_lines(["nothing was rehearsed: the tests that replay could not be, for the reasons above"])


RETRIES = """
import requests

def test_retries(hubfiles):
    url = f"{hubfiles.base_url}/files/2026-03/files/import-from-url/async"
    for _ in range(3):
        try:
            started = requests.post(url, json=BODY)
            started.raise_for_status()
            return
        except requests.RequestException as error:
            last = error
    raise LookupError("no start") from last
"""


def test_an_outage_for_good_lasts(downstream: Downstream) -> None:
    """A start that is tried again meets an outage again that is for good, and the test ends by an error of its own."""
    downstream.tests(RETRIES)
    downstream.write(whole_import(), downstream.cassette("test_retries"))
    _, rehearsal = rehearse(downstream, "--hubfiles-rehearse-only=import-start", family="events")
    assert {one["change"]: (one["verdict"], one["error"]) for one in rehearsal["breaks"]} == {
        f"import-start outage {outage}-for-good": ("raises", "LookupError: no start")
        for outage in ("429", "429-no-retry-after", "500", "502", "cut")
    }


CHANGED = f"""
@pytest.mark.hubfiles(cassette="import")
def test_import(hubfiles):
    import_a_file(hubfiles)

@pytest.mark.hubfiles(cassette="import", change="{DATE}")
def test_a_date_without_fraction(hubfiles):
    done = import_a_file(hubfiles)
    assert done.json["completedAt"].endswith("03Z")
"""


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
def test_an_unknown_change_names_the_near_ones(suite: Downstream, change: str, said: str) -> None:
    """A name that is wrong in one letter is answered with the right one, whichever word it is in."""
    result = suite.run(f"--hubfiles-change={change}", "-k", "plain")
    assert result.ret != 0
    output = result.stdout.str() + result.stderr.str()
    assert said.strip("*") in output


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
"""


def test_stateful_tests_are_rehearsed_truly(downstream: Downstream) -> None:
    """Caches, counters and fixtures of a module hide no break and invent none: each run has them as the test has."""
    downstream.tests(STATEFUL)
    for test in ("test_cached", "test_counted", "test_in_a_thread"):
        downstream.write(whole_import(), downstream.cassette(test))
    result, rehearsal = rehearse(downstream, "--hubfiles-rehearse-only=import-status $.result*")
    result.assert_outcomes(passed=3)
    assert rehearsal["refused"] == []
    assert rehearsal["tests"] == 3
