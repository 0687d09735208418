"""What an API can do instead of answering, byte by byte, and uploaders that do not mind."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import aiohttp
import httpx
import requests
from helpers.downstream import DOCUMENTED, START, polled
from helpers.http_clients import TLS
from helpers.patience import PATIENCE

from faults.servers import RawServer, ReceivedRequest, Then, reply

_STALLED_SECONDS: Final = 0.3  # after which a client gives up what never comes; all else it waits for
_ERROR: Final = json.dumps({"status": "error", "message": "no", "correlationId": "1"}).encode()
_PAGE: Final = b"<!DOCTYPE html><html><body>Sign in</body></html>"
_WHOLE: Final = polled("PENDING").response_body
_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

FAULTS: Final[dict[str, Iterable[bytes | Then]]] = {
    **{f"http-{status}": [reply(_ERROR, status, "No")] for status in (401, 403, 429, 500, 502, 503, 504, 521)},
    **{f"login-{status}": [reply(b"", status, "Moved", Location="/login")] for status in (301, 302, 303, 307, 308)},
    "nowhere-302": [reply(b"", 302, "Moved")],
    "http-304": [reply(b"", 304, "Not Modified")],
    "http-500-empty": [reply(b"", 500, "")],
    "html-502": [reply(_PAGE, 502, "Bad Gateway", "text/html")],
    "html-404": [reply(_PAGE, 404, "Not Found", "text/html;charset=utf-8")],
    "html-200": [reply(_PAGE, content_type="text/html")],
    "html-unsaid": [reply(_PAGE, content_type=None)],
    "html-as-json": [reply(b"  " + _PAGE)],
    "html-bom": [reply(b"\xef\xbb\xbf" + _PAGE)],
    "html-comment": [reply(b"<!-- <html> --> <!-- - > -->\n" + _PAGE)],
    "html-xml": [reply(b'<?xml version="1.0"?>\n<!-- x --><html lang="en"/>', content_type="application/xml")],
    "html-head": [reply(b"<HEAD><title>Sign in</title></HEAD>", content_type=None)],
    "html-body": [reply(b"<body\nclass='x'>Sign in", content_type="text/plain")],
    "html-utf-16": [reply(_PAGE.decode().encode("utf-16"))],
    "html-utf-16-be": [reply(_PAGE.decode().encode("utf-16-be"))],
    "html-gzip": [reply(gzip.compress(_PAGE), Content_Encoding="gzip")],
    "xhtml": [reply(b"<?xml version='1.0'?><html/>", content_type="application/xhtml+xml")],
    "nothing": [],
    "reset": [Then.RESET],
    "garbage": [b"\x00\xff" * 50],
    "garbage-status": [b"HTTP/1.1 OK 200\r\nContent-Length: 0\r\n\r\n"],
    "cut-in-status": [b"HTTP/1.1 20"],
    "cut-in-headers": [b"HTTP/1.1 200 OK\r\nContent-Ty"],
    "cut-before-body": [_HEAD + b"Content-Length: 300\r\n\r\n"],
    "cut-in-body": [_HEAD + b"Content-Length: 300\r\n\r\n" + _WHOLE],
    "reset-in-body": [_HEAD + b"Content-Length: 300\r\n\r\n" + _WHOLE, Then.RESET],
    "cut-in-chunk": [_HEAD + b"Transfer-Encoding: chunked\r\n\r\n1f4\r\n" + _WHOLE],
    "cut-after-chunk": [
        _HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + f"{len(_WHOLE):x}".encode() + b"\r\n" + _WHOLE + b"\r\n"
    ],
    "cut-gzip": [reply(gzip.compress(_WHOLE)[:-9], Content_Encoding="gzip")],
    "no-gzip": [reply(_WHOLE, Content_Encoding="gzip")],
    "short-length": [_HEAD + b"Content-Length: 9\r\n\r\n" + _WHOLE],
    "half-a-json": [reply(_WHOLE[:-9])],
    "empty-200": [reply(b"")],
    "no-content": [reply(b"", 204, "No Content", None)],
    "stall": [Then.STALL],
    "stall-in-headers": [_HEAD, Then.STALL],
    "stall-in-body": [_HEAD + b"Content-Length: 300\r\n\r\n" + _WHOLE, Then.STALL],
}
"""What is said in place of an answer, by name."""
PLACES: Final = ("start", "0", "1", "2")
"""Where: at the start of an import, or at its first, second or third poll."""


class Upstream:
    """An API that carries out imports, and breaks off where an import's URL says so, while it is ``faulty``.

    The name of the file imported, ``<fault>.<place>.png``, says what is to happen, and is the id of the task.
    """

    def __init__(self) -> None:
        self.faulty = False
        self._polls: Counter[str] = Counter()

    def reset(self, *, faulty: bool) -> None:
        """Forget all tasks; be *faulty* from now on, or not."""
        self.faulty = faulty
        self._polls.clear()

    def answer(self, asked: ReceivedRequest) -> Iterator[bytes | Then]:
        """Answer a request, or do what else was wanted."""
        if asked.path == "/login":
            yield reply(_PAGE, content_type="text/html")
        elif asked.method == "POST":
            task = json.loads(asked.body)["url"].rpartition("/")[2].removesuffix(".png")
            whole = reply(json.dumps({"id": task}).encode(), 202, "Accepted")
            yield from self._broken(task, "start") or [whole]
        else:
            task = asked.path.removesuffix("/status").rpartition("/")[2]
            number = self._polls[task]
            self._polls[task] += 1
            state = ("PENDING", "PROCESSING", "COMPLETE")[min(number, 2)]
            yield from self._broken(task, str(number)) or [reply(polled(state).response_body)]

    def _broken(self, task: str, place: str) -> Iterable[bytes | Then] | None:
        fault, _, where = task.rpartition(".")
        # Twice in a row: aiohttp asks again by itself where a connection is lost. It does not where nothing is said.
        again = str(int(where) + 1) if where.isdecimal() and not fault.startswith("stall") else where
        if not self.faulty or place not in (where, again):
            return None
        return FAULTS.get(fault, []) or [b""]  # nothing at all, for those that are no matter of the server


@contextlib.contextmanager
def upstream() -> Iterator[tuple[Upstream, str]]:
    """Start such an API; give it and its address."""
    api = Upstream()
    with RawServer(api.answer) as server:
        yield api, server.url


# --- uploaders ---------------------------------------------------------------------------------------------


def _requests(method: str, url: str, body: Any, seconds: float) -> Any:
    return requests.request(method, url, json=body, timeout=seconds).json()


def _httpx(method: str, url: str, body: Any, seconds: float) -> Any:
    with httpx.Client(verify=TLS, timeout=seconds, follow_redirects=True) as client:
        return client.request(method, url, json=body).json()


def _aiohttp(method: str, url: str, body: Any, seconds: float) -> Any:
    async def send() -> Any:
        timeout = aiohttp.ClientTimeout(total=None, sock_read=seconds)  # in all, it could end before it has asked
        async with aiohttp.ClientSession(timeout=timeout) as session, session.request(method, url, json=body) as answer:
            return await answer.json()

    return asyncio.run(send())


def _urllib(method: str, url: str, body: Any, seconds: float) -> Any:
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, content, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=seconds, context=TLS) as answer:
        return json.loads(answer.read())


SENDERS: Final[dict[str, Callable[[str, str, Any, float], Any]]] = {
    "requests": _requests,
    "httpx": _httpx,
    "aiohttp": _aiohttp,
    "urllib": _urllib,
}


def upload(client: str, base_url: str, case: str) -> str | None:
    """Import the file of a *case* and poll until that is done, swallowing whatever goes wrong."""
    send = SENDERS[client]
    state = None

    def seconds(place: str) -> float:
        fault, _, where = case.rpartition(".")
        return _STALLED_SECONDS if fault.startswith("stall") and place == where else PATIENCE

    with contextlib.suppress(Exception):
        imported = {**DOCUMENTED, "url": f"https://example.com/{case}.png"}
        send("POST", base_url + START, imported, seconds("start"))
        for number in range(5):
            with contextlib.suppress(Exception):
                answer = send("GET", f"{base_url}{START}/tasks/{case}/status", None, seconds(str(number)))
                state = answer["status"]
            if state == "COMPLETE":
                break
    return state
