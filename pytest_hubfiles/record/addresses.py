"""Hosts, ports and addresses as sockets get them, in the one form in which they are compared."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

from pytest_hubfiles.model.origin import is_loopback

_PORTS: Final = {"http": 80, "https": 443}
HERE: Final = "localhost"
INTERNET: Final = (socket.AF_INET, socket.AF_INET6)
LOOK_UPS: Final = ("getaddrinfo", "gethostbyname", "gethostbyname_ex")
REVERSE: Final = ("gethostbyaddr", "getnameinfo")
"""What looks up the name of an address; ``getfqdn`` does by the first."""


@cache  # a run has one base URL
def host_and_port(url: str) -> tuple[str, int | None]:
    """Return host and port of *url*, the usual port of its scheme if it names none."""
    parts = urlsplit(url)
    return normalized(parts.hostname or ""), parts.port or _PORTS.get(parts.scheme)


def normalized(host: object) -> str:
    """Return *host* in the one form in which hosts are compared: whatever is this machine is ``localhost``."""
    text = host.decode("latin-1") if isinstance(host, (bytes, bytearray)) else str(host or "")
    text = text.lower().removesuffix(".")
    if not text or is_loopback(text):
        return HERE
    address = address_in(text)
    return text if address is None else str(getattr(address, "ipv4_mapped", None) or address)


def address_in(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address that *host* is, None if it is a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def addresses(found: Any) -> Iterator[str]:
    """Yield the addresses in what a look-up returned."""
    if isinstance(found, str):  # gethostbyname
        yield normalized(found)
    elif isinstance(found, tuple):  # gethostbyname_ex
        yield from map(normalized, found[2])
    else:
        yield from (normalized(address[0]) for *_, address in found)


def looked_up(address: object = None, flags: object = 0, *_: object) -> object:
    """Return of which host what is in ``REVERSE`` looks up the name; None if it looks up none."""
    if not isinstance(address, tuple):
        return address
    is_numeric = isinstance(flags, int) and flags & socket.NI_NUMERICHOST
    return None if is_numeric or not address else address[0]
