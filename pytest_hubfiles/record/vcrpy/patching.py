"""Puts vcrpy's patches and ours on the HTTP clients; they are made once, which takes longer than a replay."""

from __future__ import annotations

import queue
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final
from unittest import mock
from weakref import WeakKeyDictionary, finalize

import vcr.patch

from pytest_hubfiles.record.patch_points import UNKNOWN, PatchPoint, is_by_itself, kept, original, own
from pytest_hubfiles.record.vcrpy import clients
from pytest_hubfiles.record.vcrpy.installed import all_clients_there

if TYPE_CHECKING:
    from pytest_hubfiles.record.vcrpy.bridge import Bridge

_Place = tuple[int, str]  # the id of an attribute's owner, and the attribute's name
_NOTHING: Final[Mapping[_Place, PatchPoint]] = MappingProxyType({})
_CAN_SKIP: Final = hasattr(vcr.patch, "PATCHER_NAMES")
"""Whether this vcrpy can leave a client out; 8.5, the last for Python 3.10, cannot."""


@contextmanager
def patched(bridge: Bridge, skipped: Iterable[str] = ()) -> Iterator[None]:
    """Have every HTTP client ask *bridge*, but for those *skipped*, whoever has patched it before."""
    made = None if not _CAN_SKIP or skipped or bridge.custom_patches else _usual_patches()
    if made is None or not made.fit:
        made = _make(CurrentBridge(getattr(bridge, "skip_patchers", ()), bridge.custom_patches), skipped)
    with made.on(bridge) as put_on:
        put_on()
        yield


def patched_beneath(bridge: Bridge) -> AbstractContextManager[Callable[[], None]]:
    """Have every HTTP client ask *bridge*, under the points that were kept and under what the running test has patched.

    What is entered gives a function that puts the patches on, but for those whose places the test has patched.
    """
    return _usual_patches(beneath=True).on(bridge, {(id(point.owner), point.name): point for point in kept()})


def _patches(bridge: Any, skipped: Iterable[str]) -> Iterator[Any]:
    """Yield every patch, vcrpy's and ours; of two in one place, the later one counts."""
    # vcrpy 8.5 closes a recorded connection only when it takes its patches off, by the pools it holds.
    remover = _Remover if _CAN_SKIP else vcr.patch.ConnectionRemover
    with mock.patch.object(vcr.patch, "ConnectionRemover", remover):
        yield from vcr.patch.CassettePatcherBuilder(bridge).build()
    yield from clients.patches(bridge, skipped)


def _restore_originals() -> None:
    """Have vcrpy keep what the clients are by themselves: it may have been imported with patches on them."""
    for point in kept():
        now = own(point.owner, point.name)
        for name, value in list(vars(vcr.patch).items()):
            if value is now or value is point.replacement:
                setattr(vcr.patch, name, point.original)


_restore_originals()


# --- connections -------------------------------------------------------------------------------------------


class _Pools(WeakKeyDictionary[Any, set[Any]]):
    """The connections of each pool, closed when nobody holds the pool any more.

    vcrpy holds the pools, so that each ``requests.get`` that is recorded leaves a socket open until the test ends.
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
    """Removes a test's connections from urllib3's pools when the test ends, and is ready for the next."""

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
    """What connections ask that outlive their test: every request is sent."""

    write_protected = False

    def can_play_response_for(self, request: object) -> bool:
        return False

    def is_hubspot(self, url: str) -> bool:
        return False

    def append(self, request: object, response: object) -> None:
        """Keep nothing."""

    def failed(self, error: BaseException) -> None:
        """Note nothing."""


_NOBODY: Final = _Nobody()


@dataclass
class CurrentBridge:
    """What the patches made once for all tests ask: the bridge of the test that runs."""

    skip_patchers: tuple[str, ...]
    custom_patches: tuple[object, ...] = ()
    bridge: Any = _NOBODY
    _path: str = ""  # vcrpy names classes after it

    def __getattr__(self, name: str) -> Any:
        return getattr(self.bridge, name)


@dataclass(frozen=True, slots=True)
class _PatchSet:
    """Patches that were made once, and what has to be closed when they are taken off."""

    current: CurrentBridge
    points: tuple[PatchPoint, ...]
    closing: tuple[AbstractContextManager[Any], ...]

    @property
    def fit(self) -> bool:
        """Whether nobody else has patched a client since they were made."""
        return all(point.is_free for point in self.points)

    @property
    def are_current(self) -> bool:
        """Whether the clients are those for which the patches were made: no module has been reloaded."""
        return all(_is_current(point.owner) for point in self.points)

    @contextmanager
    def on(self, bridge: Bridge, above: Mapping[_Place, PatchPoint] = _NOTHING) -> Iterator[Callable[[], None]]:
        """Have the clients ask *bridge*; give what puts the patches on, under the points *above*."""
        before, self.current.bridge = self.current.bridge, bridge

        def put_on() -> None:
            for point in self.points:
                over = above.get((id(point.owner), point.name))
                if over is not None:
                    over.under = point.replacement
                    continue
                if point.original is UNKNOWN and _is_by_itself(point.owner, point.name):
                    point.original = own(point.owner, point.name)
                if point.is_free:
                    point.put_on()

        try:
            yield put_on
        finally:
            for over in above.values():
                over.under = None
            for point in self.points:
                point.take_off()
            for closing in self.closing:
                closing.__exit__(None, None, None)
            self.current.bridge = before


_usual: Final[list[_PatchSet]] = []


def _usual_patches(beneath: bool = False) -> _PatchSet:
    """Return the patches of all clients, made once unless a client is reloaded, or patched when they are made."""
    if _usual and _usual[0].are_current:
        return _usual[0]
    made = _make(CurrentBridge(clients.PATCHED_HERE), beneath=beneath)
    if all(_is_by_itself(point.owner, point.name) for point in made.points):
        _usual[:] = [made]  # else some of them call what was there
    return made


def _make(current: CurrentBridge, skipped: Iterable[str] = (), beneath: bool = False) -> _PatchSet:
    """Make patches without putting any on, as other threads may be sending.

    Those that are to be put *beneath* what a test has patched wait until it has taken that off.
    """
    points: dict[_Place, PatchPoint] = {}
    closing = []
    with all_clients_there():
        for patch in _patches(current, skipped):
            if hasattr(patch, "attribute"):
                owner, name = patch.getter(), patch.attribute
                before = original(owner, name)
                if beneath and not _is_by_itself(owner, name):
                    before = UNKNOWN
                points[id(owner), name] = PatchPoint(owner, name, before, patch.new)
            else:
                closing.append(patch)
    return _PatchSet(current, tuple(points.values()), tuple(closing))


def _is_by_itself(owner: Any, name: str) -> bool:
    return str(getattr(owner, "__module__", owner.__name__)).partition(".")[0] == "vcr" or is_by_itself(owner, name)


def _is_current(owner: Any) -> bool:
    """Return whether *owner*, a module or a class, is what is found under its name, or vcrpy's stub of it is."""
    if not isinstance(owner, type) or "<" in owner.__qualname__:
        return True
    found = getattr(sys.modules.get(owner.__module__), owner.__qualname__, None)
    return isinstance(found, type) and issubclass(found, owner)
