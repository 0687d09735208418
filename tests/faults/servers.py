"""A server on a raw socket: what it says, and where it breaks off, is up to the byte."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from types import TracebackType


class Then(Enum):
    """What becomes of a connection instead of more bytes."""

    STALL = "nothing is said until the client goes away"
    RESET = "the connection is reset"


@dataclass(frozen=True)
class ReceivedRequest:
    """A request as it came over the wire."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


_TLS = b"\x16\x03"
Answer = Callable[[ReceivedRequest], Iterable["bytes | Then"]]


class RawServer(contextlib.AbstractContextManager["RawServer"]):
    """Answers each connection's one request with the bytes that *answer* gives, and closes it.

    ``asked`` is what it was asked.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))
        self._udp.setblocking(False)
        self._connections = self._own = 0
        self.asked: list[ReceivedRequest] = []
        self._open: set[socket.socket] = set()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def connections(self) -> int:
        """Return how many connections there were so far; those that wait to be taken are taken first."""
        with socket.create_connection(("127.0.0.1", self.port)) as own:  # taken in the order in which they came
            self._own += 1
            own.shutdown(socket.SHUT_WR)
            own.recv(1)
        return self._connections - self._own

    def datagrams(self) -> int:
        """Return how many datagrams have come in since this was last called."""
        count = 0
        with contextlib.suppress(OSError):
            while self._udp.recv(65536):
                count += 1
        return count

    def __enter__(self) -> RawServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        self._udp.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections += 1
            self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            asked = _read(connection)
            if asked is not None:
                self.asked.append(asked)
                self._say(connection, self._answer(asked))
        self._open.discard(connection)

    def _say(self, connection: socket.socket, steps: Iterable[bytes | Then]) -> None:
        for step in steps:
            if step is Then.STALL:
                while connection.recv(4096):
                    pass
            elif step is Then.RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            else:
                connection.sendall(step)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):  # or what the client still sends would turn into a reset
            pass


def _read(connection: socket.socket) -> ReceivedRequest | None:
    read = b""
    while b"\r\n\r\n" not in read:
        more = connection.recv(65536)
        if not more or more.startswith(_TLS):  # whose client would wait for an answer to it
            return None
        read += more
    head, _, body = read.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    chunked = headers.get("transfer-encoding", "").lower() == "chunked"
    length = int(headers.get("content-length", 0))
    while (chunked and not body.endswith(b"0\r\n\r\n")) or len(body) < length:
        more = connection.recv(65536)
        if not more:
            return None
        body += more
    method, path, *_ = [*first.split(" "), "", ""]
    return ReceivedRequest(method, path, headers, body)


def reply(
    body: bytes = b"", status: int = 200, reason: str = "OK", content_type: str | None = "application/json", **more: str
) -> bytes:
    """Return a whole answer as it goes over the wire; *more* are headers, ``_`` for ``-``."""
    headers = {"Date": "Mon, 05 Oct 2026 09:14:05 GMT", "Content-Length": str(len(body)), "Connection": "close"}
    if content_type is not None:
        headers["Content-Type"] = content_type
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
