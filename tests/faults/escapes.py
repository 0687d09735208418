"""Ways in which code under test can reach the network: every client, and what no recorder stands in for."""

from __future__ import annotations

import asyncio
import contextlib
import ftplib
import http.client
import smtplib
import socket
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import httpx
import requests
import urllib3
from helpers.http_clients import SENDERS, TLS
from hubspot import HubSpot
from requests.adapters import HTTPAdapter

_SECONDS: Final = 3
_GET: Final = "GET {} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
Client = Callable[[str, str], object]


class _Subclass(http.client.HTTPConnection):
    """What a library of its own may send through."""


def _place(base_url: str) -> tuple[str, int]:
    parts = urlsplit(base_url)
    return parts.hostname or "", parts.port or 80


def _retrying(base_url: str, path: str) -> object:
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=urllib3.Retry(3, backoff_factor=0)))
        return session.get(base_url + path, timeout=_SECONDS)


def _httpx_retrying(base_url: str, path: str) -> object:
    with httpx.Client(transport=httpx.HTTPTransport(retries=2, verify=TLS), follow_redirects=True) as client:
        return client.get(base_url + path)


def _subclass(base_url: str, path: str) -> object:
    with contextlib.closing(_Subclass(*_place(base_url), timeout=_SECONDS)) as connection:
        connection.request("GET", path)
        return connection.getresponse().read()


def _hubspot(base_url: str, path: str) -> object:
    return HubSpot(access_token="x", host=base_url).files.files_api.check_import(path.strip("/"))


def _raw(base_url: str, path: str) -> object:
    with socket.socket() as sock:
        sock.connect(_place(base_url))
        sock.sendall(_GET.format(path).encode())
        return sock.recv(1000)


def _raw_ex(base_url: str, path: str) -> object:
    with socket.socket() as sock:
        return sock.connect_ex(_place(base_url))


def _create_connection(base_url: str, path: str) -> object:
    with socket.create_connection(("localhost", _place(base_url)[1]), _SECONDS) as sock:
        return sock.sendall(_GET.format(path).encode())


def _asyncio(base_url: str, path: str) -> object:
    async def send() -> bytes:
        reader, writer = await asyncio.open_connection(*_place(base_url))
        writer.write(_GET.format(path).encode())
        answer = await reader.read()
        writer.close()
        return answer

    return asyncio.run(send())


def _udp(base_url: str, path: str) -> object:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        return sock.sendto(path.encode(), _place(base_url))


def _udp_connected(base_url: str, path: str) -> object:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(_place(base_url))
        return sock.send(path.encode())


def _ftp(base_url: str, path: str) -> object:
    with ftplib.FTP(timeout=_SECONDS) as client:
        return client.connect(*_place(base_url))


def _smtp(base_url: str, path: str) -> object:
    with smtplib.SMTP(*_place(base_url), timeout=_SECONDS) as client:
        return client.noop()


_UNRECORDED_KINDS: Final[dict[str, Client]] = {
    "a subclass": _subclass,
    "raw socket": _raw,
    "connect_ex": _raw_ex,
    "create_connection": _create_connection,
    "asyncio": _asyncio,
    "udp": _udp,
    "udp connected": _udp_connected,
    "ftplib": _ftp,
    "smtplib": _smtp,
}
CLIENTS: Final[dict[str, Client]] = {
    **{name: (lambda base, path, send=send: send("GET", base + path, {}, None)) for name, send in SENDERS.items()},
    "requests retrying": _retrying,
    "httpx retrying": _httpx_retrying,
    "hubspot-api-client": _hubspot,
    **_UNRECORDED_KINDS,
}
"""Clients by name, each called with a base URL and a path."""
UNSEEN: Final = (*_UNRECORDED_KINDS, "hubspot-api-client")
"""Those that no recorder answers for, or that ask for a path of their own."""
PATHS: Final = ("/recorded", "/redirecting", "/unrecorded")


def try_out(client: str, base_url: str, *paths: str) -> None:
    """Ask for *paths*, swallowing whatever that comes to, as code under test may."""
    for path in paths or PATHS:
        with contextlib.suppress(Exception):
            CLIENTS[client](base_url, path)
