"""The shape of a body: what remains of it without its values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final

from pytest_hubfiles.judge.declared import ANY_KEY, UNDECLARED, Declared, DeclaredPlace
from pytest_hubfiles.model.json_types import child_path, format_of, type_of

_MISSING: Final = object()
_DEEPEST: Final = 40  # levels; HubSpot's bodies have six, and deeper ones must not exhaust Python's stack


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of the values seen at one path of many bodies.

    ``types`` are JSON types. ``format`` is the one format that all strings here have. ``values`` are the values seen
    of an enumeration. ``optional`` names the fields that some of the objects here lack. ``count`` is how many values
    were seen, ``objects`` how many of them were objects; they do not count when two shapes are compared.
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
        """Return the shape of the values of both."""
        return _merged([self, other])

    def without(self, names: Collection[str]) -> Shape:
        """Return the shape without the fields *names*."""
        fields = {name: child for name, child in self.fields.items() if name not in names}
        return replace(self, fields=fields, optional=self.optional - set(names))

    def tree(self) -> dict[str, Any]:
        """Return the shape as nested dicts, the form in which two shapes are compared."""
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
    """Return the shape of the values of all *shapes*, of which there is at least one, in linear time."""
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


def shape_of_all(values: Sequence[object], place: DeclaredPlace) -> Shape | None:
    """Return the merged shape of *values* at *place*, None if there are none, in linear time.

    Of values that lie more than 40 levels deep, only the type is kept.
    """
    return _shape_of_all(values, place, 0) if values else None


_PLAIN_TYPES: Final = {
    str: "string",
    bool: "boolean",
    int: "integer",
    type(None): "null",
    dict: "object",
    list: "array",
}


def _shape_of_all(values: Sequence[object], place: DeclaredPlace, level: int) -> Shape:
    """Return the shape of all *values* at *place* in one step, however many elements are alike."""
    if len(values) == 1 and not isinstance(values[0], (Mapping, list)):
        return _of_one(values[0], place)
    kinds = set(map(type, values))
    types = {_PLAIN_TYPES[kind] for kind in kinds} if kinds <= _PLAIN_TYPES.keys() else set(map(type_of, values))
    seen = frozenset[str]()
    if place.facts.enum is not None:
        seen = frozenset(str(value) for value in values if isinstance(value, (str, int)))
    objects = [value for value in values if isinstance(value, Mapping)] if "object" in types else []
    column = [element for value in values if isinstance(value, list) for element in value] if "array" in types else []
    level += 1
    fields: dict[str, Shape] = {}
    elements = None
    if level <= _DEEPEST:
        is_map = place.facts.is_map
        for name, members in sorted(_columns(objects, is_map).items()) if objects else ():
            fields[name] = _shape_of_all(members, place.any_member if is_map else place.member(name), level)
        elements = _shape_of_all(column, place.element, level) if column else None
    return Shape(
        types=frozenset(types - {"integer"} if "number" in types else types),
        format=_format_of_all(values) if "string" in types else None,
        values=seen,
        fields=fields,
        optional=frozenset(n for n, child in fields.items() if n != ANY_KEY and child.count < len(objects)),
        elements=elements,
        count=len(values),
        objects=len(objects) if level <= _DEEPEST else 0,
    )


def _of_one(value: object, place: DeclaredPlace) -> Shape:
    values = frozenset({str(value)}) if place.facts.enum is not None and isinstance(value, (str, int)) else _NO_VALUES
    return _plain(type_of(value), format_of(value) if isinstance(value, str) else None, values)


_NO_VALUES: Final[frozenset[str]] = frozenset()


@lru_cache(maxsize=1024)
def _plain(json_type: str, text_format: str | None, values: frozenset[str]) -> Shape:
    """Return the shape of one value without parts; there are few such shapes, and a body has many values of each."""
    return Shape(frozenset({json_type}), format=text_format, values=values)


def plainly_alike(one: object, other: object, place: DeclaredPlace) -> bool:
    """Return True only if *one* and *other* have the same shape at *place*; False means nothing.

    Nearly all bodies that are compared are alike, and looking at both at once takes a fraction of the time.
    """
    kind = type(one)
    if kind is not type(other):
        return False
    if kind is dict:
        return _members_alike(one, other, place)  # type: ignore[arg-type]  # both are dicts
    if kind is list:
        return _elements_alike(one, other, place.element)  # type: ignore[arg-type]  # both are lists
    if one == other:
        return True
    if place.facts.enum is not None or kind is float:
        return False
    return kind is not str or format_of(one) == format_of(other)  # type: ignore[arg-type]  # both are texts


def _elements_alike(one: list[object], other: list[object], place: DeclaredPlace) -> bool:
    return len(one) == len(other) and all(plainly_alike(a, b, place) for a, b in zip(one, other, strict=True))


def _members_alike(one: dict[str, object], other: dict[str, object], place: DeclaredPlace) -> bool:
    if place.facts.is_map:
        return one == other or _format_of_map(one) == _format_of_map(other) != ""
    if len(one) != len(other):
        return False
    for name, member in one.items():
        its = other.get(name, _MISSING)  # comparing the keys first would add a tenth to this time
        kind = type(member)
        if kind is type(its) and kind is not dict and kind is not list and member == its:
            continue  # most are equal: few values change from one recording to the next
        if not plainly_alike(member, its, place.member(name)):
            return False
    return True


def _format_of_map(members: dict[str, object]) -> str:
    """Return the format of a map that holds only texts; empty for any other map, which needs a closer look."""
    return _format_of_all(members.values()) if members and set(map(type, members.values())) == {str} else ""


def _columns(objects: Sequence[Mapping[str, object]], is_map: bool) -> dict[str, list[object]]:
    """Return the members of *objects* by name; the keys of a declared map are values: one name stands for all."""
    columns: dict[str, list[object]] = {}
    for members in objects:
        if is_map:
            if members:
                columns.setdefault(ANY_KEY, []).extend(members.values())
            continue
        for name, member in members.items():
            if name in columns:
                columns[name].append(member)
            else:
                columns[name] = [member]
    return columns


def _format_of_all(values: Iterable[object]) -> str:
    """Return the one format that all strings among *values* have, ``text`` if they differ."""
    formats = set[str]()
    for value in values:
        if isinstance(value, str):
            formats.add(format_of(value))
            if "text" in formats or len(formats) > 1:
                return "text"
    return formats.pop()


def merge_all(shapes: Iterable[Shape]) -> Shape | None:
    """Return the merged shape of *shapes*, None if there are none."""
    seen = list(shapes)
    return _merged(seen) if seen else None


def shape_declared(declared: Mapping[str, Declared], path: str = "$") -> Shape:
    """Return the shape of all that a schema allows; *declared* is what it declares, by path.

    A string without a format may have any, so its format is ``text``.
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
        # An array without a schema for its elements may have elements.
        elements=shape_declared(declared, f"{path}[*]") if "array" in facts.types else None,
        objects=int(bool(fields) or "object" in facts.types),
    )
