"""Reads cassettes, interaction by interaction: ours, and those of any vcrpy and of cassetter."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import urlsplit

from pytest_hubfiles.cassettes import by_line, other_recorders
from pytest_hubfiles.cassettes.errors import CassetteUnreadableError, RefusedError
from pytest_hubfiles.cassettes.files import opened
from pytest_hubfiles.cassettes.limits import USUAL, Limits
from pytest_hubfiles.model.exchange import Interaction

FORMAT_VERSION: Final = 1  # vcrpy's, since 1.0
_NO_LIST: Final = "it has no list of interactions; is it a vcrpy cassette?"
_TOO_OLD: Final = "it is a list, as vcrpy wrote before 1.0 and no longer reads: record it again"
_KNOWN_KEYS: Final = {
    "request": frozenset({"method", "uri", "headers"}),
    "response": frozenset({"status", "headers", "url", "protocol", "version", "reason", "history", "cookies"}),
}
"""What vcrpy and its stubs write of a message beside its body."""


def read(path: Path, limits: Limits = USUAL) -> list[Interaction]:
    """Read the cassette file *path*: YAML or JSON of vcrpy, such as ours, or YAML or TOML of cassetter.

    Raises:
        CassetteUnreadableError: with the reason, and the line if it is known.
    """
    return list(iterate(path, limits))


def iterate(path: Path, limits: Limits = USUAL) -> Iterator[Interaction]:
    """Yield the interactions of a cassette file one by one, so that only one has to be held.

    A fault further down raises when it is reached. No link to the file below the root of *limits* is followed.

    Raises:
        CassetteUnreadableError: with the reason, and the line if it is known.
    """
    try:
        with opened(path, limits) as file:
            parse = other_recorders.PARSERS.get(path.suffix.lower())
            yield from (
                interactions_in(file, limits) if parse is None else _parsed(parse(utf8_text(file.read(limits.bytes))))
            )
    except (RefusedError, other_recorders.NotParsedError) as error:
        raise CassetteUnreadableError(path, error.reason, error.line) from None
    except OSError as error:
        raise CassetteUnreadableError(path, error.strerror or str(error)) from None


def interactions_in(file: BinaryIO, limits: Limits) -> Iterator[Interaction]:
    """Yield the interactions of a cassette *file*.

    Raises:
        RefusedError: with the reason and the line.
    """
    found, is_whole = 0, False
    for interaction in by_line.interactions_in(file, limits.bytes):
        if interaction is None:
            is_whole = True
        else:
            found += 1
            yield interaction
    if not is_whole:  # a YAML library finds the same interactions up to here
        file.seek(0)
        yield from islice(by_yaml(file.read(limits.bytes), limits), found, None)


def by_yaml(content: bytes, limits: Limits) -> Iterator[Interaction]:
    """Yield the same with a YAML library, whatever the form of the file.

    Raises:
        RefusedError: with the reason and the line.
    """
    from yaml.events import MappingStartEvent, SequenceStartEvent

    from pytest_hubfiles.cassettes.yaml_events import CassetteReader, line_of

    utf8_text(content)
    document = CassetteReader(content, limits.bytes, f"{limits.setting} lets pass")
    start = document.start()
    if isinstance(start, SequenceStartEvent):
        raise RefusedError(_TOO_OLD, line_of(start))
    if not isinstance(start, MappingStartEvent):
        raise RefusedError(_NO_LIST, line_of(start))
    version, version_line, has_list = None, 0, False
    for key, event in document.members(start):
        if key == "interactions":
            if not isinstance(event, SequenceStartEvent):
                raise RefusedError(_NO_LIST, line_of(event))
            has_list = True
            for number, item in enumerate(document.items(event), start=1):
                line = line_of(item)
                yield _interaction(document.value(item), number, line)
        else:
            value = document.value(event)
            if key == "version":
                version, version_line = value, line_of(event)
    if not has_list:
        raise RefusedError(_NO_LIST, line_of(start))
    _check_version(version, version_line or line_of(start))
    document.end()


def _parsed(document: object) -> Iterator[Interaction]:
    """Yield the interactions of a document that was parsed as a whole; their lines are not known."""
    if isinstance(document, list):
        raise RefusedError(_TOO_OLD)
    if not isinstance(document, dict) or not isinstance(document.get("interactions"), list):
        raise RefusedError(_NO_LIST)
    _check_version(document.get("version"))
    for number, item in enumerate(document["interactions"], start=1):
        yield _interaction(item, number)


def utf8_text(content: bytes) -> str:
    """Return *content* as text.

    Raises:
        RefusedError: if it is not UTF-8.
    """
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RefusedError(f"it is not UTF-8 text (byte {error.start})", line) from None


def _check_version(version: object, line: int | None = None) -> None:
    """Refuse a version of another format; vcrpy reads a cassette that says none, and so do we."""
    if version is not None and (isinstance(version, bool) or version != FORMAT_VERSION):
        raise RefusedError(f"its version is {version!r:.60}; only vcrpy's version {FORMAT_VERSION} is read", line)


def _interaction(item: object, number: int, line: int | None = None) -> Interaction:
    try:
        return _built(other_recorders.as_vcrpy(item), line)
    except ValueError as error:
        raise RefusedError(f"interaction {number} is malformed: {error}", line) from None


def _part(whole: object, name: str, of: str) -> Any:
    """Return what *whole* has under *name*; refuse it if it is no mapping or has no such key."""
    if not isinstance(whole, dict):
        raise ValueError(f"{of} is {_kind(whole)}, not a mapping")
    if name not in whole:
        raise ValueError(f"{of} has no {name!r}")
    return whole[name]


def _kind(value: object) -> str:
    return "empty" if value is None else f"a {type(value).__name__}"


def _built(item: object, line: int | None) -> Interaction:
    request, response = _part(item, "request", "it"), _part(item, "response", "it")
    method, url = _text(_part(request, "method", "its request")), _text(_part(request, "uri", "its request"))
    status = _part(response, "status", "its response")
    code = _part(status, "code", "its status")
    if isinstance(code, bool) or not isinstance(code, int) or not 100 <= code <= 999:
        raise ValueError(f"its HTTP status is {code!r}, not a number from 100 to 999")
    if not isinstance(url, str) or not isinstance(method, str):
        raise ValueError("its uri or method is no text")
    urlsplit(url)  # raises a ValueError for a URL that no client can have sent
    return Interaction(
        method=method.upper(),
        url=url,
        request_headers=_headers(request.get("headers")),
        request_body=_body(_stored_body(request, "request")),
        status_code=code,
        reason=str(_text(status.get("message") or "")),
        response_headers=_headers(response.get("headers")),
        response_body=_body(_answer(_stored_body(response, "response"))),
        line=line,
    )


def _text(value: object) -> object:
    """Return *value*, decoded if it is bytes: vcrpy stores what a client gave it, as ``!!binary``."""
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")  # as http.client reads headers


_PARSED: Final = "parsed_body"
"""Where the serializer of pydantic-ai keeps a JSON body, parsed, in place of its text."""


def _stored_body(message: dict[str, Any], name: str) -> object:
    """Return what *message* has as its body; refuse one that is kept where no recorder that we know keeps it."""
    if message.get(_PARSED) is not None or (_PARSED in message and "body" not in message):
        text = _as_json(message[_PARSED])
        return text if name == "request" else {"string": text}
    if "body" not in message:
        unknown = sorted(str(key) for key in message.keys() - _KNOWN_KEYS[name])
        if unknown:
            raise ValueError(f"its {name} has no body, and keys that no known recorder writes: {', '.join(unknown)}")
    return message.get("body")


def _answer(body: object) -> object:
    """Return the text in the *body* of a response; refuse one that is kept elsewhere in it."""
    if isinstance(body, dict) and not body.get("string"):
        others = sorted(str(key) for key in body.keys() - {"string", "encoding"})
        if others:
            raise ValueError(f"its response's body has nothing under 'string', but something under {', '.join(others)}")
    return None if body is None else _part(body, "string", "its response's body")


def _headers(headers: Any) -> dict[str, tuple[str, ...]]:
    if headers is None:
        return {}
    if not isinstance(headers, dict):
        raise ValueError(f"its headers are {_kind(headers)}, not a mapping")
    lists = {}
    for name, values in headers.items():
        if not isinstance(values, list):
            values = [values]
        if any(isinstance(value, (dict, list)) for value in values):
            raise ValueError(f"its header {name} holds more than texts")
        lists[sys.intern(str(_text(name)))] = tuple(str(_text(value)) for value in values)
    return lists


def _body(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode("utf-8")
    if isinstance(body, bytes):
        return body
    if isinstance(body, (dict, list)):  # vcrpy stores the json= of aiohttp before it is encoded
        return _as_json(body).encode("utf-8")
    raise ValueError(f"a body is {_kind(body)}, not a text")


def _as_json(value: object) -> str:
    try:
        return json.dumps(value)
    except (TypeError, RecursionError) as error:
        raise ValueError(f"a body is no JSON: {error}") from None
