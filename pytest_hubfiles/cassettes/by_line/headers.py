"""The headers of a message, line by line, and what the messages of a file have in common."""

from __future__ import annotations

import re
import sys
from typing import Final

from pytest_hubfiles.cassettes.by_line.scalars import FOLDS, WORDS, OtherFormError, text_of

NEXT: Final = "- request:\n"
"""How an interaction begins."""
_NAME: Final = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,99}):").fullmatch
_MOST_LINES: Final = 400  # of the headers of one message
_MOST_KNOWN: Final = 64
_MOST_KNOWN_LINES: Final = 512


class Known:
    """What the exchanges of a file share, which is read and held once, and how many values they held."""

    def __init__(self) -> None:
        self.headers: dict[str, tuple[dict[str, tuple[str, ...]], int]] = {}  # with how many values they are
        self.bodies: dict[bytes, bytes] = {}
        self.lines: dict[str, str | tuple[str]] = {}  # of headers: a name, or a value
        self.contents: dict[str, tuple[bytes, int]] = {}  # bodies that stand as YAML, with how many values they are
        self.members: dict[str, tuple[int, str, str]] = {}  # of bodies that stand as YAML: indentation, key, JSON
        self.values = 0

    def forget(self) -> None:
        """Hold no more than a file of any size may make us hold."""
        if len(self.headers) >= _MOST_KNOWN:
            self.headers.clear()
        if len(self.bodies) >= _MOST_KNOWN:
            self.bodies.clear()
        if len(self.contents) >= _MOST_KNOWN:
            self.contents.clear()
        if len(self.lines) >= _MOST_KNOWN_LINES:
            self.lines.clear()
        if len(self.members) >= _MOST_KNOWN_LINES:
            self.members.clear()


def after(text: str, place: int, expected: str) -> int:
    """Return where *expected* ends, which *text* must have at *place*.

    Raises:
        OtherFormError: if it has something else there.
    """
    if not text.startswith(expected, place):
        raise OtherFormError
    return place + len(expected)


def headers_at(text: str, place: int, stop: str, known: Known) -> tuple[dict[str, tuple[str, ...]], int]:
    """Return the headers that begin at *place*, and where they end, which is before *stop*.

    Raises:
        OtherFormError: if they are not certain.
    """
    place = after(text, place, "    headers:")
    if text.startswith(" {}\n", place):
        return {}, place + len(" {}\n")
    end = text.find(stop, place)
    lines = text[place : max(end, place)]
    found = known.headers.get(lines)
    if found is None:
        headers = _headers_in(lines, known.lines)
        found = known.headers[lines] = headers, 3 * len(headers) + lines.count("\n")
    known.values += found[1]
    return found[0], end + 1


def _headers_in(lines: str, known: dict[str, str | tuple[str]]) -> dict[str, tuple[str, ...]]:
    if FOLDS[8] in lines:
        if " \n" in lines or FOLDS[8] + " " in lines or FOLDS[8] + "\\" in lines or "\\\n" in lines:
            raise OtherFormError
        lines = lines.replace(FOLDS[8], " ")
    first, *items = lines.split(FOLDS[6])
    if first or not items or len(items) > _MOST_LINES:
        raise OtherFormError
    found: dict[str, tuple[str, ...]] = {}
    name = ""
    for item in items:
        entry = known.get(item)
        if entry is None:
            entry = known[item] = _entry(item)
        if isinstance(entry, tuple):
            if not name:
                raise OtherFormError
            found[name] += entry
        elif entry in found:
            raise OtherFormError
        else:
            name = entry
            found[name] = ()
    if () in found.values():
        raise OtherFormError
    return found


def _entry(line: str) -> str | tuple[str]:
    """Return the name that a *line* of headers has, or the value."""
    if "\n" in line:
        raise OtherFormError
    if line.startswith("- "):
        return (text_of(line[2:]),)
    name = _NAME(line)
    if name is None or name[1] in WORDS:
        raise OtherFormError
    return sys.intern(name[1])
