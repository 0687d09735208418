"""A fake server for HubSpot's asynchronous Files operations, on 127.0.0.1."""

from __future__ import annotations

from pytest_hubfiles.sandbox.calls import SandboxRequest
from pytest_hubfiles.sandbox.server import Sandbox, SandboxClosedError, SandboxPortError
from pytest_hubfiles.sandbox.switches import SWITCHES, Switch, UnknownSwitchError

__all__ = [
    "SWITCHES",
    "Sandbox",
    "SandboxClosedError",
    "SandboxPortError",
    "SandboxRequest",
    "Switch",
    "UnknownSwitchError",
]
