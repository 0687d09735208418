"""A sleep is skipped wherever the program holds the function, and everything is as it was when the clock is off."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import ModuleType

import pytest

from pytest_hubfiles.clock import VirtualClock, prepare
from pytest_hubfiles.clock.places import find

DAY = 86_400


def _default(sleep: Callable[[float], None] = time.sleep) -> None:
    sleep(DAY)


def _keyword(*, sleep: Callable[[float], None] = time.sleep) -> None:
    sleep(DAY)


class InClass:
    """Holds sleep in its namespace."""

    plain = time.sleep


class InStaticMethod:
    """Holds sleep as a static method."""

    static = staticmethod(time.sleep)


class InInstance:
    """Holds sleep in an instance."""

    def __init__(self) -> None:
        self.sleep = time.sleep


@dataclass(frozen=True, slots=True)
class InSlot:
    """Holds sleep in a slot."""

    sleep: Callable[[float], None] = time.sleep


def _closure() -> Callable[[], None]:
    sleep = time.sleep

    def sleeps() -> None:
        sleep(DAY)

    return sleeps


in_instance, in_slot, in_closure, in_dict, in_list = InInstance(), InSlot(), _closure(), {"s": time.sleep}, [time.sleep]
by_value = time.sleep

PLACES: dict[str, tuple[Callable[[], None], Callable[[], object]]] = {
    "attribute of time": (lambda: time.sleep(DAY), lambda: time.sleep),
    "name in a module": (lambda: by_value(DAY), lambda: by_value),
    "default": (_default, lambda: _default.__defaults__),
    "keyword default": (_keyword, lambda: _keyword.__kwdefaults__),
    "class": (lambda: InClass.plain(DAY), lambda: vars(InClass)["plain"]),
    "class through an instance": (lambda: InClass().plain(DAY), lambda: vars(InClass)["plain"]),
    "static method": (lambda: InStaticMethod().static(DAY), lambda: vars(InStaticMethod)["static"]),
    "instance": (lambda: in_instance.sleep(DAY), lambda: in_instance.sleep),
    "slot": (lambda: in_slot.sleep(DAY), lambda: in_slot.sleep),
    "closure": (in_closure, lambda: in_closure.__closure__[0].cell_contents),  # type: ignore[index]
    "dict": (lambda: in_dict["s"](DAY), lambda: in_dict["s"]),
    "list": (lambda: in_list[0](DAY), lambda: in_list[0]),
}


@pytest.mark.parametrize(("sleeps", "held"), PLACES.values(), ids=PLACES)
def test_every_holder(sleeps: Callable[[], None], held: Callable[[], object]) -> None:
    """The sleep is skipped whoever holds it, and afterwards the very same object is held."""
    before = held()
    kept = dict(before) if isinstance(before, dict) else before

    with VirtualClock() as clock:
        sleeps()
        assert round(clock.skipped / DAY) == 1

    assert held() == kept
    assert held() is before


def test_class_made_meanwhile() -> None:
    """A class made while the clock is on may hold a clock as it holds that of the module time: it is no method."""
    with VirtualClock() as clock:

        class Made:
            sleep, now = time.sleep, time.monotonic

        Made().sleep(DAY)
        assert Made().now() >= DAY
        assert round(clock.now / DAY) == 1


def test_prepared() -> None:
    """What was prepared is used by the next clock, and new modules have the places looked for again."""
    prepare()
    module = sys.modules["made_meanwhile"] = ModuleType("made_meanwhile")
    try:
        module.sleep = time.sleep  # type: ignore[attr-defined]
        with VirtualClock() as clock:
            module.sleep(DAY)
        assert round(clock.skipped / DAY) == 1
    finally:
        del sys.modules["made_meanwhile"]


def test_put_on_from_what_was_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is looked for when the clock is put on after it was prepared."""
    prepare()
    monkeypatch.setattr("gc.get_referrers", lambda *objects: pytest.fail("the places were looked for"))
    with VirtualClock() as clock:
        by_value(DAY)
    assert round(clock.skipped / DAY) == 1


def test_nothing_is_kept_alive() -> None:
    """An object that held a sleep is free to go once the clock is off."""
    import gc
    import weakref

    holder = InInstance()
    gone = weakref.ref(holder)
    with VirtualClock():
        holder.sleep(DAY)
    del holder
    gc.collect()
    assert gone() is None


def test_replaced_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test itself has put in the place of a sleep stays, and what it puts back later works as ever."""
    mine = partial(print, "mine")
    with VirtualClock():
        monkeypatch.setattr(time, "sleep", mine)
    assert time.sleep is mine

    monkeypatch.undo()  # which puts back what it found: ours
    time.sleep(0)
    with pytest.raises(ValueError, match="non-negative"):
        time.sleep(-1)
    time.sleep = by_value  # type: ignore[assignment]


def test_measuring_the_run() -> None:
    """What pytest measures with, and what says how long a process is really waited for, is left alone."""
    import subprocess

    import _pytest.timing

    def clocks() -> tuple[object, ...]:
        return _pytest.timing.perf_counter, _pytest.timing.sleep, vars(subprocess)["_time"]

    before = clocks()
    with VirtualClock():
        assert clocks() == before


def test_what_is_found() -> None:
    """Only places that can be given another function are found."""

    def alone() -> None:
        """Be held by this test's variable and by the dict alone."""

    held = {"a": alone, "b": [alone, 1], "c": (alone,)}
    found = find([alone])
    assert sorted((type(place.owner).__name__, place.name) for place in found if place.owner in (held, held["b"])) == [
        ("dict", "a"),
        ("list", 0),
    ]
