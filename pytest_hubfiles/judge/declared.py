"""What a schema declares at each place of a body."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from pytest_hubfiles.judge.branches import Branches
from pytest_hubfiles.model.json_types import child_path, type_of


class Declared(NamedTuple):
    """What a schema declares at one path; ``types`` is empty if it allows any type."""

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


class DeclaredPlace:
    """A place in a body: what the schema declares there, and the places below it.

    Below a place that is not declared, nothing is.
    """

    __slots__ = ("_declared", "_inner", "_path", "facts")

    def __init__(self, declared: Mapping[str, Declared], path: str = "$") -> None:
        self._declared, self._path = declared, path
        self._inner: dict[str, DeclaredPlace] = {}
        self.facts = declared.get(path, UNDECLARED)

    def _at(self, name: str, path: str) -> DeclaredPlace:
        if path not in self._declared:
            return _NOWHERE
        return self._inner.setdefault(name, DeclaredPlace(self._declared, path))

    def member(self, name: str) -> DeclaredPlace:
        """Return the place of the member *name* of an object here."""
        return self._inner.get(name) or (self if self is _NOWHERE else self._at(name, child_path(self._path, name)))

    @property
    def any_member(self) -> DeclaredPlace:
        """The place of every member of a declared map here."""
        return self._inner.get(_ANY) or self._at(_ANY, f"{self._path}.{ANY_KEY}")

    @property
    def element(self) -> DeclaredPlace:
        """The place of every element of an array here."""
        return self._inner.get(_EACH) or self._at(_EACH, f"{self._path}[*]")


_ANY, _EACH = "\x00any", "\x00each"  # keys beside the names of members, which hardly begin with a NUL
_NOWHERE: Final = DeclaredPlace({})


@dataclass(frozen=True, slots=True)
class Declarations:
    """What the schemas in one file declare; ``lookup`` returns what a reference (``#/$defs/Error``) points at."""

    lookup: Callable[[str], Any]

    def outline(self, pointer: str) -> dict[str, Declared]:
        """Return what the schema at *pointer* declares, by JSONPath."""
        facts: dict[str, Declared] = {}
        root = {"$ref": pointer}
        self._outline([root], Branches.of(root, self.lookup), "$", facts, frozenset(), required=True)
        return facts

    def _outline(
        self,
        schemas: Sequence[object],
        composed: Branches,
        path: str,
        facts: dict[str, Declared],
        above: frozenset[int],
        *,
        required: bool = False,
    ) -> None:
        """Add to *facts* what *schemas*, which describe the value at *path* as *composed*, declare there and below."""
        branches = self._all_branches(schemas)
        here = frozenset(id(branch) for branch in branches)
        if here & above:  # a schema that contains itself: one round declares all there is
            return
        types = frozenset(name for branch in branches for name in _types(branch))
        enums = [branch["enum"] for branch in branches if "enum" in branch]
        members: dict[str, list[object]] = {}
        for branch in branches:
            for name, child in branch.get("properties", {}).items():
                members.setdefault(name, []).append(child)
        others = [child for branch in branches for child in _of_other_names(branch) if child is not False]
        items = [branch["items"] for branch in branches if "items" in branch]
        facts[path] = Declared(
            required=required,
            nullable="null" in types or any(None in enum for enum in enums),
            enum=frozenset(str(value) for enum in enums for value in enum if value is not None) if enums else None,
            is_map=bool(others) and not members,
            types=types,
            format=next((branch["format"] for branch in branches if "format" in branch), None),
            members=tuple(members),
        )
        above |= here
        for name, children in members.items():
            inside, needed = composed.property(name, self.lookup), composed.requires(name)
            self._outline(children, inside, child_path(path, name), facts, above, required=needed)
        if items:
            self._outline(items, composed.element(self.lookup), f"{path}[*]", facts, above, required=True)
        if others:
            self._outline(others, composed.other_property(self.lookup), f"{path}.*", facts, above)

    def _all_branches(self, schemas: Sequence[object]) -> list[Mapping[str, Any]]:
        """Return all that *schemas* are composed of, each once, however often they refer to it."""
        return list({id(branch): branch for schema in schemas for branch in self._branches(schema)}.values())

    def _branches(self, schema: object) -> Iterator[Mapping[str, Any]]:
        """Yield *schema* and all that it is composed of; references are followed."""
        if not isinstance(schema, Mapping):
            return
        yield schema
        if "$ref" in schema:
            yield from self._branches(self.lookup(schema["$ref"]))
        for keyword in ("allOf", "anyOf", "oneOf"):
            for branch in schema.get(keyword, ()):
                yield from self._branches(branch)
        for keyword in ("if", "then", "else"):
            if keyword in schema:
                yield from self._branches(schema[keyword])

    def undeclared(self, pointer: str, body: object) -> dict[str, str]:
        """Return the JSON type of each member of *body* that the schema at *pointer* does not declare, by JSONPath."""
        return dict(self._undeclared([{"$ref": pointer}], body, "$"))

    def _undeclared(self, schemas: Sequence[object], value: object, path: str) -> Iterator[tuple[str, str]]:
        """Yield what none of *schemas*, which all describe *value*, declares."""
        if isinstance(value, list):
            items = [branch["items"] for branch in self._all_branches(schemas) if "items" in branch]
            for element in value:
                yield from self._undeclared(items, element, f"{path}[*]")
        elif isinstance(value, dict):
            declared: dict[str, list[object]] = {}
            others: list[object] = []
            for branch in self._all_branches(schemas):
                for name, child in branch.get("properties", {}).items():
                    declared.setdefault(name, []).append(child)
                for pattern, child in branch.get("patternProperties", {}).items():
                    for name in value:
                        if re.search(pattern, name):
                            declared.setdefault(name, []).append(child)
                others += _of_other_names(branch)
            if not declared and not others:  # the schema says nothing of the members: any are allowed
                return
            for name, member in value.items():
                where = child_path(path, name)
                if name in declared or others:
                    yield from self._undeclared(declared.get(name, others), member, where)
                else:
                    yield where, type_of(member)


def _types(schema: Mapping[str, Any]) -> Sequence[str]:
    types = schema.get("type", ())
    return (types,) if isinstance(types, str) else types


def _of_other_names(schema: Mapping[str, Any]) -> list[object]:
    """Return the schemas that *schema* has for members that it does not name."""
    return [schema[key] for key in ("additionalProperties", "unevaluatedProperties") if key in schema]
