"""JSON as text: where each scalar stands, so that one can be replaced while all else keeps its bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from pytest_hubfiles.secrets.names import Telling, last_word, listed

_JSON_TOKEN: Final = re.compile(  # a text that is cut off may end inside a string
    r'"(?P<inside>(?:[^"\\]|\\.)*)(?P<end>"|\\?\Z)|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL
)
JSON_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_NAMES: Final = listed("name key id field param parameter header property attribute variable label type")
_VALUES: Final = listed("value val content data text")


@dataclass(slots=True)
class Scalar:
    """A scalar of a JSON text, or a key, which has no name: its place, the nearest key above it, what names tell."""

    match: re.Match[str]
    name: str | None
    told: Telling


@dataclass(slots=True)
class _Container:
    bracket: str
    key: str | None
    told: Telling
    named: Telling  # what its name tells, which its "value" inherits
    start: int  # the number of the first scalar of the member that it is
    said: str | None = None  # {"name": "api_key", "value": "X"}
    values: list[tuple[int, int]] = field(default_factory=list)


class _Reader:
    """Reads a JSON text token by token, and no more strictly than it must."""

    def __init__(self, tell: Callable[[str], Telling], tell_said: Callable[[str], Telling]) -> None:
        self.scalars: list[Scalar] = []
        self._tell, self._tell_said = tell, tell_said
        self._above: list[_Container] = []
        self._key: str | None = None
        self._own = Telling.NOTHING  # what the key tells
        self._start = 0  # the number of the first scalar of this member
        self._last: re.Match[str] | None = None
        self._beside = Telling.NOTHING  # ["X-Api-Key", "X"]

    @property
    def _told(self) -> Telling:
        if not self._above:
            return self._own
        is_value = self._key is not None and last_word(self._key) in _VALUES
        return max(self._own, self._above[-1].named if is_value else self._above[-1].told)

    def _end_scalar(self) -> None:
        if self._last is None:
            return
        self.scalars.append(Scalar(self._last, self._key, max(self._told, self._beside)))
        inside = self._last["inside"]
        is_listed = bool(self._above) and self._above[-1].bracket == "[" and inside is not None
        self._beside = min(self._tell_said(unescaped(inside)), Telling.MAYBE) if is_listed else Telling.NOTHING
        self._last = None

    def _end_member(self) -> None:
        if not self._above or self._above[-1].bracket != "{" or self._key is None:
            return
        here, key = self._above[-1], last_word(self._key)
        if key in _NAMES and len(self.scalars) == self._start + 1 and here.said is None:
            inside = self.scalars[-1].match["inside"]
            here.said = None if inside is None else unescaped(inside)
        elif key in _VALUES:
            here.values.append((self._start, len(self.scalars)))

    def _open(self, bracket: str) -> None:
        told = named = self._told
        if bracket == "{" and told is not Telling.ALWAYS:  # {"authorization": {"mode": "any"}}
            told = min(told, Telling.MAYBE)
        self._above.append(_Container(bracket, self._key, told, named, self._start))
        self._key, self._own = (self._key if bracket == "[" else None), Telling.NOTHING
        self._beside = Telling.NOTHING
        self._start = len(self.scalars)

    def _close(self) -> None:
        self._end_scalar()
        self._end_member()
        if not self._above:
            return
        closed, self._beside = self._above.pop(), Telling.NOTHING
        told = self._tell_said(closed.said) if closed.said is not None and closed.values else Telling.NOTHING
        for start, end in closed.values if told else ():
            for scalar in self.scalars[start:end]:
                scalar.told = max(scalar.told, told)
        self._key, self._own = closed.key, Telling.NOTHING
        self._start = closed.start

    def read(self, text: str) -> list[Scalar]:
        for match in _JSON_TOKEN.finditer(text):
            token = match[0]
            if token in "{[":
                self._open(token)
            elif token in "}]":
                self._close()
            elif token == ":":
                self._key = None
                if self._last is not None:
                    self.scalars.append(Scalar(self._last, None, Telling.NOTHING))
                    self._key = unescaped(self._last["inside"] or self._last[0])
                self._own = Telling.NOTHING if self._key is None else self._tell(self._key)
                self._last, self._start = None, len(self.scalars)
            elif token == ",":
                self._end_scalar()
                self._end_member()
                if self._above and self._above[-1].bracket == "{":
                    self._key, self._own = None, Telling.NOTHING
            else:
                self._last = match
        self._end_scalar()
        return self.scalars


def json_scalars(text: str, tell: Callable[[str], Telling], tell_said: Callable[[str], Telling]) -> list[Scalar]:
    """Return each scalar of a JSON text in order, with what the names above it *tell*, and those said beside it."""
    return _Reader(tell, tell_said).read(text)


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
