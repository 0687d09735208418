"""Two shapes beside each other, in words, as far as they matter for one place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from pytest_hubfiles.compare.shapes import Shape
from pytest_hubfiles.model.json_types import child_path

ABSENT: Final = "absent"


class Member(NamedTuple):
    """One member of the object in which a place lies: its name, what it was and is in words, and its path."""

    name: str
    before: str
    after: str
    path: str


class Beside(NamedTuple):
    """The object at ``path`` in which a place lies, member by member; one row without a name where it is in none."""

    path: str
    rows: tuple[Member, ...]


def beside(before: Shape | None, after: Shape | None, path: str) -> Beside:
    """Return the two shapes *before* and *after* around the place *path*, a JSONPath."""
    here, old, new = "$", before, after
    while True:
        step = next(_towards(path, here, old, new), None)
        if step is None:
            return Beside(here, (Member("", _words(old), _words(new), here),))
        if step[0] == path and _members(old, new):
            return Beside(here, tuple(_rows(here, old, new)))
        here, old, new = step


def _towards(
    path: str, here: str, before: Shape | None, after: Shape | None
) -> Iterator[tuple[str, Shape | None, Shape | None]]:
    """Yield the place below *here* that leads to *path*, and the two shapes there."""
    for name in _members(before, after):
        below = child_path(here, name)
        if path == below or path.startswith((f"{below}.", f"{below}[")):
            yield below, before and before.fields.get(name), after and after.fields.get(name)
    if path.startswith(f"{here}[*]"):
        yield f"{here}[*]", before and before.elements, after and after.elements


def _members(before: Shape | None, after: Shape | None) -> list[str]:
    return list(dict.fromkeys(name for shape in (before, after) if shape is not None for name in shape.fields))


def _rows(path: str, before: Shape | None, after: Shape | None) -> Iterator[Member]:
    for name in _members(before, after):
        yield Member(name, _member(before, name), _member(after, name), child_path(path, name))


def _member(shape: Shape | None, name: str) -> str:
    if shape is None or name not in shape.fields:
        return ABSENT
    return f"{_words(shape.fields[name])}{', not always there' if name in shape.optional else ''}"


def _words(shape: Shape | None) -> str:
    """Return *shape* in a few words: ``string (date-time) or null``, ``array of object``."""
    if shape is None:
        return ABSENT
    found = []
    for name in sorted(shape.types, key=lambda kind: (kind == "null", kind)):
        if name == "string" and shape.format not in (None, "text"):
            name += f" ({shape.format})"
        elif name == "array" and shape.elements is not None:
            name += f" of {_words(shape.elements)}"
        found.append(name)
    values = f": {', '.join(sorted(shape.values))}" if shape.values else ""
    return f"{' or '.join(found) or 'anything'}{values}"
