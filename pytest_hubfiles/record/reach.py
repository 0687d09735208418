"""Where a recording may send requests: to the base URL, and elsewhere only as far as no credential goes astray."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cached_property
from typing import Any, Final
from urllib.parse import urljoin

from pytest_hubfiles.model.exchange import Exchange
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.hubspot_api import CANONICAL_ORIGIN
from pytest_hubfiles.model.origin import (
    HUBSPOT,
    host_of,
    is_hubspot_host,
    is_loopback,
    origin_key,
    origin_of,
    port_of,
)
from pytest_hubfiles.model.policy import Kind
from pytest_hubfiles.record.wire import text_of

_VCRPYS_LOCALHOST: Final = ("localhost", "0.0.0.0", "127.0.0.1")  # noqa: S104  # vcrpy's config.VCR.LOCALHOSTS


class Reach:
    """How far the recording of one test from *base_url* reaches.

    *hosts* are those that the suite names besides, as ``name``, ``name:port`` or ``*.name``; *token* is the
    credential that HubSpot alone is to see.
    """

    def __init__(self, base_url: str = CANONICAL_ORIGIN, hosts: Iterable[str] = (), token: str | None = None) -> None:
        self.base_url = base_url
        self._base = origin_key(base_url)
        self._hosts = tuple(hosts)
        self._token = token
        self._told: set[str] = set()

    @cached_property
    def is_local(self) -> bool:
        """Whether the base URL is on this machine, which a recording does not leave then."""
        host = host_of(self.base_url)
        if is_loopback(host):
            return True
        if self._base == HUBSPOT or is_hubspot_host(host):
            return False
        try:
            found = {address[0] for *_, address in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
        except (OSError, UnicodeError):
            return False
        return all(is_loopback(str(address)) or _is_own(str(address)) for address in found)

    @property
    def hosts(self) -> list[str | re.Pattern[str]]:
        """The named hosts, as the network block takes them: their names and addresses, at any port."""
        names = [_place(host)[0] for host in self._hosts]
        return [re.compile(rf".+{re.escape(name[1:])}") if name.startswith("*") else name for name in names]

    def is_base(self, url: str) -> bool:
        """Return whether *url* is at the base URL's origin."""
        return url.startswith(self.base_url + "/") or origin_key(url) == self._base

    def is_hubspot(self, url: str) -> bool:
        """Return whether *url* is at HubSpot's origin or at the base URL, which stands for it."""
        return self.is_base(url) or origin_key(url) == HUBSPOT

    def why_not(self, url: str, headers: Mapping[Any, Any], is_operation: bool) -> str | None:
        """Return why a request must not be sent to *url*, None if it may be.

        *is_operation* says whether it has the method and path of an operation of HubSpot's API.
        """
        if self.is_base(url) or self._base == HUBSPOT or self._is_named(url):
            return None
        if origin_key(url) == HUBSPOT:
            return f"the base URL is {self.base_url}, and HubSpot's own API is not asked beside it"
        if not self.is_local:
            return None
        if not is_loopback(host_of(url)):
            return f"the base URL {self.base_url} is on this machine, which the recording does not leave"
        if is_operation:
            return f"it is a request to HubSpot's API, which is at the base URL {self.base_url}"
        if self._carries_token(url, headers):
            return f"it carries HubSpot's token, which is for the base URL {self.base_url} alone"
        return None

    def other_host(self, request: str, url: str, headers: Mapping[Any, Any]) -> Finding | None:
        """Return the finding for a *request* to another host than HubSpot's and the base URL's, the first time."""
        key = origin_key(url)
        if self.is_base(url) or is_hubspot_host(host_of(url)) or key in self._told:
            return None
        self._told.add(key)
        token = " with HubSpot's token" if self._carries_token(url, headers) else ""
        origin = origin_of(url)
        return Finding.of(
            Kind.OTHER_HOST,
            f"{origin} is asked too{token}: {request}. The base URL is {self.base_url}.{self._if_own(url)}",
            after=origin,
        )

    def _if_own(self, url: str) -> str:
        """Return what to do about a server on this machine: a cassette answers for it at one port alone."""
        if not is_loopback(host_of(url)) or self._is_named(url):
            return ""
        return f" If it is a server of the suite's own, have the fixture hubfiles_vcr_config return {ignoring(url)}."

    def _carries_token(self, url: str, headers: Mapping[Any, Any]) -> bool:
        token = self._token
        return bool(token) and any(str(token) in text for text in (url, *map(_header_text, headers.values())))

    def _is_named(self, url: str) -> bool:
        host, port = host_of(url), port_of(url)
        for name, only in map(_place, self._hosts):
            is_same = host.endswith(name[1:]) if name.startswith("*.") else host == name
            if is_same and only in (None, port):
                return True
        return False


def ignoring(url: str) -> str:
    """Return, as source, the configuration with which vcrpy leaves the server of *url* alone."""
    host = host_of(url)
    return '{"ignore_localhost": True}' if host in _VCRPYS_LOCALHOST else f'{{"ignore_hosts": ["{host}"]}}'


def _place(host: str) -> tuple[str, int | None]:
    """Return name and port of a host as the setting has it."""
    wildcard = "*." if host.startswith("*.") else ""
    url = f"//{host.removeprefix(wildcard)}"
    return wildcard + host_of(url), port_of(url)


def _header_text(value: object) -> str:
    return " ".join(map(text_of, value)) if isinstance(value, (list, tuple)) else text_of(value)


def _is_own(address: str) -> bool:
    """Return whether *address* is one of this machine's: only to those can a socket be bound."""
    with suppress(OSError), socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as sock:
        sock.bind((address, 0))
        return True
    return False


def leads_to(exchange: Exchange, url: str) -> bool:
    """Return whether *exchange* redirected its client to *url*."""
    target = exchange.headers.get("location")
    return 300 <= exchange.status_code < 400 and target is not None and urljoin(exchange.url, target) == url
