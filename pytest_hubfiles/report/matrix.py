"""A rehearsal as a table: what may change, by place, against the tests, with a verdict where the two meet."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from pytest_hubfiles.report.rehearsal import Break, Ending, Rehearsal

NOT_TRIED: Final = "not-tried"
ACCEPTED: Final = "accepted"

_STEP: Final = r"(?:\.[A-Za-z_$][A-Za-z0-9_$-]*|\[\*\]|\['(?:[^'\\]|\\.)*'\])"
_AT_A_PLACE: Final = re.compile(rf"(?P<place>.+? \${_STEP}*) (?P<rest>.+)")
_OF_THE_WHOLE: Final = re.compile(r"(?P<place>\S+ \S+) (?P<rest>.+)")


_LAST_NAME: Final = re.compile(r"^[^\[]*::(?:test_)?")
_LONG: Final = 20


class State(NamedTuple):
    """What can stand in a cell: its name, the sign that shows it, and the words for it."""

    name: str
    sign: str
    words: str


STATES: Final[Mapping[str, State]] = {
    state.name: state
    for state in (
        State(Ending.NEVER_ENDS.value, "∞", "never ends"),
        State(Ending.RAISES.value, "!", "raises"),
        State(Ending.GIVES_UP.value, "◷", "gives up"),
        State(Ending.ASKS_ELSE.value, "→", "asks what is not recorded"),
        State(Ending.FAILS.value, "✗", "fails"),
        State(Ending.UNDECIDED.value, "?", "no verdict"),
        State(NOT_TRIED, "–", "not tried"),
        State(ACCEPTED, "( )", "accepted"),
        State(Ending.PASSES.value, "✓", "passes"),
    )
}
"""All states, the worst first; the sign of one that is accepted stands between the parentheses."""

_RANKS: Final = {name: rank for rank, name in enumerate(STATES)}


class MatrixCell(NamedTuple):
    """What one test comes to with one change, or with all of a place; ``breaks`` are the numbers of its breaks."""

    state: str
    breaks: tuple[int, ...] = ()
    is_accepted: bool = False

    @property
    def sign(self) -> str:
        """The sign that shows it."""
        sign = STATES[self.state].sign
        return f"({sign})" if self.is_accepted else sign

    @property
    def rank(self) -> int:
        """How bad it is; the worst is the least."""
        return _RANKS[ACCEPTED if self.is_accepted else self.state]


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A change, or a place, against each test; None is where the recording of a test does not allow it."""

    name: str
    label: str
    cells: tuple[MatrixCell | None, ...]

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to see: each test passes, or was left out."""
        return all(cell is None or cell.state in (NOT_TRIED, Ending.PASSES.value) for cell in self.cells)

    @property
    def weight(self) -> int:
        """How many tests break."""
        return sum(cell is not None and bool(cell.breaks) and not cell.is_accepted for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Heading:
    """A row that has the worst of each test, and below it the ``changes`` at this place."""

    row: MatrixRow
    changes: tuple[MatrixRow, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """The rows by place, those that break most tests first; ``breaks`` are counted from 1, in the order of the rows."""

    tests: tuple[str, ...]
    places: tuple[Heading, ...]
    breaks: tuple[Break, ...]

    @property
    def states(self) -> list[State]:
        """The states that occur, the worst first."""
        seen = {cell.state for place in self.places for row in place.changes for cell in row.cells if cell is not None}
        accepted = any(one.accepted is not None for one in self.breaks)
        return [state for name, state in STATES.items() if name in seen or (accepted and name == ACCEPTED)]

    @property
    def short_names(self) -> list[str]:
        """The tests by what tells them apart: their last names, and of a long one both ends."""
        last = [_LAST_NAME.sub("", test) for test in self.tests]
        counts = Counter(last)
        names = (name if counts[name] == 1 else test for name, test in zip(last, self.tests, strict=True))
        return [name if len(name) <= _LONG else f"{name[: _LONG // 3]}…{name[-(_LONG * 2 // 3) :]}" for name in names]


def matrix_of(rehearsal: Rehearsal) -> Matrix:
    """Return *rehearsal* as a matrix."""
    failing = Counter(one.test for one in rehearsal.breaks if one.accepted is None)
    broken = {one.test for one in rehearsal.breaks}
    tests = sorted(broken.union(rehearsal.by_test), key=lambda test: (-failing[test], test not in broken, test))
    by_change = rehearsal.by_change
    breaks = [one for group in by_change.values() for one in group]
    cells = _cells(rehearsal, breaks)
    changes = dict.fromkeys([*by_change, *sorted({change for _, change in cells})])
    by_place: dict[str, list[MatrixRow]] = {}
    for change in changes:
        place, label = _parts(change)
        row = MatrixRow(change, label, tuple(cells.get((test, change)) for test in tests))
        by_place.setdefault(place, []).append(row)
    places = [Heading(MatrixRow(place, place, _worst(rows)), tuple(rows)) for place, rows in by_place.items()]
    places.sort(key=lambda place: (place.row.is_quiet, -place.row.weight))
    return Matrix(tuple(tests), tuple(places), tuple(breaks))


def _cells(rehearsal: Rehearsal, breaks: Iterable[Break]) -> dict[tuple[str, str], MatrixCell]:
    cells: dict[tuple[str, str], MatrixCell] = {}
    for test, one in rehearsal.by_test.items():
        for state, changes in (
            (NOT_TRIED, one.not_tried),
            (Ending.UNDECIDED.value, one.undecided),
            (Ending.PASSES.value, one.passes),
        ):
            cells.update({(test, change): MatrixCell(state) for change in changes})
    for number, broken in enumerate(breaks, start=1):
        cells[broken.test, broken.change] = MatrixCell(broken.verdict, (number,), broken.accepted is not None)
    return cells


def _worst(rows: Iterable[MatrixRow]) -> tuple[MatrixCell | None, ...]:
    return tuple(map(_worst_of, zip(*(row.cells for row in rows), strict=True)))


def _worst_of(cells: Iterable[MatrixCell | None]) -> MatrixCell | None:
    there = [cell for cell in cells if cell is not None]
    if not there:
        return None
    worst = min(there, key=lambda cell: cell.rank)
    return worst._replace(breaks=tuple(number for cell in there for number in cell.breaks))


def _parts(change: str) -> tuple[str, str]:
    """Return the place of *change*, or the event, and what tells it from others there."""
    match = _AT_A_PLACE.fullmatch(change) or _OF_THE_WHOLE.fullmatch(change)
    return (change, "") if match is None else (match["place"], match["rest"])
