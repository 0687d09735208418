"""Cassettes in the form that this package writes, read and written without a YAML library (0.3 of PyYAML's time).

This form is a small part of YAML in which each line can mean only one thing. A file with anything else in it is left
to a YAML library. No pattern here can match in more than one way, so the time is linear for any file.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, Final

from pytest_hubfiles.errors import Portable
from pytest_hubfiles.model.exchange import Interaction

_Match = Callable[[str, int], "re.Match[str] | None"]


def _line(pattern: str) -> _Match:
    return re.compile(rf"{pattern}\n", re.ASCII).match


# A text without quotes must not be a word with a type of its own in YAML, nor hold a sign that ends a text.
_WORDS: Final = "y|n|yes|no|on|off|true|false|null"
_TEXT: Final = rf"((?i:(?!(?:{_WORDS})\n))[A-Za-z](?:[\w,;=/.+()!$&*?%@~-]|:(?=[^ \n])| (?=[^ #\n]))*|'[^'\n]*')"
_NAME: Final = _line(rf"      ((?i:(?!(?:{_WORDS}):))[A-Za-z][A-Za-z0-9-]{{0,99}}):")
_VALUE: Final = _line(rf"      - {_TEXT}")
_METHOD: Final = _line(r"    method: ([A-Z]{3,7})")
_URL_PATTERN: Final = r"    uri: (https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:[/?][\w,;=/.+()!$&*?%@~:-]*(?<!:))?)"
_URL: Final = _line(_URL_PATTERN)
_CODE: Final = _line("      code: ([1-9][0-9][0-9])")
_PLAIN_LINE: Final = _line(_TEXT)
# libyaml quotes these: without quotes they would be a number, or an alias.
_QUOTED: Final = re.compile(r"[1-9][0-9]{0,14}|\*/\*").fullmatch
_URL_LINES: Final = _line(rf"    method: [A-Z]{{3,7}}\n{_URL_PATTERN}")
_REASON: Final = _line(f"      message: {_TEXT}")
_MOST_HEADERS: Final = 99  # and values of one
_OUTDENTED: Final = {indent: re.compile(rf"\n(?! {{{indent}}})").search for indent in (6, 8)}
_START: Final = "interactions:\n"
_END: Final = "version: 1\n"
_PRINTABLE: Final = bytes([*range(0x20, 0x7F), 0x0A])
_PIECE: Final = 2**18  # bytes

_Known = dict[str | bytes, Any]
"""Headers by their lines, and bodies: what the exchanges of a file share is held once."""
_MOST_KNOWN: Final = 64


class _OtherFormError(Portable, Exception):
    """A piece of a file is not in the form that this package writes."""


def interactions_in(file: BinaryIO, most: int = sys.maxsize) -> Iterator[Interaction | None]:
    """Yield the interactions of a cassette *file*, as far as they have the form that this package writes.

    None at the end means that this is the whole file. At most *most* bytes are read, even if the file grows meanwhile.
    """
    known: _Known = {}
    place, line = 0, 1
    for text, is_last in _pieces(file, most):
        if line == 1:
            if not text.startswith(_START):
                return
            place, line = len(_START), 2
        counted = place
        while place < len(text) and not text.startswith(_END, place):
            line += text.count("\n", counted, place)
            counted = place
            try:
                interaction, place = _exchange(text, place, line, known)
            except _OtherFormError:
                return
            if not text.startswith(("- request:\n", _END), place) and (is_last or place < len(text)):
                return  # its last line may continue
            yield interaction
        if place < len(text):
            if is_last and len(_START) < place == len(text) - len(_END):
                yield None
            return
        line, place = line + text.count("\n", counted), 0


def _pieces(file: BinaryIO, most: int) -> Iterator[tuple[str, bool]]:
    """Yield *file* in pieces that begin where an interaction does, each with whether it is the last.

    It stops at a character that this form does not allow. A cassette of 10,000 exchanges, held whole and as text
    besides, takes twice the memory.
    """
    rest = b""
    while True:
        wanted = min(max(_PIECE, len(rest)), most)
        read = file.read(wanted)
        most -= len(read)
        content, is_last = rest + read, len(read) < wanted or not most
        end = len(content) if is_last else content.rfind(b"\n- request:\n") + 1
        piece, rest = content[:end], content[end:]
        if piece.translate(None, _PRINTABLE):
            return
        if piece:
            yield piece.decode("ascii"), is_last
        if is_last:
            return


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
    return text if match is not None and match[1] == text and text[0] != "'" else None


def _headers_of(headers: Mapping[str, tuple[str, ...]]) -> str | None:
    if not headers:
        return "    headers: {}\n"
    lines = ["    headers:\n"]
    for name in sorted(headers):
        values = [_scalar_of(value) for value in headers[name]]
        head = f"      {name}:\n"
        if None in values or not values or _NAME(head, 0) is None:
            return None
        lines += [head, *(f"      - {value}\n" for value in values)]
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


def _exchange(text: str, place: int, line: int, known: _Known) -> tuple[Interaction, int]:
    """Return the interaction that begins at *place*, in *line*, and where it ends."""
    if len(known) >= _MOST_KNOWN:
        known.clear()
    place = _after(text, place, "- request:\n")
    if text.startswith("    body: null\n", place):
        asked, place = b"", place + len("    body: null\n")
    else:
        asked, place = _block(text, _after(text, place, "    body: |"), 6)
    asked_headers, place = _headers(text, place, known)
    method, place = _found(_METHOD, text, place)
    url, place = _found(_URL, text, place)
    place = _after(text, place, "  response:\n    body:\n      string: ")
    if text.startswith("''\n", place):
        answered, place = b"", place + len("''\n")
    else:
        answered, place = _block(text, _after(text, place, "|"), 8)
        answered = known.setdefault(answered, answered)
    headers, place = _headers(text, place, known)
    code, place = _found(_CODE, text, _after(text, place, "    status:\n"))
    reason, place = _found(_REASON, text, place)
    interaction = Interaction(method, url, asked_headers, asked, int(code), _plain(reason), headers, answered, line)
    return interaction, place


def _after(text: str, place: int, expected: str) -> int:
    if not text.startswith(expected, place):
        raise _OtherFormError
    return place + len(expected)


def _found(line: _Match, text: str, place: int) -> tuple[str, int]:
    match = line(text, place)
    if match is None:
        raise _OtherFormError
    return match[1], match.end()


def _headers(text: str, place: int, known: _Known) -> tuple[dict[str, tuple[str, ...]], int]:
    place = _after(text, place, "    headers:")
    if text.startswith(" {}\n", place):
        return {}, place + len(" {}\n")
    place = _after(text, place, "\n")
    outdented = _OUTDENTED[6](text, place - 1)
    lines = text[place : outdented.start() + 1] if outdented is not None else ""
    found = known.get(lines)
    if found is None:
        found = _headers_in(lines)
        known[lines] = found
    return found, place + len(lines)


def _headers_in(lines: str) -> dict[str, tuple[str, ...]]:
    place = 0
    found: dict[str, tuple[str, ...]] = {}
    while name := _NAME(lines, place):
        values, place = [], name.end()
        while value := _VALUE(lines, place):
            values.append(_plain(value[1]))
            place = value.end()
        if not values or name[1] in found or max(len(values), len(found)) >= _MOST_HEADERS:
            raise _OtherFormError
        found[sys.intern(name[1])] = tuple(values)
    if not found or place < len(lines):
        raise _OtherFormError
    return found


def _plain(text: str) -> str:
    return text[1:-1] if text[0] == "'" else text


def _block(text: str, place: int, indent: int) -> tuple[bytes, int]:
    """Return the content of a block, and where it ends; one with blank lines is left to a YAML library."""
    is_stripped = text.startswith("-\n", place)
    place = _after(text, place, "-\n" if is_stripped else "\n")
    outdented = _OUTDENTED[indent](text, place - 1)
    # The search began at the line break before the block, so the first line is known to be indented, too.
    if outdented is None or outdented.start() < place or text[place + indent] in " \n":
        raise _OtherFormError
    end = outdented.start()
    lines = text[place + indent : end].replace("\n" + " " * indent, "\n")
    if text[end + 1 : end + 2] in ("\n", "") or not lines.rpartition("\n")[2].strip(" "):
        raise _OtherFormError
    return (lines if is_stripped else lines + "\n").encode("ascii"), end + 1
