"""A value as a contract documents it, where none was recorded."""

from __future__ import annotations

from typing import Any, Final

from pytest_hubfiles.judge.declared import DeclaredPlace

_DEEPEST: Final = 5
_TEXTS: Final = {
    "date-time": "2026-10-05T09:14:02.117Z",
    "date": "2026-10-05",
    "uuid": "019db16f-8c90-72b0-b3f7-d1e4b1d02aaf",
    "uri": "https://example.com/sample",
    "email": "sample@example.com",
}
_VALUES: Final[dict[str, Any]] = {"boolean": False, "integer": 1, "number": 1.5, "null": None}


def sample(place: DeclaredPlace, depth: int = 0) -> Any:
    """Return a value that fits what is declared at *place*; of an object only the members that are required."""
    facts = place.facts
    if facts.enum:
        return min(facts.enum)
    if "string" in facts.types or not facts.types:
        return _TEXTS.get(facts.format or "", "sample")
    if "array" in facts.types:
        return []
    if "object" in facts.types:
        members = () if facts.is_map or depth == _DEEPEST else facts.members
        return {name: sample(place.member(name), depth + 1) for name in members if place.member(name).facts.required}
    return next(_VALUES[name] for name in sorted(facts.types))
