"""A test's own clocks, of time-machine and freezegun, go on as they would if the sleeps were real."""

from __future__ import annotations

import datetime as dt
import threading
import time

import freezegun
import pytest
import time_machine

from pytest_hubfiles.clock import VirtualClock

DAY = 86_400


def test_time_machine_within() -> None:
    """Of time-machine's times, one that ticks moves on by what is slept, one that does not stays."""
    with VirtualClock():
        for tick, days in ((True, 1), (False, 0)):
            with time_machine.travel(0, tick=tick):
                time.sleep(DAY)
                assert round(time.time() / DAY) == days


@pytest.mark.parametrize(("tick", "days"), [(True, 1), (False, 0)], ids=["ticks", "stands"])
def test_time_machine_around(tick: bool, days: int) -> None:
    """So do those that are on already, and they are as they were when the clock is off."""
    with time_machine.travel(0, tick=tick):
        with VirtualClock() as clock:
            time.sleep(DAY)
            assert round(time.time() / DAY) == days
            assert round(clock.now / DAY) == 1
        assert time_machine.escape_hatch.is_travelling()
    assert not time_machine.escape_hatch.is_travelling()


def test_freezegun_within() -> None:
    """What freezegun has frozen stays, what ticks moves on, and afterwards every clock is virtual again."""
    before = time.monotonic()
    with VirtualClock():
        with freezegun.freeze_time("2020-01-01"):
            frozen = time.monotonic()
            time.sleep(DAY)
            assert dt.datetime.now() == dt.datetime(2020, 1, 1)
            assert time.monotonic() == frozen
        with freezegun.freeze_time("2020-01-01", tick=True):
            time.sleep(DAY)
            assert dt.datetime.now().date() == dt.date(2020, 1, 2)
        time.sleep(DAY)
        assert round((time.monotonic() - before) / DAY) == 3
    assert round((time.monotonic() - before) / DAY) == 0


def test_freezegun_around() -> None:
    """A time that was frozen before stays frozen, and is as real as ever when all is over."""
    monotonic = time.monotonic
    with freezegun.freeze_time("2020-01-01"), VirtualClock() as clock:
        time.sleep(DAY)
        assert dt.datetime.now() == dt.datetime(2020, 1, 1)
        assert round(clock.skipped / DAY) == 1
    assert time.monotonic is monotonic


def test_freezegun_beside_an_idle_thread() -> None:
    """Whether others are idle is seen by the real clock, also where a frozen one was put in its place."""
    left = threading.Event()
    threading.Thread(target=left.wait, daemon=True).start()
    try:
        with freezegun.freeze_time("2020-01-01"), VirtualClock() as clock:
            time.sleep(DAY)
            assert round(clock.skipped / DAY) == 1
    finally:
        left.set()
