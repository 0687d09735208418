"""Has each client fail as it does where an answer is cut off, or never comes."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from functools import wraps
from http.client import RemoteDisconnected
from typing import Any, Final
from unittest import mock

from vcr.stubs import httpx_stubs

from pytest_hubfiles.errors import Portable

_FOR_EVER: Final = 86_400.0
"""How many seconds a client without a time-out waits before its test is told: nobody else waits for a day."""


# --- an answer that is cut off ----------------------------------------------------------------------------------------


def disconnected() -> RemoteDisconnected:
    """Return the error of http.client, which urllib3, requests and urllib know."""
    return RemoteDisconnected("Remote end closed connection without response")


def httpx_patch() -> AbstractContextManager[Any]:
    """Return the patch that has httpx, or httpx2, raise an error of its own in place of http.client's."""

    def error_of(cassette: object, request: object, httpx: Any) -> BaseException:
        error: BaseException = httpx.RemoteProtocolError("Server disconnected without sending a response.")
        return error

    return mock.patch.object(httpx_stubs, "_play_responses", failing_with(httpx_stubs._play_responses, error_of))


def failing_with(play: Callable[..., Any], error_of: Callable[..., BaseException]) -> Callable[..., Any]:
    """Return *play*, which plays answers to a client, with that client's own error for a closed connection."""

    @wraps(play)
    def played(*args: Any) -> Any:
        __tracebackhide__ = True
        try:
            return play(*args)
        except RemoteDisconnected:
            raise error_of(*args) from None

    return played


# --- an answer that never comes ---------------------------------------------------------------------------------------


class NeverAnsweredError(Portable, BaseException):
    """A client waits without a time-out for an answer that never comes; no ``except Exception`` is to go on."""

    def __init__(self, request: str) -> None:
        self.request = request
        super().__init__(
            f"{request} is never answered under this change, and the client waits for it without a time-out: the test "
            "would not end. Give the client a time-out."
        )


class StalledError(Portable, Exception):
    """No answer comes to the *request*; each client has this become an error of its own."""

    def __init__(self, request: str) -> None:
        self.request = request
        super().__init__(f"{request} is not answered")

    def after(self, seconds: float | None, own: BaseException, bridge: Any) -> BaseException:
        """Return the error of a client that asked *bridge*, after *seconds*: its *own*, unless it waits for ever."""
        if seconds is not None:
            return own
        bridge.note_endless()
        return NeverAnsweredError(self.request)


def timing_out(getresponse: Callable[..., Any]) -> Callable[..., Any]:
    """Return the method *getresponse* of a connection of http.client, which waits as long as that would."""

    @wraps(getresponse)
    def waiting(connection: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        try:
            return getresponse(connection, *args, **kwargs)
        except StalledError as stalled:
            given = connection.timeout
            seconds = given if given is None or isinstance(given, (int, float)) else socket.getdefaulttimeout()
            time.sleep(_FOR_EVER if seconds is None else seconds)
            raise stalled.after(seconds, TimeoutError("timed out"), connection.cassette) from None

    return waiting


def timing_out_httpx(handle: Callable[..., Any]) -> Callable[..., Any]:
    """Return *handle*, by which vcrpy handles a request of httpx, which waits as long as that would."""

    @wraps(handle)
    def waiting(*args: Any) -> Any:
        __tracebackhide__ = True
        try:
            return handle(*args)
        except StalledError as stalled:
            seconds, error = _httpx_timeout(*args)
            time.sleep(_FOR_EVER if seconds is None else seconds)
            raise stalled.after(seconds, error, args[0]) from None

    return waiting


def timing_out_async_httpx(handle: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Return the same of httpx with ``async``."""

    @wraps(handle)
    async def waiting(*args: Any) -> Any:
        __tracebackhide__ = True
        try:
            return await handle(*args)
        except StalledError as stalled:
            import anyio  # which httpx waits with

            seconds, error = _httpx_timeout(*args)
            await anyio.sleep(_FOR_EVER if seconds is None else seconds)
            raise stalled.after(seconds, error, args[0]) from None

    return waiting


def _httpx_timeout(
    cassette: object, real: object, transport: object, request: Any, *httpx: Any
) -> tuple[float | None, BaseException]:
    module = httpx[0] if httpx else sys.modules["httpcore"]  # which vcrpy 8.5 patches, beneath httpx
    return request.extensions.get("timeout", {}).get("read"), module.ReadTimeout("The read operation timed out")


async def aiohttp_answer(asked: Awaitable[Any], timeout: Any, bridge: Any) -> Any:
    """Return what is *asked* of *bridge*; aiohttp waits for it by *timeout*, a ClientTimeout or seconds in all."""
    __tracebackhide__ = True
    try:
        return await asked
    except StalledError as stalled:
        import aiohttp

        total, read = (
            (timeout.total, timeout.sock_read) if isinstance(timeout, aiohttp.ClientTimeout) else (timeout, None)
        )
        seconds = min((limit for limit in (total, read) if limit), default=None)
        is_read = read is not None and seconds == read
        own = aiohttp.SocketTimeoutError("Timeout on reading data from socket") if is_read else asyncio.TimeoutError()
        await asyncio.sleep(_FOR_EVER if seconds is None else seconds)
        raise stalled.after(seconds, own, bridge) from None
