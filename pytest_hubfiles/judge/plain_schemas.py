"""Schemas that are plainly valid ones of draft 2020-12, told without jsonschema (0.01 of its time)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

_TYPES: Final = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_REFERENCE: Final = re.compile(r"#(?:/[A-Za-z0-9_.$-]+)*").fullmatch
_DEEPEST: Final = 50  # schemas inside one another


def is_plainly_valid(schema: object, depth: int = 0) -> bool:
    """Return True only if the metaschema of draft 2020-12 accepts *schema*; False says nothing."""
    if not isinstance(schema, dict):
        return isinstance(schema, bool)
    if depth > _DEEPEST:
        return False
    for keyword, value in schema.items():
        accepts = _PLAIN.get(keyword)
        if accepts is not None:
            if not accepts(value):
                return False
        elif keyword in _SCHEMA:
            if not is_plainly_valid(value, depth + 1):
                return False
        elif keyword in _NAMED_SCHEMAS:
            if not isinstance(value, dict) or not all(is_plainly_valid(part, depth + 1) for part in value.values()):
                return False
        elif keyword in _LISTED_SCHEMAS:
            if not isinstance(value, list) or not value or not all(is_plainly_valid(p, depth + 1) for p in value):
                return False
        elif not keyword.startswith("x-"):
            return False
    return True


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_type(value: object) -> bool:
    if isinstance(value, str):
        return value in _TYPES
    return _are_different_texts(value) and bool(value) and _TYPES.issuperset(value)  # type: ignore[arg-type]


def _are_different_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value)) and len(set(value)) == len(value)


def _is_reference(value: object) -> bool:
    return isinstance(value, str) and _REFERENCE(value) is not None


def _is_pattern(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        re.compile(value)
    except (re.error, RecursionError, OverflowError):
        return False
    return True


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _is_anything(value: object) -> bool:
    return True


_PLAIN: Final[Mapping[str, Callable[[object], bool]]] = {
    "$ref": _is_reference,
    "type": _is_type,
    "required": _are_different_texts,
    "enum": _is_list,
    "examples": _is_list,
    "const": _is_anything,
    "default": _is_anything,
    "pattern": _is_pattern,
    **dict.fromkeys(("$comment", "description", "format", "title"), _is_text),
    **dict.fromkeys(("deprecated", "readOnly", "uniqueItems", "writeOnly"), _is_flag),
    **dict.fromkeys(("exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum"), _is_number),
    **dict.fromkeys(
        ("maxItems", "maxLength", "maxProperties", "minItems", "minLength", "minProperties"),
        _is_count,
    ),
}
_SCHEMA: Final = frozenset(
    {"additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then", "unevaluatedProperties"}
)
_NAMED_SCHEMAS: Final = frozenset({"$defs", "properties"})
_LISTED_SCHEMAS: Final = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
