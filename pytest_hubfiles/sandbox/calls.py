"""A request to the sandbox and the answer to it, before either meets a socket."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from pytest_hubfiles.sandbox.switches import Body

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, repr=False)
class SandboxRequest:
    """A request as the sandbox received it; header names are in lower case, the path includes the query."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    body: bytes = b""

    def __repr__(self) -> str:
        # Headers and query may hold a token, and a failing assertion prints this.
        return f"<SandboxRequest {self.method} {self.path.partition('?')[0]}, {len(self.body)} bytes>"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the sandbox.

    ``sender`` is who would have sent it, which decides the headers around it: the API, the router in front of
    it, or the content delivery network.
    """

    status: int
    body: bytes = b""
    content_type: str | None = None
    headers: Headers = ()
    sender: Literal["api", "router", "network"] = "api"
    delivery: Literal["whole", "cut", "stall"] = "whole"


@dataclass(frozen=True, slots=True)
class Operation:
    """One of the four operations; ``kind`` ties a start to its status request."""

    name: str
    method: str
    path: re.Pattern[str]
    kind: Literal["import", "folder-update"]
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A request that found its operation, and what its answer depends on besides."""

    request: SandboxRequest
    operation: Operation
    version: str
    task_id: str
    correlation_id: str
    switches: tuple[str, ...]


def json_answer(status: int, body: Body | None, *headers: tuple[str, str]) -> Answer:
    """Make an answer with a JSON body; None is the JSON null."""
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return Answer(status, text.encode(), "application/json;charset=utf-8", headers)


def envelope(call: Call, message: str, **more: object) -> Body:
    """Make HubSpot's error body [R], whose ``status`` the specification does not list."""
    return {"status": "error", "message": message, "correlationId": call.correlation_id, **more}


def invalid(call: Call, message: str, **more: object) -> Answer:
    """Make the 400 that refuses a request for what it says."""
    return json_answer(400, envelope(call, message, **more, category="VALIDATION_ERROR"))
