"""What rehearsals have recorded and tried, by version and operation, as JSON holds it; needs follow from it."""

from __future__ import annotations

from typing import Any, Final

Evidence = dict[str, Any]

_IN_EACH: Final = "always"
"""The key whose names only those keep that both have: an object's members that no recorded one lacks."""


def united(one: Any, other: Any) -> Any:
    """Return what *one* and *other* say together: objects by their keys, all that lists have, the greater number."""
    if isinstance(one, dict):
        both = {**one, **other}
        both.update({key: united(one[key], other[key]) for key in one.keys() & other.keys()})
        if _IN_EACH in both:
            both[_IN_EACH] = sorted(set(one.get(_IN_EACH, both[_IN_EACH])) & set(other.get(_IN_EACH, both[_IN_EACH])))
        return both
    if isinstance(one, list):
        return sorted([*one, *(item for item in other if item not in one)])
    return max(one, other)
