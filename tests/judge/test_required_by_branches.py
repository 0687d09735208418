"""A schema requires a field only where each of the alternatives that it leaves requires it."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.answers import poll

from pytest_hubfiles.compare import drift
from pytest_hubfiles.judge import schema_files
from pytest_hubfiles.judge.declared import Declarations
from pytest_hubfiles.judge.registry import Contracts
from pytest_hubfiles.model.json_types import pointed_at

A, B = {"type": "string"}, {"type": "integer"}
BOTH: dict[str, Any] = {"properties": {"a": A, "b": B}}
NULL = {"type": "null"}


def needs(*names: str, **more: Any) -> dict[str, Any]:
    return {"type": "object", **BOTH, "required": list(names), **more}


def required(schema: object, *, defs: dict[str, Any] | None = None) -> set[str]:
    """Return the paths below the root that *schema* requires."""
    document = {"$defs": {"Root": schema, **(defs or {})}}
    outline = Declarations(lambda reference: pointed_at(document, reference)).outline("#/$defs/Root")
    return {path for path, declared in outline.items() if declared.required and path != "$" and path[-1] != "]"}


NEST = {"properties": {"x": needs("a")}, "required": ["x"]}
BARE = {"properties": {"x": needs("b")}, "required": ["x"]}
CASES: dict[str, tuple[object, set[str]]] = {
    "plain": (needs("a"), {"$.a"}),
    "oneOf": ({"oneOf": [needs("a"), needs("b")]}, set()),
    "anyOf": ({"anyOf": [needs("a"), needs("a", "b")]}, {"$.a"}),
    "allOf": ({"allOf": [needs("a"), needs("b")]}, {"$.a", "$.b"}),
    "one branch of many": ({"oneOf": [needs("a"), needs("a"), {}]}, set()),
    "beside": ({**needs("b"), "oneOf": [needs("a"), needs("b")]}, {"$.b"}),
    "or null": ({"anyOf": [needs("a"), NULL]}, {"$.a"}),
    "or a text": ({"oneOf": [needs("a"), {"type": ["string", "null"]}]}, {"$.a"}),
    "or never": ({"oneOf": [needs("a"), False]}, {"$.a"}),
    "alternatives in alternatives": ({"oneOf": [{"anyOf": [needs("a"), needs("b")]}, needs("a", "b")]}, set()),
    "alternatives in all": ({"allOf": [{"anyOf": [needs("a"), needs("a", "b")]}, needs("b")]}, {"$.a", "$.b"}),
    "if": ({**BOTH, "if": needs("a")}, set()),
    "if and then": ({**BOTH, "if": needs("a"), "then": needs("b")}, set()),
    "if, then and else": ({**BOTH, "if": needs("a"), "then": needs("b"), "else": needs("b")}, {"$.b"}),
    "then alone means nothing": ({**BOTH, "then": needs("b"), "else": needs("b")}, set()),
    "by reference": ({"oneOf": [{"$ref": "#/$defs/One"}, {"$ref": "#/$defs/Two"}]}, {"$.a"}),
    "in a member": ({"oneOf": [NEST, BARE]}, {"$.x"}),
    "in a member of both": ({"oneOf": [NEST, NEST]}, {"$.x", "$.x.a"}),
    "in a member that may be null": ({**NEST, "properties": {"x": {"anyOf": [needs("a"), NULL]}}}, {"$.x", "$.x.a"}),
    "in elements": ({"type": "array", "items": {"oneOf": [needs("a"), needs("a", "b")]}}, {"$[*].a"}),
    "in elements of one branch": ({"anyOf": [{"items": needs("a")}, {"items": needs("b")}]}, set()),
    "in a map": ({"additionalProperties": {"oneOf": [needs("a"), needs("a", "b")]}}, {"$.*.a"}),
}


@pytest.mark.parametrize(("schema", "expected"), CASES.values(), ids=CASES)
def test_required(schema: object, expected: set[str]) -> None:
    """What every alternative requires is required, at any depth."""
    assert required(schema, defs={"One": needs("a"), "Two": needs("a", "b")}) == expected


def test_what_contains_itself() -> None:
    """A schema that contains itself ends."""
    tree = {"type": "object", "properties": {"a": A, "in": {"oneOf": [{"$ref": "#/$defs/Root"}, NULL]}}}
    assert required({**tree, "required": ["a", "in"]}) == {"$.a"}


@pytest.mark.parametrize(
    "schema",
    [
        {"anyOf": [needs("a"), needs("b")]},
        {"oneOf": [needs("a"), {**needs("b"), "not": {"required": ["a"]}}]},
        {**BOTH, "if": {"properties": {"b": {"const": 2}}}, "then": needs("a")},
    ],
    ids=["anyOf", "oneOf", "if"],
)
def test_a_field_that_one_branch_requires_may_become_optional(schema: dict[str, Any]) -> None:
    """A field that only one branch requires is not required, so that it may be absent from some answers."""
    (shipped,) = (c for c in schema_files.load().entries if (c.version, c.operation) == ("v3", "import-status"))
    about = {**shipped.document, "$defs": {**shipped.document["$defs"], "Root": schema}}
    contract = shipped.__class__(
        "v3", "import-status", shipped.method, shipped.path, None, {"200": "#/$defs/Root"}, about
    )
    before, after = [poll({"a": "x", "b": 1})] * 2, [poll({"a": "x", "b": 1}), poll({"b": 1})]
    assert [list(contract.check(exchange)) for exchange in (*before, *after)] == [[]] * 4
    (found,) = drift.compare(before, after, Contracts((contract,)))
    assert (found.kind.value, found.severity.value, found.path) == ("field-now-optional", "info", "$.a")
