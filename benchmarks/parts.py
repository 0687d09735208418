"""Of what a replayed test consists, in instructions: each part is counted by having it done once more."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from benchmarks.processes import Process
from benchmarks.promises import BARE, CASSETTER, OURS, RECORDING, TESTS, Costs, Each, each

CLIENTS: Final = ("requests", "httpx")
FLOOR: Final = "pytest and the client"
REST: Final = "fixtures, hooks, answering"
PARTS: Final = {
    "settings": ("pytest_hubfiles.plugin.setup:settings_of",),
    "reading": ("pytest_hubfiles.cassettes:read",),
    "credentials": ("pytest_hubfiles.secrets:are_clean", "pytest_hubfiles.secrets.write_guard:WriteGuard.of"),
    "guarding clients, sockets, logs": ("pytest_hubfiles.record.interception:Interception.__enter__",),
    "parsing and judging": (
        "pytest_hubfiles.model.exchange:parse_json",
        "pytest_hubfiles.judge.registry:Contracts.check",
    ),
    "telling the report": (
        "pytest_hubfiles.run.one_test:TestRun.record",
        "pytest_hubfiles.report.record:Record.to_text",
    ),
}
"""The functions that do each part, whose work can be done twice."""


def _counted(environment: str, client: str, *twice: str) -> Each:
    plain = each(environment, client, TESTS).counted()
    more = ("-p", "twice", *(word for name in twice for word in ("--twice", name))) if twice else ()

    def with_more(process: Process) -> Process:
        return replace(process, arguments=(*process.arguments, *more))

    return Each(with_more(plain.many), with_more(plain.one))


def _all() -> dict[tuple[str, str], Each]:
    found = {}
    for client in CLIENTS:
        found |= {(client, name): _counted(name, client) for name in (BARE, OURS, CASSETTER, RECORDING)}
        found |= {(client, part): _counted(OURS, client, *functions) for part, functions in PARTS.items()}
    return found


PROCESSES: Final = [process for quantity in _all().values() for process in quantity.processes]
"""What has to be run."""


def as_json(costs: Costs) -> str:
    """Return, by client, the million instructions of each part of a test, and what the peers take for all of it."""
    counted = {key: statistics.median(quantity.of(costs)) for key, quantity in _all().items()}
    return json.dumps({client: _of(client, counted) for client in CLIENTS}, indent=1) + "\n"


def _of(client: str, counted: Mapping[tuple[str, str], float]) -> dict[str, dict[str, float]]:
    floor, whole = counted[client, BARE], counted[client, OURS]
    parts = {part: counted[client, part] - whole for part in PARTS}
    rest = whole - floor - sum(parts.values())
    peers = {"cassetter": counted[client, CASSETTER], "pytest-recording": counted[client, RECORDING]}
    return {
        "parts": {name: round(value, 3) for name, value in {FLOOR: floor, **parts, REST: rest}.items()},
        "peers": {name: round(value, 3) for name, value in peers.items()},
    }


def lines(document: str) -> list[str]:
    """Return what :func:`as_json` wrote, to print."""
    found = []
    for client, facts in json.loads(document).items():
        whole = sum(facts["parts"].values())
        found += [
            f"{client:9} {name:32} {value:7.3f} M  {value / whole:4.0%}" for name, value in facts["parts"].items()
        ]
        found += [f"{client:9} {name:32} {value:7.3f} M" for name, value in {"all": whole, **facts["peers"]}.items()]
    return found
