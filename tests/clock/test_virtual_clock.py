"""While the virtual clock is on, sleeps return at once, and every clock of the program moves on by as much."""

from __future__ import annotations

import _thread
import datetime as dt
import decimal
import os
import signal
import threading
import time
from collections.abc import Callable

import pytest
from helpers.patience import PATIENCE

from pytest_hubfiles.clock import TwoClocksError, VirtualClock, active, prepare

DAY = 86_400


def _day_of(text: str) -> float:
    return time.mktime(time.strptime(text, "%a %b %d %H:%M:%S %Y"))


# Each reads what the module holds when it is called.
CLOCKS: dict[str, Callable[[], float]] = {
    "time": lambda: time.time(),  # noqa: PLW0108
    "time_ns": lambda: time.time_ns() / 1e9,
    "monotonic": lambda: time.monotonic(),  # noqa: PLW0108
    "monotonic_ns": lambda: time.monotonic_ns() / 1e9,
    "perf_counter": lambda: time.perf_counter(),  # noqa: PLW0108
    "perf_counter_ns": lambda: time.perf_counter_ns() / 1e9,
    "datetime.now": lambda: dt.datetime.now().timestamp(),
    "datetime.now with a zone": lambda: dt.datetime.now(dt.timezone.utc).timestamp(),
    "datetime.utcnow": lambda: dt.datetime.utcnow().replace(tzinfo=dt.timezone.utc).timestamp(),
    "datetime.today": lambda: dt.datetime.today().timestamp(),
    "date.today": lambda: dt.date.today().toordinal() * DAY,
    "gmtime": lambda: time.mktime(time.gmtime()),
    "localtime": lambda: time.mktime(time.localtime()),
    "strftime": lambda: _day_of(time.strftime("%a %b %d %H:%M:%S %Y")),
    "ctime": lambda: _day_of(time.ctime()),
    "asctime": lambda: _day_of(time.asctime()),
}


@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")
@pytest.mark.parametrize("reads", CLOCKS.values(), ids=CLOCKS)
def test_every_clock(reads: Callable[[], float]) -> None:
    """Each clock moves on by what was slept, and shows real time when the virtual clock is off."""
    before = reads()
    with VirtualClock() as clock:
        time.sleep(30 * DAY)
        assert round((reads() - before) / DAY) == 30
        assert round(clock.now / DAY) == round(clock.skipped / DAY) == 30
    assert round((reads() - before) / DAY) == 0


class _Index:
    def __index__(self) -> int:
        return 5


WRONG = [(), (1, 2), ("1",), (None,), (-1,), (-0.5,), (float("nan"),), (float("inf"),), (1e300,), (10**30,)]
WRONG += [(decimal.Decimal(1),)] * (not hasattr(decimal.Decimal, "__index__"))


@pytest.mark.parametrize("arguments", WRONG, ids=repr)
def test_wrong_arguments(arguments: tuple[object, ...]) -> None:
    """What Python refuses is refused with Python's own error, and moves no clock."""
    with pytest.raises(Exception) as really:  # noqa: PT011  # whatever Python raises
        time.sleep(*arguments)  # type: ignore[arg-type,call-arg]
    with VirtualClock() as clock, pytest.raises(type(really.value)) as virtually:
        time.sleep(*arguments)  # type: ignore[arg-type,call-arg]
    assert str(virtually.value) == str(really.value)
    assert clock.now == 0


@pytest.mark.parametrize(("argument", "seconds"), [(0, 0), (0.0, 0), (True, 1), (2.5, 2.5), (_Index(), 5), (9e9, 9e9)])
def test_arguments(argument: float, seconds: float) -> None:
    """Whatever Python takes for seconds is skipped: whole numbers, fractions, what can be an index, centuries."""
    with VirtualClock() as clock:
        time.sleep(argument)
    assert clock.skipped == pytest.approx(seconds, abs=0.4)


def test_stretched() -> None:
    """A stretched clock moves on by a multiple of what was skipped."""
    with VirtualClock(stretch=10) as clock:
        before = time.monotonic()
        time.sleep(DAY)
        assert round((time.monotonic() - before) / DAY) == 10
        clock.stretch = 1
        time.sleep(DAY)
    assert (round(clock.now / DAY), round(clock.skipped / DAY)) == (11, 2)


def test_hook() -> None:
    """The hook is called at each skip, sees the clock moved on, and ends the sleeper's code if it raises."""
    seen: list[tuple[int, int]] = []

    def note(seconds: float) -> None:
        seen.append((round(seconds / DAY), round(clock.now / DAY)))
        if len(seen) == 3:
            raise TimeoutError("slept enough")

    with VirtualClock(on_skip=note) as clock, pytest.raises(TimeoutError, match="slept enough"):  # noqa: PT012
        while True:
            time.sleep(DAY)
    assert seen == [(1, 1), (1, 2), (1, 3)]


def test_one_at_a_time() -> None:
    """A second clock is refused with a hint at the first, which goes on working."""
    assert active() is None
    with VirtualClock() as clock:
        with pytest.raises(TwoClocksError, match=r"active\(\)"), VirtualClock():
            pass
        assert active() is clock
        time.sleep(DAY)
    assert round(clock.skipped / DAY) == 1
    assert active() is None


def test_put_back_after_an_error() -> None:
    """An error within leaves nothing behind."""
    before = (time.sleep, time.monotonic, time.perf_counter_ns, time.ctime)
    with pytest.raises(ZeroDivisionError), VirtualClock():
        raise ZeroDivisionError
    assert (time.sleep, time.monotonic, time.perf_counter_ns, time.ctime) == before


def test_keyboard_interrupt() -> None:
    """A sleep that waits for a busy thread is interrupted as a real one."""
    interrupted = threading.Event()

    def is_busy() -> None:
        _thread.interrupt_main()
        while not interrupted.is_set():
            pass

    thread = threading.Thread(target=is_busy)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a run in the background may ignore it
    with VirtualClock():
        try:
            with pytest.raises(KeyboardInterrupt):  # noqa: PT012  # it may come as soon as the thread is started
                thread.start()
                time.sleep(PATIENCE)
        finally:
            interrupted.set()
            thread.join()
            signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize("is_on", [True, False], ids=["on", "prepared"])
def test_forked(is_on: bool) -> None:
    """A forked child goes on under the clock, or puts on one that was prepared, and moves no clock of its parent."""
    prepare()
    clock = VirtualClock()
    if is_on:
        clock.__enter__()
    try:
        child = os.fork()
        if child == 0:
            _sleep_and_exit(active())
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert clock.now == 0
    finally:
        if is_on:
            clock.__exit__(None, None, None)


def _sleep_and_exit(clock: VirtualClock | None) -> None:
    signal.alarm(int(PATIENCE))
    status = 1
    try:
        clock = clock or VirtualClock().__enter__()
        before = time.time()
        time.sleep(DAY)
        status = int(round((time.time() - before) / DAY) != 1)
    finally:
        os._exit(status)
