"""What stands before Python's sockets and look-ups for a while."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Final

from pytest_hubfiles.record.patch_points import Replacements


class SocketGuard(AbstractContextManager["SocketGuard"], ABC):
    """While it is entered, what :meth:`_guard` puts before functions of ``socket`` is asked first.

    A guard does nothing once it is not ``_is_active``: a patch on top of it may put it back later. Its patches are
    plain assignments: ``mock.patch`` would cost each replay ten times as much. An audit hook, which nobody takes away,
    would cost every ``id()`` of the process as much as ten.
    """

    def __init__(self) -> None:
        self._replaced = Replacements()
        self._is_active = False

    @abstractmethod
    def _guard(self) -> None:
        """Put this before the functions, with :meth:`_stand_before`."""

    def _stand_before(
        self, owner: Any, names: Iterable[str], guarded: Callable[[Callable[..., Any]], Callable[..., Any]]
    ) -> None:
        """Put *guarded* before those functions of *owner* called *names* that are there: Windows has no sendmsg."""
        for name in names:
            if (call := getattr(owner, name, None)) is not None:
                self._replaced.put_on(owner, name, guarded(call))

    def __enter__(self) -> SocketGuard:
        self._guard()
        ENTERED.append(self)
        self._is_active = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_active = False
        if self in ENTERED:
            ENTERED.remove(self)
        self._replaced.take_off()


ENTERED: Final[list[SocketGuard]] = []
"""The guards that are entered, the innermost last."""


def stand_again() -> None:
    """Put back what another package has taken away of the guards that are entered."""
    for guard in ENTERED.copy():  # another thread may make a socket
        guard._replaced.put_back()


def shown(address: tuple[Any, ...]) -> str:
    """Return the host and port of a socket's *address* as messages show it."""
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"


def is_of_internet(address: Any) -> bool:
    """Return whether *address* has a host and a port; what is none, the socket itself refuses."""
    return isinstance(address, tuple) and len(address) >= 2
