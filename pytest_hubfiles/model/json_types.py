"""JSON values: their types and formats, and the two ways to name a place among them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

_IDENTIFIER: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]*")
_DATE_TIME: Final = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
)
UUID: Final = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
"""The pattern of a UUID."""

_URL: Final = r"[A-Za-z][A-Za-z0-9+.-]{0,19}://[^\s]+"
_FORMATS: Final = ("text", "date-time", "uuid", "digits", "url", "path")
_FORMAT: Final = re.compile(f"({_DATE_TIME})|({UUID})|([0-9]+)|({_URL})|(/[^\n]*)").fullmatch


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


def is_uuid(text: str) -> bool:
    """Return whether *text* is a UUID."""
    return format_of(text) == "uuid"


def format_of(text: str) -> str:
    """Return ``date-time``, ``uuid``, ``digits``, ``url`` or ``path`` if *text* is one, otherwise ``text``."""
    match = _FORMAT(text)
    return "text" if match is None else _FORMATS[match.lastindex or 0]


def child_path(path: str, name: str) -> str:
    """Return the JSONPath of the member *name* of the object at *path*."""
    if _IDENTIFIER.fullmatch(name):
        return f"{path}.{name}"
    escaped = name.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"{path}['{escaped}']"


def pointer_steps(pointer: str) -> list[str]:
    """Return the steps of a JSON pointer that is written as a fragment: ``#/$defs/a~1b`` is ``$defs``, ``a/b``."""
    return [step.replace("~1", "/").replace("~0", "~") for step in unquote(pointer).split("/")[1:]]


def pointed_at(document: Any, pointer: str, default: Any = None) -> Any:
    """Return what *pointer* (``#/$defs/Error``) leads to in *document*; *default* if it leads nowhere."""
    if pointer != "#" and not pointer.startswith("#/"):
        return default
    for step in pointer_steps(pointer):
        if isinstance(document, Mapping) and step in document:
            document = document[step]
        elif isinstance(document, list) and step.isascii() and step.isdecimal() and int(step) < len(document):
            document = document[int(step)]
        else:
            return default
    return document
