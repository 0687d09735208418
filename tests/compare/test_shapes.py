"""The shape of a body: what stays of it when its values are taken away, and how shapes add up."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.answers import CAT, COMPLETE, CONTRACTS, LOCATOR
from helpers.looking import shape_of
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_hubfiles.compare.shapes import Shape, merge_all
from pytest_hubfiles.judge.declared import Declared
from pytest_hubfiles.model.json_types import child_path, format_of, type_of

NAMES = st.sampled_from(["id", "url", "size", "status", "links", "a b", "__typename", "*", "[*]", ""])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.sampled_from(["", "cat", "PENDING", "2026-10-05T09:14:02Z", "019db16f-8c90-72b0-b3f7-d1e4b1d02aaf"]),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=10
)
DECLARED = {"$.links": Declared(is_map=True), "$.status": Declared(enum=frozenset({"PENDING"}))}
few = settings(max_examples=200)


def shape(value: object) -> Shape:
    return shape_of(value, DECLARED)


def merged(*values: object) -> Shape:
    found = merge_all(shape(value) for value in values)
    assert found is not None
    return found


# --- properties -----------------------------------------------------------------------------------------------


@few
@given(VALUES)
def test_a_value_has_one_shape(value: object) -> None:
    """The same value always has the same shape."""
    assert shape(value) == shape(value)
    assert shape(value).tree() == shape(value).tree()


@pytest.mark.slow
@few
@given(VALUES, VALUES)
def test_merging_is_commutative(one: object, other: object) -> None:
    """Which of two answers came first makes no other shape."""
    assert merged(one, other) == merged(other, one)


@pytest.mark.slow
@few
@given(VALUES, VALUES, VALUES)
def test_merging_is_associative(one: object, two: object, three: object) -> None:
    """How answers are grouped makes no other shape, nor other counts."""
    left = shape(one).merge(shape(two)).merge(shape(three))
    right = shape(one).merge(shape(two).merge(shape(three)))
    assert left == right
    assert left.tree() == right.tree()
    assert (left.count, left.objects) == (right.count, right.objects)


@few
@given(st.lists(VALUES, min_size=1, max_size=4))
def test_merging_is_idempotent(values: list[object]) -> None:
    """An answer that was there already makes no other shape, however often it comes again."""
    once = merged(*values)
    assert once.merge(once) == once
    assert merged(*values, *values, *values) == once


@few
@given(VALUES)
def test_trees_differ_where_shapes_do(value: object) -> None:
    """Shapes are compared by their trees, so two that are not equal have unequal trees."""
    for other in (None, 0, "x", [], {}, [0], {"id": 1}, COMPLETE):
        assert (shape(value) == shape(other)) is (shape(value).tree() == shape(other).tree())


# --- values do not matter -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"id": "1", "size": 2}, {"size": 3, "id": "7"}),
        ({"at": "2026-10-05T09:14:02.117Z"}, {"at": "1999-12-31T23:59:59+02:00"}),
        ([1, 2, 3], [4]),
        ([], []),
        ({"n": 1}, {"n": 1.0}),
        ({"links": {"a": "x"}}, {"links": {"b": "y", "c": "z"}}),
    ],
    ids=["ids and order", "times", "lengths", "empty", "fraction of nought", "keys of a map"],
)
def test_equal_shapes(one: object, other: object) -> None:
    """Other values, another order and another number of elements are the same shape."""
    assert shape(one) == shape(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1}, {"b": 1}),
        ({"a": 1}, {"a": "1"}),
        ({"a": 1}, {"a": 1.5}),
        ({"a": 1}, {"a": True}),
        ({"a": None}, {}),
        ({"a": []}, {"a": [1]}),
        ({"a": {}}, {"a": []}),
        ({"a": "cat"}, {"a": "2026-10-05T09:14:02Z"}),
        ({"status": "PENDING"}, {"status": "COMPLETE"}),
        ({"links": {}}, {"links": {"a": "x"}}),
    ],
    ids=["names", "type", "fraction", "boolean", "null", "filled", "containers", "format", "enumeration", "map"],
)
def test_unequal_shapes(one: object, other: object) -> None:
    """Another name, type, format or value of an enumeration is another shape."""
    assert shape(one) != shape(other)


# --- what is kept ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "json_type"),
    [
        (None, "null"),
        (True, "boolean"),
        (0, "integer"),
        (1.0, "integer"),
        (1e300, "integer"),
        (1.5, "number"),
        (float("inf"), "number"),
        ("", "string"),
        ([], "array"),
        ((), "array"),
        ({}, "object"),
    ],
)
def test_type_of(value: object, json_type: str) -> None:
    """A number without a fraction is an integer and a boolean is no number, as in JSON Schema."""
    assert type_of(value) == json_type


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2026-10-05T09:14:02.117Z", "date-time"),
        ("2026-10-05t09:14:02z", "date-time"),
        ("2026-10-05T09:14:02+02:00", "date-time"),
        ("2026-10-05T09:14:02", "text"),
        ("2026-10-05", "text"),
        ("2026-10-05T09:14:02Z\n", "text"),
        ("٢٠٢٦-10-05T09:14:02Z", "text"),
        ("1790000000000", "digits"),
        ("7", "digits"),
        ("٧", "text"),
        ("-7", "text"),
        ("https://example.com/a b", "text"),
        ("https://example.com/a?b=c#d", "url"),
        ("s3://bucket/key", "url"),
        ("http://", "text"),
        ("//example.com/cat.png", "path"),
        ("/library/my cat.png", "path"),
        ("library/cat.png", "text"),
        ("019DB16F-8c90-72b0-b3f7-d1e4b1d02aaf", "uuid"),
        ("019db16f8c9072b0b3f7d1e4b1d02aaf", "text"),
        ("AAAAEZ6whGI", "text"),
        ("", "text"),
    ],
)
def test_format_of(text: str, form: str) -> None:
    """A date-time is told from a date, an epoch and free text, a UUID from other ids, a URL from a relative one."""
    assert format_of(text) == form


@pytest.mark.parametrize(
    ("formats", "common"),
    [
        (["date-time", "date-time"], "date-time"),
        (["date-time", "uuid"], "text"),
        (["date-time", "text"], "text"),
        (["uuid", "text", "uuid"], "text"),
        (["date-time", None], "date-time"),
        ([None, "uuid"], "uuid"),
    ],
)
def test_common_format(formats: list[str | None], common: str) -> None:
    """Strings of one format keep it, of two are text; what is no string has no say in it."""
    texts = {"date-time": "2026-10-05T09:14:02Z", "uuid": "019db16f-8c90-72b0-b3f7-d1e4b1d02aaf", "text": "x"}
    assert merged(*(None if form is None else texts[form] for form in formats)).format == common


@pytest.mark.parametrize(
    ("values", "types"),
    [
        ([1, 2], {"integer"}),
        ([1, 1.5], {"number"}),
        ([1.5, 1, None], {"null", "number"}),
        (["a", 1], {"integer", "string"}),
        ([[], {}], {"array", "object"}),
    ],
)
def test_common_types(values: list[object], types: set[str]) -> None:
    """The types of all values are kept; every integer is a number."""
    assert merged(*values).types == types


def test_fields_are_counted() -> None:
    """A field that k of n objects have is optional, and k and n are known."""
    found = merged({"a": 1, "b": 1}, {"a": 1}, {"a": 1, "b": 1})
    assert found.optional == {"b"}
    assert (found.fields["a"].count, found.fields["b"].count, found.objects) == (3, 2, 3)


def test_one_of_a_thousand_is_not_lost() -> None:
    """A field that is missing from one element of a thousand is optional."""
    elements = shape([{"a": 1}] * 999 + [{}]).elements
    assert elements is not None
    assert elements.optional == {"a"}
    assert (elements.fields["a"].count, elements.objects) == (999, 1000)


def test_fields_are_counted_among_objects_only() -> None:
    """Where an object is null or absent, its fields are not missing."""
    found = merged({"result": {"id": "1"}}, {"result": None}, {})
    assert found.optional == {"result"}
    assert found.fields["result"].optional == frozenset()


def test_counts_make_no_other_shape() -> None:
    """One poll more is no other shape, though its counts differ."""
    once, twice = shape({"a": 1}), merged({"a": 1}, {"a": 2})
    assert once == twice
    assert once.count != twice.count


def test_values_are_kept_of_enumerations_only() -> None:
    """Of a field that the schema declares an enumeration, the values are kept; of all others none is."""
    found = merged({"status": "PENDING", "name": "a"}, {"status": "COMPLETE", "name": "b"})
    assert found.fields["status"].values == {"COMPLETE", "PENDING"}
    assert found.fields["name"].values == frozenset()


def test_keys_of_a_map_are_values() -> None:
    """A declared map has one shape for all of its keys, and none of them is missing."""
    found = merged({"links": {"a": "x", "b": "y"}}, {"links": {"c": "z"}}, {"links": {}}, {"links": {}})
    links = found.fields["links"]
    assert list(links.fields) == ["*"]
    assert links.fields["*"].types == {"string"}
    assert (links.fields["*"].count, links.objects, links.optional) == (3, 4, frozenset())


def test_declared_maps_and_enumerations_come_from_the_schema() -> None:
    """What HubSpot's schemas declare reaches the shape: states, links and an error's context."""
    outline = CONTRACTS.get("v3", "import-status").outline(200)
    assert outline["$.status"].enum == {"CANCELED", "COMPLETE", "PENDING", "PROCESSING"}
    assert outline["$.links"].is_map
    assert outline["$.errors[*].context"].is_map
    assert outline["$.errors[*].context.*[*]"].is_map is False
    assert (outline["$.result.id"].required, outline["$.result.size"].required) == (True, False)
    assert outline["$.result.access"].required
    assert not any(declared.nullable for declared in outline.values())


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("status", "$.status"),
        ("a_B-9", "$.a_B-9"),
        ("a b", "$['a b']"),
        ("a.b", "$['a.b']"),
        ("it's", "$['it\\'s']"),
        ("back\\slash", "$['back\\\\slash']"),
        ("two\nlines", "$['two\\nlines']"),
        ("9", "$['9']"),
        ("", "$['']"),
        ("*", "$['*']"),
        ("é", "$['é']"),
    ],
)
def test_child_path(name: str, path: str) -> None:
    """A plain name stands after a dot, any other in brackets and quotes, on one line."""
    assert child_path("$", name) == path


@pytest.mark.parametrize("levels", [40, 41, 300])
def test_what_lies_too_deep_keeps_its_type(levels: int) -> None:
    """However deep a body is nested, its shape is bounded; below forty levels only the type is known."""
    value: Any = "leaf"
    for _ in range(levels):
        value = [value]
    found, depth = shape(value), 0
    while found.elements is not None:
        found, depth = found.elements, depth + 1
    assert depth == min(levels, 40)
    assert found.types == ({"string"} if levels == 40 else {"array"})


def test_tree_of_an_answer() -> None:
    """The tree that is compared holds types, formats, fields and elements, and no value but an enumeration's."""
    locator = CONTRACTS.get("v3", "import-start").outline(202)
    assert shape_of(LOCATOR, locator).tree() == {
        "types": "object",
        "fields": {
            "id": {"types": "string", "format": "text"},
            "links": {"types": "object", "fields": {"*": {"types": "string", "format": "url"}}},
        },
    }
    file = shape_of({"result": CAT}, CONTRACTS.get("v3", "import-status").outline(200)).tree()["fields"]["result"]
    assert file["fields"]["access"] == {"types": "string", "format": "text", "values": "PRIVATE"}
    assert file["fields"]["createdAt"] == {"types": "string", "format": "date-time"}


def test_without_fields() -> None:
    """A shape can be looked at as if its objects had never had some of the fields."""
    found = merged({"a": 1, "b": 1}, {"a": 1}).without({"b"})
    assert found == merged({"a": 1})


def test_merging_nothing() -> None:
    """Of no values there is no shape."""
    assert merge_all([]) is None
