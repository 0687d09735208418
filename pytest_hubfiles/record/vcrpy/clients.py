"""What vcrpy's patches of the HTTP clients leave out: threads, names imported early, aiohttp's forms."""

from __future__ import annotations

import http.client
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from types import FunctionType
from typing import Any, Final
from unittest import mock

import vcr.patch
import vcr.stubs
from vcr.stubs import VCRHTTPConnection, VCRHTTPSConnection

from pytest_hubfiles.record.fast.player import plain


class _Connection(VCRHTTPConnection, vcr.patch._HTTPConnection):  # type: ignore[misc]  # vcrpy ships no types
    """What an ``http.client.HTTPConnection`` is while there is a recorder."""


class _TlsConnection(VCRHTTPSConnection, vcr.patch._HTTPSConnection):  # type: ignore[misc]  # likewise
    """What an ``http.client.HTTPSConnection`` is while there is a recorder."""


def patches(asked: Any, skipped: Iterable[str]) -> Iterator[AbstractContextManager[Any]]:
    """Yield what takes the place of vcrpy's own patches, or comes on top of them.

    *asked* is the bridge that clients ask, or leads to it.
    """
    # vcrpy takes its patches off, for all threads, while one of them sends a request or makes a connection:
    # requests of the others then go out unseen, in replay too. It need not, with http.client patched as below.
    yield mock.patch.object(vcr.patch, "force_reset", nullcontext)
    yield mock.patch.object(vcr.stubs, "parse_headers", _parse_headers)
    if "httplib" not in skipped:
        yield from _http_client_patches(vcr.patch._HTTPConnection, _Connection, asked)
        yield from _http_client_patches(vcr.patch._HTTPSConnection, _TlsConnection, asked)
    if "aiohttp" not in skipped and "aiohttp" in sys.modules:
        yield from _aiohttp_patches(asked)


_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9-]+").fullmatch
_PLAIN_VALUE: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?").fullmatch
_MANY: Final = 50  # headers; http.client refuses more than 100
_parse_any_headers = vcr.stubs.parse_headers


def _parse_headers(headers: Mapping[str, Any]) -> http.client.HTTPMessage:
    """Return an answer's headers as ``http.client`` does, which vcrpy has the parser of e-mails find out.

    That takes as long as all else that a replay does; headers with anything odd in them still go there.
    """
    message = http.client.HTTPMessage()
    message.set_payload("")
    for name, values in headers.items():
        for value in values:
            if len(message) == _MANY or not _PLAIN_NAME(name) or not _PLAIN_VALUE(value):
                parsed: http.client.HTTPMessage = _parse_any_headers(headers)
                return parsed
            message[name] = value
    return message


def _http_client_patches(real: Any, stub: Any, asked: Any) -> Iterator[AbstractContextManager[Any]]:
    """Make every connection of the class *real* one that asks *asked*.

    vcrpy replaces the class in ``http.client``, which misses modules that imported it by its name.
    """
    sending = type(real.__name__, (real,), {})  # what the stub sends through; only real itself is stood in for
    asking = type(real.__name__, (stub,), {"cassette": asked, "_baseclass": sending})
    # It calls its base by this class's name in http.client, which a cassette of the test's own may replace.
    original = plain(real.__init__)
    names = {**original.__globals__, real.__name__: real}
    prepare = FunctionType(original.__code__, names, argdefs=original.__defaults__, closure=original.__closure__)
    prepare.__kwdefaults__ = original.__kwdefaults__

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807  # it is one
        if type(self) is real:
            self.__class__ = asking
            self.__init__(*args, **kwargs)
        else:
            prepare(self, *args, **kwargs)

    yield mock.patch.object(real, "__init__", __init__)
    yield mock.patch.object(http.client, real.__name__, real)  # a cassette around this one may have replaced it
    yield mock.patch.object(stub.__mro__[1], "_baseclass", sending)  # a cassette within this one sends by itself


def _aiohttp_patches(asked: Any) -> Iterator[AbstractContextManager[Any]]:
    import aiohttp
    from vcr.stubs.aiohttp_stubs import MockClientResponse, vcr_request

    ask = vcr_request(asked, vcr.patch._AiohttpClientSessionRequest)

    async def _request(session: aiohttp.ClientSession, method: str, url: Any, **given: Any) -> Any:
        return await ask(session, method, url, **await _encoded(session, given))

    # vcrpy asks before aiohttp encodes what it was given: no form would be stored as it is sent.
    if hasattr(aiohttp.Payload, "as_bytes"):  # since aiohttp 3.12
        yield mock.patch.object(aiohttp.ClientSession, "_request", _request)
    # Replayed answers of vcrpy know no charset, and any page is JSON to them.
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
