"""Accepts what is plainly good by a schema, without jsonschema: whatever is not accepted here, jsonschema judges.

To accept means: jsonschema finds no error, and no member is undocumented. Not to accept means nothing. What a
schema says in other words than those below is not understood, and then nothing is accepted by it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from pytest_hubfiles.model.json_types import child_path, is_uuid

Accept = Callable[[object], bool]
"""Says whether a parsed JSON value is plainly good."""

_ANNOTATIONS: Final = frozenset(
    {"$comment", "$defs", "$id", "$schema", "default", "deprecated", "description", "examples", "readOnly", "title"}
    | {"writeOnly"}
)
_KNOWN: Final = frozenset({"type", "format", "enum", "properties", "required", "additionalProperties", "items"})
_WITHOUT_MEANING: Final = frozenset({"binary", "byte", "double", "float", "password"})  # OpenAPI's: no constraints
_TYPES: Final[Mapping[str, type]] = {"string": str, "boolean": bool, "null": type(None)}

# The dates and times that any calendar has. What is rarer (the 29th to the 31st, a leap second, a lower-case t)
# jsonschema's checker looks at.
_DATE_TIME: Final = re.compile(
    r"[12][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(?:\.[0-9]{1,9})?(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9])"
).fullmatch


def _nothing(value: object) -> bool:
    return False


def _anything(value: object) -> bool:
    return True


Fault = tuple[str, str, str, str, str]
"""Path, keyword, what was expected, what was found, and a sentence."""


def absence(path: str) -> Fault:
    """Return the fault of a required member at *path* that is not there."""
    return path, "required", "present", "absent", f"{path} is required and absent"


class Glance(NamedTuple):
    """What is seen of a value at a glance.

    ``accepts`` tells what is plainly good. ``accepts_rest`` tells what plainly is so but for members of ``required``:
    a task that waits lacks some that its contract requires, and polls of such tasks are what is judged most.
    """

    accepts: Accept
    accepts_rest: Accept
    required: tuple[str, ...]

    @classmethod
    def of(cls, document: Mapping[str, Any], pointer: str) -> Glance:
        """Return the glance at values of the part of the schema *document* that *pointer* (``#/$defs/Error``) names."""
        reader = _Reader(document)
        schema = at(document, pointer)
        while isinstance(schema, Mapping) and _said(schema) == {"$ref"}:
            schema = at(document, schema["$ref"])
        if not isinstance(schema, dict) or schema.get("type") != "object" or not schema.get("required"):
            return cls(reader.at(pointer), _nothing, ())
        rest = {name: value for name, value in schema.items() if name != "required"}
        return cls(reader.of(schema), reader.of(rest), tuple(schema["required"]))

    def faults(self, body: object) -> list[Fault] | None:
        """Return the faults of *body*, none if it is plainly good; None if they are not plain."""
        try:
            if self.accepts(body):
                return []
            if not isinstance(body, dict) or not self.accepts_rest(body):
                return None
        except RecursionError:
            return None
        return [absence(child_path("$", name)) for name in self.required if name not in body]


def at(document: Any, pointer: str) -> Any:
    """Return what the JSON pointer in the fragment *pointer* leads to; None where it is no pointer or leads nowhere."""
    if pointer != "#" and not pointer.startswith("#/"):
        return None
    for step in unquote(pointer).split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        if isinstance(document, Mapping) and step in document:
            document = document[step]
        elif isinstance(document, list) and step.isascii() and step.isdecimal() and int(step) < len(document):
            document = document[int(step)]
        else:
            return None
    return document


class _Reader:
    """Makes functions of the schemas in a document, each once."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._made: dict[int, Accept] = {}

    def at(self, pointer: str) -> Accept:
        return self.of(at(self._document, pointer))

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
        said = _said(schema)
        if said == {"$ref"}:
            return self.at(schema["$ref"])
        if not said:
            return _anything
        if not said <= _KNOWN:
            return _nothing
        kinds = schema.get("type")
        if isinstance(kinds, list):
            return _any_of([self._of_type(kind, schema, said - {"type"}) for kind in kinds])
        return self._of_type(kinds, schema, said - {"type"})

    def _of_type(self, kind: object, schema: Mapping[str, Any], said: set[str]) -> Accept:
        if kind == "object" and said <= {"properties", "required", "additionalProperties"}:
            return self._object(schema)
        if kind == "array" and said <= {"items"}:
            return _array(self.of(schema.get("items", True)))
        if kind == "string" and said <= {"enum", "format"}:
            return _string(schema, said)
        if kind == "integer" and said <= {"format"}:
            return _INTEGERS.get(schema.get("format"), _nothing)
        if kind == "number" and not said:
            return _number
        if kind in ("boolean", "null") and not said:
            return _exactly(_TYPES[kind])
        return _nothing

    def _object(self, schema: Mapping[str, Any]) -> Accept:
        properties, others = schema.get("properties", {}), schema.get("additionalProperties")
        required = frozenset(schema.get("required", ()))
        if not properties and others is None:  # an object of which nothing is said may hold anything
            return lambda value: type(value) is dict and required <= value.keys()
        made = {name: self.of(child) for name, child in properties.items()}
        other = _nothing if others is None else self.of(others)
        # The most frequent question of all is answered without a call.
        plain = {name: kind for name, child in properties.items() if (kind := _plain_type(child)) is not None}

        def accept(value: object) -> bool:
            if type(value) is not dict:
                return False
            for name, member in value.items():
                if type(member) is not plain.get(name) and not made.get(name, other)(member):
                    return False
            return required <= value.keys()

        return accept


def _said(schema: Mapping[str, Any]) -> set[str]:
    return {name for name in schema if name not in _ANNOTATIONS and not name.startswith("x-")}


def _later(made: Mapping[int, Accept], key: int) -> Accept:
    return lambda value: made[key](value)  # noqa: PLW0108  # not what is there now


def _plain_type(schema: object) -> type | None:
    """Return the Python type that says everything *schema* does, None if there is none."""
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


def _string(schema: Mapping[str, Any], said: set[str]) -> Accept:
    if said == {"enum"} and all(type(value) is str for value in schema["enum"]):
        values = frozenset(schema["enum"])
        return lambda value: type(value) is str and value in values
    if said == {"format"} and schema["format"] == "date-time":
        return lambda value: type(value) is str and _DATE_TIME(value) is not None
    if said == {"format"} and schema["format"] == "uuid":
        return lambda value: type(value) is str and is_uuid(value)
    return _exactly(str) if not said or (said == {"format"} and schema["format"] in _WITHOUT_MEANING) else _nothing


def _number(value: object) -> bool:
    return type(value) is int or type(value) is float


# A number without a fraction, 1.0, is an integer too: jsonschema says so.
_INTEGERS: Final[Mapping[object, Accept]] = {
    None: _exactly(int),
    "int32": lambda value: type(value) is int and -(2**31) <= value < 2**31,
    "int64": lambda value: type(value) is int and -(2**63) <= value < 2**63,
}
