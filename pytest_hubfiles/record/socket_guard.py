"""What stands before Python's sockets and look-ups for a while."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Final

from pytest_hubfiles.record.patch_points import Replacements


class SocketGuard(AbstractContextManager["SocketGuard"], ABC):
    """While it is entered, what :meth:`_guard` puts before functions of ``socket`` is asked first.

    A guard does nothing once it is not ``_is_active``: a patch on top of it may put it back later. Its patches are
    plain assignments: ``mock.patch`` would cost each replay ten times as much. Where another package takes them away,
    or a class of its own has taken the place of the socket, :meth:`_heard` is still told of what Python audits.
    """

    def __init__(self) -> None:
        self._replaced = Replacements()
        self._is_active = False

    @abstractmethod
    def _guard(self) -> None:
        """Put this before the functions, with :meth:`_stand_before`."""

    @abstractmethod
    def _heard(self, event: str, args: tuple[Any, ...]) -> None:
        """Raise if what Python tells by an audit *event* of ``socket`` must not be."""

    def _stand_before(
        self, owner: Any, names: Iterable[str], guarded: Callable[[Callable[..., Any]], Callable[..., Any]]
    ) -> None:
        """Put *guarded* before those functions of *owner* called *names* that are there: Windows has no sendmsg."""
        for name in names:
            if (call := getattr(owner, name, None)) is not None:
                self._replaced.put_on(owner, name, guarded(call))

    def __enter__(self) -> SocketGuard:
        _AUDITED.begin()
        self._guard()
        _ENTERED.append(self)
        self._is_active = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_active = False
        if self in _ENTERED:
            _ENTERED.remove(self)
        self._replaced.take_off()


_ENTERED: Final[list[SocketGuard]] = []  # the innermost last


class _Audited:
    """Python's audit events, of which who once asks for them is told until the process ends."""

    def __init__(self) -> None:
        self._has_begun = False

    def begin(self) -> None:
        """Have the guards that are entered be told from now on."""
        if not self._has_begun:
            self._has_begun = True
            sys.addaudithook(self._heard)

    def _heard(self, event: str, args: tuple[Any, ...]) -> None:
        if _ENTERED and event.startswith("socket."):
            for guard in reversed(_ENTERED.copy()):
                if guard._is_active:
                    guard._heard(event, args)


_AUDITED: Final = _Audited()


def shown(address: tuple[Any, ...]) -> str:
    """Return the host and port of a socket's *address* as messages show it."""
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"


def is_of_internet(address: Any) -> bool:
    """Return whether *address* has a host and a port; what is none, the socket itself refuses."""
    return isinstance(address, tuple) and len(address) >= 2
