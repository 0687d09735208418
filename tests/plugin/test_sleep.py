"""Replays skip the sleeps of the code under test where that is wanted, and recordings never do."""

from __future__ import annotations

import pytest
from helpers.downstream import Downstream, whole_import

UPLOADER = """
import asyncio, time, requests
from time import monotonic, sleep

def upload(base_url, interval=20):
    began = monotonic()
    headers = {"Authorization": "Bearer a-token-for-tests"}
    start = f"{base_url}/files/2026-03/files/import-from-url/async"
    task = requests.post(start, json=BODY, headers=headers).json()["id"]
    while requests.get(f"{start}/tasks/{task}/status", headers=headers).json()["status"] != "COMPLETE":
        sleep(interval)
    return monotonic() - began

def test_import(hubfiles):
    assert 1000 <= upload(hubfiles.base_url, 500) < 2000
    assert asyncio.run(asyncio.wait_for(asyncio.sleep(500, "slept"), 1000)) == "slept"

def test_after():
    assert (sleep.__self__, time.monotonic.__self__) == (time, time)
"""


@pytest.fixture
def replayed(downstream: Downstream) -> Downstream:
    """A project whose uploader sleeps between its polls, recorded."""
    downstream.tests(UPLOADER)
    downstream.write(whole_import())
    return downstream


@pytest.mark.parametrize(
    "ini", [(), ("hubfiles_sleep = skip",), ("hubfiles_sleep = real",)], ids=["none", "skip", "real"]
)
def test_skipped(replayed: Downstream, ini: tuple[str, ...]) -> None:
    """A poll loop of a thousand seconds ends at once and sees them pass; the next test has the real clocks."""
    replayed.ini(*ini)
    arguments = () if "skip" in "".join(ini) else ("--hubfiles-sleep=skip",)
    result = replayed.run(*arguments)
    result.assert_outcomes(passed=2)
    result.stdout.no_fnmatch_line("*--hubfiles-sleep skip*")


def test_durations(replayed: Downstream) -> None:
    """What pytest says that a test took is what it really took."""
    (replayed.path / "conftest.py").write_text(
        "def pytest_runtest_logreport(report):\n    assert report.duration < 1000, report.duration\n"
    )
    replayed.run("--hubfiles-sleep=skip").assert_outcomes(passed=2)


@pytest.mark.slow
def test_distributed(replayed: Downstream) -> None:
    """It works in xdist's workers, whose own threads keep nothing from being skipped."""
    replayed.run_apart("--hubfiles-sleep=skip", "-n2").assert_outcomes(passed=2)


def test_bad_value(replayed: Downstream) -> None:
    """Another value is refused, with those that there are."""
    result = replayed.run("--hubfiles-sleep=never")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--hubfiles-sleep: 'never' is not possible; choose from real, skip*"])


@pytest.mark.parametrize("mode", ["once", "rewrite", "all", "new_episodes", "verify"])
def test_recording(downstream: Downstream, mode: str) -> None:
    """A test that may go to the network has real clocks."""
    downstream.tests("""
import time
def test_import(hubfiles):
    assert hubfiles.recording
    assert (time.sleep.__self__, time.monotonic.__self__) == (time, time)
    import_a_file(hubfiles)
""")
    downstream.run_live("--hubfiles-sleep=skip", f"--hubfiles-record={mode}").assert_outcomes(passed=1)


def test_clock_that_is_on(replayed: Downstream) -> None:
    """Where a virtual clock is on already, the replay takes part in that one."""
    from pytest_hubfiles.clock import VirtualClock

    with VirtualClock() as clock:
        replayed.run("--hubfiles-sleep=skip", "-k", "test_import").assert_outcomes(passed=1, deselected=1)
    assert round(clock.skipped / 500) == 3


@pytest.mark.slow
def test_said_where_replays_wait(downstream: Downstream) -> None:
    """A run whose replays wait for long says how to skip that, once, and one whose tests are quick does not."""
    downstream.tests("""
import time
def test_import(hubfiles):
    import_a_file(hubfiles)

def test_waits(hubfiles):
    time.sleep(6)
    import_a_file(hubfiles)
""")
    downstream.write(whole_import())
    downstream.write(whole_import(), downstream.cassette("test_waits"))
    quick = downstream.run("-k", "test_import")
    quick.stdout.no_fnmatch_line("*--hubfiles-sleep*")
    slow = downstream.run()
    slow.stdout.fnmatch_lines(
        ["1 test waited [67] s in replays, which sleeps do: --hubfiles-sleep skip has them return at once and the*"]
    )
