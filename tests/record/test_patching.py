"""The patches of the clients are made once for all tests, and no test sees a difference."""

from __future__ import annotations

import http.client
import ssl
import subprocess
import sys

import httpx
import pytest
import urllib3.connectionpool
import vcr.patch
from helpers.downstream import Downstream, whole_import

from pytest_hubfiles.record.vcrpy import patching

TARGETS = (
    http.client, http.client.HTTPConnection, http.client.HTTPSConnection, httpx.HTTPTransport, httpx.AsyncHTTPTransport,
    ssl.SSLContext, urllib3.connection, urllib3.connectionpool, urllib3.connectionpool.HTTPConnectionPool,
    urllib3.connectionpool.HTTPSConnectionPool, vcr.patch,
)  # fmt: skip

TESTS = """
import json
from types import SimpleNamespace
import httpx, pytest, requests, urllib3.connectionpool
from pytest_hubfiles.record.vcrpy import patching

pytestmark = pytest.mark.hubfiles(cassette="one")
session, client = requests.Session(), httpx.Client()

def by_urllib3(url):
    "Have vcrpy take over: it answers urllib3."
    answer = urllib3.request("GET", url)
    return SimpleNamespace(json=lambda: json.loads(answer.data))

@pytest.fixture
def seen(monkeypatch, request):
    "Somebody else's patch of a client, there before the recorder's."
    calls = []
    if request.param:
        new_conn = urllib3.connectionpool.HTTPSConnectionPool._new_conn
        monkeypatch.setattr(
            urllib3.connectionpool.HTTPSConnectionPool, "_new_conn", lambda pool: calls.append(pool) or new_conn(pool)
        )
    return calls

@pytest.mark.parametrize("seen", [0, 0, 1, 0, 1, 0], indirect=True)
def test_poll(seen, hubfiles, request):
    for get in (by_urllib3, session.get, client.get, requests.get):
        assert get(hubfiles.base_url + "PATH").json()["status"] == "COMPLETE"
    assert len(hubfiles.exchanges) == 4
    assert bool(seen) == bool(request.node.callspec.params["seen"])
    assert not patching._CAN_SKIP or patching._usual_patches().fit is not bool(seen)

def test_that_does_not_ask(request):
    assert not patching._CAN_SKIP or patching._usual_patches().fit
    assert not [c for pool in pools(session) for c in list(pool.pool.queue) if c is not None]

def pools(session):
    manager = session.get_adapter("https://").poolmanager
    return [manager.pools[key] for key in manager.pools.keys()]
"""


def test_tests_share_clients_and_patches(downstream: Downstream) -> None:
    """Clients that outlive their tests are replayed in each, whether or not somebody else patches what they use."""
    ended = whole_import()[-1]
    downstream.tests(TESTS.replace("PATH", ended.path))
    downstream.write([ended], downstream.path / "cassettes" / "2026-03" / "one.yaml")
    before = [dict(vars(target)) for target in TARGETS]

    downstream.run().assert_outcomes(passed=7)

    assert [dict(vars(target)) for target in TARGETS] == before


def test_what_is_patched_is_known() -> None:
    """The patches that were made once cover what vcrpy covers: the clients, http.client, and certificates apart."""
    names = {f"{point.owner.__name__}.{point.name}" for point in patching._usual_patches().points}

    assert {
        "HTTPSConnection.__init__", "HTTPSConnectionPool.ConnectionCls", "HTTPSConnectionPool._new_conn",
        "HTTPTransport.handle_request", "AsyncHTTPTransport.handle_async_request", "ClientSession._request",
        "vcr.patch.force_reset",
    } <= names  # fmt: skip
    assert patching._usual_patches().closing


OUTLIVING = """
import http.client

KEPT = []

def test_first(hubfiles):
    import_a_file(hubfiles)
    KEPT.append(http.client.HTTPConnection("PLACE", timeout=10))

def test_second():
    KEPT[0].request("GET", "/nowhere")
    assert KEPT[0].getresponse().status in (401, 404)
    KEPT[0].close()
"""


def test_a_connection_that_outlives_its_test_goes_its_own_way(downstream: Downstream) -> None:
    """What a test with the fixture opened and the next one still uses asks no recording any more."""
    downstream.tests(OUTLIVING.replace("PLACE", downstream.sandbox.url.removeprefix("http://")))
    downstream.write(whole_import(), downstream.cassette("test_first"))

    downstream.run().assert_outcomes(passed=2)

    assert downstream.asked() == 1


OLD_URLLIB3 = """
import json, requests, urllib3
HEADERS = {"Authorization": "Bearer a-token-for-tests"}

def test_sent(hubfiles):
    assert urllib3.__version__.startswith("1.26.")
    start = hubfiles.base_url + "/files/2026-03/files/import-from-url/async"
    task = requests.post(start, json=BODY, headers=HEADERS).json()["id"]
    states = []
    while "COMPLETE" not in states:
        answer = urllib3.PoolManager(headers=HEADERS).request("GET", f"{start}/tasks/{task}/status")
        states.append(json.loads(answer.data)["status"])
    assert requests.get(f"{start}/tasks/{task}/status", headers=HEADERS).json()["status"] == "COMPLETE"
    assert len(hubfiles.exchanges) == len(states) + 2
"""


@pytest.mark.slow
def test_urllib3_1_26_is_recorded_and_replayed(downstream: Downstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """What requests and urllib3 1.26 send is recorded, and replayed with the server gone, over HTTPS too."""
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", "old", "urllib3<2"]
    subprocess.run(install, cwd=downstream.path, check=True, capture_output=True)
    monkeypatch.setenv("PYTHONPATH", str(downstream.path / "old"))
    downstream.tests(OLD_URLLIB3)
    downstream.run_apart("--hubfiles-record=once").assert_outcomes(passed=1)
    downstream.asked()
    downstream.run_apart().assert_outcomes(passed=1)
    downstream.run_apart("--hubfiles-base-url=https://api.hubapi.com").assert_outcomes(passed=1)
    assert downstream.asked() == 0
