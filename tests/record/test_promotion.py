"""A recording replaces its cassette only if the test passed and got good answers; else it is kept beside it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace

import pytest
from helpers.downstream import TEST_IMPORT, Downstream, answers, polled, started, whole_import

from pytest_hubfiles import cassettes
from pytest_hubfiles.record import candidates

CASSETTE = "cassettes/2026-03/test_files/test_import.yaml"
CANDIDATE = "cassettes/2026-03/test_files/test_import.candidate.yaml"


@pytest.fixture
def recorded(downstream: Downstream) -> Downstream:
    """A project with a good recording."""
    downstream.tests()
    downstream.record()
    return downstream


def shown(reason: str) -> str:
    """Return a reason as the failure of the test words it."""
    return "what was found" if reason == "findings" else reason


def refused(project: Downstream, result: pytest.RunResult, *reasons: str, **outcomes: int) -> None:
    """Assert that the test failed for *reasons*, that the cassette is as it was and a candidate beside it."""
    result.assert_outcomes(**(outcomes or {"failed": 1}))
    for reason in reasons:
        result.stdout.fnmatch_lines([f"{CASSETTE} was not replaced*{shown(reason)}*"])
    result.stdout.fnmatch_lines([f"kept as a candidate: {CANDIDATE} (*{reasons[-1]}*)"])
    assert project.yaml_files() == [CANDIDATE, CASSETTE]


def rerecord(project: Downstream, *args: str, mode: str = "rewrite") -> pytest.RunResult:
    """Record again and make sure that the cassette, whatever else happens, stays as it is."""
    old = project.cassette().read_bytes()
    result = project.run_live(f"--hubfiles-record={mode}", *args)
    assert project.cassette().read_bytes() == old
    return result


def accept(project: Downstream, *paths: str) -> subprocess.CompletedProcess[str]:
    """Run ``hubfiles accept`` in the project."""
    return subprocess.run(
        [sys.executable, "-m", "pytest_hubfiles", "accept", *paths],
        cwd=project.path,
        capture_output=True,
        text=True,
        check=False,
    )


# --- findings ---


@pytest.mark.parametrize("mode", ["rewrite", "all"])
def test_drift_is_not_promoted(recorded: Downstream, mode: str) -> None:
    """Drift at or above fail_on keeps the old cassette; the test fails with every finding and the ways out."""
    recorded.restart("size-as-string")

    result = rerecord(recorded, mode=mode)

    refused(recorded, result, "findings")
    result.stdout.fnmatch_lines(
        [
            "type-changed $.result.size changed its type (integer → string)",
            "schema-violation $.result.size is string (*",
            f"{CASSETTE} was not replaced, because of what was found. The new recording is kept beside it.",
            f"    hubfiles accept {CANDIDATE}",
        ]
    )
    assert answers(recorded.candidate())[-1] == ("GET", "COMPLETE")


@pytest.mark.parametrize(("level", "promoted"), [("breaking", True), ("warning", False)])
def test_drift_below_fail_on_is_promoted(recorded: Downstream, level: str, promoted: bool) -> None:
    """What weighs less than fail_on is reported and promoted; the same at fail_on is not."""
    recorded.restart("sunset")

    result = recorded.run_live("--hubfiles-record=rewrite", f"--hubfiles-fail-on={level}")

    result.assert_outcomes(passed=int(promoted), failed=int(not promoted))
    result.stdout.fnmatch_lines(["warning *deprecation-announced: *"])
    assert recorded.candidate().exists() is not promoted
    assert ("unset:" in recorded.cassette().read_text()) is promoted


def test_a_contract_finding_is_not_promoted(downstream: Downstream) -> None:
    """Where nothing was recorded before, a contract finding at or above fail_on keeps the cassette from being."""
    downstream.tests()
    downstream.restart("size-as-string")

    result = downstream.run_live("--hubfiles-record=once")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"kept *{CANDIDATE} (findings)", "breaking *$.result.size *schema-violation: *"])
    assert downstream.yaml_files() == [CANDIDATE]


# --- outages ---

SWALLOWING = """
def test_import(hubfiles):
    task = hubfiles.start_import(**BODY)
    try:
        hubfiles.wait("import-status", task.json["id"], interval=0)
    except Exception:
        pass
"""
FAULTS = {
    "rate-limit": "GET */status got HTTP 429",
    "rate-limit-burst": "GET */status got HTTP 429",
    "server-error": "GET */status got HTTP 500",
    "bad-gateway": "GET */status got HTTP 502",
    "unavailable": "GET */status got HTTP 503",
    "login-redirect": "GET */status got HTTP 302",
    "html-200": "GET */status got HTTP 200 with an HTML page",
    "cut": "GET */status got no answer: connection cut",
}


@pytest.mark.parametrize("source", [TEST_IMPORT, SWALLOWING], ids=["test fails", "test swallows"])
@pytest.mark.parametrize("fault", FAULTS)
def test_an_outage_is_not_promoted(recorded: Downstream, fault: str, source: str) -> None:
    """An outage never replaces a recording, and fails the test that did not mind it; the next replay is green."""
    recorded.tests(source)
    recorded.restart(fault)

    result = rerecord(recorded)

    refused(recorded, result, FAULTS[fault])
    result.stdout.fnmatch_lines(
        ["*was not replaced: * The old cassette is unchanged.", "    pytest *--hubfiles-record rewrite"]
    )
    result.stdout.no_fnmatch_line("*status-changed*")  # an outage says nothing of the API
    recorded.tests()
    recorded.run().assert_outcomes(passed=1)


@pytest.mark.parametrize("fault", ["rate-limit", "server-error"])
def test_an_outage_asked_for_is_promoted(downstream: Downstream, fault: str) -> None:
    """A test that says it wants an outage gets it recorded, and replayed."""
    downstream.tests(
        "@pytest.mark.hubfiles(allow=['outage'])\n"
        "def test_import(hubfiles):\n"
        "    assert hubfiles.import_status('AAAAEZ6whGI').status_code in (429, 500)\n"
    )
    downstream.restart(fault)

    downstream.run_live("--hubfiles-record=once").assert_outcomes(passed=1)

    assert downstream.yaml_files() == [CASSETTE]
    downstream.run().assert_outcomes(passed=1)


def test_accept_does_not_waive_an_outage(recorded: Downstream) -> None:
    """--hubfiles-accept waives findings, not an outage."""
    recorded.tests(SWALLOWING)
    recorded.restart("server-error")

    refused(recorded, rerecord(recorded, "--hubfiles-accept"), "GET */status got HTTP 500")


# --- a test that did not pass ---

REASON = "the test failed"
ENDINGS = {
    "fails": ("    assert task.task_status == 'PENDING'", {"failed": 1}),
    "raises": ("    raise OSError('no')", {"failed": 1}),
    "skips": ("    pytest.skip('later')", {"skipped": 1}),
    "xfails": ("    pytest.xfail('known')", {"xfailed": 1}),
    "exits": ("    raise SystemExit(0)", {"failed": 1}),
    "warns": ("    import warnings; warnings.warn('no')", {"failed": 1}),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_test_that_does_not_pass_promotes_nothing(recorded: Downstream, ending: str) -> None:
    """A test that fails, skips or is expected to fail after its requests leaves the cassette as it was."""
    source, outcomes = ENDINGS[ending]
    recorded.tests(f"def test_import(hubfiles):\n    task = import_a_file(hubfiles)\n{source}\n")

    result = rerecord(recorded, "-rA")

    result.assert_outcomes(**outcomes)
    result.stdout.fnmatch_lines([f"kept as a candidate: {CANDIDATE} ({REASON})"])
    assert recorded.yaml_files() == [CANDIDATE, CASSETTE]
    if "failed" in outcomes:
        refused(recorded, result, REASON)


def test_a_strict_xfail_that_passes_promotes_nothing(recorded: Downstream) -> None:
    """A test that pytest fails for passing leaves the cassette as it was."""
    recorded.tests(f"@pytest.mark.xfail(strict=True){TEST_IMPORT}")

    result = rerecord(recorded)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"kept as a candidate: {CANDIDATE} ({REASON})"])


def test_an_xfail_that_passes_is_promoted(recorded: Downstream) -> None:
    """A test that may fail and passes has passed: its recording replaces the cassette, and passes in replay."""
    recorded.restart("sensitive-access")
    recorded.tests(f"@pytest.mark.xfail{TEST_IMPORT}")

    result = recorded.run_live("--hubfiles-record=rewrite")

    result.assert_outcomes(xpassed=1)
    result.stdout.fnmatch_lines([f"recorded: {CASSETTE}"])
    recorded.run().assert_outcomes(xpassed=1)


TEARDOWNS = {
    "own fixture": "@pytest.fixture\ndef broken():\n    yield\n    raise OSError('no')\n",
    "fixture above hubfiles": "@pytest.fixture\ndef broken(hubfiles):\n    yield\n    raise OSError('no')\n",
}


@pytest.mark.parametrize("where", TEARDOWNS)
def test_a_failing_teardown_promotes_nothing(recorded: Downstream, where: str) -> None:
    """A test whose teardown fails, before or after the recorder's, leaves the cassette as it was."""
    recorded.tests(f"{TEARDOWNS[where]}\ndef test_import(broken, hubfiles):\n    import_a_file(hubfiles)\n")

    result = rerecord(recorded)

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([f"kept as a candidate: {CANDIDATE} ({REASON})"])
    assert recorded.yaml_files() == [CANDIDATE, CASSETTE]


def test_a_failing_setup_promotes_nothing(recorded: Downstream) -> None:
    """Requests that a fixture made before another fixture failed are kept, not promoted, and the error says so."""
    recorded.tests(
        "@pytest.fixture\ndef imported(hubfiles):\n    import_a_file(hubfiles)\n"
        "@pytest.fixture\ndef broken(imported):\n    raise OSError('no')\n"
        "def test_import(broken): pass\n"
    )

    result = rerecord(recorded)

    refused(recorded, result, REASON, errors=1)


def test_a_unittest_case_that_fails_promotes_nothing(recorded: Downstream) -> None:
    """A failing unittest.TestCase leaves the cassette as it was, and what was found stands beside its own error."""
    recorded.tests(
        "import unittest\n"
        "class TestCase(unittest.TestCase):\n"
        "    @pytest.fixture(autouse=True)\n"
        "    def _files(self, hubfiles): self.hubfiles = hubfiles\n"
        "    @pytest.mark.hubfiles(cassette='test_files/test_import')\n"
        "    def test_import(self):\n"
        "        import_a_file(self.hubfiles)\n"
        "        self.assertEqual(1, 2)\n"
    )
    recorded.restart("size-as-string")

    result = rerecord(recorded)

    refused(recorded, result, REASON, "findings")
    result.stdout.fnmatch_lines(["E *AssertionError: 1 != 2"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("statement", "code"),
    [
        pytest.param("raise KeyboardInterrupt", pytest.ExitCode.INTERRUPTED, id="KeyboardInterrupt"),
        pytest.param("pytest.exit('enough')", pytest.ExitCode.INTERRUPTED, id="exit"),
        pytest.param("pytest.exit('enough', returncode=7)", 7, id="exit with a status"),
    ],
)
def test_an_interrupted_run_promotes_nothing(recorded: Downstream, statement: str, code: int) -> None:
    """A run that is interrupted leaves the cassette as it was and keeps what was recorded; the summary says so."""
    recorded.tests(f"def test_import(hubfiles):\n    import_a_file(hubfiles)\n    {statement}\n")
    old = recorded.cassette().read_bytes()

    result = recorded.run_apart("--hubfiles-record=rewrite")

    assert result.ret == code
    assert recorded.cassette().read_bytes() == old
    assert answers(recorded.candidate()) == answers(recorded.cassette())
    if code == pytest.ExitCode.INTERRUPTED:  # pytest prints no summary where it is to exit with a status of one's own
        result.stdout.fnmatch_lines([f"kept as a candidate: {CANDIDATE} ({REASON})"])
    recorded.tests()
    recorded.run().assert_outcomes(passed=1)


@pytest.mark.parametrize("where", ["set-up", "call", "teardown"])
def test_a_test_that_ends_the_run_keeps_what_it_recorded(recorded: Downstream, where: str) -> None:
    """Wherever a test ends the run, what it has recorded is kept, and what was found in it is told."""
    recorded.tests(
        f"""
@pytest.fixture
def ending(hubfiles):
    import_a_file(hubfiles)
    if {where == "set-up"}:
        pytest.exit("enough")
    yield
    if {where == "teardown"}:
        pytest.exit("enough")

def test_import(ending):
    if {where == "call"}:
        pytest.exit("enough")
"""
    )
    recorded.restart("size-as-string")

    result = rerecord(recorded)

    assert result.ret == pytest.ExitCode.INTERRUPTED
    assert answers(recorded.candidate()) == answers(recorded.cassette())
    result.stdout.fnmatch_lines([f"kept as a candidate: {CANDIDATE} *", "breaking * $.result.size  type-changed*"])


def test_a_process_that_dies_promotes_nothing(recorded: Downstream) -> None:
    """A process that ends at once leaves the cassette as it was."""
    recorded.tests("import os\ndef test_import(hubfiles):\n    import_a_file(hubfiles)\n    os._exit(0)\n")
    old = recorded.cassette().read_bytes()

    recorded.run_apart("--hubfiles-record=rewrite")

    assert recorded.cassette().read_bytes() == old
    assert recorded.yaml_files() == [CASSETTE]


def test_a_recording_that_cannot_be_written_is_no_success(downstream: Downstream) -> None:
    """A run that was to record and could not is red, and its summary says what was not recorded and why."""
    downstream.tests()
    (downstream.path / "cassettes").mkdir()
    (downstream.path / "cassettes" / "2026-03").write_text("in the way", encoding="utf-8")

    result = downstream.run_live("--hubfiles-record=once")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["The cassette *test_import.yaml could not be written: *", f"not recorded: {CASSETTE} (* could not be written*"]
    )


# --- what comes after the call ---

LATE = """
@pytest.fixture
def cleaned(hubfiles):
    yield hubfiles
    assert import_a_file(hubfiles, name="late").task_status == "COMPLETE"

def test_import(cleaned):
    import_a_file(cleaned)
"""


SWALLOWED = "try: import_a_file(hubfiles, name='late')\n    except Exception: pass"


def test_requests_in_a_teardown_are_recorded(downstream: Downstream) -> None:
    """What a fixture requests when it is torn down belongs to the cassette, and replays."""
    downstream.tests(LATE)

    downstream.record()
    result = downstream.run()

    result.assert_outcomes(passed=1)
    assert len(answers(downstream.cassette())) == 8
    result.stdout.fnmatch_lines(["judged 8 of 8 exchanges in 1 cassette"])
    result.stdout.no_fnmatch_line("*unplayed*")


@pytest.mark.parametrize(
    ("switch", "swallowing", "reason", "line"),
    [
        ("size-as-string", "", "findings", "breaking *$.result.size *schema-violation: *"),
        (
            "server-error",
            "try: import_a_file(hubfiles, name='late')\n    except Exception: pass",
            "GET * got HTTP 500",
            "",
        ),
    ],
)
def test_what_goes_wrong_in_a_teardown_is_an_error(
    downstream: Downstream, switch: str, swallowing: str, reason: str, line: str
) -> None:
    """What a teardown's requests got wrong keeps the recording back and is an error, though nobody raised one."""
    calling = 'assert import_a_file(hubfiles, name="late").task_status == "COMPLETE"'
    downstream.tests(LATE.replace(calling, swallowing or calling))
    sandbox = downstream.sandbox

    class Switching:
        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_teardown(self) -> None:
            sandbox.switch(switch)

    result = downstream.run_live("--hubfiles-record=once", plugins=[Switching()])

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*ERROR at teardown of test_import*", f"*{shown(reason)}*"])
    result.stdout.fnmatch_lines([f"kept *{CANDIDATE} (*{reason}*)", f"*{line}"])
    assert downstream.yaml_files() == [CANDIDATE]


# --- accepting ---


def test_accept_on_the_command_line_waives_findings(recorded: Downstream) -> None:
    """--hubfiles-accept makes a recording with drift the cassette, reports the drift, and leaves no candidate."""
    recorded.restart("epoch-times")
    rerecord(recorded)

    result = recorded.run_live("--hubfiles-record=rewrite", "--hubfiles-accept")

    result.stdout.fnmatch_lines(["breaking *$.completedAt *type-changed: *", f"recorded: {CASSETTE}"])
    assert recorded.yaml_files() == [CASSETTE]
    assert b'"completedAt":17' in recorded.cassette().read_bytes()


def test_accepted_drift_that_the_contract_allows_is_green(recorded: Downstream) -> None:
    """Drift that no contract forbids fails the run that finds it; accepted, it passes then and at every replay."""
    recorded.restart("no-access")
    recorded.run_live("--hubfiles-record=verify", "--hubfiles-fail-on=warning").assert_outcomes(failed=1)

    result = recorded.run_live("--hubfiles-record=rewrite", "--hubfiles-fail-on=warning", "--hubfiles-accept")

    result.assert_outcomes(passed=1)
    recorded.run("--hubfiles-fail-on=warning").assert_outcomes(passed=1)


def test_accept_does_not_waive_a_failing_test(recorded: Downstream) -> None:
    """--hubfiles-accept waives findings, not a test that did not pass."""
    recorded.tests("def test_import(hubfiles):\n    import_a_file(hubfiles)\n    assert 0\n")

    refused(recorded, rerecord(recorded, "--hubfiles-accept"), REASON)


@pytest.mark.slow
@pytest.mark.parametrize(
    "paths",
    [(CANDIDATE,), (CASSETTE,), ("cassettes/2026-03",), (), (CASSETTE, CANDIDATE, "cassettes")],
    ids=["candidate", "cassette", "folder", "nothing", "the same thrice"],
)
def test_accepting_later(recorded: Downstream, paths: Sequence[str]) -> None:
    """Hubfiles accept makes a candidate the cassette, named in whichever way; the next replay plays it."""
    recorded.restart("no-access")
    rerecord(recorded, "--hubfiles-fail-on=warning")

    done = accept(recorded, *paths)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [f"promoted: {CASSETTE}"]
    assert recorded.yaml_files() == [CASSETTE]
    assert not recorded.cassette().read_bytes().startswith(b"#")
    recorded.run("--hubfiles-fail-on=warning").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("source", "fault", "reason"),
    [(SWALLOWING, "server-error", "GET */status got HTTP 500"), (f"{TEST_IMPORT}    assert 0\n", "", REASON)],
    ids=["outage", "failed test"],
)
def test_what_cannot_be_accepted(recorded: Downstream, source: str, fault: str, reason: str) -> None:
    """Hubfiles accept refuses the candidate of an outage or of a failed test, says why, and exits with 1."""
    recorded.tests(source)
    recorded.restart(*([fault] if fault else []))
    rerecord(recorded)

    done = accept(recorded)

    assert done.returncode == 1
    assert done.stdout == ""
    lines = pytest.LineMatcher(done.stderr.splitlines())
    way_on = (
        "Mend the code until pytest --hubfiles-candidates *" if reason == REASON else "Drift and contract findings *"
    )
    lines.fnmatch_lines([f"{CANDIDATE} was not promoted: *{reason}.", way_on])
    assert done.stderr.count("HTTP 500") == (fault == "server-error")  # as sent and as stored, it is one outage
    assert recorded.yaml_files() == [CANDIDATE, CASSETTE]


def test_accepting_some_and_refusing_others(recorded: Downstream) -> None:
    """Hubfiles accept promotes what it may and exits with 1 for the rest."""
    recorded.tests(f"{TEST_IMPORT}\ndef test_other(hubfiles):\n    import_a_file(hubfiles)\n    assert 0\n")
    recorded.restart("no-access")
    recorded.run_live("--hubfiles-record=rewrite", "--hubfiles-fail-on=warning").assert_outcomes(failed=2)

    done = accept(recorded)

    assert done.returncode == 1
    assert done.stdout.splitlines() == [f"promoted: {CASSETTE}"]
    assert recorded.yaml_files() == [CASSETTE, "cassettes/2026-03/test_files/test_other.candidate.yaml"]


@pytest.mark.parametrize("paths", [(), (CASSETTE,), ("nowhere",)], ids=["nothing", "cassette", "nowhere"])
def test_nothing_to_accept(recorded: Downstream, paths: Sequence[str]) -> None:
    """Hubfiles accept exits with 2 where there is no candidate, and says what one is called."""
    done = accept(recorded, *paths)

    assert done.returncode == 2
    named = paths[0] if paths else "cassettes"
    assert f"{named}: no candidate there; one is called <name>.candidate.yaml" in done.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [("{", "cannot be read: it is not YAML"), ("interactions: []\nversion: 1\n", "it holds no exchange")],
    ids=["unreadable", "empty"],
)
def test_a_candidate_that_is_none(recorded: Downstream, content: str, said: str) -> None:
    """Hubfiles accept never makes a file the cassette that could not be replayed."""
    old = recorded.cassette().read_bytes()
    recorded.candidate().write_text(content, encoding="utf-8")

    done = accept(recorded)

    assert done.returncode == (2 if content == "{" else 1)
    assert said in done.stderr
    assert recorded.cassette().read_bytes() == old


def test_a_candidate_without_reasons_speaks_for_itself(recorded: Downstream) -> None:
    """A candidate somebody else wrote is accepted by what it holds: answers are, an outage is not."""
    recorded.write([started(), replace(polled("PENDING"), status_code=503)], recorded.candidate())
    with pytest.raises(candidates.CandidateRefusedError, match="got HTTP 503"):
        candidates.accept_candidate(recorded.candidate())

    recorded.write(whole_import(), recorded.candidate())
    candidates.accept_candidate(recorded.candidate())

    assert cassettes.read(recorded.cassette()) == whole_import()


def test_the_next_good_recording_removes_the_candidate(recorded: Downstream) -> None:
    """Once a recording is promoted, the candidate of an earlier run is gone."""
    recorded.restart("server-error")
    rerecord(recorded)
    recorded.restart()

    recorded.record(mode="rewrite")

    assert recorded.yaml_files() == [CASSETTE]


@pytest.mark.parametrize("mode", ["rewrite", "all", "new_episodes"])
def test_an_unreadable_cassette_is_replaced_only_if_accepted(downstream: Downstream, mode: str) -> None:
    """A cassette that cannot be read, and so not compared, is replaced with --hubfiles-accept and not without."""
    downstream.tests()
    downstream.write([])
    downstream.cassette().write_text("{", encoding="utf-8")

    refused(downstream, rerecord(downstream, mode=mode), "findings")
    result = downstream.run_live(f"--hubfiles-record={mode}", "--hubfiles-accept")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["breaking *cassette-unreadable: *"])
    assert len(answers(downstream.cassette())) == 4


def test_a_cassette_with_a_secret_can_be_recorded_again(recorded: Downstream) -> None:
    """Rewrite replaces a cassette that a credential stands in, as the finding advises."""
    start, *polls = cassettes.read(recorded.cassette())
    token = "Bearer pat-na1-0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
    recorded.write([replace(start, request_headers={"Authorization": (token,)}), *polls])
    replayed = recorded.run()
    replayed.assert_outcomes(failed=1)
    replayed.stdout.fnmatch_lines(["breaking *secret-in-cassette: *record the cassette again*"])

    result = recorded.run_live("--hubfiles-record=rewrite")

    result.assert_outcomes(passed=1)
    assert b"pat-na1" not in recorded.cassette().read_bytes()


def test_a_failed_subtest_promotes_nothing(downstream: Downstream) -> None:
    """A subtest that failed keeps the recording back, though its test is called passed until all is over."""
    downstream.tests(
        """
def test_import(hubfiles, subtests):
    import_a_file(hubfiles)
    with subtests.test("size"):
        assert 0
"""
    )

    result = downstream.run_live("--hubfiles-record=once")

    result.stdout.fnmatch_lines([f"kept as a candidate: {CANDIDATE} ({REASON})"])
    assert downstream.yaml_files() == [CANDIDATE]
