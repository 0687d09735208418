"""In what two shapes differ, and what each difference is called."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pytest_hubfiles.compare.shapes import Shape
from pytest_hubfiles.judge.contract import Contract
from pytest_hubfiles.judge.declared import ANY_KEY, UNDECLARED, Declared
from pytest_hubfiles.model.finding import Finding, Share
from pytest_hubfiles.model.json_types import child_path
from pytest_hubfiles.model.policy import Case, Category, Kind

_FEW: Final = 5  # so many new fields of the type of a lost one may be its new name; of more, none is likely to be

Steps = tuple[str, ...]
"""The steps to a node of a shape: names of fields, and ``[*]`` for the elements of an array."""


def _place(path: list[Any]) -> tuple[Steps, str]:
    """Split a path in the tree of a shape into the steps to a node of both sides, and the aspect that differs."""
    steps: list[str] = []
    position = 0
    while True:
        if path[position] == "fields" and position + 2 < len(path):
            steps.append(path[position + 1])
            position += 2
        elif path[position] == "elements" and position + 1 < len(path):
            steps.append("[*]")
            position += 1
        else:
            return tuple(steps), path[position]


def at(shape: Shape | None, steps: Sequence[str]) -> Shape | None:
    """Return the node of *shape* that *steps* lead to, None if there is none."""
    for step in steps:
        if shape is None:
            return None
        # A field may be called [*], too.
        shape = shape.elements if step == "[*]" and shape.elements is not None else shape.fields.get(step)
    return shape


def _json_path(steps: Sequence[str]) -> str:
    path = "$"
    for step in steps:
        path = f"{path}[*]" if step == "[*]" else f"{path}.*" if step == ANY_KEY else child_path(path, step)
    return path


_LOOSE: Final = frozenset({"digits", "url", "path"})
"""Formats that no schema promises: a text that does not have them any more is told with less weight."""

_ID: Final = re.compile(r"(?:.*[_-])?ids?|.*[a-z0-9](?:Id|ID)s?|ID", re.DOTALL)


def _format_at(steps: Sequence[str], seen: str) -> str:
    """Return what the format *seen* at *steps* comes to: ``text`` where values may have it by chance.

    A name may have digits only; an id that has them is a number to its readers. The lists in a map, as the context
    of an error, have whatever their keys are about.
    """
    name = next((step for step in reversed(steps) if step != "[*]"), "")
    in_list_of_map = ANY_KEY in steps and steps[-1] == "[*]"
    by_chance = in_list_of_map or (seen == "digits" and not _ID.fullmatch(name))
    return "text" if seen in _LOOSE and by_chance else seen


def _alike(lost: Shape, added: Mapping[str, Shape]) -> list[str]:
    """Return the names of those of *added* that have values of the type and format that *lost* had."""
    kind = (lost.types - {"null"}, lost.format)
    return [name for name, shape in added.items() if kind[0] and (shape.types - {"null"}, shape.format) == kind]


def _pairs(alike: Mapping[str, Sequence[str]], absent: Collection[str]) -> dict[str, str]:
    """Return the new name of each lost field that has one candidate, which is the candidate of no other.

    What was *absent* at times may be so by chance now.
    """
    wanted = Counter(other for others in alike.values() for other in others)
    return {
        name: others[0]
        for name, others in alike.items()
        if len(others) == 1 and wanted[others[0]] == 1 and name not in absent
    }


_BY_CHANCE: Final = 1.64
"""A difference of two shares of so many standard errors comes by chance in one of twenty cases."""


def _is_rarer(before: Share, now: Share) -> bool:
    """Return whether *now* is at most half of what was *before*, or clearly less, and not by chance."""
    was, came = before.seen / before.among, now.seen / now.among
    both = (before.seen + now.seen) / (before.among + now.among)
    error = math.sqrt(both * (1 - both) * (1 / before.among + 1 / now.among))
    apart = (was - came) / error if error else 0.0
    return apart >= (_BY_CHANCE if came <= was / 2 else 2 * _BY_CHANCE)


def _named(types: Iterable[str]) -> str:
    return " or ".join(sorted(types))


@dataclass(frozen=True, slots=True)
class Subject:
    """Which answers are compared. Each rule reports one aspect in which a node of their shapes can differ.

    ``outline`` is what the schema declares of them, by path. ``total`` is how many answers there are now.
    ``sometimes_lack`` says whether other recordings of such answers lack the field at some steps.
    """

    contract: Contract
    status: int | None
    state: str | None
    outline: Mapping[str, Declared]
    total: int
    sometimes_lack: Callable[[Steps], bool]

    def _declared(self, steps: Sequence[str]) -> Declared:
        return self.outline.get(_json_path(steps), UNDECLARED)

    def _finding(
        self,
        kind: Kind,
        steps: Sequence[str],
        said: str,
        *cases: Case,
        before: str | None = None,
        after: str | None = None,
        seen: int | None = None,
        share: Share | None = None,
    ) -> Finding:
        path = _json_path(steps)
        exchanges = self.total if seen is None else min(self.total, max(seen, 1))
        return Finding.of(
            kind,
            f"{path} {said}",
            *cases,
            category=Category.DRIFT,
            version=self.contract.version,
            operation=self.contract.operation,
            http_status=self.status,
            task_status=self.state,
            path=path,
            before=before,
            after=after,
            exchanges=exchanges,
            share=share,
        )

    def too_different(self, said: str, before: str, after: str) -> Finding:
        """Return the one finding for two shapes that differ in too many places."""
        return self._finding(Kind.TYPE_CHANGED, (), said, before=before, after=after)

    def fields(self, steps: Steps, old: Shape, new: Shape) -> Iterator[Finding]:
        """Fields came or went. If their whole object did, a finding of the object reports it."""
        if not (old.objects and new.objects):
            return
        added = [name for name in new.fields if name not in old.fields]
        removed = [name for name in old.fields if name not in new.fields]
        absent = {name for name in removed if self._may_be_absent((*steps, name), old)}
        alike = {name: _alike(old.fields[name], {other: new.fields[other] for other in added}) for name in removed}
        renamed = _pairs(alike, absent)
        for name in added:
            if name not in renamed.values():
                where, came = (*steps, name), _named(new.fields[name].types)
                seen = new.fields[name].count
                yield self._finding(Kind.FIELD_ADDED, where, f"({came}) was not there", after=came, seen=seen)
        for name in removed:
            where, was = (*steps, name), _named(old.fields[name].types)
            if name in renamed:
                said = f"({was}) is called {renamed[name]} now"
                yield self._finding(Kind.FIELD_RENAMED, where, said, before=name, after=renamed[name])
                continue
            asked = f"; is it called {' or '.join(alike[name])} now?" if 0 < len(alike[name]) <= _FEW else ""
            cases = [Case.SOMETIMES_ABSENT] if name in absent else []
            yield self._finding(Kind.FIELD_REMOVED, where, f"({was}) is gone{asked}", *cases, before=was)

    def _may_be_absent(self, steps: Steps, old: Shape) -> bool:
        """Return whether recordings show that the field at *steps*, in objects like *old*, is absent at times."""
        return steps[-1] == ANY_KEY or steps[-1] in old.optional or self.sometimes_lack(steps)

    def optional(self, steps: Steps, old: Shape, new: Shape) -> Iterator[Finding]:
        """Fields that every object had are absent from some."""
        for name in sorted((new.optional - old.optional) & old.fields.keys()):
            where, share = (*steps, name), Share(new.fields[name].count, new.objects)
            cases = [Case.REQUIRED] if self._declared(where).required else []
            yield self._finding(
                Kind.FIELD_NOW_OPTIONAL,
                where,
                f"was always there and now is {share}",
                *cases,
                before="always",
                after="sometimes",
                share=share,
            )

    def types(self, steps: Steps, old: Shape, new: Shape) -> Iterator[Finding]:
        """Other JSON types. If null took the place of the value, that is all there is to report."""
        before, after = _named(old.types), _named(new.types)
        was, came = old.types - {"null"}, new.types - {"null"}
        fresh = new.types - old.types - ({"integer"} if "number" in was else set())  # every integer is a number
        if was and not came and "null" in old.types:
            said = f"is always null now ({before} → {after})"
            yield self._finding(Kind.NULL_ONLY, steps, said, before=before, after=after)
            return
        if fresh == {"null"}:
            cases = [Case.NULL_ALLOWED] if self._declared(steps).nullable else []
            yield self._finding(
                Kind.NULL_APPEARED, steps, f"can be null now ({before} → {after})", *cases, before=before, after=after
            )
        elif "null" in old.types and "null" not in new.types and (not was or was == came):
            yield self._finding(
                Kind.NULL_DISAPPEARED, steps, f"is no longer null ({before} → {after})", before=before, after=after
            )
        strangers = fresh - {"null"} if was and came else frozenset()
        if not strangers:
            return
        if steps and steps[-1] == "[*]" and len(was) == 1 and len(came) > 1:
            kind, said = Kind.ELEMENT_MIXED, "do not share one type any more"
        elif strangers == {"number"} and "integer" in was:
            kind, said = Kind.INTEGER_WIDENED, "is not always an integer any more"
        else:
            kind, said = Kind.TYPE_CHANGED, "changed its type"
        yield self._finding(kind, steps, f"{said} ({before} → {after})", before=before, after=after, seen=new.count)

    def format(self, steps: Steps, old: Shape, new: Shape) -> Iterator[Finding]:
        """Strings of another format. If they are no longer strings, a finding of their type reports it."""
        if old.format is None or new.format is None:
            return
        was, came = _format_at(steps, old.format), _format_at(steps, new.format)
        if was == came or (was, came) == ("text", "digits"):  # an id of any text may have digits only
            return
        cases = [Case.NARROWED] if was == "text" else [Case.LOOSENED] if was in _LOOSE and came == "text" else []
        said = f"changed its format ({old.format} → {new.format})"
        yield self._finding(
            Kind.FORMAT_CHANGED, steps, said, *cases, before=old.format, after=new.format, seen=new.count
        )

    def frequencies(self, steps: Steps, old: Shape, new: Shape) -> Iterator[Finding]:
        """Fields that were absent at times are absent far more often, here and below."""
        for name in sorted(old.optional & new.optional):
            before, share = Share(old.fields[name].count, old.objects), Share(new.fields[name].count, new.objects)
            if _is_rarer(before, share):
                where = (*steps, name)
                cases = [Case.REQUIRED] if self._declared(where).required else []
                said = f"was there {before} and now is {share}"
                yield self._finding(
                    Kind.FIELD_NOW_OPTIONAL, where, said, *cases, share=share, before="often", after="seldom"
                )
        for name in sorted(old.fields.keys() & new.fields.keys()):
            yield from self.frequencies((*steps, name), old.fields[name], new.fields[name])
        if old.elements is not None and new.elements is not None:
            yield from self.frequencies((*steps, "[*]"), old.elements, new.elements)

    def values(self, steps: Steps, old: Shape, new: Shape) -> Iterator[Finding]:
        """Values of an enumeration that the old recordings do not show. A finding of their type reports a new type."""
        if new.types - {"null"} - old.types:
            return
        declared = self._declared(steps)
        before = ", ".join(sorted(old.values)) or None
        for value in sorted(new.values - old.values) if old.values else ():
            cases = [Case.LISTED] if value in (declared.enum or ()) else []
            listed = "" if cases else ", which is not documented"
            yield self._finding(
                Kind.ENUM_VALUE_ADDED, steps, f"can be {value} now{listed}", *cases, before=before, after=value
            )

    def elements(self, steps: Steps, old: Shape, new: Shape) -> Iterator[Finding]:
        """An array was emptied or filled."""
        if "array" not in old.types or "array" not in new.types:
            return
        if new.elements is None:
            yield self._finding(Kind.ARRAY_EMPTIED, steps, "has no elements any more", before="elements", after="empty")
        else:
            yield self._finding(Kind.ARRAY_FILLED, steps, "has elements now", before="empty", after="elements")


_RULES: Final[Mapping[str, Callable[[Subject, Steps, Shape, Shape], Iterator[Finding]]]] = {
    "elements": Subject.elements,
    "fields": Subject.fields,
    "format": Subject.format,
    "optional": Subject.optional,
    "types": Subject.types,
    "values": Subject.values,
}


_MOST_DIFFERING: Final = 2_000  # places; DeepDiff takes about 0.1 ms for each


def _pruned(then: dict[str, Any], now: dict[str, Any]) -> int:
    """Remove from the trees of two shapes what both have; return how many nodes remain, as far as they are few."""
    remain = 1
    names, others = then.get("fields", {}), now.get("fields", {})
    for name in list(names):
        if remain > _MOST_DIFFERING:
            return remain
        if name not in others:
            remain += 1
        elif names[name] == others[name]:
            del names[name], others[name]
        else:
            remain += _pruned(names[name], others[name])
    remain += len(others.keys() - names.keys())
    if "elements" in then and "elements" in now:
        remain += _pruned(then["elements"], now["elements"])
    return remain


def between(before: Shape, after: Shape, subject: Subject) -> Iterator[Finding]:
    """Yield one finding for each place in which two shapes differ."""
    yield from subject.frequencies((), before, after)
    if before == after:
        return
    then, now = before.tree(), after.tree()
    differing = _pruned(then, now)
    if differing > _MOST_DIFFERING:
        said = f"differs in more than {_MOST_DIFFERING:,} places: too many to list one by one"
        yield subject.too_different(said, f"{len(before.fields)} fields", f"{len(after.fields)} fields")
        return
    from deepdiff import DeepDiff  # here, where something differs: importing it takes longer than all the rest

    # By default, DeepDiff reports two objects with few common keys as one changed value, and ignores keys such as
    # __typename.
    differences = DeepDiff(then, now, view="tree", threshold_to_diff_deeper=0, ignore_private_variables=False)
    places = {_place(item.path(output_format="list")) for items in differences.values() for item in items}
    for steps, aspect in sorted(places):
        old, new = at(before, steps), at(after, steps)
        if old is not None and new is not None:
            yield from _RULES[aspect](subject, steps, old, new)
