"""Answers requests and httpx while a test replays, and calls in vcrpy for every other client and for odd answers.

vcrpy imports every client that is installed and answers far below them: in a replay that is half of the time of a
test (0.4 with this) and a third of that of a process (0.6). Whatever is not plainly the same either way is vcrpy's.
"""

from __future__ import annotations

import http.client
import io
import os
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType, TracebackType
from typing import Any, Final, NamedTuple

from pytest_hubfiles.model.exchange import Interaction

_MISSING: Final = object()
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9-]+").fullmatch
_PLAIN_VALUE: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?").fullmatch
_TELLING: Final = frozenset({"set-cookie", "content-encoding", "content-length", "transfer-encoding"})
_MANY: Final = 50  # headers; http.client refuses more than 100
_DOTS: Final = re.compile(r"/\.|#|\s")  # what some clients take out of a URL

Find = Callable[[str, str, bytes, Iterable[tuple[Any, Any]]], "Interaction | None"]


def is_plain(answer: Interaction) -> bool:
    """Return whether *answer* is one of which every client makes the same, however it is handed to it."""
    return (
        (200 <= answer.status_code < 300 or 400 <= answer.status_code < 600)
        and answer.status_code != 204
        and answer.method != "HEAD"
        and answer.reason.isascii()
        and answer.reason.isprintable()
        and sum(map(len, answer.response_headers.values())) <= _MANY
        and all(
            _PLAIN_NAME(name) and name.lower() not in _TELLING and all(map(_PLAIN_VALUE, values))
            for name, values in answer.response_headers.items()
        )
    )


class _Place(NamedTuple):
    """An attribute of a client: what is there by itself, and what comes in its place, if anything does."""

    owner: Any
    name: str
    original: object
    replacement: object = None


class Player(AbstractContextManager["Player"]):
    """While it is entered, *find* is asked for the answer to each request, and *vcrpy* entered if it has none."""

    def __init__(self, find: Find, vcrpy: Callable[[], AbstractContextManager[Any]]) -> None:
        self._find, self._vcrpy = find, vcrpy
        self._lock = threading.RLock()
        self._places: Sequence[_Place] = ()
        self._entered = ExitStack()

    def __enter__(self) -> Player:
        places = _places()
        if places is None or not _are_there(places, replaced=False):  # not for us, or patched by somebody else
            self._entered.enter_context(self._vcrpy())
            return self
        for place in places:
            if place.replacement is not None:
                setattr(place.owner, place.name, place.replacement)
        self._places = places
        _players.append(self)
        if _IMPORTS not in sys.meta_path:
            sys.meta_path.insert(0, _IMPORTS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            if self in _players:
                _players.remove(self)
        self._entered.__exit__(kind, error, trace)
        if _IMPORTS in sys.meta_path and not _players:  # a test may have put it out itself
            sys.meta_path.remove(_IMPORTS)
        for place in self._places:  # what somebody has put on top of it is theirs to take off
            if place.replacement is not None and _own(place) is place.replacement:
                setattr(place.owner, place.name, place.original)

    def answer(self, method: str, url: str, body: bytes, headers: Iterable[tuple[Any, Any]]) -> Interaction | None:
        """Return the recorded answer to a request; None if it is to be asked of whoever comes next."""
        if self not in _players or _DOTS.search(url) or not _are_there(self._places, replaced=True):
            return None
        return self._find(method, url, body, headers)

    def call_in_vcrpy(self) -> None:
        """Leave the rest of the test to vcrpy, unless somebody else has come between: a cassette of the test's own."""
        with _IMPORTS.aside():
            import pytest_hubfiles.record.vcrpy.bridge
            import pytest_hubfiles.record.vcrpy.patching  # noqa: F401  # not under the lock: it waits for others that import

            with self._lock:  # other threads wait here until vcrpy's patches are on top of these, which stay
                if self in _players and _are_there(self._places, replaced=True):
                    self._entered.enter_context(self._vcrpy())
                    _players.remove(self)


_players: Final[list[Player]] = []  # the innermost last


def _player() -> Player | None:
    return _players[-1] if _players else None


def plain(attribute: object) -> Any:
    """Return *attribute* of a client as it is without a player."""
    for places in _made.values():
        for place in places:
            if attribute is place.replacement and attribute is not None:
                return place.original
    return attribute


def _own(place: _Place) -> object:
    return vars(place.owner).get(place.name, _MISSING)


def _are_there(places: Sequence[_Place], replaced: bool) -> bool:
    """Return whether each of *places* holds what comes in its place, or what is there by itself."""
    for owner, name, original, replacement in places:  # all() would take twice as long
        if vars(owner).get(name, _MISSING) is not ((replacement if replaced else None) or original):
            return False
    return True


# --- imports in the middle of a test -----------------------------------------------------------------------


class _Imports:
    """Calls in vcrpy, which imports all clients, before a test imports one: nothing would stand in for it."""

    def __init__(self) -> None:
        self._busy = threading.local()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Let this thread import what it likes: vcrpy, which looks for every client."""
        self._busy.importing = True
        try:
            yield
        finally:
            self._busy.importing = False

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Return how to import *name*, where vcrpy has done that."""
        if name not in _CLIENTS or not _players or getattr(self._busy, "importing", False):
            return None
        _players[-1].call_in_vcrpy()
        imported = sys.modules.get(name)
        return None if imported is None else ModuleSpec(name, _Imported(imported))  # type: ignore[arg-type]  # it is one


class _Imported:
    """Imports what is imported already."""

    def __init__(self, module: ModuleType) -> None:
        self._module, self._spec = module, module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module."""
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        """Leave it as it is."""
        module.__spec__ = self._spec


_IMPORTS: Final = _Imports()


# --- the places at which clients are met -------------------------------------------------------------------


def _places() -> tuple[_Place, ...] | None:
    """Return the places of the clients that are imported, None if one is among them that only vcrpy knows."""
    if _IS_SLOW or any(name in sys.modules for name in _VCRPYS_ALONE):
        return None
    found: list[_Place] = []
    for name, make in _MAKERS.items():
        if name in sys.modules:
            if name not in _made:
                try:
                    _made[name] = tuple(make(sys.modules[name]))
                except AttributeError:  # a release of it that is not known here, or a module half imported
                    return None
            found += _made[name]
    return tuple(found)


_made: Final[dict[str, tuple[_Place, ...]]] = {}


def _hand_over() -> None:
    player = _player()
    if player is not None:
        player.call_in_vcrpy()


def _next(owner: Any, name: str, ours: object, original: Any) -> Any:
    """Return who is to be asked in place of *ours*: vcrpy by now, or the client itself."""
    now = vars(owner).get(name, original)
    return original if now is ours else now


def _tripwire(owner: Any, name: str) -> _Place:
    """Have vcrpy called in when a client does *name*, and the client do it again."""
    original = vars(owner)[name]

    def trip(*args: Any, **kwargs: Any) -> Any:
        if name != "__init__" or type(args[0]) is owner:
            _hand_over()
        return _next(owner, name, trip, original)(*args, **kwargs)

    return _Place(owner, name, original, trip)


def _http_client(module: Any) -> Iterator[_Place]:
    for name in ("HTTPConnection", "HTTPSConnection"):
        yield _Place(module, name, getattr(module, name))
        yield _tripwire(getattr(module, name), "__init__")


def _urllib3(module: Any) -> Iterator[_Place]:
    for name in ("HTTPConnectionPool", "HTTPSConnectionPool"):
        pool = getattr(module, name)
        yield _Place(pool, "ConnectionCls", vars(pool)["ConnectionCls"])
    yield _tripwire(module.HTTPConnectionPool, "urlopen")


def _aiohttp(module: Any) -> Iterator[_Place]:
    yield _tripwire(module.ClientSession, "_request")


def _requests(module: Any) -> Iterator[_Place]:
    import requests.sessions
    import urllib3

    adapter, original = module.HTTPAdapter, vars(module.HTTPAdapter)["send"]
    if original.__module__ != module.__name__:
        raise AttributeError("somebody else's")

    def send(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        answer, player = None, _player()
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        if player and type(self) is adapter and not args and _is_usual(**kwargs) and isinstance(body, bytes):
            answer = player.answer(request.method, request.url, body, request.headers.items())
        if answer is None:
            _hand_over()
            return _next(adapter, "send", send, original)(self, request, *args, **kwargs)
        raw = urllib3.HTTPResponse(
            body=io.BytesIO(answer.response_body),
            headers=urllib3.HTTPHeaderDict(_pairs(answer)),
            status=answer.status_code,
            version=11,
            reason=answer.reason,
            preload_content=False,
            decode_content=False,
            request_method=request.method,
            request_url=request.path_url,
        )
        return self.build_response(request, raw)

    yield _Place(adapter, "send", original, send)
    # Nothing is sent, so nothing goes through a proxy; to find out which took a third of a request. (0.9)
    yield _Place(requests.sessions, "get_environ_proxies", requests.sessions.get_environ_proxies, _no_proxies)


def _no_proxies(*args: object, **kwargs: object) -> dict[str, str]:
    return {}


def _is_usual(
    stream: bool = False, timeout: Any = None, verify: Any = True, cert: Any = None, proxies: Any = None
) -> bool:
    """Return whether requests would refuse nothing of what it was told about sending."""
    seconds = timeout if isinstance(timeout, tuple) else (timeout, timeout)
    return (
        not proxies
        and cert is None
        and (verify in (True, False) or (isinstance(verify, str) and os.path.exists(verify)))  # noqa: PTH110  # as it does
        and len(seconds) == 2
        and all(s is None or (type(s) in (int, float) and s > 0) for s in seconds)
    )


def _httpx(module: Any) -> Iterator[_Place]:
    transport, async_transport = module.HTTPTransport, module.AsyncHTTPTransport

    def answered(request: Any) -> Any:
        """Return the response to *request*, made as vcrpy makes it, or None."""
        player = _player()
        if not player or not isinstance(request.stream, module.ByteStream):
            return None
        answer = player.answer(request.method, str(request.url), b"".join(request.stream), request.headers.raw)
        return answer and module.Response(
            answer.status_code,
            headers=_pairs(answer),
            stream=module.ByteStream(answer.response_body),
            extensions={"reason_phrase": answer.reason.encode()} if answer.reason else None,
        )

    original, async_original = vars(transport)["handle_request"], vars(async_transport)["handle_async_request"]

    def handle_request(self: Any, request: Any) -> Any:
        response = answered(request) if type(self) is transport else None
        if response is None:
            _hand_over()
            return _next(transport, "handle_request", handle_request, original)(self, request)
        return response

    async def handle_async_request(self: Any, request: Any) -> Any:
        response = answered(request) if type(self) is async_transport else None
        if response is None:
            _hand_over()
            ask = _next(async_transport, "handle_async_request", handle_async_request, async_original)
            return await ask(self, request)
        return response

    yield _Place(transport, "handle_request", original, handle_request)
    yield _Place(async_transport, "handle_async_request", async_original, handle_async_request)
    yield _tripwire(module.WSGITransport, "handle_request")
    yield _tripwire(module.ASGITransport, "handle_async_request")
    yield _tripwire(module.MockTransport, "handle_request")
    yield _tripwire(module.MockTransport, "handle_async_request")


def _httpcore(module: Any) -> Iterator[_Place]:
    yield _tripwire(module.ConnectionPool, "handle_request")
    yield _tripwire(module.AsyncConnectionPool, "handle_async_request")


def _pairs(answer: Interaction) -> list[tuple[str, str]]:
    return [(name, value) for name, values in answer.response_headers.items() for value in values]


_MAKERS: Final[Mapping[str, Callable[[Any], Iterator[_Place]]]] = {
    http.client.__name__: _http_client,
    "urllib3.connectionpool": _urllib3,
    "requests.adapters": _requests,
    "httpx": _httpx,
    "httpcore": _httpcore,
    "aiohttp.client": _aiohttp,
}
_IS_SLOW: Final = sys.version_info < (3, 11)  # vcrpy 8.5 is put on piece by piece: other threads would slip through
_VCRPYS_ALONE: Final = frozenset({"boto3", "botocore", "httplib2", "httpx2", "httpx_curl_cffi", "pyreqwest", "tornado"})
_CLIENTS: Final = _VCRPYS_ALONE | {"aiohttp", "httpx", "requests", "urllib3"}
