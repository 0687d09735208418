"""Which cassettes go along with which tests that were renamed or moved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple


class Moves(NamedTuple):
    """What is known of cassettes that belong to renamed tests.

    ``certain`` are pairs of an old and a new name, each name in one of them; ``open`` has for each new name the old
    names it may belong to, of which nothing tells which.
    """

    certain: list[tuple[str, str]]
    open: dict[str, list[str]]


def likeness(old: str, new: str) -> int:
    """Return how much two cassettes are called alike: 3 if only moved, 2 but for the class, 1 but for ids."""
    one, other = PurePosixPath(old), PurePosixPath(new)
    if one.name == other.name:
        return 3
    if _function(one.stem) == _function(other.stem):
        return 2
    is_same_test = one.stem.partition("[")[0] == other.stem.partition("[")[0]
    return 1 if is_same_test and one.parent == other.parent else 0


def _function(name: str) -> str:
    """Return the name of a test with its parameters, without that of its class."""
    head, bracket, ids = name.partition("[")
    return f"{head.rpartition('.')[2]}{bracket}{ids}"


def closest(new: str, olds: Iterable[str]) -> list[str]:
    """Return those of *olds* that are called most like *new*, the most alike first; all if none is."""
    from difflib import SequenceMatcher

    levels = {old: likeness(old, new) for old in olds}
    best = max(levels.values(), default=0)
    near = (old for old, level in levels.items() if level == best)
    return sorted(near, key=lambda old: -SequenceMatcher(a=old, b=new).ratio())


def is_certain(old: str, new: str, others: Iterable[str]) -> bool:
    """Return whether *old* is called more like *new* than like any of *others*, which have no cassette either."""
    level = likeness(old, new)
    return all(likeness(old, other) < level for other in others if other != new)


def paired(found: Mapping[str, Sequence[str]]) -> Moves:
    """Return which cassettes go along, where *found* has for each missing one those that fit; none is given twice."""
    left = {new: list(olds) for new, olds in sorted(found.items()) if olds}  # workers tell in any order
    certain: list[tuple[str, str]] = []
    while True:
        sole = {new: olds[0] for new, olds in left.items() if len(olds) == 1}
        now = [
            (old, new)
            for new, old in sole.items()
            if is_certain(old, new, (other for other, olds in left.items() if old in olds))
        ]
        if not now:
            return Moves(sorted(certain), left)
        certain += now
        taken = {old for old, _ in now}
        left = {
            new: [old for old in olds if old not in taken] for new, olds in left.items() if sole.get(new) not in taken
        }
        left = {new: olds for new, olds in left.items() if olds}
