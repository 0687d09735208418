"""Event loops that have others to wait for go on working under the virtual clock."""

from __future__ import annotations

import asyncio
import gc
import http.server
import os
import selectors
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from types import FrameType
from typing import cast

import anyio
import pytest
import tornado.gen
import trio
import trio.testing

from pytest_hubfiles.clock import VirtualClock
from pytest_hubfiles.clock.loops import GRACE, how_long

UNIT = 1_000.0


class _Slow(http.server.BaseHTTPRequestHandler):
    """Answers after some work."""

    def do_GET(self) -> None:  # the name that http.server looks for
        content = str(sum(range(3_000_000))).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Keep silent."""


@pytest.fixture
def server() -> Iterator[int]:
    """A server in threads of this process."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Slow) as served:
        thread = threading.Thread(target=served.serve_forever, args=(0.02,))
        thread.start()
        yield served.server_port
        served.shutdown()
        thread.join()


async def _ask(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.0\r\n\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


def test_server_in_a_thread(server: int) -> None:
    """A loop that waits with a time-out for a server at work in a thread does not give up."""

    async def main() -> None:
        for _ in range(3):
            assert b"200 OK" in await asyncio.wait_for(_ask(server), UNIT)
            await asyncio.sleep(UNIT)

    with VirtualClock() as clock:
        asyncio.run(main())
    assert round(clock.skipped / UNIT) == 3


def test_server_in_the_same_loop() -> None:
    """A server and its client in one loop: what the server sleeps is skipped, and the client waits for it."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        await asyncio.sleep(UNIT)
        writer.write(b"HTTP/1.0 200 OK\r\n\r\n")
        writer.close()

    async def main() -> None:
        serving = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with serving:
            port = serving.sockets[0].getsockname()[1]
            for _ in range(3):
                assert b"200 OK" in await asyncio.wait_for(_ask(port), 1.5 * UNIT)

    with VirtualClock() as clock:
        asyncio.run(main())
    assert round(clock.skipped / UNIT) == 3


def test_process() -> None:
    """A loop that waits with a time-out for a process does not give up."""

    async def main() -> int:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", "print(sum(range(3_000_000)))")
        return await asyncio.wait_for(process.wait(), UNIT)

    with VirtualClock():
        assert asyncio.run(main()) == 0


def test_loop_of_before() -> None:
    """A loop that was made before the clock was put on is served, and really waits again afterwards."""
    loop, select = asyncio.new_event_loop(), selectors.DefaultSelector.select
    try:
        loop.run_until_complete(asyncio.sleep(0))
        with VirtualClock() as clock:
            loop.run_until_complete(asyncio.sleep(UNIT))
        assert round(clock.skipped / UNIT) == 1
        assert selectors.DefaultSelector.select is select
        loop.run_until_complete(asyncio.sleep(0.001))
        assert round(clock.skipped / UNIT) == 1
    finally:
        loop.close()


def test_callbacks_come_first() -> None:
    """Whatever is ready runs before time is skipped."""
    seen: list[int] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.call_soon_threadsafe(lambda: seen.append(round(clock.now)))
        loop.call_later(UNIT, lambda: seen.append(round(clock.now / UNIT)))
        await asyncio.sleep(2 * UNIT)

    with VirtualClock() as clock:
        asyncio.run(main())
    assert seen == [0, 1]


def test_time_outs() -> None:
    """A time-out comes at its time, in asyncio, tornado, anyio and trio."""

    async def in_asyncio() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.sleep(9 * UNIT), UNIT)

    async def in_tornado() -> None:
        await tornado.gen.sleep(UNIT)

    async def in_anyio() -> None:
        with anyio.move_on_after(UNIT) as scope:
            await anyio.sleep(9 * UNIT)
        assert scope.cancelled_caught

    with VirtualClock() as clock:
        for number, run in enumerate(
            (
                lambda: asyncio.run(in_asyncio()),
                lambda: asyncio.run(in_tornado()),
                lambda: anyio.run(in_anyio, backend="asyncio"),
                lambda: anyio.run(in_anyio, backend="trio"),
                lambda: trio.run(in_anyio),
            ),
            1,
        ):
            run()
            assert round(clock.now / UNIT) == number


def test_trio_socket(server: int) -> None:
    """A run of trio that waits with a time-out for a server at work in a thread does not give up."""

    async def main() -> None:
        for _ in range(3):
            with trio.fail_after(UNIT):
                stream = await trio.open_tcp_stream("127.0.0.1", server)
                await stream.send_all(b"GET / HTTP/1.0\r\n\r\n")
                assert b"200 OK" in await stream.receive_some()
                await stream.aclose()
            await trio.sleep(UNIT)

    with VirtualClock() as clock:
        trio.run(main)
    assert round(clock.skipped / UNIT) == 3


def test_clock_of_the_caller() -> None:
    """A run of trio with a clock of its caller's keeps that."""
    with VirtualClock() as clock:
        trio.run(trio.sleep, UNIT, clock=trio.testing.MockClock(autojump_threshold=0))
    assert clock.now == 0


def test_run_by_a_host_loop() -> None:
    """A run of trio as the guest of another loop is served."""
    loop = asyncio.new_event_loop()

    async def main() -> None:
        await trio.sleep(UNIT)

    async def host() -> None:
        done = asyncio.Event()
        trio.lowlevel.start_guest_run(
            main,
            run_sync_soon_threadsafe=loop.call_soon_threadsafe,
            done_callback=lambda outcome: done.set(),
        )
        await done.wait()

    try:
        with VirtualClock() as clock:
            loop.run_until_complete(host())
    finally:
        loop.close()
    assert round(clock.now / UNIT) == 1


def test_poll_without_sleep() -> None:
    """A loop that yields without end has its own clock go on as real time does, and nothing is skipped."""

    async def main() -> None:
        until = time.monotonic() + 0.01
        while time.monotonic() < until:
            await asyncio.sleep(0)

    with VirtualClock() as clock:
        asyncio.run(main())
    assert clock.skipped == 0


def test_what_is_waited_for() -> None:
    """A process is really waited for, a connection for a moment, and a server that listens not at all."""
    here, there = socket.socketpair()
    reading, writing = os.pipe()
    with selectors.DefaultSelector() as selector, here, there, socket.create_server(("127.0.0.1", 0)) as listener:
        selector.register(here, selectors.EVENT_READ)  # as the loop's own
        selector.register(listener, selectors.EVENT_READ)
        assert how_long(selector.get_map()) == 0
        selector.register(there.fileno(), selectors.EVENT_READ)
        assert how_long(selector.get_map()) == GRACE
        selector.register(reading, selectors.EVENT_READ)
        assert how_long(selector.get_map()) is None
    os.close(reading)
    os.close(writing)


class Interrupted:
    """What stands for a descriptor while the handler of a signal raises."""

    def __index__(self) -> int:
        """Raise as a time-out of the test does."""
        raise TimeoutError("the test took too long")  # which is an OSError


def test_what_the_handler_of_a_signal_raises_is_raised() -> None:
    """It is no answer of the system to what a loop waits for; a descriptor that is closed is one."""
    with pytest.raises(TimeoutError, match="too long"):
        how_long({0: selectors.SelectorKey(0, cast("int", Interrupted()), 0, None)})
    reading, writing = os.pipe()
    os.close(reading)
    os.close(writing)
    assert how_long({0: selectors.SelectorKey(0, reading, 0, None)}) is None


def test_what_the_handler_of_a_signal_leaves_open() -> None:
    """The sockets of a loop stay open, wherever in a look at them the handler raises."""
    raised = 0

    def time_out(number: int, frame: FrameType | None) -> None:
        nonlocal raised
        raised += 1
        raise TimeoutError

    here, there = socket.socketpair()
    before = signal.signal(signal.SIGALRM, time_out)
    gc.disable()  # Hypothesis has the collector call it, and that swallows what is raised in it
    try:
        with selectors.DefaultSelector() as selector, here, there:
            selector.register(here, selectors.EVENT_READ)
            selector.register(there, selectors.EVENT_READ)
            while raised < 300:
                with suppress(TimeoutError):
                    signal.setitimer(signal.ITIMER_REAL, 0.0005 + raised % 100 * 1e-6, 10)  # again if it is swallowed
                    while True:
                        how_long(selector.get_map())
            here.send(b"open")
            assert there.recv(4) == b"open"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        gc.enable()
