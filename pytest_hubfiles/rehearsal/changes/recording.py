"""What a cassette holds, by operation, and the same with a change."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final
from urllib.parse import quote

from pytest_hubfiles.judge.registry import Contracts
from pytest_hubfiles.model.body import BodyNotJsonError, parse_json
from pytest_hubfiles.model.exchange import Exchange, Interaction
from pytest_hubfiles.model.task_states import TERMINAL
from pytest_hubfiles.rehearsal.changes.answers import ANSWERS, ERRORS
from pytest_hubfiles.rehearsal.changes.bodies import parsed, with_json
from pytest_hubfiles.rehearsal.changes.events import EVENTS, Turn
from pytest_hubfiles.rehearsal.changes.kinds import AT_THE_END, DOCUMENTED, EDITS, ENUM, WHILE_WAITING
from pytest_hubfiles.rehearsal.changes.names import Change, UnknownChangeError
from pytest_hubfiles.rehearsal.changes.places import Edit, Spot, edited, lacking, parent_of, shortened
from pytest_hubfiles.rehearsal.changes.samples import sample
from pytest_hubfiles.rehearsal.changes.values import NEW_VALUE
from pytest_hubfiles.visible import visible

_TASK: Final = re.compile(r"(?<=/tasks/)[^/?#]*(?=/status)")


@dataclass(frozen=True)
class Recording:
    """Interactions as a recorder loads them from a cassette, each with the operation that it is of."""

    interactions: Sequence[Interaction]
    contracts: Contracts = field(repr=False)

    @cached_property
    def outline(self) -> Recording:
        """The same without what only repeats: of ten thousand polls three or four are left."""
        first: dict[object, Interaction] = {}
        for number, i in enumerate(self.interactions):
            key = i.match_key, i.status_code, i.response_body, *i.response_headers, i.media_type
            if key not in first:
                root = self.root(number)
                first[key] = i if root is None else with_json(i, shortened(root))
        return Recording(tuple(first.values()), self.contracts)

    @cached_property
    def exchanges(self) -> list[Exchange]:
        """The interactions, identified."""
        return [self.contracts.identify(interaction) for interaction in self.interactions]

    @cached_property
    def operations(self) -> dict[str, list[int]]:
        """The numbers of the interactions of each operation, in the order of their first ones."""
        numbers: dict[str, list[int]] = {}
        for number, exchange in enumerate(self.exchanges):
            if exchange.operation is not None:
                numbers.setdefault(visible(exchange.operation), []).append(number)
        return numbers

    @cached_property
    def asked_for(self) -> set[tuple[str, object]]:
        """The members of what requests send, each with its value if that is a text."""
        asked: set[tuple[str, object]] = set()
        for interaction in self.interactions:
            with suppress(BodyNotJsonError):
                sent = parse_json(interaction.request_body) if interaction.request_body else None
                members = sent.items() if isinstance(sent, dict) else ()
                asked |= {(name, value) for name, value in members if isinstance(value, str)}
        return asked

    @property
    def versions(self) -> dict[str, set[str]]:
        """The versions of each operation."""
        return {
            operation: {version for n in numbers if (version := self.exchanges[n].version) is not None}
            for operation, numbers in self.operations.items()
        }

    def answers(self, operation: str) -> list[int]:
        """Return the numbers of the answers that a change of shape is about: the successes, else the errors."""
        numbers = self.operations.get(operation, [])
        successes = [n for n in numbers if 200 <= self.interactions[n].status_code < 300]
        return successes or self._errors(operation)

    def _errors(self, operation: str) -> list[int]:
        numbers = self.operations.get(operation, [])
        return [n for n in numbers if (i := self.interactions[n]).status_code >= 400 and i.transient is None]

    def root(self, number: int) -> Spot | None:
        """Return the JSON of an answer, and what its contract declares; None where it has none."""
        read, contract = parsed(self.interactions[number]), self.contracts.of(self.exchanges[number])
        if read is None or contract is None:
            return None
        return Spot(read.value, "$", "", contract.place(self.interactions[number].status_code))

    # --- with a change ------------------------------------------------------------------------------------------------

    def changed(self, change: Change) -> tuple[Interaction, ...]:
        """Return the interactions with *change*; those that it does not concern are the very same.

        Raises:
            UnknownChangeError: if there is no such kind of change.
        """
        pair = (change.kind, change.variant)
        if change.path is None and pair in EVENTS:
            return tuple(self._with_event(change))
        interactions = list(self.interactions)
        is_of_errors = change.path is None and pair in ERRORS
        for number in (self._errors if is_of_errors else self.answers)(change.operation):
            interactions[number] = self._with_change(number, change)
        return tuple(_under_new_ids(self.interactions, interactions))

    def _with_event(self, change: Change) -> Iterator[Interaction]:
        event = EVENTS[change.kind, change.variant]
        same: dict[object, list[Interaction]] = {}
        passed: dict[object, int] = {}
        numbers = frozenset(self.operations.get(change.operation, ()))
        for number in sorted(numbers):
            same.setdefault(self.interactions[number].match_key, []).append(self.interactions[number])
        for number, interaction in enumerate(self.interactions):
            if number not in numbers:
                yield interaction
                continue
            key = interaction.match_key
            yield from event(Turn(interaction, passed.get(key, 0), same[key]))
            passed[key] = passed.get(key, 0) + 1

    def _with_change(self, number: int, change: Change) -> Interaction:
        answer, pair = self.interactions[number], (change.kind, change.variant)
        if change.path is None:
            edits = {**ANSWERS, **ERRORS}
            if pair not in edits:
                raise UnknownChangeError(str(change))
            return edits[pair](answer)
        target, edit = self._edit(answer, change)
        root = self.root(number)
        if root is None or edit is None:
            return answer
        value = edited(root, target, edit)
        return answer if value is root.value else with_json(answer, value)

    def _edit(self, answer: Interaction, change: Change) -> tuple[str, Edit | None]:
        """Return where *answer* is to be edited, and how: None if *change* is not about it."""
        path, pair = change.path or "$", (change.kind, change.variant)
        if pair == DOCUMENTED:
            return parent_of(path) or "$", _with_documented(path)
        if change.kind == ENUM:
            is_waiting = answer.task_status is not None and answer.task_status not in TERMINAL
            states = {WHILE_WAITING: is_waiting, AT_THE_END: answer.task_status in TERMINAL}
            is_about = states.get(change.variant or "", True)
            return path, _other_value(None if change.variant in states else change.variant) if is_about else None
        if pair not in EDITS:
            raise UnknownChangeError(str(change))
        return path, EDITS[pair]


def apply(change: Change, recorded: Sequence[Interaction], contracts: Contracts) -> tuple[Interaction, ...]:
    """Return *recorded*, interactions as a recorder loads them from a cassette, with *change*.

    Raises:
        UnknownChangeError: if there is no such kind of change.
    """
    return Recording(recorded, contracts).changed(change)


def _with_documented(path: str) -> Edit:
    def add(spot: Spot) -> object:
        name = lacking(spot, path)
        return spot.value if name is None else {**spot.value, name: sample(spot.place.member(name))}

    return add


def _other_value(value: str | None) -> Edit:
    def other(spot: Spot) -> object:
        if not isinstance(spot.value, str):
            return spot.value
        return value or (NEW_VALUE.lower() if spot.value.islower() else NEW_VALUE)

    return other


def _under_new_ids(before: Sequence[Interaction], after: Iterable[Interaction]) -> Iterator[Interaction]:
    """Yield *after*: who gave a task another id answers under that id."""
    after = list(after)
    ids = {}
    for old, new in zip(before, after, strict=True):
        if old is not new and old.started_task is not None and new.started_task not in (None, old.started_task):
            given = new.json["id"]
            if isinstance(given, (str, int)) and not isinstance(given, bool):
                ids[old.started_task] = quote(str(given), safe="")
    for interaction in after:
        new_id = ids.get(interaction.task_id or "") if ids else None
        yield interaction if new_id is None else replace(interaction, url=_TASK.sub(new_id, interaction.url))
