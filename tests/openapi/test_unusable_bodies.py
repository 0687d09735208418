"""One schema of an OpenAPI document that cannot be used costs the body that needs it, not the document."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from helpers.exports import EXPORTS, START, STATUS

from pytest_hubfiles import openapi
from pytest_hubfiles.judge import schema_files
from pytest_hubfiles.judge.contract import Contract
from pytest_hubfiles.openapi import Document, OpenApiError

SHIPPED = schema_files.load().entries
JSON = "application/json"


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


# HubSpot's own exports describe their request so: a type whose branches contain it again.
LOOP = {
    "ExportRequest": {"oneOf": [ref("ViewRequest"), ref("ListRequest")]},
    "ViewRequest": {"allOf": [ref("ExportRequest"), {"type": "object"}]},
    "ListRequest": {"allOf": [ref("ExportRequest"), {"type": "object"}]},
}
UNUSABLE: dict[str, Any] = {
    "a dangling reference": ref("Nowhere"),
    "a dangling reference inside": {"type": "object", "properties": {"a": {"items": ref("Nowhere")}}},
    "a loop": ref("ExportRequest"),
    "another document": {"$ref": "other.yaml#/A"},
    "an anchor": {"$ref": "#file"},
    "no reference": {"$ref": 1},
    "a type that is none": {"type": "strng"},
    "no schema": {"properties": {"a": "string"}},
    "no list of branches": {"allOf": {}},
    "a length that is none": {"maxLength": "long"},
    "half a character": {"enum": ["\ud800"]},
}


def changed(**schemas: Any) -> tuple[dict[str, Any], Document]:
    """Return the exports' paths, to be changed, and their document with LOOP and *schemas* besides."""
    content = copy.deepcopy(EXPORTS)
    content["components"]["schemas"] |= {name: LOOP[name] for name in ("ViewRequest", "ListRequest")} | schemas
    return content["paths"], Document("exports.json", content)


def imported(document: Document, *globs: str) -> tuple[Mapping[str, Contract], tuple[str, ...]]:
    made = openapi.contracts(document, globs, None, SHIPPED)
    return {contract.operation: contract for contract in made.contracts}, made.notes


@pytest.mark.parametrize("schema", UNUSABLE.values(), ids=UNUSABLE)
def test_a_request(schema: Any) -> None:
    """A request whose schema cannot be used is not judged and a note says why; all else is as it was."""
    whole, _ = imported(changed()[1])
    paths, document = changed(ExportRequest=LOOP["ExportRequest"])
    paths[START]["post"]["requestBody"]["content"][JSON]["schema"] = schema
    made, notes = imported(document)

    assert set(made) == {"export-start", "export-status"}
    assert made["export-start"].request is None
    assert made["export-start"].responses == whole["export-start"].responses
    assert made["export-status"].document == whole["export-status"].document
    (note,) = notes
    assert note.startswith(f"the request's body of POST {START} has no usable schema, so it is not judged: ")


@pytest.mark.parametrize("schema", UNUSABLE.values(), ids=UNUSABLE)
@pytest.mark.parametrize("status", ["default", "4XX", "404"])
def test_an_error(status: str, schema: Any) -> None:
    """So is an error, whose status is then described by no schema."""
    paths, document = changed(ExportRequest=LOOP["ExportRequest"])
    answers = paths[STATUS]["get"]["responses"]
    answers.pop("default")
    answers[status] = {"description": "", "content": {JSON: {"schema": schema}}}
    made, notes = imported(document)

    status_contract = made["export-status"]
    assert status_contract.response(200) is not None
    assert status_contract.response(404) is None
    assert any(note.startswith(f"the answer {status} of GET {STATUS} has no usable schema") for note in notes)


@pytest.mark.parametrize("schema", UNUSABLE.values(), ids=UNUSABLE)
def test_the_only_success(schema: Any) -> None:
    """An operation of which no success could be judged is left out, with a note; the others stay."""
    paths, document = changed(ExportRequest=LOOP["ExportRequest"])
    paths[START]["post"]["responses"]["202"]["content"][JSON]["schema"] = schema
    paths[START]["post"].pop("requestBody")
    made, notes = imported(document)

    assert set(made) == {"export-status"}
    assert any(note.startswith(f"POST {START} is left out: ") for note in notes)


def test_one_success_of_two() -> None:
    """Of two successes the other one is judged."""
    paths, document = changed()
    paths[STATUS]["get"]["responses"]["202"] = {"$ref": "#/components/responses/Nowhere"}
    made, _ = imported(document)
    assert made["export-status"].response(200) is not None
    assert made["export-status"].responses["202"] is None


def test_several_bodies() -> None:
    """Each unusable body has a note of its own."""
    paths, document = changed(ExportRequest=LOOP["ExportRequest"])
    paths[START]["post"]["responses"]["default"] = {"$ref": "#/components/responses/Nowhere"}
    made, notes = imported(document)
    assert (made["export-start"].request, made["export-start"].response(400)) == (None, None)
    assert len(notes) == 2


def test_a_dangling_path() -> None:
    """A path that refers to nothing is left out, too."""
    paths, document = changed()
    paths["/crm/v3/gone"] = {"$ref": "#/components/pathItems/Nowhere"}
    made, notes = imported(document)
    assert set(made) == {"export-start", "export-status"}
    assert notes == ("a path is left out: its reference '#/components/pathItems/Nowhere' leads nowhere",)


def test_nothing_usable() -> None:
    """Where no operation is left, the document is refused, with the first reason."""
    paths, document = changed()
    del paths[START]
    paths[STATUS]["get"]["responses"]["200"]["content"][JSON]["schema"] = ref("Nowhere")
    with pytest.raises(OpenApiError, match="its reference '#/components/schemas/Nowhere' leads nowhere"):
        imported(document)
