"""Puts all patches on the HTTP clients and takes them off again; making them, once, takes longer than a replay."""

from __future__ import annotations

import queue
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from unittest import mock
from weakref import WeakKeyDictionary, finalize

import vcr.patch

from pytest_hubfiles.record.fast.player import plain
from pytest_hubfiles.record.vcrpy import clients

if TYPE_CHECKING:
    from pytest_hubfiles.record.vcrpy.bridge import Bridge

_MISSING: Final = object()
_KNOWS_GROUPS: Final = hasattr(vcr.patch, "PATCHER_NAMES")
"""Whether this vcrpy can leave a client out; 8.5, the last for Python 3.10, cannot."""


@contextmanager
def patched(bridge: Bridge, skipped: Iterable[str] = ()) -> Iterator[None]:
    """Have every HTTP client ask *bridge*, but those *skipped*, which go their own way."""
    if _KNOWS_GROUPS and not skipped and not bridge.custom_patches and _sheet().fits:
        with _sheet().on(bridge):
            yield
    else:  # as the test wants it, or on top of what others have patched
        asked = _Asked(getattr(bridge, "skip_patchers", ()), bridge.custom_patches, bridge)
        with ExitStack() as patches:
            patches.callback(setattr, asked, "bridge", _NOBODY)
            for patch in _patches(asked, skipped):
                patches.enter_context(patch)
            yield


for _name, _value in list(vars(vcr.patch).items()):  # it may have been imported while there was a player
    if plain(_value) is not _value:
        setattr(vcr.patch, _name, plain(_value))


def _patches(asked: Any, skipped: Iterable[str]) -> Iterator[Any]:
    """Yield every patch, vcrpy's and ours; of two in one place, the later one counts."""
    # vcrpy 8.5 closes a recorded connection only when it takes its patches off, by the pools it holds.
    remover = _Remover if _KNOWS_GROUPS else vcr.patch.ConnectionRemover
    with mock.patch.object(vcr.patch, "ConnectionRemover", remover):
        yield from vcr.patch.CassettePatcherBuilder(asked).build()
    yield from clients.patches(asked, skipped)


# --- connections -------------------------------------------------------------------------------------------


class _Pools(WeakKeyDictionary[Any, set[Any]]):
    """The connections of each pool, closed when nobody holds the pool any more.

    While vcrpy holds a pool, each ``requests.get`` that is recorded leaves a socket open until the test ends.
    """

    def setdefault(self, pool: Any, default: Any = None) -> Any:
        """Return the connections of *pool*, *default* if it is new."""
        if pool not in self:
            finalize(pool, _close, default)
        return super().setdefault(pool, default)


def _close(connections: set[Any]) -> None:
    for connection in connections:
        connection.close()


class _Remover(vcr.patch.ConnectionRemover):  # type: ignore[misc]  # vcrpy ships no types
    """Takes a test's connections out of urllib3's pools when the test ends, and is ready for the next."""

    def __init__(self, connection_class: type) -> None:
        super().__init__(connection_class)
        self._connection_pool_to_connections = _Pools()

    def __exit__(self, *raised: object) -> None:
        if not self._connection_pool_to_connections:
            return
        for pool, connections in list(self._connection_pool_to_connections.items()):
            kept = []
            while connections and pool.pool and pool.pool.qsize():
                connection = pool.pool.get()
                if not isinstance(connection, self._connection_class):
                    kept.append(connection)
                    continue
                connections.discard(connection)
                connection.close()
                if isinstance(pool.pool, queue.Queue):
                    kept.append(None)  # its slot
            for connection in kept:
                pool._put_conn(connection)
            for connection in connections:
                connection._vcr_cassette_exited = True  # an answer that still holds it gives back its slot alone
                connection.close()
        self._connection_pool_to_connections.clear()


# --- patches that are made once ----------------------------------------------------------------------------


class _Nobody:
    """What connections ask that outlive their test: everything goes its own way."""

    write_protected = False

    def can_play_response_for(self, request: object) -> bool:
        return False

    def append(self, request: object, response: object) -> None:
        """Keep nothing."""


_NOBODY: Final = _Nobody()


@dataclass
class _Asked:
    """What clients ask that were patched once for all tests: the bridge of the test that runs."""

    skip_patchers: tuple[str, ...]
    custom_patches: tuple[object, ...] = ()
    bridge: Any = _NOBODY
    _path: str = ""  # vcrpy names classes after it

    def __getattr__(self, name: str) -> Any:
        return getattr(self.bridge, name)


@dataclass(frozen=True, slots=True)
class _Place:
    """An attribute to be patched: whose, what is there by itself, and what comes in its place."""

    target: Any
    attribute: str
    original: object
    replacement: object


@dataclass(frozen=True, slots=True)
class _Sheet:
    """Patches that were made once, and what has to be closed when they are taken off."""

    asked: _Asked
    places: tuple[_Place, ...]
    closing: tuple[AbstractContextManager[Any], ...] = field(default=())

    @property
    def fits(self) -> bool:
        """Whether everything is as it was when the patches were made: nobody else has patched a client since."""
        return all(plain(_own(place.target, place.attribute)) is place.original for place in self.places)

    @contextmanager
    def on(self, bridge: Bridge) -> Iterator[None]:
        """Have the clients ask *bridge*."""
        self.asked.bridge = bridge
        for place in self.places:
            setattr(place.target, place.attribute, place.replacement)
        try:
            yield
        finally:
            for place in self.places:
                if place.original is _MISSING:  # it was inherited
                    delattr(place.target, place.attribute)
                else:
                    setattr(place.target, place.attribute, place.original)
            for closing in self.closing:
                closing.__exit__(None, None, None)
            self.asked.bridge = _NOBODY


@cache
def _sheet() -> _Sheet:
    """Make the patches of all clients; none is put on, for other threads may be asking."""
    asked = _Asked(("httplib",))  # see clients.py
    places: dict[tuple[int, str], _Place] = {}
    closing = []
    for patch in _patches(asked, ()):
        if hasattr(patch, "attribute"):
            target, attribute = patch.getter(), patch.attribute
            original = plain(_own(target, attribute))
            places[id(target), attribute] = _Place(target, attribute, original, patch.new)
        else:
            closing.append(patch)
    return _Sheet(asked, tuple(places.values()), tuple(closing))


def _own(target: Any, attribute: str) -> object:
    return vars(target).get(attribute, _MISSING)
