"""Has vcrpy's stubs note that they are sending, and why a request that they sent has no answer."""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any, Final
from unittest import mock

import vcr.stubs

from pytest_hubfiles.record.vcrpy.broken_connections import timing_out, timing_out_async_httpx, timing_out_httpx

_HTTPX_STUBS: Final = ("httpx_stubs", "httpcore_stubs")  # what vcrpy 9 has, what vcrpy 8.5 has


_UNDER_WAY: Final[set[object]] = set()


def is_stub_under_way() -> bool:
    """Return whether a stub of an event loop's client, of any cassette, is sending now."""
    return bool(_UNDER_WAY)


def failure_patches() -> Iterator[AbstractContextManager[Any]]:
    """Yield the patches of what vcrpy's stubs of http.client and httpx send through."""
    connection = vcr.stubs.VCRConnection
    getresponse = timing_out(connection.getresponse)
    yield mock.patch.object(connection, "getresponse", _noting(getresponse, lambda self: self.cassette))
    for name in _HTTPX_STUBS:
        try:
            stubs = importlib.import_module(f"vcr.stubs.{name}")
        except ImportError:
            continue
        for function, waiting, noting in (
            ("_vcr_handle_request", timing_out_httpx, _noting),
            ("_vcr_handle_async_request", timing_out_async_httpx, _noting_async),
        ):
            if hasattr(stubs, function):
                handle = waiting(getattr(stubs, function))
                yield mock.patch.object(stubs, function, noting(handle, lambda cassette: cassette))


def noting_async_failures(send: Callable[..., Awaitable[Any]], bridge: Any) -> Callable[..., Awaitable[Any]]:
    """Return *send*, which sends what *bridge* has no answer to, noting what it raises."""
    return _noting_async(send, lambda _: bridge)


def _noting(call: Callable[..., Any], bridge_of: Callable[[Any], Any]) -> Callable[..., Any]:
    @wraps(call)
    def noting(first: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        try:
            return call(first, *args, **kwargs)
        except BaseException as error:
            _note(bridge_of(first), error)
            raise

    return noting


def _noting_async(call: Callable[..., Awaitable[Any]], bridge_of: Callable[[Any], Any]) -> Callable[..., Any]:
    @wraps(call)
    async def noting(first: Any, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        this = object()
        _UNDER_WAY.add(this)
        try:
            return await call(first, *args, **kwargs)
        except BaseException as error:
            _note(bridge_of(first), error)
            raise
        finally:
            _UNDER_WAY.discard(this)

    return noting


def _note(bridge: Any, error: BaseException) -> None:
    failed = getattr(bridge, "failed", None)  # a cassette of the test's own has none
    if failed is not None:
        failed(error)
