"""Answers as HubSpot gives them, and what it takes to make an exchange of one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from pytest_hubfiles.judge import schema_files
from pytest_hubfiles.judge.registry import Contracts
from pytest_hubfiles.model.exchange import Exchange, Interaction
from pytest_hubfiles.model.hubspot_api import CANONICAL_ORIGIN

VERSIONS: Final = ("v3", "2025-09", "2026-03", "2026-09", "2026-09-beta")
WITH_FOLDERS: Final = VERSIONS[:-1]
CONTRACTS: Final[Contracts] = schema_files.load()
TASK: Final = "AAAAEZ6whGI"
CORRELATION: Final = "019db16f-8c90-72b0-b3f7-d1e4b1d02aaf"

CAT: Final[Mapping[str, Any]] = {
    "id": "122692044085",
    "createdAt": "2023-06-28T17:56:45.393Z",
    "updatedAt": "2023-06-28T17:56:45.393Z",
    "archived": False,
    "parentFolderId": "122692510820",
    "name": "cat",
    "path": "/library/cat_archive/cat.png",
    "size": 24574,
    "height": 219,
    "width": 225,
    "encoding": "png",
    "type": "IMG",
    "extension": "png",
    "defaultHostingUrl": "https://12345.fs1.hubspotusercontent-na1.net/hubfs/12345/library/cat_archive/cat.png",
    "url": "https://12345.fs1.hubspotusercontent-na1.net/hubfs/12345/library/cat_archive/cat.png",
    "isUsableInContent": True,
    "access": "PRIVATE",
}
FOLDER: Final[Mapping[str, Any]] = {
    "id": "187864382023",
    "createdAt": "2025-04-23T16:06:08.723Z",
    "updatedAt": "2025-04-23T16:06:08.723Z",
    "archived": False,
    "name": "cats",
    "path": "/library/cats",
}
STANDARD_ERROR: Final[Mapping[str, Any]] = {
    "status": "error",
    "category": "VALIDATION_ERROR",
    "message": "The file could not be fetched.",
    "context": {"url": ["https://example.com/cat.png"]},
}
PENDING: Final[Mapping[str, Any]] = {"status": "PENDING", "requestedAt": "2026-10-05T09:14:02.117Z", "taskId": TASK}
PROCESSING: Final[Mapping[str, Any]] = {**PENDING, "status": "PROCESSING", "startedAt": "2026-10-05T09:14:02.345Z"}
COMPLETE: Final[Mapping[str, Any]] = {
    **PROCESSING,
    "status": "COMPLETE",
    "completedAt": "2026-10-05T09:14:03.020Z",
    "result": CAT,
}
CANCELED: Final[Mapping[str, Any]] = {
    **PROCESSING,
    "status": "CANCELED",
    "completedAt": "2026-10-05T09:14:03.020Z",
    "numErrors": 1,
    "errors": [STANDARD_ERROR],
}
LOCATOR: Final[Mapping[str, Any]] = {
    "id": TASK,
    "links": {"status": f"https://api-na1.hubspot.com/files/v3/files/import-from-url/async/tasks/{TASK}/status"},
}
NOT_FOUND: Final[Mapping[str, Any]] = {
    "status": "error",
    "message": "resource not found",
    "correlationId": CORRELATION,
}
UNDECODABLE: Final[Mapping[str, Any]] = {
    "status": "error",
    "message": "Provided ID could not be decoded.",
    "correlationId": CORRELATION,
    "context": {"id": ["478408617167"]},
    "category": "VALIDATION_ERROR",
}
JETTY: Final = (
    b'<html> <head> <meta http-equiv="Content-Type" content="text/html;charset=utf-8"/> '
    b"<title>Error 404 Not Found</title> </head> <body><h2>HTTP ERROR 404</h2></body></html>"
)
V3_IMPORT: Final[Mapping[str, Any]] = {"url": "https://example.com/cat.png", "access": "PRIVATE"}
DATED_IMPORT: Final[Mapping[str, Any]] = {
    **V3_IMPORT,
    "duplicateValidationScope": "ENTIRE_PORTAL",
    "duplicateValidationStrategy": "NONE",
    "overwrite": False,
}

PATHS: Final[Mapping[str, tuple[str, str]]] = {
    "import-start": ("POST", "/files/{version}/files/import-from-url/async"),
    "import-status": ("GET", "/files/{version}/files/import-from-url/async/tasks/{task}/status"),
    "folder-update-start": ("POST", "/files/{version}/folders/update/async"),
    "folder-update-status": ("GET", "/files/{version}/folders/update/async/tasks/{task}/status"),
}


def raw(body: object) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def interaction(
    method: str,
    path: str,
    body: object = b"",
    *,
    status: int = 200,
    content_type: str | None = "application/json;charset=utf-8",
    headers: Mapping[str, str] | None = None,
    request: object = b"",
    request_headers: Mapping[str, str] | None = None,
    origin: str = CANONICAL_ORIGIN,
) -> Interaction:
    """Return an interaction; a *body* that is no bytes is written as JSON."""
    answer_headers = dict(headers or {})
    if content_type is not None:
        answer_headers["Content-Type"] = content_type
    return Interaction(
        method=method,
        url=origin + path,
        request_headers={name: (value,) for name, value in (request_headers or {}).items()},
        request_body=raw(request),
        status_code=status,
        reason="",
        response_headers={name: (value,) for name, value in answer_headers.items()},
        response_body=raw(body),
    )


def answer(operation: str, body: object = b"", *, version: str = "v3", task: str = TASK, **facts: Any) -> Exchange:
    """Return an exchange of *operation*, a starter's with the request body that its version wants."""
    method, path = PATHS[operation]
    if method == "POST":
        facts.setdefault("status", 202)
        wanted = {"id": "187864382023"} if operation.startswith("folder") else DATED_IMPORT
        facts.setdefault("request", wanted)
        facts.setdefault("request_headers", {"Content-Type": "application/json"})
    made = interaction(method, path.format(version=version, task=task), body, **facts)
    exchange = CONTRACTS.identify(made)
    assert (exchange.operation, exchange.version) == (operation, version)
    return exchange


def poll(body: object, **facts: Any) -> Exchange:
    """Return the answer to one poll of an import."""
    return answer("import-status", body, **facts)
