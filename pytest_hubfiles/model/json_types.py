"""The JSON type and the format of a value, and the JSONPath of a member."""

from __future__ import annotations

import re
from typing import Final

_IDENTIFIER: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]*")


_DATE_TIME: Final = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)


_UUID: Final = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"


_FORMATS: Final = ("text", "date-time", "uuid")


_FORMAT: Final = re.compile(f"({_DATE_TIME})|({_UUID})").fullmatch


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


def is_uuid(text: str) -> bool:
    """Return whether *text* is a UUID."""
    return format_of(text) == "uuid"


def format_of(text: str) -> str:
    """Return ``date-time``, ``uuid``, or ``text`` for a string that is neither."""
    match = _FORMAT(text)
    return "text" if match is None else _FORMATS[match.lastindex or 0]
