"""The fast ways find what the slow ways find: the fast validator, and the check whether two bodies are alike."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from email.message import Message
from typing import Any

import pytest
from helpers.downstream import interaction
from helpers.looking import shape_of
from helpers.mutants import BODIES, NUMBERS, TIMES, UUIDS, VALUES, mutants
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_hubfiles.compare import drift
from pytest_hubfiles.compare.shapes import merge_all, plainly_alike, shape_of_all
from pytest_hubfiles.judge import schema_files
from pytest_hubfiles.judge.contract import Contract
from pytest_hubfiles.judge.declared import Declarations, Declared, DeclaredPlace
from pytest_hubfiles.judge.fast_validator import FastValidator
from pytest_hubfiles.judge.registry import Contracts
from pytest_hubfiles.model.json_types import format_of
from pytest_hubfiles.record.vcrpy import clients

CONTRACTS = schema_files.load().entries


def pointers(contract: Contract) -> list[str]:
    return sorted({p for p in (*contract.responses.values(), contract.request) if p is not None})


def undeclared(contract: Contract, pointer: str, body: object) -> dict[str, str]:
    return Declarations(contract.lookup).undeclared(pointer, body)


def faults(contract: Contract, pointer: str, body: object) -> list[str]:
    """Return what jsonschema and the search for undocumented members say, the fast path left aside."""
    errors = [error.message for error in contract.validator(pointer).iter_errors(body)]
    return errors + [f"{path} is undocumented" for path in undeclared(contract, pointer, body)]


def cases(bodies: Iterator[Any]) -> Iterator[tuple[Contract, str, Any]]:
    places = [(contract, pointer) for contract in CONTRACTS for pointer in pointers(contract)]
    for number, body in enumerate(bodies):
        yield (*places[number % len(places)], body)


def wrong_accepts(seed: int, count: int) -> tuple[list[object], int]:
    """Return the mutants that were accepted and have a fault, and how many were accepted."""
    accepted = [case for case in cases(mutants(seed, count)) if case[0].fast_validator(case[1]).accepts(case[2])]
    return [case for case in accepted if faults(*case)], len(accepted)


def test_no_mutant_is_accepted_that_has_a_fault() -> None:
    """Of thousands of changed answers, those that are accepted are good by jsonschema too, and some are accepted."""
    wrong, accepted = wrong_accepts(seed=1, count=8_000)

    assert wrong == []
    assert accepted > 200


def test_absent_members_are_reported_as_jsonschema_reports_them() -> None:
    """Where absent members are all that is wrong, the fast validator has the faults that jsonschema has."""
    found = 0
    for contract, pointer, body in cases(mutants(seed=2, count=8_000)):
        plain = contract.fast_validator(pointer).faults(body)
        if plain:
            found += 1
            assert set(plain) == set(contract._validators.faults(pointer, body, 1_000_000)), (pointer, body)
            assert not undeclared(contract, pointer, body)
    assert found > 40


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda c: f"{c.version}-{c.operation}")
def test_good_bodies_are_accepted(contract: Contract) -> None:
    """Whatever of the plain bodies jsonschema finds nothing in is accepted at once: the fast path is in use."""
    found = 0
    for pointer in pointers(contract):
        for body in BODIES:
            if not faults(contract, pointer, body):
                assert contract.fast_validator(pointer).accepts(body), (pointer, body)
                found += 1
    assert found


def replaced(body: Any, value: object) -> Iterator[Any]:
    """Yield *body* with *value* in each place in turn."""
    for place in range(count_places(body)):
        changed = copy.deepcopy(body)
        holder, key = list(places_of(changed))[place]
        holder[key] = copy.deepcopy(value)
        yield changed


def places_of(value: Any) -> Iterator[tuple[Any, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in list(items):
        yield value, key
        yield from places_of(child)


def count_places(body: Any) -> int:
    return sum(1 for _ in places_of(body))


@pytest.mark.parametrize("value", [*TIMES, *UUIDS, *NUMBERS, None, True], ids=repr)
def test_each_value_in_each_place(value: object) -> None:
    """No calendar date, UUID or number that is none, nor a boolean for a number, is accepted anywhere."""
    contract = next(c for c in CONTRACTS if (c.version, c.operation) == ("2026-03", "import-status"))
    for pointer in pointers(contract):
        for body in BODIES[:6]:
            for changed in replaced(body, value):
                if contract.fast_validator(pointer).accepts(changed):
                    assert faults(contract, pointer, changed) == [], changed


LIKE = {"digits": "7", "url": "https://example.com/x", "path": "/x"}


def pairs(seed: int, count: int) -> Iterator[tuple[Any, Any]]:
    """Yield bodies beside what they may look like when they are recorded again: other values, other shapes."""
    for number, changed in enumerate(mutants(seed, count)):
        body = copy.deepcopy(BODIES[number % len(BODIES)])
        yield body, changed
        for holder, key in list(places_of(body)):
            if isinstance(holder[key], str):
                like_it = LIKE.get(format_of(holder[key]), "x")
                holder[key] = random.Random(number).choice([*TIMES, *UUIDS, *[like_it] * 20, holder[key]])
        yield changed, body
        yield copy.deepcopy(changed), changed
        yield BODIES[number % len(BODIES)], body


@pytest.mark.slow
def test_what_is_plainly_alike_is_of_one_shape() -> None:
    """Of thousands of pairs, those called plainly alike have equal shapes, at each place a schema declares."""
    alike = 0
    for contract in CONTRACTS:
        for status in (200, 202, 400):
            declared = contract.outline(status)
            for one, other in pairs(status, 60):
                if plainly_alike(one, other, DeclaredPlace(declared)):
                    alike += one != other
                    assert shape_of(one, declared) == shape_of(other, declared), (one, other)
    assert alike > 300


@pytest.mark.slow
def test_drift_is_the_same_with_and_without_the_fast_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    """Comparing recordings comes to the same findings if nothing is ever plainly alike."""
    contracts = Contracts(CONTRACTS)
    recordings = [recording(contracts, one, other) for one, other in pairs(5, 60)]
    found = [[list(drift.compare([one], [other], contracts)) for one, other in each] for each in recordings]
    monkeypatch.setattr(drift, "_is_plainly_the_same", lambda *_: False)

    assert found == [[list(drift.compare([one], [other], contracts)) for one, other in each] for each in recordings]
    assert sum(len(findings) == 0 for each in found for findings in each) > 30


def recording(contracts: Contracts, *bodies: Any) -> list[tuple[Any, Any]]:
    paths = ("/files/v3/files/import-from-url/async/tasks/1/status", "/files/v3/nothing")
    return [
        tuple(contracts.identify(interaction("GET", path, status, body)) for body in bodies)
        for path in paths
        for status in (200, 404)
    ]


@given(bodies=st.deferred(lambda: st.lists(JSON_VALUES, min_size=1, max_size=5)))
@settings(max_examples=200, derandomize=True)
def test_many_at_once_are_of_the_shape_they_merge_to(bodies: list[object]) -> None:
    """The shape of many values taken at once is what their shapes merge to one by one."""
    declared = {**CONTRACTS[0].outline(200), "$.a": Declared(is_map=True), "$.id": Declared(enum=frozenset({"x"}))}
    together = shape_of_all(bodies, DeclaredPlace(declared))
    merged = merge_all(shape_of(body, declared) for body in bodies)

    assert together == merged
    assert (together and (together.count, together.objects)) == (merged and (merged.count, merged.objects))


SCHEMAS = st.recursive(
    st.sampled_from(
        [
            True, False, {}, {"type": "string"}, {"type": "integer"}, {"type": "integer", "format": "int32"},
            {"type": "integer", "format": "int64"}, {"type": "number"}, {"type": "number", "format": "double"},
            {"type": "boolean"}, {"type": "null"}, {"type": ["string", "null"]}, {"type": ["integer", "boolean"]},
            {"type": "string", "format": "date-time"}, {"type": "string", "format": "uuid"}, {"format": "uuid"},
            {"type": "string", "enum": ["x", "COMPLETE"]}, {"enum": ["x", 1, None]}, {"const": 1}, {"minimum": 1},
            {"type": "string", "maxLength": 1}, {"type": "string", "format": "binary"}, {"title": "t"},
            {"type": "array"}, {"type": "object"}, {"type": "object", "required": ["a"]}, {"type": "string", "x-y": 1},
            {"$ref": "#"}, {"$ref": "#/$defs/D"}, {"$ref": "#/$defs/D", "type": "string"},
            {"type": "string", "format": "byte"}, {"type": "string", "format": "password"},
        ]
    ),
    lambda inner: st.one_of(
        st.builds(lambda i: {"type": "array", "items": i}, inner),
        st.builds(lambda i: {"type": ["array", "null"], "items": i}, inner),
        st.builds(lambda i: {"anyOf": [i, {"type": "null"}]}, inner),
        st.builds(lambda i: {"not": i}, inner),
        st.builds(
            lambda members, required, others: {
                "type": "object", "properties": members, "required": required,
                **({} if others is None else {"additionalProperties": others}),
            },
            st.dictionaries(st.sampled_from(["a", "message", "id"]), inner, max_size=3),
            st.lists(st.sampled_from(["a", "id"]), unique=True), st.none() | inner,
        ),
    ),
    max_leaves=6,
)  # fmt: skip
JSON_VALUES = st.recursive(
    st.sampled_from([value for value in VALUES if not isinstance(value, (list, dict))]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "message", "id", "z"]), inner),
    max_leaves=6,
)


@pytest.mark.slow
@given(schema=SCHEMAS, defs=SCHEMAS, body=JSON_VALUES)
@settings(max_examples=400, derandomize=True)
def test_any_schema(schema: Any, defs: Any, body: object) -> None:
    """By any schema, what is accepted is what jsonschema finds nothing in, and nothing undocumented is in."""
    document = {"$defs": {"Root": schema, "D": defs}}
    contract = Contract("v3", "generated", "GET", "/x", None, {"200": "#/$defs/Root"}, document)
    if contract.fast_validator("#/$defs/Root").faults(body) == []:
        assert faults(contract, "#/$defs/Root", body) == []


@pytest.mark.parametrize(
    ("schema", "body"),
    [
        pytest.param({"type": "integer"}, 1.0, id="a number without a fraction is an integer"),
        pytest.param({"type": "string", "format": "date-time"}, "2026-10-31T00:00:00Z", id="the 31st"),
        pytest.param({"type": "string", "maxLength": 3}, "abc", id="a keyword that is not understood"),
        pytest.param({"anyOf": [{"type": "string"}]}, "abc", id="a composition"),
    ],
)
def test_what_is_not_accepted_is_still_good(schema: dict[str, Any], body: object) -> None:
    """What the fast path does not understand goes to jsonschema, which finds nothing."""
    contract = Contract("v3", "one", "GET", "/x", None, {"200": "#"}, schema)

    assert not FastValidator.of(schema, "#").accepts(body)
    assert faults(contract, "#", body) == []


def test_references_that_lead_in_a_circle_accept_nothing() -> None:
    """A schema that is but a reference to itself ends the search for what it means, and nothing is accepted."""
    document = {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}

    assert FastValidator.of(document, "#/$defs/a").faults({}) is None


def test_a_body_that_is_too_deep_is_not_accepted() -> None:
    """A body nested without end, by a schema that contains itself, is left to jsonschema, which says so."""
    schema = {"type": "object", "properties": {"a": {"$ref": "#"}}}
    contract = Contract("v3", "deep", "GET", "/x", None, {"200": "#"}, schema)
    body: dict[str, Any] = {}
    for _ in range(100_000):
        body = {"a": body}

    assert contract.fast_validator("#").faults(body) is None


@pytest.mark.parametrize("pointer", ["#/$defs/None", "#name", "other.json#/a", "#/$defs/list/7", "#/$defs/list/x"])
def test_a_pointer_that_leads_nowhere_accepts_nothing(pointer: str) -> None:
    """Where a pointer leads to no schema in the file, nothing is accepted."""
    assert not FastValidator.of({"$defs": {"list": [{}]}}, pointer).accepts({})


def test_a_pointer_is_read_as_json_schema_reads_it() -> None:
    """Escapes of JSON pointers and of URLs are undone, and lists are counted."""
    document = {"$defs": {"a/b~c d": [False, True]}}

    assert FastValidator.of(document, "#/$defs/a~1b~0c%20d/1").accepts({})
    assert not FastValidator.of(document, "#/$defs/a~1b~0c%20d/0").accepts({})


NAMES = st.sampled_from(["Content-Type", "content-type", "Link", "X-1", "", "a b", "a:", " a", "ä", "From ", "a_b"])
TEXTS = st.sampled_from(
    ["a", "a b", "a;b=c", " a", "a ", "", "ä", "a\tb", "\ta", "a\nb", "a\r\n b", "a\x00", "x" * 70000]
)


@pytest.mark.slow
@given(headers=st.dictionaries(NAMES, st.lists(TEXTS, max_size=3), max_size=4))
@example(headers={f"X-{n}": ["a", "b"] for n in range(49)})
@example(headers={f"X-{n}": ["a"] for n in range(120)})
@settings(max_examples=400, derandomize=True)
def test_headers_are_read_as_the_parser_of_emails_reads_them(headers: dict[str, list[str]]) -> None:
    """An answer's headers, however odd, are those that vcrpy's own reading comes to."""

    def outcome(read: Callable[[Any], Message]) -> object:
        try:
            message = read(headers)
        except Exception as error:  # noqa: BLE001  # whichever it is, it has to be the same
            return type(error), str(error)
        return message.items(), message.get_payload(), list(map(repr, message.defects)), type(message)

    assert outcome(clients._parse_headers) == outcome(clients._parse_any_headers)
