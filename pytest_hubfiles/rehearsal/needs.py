"""The loosest answers under which every test stays green, as JSON Schema with the tests that need each part.

A schema refuses what broke a test, and nothing that was recorded. Where a recorded answer has already what breaks
another test, it refuses nothing, and the test is named. Of types and of the values of an enumeration it lists those
that were recorded, or tried without a break. What is no matter of one body, such as an HTTP status, has names alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from typing import Any, Final, NamedTuple

from pytest_hubfiles.judge.schema_files import DIALECT
from pytest_hubfiles.rehearsal.changes.kinds import AT_THE_END, DOCUMENTED, ENUM, WHILE_WAITING, parse
from pytest_hubfiles.rehearsal.changes.places import member_path, parent_of
from pytest_hubfiles.rehearsal.evidence import LARGEST_INT32, PATTERNS, rest_of
from pytest_hubfiles.report.evidence import Evidence, united
from pytest_hubfiles.report.rehearsal import Rehearsal, Unbroken
from pytest_hubfiles.run.needed import JOINT, NEEDED_BY, NOT_NEEDED, NOT_TRIED, TESTS

Schema = dict[str, Any]
Claims = Mapping[str, Iterable[str]]
"""The changes that a schema refuses, by place and by what their names say besides."""

_REMOVED: Final = "field-removed"
_ADDED: Final = "field-added"
_DOCUMENTED: Final = " ".join(DOCUMENTED)
_LONGER: Final = "format-changed longer"
_ANY_VALUE: Final = frozenset({ENUM, f"{ENUM} {WHILE_WAITING}", f"{ENUM} {AT_THE_END}"})
_LONGER_BY: Final = 22  # characters at least, which is what that change adds
_FORMATS: Final = {"date-time": ("free-text", "epoch", "date-only", "empty"), "uri": ("relative", "empty")}
"""A format, and the changes that all have to break a test, the first of them tried, before it is one of its needs."""

_KEYWORDS: Final[Mapping[str, Schema]] = {
    "array-emptied": {"minItems": 1},
    "array-filled": {"maxItems": 0},
    "format-changed empty": {"minLength": 1},
    "integer-widened beyond-int32": {"maximum": LARGEST_INT32},
}
_REFUSED: Final[Mapping[str, Schema]] = {
    "array-emptied one-left": {"type": "array", "minItems": 1, "maxItems": 1},
    **{name: {"type": "string", "pattern": pattern} for name, pattern in PATTERNS.items() if name not in _KEYWORDS},
}


def schemas(rehearsal: Rehearsal) -> dict[str, dict[str, Schema]]:
    """Return the needs that follow from a *rehearsal*, by version and operation."""
    found = {
        version: {
            operation: _Needs(operation, facts, rehearsal.by_test).schema(f"{version} {operation}")
            for operation, facts in its.items()
            if facts["tried"]
        }
        for version, its in sorted(rehearsal.evidence.items())
    }
    return {version: its for version, its in found.items() if its}


class _Place(NamedTuple):
    """A place as the answers of a state show it, None in place of a parent for what is no member."""

    node: Mapping[str, Any]
    parent: Mapping[str, Any] | None
    name: str


class _Needs:
    def __init__(self, operation: str, facts: Evidence, by_test: Mapping[str, Unbroken]) -> None:
        self._tests = facts["tests"]
        self._joint = facts["joint"]
        names = frozenset(name for test in self._tests if test in by_test for name in by_test[test].left_of(operation))
        self._open = {
            place: sorted(rest for rest in its if names & _names(operation, place, rest))
            for place, its in facts["tried"].items()
        }
        self._tried: Mapping[str, Mapping[str, list[str]]] = {
            place: {rest: tests for rest, tests in its.items() if tests or rest not in self._open[place]}
            for place, its in facts["tried"].items()
        }
        self._whole = reduce(united, facts["states"].values())
        self._places = dict(_places(self._whole))
        self._states = {state: dict(_places(node)) for state, node in sorted(facts["states"].items()) if state}

    def schema(self, title: str) -> Schema:
        """Return the needs as one schema."""
        broken = {p: [rest for rest, tests in its.items() if tests] for p, its in self._tried.items()}
        always = _claimable(broken, self._places)
        document = {"$schema": DIALECT, "title": title, TESTS: self._tests}
        document |= self._with_notes(self._whole, "$", always)
        parts = [*self._by_state({p: set(its) - set(always.get(p, ())) for p, its in broken.items()})]
        parts += self._alternatives()
        return {**document, **({"allOf": parts} if parts else {})}

    def _by_state(self, claims: Claims) -> Iterator[Schema]:
        """Yield what is needed of the answers of one state, where those of others lack it."""
        for state, places in self._states.items():
            claimable = _claimable(claims, places)
            if claimable:
                condition = {"required": ["status"], "properties": {"status": {"const": state}}}
                yield {"if": condition, "then": self._plain(self._whole, "$", claimable)}

    def _alternatives(self) -> Iterator[Schema]:
        """Yield what is needed of which one part is enough, with the tests."""
        groups: dict[tuple[str, ...], list[str]] = {}
        for test, *changes in self._joint:
            groups.setdefault(tuple(changes), []).append(test)
        for changes, tests in groups.items():
            branches = [list(self._one(change)) for change in changes]
            if all(branches):
                choice = [branch[0] if len(branch) == 1 else {"allOf": branch} for branch in branches]
                yield {"anyOf": choice, JOINT: list(changes), NEEDED_BY: tests}

    def _one(self, name: str) -> Iterator[Schema]:
        change = parse(name)
        claims = {change.path or "$": [rest_of(change)]}
        always = _claimable(claims, self._places)
        yield from ([self._plain(self._whole, "$", always)] if always else self._by_state(claims))

    def _with_notes(self, node: Mapping[str, Any], path: str, claims: Claims) -> Schema:
        """Return the schema of the place at *path* and of those below, with the tests that need each part."""
        tried = self._tried.get(path, {})
        needed = {rest: tests for rest, tests in sorted(tried.items()) if tests}
        not_needed = sorted(rest for rest, tests in tried.items() if not tests)
        lists = {NEEDED_BY: needed, NOT_NEEDED: not_needed, NOT_TRIED: self._open.get(path)}
        notes = {name: listed for name, listed in lists.items() if listed}
        schema = {**self._keywords(node, path, claims, {*claims.get(path, ()), *tried}), **notes}
        members = {n: self._with_notes(m, member_path(path, n), claims) for n, m in _members(node)}
        for name, inner in self._documented(path):
            tests = self._tried[inner][_DOCUMENTED]
            note = {NEEDED_BY: {_DOCUMENTED: tests}, "not": {}} if tests else {NOT_NEEDED: [_DOCUMENTED]}
            members.setdefault(name, note)
        return _nested(
            schema, members, self._with_notes(node["element"], f"{path}[*]", claims) if "element" in node else {}
        )

    def _plain(self, node: Mapping[str, Any], path: str, claims: Claims) -> Schema:
        """Return the schema of the place at *path* and of those below, without notes, and of *claims* alone."""
        schema = self._keywords(node, path, claims, claims.get(path, ()))
        members = {n: inner for n, m in _members(node) if (inner := self._plain(m, member_path(path, n), claims))}
        return _nested(schema, members, self._plain(node["element"], f"{path}[*]", claims) if "element" in node else {})

    def _documented(self, path: str) -> Iterator[tuple[str, str]]:
        """Yield the names and paths of documented members that were tried and that no recorded object at *path* has."""
        for inner, tried in self._tried.items():
            is_new = _DOCUMENTED in tried and inner not in self._places and parent_of(inner) == path
            if is_new and inner[len(path)] == ".":  # other names are none that HubSpot gives
                yield inner[len(path) + 1 :], inner

    def _keywords(self, node: Mapping[str, Any], path: str, claims: Claims, told: Iterable[str]) -> Schema:
        """Return what a value at *path* has to be; its types are among that if *told* has changes of them."""
        refused, tried, schema = set(claims.get(path, ())), self._tried.get(path, {}), Schema()
        types = _types(node, tried, refused)
        if any(_type_of(rest) for rest in told):
            schema["type"] = types[0] if len(types) == 1 else types
        required = [n for n, _ in _members(node) if _REMOVED in claims.get(member_path(path, n), ())]
        if required:
            schema["required"] = required
        for rest in sorted(refused & _KEYWORDS.keys()):
            schema |= _KEYWORDS[rest]
        if _LONGER in refused:
            schema["maxLength"] = node["longest"] + _LONGER_BY - 1
        if _ADDED in refused:
            schema["additionalProperties"] = False
        for name, (first, *others) in _FORMATS.items():
            variants = [f"format-changed {variant}" for variant in (first, *others)]
            if variants[0] in refused and all(v in refused for v in variants if v in tried):
                schema["format"] = name
        values = {rest.partition(" ")[2] for rest in tried if rest.startswith(f"{ENUM} ") and rest not in _ANY_VALUE}
        listed = {value for value in values if not tried[f"{ENUM} {value}"]}
        nots = [_REFUSED[rest] for rest in sorted(refused & _REFUSED.keys())]
        if refused & _ANY_VALUE:
            schema |= _one_of(sorted({*node.get("values", ()), *listed}), types if "type" in schema else None)
        elif excluded := sorted(value for value in values if f"{ENUM} {value}" in refused):
            nots.append({"enum": excluded})
        if "number" in types and "type-changed integer" in refused:
            nots.append({"type": "integer"})
        if nots:
            schema["not"] = nots[0] if len(nots) == 1 else {"anyOf": nots}
        return schema


def _names(operation: str, place: str, rest: str) -> set[str]:
    """Return what a change may be called, at the place of the root with it or without."""
    return {f"{operation} {place} {rest}", f"{operation} {rest}" if place == "$" else ""}


def _places(node: Mapping[str, Any], path: str = "$") -> Iterator[tuple[str, _Place]]:
    """Yield the places in answers, by path."""
    waiting = [(path, _Place(node, None, ""))]
    while waiting:
        path, place = waiting.pop()
        yield path, place
        waiting += [(member_path(path, n), _Place(m, place.node, n)) for n, m in _members(place.node)]
        waiting += [(f"{path}[*]", _Place(place.node["element"], None, ""))] if "element" in place.node else []


def _members(node: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return sorted(node.get("members", {}).items())


def _claimable(claims: Claims, places: Mapping[str, _Place]) -> dict[str, set[str]]:
    """Return those of *claims* which a schema can refuse, for no answer that was recorded shows them."""
    found = {path: {rest for rest in its if _is_claimable(rest, path, places)} for path, its in claims.items()}
    return {path: its for path, its in found.items() if its}


def _is_claimable(rest: str, path: str, places: Mapping[str, _Place]) -> bool:
    if path not in places:
        return False
    node, parent, name = places[path]
    if rest == _REMOVED:
        return parent is not None and name in parent["always"]
    if rest == _ADDED:
        return "names" in node and node["members"].keys() >= set(node["names"])
    if rest.startswith(ENUM):
        return bool(node.get("values")) and (rest in _ANY_VALUE or rest.partition(" ")[2] not in node["values"])
    if rest == _LONGER:
        return "longest" in node
    if named := _type_of(rest):
        return named not in node["types"]
    return rest in _REFUSED.keys() | _KEYWORDS.keys() and rest not in node["looks"]


def _type_of(rest: str) -> str | None:
    """Return the JSON type that a change brings; None for one that brings none."""
    kind, _, name = rest.partition(" ")
    others = {"null-appeared": "null", "integer-widened": "number"}
    return name if kind == "type-changed" else None if name else others.get(kind)


def _types(node: Mapping[str, Any], tried: Mapping[str, list[str]], refused: Iterable[str]) -> list[str]:
    """Return the types of the recorded values and those that break no test, without those that are *refused*."""
    harmless = {named for rest, tests in tried.items() if not tests and (named := _type_of(rest))}
    types = {*node["types"], *harmless} - {_type_of(rest) for rest in refused}
    return sorted(types - {"integer"} if "number" in types else types)  # every integer is a number


def _one_of(values: list[str], types: list[str] | None) -> Schema:
    """Return that a text is one of *values*; *types* are all that the value may have, None if it may have others."""
    if types is not None and set(types) <= {"string", "null"}:
        return {"enum": [*values, *([None] if "null" in types else [])]}
    return {"if": {"type": "string"}, "then": {"enum": values}}


def _nested(schema: Schema, members: Mapping[str, Schema], element: Schema) -> Schema:
    inner = {**({"properties": dict(members)} if members else {}), **({"items": element} if element else {})}
    return {**schema, **inner}
