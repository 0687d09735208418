"""The fast validator accepts what is plainly good by a schema, without jsonschema. jsonschema judges all the rest.

If it accepts a value, jsonschema finds no error and every member is documented. If it does not, that means nothing.
It accepts nothing by a schema with a keyword that it does not know.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from pytest_hubfiles.model.json_types import child_path, is_uuid, pointed_at

Accept = Callable[[object], bool]
"""Says whether a parsed JSON value is plainly good."""

_ANNOTATIONS: Final = frozenset(
    {"$comment", "$defs", "$id", "$schema", "default", "deprecated", "description", "examples", "readOnly", "title"}
    | {"writeOnly"}
)
_KNOWN: Final = frozenset({"type", "format", "enum", "properties", "required", "additionalProperties", "items"})
_WITHOUT_MEANING: Final = frozenset({"binary", "byte", "double", "float", "password"})  # OpenAPI's; constrain nothing
_TYPES: Final[Mapping[str, type]] = {"string": str, "boolean": bool, "null": type(None)}

# Narrower than what a shape calls a date-time: only dates and times that every calendar has. jsonschema judges the
# rarer ones (the 29th to the 31st, a leap second, a lower-case t).
_DATE_TIME: Final = re.compile(
    r"[12][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(?:\.[0-9]{1,9})?(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])"
).fullmatch


def _nothing(value: object) -> bool:
    return False


def _anything(value: object) -> bool:
    return True


Fault = tuple[str, str, str, str, str]
"""JSONPath, keyword, what was expected, what was found, and a sentence."""


def absence(path: str) -> Fault:
    """Return the fault of a required member at *path* that is absent."""
    return path, "required", "present", "absent", f"{path} is required and absent"


class FastValidator(NamedTuple):
    """The fast validator of one schema.

    ``accepts`` says whether a value is plainly good. ``accepts_rest`` says whether it would be, but for members that
    are ``required`` and absent: HubSpot sends a waiting task without some of them, and most answers are of such tasks.
    """

    accepts: Accept
    accepts_rest: Accept
    required: tuple[str, ...]

    @classmethod
    def of(cls, document: Mapping[str, Any], pointer: str) -> FastValidator:
        """Return the fast validator for the part of the schema *document* that *pointer* (``#/$defs/Error``) names."""
        reader = _SchemaReader(document)
        schema, passed = pointed_at(document, pointer), set[int]()
        while isinstance(schema, Mapping) and _keywords(schema) == {"$ref"} and id(schema) not in passed:
            passed.add(id(schema))
            schema = pointed_at(document, schema["$ref"])
        if not isinstance(schema, dict) or schema.get("type") != "object" or not schema.get("required"):
            return cls(reader.at(pointer), _nothing, ())
        rest = {name: value for name, value in schema.items() if name != "required"}
        return cls(reader.of(schema), reader.of(rest), tuple(schema["required"]))

    def faults(self, body: object) -> list[Fault] | None:
        """Return the faults of *body*, none if it is plainly good; None if jsonschema must judge it."""
        try:
            if self.accepts(body):
                return []
            if not isinstance(body, dict) or not self.accepts_rest(body):
                return None
        except RecursionError:
            return None
        return [absence(child_path("$", name)) for name in self.required if name not in body]


class _SchemaReader:
    """Turns the schemas in a document into functions, each once."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._made: dict[int, Accept] = {}

    def at(self, pointer: str) -> Accept:
        return self.of(pointed_at(self._document, pointer))

    def of(self, schema: object) -> Accept:
        if schema is True:
            return _anything
        if not isinstance(schema, dict):
            return _nothing
        made = self._made
        if id(schema) not in made:
            made[id(schema)] = _later(made, id(schema))  # a schema may contain itself
            made[id(schema)] = self._make(schema)
        return made[id(schema)]

    def _make(self, schema: Mapping[str, Any]) -> Accept:
        keywords = _keywords(schema)
        if keywords == {"$ref"}:
            return self.at(schema["$ref"])
        if not keywords:
            return _anything
        if not keywords <= _KNOWN:
            return _nothing
        kinds = schema.get("type")
        if isinstance(kinds, list):
            return _any_of([self._of_type(kind, schema, keywords - {"type"}) for kind in kinds])
        return self._of_type(kinds, schema, keywords - {"type"})

    def _of_type(self, kind: object, schema: Mapping[str, Any], keywords: set[str]) -> Accept:
        if kind == "object" and keywords <= {"properties", "required", "additionalProperties"}:
            return self._object(schema)
        if kind == "array" and keywords <= {"items"}:
            return _array(self.of(schema.get("items", True)))
        if kind == "string" and keywords <= {"enum", "format"}:
            return _string(schema, keywords)
        if kind == "integer" and keywords <= {"format"}:
            return _INTEGERS.get(schema.get("format"), _nothing)
        if kind == "number" and not keywords:
            return _number
        if kind in ("boolean", "null") and not keywords:
            return _exactly(_TYPES[kind])
        return _nothing

    def _object(self, schema: Mapping[str, Any]) -> Accept:
        properties, others = schema.get("properties", {}), schema.get("additionalProperties")
        required = frozenset(schema.get("required", ()))
        if not properties and others is None:  # the schema says nothing of the members: any are allowed
            return lambda value: type(value) is dict and required <= value.keys()
        made = {name: self.of(child) for name, child in properties.items()}
        other = _nothing if others is None else self.of(others)
        # The most frequent check needs no call.
        plain = {name: kind for name, child in properties.items() if (kind := _plain_type(child)) is not None}

        def accept(value: object) -> bool:
            if type(value) is not dict:
                return False
            for name, member in value.items():
                if type(member) is not plain.get(name) and not made.get(name, other)(member):
                    return False
            return required <= value.keys()

        return accept


def _keywords(schema: Mapping[str, Any]) -> set[str]:
    return {name for name in schema if name not in _ANNOTATIONS and not name.startswith("x-")}


def _later(made: Mapping[int, Accept], key: int) -> Accept:
    return lambda value: made[key](value)  # noqa: PLW0108  # looks up what is there when it is called


def _plain_type(schema: object) -> type | None:
    """Return the Python type that says all that *schema* does, None if there is none."""
    if not isinstance(schema, dict) or {name for name in schema if name not in _ANNOTATIONS} != {"type"}:
        return None
    kind = schema["type"]
    return {"string": str, "boolean": bool, "integer": int}.get(kind) if isinstance(kind, str) else None


def _exactly(kind: type) -> Accept:
    return lambda value: type(value) is kind


def _any_of(choices: Iterable[Accept]) -> Accept:
    choices = tuple(choices)
    return lambda value: any(choice(value) for choice in choices)


def _array(accept: Accept) -> Accept:
    return lambda value: type(value) is list and all(map(accept, value))


def _string(schema: Mapping[str, Any], keywords: set[str]) -> Accept:
    if keywords == {"enum"} and all(type(value) is str for value in schema["enum"]):
        values = frozenset(schema["enum"])
        return lambda value: type(value) is str and value in values
    if keywords == {"format"} and schema["format"] == "date-time":
        return lambda value: type(value) is str and _DATE_TIME(value) is not None
    if keywords == {"format"} and schema["format"] == "uuid":
        return lambda value: type(value) is str and is_uuid(value)
    is_free = not keywords or (keywords == {"format"} and schema["format"] in _WITHOUT_MEANING)
    return _exactly(str) if is_free else _nothing


def _number(value: object) -> bool:
    return type(value) is int or type(value) is float


# 1.0 is an integer too; jsonschema judges it.
_INTEGERS: Final[Mapping[object, Accept]] = {
    None: _exactly(int),
    "int32": lambda value: type(value) is int and -(2**31) <= value < 2**31,
    "int64": lambda value: type(value) is int and -(2**63) <= value < 2**63,
}
