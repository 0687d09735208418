"""What tests do with clients. Each act gets a URL to poll and returns what it saw; it is run as a test of its own.

This file is copied into a project downstream, which records with it, replays that, and has plain vcrpy replay it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import http.client
import importlib.util
import inspect
import json
import multiprocessing
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import aiohttp
import httpx
import pytest
import requests
import requests.adapters
import urllib3
import urllib3.connection
import urllib3.connectionpool
from urllib3.util import Retry

VCRPY_ALONE = ("boto3", "httplib2", "httpx2", "tornado")  # clients that have vcrpy answer all others too


def by_requests(url: str) -> Any:
    return requests.get(url, timeout=60).json()["status"]


def by_httpx(url: str) -> Any:
    return httpx.get(url, timeout=60, trust_env=False).json()["status"]


async def in_httpx(url: str) -> Any:
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        return (await client.get(url)).json()["status"]


def by_async_httpx(url: str) -> Any:
    return asyncio.run(in_httpx(url))


async def in_aiohttp(url: str) -> Any:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return (await answer.json())["status"]


def by_aiohttp(url: str) -> Any:
    return asyncio.run(in_aiohttp(url))


def by_urllib3(url: str) -> Any:
    return json.loads(urllib3.PoolManager().request("GET", url).data)["status"]


def by_urllib(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return json.load(answer)["status"]


def connection_to(url: str, where: Any = http.client) -> Any:
    parts = urlsplit(url)
    kind = where.HTTPSConnection if parts.scheme == "https" else where.HTTPConnection
    return kind(parts.hostname, parts.port, timeout=60)


def ask(connection: Any, url: str) -> Any:
    connection.request("GET", urlsplit(url).path)
    answer = connection.getresponse()
    status = json.loads(answer.read())["status"]
    connection.close()
    return status


def by_http_client(url: str) -> Any:
    return ask(connection_to(url), url)


CLIENTS: dict[str, Callable[[str], Any]] = {
    "requests": by_requests, "httpx": by_httpx, "async_httpx": by_async_httpx, "aiohttp": by_aiohttp,
    "urllib3": by_urllib3, "urllib": by_urllib, "http_client": by_http_client,
}  # fmt: skip

# Where people patch each client: the classes and methods that its own documentation, blogs and instruments name.
PLACES: dict[str, list[tuple[Any, str]]] = {
    "requests": [
        (requests.adapters.HTTPAdapter, "send"), (requests.Session, "send"), (requests.Session, "request"),
        (requests.adapters.HTTPAdapter, "build_response"), (requests.adapters.HTTPAdapter, "cert_verify"),
        (requests.adapters.HTTPAdapter, "add_headers"), (requests.Session, "get_adapter"), (requests, "get"),
        (urllib3.PoolManager, "connection_from_host"), (urllib3.connectionpool.HTTPConnectionPool, "urlopen"),
        (urllib3.connectionpool.HTTPConnectionPool, "_make_request"), (requests.Response, "json"),
        (urllib3.connectionpool.HTTPConnectionPool, "_get_conn"), (requests.sessions, "get_environ_proxies"),
        (requests.Session, "merge_environment_settings"), (requests.sessions.HTTPAdapter, "__init__"),
        (urllib3.connectionpool.HTTPSConnectionPool, "_new_conn"),
        (urllib3.connectionpool.HTTPConnectionPool, "_put_conn"),
    ],
    "httpx": [
        (httpx.HTTPTransport, "handle_request"), (httpx.Client, "send"), (httpx.Client, "request"), (httpx, "get"),
        (httpx.Client, "_send_single_request"), (httpx.Response, "read"), (httpx.HTTPTransport, "__init__"),
        (httpx.Client, "_transport_for_url"),
    ],
    "async_httpx": [
        (httpx.AsyncHTTPTransport, "handle_async_request"), (httpx.AsyncClient, "send"),
        (httpx.AsyncClient, "_send_single_request"),
    ],
    "aiohttp": [(aiohttp.ClientSession, "_request"), (aiohttp.ClientSession, "get")],
    "urllib3": [
        (urllib3.connectionpool.HTTPConnectionPool, "urlopen"), (urllib3.PoolManager, "request"),
        (urllib3.PoolManager, "urlopen"), (urllib3.connectionpool.HTTPConnectionPool, "_make_request"),
        (urllib3.connectionpool.HTTPConnectionPool, "_get_conn"),
    ],
    "urllib": [(urllib.request, "urlopen"), (urllib.request.OpenerDirector, "open")],
    "http_client": [(http.client.HTTPConnection, "request"), (http.client.HTTPConnection, "__init__")],
}  # fmt: skip
INHERITED = ((http.client.HTTPConnection, "request"),)  # vcrpy's stub has its own: what is seen differs by its version


def spied(owner: Any, name: str) -> Any:
    """Return a spy as ``mocker.spy`` makes it: what it is put over is called."""
    return mock.patch.object(owner, name, autospec=isinstance(owner, type), side_effect=getattr(owner, name))


def counted(calls: list[str], method: Any) -> Any:
    """Return *method* as an instrument wraps it."""

    @wraps(method)
    def counting(*args: Any, **kwargs: Any) -> Any:
        calls.append(method.__name__)
        return method(*args, **kwargs)

    return counting


def cases() -> Iterator[Any]:
    for name, places in PLACES.items():
        for owner, attribute in places:
            yield pytest.param(CLIENTS[name], owner, attribute, id=f"{name}-{owner.__name__}-{attribute}")


each_place = pytest.mark.parametrize(("poll", "owner", "name"), list(cases()))
each_client = pytest.mark.parametrize("poll", CLIENTS.values(), ids=CLIENTS)


@each_place
def test_a_spy_within_the_test(url: str, saw: Any, poll: Any, owner: Any, name: str) -> None:
    with spied(owner, name) as spy:
        saw(poll(url), poll(url), spy.call_count)
    saw(poll(url))


@each_place
def test_an_instrument_of_the_test(  # noqa: PLR0917  # pytest passes them by name
    url: str, saw: Any, poll: Any, owner: Any, name: str, monkeypatch: Any
) -> None:
    calls: list[str] = []
    saw(poll(url))
    monkeypatch.setattr(owner, name, counted(calls, getattr(owner, name)))
    saw(poll(url), poll(url), calls)


@each_place
def test_a_patch_that_outlives_the_recording(monkeypatch: Any, request: Any, poll: Any, owner: Any, name: str) -> None:
    url, saw = request.getfixturevalue("url"), request.getfixturevalue("saw")
    calls: list[str] = []
    monkeypatch.setattr(owner, name, counted(calls, getattr(owner, name)))
    saw(poll(url), calls)


@each_client
def test_after_it(url: str, saw: Any, poll: Any) -> None:
    saw(poll(url), poll(url))


@pytest.fixture
def instrument(request: Any) -> Iterator[list[str]]:
    calls: list[str] = []
    owner, name = request.node.callspec.params["owner"], request.node.callspec.params["name"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, counted(calls, getattr(owner, name)))
        yield calls


@each_place
def test_a_patch_from_before(  # noqa: PLR0917  # pytest passes them by name
    instrument: list[str], url: str, saw: Any, poll: Any, owner: Any, name: str
) -> None:
    saw(poll(url), poll(url), instrument)


@each_client
def test_threads(url: str, saw: Any, poll: Any) -> None:
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        saw(sorted(pool.map(poll, [url] * 4)))


@each_client
def test_a_thread(url: str, saw: Any, poll: Any) -> None:
    seen: list[Any] = []
    thread = threading.Thread(target=lambda: seen.append(poll(url)))
    thread.start()
    thread.join()
    saw(seen)


@each_client
def test_a_forked_pool(url: str, saw: Any, poll: Any, is_replay: bool) -> None:
    saw(poll(url))
    if is_replay:  # what a child records stays in the child
        with multiprocessing.get_context("fork").Pool(1) as pool:
            saw(pool.apply_async(poll, [url]).get(timeout=600))


class Adapter(requests.adapters.HTTPAdapter):
    """Adds a header."""

    def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        request.headers["X-By"] = "me"
        return super().send(request, *args, **kwargs)


class Bare(requests.adapters.HTTPAdapter):
    """Makes none of the attributes of its base."""

    def __init__(self) -> None:
        self.inner = requests.adapters.HTTPAdapter()

    def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return self.inner.send(request, *args, **kwargs)

    def close(self) -> None:
        self.inner.close()


class Transport(httpx.HTTPTransport):
    """Adds a header to the answer."""

    def handle_request(self, request: Any) -> Any:
        answer = super().handle_request(request)
        answer.headers["X-By"] = "me"
        return answer


class AsyncTransport(httpx.AsyncHTTPTransport):
    """Sends as its base."""

    async def handle_async_request(self, request: Any) -> Any:
        return await super().handle_async_request(request)


class Wrapping(httpx.BaseTransport):
    """Counts requests."""

    def __init__(self) -> None:
        self.inner, self.count = httpx.HTTPTransport(trust_env=False), 0

    def handle_request(self, request: Any) -> Any:
        self.count += 1
        return self.inner.handle_request(request)


def test_subclasses(url: str, saw: Any) -> None:
    with requests.Session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, Adapter())
        answer = session.get(url, timeout=60)
        saw(answer.json()["status"], answer.request.headers["X-By"])
        for scheme in ("http://", "https://"):
            session.mount(scheme, Bare())
        saw(session.get(url, timeout=60).json()["status"])
    with httpx.Client(transport=Transport(trust_env=False), timeout=60) as client:
        answered = client.get(url)
        saw(answered.json()["status"], answered.headers["X-By"])
    wrapping = Wrapping()
    with httpx.Client(transport=wrapping, timeout=60) as client:
        saw(client.get(url).json()["status"], wrapping.count)

    async def get() -> Any:
        async with httpx.AsyncClient(transport=AsyncTransport(trust_env=False), timeout=60) as asking:
            return (await asking.get(url)).json()["status"]

    saw(asyncio.run(get()))


def test_instances_are_patched(url: str, saw: Any) -> None:
    session, client = requests.Session(), httpx.Client(timeout=60, trust_env=False)
    adapter: Any = session.get_adapter(url)
    transport = client._transport_for_url(httpx.URL(url))
    for instance, name in (
        (adapter, "send"), (adapter, "cert_verify"), (adapter, "build_response"), (adapter.poolmanager, "urlopen"),
        (adapter.poolmanager, "connection_from_host"), (session, "send"), (transport, "handle_request"),
    ):  # fmt: skip
        with mock.patch.object(instance, name, wraps=getattr(instance, name)) as spy:
            saw(session.get(url, timeout=60).json()["status"], client.get(url).json()["status"], spy.call_count)


def test_connections_of_urllib3(url: str, saw: Any) -> None:
    saw(ask(connection_to(url, urllib3.connection), url), ask(connection_to(url, urllib3.connection), url))


def test_pools_of_urllib3(url: str, saw: Any) -> None:
    with urllib3.connection_from_url(url) as pool:
        saw(pool.request("GET", urlsplit(url).path).status, pool.urlopen("GET", urlsplit(url).path).status)


def test_retries(url: str, saw: Any) -> None:
    session, retries = requests.Session(), Retry(2, status_forcelist=[200], raise_on_status=False)
    for scheme in ("http://", "https://"):
        session.mount(scheme, requests.adapters.HTTPAdapter(max_retries=retries))
    saw(session.get(url, timeout=60).raw.retries is not None)


def test_a_cassette_of_its_own(url: str, saw: Any, tmp_path: Any, is_replay: bool) -> None:
    import vcr

    saw(by_requests(url), by_httpx(url))
    if is_replay:
        own = vcr.use_cassette(str(tmp_path / "own.yaml"), record_mode="none")
        for poll in (by_requests, by_httpx, by_urllib3, by_http_client):
            with own as cassette, pytest.raises(Exception, match=r"own\.yaml"):
                poll(url)
            assert cassette.play_count == 0
    saw(by_requests(url), by_urllib3(url), by_httpx(url))


@each_client
def test_reloads(url: str, saw: Any, poll: Any) -> None:
    for name in ("requests.adapters", "requests.sessions", "requests.api", "httpx", "aiohttp.client", "requests"):
        importlib.reload(sys.modules[name])
    saw(poll(url))
    with requests.Session() as session:
        saw(session.get(url, timeout=60).json()["status"])


@each_client
def test_after_reloads(url: str, saw: Any, poll: Any) -> None:
    saw(poll(url), requests.adapters.HTTPAdapter is requests.sessions.HTTPAdapter)


@pytest.mark.skipif(any(map(importlib.util.find_spec, VCRPY_ALONE)), reason="vcrpy answers all, and knows one module")
def test_imported_anew(url: str, saw: Any, is_replay: bool) -> None:
    before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in ("requests", "httpx")}
    for name in before:
        del sys.modules[name]
    try:
        import httpx as httpx_again
        import requests as requests_again

        assert requests_again is not requests
        assert requests_again.exceptions.HTTPError
        saw(requests_again.get(url, timeout=60).json()["status"], by_requests(url))
        get = httpx_again.get if is_replay else httpx.get  # a recording refuses what vcrpy has not patched
        saw(get(url, timeout=60, trust_env=False).json()["status"], by_httpx(url))
    finally:
        sys.modules.update(before)


@each_client
def test_in_the_end(url: str, saw: Any, poll: Any) -> None:
    saw(poll(url), poll(url))


@each_place
def test_stubbed_out(url: str, saw: Any, poll: Any, owner: Any, name: str) -> None:
    saw(poll(url))
    with mock.patch.object(owner, name) as stub:
        saw(inspect.iscoroutinefunction(stub))
    saw(poll(url), list(inspect.signature(getattr(owner, name)).parameters), getattr(owner, name).__name__)
