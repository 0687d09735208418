"""Keywords of JSON Schema within bounds judge as jsonschema does, and stop where it would not."""

from __future__ import annotations

import itertools
import re
from functools import partial
from typing import Any

import pytest
from helpers.answers import interaction
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pytest_hubfiles.judge import bounded_keywords
from pytest_hubfiles.judge.bounded_keywords import BoundedValidator, is_quick
from pytest_hubfiles.judge.contract import Contract
from pytest_hubfiles.judge.registry import Contracts
from pytest_hubfiles.model.policy import Kind

SCALARS = st.sampled_from([None, True, False, 0, 1, 1.0, 0.0, -0.0, "", "a", "1", 2**70, 1.5])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner), max_leaves=6
)


@pytest.mark.slow
@settings(max_examples=300)
@given(st.lists(VALUES, max_size=5))
def test_items_that_are_not_unique_are_found(items: list[Any]) -> None:
    """Hashes find the same doubles as comparing each with each, and all that jsonschema finds: 1 is 1.0, true is not 1.

    Of three lists jsonschema may miss that the first is the third, where the second differs by false and 0 alone.
    """
    schema = {"uniqueItems": True}
    unique = not any(_same(one, other) for one, other in itertools.combinations(items, 2))
    assert BoundedValidator(schema).is_valid(items) == unique
    assert Draft202012Validator(schema).is_valid(items) >= unique


def _same(one: object, other: object) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and one == other


@settings(max_examples=300)
@given(st.sampled_from([2, 0.5, 0.01, 1e-300, 3]), st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_multiples_are_what_jsonschema_takes_for_multiples(factor: float, value: float) -> None:
    """The verdict is jsonschema's where it has one."""
    schema = {"multipleOf": factor}
    assert BoundedValidator(schema).is_valid(value) == Draft202012Validator(schema).is_valid(value)


def test_integers_that_no_float_holds_are_judged() -> None:
    """An integer of 400 digits is judged rather than an OverflowError."""
    assert BoundedValidator({"multipleOf": 0.5}).is_valid(10**400)
    assert not BoundedValidator({"multipleOf": 0.75}).is_valid(10**400)


@pytest.mark.parametrize("pattern", ["^x-", "^[a-z_]+$", r"^\d{4}-\d{2}$", "_id$", "^S_[^.]*$", "", "a.b", r"^\$x?$"])
def test_quick_patterns(pattern: str) -> None:
    """Patterns of names as they are usually written are quick, and patterns to Python as well."""
    assert is_quick(pattern)
    re.compile(pattern)


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a)*b", "a*a*b", "a?a?", "a|b", r"(.)\1", "a{1,}", "a++", "[a", "a**"]
)
def test_patterns_that_may_be_slow(pattern: str) -> None:
    """Groups, choices, and two repetitions without a number may take time that explodes."""
    assert not is_quick(pattern)


def found(schema: dict[str, Any], body: object) -> list[tuple[Kind, str]]:
    contract = Contract("v3", "export", "GET", "/exports/v3/a", None, {"200": "#"}, schema)
    contracts = Contracts((contract,))
    exchange = contracts.identify(interaction("GET", "/exports/v3/a", body))
    return [(finding.kind, finding.message) for finding in contracts.check(exchange)]


SLOW = "(.*)(.*)(.*)(.*)(.*)(.*)[^a]$"


def test_a_pattern_that_takes_too_long_is_one_finding() -> None:
    """The body cannot be judged, which fails, says which pattern it is, and is not tried a thousand times."""
    assert found({"items": {"pattern": SLOW}}, ["a" * 3_000] * 1_000) == [
        (Kind.SCHEMA_VIOLATION, f"the body cannot be judged in time: the pattern '{SLOW}' takes too long")
    ]


def test_a_pattern_that_takes_its_time_is_judged() -> None:
    """A search that takes longer than a good one, though not for ever, has its verdict however slow the machine is."""
    ((kind, said),) = found({"pattern": "(.*)(.*)(.*)[^a]$"}, "a" * 280)
    assert kind is Kind.SCHEMA_VIOLATION
    assert "does not match" in said


def test_how_long_a_pattern_may_take_is_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that takes twenty times as long for the known search, every pattern may."""
    limits = []
    for seconds in (0.01, 0.2):
        ticks = itertools.count(step=seconds)
        with monkeypatch.context() as patch:
            patch.setattr(bounded_keywords, "_clock", partial(next, ticks))
            bounded_keywords._longest.cache_clear()
            limits.append(bounded_keywords._longest())
    bounded_keywords._longest.cache_clear()
    assert limits[1] == pytest.approx(20 * limits[0])


def test_schemas_that_refer_to_each_other_without_end_are_one_finding() -> None:
    """A schema that holds each member twice against itself is followed as far as the body is long."""
    twice = {"anyOf": [{"properties": {"a": {"$ref": "#"}}}] * 2, "type": "object"}
    value: object = 1
    for _ in range(60):
        value = {"a": value}
    reason = "its schemas refer to each other too often to be followed"
    assert found(twice, value) == [(Kind.SCHEMA_VIOLATION, f"the body cannot be judged in time: {reason}")]


@pytest.mark.slow
def test_a_long_body_is_judged_to_its_end() -> None:
    """A body may have as many elements as it likes, each judged by a schema that is referred to."""
    schema = {"items": {"$ref": "#/$defs/A"}, "$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"type": "integer"}}}
    assert found(schema, [1] * 20_000) == []
