"""Puts vcrpy's patches and ours on the HTTP clients; they are made once, which takes longer than a replay."""

from __future__ import annotations

import queue
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from unittest import mock
from weakref import WeakKeyDictionary, finalize

import vcr.patch

from pytest_hubfiles.record.patch_points import PatchPoint, own, unmarked
from pytest_hubfiles.record.vcrpy import clients

if TYPE_CHECKING:
    from pytest_hubfiles.record.vcrpy.bridge import Bridge

_CAN_SKIP: Final = hasattr(vcr.patch, "PATCHER_NAMES")
"""Whether this vcrpy can leave a client out; 8.5, the last for Python 3.10, cannot."""


@contextmanager
def patched(bridge: Bridge, skipped: Iterable[str] = ()) -> Iterator[None]:
    """Have every HTTP client ask *bridge*, but for those *skipped*."""
    if _CAN_SKIP and not skipped and not bridge.custom_patches and _patch_set().fits:
        with _patch_set().on(bridge):
            yield
    else:  # the test has patches of its own, or others have patched a client
        current = CurrentBridge(getattr(bridge, "skip_patchers", ()), bridge.custom_patches, bridge)
        with ExitStack() as patches:
            patches.callback(setattr, current, "bridge", _NOBODY)
            for patch in _patches(current, skipped):
                patches.enter_context(patch)
            yield


for _name, _value in list(vars(vcr.patch).items()):  # vcrpy may have been imported while the fast path was on
    if unmarked(_value) is not _value:
        setattr(vcr.patch, _name, unmarked(_value))


def _patches(bridge: Any, skipped: Iterable[str]) -> Iterator[Any]:
    """Yield every patch, vcrpy's and ours; of two in one place, the later one counts."""
    # vcrpy 8.5 closes a recorded connection only when it takes its patches off, by the pools it holds.
    remover = _Remover if _CAN_SKIP else vcr.patch.ConnectionRemover
    with mock.patch.object(vcr.patch, "ConnectionRemover", remover):
        yield from vcr.patch.CassettePatcherBuilder(bridge).build()
    yield from clients.patches(bridge, skipped)


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
    def fits(self) -> bool:
        """Whether nobody else has patched a client since the patches were made."""
        return all(unmarked(own(point.owner, point.name)) is point.original for point in self.points)

    @contextmanager
    def on(self, bridge: Bridge) -> Iterator[None]:
        """Have the clients ask *bridge*."""
        self.current.bridge = bridge
        for point in self.points:
            point.put_on()
        try:
            yield
        finally:
            for point in self.points:
                point.take_off()
            for closing in self.closing:
                closing.__exit__(None, None, None)
            self.current.bridge = _NOBODY


@cache
def _patch_set() -> _PatchSet:
    """Make the patches of all clients without putting any on, as other threads may be sending."""
    current = CurrentBridge(clients.PATCHED_HERE)
    points: dict[tuple[int, str], PatchPoint] = {}
    closing = []
    for patch in _patches(current, ()):
        if hasattr(patch, "attribute"):
            owner, name = patch.getter(), patch.attribute
            points[id(owner), name] = PatchPoint(owner, name, unmarked(own(owner, name)), patch.new)
        else:
            closing.append(patch)
    return _PatchSet(current, tuple(points.values()), tuple(closing))
