"""Credentials that are known by value, found in any encoding."""

from __future__ import annotations

import base64
import re
import string
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from typing import Final
from urllib.parse import quote, quote_plus

from pytest_hubfiles.secrets.plausible import PLACEHOLDER

_BASE64: Final = frozenset(string.ascii_letters + string.digits + "+_-")  # without /, which also separates paths
_HEX: Final = frozenset(string.hexdigits)
_PLAIN: Final = (dict, list, tuple, set, frozenset)
_BREAK: Final = r"(?:['\"]?[ \t]*\n(?:E?[ \t]*\?[ \t^+~-]*\n)*E?[ \t]*[+>-]?[ \t]*(?:[bru]{0,2}['\"])?)?"
_SHORTEST_PIECE: Final = 6  # characters of a value beside the "..." that shortened it
_ABBREVIATIONS: Final = ("Skipping ", " chars]", "[truncated]", "...")
"""What pytest, unittest and reprlib say where they have left something out."""
_SHORTEST_REST: Final = 10  # characters of a value in a text that was abbreviated: so many stay before a difference
_SAMPLE: Final = _SHORTEST_REST // 2


@lru_cache(maxsize=256)
def _spellings(value: str) -> tuple[tuple[str, ...], tuple[tuple[str, frozenset[str]], ...]]:
    """Return the spellings of *value*, and its cores inside base64 or hex, each with the alphabet around it."""
    raw = value.encode("utf-8", "surrogatepass")
    quoted = [
        quote(value, safe="", errors="replace"),
        quote_plus(value, errors="replace"),
        quote(value, errors="replace"),
    ]
    twice = [quote(text, safe="") for text in quoted]
    plain = dict.fromkeys([value, *quoted, *twice, *map(_lower_escapes, [*quoted, *twice]), repr(value)[1:-1]])
    inside: dict[str, frozenset[str]] = {}
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + raw + bytes(2)).decode()
        core = encoded[-(-offset * 4 // 3) : (offset + len(raw)) * 4 // 3]
        inside[core] = inside[core.replace("+", "-").replace("/", "_")] = _BASE64
    inside[raw.hex()] = inside[raw.hex().upper()] = _HEX
    return tuple(sorted(plain, key=len, reverse=True)), tuple(inside.items())


def _lower_escapes(quoted: str) -> str:
    head, *parts = quoted.split("%")
    return "%".join([head, *(part[:2].lower() + part[2:] for part in parts)])


def stands_in(text: str, values: Collection[str]) -> bool:
    """Return whether one of *values* stands in *text*, in any spelling."""
    for value in values:
        plain, inside = _spellings(value)
        if any(form in text for form in plain) or any(core in text for core, _ in inside):
            return True
    return False


def replace_values(text: str, values: Collection[str], instead: Callable[[str], str]) -> str:
    """Return *text* with each of *values*, in any spelling, replaced by what *instead* returns for it."""
    for value in values:
        plain, inside = _spellings(value)
        for form in plain:
            if form in text:
                text = text.replace(form, instead(form))
        for core, alphabet in inside:
            after = 0
            while (found := text.find(core, after)) >= 0:
                start, end = found, found + len(core)
                while start and text[start - 1] in alphabet:
                    start -= 1
                while end < len(text) and text[end] in alphabet:
                    end += 1
                new = instead(text[start:end])
                text, after = f"{text[:start]}{new}{text[end:]}", start + len(new)
    return text


def redact_values(text: str, values: Collection[str]) -> str:
    """Return a *text* for people, such as a failure message, without *values* and without pieces of them.

    pytest replaces the middle of a long value by "...": its beginning and its end remain. Of two texts that differ it
    shows what lies around the difference. And it prints long bytes and texts in pieces, one in a line.
    """
    values = sorted(values, key=len, reverse=True)
    text = replace_values(text, values, lambda _: PLACEHOLDER)
    if "\n" in text:
        for value in values:
            if value[:_SHORTEST_PIECE] in text:
                text = _in_pieces(value).sub(PLACEHOLDER, text)
    if "..." in text:
        for value in values:
            text = _redact_pieces(text, value)
    if any(said in text for said in _ABBREVIATIONS):
        for value in values:
            text = _redact_rests(text, value)
    return text


def redact_data(value: object, redact: Callable[[str], str]) -> object:
    """Return *value* itself, or the same with what *redact* makes of the texts in its dicts, lists, tuples and sets.

    An object of any other class is left alone: whoever put it there may need it.
    """
    return _copied(value, redact, {}) if any(_redacted(text, redact) != text for text in _texts(value)) else value


def _texts(value: object) -> Iterator[object]:
    """Yield the texts and bytes in plain data, in which an object may hold itself."""
    seen: set[int] = set()
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, (str, bytes)):
            yield one
        elif isinstance(one, _PLAIN) and type(one) in _PLAIN and id(one) not in seen:
            seen.add(id(one))
            left += one
            left += one.values() if isinstance(one, dict) else ()


def _redacted(text: object, redact: Callable[[str], str]) -> object:
    if isinstance(text, bytes):
        return redact(text.decode("latin-1")).encode("latin-1")
    return redact(text) if isinstance(text, str) else text


def _copied(value: object, redact: Callable[[str], str], made: dict[int, object]) -> object:
    """Return a copy of *value*; *made* are those of the objects that it is in."""
    if id(value) in made:
        return made[id(value)]
    if isinstance(value, dict) and type(value) is dict:
        of_dict: dict[object, object] = {}
        made[id(value)] = of_dict
        of_dict.update((_copied(name, redact, made), _copied(one, redact, made)) for name, one in value.items())
        return of_dict
    if isinstance(value, list) and type(value) is list:
        of_list: list[object] = []
        made[id(value)] = of_list
        of_list.extend(_copied(one, redact, made) for one in value)
        return of_list
    if isinstance(value, (tuple, set, frozenset)) and type(value) in _PLAIN:
        return type(value)(_copied(one, redact, made) for one in value)
    return _redacted(value, redact)


@lru_cache(maxsize=64)
def _in_pieces(value: str) -> re.Pattern[str]:
    """Return what finds *value* as ``pprint`` breaks it, with what pytest puts before each line of a difference."""
    return re.compile(_BREAK.join(map(re.escape, value)))


def _redact_pieces(text: str, value: str) -> str:
    heads = [value[:length] for length in range(len(value), _SHORTEST_PIECE - 1, -1)]
    tails = [value[-len(head) :] for head in heads]
    pieces = text.split("...")
    for number, piece in enumerate(pieces):
        head = next((head for head in heads if piece.endswith(head)), "") if number < len(pieces) - 1 else ""
        piece = piece.removesuffix(head) + PLACEHOLDER * bool(head)
        tail = next((tail for tail in tails if piece.startswith(tail)), "") if number else ""
        pieces[number] = PLACEHOLDER * bool(tail) + piece.removeprefix(tail)
    return "...".join(pieces)


def _redact_rests(text: str, value: str) -> str:
    """Return *text* without what is left in it of *value*, from its middle too."""
    for start in range(0, len(value) - _SAMPLE + 1, _SHORTEST_REST - _SAMPLE + 1):  # each rest holds one of these
        sample = value[start : start + _SAMPLE]
        found = text.find(sample)
        while found >= 0:
            before = _in_common(value[:start][::-1], text[max(found - start, 0) : found][::-1])
            after = _in_common(value[start:], text[found : found + len(value)])
            if before + after >= _SHORTEST_REST:
                text = f"{text[: found - before]}{PLACEHOLDER}{text[found + after :]}"
            found = text.find(sample, found + 1)
    return text


def _in_common(one: str, other: str) -> int:
    """Return how many characters *one* and *other* begin with that are the same."""
    shorter = min(len(one), len(other))
    return next((number for number in range(shorter) if one[number] != other[number]), shorter)
