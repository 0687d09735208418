"""A request to the sandbox and its answer, apart from any socket."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from pytest_hubfiles.model.known_answers import Body

HeaderPairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, repr=False)
class SandboxRequest:
    """A request as the sandbox received it; header names are in lower case, the path includes the query."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    body: bytes = b""

    def __repr__(self) -> str:
        # HeaderPairs and query may hold a token, and a failing assertion prints this.
        return f"<SandboxRequest {self.method} {self.path.partition('?')[0]}, {len(self.body)} bytes>"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the sandbox.

    ``sender`` is what would send it for HubSpot, and decides the headers: the API, the router in front of it, or the
    content delivery network.
    """

    status: int
    body: bytes = b""
    content_type: str | None = None
    headers: HeaderPairs = ()
    sender: Literal["api", "router", "network"] = "api"
    delivery: Literal["whole", "cut", "stall"] = "whole"


@dataclass(frozen=True, slots=True)
class FilesOperation:
    """One of the four operations; the start and the status of a task have the same ``kind``."""

    name: str
    method: str
    path: re.Pattern[str]
    kind: Literal["import", "folder-update"]
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A request with its operation, and all else that its answer depends on."""

    request: SandboxRequest
    operation: FilesOperation
    version: str
    task_id: str
    correlation_id: str
    switches: tuple[str, ...]


def json_answer(status: int, body: Body | None, *headers: tuple[str, str]) -> Answer:
    """Make an answer with a JSON body; None is the JSON null."""
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return Answer(status, text.encode(), "application/json;charset=utf-8", headers)


def envelope(call: Call, message: str, **more: object) -> Body:
    """Make HubSpot's error body [R]; the specification does not list its ``status``."""
    return {"status": "error", "message": message, "correlationId": call.correlation_id, **more}


def invalid(call: Call, message: str, **more: object) -> Answer:
    """Make the 400 for a request with bad content."""
    return json_answer(400, envelope(call, message, **more, category="VALIDATION_ERROR"))
