"""What holds of any two answers whatever they contain: drift is never silent about what is new."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from helpers.answers import CONTRACTS
from helpers.looking import shape_of
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_hubfiles.compare.shape_differences import Subject, between
from pytest_hubfiles.compare.shapes import Shape, merge_all

NAMES = st.sampled_from(["id", "size", "a b", "__typename", "*", "", "é"])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([0.5, "", "cat", "2026-10-05T09:14:02Z", "019db16f-8c90-72b0-b3f7-d1e4b1d02aaf"]),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)
SHAPES = st.lists(VALUES, min_size=1, max_size=3)
SUBJECT = Subject(CONTRACTS.get("2026-03", "import-status"), 200, "COMPLETE", {}, 1, lambda steps: False)


def shape(values: list[object]) -> Shape:
    merged = merge_all(shape_of(value, {}) for value in values)
    assert merged is not None
    return merged


def nodes(root: Shape) -> Iterator[Shape]:
    yield root
    for child in (*root.fields.values(), *filter(None, [root.elements])):
        yield from nodes(child)


@pytest.mark.slow
@settings(max_examples=400)
@given(SHAPES, SHAPES)
@example([{"[*]": 1}], [{"[*]": "x"}])
@example([0.5], [1, None])
def test_drift_is_silent_only_where_nothing_is_new(old: list[object], new: list[object]) -> None:
    """Where nothing is found, the new answers have nothing that the old ones did not have, or lacked, too.

    Of what was nothing but null there is nothing to know: any value beside it is as good as any other.
    """
    before, after = shape(old), shape(new)

    if not list(between(before, after, SUBJECT)) and not any(node.types == {"null"} for node in nodes(before)):
        assert before.merge(after) == before


@pytest.mark.slow
@settings(max_examples=200)
@given(SHAPES, SHAPES)
def test_equal_shapes_do_not_drift(old: list[object], new: list[object]) -> None:
    """Where shapes are equal nothing is found; where something is found they are not equal, nor are their trees."""
    before, after = shape(old), shape(new)

    found = list(between(before, after, SUBJECT))

    assert not (found and before == after)
    assert (before == after) is (before.tree() == after.tree())
    assert list(between(before, shape([*old, *old]), SUBJECT)) == []
