"""What vcrpy's patches of the HTTP clients leave out: threads, classes imported early, aiohttp's forms."""

from __future__ import annotations

import http.client
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import wraps
from types import FunctionType
from typing import Any, Final
from unittest import mock

import vcr.patch
import vcr.stubs
from vcr.stubs import VCRConnection, VCRHTTPConnection, VCRHTTPSConnection

from pytest_hubfiles.record.clients import CLIENTS
from pytest_hubfiles.record.patch_points import is_by_itself, original, own
from pytest_hubfiles.record.vcrpy.broken_connections import aiohttp_answer, failing_with, httpx_patch
from pytest_hubfiles.record.vcrpy.failing_requests import failure_patches, noting_async_failures
from pytest_hubfiles.record.wire import MANY_HEADERS, is_plain_name, is_plain_value

PATCHED_HERE: Final = ("httplib",)
"""The ``skip_patchers`` of vcrpy for which this module has patches of its own."""


class _Connection(VCRHTTPConnection, vcr.patch._HTTPConnection):  # type: ignore[misc]  # vcrpy ships no types
    """What an ``http.client.HTTPConnection`` is while a test runs."""


class _TlsConnection(VCRHTTPSConnection, vcr.patch._HTTPSConnection):  # type: ignore[misc]  # likewise
    """What an ``http.client.HTTPSConnection`` is while a test runs."""


def patches(bridge: Any, skipped: Iterable[str]) -> Iterator[AbstractContextManager[Any]]:
    """Yield the patches that replace those of vcrpy or come on top of them; the clients ask *bridge*."""
    # vcrpy takes its patches off, for all threads, while one of them sends a request or makes a connection:
    # requests of the others then go out unseen, in a replay too. With http.client patched as below it need not.
    yield mock.patch.object(vcr.patch, "force_reset", nullcontext)
    yield mock.patch.object(vcr.stubs, "parse_headers", _parse_headers)
    yield from failure_patches()
    yield httpx_patch()
    yield mock.patch.object(vcr.stubs.VCRConnection, "_real_host", _real_host)
    if "httplib" not in skipped:
        yield from _http_client_patches(vcr.patch._HTTPConnection, _Connection, bridge)
        yield from _http_client_patches(vcr.patch._HTTPSConnection, _TlsConnection, bridge)
    if vcr.patch.conn is not None:
        yield from _by_own_names(vcr.patch._connHTTPConnection, vcr.patch._connHTTPSConnection)
    if "httplib2" not in skipped and "httplib2" in sys.modules:
        yield from _by_own_names(vcr.patch._HTTPConnectionWithTimeout, vcr.patch._HTTPSConnectionWithTimeout)
    for name in ("httpx", "httpx2"):
        if name not in skipped and name in sys.modules:
            yield from _in_process_patches(sys.modules[name], bridge)
    if "aiohttp" not in skipped and "aiohttp" in sys.modules:
        yield from _aiohttp_patches(bridge)


_parse_any_headers = vcr.stubs.parse_headers


def _parse_headers(headers: Mapping[str, Any]) -> http.client.HTTPMessage:
    """Return an answer's headers as ``http.client`` does.

    vcrpy has the parser of e-mails do that, which takes half of the time of a replay. Odd headers still go there.
    """
    message = http.client.HTTPMessage()
    message.set_payload("")
    for name, values in headers.items():
        for value in values:
            if len(message) == MANY_HEADERS or not is_plain_name(name) or not is_plain_value(value):
                parsed: http.client.HTTPMessage = _parse_any_headers(headers)
                return parsed
            message[name] = value
    return message


_real_host_of = vcr.stubs.VCRConnection._real_host


def _real_host(connection: VCRConnection) -> str:
    """Return the host of *connection* as it stands in a URL: vcrpy leaves out the brackets of an IPv6 address."""
    host: str = _real_host_of(connection)
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _http_client_patches(real: Any, stub: Any, bridge: Any) -> Iterator[AbstractContextManager[Any]]:
    """Have every connection of the class *real* become one that asks *bridge*.

    vcrpy replaces the class in ``http.client``, which misses modules that imported it by its name.
    """
    sending = type(real.__name__, (real,), {})  # the stub sends through it; only real itself is replaced
    asking = type(real.__name__, (stub,), {"cassette": bridge, "_baseclass": sending})
    prepare = _with_own_names(real, "__init__", {real.__name__: real})

    @wraps(real.__init__)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807  # it is one
        if type(self) is real:
            self.__class__ = asking
            self.__init__(*args, **kwargs)
        else:
            prepare(self, *args, **kwargs)

    yield mock.patch.object(real, "__init__", __init__)
    yield mock.patch.object(http.client, real.__name__, real)  # a cassette around this one may have replaced it
    yield mock.patch.object(stub.__mro__[1], "_baseclass", sending)  # a cassette within this one sends by itself


def _by_own_names(*classes: Any) -> Iterator[AbstractContextManager[Any]]:
    """Have the methods of *classes*, which call each other's by name, find them where vcrpy has put its stubs.

    httplib2 and urllib3 1.26 do. vcrpy takes its stubs off for as long as such a method runs, which is not done here.
    """
    names = {real.__name__: real for real in classes}
    for real in classes:
        for name in list(vars(real)):
            method = original(real, name)
            if isinstance(method, FunctionType) and not names.keys().isdisjoint(method.__code__.co_names):
                yield mock.patch.object(real, name, _with_own_names(real, name, names))


def _with_own_names(real: Any, name: str, names: Mapping[str, Any]) -> Any:
    """Return the method *name* of *real*, for which *names* are what they say, where a stub may stand."""
    method = original(real, name)
    if own(real, name) is method and not is_by_itself(real, name):
        return method  # somebody's patch from before the test
    named = FunctionType(
        method.__code__, {**method.__globals__, **names}, argdefs=method.__defaults__, closure=method.__closure__
    )
    named.__kwdefaults__ = method.__kwdefaults__
    return named


def _in_process_patches(httpx: Any, bridge: Any) -> Iterator[AbstractContextManager[Any]]:
    """Have apps and mocks in this process answer by themselves, but for those that stand for HubSpot."""
    try:
        from vcr.stubs.httpx_stubs import vcr_handle_async_request, vcr_handle_request
    except ImportError:  # vcrpy 8.5 leaves all of them alone
        return
    (client,) = (client for client in CLIENTS if client.name == "httpx")
    for path in client.in_process:
        transport, _, name = path.partition(".")
        owner = getattr(httpx, transport)
        handle = original(owner, name)
        recorded = (vcr_handle_async_request if "async" in name else vcr_handle_request)(bridge, handle, httpx)
        yield mock.patch.object(owner, name, _recorded_for_hubspot(handle, recorded, bridge))


def _recorded_for_hubspot(handle: Any, recorded: Any, bridge: Any) -> Any:
    @wraps(handle)
    def handling(transport: Any, request: Any) -> Any:
        return (recorded if bridge.is_hubspot(str(request.url)) else handle)(transport, request)

    return handling


def _aiohttp_patches(bridge: Any) -> Iterator[AbstractContextManager[Any]]:
    import aiohttp
    from vcr.stubs import aiohttp_stubs
    from vcr.stubs.aiohttp_stubs import MockClientResponse, vcr_request

    ask = vcr_request(bridge, noting_async_failures(vcr.patch._AiohttpClientSessionRequest, bridge))

    @wraps(vcr.patch._AiohttpClientSessionRequest)
    async def _request(session: aiohttp.ClientSession, method: str, url: Any, **given: Any) -> Any:
        asked = ask(session, method, session._build_url(url), **await _encoded(session, given))
        return await aiohttp_answer(asked, given.get("timeout", session.timeout), bridge)

    # vcrpy's stub runs before aiohttp encodes forms and joins a URL to the session's own, and would store neither as it
    # is sent.
    if hasattr(aiohttp.Payload, "as_bytes"):  # since aiohttp 3.12
        yield mock.patch.object(aiohttp.ClientSession, "_request", _request)
    failing = failing_with(aiohttp_stubs.play_responses, lambda *_: aiohttp.ServerDisconnectedError())
    yield mock.patch.object(aiohttp_stubs, "play_responses", failing)
    # vcrpy's replayed answers ignore the charset, and take any page for JSON.
    for name in ("json", "text"):
        yield mock.patch.object(MockClientResponse, name, getattr(aiohttp.ClientResponse, name))


async def _encoded(session: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments *given* for a request with their ``json`` or form encoded as aiohttp does it."""
    import aiohttp

    data = given.get("data")
    payload: Any
    if data is None and given.get("json") is not None:
        payload = aiohttp.JsonPayload(given["json"], dumps=session.json_serialize)
    elif given.get("json") is not None:  # data as well: aiohttp refuses that
        return given
    elif isinstance(data, aiohttp.FormData):
        payload = data()
    elif data and isinstance(data, (dict, list, tuple, Mapping)):
        payload = aiohttp.FormData(data)()
    else:
        return given
    headers = session._prepare_headers(given.get("headers"))
    headers.setdefault("Content-Type", payload.content_type)
    return {**given, "json": None, "data": await payload.as_bytes(), "headers": headers}
