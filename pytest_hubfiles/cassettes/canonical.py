"""Cassettes as this package writes them, read without YAML: a line says all there is to know of it (0.3 of YAML).

What is read here is a small part of YAML in which each line can mean but one thing; whatever else a file may hold,
nothing is read of it, and YAML's own parser is asked. No pattern here can be matched in more than one way, so that
the time is linear whatever stands in the file.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from typing import Final

from pytest_hubfiles.exchanges import Interaction

_Match = Callable[[str, int], "re.Match[str] | None"]


def _line(pattern: str) -> _Match:
    return re.compile(rf"{pattern}\n", re.ASCII).match


# Texts without quotes: no word that YAML takes for more than a text, no sign that ends one. In quotes: as they are.
_WORDS: Final = "y|n|yes|no|on|off|true|false|null"
_TEXT: Final = rf"((?i:(?!(?:{_WORDS})\n))[A-Za-z](?:[\w,;=/.+()!$&*?%@~-]|:(?=[^ \n])| (?=[^ #\n]))*|'[^'\n]*')"
_NAME: Final = _line(rf"      ((?i:(?!(?:{_WORDS}):))[A-Za-z][A-Za-z0-9-]{{0,99}}):")
_VALUE: Final = _line(rf"      - {_TEXT}")
_METHOD: Final = _line(r"    method: ([A-Z]{3,7})")
_URL: Final = _line(r"    uri: (https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:[/?][\w,;=/.+()!$&*?%@~:-]*(?<![:]))?)")
_CODE: Final = _line("      code: ([1-9][0-9][0-9])")
_REASON: Final = _line(f"      message: {_TEXT}")
_MOST_HEADERS: Final = 99  # and values of one
_OUTDENTED: Final = {indent: re.compile(rf"\n(?! {{{indent}}})").search for indent in (6, 8)}
_START: Final = "interactions:\n"
_END: Final = "version: 1\n"
_PRINTABLE: Final = bytes([*range(0x20, 0x7F), 0x0A])


class _OtherFormError(Exception):
    """What is here is not written as this package writes it."""


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
    while not text.startswith(_END, place):
        line += text.count("\n", counted, place)
        counted = place
        try:
            interaction, place = _exchange(text, place, line)
        except _OtherFormError:
            return
        if not text.startswith(("- request:\n", _END), place):  # its last line may go on
            return
        yield interaction
    if place > len(_START) and place + len(_END) == len(text):
        yield None


def _exchange(text: str, place: int, line: int) -> tuple[Interaction, int]:
    """Return the interaction that begins at *place*, in *line*, and where it ends."""
    place = _after(text, place, "- request:\n")
    if text.startswith("    body: null\n", place):
        asked, place = b"", place + len("    body: null\n")
    else:
        asked, place = _block(text, _after(text, place, "    body: |"), 6)
    asked_headers, place = _headers(text, place)
    method, place = _found(_METHOD, text, place)
    url, place = _found(_URL, text, place)
    place = _after(text, place, "  response:\n    body:\n      string: ")
    if text.startswith("''\n", place):
        answered, place = b"", place + len("''\n")
    else:
        answered, place = _block(text, _after(text, place, "|"), 8)
    headers, place = _headers(text, place)
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


def _headers(text: str, place: int) -> tuple[dict[str, tuple[str, ...]], int]:
    place = _after(text, place, "    headers:")
    if text.startswith(" {}\n", place):
        return {}, place + len(" {}\n")
    place = _after(text, place, "\n")
    found: dict[str, tuple[str, ...]] = {}
    while name := _NAME(text, place):
        values, place = [], name.end()
        while value := _VALUE(text, place):
            values.append(_plain(value[1]))
            place = value.end()
        if not values or name[1] in found or max(len(values), len(found)) >= _MOST_HEADERS:
            raise _OtherFormError
        found[sys.intern(name[1])] = tuple(values)
    if not found:
        raise _OtherFormError
    return found, place


def _plain(text: str) -> str:
    return text[1:-1] if text[0] == "'" else text


def _block(text: str, place: int, indent: int) -> tuple[bytes, int]:
    """Return what a block holds, and where it ends; one with a blank line at either end, or in it, is left to YAML."""
    is_stripped = text.startswith("-\n", place)
    place = _after(text, place, "-\n" if is_stripped else "\n")
    outdented = _OUTDENTED[indent](text, place - 1)
    # From the line break before it: its first line is one that is indented, too.
    if outdented is None or outdented.start() < place or text[place + indent] in " \n":
        raise _OtherFormError
    end = outdented.start()
    lines = text[place + indent : end].replace("\n" + " " * indent, "\n")
    if text[end + 1 : end + 2] in ("\n", "") or not lines.rpartition("\n")[2].strip(" "):
        raise _OtherFormError
    return (lines if is_stripped else lines + "\n").encode("ascii"), end + 1
