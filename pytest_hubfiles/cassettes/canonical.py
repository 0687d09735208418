"""Cassettes as this package writes them, read without YAML: a line says all there is to know of it (0.4 of YAML).

What is read here is a small part of YAML in which each line can mean but one thing; whatever else a file may hold,
nothing is read of it, and YAML's own parser is asked.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any, Final

from pytest_hubfiles.exchanges import Interaction

# Texts without quotes: no word that YAML takes for more than a text, no sign that ends one.
_WORD: Final = r"(?!(?:y|n|yes|no|on|off|true|false|null)\n)"
_PLAIN: Final = rf"(?i:{_WORD})[A-Za-z](?:[\w,;=/.+()!$&*?%@~-]|:(?=[^ \n])| (?=[^ #\n]))*"
_TEXT: Final = rf"(?:{_PLAIN}|'[^'\n]*')"
_NAME: Final = r"(?i:(?!(?:y|n|yes|no|on|off|true|false|null):))[A-Za-z][A-Za-z0-9-]{0,99}"


def _headers(name: str) -> str:
    return rf"    headers:(?: \{{\}}\n|\n(?P<{name}>(?:      {_NAME}:\n(?:      - {_TEXT}\n){{1,20}}){{1,99}}))"


def _block(name: str, indent: int) -> str:
    """A block whose first and last line are not blank, so that where it begins and ends is beyond doubt."""
    blank = " " * indent
    return rf"\|(?P<{name}_strip>-)?\n(?P<{name}>{blank}(?=[^ \n])[^\n]*\n(?:(?:\n)*{blank}[^\n]*[^ \n][^\n]*\n)*)"


_EXCHANGE: Final = re.compile(
    r"- request:\n"
    rf"    body: (?:null\n|{_block('asked', 6)})"
    rf"{_headers('request_headers')}"
    r"    method: (?P<method>[A-Z]{3,7})\n"
    r"    uri: (?P<url>https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:[/?][\w,;=/.+()!$&*?%@~:-]*[\w=/])?)\n"
    r"  response:\n"
    r"    body:\n"
    rf"      string: (?:''\n|{_block('answered', 8)})"
    rf"{_headers('response_headers')}"
    r"    status:\n"
    r"      code: (?P<code>[1-9][0-9][0-9])\n"
    rf"      message: (?P<reason>{_TEXT})\n",
    re.ASCII,
).match
_HEADER: Final = re.compile(rf"      (?P<name>{_NAME}):\n(?P<values>(?:      - {_TEXT}\n)+)", re.ASCII).finditer
_START: Final = "interactions:\n"
_END: Final = "version: 1\n"
_PRINTABLE: Final = bytes([*range(0x20, 0x7F), 0x0A])


def interactions_in(content: bytes) -> Iterator[Interaction | None]:
    """Yield the interactions of what a cassette file holds, as far as they are written as this package writes them.

    None at the end says that this is the whole file.
    """
    if content.translate(None, _PRINTABLE):
        return
    text = content.decode("ascii")
    if not text.startswith(_START):
        return
    place, line, counted = len(_START), 2, len(_START)
    while match := _EXCHANGE(text, place):
        line += text.count("\n", counted, place)
        counted = place
        interaction = _interaction(match, line)
        if interaction is None:
            return
        yield interaction
        place = match.end()
    if counted < place and text[place:] == _END:
        yield None


def _interaction(match: re.Match[str], line: int) -> Interaction | None:
    parts = match.groupdict()
    asked, answered = _named(parts["request_headers"]), _named(parts["response_headers"])
    if asked is None or answered is None:
        return None
    return Interaction(
        method=parts["method"],
        url=parts["url"],
        request_headers=asked,
        request_body=_body(parts, "asked", 6),
        status_code=int(parts["code"]),
        reason=_plain(parts["reason"]),
        response_headers=answered,
        response_body=_body(parts, "answered", 8),
        line=line,
    )


def _named(text: str | None) -> dict[str, tuple[str, ...]] | None:
    """Return headers by their names, None if one stands twice."""
    if text is None:
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for match in _HEADER(text):
        name = sys.intern(match["name"])
        if name in found:
            return None
        found[name] = tuple(_plain(value[8:]) for value in match["values"].splitlines())
    return found


def _plain(text: str) -> str:
    return text[1:-1] if text[0] == "'" else text


def _body(parts: dict[str, Any], name: str, indent: int) -> bytes:
    block: str | None = parts[name]
    if block is None:
        return b""
    text = block[indent:].replace("\n" + " " * indent, "\n")
    return (text[:-1] if parts[f"{name}_strip"] else text).encode("ascii")
