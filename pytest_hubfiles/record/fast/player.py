"""Answers the clients of a test that replays, and has vcrpy take over where it cannot."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, ExitStack
from functools import cached_property
from types import TracebackType
from typing import Any, Final

from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.own_work import own_work_while_sending
from pytest_hubfiles.record.clients import Client
from pytest_hubfiles.record.fast.late_imports import LateImports
from pytest_hubfiles.record.fast.places import Asking, Places
from pytest_hubfiles.record.log_filter import filter_new_loggers

_NEEDS_VCRPY: Final = sys.version_info < (3, 11)  # vcrpy 8.5 patches piece by piece: other threads would slip through
_REWRITTEN: Final = re.compile(r"/\.|#|\s")  # what some clients remove from a URL before they send it

Find = Callable[[str, str, bytes, Iterable[tuple[Any, Any]]], "Interaction | None"]


class Player(AbstractContextManager["Player"]):
    """While it is entered, *find* is asked for the answer to each request, *is_hubspot* whether a URL is HubSpot's.

    Where *find* has none, vcrpy answers, as if it had done so from the start of the test: *patched_beneath* returns
    what gives a function that puts its patches under those of the test. It is called at each such request: what the
    test itself has patched is put on when that is over.
    Where somebody else had patched a client before the test, *patched* returns what puts vcrpy's patches over that.
    """

    def __init__(
        self,
        find: Find,
        is_hubspot: Callable[[str], bool],
        patched: Callable[[], AbstractContextManager[Any]],
        patched_beneath: Callable[[], AbstractContextManager[Callable[[], None]]],
    ) -> None:
        self._find, self.is_hubspot = find, is_hubspot
        self._patched, self._make_beneath = patched, patched_beneath
        self._lock = threading.RLock()
        self._entered = ExitStack()
        self._put_on: Callable[[], None] | None = None  # once vcrpy has taken over

    def __enter__(self) -> Player:
        if _NEEDS_VCRPY or not _PLACES.update() or not _PLACES.are_free:
            self._entered.enter_context(self._patched())
            return self
        _put_on()
        _active.append(self)
        if _LATE_IMPORTS not in sys.meta_path:
            sys.meta_path.insert(0, _LATE_IMPORTS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            if self in _active:
                _active.remove(self)
        self._entered.__exit__(kind, error, trace)
        if not _active:
            if _LATE_IMPORTS in sys.meta_path:  # the test may have removed it
                sys.meta_path.remove(_LATE_IMPORTS)
            for point in _PLACES.made:
                point.take_off()

    @property
    def is_on(self) -> bool:
        """Whether vcrpy has not taken over."""
        return self._put_on is None

    def answer(self, method: str, url: str, body: bytes, headers: Iterable[tuple[Any, Any]]) -> Interaction | None:
        """Return the recorded answer to a request, None if vcrpy or the client has to answer."""
        return None if _REWRITTEN.search(url) else self._find(method, url, body, headers)

    @cached_property
    def _patched_beneath(self) -> AbstractContextManager[Callable[[], None]]:
        return self._make_beneath()

    def hand_over(self) -> bool:
        """Use vcrpy for the rest of the test; return whether that is new."""
        with _LATE_IMPORTS.ignored(), own_work_while_sending():
            beneath = self._patched_beneath  # imports it, outside the lock: an import waits for others that import
            with self._lock:  # other threads wait until vcrpy's patches are on
                if self not in _active:
                    return False
                is_new = self._put_on is None
                if self._put_on is None:
                    self._put_on = self._entered.enter_context(beneath)
                self._put_on()
                return is_new


_active: Final[list[Player]] = []  # the innermost last


def _is_on() -> bool:
    return any(player.is_on for player in _active[-1:])


def _answer(method: str, url: str, body: bytes, headers: Iterable[tuple[Any, Any]]) -> Interaction | None:
    for player in _active[-1:]:
        return player.answer(method, url, body, headers)
    return None


def _hand_over() -> bool:
    return any(player.hand_over() for player in _active[-1:])


def _is_hubspot(url: str) -> bool:
    return any(player.is_hubspot(url) for player in _active[-1:])


def prepare() -> None:
    """Find the places of the clients that are imported, so that the next test is answered at once, in a child too."""
    _PLACES.update()


def _put_on() -> None:
    for point in _PLACES.made:
        point.put_on()


def _imported(clients: Iterable[Client]) -> None:
    """Patch *clients* that a test has just imported, and have vcrpy take over if it has to answer one of them."""
    if not _active:
        return
    filter_new_loggers()
    known = len(_PLACES.made)
    has_all = _PLACES.update(clients)
    for point in _PLACES.made[known:]:
        point.put_on()
    if not has_all:
        _hand_over()


_PLACES: Final = Places(Asking(_is_on, _answer, _hand_over, _is_hubspot))
_LATE_IMPORTS: Final = LateImports(_imported)
