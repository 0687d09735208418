"""Attributes of other modules that are replaced while a test runs."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

MISSING: Final = object()
"""Stands for an attribute that its owner inherits."""
_ORIGINAL: Final = "_hubfiles_original"


class PatchPoint(NamedTuple):
    """An attribute, what it is by itself, and what replaces it; without a replacement it is only watched."""

    owner: Any
    name: str
    original: object
    replacement: object = None

    def put_on(self) -> None:
        """Set the replacement."""
        setattr(self.owner, self.name, self.replacement)

    def take_off(self) -> None:
        """Set the original again."""
        if self.original is MISSING:
            delattr(self.owner, self.name)
        else:
            setattr(self.owner, self.name, self.original)

    @property
    def is_on(self) -> bool:
        """Whether the replacement is there, with nobody else's patch on top of it."""
        return self.replacement is not None and own(self.owner, self.name) is self.replacement

    @property
    def successor(self) -> Any:
        """What the attribute is without the replacement: a patch on top of it, or the original."""
        now = own(self.owner, self.name)
        return self.original if now is self.replacement or now is MISSING else now


def own(owner: Any, name: str) -> Any:
    """Return the attribute *name* of *owner* itself, MISSING where it is inherited."""
    return vars(owner).get(name, MISSING)


def mark(replacement: Any, original: object) -> None:
    """Have :func:`unmarked` return *original* for *replacement*."""
    setattr(replacement, _ORIGINAL, original)


def unmarked(attribute: object) -> Any:
    """Return *attribute* of a client, or its original where the fast path has replaced it."""
    return getattr(attribute, "__dict__", {}).get(_ORIGINAL, attribute)
