"""Everything this package raises on purpose, and how it reaches another process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_hubfiles.visible import visible_lines


class Portable:
    """What an exception class of this package inherits, first of its bases: it survives pickle and copy.

    ``BaseException`` would be made again from its message alone, which fails where a constructor takes something else;
    a pool of processes whose worker raises such an error waits for it for ever. In place of that, an exception is made
    without its constructor and gets its message and its fields.
    """

    args: tuple[Any, ...]

    def __reduce__(self) -> tuple[Any, ...]:
        return _without_constructor, (type(self), self.args), vars(self)


def _without_constructor(kind: type[BaseException], args: tuple[Any, ...]) -> BaseException:
    error = kind.__new__(kind)
    error.args = args  # OSError's __new__ leaves them to a constructor
    return error


class HubfilesError(Portable, Exception):
    """Base of every error this package raises on purpose; its text is written for the person at the terminal."""

    def __str__(self) -> str:
        return visible_lines(super().__str__())


def grouped_in(error: BaseException) -> Sequence[BaseException]:
    """Return the errors in an exception group, nothing of any other error, whatever attributes that has."""
    if all(kind.__name__ != "BaseExceptionGroup" for kind in type(error).__mro__):  # Python 3.10 has it from a package
        return ()
    found: Sequence[BaseException] = error.exceptions  # type: ignore[attr-defined]
    return found
