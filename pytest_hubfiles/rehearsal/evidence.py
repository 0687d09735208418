"""What the rehearsal of one test tells of the answers that it needs: what was recorded, and what was tried on it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

from pytest_hubfiles.judge.registry import Contracts
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.model.json_types import type_of
from pytest_hubfiles.rehearsal.changes import Change, Recording
from pytest_hubfiles.rehearsal.changes.kinds import ENUM, is_event
from pytest_hubfiles.rehearsal.changes.places import STEP, member_path, parent_of
from pytest_hubfiles.report.evidence import Evidence, united
from pytest_hubfiles.report.rehearsal import Rehearsed

_DATE: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME: Final = r"[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}"
PATTERNS: Final[Mapping[str, str]] = {
    "format-changed no-millis": rf"^{_DATE}{_TIME}(?!\.)",
    "format-changed six-digits": r"\.[0-9]{6}(?![0-9])",
    "format-changed offset": r"[+-](?!00:00$)[0-9]{2}:[0-9]{2}$",
    "format-changed zero-offset": r"[+-]00:00$",
    "format-changed lower-case": rf"^{_DATE}.*[tz]",
    "format-changed epoch": r"^-?[0-9]+$",
    "format-changed date-only": rf"^{_DATE}$",
    "format-changed free-text": rf"^(?!{_DATE})(?!-?[0-9]+$).",
    "format-changed text-id": r"[g-zG-Z]",
    "format-changed other-host": r"^[^/]+://f\.hubspotusercontent10\.net",
    "format-changed relative": r"^/",
    "format-changed empty": r"^$",
}
"""What texts look like after a change of their format; each pattern is one of JSON Schema and of Python alike."""

LARGEST_INT32: Final = 2**31 - 1


def of_test(
    result: Rehearsed, changes: Iterable[Change], recorded: Sequence[Interaction], contracts: Contracts
) -> Evidence:
    """Return what the *result* of a test tells that was rehearsed with *changes*."""
    by_name = {str(change): change for change in changes}
    broke = {one.change for one in result.breaks}
    known = {by_name[name]: name in broke for name in result.tried if name not in result.undecided}
    tried = {change: known.get(change) for change in by_name.values()}
    joint = [[by_name[name] for name in one.changes] for one in result.joint]
    return evidence_of(result.test, Recording(recorded, contracts), tried, joint)


def evidence_of(
    test: str, recording: Recording, tried: Mapping[Change, bool | None], joint: Sequence[Sequence[Change]]
) -> Evidence:
    """Return what is known of the answers that *test* needs, by version and operation.

    *tried* says of each change whether the test broke under it, None where there is no verdict; *joint* are changes
    that broke it only together.
    Successes alone are looked at; what happens between the answers is nothing about them.
    """
    found: Evidence = {}
    for operation in {change.operation: None for change in tried}:
        its = {change: broke for change, broke in tried.items() if change.operation == operation}
        for version in sorted(recording.versions.get(operation, ())):
            looked = _Looked(its)
            states = looked.states(recording, operation, version)
            if not states:
                continue
            groups = [[test, *map(str, g)] for g in joint if all(c.operation == operation for c in g)]
            facts = {"tests": [test], "states": states, "tried": looked.tried(test), "joint": sorted(groups)}
            found.setdefault(version, {})[operation] = facts
    return found


def rest_of(change: Change) -> str:
    """Return the name of *change* without its operation and place."""
    return change.kind if change.variant is None else f"{change.kind} {change.variant}"


class _Looked:
    """What is seen at the places of the changes *tried*, and at those above them."""

    def __init__(self, tried: Mapping[Change, bool | None]) -> None:
        self._tried = tried
        paths = {change.path for change in tried if change.path is not None}
        self._wanted = {above for path in paths for above in accumulate(["$", *re.findall(STEP, path[1:])])}
        self._enums = {change.path for change in tried if change.kind == ENUM}
        self._seen = {"$"}

    def states(self, recording: Recording, operation: str, version: str) -> dict[str, Any]:
        """Return what the successes of an operation show, by the state of their task, the empty text for none."""
        states: dict[str, Any] = {}
        bodies = set()
        for number in recording.answers(operation):
            interaction, root = recording.interactions[number], recording.root(number)
            is_about = recording.exchanges[number].version == version and interaction.status_code < 300
            if root is None or not is_about or interaction.body in bodies:
                continue
            bodies.add(interaction.body)
            state, shown = interaction.task_status or "", self._look(root.value, "$")
            states[state] = united(states[state], shown) if state in states else shown
        return states

    def tried(self, test: str) -> dict[str, dict[str, list[str]]]:
        """Return by place and change whether it broke *test*; one of whole answers is at the place of their root."""
        by_place: dict[str, dict[str, list[str]]] = {}
        for change, broke in self._tried.items():
            if broke is None:
                continue
            place = change.path or "$"
            is_there = place in self._seen or parent_of(place) in self._seen
            if is_there and (not is_event(change) or change.kind == "state-gone"):
                by_place.setdefault(place, {})[rest_of(change)] = [test] if broke else []
        return by_place

    def _look(self, value: Any, path: str) -> dict[str, Any]:
        self._seen.add(path)
        node: dict[str, Any] = {"types": [type_of(value)], "looks": sorted(_looks(value))}
        if isinstance(value, dict):
            inner = {name: member_path(path, name) for name in value}
            members = {n: self._look(value[n], its) for n, its in inner.items() if its in self._wanted}
            node |= {"members": members, "names": sorted(value), "always": sorted(value)}
        elif isinstance(value, list) and f"{path}[*]" in self._wanted:
            for element in value:
                shown = self._look(element, f"{path}[*]")
                node["element"] = united(node["element"], shown) if "element" in node else shown
        elif isinstance(value, str):
            node["longest"] = len(value)
            node["values"] = [value] if path in self._enums else []
        return node


def _looks(value: Any) -> Iterator[str]:
    """Yield the changes after which a value of its type looks as *value* does already."""
    if isinstance(value, str):
        yield from (name for name, pattern in PATTERNS.items() if re.search(pattern, value))
    elif isinstance(value, list):
        yield from ("array-emptied",) * (not value)
        yield from ("array-emptied one-left",) * (len(value) == 1)
        yield from ("array-filled",) * bool(value)
    elif type_of(value) in ("integer", "number") and value > LARGEST_INT32:
        yield "integer-widened beyond-int32"
