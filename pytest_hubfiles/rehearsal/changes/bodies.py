"""An answer with another body, as a server would send it."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from pytest_hubfiles.model.body import BodyNotJsonError, charset_of, parse_json
from pytest_hubfiles.model.exchange import Interaction

JSON: Final = "application/json;charset=utf-8"
_TRANSFER: Final = frozenset({"content-encoding", "transfer-encoding"})
_STYLES: Final[tuple[dict[str, Any], ...]] = (
    {"separators": (",", ":")},
    {"separators": (", ", ": ")},
    {"indent": 2},
    {"indent": 4},
)


class Parsed(NamedTuple):
    """The JSON of a body, not to be changed in place, and how it was written: arguments of ``json.dumps``."""

    value: Any
    style: dict[str, Any]
    charset: str


def parsed(answer: Interaction) -> Parsed | None:
    """Return the JSON of *answer*, None if its body is none that can be written again."""
    return _parsed(answer.body, charset_of(answer.headers.get("content-type", "")))


@lru_cache(maxsize=16)  # each change of a recording reads the same few bodies
def _parsed(body: bytes, charset: str) -> Parsed | None:
    try:
        value = parse_json(body, charset)
        if not body.strip():
            return None
        text = body.decode(charset)
        styles = [{"allow_nan": False, "ensure_ascii": ascii, **style} for style in _STYLES for ascii in (False, True)]
        style = next((style for style in styles if json.dumps(value, **style) == text), None)
        style = style or {"allow_nan": False, "ensure_ascii": text.isascii(), **_STYLES[0]}
        json.dumps(value, **style).encode(charset)
    except (BodyNotJsonError, ValueError, RecursionError):  # ValueError: 1e999, which Python reads as infinite
        return None
    return Parsed(value, style, charset)


def with_json(answer: Interaction, value: object) -> Interaction:
    """Return *answer* with *value* as its JSON, written as its own JSON is; the very same if nothing changes."""
    read = parsed(answer)
    style = {"separators": (",", ":")} if read is None else read.style
    charset = "utf-8" if read is None else read.charset
    text = json.dumps(value, **style)
    try:
        body = text.encode(charset)
    except UnicodeEncodeError:
        body = json.dumps(value, **{**style, "ensure_ascii": True}).encode(charset)
    return answer if read is not None and read.value == value and body == answer.body else with_body(answer, body)


def with_body(answer: Interaction, body: bytes, content_type: str | None = None) -> Interaction:
    """Return *answer* with the bytes *body*, and another Content-Type if one is given."""
    headers: dict[str, tuple[str, ...]] = {}
    for name, values in answer.response_headers.items():
        lowered = name.lower()
        if lowered in _TRANSFER or (lowered == "content-type" and content_type is not None):
            continue
        headers[name] = (str(len(body)),) if lowered == "content-length" else values
    if content_type is not None:
        headers["Content-Type"] = (content_type,)
    return replace(answer, response_body=body, response_headers=headers)


def with_status(answer: Interaction, status: int) -> Interaction:
    """Return *answer* with another HTTP status; a 204 has neither a body nor headers that describe one."""
    changed = replace(answer, status_code=status, reason=HTTPStatus(status).phrase)
    if status != HTTPStatus.NO_CONTENT:
        return changed
    return without_headers(replace(changed, response_body=b""), "content-type", "content-length", *_TRANSFER)


def without_headers(answer: Interaction, *names: str) -> Interaction:
    """Return *answer* without the headers *names*, which are in lower case."""
    kept = {name: values for name, values in answer.response_headers.items() if name.lower() not in names}
    return replace(answer, response_headers=kept)


def with_headers(answer: Interaction, headers: Iterable[tuple[str, str]]) -> Interaction:
    """Return *answer* with *headers* in place of its own of the same names."""
    added = dict(headers)
    bare = without_headers(answer, *map(str.lower, added))
    return replace(bare, response_headers={**bare.response_headers, **{name: (added[name],) for name in added}})


def in_charset(answer: Interaction, charset: str) -> Interaction:
    """Return *answer* in another charset, which its Content-Type names; the very same if that cannot be."""
    read = parsed(answer)
    if read is None or codecs.lookup(read.charset).name == codecs.lookup(charset).name:
        return answer
    try:
        body = answer.body.decode(read.charset).encode(charset)
    except UnicodeEncodeError:
        body = json.dumps(read.value, **{**read.style, "ensure_ascii": True}).encode(charset)
    return with_body(answer, body, f"{answer.media_type or 'application/json'};charset={charset}")
