"""What the tests share: a downstream project, run by a real pytest against a real server."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from helpers import unhurried  # noqa: F401  # before any test says what it wants of Hypothesis
from helpers.alone import ALONE, UNWANTED
from helpers.downstream import Downstream

from pytest_hubfiles.sandbox import Sandbox

pytest_plugins = ["pytester"]
collect_ignore = ["browser"]  # needs Chromium: `make browser` names it

TOKEN = "a-token-for-tests"


@pytest.fixture(autouse=True)
def _alone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "pytester" in request.fixturenames:  # the tests in contract/ are recorded with the token that is set
        for name in UNWANTED:
            monkeypatch.delenv(name, raising=False)
        for name, value in ALONE.items():
            monkeypatch.setenv(name, value)


class _Gone(Sandbox):
    """A fake server whose port nobody else gets once it is closed, such as that of a test beside this one."""

    def __init__(self) -> None:
        super().__init__()
        self.place: socket.socket | None = None

    def close(self) -> None:
        super().close()
        if self.place is None:
            self.place = socket.socket()
            self.place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # it has connections that have ended
            self.place.bind(("127.0.0.1", self.port))
            self.place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A fake HubSpot server on a port of its own."""
    with _Gone() as server:
        yield server
    if server.place is not None:
        server.place.close()


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> str:
    """An access token in the environment, as a team that records has one."""
    monkeypatch.setenv("HUBSPOT_ACCESS_TOKEN", TOKEN)
    return TOKEN


@pytest.fixture
def downstream(pytester: pytest.Pytester, sandbox: Sandbox, token: str) -> Iterator[Downstream]:
    """A project that uses the plugin, with a token, and with a fake HubSpot server."""
    project = Downstream(pytester, sandbox)
    yield project
    project.sandbox.close()
