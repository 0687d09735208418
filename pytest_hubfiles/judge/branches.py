"""How the schemas that describe one value are combined: which of them all hold, and which are alternatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Lookup = Callable[[str], Any]
"""Returns what a reference (``#/$defs/Error``) points at."""


@dataclass(frozen=True, slots=True)
class Branches:
    """Schemas for one value: those in ``own`` and ``parts`` all hold, and of each of ``choices`` one does."""

    own: Mapping[str, Any]
    parts: Sequence[Branches] = ()
    choices: Sequence[Sequence[Branches]] = ()

    @classmethod
    def of(cls, schema: object, lookup: Lookup) -> Branches:
        """Return how *schema* is composed; references are followed."""
        if schema is False:
            return cls({"type": ()})
        if not isinstance(schema, Mapping):
            return cls({})
        parts = [lookup(schema["$ref"])] if "$ref" in schema else []
        parts += schema.get("allOf", ())
        choices = [[cls.of(branch, lookup) for branch in schema[key]] for key in ("anyOf", "oneOf") if key in schema]
        if "if" in schema:
            met = cls({}, [cls.of(schema["if"], lookup), cls.of(schema.get("then"), lookup)])
            choices.append([met, cls.of(schema.get("else"), lookup)])
        return cls(schema, [cls.of(part, lookup) for part in parts], choices)

    def may_be(self, kind: str) -> bool:
        """Return whether the value can be of the JSON type *kind*."""
        kinds = self.own.get("type", kind)
        return (
            (kind == kinds if isinstance(kinds, str) else kind in kinds)
            and all(part.may_be(kind) for part in self.parts)
            and all(any(branch.may_be(kind) for branch in choice) for choice in self.choices)
        )

    def requires(self, name: str) -> bool:
        """Return whether every object that fits has the member *name*."""
        return (
            name in self.own.get("required", ())
            or any(part.requires(name) for part in self.parts)
            or any(_each([b.requires(name) for b in choice if b.may_be("object")]) for choice in self.choices)
        )

    def property(self, name: str, lookup: Lookup) -> Branches:
        """Return what holds of the member *name* of an object."""
        return self._inside("object", lambda schema: schema.get("properties", {}).get(name), lookup)

    def other_property(self, lookup: Lookup) -> Branches:
        """Return what holds of the members that no schema names."""
        more = self._inside("object", lambda schema: schema.get("additionalProperties"), lookup)
        return Branches({}, [more, self._inside("object", lambda s: s.get("unevaluatedProperties"), lookup)])

    def element(self, lookup: Lookup) -> Branches:
        """Return what holds of the elements of an array."""
        return self._inside("array", lambda schema: schema.get("items"), lookup)

    def _inside(self, kind: str, pick: Callable[[Mapping[str, Any]], object], lookup: Lookup) -> Branches:
        """Return what holds inside a value of type *kind*; a branch of which *pick* finds nothing allows anything."""
        own = Branches.of(pick(self.own), lookup)
        parts = [part._inside(kind, pick, lookup) for part in self.parts]
        choices = [[b._inside(kind, pick, lookup) for b in choice if b.may_be(kind)] for choice in self.choices]
        return Branches(own.own, [*own.parts, *parts], [*own.choices, *choices])


def _each(answers: Sequence[bool]) -> bool:
    return bool(answers) and all(answers)
