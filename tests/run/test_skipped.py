"""A test that skips itself hides nothing: what was found fails it as if it had gone on."""

from __future__ import annotations

import pytest
from helpers.downstream import DOCUMENTED, START, Downstream, interaction, started

HEAD = """
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
    "in its code": "def test_import(hubfiles): start_or_skip(hubfiles)",
    "in a fixture": "def test_import(offline): pass",
    "for a module": """
def test_import(hubfiles):
    start(hubfiles)
    pytest.importorskip("there_is_no_such_module")
""",
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


@pytest.mark.parametrize("how", SKIPPING)
def test_a_request_that_is_not_recorded(downstream: Downstream, how: str) -> None:
    """However a test skips itself after a request that nothing is recorded for, the run is red and says why."""
    downstream.tests(HEAD + SKIPPING[how])

    result = downstream.run()

    assert result.ret == 1
    result.stdout.fnmatch_lines(["hubfiles: 1 finding, of which 1 fails the test", "breaking *unmatched-request*"])


def test_what_breaks_the_contract(downstream: Downstream) -> None:
    """An answer that breaks its contract fails a test that skips itself because of it."""
    downstream.tests(HEAD + SKIPPING["in its code"])
    downstream.write([interaction("POST", START, 202, {"id": 5}, asked=DOCUMENTED)])

    result = downstream.run()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["breaking *$.id*schema-violation*"])


def test_an_outage_while_recording(downstream: Downstream) -> None:
    """A test that skips itself for an outage, here for want of a token, has recorded nothing, and fails."""
    downstream.tests(HEAD + SKIPPING["in its code"])

    result = downstream.run_live("--hubfiles-record=rewrite")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*got HTTP 401*"])


def test_nothing_was_found(downstream: Downstream) -> None:
    """A test that skips itself and of which nothing is found stays skipped."""
    downstream.tests("def test_import(hubfiles):\n    hubfiles.start_import(**BODY)\n    pytest.skip('later')\n")
    downstream.write([started()])

    downstream.run().assert_outcomes(skipped=1)
