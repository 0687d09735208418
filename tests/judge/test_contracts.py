"""What the contracts say of an exchange: one fault, one finding, at the right place and in words."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import pytest
from helpers.answers import (
    CANCELED,
    CAT,
    COMPLETE,
    CONTRACTS,
    CORRELATION,
    DATED_IMPORT,
    FOLDER,
    JETTY,
    LOCATOR,
    NOT_FOUND,
    PENDING,
    PROCESSING,
    STANDARD_ERROR,
    UNDECODABLE,
    V3_IMPORT,
    VERSIONS,
    WITH_FOLDERS,
    answer,
    interaction,
    poll,
)

from pytest_hubfiles.judge import deviations, shipped
from pytest_hubfiles.judge.registry import ContractNotFoundError
from pytest_hubfiles.model.exchange import Exchange
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.policy import Category, Kind, Severity

SHIPPED_DEVIATIONS = deviations.load(shipped.shipped_schemas() / "deviations.toml")
DATED = [version for version in VERSIONS if version != "v3"]
LONG_INTEGER = b"9" * 5000


def check(exchange: Exchange) -> list[Finding]:
    return list(CONTRACTS.check(exchange))


def only(exchange: Exchange) -> Finding:
    """Return the one finding there is."""
    (finding,) = check(exchange)
    return finding


def complete(**changed: Any) -> dict[str, Any]:
    return {**COMPLETE, **changed}


def with_file(**changed: Any) -> dict[str, Any]:
    return complete(result={**CAT, **changed})


def without(body: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names}


DOCUMENTED_ERROR = without(UNDECODABLE, "status")


# --- what is right --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("operation", ["import-start", "import-status", "folder-update-start", "folder-update-status"])
def test_what_is_documented_has_no_finding(operation: str, version: str) -> None:
    """An answer as HubSpot documents it passes in silence, in every version that has the operation."""
    if operation.startswith("folder") and version not in WITH_FOLDERS:
        request = interaction("GET", f"/files/{version}/folders/update/async/tasks/1/status")
        assert CONTRACTS.identify(request).operation is None
        return
    body = {"import": COMPLETE, "folder": complete(result=FOLDER)}[
        "folder" if operation.startswith("folder") else "import"
    ]
    sent = body if operation.endswith("status") else LOCATOR
    assert check(answer(operation, sent, version=version)) == []


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json;charset=utf-8", "Application/JSON; charset=UTF-8; profile=x"],
)
def test_media_type_counts_without_its_parameters(content_type: str) -> None:
    """A charset parameter and the case of a media type are no finding."""
    assert check(poll(COMPLETE, content_type=content_type)) == []


@pytest.mark.parametrize("charset", ["utf-16", "latin-1"])
def test_body_is_read_in_the_charset_it_names(charset: str) -> None:
    """A body in another charset than UTF-8 is judged by what it says."""
    body = json.dumps(with_file(name="Käse"), ensure_ascii=False).encode(charset)
    assert check(poll(body, content_type=f"application/json;charset={charset}")) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("size", 24574.0),
        ("size", 2**63 - 1),
        ("size", -(2**63)),
        ("width", 2**31 - 1),
        ("expiresAt", 1_790_000_000_000),
        ("createdAt", "2024-02-29T23:59:59Z"),
        ("createdAt", "2026-10-05t09:14:02.117123z"),
        ("createdAt", "2026-10-05T09:14:02+02:00"),
    ],
)
def test_value_within_the_schema(field: str, value: object) -> None:
    """A number without a fraction is an integer, the ends of a range belong to it, and every RFC 3339 time is one."""
    assert check(poll(with_file(**{field: value}))) == []


# --- schema-violation -----------------------------------------------------------------------------------------

VIOLATIONS = [
    (complete(taskId=7), "$.taskId", "type", "string", "integer", "$.taskId is integer (7), documented as string"),
    (complete(taskId=True), "$.taskId", "type", "string", "boolean", "$.taskId is boolean (true)"),
    (complete(numErrors=True), "$.numErrors", "type", "integer", "boolean", "$.numErrors is boolean (true)"),
    (complete(numErrors=1.5), "$.numErrors", "type", "integer", "number", "$.numErrors is number (1.5)"),
    (complete(result=[CAT]), "$.result", "type", "object", "array", "$.result is array ("),
    (
        complete(requestedAt=None),
        "$.requestedAt",
        "type",
        "string",
        "null",
        "$.requestedAt is null, documented as string",
    ),
    (complete(links={"status": 1}), "$.links.status", "type", "string", "integer", "$.links.status is integer (1)"),
    (complete(links={"it's": 1}), "$.links['it\\'s']", "type", "string", "integer", "$.links['it\\'s'] is integer"),
    ([COMPLETE], "$", "type", "object", "array", "$ is array ("),
    (without(COMPLETE, "taskId"), "$.taskId", "required", "present", "absent", "$.taskId is required and absent"),
    (
        complete(result=without(CAT, "id")),
        *("$.result.id", "required", "present", "absent", "$.result.id is required and absent"),
    ),
    (
        complete(errors=[STANDARD_ERROR | {"errors": [], "links": {}, "context": {"url": [7]}}]),
        *("$.errors[*].context.url[*]", "type", "string", "integer", "$.errors[*].context.url[*] is integer (7)"),
    ),
    (
        complete(status="FAILED"),
        *("$.status", "enum", "CANCELED, COMPLETE, PENDING, PROCESSING", '"FAILED"', '$.status is "FAILED"'),
    ),
    (
        with_file(sourceGroup="LEGACY"),
        *("$.result.sourceGroup", "enum", "CONTENT, CONVERSATIONS, FORMS, UI_EXTENSIONS, UNKNOWN", '"LEGACY"'),
        '$.result.sourceGroup is "LEGACY", documented as one of CONTENT,',
    ),
]


@pytest.mark.parametrize(
    "violation", VIOLATIONS, ids=[f"{path} {keyword} {after}" for _, path, keyword, _, after, _ in VIOLATIONS]
)
def test_schema_violation(violation: tuple[object, str, str, str, str, str]) -> None:
    """A keyword that fails is a breaking finding with its place, what is documented and what came."""
    body, path, keyword, before, after, said = violation
    finding = only(poll(body))
    assert (finding.kind, finding.severity) == (Kind.SCHEMA_VIOLATION, Severity.BREAKING)
    assert (finding.path, finding.keyword) == (path, keyword)
    assert (finding.before, finding.after) == (before, after)
    assert finding.message.startswith(said)


@pytest.mark.parametrize(
    ("field", "value", "form"),
    [
        ("createdAt", "2026-02-30T00:00:00Z", "date-time"),
        ("createdAt", "2025-02-29T00:00:00Z", "date-time"),
        ("createdAt", "2026-13-01T00:00:00Z", "date-time"),
        ("createdAt", "2026-10-05T24:00:00Z", "date-time"),
        ("createdAt", "2026-10-05T09:14:02Z\n", "date-time"),
        ("createdAt", "2026-10-05T09:14:02", "date-time"),
        ("createdAt", "2026-10-05 09:14:02Z", "date-time"),
        ("createdAt", "yesterday", "date-time"),
        ("createdAt", "1790000000000", "date-time"),
        ("createdAt", "", "date-time"),
        ("width", 2**31, "int32"),
        ("width", -(2**31) - 1, "int32"),
        ("size", 2**63, "int64"),
        ("size", float(2**63), "int64"),
        ("size", -(2**63) - 1, "int64"),
    ],
)
def test_format_violation(field: str, value: object, form: str) -> None:
    """Formats are checked to the letter, and no leap day, line feed or range gets by."""
    finding = only(poll(with_file(**{field: value})))
    assert (finding.kind, finding.keyword, finding.path) == (Kind.SCHEMA_VIOLATION, "format", f"$.result.{field}")
    assert (finding.before, finding.after) == (form, f"not a {form}")
    assert finding.message == f"$.result.{field} is {json.dumps(value)}, which is no {form}"


@pytest.mark.parametrize(
    "value",
    [
        "019db16f8c9072b0b3f7d1e4b1d02aaf",
        "1_345678-1234-1234-1234-123456789012",
        "12345678-1234-1234-1234-12345678901\n",
        "{019db16f-8c90-72b0-b3f7-d1e4b1d02aaf}",
        "none",
    ],
)
def test_uuid_violation(value: str) -> None:
    """A UUID is checked digit by digit: neither a missing dash nor what Python's own class lets pass is one."""
    finding = only(poll({**DOCUMENTED_ERROR, "correlationId": value}, status=400))
    assert (finding.path, finding.keyword, finding.before) == ("$.correlationId", "format", "uuid")


def test_several_faults_are_all_reported() -> None:
    """A body with three faults has three findings, not the first alone."""
    body = complete(taskId=1, numErrors="zero", result=without(CAT, "createdAt"))
    assert {f.path for f in check(poll(body))} == {"$.taskId", "$.numErrors", "$.result.createdAt"}


def test_elements_with_the_same_fault_are_one_finding() -> None:
    """A hundred elements with the same fault say one thing, seen in one exchange."""
    errors = [STANDARD_ERROR | {"errors": [], "links": {}, "category": number} for number in range(100)]
    finding = only(poll(complete(errors=errors)))
    assert (finding.path, finding.keyword, finding.exchanges) == ("$.errors[*].category", "type", 1)


@pytest.mark.parametrize("version", VERSIONS)
def test_finding_says_what_it_is_about(version: str) -> None:
    """A finding names category, version, operation, HTTP status and task state of its exchange."""
    finding = only(poll(complete(taskId=7), version=version))
    assert finding.category is Category.CONTRACT
    assert (finding.version, finding.operation) == (version, "import-status")
    assert (finding.http_status, finding.task_status) == (200, "COMPLETE")


def test_long_values_are_shortened() -> None:
    """A value of any length stays one short line of a report."""
    finding = only(poll(complete(taskId=["x" * 100_000])))
    assert finding.message.endswith("…), documented as string")
    assert len(finding.message) < 120


# --- undocumented-field ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "path", "json_type"),
    [
        (complete(progress=0.5), "$.progress", "number"),
        (with_file(checksum="x"), "$.result.checksum", "string"),
        (with_file(**{"odd name": None}), "$.result['odd name']", "null"),
        (
            complete(errors=[STANDARD_ERROR | {"errors": [{"message": "m", "hint": {}}], "links": {}}]),
            *("$.errors[*].errors[*].hint", "object"),
        ),
    ],
    ids=["root", "nested", "quoted", "in arrays"],
)
def test_undocumented_field(body: object, path: str, json_type: str) -> None:
    """A key that the schema does not declare is reported, at any depth, and weighs little."""
    finding = only(poll(body))
    assert (finding.kind, finding.severity) == (Kind.UNDOCUMENTED_FIELD, Severity.INFO)
    assert (finding.path, finding.after) == (path, json_type)
    assert finding.message == f"{path} ({json_type}) is not documented"


def test_undocumented_field_of_many_elements_is_one_finding() -> None:
    """A hundred elements with the same new key say one thing, seen in one exchange."""
    error = STANDARD_ERROR | {"errors": [], "links": {}, "hint": "h"}
    finding = only(poll(complete(errors=[error] * 100)))
    assert (finding.path, finding.exchanges) == ("$.errors[*].hint", 1)


@pytest.mark.parametrize(
    "body",
    [
        complete(links={"anything": "https://x", "else": "https://y"}),
        complete(errors=[STANDARD_ERROR | {"errors": [], "links": {}, "context": {"any": ["x"], "key": ["y"]}}]),
        complete(errors=[STANDARD_ERROR | {"errors": [], "links": {}, "subCategory": {"free": {"form": 1}}}]),
    ],
    ids=["links", "context", "free-form object"],
)
def test_keys_of_maps_are_no_undocumented_fields(body: object) -> None:
    """The keys of a declared map, and of an object of which nothing is said, are theirs to choose."""
    assert check(poll(body)) == []


def test_undocumented_field_of_an_error() -> None:
    """An error's fields are held against the documented error object too."""
    finding = only(poll({**DOCUMENTED_ERROR, "hint": 1}, status=400))
    assert (finding.kind, finding.path) == (Kind.UNDOCUMENTED_FIELD, "$.hint")


# --- undocumented-status, body-empty, body-not-json, content-type-changed -------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("status", [201, 202, 204, 207])
def test_undocumented_status(status: int, version: str) -> None:
    """A 2xx that the contract does not declare is breaking, and its body is not judged further."""
    finding = only(poll({"nothing": "right"}, status=status, version=version))
    assert (finding.kind, finding.severity) == (Kind.UNDOCUMENTED_STATUS, Severity.BREAKING)
    assert (finding.before, finding.after) == ("200", str(status))
    assert finding.message == f"HTTP {status} where 200 is documented"


def test_undocumented_status_of_a_starter() -> None:
    """A starter is documented to answer 202, so a 200 is reported."""
    finding = only(answer("import-start", LOCATOR, status=200))
    assert finding.message == "HTTP 200 where 202 is documented"


@pytest.mark.parametrize("body", [b"", b" \r\n\t"], ids=["nothing", "white space"])
@pytest.mark.parametrize("content_type", ["application/json", "text/html", None])
def test_body_empty(body: bytes, content_type: str | None) -> None:
    """No body where the contract wants one is one finding, whatever the media type says."""
    finding = only(poll(body, content_type=content_type))
    assert (finding.kind, finding.severity, finding.after) == (Kind.BODY_EMPTY, Severity.BREAKING, "nothing")
    assert finding.message == "no body where the contract wants one"


@pytest.mark.parametrize("body", [b"null", b" null\n"], ids=["null", "padded"])
def test_body_null(body: bytes) -> None:
    """A literal null where the contract wants an object is an empty body, not a violation of the schema."""
    finding = only(poll(body))
    assert (finding.kind, finding.severity, finding.after) == (Kind.BODY_EMPTY, Severity.BREAKING, "null")
    assert finding.message == "the body is null where the contract wants an object"


@pytest.mark.parametrize(
    ("body", "content_type", "said"),
    [
        (JETTY, "text/html;charset=utf-8", "the body (text/html) is not JSON: an HTML page"),
        (JETTY, "application/json", "the body (application/json) is not JSON: an HTML page"),
        (b"OK", "text/plain", "the body (text/plain) is not JSON: Expecting value"),
        (b'{"status": "COMP', "application/json", "is not JSON: Unterminated string"),
        (b'{"a": NaN}', "application/json", "is not JSON: NaN is not JSON"),
        (b'{"a": -Infinity}', "application/json", "is not JSON: -Infinity is not JSON"),
        (b'{"a": 1, "a": 1}', "application/json", "is not JSON: the key 'a' stands twice in one object"),
        (b'{"a": "\xff"}', "application/json", "is not JSON: it is not utf-8 text (byte 7)"),
        (b"{}", "application/json;charset=klingon", "is not JSON: its charset 'klingon' does not exist"),
        (b"{}", "application/json;charset=undefined", "is not JSON: its charset 'undefined' does not exist"),
        (b"[" * 100_000, "application/json", "is not JSON: "),
        (b'{"a":' * 100_000, "application/json", "is not JSON: "),
    ],
    ids=[
        "HTML",
        "HTML as JSON",
        "text",
        "cut off",
        "NaN",
        "Infinity",
        "key twice",
        "bytes",
        "charset",
        "charset that decodes nothing",
        "deep",
        "deeper",
    ],
)
def test_body_not_json(body: bytes, content_type: str, said: str) -> None:
    """What cannot be parsed as JSON is one breaking finding that says why, and never a traceback."""
    finding = only(poll(body, content_type=content_type))
    assert (finding.kind, finding.severity) == (Kind.BODY_NOT_JSON, Severity.BREAKING)
    assert said in finding.message


@pytest.mark.parametrize("where", ["$.taskId", "$.result.size", "$.unknown"])
def test_huge_integers_are_no_traceback(where: str) -> None:
    """An integer of five thousand digits, wherever it stands, ends in findings."""
    body = json.dumps(complete(unknown=1)).encode()
    old = {"$.taskId": b'"AAAAEZ6whGI"', "$.result.size": b"24574", "$.unknown": b'"unknown": 1'}[where]
    new = b'"unknown": ' + LONG_INTEGER if where == "$.unknown" else LONG_INTEGER
    assert {f.kind for f in check(poll(body.replace(old, new)))} <= {
        *(Kind.BODY_NOT_JSON, Kind.SCHEMA_VIOLATION, Kind.UNDOCUMENTED_FIELD)
    }


@pytest.mark.parametrize("levels", [50, 200, 400, 900])
@pytest.mark.parametrize("field", ["taskId", "unknown"])
def test_deep_nesting_is_no_traceback(field: str, levels: int) -> None:
    """A body nested as deeply as the parser allows ends in findings."""
    body = json.dumps(complete(**{field: 0})).encode().replace(b": 0", b": " + b"[" * levels + b"]" * levels)
    findings = check(poll(body))
    assert findings
    assert all(len(finding.message) < 400 for finding in findings)


@pytest.mark.parametrize(
    ("content_type", "shown"),
    [("text/plain", "text/plain"), ("application/vnd.api+json", "application/vnd.api+json"), (None, "missing")],
)
def test_content_type_changed(content_type: str | None, shown: str) -> None:
    """JSON under another media type is one breaking finding, and the body is not judged further."""
    finding = only(poll({"nothing": "right"}, content_type=content_type))
    assert (finding.kind, finding.severity) == (Kind.CONTENT_TYPE_CHANGED, Severity.BREAKING)
    assert finding.message == f"the media type is {shown}, not application/json"
    assert (finding.before, finding.after) == ("application/json", content_type or "none")


# --- errors ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("body", "path", "keyword"),
    [
        (without(DOCUMENTED_ERROR, "category"), "$.category", "required"),
        (without(DOCUMENTED_ERROR, "message"), "$.message", "required"),
        (without(DOCUMENTED_ERROR, "correlationId"), "$.correlationId", "required"),
        (DOCUMENTED_ERROR | {"message": 1}, "$.message", "type"),
        (DOCUMENTED_ERROR | {"correlationId": "x"}, "$.correlationId", "format"),
        (DOCUMENTED_ERROR | {"context": {"id": "x"}}, "$.context.id", "type"),
        ([UNDECODABLE], "$", "type"),
    ],
    ids=["category", "message", "correlationId", "message type", "uuid", "context", "array"],
)
def test_error_envelope(body: object, path: str, keyword: str, version: str) -> None:
    """An error's body that does not fit the documented error object is a warning."""
    finding = only(poll(body, status=400, version=version))
    assert (finding.kind, finding.severity) == (Kind.ERROR_ENVELOPE, Severity.WARNING)
    assert (finding.path, finding.keyword, finding.http_status) == (path, keyword, 400)
    assert finding.task_status is None


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"", 405, "the error has no body; the contract documents an object"),
        (b"null", 500, "the error has no body; the contract documents an object"),
        (JETTY, 404, "the error (text/html) is not the documented object: an HTML page"),
        (b'{"a": NaN}', 502, "the error (text/html) is not the documented object: NaN is not JSON"),
    ],
    ids=["nothing", "null", "HTML", "not JSON"],
)
def test_error_without_an_object(body: bytes, status: int, said: str) -> None:
    """An error with no JSON object at all is one warning that says what came instead."""
    finding = only(poll(body, status=status, content_type="text/html"))
    assert (finding.kind, finding.severity, finding.message) == (Kind.ERROR_ENVELOPE, Severity.WARNING, said)


def test_error_of_no_media_type_is_named_so() -> None:
    """An error that says nothing of its media type is called untyped."""
    finding = only(poll(JETTY, status=404, content_type=None))
    assert finding.message == "the error (untyped) is not the documented object: an HTML page"


def test_documented_error_has_no_finding() -> None:
    """An error as the OpenAPI files document it passes in silence."""
    assert check(poll(DOCUMENTED_ERROR, status=400)) == []


@pytest.mark.parametrize("status", [301, 302, 304])
def test_redirects_are_not_judged(status: int) -> None:
    """A redirect is no answer of the operation, so its contract says nothing of it."""
    assert check(poll(b"", status=status)) == []


# --- requests -------------------------------------------------------------------------------------------------


def start(request: object, version: str, **facts: Any) -> list[Finding]:
    exchange = answer("import-start", LOCATOR, version=version, request=request, **facts)
    return [finding for finding in check(exchange) if finding.kind is Kind.REQUEST_VIOLATION]


@pytest.mark.parametrize("version", DATED)
def test_request_of_v3_violates_the_dated_versions(version: str) -> None:
    """What v3 requires is not enough since 2025-09: three more fields are, each a warning."""
    findings = start(V3_IMPORT, version)
    assert {(f.path, f.keyword, f.severity) for f in findings} == {
        ("$.duplicateValidationScope", "required", Severity.WARNING),
        ("$.duplicateValidationStrategy", "required", Severity.WARNING),
        ("$.overwrite", "required", Severity.WARNING),
    }
    assert findings[0].message == f"the request's {findings[0].path} is required and absent"


def test_request_of_v3_fits_v3() -> None:
    """Access and URL are all that v3 requires."""
    assert start(V3_IMPORT, "v3") == []


@pytest.mark.parametrize("version", VERSIONS)
def test_request_without_a_url(version: str) -> None:
    """Only v3 requires the URL."""
    paths = [finding.path for finding in start(without(DATED_IMPORT, "url"), version)]
    assert paths == (["$.url"] if version == "v3" else [])


@pytest.mark.parametrize("version", WITH_FOLDERS)
def test_request_of_a_folder_update(version: str) -> None:
    """A folder update needs an id, and its parent's is a number, in every version that has it."""
    exchange = answer("folder-update-start", LOCATOR, version=version, request={"parentFolderId": "7"})
    assert {(f.path, f.keyword) for f in check(exchange)} == {("$.id", "required"), ("$.parentFolderId", "type")}


@pytest.mark.parametrize(
    ("request_body", "said"),
    [
        (b"", "the request's body is missing"),
        (b"  ", "the request's body is missing"),
        (b"url=x", "the request's body is not JSON: Expecting value"),
        (b"\xff", "the request's body is not JSON: it is not utf-8 text (byte 0)"),
    ],
    ids=["nothing", "white space", "form", "bytes"],
)
def test_request_that_is_no_json(request_body: bytes, said: str) -> None:
    """A starter's request without a JSON body is one warning that says why."""
    (finding,) = start(request_body, "2026-03")
    assert finding.message.startswith(said)


def test_request_may_carry_more() -> None:
    """A field that the request's schema does not declare is HubSpot's to refuse, not ours to tell."""
    assert start(DATED_IMPORT | {"more": 1}, "2026-03") == []


# --- what lies around the body --------------------------------------------------------------------------------


def test_unknown_operation() -> None:
    """A HubSpot path under no contract is reported, so that nobody believes it was judged."""
    finding = only(CONTRACTS.identify(interaction("GET", "/crm/v3/objects/contacts", {})))
    assert (finding.kind, finding.severity) == (Kind.UNKNOWN_OPERATION, Severity.INFO)
    assert finding.message == "GET https://api.hubapi.com/crm/v3/objects/contacts is under no contract"


def test_other_method_is_another_operation() -> None:
    """The method belongs to the operation: a DELETE of a known path is under no contract."""
    path = "/files/v3/files/import-from-url/async"
    assert only(CONTRACTS.identify(interaction("DELETE", path))).kind is Kind.UNKNOWN_OPERATION


@pytest.mark.parametrize("origin", ["https://example.com", "https://nothubspot.com", "https://api.hubapi.com.evil.io"])
def test_other_hosts_are_not_judged(origin: str) -> None:
    """A test may talk to others; of their paths HubSpot's contracts say nothing."""
    assert check(CONTRACTS.identify(interaction("GET", "/anything", b"<html>", origin=origin))) == []


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Deprecation": "@1798675200"}, "HubSpot announces the end of this operation (Deprecation: @1798675200)"),
        ({"sunset": "Tue, 30 Mar 2027 00:00:00 GMT"}, "(Sunset: Tue, 30 Mar 2027 00:00:00 GMT)"),
        ({"Deprecation": "true", "Sunset": "soon"}, "(Deprecation: true, Sunset: soon)"),
    ],
    ids=["deprecation", "sunset", "both"],
)
@pytest.mark.parametrize("status", [200, 400])
def test_deprecation_announced(headers: Mapping[str, str], said: str, status: int) -> None:
    """A Deprecation or Sunset header is one warning that quotes it, on errors too."""
    body = COMPLETE if status == 200 else DOCUMENTED_ERROR
    finding = only(poll(body, status=status, headers=headers))
    assert (finding.kind, finding.severity) == (Kind.DEPRECATION_ANNOUNCED, Severity.WARNING)
    assert finding.message.endswith(said)


# --- deviations -----------------------------------------------------------------------------------------------


def lowered(exchange: Exchange) -> list[tuple[str, str, str]]:
    found = deviations.lower(check(exchange), SHIPPED_DEVIATIONS, dt.date(2026, 11, 22))
    assert all((f.deviation is None) is (f.severity is not Severity.INFO) for f in found if f.keyword)
    return [(f.path, f.keyword or f.kind.value, f.severity.value) for f in found]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (PENDING, [("$.completedAt", "required", "info"), ("$.startedAt", "required", "info")]),
        (PROCESSING, [("$.completedAt", "required", "info")]),
        (without(COMPLETE, "completedAt"), [("$.completedAt", "required", "breaking")]),
        (without(CANCELED, "completedAt", "errors"), [("$.completedAt", "required", "breaking")]),
        (
            without(PROCESSING, "startedAt"),
            [("$.completedAt", "required", "info"), ("$.startedAt", "required", "breaking")],
        ),
        ({**PENDING, "startedAt": None}, [("$.completedAt", "required", "info"), ("$.startedAt", "type", "breaking")]),
        (
            without(PENDING, "taskId"),
            [
                ("$.completedAt", "required", "info"),
                ("$.startedAt", "required", "info"),
                ("$.taskId", "required", "breaking"),
            ],
        ),
        (CANCELED, [("$.errors[*].errors", "required", "info"), ("$.errors[*].links", "required", "info")]),
    ],
    ids=[
        *("pending", "processing", "complete without end", "canceled without end", "processing without start"),
        *("pending with null", "pending without id", "canceled"),
    ],
)
def test_known_deviations_of_a_task(body: object, expected: list[tuple[str, str, str]], version: str) -> None:
    """What a waiting task is known to lack is info with the reason; the same lack in a task that ended is not."""
    assert sorted(lowered(poll(body, version=version))) == expected


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("operation", ["import-start", "import-status"])
def test_known_deviations_of_an_error(operation: str, version: str) -> None:
    """A 404 without a category, as HubSpot sends it, fails nobody."""
    exchange = answer(operation, NOT_FOUND, version=version, status=404)
    assert sorted(lowered(exchange)) == [("$.category", "required", "info"), ("$.status", "undocumented-field", "info")]


def test_rate_limit_is_a_known_deviation() -> None:
    """The rate limit's own fields are known, and nothing of it is more than info."""
    body = {
        "status": "error",
        "message": "You have reached your daily limit.",
        "errorType": "RATE_LIMIT",
        "correlationId": CORRELATION,
        "policyName": "DAILY",
        "requestId": CORRELATION,
    }
    assert {severity for _, _, severity in lowered(poll(body, status=429))} == {"info"}


def test_string_as_subcategory_is_a_known_deviation() -> None:
    """The string that HubSpot sends for a task error's subCategory is info, a number is not."""
    error = STANDARD_ERROR | {"errors": [], "links": {}}
    texts = lowered(poll(complete(errors=[error | {"subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND"}])))
    assert texts == [("$.errors[*].subCategory", "type", "info")]


# --- which contract judges ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["tasks//status", "tasks/57122e26-59f8-4cfc-ba53-96e30c816762/status", "tasks/1/status/"]
)
def test_status_path_with_any_task_id(path: str) -> None:
    """Any task id, an empty one too, and a slash at the end belong to the status operation."""
    exchange = CONTRACTS.identify(interaction("GET", f"/files/v3/files/import-from-url/async/{path}"))
    assert (exchange.operation, exchange.version) == ("import-status", "v3")


@pytest.mark.parametrize("path", ["tasks/1/2/status", "tasks/1/status/more", "tasks/1"])
def test_other_paths_are_no_status(path: str) -> None:
    """A parameter is one segment of a path, and the whole path counts."""
    exchange = CONTRACTS.identify(interaction("GET", f"/files/v3/files/import-from-url/async/{path}"))
    assert exchange.operation is None


def test_version_comes_from_the_path() -> None:
    """The contract is found from method and path: a v3 answer is judged by v3, whatever a test is set to."""
    body = complete(result=without(CAT, "access"))
    assert [f.path for f in check(poll(body, version="v3"))] == ["$.result.access"]
    assert check(poll(body, version="2026-03")) == []


def test_an_operation_that_no_version_has_names_those_there_are() -> None:
    """Asking for an operation by a wrong name lists the operations of the version."""
    with pytest.raises(
        ContractNotFoundError, match="Operations of 2026-03 on file: folder-update-start, folder-update"
    ):
        CONTRACTS.get("2026-03", "imports")


def test_missing_contract_names_what_there_is() -> None:
    """Asking for a contract that is not on file says which versions have one, and what to add."""
    with pytest.raises(ContractNotFoundError) as caught:
        CONTRACTS.get("2026-09-beta", "folder-update-start")
    assert str(caught.value) == (
        "No contract for folder-update-start in version 2026-09-beta.\n"
        "Versions on file: 2025-09, 2026-03, 2026-09, v3.\n"
        "Add schemas/2026-09-beta/folder-update-start.json with --hubfiles-schemas, or ask for a version on file."
    )
