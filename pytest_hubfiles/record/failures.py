"""Why a request got no answer, from what its client raised, and what can be done about it."""

from __future__ import annotations

import asyncio
import errno
import http.client
import re
import socket
import ssl
from collections.abc import Iterable, Iterator
from typing import Final

from pytest_hubfiles.errors import grouped_in
from pytest_hubfiles.model.origin import HUBSPOT, origin_key
from pytest_hubfiles.record.token import TOKEN, token_state

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
_SETTING: Final = "--hubfiles-base-url or ini hubfiles_base_url"
_NO_ANSWER: Final = "got no answer: "


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
        for inner in grouped_in(error)[:most]:
            yield from _steps(inner, most // 2)
        error = error.__cause__ or error.__context__


def advice(reasons: Iterable[str], base_url: str) -> Iterator[str]:
    """Yield what to do about the *reasons* for which a recording from *base_url* is no good, each once."""
    told = list(reasons)
    said, where = "\n".join(told), f"The base URL is {base_url}"
    silent = [reason for reason in told if _NO_ANSWER in reason and base_url in reason]  # another host may be, too
    if any("connection refused" in reason for reason in silent):
        yield f"{where}, where nothing listens: start that server, or correct {_SETTING}."
    elif any("name not resolved" in reason for reason in silent):
        yield f"{where}: see that this machine has a network and the name is right, or correct {_SETTING}."
    if "got HTTP 401" in said:
        yield f"The token was not accepted ({token_state()}): set {TOKEN} to one that is valid for your account."
    if "got HTTP 403" in said:
        yield "The token was accepted and lacks a scope: HubSpot's files API asks for the scope files."
    if "got HTTP 429" in said:
        waits = sorted(map(int, re.findall(r"got HTTP 429 \(Retry-After: (\d{1,6})\)", said)))
        says = f"wait {waits[-1]} s, as Retry-After says" if waits else "wait as long as Retry-After says"
        wait = says if "(Retry-After: " in said else "wait until the next ten seconds, or the next day, have begun"
        yield f"HubSpot limits how many requests an account may send: {wait}, then record again, fewer tests at a time."
    if "with an HTML page" in said and origin_key(base_url) != HUBSPOT:
        yield f"{where}, and an HTML page is no answer of the API: correct {_SETTING} if that is another place."
