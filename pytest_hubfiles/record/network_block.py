"""Blocks connections that would leave this machine, and in a replay those to the base URL on it."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from types import TracebackType
from typing import Any, Final

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.record.addresses import HERE, INTERNET, LOOK_UPS, address_in, addresses, host_and_port, normalized
from pytest_hubfiles.record.socket_guard import SocketGuard, is_of_internet, shown

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

    Where another block, *within* which this one is, stands before the sockets for longer, with nobody else's patch on
    top of it, that one asks this one first: a twentieth of a replayed test is saved.
    """

    def __init__(
        self,
        blocked_url: str | None,
        refuse: Callable[[str], BaseException],
        hosts: Iterable[str | re.Pattern[str]] = (),
        concerns: Callable[[], bool] = lambda: True,
        within: NetworkBlock | None = None,
    ) -> None:
        super().__init__()
        self._within, self._inner = within, list[NetworkBlock]()
        self._class: type[socket.socket] | None = None
        self._blocked = None if blocked_url is None else host_and_port(blocked_url)
        self._refuse, self._concerns = refuse, concerns
        self._names = {host.lower() for host in hosts if isinstance(host, str)}
        self._patterns = [host for host in hosts if isinstance(host, re.Pattern)]
        self._open: set[tuple[str, Any]] = set()  # addresses with their ports; None is any port

    @property
    def is_on_top(self) -> bool:
        """Whether it is entered, and nobody has put anything on top of it, or another class in place of the socket."""
        return self._class is socket.socket and super().is_on_top

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        if self._within is not None and self in self._within._inner:
            self._within._inner.remove(self)

    def _guard(self) -> None:
        if self._within is not None and self._within.is_on_top:
            self._within._inner.append(self)
            return
        self._class = socket.socket
        for name, position in _METHODS.items():
            self._stand_before(socket.socket, [name], partial(self._guarded_method, position))
        self._stand_before(socket, LOOK_UPS, self._guarded_look_up)

    def open(self, url: str) -> None:
        """Let connections pass to the host of *url*, to which requests are sent."""
        address = host_and_port(url)
        self._open.add(address)
        self._names.add(address[0])  # which is to be looked up first

    def _guarded_method(self, position: int, call: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(sock: socket.socket, *args: Any) -> Any:
            if len(args) > max(position, 0) and sock.family in INTERNET:
                for block in self._asked():
                    block._check(args[position])
            return call(sock, *args)

        return guarded

    def _guarded_look_up(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(host: Any, *args: Any, **kwargs: Any) -> Any:
            name = normalized(host)
            is_name = name != HERE and address_in(name) is None
            opening = [block for block in self._asked() if block._may_reach(name)] if is_name else []
            found = call(host, *args, **kwargs)
            for block in opening:
                block._open |= {(address, None) for address in addresses(found) if address != HERE}
            return found

        return guarded

    def _asked(self) -> Iterator[NetworkBlock]:
        """Yield the blocks that have a say in what is attempted now, the innermost first."""
        return (block for block in (*reversed(self._inner), self) if block._is_active and block._concerns())

    def _may_reach(self, host: str) -> bool:
        """Return whether *host*, which is looked up, may be reached; raise if it must not even be looked up."""
        if self._is_named(host):
            return True
        if host == normalized(socket.gethostname()):  # as smtplib does, to introduce itself
            return False
        raise self._refuse(f"looking up {host}")

    def _is_named(self, host: str) -> bool:
        return host in self._names or any(pattern.fullmatch(host) for pattern in self._patterns)

    def _check(self, address: Any) -> None:
        if not is_of_internet(address):
            return
        host, port = normalized(address[0]), address[1]
        if (host, port) in self._open or (host, None) in self._open:
            return
        if (host, port) == self._blocked or (host != HERE and not self._is_named(host)):
            raise self._refuse(f"connecting to {shown(address)}")
