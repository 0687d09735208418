"""All changes that a recording allows, the most telling first."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from pytest_hubfiles.judge.registry import Contracts
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.rehearsal.changes.answers import ANSWERS, ERRORS
from pytest_hubfiles.rehearsal.changes.events import EVENTS
from pytest_hubfiles.rehearsal.changes.kinds import (
    AT_THE_END,
    DOCUMENTED,
    EDITS,
    ENUM,
    WHILE_WAITING,
    kind_rank,
    variant_rank,
)
from pytest_hubfiles.rehearsal.changes.names import Change
from pytest_hubfiles.rehearsal.changes.places import Spot, member_path, spots
from pytest_hubfiles.rehearsal.changes.recording import Recording

_MOST_PLACES: Final = 500
"""Of an operation: a map of ten thousand keys has no ten thousand places that differ."""
_MOST_VALUES: Final = 20
_TASK_STATE: Final = "$.status"
_RATHER_OF_OPTIONAL: Final = ("field-removed", "field-renamed")


class _Candidate(NamedTuple):
    rank: tuple[int, bool, int, int]
    change: Change


def changes_of(recorded: Sequence[Interaction], contracts: Contracts) -> tuple[Change, ...]:
    """Return every change that alters something in *recorded*, each alteration once, the most telling first."""
    return tuple(change for change, _ in each_change(Recording(recorded, contracts).outline))


def each_change(recording: Recording) -> Iterator[tuple[Change, tuple[Interaction, ...]]]:
    """Yield the same for a *recording*, each with the interactions that it makes of that."""
    seen = {_digest(recording, recording.interactions)}
    candidates = [c for number, name in enumerate(recording.operations) for c in _of_operation(recording, name, number)]
    for candidate in sorted(candidates, key=lambda candidate: candidate.rank):
        changed = recording.changed(candidate.change)
        digest = _digest(recording, changed)
        if digest not in seen:
            seen.add(digest)
            yield candidate.change, changed


def _digest(recording: Recording, changed: Sequence[Interaction]) -> bytes:
    """Return what tells *changed* from any other change of *recording*."""
    digest = hashlib.blake2b(str(len(changed)).encode())
    known = {id(interaction) for interaction in recording.interactions}
    for interaction in changed:
        if id(interaction) in known:
            digest.update(str(id(interaction)).encode())
        else:
            head = (interaction.url, interaction.status_code, sorted(interaction.response_headers.items()))
            digest.update(repr(head).encode("utf-8", "surrogatepass"))
            digest.update(interaction.response_body)
    return digest.digest()


def _of_operation(recording: Recording, operation: str, number: int) -> Iterator[_Candidate]:
    for kind, variant in (*ANSWERS, *ERRORS, *EVENTS):
        yield _candidate(Change(operation, None, kind, variant), number, 0, required=False)
    places = _places(recording, operation)
    for place, (path, values) in enumerate(places.items()):
        required = values[0].place.facts.required
        for kind, variant in _at(values, recording, operation):
            yield _candidate(Change(operation, path, kind, variant), number, place, required=required)
        for missing in dict.fromkeys(missing for spot in values for missing in _missing(spot)):
            yield _candidate(Change(operation, missing, *DOCUMENTED), number, place, required=False)


def _candidate(change: Change, operation: int, place: int, *, required: bool) -> _Candidate:
    later = required and change.kind in _RATHER_OF_OPTIONAL
    rank = kind_rank(change), later, variant_rank(change), operation * _MOST_PLACES + place
    return _Candidate(rank, change)


def _places(recording: Recording, operation: str) -> dict[str, list[Spot]]:
    """Return some of the values at each place in the answers of *operation*."""
    places: dict[str, list[Spot]] = {}
    for number in recording.answers(operation):
        root = recording.root(number)
        for spot in () if root is None else spots(root.value, root.place):
            if spot.path not in places and len(places) == _MOST_PLACES:
                continue
            values = places.setdefault(spot.path, [])
            if len(values) < _MOST_VALUES:
                values.append(spot)
    return places


def _at(values: Sequence[Spot], recording: Recording, operation: str) -> Iterator[tuple[str, str | None]]:
    """Yield the kinds and variants of changes that alter something in *values*, all of them at one place."""
    path, facts = values[0].path, values[0].place.facts
    texts = {spot.value for spot in values if isinstance(spot.value, str)}
    states = {recording.interactions[number].task_status for number in recording.answers(operation)} - {None}
    if texts and path == _TASK_STATE and states:
        yield from ((ENUM, None), (ENUM, WHILE_WAITING), (ENUM, AT_THE_END))
    elif texts and facts.enum:
        yield ENUM, None
        if not any((spot.name, spot.value) in recording.asked_for for spot in values):  # what was asked for comes back
            yield from ((ENUM, value) for value in sorted(facts.enum - texts) if _is_word(value))
    for (kind, variant), edit in EDITS.items():
        if path == "$" and kind == "null-appeared":  # that is body-emptied
            continue
        if any(_differs(spot.value, edit(spot)) for spot in values):
            yield kind, variant


def _is_word(value: str) -> bool:
    return value.isprintable() and value.strip() == value != "" and value not in (WHILE_WAITING, AT_THE_END)


def _differs(before: object, after: object) -> bool:
    return after is not before and (type(after) is not type(before) or after != before)


def _missing(spot: Spot) -> Iterator[str]:
    """Yield the paths of the documented members that an object lacks."""
    if isinstance(spot.value, dict):
        yield from (member_path(spot.path, m) for m in spot.place.facts.members if m not in spot.value)
