"""Where two bodies of requests differ, as text for people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from pytest_hubfiles.model.json_types import child_path
from pytest_hubfiles.visible import visible

_CONTEXT: Final = 40  # characters that two texts share, shown before what differs
_MOST_SHOWN: Final = 200
_MOST_PLACES: Final = 5
_ABSENT: Final = object()


def body_differences(then: str, now: str) -> list[str]:
    """Return as lines how the body *now* differs from *then*, the recorded one: by place if both are JSON."""
    try:
        before, after = json.loads(then), json.loads(now)
    except (ValueError, RecursionError):
        return [differing("body", then, now)]
    if type(before) is not type(after) or not isinstance(after, (dict, list)):
        return [differing("body", then, now)]
    places = list(_places(before, after))
    lines = [_at(*place) for place in places[:_MOST_PLACES]]
    more = len(places) - _MOST_PLACES
    return lines + [f"body differs at {more} more place{'s' * (more > 1)}"] * (more > 0)


def differing(name: str, then: str, now: str) -> str:
    """Return that the part of a request called *name* differs, with as much of both texts as is of use."""
    return f"{name} differs: recorded {_shown(then, now)}, asked {_shown(now, then)}"


def _at(path: str, then: object, now: object) -> str:
    name = f"body at {visible(path)}"
    if then is _ABSENT:
        return f"{name} differs: not recorded, asked {_shown(_json(now), '')}"
    if now is _ABSENT:
        return f"{name} differs: recorded {_shown(_json(then), '')}, not asked"
    return differing(name, _json(then), _json(now))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _places(before: Any, after: Any) -> Iterator[tuple[str, object, object]]:
    """Yield the places where two JSON values differ, with both values there, in the order of their paths."""
    waiting: list[tuple[str, Any, Any]] = [("$", before, after)]
    while waiting:
        path, then, now = waiting.pop()
        if isinstance(then, dict) and isinstance(now, dict):
            names = sorted({*then, *now}, reverse=True)
            waiting += [(child_path(path, n), then.get(n, _ABSENT), now.get(n, _ABSENT)) for n in names]
        elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
            waiting += [(f"{path}[{n}]", then[n], now[n]) for n in reversed(range(len(then)))]
        elif type(then) is not type(now) or then != now:
            yield path, then, now


def _shown(text: str, other: str) -> str:
    """Return *text* from where it begins to differ from the *other*; a short one whole."""
    if len(text) <= _MOST_SHOWN:
        return visible(text) or "none"
    pairs = enumerate(zip(text, other, strict=False))
    alike = next((place for place, (one, two) in pairs if one != two), min(len(text), len(other)))
    start = max(0, alike - _CONTEXT)
    part = text[start : start + _MOST_SHOWN]
    return f"{'…' * (start > 0)}{visible(part)}{'…' * (start + _MOST_SHOWN < len(text))}"
