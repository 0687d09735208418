"""R11: whatever an API says reaches each client in replay as it did live, to the byte, and nothing crashes on it."""

from __future__ import annotations

import gzip
import json
import tempfile
import tracemalloc
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from unittest import mock

import brotli
import vcr
import zstandard
from helpers.answers import CONTRACTS
from helpers.http_clients import SENDERS, START, Answer
from hubspot import HubSpot
from hubspot.files.exceptions import ApiException

from faults.ledger import Outcome
from faults.servers import RawServer, ReceivedRequest, reply
from pytest_hubfiles import cassettes
from pytest_hubfiles.model import body as body_module
from pytest_hubfiles.model.body import decode_body
from pytest_hubfiles.model.exchange import Exchange
from pytest_hubfiles.model.policy import Severity
from pytest_hubfiles.record import Interception, Recorder
from pytest_hubfiles.record.refusals import PollRefusedError
from pytest_hubfiles.report.formats.terminal import render_findings
from pytest_hubfiles.run.rules import Rules
from pytest_hubfiles.settings.values import RecordMode

_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Mon, 05 Oct 2026 09:14:05 GMT\r\n"
_KEPT: Final = ("content-type", "date", "retry-after", "deprecation", "sunset")
_TASK: Final = b'{"status":"PENDING","taskId":"1","requestedAt":"2026-10-05T09:14:02.117Z"}'


@dataclass(frozen=True)
class Odd:
    """An answer as it goes over the wire; whether it is strict JSON; how it is asked for."""

    wire: bytes
    is_json: bool = True
    method: str = "GET"


def _chunked(*parts: bytes, trailer: bytes = b"") -> bytes:
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    return _HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n" + trailer + b"\r\n"


def _task(**more: object) -> bytes:
    return json.dumps({**json.loads(_TASK), **more}).encode()


def _with(value: bytes) -> bytes:
    return _TASK[:-1] + b',"numErrors":' + value + b"}"


ODD: Final[dict[str, Odd]] = {
    # what JSON allows
    "plain": Odd(reply(_TASK)),
    "big integer": Odd(reply(_with(b"123456789012345678901234567890"))),
    "integer beyond doubles": Odd(reply(_with(b"9007199254740993"))),
    "1e400": Odd(reply(_with(b"1e400"))),
    "5000 digits": Odd(reply(_with(b"9" * 5000)), is_json=False),  # Python refuses to read more than 4,300
    "negative zero": Odd(reply(_with(b"-0.0"))),
    "many decimals": Odd(reply(_with(b"0.1234567890123456789"))),
    "deep": Odd(reply(_with(b"[" * 400 + b"]" * 400))),
    "too deep": Odd(reply(_with(b"[" * 100_000 + b"]" * 100_000)), is_json=False),
    "escapes": Odd(reply(_with(rb'"\u00e9\/\"\\\b\f\n\r\t"'))),
    "half a character": Odd(reply(_with(rb'"\ud800 and \udfff"'))),
    "escaped NUL": Odd(reply(_with(rb'"a\u0000b"'))),
    "emoji": Odd(reply(_with('"😀👩‍👩‍👧\U0010ffff"'.encode()))),
    "line separators": Odd(reply(_with('"\u2028\u2029\x85"'.encode()))),
    "white space": Odd(reply(b"\r\n\t " + _TASK + b" \r\n\r\n ")),
    "trailing blanks": Odd(reply(_TASK[:-1] + b'  \n  \n,"a": 1 \t\n}')),
    "BOM": Odd(reply(b"\xef\xbb\xbf" + _TASK)),
    "utf-16": Odd(reply(_TASK.decode().encode("utf-16"), content_type="application/json;charset=utf-16")),
    "latin-1": Odd(reply(_with('"café"'.encode("latin-1")), content_type="application/json; charset=latin-1")),
    "1 MB": Odd(reply(_task(errors=[{"message": "ü" * 900}] * 600))),
    # what JSON does not
    "NaN": Odd(reply(_with(b"NaN")), is_json=False),
    "Infinity": Odd(reply(_with(b"-Infinity")), is_json=False),
    "key twice": Odd(reply(_with(b'0,"status":"COMPLETE"')), is_json=False),
    "trailing garbage": Odd(reply(_TASK + b"garbage"), is_json=False),
    "two documents": Odd(reply(_TASK + b"\n" + _TASK), is_json=False),
    "cut JSON": Odd(reply(_TASK[:-1]), is_json=False),
    "raw NUL": Odd(reply(_with(b'"a\x00b"')), is_json=False),
    "invalid utf-8": Odd(reply(_with(b'"caf\xe9"')), is_json=False),
    "surrogates in utf-8": Odd(reply(_with(b'"\xed\xa0\x80"')), is_json=False),
    "unknown charset": Odd(reply(_TASK, content_type="application/json;charset=klingon"), is_json=False),
    "NUL in charset": Odd(reply(_TASK, content_type="application/json;charset=a\x00b"), is_json=False),
    "HTML": Odd(reply(b"<!DOCTYPE html><p>no", content_type="text/html"), is_json=False),
    "YAML": Odd(reply(b"--- !!python/object:os.system\n- &a *a\n...\n# x\n", content_type="text/plain"), is_json=False),
    "binary": Odd(reply(bytes(range(256)) * 4, content_type="application/octet-stream"), is_json=False),
    "null": Odd(reply(b"null"), is_json=False),
    "number": Odd(reply(b"7"), is_json=False),
    "empty": Odd(reply(b""), is_json=False),
    "blank": Odd(reply(b" \r\n"), is_json=False),
    # how it is sent
    "no length": Odd(_HEAD + b"Connection: close\r\n\r\n" + _TASK),
    "chunked": Odd(_chunked(_TASK[:20], _TASK[20:])),
    "chunk by chunk": Odd(_chunked(*(_TASK[n : n + 1] for n in range(len(_TASK))))),
    "chunked with a trailer": Odd(_chunked(_TASK, trailer=b"Retry-After: 7\r\n")),
    "http 1.0": Odd(b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + _TASK),
    "gzip": Odd(reply(gzip.compress(_TASK), Content_Encoding="gzip")),
    "gzip in two members": Odd(reply(gzip.compress(_TASK[:9]) + gzip.compress(_TASK[9:]), Content_Encoding="gzip")),
    "gzip and garbage": Odd(reply(gzip.compress(_TASK) + b"garbage", Content_Encoding="gzip")),
    "deflate": Odd(reply(zlib.compress(_TASK), Content_Encoding="deflate")),
    "deflate, raw": Odd(reply(zlib.compress(_TASK)[2:-4], Content_Encoding="deflate")),
    "brotli": Odd(reply(brotli.compress(_TASK), Content_Encoding="br")),
    "zstd": Odd(reply(zstandard.compress(_TASK), Content_Encoding="zstd")),
    "gzip twice": Odd(reply(gzip.compress(gzip.compress(_TASK)), Content_Encoding="gzip, gzip")),
    "identity": Odd(reply(_TASK, Content_Encoding="identity")),
    # status and reason
    "204": Odd(reply(b"", 204, "No Content", None), is_json=False),
    "205": Odd(reply(b"", 205, "Reset Content", None), is_json=False),
    "206": Odd(reply(_TASK, 206, "Partial Content")),
    "299": Odd(reply(_TASK, 299, "Odd")),
    "304": Odd(b"HTTP/1.1 304 Not Modified\r\nDate: Mon, 05 Oct 2026 09:14:05 GMT\r\n\r\n", is_json=False),
    "400": Odd(reply(b'{"status":"error","message":"no"}', 400, "Bad Request")),
    "404": Odd(reply(b'{"status":"error","message":"no"}', 404, "Nothing here")),
    "418": Odd(reply(b"short and stout", 418, "I'm a teapot", "text/plain"), is_json=False),
    "599": Odd(reply(b"", 599, "Odd"), is_json=False),
    "no reason": Odd(reply(_TASK, reason="")),
    "long reason": Odd(reply(_TASK, reason="so it is " * 50 + ".")),
    "latin-1 reason": Odd(reply(_TASK, reason="d'accord, é")),
    # headers
    "header twice": Odd(_HEAD + b"Retry-After: 1\r\nRetry-After: 2\r\nContent-Length: %d\r\n\r\n" % len(_TASK) + _TASK),
    "empty header": Odd(reply(_TASK, Sunset="")),
    "latin-1 header": Odd(reply(_TASK, Deprecation="dès demain")),
    "folded header": Odd(_HEAD + b"Deprecation: one,\r\n two\r\nContent-Length: %d\r\n\r\n" % len(_TASK) + _TASK),
    "odd case": Odd(_HEAD.replace(b"Content-Type: app", b"cONTENT-tYPE: APP") + b"connection: CLOSE\r\n\r\n" + _TASK),
    "no headers": Odd(b"HTTP/1.1 200 OK\r\n\r\n" + _TASK),
    "bad date": Odd(reply(_TASK, Date="yesterday")),
    "HEAD": Odd(reply(_TASK)[: -len(_TASK)], is_json=False, method="HEAD"),
}  # fmt: skip
_NAMES: Final = {f"odd-{number}": name for number, name in enumerate(ODD)}
_KNOWN: Final = {
    # what a client cannot do is no difference: live it hands over bytes that are not what was meant
    ("requests", "zstd"): "urllib3 decodes it only where the server was offered it",
    ("urllib3", "zstd"): "likewise",
    ("hubspot-api-client", "zstd"): "likewise",
    ("httpx", "gzip in two members"): "httpx hands over the first member alone",
    # what vcrpy's stubs for the clients change, recording and replaying
    ("httpx", "no reason"): "an empty reason phrase becomes the usual one",
    ("requests", "latin-1 header"): "a header beyond ASCII is read in another charset",
    ("urllib3", "latin-1 header"): "likewise",
    ("hubspot-api-client", "latin-1 header"): "likewise",
    ("httpx", "latin-1 header"): "a header beyond ASCII is an error",
    ("aiohttp", "gzip twice"): "aiohttp decodes no list of encodings",
    ("aiohttp", "latin-1 reason"): "aiohttp reads it as halves of characters, which no file can hold",
    ("aiohttp", "latin-1 header"): "aiohttp reads it as halves of characters, too",
}
"""Where replay differs, or a client does; not counted."""
_SLOW: Final = ("1 MB", "too deep", "chunk by chunk")
_CLIENTS: Final = ("requests", "httpx", "aiohttp", "urllib3", "hubspot-api-client")


def _ask(client: str, base_url: str, task: str, method: str) -> Answer | str:
    """Return what *client* gets, or the name of its error."""
    try:
        if client == "hubspot-api-client":
            return _with_hubspot(base_url, task)
        return SENDERS[client](method, f"{base_url}{START}/tasks/{task}/status", {}, None)
    except (Exception, PollRefusedError) as error:  # noqa: BLE001  # whatever a client makes of it is compared
        return type(error).__name__


def _with_hubspot(base_url: str, task: str) -> Answer:
    files = HubSpot(access_token="x", host=base_url).files.files_api
    try:
        raw = files.check_import(task, _preload_content=False)
    except ApiException as error:
        return Answer(error.status, error.reason, error.body or b"", _lists(error.headers or {}))
    return Answer(raw.status, raw.reason, raw.data, _lists(raw.headers))


def _lists(headers: Mapping[str, str]) -> dict[str, list[str]]:
    return {name.lower(): [value] for name, value in headers.items()}


def _essence(answer: Answer | str) -> Any:
    if isinstance(answer, str):
        return answer
    kept = {name: ", ".join(answer.headers[name]) for name in _KEPT if name in answer.headers}
    return answer.status, answer.reason or "", answer.body, kept


def run(bounded: bool) -> Outcome:
    """Ask for each odd answer with each client: without a recorder, with one that records, with one that replays."""
    failures: list[str] = []
    count = 0
    with RawServer(_answer) as server, tempfile.TemporaryDirectory() as folder:
        for client in _CLIENTS[1:3] if bounded else _CLIENTS:
            path = Path(folder) / f"{client}.yaml"
            asked = {t: n for t, n in _NAMES.items() if (client, n) not in _KNOWN and not (bounded and n in _SLOW)}
            if client == "hubspot-api-client":  # which fails of itself on a raw answer that is an error
                asked = {t: n for t, n in asked.items() if ODD[n].method == "GET" and b" 2" in ODD[n].wire[:10]}
            bare = {n: _essence(_ask(client, server.url, t, ODD[n].method)) for t, n in asked.items()}
            with Interception(_recorder(path, server.url, RecordMode.VERIFY)) as recorder:
                live = {n: _essence(_ask(client, server.url, t, ODD[n].method)) for t, n in asked.items()}
            path.write_bytes(cassettes.dump(recorder.recorded))
            with Interception(_recorder(path, server.url, RecordMode.NONE)) as recorder:
                played = {n: _essence(_ask(client, server.url, t, ODD[n].method)) for t, n in asked.items()}
            count += len(asked)
            failures += [f"{client}: {what}" for what in _differences(bare, live, played)]
            failures += [f"{client}: {what}" for what in _misjudged(recorder.exchanges)]
        control = _plain(server.url, Path(folder) / "plain.yaml")
    bombs = _bombs()
    failures += [f"{name} takes {size:,} bytes" for name, size in bombs.items() if size > 8 * _BOUND]
    assert bounded or count > 200
    return Outcome(
        "R11", "odd answers come back as they were sent", count + len(bombs), "different", control, tuple(failures)
    )


def _answer(asked: ReceivedRequest) -> Iterator[bytes]:
    yield ODD[_NAMES[asked.path.removesuffix("/status").rpartition("/")[2]]].wire


def _recorder(path: Path, base_url: str, mode: RecordMode) -> Recorder:
    return Recorder(
        cassette=path, display_name=path.name, mode=mode, staged=None, base_url=base_url, identify=CONTRACTS.identify
    )


def _differences(bare: Mapping[str, Any], live: Mapping[str, Any], played: Mapping[str, Any]) -> Iterator[str]:
    for name, expected in bare.items():
        if isinstance(expected, str):  # the client cannot do it: so it must be, and no answer may come of it
            if live[name] != expected or not isinstance(played[name], str):
                yield f"{name}: {expected} without a recorder, {live[name]} recorded, {played[name]} replayed"
            continue
        for how, seen in (("recorded", live[name]), ("replayed", played[name])):
            if seen != expected:
                yield f"{name}: {_short(seen)} where {_short(expected)} is {how}"


def _short(seen: Any) -> str:
    return str(seen) if len(str(seen)) < 300 else f"{str(seen)[:300]}…"


def _misjudged(played: Iterable[Exchange]) -> Iterator[str]:
    rules = Rules(CONTRACTS)
    for exchange in played:
        name = _NAMES[exchange.interaction.task_id or ""]
        try:
            found = rules.check([exchange])
            list(rules.compare([exchange.interaction], [exchange.interaction], lambda: iter(())))
            "\n".join(render_findings(found)).encode()
            json.dumps([finding.to_dict() for finding in found])
        except Exception as error:  # noqa: BLE001  # a crash is what must not be
            yield f"{name}: {type(error).__name__}: {error}"
            continue
        breaking = any(finding.severity is Severity.BREAKING for finding in found)
        if not ODD[name].is_json and exchange.status_code < 300 and not breaking and ODD[name].method == "GET":
            yield f"{name}: nothing is found wrong with it"


_BOUND: Final = 2**20


def _bombs() -> dict[str, int]:
    """Return how many bytes decoding takes at the most, for bodies that decode to 64 times what may be."""
    zeros = bytes(64 * _BOUND)
    bombs = {"gzip": gzip.compress(zeros), "deflate": zlib.compress(zeros), "br": brotli.compress(zeros, quality=1)}
    bombs["zstd"] = zstandard.compress(zeros)
    bombs["gzip, gzip"] = gzip.compress(gzip.compress(zeros))
    bombs["gzip in members"] = gzip.compress(zeros[:_BOUND]) * 64
    taken = {}
    with mock.patch.object(body_module, "_LARGEST_BODY", _BOUND):
        for name, bomb in bombs.items():
            tracemalloc.start()
            decode_body(bomb, name.removesuffix(" in members"))
            taken[name] = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    return taken


def _plain(base_url: str, path: Path) -> bool:
    """Return whether plain vcrpy lets some client see another answer in replay than live."""
    seen = []
    tasks = [task for task, name in _NAMES.items() if name in ("gzip and garbage", "invalid utf-8", "utf-16", "205")]
    for mode in ("all", "none"):
        with vcr.VCR(record_mode=mode).use_cassette(str(path)):
            seen.append([_essence(_ask("aiohttp", base_url, task, "GET")) for task in tasks])
    return seen[0] != seen[1]
