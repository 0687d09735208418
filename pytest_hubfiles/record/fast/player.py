"""Answers the clients of a test that replays, and has vcrpy take over where it cannot."""

from __future__ import annotations

import importlib
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import Any, Final

from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.record.clients import CLIENTS, Client
from pytest_hubfiles.record.fast.late_imports import LateImports
from pytest_hubfiles.record.patch_points import MISSING, PatchPoint, mark

_FOUND_BY_MODULE: Final = tuple(client for client in CLIENTS if client.module)
_VCRPY_ALONE: Final = tuple(client.name for client in CLIENTS if not client.module)
_NEEDS_VCRPY: Final = sys.version_info < (3, 11)  # vcrpy 8.5 patches piece by piece: other threads would slip through
_REWRITTEN: Final = re.compile(r"/\.|#|\s")  # what some clients remove from a URL before they send it

Find = Callable[[str, str, bytes, Iterable[tuple[Any, Any]]], "Interaction | None"]


class Player(AbstractContextManager["Player"]):
    """While it is entered, *find* is asked for the answer to each request.

    Where *find* has none, what *vcrpy* returns is entered, and vcrpy answers the rest of the test.
    """

    def __init__(self, find: Find, vcrpy: Callable[[], AbstractContextManager[Any]]) -> None:
        self._find, self._vcrpy = find, vcrpy
        self._lock = threading.RLock()
        self._points: Sequence[PatchPoint] = ()
        self._entered = ExitStack()

    def __enter__(self) -> Player:
        points = _patch_points()
        if points is None or not _are_known(points, replaced=False):
            self._entered.enter_context(self._vcrpy())
            return self
        for point in points:
            if point.replacement is not None:
                point.put_on()
        self._points = points
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
        if _LATE_IMPORTS in sys.meta_path and not _active:  # the test may have removed it
            sys.meta_path.remove(_LATE_IMPORTS)
        for point in self._points:
            if point.is_on:
                point.take_off()

    def answer(self, method: str, url: str, body: bytes, headers: Iterable[tuple[Any, Any]]) -> Interaction | None:
        """Return the recorded answer to a request, None if vcrpy or the client has to answer."""
        if self not in _active or _REWRITTEN.search(url) or not _are_known(self._points, replaced=True):
            return None
        return self._find(method, url, body, headers)

    def hand_over(self) -> None:
        """Use vcrpy for the rest of the test, unless another patch sits on top of ours, as a cassette of the test's."""
        with _LATE_IMPORTS.ignored():
            vcrpy = self._vcrpy()  # imports it, outside the lock: an import waits for other threads that import
            with self._lock:  # other threads wait until vcrpy's patches are on top of ours, which stay
                if self in _active and _are_known(self._points, replaced=True):
                    self._entered.enter_context(vcrpy)
                    _active.remove(self)


_active: Final[list[Player]] = []  # the innermost last


def _answer(method: str, url: str, body: bytes, headers: Iterable[tuple[Any, Any]]) -> Interaction | None:
    return _active[-1].answer(method, url, body, headers) if _active else None


def _hand_over() -> bool:
    """Have vcrpy take over from the innermost player; return whether there was one."""
    if not _active:
        return False
    _active[-1].hand_over()
    return True


_LATE_IMPORTS: Final = LateImports(_hand_over)


def _are_known(points: Sequence[PatchPoint], replaced: bool) -> bool:
    """Return whether each of *points* is as it is by itself, or as it is *replaced*: nobody else has patched it."""
    for owner, name, original, replacement in points:  # all() would take twice as long
        if vars(owner).get(name, MISSING) is not ((replacement if replaced else None) or original):
            return False
    return True


def _patch_points() -> tuple[PatchPoint, ...] | None:
    """Return the patch points of the clients that are imported, None if vcrpy has to answer one of them."""
    if _NEEDS_VCRPY or any(name in sys.modules for name in _VCRPY_ALONE):
        return None
    found: list[PatchPoint] = []
    for client in _FOUND_BY_MODULE:
        if client.module in sys.modules:
            if client.name not in _made:
                try:
                    _made[client.name] = tuple(_points_of(client, sys.modules[client.module]))
                except (AttributeError, KeyError):  # an unknown release of the client, or a module half imported
                    return None
            found += _made[client.name]
    return tuple(found)


_made: Final[dict[str, tuple[PatchPoint, ...]]] = {}  # by client, once in a process


def _points_of(client: Client, module: Any) -> Iterator[PatchPoint]:
    if client.answered_by:
        answering: Any = importlib.import_module(f"{__package__}.{client.answered_by}")
        for point in answering.patch_points(module, _answer, _hand_over):
            mark(point.replacement, point.original)
            yield point
    for owner, name in _attributes(module, client.watched):
        yield PatchPoint(owner, name, vars(owner)[name])
    for owner, name in _attributes(module, client.hands_over):
        yield _handing_over(owner, name)


def _attributes(module: Any, paths: Iterable[str]) -> Iterator[tuple[Any, str]]:
    """Yield the owner and the name of each attribute that *paths* lead to."""
    for path in paths:
        owner, _, name = path.rpartition(".")
        yield (getattr(module, owner) if owner else module), name


def _handing_over(owner: Any, name: str) -> PatchPoint:
    """Return the patch of a method that has vcrpy take over, and then calls what vcrpy has made of the method."""

    def hand_over_first(*args: Any, **kwargs: Any) -> Any:
        if name != "__init__" or type(args[0]) is owner:
            _hand_over()
        return point.successor(*args, **kwargs)

    point = PatchPoint(owner, name, vars(owner)[name], hand_over_first)
    mark(hand_over_first, point.original)
    return point
