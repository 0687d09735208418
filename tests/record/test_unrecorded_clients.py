"""While a test records, nothing is sent to HubSpot that is not recorded, whatever sends it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import trustme
from helpers.downstream import Downstream, constant_server
from helpers.http_clients import SENDERS

from pytest_hubfiles.record.network_block import ConnectionBlockedError
from pytest_hubfiles.record.unrecorded_clients import UnrecordedClients

START_BY_REQUESTS = """
import asyncio, http.client, socket, sys, threading
from contextlib import closing, suppress
from urllib.parse import urlsplit
import anyio, httpx, pytest, requests, urllib3

def start(hubfiles):
    url = f"{hubfiles.base_url}/files/2026-03/files/import-from-url/async"
    token = {"Authorization": "Bearer a-token-for-tests"}
    return f"{url}/tasks/{requests.post(url, json=BODY, headers=token).json()['id']}/status"

def head(url):
    parts = urlsplit(url)
    return (
        f"GET {parts.path} HTTP/1.1\\r\\nHost: {parts.netloc}\\r\\nConnection: close\\r\\n"
        "Authorization: Bearer a-token-for-tests\\r\\n\\r\\n"
    ).encode()

def place(url):
    return urlsplit(url).hostname, urlsplit(url).port

def by_requests(url):
    requests.get(url, headers={"Authorization": "Bearer a-token-for-tests"}).json()

def by_socket(url):
    with socket.create_connection(place(url)) as sock:
        sock.sendall(head(url))
        assert sock.recv(9)

def by_file(url):
    with socket.create_connection(place(url)) as sock, sock.makefile("wb", buffering=0) as file:
        file.write(head(url))
        assert sock.recv(9)

async def stream(url):
    reader, writer = await asyncio.open_connection(*place(url))
    writer.write(head(url))
    await writer.drain()
    assert await reader.read(9)
    writer.close()

def by_asyncio(url):
    asyncio.run(stream(url))

def by_anyio(url):
    async def ask():
        async with await anyio.connect_tcp(*place(url)) as stream:
            await stream.send(head(url))
            assert await stream.receive(9)
    anyio.run(ask)

def by_thread(url):
    thread = threading.Thread(target=by_socket, args=(url,))
    thread.start()
    thread.join()

class Connection(http.client.HTTPConnection):
    pass

def by_subclass(url):
    with closing(Connection(*place(url))) as connection:
        connection.request("GET", urlsplit(url).path)
        assert connection.getresponse().read()

def by_stubborn(url):  # as clients that read what a server says before it closes, even where sending fails
    with socket.create_connection(place(url)) as sock:
        with suppress(OSError):
            sock.sendall(head(url))
        assert sock.recv(9), "closed"

def by_httpx_anew(url):
    before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "httpx"}
    for name in before:
        del sys.modules[name]
    try:
        import httpx
        httpx.get(url)
    finally:
        sys.modules.update(before)

class OwnConnection(urllib3.connection.HTTPConnection):
    pass

class Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = OwnConnection

def by_own_pool(url):
    with Pool(*place(url)) as pool:
        assert pool.request("GET", urlsplit(url).path, retries=False).data
"""
WAYS = ("socket", "file", "asyncio", "anyio", "thread", "subclass", "own_pool", "stubborn", "httpx_anew")
POLLED = (
    START_BY_REQUESTS
    + """
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_import(hubfiles):
    url = start(hubfiles)
    {poll}
"""
)
RECORDED = "by_requests(url)\n    by_requests(url)\n    by_requests(url)"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("swallowed", [False, True], ids=["raised", "swallowed"])
def test_a_client_that_is_not_recorded_sends_nothing(downstream: Downstream, way: str, swallowed: bool) -> None:
    """A poll that would be no part of the new cassette is stopped and told, and the longer old one stays."""
    downstream.tests(POLLED.replace("{poll}", RECORDED))
    downstream.record()
    before = downstream.cassette().read_bytes()
    poll = f"by_{way}(url)"
    downstream.tests(POLLED.replace("{poll}", f"with suppress(Exception):\n        {poll}" if swallowed else poll))
    result = downstream.run_live("--hubfiles-record=rewrite", "--hubfiles-fail-on=never")
    assert result.ret == 1
    assert downstream.asked() == 1  # the start
    result.stdout.fnmatch_lines(["*sending to 127.0.0.1:* was refused: this client is not recorded*"])
    assert downstream.cassette().read_bytes() == before


def test_to_see_whether_a_port_is_open_is_harmless(downstream: Downstream) -> None:
    """A connection on which nothing is sent is no request."""
    downstream.tests(POLLED.replace("{poll}", "socket.create_connection(place(url)).close()\n    by_requests(url)"))
    downstream.record()


def test_what_is_not_to_be_recorded_may_be_sent(downstream: Downstream) -> None:
    """A host that the suite has vcrpy ignore is nobody's to record, whichever client asks it."""
    ignoring = "@pytest.fixture\ndef hubfiles_vcr_config(): return {'ignore_hosts': ['127.0.0.1']}\n"
    downstream.tests(START_BY_REQUESTS + ignoring + "def test_import(hubfiles):\n    by_socket(start(hubfiles))\n")
    result = downstream.run_live("--hubfiles-record=once")
    result.assert_outcomes(passed=1)
    assert downstream.asked() == 2


def test_an_ignored_request_of_an_event_loop_is_sent(downstream: Downstream) -> None:
    """A single request that a hook leaves out of the cassette goes to HubSpot's host, from a task too."""
    downstream.tests(
        """
import aiohttp, asyncio, pytest
@pytest.fixture
def hubfiles_vcr_config():
    return {"before_record_request": lambda request: None if "account-info" in request.path else request}

async def ask(url):
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status

def test_import(hubfiles):
    assert asyncio.run(ask(hubfiles.base_url + "/account-info/v3/details")) == 404
    import_a_file(hubfiles)
"""
    )
    downstream.record()


NESTED = """
import asyncio, aiohttp, httpx, vcr

async def by_httpx(url):
    async with httpx.AsyncClient() as client:
        return (await client.get(url)).status_code

async def by_aiohttp(url):
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status

@pytest.mark.parametrize("client", [by_httpx, by_aiohttp])
def test_import(hubfiles, client):
    import_a_file(hubfiles)
    url = hubfiles.base_url.replace("127.0.0.1", "localhost") + "/files/v3/files/2"
    with vcr.use_cassette(f"{client.__name__}.yaml"):
        assert asyncio.run(client(url)) == 404
"""


def test_a_cassette_of_the_tests_own_is_recorded(downstream: Downstream) -> None:
    """What a cassette within the test records is no unrecorded client's, in an event loop too."""
    downstream.tests(NESTED)
    downstream.record()
    assert len(list(downstream.path.glob("by_*.yaml"))) == 2


# --- over TLS ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_server(authority: trustme.CA) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with constant_server(context) as url:
        yield url


@pytest.mark.slow
def test_every_client_records_over_tls(
    downstream: Downstream, tls_server: str, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A connection is made before its request is known, or after; both are recorded."""
    bundle = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(bundle)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    downstream.tests(
        f"""
import json
from helpers.http_clients import SENDERS

@pytest.mark.parametrize("client", {list(SENDERS)!r})
def test_import(hubfiles, client):
    url = f"{{hubfiles.base_url}}/files/2026-03/files/import-from-url/async"
    headers = {{"Content-Type": "application/json", "Authorization": "Bearer a-token-for-tests"}}
    task = SENDERS[client]("POST", url, headers, json.dumps(BODY).encode()).json["id"]
    for _ in range(2):
        assert SENDERS[client]("GET", f"{{url}}/tasks/{{task}}/status", headers, None).json["status"] == "COMPLETE"
"""
    )
    result = downstream.run_apart("--hubfiles-record=once", f"--hubfiles-base-url={tls_server}")
    result.assert_outcomes(passed=len(SENDERS))
    assert downstream.run_apart("--hubfiles-base-url=https://127.0.0.1:1").ret == 0


@pytest.mark.parametrize("early", [True, False], ids=["wrapped-first", "connected-first"])
def test_no_other_client_shakes_hands(tls_server: str, early: bool) -> None:
    """TLS begins below Python's ``send``: it is stopped where it begins, and nothing is sent."""
    refused: list[str] = []

    def refuse(attempt: str) -> BaseException:
        refused.append(attempt)
        return ConnectionBlockedError(attempt)

    context = ssl.create_default_context()
    address = ("127.0.0.1", int(tls_server.rpartition(":")[2]))
    with UnrecordedClients(tls_server, lambda: False, refuse), closing(socket.socket()) as sock:
        if early:
            with (
                context.wrap_socket(sock, server_hostname="127.0.0.1") as wrapped,
                pytest.raises(ConnectionBlockedError),
            ):
                wrapped.connect(address)
        else:
            sock.connect(address)
            with pytest.raises(ConnectionBlockedError):
                context.wrap_socket(sock, server_hostname="127.0.0.1")
    assert len(refused) == 1


def test_another_servers_clients_are_left_alone(tls_server: str) -> None:
    """A database, a broker, a server of the test's own: whoever is not HubSpot may be sent anything."""
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        UnrecordedClients(tls_server, lambda: False, AssertionError),
        socket.create_connection(other.getsockname()) as sock,
    ):
        sock.sendall(b"x")
        sock.sendto(b"x", other.getsockname())
        peer, _ = other.accept()
        with peer:
            peer.sendall(b"x")
            assert peer.recv(1) == b"x"
