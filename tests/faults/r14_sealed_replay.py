"""R14: in a test that replays nothing leaves, whatever the client; a server counts what reaches it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import pytest
import vcr
from helpers.downstream import START, interaction, polled

from faults import escapes
from faults.ledger import Outcome
from faults.projects import Project, project
from faults.servers import RawServer, ReceivedRequest, reply

_TESTS: Final = """
from faults.escapes import CLIENTS, try_out

@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.hubfiles(cassette="replayed")
def test_client(hubfiles, client):
    try_out(client, hubfiles.base_url)

@pytest.mark.parametrize("client", [name for name in CLIENTS if name not in {unseen!r}])
@pytest.mark.hubfiles(cassette="replayed")
def test_recorded(hubfiles, client):
    try_out(client, hubfiles.base_url, "/recorded")
"""
_BOUNDED: Final = ("requests retrying", "httpx-async", "aiohttp", "a subclass", "raw socket", "asyncio", "udp")


@dataclass(eq=False)  # pytest 8.2 keeps plugins in a set
class _Count:
    """Counts, test by test, what reached the server."""

    server: RawServer
    reached: dict[str, int] = field(default_factory=dict)
    seen: int = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take stock when a test has ended."""
        if report.when == "teardown":
            now = self.server.connections()
            self.reached[report.nodeid.partition("::")[2]] = now - self.seen + self.server.datagrams()
            self.seen = now


def _answer(asked: ReceivedRequest) -> Iterator[bytes]:
    yield reply(json.dumps({"status": "COMPLETE", "id": "1", "you": asked.path}).encode())


def run(bounded: bool) -> Outcome:
    """Replay with each client what is recorded, what leads elsewhere and what is not recorded; count who got out."""
    clients = [name for name in escapes.CLIENTS if not bounded or name in _BOUNDED]
    failures: list[str] = []
    count = 0
    with RawServer(_answer) as server, project() as suite:
        suite.tests(_TESTS.replace("{unseen!r}", repr(escapes.UNSEEN)))
        _record(suite, server)
        for mode in ("none",) if bounded else ("none", "once", "new_episodes"):
            wanted = "test_recorded" if mode == "new_episodes" else "test_client"
            counter = _Count(server, seen=server.connections())
            ran = suite.run(
                f"--hubfiles-base-url={server.url}", f"--hubfiles-record={mode}", "-k", wanted,
                plugins=[counter, _Only(clients)],
            )  # fmt: skip
            count += len(counter.reached)
            failures += [f"{test} in {mode}: {n} got out" for test, n in counter.reached.items() if n]
            green = "passed" if mode == "new_episodes" else "failed"
            failures += [f"{test} in {mode} {how}" for test, how in ran.outcomes.items() if how != green]
        with vcr.VCR(record_mode="none").use_cassette(str(suite.path / "cassettes/2026-03/replayed.yaml")):
            escapes.try_out("raw socket", server.url)
        control = server.connections() > counter.seen
    return Outcome("R14", "nothing leaves a replay", count, "escaped", control, tuple(failures))


@dataclass(eq=False)
class _Only:
    """Keeps to the tests of some clients."""

    clients: list[str]

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Leave the others out."""
        items[:] = [item for item in items if item.callspec.params["client"] in self.clients]


def _record(suite: Project, server: RawServer) -> None:
    from pytest_hubfiles import cassettes

    away = replace(
        interaction("GET", "/redirecting", 307),
        reason="Temporary Redirect",
        response_headers={"Location": (f"{server.url}/elsewhere",), "Content-Length": ("0",)},
    )
    known = [interaction("GET", "/recorded", 200, {"status": "COMPLETE"}), away, polled("PENDING")]
    path = suite.path / "cassettes/2026-03/replayed.yaml"
    path.parent.mkdir(parents=True)
    path.write_bytes(cassettes.dump([*known, interaction("POST", START, 202, {"id": "1"}, asked={})]))
