"""Puts changes in place of what was recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from graphlib import CycleError, TopologicalSorter
from itertools import combinations

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.judge.registry import Contracts
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.rehearsal.changes import Change, apply, changes_of, chosen, parse
from pytest_hubfiles.rehearsal.move import Move
from pytest_hubfiles.rehearsal.search import meet


class NothingRecordedError(HubfilesError):
    """A test that is to be replayed with a change, and has no recording; its own may be one of *near*."""

    def __init__(self, change: str, cassette: str, near: Sequence[str] = ()) -> None:
        self.change, self.cassette, self.near = change, cassette, tuple(near)
        moved = "".join(f'Was it moved? Then say cassette="{name}" in the marker.\n' for name in near)
        super().__init__(
            f"The change {change!r} is tried on what was recorded, and nothing is recorded in {cassette}.\n"
            f"{moved}"
            "Record the test without the change first: --hubfiles-record once. A test that keeps a change shares the "
            "cassette of the ordinary one, by cassette= in both markers."
        )


class ChangesMeetError(HubfilesError):
    """Two changes that cannot be made at once: one hides the other."""

    def __init__(self, one: str, other: str) -> None:
        self.one, self.other = one, other
        super().__init__(
            f"The changes {one!r} and {other!r} cannot be made at once: one would not show.\n"
            "Leave one out, or try each by itself."
        )


def applying(
    changes: Iterable[Change], contracts: Contracts, move: Move | None = None
) -> Callable[[Sequence[Interaction]], Sequence[Interaction]]:
    """Return what makes all of *changes* at once, of recordings that *move* has taken to another version."""

    def change(recorded: Sequence[Interaction]) -> Sequence[Interaction]:
        recorded = recorded if move is None else move.moved(recorded)
        for one in changes:
            recorded = apply(one, recorded, contracts)
        return recorded

    return change


def named(
    texts: Sequence[str], contracts: Contracts, cassette: str, near: Sequence[str] = ()
) -> Callable[[Sequence[Interaction]], Sequence[Interaction]]:
    """Return what makes all changes that *texts* name, on what is recorded in *cassette*, or perhaps in one of *near*.

    What it returns raises NothingRecordedError if nothing is.

    Raises:
        UnknownChangeError: if one names no change; what it returns raises it if the recording does not allow that, and
            ChangesMeetError if one of two would not show.
    """
    for text in texts:
        parse(text)

    def change(recorded: Sequence[Interaction]) -> Sequence[Interaction]:
        if not recorded:
            raise NothingRecordedError(texts[0], cassette, near)
        possible = changes_of(recorded, contracts)
        changes = _in_order([chosen(text, possible) for text in texts], recorded, contracts)
        return applying(changes, contracts)(recorded)

    return change


def _in_order(changes: Sequence[Change], recorded: Sequence[Interaction], contracts: Contracts) -> list[Change]:
    """Return *changes* in an order in which all of them show.

    Raises:
        ChangesMeetError: if there is none.
    """
    alone = {change: list(apply(change, recorded, contracts)) for change in changes}
    sorter = TopologicalSorter[Change](dict.fromkeys(changes, ()))

    def both_show(one: Change, other: Change) -> bool:
        return list(applying([one, other], contracts)(recorded)) not in (alone[one], alone[other])

    for one, other in combinations(changes, 2):
        is_within = one.path is not None and other.path is not None and meet(one, other)
        shows = [not is_within and both_show(one, other), not is_within and both_show(other, one)]
        is_one_kind = (one.operation, one.path, one.kind) == (other.operation, other.path, other.kind)
        if not any(shows) or (is_one_kind and not all(shows)):
            raise ChangesMeetError(str(one), str(other))
        if not all(shows):
            sorter.add(*((other, one) if shows[0] else (one, other)))
    try:
        return list(sorter.static_order())
    except CycleError as error:
        one, other, *_ = error.args[1]
        raise ChangesMeetError(str(one), str(other)) from None
