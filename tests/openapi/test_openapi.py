"""OpenAPI documents become contracts: what is kept, what is said otherwise, what is refused."""

from __future__ import annotations

import json
import socket
import tempfile
import urllib.request
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers.answers import VERSIONS
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_hubfiles import openapi
from pytest_hubfiles.judge import schema_files
from pytest_hubfiles.judge.contract import Contract
from pytest_hubfiles.judge.shipped import shipped_schemas
from pytest_hubfiles.judge.source import Source
from pytest_hubfiles.model.hubspot_api import UnknownVersionError
from pytest_hubfiles.openapi import Document, OpenApiError

SHIPPED = schema_files.load().entries
START = "/crm/v3/exports/export/async"
STATUS = f"{START}/tasks/{{taskId}}/status"


@pytest.fixture(autouse=True)
def _nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError(f"something was fetched: {args}")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(urllib.request, "urlopen", refuse)


def answer(schema: object, kind: str = "application/json") -> dict[str, Any]:
    return {"description": "prose", "content": {kind: {"schema": schema, "example": {"prose": 1}}}}


def get(schema: object = True, **keywords: Any) -> dict[str, Any]:
    return {"get": {"responses": {"200": answer(schema)}, **keywords}}


def post(schema: object = True, *, required: bool = True, **keywords: Any) -> dict[str, Any]:
    body = {"required": required, "content": {"application/json": {"schema": schema}}}
    return {"post": {"requestBody": body, "responses": {"202": answer({"type": "object"})}, **keywords}}


def spec(
    paths: Mapping[str, Any], version: str = "3.0.3", named: Any = None, shared: Any = None, **keywords: Any
) -> Document:
    """Return a document with *named* schemas and what else is *shared* as its components."""
    components = {"schemas": named or {}, **(shared or {})}
    return Document("spec.json", {"openapi": version, "paths": paths, "components": components, **keywords})


def one(document: Document, *globs: str, version: str | None = None) -> Contract:
    (contract,) = openapi.contracts(document, globs, version, SHIPPED).contracts
    return contract


def defs(document: Document) -> Mapping[str, Any]:
    found: Mapping[str, Any] = one(document).document["$defs"]
    return found


def translated(schema: object, version: str = "3.0.3", **components: Any) -> Any:
    """Return what becomes of *schema*, which stands where an answer's would."""
    return defs(spec({STATUS: get({"type": "array", "items": schema})}, version, components))["Response200"]["items"]


def refusal(document: Document, *globs: str, version: str | None = None) -> str:
    with pytest.raises(OpenApiError) as caught:
        openapi.contracts(document, globs, version, SHIPPED)
    assert str(caught.value).startswith("The OpenAPI document spec.json cannot be imported: ")
    return caught.value.reason


# --- HubSpot's own --------------------------------------------------------------------------------------------


def wordy(schema: object) -> Any:
    """Return a definition as OpenAPI has it: references to components, and prose in every place."""
    if not isinstance(schema, dict):
        return schema
    prose = {"description": "prose", "example": None, "title": "prose", "x-prose": {"$ref": "http://x"}}
    if "$ref" in schema:
        return {"$ref": schema["$ref"].replace("#/$defs/", "#/components/schemas/")}
    made = {key: wordy(value) if isinstance(value, dict) else value for key, value in schema.items()}
    if "properties" in schema:
        made["properties"] = {name: wordy(child) for name, child in reversed(schema["properties"].items())}
        made["required"] = list(reversed(schema.get("required", [])))
    return {**prose, **made}


def rebuilt(contracts: list[Contract]) -> Document:
    """Return an OpenAPI document that says what *contracts* do."""
    paths: dict[str, dict[str, Any]] = {}
    components: dict[str, Any] = {}
    for contract in contracts:
        components |= {name: wordy(schema) for name, schema in contract.document["$defs"].items()}
        responses: dict[str, Any] = {
            status: answer(wordy({"$ref": pointer})) for status, pointer in contract.responses.items()
        }
        responses["default"] = {"description": "", "$ref": "#/components/responses/Error"}
        operation: dict[str, Any] = {"summary": "prose", "parameters": [{"name": "taskId"}], "responses": responses}
        if contract.request is not None:
            content = {"application/json": {"schema": wordy({"$ref": contract.request}), "example": None}}
            operation["requestBody"] = {"required": True, "content": content}
        paths.setdefault(contract.path, {})[contract.method.lower()] = operation
    errors = {"Error": answer({"$ref": "#/components/schemas/Error"}, "*/*")}
    source = contracts[0].source or Source("", "", "")
    return Document(
        "spec.json",
        {
            "openapi": "3.0.1",
            "info": {"title": source.title, "version": source.version},
            "servers": [{"url": "https://api.hubapi.com"}],
            "paths": {"/files/v3/files": get(), **paths},
            "components": {"schemas": components, "responses": errors},
        },
        source.sha256,
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_shipped_schemas_are_what_an_import_makes(version: str) -> None:
    """An OpenAPI document that says what a version's contracts do gives those very files, byte for byte."""
    shipped = [contract for contract in SHIPPED if contract.version == version]

    made = openapi.contracts(rebuilt(shipped), known=SHIPPED)

    assert made.notes == ()
    assert {contract.operation for contract in made.contracts} == {contract.operation for contract in shipped}
    for contract in made.contracts:
        file = shipped_schemas() / version / f"{contract.operation}.json"
        assert openapi.text_of(contract) == file.read_bytes()


# --- schemas --------------------------------------------------------------------------------------------------

NULL = {"type": "null"}
KEPT: dict[str, tuple[str, object, object]] = {
    "prose": (
        "3.0.3",
        {"type": "string", "title": "t", "description": "d", "example": 1, "default": "x", "externalDocs": {}},
        {"type": "string"},
    ),
    "prose of 3.1": ("3.1.0", {"type": "string", "examples": ["a"], "$comment": "c", "xml": {}}, {"type": "string"}),
    "extensions": ("3.0.3", {"type": "string", "x-internal": True, "x-format": "y"}, {"type": "string"}),
    "properties with names of prose": (
        "3.0.3",
        {"properties": {"title": {"type": "string"}, "example": {}, "$ref": {}, "x-a": {}}},
        {"properties": {"$ref": {}, "example": {}, "title": {"type": "string"}, "x-a": {}}},
    ),
    "values with names of keywords": (
        "3.1.0",
        {"const": {"description": 1, "$ref": "http://x"}},
        {"const": {"description": 1, "$ref": "http://x"}},
    ),
    "null for unknown": ("3.0.3", {"type": "string", "format": None, "items": None}, {"type": "string"}),
    "null as the constant": ("3.1.0", {"const": None}, {"const": None}),
    "deprecated": ("3.0.3", {"deprecated": True, "type": "string"}, {"type": "string", "deprecated": True}),
    "not deprecated": ("3.0.3", {"deprecated": False, "readOnly": False}, {}),
    "an order": (
        "3.0.3",
        {"properties": {"b": {}, "a": {}}, "required": ["b", "a", "b"], "type": "object", "enum": ["y", "x"]},
        {"type": "object", "enum": ["x", "y"], "required": ["a", "b"], "properties": {"a": {}, "b": {}}},
    ),
    "an enum of numbers": ("3.0.3", {"enum": [3, 1, 2]}, {"enum": [3, 1, 2]}),
    "nothing required": ("3.0.3", {"required": []}, {}),
    "nullable": ("3.0.3", {"type": "string", "nullable": True}, {"type": ["string", "null"]}),
    "not nullable": ("3.0.3", {"type": "string", "nullable": False}, {"type": "string"}),
    "nullable of any type": ("3.0.3", {"nullable": True}, {}),
    "nullable in 3.1 is no keyword": ("3.1.0", {"type": "string", "nullable": True}, {"type": "string"}),
    "nullable enum": (
        "3.0.3",
        {"type": "string", "enum": ["b", "a"], "nullable": True},
        {"type": ["string", "null"], "enum": ["a", "b", None]},
    ),
    "nullable enum with null": (
        "3.0.3",
        {"type": "string", "enum": [None, "a"], "nullable": True},
        {"type": ["string", "null"], "enum": ["a", None]},
    ),
    "nullable reference": (
        "3.0.3",
        {"$ref": "#/components/schemas/File", "nullable": True},
        {"anyOf": [{"$ref": "#/$defs/File"}, NULL]},
    ),
    "nullable allOf": (
        "3.0.3",
        {"allOf": [{"$ref": "#/components/schemas/File"}], "nullable": True, "description": "d"},
        {"anyOf": [{"allOf": [{"$ref": "#/$defs/File"}]}, NULL]},
    ),
    "nullable oneOf": (
        "3.0.3",
        {"oneOf": [{"type": "string"}, {"type": "integer"}], "nullable": True},
        {"anyOf": [{"oneOf": [{"type": "string"}, {"type": "integer"}]}, NULL]},
    ),
    "nullable object": (
        "3.0.3",
        {"type": "object", "properties": {"a": {"type": "object", "nullable": True}}, "nullable": True},
        {"type": ["object", "null"], "properties": {"a": {"type": ["object", "null"]}}},
    ),
    "types of 3.1": ("3.1.0", {"type": ["string", "null"]}, {"type": ["string", "null"]}),
    "beside a reference in 3.0": (
        "3.0.3",
        {"$ref": "#/components/schemas/File", "required": ["a"], "description": "d"},
        {"$ref": "#/$defs/File"},
    ),
    "beside a reference in 3.1": (
        "3.1.0",
        {"$ref": "#/components/schemas/File", "required": ["a"], "description": "d"},
        {"$ref": "#/$defs/File", "required": ["a"]},
    ),
    "exclusive bounds of 3.0": (
        "3.0.3",
        {"minimum": 1, "exclusiveMinimum": True, "maximum": 5, "exclusiveMaximum": False},
        {"exclusiveMinimum": 1, "maximum": 5},
    ),
    "exclusive of nothing": ("3.0.3", {"exclusiveMaximum": True}, {}),
    "exclusive bounds of 3.1": (
        "3.1.0",
        {"exclusiveMinimum": 1, "maximum": 9, "exclusiveMaximum": 5},
        {"exclusiveMinimum": 1, "maximum": 9, "exclusiveMaximum": 5},
    ),
    "checked formats": ("3.0.3", {"type": "integer", "format": "int64"}, {"type": "integer", "format": "int64"}),
    "other formats": ("3.0.3", {"type": "string", "format": "uri"}, {"type": "string", "x-format": "uri"}),
    "patterns": ("3.0.3", {"pattern": "^[a-z]+$"}, {"pattern": "^[a-z]+$"}),
    "patterns of JavaScript": ("3.0.3", {"pattern": r"^\p{L}+$"}, {"x-pattern": r"^\p{L}+$"}),
    "names by pattern": (
        "3.1.0",
        {"patternProperties": {"^a": {"type": "string"}, r"\p{L}": {}}, "additionalProperties": False},
        {"patternProperties": {"^a": {"type": "string"}, "": True}, "additionalProperties": False},
    ),
    "a map": (
        "3.0.3",
        {"additionalProperties": {"type": "string", "nullable": True}},
        {"additionalProperties": {"type": ["string", "null"]}},
    ),
    "no other names": ("3.0.3", {"additionalProperties": False}, {"additionalProperties": False}),
    "any other names": ("3.0.3", {"additionalProperties": True}, {"additionalProperties": True}),
    "a discriminator": (
        "3.0.3",
        {
            "oneOf": [{"$ref": "#/components/schemas/File"}, {"type": "string"}],
            "discriminator": {"propertyName": "kind", "mapping": {"file": "File.json"}},
        },
        {"oneOf": [{"$ref": "#/$defs/File"}, {"type": "string"}]},
    ),
    "compositions": (
        "3.1.0",
        {"if": {"type": "string"}, "then": {"minLength": 1}, "else": False, "not": {"type": "null"}, "anyOf": [True]},
        {"anyOf": [True], "not": {"type": "null"}, "if": {"type": "string"}, "then": {"minLength": 1}, "else": False},
    ),
    "tuples": (
        "3.1.0",
        {"prefixItems": [{"type": "string"}], "items": False, "contains": {"title": "t"}},
        {"prefixItems": [{"type": "string"}], "items": False, "contains": {}},
    ),
    "its own dialect": (
        "3.1.0",
        {"$schema": "https://spec.openapis.org/oas/3.1/dialect/base", "$anchor": "here", "type": "string"},
        {"type": "string"},
    ),
}


@pytest.mark.parametrize(("version", "schema", "expected"), KEPT.values(), ids=KEPT)
def test_schema(version: str, schema: object, expected: object) -> None:
    """What judges is kept, in draft 2020-12's words and in one order; what does not judge is left out."""
    found = translated(schema, version, File={"type": "object"})
    assert json.dumps(found) == json.dumps(expected)


def test_unknown_keyword_is_reported() -> None:
    """A keyword that OpenAPI does not know judges nothing, and is likely a slip: it is left out and reported."""
    made = openapi.contracts(spec({STATUS: get({"type": "object", "requried": ["a"]})}), known=SHIPPED)
    assert made.contracts[0].document["$defs"]["Response200"] == {"type": "object"}
    assert [note for note in made.notes if "'requried'" in note] == [
        "the schema of its Response200 has 'requried', which is no keyword of OpenAPI: left out"
    ]


@pytest.mark.parametrize(
    ("schema", "reported"),
    [
        ({"pattern": "(?<a>x)"}, "has the pattern '(?<a>x)', which Python cannot read: not judged"),
        ({"patternProperties": {"^(a+)+$": {}}}, "has the pattern '^(a+)+$', which may take for ever: not judged"),
    ],
)
def test_pattern_that_is_not_judged_is_reported(schema: object, reported: str) -> None:
    """A pattern that is JavaScript's alone, or too slow to be held against names, is said to judge nothing."""
    made = openapi.contracts(spec({STATUS: get(schema)}, "3.1.0"), known=SHIPPED)
    assert any(note.endswith(reported) for note in made.notes)


REFERENCES = {
    "a component": ("#/components/schemas/File", "File"),
    "a name with a slash": ("#/components/schemas/a~1b", "a-b"),
    "a name with a tilde": ("#/components/schemas/a~0b", "a-b"),
    "a name with a space": ("#/components/schemas/a%20b", "a-b"),
    "a part of a component": ("#/components/schemas/File/properties/name", "File-properties-name"),
    "a part of an answer": (
        "#/paths/~1x/get/responses/200/content/application~1json/schema",
        "paths-x-get-responses-200-content-application-json-schema",
    ),
    "a place of its own": ("#/components/x-shared/Name", "components-x-shared-Name"),
}


@pytest.mark.parametrize(("reference", "name"), REFERENCES.values(), ids=REFERENCES)
def test_reference(reference: str, name: str) -> None:
    """A reference to any place in the document is followed, escapes and all, and what it points at is defined."""
    text = {"type": "string"}
    names = {"File": {"properties": {"name": text}}, "a/b": text, "a~b": text, "a b": text}
    document = spec(
        {STATUS: get({"items": {"$ref": reference}}), "/x": get(text)}, "3.0.3", names, {"x-shared": {"Name": text}}
    )
    found = defs(document)
    assert found["Response200"] == {"items": {"$ref": f"#/$defs/{name}"}}
    assert found[name] == (text if name != "File" else {"properties": {"name": text}})


@pytest.mark.parametrize(
    ("version", "beside", "expected"),
    [
        ("3.0.3", {"description": "d", "required": ["a"]}, {"File": {"type": "object"}}),
        ("3.1.0", {"description": "d"}, {"File": {"type": "object"}}),
        (
            "3.0.3",
            {"nullable": True},
            {"File": {"type": "object"}, "Response200": {"anyOf": [{"$ref": "#/$defs/File"}, NULL]}},
        ),
        (
            "3.1.0",
            {"required": ["a"]},
            {"File": {"type": "object"}, "Response200": {"$ref": "#/$defs/File", "required": ["a"]}},
        ),
    ],
)
def test_body_that_is_a_reference(version: str, beside: dict[str, object], expected: dict[str, object]) -> None:
    """A body that is a mere reference is judged by the component itself; one that says more, by what it says."""
    schema = {"$ref": "#/components/schemas/File", **beside}
    contract = one(spec({STATUS: get(schema)}, version, {"File": {"type": "object"}}))
    assert contract.document["$defs"] == expected
    assert contract.responses["200"] == f"#/$defs/{list(expected)[-1]}"


def test_names_that_look_alike_are_kept_apart() -> None:
    """Two components whose names cannot stand as they are do not become one."""
    components = {"a/b": {"type": "string"}, "a b": {"type": "integer"}, "a-b": {"type": "boolean"}}
    references = [{"$ref": f"#/components/schemas/{name}"} for name in ("a~1b", "a%20b", "a-b")]
    found = defs(spec({STATUS: get({"allOf": references})}, named=components))
    assert [found[r["$ref"].removeprefix("#/$defs/")]["type"] for r in found["Response200"]["allOf"]] == [
        *("string", "integer", "boolean")
    ]


def test_recursion_stays_a_reference() -> None:
    """A component that contains itself is defined once and judges at every depth."""
    node = {"type": "object", "properties": {"child": {"$ref": "#/components/schemas/Node"}}}
    contract = one(spec({STATUS: get({"$ref": "#/components/schemas/Node"})}, named={"Node": node}))
    assert contract.document["$defs"] == {"Node": {"type": "object", "properties": {"child": {"$ref": "#/$defs/Node"}}}}
    assert contract.validator("#/$defs/Node").is_valid({"child": {"child": {}}})
    assert not contract.validator("#/$defs/Node").is_valid({"child": {"child": 1}})


def test_only_what_is_needed_is_defined() -> None:
    """A contract holds what its bodies refer to, and no other component."""
    components = {"A": {"items": {"$ref": "#/components/schemas/B"}}, "B": {}, "C": {}}
    assert set(defs(spec({STATUS: get({"$ref": "#/components/schemas/A"})}, named=components))) == {"A", "B"}


ITEM = {
    "type": "object",
    "required": ["id", "name", "secret"],
    "properties": {
        "id": {"type": "string", "readOnly": True},
        "name": {"type": "string"},
        "secret": {"type": "string", "writeOnly": True},
    },
}
MARKED = {
    "in the schema": {"Item": ITEM},
    "through a reference": {
        "Item": {**ITEM, "properties": {**ITEM["properties"], "id": {"$ref": "#/components/schemas/Id"}}},  # type: ignore[dict-item]
        "Id": {"type": "string", "readOnly": True},
    },
    "in a part": {
        "Item": {"allOf": [{"$ref": "#/components/schemas/Base"}, {"required": ["id", "name", "secret"]}]},
        "Base": {"properties": ITEM["properties"]},
    },
    "required beside a part": {
        "Item": {"required": ["id", "name", "secret"], "allOf": [{"$ref": "#/components/schemas/Base"}]},
        "Base": {"properties": ITEM["properties"]},
    },
}


@pytest.mark.parametrize("components", MARKED.values(), ids=MARKED)
def test_read_only_and_write_only(components: dict[str, Any]) -> None:
    """What is read-only need not be sent and what is write-only need not be answered, in one and the same contract."""
    reference = {"$ref": "#/components/schemas/Item"}
    item = post(reference)
    item["post"]["responses"] = {"200": answer(reference)}
    contract = one(spec({"/x/v3/items": item}, named=components), "/x/*")
    sent, answered = contract.request, contract.responses["200"]
    assert sent is not None
    assert answered is not None
    assert sent != answered
    assert contract.validator(sent).is_valid({"name": "n", "secret": "s"})
    assert not contract.validator(sent).is_valid({"name": "n"})
    assert contract.validator(answered).is_valid({"id": "1", "name": "n"})
    assert not contract.validator(answered).is_valid({"name": "n"})


def test_request_and_answer_share_a_definition_that_is_the_same() -> None:
    """Where both sides say the same, it is said once, under the component's own name."""
    item = post({"$ref": "#/components/schemas/Item"})
    item["post"]["responses"] = {"200": answer({"$ref": "#/components/schemas/Item"})}
    contract = one(spec({"/x/v3/items": item}, named={"Item": {"type": "object"}}), "/x/*")
    assert contract.request == contract.responses["200"] == "#/$defs/Item"


# --- bodies ---------------------------------------------------------------------------------------------------


def responses(given: Mapping[str, Any], **components: Any) -> tuple[dict[str, str | None], tuple[str, ...]]:
    made = openapi.contracts(spec({STATUS: {"get": {"responses": given}}}, shared=components), known=SHIPPED)
    (contract,) = made.contracts
    return dict(contract.responses), made.notes


def test_answers_by_status() -> None:
    """Each status has its schema; one without content has none; they are in order, the default last."""
    found, notes = responses(
        {
            "default": answer({"type": "object"}, "*/*"),
            "204": {"description": "nothing"},
            "200": answer({"type": "string"}, "application/json;charset=utf-8"),
            "x-internal": 1,
        }
    )
    assert list(found.items()) == [
        ("200", "#/$defs/Response200"),
        ("204", None),
        ("default", "#/$defs/ResponseDefault"),
    ]
    assert notes == (f"{STATUS}: no POST {START} that would start the task",)


def test_answer_by_reference() -> None:
    """An answer may be a reference to a shared one, and that to another."""
    shared = {"Error": {"$ref": "#/components/responses/Fault"}, "Fault": answer({"type": "object"})}
    found, _ = responses({"default": {"$ref": "#/components/responses/Error"}, "200": {}}, responses=shared)
    assert found == {"200": None, "default": "#/$defs/ResponseDefault"}


def test_range_is_written_out() -> None:
    """A range judges the registered statuses in it that have no answer of their own, and no others."""
    found, _ = responses({"200": answer(True), "404": answer(True), "4xx": answer(True), "5XX": {}})
    assert found["404"] == "#/$defs/Response404"
    assert found["400"] == found["429"] == "#/$defs/Response4Xx"
    assert found["503"] is None
    assert [status for status in found if status[0] in "13"] == []
    assert "default" not in found


def test_range_of_successes() -> None:
    """A status that has no body by HTTP's own rules is not given one by a range."""
    found, _ = responses({"2XX": answer(True)})
    assert (found["200"], found["202"], found["204"]) == ("#/$defs/Response2Xx", "#/$defs/Response2Xx", None)


def test_default_alone_is_for_successes_too() -> None:
    """Where nothing but the default is documented, it is what a good answer looks like."""
    found, _ = responses({"default": answer(True)})
    assert found["200"] == found["default"] == "#/$defs/ResponseDefault"


@pytest.mark.parametrize(
    ("content", "reported"),
    [
        ({"text/csv": {"schema": {"type": "string"}}}, "is text/csv"),
        ({"application/hal+json": {"schema": {}}}, "is application/hal+json"),
        ({"*/*": {"schema": {"type": "string", "format": "binary"}}}, "is binary"),
    ],
)
def test_answer_that_is_not_json_is_reported(content: object, reported: str) -> None:
    """What is not JSON is not judged, and that is said."""
    found, notes = responses({"200": {"content": content}})
    assert found == {"200": None}
    assert f"the answer 200 of GET {STATUS} {reported}, so its body is not judged" in notes


def test_json_is_preferred() -> None:
    """Of several media types JSON's own schema judges."""
    content = {"*/*": {"schema": {"type": "string"}}, "application/json": {"schema": {"type": "object"}}}
    found = defs(spec({STATUS: {"get": {"responses": {"200": {"content": content}}}}}))
    assert found == {"Response200": {"type": "object"}}


def test_json_of_any_shape() -> None:
    """A media type without a schema wants a body, whatever it be."""
    contract = one(spec({STATUS: {"get": {"responses": {"200": {"content": {"application/json": {}}}}}}}))
    assert (contract.responses["200"], contract.document["$defs"]) == ("#/$defs/Response200", {"Response200": {}})


def request(body: object, **components: Any) -> tuple[str | None, tuple[str, ...]]:
    item = {"post": {"requestBody": body, "responses": {"200": {}}}}
    document = spec({"/x/v3/items": item}, shared=components)
    made = openapi.contracts(document, ["/x/*"], known=SHIPPED)
    return made.contracts[0].request, made.notes


def test_request_by_reference() -> None:
    """A request's body may be a reference to a shared one."""
    shared = {"Item": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}}
    found, _ = request({"$ref": "#/components/requestBodies/Item"}, requestBodies=shared)
    assert found == "#/$defs/Request"


@pytest.mark.parametrize(
    ("body", "reported"),
    [
        ({"content": {"application/json": {}}}, " is optional"),
        (
            {"required": True, "content": {"application/json": {}, "multipart/form-data": {}}},
            " may be application/json, multipart/form-data",
        ),
    ],
)
def test_request_that_a_contract_cannot_judge_is_reported(body: object, reported: str) -> None:
    """A body that may be missing or something other than JSON is not judged, and that is said."""
    found, notes = request(body)
    assert found is None
    assert notes == (f"the request's body of POST /x/v3/items{reported}, so it is not judged",)


def test_body_of_a_get_is_none() -> None:
    """What a GET carries means nothing."""
    assert one(spec({STATUS: get(requestBody={"required": True, "content": {"application/json": {}}})})).request is None


# --- which, and under what names ------------------------------------------------------------------------------


def names(*paths: str, globs: tuple[str, ...] = (), version: str | None = None, **keywords: Any) -> dict[str, str]:
    """Return the path of each contract by version and operation."""
    items = {path: get() if path.endswith("/status") else {**get(), **post()} for path in paths}
    made = openapi.contracts(spec(items, **keywords), globs, version, SHIPPED).contracts
    return {f"{contract.version}/{contract.operation}": contract.path for contract in made}


def task(start: str) -> tuple[str, str]:
    return start, f"{start}/tasks/{{taskId}}/status"


@pytest.mark.parametrize(
    ("start", "name"),
    [
        ("/files/v3/files/import-from-url/async", "v3/import"),
        ("/files/2027-03/files/import-from-url/async", "2027-03/import"),
        ("/files/2026-09-beta/folders/update/async", "2026-09-beta/folder-update"),
        ("/crm/v3/exports/export/async", "v3/export"),
        ("/crm/exports/2026-03/export/async", "2026-03/export"),
        ("/cms/v3/source-code/extract/async", "v3/extract"),
        ("/cms/source-code/2026-09/extract/async", "2026-09/extract"),
        ("/crm/v3/objects/{objectType}/bulkMerge", "v3/bulk-merge"),
        ("/data/v3/import/async", "v3/data-import"),
        ("/v3/import/async", "v3/import"),
    ],
)
def test_name_of_a_task(start: str, name: str) -> None:
    """A task is called by the last fixed part of its path, in every version alike, and HubSpot's Files as shipped."""
    found = names(*task(start))
    if name == "v3/import" and "files" not in start:  # nothing left to tell it apart by
        assert set(found) == {"v3/post-import-async", "v3/get-import-async-tasks-by-task-id-status"}
    else:
        assert found == {f"{name}-start": start, f"{name}-status": f"{start}/tasks/{{taskId}}/status"}


def test_tasks_that_would_be_called_alike() -> None:
    """Where the last part is not enough, as many before it are taken as it needs, for both ends of a task."""
    found = names(*task("/crm/v3/deals/merge/async"), "/crm/v3/contacts/merge/async/tasks/{id}/status")
    assert set(found) == {"v3/deals-merge-start", "v3/deals-merge-status", "v3/contacts-merge-status"}
    assert set(names(*task("/a/v3/x/run"), *task("/b/v3/x/run"))) == {
        *("v3/a-x-run-start", "v3/a-x-run-status", "v3/b-x-run-start", "v3/b-x-run-status")
    }
    assert set(names(*task("/crm/v3/run"), *task("/crm/v4/run"))) == {
        *("v3/run-start", "v3/run-status", "v4/run-start", "v4/run-status")
    }


def test_names_that_nothing_tells_apart_are_refused() -> None:
    """Two operations for one file are refused by their paths."""
    found = refusal(spec({"/v3/a_b": get(), "/v3/a-b": get()}), "/v3/*")
    assert found == "GET /v3/a_b and GET /v3/a-b would all be called get-a-b in version v3"


def test_task_without_a_start_is_reported() -> None:
    """A task of which the document does not say what starts it gives a status, and a note."""
    made = openapi.contracts(spec({STATUS: get(), START: get()}), known=SHIPPED)
    assert [contract.operation for contract in made.contracts] == ["export-status"]
    assert made.notes == (f"{STATUS}: no POST {START} that would start the task",)


def test_paths_besides() -> None:
    """A glob adds every operation of the paths that it matches, called by method and path, task or none."""
    found = names(*task(START), "/crm/v3/imports/{importId}", "/crm/v3/lists", globs=("/crm/*/imports/*", "*lists"))
    assert found == {
        "v3/export-start": START,
        "v3/export-status": STATUS,
        "v3/get-crm-imports-by-import-id": "/crm/v3/imports/{importId}",
        "v3/post-crm-imports-by-import-id": "/crm/v3/imports/{importId}",
        "v3/get-crm-lists": "/crm/v3/lists",
        "v3/post-crm-lists": "/crm/v3/lists",
    }


def test_path_of_a_task_matched_besides() -> None:
    """A glob that matches a task's own path changes none of its names."""
    assert set(names(*task(START), globs=("*/status", "*async"))) == {
        *("v3/export-start", "v3/export-status", "v3/get-crm-exports-export-async")
    }


@pytest.mark.parametrize(
    ("servers", "path"),
    [
        ([{"url": "https://api.hubapi.com"}], "/run/tasks/{id}/status"),
        ([{"url": "https://api.example.com/crm/v3/"}], "/crm/v3/run/tasks/{id}/status"),
        ([{"url": "/crm/v3"}, {"url": "/other"}], "/crm/v3/run/tasks/{id}/status"),
        (
            [{"url": "https://{host}/{base}", "variables": {"base": {"default": "crm/v3"}, "host": {"default": "x"}}}],
            "/crm/v3/run/tasks/{id}/status",
        ),
        ([], "/run/tasks/{id}/status"),
    ],
)
def test_base_path(servers: list[object], path: str) -> None:
    """A path begins with that of the first server."""
    found = names("/run/tasks/{id}/status", version="v3", servers=servers)
    assert found == {"v3/run-status": path}


def test_base_path_of_one_path() -> None:
    """A path's own servers go before those of the document."""
    item = {**get(), "servers": [{"url": "https://x/b/v4"}]}
    contract = one(spec({"/run/tasks/{id}/status": item}, servers=[{"url": "https://x/a/v3"}]))
    assert (contract.version, contract.path) == ("v4", "/b/v4/run/tasks/{id}/status")


def test_version_given() -> None:
    """A version that is given goes before one in the path."""
    assert set(names(STATUS, version="2027-03-beta")) == {"2027-03-beta/export-status"}


def test_version_missing() -> None:
    """A path that names no version needs to be reported one."""
    found = refusal(spec({"/run/tasks/{id}/status": get()}))
    assert found == "the path /run/tasks/{id}/status names no version; say which it is with --version LABEL"


@pytest.mark.parametrize("label", ["", "3", "V3", "2026-3", "../v3"])
def test_version_that_is_none(label: str) -> None:
    """A label that is no version's is quoted, with the forms that there are."""
    with pytest.raises(UnknownVersionError, match=r"is not a HubSpot API version\.\nA version is written as"):
        openapi.contracts(spec({STATUS: get()}), version=label)


@pytest.mark.parametrize(
    ("item", "components"),
    [
        ({"$ref": "#/components/pathItems/Status"}, {"pathItems": {"Status": get()}}),
        ({"$ref": "#/x-items/a~1b", **get()}, {}),
    ],
    ids=["a component", "beside operations"],
)
def test_path_by_reference(item: object, components: dict[str, Any]) -> None:
    """A path may be a reference, and may say more beside it."""
    contract = one(spec({STATUS: item}, "3.1.0", shared=components, **{"x-items": {"a/b": {"summary": "s"}}}))
    assert (contract.method, contract.path) == ("GET", STATUS)


# --- what is refused ------------------------------------------------------------------------------------------

LOOP = {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}}
REFUSED: dict[str, tuple[Document, str]] = {
    "dangling": (spec({STATUS: get({"$ref": "#/components/schemas/No"})}), "'#/components/schemas/No' leads nowhere"),
    "into a text": (spec({STATUS: get({"$ref": "#/openapi/0/x"})}), "'#/openapi/0/x' leads nowhere"),
    "into a number": (spec({STATUS: get({"$ref": "#/x/y/z"})}, x={"y": 1}), "'#/x/y/z' leads nowhere"),
    "remote": (
        spec({STATUS: get({"items": {"$ref": "http://127.0.0.1:9/x.json#/A"}})}),
        "its reference 'http://127.0.0.1:9/x.json#/A' leads out of the document, and nothing is fetched.\nBundle",
    ),
    "a file": (spec({STATUS: get({"$ref": "file:///etc/passwd"})}), "'file:///etc/passwd' leads out of the document"),
    "another document": (spec({STATUS: get({"$ref": "other.yaml"})}), "'other.yaml' leads out of the document"),
    "an anchor": (spec({STATUS: get({"$ref": "#file"})}, "3.1.0"), "its reference '#file' is no JSON pointer"),
    "no text": (spec({STATUS: get({"$ref": 1})}), "a $ref is 1; a reference is a text"),
    "a loop": (spec({STATUS: get({"$ref": "#/components/schemas/A"})}, named=LOOP), "leads back to itself"),
    "a loop in allOf": (
        spec({STATUS: get({"allOf": [{"$ref": "#/components/schemas/A"}]})}, named=LOOP),
        "leads back to itself",
    ),
    "a loop of answers": (
        spec(
            {STATUS: {"get": {"responses": {"200": {"$ref": "#/components/responses/A"}}}}},
            shared={"responses": {"A": {"$ref": "#/components/responses/A"}}},
        ),
        "its reference '#/components/responses/A' leads back to itself",
    ),
    "a loop of paths": (
        spec({STATUS: {"$ref": "#/paths/~1a"}, "/a": {"$ref": "#/paths/~1a"}}),
        "its reference '#/paths/~1a' leads back to itself",
    ),
    "no schema": (spec({STATUS: get({"items": "string"})}), "the schema of its Response200/items is 'string', not a"),
    "no schemas": (spec({STATUS: get({"properties": []})}), "Response200/properties is [], not a mapping of schemas"),
    "no branches": (spec({STATUS: get({"allOf": {}})}), "Response200/allOf is {}, not a list of schemas"),
    "a type that is none": (
        spec({STATUS: get({"type": "strng"})}),
        f"GET {STATUS} makes no contract: it is no valid schema: 'strng' is not valid",
    ),
    "an $id": (spec({STATUS: get({"$id": "http://x"})}, "3.1.0"), "has $id, which is not supported"),
    "a dynamic reference": (spec({STATUS: get({"$dynamicRef": "#x"})}, "3.1.0"), "has $dynamicRef, which is not"),
    "another dialect": (
        spec({STATUS: get({"$schema": "http://json-schema.org/draft-07/schema#"})}, "3.1.0"),
        "its schemas are written in 'http://json-schema.org/draft-07/schema#'; draft 2020-12 (",
    ),
    "no answers": (spec({STATUS: {"get": {}}}), f"GET {STATUS} makes no contract: its x-hubfiles.responses names no"),
    "a status that is none": (
        spec({STATUS: {"get": {"responses": {"ok": {}}}}}),
        f"GET {STATUS} answers 'ok'; that can be three digits, a range such as 4XX, or default",
    ),
    "an answer that is none": (
        spec({STATUS: {"get": {"responses": {"200": "ok"}}}}),
        f"the answer 200 of GET {STATUS} is a text, not an object",
    ),
    "an operation that is none": (spec({STATUS: {"get": []}}), f"GET {STATUS} is a list, not an object"),
    "a path that is none": (spec({"crm": {}}), "its path 'crm' does not begin with a slash"),
    "servers that are none": (spec({STATUS: get()}, servers="x"), "its servers are no list of objects"),
    "a server without a url": (spec({STATUS: get()}, servers=[{"url": 1}]), "its server {'url': 1} has no url"),
    "a server with a broken url": (spec({STATUS: get()}, servers=[{"url": "http://["}]), "url 'http://[' is none: "),
    "half a character": (spec({STATUS: get({"enum": ["\ud800"]})}), "makes no contract: it has a text that is no"),
}


@pytest.mark.parametrize(("document", "reason"), REFUSED.values(), ids=REFUSED)
def test_refused(document: Document, reason: str) -> None:
    """What makes no contract is refused with what was found and where, and nothing is fetched for it."""
    assert reason in refusal(document)


def test_long_chain_of_references() -> None:
    """A chain of references that is too long to be judged is refused, not a traceback."""
    chain: dict[str, Any] = {f"N{n}": {"$ref": f"#/components/schemas/N{n + 1}"} for n in range(3000)}
    document = spec({STATUS: get({"$ref": "#/components/schemas/N0"})}, named={**chain, "N3000": {}})
    assert refusal(document) == f"GET {STATUS} makes no contract: it is nested too deeply"


def test_parts_in_parts_do_not_multiply() -> None:
    """Parts that have the same parts, again and again, are looked at once each, and refused."""
    doubled: dict[str, Any] = {f"N{n}": {"allOf": [{"$ref": f"#/components/schemas/N{n + 1}"}] * 2} for n in range(60)}
    document = spec({STATUS: get({"$ref": "#/components/schemas/N0"})}, named={**doubled, "N60": ITEM})
    assert refusal(document).endswith("its reference '#/$defs/N0' holds one value against more than 1,000 schemas")


def test_nothing_wanted() -> None:
    """A document without a task tells which paths come close, and how others are asked for."""
    found = refusal(spec({"/a/v3/status": get(), "/a/v3/b": get(), STATUS: {"head": {}}}))
    assert found == (
        "none of its 3 paths ends in /tasks/{…}/status and has a GET.\nThese end in /status:\n"
        f"  /a/v3/status\n  {STATUS}\nSay with --path GLOB which paths are meant."
    )
    many = refusal(spec({f"/a/v3/{n}": get() for n in range(12)}))
    assert many.startswith("none of its 12 paths ends in ")
    assert "\nIt has these:\n  /a/v3/0\n" in many
    assert "\n  and 2 more\n" in many


def test_glob_that_matches_nothing() -> None:
    """A glob that matches no path is quoted, with the paths that come close."""
    found = refusal(spec({STATUS: get(), "/crm/v3/imports/{importId}": get()}), "/crm/v3/import/*")
    assert found.startswith("--path '/crm/v3/import/*' matches none of its 2 paths, as /crm/v3/imports/{importId}")


DOCUMENTS: dict[str, tuple[object, str]] = {
    "a list": ([], "it is no mapping; an OpenAPI document begins with"),
    "Swagger": ({"swagger": "2.0", "paths": {}}, "it is Swagger 2.0; OpenAPI 3.0 and 3.1 are read.\nConvert it first"),
    "something else": ({"info": {}}, "it is no OpenAPI document: it has no 'openapi' key"),
    "too new": ({"openapi": "3.2.0", "paths": {"/": {}}}, "its OpenAPI version is '3.2.0'; 3.0 and 3.1 are read"),
    "no version": ({"openapi": None, "paths": {"/": {}}}, "its OpenAPI version is None; 3.0 and 3.1 are read"),
    "no paths": ({"openapi": "3.1.0", "webhooks": {}}, "it describes no paths"),
    "paths a list": ({"openapi": "3.1.0", "paths": [1]}, "it describes no paths"),
    "another dialect": (
        {"openapi": "3.1.0", "paths": {"/": {}}, "jsonSchemaDialect": "http://json-schema.org/draft-07/schema#"},
        "its schemas are written in 'http://json-schema.org/draft-07/schema#'",
    ),
}


@pytest.mark.parametrize(("content", "reason"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_document_that_is_none(content: object, reason: str) -> None:
    """What is no OpenAPI 3.0 or 3.1 document is refused with what it is instead."""
    with pytest.raises(OpenApiError) as caught:
        openapi.parse(json.dumps(content).encode(), "spec.json")
    assert reason in caught.value.reason


# --- reading --------------------------------------------------------------------------------------------------

YAML = """\
openapi: 3.1
info: {title: prose, version: 2026-03-30}
paths:
  /crm/v3/exports/export/async/tasks/{taskId}/status:
    get:
      responses:
        200: &ok
          description: prose
          content:
            application/json:
              schema: &task
                type: object
                properties:
                  country: {enum: [NO, 'yes', 012, 2026-03-30, 1.5, 3, true, ~]}
        default:
          <<: *ok
          description: other prose
        203:
          <<: [*ok, {content: {}}]
"""


def test_yaml() -> None:
    """YAML is read as 1.2 and JSON would have it: NO and a date are texts, a status is one, anchors are followed."""
    contract = one(openapi.parse(YAML.encode(), "spec.yaml"))
    assert contract.responses == {
        **{"200": "#/$defs/Response200", "203": "#/$defs/Response203", "default": "#/$defs/ResponseDefault"}
    }
    country = contract.document["$defs"]["ResponseDefault"]["properties"]["country"]
    assert country == {"enum": ["NO", "yes", "012", "2026-03-30", 1.5, 3, True, None]}
    assert contract.document["$defs"]["Response203"] == contract.document["$defs"]["Response200"]


def test_json_and_yaml_give_the_same() -> None:
    """The same document makes the same contracts, whichever way it is written and whatever its file is called."""
    content = json.dumps(rebuilt([c for c in SHIPPED if c.version == "v3"]).content).encode()
    texts = [
        [openapi.text_of(c) for c in openapi.contracts(replace(document, sha256=""), known=SHIPPED).contracts]
        for document in (
            openapi.parse(content, "spec.json"),
            openapi.parse(content, "spec.yaml"),
            openapi.parse(b"\xef\xbb\xbf" + content, "spec"),
        )
    ]
    assert texts[0] == texts[1] == texts[2]


def bomb(levels: int) -> bytes:
    lines = ["openapi: 3.1.0", "a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join([*lines, f"paths: {{/: *a{levels - 1}}}", ""]).encode()


UNREADABLE: dict[str, tuple[bytes, str, str]] = {
    "empty": (b"", "spec.yaml", "it is no mapping"),
    "broken JSON": (b'{"openapi": ', "spec.json", "it is not JSON: Expecting value"),
    "JSON with a key twice": (b'{"a": 1, "a": 2}', "spec.json", "the key 'a' stands twice in one object"),
    "JSON with NaN": (b'{"a": NaN}', "spec.json", "it is not JSON: NaN is not JSON"),
    "JSON with too large a number": (b'{"a": 1e999}', "spec.json", "it holds a number that is too large"),
    "JSON nested deeply": (b"[" * 101 + b"]" * 101, "spec.json", "it is nested more than 100 levels deep"),
    "JSON nested very deeply": (b"[" * 100_000 + b"]" * 100_000, "spec.json", "it is n"),
    "not UTF-8": (b"openapi: \xff", "spec.yaml", "it is not UTF-8 text (byte 9)"),
    "broken YAML": (b"a: [\nb: c", "spec.yaml", "it is not YAML: "),
    "a tab": (b"a:\n\t- b", "spec.yaml", "cannot start any token, line 2"),
    "YAML with a key twice": (b"a: 1\nb: 2\na: 3", "spec.yaml", "the key 'a' stands twice in one mapping, line 3"),
    "YAML nested deeply": (b"[" * 101 + b"]" * 101, "spec.yaml", "it is nested more than 100 levels deep, line 1"),
    "YAML nested very deeply": (b"[" * 100_000, "spec.yaml", "nest"),
    "YAML that contains itself": (b"a: &a [*a]", "spec.yaml", "the alias 'a' stands for what it is part of, line 1"),
    "an alias bomb": (bomb(9), "spec.yaml", "with its aliases written out it is larger than 32 MB, line 7"),
    "an unknown alias": (b"a: *b", "spec.yaml", "the alias 'b' stands for nothing, line 1"),
    "an object of Python": (b"a: !!python/object:os.system {}", "spec.yaml", "its tag tag:yaml.org,2002:python/"),
    "bytes": (b"a: !!binary aGk=", "spec.yaml", "its tag tag:yaml.org,2002:binary asks for more than plain data"),
    "a set": (b"a: !!set {x}", "spec.yaml", "its tag tag:yaml.org,2002:set asks for more"),
    "a number that is none": (b"a: !!int x", "spec.yaml", "'x' is no int; put it in quotes if it is a text, line 1"),
    "a number that is too large": (b"a: !!float 1e999", "spec.yaml", "'1e999' is no number of JSON, line 1"),
    "a mapping as a key": (b"{[a]: b}", "spec.yaml", "a key is no plain text, line 1"),
    "a merge of a text": (b"<<: a", "spec.yaml", "what '<<' merges is no mapping, line 1"),
    "two documents": (
        b"a: 1\n---\nb: 2",
        "spec.yaml",
        "another document begins here; an OpenAPI document is one, line 2",
    ),
    "a control character": (b"a: \x01", "spec.yaml", "it is not YAML: "),
}


@pytest.mark.parametrize(("content", "name", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_unreadable(content: bytes, name: str, reason: str) -> None:
    """What cannot be read, or not without harm, is refused with the reason and the line where there is one."""
    with pytest.raises(OpenApiError) as caught:
        openapi.parse(content, name)
    assert reason in caught.value.reason
    assert caught.value.source == name


def test_large_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is too large is refused without being read whole."""
    monkeypatch.setattr("pytest_hubfiles.openapi.documents.LARGEST", 1000)
    file = tmp_path / "spec.json"
    file.write_bytes(b" " * 1001)
    with pytest.raises(OpenApiError, match="it has more than"):
        openapi.read(file)


def test_much_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """A document whose schema files would be far larger than itself, for what they share, is refused."""
    named = {"A": {"properties": {f"p{n}": {"type": "string"} for n in range(100)}}}
    paths = {f"/crm/v3/a{n}/tasks/{{id}}/status": get({"$ref": "#/components/schemas/A"}) for n in range(20)}
    assert len(openapi.contracts(spec(paths, named=named)).contracts) == 20
    monkeypatch.setattr("pytest_hubfiles.openapi.importing.LARGEST", 100_000)
    with pytest.raises(OpenApiError, match="would have more than 0 MB; split the document"):
        openapi.contracts(spec(paths, named=named))


# --- whatever comes -------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["A", "B", "a/b", "id", "$ref", "é"])
ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats(allow_nan=False) | st.text(max_size=3) | NAMES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2),
    max_leaves=4,
)
POINTERS = st.sampled_from(
    ["#/components/schemas/A", "#/components/schemas/B", "#/components/schemas/A/properties/id", "#/openapi", "#", "x"]
)


def _schema(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    listed = st.lists(inner, min_size=1, max_size=2)
    named = st.dictionaries(NAMES, inner, max_size=2)
    return st.fixed_dictionaries(
        {},
        optional={
            "$ref": POINTERS,
            "type": st.sampled_from(["string", "integer", "object", "array", "null", ["string", "null"], "odd"]),
            "format": st.sampled_from(["date-time", "uri", "int32", None, 1]),
            "enum": st.lists(st.none() | NAMES | st.integers(0, 2), max_size=3),
            "required": st.lists(NAMES, max_size=3),
            "properties": named,
            "patternProperties": named,
            "additionalProperties": inner,
            "items": inner,
            "allOf": listed,
            "oneOf": listed,
            "anyOf": listed,
            "not": inner,
            "nullable": st.booleans(),
            "minimum": st.integers(0, 3),
            "exclusiveMinimum": st.booleans() | st.integers(0, 3),
            "pattern": st.sampled_from(["^a", "(", r"\p{L}"]),
            "readOnly": st.booleans(),
            "writeOnly": st.booleans(),
            "discriminator": ODD,
            "example": ODD,
            "x-odd": ODD,
            "unknown": ODD,
        },
    )


SOUND = st.recursive(st.booleans() | st.just({"type": "string"}), _schema, max_leaves=6)
many = settings(max_examples=150)


@pytest.mark.slow
@many
@given(version=st.sampled_from(["3.0.3", "3.1.0"]), sound=st.lists(SOUND, min_size=4, max_size=4), body=ODD)
def test_any_schema(version: str, sound: list[Any], body: object) -> None:
    """Whatever a document's schemas are, importing gives files that load and judge, or an error made to be read."""
    item = post(sound[0])
    item["post"]["responses"] = {"202": answer(sound[1]), "default": answer({"$ref": "#/components/schemas/B"})}
    named = {"A": sound[2], "B": sound[3]}
    _import(spec({START: item, STATUS: get({"$ref": "#/components/schemas/A"})}, version, named), body)


@pytest.mark.slow
@many
@given(data=st.data())
def test_any_document(data: st.DataObject) -> None:
    """Something odd in any place of a good document gives files that load, or an error made to be read."""
    item = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "readOnly": True}}}
    paths = {START: post({"$ref": "#/components/schemas/Item"}), STATUS: get({"items": item}), "/a/v3/b": get()}
    shared = {"responses": {"Error": answer(True)}}
    whole = json.loads(json.dumps(spec(paths, "3.0.3", {"Item": item}, shared, servers=[{"url": "/"}]).content))
    here = whole
    while True:
        key = data.draw(st.sampled_from(sorted(here)) if isinstance(here, dict) else st.integers(0, len(here) - 1))
        if not isinstance(here[key], (dict, list)) or not here[key] or data.draw(st.integers(0, 4)) == 0:
            here[key] = data.draw(ODD)
            break
        here = here[key]
    try:
        document = Document("spec.json", whole)
    except OpenApiError:
        return
    _import(document, {})


def _import(document: Document, body: object) -> None:
    """Import *document*; whatever that gives has to load from files and judge *body*, any error be one of ours."""
    try:
        made = openapi.contracts(document, ["/a/*"] if "/a/v3/b" in document.content["paths"] else [], known=SHIPPED)
    except OpenApiError:
        return
    with tempfile.TemporaryDirectory() as folder:
        openapi.save([openapi.SchemaFile.of(contract, Path(folder)) for contract in made.contracts])
        loaded = schema_files.load([Path(folder)]).entries[: len(made.contracts)]
    assert {contract.operation for contract in loaded} == {contract.operation for contract in made.contracts}
    for contract in loaded:
        for pointer in filter(None, [contract.request, *contract.responses.values()]):
            errors = list(contract.validator(pointer).iter_errors(body))
            assert not errors or contract.fast_validator(pointer).faults(body) != []
        contract.outline(200)
