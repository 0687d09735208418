"""A test that was skipped, or failed as it expected to, hides nothing that fails a test."""

from __future__ import annotations

import json
from textwrap import dedent, indent

import pytest
from helpers.downstream import Downstream, polled, started, whole_import

WRONG = [started(), polled("COMPLETE", change={"result": {**whole_import()[3].json["result"], "size": "24574"}})]
WITH_TOKEN = [
    started(),
    polled("COMPLETE", change={"status": "COMPLETE", "note": "pat-na1-a1b2c3d4-5e6f-4a1b-8c2d-3e4f5a6b7c8d"}),
]
SWALLOWED = """
    try:
        hubfiles.import_status("another")
    except BaseException:
        pass
"""
SKIPS = {
    "call": "    pytest.skip('not here')",
    "unittest": "    raise __import__('unittest').SkipTest('not here')",
    "import": "    pytest.importorskip('no_such_module')",
}
TESTS = {
    "breaking": ("    import_a_file(hubfiles)\n", WRONG, "*schema-violation $.result.size*"),
    "unmatched": (SWALLOWED, whole_import(), "*unmatched-request*"),
    "credential": ("    import_a_file(hubfiles)\n", WITH_TOKEN, "*secret-in-cassette*"),
}


@pytest.mark.parametrize("found", TESTS)
@pytest.mark.parametrize("skip", SKIPS)
def test_a_skip_hides_no_finding(downstream: Downstream, found: str, skip: str) -> None:
    """Who skips because the API seems to be down would skip a broken contract too: the test is red, and says why."""
    body, recording, told = TESTS[found]
    downstream.tests(f"def test_import(hubfiles):\n{body}{SKIPS[skip]}\n")
    downstream.write(recording)
    result = downstream.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([told])


def test_a_skip_over_nothing_is_a_skip(downstream: Downstream) -> None:
    """A test that skips after good answers, or before any, is skipped."""
    downstream.tests("def test_import(hubfiles):\n    import_a_file(hubfiles)\n    pytest.skip('enough')\n")
    downstream.write(whole_import())
    downstream.run().assert_outcomes(skipped=1)


@pytest.mark.parametrize("how", ["    pytest.xfail('known')", "    assert False", ""], ids=["call", "fails", "passes"])
@pytest.mark.parametrize("found", ["breaking", "credential"])
def test_what_a_test_expects_to_fail_of(downstream: Downstream, found: str, how: str) -> None:
    """A failure that is expected may be any finding but a credential, which is on the disk whatever is expected."""
    body, recording, told = TESTS[found]
    downstream.tests(f"@pytest.mark.xfail\ndef test_import(hubfiles):\n{body}{how}\n")
    downstream.write(recording)
    result = downstream.run("--hubfiles-report=json:report.json")
    report = json.loads((downstream.path / "report.json").read_text(encoding="utf-8"))
    assert report["failed"] is (result.ret != 0)
    if found == "breaking":
        result.assert_outcomes(xfailed=1)
    else:
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines([told])


ONE = "cassettes/2026-03/one.yaml"
SUBTESTS = {
    "fixture": """
@pytest.mark.hubfiles(cassette="one")
def test_import(hubfiles, subtests):
    with subtests.test("first"):
{body}
        {ending}
{after}
""",
    "unittest": """
import unittest

@pytest.mark.hubfiles(cassette="one")
class TestFiles(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _hubfiles(self, hubfiles):
        self.hubfiles = hubfiles

    def test_import(self):
        hubfiles = self.hubfiles
        with self.subTest("first"):
{body}
            {ending}
{after}
""",
}
ENDINGS = {
    "skips": "pytest.skip('not here')",
    "raises": "raise __import__('unittest').SkipTest('no')",
    "passes": "pass",
}


def with_subtest(how: str, ending: str, body: str = "pass", after: str = "pass") -> str:
    """Return a test whose subtest does *body* and ends so, and that does *after* itself."""
    depth = "    " if how == "fixture" else "        "
    return SUBTESTS[how].format(
        body=indent(dedent(body), depth + "    "), ending=ENDINGS[ending], after=indent(dedent(after), depth)
    )


@pytest.mark.parametrize("place", ["in it", "after it"])
@pytest.mark.parametrize("found", TESTS)
@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("how", SUBTESTS)
def test_a_subtest_hides_no_finding(downstream: Downstream, how: str, ending: str, found: str, place: str) -> None:
    """However a subtest ends, its whole test is judged when all of it has run: with what comes after, too."""
    body, recording, told = TESTS[found]
    parts = {"in it": {"body": body}, "after it": {"after": body}}[place]
    downstream.tests(with_subtest(how, ending, **parts))
    downstream.write(recording, downstream.path / ONE)
    result = downstream.run("-rA")
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines(["FAILED *test_import*"])
    result.stdout.fnmatch_lines([told])


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("how", SUBTESTS)
def test_a_subtest_over_nothing_changes_nothing(downstream: Downstream, how: str, ending: str) -> None:
    """A test with a subtest that passes or is skipped is green, and what it recorded is promoted."""
    downstream.tests(with_subtest(how, ending, after="import_a_file(hubfiles)"))
    result = downstream.run_live("--hubfiles-record=once")
    assert result.ret == 0, result.stdout.str()
    assert downstream.yaml_files() == [ONE]


@pytest.mark.parametrize("how", SUBTESTS)
def test_a_failed_subtest_says_what_was_found(downstream: Downstream, how: str) -> None:
    """The failure of a subtest shows the findings so far, and those of its test show all."""
    body, recording, told = TESTS["breaking"]
    downstream.tests(with_subtest(how, "passes", body + "    assert False"))
    downstream.write(recording, downstream.path / ONE)
    result = downstream.run()
    assert result.parseoutcomes()["failed"] == 2
    result.stdout.fnmatch_lines([told, told])


def test_a_subtest_of_a_test_that_asks_late(downstream: Downstream) -> None:
    """The first test of a run may ask for the fixture while it runs, and skip a subtest before it asks for more."""
    late = "def test_import(request, subtests):\n    hubfiles = request.getfixturevalue('hubfiles')"
    source = with_subtest("fixture", "skips", after=SWALLOWED).replace("def test_import(hubfiles, subtests):", late)
    downstream.tests(source)
    downstream.write(whole_import(), downstream.path / ONE)
    result = downstream.run()
    assert result.parseoutcomes()["failed"] == 1
    result.stdout.fnmatch_lines(["*unmatched-request*"])


CLIENT = """
import unittest
import requests

@pytest.fixture
def offline(hubfiles):
    start_or_skip(hubfiles)

def start_or_skip(hubfiles):
    started = start(hubfiles)
    if started is None or started.status_code != 202 or not isinstance(started.json()["id"], str):
        pytest.skip("HubSpot cannot be reached")

def start(hubfiles):
    try:
        return requests.post(f"{hubfiles.base_url}/files/2026-03/files/import-from-url/async", json=BODY)
    except Exception:
        return None
"""
SKIPPING = {
    "in a fixture": "def test_import(offline): pass",
    "in a subtest": """
def test_import(hubfiles, subtests):
    with subtests.test("offline"):
        start_or_skip(hubfiles)
""",
    "after a subtest": """
def test_import(hubfiles, subtests):
    with subtests.test("elsewhere"):
        pytest.skip("not here")
    start(hubfiles)
""",
    "in a TestCase": """
@pytest.mark.usefixtures("hubfiles")
class TestImport(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _client(self, hubfiles):
        self.hubfiles = hubfiles

    def test_import(self):
        start(self.hubfiles)
        self.skipTest("HubSpot cannot be reached")
""",
}


@pytest.mark.parametrize("where", SKIPPING)
def test_wherever_a_test_skips(downstream: Downstream, where: str) -> None:
    """A skip of a fixture, of a subtest or of a TestCase hides no request that nothing is recorded for."""
    downstream.tests(CLIENT + SKIPPING[where])

    result = downstream.run()

    assert result.ret == 1
    result.stdout.fnmatch_lines(["unmatched-request *", "breaking *unmatched-request*"])


def test_a_skip_over_an_outage(downstream: Downstream) -> None:
    """A test that skips for an outage, here for want of a token, was to be recorded and is not: it fails."""
    downstream.tests(CLIENT + "def test_import(hubfiles): start_or_skip(hubfiles)")

    result = downstream.run_live("--hubfiles-record=rewrite")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*got HTTP 401*", "*HubSpot cannot be reached*"])
