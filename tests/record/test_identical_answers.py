"""A test that asks for ever comes to an end, also while the network is asked."""

from __future__ import annotations

import pytest
from helpers.answers import PENDING, poll
from helpers.downstream import Downstream, whole_import

from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.record.identical_answers import IdenticalAnswers
from pytest_hubfiles.settings.values import OPTIONS

ENDLESS = {
    "requests": """
import requests

def poll(url):
    return requests.get(url, headers=TOKEN, timeout=60).json()["status"]
""",
    "httpx": """
import httpx

def poll(url):
    return httpx.get(url, headers=TOKEN, timeout=60).json()["status"]
""",
    "aiohttp": """
import asyncio
import aiohttp

def poll(url):
    async def ask():
        async with aiohttp.ClientSession() as session, session.get(url, headers=TOKEN) as answer:
            return (await answer.json())["status"]
    return asyncio.run(ask())
""",
    "swallowing": """
import requests

def poll(url):
    try:
        return requests.get(url, headers=TOKEN, timeout=60).json()["status"]
    except Exception:  # it will come right at the next poll
        return None
""",
}
LOOP = """
TOKEN = {"Authorization": "Bearer a-token-for-tests"}

def test_import(hubfiles):
    task = hubfiles.start_import(**BODY).json["id"]
    path = f"/files/{hubfiles.version}/files/import-from-url/async/tasks/{task}/status"
    while poll(hubfiles.base_url + path) != "COMPLETE":
        pass
"""


@pytest.mark.parametrize("mode", ["once", "rewrite", "all", "new_episodes", "verify"])
def test_in_every_mode(downstream: Downstream, mode: str) -> None:
    """Wherever the network is asked, the loop ends, nothing is promoted, and an old cassette stays as it was."""
    _is_ended(downstream, "requests", mode)


@pytest.mark.slow
@pytest.mark.parametrize("client", list(ENDLESS)[1:])
def test_with_every_client(downstream: Downstream, client: str) -> None:
    """The error reaches the loop through any client, and through code that goes on after any Exception."""
    _is_ended(downstream, client, "once")


def _is_ended(downstream: Downstream, client: str, mode: str) -> None:
    downstream.restart("never-ends")
    downstream.ini("hubfiles_max_identical_answers = 7")
    downstream.tests(ENDLESS[client] + LOOP)

    result = downstream.run_live(f"--hubfiles-record={mode}", "--hubfiles-fail-on=never")

    result.assert_outcomes(failed=1)
    assert downstream.asked() == 9  # the start, PENDING once, PROCESSING seven times
    assert not downstream.cassette().exists()
    result.stdout.fnmatch_lines(
        [
            "*GET http://127.0.0.1:*/files/*/status got the same answer 7 times in a row (HTTP 200, PROCESSING) while*",
            "*raise hubfiles_max_identical_answers in the ini file, which is 7.",
        ]
    )


def test_swallowed_by_bare_except(downstream: Downstream) -> None:
    """A test that swallows the error and passes is failed, with the reason, and its candidate cannot be accepted."""
    downstream.restart("never-ends")
    downstream.ini("hubfiles_max_identical_answers = 3")
    downstream.tests(
        ENDLESS["requests"]
        + LOOP.replace("    while", "    try:\n     while").replace("        pass", "        pass\n    except: pass")
    )

    result = downstream.run_live("--hubfiles-record=once", "--hubfiles-fail-on=never")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*was not recorded: GET *got the same answer 3 times in a row *",
            "FAILED test_files.py::test_import - cassettes/*",
        ]
    )
    header = downstream.candidate().read_text(encoding="utf-8")
    assert "# refused: GET http://127.0.0.1:" in header


def test_an_error_for_ever(downstream: Downstream) -> None:
    """A loop that waits for an error to go away ends after a tenth, though each error has an id of its own."""
    downstream.ini("hubfiles_max_identical_answers = 40")
    downstream.tests(ENDLESS["requests"] + LOOP.replace('"Authorization"', '"X-Nothing"'))

    result = downstream.run_live("--hubfiles-record=once")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*got the same answer 4 times in a row (HTTP 401) while this test records*",
            "*raise hubfiles_max_identical_answers in the ini file, which is 40, a tenth of it for errors.",
        ]
    )


def test_a_long_wait_is_none(downstream: Downstream) -> None:
    """The built-in call ends likewise, however long it was told to wait."""
    downstream.restart("never-ends")
    downstream.ini("hubfiles_max_identical_answers = 20")
    downstream.tests(
        "def test_import(hubfiles):\n"
        "    task = hubfiles.start_import(**BODY).json['id']\n"
        "    hubfiles.wait('import-status', task, timeout=10**9, interval=0)\n"
    )

    result = downstream.run_live("--hubfiles-record=once")

    result.assert_outcomes(failed=1)
    assert downstream.asked() == 22


def test_what_ends_in_time(downstream: Downstream) -> None:
    """As many equal answers as the setting lets pass are recorded and promoted; by default that are 500."""
    downstream.ini("hubfiles_max_identical_answers = 2")
    downstream.tests(
        "def test_import(hubfiles):\n"
        "    task = import_a_file(hubfiles).json['taskId']\n"
        "    assert hubfiles.import_status(task).task_status == 'COMPLETE'\n"
    )
    downstream.record()
    assert OPTIONS["max_identical_answers"].default == 500


def test_the_end_of_a_task_is_not_replayed_for_ever(downstream: Downstream) -> None:
    """A replayed loop that does not see that its task has ended, is told so."""
    downstream.ini("hubfiles_max_identical_answers = 7")
    downstream.write(whole_import())
    downstream.tests(ENDLESS["requests"] + LOOP.replace('!= "COMPLETE"', '!= "DONE"'))

    result = downstream.run()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*/status was answered COMPLETE 7 times more than was recorded: the task has ended*"])


def answered(**facts: object) -> Interaction:
    return poll({**PENDING, **facts}).interaction


def test_what_is_the_same() -> None:
    """Polls are the same that show one state, other answers whose bodies are equal; another one begins a new count."""
    counted = IdenticalAnswers(3)
    for requested in "abc":
        counted.add(answered(requestedAt=requested), "PENDING")
    key = answered().match_key
    assert counted.too_many(key) == ("HTTP 200, PENDING", 3, 3, 3)

    counted.add(answered(status="PROCESSING"), "PROCESSING")
    assert counted.too_many(key) is None
    for correlation in "abc":
        counted.add(poll({"correlationId": correlation}, status=502).interaction, None)
    assert counted.too_many(key) == ("HTTP 502", 3, 3, 3)
    for body in ("a", "b", "b", "a"):
        counted.add(answered(status=7, other=body), None)
    assert counted.too_many(key) is None


@pytest.mark.parametrize(("setting", "allowed"), [(1, 1), (2, 2), (3, 3), (29, 3), (40, 4), (500, 50)])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
def test_errors_count_more(status: int, setting: int, allowed: int) -> None:
    """Of errors a tenth may come, but for the three tries that a client makes by itself."""
    counted, error = IdenticalAnswers(setting), poll({}, status=status).interaction
    for _ in range(allowed):
        assert counted.too_many(error.match_key) is None
        counted.add(error, None)
    assert counted.too_many(error.match_key) == (f"HTTP {status}", allowed, allowed, setting)
