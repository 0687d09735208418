"""JSON as text: where each scalar stands, so that one can be replaced while all else keeps its bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Final

_JSON_TOKEN: Final = re.compile(  # a text that is cut off may end inside a string
    r'"(?P<inside>(?:[^"\\]|\\.)*)(?P<end>"|\\?\Z)|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL
)
JSON_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def json_values(text: str, is_secret: Callable[[str], bool]) -> Iterator[tuple[re.Match[str], str | None, bool]]:
    """Yield each scalar of a JSON text with the nearest key above it, and whether a key above it names a secret."""
    above: list[tuple[str, str | None, bool]] = []  # bracket, key, secret
    key: str | None = None
    secret = False
    last: re.Match[str] | None = None

    def inherited() -> bool:
        return bool(above) and above[-1][2]

    for match in _JSON_TOKEN.finditer(text):
        token = match[0]
        if token in "{[":
            above.append((token, key, secret or inherited()))
            key, secret = (key if token == "[" else None), False
        elif token in "}]":
            if last is not None:
                yield last, key, secret or inherited()
                last = None
            if above:
                _, key, _ = above.pop()
            secret = False
        elif token == ":":
            if last is not None:
                yield last, None, False
                key = unescaped(last["inside"] or last[0])
            else:
                key = None
            secret = key is not None and is_secret(key)
            last = None
        elif token == ",":
            if last is not None:
                yield last, key, secret or inherited()
                last = None
            if above and above[-1][0] == "{":
                key, secret = None, False
        else:
            last = match
    if last is not None:
        yield last, key, secret or inherited()


def is_json(text: str) -> bool:
    """Return whether *text* is a JSON document."""
    try:
        json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return False
    return True


def unescaped(inside: str) -> str:
    """Return what the inside of a JSON string stands for, or the inside itself if it is no JSON."""
    try:
        return str(json.loads(f'"{inside}"', strict=False))
    except ValueError:
        return inside
