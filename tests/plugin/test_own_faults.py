"""Where the plugin itself fails, the person at the terminal reads whose fault it is and what to do."""

from __future__ import annotations

import json
import tempfile

import pytest
from helpers.downstream import Downstream

from pytest_hubfiles.run import one_test


def test_a_fault_of_the_plugin_is_reported_as_such(downstream: Downstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception that nobody raised on purpose fails its test, with where it came from, and promotes nothing."""
    monkeypatch.setattr(one_test.TestRun, "_concluded", lambda self: {}["nothing"])
    downstream.tests()

    result = downstream.run_live("--hubfiles-record=once")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "pytest-hubfiles itself failed while judging the test: KeyError: 'nothing'",
            "Cassettes are as they were. *a hook of hubfiles_vcr_config, mend it; else please report them:",
            '  File "*test_own_faults.py", line *',
        ]
    )
    assert not downstream.cassette().exists()


def test_a_path_that_cannot_be_used_is_no_fault_of_the_plugin(
    downstream: Downstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the system refuses a path that recording needs, the test's error names it, without a traceback."""
    monkeypatch.setattr(tempfile, "tempdir", str(downstream.path / "nowhere"))
    downstream.tests()

    result = downstream.run_live("--hubfiles-record=once", "-s")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "*nowhere/pytest-hubfiles-* cannot be made: No such file or directory; set TMPDIR to a folder of your own",
        ]
    )
    result.stdout.no_fnmatch_line("*File *")


def test_a_fault_while_interrupted_does_not_hide_the_interrupt(
    downstream: Downstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault while an interrupted test is put away leaves the interrupt what it is, and is reported."""
    monkeypatch.setattr(one_test.TestRun, "_concluded", lambda self: {}["nothing"])
    downstream.tests("def test_import(hubfiles):\n    import_a_file(hubfiles)\n    pytest.exit('enough')\n")

    result = downstream.run_live("--hubfiles-record=once")

    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["pytest-hubfiles itself failed while keeping what an interrupted test recorded: *"])


def test_a_fault_in_a_users_hook_cannot_be_swallowed(downstream: Downstream) -> None:
    """An exception in a hook of hubfiles_vcr_config fails a replay though the code under test swallows it."""
    downstream.tests()
    downstream.record()
    downstream.tests(
        """
@pytest.fixture
def hubfiles_vcr_config():
    def hook(request):
        return request.nothing if "User-Agent" in request.headers else request  # of what is sent now alone
    return {"before_record_request": hook}

def test_import(hubfiles):
    try:
        import_a_file(hubfiles)
    except Exception:
        pass
"""
    )

    result = downstream.run()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "cassettes/2026-03/test_files/test_import.yaml could not be replayed: pytest-hubfiles, or a hook of "
            "hubfiles_vcr_config, failed: AttributeError: *nothing*",
        ]
    )


def test_nothing_of_a_test_is_kept_when_it_ends(downstream: Downstream) -> None:
    """The recorder of a test, with its whole cassette, is let go: a suite of thousands does not fill the memory."""
    downstream.tests(
        """
import gc, weakref

SEEN = []

def test_import(hubfiles):
    import_a_file(hubfiles)
    SEEN.append(weakref.ref(hubfiles._test_run.recorder))

def test_after():
    gc.collect()
    assert SEEN[0]() is None
"""
    )
    downstream.record()


def test_a_run_that_could_not_be_judged_is_no_green_report(
    downstream: Downstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where judging the run fails, its JSON report says so as its exit status does."""
    downstream.tests()
    downstream.record()
    monkeypatch.setattr("pytest_hubfiles.plugin.summary.Reporter._is_full", lambda reporter, session: 1 / 0)

    result = downstream.run("--hubfiles-report=json:r.json")

    assert result.ret == 1
    assert json.loads((downstream.path / "r.json").read_text("utf-8"))["failed"] is True
