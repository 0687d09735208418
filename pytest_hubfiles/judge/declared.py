"""What a schema declares at each place of a body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from pytest_hubfiles.model.json_types import child_path


class Declared(NamedTuple):
    """What a schema declares at one path; ``types`` is empty where it lets any type pass."""

    required: bool = False
    nullable: bool = False
    enum: frozenset[str] | None = None
    is_map: bool = False
    types: frozenset[str] = frozenset()
    format: str | None = None
    members: tuple[str, ...] = ()


UNDECLARED: Final = Declared()


ANY_KEY: Final = "*"
"""Stands for every key of a declared map."""


class Place:
    """A place in a body: what its schema declares there, and how to go on from there.

    Beneath what is not declared, nothing is.
    """

    __slots__ = ("_declared", "_inner", "_path", "facts")

    def __init__(self, declared: Mapping[str, Declared], path: str = "$") -> None:
        self._declared, self._path = declared, path
        self._inner: dict[str, Place] = {}
        self.facts = declared.get(path, UNDECLARED)

    def _at(self, name: str, path: str) -> Place:
        if path not in self._declared:
            return _NOWHERE
        return self._inner.setdefault(name, Place(self._declared, path))

    def member(self, name: str) -> Place:
        """Return the place of the member *name* of an object here."""
        return self._inner.get(name) or (self if self is _NOWHERE else self._at(name, child_path(self._path, name)))

    @property
    def any_member(self) -> Place:
        """The place of every member of a declared map here."""
        return self._inner.get(_ANY) or self._at(_ANY, f"{self._path}.{ANY_KEY}")

    @property
    def element(self) -> Place:
        """The place of every element of an array here."""
        return self._inner.get(_EACH) or self._at(_EACH, f"{self._path}[*]")


_ANY, _EACH = "\x00any", "\x00each"  # beside the names of members, of which none is likely to be called so


_NOWHERE: Final = Place({})
