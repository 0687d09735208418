"""A token that is missing, empty or cannot be sent: said in words, before a client says it in its own."""

from __future__ import annotations

import pytest
from helpers.downstream import START, Downstream, whole_import

from pytest_hubfiles.record.token import lacks_token, token_state

CLIENTS = f"""
import os, httpx, requests

@pytest.fixture
def headers():
    return {{"Authorization": f"Bearer {{os.environ.get('HUBSPOT_ACCESS_TOKEN', '')}}"}}

def test_httpx(hubfiles, headers): httpx.post(hubfiles.base_url + "{START}", json=BODY, headers=headers)
def test_requests(hubfiles, headers): requests.post(hubfiles.base_url + "{START}", json=BODY, headers=headers)
def test_swallowed(hubfiles, headers):
    try:
        requests.post(hubfiles.base_url + "{START}", json=BODY, headers=headers)
    except Exception:
        pass
def test_built_in(hubfiles): import_a_file(hubfiles)
"""


@pytest.mark.parametrize(("value", "state"), [(None, "is not set"), ("", "is empty")])
def test_no_token(downstream: Downstream, monkeypatch: pytest.MonkeyPatch, value: str | None, state: str) -> None:
    """Whichever client was to send without a token, the test fails with what is missing, and nothing is sent."""
    monkeypatch.delenv("HUBSPOT_ACCESS_TOKEN")
    if value is not None:
        monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", value)
    downstream.tests(CLIENTS)

    result = downstream.run_live("--hubfiles-record=once")

    result.assert_outcomes(failed=4)
    assert downstream.asked() == 0
    assert downstream.yaml_files() == []
    said = (
        f"POST {downstream.sandbox.url}{START} was not sent: it has no HubSpot access token, and HUBSPOT_ACCESS_TOKEN"
    )
    assert result.stdout.str().count(f"TokenMissingError: {said} {state}.") == 3
    result.stdout.fnmatch_lines([f"unmatched-request {said} {state}."])
    result.stdout.no_fnmatch_line("*Illegal header*")
    result.stdout.no_fnmatch_line("*site-packages*")


@pytest.mark.parametrize(
    ("value", "state"), [("   ", "is nothing but white space"), ("pat-1\n", "has white space in it")]
)
def test_a_token_that_cannot_be_sent(
    downstream: Downstream, monkeypatch: pytest.MonkeyPatch, value: str, state: str
) -> None:
    """White space, as in a file that was read whole, is told before anything is sent; a replay does not mind it."""
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", value)
    downstream.tests()

    result = downstream.run_live("--hubfiles-record=once")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f"Recording needs a HubSpot access token, * (HUBSPOT_ACCESS_TOKEN {state})."])
    assert downstream.asked() == 0
    downstream.write(whole_import())
    downstream.run().assert_outcomes(passed=1)


def test_a_token_that_is_refused(downstream: Downstream) -> None:
    """A 401 says what the environment has, and what to do."""
    downstream.tests("def test_import(hubfiles):\n    hubfiles._token = 'x'\n    import_a_file(hubfiles)\n")
    downstream.sandbox.switch()
    downstream.tests(CLIENTS.replace("Bearer {os.environ.get('HUBSPOT_ACCESS_TOKEN', '')}", "Basic eDp5"))

    result = downstream.run_live("--hubfiles-record=once", "-k", "requests")

    result.stdout.fnmatch_lines(
        ["The token was not accepted (HUBSPOT_ACCESS_TOKEN is set): set HUBSPOT_ACCESS_TOKEN to one that is valid *"]
    )


@pytest.mark.parametrize(
    ("value", "lacks"),
    [
        ("Bearer ", True),
        ("bearer", True),
        ("Bearer None", True),
        ("Bearer null", True),
        ("Bearer undefined", True),
        ("", True),
        (b"Bearer", True),
        ("Bearer pat-1", False),
        ("Bearer nonesuch", False),
        ("Basic eDp5", False),
    ],
)
def test_headers_without_a_token(value: object, lacks: bool) -> None:
    """A scheme alone is no authorization; any credential is."""
    assert lacks_token({"authorization": value}) is lacks
    assert not lacks_token({"accept": "application/json"})


def test_the_state_never_tells_the_token() -> None:
    """Messages say what is wrong with the variable, not what it holds."""
    assert token_state({"HUBSPOT_ACCESS_TOKEN": "pat 1"}) == "HUBSPOT_ACCESS_TOKEN has white space in it"
    assert token_state({"HUBSPOT_ACCESS_TOKEN": "pat-1"}) == "HUBSPOT_ACCESS_TOKEN is set"
