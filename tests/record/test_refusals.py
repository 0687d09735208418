"""What a test is refused before it starts: recording in CI unasked, a second recorder, a vcrpy that runs code."""

from __future__ import annotations

import sys

import pytest
import vcr
from helpers.downstream import TEST_IMPORT, Downstream
from helpers.slow import ALONE_OR_WORKERS

from pytest_hubfiles.settings.values import RecordMode

POLLS = """
def test_import(hubfiles):
    task = hubfiles.start_import(**BODY).json["id"]
    requests.get(f"{hubfiles.base_url}/files/2026-03/files/import-from-url/async/tasks/{task}/status", timeout=60)
"""
GOES_LIVE = [mode.value for mode in RecordMode if mode is not RecordMode.NONE]
MARKED = "@pytest.mark.hubfiles(record={mode!r})" + TEST_IMPORT


@pytest.fixture
def in_ci(downstream: Downstream, monkeypatch: pytest.MonkeyPatch) -> Downstream:
    """A project in a CI run."""
    monkeypatch.setenv("CI", "true")
    downstream.tests()
    return downstream


# --- recording in CI ---


@pytest.mark.parametrize("mode", GOES_LIVE)
def test_ci_does_not_record_because_a_marker_says_so(in_ci: Downstream, mode: str) -> None:
    """In CI a marker that would record is an error of its test that says what to do, and nothing is asked."""
    in_ci.tests(MARKED.format(mode=mode) + "\ndef test_other(): pass\n")

    result = in_ci.run_live()

    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(
        [f"@pytest.mark.hubfiles(record=…) is {mode}, which goes to *CI is set*", f"*--hubfiles-record {mode}."]
    )
    assert in_ci.asked() == 0


def test_ci_does_not_record_because_the_ini_file_says_so(in_ci: Downstream) -> None:
    """In CI the ini file's mode records nothing either; with a cassette to replay, once is no recording."""
    in_ci.ini("hubfiles_record = once")
    refused = in_ci.run_live()
    refused.assert_outcomes(errors=1)
    refused.stdout.fnmatch_lines(["ini hubfiles_record is once, *"])

    in_ci.record()
    in_ci.run_live().assert_outcomes(passed=1)
    assert in_ci.asked() == 0


@ALONE_OR_WORKERS
def test_ci_does_not_record_because_addopts_say_so(in_ci: Downstream, args: tuple[str, ...]) -> None:
    """What stands in an ini file is no word of whoever started the run, also where pytest reads it as an option."""
    in_ci.ini("addopts = --hubfiles-record once")
    refused = in_ci.run_live(*args)
    refused.assert_outcomes(errors=1)
    refused.stdout.fnmatch_lines(["--hubfiles-record, in addopts, is once, *"])
    assert in_ci.asked() == 0

    in_ci.run_live(*args, "--hubfiles-record=once").assert_outcomes(passed=1)


def test_ci_records_if_a_variable_says_so(in_ci: Downstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job may add to the command line by PYTEST_ADDOPTS."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "--hubfiles-record once")
    in_ci.run_live().assert_outcomes(passed=1)


@pytest.mark.parametrize("mode", GOES_LIVE)
def test_ci_records_if_its_command_line_says_so(in_ci: Downstream, mode: str) -> None:
    """In CI the command line may ask for any mode, over whatever a marker says."""
    in_ci.tests(MARKED.format(mode="all"))

    in_ci.run_live(f"--hubfiles-record={mode}").assert_outcomes(passed=1)

    assert in_ci.asked() == 4


@pytest.mark.parametrize("value", ["", "0", "false"])
def test_what_is_no_ci(in_ci: Downstream, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """CI set to nothing, 0 or false is no CI run."""
    monkeypatch.setenv("CI", value)
    in_ci.tests(MARKED.format(mode="once"))

    in_ci.run_live().assert_outcomes(passed=1)


# --- redirects ---


@pytest.mark.skipif(sys.version_info < (3, 11), reason="vcrpy 8.5 does not see it; the network block refuses the host")
def test_a_redirect_to_a_login_page(downstream: Downstream) -> None:
    """Where the API itself sent the client elsewhere, that is said, and no host is to be let in for it."""
    downstream.tests("import requests\n" + POLLS)
    downstream.restart("login-redirect")

    result = downstream.run_live("--hubfiles-record=once")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E *GET https://app.hubspot.com/login was not sent: *; GET /files/*/status got HTTP 302, which sent *",
            "E *See why it is redirected: a token that is not accepted may lead to a login page.",
        ]
    )
    result.stdout.no_fnmatch_line("*hubfiles_hosts*")


# --- another recorder ---


@pytest.mark.parametrize(
    ("fixture", "plugin"), [("vcr", "pytest-recording"), ("_vcr_marker", "pytest-vcr")], ids=["recording", "pytest-vcr"]
)
def test_two_recorders_are_one_too_many(downstream: Downstream, fixture: str, plugin: str) -> None:
    """A test that another plugin is to record as well is an error that names it, and no other test's."""
    (downstream.path / "conftest.py").write_text(
        "import pytest\n"
        f"@pytest.fixture(autouse=True, name={fixture!r})\ndef other(): pass\n"
        "def pytest_configure(config): config.addinivalue_line('markers', 'vcr: of another plugin')\n"
    )
    downstream.tests(f"@pytest.mark.vcr{TEST_IMPORT}\n@pytest.mark.vcr\ndef test_other(): pass\n")

    result = downstream.run_live("--hubfiles-record=once")

    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines([f"This test has two recorders: *@pytest.mark.vcr is for {plugin}."])
    assert downstream.asked() == 0


def test_a_marker_that_nobody_heeds_is_no_recorder(downstream: Downstream) -> None:
    """Without a plugin for it, the marker vcr means nothing, and the test is recorded."""
    downstream.ini("markers = vcr: of nobody")
    downstream.tests(f"@pytest.mark.vcr{TEST_IMPORT}")

    downstream.record()


# --- vcrpy ---


@pytest.mark.parametrize(("version", "safe"), [("8.2.0", False), ("7.0.0", False), ("8.2.1", True), ("10.0.0b1", True)])
def test_a_vcrpy_that_runs_code_is_refused(
    downstream: Downstream, monkeypatch: pytest.MonkeyPatch, version: str, safe: bool
) -> None:
    """A vcrpy that loads cassettes unsafely is an error of the test that would use it, with the version to install."""
    monkeypatch.setattr(vcr, "__version__", version)
    downstream.tests()

    result = downstream.run_live("--hubfiles-record=once")

    result.assert_outcomes(passed=int(safe), errors=int(not safe))
    if not safe:
        result.stdout.fnmatch_lines([f"vcrpy {version} is installed, *", "Install vcrpy 8.5 or newer. *"])
        assert downstream.asked() == 0


# --- nothing to judge ---


@pytest.mark.parametrize(("mode", "said"), [("rewrite", "recorded"), ("all", "recorded"), ("verify", "verified")])
def test_recording_again_without_a_request(downstream: Downstream, mode: str, said: str) -> None:
    """A test that was to record again and sent nothing fails: what it no longer asks for would be replayed on."""
    downstream.tests()
    downstream.record()
    old = downstream.cassette().read_bytes()
    downstream.tests("def test_import(hubfiles): pass")

    result = downstream.run_live(f"--hubfiles-record={mode}")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "cassettes/2026-03/test_files/test_import.yaml *: no request was seen, though 4 exchanges are recorded.*",
            f"not {said}: cassettes/2026-03/test_files/test_import.yaml (no request was seen, *)",
        ]
    )
    assert downstream.cassette().read_bytes() == old


def test_a_test_without_requests_is_reported(downstream: Downstream) -> None:
    """A test that uses the fixture and sends nothing passes, and the summary says that nothing was seen of it."""
    downstream.tests("def test_import(hubfiles): pass")

    for args in ((), ("--hubfiles-record=once",)):
        result = downstream.run_live(*args)
        result.assert_outcomes(passed=1)
        result.stdout.fnmatch_lines(["no request was seen in 1 test: test_files.py::test_import"])
