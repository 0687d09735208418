"""Nothing leaves a replay: sockets refuse to connect to where no recorded answer comes from."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from functools import cache
from types import TracebackType
from typing import Any, Final
from urllib.parse import urlsplit

from pytest_hubfiles.errors import HubfilesError

_PORTS: Final = {"http": 80, "https": 443}
_METHODS: Final = {"connect": 0, "connect_ex": 0, "sendto": -1, "sendmsg": 3}
"""The methods of a socket that name an address, and as which of their arguments."""
_LOOK_UPS: Final = ("getaddrinfo", "gethostbyname", "gethostbyname_ex")
_HERE: Final = "localhost"
_INTERNET: Final = (socket.AF_INET, socket.AF_INET6)


class SealedError(HubfilesError, ConnectionRefusedError):
    """A connection that a replay refused; clients take it for what it is to them, a connection that failed."""


class Seal(AbstractContextManager["Seal"]):
    """While it is entered, the sockets of this process reach this machine alone, and not *base_url* on it.

    A test may talk to a database of its own, on a loopback address or a UNIX socket, and to the *hosts* that vcrpy
    is told to ignore. *refuse* makes the error for what is refused. This sees what goes through Python's ``socket``:
    not other processes, nor libraries with sockets of their own such as pycurl, grpc and uvloop.

    Its patches are plain assignments: ``mock.patch`` would cost each replay ten times as much.
    """

    def __init__(
        self, base_url: str, refuse: Callable[[str], BaseException], hosts: Iterable[str | re.Pattern[str]] = ()
    ) -> None:
        self._base = _place(base_url)
        self._refuse = refuse
        self._names = {host.lower() for host in hosts if isinstance(host, str)}
        self._patterns = [host for host in hosts if isinstance(host, re.Pattern)]
        self._open: set[tuple[str, Any]] = set()  # addresses with their ports; None is any port
        self._replaced: list[tuple[Any, str, Any, Any]] = []
        self._active = False

    def __enter__(self) -> Seal:
        for name, place in _METHODS.items():
            if hasattr(socket.socket, name):  # Windows has no sendmsg
                self._replace(socket.socket, name, self._method(getattr(socket.socket, name), place))
        for name in _LOOK_UPS:
            self._replace(socket, name, self._look_up(getattr(socket, name)))
        self._active = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._active = False  # whoever patched on top of this may put it back later
        for owner, name, before, ours in self._replaced:
            if vars(owner).get(name) is not ours:
                continue
            if before is None:  # a method that the class inherits
                delattr(owner, name)
            else:
                setattr(owner, name, before)

    def open(self, url: str) -> None:
        """Let connections pass to where *url* points: vcrpy was told to ignore a request there."""
        place = _place(url)
        self._open.add(place)
        self._names.add(place[0])  # which is to be looked up first

    def _replace(self, owner: Any, name: str, ours: Callable[..., Any]) -> None:
        self._replaced.append((owner, name, vars(owner).get(name), ours))
        setattr(owner, name, ours)

    def _method(self, call: Callable[..., Any], place: int) -> Callable[..., Any]:
        def guarded(sock: socket.socket, *args: Any) -> Any:
            if self._active and len(args) > max(place, 0) and sock.family in _INTERNET:
                self._check(args[place])
            return call(sock, *args)

        return guarded

    def _look_up(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(host: Any, *args: Any, **kwargs: Any) -> Any:
            name = _plain(host)
            if not self._active or name == _HERE or _address(name) is not None:
                return call(host, *args, **kwargs)
            if not self._is_named(name):
                if name == _plain(socket.gethostname()):  # as smtplib does, to introduce itself
                    return call(host, *args, **kwargs)
                raise self._refuse(f"looking up {name}")
            found = call(host, *args, **kwargs)
            self._open |= {(address, None) for address in _addresses(found) if address != _HERE}
            return found

        return guarded

    def _is_named(self, host: str) -> bool:
        return host in self._names or any(pattern.fullmatch(host) for pattern in self._patterns)

    def _check(self, address: Any) -> None:
        if not isinstance(address, tuple) or len(address) < 2:  # what the socket itself refuses
            return
        place = host, port = _plain(address[0]), address[1]
        if place in self._open or (host, None) in self._open:
            return
        if place == self._base or (host != _HERE and not self._is_named(host)):
            shown = f"[{address[0]}]" if ":" in str(address[0]) else address[0]
            raise self._refuse(f"connecting to {shown}:{port}")


@cache  # a run has one base URL
def _place(url: str) -> tuple[str, int | None]:
    parts = urlsplit(url)
    return _plain(parts.hostname or ""), parts.port or _PORTS.get(parts.scheme)


def _plain(host: object) -> str:
    """Return *host* in the one form it is compared in: whatever is this machine is ``localhost``."""
    text = host.decode("latin-1") if isinstance(host, (bytes, bytearray)) else str(host or "")
    text = text.lower().removesuffix(".")
    if text in ("", _HERE) or text.endswith(f".{_HERE}"):  # RFC 6761
        return _HERE
    address = _address(text)
    if address is None:
        return text
    inner = getattr(address, "ipv4_mapped", None) or address
    return _HERE if inner.is_loopback or inner.is_unspecified else str(inner)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _addresses(found: Any) -> Iterator[str]:
    """Yield the addresses in what a look-up returned."""
    if isinstance(found, str):  # gethostbyname
        yield _plain(found)
    elif isinstance(found, tuple):  # gethostbyname_ex
        yield from map(_plain, found[2])
    else:
        yield from (_plain(address[0]) for *_, address in found)
