"""The members of the JSON report, from its schema."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

from reference.markdown import code, table, text


def members() -> str:
    """Return a row for each member that the schema describes, by its JSONPath."""
    schema = json.loads(resources.files("pytest_hubfiles").joinpath("report.schema.json").read_text(encoding="utf-8"))
    return table(("member", "type", "always there", "what it is"), list(_rows(schema, schema, "$")))


def _rows(schema: Mapping[str, Any], root: Mapping[str, Any], path: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield the members of an object, and below each one those of what it holds."""
    for name, member in schema.get("properties", {}).items():
        whole = _resolved(member, root)
        if "description" in whole:
            below = f"{path}.{name}"
            always = "yes" if name in schema.get("required", ()) else ""
            yield code(below), _type(whole, root), always, text(whole["description"])
            element = _resolved(whole["items"], root) if "items" in whole else whole
            yield from _rows(element, root, f"{below}[*]" if "items" in whole else below)


def _resolved(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    return {**root["$defs"][name], **schema} if name else schema


def _type(schema: Mapping[str, Any], root: Mapping[str, Any]) -> str:
    if "const" in schema:
        return code(json.dumps(schema["const"]))
    if "enum" in schema:
        return "one of the kinds" if len(schema["enum"]) > 9 else ", ".join(code(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_type(_resolved(one, root), root) for one in schema["anyOf"])
    types = schema["type"]
    return " or ".join(types) if isinstance(types, list) else types
