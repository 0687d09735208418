"""What a rehearsal has to report: which tests break under which change, and how."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any, Final

from pytest_hubfiles.report.evidence import Evidence, united

ALLOWED: Final = "allowed"
"""The family of the changes that HubSpot may make without notice."""


class Verdict(Enum):
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
        return self not in (Verdict.PASSES, Verdict.UNDECIDED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a test ended under a change: ``error`` in a line, and the ``place`` in the user's code that led to it."""

    verdict: Verdict
    error: str | None = None
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Break:
    """A test that a change breaks; ``accepted`` is the reason why that is fine, if somebody gave one."""

    change: str
    family: str
    test: str
    verdict: str
    error: str | None
    place: str | None
    accepted: str | None = None

    @property
    def reproduce(self) -> str:
        """The line for a shell under which it breaks again."""
        return f"pytest {shlex.quote(self.test)} --hubfiles-change {shlex.quote(self.change)}"


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What the rehearsal of one test hands to the report.

    ``tried`` are the changes of which there is a verdict, ``runs`` how often the test ran for them, ``inferred`` how
    many verdicts follow from those of others. ``joint`` are groups of changes that break it together, none alone.
    ``not_tried`` are changes that the budget left out, ``undecided`` those without a verdict. ``refused`` says why the
    test was not rehearsed at all. ``evidence`` is what is known of the answers that it needs.
    """

    test: str
    tried: tuple[str, ...] = ()
    runs: int = 0
    inferred: int = 0
    breaks: tuple[Break, ...] = ()
    joint: tuple[tuple[str, ...], ...] = ()
    not_tried: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    refused: str | None = None
    evidence: Evidence = field(default_factory=dict)

    def to_text(self) -> str:
        """Return it as one line of JSON."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_text(cls, text: str) -> Rehearsed:
        """Return what :meth:`to_text` wrote."""
        facts: dict[str, Any] = json.loads(text)
        for name in ("tried", "not_tried", "undecided"):
            facts[name] = tuple(facts[name])
        facts["joint"] = tuple(map(tuple, facts["joint"]))
        facts["breaks"] = tuple(Break(**one) for one in facts["breaks"])
        return cls(**facts)


@dataclass
class Rehearsal:
    """The rehearsal of a run, or of several.

    ``names`` are the tests that were rehearsed, ``tried`` is for how many of them each change was tried, ``not_tried``
    are the changes of which a test has no verdict. ``joint`` has tests with changes that break them together,
    ``refused`` the tests that were not rehearsed, with the reason. ``needs`` are what follows from ``evidence``.
    """

    family: str
    names: list[str] = field(default_factory=list)
    runs: int = 0
    inferred: int = 0
    tried: Counter[str] = field(default_factory=Counter)
    breaks: list[Break] = field(default_factory=list)
    joint: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    not_tried: set[str] = field(default_factory=set)
    refused: list[tuple[str, str]] = field(default_factory=list)
    evidence: Evidence = field(default_factory=dict)
    needs: dict[str, Any] = field(default_factory=dict)

    def add(self, one: Rehearsed) -> None:
        """Take in what one test came to."""
        if one.refused is not None:
            self.refused.append((one.test, one.refused))
            return
        self.names.append(one.test)
        self.runs += one.runs
        self.inferred += one.inferred
        self.tried.update(one.tried)
        self.breaks += one.breaks
        self.joint += [(one.test, group) for group in one.joint]
        self.not_tried.update(one.not_tried, one.undecided)
        self.evidence = united(self.evidence, one.evidence)

    def merge(self, other: Rehearsal) -> None:
        """Take in the rehearsal of another run, of other tests."""
        self.names += [name for name in other.names if name not in self.names]
        self.runs += other.runs
        self.inferred += other.inferred
        self.tried += other.tried
        self.breaks += [one for one in other.breaks if one not in self.breaks]
        self.joint += [one for one in other.joint if one not in self.joint]
        self.not_tried |= other.not_tried
        self.refused += [one for one in other.refused if one not in self.refused]
        self.evidence = united(self.evidence, other.evidence)

    @property
    def by_change(self) -> dict[str, list[Break]]:
        """The breaks of each change, that which breaks most tests first."""
        found: dict[str, list[Break]] = {}
        for one in sorted(self.breaks, key=lambda one: (one.change, one.test)):
            found.setdefault(one.change, []).append(one)
        return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))

    @property
    def failing(self) -> list[Break]:
        """The breaks that make a run red: those of allowed changes that nobody has accepted."""
        return [one for one in self.breaks if one.family == ALLOWED and one.accepted is None]

    def to_dict(self) -> dict[str, Any]:
        """Return it as the JSON report has it."""
        breaks = [one for group in self.by_change.values() for one in group]
        return {
            "family": self.family,
            "tests": len(self.names),
            "changes": len(self.tried),
            "runs": self.runs,
            "inferred": self.inferred,
            "tried": dict(sorted(self.tried.items())),
            "not_tried": sorted(self.not_tried),
            "breaks": [{**asdict(one), "reproduce": one.reproduce} for one in breaks],
            "joint": [{"test": test, "changes": list(changes)} for test, changes in sorted(self.joint)],
            "names": sorted(self.names),
            "refused": [{"test": test, "reason": reason} for test, reason in sorted(self.refused)],
            "needs": self.needs,
            "evidence": self.evidence,
        }

    @classmethod
    def from_dict(cls, facts: dict[str, Any]) -> Rehearsal:
        """Return what :meth:`to_dict` wrote."""
        return cls(
            facts["family"],
            list(facts["names"]),
            facts["runs"],
            facts["inferred"],
            Counter(facts["tried"]),
            [Break(**{name: one[name] for name in Break.__slots__}) for one in facts["breaks"]],
            [(one["test"], tuple(one["changes"])) for one in facts["joint"]],
            set(facts["not_tried"]),
            [(one["test"], one["reason"]) for one in facts["refused"]],
            facts["evidence"],
            facts["needs"],
        )
