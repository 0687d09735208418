"""Reads cassettes, interaction by interaction: ours, and those of any vcrpy and of cassetter."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import urlsplit

from pytest_hubfiles.cassettes import other_recorders, own_form
from pytest_hubfiles.cassettes.errors import CassetteUnreadableError, RefusedError
from pytest_hubfiles.cassettes.files import opened
from pytest_hubfiles.cassettes.limits import USUAL, Limits
from pytest_hubfiles.model.exchange import Interaction

FORMAT_VERSION: Final = 1  # vcrpy's, since 1.0
_NO_LIST: Final = "it has no list of interactions; is it a vcrpy cassette?"


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
    for interaction in own_form.interactions_in(file, limits.bytes):
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
    if isinstance(version, bool) or version != FORMAT_VERSION:
        said = "it has no version" if version is None else f"its version is {version!r}"
        raise RefusedError(f"{said}; only vcrpy's version {FORMAT_VERSION} is read", line)


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
    method, url = _part(request, "method", "its request"), _part(request, "uri", "its request")
    status = _part(response, "status", "its response")
    code = _part(status, "code", "its status")
    if isinstance(code, bool) or not isinstance(code, int) or not 100 <= code <= 999:
        raise ValueError(f"its HTTP status is {code!r}, not a number from 100 to 999")
    if not isinstance(url, str) or not isinstance(method, str):
        raise ValueError("its uri or method is no text")
    urlsplit(url)  # raises a ValueError for a URL that no client can have sent
    answer = response.get("body")
    return Interaction(
        method=method.upper(),
        url=url,
        request_headers=_headers(request.get("headers")),
        request_body=_body(request.get("body")),
        status_code=code,
        reason=str(status.get("message") or ""),
        response_headers=_headers(response.get("headers")),
        response_body=b"" if answer is None else _body(_part(answer, "string", "its response's body")),
        line=line,
    )


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
        lists[sys.intern(str(name))] = tuple(map(str, values))
    return lists


def _body(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode("utf-8")
    if isinstance(body, bytes):
        return body
    if isinstance(body, (dict, list)):  # vcrpy stores the json= of aiohttp before it is encoded
        try:
            return json.dumps(body).encode("utf-8")
        except TypeError as error:
            raise ValueError(f"a body is no JSON: {error}") from None
    raise ValueError(f"a body is {_kind(body)}, not a text")
