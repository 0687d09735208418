"""What a rehearsal has to report: which tests break under which change, and how."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Set
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from typing import Any, Final

from pytest_hubfiles.report.evidence import Evidence, united

ALLOWED: Final = "allowed"
"""The family of the changes that HubSpot may make without notice."""

_PLACE: Final = re.compile(r"(?P<file>.+):(?P<line>[1-9][0-9]{0,8})(?: |$)", re.DOTALL)


class Ending(Enum):
    """What a test comes to under a change."""

    PASSES = "passes"
    FAILS = "fails"
    RAISES = "raises"
    GIVES_UP = "gives-up"
    NEVER_ENDS = "never-ends"
    ASKS_ELSE = "asks-else"
    UNDECIDED = "undecided"

    @property
    def is_break(self) -> bool:
        """Whether the test is red then."""
        return self not in (Ending.PASSES, Ending.UNDECIDED)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a test ended under a change: ``error`` in a line, and the ``place`` in the user's code that led to it."""

    verdict: Ending
    error: str | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Break:
    """A test that a change breaks; ``accepted`` is the reason why that is fine, if somebody gave one.

    ``reproduce`` is the line for a shell under which it breaks again. The change of a move is the move itself, OLD:NEW,
    where the test breaks with nothing absent, or only with everything absent.
    """

    change: str
    family: str
    test: str
    verdict: str
    error: str | None
    place: str | None
    reproduce: str
    accepted: str | None = None

    @property
    def file_and_line(self) -> tuple[str, int | None]:
        """Where it breaks: in the user's code where that is known, else in the file of the test."""
        match = _PLACE.match(self.place or "")
        return (self.test.partition("::")[0], None) if match is None else (match["file"], int(match["line"]))


@dataclass(frozen=True, slots=True, order=True)
class Joint:
    """Some ``changes`` that break a ``test`` at once, and none of them alone, with the line that repeats it."""

    test: str
    changes: tuple[str, ...]
    reproduce: str

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> Joint:
        """Return what ``asdict`` made of one."""
        return cls(facts["test"], tuple(facts["changes"]), facts.get("reproduce", ""))


@dataclass(frozen=True, slots=True)
class Refused:
    """What a version refuses of what a test sends to an operation: the members that are ``missing``, and ``wrong``."""

    test: str
    operation: str
    missing: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()

    def with_member(self, path: str, *, is_missing: bool) -> Refused:
        """Return this with one member more."""
        if is_missing:
            return replace(self, missing=tuple(dict.fromkeys((*self.missing, path))))
        return replace(self, wrong=tuple(dict.fromkeys((*self.wrong, path))))

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> Refused:
        """Return what ``asdict`` made of one."""
        return cls(facts["test"], facts["operation"], tuple(facts["missing"]), tuple(facts["wrong"]))


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What the rehearsal of one test hands to the report.

    ``tried`` are the changes that were looked at, ``runs`` how often the test ran for them. ``joint`` are changes
    that break it together, none alone. ``not_tried`` are changes that the budget left out, ``undecided`` those
    without a verdict, each with the reason. ``refused`` says why the test was not rehearsed at all. ``evidence`` is
    what is known of the answers that it needs. Of a test that moves, ``requests`` are those that the new version
    refuses, and ``operations`` are those that it uses, each with whether the move breaks it.
    """

    test: str
    tried: tuple[str, ...] = ()
    runs: int = 0
    breaks: tuple[Break, ...] = ()
    joint: tuple[Joint, ...] = ()
    not_tried: tuple[str, ...] = ()
    undecided: Mapping[str, str] = field(default_factory=dict)
    refused: str | None = None
    evidence: Evidence = field(default_factory=dict)
    requests: tuple[Refused, ...] = ()
    operations: Mapping[str, bool] = field(default_factory=dict)

    def to_text(self) -> str:
        """Return it as one line of JSON."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_text(cls, text: str) -> Rehearsed:
        """Return what :meth:`to_text` wrote."""
        facts: dict[str, Any] = json.loads(text)
        for name in ("tried", "not_tried"):
            facts[name] = tuple(facts[name])
        facts["joint"] = tuple(map(Joint.from_dict, facts["joint"]))
        facts["breaks"] = tuple(Break(**one) for one in facts["breaks"])
        facts["requests"] = tuple(map(Refused.from_dict, facts["requests"]))
        return cls(**facts)


@dataclass(frozen=True, slots=True)
class Unbroken:
    """The changes that do not break a test: it ``passes``, it came to no verdict, or the budget left them out.

    ``undecided`` has the reason for each.
    """

    passes: frozenset[str] = frozenset()
    undecided: Mapping[str, str] = field(default_factory=dict)
    not_tried: frozenset[str] = frozenset()

    def with_another(self, other: Unbroken) -> Unbroken:
        """Return what two runs say of one test: what either of them tried was tried."""
        passes = self.passes | other.passes
        undecided = {
            change: why for change, why in {**other.undecided, **self.undecided}.items() if change not in passes
        }
        return Unbroken(passes, undecided, (self.not_tried | other.not_tried) - passes - undecided.keys())

    def left_of(self, operation: str) -> frozenset[str]:
        """Return the changes of *operation* without a verdict."""
        return frozenset(name for name in (*self.undecided, *self.not_tried) if name.startswith(f"{operation} "))

    def without(self, broken: Set[str]) -> Unbroken:
        """Return this without the changes that another run knows to break the test."""
        undecided = {change: why for change, why in self.undecided.items() if change not in broken}
        return Unbroken(self.passes - broken, undecided, self.not_tried - broken)

    def to_dict(self) -> dict[str, Any]:
        """Return it as the JSON report has it."""
        undecided = dict(sorted(self.undecided.items()))
        return {"passes": sorted(self.passes), "undecided": undecided, "not_tried": sorted(self.not_tried)}

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> Unbroken:
        """Return what :meth:`to_dict` wrote."""
        return cls(frozenset(facts["passes"]), facts["undecided"], frozenset(facts["not_tried"]))


@dataclass
class Rehearsal:
    """The rehearsal of a run, or of several.

    ``by_test`` has the tests that were rehearsed. ``joint`` has tests with changes that break them together,
    ``refused`` the tests that were not rehearsed, with the reason. ``needs`` are what follows from ``evidence``. Of a
    move, ``requests`` are those that the new version refuses, ``operations`` are those that tests use, each with
    whether the move breaks one.
    """

    family: str
    by_test: dict[str, Unbroken] = field(default_factory=dict)
    runs: int = 0
    breaks: list[Break] = field(default_factory=list)
    joint: list[Joint] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    evidence: Evidence = field(default_factory=dict)
    needs: dict[str, Any] = field(default_factory=dict)
    requests: list[Refused] = field(default_factory=list)
    operations: dict[str, bool] = field(default_factory=dict)

    @property
    def move(self) -> tuple[str, str] | None:
        """The two versions of a move, None where it is none."""
        old, colon, new = self.family.partition(":")
        return (old, new) if colon else None

    def add(self, one: Rehearsed) -> None:
        """Take in what one test came to."""
        if one.refused is not None:
            if (one.test, one.refused) not in self.refused:  # a plugin may run a test again
                self.refused.append((one.test, one.refused))
            return
        if not (one.tried or one.not_tried or one.undecided):  # none of the changes that are asked for is about it
            return
        broken = {each.change for each in one.breaks}
        passes = frozenset(one.tried) - one.undecided.keys() - broken
        self._add(one.test, Unbroken(passes, one.undecided, frozenset(one.not_tried)))
        self.runs += one.runs
        self.breaks += one.breaks
        self.joint += one.joint
        self.evidence = united(self.evidence, one.evidence)
        self._add_requests(one.requests, one.operations)

    def _add_requests(self, requests: Iterable[Refused], operations: Mapping[str, bool]) -> None:
        self.requests += [one for one in requests if one not in self.requests]
        for operation, breaks in operations.items():
            self.operations[operation] = self.operations.get(operation, False) or breaks

    def merge(self, other: Rehearsal) -> None:
        """Take in the rehearsal of another run; what both found of the same test is kept once."""
        for test, unbroken in other.by_test.items():
            self._add(test, unbroken)
        self.runs += other.runs
        known = {(one.test, one.change) for one in self.breaks}
        self.breaks += [one for one in other.breaks if (one.test, one.change) not in known]
        broken: dict[str, set[str]] = {}
        for one in self.breaks:
            broken.setdefault(one.test, set()).add(one.change)
        self.by_test = {test: one.without(broken.get(test, set())) for test, one in self.by_test.items()}
        self.joint += [one for one in other.joint if one not in self.joint]
        self.refused += [one for one in other.refused if one not in self.refused]
        self.refused = [(test, why) for test, why in self.refused if test not in self.by_test]
        self.evidence = united(self.evidence, other.evidence)
        self._add_requests(other.requests, other.operations)

    def _add(self, test: str, unbroken: Unbroken) -> None:
        self.by_test[test] = self.by_test.get(test, Unbroken()).with_another(unbroken)

    @property
    def names(self) -> list[str]:
        """The tests that were rehearsed."""
        return list(self.by_test)

    @property
    def tried(self) -> Counter[str]:
        """For how many tests there is a verdict on each change."""
        pairs = {(test, change) for test, one in self.by_test.items() for change in one.passes}
        return Counter(change for _, change in pairs.union((one.test, one.change) for one in self.breaks))

    @property
    def undecided(self) -> set[str]:
        """The changes with which a test came to no verdict."""
        return {change for one in self.by_test.values() for change in one.undecided}

    def without_verdict(self, change: str) -> set[str]:
        """Return the tests that came to no verdict on *change*, or were left out with it."""
        return {test for test, one in self.by_test.items() if change in one.undecided or change in one.not_tried}

    @property
    def by_reason(self) -> dict[str, list[tuple[str, str]]]:
        """The tests and changes that came to no verdict, by the reason."""
        found: dict[str, list[tuple[str, str]]] = {}
        for test, one in self.by_test.items():
            for change, why in one.undecided.items():
                found.setdefault(why, []).append((test, change))
        return dict(sorted(found.items()))

    @property
    def not_tried(self) -> set[str]:
        """The changes of which a test has no verdict, as they were left out or as it came to none."""
        return self.undecided | self.left_out

    @property
    def left_out(self) -> set[str]:
        """The changes that the budget left out with a test."""
        return {change for one in self.by_test.values() for change in one.not_tried}

    @property
    def by_change(self) -> dict[str, list[Break]]:
        """The breaks of each change: that which breaks most tests first, those last that are accepted."""
        found: dict[str, list[Break]] = {}
        for one in sorted(self.breaks, key=lambda one: (one.change, one.test)):
            found.setdefault(one.change, []).append(one)
        ranks = {change: (all(one.accepted for one in group), -len(group)) for change, group in found.items()}
        return dict(sorted(found.items(), key=lambda item: (ranks[item[0]], item[0])))

    @property
    def failing(self) -> list[Break]:
        """The breaks that make a run red: those of allowed changes that nobody has accepted."""
        return [one for one in self.breaks if one.family == ALLOWED and one.accepted is None]

    @property
    def failing_by_place(self) -> list[list[Break]]:
        """The breaks that make a run red, those together that one change makes at one place in the user's code."""
        found: dict[tuple[str, tuple[str, int | None]], list[Break]] = {}
        for one in sorted(self.failing, key=lambda one: (one.change, one.test)):
            found.setdefault((one.change, one.file_and_line), []).append(one)
        return list(found.values())

    def to_dict(self) -> dict[str, Any]:
        """Return it as the JSON report has it."""
        breaks = [one for group in self.by_change.values() for one in group]
        tried = self.tried
        return {
            "family": self.family,
            "tests": len(self.by_test),
            "changes": len(tried),
            "runs": self.runs,
            "inferred": 0,  # each verdict has a run of its own
            "tried": dict(sorted(tried.items())),
            "not_tried": sorted(self.not_tried),
            "breaks": list(map(asdict, breaks)),
            "joint": [asdict(one) for one in sorted(self.joint)],
            "by_test": [{"test": test, **one.to_dict()} for test, one in sorted(self.by_test.items())],
            "refused": [{"test": test, "reason": reason} for test, reason in sorted(self.refused)],
            "needs": self.needs,
            "evidence": self.evidence,
            "requests": [asdict(one) for one in sorted(self.requests, key=lambda one: (one.test, one.operation))],
            "operations": dict(sorted(self.operations.items())),
        }

    @classmethod
    def from_dict(cls, facts: dict[str, Any]) -> Rehearsal:
        """Return what :meth:`to_dict` wrote."""
        return cls(
            facts["family"],
            {one["test"]: Unbroken.from_dict(one) for one in facts["by_test"]},
            facts["runs"],
            [Break(**{name: one[name] for name in Break.__slots__}) for one in facts["breaks"]],
            list(map(Joint.from_dict, facts["joint"])),
            [(one["test"], one["reason"]) for one in facts["refused"]],
            facts["evidence"],
            facts["needs"],
            list(map(Refused.from_dict, facts["requests"])),
            dict(facts["operations"]),
        )
