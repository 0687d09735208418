"""Answers the clients of a test that replays, and has vcrpy take over where it cannot."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import Any, Final

from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.record.clients import Client
from pytest_hubfiles.record.fast.late_imports import LateImports
from pytest_hubfiles.record.fast.places import Asking, NotByItselfError, Places

_NEEDS_VCRPY: Final = sys.version_info < (3, 11)  # vcrpy 8.5 patches piece by piece: other threads would slip through
_REWRITTEN: Final = re.compile(r"/\.|#|\s")  # what some clients remove from a URL before they send it

Find = Callable[[str, str, bytes, Iterable[tuple[Any, Any]]], "Interaction | None"]


class Player(AbstractContextManager["Player"]):
    """While it is entered, *find* is asked for the answer to each request.

    Where *find* has none, vcrpy answers the rest of the test, as if it had done so from the start: *patched_beneath*
    returns what puts its patches under those of the test, and gives what puts on those that could not be put on before.
    Where somebody else had patched a client before the test, *patched* returns what puts vcrpy's patches over that.
    """

    def __init__(
        self,
        find: Find,
        patched: Callable[[], AbstractContextManager[Any]],
        patched_beneath: Callable[[], AbstractContextManager[Callable[[], None]]],
    ) -> None:
        self._find, self._patched, self._patched_beneath = find, patched, patched_beneath
        self._lock = threading.RLock()
        self._entered = ExitStack()
        self._complete: Callable[[], None] | None = None  # once vcrpy has taken over

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
        return self._complete is None

    def answer(self, method: str, url: str, body: bytes, headers: Iterable[tuple[Any, Any]]) -> Interaction | None:
        """Return the recorded answer to a request, None if vcrpy or the client has to answer."""
        return None if _REWRITTEN.search(url) else self._find(method, url, body, headers)

    def hand_over(self) -> bool:
        """Use vcrpy for the rest of the test; return whether that is new."""
        with _LATE_IMPORTS.ignored():
            patched = None if self._complete else self._patched_beneath()  # imports, which waits for other threads
            with self._lock:  # other threads wait until vcrpy's patches are on
                if self not in _active:
                    return False
                if self._complete is not None:
                    self._complete()
                    return False
                self._complete = self._entered.enter_context(patched)
                return True


_active: Final[list[Player]] = []  # the innermost last


def _is_on() -> bool:
    return any(player.is_on for player in _active[-1:])


def _answer(method: str, url: str, body: bytes, headers: Iterable[tuple[Any, Any]]) -> Interaction | None:
    for player in _active[-1:]:
        return player.answer(method, url, body, headers)
    return None


def _hand_over() -> bool:
    return any(player.hand_over() for player in _active[-1:])


def _put_on() -> None:
    for point in _PLACES.made:
        point.put_on()


def _imported(client: Client) -> None:
    """Patch a *client* that a test has just imported, and have vcrpy take over if nothing else answers it."""
    if not _active:
        return
    try:
        if client.module:
            known = len(_PLACES.made)
            _PLACES.add(client)
            for point in _PLACES.made[known:]:
                point.put_on()
            return
    except NotByItselfError:
        pass
    _hand_over()


_PLACES: Final = Places(Asking(_is_on, _answer, _hand_over))
_LATE_IMPORTS: Final = LateImports(_imported)
