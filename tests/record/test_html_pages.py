"""A page for people in the place of an answer is an outage, however it begins and whatever it is called."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from faults.outages import FAULTS
from faults.servers import RawServer, ReceivedRequest, Then, reply
from helpers.downstream import Downstream

PAGES = [name for name in FAULTS if "html-" in name or name == "xhtml"]
NO_PAGES = {
    "json": b'"<html>"',
    "feed": b"<?xml version='1.0'?><feed><html/></feed>",
    "word": b"<htmlish/>",
    "comment": b"<!-- <html> -->",
    "text": b"<b>html</b>",
    "zeros": b"\0\0\0\0<html>",
    "nothing": b"",
}
TEST = """
import requests

def test_import(hubfiles):
    requests.get(f"{hubfiles.base_url}/crm/v3/page")
"""


def recorded(downstream: Downstream, *said: bytes | Then) -> pytest.RunResult:
    """Record what a client takes without a look, and accept whatever can be accepted."""

    def answer(asked: ReceivedRequest) -> Iterator[bytes | Then]:
        yield from said

    downstream.tests(TEST)
    with RawServer(answer) as server:
        return downstream.run(
            f"--hubfiles-base-url={server.url}",
            "--hubfiles-record=once",
            "--hubfiles-accept",
            "--hubfiles-fail-on=never",
        )


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_not_promoted(downstream: Downstream, page: str) -> None:
    """Nothing accepts it: it says something about the moment of recording alone."""
    result = recorded(downstream, *FAULTS[page])
    result.assert_outcomes(failed=1)
    assert not downstream.cassette().exists()


@pytest.mark.parametrize("body", NO_PAGES)
def test_what_is_no_page(downstream: Downstream, body: str) -> None:
    """Other text with angle brackets is an answer as any."""
    result = recorded(downstream, reply(NO_PAGES[body], content_type="text/plain"))
    result.assert_outcomes(passed=1)
