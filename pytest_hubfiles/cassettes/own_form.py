"""Cassettes in the form that this package writes, written without a YAML library.

This form is a small part of YAML in which each line can mean only one thing. What it cannot hold is left to a YAML
library. No pattern here can match in more than one way, so the time is linear for any text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from pytest_hubfiles.model.exchange import Interaction

_Match = Callable[[str, int], "re.Match[str] | None"]


def _line(pattern: str) -> _Match:
    return re.compile(rf"{pattern}\n", re.ASCII).match


# A text without quotes must not be a word with a type of its own in YAML, nor hold a sign that ends a text.
_WORDS: Final = "y|n|yes|no|on|off|true|false|null"
_TEXT: Final = rf"((?i:(?!(?:{_WORDS})\n))[A-Za-z](?:[\w,;=/.+()!$&*?%@~-]|:(?=[^ \n])| (?=[^ #\n]))*)"
_NAME: Final = _line(rf"((?i:(?!(?:{_WORDS}):))[A-Za-z][A-Za-z0-9-]{{0,99}}):")
_PLAIN_LINE: Final = _line(_TEXT)
# libyaml quotes these: without quotes they would be a number, or an alias.
_QUOTED: Final = re.compile(r"[1-9][0-9]{0,14}|\*/\*").fullmatch
_URL_LINES: Final = _line(
    r"    method: [A-Z]{3,7}\n"
    r"    uri: (https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:[/?][\w,;=/.+()!$&*?%@~:-]*(?<!:))?)"
)
_MOST_HEADERS: Final = 99  # and values of one
_START: Final = "interactions:\n"
_END: Final = "version: 1\n"
_PRINTABLE: Final = bytes([*range(0x20, 0x7F), 0x0A])


def text_of(interactions: Sequence[Interaction]) -> str | None:
    """Return *interactions* in this form, None if it cannot hold them.

    The text is, to the byte, what libyaml would write, in 0.1 of its time.
    """
    parts = [_START]
    for i in interactions:
        asked = _block_of(i.request_body, 6, "null\n")
        answered = _block_of(i.response_body, 8, "''\n")
        headers = [_headers_of(i.request_headers), _headers_of(i.response_headers)]
        line = f"    method: {i.method}\n    uri: {i.url}\n"
        reason = _scalar_of(i.reason)
        if (
            None in (asked, answered, reason, *headers)
            or _URL_LINES(line, 0) is None
            or not 100 <= i.status_code <= 999
        ):
            return None
        parts.append(
            f"- request:\n    body: {asked}{headers[0]}{line}"
            f"  response:\n    body:\n      string: {answered}{headers[1]}"
            f"    status:\n      code: {i.status_code}\n      message: {reason}\n"
        )
    return "".join([*parts, _END]) if interactions else None


def _scalar_of(text: str) -> str | None:
    if _QUOTED(text):
        return f"'{text}'"
    match = _PLAIN_LINE(f"{text}\n", 0)
    return text if match is not None and match[1] == text else None


def _headers_of(headers: Mapping[str, tuple[str, ...]]) -> str | None:
    if not headers:
        return "    headers: {}\n"
    lines = ["    headers:\n"]
    for name in sorted(headers):
        values = [_scalar_of(value) for value in headers[name]]
        if None in values or not values or _NAME(f"{name}:\n", 0) is None:
            return None
        lines += [f"      {name}:\n", *(f"      - {value}\n" for value in values)]
    return "".join(lines) if max(map(len, headers.values())) < _MOST_HEADERS > len(headers) else None


def _block_of(body: bytes, indent: int, empty: str) -> str | None:
    if not body:
        return empty
    if body.translate(None, _PRINTABLE) or body[:1] in b" \n" or b"\n\n" in body or b" \n" in body or body[-1:] == b" ":
        return None
    text = body.decode("ascii")
    hint = "" if text.endswith("\n") else "-"
    blank = " " * indent
    return f"|{hint}\n{blank}" + text.removesuffix("\n").replace("\n", f"\n{blank}") + "\n"
