"""Deviations: what an API is known to send against its documentation, and what a team has accepted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pytest_hubfiles import regular_files
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.policy import POLICY, Category, Kind, Severity

SEEN: Final = "seen and accepted"
"""The reason of a deviation until somebody knows a better one."""

_RAN_OUT: Final = "(a deviation for this ran out on"


class DeviationsFileError(HubfilesError):
    """A deviations file cannot be used; ``path`` and ``reason`` say which and why."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"The deviations file {path} cannot be used: {reason}")


@dataclass(frozen=True, slots=True)
class Deviation:
    """One known departure from a schema: where it applies, why, by which source, and until when.

    Empty ``versions``, ``operations`` and ``states`` mean any. ``keyword`` is the JSON Schema keyword that fails,
    ``kind`` the kind of finding if there is no keyword. ``found`` is what came instead, such as a type or a status, if
    only that is excused; ``category`` where it was found, if only there. ``until`` is the last day on which it applies.
    ``cassettes`` and ``places`` say where what was taken for a credential is none.
    """

    path: str
    reason: str
    source: str
    versions: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    keyword: str | None = None
    kind: Kind | None = None
    found: str | None = None
    category: Category | None = None
    states: tuple[str, ...] = ()
    until: dt.date | None = None
    cassettes: tuple[str, ...] = ()
    places: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.keyword is None and self.kind is None:
            raise ValueError("it needs a keyword or a kind, else it would hide everything at its path")
        if self.kind is Kind.SECRET_IN_CASSETTE and not (self.cassettes and self.places):
            raise ValueError("it needs the cassettes and the places, else it would hide every credential")
        if not self.path.startswith("$"):
            raise ValueError(f"its path {self.path!r} is no JSONPath; one starts with $")

    def holds(self, today: dt.date) -> bool:
        """Return whether this entry still applies *today*."""
        return self.until is None or today <= self.until

    def covers(self, other: Deviation) -> bool:
        """Return whether this entry, on its days, excuses all that *other* does."""
        lists = ((getattr(self, name), getattr(other, name)) for name in _LISTS)
        facts = ((getattr(self, name), getattr(other, name)) for name in ("keyword", "kind", "found", "category"))
        return (
            self.path == other.path
            and all(mine is None or mine == theirs for mine, theirs in facts)
            and all(not mine or (theirs and set(theirs) <= set(mine)) for mine, theirs in lists)
        )

    def matches(self, finding: Finding) -> bool:
        """Return whether this entry describes *finding*, on any day."""
        return (
            finding.path == self.path
            and (self.keyword is None or finding.keyword == self.keyword)
            and (self.kind is None or finding.kind is self.kind)
            and (self.found is None or finding.after == self.found)
            and (self.category is None or finding.category is self.category)
            and (not self.versions or finding.version in self.versions)
            and (not self.operations or finding.operation in self.operations)
            and (not self.states or finding.task_status in self.states)
            and (not self.places or finding.after in self.places)
            and (not self.cassettes or any(_is_file(finding.cassette, cassette) for cassette in self.cassettes))
        )


def _is_file(called: str | None, cassette: str) -> bool:
    """Return whether *called* and *cassette* name one file, as seen from one folder or from another above it."""
    here, there = f"/{called or ''}", f"/{cassette}"
    return here.endswith(there) or there.endswith(here)


_LISTS: Final = {"versions", "operations", "states", "cassettes", "places"}
_TEXTS: Final = {"path", "reason", "source", "keyword", "kind", "found", "category"}
_SINGULAR: Final = {"version": "versions", "operation": "operations", "state": "states", "cassette": "cassettes",
                    "place": "places"}  # fmt: skip


def _parse(entry: object) -> Deviation:
    from pytest_hubfiles import toml  # as below: a suite without findings needs none

    if not isinstance(entry, Mapping):
        raise ValueError(f"it is {entry!r}, not a [[deviation]] table")
    facts: dict[str, Any] = {}
    for written, value in entry.items():
        key = _SINGULAR.get(written, written)
        if key in facts:
            raise ValueError(f"it names its {key} twice")
        if key in _LISTS:
            values = [value] if isinstance(value, str) else value
            if not values or not isinstance(values, list) or not all(isinstance(item, str) for item in values):
                raise ValueError(f"{written} must be a string or a list of strings, not {value!r}")
            facts[key] = tuple(values)
        elif key in _TEXTS:
            if not isinstance(value, str) or not value:
                raise ValueError(f"{written} must be a text, not {value!r}")
            facts[key] = value
        elif key == "until":
            facts[key] = toml.last_day(value)
        else:
            known = sorted(_LISTS | _TEXTS | {"until"})
            raise ValueError(f"{written!r} is not a key of a deviation; the keys are {', '.join(known)}")
    missing = [key for key in ("path", "reason", "source") if key not in facts]
    if missing:
        raise ValueError(f"{' and '.join(missing)} must be given")
    for key, members in (("kind", Kind), ("category", Category)):
        if key in facts:
            known_ones = {member.value: member for member in members}
            if facts[key] not in known_ones:
                raise ValueError(f"{facts[key]!r} is no {key} of finding; there are {', '.join(known_ones)}")
            facts[key] = known_ones[facts[key]]
    return Deviation(**facts)


def load(path: Path) -> tuple[Deviation, ...]:
    """Read the ``[[deviation]]`` entries of the TOML file *path*.

    Raises:
        DeviationsFileError: if it cannot be read, is not TOML, or an entry is wrong.
    """
    try:
        text = regular_files.read_text(path)
    except OSError as error:
        raise DeviationsFileError(path, error.strerror or str(error)) from None
    except UnicodeDecodeError as error:
        raise DeviationsFileError(path, f"it is not TOML: {error}") from None
    return parse(text, path)


def parse(text: str, path: Path) -> tuple[Deviation, ...]:
    """Return the entries of *text*, the present or future content of *path*.

    Raises:
        DeviationsFileError: if it is not TOML, or an entry is wrong.
    """
    # Importing the parser takes longer than replaying a test, and a suite without findings needs none.
    from pytest_hubfiles import toml

    try:
        entries = toml.tables(text, "deviation")
    except ValueError as error:
        raise DeviationsFileError(path, str(error)) from None
    deviations = []
    for number, entry in enumerate(entries, start=1):
        try:
            deviations.append(_parse(entry))
        except ValueError as error:
            raise DeviationsFileError(path, f"entry {number}: {error}") from None
    return tuple(deviations)


def has_run_out(finding: Finding) -> bool:
    """Return whether a deviation excused *finding* until some day that is past."""
    return _RAN_OUT in finding.message


def run_out(deviations: Iterable[Deviation], today: dt.date) -> list[str]:
    """Return a line for each of *deviations* that is past its last day, even if no finding matches it."""
    return [
        f"a deviation has run out: {d.path}, on {d.until} ({d.reason}); give its entry a later until, or delete it"
        for d in deviations
        if d.until is not None and d.until < today
    ]


def stale(deviations: Iterable[Deviation], findings: Iterable[Finding], today: dt.date) -> list[str]:
    """Return a line for each of *deviations* that matches none of *findings*, those of a whole run.

    It leaves out those that have run out, and those for kinds that a replay cannot find: differences between
    recordings or versions.
    """
    found = list(findings)
    return [
        f"a deviation matches nothing any more: {d.path} ({d.reason}); delete it"
        for d in deviations
        if d.holds(today)
        and (d.kind is None or POLICY[d.kind].categories == (Category.CONTRACT,))
        and not any(d.matches(finding) for finding in found)
    ]


def lower(findings: Iterable[Finding], deviations: tuple[Deviation, ...], today: dt.date) -> list[Finding]:
    """Return *findings*; those that a deviation explains have severity info, and the reason.

    An entry past its ``until`` lowers no severity, but the message says that it has run out.
    """
    lowered = []
    for finding in findings:
        matching = [deviation for deviation in deviations if deviation.matches(finding)]
        valid = next((d for d in matching if d.holds(today)), None)
        if valid is not None:
            finding = finding.but(severity=Severity.INFO, deviation=valid.reason)
        elif matching:
            finding = finding.but(message=f"{finding.message} {_RAN_OUT} {matching[0].until})")
        lowered.append(finding)
    return lowered
