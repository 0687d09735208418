"""A change is put in at one place, what a recorder replays, and reaches every client as a server would have sent it."""

from __future__ import annotations

import asyncio
import socket
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import urllib3
from helpers.answers import CONTRACTS
from helpers.downstream import STATUS, polled, started
from helpers.http_clients import SENDERS, Answer, Send

from pytest_hubfiles import cassettes
from pytest_hubfiles.clock import VirtualClock
from pytest_hubfiles.model.hubspot_api import CANONICAL_ORIGIN
from pytest_hubfiles.record import Interception, Recorder
from pytest_hubfiles.record.vcrpy.broken_connections import NeverAnsweredError
from pytest_hubfiles.rehearsal.changes import apply, parse
from pytest_hubfiles.settings.values import RecordMode

RECORDED = [started(), *[polled("PENDING")] * 10, polled("COMPLETE")]


@contextmanager
def replaying(folder: Path, name: str) -> Iterator[Recorder]:
    """Answer every client from a cassette with the change *name*."""
    cassette = folder / "c.yaml"
    cassettes.write(cassette, cassettes.dump(RECORDED))
    recorder = Recorder(
        cassette=cassette, display_name="c.yaml", mode=RecordMode.NONE, staged=None, base_url=CANONICAL_ORIGIN,
        identify=CONTRACTS.identify,
    )  # fmt: skip
    recorder.replayed = list(apply(parse(name), recorder.replayed, CONTRACTS))
    with Interception(recorder):
        yield recorder


@contextmanager
def closing_server() -> Iterator[str]:
    """Serve connections that are closed once a request has come; give the address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        connection.recv(65536)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@contextmanager
def answering_server(status: int, location: str = "") -> Iterator[str]:
    """Serve an answer of that *status* at the path of polls, and JSON where that leads to; give the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_there = self.path.endswith("moved=true")
            body = b'{"status": "COMPLETE"}' if is_there else b""
            self.send_response(200 if is_there else status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@contextmanager
def silent_server() -> Iterator[str]:
    """Take connections and answer none; give the address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def outcome(send: Send, url: str) -> str | Answer:
    """Return what a poll comes to: the answer, or the class of the error."""
    try:
        return send("GET", url, {}, None)
    except Exception as error:  # noqa: BLE001  # each client has its own
        return f"{type(error).__module__}.{type(error).__name__}"


@pytest.mark.parametrize("send", SENDERS.values(), ids=SENDERS)
def test_a_cut_connection(send: Send, tmp_path: Path) -> None:
    """A client whose connection is cut gets the error that it gets from a server that closes, and can ask again."""
    with closing_server() as url:
        real = outcome(send, url)
    with replaying(tmp_path, "import-status outage cut-for-good") as recorder:
        assert outcome(send, CANONICAL_ORIGIN + STATUS) == real
        assert not recorder.faults
    with replaying(tmp_path, "import-status outage cut"):
        outcome(send, CANONICAL_ORIGIN + STATUS)
        assert isinstance(outcome(send, CANONICAL_ORIGIN + STATUS), Answer)


@pytest.mark.parametrize("send", SENDERS.values(), ids=SENDERS)
def test_a_redirect(send: Send, tmp_path: Path) -> None:
    """A client follows a redirect, or not, as it does with a server that redirects."""

    def status_of(url: str) -> object:
        came = outcome(send, url)
        return came.status if isinstance(came, Answer) else came

    with answering_server(308, f"{STATUS}?moved=true") as url:
        real = status_of(url + STATUS)
    with replaying(tmp_path, "import-status redirect moved") as recorder:
        assert status_of(CANONICAL_ORIGIN + STATUS) == real
        assert not recorder.faults
        assert not recorder.problems


def _in_aiohttp(url: str, limit: aiohttp.ClientTimeout | None) -> object:
    async def ask() -> object:
        async with aiohttp.ClientSession(timeout=limit or aiohttp.ClientTimeout(None)) as session:
            return await session.get(url)

    return asyncio.run(ask())


def _in_async_httpx(url: str, limit: float | None) -> object:
    async def ask() -> object:
        async with httpx.AsyncClient(timeout=limit) as client:
            return await client.get(url)

    return asyncio.run(ask())


ASK: dict[str, Callable[[str, Any], object]] = {
    "requests": lambda url, limit: requests.get(url, timeout=limit),
    "httpx": lambda url, limit: httpx.get(url, timeout=limit),
    "httpx-async": _in_async_httpx,
    "aiohttp": lambda url, limit: _in_aiohttp(url, limit and aiohttp.ClientTimeout(limit)),
    "aiohttp-read": lambda url, limit: _in_aiohttp(url, limit and aiohttp.ClientTimeout(None, sock_read=limit)),
    "urllib3": lambda url, limit: urllib3.request("GET", url, timeout=limit, retries=False),
    "urllib": lambda url, limit: urllib.request.urlopen(url, timeout=limit),
}
"""How each client asks, with a time-out in seconds or without any."""


@pytest.mark.parametrize("ask", ASK.values(), ids=ASK)
def test_an_answer_that_never_comes(ask: Callable[[str, Any], object], tmp_path: Path) -> None:
    """A client with a time-out raises what it raises at a server that says nothing; one without is told so."""

    def error_of(url: str, limit: float | None) -> list[type]:
        with pytest.raises(BaseException) as caught:  # noqa: PT011  # each client has its own
            ask(url, limit)
        return [kind for kind in type(caught.value).__mro__ if kind.__module__ != "pytest_hubfiles.errors"]

    with silent_server() as url:
        real = error_of(url, 0.2)
    with replaying(tmp_path, "import-status outage stall-for-good") as recorder, VirtualClock() as clock:
        assert real[0] in error_of(CANONICAL_ORIGIN + STATUS, 600)
        assert clock.skipped == pytest.approx(600, abs=1)
        assert not recorder.tape.is_endless
        assert error_of(CANONICAL_ORIGIN + STATUS, None)[0] is NeverAnsweredError
        assert recorder.tape.is_endless
        assert not recorder.faults


@pytest.mark.parametrize("send", SENDERS.values(), ids=SENDERS)
@pytest.mark.parametrize(
    "name",
    ["$.status enum-value-added", "$.completedAt format-changed no-millis", "success-status-changed 204",
     "body-emptied", "body-emptied null", "body-not-json html", "content-type-changed latin-1",
     "content-type-changed missing", "operation-gone",
     "deprecation-announced", "outage 500", "outage 502-for-good", "task-canceled"],
)  # fmt: skip
def test_what_reaches_a_client(send: Send, name: str, tmp_path: Path) -> None:
    """Status, body and headers of the changed answers reach each client as they are."""
    polls = [i for i in apply(parse(f"import-status {name}"), RECORDED, CONTRACTS) if i.method == "GET"]
    with replaying(tmp_path, f"import-status {name}") as recorder:
        for poll in (polls[0], polls[1]):
            answer = send("GET", CANONICAL_ORIGIN + STATUS, {}, None)
            assert (answer.status, answer.body) == (poll.status_code, poll.body)
            for header in ("content-type", "retry-after", "sunset"):
                assert ", ".join(answer.headers.get(header, ())) == poll.headers.get(header, "")
        assert not recorder.faults
