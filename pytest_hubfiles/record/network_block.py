"""Blocks connections that would leave this machine, and in a replay those to the base URL on it."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable, Iterator
from functools import partial, wraps
from typing import Any, Final

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.record.addresses import (
    HERE,
    INTERNET,
    LOOK_UPS,
    REVERSE,
    address_in,
    addresses,
    host_and_port,
    looked_up,
    normalized,
)
from pytest_hubfiles.record.socket_guard import ENTERED, SocketGuard, is_of_internet, shown, stand_again

_HEAP, _IMMUTABLE = 1 << 9, 1 << 8
"""In the flags of a class: it is no static one of C's, and its attributes cannot be set; both as CPython has them."""

_SOCKET: Final = socket.socket
_METHODS: Final = {"connect": 0, "connect_ex": 0, "sendto": -1, "sendmsg": 3}
"""The methods of a socket that get an address, and in which of their arguments."""


class ConnectionBlockedError(HubfilesError, ConnectionRefusedError):
    """A connection that was refused here; to clients it is a connection that failed."""


class NetworkBlock(SocketGuard):
    """While it is entered, the sockets of this process reach this machine alone, and not *blocked_url* on it.

    A test may talk to a database of its own, on a loopback address or a UNIX socket, and to the *hosts* that vcrpy
    is told to ignore or that a recording may reach. *refuse* makes the error for an attempt; *concerns* says whether
    whoever makes it is meant. This sees what goes through Python's ``socket``: not other processes, nor libraries with
    sockets of their own such as pycurl, grpc and uvloop.

    Whatever stands before the sockets asks all blocks that are entered, so one that is entered while another stands
    there, with nobody else's patch on top, need not. Where another package puts back Python's own methods, they stand
    there again when the next socket is made.
    """

    def __init__(
        self,
        blocked_url: str | None,
        refuse: Callable[[str], BaseException],
        hosts: Iterable[str | re.Pattern[str]] = (),
        concerns: Callable[[], bool] = lambda: True,
    ) -> None:
        super().__init__()
        self._class: type[socket.socket] | None = None
        self._blocked = None if blocked_url is None else host_and_port(blocked_url)
        self._refuse, self._concerns = refuse, concerns
        self._names = {host.lower() for host in hosts if isinstance(host, str)}
        self._patterns = [host for host in hosts if isinstance(host, re.Pattern)]
        self._open: set[tuple[str, Any]] = set()  # addresses with their ports; None is any port

    @property
    def _is_on_top(self) -> bool:
        """Whether it stands before the sockets, with nobody else's patch on top of it, nor another class there."""
        return self._class is socket.socket and self._replaced.are_on

    def _guard(self) -> None:
        if any(block._is_on_top for block in _entered()):
            return
        self._class = socket.socket
        now = socket.socket if isinstance(socket.socket, type) else _SOCKET  # a test may have a mock in its place
        classes = [kind for kind in reversed(now.__mro__) if kind.__flags__ & (_HEAP | _IMMUTABLE) == _HEAP]
        for name, position in _METHODS.items():
            for kind in classes:  # another's in place of the socket, and the one that was there before
                self._stand_before(kind, [name], partial(_guarded_method, position))
        self._stand_before(now, ["__init__"], _guarded_making)
        self._stand_before(socket, LOOK_UPS, _guarded_look_up)
        self._stand_before(socket, REVERSE, _guarded_reverse)

    def open(self, url: str) -> None:
        """Let connections pass to the host of *url*, to which requests are sent."""
        address = host_and_port(url)
        self._open.add(address)
        self._names.add(address[0])  # which is to be looked up first

    @property
    def has_a_say(self) -> bool:
        """Whether it is entered, and what is attempted here and now concerns it."""
        return self._is_active and self._concerns()

    def check(self, address: Any) -> None:
        """Raise if *address*, of an Internet socket, must not be reached."""
        if not is_of_internet(address):
            return
        host, port = normalized(address[0]), address[1]
        if (host, port) in self._open or (host, None) in self._open:
            return
        if (host, port) == self._blocked or (host != HERE and not self._is_named(host)):
            raise self._refuse(f"connecting to {shown(address)}")

    def may_reach(self, host: str) -> bool:
        """Return whether *host*, which is looked up, may be reached; raise if it must not even be looked up."""
        if self._is_named(host) or any(host == address for address, _ in self._open):
            return True
        if host == normalized(socket.gethostname()):  # as smtplib does, to introduce itself
            return False
        raise self._refuse(f"looking up {host}")

    def let_through(self, found: Iterable[str]) -> None:
        """Let connections pass to the addresses that were *found* for a host."""
        self._open |= {(address, None) for address in found if address != HERE}

    def _is_named(self, host: str) -> bool:
        return host in self._names or any(pattern.fullmatch(host) for pattern in self._patterns)


def _entered() -> Iterator[NetworkBlock]:
    """Yield the blocks that are entered, the innermost first."""
    return (guard for guard in reversed(ENTERED.copy()) if isinstance(guard, NetworkBlock))


def _asked() -> Iterator[NetworkBlock]:
    """Yield those that have a say in what is attempted now."""
    return (block for block in _entered() if block.has_a_say)


def _name_in(host: Any) -> str | None:
    """Return the name that *host*, which is looked up, is; None for an address and for this machine."""
    name = normalized(host)
    return name if name != HERE and address_in(name) is None else None


def _guarded_method(position: int, call: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(sock: socket.socket, *args: Any) -> Any:
        if len(args) > max(position, 0) and sock.family in INTERNET:
            for block in _asked():
                block.check(args[position])
        return call(sock, *args)

    return guarded


def _guarded_making(call: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(call)  # a mock made after the class asks for its signature
    def guarded(sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        stand_again()
        call(sock, *args, **kwargs)

    return guarded


def _guarded_reverse(call: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(*args: Any) -> Any:
        name = normalized(looked_up(*args))
        for block in () if name == HERE else _asked():
            block.may_reach(name)
        return call(*args)

    return guarded


def _guarded_look_up(call: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = _name_in(host)
        opening = [] if name is None else [block for block in _asked() if block.may_reach(name)]
        found = call(host, *args, **kwargs)
        for block in opening:
            block.let_through(addresses(found))
        return found

    return guarded
