"""The schema files: those that are shipped, those that users add, and how a bad one is refused."""

from __future__ import annotations

import json
import socket
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from helpers.answers import CAT, COMPLETE, VERSIONS, WITH_FOLDERS, interaction, poll
from jsonschema import Draft202012Validator

from pytest_hubfiles.judge import schema_files
from pytest_hubfiles.judge.schema_files import SchemaFileError
from pytest_hubfiles.judge.shipped import shipped_schemas, versions_on_file
from pytest_hubfiles.model.policy import Kind

SHIPPED = sorted(shipped_schemas().glob("*/*.json"))
REQUESTS = {
    "import-start": ("POST", "/files/{version}/files/import-from-url/async"),
    "import-status": ("GET", "/files/{version}/files/import-from-url/async/tasks/{taskId}/status"),
    "folder-update-start": ("POST", "/files/{version}/folders/update/async"),
    "folder-update-status": ("GET", "/files/{version}/folders/update/async/tasks/{taskId}/status"),
}
DOCUMENTED = [(version, operation) for version in VERSIONS for operation in REQUESTS if operation.startswith("import")]
DOCUMENTED += [(version, operation) for version in WITH_FOLDERS for operation in REQUESTS if operation[:6] == "folder"]
EXPORTS = "/crm/v3/exports/export/async/tasks/{taskId}/status"


def shipped(version: str, operation: str) -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads((shipped_schemas() / version / f"{operation}.json").read_text("utf-8"))
    return document


def definition(version: str, operation: str, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = shipped(version, operation)["$defs"][name]
    return found


SOURCES = {
    "v3": "88325a5235785a74a934c92f58e7b552e1f4cc13cfefc55cccabe619ee3255b3",
    "2026-03": "34ce8490170250666c03c675568a6a7321a355d96848b5d08b004236a29521e0",
}
"""The digests of HubSpot's own OpenAPI documents of its Files API, of 2026-08-21, by version."""


@pytest.fixture
def _nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError(f"something was fetched: {args}")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(urllib.request, "urlopen", refuse)


# --- the shipped files ----------------------------------------------------------------------------------------


def test_shipped_files_name_the_document_they_were_made_from() -> None:
    """Those of the two versions that HubSpot documents in full were imported; the others are ours, and name none."""
    for contract in schema_files.load().entries:
        digest = SOURCES.get(contract.version)
        if digest is None:
            assert contract.source is None
        else:
            assert contract.source is not None
            assert contract.source == ("Files Files", contract.version, digest)


def test_every_operation_of_every_version_is_shipped() -> None:
    """There are eighteen files: four operations in four versions, and the beta's two."""
    assert len(SHIPPED) == 18
    assert {(file.parent.name, file.stem) for file in SHIPPED} == set(DOCUMENTED)


def test_shipped_files_pass_the_checks_of_a_users_own() -> None:
    """The shipped files are loaded unchecked in every run, since this test checks them."""
    assert len(schema_files.load([shipped_schemas()]).entries) == 2 * 18


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_shipped_file_is_a_schema(file: Path) -> None:
    """A shipped file is valid draft 2020-12 and says so."""
    document = json.loads(file.read_text("utf-8"))
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(document)


@pytest.mark.parametrize(("version", "operation"), DOCUMENTED)
def test_shipped_file_describes_its_operation(version: str, operation: str) -> None:
    """Method, path and judged statuses are those of the interface, and starters judge their request."""
    method, path = REQUESTS[operation]
    about = shipped(version, operation)["x-hubfiles"]
    assert (about["method"], about["path"]) == (method, path.format(version=version, taskId="{taskId}"))
    assert set(about["responses"]) == {"202" if operation.endswith("start") else "200", "default"}
    assert about["responses"]["default"] == "#/$defs/Error"
    assert ("request" in about) is operation.endswith("start")


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_shipped_file_holds_no_prose(file: Path) -> None:
    """Prose of the documentation is neither ours to copy nor checked by anything."""
    texts = {"description", "summary", "example", "examples", "deprecated", "$comment"}
    assert not texts & set(keys_in(json.loads(file.read_text("utf-8"))))


def keys_in(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, child in value.items():
            yield key
            yield from keys_in(child)
    elif isinstance(value, list):
        for child in value:
            yield from keys_in(child)


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_shipped_file_is_sorted(file: Path) -> None:
    """Definitions, properties, enumerations and required names are sorted, so that a change is one line of a diff."""
    text = file.read_text("utf-8")
    document = json.loads(text)
    assert text == json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    assert list(document["$defs"]) == sorted(document["$defs"])
    for schema in document["$defs"].values():
        for names in (schema.get("required", []), list(schema.get("properties", {}))):
            assert names == sorted(names)
        for child in schema.get("properties", {}).values():
            assert child.get("enum", []) == sorted(child.get("enum", []))


# --- what differs between versions, as documented -------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_access_of_a_file_is_required_in_v3_only(version: str) -> None:
    """Every version requires four fields of a File, and v3 the access too."""
    required = ["archived", "createdAt", "id", "updatedAt"]
    expected = ["access", *required] if version == "v3" else required
    assert definition(version, "import-status", "File")["required"] == expected


@pytest.mark.parametrize("version", VERSIONS)
def test_import_requires_more_since_the_dated_versions(version: str) -> None:
    """An import's URL is required in v3 only; the dated versions require three fields that v3 did not."""
    expected = (
        ["access", "url"]
        if version == "v3"
        else ["access", "duplicateValidationScope", "duplicateValidationStrategy", "overwrite"]
    )
    assert definition(version, "import-start", "ImportFromUrlInput")["required"] == expected


@pytest.mark.parametrize(("version", "operation"), [pair for pair in DOCUMENTED if pair[1].endswith("start")])
def test_links_of_a_locator_are_required_in_v3_only(version: str, operation: str) -> None:
    """What starts a task answers with its id, and in v3 with links as well."""
    name = "ImportFromUrlTaskLocator" if operation == "import-start" else "FolderUpdateTaskLocator"
    expected = ["id", "links"] if version == "v3" else ["id"]
    assert definition(version, operation, name)["required"] == expected


@pytest.mark.parametrize("name", ["FileActionResponse", "StandardError", "ErrorDetail", "Error"])
def test_definitions_that_all_versions_share(name: str) -> None:
    """A task, its errors and the error object are the same in all five versions."""
    assert len({json.dumps(definition(version, "import-status", name)) for version in VERSIONS}) == 1


@pytest.mark.parametrize("name", ["FolderActionResponse", "Folder"])
def test_definitions_of_folders_that_all_versions_share(name: str) -> None:
    """A folder and its task are the same in all versions that have them."""
    assert len({json.dumps(definition(version, "folder-update-status", name)) for version in WITH_FOLDERS}) == 1


@pytest.mark.parametrize(("version", "operation"), [pair for pair in DOCUMENTED if pair[0] not in ("v3", "2026-03")])
def test_dated_versions_differ_by_path_alone(version: str, operation: str) -> None:
    """What is documented of an operation is the same in every dated version that has it."""
    text = (shipped_schemas() / version / f"{operation}.json").read_text("utf-8")
    imported = dict(shipped("2026-03", operation))
    imported["x-hubfiles"] = {key: value for key, value in imported["x-hubfiles"].items() if key != "source"}
    assert json.loads(text.replace(version, "2026-03")) == imported


@pytest.mark.parametrize("operation", ["import-status", "folder-update-status"])
def test_task(operation: str) -> None:
    """A task requires four fields in every state, and there are four states."""
    name = "FileActionResponse" if operation == "import-status" else "FolderActionResponse"
    task = definition("2026-03", operation, name)
    assert task["required"] == ["completedAt", "startedAt", "status", "taskId"]
    assert task["properties"]["status"]["enum"] == ["CANCELED", "COMPLETE", "PENDING", "PROCESSING"]


@pytest.mark.parametrize("version", VERSIONS)
def test_file(version: str) -> None:
    """A File has the same 21 properties in every version, its sizes and times in the documented formats."""
    file = definition(version, "import-status", "File")["properties"]
    assert len(file) == 21
    assert {name for name, child in file.items() if child.get("format") == "date-time"} == {
        *("archivedAt", "createdAt", "updatedAt")
    }
    assert {name: child["format"] for name, child in file.items() if child["type"] == "integer"} == {
        **{"expiresAt": "int64", "size": "int64", "height": "int32", "width": "int32"}
    }
    assert len(file["access"]["enum"]) == 8
    assert file["sourceGroup"]["enum"] == ["CONTENT", "CONVERSATIONS", "FORMS", "UI_EXTENSIONS", "UNKNOWN"]


@pytest.mark.parametrize("version", WITH_FOLDERS)
def test_parent_of_a_folder_is_a_number_to_send_and_a_text_to_read(version: str) -> None:
    """The documented mismatch is kept: parentFolderId is int64 in the request and a string in a Folder."""
    sent = definition(version, "folder-update-start", "FolderUpdateInputWithId")
    assert sent["required"] == ["id"]
    assert sent["properties"]["parentFolderId"] == {"type": "integer", "format": "int64"}
    assert definition(version, "folder-update-status", "Folder")["properties"]["parentFolderId"] == {"type": "string"}


# --- a user's own ---------------------------------------------------------------------------------------------


def document(**changed: Any) -> dict[str, Any]:
    """Return a schema file's content: HubSpot's CRM exports, whose task pattern is the same."""
    about = {"method": "GET", "path": EXPORTS, "responses": {"200": "#/$defs/Export", "default": "#/$defs/Error"}}
    return {
        "x-hubfiles": about,
        "$defs": {
            "Error": {"type": "object", "required": ["message"], "properties": {"message": {"type": "string"}}},
            "Export": {
                "type": "object",
                "required": ["status"],
                "properties": {"status": {"enum": ["COMPLETE", "PENDING"]}, "result": {"type": "string"}},
            },
        },
        **changed,
    }


def with_export(**keywords: Any) -> dict[str, Any]:
    made = document()
    made["$defs"]["Export"] = keywords
    return made


def about(**changed: Any) -> dict[str, Any]:
    made = document()
    made["x-hubfiles"] = {**made["x-hubfiles"], **changed}
    return made


def save(folder: Path, content: object, version: str = "v3", operation: str = "export-status") -> Path:
    file = folder / version / f"{operation}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return file


def test_operation_of_another_api_needs_a_file_only(tmp_path: Path) -> None:
    """A file makes a contract of any task endpoint: it is found by its path and judged by its schema."""
    save(tmp_path, document())
    contracts = schema_files.load([tmp_path])
    path = EXPORTS.replace("{taskId}", "90151673")
    exchange = contracts.identify(interaction("GET", path, {"status": "DONE", "extra": 1}))
    assert (exchange.operation, exchange.version) == ("export-status", "v3")
    found = {(finding.kind, finding.path) for finding in contracts.check(exchange)}
    assert found == {(Kind.SCHEMA_VIOLATION, "$.status"), (Kind.UNDOCUMENTED_FIELD, "$.extra")}


def test_version_needs_a_file_only(tmp_path: Path) -> None:
    """A version that is not shipped is added by a folder with its label."""
    path = "/files/2027-03/files/import-from-url/async/tasks/{taskId}/status"
    save(tmp_path, about(path=path), version="2027-03", operation="import-status")
    contracts = schema_files.load([tmp_path])
    assert contracts.versions == ["v3", "2025-09", "2026-03", "2026-09", "2026-09-beta", "2027-03"]
    assert versions_on_file([tmp_path]) == contracts.versions
    assert contracts.get("2027-03", "import-status").path == path


def test_users_folders_are_searched_first(tmp_path: Path) -> None:
    """Of several contracts for a path the first folder's judges, and a shipped one the last."""
    path = REQUESTS["import-status"][1].format(version="v3", taskId="{taskId}")
    for name, required in (("first", "one"), ("second", "two")):
        content = with_export(type="object", required=[required], additionalProperties=True)
        content["x-hubfiles"]["path"] = path
        save(tmp_path / name, content, operation="import-status")
    contracts = schema_files.load([tmp_path / "first", tmp_path / "second"])
    exchange = contracts.identify(poll(COMPLETE).interaction)
    assert [finding.path for finding in contracts.check(exchange)] == ["$.one"]


def test_folders_without_schemas_name_no_version(tmp_path: Path) -> None:
    """Only folders that hold schemas count as versions on file, and a missing one holds none."""
    (tmp_path / "drafts").mkdir()
    assert tuple(versions_on_file([tmp_path, tmp_path / "missing"])) == VERSIONS


GOOD = {
    "without a dialect": document(),
    "with the dialect": document(**{"$schema": "https://json-schema.org/draft/2020-12/schema"}),
    "with an $id": document(**{"$id": "https://example.com/export.json"}),
    "with a recursive part": with_export(type="object", properties={"child": {"$ref": "#/$defs/Export"}}),
    "with an anchor": with_export(type="array", items={"$ref": "#error"})
    | {"$defs": {**document()["$defs"], "Error": {"$anchor": "error"}, "Export": {"items": {"$ref": "#error"}}}},
    "with a reference to the word true": with_export(
        properties={"a": {"$ref": "#/$defs/Export/properties/b"}, "b": True}
    ),
    "with everything allowed": with_export(properties={"status": True, "result": False}),
    "with names of keywords as values": with_export(
        enum=[{"format": "none"}], const={"$ref": "http://x"}, default={"$id": 1}, examples=[{"odd": 1}]
    ),
    "with names of keywords as properties": with_export(properties={"format": {}, "$ref": {}, "odd": {}}),
    "with dependentRequired": with_export(dependentRequired={"status": ["result"]}),
    "with an extension": with_export(**{"x-internal": {"odd": "format"}}),
    "without a body": about(responses={"204": None}),
}


@pytest.mark.usefixtures("_nothing_is_fetched")
@pytest.mark.parametrize("content", GOOD.values(), ids=GOOD)
def test_good_file(tmp_path: Path, content: object) -> None:
    """What draft 2020-12 allows inside one file is read, and judges without a traceback."""
    save(tmp_path, content)
    contracts = schema_files.load([tmp_path])
    path = EXPORTS.replace("{taskId}", "1")
    for body in ({"status": "COMPLETE"}, {"child": {"child": {"x": 1}}}, [1], "x"):
        list(contracts.check(contracts.identify(interaction("GET", path, body))))


SELF = {"$ref": "#/$defs/Export"}
BAD: dict[str, tuple[object, str]] = {
    "not JSON": (b"{", "it is not JSON: Expecting property name"),
    "not UTF-8": (b"\xff\xfe", "it is not JSON: it is not utf-8 text (byte 0)"),
    "a key twice": (b'{"a": 1, "a": 2}', "it is not JSON: the key 'a' stands twice in one object"),
    "nested too deeply": (b"[" * 100_000, "it is not JSON: "),
    "not an object": ([], "it is not a JSON object"),
    "no x-hubfiles": ({"type": "object"}, "it has no 'x-hubfiles' object with method, path and responses"),
    "x-hubfiles a text": ({"x-hubfiles": "GET"}, "it has no 'x-hubfiles' object with method, path and responses"),
    "no method": (about(method=None), "its x-hubfiles.method is None; it can be DELETE, GET, PATCH, POST, PUT"),
    "bad method": (about(method="get"), "its x-hubfiles.method is 'get'; it can be DELETE, GET, PATCH, POST, PUT"),
    "method a list": (about(method=["GET"]), "its x-hubfiles.method is ['GET']; it can be DELETE, GET, PATCH"),
    "no path": (about(path=None), "its x-hubfiles.path is None; it must be a path such as /files/v3/…/{taskId}/status"),
    "path a URL": (about(path="https://x/y"), "its x-hubfiles.path is 'https://x/y'; it must be a path"),
    "no responses": (about(responses={}), "its x-hubfiles.responses names no HTTP status"),
    "responses a list": (about(responses=["200"]), "its x-hubfiles.responses names no HTTP status"),
    "bad status": (
        about(responses={"2XX": None}),
        "its x-hubfiles.responses has '2XX'; a status is three digits or 'default'",
    ),
    "bad pointer": (
        about(responses={"200": "Export"}),
        "its x-hubfiles.responses.200 is 'Export'; give a pointer such as #/$defs/Error, or null",
    ),
    "pointer an object": (about(responses={"200": {}}), "its x-hubfiles.responses.200 is {}; give a pointer"),
    "bad request": (about(request=7), "its x-hubfiles.request is 7; it must be a pointer such as #/$defs/Input"),
    "pointer to nothing": (about(responses={"200": "#/$defs/No"}), "its reference '#/$defs/No' leads nowhere"),
    "request to nothing": (about(request="#/$defs/No"), "its reference '#/$defs/No' leads nowhere"),
    "pointer to no schema": (
        about(responses={"200": "#/x-hubfiles/responses"}),
        "its reference '#/x-hubfiles/responses' leads to no schema",
    ),
    "wrong $schema": (
        document(**{"$schema": "http://json-schema.org/draft-07/schema#"}),
        "its $schema is 'http://json-schema.org/draft-07/schema#'; only draft 2020-12 (",
    ),
    "other $schema inside": (
        with_export(**{"$schema": "http://json-schema.org/draft-04/schema#"}),
        "a part of it has an $schema of its own, 'http://json-schema.org/draft-04/schema#'",
    ),
    "other $id inside": (
        with_export(**{"$id": "http://example.com/other"}),
        "a part of it has an $id of its own, 'http://example.com/other'",
    ),
    "invalid schema": (with_export(type="strng"), "it is no valid schema: 'strng' is not valid under any of the given"),
    "invalid pattern": (with_export(pattern="("), "it is no valid schema: '(' is not a 'regex'"),
    "unknown keyword": (
        with_export(requried=["status"]),
        "its keyword 'requried' is none of draft 2020-12, so nothing would check it",
    ),
    "unknown keyword in a branch": (
        with_export(allOf=[{"properties": {"a": {"nulable": True}}}]),
        "its keyword 'nulable' is none of draft 2020-12, so nothing would check it",
    ),
    "OpenAPI's nullable": (
        with_export(type="string", nullable=True),
        "its keyword 'nullable' is none of draft 2020-12, so nothing would check it",
    ),
    "unknown format": (with_export(format="datetime"), "nothing checks its format 'datetime'; these are checked: "),
    "unknown $ref": (with_export(properties={"a": {"$ref": "#/$defs/No"}}), "its reference '#/$defs/No' leads nowhere"),
    "unknown anchor": (with_export(items={"$ref": "#no"}), "its reference '#no' leads nowhere"),
    "remote $ref": (
        with_export(items={"$ref": "http://127.0.0.1:9/schema.json"}),
        "its reference 'http://127.0.0.1:9/schema.json' leads out of the file; references stay inside, and nothing is",
    ),
    "$ref to a file": (
        with_export(items={"$ref": "file:///etc/passwd"}),
        "its reference 'file:///etc/passwd' leads out",
    ),
    "relative $ref": (with_export(items={"$ref": "other.json"}), "its reference 'other.json' leads out of the file"),
    "$ref to the meta-schema": (
        with_export(items={"$ref": "https://json-schema.org/draft/2020-12/schema"}),
        "its reference 'https://json-schema.org/draft/2020-12/schema' leads out of the file",
    ),
    "$dynamicRef out of the file": (
        with_export(items={"$dynamicRef": "http://127.0.0.1:9/schema.json#node"}),
        "its reference 'http://127.0.0.1:9/schema.json#node' leads out of the file",
    ),
    "$ref to itself": (with_export(**SELF), "its reference '#/$defs/Export' leads back to itself"),
    "$ref to itself in allOf": (with_export(allOf=[SELF]), "its reference '#/$defs/Export' leads back to itself"),
    "$ref to itself in anyOf": (with_export(anyOf=[True, SELF]), "its reference '#/$defs/Export' leads back to itself"),
    "$ref to itself in oneOf": (with_export(oneOf=[SELF]), "its reference '#/$defs/Export' leads back to itself"),
    "$ref to itself in not": (with_export(**{"not": SELF}), "its reference '#/$defs/Export' leads back to itself"),
    "$ref to itself in if": (with_export(**{"if": SELF}), "its reference '#/$defs/Export' leads back to itself"),
    "$ref to itself in dependentSchemas": (
        with_export(dependentSchemas={"status": SELF}),
        "its reference '#/$defs/Export' leads back to itself",
    ),
    "$ref to itself further in": (
        with_export(properties={"a": {"$ref": "#/$defs/Error"}})
        | {"$defs": {"Export": {"items": {"$ref": "#/$defs/Error"}}, "Error": {"$ref": "#/$defs/Error"}}},
        "leads back to itself",
    ),
    "$ref in a circle": (
        document(**{"$defs": {"Export": {"$ref": "#/$defs/Error"}, "Error": {"$ref": "#/$defs/Export"}}}),
        "leads back to itself",
    ),
}


@pytest.mark.usefixtures("_nothing_is_fetched")
@pytest.mark.parametrize(("content", "reason"), BAD.values(), ids=BAD)
def test_bad_file(tmp_path: Path, content: object, reason: str) -> None:
    """A file that cannot judge is refused when it is loaded, by name and reason, and nothing is fetched for it."""
    file = save(tmp_path, content)
    with pytest.raises(SchemaFileError) as caught:
        schema_files.load([tmp_path])
    assert caught.value.path == file
    assert str(caught.value).startswith(f"The schema file {file} cannot be used: ")
    assert reason in caught.value.reason


@pytest.mark.parametrize("label", ["drafts", "V3", "2026-3", "v3 "])
def test_folder_that_is_no_version(tmp_path: Path, label: str) -> None:
    """A schema in a folder that names no version is refused with the forms that a version can have."""
    file = save(tmp_path, document(), version=label)
    with pytest.raises(SchemaFileError) as caught:
        schema_files.load([tmp_path])
    assert caught.value.path == file
    assert f"its folder names no version: {label!r} is not a HubSpot API version" in str(caught.value)


def test_missing_folder(tmp_path: Path) -> None:
    """A folder that is not there is refused by name."""
    with pytest.raises(SchemaFileError, match="missing cannot be used: there is no such folder"):
        schema_files.load([tmp_path / "missing"])


def test_empty_folder(tmp_path: Path) -> None:
    """A folder that holds no schema would check nothing in silence, so it is refused."""
    with pytest.raises(SchemaFileError, match=r"it holds no <version>/<operation>\.json"):
        schema_files.load([tmp_path])


def test_file_that_cannot_be_read(tmp_path: Path) -> None:
    """A file that cannot be opened is refused with the system's reason."""
    (tmp_path / "v3" / "export-status.json").mkdir(parents=True)
    with pytest.raises(SchemaFileError, match=r"export-status\.json cannot be used: Is a directory"):
        schema_files.load([tmp_path])


# --- composed schemas -----------------------------------------------------------------------------------------


def judged(tmp_path: Path, body: object, **export: Any) -> set[tuple[str, str]]:
    save(tmp_path, with_export(**export))
    contracts = schema_files.load([tmp_path])
    exchange = contracts.identify(interaction("GET", EXPORTS.replace("{taskId}", "1"), body))
    return {(finding.kind.value, finding.path) for finding in contracts.check(exchange)}


A, B = ({"properties": {"at": {"properties": {name: True}}}} for name in "ab")


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_field_that_any_branch_declares_is_documented(tmp_path: Path, keyword: str) -> None:
    """What one branch of a composed schema declares is documented, at any depth; what none does is not."""
    found = judged(tmp_path, {"at": {"a": 1, "b": 2, "c": 3}}, **{keyword: [A, B]})
    assert ("undocumented-field", "$.at.c") in found
    assert not {("undocumented-field", "$.at.a"), ("undocumented-field", "$.at.b")} & found


@pytest.mark.parametrize(
    "export",
    [
        {"$ref": "#/$defs/Error", "properties": {"more": True}},
        {
            "properties": {"status": True},
            "if": A,
            "then": {"properties": {"message": True}},
            "else": {"properties": {"more": True}},
        },
        {"properties": {"message": True}, "patternProperties": {"^m": True}},
        {"properties": {"message": True}, "unevaluatedProperties": True},
        {"properties": {"message": True}, "additionalProperties": True},
    ],
    ids=["beside a reference", "conditional", "by pattern", "unevaluated", "additional"],
)
def test_field_that_is_declared_in_another_way_is_documented(tmp_path: Path, export: dict[str, Any]) -> None:
    """Beside a reference, in a condition, by a pattern or for all other names: declared is declared."""
    assert judged(tmp_path, {"message": "m", "more": 1}, **export) == set()


def test_field_that_no_condition_declares_is_reported(tmp_path: Path) -> None:
    """Neither branch of a condition declares it, so nothing does."""
    export = {"if": A, "then": {"properties": {"a": True}}, "else": {"properties": {"b": True}}}
    assert judged(tmp_path, {"a": 1, "b": 1, "c": 1}, **export) == {("undocumented-field", "$.c")}


def test_field_of_an_object_in_a_map_is_reported(tmp_path: Path) -> None:
    """A map's keys are free, and the objects under them are not."""
    export = {"additionalProperties": {"properties": {"a": True}}}
    assert judged(tmp_path, {"any": {"a": 1, "b": 1}}, **export) == {("undocumented-field", "$.any.b")}


@pytest.mark.parametrize(
    ("schema", "value", "keyword", "said"),
    [
        ({"minimum": 5}, 4, "minimum", "$.n: 4 is less than the minimum of 5"),
        ({"pattern": "^a"}, "b", "pattern", "$.n: 'b' does not match '^a'"),
        ({"const": {"a": 1}}, [], "const", "$.n: {'a': 1} was expected"),
        ({"anyOf": [{"minimum": 5}]}, 4, "anyOf", "$.n: 4 is less than the minimum of 5"),
        ({"maxLength": 1}, "x" * 1000, "maxLength", "$.n: 'xxx"),
    ],
)
def test_other_keywords_are_reported_in_jsonschemas_words(
    tmp_path: Path, schema: object, value: object, keyword: str, said: str
) -> None:
    """A keyword that HubSpot's own schemas do not use is reported by its name and in a short sentence."""
    save(tmp_path, with_export(properties={"n": schema}))
    contracts = schema_files.load([tmp_path])
    exchange = contracts.identify(interaction("GET", EXPORTS.replace("{taskId}", "1"), {"n": value}))
    (finding,) = contracts.check(exchange)
    assert (finding.kind, finding.keyword, finding.path) == (Kind.SCHEMA_VIOLATION, keyword, "$.n")
    assert finding.message.startswith(said)
    assert len(finding.message) <= 300


def test_null_where_the_schema_allows_it_is_no_empty_body(tmp_path: Path) -> None:
    """A contract that allows null gets what it asked for."""
    assert judged(tmp_path, None, type=["object", "null"]) == set()
    assert judged(tmp_path, None, type="object") == {("body-empty", "$")}


def test_forbidden_field_is_a_violation(tmp_path: Path) -> None:
    """A field whose schema is the word false is a violation and nothing else besides."""
    assert judged(tmp_path, {"a": 1}, properties={"a": False}) == {("schema-violation", "$")}


def test_deep_bodies_of_a_recursive_schema_are_no_traceback(tmp_path: Path) -> None:
    """A schema that contains itself follows a body as deep as it goes; where Python cannot, a finding says so."""
    body = b'{"child":' * 400 + b"{}" + b"}" * 400
    found = judged(tmp_path, body, type="object", properties={"child": {"$ref": "#/$defs/Export"}})
    assert found <= {("schema-violation", "$"), ("body-not-json", "$")}


def test_shared_file_of_answers_is_documented() -> None:
    """The picture of a cat that other tests build on is what v3 documents, so their faults are theirs alone."""
    validator = Draft202012Validator(
        {**definition("v3", "import-status", "File"), "additionalProperties": False},
    )
    assert list(validator.iter_errors(CAT)) == []
