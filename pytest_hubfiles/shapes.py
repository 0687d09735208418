"""The shape of a body: what remains of it when its values are taken away."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final

_IDENTIFIER: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]*")
_DATE_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Declared:
    """What a schema declares at one path; ``types`` is empty where it lets any type pass."""

    required: bool = False
    nullable: bool = False
    enum: frozenset[str] | None = None
    is_map: bool = False
    types: frozenset[str] = frozenset()
    format: str | None = None
    members: tuple[str, ...] = ()


UNDECLARED: Final = Declared()

ANY_KEY: Final = "*"
"""Stands for every key of a declared map."""

_DEEPEST: Final = 40  # levels; HubSpot's bodies have six, and what is deeper must not exhaust Python's stack


def type_of(value: object) -> str:
    """Return the JSON type of *value*; a number without a fraction is an integer, as in JSON Schema."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return "integer"
    if isinstance(value, float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, (list, tuple)) else "object"


def child_path(path: str, name: str) -> str:
    """Return the JSONPath of the member *name* of the object at *path*."""
    if _IDENTIFIER.fullmatch(name):
        return f"{path}.{name}"
    escaped = name.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"{path}['{escaped}']"


def format_of(text: str) -> str:
    """Return ``date-time``, ``uuid``, or ``text`` for a string that is neither."""
    if _DATE_TIME.fullmatch(text):
        return "date-time"
    return "uuid" if _UUID.fullmatch(text) else "text"


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of the values seen at one path of many bodies.

    ``types`` are JSON types, ``format`` is the one format that all strings here have, ``values`` what an
    enumeration was seen to hold, ``optional`` names the fields that some of the objects here lacked.
    ``count`` is how many values were seen, ``objects`` how many of them were objects; two shapes are equal
    whatever their counts are, since one body more is no other shape.
    """

    types: frozenset[str]
    format: str | None = None
    values: frozenset[str] = frozenset()
    fields: Mapping[str, Shape] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    elements: Shape | None = None
    count: int = field(default=1, compare=False)
    objects: int = field(default=0, compare=False)

    def merge(self, other: Shape) -> Shape:
        """Return the shape of all the values that *self* and *other* were seen in."""
        return _merged([self, other])

    def without(self, names: Collection[str]) -> Shape:
        """Return the shape that this would be if no object here had the fields *names*."""
        fields = {name: child for name, child in self.fields.items() if name not in names}
        return replace(self, fields=fields, optional=self.optional - set(names))

    def tree(self) -> dict[str, Any]:
        """Return the shape as plain nested dicts, the form in which two shapes are compared."""
        node: dict[str, Any] = {"types": " or ".join(sorted(self.types))}
        if self.format is not None:
            node["format"] = self.format
        if self.values:
            node["values"] = ", ".join(sorted(self.values))
        if self.fields:
            node["fields"] = {name: child.tree() for name, child in self.fields.items()}
        if self.optional:
            node["optional"] = ", ".join(sorted(self.optional))
        if self.elements is not None:
            node["elements"] = self.elements.tree()
        return node


def _merged(shapes: Sequence[Shape]) -> Shape:
    """Return the shape of all values that *shapes* were seen in, at least one, in time that grows as they do."""
    if len(shapes) == 1:
        return shapes[0]
    objects = sum(shape.objects for shape in shapes)
    children: dict[str, list[Shape]] = {}
    for shape in shapes:
        for name, child in shape.fields.items():
            children.setdefault(name, []).append(child)
    fields = {name: _merged(seen) for name, seen in sorted(children.items())}
    types = frozenset[str]().union(*{shape.types for shape in shapes})
    formats = {shape.format for shape in shapes} - {None}
    return Shape(
        types=types - {"integer"} if "number" in types else types,
        format=formats.pop() if len(formats) == 1 else "text" if formats else None,
        values=frozenset[str]().union(*{shape.values for shape in shapes}),
        fields=fields,
        optional=frozenset(name for name, child in fields.items() if name != ANY_KEY and child.count < objects),
        elements=merge_all(shape.elements for shape in shapes if shape.elements is not None),
        count=sum(shape.count for shape in shapes),
        objects=objects,
    )


def shape_of(value: object, declared: Mapping[str, Declared], path: str = "$", level: int = 0) -> Shape:
    """Return the shape of the parsed JSON *value*; *declared* is what its schema says, by path.

    Of what lies more than 40 levels deep, only the type is kept.
    """
    facts = declared.get(path, UNDECLARED)
    json_type = type_of(value)
    enumerated = facts.enum is not None and isinstance(value, (str, int))
    values = frozenset({str(value)}) if enumerated else frozenset()
    if isinstance(value, str):
        return _plain(json_type, format_of(value), values)
    level += 1
    if level > _DEEPEST or not isinstance(value, (Mapping, list)):
        return _plain(json_type, None, values)
    types = frozenset({json_type})
    if isinstance(value, Mapping):
        if facts.is_map:  # the keys of a declared map are values themselves: one shape stands for all
            inside = merge_all(shape_of(child, declared, f"{path}.{ANY_KEY}", level) for child in value.values())
            return Shape(types, fields={} if inside is None else {ANY_KEY: inside}, objects=1)
        fields = {n: shape_of(child, declared, child_path(path, n), level) for n, child in sorted(value.items())}
        return Shape(types, fields=fields, objects=1)
    return Shape(types, elements=merge_all(shape_of(child, declared, f"{path}[*]", level) for child in value))


@lru_cache(maxsize=1024)
def _plain(json_type: str, text_format: str | None, values: frozenset[str]) -> Shape:
    """Return the shape of one value without parts; there are few, and a body has many of each."""
    return Shape(frozenset({json_type}), format=text_format, values=values)


def merge_all(shapes: Iterable[Shape]) -> Shape | None:
    """Return the merged shape of *shapes*, None where there are none."""
    seen = list(shapes)
    return _merged(seen) if seen else None


def shape_declared(declared: Mapping[str, Declared], path: str = "$") -> Shape:
    """Return the shape of all that a schema lets pass; *declared* is what it says, by path.

    A string without a format is of any, and so its format is ``text``.
    """
    facts = declared.get(path, UNDECLARED)
    inside = [name for name in facts.members if child_path(path, name) in declared]
    fields = {name: shape_declared(declared, child_path(path, name)) for name in sorted(inside)}
    if facts.is_map:
        fields = {ANY_KEY: shape_declared(declared, f"{path}.{ANY_KEY}")}
    return Shape(
        types=facts.types | ({"null"} if facts.nullable else set()),
        format=facts.format or ("text" if "string" in facts.types else None),
        values=facts.enum or frozenset(),
        fields=fields,
        optional=frozenset(name for name in inside if not declared[child_path(path, name)].required),
        # An array of which nothing more is said is not one without elements.
        elements=shape_declared(declared, f"{path}[*]") if "array" in facts.types else None,
        objects=int(bool(fields) or "object" in facts.types),
    )
