"""Whatever pytest prints of a run, before, beside and after a test that used the fixture, holds no credential."""

from __future__ import annotations

import logging

import pytest
from helpers.downstream import Downstream, whole_import
from helpers.slow import params

SECRET = "pat-na1-" + "".join(f"{number:02x}Qz" for number in range(60))
"""A token of 248 characters, as long as those of HubSpot's applications."""
OTHER = "sid-8f2c11d0a9e34b7799aa0042"

TESTS = """
import os, subprocess, sys, unittest, warnings
import pytest
SECRET = os.environ["HUBSPOT_ACCESS_TOKEN"]

@pytest.fixture
def broken():
    raise RuntimeError("before: " + SECRET)

def test_a_fixture_that_fails_before(broken, hubfiles):
    pass

def test_long_bytes(hubfiles):
    import_a_file(hubfiles)
    headers = [(b"Host", b"api.hubapi.com"), (b"Authorization", b"Bearer " + SECRET.encode())]
    assert headers == []

def test_long_texts(hubfiles):
    assert {"Authorization": "Bearer " + SECRET, "a": 1} == {"Authorization": "Bearer", "a": 1}

def test_subtests(hubfiles, subtests):
    with subtests.test("title " + SECRET, token=SECRET):
        assert SECRET == "x"

def test_warnings(hubfiles):
    warnings.warn("beware of " + SECRET)

def test_learned(hubfiles):
    import requests
    other = "sid-8f2c11d0" + "a9e34b7799aa0042"
    requests.get(hubfiles.base_url + "/nowhere", headers={"Authorization": f"Bearer {other}"})

def test_after():
    assert "sid-8f2c11d0" + "a9e34b7799aa0042" == SECRET

def test_skipped():
    pytest.skip("for " + SECRET)

def test_printed():
    print(SECRET)
    sys.stderr.write(SECRET)
    assert False

@pytest.mark.xfail(reason="never " + SECRET)
def test_xfail():
    assert False
"""


VERBOSE = {
    "verbose": ["-vv"],
    "locals": ["-vv", "-l", "--showlocals"],
    "quiet": ["-q", "-rA"],
    "workers": ["-n1", "-vv"],
}


@pytest.mark.slow
@pytest.mark.parametrize("args", params(VERBOSE, slow=["locals", "quiet", "workers"]))
def test_nothing_that_is_known_is_shown(
    downstream: Downstream, monkeypatch: pytest.MonkeyPatch, args: list[str]
) -> None:
    """A token of the environment, and one that an earlier test has sent, stand nowhere, whole or in pieces."""
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", SECRET)
    downstream.tests(TESTS)
    for test in ("test_long_bytes", "test_subtests", "test_warnings"):
        downstream.write(whole_import(), downstream.cassette(test))

    result = downstream.pytester.runpytest_subprocess(*args, "--junitxml=junit.xml")

    shown = result.stdout.str() + result.stderr.str() + (downstream.path / "junit.xml").read_text(encoding="utf-8")
    assert "SCRUBBED" in shown
    assert OTHER not in shown
    joined = "".join(shown.split())
    for start in range(0, len(SECRET) - 24, 8):
        assert SECRET[start : start + 24] not in joined


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["pytest.exit('for ' + SECRET)", "raise KeyboardInterrupt(SECRET)"])
def test_a_run_that_is_ended(downstream: Downstream, monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    """The reason for which a test ends the whole run is told without the token."""
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", SECRET)
    downstream.tests(f"import os\nSECRET = os.environ['HUBSPOT_ACCESS_TOKEN']\ndef test_it(hubfiles):\n    {ending}\n")
    result = downstream.pytester.runpytest_subprocess()
    assert SECRET[:40] not in result.stdout.str() + result.stderr.str()


CONFTEST = """
import pytest

@pytest.fixture
def hubfiles_vcr_config():
    def hook(request):
        raise ValueError(f"cannot take {dict(request.headers)}")
    return {"before_record_request": hook}
"""


@pytest.mark.parametrize("ending", ["pytest.exit('enough')", "pass"])
def test_nothing_stays_on_the_loggers(downstream: Downstream, ending: str) -> None:
    """However a run ends, what it had put on loggers is gone; while it lasts something is there."""
    names = ("httpx", "urllib3.connectionpool", "vcr.cassette")
    before = {name: list(logging.getLogger(name).filters) for name in names}
    downstream.tests(
        "import logging\n"
        "def test_import(hubfiles):\n"
        "    import_a_file(hubfiles)\n"
        "    assert logging.getLogger('httpx').filters\n"
        f"    {ending}\n"
    )
    downstream.run_live("--hubfiles-record=once")
    assert {name: logging.getLogger(name).filters for name in names} == before


def test_what_a_hook_raises(downstream: Downstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the user's own hook that quotes a header is told without what stood in it."""
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", SECRET)
    (downstream.path / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    downstream.tests()
    result = downstream.run_live("--hubfiles-record=once", "--junitxml=junit.xml", "--hubfiles-report=json:report.json")
    assert result.ret == 1
    written = [(downstream.path / name).read_text(encoding="utf-8") for name in ("junit.xml", "report.json")]
    assert "cannot take" in result.stdout.str()
    assert SECRET[:40] not in "".join([result.stdout.str(), result.stderr.str(), *written])


def test_a_base_url_with_a_secret(downstream: Downstream) -> None:
    """A base URL that is refused is repeated without what stands in its query."""
    downstream.tests()
    result = downstream.run("--hubfiles-base-url=https://x.example/?token=" + OTHER)
    assert OTHER not in result.stdout.str() + result.stderr.str()


COMPARED = """
import os, unittest
SECRET, LONG = os.environ["HUBSPOT_ACCESS_TOKEN"], "a" * 60
OTHER = SECRET[:100] + "!" + SECRET[101:]

def test_one_is_longer(hubfiles):
    assert LONG + SECRET == LONG + SECRET[:-1]

def test_the_ends_are_alike(hubfiles):
    assert SECRET[1:] + LONG == SECRET + LONG

def test_the_middle_differs(hubfiles):
    assert LONG + SECRET + LONG == LONG + OTHER + LONG

def test_it_is_contained(hubfiles):
    assert "0a" + SECRET[5:] not in LONG + "0a" + SECRET[5:] + LONG

def test_a_list(hubfiles):
    assert [LONG + SECRET, 1] == [LONG + OTHER, 1]

class TestFiles(unittest.TestCase):
    def test_unittest(self):
        self.assertEqual(LONG + SECRET, LONG + OTHER)

    def test_unittest_truncates(self):
        self.assertIn(SECRET, [LONG])
"""


@pytest.mark.parametrize("args", [[], ["-q", "--tb=native", "-l"]], ids=str)
def test_what_a_comparison_leaves_out(downstream: Downstream, monkeypatch: pytest.MonkeyPatch, args: list[str]) -> None:
    """Where pytest or unittest skips what two texts have in common, no end and no middle of a token is left."""
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", SECRET)
    downstream.tests(COMPARED)
    result = downstream.run(*args)
    result.assert_outcomes(failed=7)
    shown = result.stdout.str()
    pieces = [SECRET[start : start + 12] for start in range(len(SECRET) - 11)]
    assert [piece for piece in pieces if piece in shown] == []


LOGGED = """
import logging, os, threading
import pytest, requests
SECRET = os.environ["HUBSPOT_ACCESS_TOKEN"]
OTHER = "sid-8f2c11d0" + "a9e34b7799aa0042"
LOG = logging.getLogger("uploader")

def test_logs(hubfiles, caplog):
    LOG.warning("the token is %s", SECRET)
    with pytest.raises(Exception):
        requests.get(hubfiles.base_url + "/nowhere", headers={"Authorization": f"Bearer {OTHER}"})
    LOG.warning("sent %r", {"Authorization": OTHER})
    thread = threading.Thread(target=LOG.error, args=("by a thread: %s", OTHER))
    thread.start()
    thread.join()
    try:
        raise ValueError("no " + OTHER)
    except ValueError:
        LOG.exception("failed with %s", SECRET)
    assert [r.args for r in caplog.records if r.name == "uploader"][0] == (SECRET,)
    assert SECRET in caplog.text and OTHER in caplog.text

def test_after():
    LOG.warning("still %s", OTHER)
"""


RUNS = {"late": [], "xdist": ["-n1"], "early": ["--hubfiles-fail-on=never"]}


@pytest.mark.slow
@pytest.mark.parametrize("args", params(RUNS, slow=["xdist"]))
def test_what_is_logged_as_it_happens(downstream: Downstream, monkeypatch: pytest.MonkeyPatch, args: list[str]) -> None:
    """Pytest's log file and its live log hold no token, with arguments and tracebacks; records stay as they are."""
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", SECRET)
    downstream.ini("log_file = run.log", "log_file_level = DEBUG", "log_cli = true", "log_cli_level = DEBUG")
    downstream.tests(LOGGED)
    result = downstream.pytester.runpytest_subprocess(*args)
    log = (downstream.path / "run.log").read_text(encoding="utf-8")
    shown = result.stdout.str() + result.stderr.str()
    for text in (log, *([shown] if args != ["-n1"] else ())):
        assert "the token is SCRUBBED" in text
        assert "still SCRUBBED" in text
    assert "ValueError: no SCRUBBED" in log
    for told in (log, shown):
        assert OTHER not in told
        assert SECRET[:40] not in told
