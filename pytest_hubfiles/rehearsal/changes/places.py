"""The places in a body, by JSONPath, and how the value at one of them is changed."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from pytest_hubfiles.judge.declared import DeclaredPlace
from pytest_hubfiles.model.json_types import child_path, type_of
from pytest_hubfiles.visible import visible

STEP: Final = r"(?:\.[A-Za-z_$][A-Za-z0-9_$-]*|\[\*\]|\['(?:[^'\\]|\\.)*'\])"
"""The pattern of one step of a JSONPath."""

_LAST_MEMBER: Final = re.compile(rf"(?P<parent>\${STEP}*)(?!\[\*\]){STEP}")
DEEPEST: Final = 40
"""How far down a body is changed."""
_LONG: Final = 20
GONE: Final = object()
"""What an edit returns for a member that shall not be there."""


class Renamed(NamedTuple):
    """What an edit returns for a member that shall have another name."""

    name: str
    value: object


class Spot(NamedTuple):
    """One value in a body: where it is, the name of the member that it is or is an element of, and what is declared."""

    value: Any
    path: str
    name: str
    place: DeclaredPlace


Edit = Callable[[Spot], object]
"""Returns what becomes of the value at a place: the very same value if nothing does."""


def member_path(path: str, name: str) -> str:
    """Return the path of the member *name* of the object at *path* as findings and users write it."""
    return visible(child_path(path, name))


def _member(place: DeclaredPlace, name: str) -> DeclaredPlace:
    return place.any_member if place.facts.is_map else place.member(name)


def spots(body: object, place: DeclaredPlace) -> Iterator[Spot]:
    """Yield every value in *body*, the outer ones first; what is nested too deeply is left out."""
    waiting = deque([(0, Spot(body, "$", "", place))])
    while waiting:
        depth, spot = waiting.popleft()
        yield spot
        if depth == DEEPEST:
            continue
        value, path, name, here = spot
        if isinstance(value, dict):
            for key, member in value.items():
                waiting.append((depth + 1, Spot(member, member_path(path, key), key, _member(here, key))))
        elif isinstance(value, list):
            for element in value:
                waiting.append((depth + 1, Spot(element, f"{path}[*]", name, here.element)))


def edited(spot: Spot, target: str, edit: Edit) -> object:
    """Return the value of *spot* with what *edit* makes of every value at the path *target* in it."""
    value, path, name, place = spot
    if path == target:
        return edit(spot)
    if isinstance(value, list) and target.startswith(f"{path}[*]"):
        return [edited(Spot(element, f"{path}[*]", name, place.element), target, edit) for element in value]
    if not isinstance(value, dict):
        return value
    members: dict[str, object] = {}
    for key, member in value.items():
        inner = member_path(path, key)
        new = (
            edited(Spot(member, inner, key, _member(place, key)), target, edit) if target.startswith(inner) else member
        )
        if isinstance(new, Renamed):
            members[new.name] = new.value
        elif new is not GONE:
            members[key] = new
    return members


def parent_of(path: str) -> str | None:
    """Return the path of the object in which the member at *path* is; None for what is no member."""
    match = _LAST_MEMBER.fullmatch(path)
    return match and match["parent"]


def lacking(spot: Spot, path: str) -> str | None:
    """Return the name of the documented member at *path* if the object in *spot* has none; else None."""
    if not isinstance(spot.value, dict):
        return None
    missing = (name for name in spot.place.facts.members if name not in spot.value)
    return next((name for name in missing if member_path(spot.path, name) == path), None)


def shortened(spot: Spot, depth: int = 0) -> Any:
    """Return the value of *spot* without most of its long arrays and maps: what is left has the same places.

    Ten thousand elements take 160 s to be judged under each change, and tell no more than those that differ in shape.
    """
    value, path, name, place = spot
    if depth == DEEPEST:
        return value
    if isinstance(value, dict):
        some = [key for number, key in enumerate(value) if number < _LONG or key in place.facts.members]
        return {
            key: shortened(Spot(value[key], member_path(path, key), key, _member(place, key)), depth + 1)
            for key in some
        }
    if isinstance(value, list):
        elements = [Spot(element, f"{path}[*]", name, place.element) for element in value]
        return [shortened(element, depth + 1) for element in (elements[:_LONG] + _differing(elements, _LONG))]
    return value


def _differing(elements: Sequence[Spot], start: int) -> list[Spot]:
    """Return those of *elements*, from number *start* on, that show a type at a place where those before show none."""
    seen: set[tuple[str, str]] = set()
    differing = []
    for number, element in enumerate(elements if len(elements) > start else ()):
        its = {(spot.path, type_of(spot.value)) for spot in spots(element.value, element.place)}
        if number >= start and not its <= seen:
            differing.append(element)
        seen |= its
    return differing
