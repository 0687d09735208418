"""The places at which the clients of this process are patched: made once for each client, then put on for each test."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import update_wrapper
from inspect import iscoroutinefunction
from types import FunctionType
from typing import Any, NamedTuple, cast

from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.record.clients import CLIENTS, Client
from pytest_hubfiles.record.patch_points import PatchPoint, is_by_itself, keep, own


class Asking(NamedTuple):
    """What the replacements ask: whether a test is answered without vcrpy, for an answer, and vcrpy to take over.

    ``hand_over`` returns whether vcrpy takes over only now, ``is_hubspot`` whether a URL is HubSpot's in this test.
    """

    is_on: Callable[[], bool]
    find: Callable[[str, str, bytes, Iterable[tuple[Any, Any]]], Interaction | None]
    hand_over: Callable[[], bool]
    is_hubspot: Callable[[str], bool]


class NotByItselfError(Exception):
    """A client is vcrpy's alone, of an unknown release, half imported, or patched by somebody else already."""


class Places:
    """The patch points of the clients that are imported.

    ``made`` has every point, those of a module too that was reloaded since: whoever imported it before still uses it.
    """

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self.made: list[PatchPoint] = []
        self._watched: list[tuple[Any, str, object]] = []
        self._owners: dict[str, list[tuple[str, Any]]] = {}  # by client, each with its name in the module

    def update(self, clients: Iterable[Client] = CLIENTS) -> bool:
        """Make the points of those of *clients* that are imported; return whether vcrpy is needed for none of them."""
        try:
            for client in clients:
                if (client.module or client.name) in sys.modules:
                    self._add(client)
        except NotByItselfError:
            return False
        return True

    def _add(self, client: Client) -> None:
        """Make the points of *client*, unless they are made.

        Raises:
            NotByItselfError: if it cannot be answered without vcrpy.
        """
        if not client.module:
            raise NotByItselfError(client.name)
        module = sys.modules[client.module]
        try:
            known = self._owners.get(client.name)
            if known is not None and all(_owner(module, path) is owner for path, owner in known):
                return
            names = (*client.hands_over, *client.in_process, *client.vcrpy_replaces)
            paths = {path.rpartition(".")[0] for path in names}
            owners = [(path, _owner(module, path)) for path in sorted(paths)]
            watched = [(owner, name, vars(owner)[name]) for owner, name in _attributes(module, client.vcrpy_replaces)]
            made = list(self._points(client, module))
        except (AttributeError, KeyError) as error:
            raise NotByItselfError(client.name) from error
        self._owners[client.name] = owners
        self._watched += watched
        self.made += made
        for point in made:
            update_wrapper(cast("FunctionType", point.replacement), cast("FunctionType", point.original))
            keep(point)

    @property
    def are_free(self) -> bool:
        """Whether nobody else has patched a client where vcrpy or we do."""
        return all(point.is_free for point in self.made) and all(
            own(owner, name) is value for owner, name, value in self._watched
        )

    def _points(self, client: Client, module: Any) -> Iterator[PatchPoint]:
        for owner, name in _attributes(module, client.vcrpy_replaces):
            _check(owner, name)
        if client.answered_by:
            answering: Any = importlib.import_module(f"{__package__}.{client.answered_by}")
            for point in answering.patch_points(module, self._asking):
                _check(point.owner, point.name)
                yield point
        for owner, name in _attributes(module, client.hands_over):
            _check(owner, name)
            yield _handing_over(owner, name, self._asking.hand_over)
        for owner, name in _attributes(module, client.in_process):
            _check(owner, name)
            yield _handing_over(owner, name, self._asking.hand_over, self._is_for_hubspot)

    def _is_for_hubspot(self, transport: object, request: Any) -> bool:
        return self._asking.is_hubspot(str(request.url))


def _check(owner: Any, name: str) -> None:
    if not is_by_itself(owner, name):
        raise NotByItselfError(f"{owner.__name__}.{name}")


def _attributes(module: Any, paths: Iterable[str]) -> Iterator[tuple[Any, str]]:
    """Yield the owner and the name of each attribute that *paths* lead to."""
    for path in paths:
        owner, _, name = path.rpartition(".")
        yield _owner(module, owner), name


def _owner(module: Any, path: str) -> Any:
    """Return the class called *path* in *module*, the module itself where it is nothing."""
    return getattr(module, path) if path else module


def _handing_over(
    owner: Any, name: str, hand_over: Callable[[], bool], concerns: Callable[..., bool] = lambda *_, **__: True
) -> PatchPoint:
    """Return the patch of a method that has vcrpy take over, and then calls what vcrpy has made of the method.

    Whether a call *concerns* the test, its arguments say.
    """

    def instead(*args: Any, **kwargs: Any) -> Any:
        if name != "__init__":
            if concerns(*args, **kwargs):
                hand_over()
        elif type(args[0]) is owner and hand_over():
            stub = getattr(sys.modules[owner.__module__], owner.__name__)
            if stub is not owner:  # vcrpy replaces the class, of which this is already an instance
                args[0].__class__ = stub
                return args[0].__init__(*args[1:], **kwargs)
        return point.beneath(*args, **kwargs)

    async def instead_async(*args: Any, **kwargs: Any) -> Any:
        if concerns(*args, **kwargs):
            hand_over()
        return await point.beneath(*args, **kwargs)

    method = vars(owner)[name]
    point = PatchPoint(owner, name, method, instead_async if iscoroutinefunction(method) else instead)
    return point
