"""One request and its answer: as a cassette stores them, and as they are judged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlsplit

from pytest_hubfiles.model.body import (
    FIRST_BYTES,
    BodyNotJsonError,
    charset_of,
    decode_body,
    decodes_to_too_much,
    is_as_long_packed,
    is_text,
    parse_json,
)
from pytest_hubfiles.model.match_key import MatchKey, comparable_path, match_key
from pytest_hubfiles.model.origin import host_of, is_hubspot_host, origin_of
from pytest_hubfiles.visible import visible

_TASK_STATUS_PATH: Final = re.compile(r"/tasks/(?P<task_id>[^/]*)/status/?")
_TYPE: Final = "content-type"
_FIRST_BYTES: Final = 4096
_LONGEST_WAIT: Final = 40  # characters of Retry-After: seconds, or a date
_HTML: Final = re.compile(
    r"\ufeff?\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->).)*-->\s*)*<(?:!doctype\s+html|html|head|body)[\s>/]",
    re.IGNORECASE | re.DOTALL,
)
_ENCODING_HEADERS: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})

NEVER_COMES: Final = 0
"""The status of an answer that never comes; no recording has one, a change of it can."""


class Headers(Mapping[str, str]):
    """HTTP headers, read without regard to case. The values of a header that was sent twice are joined by ``, ``."""

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

    def __reduce__(self) -> tuple[Any, ...]:  # pickle's oldest protocols know no slots
        return Headers, (self._lists,)

    def __repr__(self) -> str:
        return f"Headers({dict(self)!r})"


def _first_text(body: bytes) -> str:
    """Return how *body* begins, as text whatever its charset: UTF-16 is told by its mark, or by its zeros."""
    start = body[:_FIRST_BYTES]
    if b"\0" in start[:4]:
        return start.decode("utf-16-be" if start[:1] in b"\0\xfe" else "utf-16-le", "replace")
    return start.decode("utf-8", "replace")


@dataclass(frozen=True)
class Interaction:
    """A request and its answer as vcrpy's format stores them: raw bytes, and a list of values per header.

    ``line`` is the line of its file in which it begins, counted from 1; None if it was not read from a file.
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
            # Content-Length no longer matches: the client decoded the body before vcrpy stored it.
            return self.response_body, False
        return decode_body(self.response_body, self.headers.get("content-encoding", ""))

    @property
    def body(self) -> bytes:
        """The answer's body as a client decodes it: without gzip, deflate, br or zstd."""
        return self._decoded[0]

    @property
    def is_garbled(self) -> bool:
        """Whether the body has the length that was sent, and is not encoded as its Content-Encoding says.

        A short body that its client has decoded may be as long as it was encoded: that is none.
        """
        encoding, length = self.headers.get("content-encoding", ""), self.headers.get("content-length", "")
        body = self.response_body
        if not body or encoding not in FIRST_BYTES or length != str(len(body)):
            return False
        is_decoded = self._decoded[0] is not body
        return not is_decoded and (body.startswith(FIRST_BYTES[encoding]) or not is_as_long_packed(body))

    @property
    def is_bomb(self) -> bool:
        """Whether the body stays encoded, as it would be far too large."""
        body, is_encoded = self._decoded
        return is_encoded and decodes_to_too_much(body, self.headers.get("content-encoding", ""))

    @property
    def path(self) -> str:
        """The request's path, without origin and query."""
        return urlsplit(self.url).path

    @property
    def label(self) -> str:
        """The method and the URL without its query, for messages."""
        return visible(f"{self.method} {origin_of(self.url)}{self.path}")

    @property
    def is_hubspot(self) -> bool:
        """Whether the request went to one of HubSpot's own API hosts."""
        return is_hubspot_host(host_of(self.url))

    def request_header(self, name: str) -> str:
        """Return the first value of the request header *name*, which is in lower case; empty if it has none."""
        return next((values[0] for key, values in self.request_headers.items() if key.lower() == name and values), "")

    @property
    def media_type(self) -> str:
        """The answer's media type in lower case, without parameters; empty if it has none."""
        # Not from ``headers``, which would be kept again for each of ten thousand exchanges that are judged.
        said = [value for name, values in self.response_headers.items() if name.lower() == _TYPE for value in values]
        return ", ".join(said).split(";")[0].strip().lower()

    @cached_property
    def json(self) -> Any:
        """The answer's body parsed as strict JSON, once.

        Raises:
            BodyNotJsonError: if it cannot be parsed, or holds NaN, Infinity or the same key twice.
        """
        return parse_json(self.body, charset_of(self.headers.get("content-type", "")))

    def drop_parsed(self, task_status: str | None) -> None:
        """Drop what was parsed, which takes ten times the memory of its bytes; keep *task_status*, its own."""
        self.__dict__["task_status"] = task_status
        for name in ("json", "headers"):
            self.__dict__.pop(name, None)

    @property
    def is_empty(self) -> bool:
        """Whether the answer has no body, or only white space."""
        return not self.body.strip()

    @cached_property
    def task_status(self) -> str | None:
        """The state of a task that the answer shows, or None if it shows none.

        Source: every HubSpot endpoint of the form ``/tasks/{taskId}/status`` answers an object with a string
        ``status`` (OpenAPI, *ActionResponse*).
        """
        if self.method != "GET" or not 200 <= self.status_code < 300 or self.task_id is None:
            return None
        try:
            status = self.json.get("status") if isinstance(self.json, dict) else None
        except BodyNotJsonError:
            return None
        return visible(status) if isinstance(status, str) else None

    @property
    def task_id(self) -> str | None:
        """The task that a status request asks about, or None if the path has another form."""
        path = comparable_path(self.path)
        match = _TASK_STATUS_PATH.search(path)
        return match["task_id"] if match and match.end() == len(path) else None

    @property
    def started_task(self) -> str | None:
        """The id of the task that this request started, or None if it started none."""
        if self.method != "POST" or self.status_code >= 300:
            return None
        try:
            body = self.json
        except BodyNotJsonError:
            return None
        return str(body["id"]) if isinstance(body, dict) and "id" in body else None

    @cached_property
    def match_key(self) -> MatchKey:
        """What replay recognises the request by: origin, method, path, query, and the body of a POST; never headers."""
        return match_key(self.method, self.url, self.request_body)

    def plain(self) -> Interaction:
        """Return this with the body decoded, and without the headers for its encoding and length.

        A body that cannot be decoded here keeps its Content-Encoding: a client may be able to decode it.
        """
        if _ENCODING_HEADERS.isdisjoint(map(str.lower, self.response_headers)):
            return self
        body, encoded = self._decoded
        dropped = _ENCODING_HEADERS if not encoded or is_text(body) else _ENCODING_HEADERS - {"content-encoding"}
        headers = {name: values for name, values in self.response_headers.items() if name.lower() not in dropped}
        return replace(self, response_headers=headers, response_body=body)

    @property
    def transient(self) -> str | None:
        """What kind of transient answer this is, or None if it is none.

        A redirect, 401, 403, 429, 5xx or an HTML page says something about the moment of recording, nothing about
        the contract.
        """
        if 300 <= self.status_code < 400 or self.status_code in (401, 403, 429) or self.status_code >= 500:
            wait = self.headers.get("retry-after", "")[:_LONGEST_WAIT]
            return f"HTTP {self.status_code}" + (f" (Retry-After: {wait})" if wait else "")
        if self.media_type in ("text/html", "application/xhtml+xml"):
            return f"HTTP {self.status_code} with an HTML page"
        if self.body[:1] not in (b"{", b"[") and _HTML.match(_first_text(self.body)):
            return f"HTTP {self.status_code} with an HTML page"
        return None


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, with the operation and version that its method and path belong to."""

    interaction: Interaction = field(repr=False)
    operation: str | None
    version: str | None

    @property
    def method(self) -> str:
        """The request's method, in upper case."""
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
        """Those of the answer's headers that a cassette keeps, read without regard to case."""
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
        """The task's state (``PENDING``, ``COMPLETE``, …), or None if the answer shows none."""
        return self.interaction.task_status

    @property
    def label(self) -> str:
        """The method and the URL without its query, for messages."""
        return self.interaction.label
