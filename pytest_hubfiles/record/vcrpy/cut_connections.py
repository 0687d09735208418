"""Has each client fail as on a closed connection where an answer announces more than it has."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from http.client import RemoteDisconnected
from typing import Any
from unittest import mock

from vcr.stubs import httpx_stubs


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
