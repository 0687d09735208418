"""Attributes of other modules that are replaced while a test runs."""

from __future__ import annotations

import sys
from types import FunctionType
from typing import Any, Final

MISSING: Final = object()
"""Stands for an attribute that its owner inherits."""
UNKNOWN: Final = object()
"""Stands for an attribute that the running test has patched, so that nobody knows what it is by itself."""


class PatchPoint:
    """An attribute, what it is by itself, and what replaces it.

    A replacement calls ``beneath``, never what the attribute is now: that may be a test's own patch, which calls the
    replacement. Such a patch may also put the replacement back when the test is over.
    What each test does with some twenty of them looks an attribute up in place, as :func:`own` does.
    """

    __slots__ = ("is_in_use", "name", "original", "owner", "replacement", "under")

    def __init__(self, owner: Any, name: str, original: object, replacement: object) -> None:
        self.owner, self.name, self.original, self.replacement = owner, name, original, replacement
        self.under: object = None
        self.is_in_use = False

    def put_on(self) -> None:
        """Set the replacement."""
        self.is_in_use = True
        setattr(self.owner, self.name, self.replacement)

    def take_off(self) -> None:
        """Set the original again, unless somebody else has patched the attribute."""
        self.is_in_use = False
        if self.owner.__dict__.get(self.name, MISSING) is self.replacement and self.original is not UNKNOWN:
            if self.original is MISSING:
                delattr(self.owner, self.name)
            else:
                setattr(self.owner, self.name, self.original)

    @property
    def was_taken_away(self) -> bool:
        """Whether somebody has set the attribute to what it is by itself while the replacement was on."""
        now = own(self.owner, self.name)
        return now is self.original or now is inherited(self.owner, self.name)

    @property
    def is_on(self) -> bool:
        """Whether the replacement is there, with nobody else's patch on top of it."""
        return own(self.owner, self.name) is self.replacement

    @property
    def is_free(self) -> bool:
        """Whether nobody else has patched the attribute."""
        if self.original is UNKNOWN:
            return False
        now = self.owner.__dict__.get(self.name, MISSING)
        return now is self.original or now is self.replacement or is_ours(self.owner, self.name)

    @property
    def beneath(self) -> Any:
        """What a replacement calls: what was put under it, or the original."""
        return self.original if self.under is None else self.under


class Replacements:
    """Attributes that are replaced together, and as they were again afterwards."""

    def __init__(self) -> None:
        self._points: list[PatchPoint] = []

    def put_on(self, owner: Any, name: str, replacement: object) -> None:
        """Replace the attribute *name* of *owner*."""
        point = PatchPoint(owner, name, owner.__dict__.get(name, MISSING), replacement)
        point.put_on()
        self._points.append(point)

    @property
    def are_on(self) -> bool:
        """Whether there are any, and nobody else has patched one of them since."""
        points = self._points
        return bool(points) and all(p.owner.__dict__.get(p.name) is p.replacement for p in points)

    def put_back(self) -> None:
        """Set the replacements again that somebody has taken away."""
        for point in self._points:
            if point.owner.__dict__.get(point.name) is not point.replacement and point.was_taken_away:
                point.put_on()

    def take_off(self) -> None:
        """Set every original again, unless somebody else has patched the attribute."""
        for point in reversed(self._points):
            point.take_off()
        self._points.clear()


def own(owner: Any, name: str) -> Any:
    """Return the attribute *name* of *owner* itself, MISSING where it is inherited."""
    return vars(owner).get(name, MISSING)


def inherited(owner: Any, name: str) -> Any:
    """Return the attribute *name* that the class *owner* inherits, MISSING where there is none."""
    kinds = owner.__mro__[1:] if isinstance(owner, type) else ()
    return next((vars(kind)[name] for kind in kinds if name in vars(kind)), MISSING)


_LASTING: Final[dict[tuple[int, str], PatchPoint]] = {}


def keep(point: PatchPoint) -> None:
    """Remember *point*, which is put on for many tests and which a test's own patch may leave on after them."""
    _LASTING[id(point.owner), point.name] = point


def kept() -> list[PatchPoint]:
    """Return the points that :func:`keep` was given."""
    return list(_LASTING.values())


def is_ours(owner: Any, name: str) -> bool:
    """Return whether the attribute *name* of *owner* is the replacement of a point that was kept."""
    point = _LASTING.get((id(owner), name))
    return point is not None and point.is_on


def original(owner: Any, name: str) -> Any:
    """Return the attribute *name* of *owner* without a point that was kept, and what a test put on top of that."""
    point = _LASTING.get((id(owner), name))
    return point.original if point is not None and (point.is_in_use or point.is_on) else own(owner, name)


def is_by_itself(owner: Any, name: str) -> bool:
    """Return whether the attribute *name* of *owner* is what its own package made it: nobody has patched it."""
    value = own(owner, name)
    value = getattr(value, "__func__", value)  # of a static method or one of the class
    if isinstance(value, FunctionType):  # functools.wraps copies every name, but not the globals
        package = _package(str(value.__globals__.get("__name__")))
        return package == _package(_module_name(owner)) or is_ours(owner, name)
    if isinstance(value, type):
        return _package(value.__module__) in (_package(_module_name(owner)), *sys.stdlib_module_names)
    return value is MISSING or not callable(value)


def _module_name(owner: Any) -> str:
    return str(owner.__module__ if isinstance(owner, type) else owner.__name__)


def _package(module: str) -> str:
    return module.partition(".")[0]
