"""Recordings to be changed: those that are shipped, one of another HubSpot API, and one whose keys are odd."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from helpers.answers import CONTRACTS
from helpers.downstream import interaction
from helpers.exports import EXPORTS, START, STATUS
from pytest_hubfiles import cassettes, openapi
from pytest_hubfiles.judge import schema_files
from pytest_hubfiles.judge.registry import Contracts
from pytest_hubfiles.model.exchange import Interaction

SHIPPED: Final = sorted((Path(__file__).parents[2] / "cassettes").rglob("*.yaml"))
ODD_STATUS: Final = "/odd/v3/async/tasks/7/status"
ODD_KEYS: Final = (
    "a.b",
    "a b",
    "it's",
    'say "x"',
    "日本",
    "\x1b[31m",
    "\n",
    "[*]",
    "back\\slash",
    "",
    "$",
    "##[error]x",
    "*",
)
ODD_SCHEMA: Final[dict[str, Any]] = {
    "x-hubfiles": {"method": "GET", "path": "/odd/v3/async/tasks/{taskId}/status", "responses": {"200": "#/$defs/Odd"}},
    "$defs": {
        "Odd": {
            "type": "object",
            "required": ["status"],
            "properties": {
                "status": {"type": "string", "enum": ["COMPLETE", "PENDING"]},
                "rows": {"type": "array", "items": {"type": "array", "items": {"$ref": "#/$defs/Cell"}}},
                "empty": {"type": "array", "items": {"$ref": "#/$defs/Cell"}},
                **{key: {"type": ["string", "null"]} for key in ODD_KEYS},
            },
        },
        "Cell": {
            "type": "object",
            "required": ["id"],
            "properties": {
                "id": {"type": "string"},
                "colour": {"type": "string", "enum": ["red", "deep red"]},
                "count": {"type": "integer", "format": "int32"},
                "due": {"type": "string", "format": "date-time"},
            },
        },
    },
}
_CELL: Final = {"id": "1", "colour": "red", "count": 5, "due": "2026-10-05T09:14:02Z"}
_ODD_BODY: Final = {
    "status": "COMPLETE",
    "rows": [[_CELL], [], [{"id": "2"}]],
    "empty": [],
    **dict.fromkeys(ODD_KEYS, "x"),
}
_TIMES: Final = {"startedAt": "2026-10-05T09:14:02.345Z", "completedAt": "2026-10-05T09:14:03.393Z"}


class Recorded(NamedTuple):
    """What a recorder loads from a cassette, and the contracts of the run."""

    interactions: Sequence[Interaction]
    contracts: Contracts


def shipped(path: Path) -> Recorded:
    """Return a shipped cassette as a recorder loads it."""
    return Recorded([interaction.plain() for interaction in cassettes.read(path)], CONTRACTS)


def exports() -> Recorded:
    """Return an export of the CRM, by contracts that were imported from OpenAPI."""
    made = openapi.contracts(openapi.parse(json.dumps(EXPORTS).encode(), "exports.json")).contracts
    status = STATUS.replace("{taskId}", "90151673")
    return Recorded(
        [
            interaction("POST", START, 202, {"id": "90151673", "links": {"status": "https://api-na1.hubspot.com/x"}},
                        asked={"exportType": "VIEW", "objectType": "CONTACT"}),
            interaction("GET", status, 200, {"status": "PENDING", **_TIMES}),
            interaction("GET", status, 200, {"status": "COMPLETE", **_TIMES, "result": "https://example.com/x.csv"}),
        ],
        Contracts(made),
    )  # fmt: skip


def odd(body: object = _ODD_BODY, schema: dict[str, Any] = ODD_SCHEMA) -> Recorded:
    """Return one poll with *body* of an operation whose name has a space."""
    contract = schema_files.checked(Path("v3", "odd status.json"), json.loads(json.dumps(schema)))
    return Recorded([interaction("GET", ODD_STATUS, 200, body)], Contracts((contract,)))


ALL: Final = {
    **{f"{path.parts[-5]}-{path.stem}": shipped(path) for path in SHIPPED},
    "exports": exports(),
    "odd": odd(),
}
"""The recordings that every change has to be right for, by name."""
