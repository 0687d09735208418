"""Polls of one task that are under way at once are not held against the order of its states."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from helpers.downstream import DATE, STATUS, Downstream, answers, polled
from helpers.patience import PATIENCE

from pytest_hubfiles import cassettes

AT_ONCE = 20
STATES = ("PENDING", "PROCESSING", *["COMPLETE"] * (AT_ONCE - 2))


class _Turned(BaseHTTPRequestHandler):
    """Takes polls together, and answers as if the last that came had been the first."""

    protocol_version = "HTTP/1.1"
    together = threading.Barrier(AT_ONCE)

    def do_GET(self) -> None:  # the name http.server looks for
        state = STATES[-1 - self.together.wait(PATIENCE)]
        content = polled(state).response_body
        self.send_response_only(200)
        for name, value in (("Date", DATE), ("Content-Type", "application/json"), ("Content-Length", len(content))):
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Keep silent."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 2 * AT_ONCE


@pytest.fixture
def base_url() -> Iterator[str]:
    """The address of such a server."""
    with _Server(("127.0.0.1", 0), _Turned) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


CLIENTS = {
    "httpx": """
    async def polls():
        async with httpx.AsyncClient(timeout=None) as client:
            return [answer.json() for answer in await asyncio.gather(*(client.get(url) for _ in range(AT_ONCE)))]
    return asyncio.run(polls())
""",
    "aiohttp": """
    async def polls():
        async with aiohttp.ClientSession() as session:
            async def poll():
                async with session.get(url) as answer:
                    return await answer.json()
            return await asyncio.gather(*(poll() for _ in range(AT_ONCE)))
    return asyncio.run(polls())
""",
    "requests": """
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda _: requests.get(url).json(), range(AT_ONCE)))
""",
    "urllib": """
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda _: json.load(urllib.request.urlopen(url)), range(AT_ONCE)))
""",
}


def suite(client: str) -> str:
    return f"""
import asyncio, concurrent.futures, json, urllib.request
{"import " + client if client != "urllib" else ""}

AT_ONCE = {AT_ONCE}

def poll_at_once(url):
{CLIENTS[client]}

def test_import(hubfiles):
    states = [body["status"] for body in poll_at_once(hubfiles.base_url + {STATUS!r})]
    assert sorted(states) == {sorted(STATES)!r}
    assert [e.task_status for e in hubfiles.exchanges] == {list(STATES)!r}
    assert not [finding for finding in hubfiles.findings if finding.kind.value == "illegal-transition"]
"""


@pytest.mark.slow
@pytest.mark.parametrize("recorded_with", CLIENTS)
def test_no_step_back(downstream: Downstream, base_url: str, recorded_with: str) -> None:
    """Recorded with one client and replayed with each, a task whose polls overlapped goes forward."""
    downstream.tests(suite(recorded_with))

    live = downstream.run(f"--hubfiles-base-url={base_url}", "--hubfiles-record=once", "--hubfiles-fail-on=warning")

    live.assert_outcomes(passed=1)
    assert answers(downstream.cassette()) == [("GET", state) for state in STATES]
    downstream.run("--hubfiles-check", "--hubfiles-fail-on=warning").assert_outcomes(passed=1)
    for client in CLIENTS:
        downstream.tests(suite(client))
        downstream.run("--hubfiles-fail-on=warning").assert_outcomes(passed=1)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_step_back_on_tape(downstream: Downstream, client: str) -> None:
    """A step back that a cassette holds is told, though the polls overlap in the replay."""
    turned = [polled("COMPLETE"), *map(polled, STATES[:-1])]
    path = downstream.write(turned)
    downstream.tests(suite(client).replace(f"== {list(STATES)!r}", "!= []"))

    result = downstream.run("--hubfiles-report=json:report.json")

    result.assert_outcomes(failed=1)  # of its own assertion
    found = json.loads((downstream.path / "report.json").read_text(encoding="utf-8"))["findings"]
    steps = [(f["before"], f["after"]) for f in found if f["kind"] == "illegal-transition"]
    assert steps == [("COMPLETE", "PENDING")]
    assert cassettes.read(path) == turned
