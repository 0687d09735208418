"""One request and its answer, as they stand in a cassette and as they are judged."""

from __future__ import annotations

import importlib
import io
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from pytest_hubfiles.errors import HubfilesError

_VERSION_LABEL: Final = re.compile(r"v[0-9]{1,3}|[0-9]{4}-[0-9]{2}(?:-[a-z]+)?")
_HUBSPOT_HOST: Final = re.compile(r"(?:.+\.)?(?:hubapi|hubspot)\.com")
_PLAIN_PATH: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@/-]*")  # what RFC 3986 lets stand as it is
_TASK_STATUS_PATH: Final = re.compile(r"/tasks/(?P<task_id>[^/]*)/status/?")

_ABOUT_BODIES: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})

MatchKey = tuple[str, str, tuple[tuple[str, str], ...], str]
"""What a request is recognised by: method, path, sorted query, comparable body."""


class UnknownVersionError(HubfilesError):
    """A label that is no HubSpot API version."""

    def __init__(self, label: object) -> None:
        self.label = label
        super().__init__(
            f"{label!r} is not a HubSpot API version.\nA version is written as in a path: v3, 2026-03 or 2026-09-beta."
        )


class BodyNotJsonError(HubfilesError, ValueError):
    """A body that was to be JSON and is not; ``reason`` says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class ApiVersion:
    """A HubSpot API version as it stands in a path: ``v3``, ``2026-03`` or ``2026-09-beta``.

    Source: HubSpot's versioning policy, date-based since 2025-09.

    Raises:
        UnknownVersionError: if *label* has none of these forms.
    """

    label: str

    def __post_init__(self) -> None:
        if not isinstance(self.label, str) or not _VERSION_LABEL.fullmatch(self.label):
            raise UnknownVersionError(self.label)


def is_version(label: str) -> bool:
    """Return whether *label* is written as an API version is."""
    return bool(_VERSION_LABEL.fullmatch(label))


class Headers(Mapping[str, str]):
    """HTTP headers, read without regard to case; a header sent twice reads as one, joined by ``, ``."""

    __slots__ = ("_lists",)

    def __init__(self, lists: Mapping[str, tuple[str, ...]]) -> None:
        self._lists: dict[str, tuple[str, ...]] = {}
        for name, values in lists.items():
            self._lists[name.lower()] = self._lists.get(name.lower(), ()) + tuple(values)

    def __getitem__(self, name: str) -> str:
        return ", ".join(self._lists[name.lower()])

    def __iter__(self) -> Iterator[str]:
        return iter(self._lists)

    def __len__(self) -> int:
        return len(self._lists)

    def __repr__(self) -> str:
        return f"Headers({dict(self)!r})"


@dataclass(frozen=True)
class Interaction:
    """A request and its answer as vcrpy's format stores them: raw bytes, headers as lists of values.

    ``line`` is where it begins in the file it was read from, counted from 1; None where it was not read from one.
    """

    method: str
    url: str
    request_headers: Mapping[str, tuple[str, ...]]
    request_body: bytes
    status_code: int
    reason: str
    response_headers: Mapping[str, tuple[str, ...]]
    response_body: bytes
    line: int | None = field(default=None, compare=False)

    @cached_property
    def headers(self) -> Headers:
        """The answer's headers."""
        return Headers(self.response_headers)

    @cached_property
    def _decoded(self) -> tuple[bytes, bool]:
        length = self.headers.get("content-length", "")
        if length.isdecimal() and int(length) != len(self.response_body):
            return self.response_body, False  # of the wire's length no more: the client had decoded it for vcrpy
        return decode_body(self.response_body, self.headers.get("content-encoding", ""))

    @property
    def body(self) -> bytes:
        """The answer's body as a client decodes it: without gzip, deflate, br or zstd."""
        return self._decoded[0]

    @property
    def is_garbled(self) -> bool:
        """Whether the body is what was sent, to the byte, and not encoded as its Content-Encoding says."""
        encoding, length = self.headers.get("content-encoding", ""), self.headers.get("content-length", "")
        if not self.response_body or encoding not in _STARTS or length != str(len(self.response_body)):
            return False
        return self._decoded[0] is self.response_body

    @property
    def path(self) -> str:
        """The request's path, without origin and query."""
        return urlsplit(self.url).path

    @property
    def is_hubspot(self) -> bool:
        """Whether the request went to one of HubSpot's own API hosts."""
        return bool(_HUBSPOT_HOST.fullmatch(urlsplit(self.url).hostname or ""))

    @property
    def media_type(self) -> str:
        """The answer's media type in lower case, without parameters; empty if none was sent."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    @cached_property
    def json(self) -> Any:
        """The answer's body parsed as strict JSON, once.

        Raises:
            BodyNotJsonError: if it cannot be parsed, or holds NaN, Infinity or a key twice.
        """
        return parse_json(self.body, charset_of(self.headers.get("content-type", "")))

    def let_go(self, task_status: str | None) -> None:
        """Hold no longer what was parsed, ten times what its bytes take; *task_status*, its own, stays known."""
        self.__dict__["task_status"] = task_status
        for name in ("json", "headers"):
            self.__dict__.pop(name, None)

    @property
    def is_empty(self) -> bool:
        """Whether the answer has no body, or one of white space only."""
        return not self.body.strip()

    @cached_property
    def task_status(self) -> str | None:
        """The state in a task's status answer, or None where the answer is no such thing.

        Source: every HubSpot status endpoint of the ``/tasks/{taskId}/status`` form answers
        an object with a string ``status`` (OpenAPI, *ActionResponse*).
        """
        if self.method != "GET" or not 200 <= self.status_code < 300 or self.task_id is None:
            return None
        try:
            status = self.json.get("status") if isinstance(self.json, dict) else None
        except BodyNotJsonError:
            return None
        return status if isinstance(status, str) else None

    @property
    def task_id(self) -> str | None:
        """The task a status request asks about, or None where the path is of another form."""
        match = _TASK_STATUS_PATH.search(self.path)
        return match["task_id"] if match and match.end() == len(self.path) else None

    @property
    def started_task(self) -> str | None:
        """The id of the task that this request started, or None where it started none."""
        if self.method != "POST" or self.status_code >= 300:
            return None
        try:
            body = self.json
        except BodyNotJsonError:
            return None
        return str(body["id"]) if isinstance(body, dict) and "id" in body else None

    @cached_property
    def match_key(self) -> MatchKey:
        """What a request is recognised by: method, path, query, and for POST the body; never host or headers."""
        return match_key(self.method, self.url, self.request_body)

    def plain(self) -> Interaction:
        """Return this with the body decoded and without the headers that spoke of its encoding and length.

        A body that cannot be decoded here keeps its Content-Encoding, so that a client may.
        """
        if _ABOUT_BODIES.isdisjoint(map(str.lower, self.response_headers)):
            return self
        body, encoded = self._decoded
        dropped = _ABOUT_BODIES if not encoded or _is_text(body) else _ABOUT_BODIES - {"content-encoding"}
        headers = {name: values for name, values in self.response_headers.items() if name.lower() not in dropped}
        return replace(self, response_headers=headers, response_body=body)

    @property
    def outage(self) -> str | None:
        """Why this is an outage rather than an answer, or None.

        A redirect, 401, 403, 429, 5xx or an HTML page says something about the moment of
        recording, nothing about the contract.
        """
        if 300 <= self.status_code < 400 or self.status_code in (401, 403, 429) or self.status_code >= 500:
            return f"HTTP {self.status_code}"
        if self.media_type in ("text/html", "application/xhtml+xml"):
            return f"HTTP {self.status_code} with an HTML page"
        start = self.body[:512].lstrip().lower()
        if start.startswith((b"<!doctype html", b"<html")):
            return f"HTTP {self.status_code} with an HTML page"
        return None


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, with the operation and version its method and path belong to."""

    interaction: Interaction = field(repr=False)
    operation: str | None
    version: str | None

    @property
    def method(self) -> str:
        """The request's method, in capitals."""
        return self.interaction.method

    @property
    def url(self) -> str:
        """The request's URL under HubSpot's origin, without credentials."""
        return self.interaction.url

    @property
    def status_code(self) -> int:
        """The answer's HTTP status."""
        return self.interaction.status_code

    @property
    def headers(self) -> Headers:
        """The answer's headers that a cassette keeps, read without regard to case."""
        return self.interaction.headers

    @property
    def body(self) -> bytes:
        """The answer's body as a client decodes it."""
        return self.interaction.body

    @property
    def json(self) -> Any:
        """The answer's body parsed as JSON, once.

        Raises:
            BodyNotJsonError: if it is not strict JSON.
        """
        return self.interaction.json

    @property
    def task_status(self) -> str | None:
        """The task's state (``PENDING``, ``COMPLETE``, …), or None where the answer names none."""
        return self.interaction.task_status

    @property
    def label(self) -> str:
        """The exchange in a few words, for messages."""
        return f"{self.method} {self.interaction.path}"


def match_key(method: str, url: str, body: bytes) -> MatchKey:
    """Return what the request is recognised by, see :attr:`Interaction.match_key`."""
    parts = urlsplit(url)
    query = tuple(sorted(parse_qsl(parts.query, keep_blank_values=True))) if parts.query else ()
    return method, _comparable_path(parts.path), query, _comparable(body) if method == "POST" else ""


def _comparable_path(path: str) -> str:
    """Return a path so that two that mean the same are equal: clients differ in what they write as %XX."""
    if _PLAIN_PATH.fullmatch(path):
        return path or "/"
    segments = (unquote(segment, errors="surrogateescape") for segment in path.split("/"))
    return "/".join(quote(segment, safe="!$&'()*+,;=:@", errors="surrogateescape") for segment in segments)


def _comparable(body: bytes) -> str:
    """Return a body so that two that mean the same are equal: JSON whatever its spacing and key order.

    A multipart form has a boundary that clients draw anew for each request.
    """
    boundary = re.match(rb"--([^\r\n]{1,70})\r\n", body)  # 70: RFC 2046
    if boundary and body.rstrip().endswith(b"--" + boundary[1] + b"--"):
        body = body.replace(b"--" + boundary[1], b"--boundary")
    try:
        return json.dumps(json.loads(body), sort_keys=True)
    except (ValueError, RecursionError):
        return body.decode("latin-1")


def _is_text(body: bytes) -> bool:
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def charset_of(content_type: str) -> str:
    """Return the charset parameter of a Content-Type value, ``utf-8`` where there is none."""
    match = re.search(r"charset\s*=\s*\"?([^\s\";]+)", content_type, re.IGNORECASE)
    return match[1] if match else "utf-8"


def parse_json(body: bytes, charset: str = "utf-8") -> Any:
    """Parse *body* as JSON, refusing what the grammar refuses and keys that stand twice.

    Raises:
        BodyNotJsonError: with the reason, and the place where there is one.
    """

    def refuse_constant(name: str) -> None:
        raise BodyNotJsonError(f"{name} is not JSON")

    def refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        mapping = dict(pairs)
        if len(mapping) != len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise BodyNotJsonError(f"the key {twice!r} stands twice in one object")
        return mapping

    try:
        text = body.decode(charset).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise BodyNotJsonError(f"it is not {charset} text (byte {error.start})") from None
    except (LookupError, ValueError):  # the latter for a NUL in its name
        raise BodyNotJsonError(f"its charset {charset!r} does not exist") from None
    try:
        return json.loads(text, parse_constant=refuse_constant, object_pairs_hook=refuse_duplicates)
    except BodyNotJsonError:
        raise
    except RecursionError:
        raise BodyNotJsonError("it is nested too deeply") from None
    except ValueError as error:
        kind = "an HTML page" if text.lstrip()[:1] == "<" else str(error)
        raise BodyNotJsonError(kind) from None


_LARGEST_BODY: Final = 128 * 2**20  # bytes; what decodes to more stays as it is: a bomb must not take the machine along
_GZIP_START: Final = b"\x1f\x8b"
_STARTS: Final[Mapping[str, bytes]] = {"gzip": _GZIP_START, "x-gzip": _GZIP_START, "zstd": b"\x28\xb5\x2f\xfd"}


def _inflate(body: bytes, bits: int) -> tuple[bytes, bytes]:
    decoder = zlib.decompressobj(bits)
    text = decoder.decompress(body, _LARGEST_BODY)
    if not decoder.eof:
        raise ValueError("it is cut, or too large")
    return text, decoder.unused_data


def _gunzip(body: bytes) -> bytes:
    text, rest = _inflate(body, zlib.MAX_WBITS | 16)
    while rest.startswith(_GZIP_START) and len(text) < _LARGEST_BODY:  # a body may have several members
        more, rest = _inflate(rest, zlib.MAX_WBITS | 16)
        text += more
    return text


def _undeflate(body: bytes) -> bytes:
    try:
        return _inflate(body, zlib.MAX_WBITS)[0]
    except zlib.error:
        text, rest = _inflate(body, -zlib.MAX_WBITS)  # some servers send raw deflate; clients accept both
        if rest:  # raw deflate has no check sum: one text in 1,000 seems to decode for some bytes
            raise ValueError("it is no deflate") from None
        return text


def _import_first(*names: str) -> Any:
    for name in names:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise ImportError(names[0])


def _unbrotli(body: bytes) -> bytes:
    decoder = _import_first("brotli", "brotlicffi").Decompressor()
    try:
        text: bytes = decoder.process(body, output_buffer_limit=_LARGEST_BODY)
    except TypeError:  # brotli before 1.2 knows no limit
        text = decoder.process(body)
    if not decoder.is_finished():
        raise ValueError("it is cut, or too large")
    return text


def _unzstd(body: bytes) -> bytes:
    zstd = _import_first("compression.zstd", "backports.zstd", "zstandard")
    if zstd.__name__ == "zstandard":
        file = zstd.ZstdDecompressor().stream_reader(body, read_across_frames=True)
    else:
        file = zstd.open(io.BytesIO(body))
    with file:
        text: bytes = file.read(_LARGEST_BODY + 1)
    if len(text) > _LARGEST_BODY:
        raise ValueError("it is too large")
    return text


# A client offers br or zstd only where the library for it is installed, so ours need not bring one along:
# doing so would change what every client of the suite offers.
_DECODERS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _undeflate,
    "br": _unbrotli,
    "zstd": _unzstd,
    "identity": lambda body: body,
}


def decode_body(body: bytes, content_encoding: str) -> tuple[bytes, bool]:
    """Undo *content_encoding* as far as it can be undone; return the body, and whether it is still encoded.

    vcrpy hands over the bodies of most clients already decoded, with the header still there: they do not
    decode again and so are left alone.
    """
    for encoding in reversed([part.strip().lower() for part in content_encoding.split(",") if part.strip()]):
        decoder = _DECODERS.get(encoding)
        if decoder is None:
            return body, True
        try:
            body = decoder(body)
        except ImportError:
            return body, True
        except Exception:  # noqa: BLE001  # each library has its own error class; whichever it is, the bytes stay
            return body, body.startswith(_STARTS[encoding]) if encoding in _STARTS else False
    return body, False
