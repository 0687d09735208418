"""Which tests need what changed: findings held against a folder of needs, as ``hubfiles needs`` writes it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from pytest_hubfiles import regular_files
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.model.finding import Finding, Needed
from pytest_hubfiles.model.json_types import child_path
from pytest_hubfiles.model.policy import Category, Kind
from pytest_hubfiles.visible import clauses, shown, visible

TESTS: Final = "x-tests"
"""The key of the needs of an operation for the tests that were rehearsed with it."""
NEEDED_BY: Final = "x-needed-by"
"""The key of a place for the changes that break a test, each with the tests, or for those that need one of several."""
NOT_NEEDED: Final = "x-not-needed"
"""The key of a place for the changes that were tried and break none."""
NOT_TRIED: Final = "x-not-tried"
"""The key of a place for the changes on which some of the tests have no verdict."""
JOINT: Final = "x-joint"
"""The key of a part for changes that break a test only together."""

_Changes = Mapping[str, Mapping[str, Sequence[str]]]
"""The tests that each change breaks, by place and by what its name says besides."""


class NeedsUnreadableError(HubfilesError):
    """A folder of needs that cannot be used; ``path`` and ``reason`` say which and why."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(
            f"The needs in {shown(path)} cannot be read: {clauses(reason)}.\n"
            "Rehearse with --hubfiles-rehearse all and --hubfiles-report json:rehearsed.json, and write them with "
            "hubfiles needs rehearsed.json --out FOLDER."
        )


@dataclass(frozen=True)
class _Operation:
    """The needs of one operation: its ``tests``, the tests that each change breaks, and what breaks only together.

    ``untried`` are the changes that were not tried with all tests, each by its place and the rest of its name.
    """

    tests: tuple[str, ...]
    changes: _Changes
    untried: frozenset[tuple[str, str]]
    joint: tuple[tuple[frozenset[str], tuple[str, ...]], ...]


@dataclass(frozen=True)
class Needs:
    """The needs in a folder, by version and operation."""

    operations: Mapping[tuple[str, str], _Operation]

    @cached_property
    def tests(self) -> frozenset[str]:
        """All tests that they tell of."""
        return frozenset(test for one in self.operations.values() for test in one.tests)

    def annotated(self, findings: Iterable[Finding], old: str | None = None) -> list[Finding]:
        """Return *findings*, those of drift and of versions with the tests that need what changed.

        A finding between versions is held against the needs of the version *old*, whose answers the tests had.
        """
        findings = list(findings)
        changes = {id(f): list(_told_by(f)) for f in findings if _is_about_answers(f)}
        return [self._with_tests(f, changes, findings, old) if changes.get(id(f)) else f for f in findings]

    def _with_tests(
        self, finding: Finding, changes: Mapping[int, Sequence[_Named]], findings: Iterable[Finding], old: str | None
    ) -> Finding:
        version = old if finding.category is Category.VERSION and old is not None else finding.version
        needs = self.operations.get((version or "", finding.operation or ""))
        if needs is None:
            return finding
        known = [_tests_of(needs, named) for named in changes[id(finding)]]
        tests = {test for its in known for test in its or ()}
        same = {_name(named) for f in findings if f.operation == finding.operation for named in changes.get(id(f), ())}
        own = set(map(_name, changes[id(finding)]))
        tests.update(test for group, its in needs.joint if own & group and group <= same for test in its)
        if not tests and None in known:
            return finding
        return finding.but(
            needed_by=Needed(tuple(sorted(tests)), len(needs.tests), _broken(needs, changes[id(finding)]))
        )


def gone(needs: Needs | None, tests: Iterable[str]) -> str | None:
    """Return a line on the tests in *needs* that are none of *tests*, which are all that there are; None for none."""
    lost = [] if needs is None else sorted(needs.tests - set(tests))
    if not lost:
        return None
    more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
    are = "is no test" if len(lost) == 1 else "are no tests"
    return (
        f"hubfiles_needs is out of date: {', '.join(lost[:3])}{more} {are} any more; "
        "rehearse again, and write it anew with hubfiles needs"
    )


def unknown(findings: Iterable[Finding]) -> str | None:
    """Return a line on differences of which it is not known whether a test needs what changed; None for none."""
    count = len({f.fingerprint for f in findings if f.is_difference and f.needed_by is None and f.severity.rank})
    if not count:
        return None
    return (
        f"of {count} difference{'s' * (count != 1)} it is not known whether a test needs what changed, so that"
        f" {'it fails' if count == 1 else 'they fail'} nothing: no rehearsal has tried the like with all tests"
    )


# --- reading ----------------------------------------------------------------------------------------------------------


def load(folder: Path) -> Needs:
    """Read the needs in *folder*, ``<version>/<operation>.json``.

    Raises:
        NeedsUnreadableError: if there are none, or a file of them cannot be read.
    """
    files = sorted(folder.glob("*/*.json"))
    if not files:
        raise NeedsUnreadableError(folder, "there is no such folder" if not folder.is_dir() else "it holds none")
    return Needs({(file.parent.name, visible(file.stem)): _read(file) for file in files})


def _read(file: Path) -> _Operation:
    try:
        document = json.loads(regular_files.read_text(file))
        tests = tuple(visible(test) for test in document[TESTS])
        changes: dict[str, dict[str, Sequence[str]]] = {}
        untried: set[tuple[str, str]] = set()
        _gather(document, "$", changes, untried)
        parts = [part for part in document.get("allOf", ()) if JOINT in part]
        joint = tuple((frozenset(part[JOINT]), tuple(map(visible, part[NEEDED_BY]))) for part in parts)
    except OSError as error:
        raise NeedsUnreadableError(file, error.strerror or str(error)) from None
    except (ValueError, RecursionError) as error:
        raise NeedsUnreadableError(file, f"it is not JSON ({error})") from None
    except (KeyError, TypeError, AttributeError):
        raise NeedsUnreadableError(file, "it was not written by hubfiles needs") from None
    return _Operation(tests, changes, frozenset(untried), joint)


def _gather(
    schema: Mapping[str, Any], path: str, changes: dict[str, dict[str, Sequence[str]]], untried: set[tuple[str, str]]
) -> None:
    types = schema.get("type", ())
    harmless = [f"type-changed {name}" for name in ([types] if isinstance(types, str) else types)]
    own: dict[str, Sequence[str]] = dict.fromkeys([*harmless, *schema.get(NOT_NEEDED, ())], ())
    own |= {rest: tuple(map(visible, tests)) for rest, tests in schema.get(NEEDED_BY, {}).items()}
    if own:
        changes[path] = own
    untried.update((path, rest) for rest in schema.get(NOT_TRIED, ()))
    for name, member in schema.get("properties", {}).items():
        _gather(member, visible(child_path(path, name)), changes, untried)
    if "items" in schema:
        _gather(schema["items"], f"{path}[*]", changes, untried)


# --- which change a finding tells of ----------------------------------------------------------------------------------

_Named = tuple[str, str, str]
"""The operation, the place and the rest of the name of a change."""

_OF_STATUS: Final = frozenset({Kind.SUCCESS_STATUS_CHANGED, Kind.OPERATION_GONE, Kind.STATE_GONE})
_SAME: Final[Mapping[Kind, str]] = {
    Kind.FIELD_REMOVED: "field-removed",
    Kind.FIELD_NOW_OPTIONAL: "field-removed",
    Kind.FIELD_RENAMED: "field-renamed",
    Kind.NULL_APPEARED: "null-appeared",
    Kind.NULL_ONLY: "null-appeared",
    Kind.INTEGER_WIDENED: "integer-widened",
    Kind.ARRAY_EMPTIED: "array-emptied",
    Kind.ARRAY_FILLED: "array-filled",
    Kind.BODY_EMPTIED: "body-emptied",
    Kind.BODY_NOT_JSON: "body-not-json html",
    Kind.OPERATION_GONE: "operation-gone",
    Kind.FIELD_ADDED: "field-added documented",
    Kind.ELEMENT_MIXED: "element-mixed",
}
_FORMATS: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("date-time", "text"): ("free-text", "date-only"),
    ("date-time", "date"): ("date-only",),
    ("date-time", "digits"): ("epoch",),
    ("url", "path"): ("relative",),
    **{(was, came): ("text-id",) for was in ("digits", "uuid") for came in ("text", "digits", "uuid") if was != came},
}
_STEP: Final = re.compile(r"\.[^.\[]+|\['(?:[^'\\]|\\.)*'\]")
_INSTEAD: Final[Mapping[str, tuple[str, ...]]] = {
    "field-renamed": ("field-removed",),
    "enum-value-added": ("enum-value-added", "enum-value-added while-waiting", "enum-value-added at-the-end"),
}
"""What tells as much, where a change was not tried itself."""


def _is_about_answers(finding: Finding) -> bool:
    """Return whether *finding* says what became of successes, which is what tests are rehearsed with."""
    if not finding.is_difference or finding.operation is None:
        return False
    is_success = finding.http_status is not None and finding.http_status < 300
    return is_success or (finding.http_status is None and finding.kind in _OF_STATUS)


def _told_by(finding: Finding) -> Iterator[_Named]:
    """Yield the changes that *finding* tells of."""
    place = finding.path.removesuffix("[*]") if finding.kind is Kind.ELEMENT_MIXED else finding.path
    for rest in _rests(finding):
        yield finding.operation or "", place, rest


def _rests(finding: Finding) -> Iterator[str]:
    kind, before, after = finding.kind, finding.before or "", finding.after or ""
    if kind is Kind.TYPE_CHANGED:
        for name in sorted(set(after.split(" or ")) - set(before.split(" or "))):
            yield "null-appeared" if name == "null" else f"type-changed {name}"
    elif kind is Kind.FORMAT_CHANGED:
        yield from (f"format-changed {variant}" for variant in _FORMATS.get((before, after), ()))
    elif kind is Kind.SUCCESS_STATUS_CHANGED and after in ("200", "201", "202", "204"):
        yield f"success-status-changed {after}"
    elif kind is Kind.STATE_GONE:
        yield f"state-gone {before}"
    elif kind is Kind.ENUM_VALUE_ADDED:
        yield f"enum-value-added {after}"
    elif kind in _SAME:
        yield _SAME[kind]


def _tests_of(needs: _Operation, named: _Named) -> tuple[str, ...] | None:
    """Return the tests that a change breaks, as far as it or its like was tried; None where that is not known."""
    _, place, rest = named
    tried = needs.changes.get(place, {})
    if rest in tried:
        return tuple(tried[rest])
    if rest == "field-added documented":
        parent = next((p for p in needs.changes if place.startswith(p) and _STEP.fullmatch(place[len(p) :])), "")
        return _known(needs.changes.get(parent, {}), ("field-added",))
    if rest == "field-removed":
        below = [its for p, its in needs.changes.items() if _is_within(place=p, above=place) and rest in its]
        return tuple(dict.fromkeys(test for its in below for test in its[rest])) or None
    return _known(tried, _INSTEAD.get(rest.partition(" ")[0], ()))


def _broken(needs: _Operation, named: Iterable[_Named]) -> int | None:
    """Return how many tests break under one of the *named* changes; None where one was not tried itself with each."""
    named = list(named)
    if any((place, rest) in needs.untried for _, place, rest in named):
        return None
    known = [needs.changes.get(place, {}).get(rest) for _, place, rest in named]
    return None if None in known else len({test for tests in known for test in tests or ()})


def _is_within(place: str, above: str) -> bool:
    return place != above and place.startswith(above) and place[len(above)] in ".["


def _known(tried: Mapping[str, Sequence[str]], rests: Iterable[str]) -> tuple[str, ...] | None:
    known = [tried[rest] for rest in rests if rest in tried]
    return tuple(dict.fromkeys(test for tests in known for test in tests)) if known else None


def _name(named: _Named) -> str:
    return " ".join(part for part in named if part)
