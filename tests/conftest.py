"""What the tests share: a downstream project, run by a real pytest against a real server."""

from __future__ import annotations

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


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A fake HubSpot server on a port of its own."""
    with Sandbox() as server:
        yield server


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
