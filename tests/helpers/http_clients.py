"""Every HTTP client that a suite may use, called alike: a request in, what reached the caller out."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import json
import ssl
import sys
import threading
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http.client import HTTPConnection, HTTPSConnection  # bound early, as many a module does
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import brotli
import httpcore  # noqa: F401  # httpx keeps its exceptions, which a run of pytester's would import, and drop
import httpx
import requests
import urllib3
import zstandard
from hubspot import HubSpot
from hubspot.files import ImportFromUrlInput

from helpers.patience import PATIENCE

TLS = ssl.create_default_context()  # one for all: each takes 50 ms
TOKEN = "a-token-for-tests"
START = "/files/v3/files/import-from-url/async"
IMPORT = {
    "access": "PRIVATE",
    "duplicateValidationScope": "ENTIRE_PORTAL",
    "duplicateValidationStrategy": "NONE",
    "folderPath": "/library",
    "overwrite": False,
    "url": "https://example.com/cat.png",
}
STATES = ["PENDING", "PROCESSING", "COMPLETE"]


@dataclass
class Answer:
    """What reached the caller: the body as the client decodes it, headers by lower-case name."""

    status: int
    reason: str
    body: bytes
    headers: dict[str, list[str]] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def to_dict(self) -> dict[str, Any]:
        """Return what must be alike live and replayed, in what JSON can hold."""
        kept = {name: self.headers[name] for name in ("content-type", "date", "link") if name in self.headers}
        return {**asdict(self), "body": self.body.decode("latin-1"), "headers": kept}


def _headers(pairs: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name.lower(), []).append(value)
    return found


Send = Callable[[str, str, Mapping[str, str], "bytes | None"], Answer]


def _requests(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
    with requests.request(method, url, headers=headers, data=body, timeout=PATIENCE) as answer:
        return Answer(answer.status_code, answer.reason, answer.content, _headers(answer.raw.headers.items()))


def _requests_session(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
    with (
        requests.Session() as session,
        session.request(method, url, headers=headers, data=body, timeout=PATIENCE) as answer,
    ):
        return Answer(answer.status_code, answer.reason, answer.content, _headers(answer.raw.headers.items()))


def _httpx(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
    with httpx.Client(verify=TLS, timeout=PATIENCE) as client:
        answer = client.request(method, url, headers=headers, content=body)
        return Answer(answer.status_code, answer.reason_phrase, answer.content, _headers(answer.headers.multi_items()))


def _httpx_async(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
    async def send() -> httpx.Response:
        async with httpx.AsyncClient(verify=TLS, timeout=PATIENCE) as client:
            return await client.request(method, url, headers=headers, content=body)

    answer = asyncio.run(send())
    return Answer(answer.status_code, answer.reason_phrase, answer.content, _headers(answer.headers.multi_items()))


def _aiohttp(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
    async def send() -> Answer:
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url, headers=headers, data=body) as answer,
        ):
            content = await answer.read()
            return Answer(answer.status, answer.reason or "", content, _headers(answer.headers.items()))

    return asyncio.run(send())


def _urllib3(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
    with urllib3.PoolManager() as pool:
        answer = pool.request(method, url, headers=headers, body=body)
        return Answer(answer.status, answer.reason or "", answer.data, _headers(answer.headers.items()))


def _urllib(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
    request = urllib.request.Request(url, data=body, headers=dict(headers), method=method)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE, context=TLS) as answer:
            return _undone(answer.status, answer.reason, answer.read(), answer.headers.items())
    except urllib.error.HTTPError as error:
        with error:
            return _undone(error.code, error.reason, error.read(), error.headers.items())


def _http_client(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
    kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
    return _connection(kinds[urlsplit(url).scheme], method, url, headers, body)


def _http_client_early(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
    kinds = {"http": HTTPConnection, "https": HTTPSConnection}
    return _connection(kinds[urlsplit(url).scheme], method, url, headers, body)


def _connection(kind: Any, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
    parts = urlsplit(url)
    secure = {"context": TLS} if parts.scheme == "https" else {}
    connection = kind(parts.hostname, parts.port, timeout=PATIENCE, **secure)
    try:
        connection.request(method, url.split(parts.netloc, 1)[1] or "/", body=body, headers=dict(headers))
        answer = connection.getresponse()
        return _undone(answer.status, answer.reason, answer.read(), answer.getheaders())
    finally:
        connection.close()


def _undone(status: int, reason: str, body: bytes, pairs: Any) -> Answer:
    """Decode what clients without decoders leave to their caller."""
    headers = _headers(pairs)
    decode = {
        "gzip": lambda: gzip.decompress(body),
        "deflate": lambda: zlib.decompress(body, zlib.MAX_WBITS if body[:1] == b"\x78" else -zlib.MAX_WBITS),
        "br": lambda: brotli.decompress(body),
        "zstd": lambda: zstandard.ZstdDecompressor().stream_reader(body, read_across_frames=True).read(),
    }.get("".join(headers.get("content-encoding", [])), lambda: body)
    return Answer(status, reason, decode() if body else body, headers)


SENDERS: dict[str, Send] = {
    "requests": _requests,
    "requests-session": _requests_session,
    "httpx": _httpx,
    "httpx-async": _httpx_async,
    "aiohttp": _aiohttp,
    "urllib3": _urllib3,
    "urllib": _urllib,
    "http.client": _http_client,
    "http.client-early": _http_client_early,
}
"""Clients that send any request, by name."""


# --- a whole import ----------------------------------------------------------------------------------------


def _with(send: Send, base_url: str, folder: str = "/library") -> list[Answer]:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    answers = [send("POST", base_url + START, headers, json.dumps({**IMPORT, "folderPath": folder}).encode())]
    task = f"{base_url}{START}/tasks/{answers[0].json['id']}/status"
    for _ in range(10):
        answers.append(send("GET", task, headers, None))
        if answers[-1].json["status"] == "COMPLETE":
            break
    return answers


def _with_hubspot(base_url: str) -> list[Answer]:
    """Import with HubSpot's own client, which knows v3 alone."""
    api = HubSpot(access_token=TOKEN, host=base_url).files.files_api
    given = ImportFromUrlInput(
        access="PRIVATE",
        duplicate_validation_scope="ENTIRE_PORTAL",
        duplicate_validation_strategy="NONE",
        folder_path="/library",
        overwrite=False,
        url="https://example.com/cat.png",
    )
    task, status, headers = api.import_from_url_with_http_info(import_from_url_input=given)
    answers = [Answer(status, "Accepted", json.dumps({"id": task.id}).encode(), _headers(dict(headers).items()))]
    for _ in range(10):
        raw = api.check_import(task.id, _preload_content=False)
        answers.append(Answer(raw.status, raw.reason, raw.data, _headers(raw.headers.items())))
        if answers[-1].json["status"] == "COMPLETE":
            break
    ended = api.check_import(task.id)  # a task that has ended keeps saying so
    assert ended.status == "COMPLETE"
    assert ended.result.access == "PRIVATE"
    return answers


def import_in_threads(base_url: str) -> list[list[Answer]]:
    """Carry out eight imports at once, each of a file of its own, with a client of its own kind."""
    return _at_once([lambda n=n, send=send: _with(send, base_url, f"/{n}") for n, send in enumerate(_eight())])


def _eight() -> list[Send]:
    return list(SENDERS.values())[:8]


def _at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    together = threading.Barrier(len(calls))

    def call(number: int) -> Any:
        together.wait()
        return calls[number]()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(call, range(len(calls))))


def _with_threads(base_url: str) -> list[Answer]:
    """Start one import and poll it from eight threads at once, each with a client of its own kind."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    started = _requests("POST", base_url + START, headers, json.dumps(IMPORT).encode())
    task = f"{base_url}{START}/tasks/{started.json['id']}/status"
    answers = _at_once([lambda send=send: send("GET", task, headers, None) for send in _eight()])
    answers.sort(key=lambda answer: STATES.index(answer.json["status"]))
    assert all(answer.json["status"] == "COMPLETE" for answer in answers[3:])  # the end is repeated
    return [started, *answers[:3]]


IMPORTERS: dict[str, Callable[[str], list[Answer]]] = {
    **{name: (lambda base_url, send=send: _with(send, base_url)) for name, send in SENDERS.items()},
    "hubspot-api-client": _with_hubspot,
}
"""Clients that carry out an import from its start to its end, by name."""

REPLAYERS = {**IMPORTERS, "eight-threads": _with_threads}
"""Those, and what is only told apart from them in replay: where eight poll at once, nobody knows who was first."""


# --- what leaves the process -------------------------------------------------------------------------------

_watchers: list[list[str]] = []


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        for seen in _watchers:
            seen.append(f"{event} {arguments[1:] if event == 'socket.connect' else arguments[:2]}")


sys.addaudithook(_watch)


@contextmanager
def watched_sockets() -> Iterator[list[str]]:
    """Hand out a list that fills with every connection and name look-up of this process, whoever makes it."""
    seen: list[str] = []
    _watchers.append(seen)
    try:
        yield seen
    finally:
        _watchers.remove(seen)


def save(answers: list[Answer], path: Path) -> None:
    """Write what reached a client where the test that runs the downstream project finds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([answer.to_dict() for answer in answers]), encoding="utf-8")
