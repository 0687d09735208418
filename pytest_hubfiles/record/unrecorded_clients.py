"""Stops what is sent to HubSpot while a test records by a client whose requests are not recorded."""

from __future__ import annotations

import socket
import ssl
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from types import FrameType
from typing import Any, Final
from weakref import WeakSet

from pytest_hubfiles.model.origin import is_hubspot_host
from pytest_hubfiles.record.addresses import HERE, LOOK_UPS, addresses, host_and_port, normalized
from pytest_hubfiles.record.socket_guard import SocketGuard, is_of_internet, shown

_CONNECT: Final = ("connect", "connect_ex")
_SEND: Final = ("send", "sendall", "sendmsg")


class UnrecordedClients(SocketGuard):
    """While it is entered, only recorded requests are sent to *base_url* and to HubSpot.

    Anything else there would be a live call of which the new cassette knows nothing, and a cassette that knew more
    would be replaced by it. A connection is another client's where none of vcrpy's stubs is making it and, in an event
    loop, which connects in tasks of their own, *is_sending* says that none of them is under way. To connect is harmless
    by itself: a test may see whether a port is open. *refuse* makes the error for what is sent.
    """

    def __init__(self, base_url: str, is_sending: Callable[[], bool], refuse: Callable[[str], BaseException]) -> None:
        super().__init__()
        self._is_sending, self._refuse = is_sending, refuse
        self._base = host_and_port(base_url)
        self._open: set[tuple[str, int | None]] = set()
        self._addresses = {self._base[0]} - {HERE}
        self._watched: WeakSet[socket.socket] = WeakSet()

    def _guard(self) -> None:
        self._stand_before(socket.socket, _CONNECT, self._connecting)
        self._stand_before(socket.socket, _SEND, self._sending)
        self._stand_before(socket.socket, ["sendto"], self._sending_to)
        self._stand_before(ssl.SSLContext, ["wrap_socket"], self._wrapping)
        self._stand_before(socket, LOOK_UPS, self._looking_up)

    def open(self, url: str) -> None:
        """Let any client send to the host of *url*, where requests are not to be recorded."""
        self._open.add(host_and_port(url))

    def _looking_up(self, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def looking_up(host: Any, *args: Any, **kwargs: Any) -> Any:
            found = call(host, *args, **kwargs)
            if self._is_active and self._is_name(normalized(host)):
                self._addresses |= set(addresses(found)) - {HERE}
            return found

        return looking_up

    def _connecting(self, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def connecting(sock: socket.socket, *args: Any) -> Any:
            if self._is_active and args and self._is_there(args[0]) and not self._is_recorded():
                if isinstance(sock, ssl.SSLSocket):  # it shakes hands as soon as it is connected
                    raise self._refuse(f"connecting to {shown(args[0])}")
                self._watched.add(sock)
            return call(sock, *args)

        return connecting

    def _sending(self, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def sending(sock: socket.socket, *args: Any) -> Any:
            if self._is_active and sock in self._watched:
                raise self._refused(sock)
            return call(sock, *args)

        return sending

    def _sending_to(self, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def sending_to(sock: socket.socket, *args: Any) -> Any:
            if self._is_active and args and self._is_there(args[-1]) and not self._is_recorded():
                raise self._refuse(f"sending to {shown(args[-1])}")
            return call(sock, *args)

        return sending_to

    def _wrapping(self, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def wrapping(context: ssl.SSLContext, sock: socket.socket, *args: Any, **kwargs: Any) -> Any:
            if self._is_active and sock in self._watched:
                raise self._refused(sock)
            return call(context, sock, *args, **kwargs)

        return wrapping

    def _refused(self, sock: socket.socket) -> BaseException:
        """Return the error for what is sent on *sock*; who does not heed it finds the connection closed."""
        error = self._refuse(f"sending to {shown(sock.getpeername())}")
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
        return error

    def _is_name(self, host: str) -> bool:
        return host == self._base[0] or is_hubspot_host(host)

    def _is_there(self, address: Any) -> bool:
        """Return whether *address* is that of the base URL or of HubSpot."""
        if not is_of_internet(address):
            return False
        host = normalized(address[0])
        if (host, address[1]) in self._open:
            return False
        return (host, address[1]) == self._base or (host != HERE and (host in self._addresses or self._is_name(host)))

    def _is_recorded(self) -> bool:
        """Return whether what connects here and now does so for a request that is being recorded."""
        return _is_within_stub() or (_is_in_event_loop() and self._is_sending())


def _is_within_stub() -> bool:
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if str(frame.f_globals.get("__name__")).startswith("vcr.stubs"):
            return True
        frame = frame.f_back
    return False


def _is_in_event_loop() -> bool:
    asyncio = sys.modules.get("asyncio")
    return "trio" in sys.modules or (asyncio is not None and asyncio._get_running_loop() is not None)
