"""The keywords of JSON Schema that a pattern, a schema or a body could make slow, within bounds."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from functools import cache
from threading import local
from typing import Any, Final

import regex
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from pytest_hubfiles.errors import HubfilesError

_FEWEST_STEPS: Final = 10_000

# The time limit for one pattern is a multiple of the time of a known search on this machine. regex counts no steps and
# can only stop by a clock, and a fixed limit in seconds would refuse on a slow machine what a fast one judges. A good
# pattern takes a thousandth of the known search; nearly all slow ones take longer than anybody waits.
_MOST_SEARCHES: Final = 200
_KNOWN_SEARCH: Final = ("(.*)(.*)(.*)[^a]$", "a" * 100)
_clock: Final = time.perf_counter if sys.platform == "win32" else time.process_time  # C's clock(), as in regex

# A pattern whose time grows no faster than the text: no groups, no choices, at most one unbounded repetition.
_ATOM: Final = r"(?:[^\\\[\](){}*+?|^$]|\\[^0-9bB]|\[\^?\]?(?:[^\]\\]|\\.)*\])"
_QUICK: Final = re.compile(
    rf"\^?(?:{_ATOM}(?:\{{[0-9]{{1,3}}\}})?)*(?:(?<!\^){_ATOM}?[*+?])?(?:{_ATOM}(?:\{{[0-9]{{1,3}}\}})?)*\$?"
)


class TooSlowError(HubfilesError):
    """A body takes more time to judge than its size justifies; ``reason`` says what takes so long."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def is_quick(pattern: str) -> bool:
    """Return whether *pattern* needs no time limit."""
    return bool(_QUICK.fullmatch(pattern))


class _Steps(local):
    """How many more references this thread may follow for the body that it is judging."""

    left: float = float("inf")


_steps: Final = _Steps()
_slow: Final[set[str]] = set()


@contextmanager
def bounded(size: int) -> Iterator[None]:
    """Bound the references that are followed while a body of *size* bytes is judged, in proportion to *size*.

    Schemas that refer to each other can hold one value against more schemas than there are atoms.

    Raises:
        TooSlowError: inside the ``with`` block, from the first reference beyond the bound.
    """
    _steps.left = _FEWEST_STEPS + size
    try:
        yield
    finally:
        _steps.left = float("inf")


def _stepping(keyword: str) -> Any:
    original = Draft202012Validator.VALIDATORS[keyword]

    def follow(validator: Any, value: Any, instance: Any, schema: Mapping[str, Any]) -> Iterator[ValidationError]:
        _steps.left -= 1
        if _steps.left < 0:
            raise TooSlowError("its schemas refer to each other too often to be followed")
        yield from original(validator, value, instance, schema)

    return follow


def _pattern(validator: Any, value: str, instance: Any, schema: Mapping[str, Any]) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _matches(value, instance):
        yield ValidationError(f"{instance!r} does not match {value!r}")


@cache
def _longest() -> float:
    """Return how many seconds one search for a pattern may take on this machine."""
    taken = []
    for _ in range(5):  # the shortest of them: other work of the machine only adds to it
        started = _clock()
        regex.search(*_KNOWN_SEARCH)
        taken.append(_clock() - started)
    return _MOST_SEARCHES * min(taken)


def _matches(pattern: str, text: str) -> bool:
    if pattern not in _slow:
        try:
            return bool(regex.search(pattern, text, timeout=_longest()))
        except TimeoutError:
            _slow.add(pattern)
    raise TooSlowError(f"the pattern {pattern!r} takes too long")


def _unique(validator: Any, value: bool, instance: Any, schema: Mapping[str, Any]) -> Iterator[ValidationError]:
    """Compare by hashes; jsonschema compares every object with every other one."""
    if value and isinstance(instance, list) and len(set(map(_hashable, instance))) != len(instance):
        yield ValidationError(f"{instance!r} has non-unique elements")


def _hashable(value: Any) -> Any:
    if isinstance(value, dict):
        return dict, frozenset((name, _hashable(member)) for name, member in value.items())
    if isinstance(value, list):
        return list, tuple(map(_hashable, value))
    return (bool, value) if isinstance(value, bool) else value  # in JSON, true is not 1, but 1.0 is


def _multiple(validator: Any, value: Any, instance: Any, schema: Mapping[str, Any]) -> Iterator[ValidationError]:
    try:
        yield from Draft202012Validator.VALIDATORS["multipleOf"](validator, value, instance, schema)
    except OverflowError:  # the integer has more digits than a float can hold
        if Fraction(instance) % Fraction(value):
            yield ValidationError(f"{instance!r} is not a multiple of {value}")


BoundedValidator: Final = extend(
    Draft202012Validator,
    {
        "$dynamicRef": _stepping("$dynamicRef"),
        "$ref": _stepping("$ref"),
        "multipleOf": _multiple,
        "pattern": _pattern,
        "uniqueItems": _unique,
    },
)
"""jsonschema's validator for draft 2020-12, within these bounds."""
