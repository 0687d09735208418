"""Where a request goes: the scheme, host and port of its URL, and whether that is HubSpot's API."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

HUBSPOT: Final = ""
"""The one origin that all API hosts of HubSpot are."""

_PORTS: Final = {"http": 80, "https": 443}
_API_HOST: Final = re.compile(r"(?:[^.]+\.)*hubapi\.com|api(?:-[a-z0-9-]+)?\.hubspot\.com")
_HUBSPOT_HOST: Final = re.compile(r"(?:.+\.)?(?:hubapi|hubspot)\.com")
_HERE: Final = "localhost"


def origin_of(url: str) -> str:
    """Return the origin of *url* as messages show it, without user, password and a port that goes without saying."""
    scheme, netloc = _split(url)
    return _origin(scheme, netloc)


def origin_key(url: str) -> str:
    """Return the origin of *url* as requests are told apart by it; ``HUBSPOT`` for its API."""
    return key_of_parts(*_split(url))


@lru_cache(maxsize=1024)
def key_of_parts(scheme: str, netloc: str) -> str:
    """Return what :func:`origin_key` does, of a URL that was split already.

    One without an origin is HubSpot's: vcrpy stores such URLs for a session of aiohttp that has a base URL.
    """
    if not netloc:
        return HUBSPOT
    origin = _origin(scheme, netloc)
    host = _host(netloc)
    if origin == f"https://{host}" and _API_HOST.fullmatch(host):
        return HUBSPOT
    return origin


def is_hubspot_host(host: str) -> bool:
    """Return whether *host* is HubSpot's, for its API or for anything else."""
    return bool(_HUBSPOT_HOST.fullmatch(host))


def is_loopback(host: str) -> bool:
    """Return whether *host*, a name or an address, says by itself that it is this machine."""
    host = host.lower().removesuffix(".")
    if host == _HERE or host.endswith(f".{_HERE}"):  # RFC 6761
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    inner = getattr(address, "ipv4_mapped", None) or address
    return bool(inner.is_loopback or inner.is_unspecified)


def host_of(url: str) -> str:
    """Return the host of *url* in one spelling; an IPv6 address without its brackets."""
    return _host(_split(url)[1])


def port_of(url: str) -> int | None:
    """Return the port of *url*, the usual one of its scheme if it names none; None if it has none."""
    scheme, netloc = _split(url)
    port = _port(netloc)
    return _PORTS.get(scheme) if port == "" else int(port) if port.isdecimal() else None


def _split(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:  # brackets that hold no address
        scheme, _, rest = url.partition("://")
        return scheme.lower(), re.split(r"[/?#]", rest, maxsplit=1)[0]
    return parts.scheme, parts.netloc


def _origin(scheme: str, netloc: str) -> str:
    host, port = _host(netloc), _port(netloc)
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}" + ("" if port in ("", str(_PORTS.get(scheme))) else f":{port}")


def _host(netloc: str) -> str:
    place = netloc.rpartition("@")[2]
    name = place[1:].partition("]")[0] if place.startswith("[") else place.partition(":")[0]
    name = name.lower().removesuffix(".")
    if ":" in name:
        try:
            return ipaddress.ip_address(name).compressed
        except ValueError:
            return name
    try:
        return name if name.isascii() else name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


def _port(netloc: str) -> str:
    """Return the port in *netloc*, without leading zeros; empty if it names none."""
    port = re.split(r"\]|^[^\[:]*(?=:)", netloc.rpartition("@")[2], maxsplit=1)[-1]
    return port[1:].lstrip("0") if port.startswith(":") else ""
