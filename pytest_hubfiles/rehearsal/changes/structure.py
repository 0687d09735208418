"""What may become of the members of an object and the elements of an array."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pytest_hubfiles.model.json_types import type_of
from pytest_hubfiles.rehearsal.changes.places import GONE, Edit, Renamed, Spot
from pytest_hubfiles.rehearsal.changes.samples import sample

NEW_FIELD: Final = "newField"


def _removed(spot: Spot) -> object:
    return GONE if _is_member(spot) else spot.value


def _renamed(spot: Spot) -> object:
    return Renamed(f"new{spot.name[:1].upper()}{spot.name[1:]}", spot.value) if _is_member(spot) else spot.value


def _is_member(spot: Spot) -> bool:
    return spot.path != "$" and not spot.path.endswith("[*]")


def _with_new_field(spot: Spot) -> object:
    is_object = isinstance(spot.value, dict) and NEW_FIELD not in spot.value
    return {**spot.value, NEW_FIELD: "new"} if is_object else spot.value


def _emptied(spot: Spot) -> object:
    return [] if isinstance(spot.value, list) else spot.value


def _one_left(spot: Spot) -> object:
    return spot.value[:1] if isinstance(spot.value, list) and len(spot.value) > 1 else spot.value


def _filled(spot: Spot) -> object:
    return [sample(spot.place.element)] if spot.value == [] else spot.value


def _mixed(spot: Spot) -> object:
    if not isinstance(spot.value, list) or not spot.value:
        return spot.value
    types = set(map(type_of, spot.value))
    return [*spot.value, "mixed" if "string" not in types else {"mixed": True}]


STRUCTURE: Final[Mapping[tuple[str, str | None], Edit]] = {
    ("field-removed", None): _removed,
    ("field-added", None): _with_new_field,
    ("array-emptied", None): _emptied,
    ("array-filled", None): _filled,
    ("array-emptied", "one-left"): _one_left,
    ("field-renamed", None): _renamed,
    ("element-mixed", None): _mixed,
}
"""What becomes of one member or array, by kind and variant; the very same value comes back where nothing does."""
