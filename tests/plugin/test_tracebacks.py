"""Tracebacks show the test's own frames: those of HTTP clients, of vcrpy and of this plugin are hidden."""

from __future__ import annotations

import pytest
from helpers.downstream import START, Downstream

UPLOADER = f"""
import unittest
import httpx, requests, urllib.request

def upload(client, base_url):
    return client(base_url + "{START}")

def with_hook(url):
    def refuse(response):
        raise RuntimeError("my own hook")
    with httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200)),
                      event_hooks={{"response": [refuse]}}) as client:
        client.get("http://mine.example")

@pytest.mark.parametrize("client", [httpx.get, requests.get, urllib.request.urlopen])
def test_client(hubfiles, client): upload(client, hubfiles.base_url)
def test_built_in(hubfiles): import_a_file(hubfiles)
def test_hook(hubfiles): with_hook(hubfiles.base_url)
def test_chain(hubfiles):
    try:
        upload(httpx.get, hubfiles.base_url)
    except Exception as error:
        raise ValueError("my own cause") from error

class TestOne(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _take(self, hubfiles): self.hubfiles = hubfiles
    def test_unittest(self): upload(requests.get, self.hubfiles.base_url)
"""
HIDDEN = ("*site-packages/httpx*", "*site-packages/requests*", "*urllib3/*", "*vcr/*", "*pytest_hubfiles/*.py:*")


@pytest.mark.parametrize("mode", ["none", "once"])
def test_frames_of_clients_are_hidden(downstream: Downstream, mode: str) -> None:
    """In a replay without a cassette, and in a recording from nowhere, each failure shows the test's frames alone."""
    downstream.tests(UPLOADER)
    downstream.sandbox.close()

    result = downstream.run_live(f"--hubfiles-record={mode}", "--tb=short")

    result.assert_outcomes(failed=7)
    result.stdout.fnmatch_lines(["test_files.py:*: in test_client", "test_files.py:*: in upload"])
    result.stdout.fnmatch_lines(["test_files.py:*: in test_built_in", "test_files.py:*: in import_a_file"])
    result.stdout.fnmatch_lines(["test_files.py:*: in with_hook", "test_files.py:*: in refuse", "E *my own hook"])
    result.stdout.fnmatch_lines(["*direct cause of the following exception:", "E *ValueError: my own cause"])
    result.stdout.fnmatch_lines(["test_files.py:*: in test_unittest", "test_files.py:*: in upload"])
    for hidden in HIDDEN:
        result.stdout.no_fnmatch_line(hidden)
    assert "All traceback entries are hidden" not in result.stdout.str()
    said = result.stdout.str()
    assert said.count("The above exception was the direct cause") == 1
    assert "During handling of the above exception" not in said


@pytest.mark.slow
def test_full_trace_shows_all(downstream: Downstream) -> None:
    """--full-trace hides nothing."""
    downstream.tests(UPLOADER)
    downstream.sandbox.close()

    result = downstream.run_live("--hubfiles-record=once", "--full-trace", "--tb=short", "-k", "client or built_in")

    result.stdout.fnmatch_lines(
        ["*site-packages/httpx/*", "*site-packages/requests/*", "*pytest_hubfiles/fixture.py:*"]
    )


def test_tests_of_others_are_left_alone(downstream: Downstream) -> None:
    """The traceback of a test that does not use this plugin is as it was, in a run that does."""
    source = "import httpx\ndef test_one(hubfiles): pass\ndef test_two(): httpx.get('http://127.0.0.1:1')\n"
    downstream.tests(source)

    downstream.run("--tb=short").stdout.fnmatch_lines(["*site-packages/httpx/*"])
