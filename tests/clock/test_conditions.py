"""A limited wait for another thread is skipped as a sleep is, and never while that thread has something to do."""

from __future__ import annotations

import gc
import multiprocessing
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed, wait
from concurrent.futures import TimeoutError as NotDoneError
from functools import partial
from types import FrameType

import pytest

from pytest_hubfiles.clock import VirtualClock


def not_notified() -> bool:
    condition = threading.Condition()
    with condition:
        return condition.wait_for(lambda: False, 600)


def nothing_there() -> bool:
    try:
        queue.Queue[int]().get(timeout=600)
    except queue.Empty:
        return False
    return True


def not_done() -> bool:
    with ThreadPoolExecutor(1) as pool:
        sleeping = pool.submit(time.sleep, 3600)
        try:
            sleeping.result(timeout=600)
        except NotDoneError:
            return False
        finally:
            assert wait([sleeping], timeout=3001).done


WAITS: dict[str, Callable[[], bool]] = {
    "event": lambda: threading.Event().wait(600),
    "condition": not_notified,
    "semaphore": lambda: threading.Semaphore(0).acquire(timeout=600),
    "queue": nothing_there,
}


@pytest.mark.parametrize("waits", WAITS.values(), ids=WAITS)
def test_a_time_out(waits: Callable[[], bool]) -> None:
    """What nobody sets, gives or notifies is waited for until the time-out, by the clock."""
    with VirtualClock() as clock:
        assert waits() is False
        assert clock.skipped == pytest.approx(600, abs=1)


def test_who_sleeps_is_waited_for() -> None:
    """A thread that sleeps less than the time-out is in time, and one that sleeps more is not."""
    with VirtualClock() as clock:
        rung = threading.Event()
        timer = threading.Timer(20, rung.set)
        timer.start()
        assert rung.wait(600)
        timer.join()
        assert clock.skipped == pytest.approx(20, abs=1)
        assert not_done() is False
        assert clock.skipped == pytest.approx(20 + 3600, abs=2)
        with ThreadPoolExecutor(3) as pool:
            started = [pool.submit(partial(time.sleep, seconds)) for seconds in (30, 10, 20)]
            assert [started.index(done) for done in as_completed(started, timeout=60)] == [1, 2, 0]


def test_who_computes_is_waited_for() -> None:
    """No time-out comes while another thread, or another process, is at work."""

    def compute() -> int:
        return sum(range(10_000_000))

    with VirtualClock() as clock:
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(compute).result(timeout=0.01)
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            assert pool.submit(sum, [1, 2]).result(timeout=600) == 3
        assert clock.skipped == 0


def test_two_that_talk() -> None:
    """Threads that hand work to one another by queues take the time that their sleeps take, and lose nothing."""
    asked, answered = queue.Queue[int](), queue.Queue[int]()

    def answer() -> None:
        while (number := asked.get(timeout=100)) >= 0:
            time.sleep(5)
            answered.put(number * 2)

    with VirtualClock() as clock:
        thread = threading.Thread(target=answer)
        thread.start()
        for number in range(20):
            asked.put(number)
            assert answered.get(timeout=6) == number * 2
        asked.put(-1)
        thread.join()
        assert clock.skipped == pytest.approx(100, abs=2)


@pytest.fixture
def busy() -> Iterator[None]:
    """A thread that always has something to do, and nothing in this one that swallows what a signal raises.

    Hypothesis has the collector call it.
    """
    stop = threading.Event()
    thread = threading.Thread(target=lambda: all(iter(lambda: not stop.is_set(), False)))
    before = signal.getsignal(signal.SIGALRM)
    gc.disable()
    thread.start()
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        stop.set()
        thread.join()
        gc.enable()


@pytest.mark.usefixtures("busy")
def test_what_condition_promises() -> None:
    """A condition that is not held is refused, an interrupted wait gives it back, and all ends with the clock."""
    before, condition = threading.Condition.wait, threading.Condition()

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise InterruptedError

    def wait_until_interrupted() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        condition.wait(600)

    with VirtualClock():
        with pytest.raises(RuntimeError):
            condition.wait(1)
        signal.signal(signal.SIGALRM, interrupt)
        with condition, pytest.raises(InterruptedError):
            wait_until_interrupted()
        assert condition.acquire(blocking=False)
        condition.notify()  # nobody waits any more
        condition.release()
    assert threading.Condition.wait is before


@pytest.mark.usefixtures("busy")
def test_time_outs_of_a_test() -> None:
    """What the handler of a signal raises ends a wait at once, whatever the clock is looking at."""
    raised = caught = 0

    def time_out(number: int, frame: FrameType | None) -> None:
        nonlocal raised
        raised += 1
        raise TimeoutError  # which is an OSError

    with VirtualClock():
        signal.signal(signal.SIGALRM, time_out)
        while raised < 300:
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.001 + raised % 100 * 1e-5, 10)  # again if it is swallowed
                threading.Event().wait(600)
            except TimeoutError:
                caught += 1
                signal.setitimer(signal.ITIMER_REAL, 0)
    assert caught == raised
