"""Sleepers wake in the order of their times, and time is skipped only where nobody has anything to do."""

from __future__ import annotations

import asyncio
import heapq
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import anyio
import pytest
import trio
from helpers.patience import PATIENCE
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_hubfiles.clock import VirtualClock
from pytest_hubfiles.clock.threads import Quiet, everybody

UNIT = 1_000.0
"""Seconds of a sleep: so many that what a slow machine really takes in between does not count."""

Woken = list[tuple[int, int]]
"""When somebody woke, in units, and who it was."""


def model(sleepers: Sequence[Sequence[int]]) -> Woken:
    """Return who wakes when, by a simulation of discrete events."""
    woken: Woken = []
    events = [(sleeps[0], number, 0) for number, sleeps in enumerate(sleepers) if sleeps]
    heapq.heapify(events)
    while events:
        now, number, step = heapq.heappop(events)
        woken.append((now, number))
        if step + 1 < len(sleepers[number]):
            heapq.heappush(events, (now + sleepers[number][step + 1], number, step + 1))
    return woken


def in_threads(sleepers: Sequence[Sequence[int]], woke: Callable[[int], None]) -> None:
    """Have each of *sleepers* sleep in a thread of its own."""
    ready = threading.Barrier(len(sleepers))

    def sleep(number: int) -> None:
        ready.wait()
        for seconds in sleepers[number]:
            time.sleep(seconds * UNIT)
            woke(number)

    threads = [threading.Thread(target=sleep, args=(number,)) for number in range(len(sleepers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def in_pool(sleepers: Sequence[Sequence[int]], woke: Callable[[int], None]) -> None:
    """Have each of *sleepers* sleep in a thread of a pool, while a loop waits for them with a time-out."""

    def sleep(number: int) -> None:
        for seconds in sleepers[number]:
            time.sleep(seconds * UNIT)
            woke(number)

    async def main() -> None:
        with ThreadPoolExecutor(len(sleepers)) as pool:
            loop = asyncio.get_running_loop()
            tasks = [loop.run_in_executor(pool, sleep, number) for number in range(len(sleepers))]
            await asyncio.wait_for(asyncio.gather(*tasks), 1_000 * UNIT)

    asyncio.run(main())


def in_asyncio(sleepers: Sequence[Sequence[int]], woke: Callable[[int], None]) -> None:
    """Have each of *sleepers* sleep in a task of asyncio."""

    async def sleep(number: int) -> None:
        for seconds in sleepers[number]:
            await asyncio.sleep(seconds * UNIT)
            woke(number)

    async def main() -> None:
        await asyncio.gather(*map(sleep, range(len(sleepers))))

    asyncio.run(main())


def in_trio(sleepers: Sequence[Sequence[int]], woke: Callable[[int], None]) -> None:
    """Have each of *sleepers* sleep in a task of trio."""

    async def sleep(number: int) -> None:
        for seconds in sleepers[number]:
            await trio.sleep(seconds * UNIT)
            woke(number)

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            for number in range(len(sleepers)):
                nursery.start_soon(sleep, number)

    trio.run(main)


def in_anyio(sleepers: Sequence[Sequence[int]], woke: Callable[[int], None], backend: str) -> None:
    """Have every second of *sleepers* sleep in a task of anyio, and the others in a thread of anyio's."""

    async def sleep(number: int) -> None:
        for seconds in sleepers[number]:
            await anyio.sleep(seconds * UNIT)
            woke(number)

    def sleep_in_thread(number: int) -> None:
        for seconds in sleepers[number]:
            time.sleep(seconds * UNIT)
            woke(number)

    async def main() -> None:
        async with anyio.create_task_group() as group:
            for number in range(len(sleepers)):
                if number % 2:
                    group.start_soon(anyio.to_thread.run_sync, sleep_in_thread, number)
                else:
                    group.start_soon(sleep, number)

    anyio.run(main, backend=backend)


WAYS: dict[str, Callable[[Sequence[Sequence[int]], Callable[[int], None]], None]] = {
    "threads": in_threads,
    "pool": in_pool,
    "asyncio": in_asyncio,
    "trio": in_trio,
    "anyio over asyncio": lambda sleepers, woke: in_anyio(sleepers, woke, "asyncio"),
    "anyio over trio": lambda sleepers, woke: in_anyio(sleepers, woke, "trio"),
}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@settings(max_examples=15)
@given(sleepers=st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=4), min_size=1, max_size=6))
def test_as_discrete_events(
    way: Callable[[Sequence[Sequence[int]], Callable[[int], None]], None], sleepers: Sequence[Sequence[int]]
) -> None:
    """Whoever sleeps in whatever way: the order of wake-ups and the total are those of a discrete-event simulation."""
    woken: Woken = []
    with VirtualClock() as clock:
        way(sleepers, lambda number: woken.append((round(clock.now / UNIT), number)))

    expected = model(sleepers)
    assert [now for now, _ in woken] == [now for now, _ in expected]
    assert sorted(woken) == sorted(expected)  # of several that wake at one time, any may come first
    assert round(clock.now / UNIT) == expected[-1][0]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_twenty_at_once(way: Callable[[Sequence[Sequence[int]], Callable[[int], None]], None]) -> None:
    """Twenty that sleep for two units at once take two, not forty."""
    with VirtualClock() as clock:
        way([[2]] * 20, lambda number: None)
    assert round(clock.now / UNIT) == 2


def _computes() -> int:
    return sum(range(3_000_000))


RUNS: dict[str, Callable[[Callable[[], object]], object]] = {
    "asyncio": lambda work: asyncio.run(_within(work)),
    "trio": lambda work: trio.run(_within_trio, work),
    "thread": lambda work: _beside(work),  # noqa: PLW0108  # defined below
}


async def _within(work: Callable[[], object]) -> None:
    await asyncio.wait_for(asyncio.to_thread(work), UNIT)


async def _within_trio(work: Callable[[], object]) -> None:
    with trio.fail_after(UNIT):
        await trio.to_thread.run_sync(work)


def _beside(work: Callable[[], object]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(UNIT)
    assert not thread.is_alive()


WORK: dict[str, Callable[[], object]] = {
    "computes": _computes,
    "waits for a process": lambda: subprocess.run([sys.executable, "-c", "pass"], check=True),
    "reads from a process": lambda: subprocess.check_output([sys.executable, "-c", "print(1)"], timeout=UNIT),
}


@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_busy_thread(run: Callable[[Callable[[], object]], object], work: Callable[[], object]) -> None:
    """No time is skipped while a thread is at work: nothing that waits for it with a time-out gives up."""
    done: list[float] = []
    with VirtualClock() as clock:
        run(lambda: (work(), done.append(clock.now)))
    assert [round(now / UNIT) for now in done] == [0]


def test_work_handed_over() -> None:
    """What one thread hands to another is done before time is skipped."""
    tasks: queue.Queue[int | None] = queue.Queue()
    seen: list[tuple[int, int]] = []

    def work() -> None:
        for task in iter(tasks.get, None):
            seen.append((task, round(clock.now / UNIT)))

    thread = threading.Thread(target=work)
    with VirtualClock() as clock:
        thread.start()
        for number in range(100):
            tasks.put(number)
            time.sleep(UNIT)
        tasks.put(None)
        thread.join()
    assert seen == [(number, number) for number in range(100)]


def test_pool_that_was_there_before() -> None:
    """A pool's idle workers keep nobody from skipping, and what they are given is done in time."""

    async def main(pool: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(20):
            await asyncio.wait_for(loop.run_in_executor(pool, sum, range(1000)), UNIT)
            await asyncio.sleep(UNIT)

    with ThreadPoolExecutor(3) as pool:
        pool.submit(int).result()
        with VirtualClock() as clock:
            asyncio.run(main(pool))
    assert round(clock.now / UNIT) == 20


def test_thread_that_was_there_before() -> None:
    """A thread that stands where it stood when the clock was put on keeps nobody from skipping."""
    lock = threading.Lock()
    lock.acquire()
    thread = threading.Thread(target=lambda: lock.acquire(timeout=PATIENCE))
    thread.start()
    while not _stands_in(thread, "<lambda>"):
        time.sleep(0)
    with VirtualClock() as clock:
        time.sleep(UNIT)
    lock.release()
    thread.join()
    assert round(clock.skipped / UNIT) == 1


def _stands_in(thread: threading.Thread, function: str) -> bool:
    frame = sys._current_frames().get(thread.ident or 0)
    return frame is not None and frame.f_code.co_name == function


def test_seen_once_is_not_enough() -> None:
    """A thread is idle once it was seen so for longer than one that has work would wait for the interpreter."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()
        interval, before = sys.getswitchinterval(), everybody()
        quiet = Quiet(before)
        while not quiet.looks_so([]):
            time.sleep(interval)
        sys.setswitchinterval(PATIENCE)
        try:
            quiet = Quiet(before)
            assert not any(quiet.looks_so([]) for _ in range(10))
        finally:
            sys.setswitchinterval(interval)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_forked_beside_a_sleeper() -> None:
    """A forked child waits for no sleeper that it does not have."""
    with VirtualClock():
        thread = threading.Thread(target=time.sleep, args=(UNIT,))
        thread.start()
        while not _stands_in(thread, "_really_sleep"):
            pass
        child = os.fork()
        if child == 0:
            signal.alarm(int(PATIENCE))
            time.sleep(2 * UNIT)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        thread.join()


def test_sleeper_left_behind() -> None:
    """Who still sleeps when the clock is off does not skip any more."""
    began = threading.Event()

    def sleeps() -> None:
        sleep = time.sleep  # the one of the clock, whatever becomes of that
        began.set()
        sleep(0.2)

    with VirtualClock() as clock:
        thread: threading.Thread | None = None
        while thread is None or not _stands_in(thread, "_really_sleep"):  # this thread is busy: nothing is skipped
            if thread is None or not thread.is_alive():  # it may have slept while this process was held up
                began.clear()
                thread = threading.Thread(target=sleeps)
                thread.start()
                began.wait()
    thread.join()
    assert clock.now == 0
