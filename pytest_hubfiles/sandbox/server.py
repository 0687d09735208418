"""The sandbox on a socket: a small HTTP server on 127.0.0.1."""

from __future__ import annotations

import contextlib
import gzip
import re
import socket
import socketserver
import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType, TracebackType
from typing import Any

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.sandbox.answers import FilesApi
from pytest_hubfiles.sandbox.calls import Answer, SandboxRequest
from pytest_hubfiles.sandbox.switches import checked
from pytest_hubfiles.visible import clauses

_HOST = "127.0.0.1"  # no other interface: whoever reaches the sandbox can use it
_STALL_SECONDS = 30.0
_CLOSE_SECONDS = 300.0  # how long close() waits for sockets to close; a slow machine takes a fraction of it


class SandboxPortError(HubfilesError):
    """The sandbox cannot listen on this port."""

    def __init__(self, port: int, reason: str) -> None:
        self.port, self.reason = port, reason
        super().__init__(
            f"The sandbox cannot listen on {_HOST}:{port}: {clauses(reason)}.\n"
            "Pick another port, or 0 for any that is free."
        )


class SandboxClosedError(HubfilesError):
    """A closed sandbox cannot start again."""

    def __init__(self, url: str) -> None:
        self.url = url
        super().__init__(f"The sandbox at {url} is closed and cannot start again.\nMake a new Sandbox.")


class Sandbox:
    """A fake server for HubSpot's asynchronous Files operations, in all their versions.

    It accepts any bearer token but ``expired``, ``garbage`` and ``no-scopes``, which get HubSpot's refusals of such
    tokens. The first status request of a task says PENDING, the second PROCESSING, all later ones how it ended. With
    ``canceled`` or ``missing`` in the path of its URL an import fails, with ``.pdf`` at its end it makes a document.
    Equal runs get equal bodies. It does what public evidence shows; it is not HubSpot.

    Raises:
        UnknownSwitchError: if there is no such switch.
        SandboxPortError: if *port* is in use, reserved, or no port.
    """

    def __init__(self, *, port: int = 0, switches: Iterable[str] = ()) -> None:
        self._switches = checked(switches)
        self._requests: list[SandboxRequest] = []
        self._api = FilesApi()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        try:
            self._server = _Server(port, self._answer)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise SandboxPortError(port, reason) from error
        self.port: int = self._server.server_address[1]
        self.url = f"http://{_HOST}:{self.port}"

    def start(self) -> None:
        """Start to answer requests; a second call changes nothing.

        Raises:
            SandboxClosedError: if it is closed.
        """
        if self._closed:
            raise SandboxClosedError(self.url)
        if self._thread is None:
            # close() may have to wait for this interval.
            self._thread = threading.Thread(
                target=self._server.serve_forever, args=(0.02,), name=f"sandbox-{self.port}", daemon=True
            )
            self._thread.start()

    def close(self) -> None:
        """Stop at once, even if an answer stalls, and close every socket; a second call changes nothing."""
        if self._closed:
            return
        self._closed = True
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
        self._server.hang_up()
        self._server.server_close()

    def __enter__(self) -> Sandbox:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def switch(self, *names: str) -> None:
        """Replace the active switches by these; without names the sandbox is plain.

        If two contradict each other, the last one wins.

        Raises:
            UnknownSwitchError: if there is no such switch; the active ones stay.
        """
        switches = checked(names)
        with self._lock:
            self._switches = switches

    @property
    def requests(self) -> tuple[SandboxRequest, ...]:
        """All requests so far, in order."""
        with self._lock:
            return tuple(self._requests)

    def _answer(self, request: SandboxRequest) -> Answer:
        with self._lock:
            self._requests.append(request)
            return self._api.answer(request, self._switches)


class _Server(ThreadingHTTPServer):
    """The listening socket and its connections."""

    allow_reuse_port = False  # some Python versions let two servers share a port otherwise

    def __init__(self, port: int, answer: Callable[[SandboxRequest], Answer]) -> None:
        self.answer = answer
        self.closing = threading.Event()
        self._connections: set[Any] = set()
        self._changed = threading.Condition()
        super().__init__((_HOST, port), _Handler)

    def server_bind(self) -> None:
        # HTTPServer would look up the name of this host, which can take seconds.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = _HOST, self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._changed:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        with self._changed:
            self._connections.discard(request)
            self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: this is a client that disconnected, and it has an error of its own."""

    def hang_up(self) -> None:
        """End every open connection, idle or stalled, and wait until their sockets are closed."""
        self.closing.set()
        with self._changed:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._changed.wait_for(lambda: not self._connections, _CLOSE_SECONDS)


class _Handler(BaseHTTPRequestHandler):
    """One connection: reads requests, writes answers."""

    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # Nagle's algorithm makes a loopback answer take 42 ms

    def log_message(self, *args: object) -> None:
        """Print nothing: a log of requests could show a token."""

    def _serve(self) -> None:
        body = self._body()
        if body is None:
            self._write(Answer(HTTPStatus.BAD_REQUEST, sender="router"), close=True)
            return
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            key = name.lower()
            headers[key] = f"{headers[key]}, {value}" if key in headers else value
        request = SandboxRequest(self.command, self.path, MappingProxyType(headers), body)
        try:
            answer = self.server.answer(request)
        except Exception as error:  # noqa: BLE001 - the client gets the error, the server goes on
            text = f"The sandbox failed to answer: {type(error).__name__}.\n".encode()
            answer = Answer(HTTPStatus.INTERNAL_SERVER_ERROR, text, "text/plain")
        if answer.delivery == "stall":
            self.server.closing.wait(_STALL_SECONDS)
            self.close_connection = True
            return
        self._write(answer, close=answer.delivery == "cut")

    # The names that http.server calls.
    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve  # noqa: N815 - see above

    def _body(self) -> bytes | None:
        """Read the body of the request; None if its framing is invalid."""
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return self._chunks()
        length = self.headers.get("Content-Length", "0").strip()
        return self.rfile.read(int(length)) if re.fullmatch("[0-9]+", length) else None

    def _chunks(self) -> bytes | None:
        body = b""
        while size := self.rfile.readline(64).partition(b";")[0].strip():
            if not re.fullmatch(b"[0-9A-Fa-f]+", size):
                return None
            body += self.rfile.read(int(size, 16))
            end = self.rfile.readline(64)
            if int(size, 16) == 0:
                while end.strip():  # trailers
                    end = self.rfile.readline(65537)
                return body
        return None

    def _write(self, answer: Answer, *, close: bool = False) -> None:
        body, encoding = answer.body, self.headers.get("Accept-Encoding", "")
        packed = bool(body) and _takes_gzip(encoding)  # [R] 2025-08-21: gzip to a client that offers it
        if packed:
            body = gzip.compress(body, mtime=0)
        self.close_connection = self.close_connection or close
        self.send_response_only(answer.status)
        self.send_header("Date", self.date_time_string())
        if answer.content_type:
            self.send_header("Content-Type", answer.content_type)
        if packed:
            self.send_header("Content-Encoding", "gzip")
        if answer.status != HTTPStatus.NO_CONTENT:  # RFC 9110: a 204 has no Content-Length
            self.send_header("Content-Length", str(len(body)))
        for name, value in answer.headers:
            self.send_header(name, value)
        # A cut is not announced.
        announced = self.close_connection and answer.delivery != "cut"
        self.send_header("Connection", "close" if announced else "keep-alive")
        if answer.delivery == "cut":
            body, self.close_connection = body[: len(body) // 2], True
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _takes_gzip(accept_encoding: str) -> bool:
    for offer in accept_encoding.lower().split(","):
        coding, _, weight = offer.partition(";")
        if coding.strip() == "gzip":
            return re.fullmatch(r"\s*q=0(\.0*)?\s*", weight) is None
    return False
