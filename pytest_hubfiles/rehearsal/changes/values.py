"""What may become of one value: another type, another format, another length, null."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from pytest_hubfiles.model.json_types import format_of, type_of
from pytest_hubfiles.model.known_answers import epoch, on_old_host
from pytest_hubfiles.rehearsal.changes.places import Spot

NEW_VALUE: Final = "NEW_VALUE"
"""A value that no enumeration lists."""

_FRACTION: Final = re.compile(r"\.[0-9]+")
_ID: Final = re.compile(r"(?:.*[a-z0-9_])?(?:Id|ID)|(?:.*[-_])?id")
_LONGER_DIGITS: Final = "9007199254740993000000"  # more digits than an int64 has


# --- another type -------------------------------------------------------------------------------------------


def _epoch_or_none(value: object) -> int | None:
    try:
        return epoch(value) if isinstance(value, str) and format_of(value) == "date-time" else None
    except (ValueError, OverflowError):
        return None


def _as_integer(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 19:
        return int(value)
    moment = _epoch_or_none(value)
    return int(value) if isinstance(value, bool) else 1 if moment is None else moment


def _as_number(value: object) -> float:
    moment = _epoch_or_none(value)
    return 1.5 if moment is None else moment / 1000 + 0.5


def _as_string(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


_AS_TYPE: Final[Mapping[str, Callable[[Any], object]]] = {
    "string": _as_string,
    "integer": _as_integer,
    "number": _as_number,
    "boolean": lambda value: value not in ("", 0, False, "false", None),
    "object": lambda value: {"value": value},
    "array": lambda value: [value],
}


def _retyped(name: str) -> Callable[[Spot], object]:
    def retype(spot: Spot) -> object:
        """Return the value in the type; a null is of no type yet, and an integer that becomes a number is widened."""
        before = type_of(spot.value)
        same = before in (name, "null") or {before, name} == {"integer", "number"}
        return spot.value if same else _AS_TYPE[name](spot.value)

    return retype


def _widened(spot: Spot) -> object:
    return spot.value + 0.5 if type_of(spot.value) == "integer" and abs(spot.value) < 2**52 else spot.value


def _beyond_int32(spot: Spot) -> object:
    is_small = type_of(spot.value) == "integer" and -(2**31) <= spot.value < 2**31
    return int(spot.value) % 2**31 + 2**32 if is_small else spot.value


# --- another format -----------------------------------------------------------------------------------------


def _if_formatted(form: str, rewrite: Callable[[str], str]) -> Callable[[Spot], object]:
    def edit(spot: Spot) -> object:
        is_one = isinstance(spot.value, str) and format_of(spot.value) == form
        try:
            return rewrite(spot.value) if is_one else spot.value
        except (ValueError, OverflowError):  # no date that a calendar has
            return spot.value

    return edit


def _seconds(text: str, fraction: str) -> str:
    bare = _FRACTION.sub("", text)
    return f"{bare[:19]}{fraction}{bare[19:]}"


def _elsewhere(text: str) -> str:
    """Return the same moment as seen from two hours further east."""
    moment = datetime.fromtimestamp(epoch(text) / 1000, timezone(timedelta(hours=2)))
    fraction = _FRACTION.search(text)
    return f"{moment.isoformat(timespec='seconds')[:19]}{fraction[0] if fraction else ''}+02:00"


def _relative(url: str) -> str:
    return "/" + url.partition("://")[2].partition("/")[2]


def _is_id(spot: Spot) -> bool:
    return bool(_ID.fullmatch(spot.name)) and isinstance(spot.value, str) and bool(spot.value)


def _longer_id(spot: Spot) -> object:
    if not _is_id(spot) or format_of(spot.value) in ("url", "path", "date-time"):
        return spot.value
    return spot.value + (_LONGER_DIGITS if format_of(spot.value) == "digits" else f"-{_LONGER_DIGITS}")


def _id_of_text(spot: Spot) -> object:
    return f"id-{spot.value}x" if _is_id(spot) and format_of(spot.value) in ("digits", "uuid") else spot.value


def _emptied(spot: Spot) -> object:
    return "" if isinstance(spot.value, str) and format_of(spot.value) != "text" else spot.value


def _date_time(rewrite: Callable[[str], str]) -> Callable[[Spot], object]:
    return _if_formatted("date-time", rewrite)


VALUES: Final[Mapping[tuple[str, str | None], Callable[[Spot], object]]] = {
    ("format-changed", "no-millis"): _date_time(lambda text: _seconds(text, "")),
    ("format-changed", "six-digits"): _date_time(
        lambda text: _seconds(text, f".{(_FRACTION.search(text) or ['.'])[0][1:7]:0<6}")
    ),
    ("format-changed", "offset"): _date_time(_elsewhere),
    ("format-changed", "zero-offset"): _date_time(lambda text: re.sub("[Zz]$", "+00:00", text)),
    ("format-changed", "lower-case"): _date_time(str.lower),
    ("format-changed", "longer"): _longer_id,
    ("format-changed", "text-id"): _id_of_text,
    ("format-changed", "other-host"): _if_formatted("url", on_old_host),
    ("integer-widened", "beyond-int32"): _beyond_int32,
    ("null-appeared", None): lambda spot: None,
    ("format-changed", "relative"): _if_formatted("url", _relative),
    ("format-changed", "empty"): _emptied,
    ("format-changed", "epoch"): _date_time(lambda text: str(epoch(text))),
    ("format-changed", "date-only"): _date_time(lambda text: text[:10]),
    ("format-changed", "free-text"): _date_time(lambda text: "yesterday"),
    ("integer-widened", None): _widened,
    **{("type-changed", name): _retyped(name) for name in _AS_TYPE},
}
"""What becomes of one value, by kind and variant; the very same value comes back where nothing does."""
