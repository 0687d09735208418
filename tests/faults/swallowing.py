"""Clients that swallow what goes wrong, and so let their caller poll on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Final

import httpx
import requests
from helpers.downstream import TASK
from helpers.http_clients import START, TLS
from hubspot import HubSpot

STATUS: Final = f"{START}/tasks/{TASK}/status"


def _requests(base_url: str) -> str | None:
    with contextlib.suppress(Exception):  # as many an uploader does: it will come right at the next poll
        state: str = requests.get(base_url + STATUS, timeout=5).json()["status"]
        return state
    return None


class _Retrying(httpx.BaseTransport):
    """Sends what failed again, three times, whatever it failed of."""

    def __init__(self) -> None:
        self._inner = httpx.HTTPTransport(verify=TLS)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        for _ in range(3):
            with contextlib.suppress(Exception):
                return self._inner.handle_request(request)
        return httpx.Response(200, json={"status": "PENDING"})


def _httpx(base_url: str) -> str | None:
    with httpx.Client(transport=_Retrying()) as client:
        state: str = client.get(base_url + STATUS).json()["status"]
        return state


class _ConnectionFailedError(Exception):
    """What an SDK makes of whatever its transport raised."""


def _sdk(base_url: str) -> str | None:
    try:
        with httpx.Client(verify=TLS) as client:
            state: str = client.get(base_url + STATUS).json()["status"]
    except Exception as error:
        raise _ConnectionFailedError("Connection error.") from error
    return state


def _caller_of_sdk(base_url: str) -> str | None:
    with contextlib.suppress(_ConnectionFailedError):
        return _sdk(base_url)
    return "PENDING"


def _hubspot(base_url: str) -> str | None:
    with contextlib.suppress(Exception):
        state: str = HubSpot(access_token="x", host=base_url).files.files_api.check_import(TASK).status
        return state
    return None


CLIENTS: Final[dict[str, Callable[[str], str | None]]] = {
    "requests, errors swallowed": _requests,
    "httpx, a transport that retries": _httpx,
    "an SDK with errors of its own": _caller_of_sdk,
    "hubspot-api-client": _hubspot,
}
"""Clients by name: each polls once, and returns the task's state, or None."""
