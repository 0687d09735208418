"""A change and the name that users type for it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pytest_hubfiles.errors import HubfilesError

_MOST_NEAR: Final = 5


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that the API may do differently, in all answers of an operation.

    ``path`` is a JSONPath with ``[*]`` for array elements, None for what concerns whole answers or happens between
    them. ``kind`` is a kind of finding or the name of an event; ``variant`` tells changes of one kind apart.
    """

    operation: str
    path: str | None
    kind: str
    variant: str | None = None

    def __str__(self) -> str:
        return " ".join(part for part in (self.operation, self.path, self.kind, self.variant) if part is not None)


class UnknownChangeError(HubfilesError):
    """A text that is no change's name, or that of a change which a recording does not allow.

    ``near`` are the names that come closest.
    """

    def __init__(self, text: str, near: Iterable[str] = (), where: str = "") -> None:
        self.text, self.near = text, tuple(near)
        closest = "\n".join(["The nearest are:", *(f"  {name}" for name in self.near)])
        super().__init__(
            f"{text!r} is no change{where}.\n"
            f"{closest if self.near else 'None is near.'}\n"
            "A change is written OPERATION [JSONPATH] KIND [VARIANT]; hubfiles changes lists them all."
        )


def near(text: str, names: Iterable[str]) -> list[str]:
    """Return those of *names* that come closest to *text*, the nearest first."""
    return difflib.get_close_matches(text, list(dict.fromkeys(names)), _MOST_NEAR)
