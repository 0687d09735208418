"""Why a request got no answer, from what its client raised."""

from __future__ import annotations

import asyncio
import errno
import http.client
import socket
import ssl
from collections.abc import Iterator
from typing import Final

_KINDS: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (socket.gaierror, "name not resolved"),
    (TimeoutError, "timed out"),
    (asyncio.TimeoutError, "timed out"),  # another class before Python 3.11
    (ConnectionRefusedError, "connection refused"),
    (ConnectionError, "connection cut"),
    (http.client.IncompleteRead, "connection cut"),
    (ssl.SSLCertVerificationError, "certificate not accepted"),
    (ssl.SSLError, "TLS failed"),
    (asyncio.CancelledError, "canceled"),
)
_NUMBERS: Final = {
    errno.ECONNREFUSED: "connection refused",
    errno.ETIMEDOUT: "timed out",
    errno.ECONNRESET: "connection cut",
    errno.EHOSTUNREACH: "host not reachable",
    errno.ENETUNREACH: "network not reachable",
}
_WORDS: Final = (("Timeout", "timed out"), ("Disconnected", "connection cut"), ("RemoteProtocol", "connection cut"))
_MOST_STEPS: Final = 20


def reason_of(error: BaseException) -> str:
    """Return in a few words why *error* was raised; never its text, which may hold a credential."""
    steps = list(_steps(error, _MOST_STEPS))
    for step in steps:
        for kind, reason in _KINDS:
            if isinstance(step, kind):
                return reason
        if isinstance(step, OSError) and step.errno in _NUMBERS:
            return _NUMBERS[step.errno]
    for step in steps:
        for word, reason in _WORDS:
            if word in type(step).__name__:
                return reason
    return type(error).__name__


def _steps(error: BaseException | None, most: int) -> Iterator[BaseException]:
    """Yield *error* and what led to it, the nearest first."""
    while error is not None and most > 0:
        yield error
        most -= 1
        for inner in getattr(error, "exceptions", ())[:most]:  # of an exception group
            yield from _steps(inner, most // 2)
        error = error.__cause__ or error.__context__
