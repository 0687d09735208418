"""Suites to rehearse: uploaders in many styles, tests that keep state, and every shape of loop."""

from __future__ import annotations

from typing import Final

_HEAD: Final = """
import asyncio, functools, json, pathlib, sys, threading, time
from datetime import datetime, timedelta
import pytest

BODY = {"url": "https://example.com/cat.png", "access": "PRIVATE", "duplicateValidationScope": "ENTIRE_PORTAL",
        "duplicateValidationStrategy": "NONE", "overwrite": False}
TASKS = "/files/2026-03/files/import-from-url/async"
HEADERS = {"Authorization": "Bearer a-token-for-tests", "Content-Type": "application/json"}
"""

CLIENTS: Final = {
    "requests": """
import requests
def send(method, url, body=None):
    answer = requests.request(method, url, data=body, headers=HEADERS, timeout=10)
    answer.raise_for_status()
    return answer.json()
""",
    "httpx": """
import httpx
def send(method, url, body=None):
    with httpx.Client(headers=HEADERS, timeout=10, follow_redirects=True) as client:
        return client.request(method, url, content=body).raise_for_status().json()
""",
    "httpx, async": """
import httpx
async def ask(method, url, body):
    async with httpx.AsyncClient(headers=HEADERS, timeout=10, follow_redirects=True) as client:
        return (await client.request(method, url, content=body)).raise_for_status().json()
def send(method, url, body=None):
    return asyncio.run(ask(method, url, body))
""",
    "aiohttp": """
import aiohttp
async def ask(method, url, body):
    limits = {"timeout": aiohttp.ClientTimeout(total=10), "raise_for_status": True}
    async with aiohttp.ClientSession(headers=HEADERS, **limits) as session:
        async with session.request(method, url, data=body) as answer:
            return json.loads(await answer.read())
def send(method, url, body=None):
    return asyncio.run(ask(method, url, body))
""",
    "urllib3": """
import urllib3
ONCE = urllib3.Retry(connect=False, read=False, redirect=5, status=False, other=False, respect_retry_after_header=False)
def send(method, url, body=None):
    answer = urllib3.request(method, url, body=body, headers=HEADERS, timeout=10, retries=ONCE)
    if answer.status >= 300:
        raise RuntimeError(answer.status)
    return answer.json()
""",
}
"""How each client sends: the source of ``send``, which returns JSON and raises for a status that is no success.

They are set to wait for as long, to follow redirects, and to try nothing again: by themselves they differ in that.
"""

OFFICIAL: Final = {
    "hubspot-api-client": """
from hubspot import HubSpot
def send(method, url, body=None):
    client = HubSpot(access_token="a-token-for-tests")
    asked = {"method": method, "base_url": url, **({} if body is None else {"body": body})}
    answer = client.api_request(asked)
    answer.raise_for_status()
    return answer.json()
""",
    "hubspot-sdk": """
import httpx
from hubspot_sdk import HubSpot
def send(method, url, body=None):
    origin, path = url[: url.index("/files/")], url[url.index("/files/") :]
    with HubSpot(access_token="a-token-for-tests", base_url=origin, max_retries=0, timeout=10) as client:
        ask = client.get if method == "GET" else client.post
        more = {} if body is None else {"body": json.loads(body)}
        return ask(path, cast_to=httpx.Response, **more).raise_for_status().json()
""",
}
"""The same by HubSpot's own clients, by the calls in them for whatever they know no model of."""

_UPLOADS: Final = """
def start(base_url):
    return send("POST", base_url + TASKS, json.dumps(BODY).encode())["id"]

def poll(base_url, task):
    return send("GET", f"{base_url}{TASKS}/tasks/{task}/status")

def wait(base_url, task, seconds=120):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        body = poll(base_url, task)
        if body["status"] == "COMPLETE":
            return body
        if body["status"] == "CANCELED":
            raise RuntimeError("canceled")
        time.sleep(2)
    raise RuntimeError("no end")

def test_url(hubfiles):
    assert wait(hubfiles.base_url, start(hubfiles.base_url))["result"]["url"].startswith("https://")

def test_one_of_two(hubfiles):
    result = wait(hubfiles.base_url, start(hubfiles.base_url))["result"]
    assert result.get("url") or result.get("defaultHostingUrl")

def test_duration(hubfiles):
    body = wait(hubfiles.base_url, start(hubfiles.base_url))
    form = "%Y-%m-%dT%H:%M:%S.%fZ"
    assert datetime.strptime(body["completedAt"], form) >= datetime.strptime(body["startedAt"], form)

def test_lenient(hubfiles):
    body = wait(hubfiles.base_url, start(hubfiles.base_url))
    assert body.get("result") is None or isinstance(body["result"], dict)
"""

_STRICT: Final = """
from dataclasses import dataclass

@dataclass
class Task:
    status: str
    taskId: str
    requestedAt: str = ""
    startedAt: str = ""
    completedAt: str = ""
    result: dict = None
    links: dict = None
    errors: list = None
    numErrors: int = 0

def test_strict(hubfiles):
    task = Task(**wait(hubfiles.base_url, start(hubfiles.base_url)))
    assert task.result["size"] > 0
"""


RELATED: Final = """
def test_order(hubfiles):
    body = wait(hubfiles.base_url, start(hubfiles.base_url))
    assert body["requestedAt"] <= body["startedAt"] <= body["completedAt"]

def test_never_updated(hubfiles):
    result = wait(hubfiles.base_url, start(hubfiles.base_url))["result"]
    assert (result["updatedAt"], result["url"]) == (result["createdAt"], result["defaultHostingUrl"])

def test_duration_in_seconds(hubfiles):
    body = wait(hubfiles.base_url, start(hubfiles.base_url))
    times = [datetime.fromisoformat(body[name].replace("Z", "+00:00")) for name in ("startedAt", "completedAt")]
    assert timedelta() <= times[1] - times[0] < timedelta(minutes=1)

def test_ratio(hubfiles):
    result = wait(hubfiles.base_url, start(hubfiles.base_url))["result"]
    if result.get("width"):
        assert result["height"] > 0
    if result.get("url"):
        assert result["defaultHostingUrl"].startswith("https://")
"""
"""Tests that hold one member against another, or look at one if another is there: a change may hide another one."""


def uploads(client: str) -> str:
    """Return a suite of five tests that send with *client*."""
    return _HEAD + {**CLIENTS, **OFFICIAL}[client] + _UPLOADS + _STRICT


STATEFUL: Final = (
    _HEAD
    + CLIENTS["requests"]
    + _UPLOADS.partition("def test_url")[0]
    + """
SEEN = []

@functools.lru_cache
def imported(base_url):
    return wait(base_url, start(base_url))

def test_cached(hubfiles):
    assert imported(hubfiles.base_url)["result"]["url"]

@pytest.fixture(scope="module")
def first(request):
    return []

def test_module_fixture(hubfiles, first):
    if not first:
        first.append(wait(hubfiles.base_url, start(hubfiles.base_url))["result"]["id"])
    assert first[0]

def test_counter(hubfiles):
    SEEN.append(wait(hubfiles.base_url, start(hubfiles.base_url))["result"]["id"])
    assert len(SEEN) == 1

def test_thread(hubfiles):
    found = []
    thread = threading.Thread(target=lambda: found.append(wait(hubfiles.base_url, start(hubfiles.base_url))))
    thread.start()
    thread.join()
    SEEN.append(found[0]["result"]["url"])
    assert len(SEEN) == 2

def test_file(hubfiles, tmp_path):
    file = tmp_path / "state.json"
    assert not file.exists()
    file.write_text(json.dumps(wait(hubfiles.base_url, start(hubfiles.base_url))["result"]["name"]))

def test_subtest(hubfiles, subtests):
    body = wait(hubfiles.base_url, start(hubfiles.base_url))
    with subtests.test("of its result"):
        assert body["result"]["size"] > 0

def test_environment(hubfiles, monkeypatch):
    monkeypatch.setenv("AIOHTTP_NO_EXTENSIONS", "1")
    from aiohttp import helpers
    assert helpers.NO_EXTENSIONS or "vcr" in sys.modules  # which has imported it before, to record
    assert wait(hubfiles.base_url, start(hubfiles.base_url))["result"]["id"]
"""
)
"""Tests that lie where they are run again in the process in which they ran before."""

LOOPS: Final = (
    _HEAD
    + CLIENTS["requests"]
    + _UPLOADS.partition("def wait")[0]
    + """
def done(hubfiles, task):
    return poll(hubfiles.base_url, task)["status"] == "COMPLETE"

def test_sleeps_to_its_end(hubfiles):
    task, end = start(hubfiles.base_url), time.monotonic() + 3600
    while not done(hubfiles, task):
        assert time.monotonic() < end
        time.sleep(30)

def test_wall_clock(hubfiles):
    task, end = start(hubfiles.base_url), datetime.now() + timedelta(minutes=10)
    while not done(hubfiles, task):
        if datetime.now() > end:
            raise TimeoutError("too long")
        time.sleep(0.5)

def test_counts_to_its_end(hubfiles):
    task = start(hubfiles.base_url)
    assert any(done(hubfiles, task) for _ in range(20))

def test_awaits_to_its_end(hubfiles):
    task = start(hubfiles.base_url)
    async def wait():
        while not done(hubfiles, task):
            await asyncio.sleep(5)
    asyncio.run(asyncio.wait_for(wait(), 600))

def test_waits_on_an_event(hubfiles):
    task, stop, end = start(hubfiles.base_url), threading.Event(), time.monotonic() + 600
    while not done(hubfiles, task):
        assert time.monotonic() < end
        stop.wait(5)

def test_waits_on_an_event_for_ever(hubfiles):
    task, stop = start(hubfiles.base_url), threading.Event()
    while not done(hubfiles, task):
        stop.wait(5)

def test_sleeps_for_ever(hubfiles):
    task = start(hubfiles.base_url)
    while not done(hubfiles, task):
        time.sleep(1)

def test_awaits_for_ever(hubfiles):
    task = start(hubfiles.base_url)
    async def wait():
        while not done(hubfiles, task):
            await asyncio.sleep(1)
    asyncio.run(wait())

def test_asks_for_ever(hubfiles):
    task = start(hubfiles.base_url)
    while not done(hubfiles, task):
        pass

def test_spins_for_ever(hubfiles):
    task = start(hubfiles.base_url)
    for _ in range(3):
        last = done(hubfiles, task)
    while not last:
        pass

def test_waits_for_nobody(hubfiles):
    task = start(hubfiles.base_url)
    for _ in range(3):
        last = done(hubfiles, task)
    event = threading.Event()
    if last:
        event.set()
    event.wait()
"""
)
LOOP_VERDICTS: Final = {
    "test_sleeps_to_its_end": "gives-up", "test_wall_clock": "gives-up", "test_counts_to_its_end": "gives-up",
    "test_awaits_to_its_end": "gives-up", "test_waits_on_an_event": "gives-up",
    "test_waits_on_an_event_for_ever": "never-ends",
    "test_sleeps_for_ever": "never-ends", "test_awaits_for_ever": "never-ends",
    "test_asks_for_ever": "never-ends", "test_spins_for_ever": "undecided", "test_waits_for_nobody": "undecided",
}  # fmt: skip
"""How each loop ends under a task state that is new."""
