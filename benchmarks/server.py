"""A server on loopback that answers at once, in a process of its own: what it costs is nobody's."""

from __future__ import annotations

import asyncio
import socket
import sys

from benchmarks.suites import PAYLOAD, TASK

_TYPES = b"Content-Type: application/json;charset=utf-8\r\nDate: Mon, 05 Oct 2026 09:14:05 GMT\r\n"


def _answer(status: bytes, body: bytes) -> bytes:
    return b"HTTP/1.1 " + status + b"\r\n" + _TYPES + b"Content-Length: %d\r\n\r\n" % len(body) + body


_STARTED = _answer(b"202 Accepted", b'{"id": "%s"}' % TASK.encode())
_POLLED = _answer(b"200 OK", PAYLOAD)


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    # Without this an answer waits 40 ms for the client's acknowledgement, and hides all that is to be measured.
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            _, _, length = head.partition(b"content-length: ")
            if length:
                await reader.readexactly(int(length.split(b"\r\n")[0]))
            writer.write(_STARTED if head.startswith(b"post") else _POLLED)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main() -> None:
    """Serve until standard input is closed; print the address first."""
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    sys.stdout.write(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
