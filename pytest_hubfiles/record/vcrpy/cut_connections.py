"""Has each client fail as on a closed connection where an answer announces more than it has."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import wraps
from http.client import RemoteDisconnected
from typing import Any, Final
from unittest import mock

_SAID: Final = "Server disconnected without sending a response."  # as httpcore says it
_HTTPX_STUBS: Final[dict[str, Callable[..., Any]]] = {
    "httpx_stubs": lambda *args: args[-1].RemoteProtocolError(_SAID),  # of vcrpy 9, which hands httpx or httpx2 on
    "httpcore_stubs": lambda *_: sys.modules["httpcore"].RemoteProtocolError(_SAID),  # of vcrpy 8.5
}


def disconnected() -> RemoteDisconnected:
    """Return the error of http.client, which urllib3, requests and urllib know."""
    return RemoteDisconnected("Remote end closed connection without response")


def httpx_patches() -> Iterator[AbstractContextManager[Any]]:
    """Yield the patches that have httpx raise an error of its own in place of http.client's."""
    for name, error_of in _HTTPX_STUBS.items():
        try:
            stubs = importlib.import_module(f"vcr.stubs.{name}")
        except ImportError:
            continue
        if hasattr(stubs, "_play_responses"):
            yield mock.patch.object(stubs, "_play_responses", failing_with(stubs._play_responses, error_of))


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
