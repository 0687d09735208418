"""A rehearsal as lines for the terminal."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from pytest_hubfiles.report.formats.move_text import render_move
from pytest_hubfiles.report.formats.verdicts_text import HOW, few, in_words
from pytest_hubfiles.report.grouping import plural
from pytest_hubfiles.report.rehearsal import Break, Rehearsal

_PLAIN: Final = ("allowed", "breaking")
_MARGIN: Final = " " * 10  # as below findings


def render_rehearsal(rehearsal: Rehearsal) -> list[str]:
    """Return *rehearsal* as lines: what was tried, below it what breaks a test, and how, and what has no verdict."""
    lines = _of_changes(rehearsal) if rehearsal.move is None else render_move(rehearsal, *rehearsal.move)
    return [*lines, *remarks(rehearsal)]


def _of_changes(rehearsal: Rehearsal) -> list[str]:
    by_change, tried = rehearsal.by_change, rehearsal.tried
    lines = [f"rehearsal: {headline(rehearsal)}"]
    if by_change:
        shown = {change: f"{family(rehearsal, breaks)}{change}" for change, breaks in by_change.items()}
        width = max(map(len, shown.values()))
        lines.append(f"{_MARGIN}tests  {'change'.ljust(width)}  how")
        for change, breaks in by_change.items():
            share = f"{len(breaks)}/{tried[change]}"
            word = "accepted" if is_accepted(breaks) else "breaks"
            lines.append(f"{word:<10}{share:>5}  {shown[change].ljust(width)}  {how(breaks)}")
            lines += [f"{_MARGIN}{line}" for line in _more(breaks)]
    return lines


def headline(rehearsal: Rehearsal, quoted: Callable[[str], str] = str) -> str:
    """Return what was tried, and how many of the changes break a test; a family stands in it as *quoted* has it."""
    if not rehearsal.tried:
        return "nothing was tried"
    by_change = rehearsal.by_change
    kind = rehearsal.family.removesuffix("s")
    noun = {"all": "change", "event": "event"}.get(kind) or f"{kind if kind in _PLAIN else quoted(kind)} change"
    broken = f"{len(by_change)} of them break{'s' * (len(by_change) == 1)} a test" if by_change else "no test breaks"
    accepted = sum(map(is_accepted, by_change.values()))
    open_ones, whom = len(rehearsal.undecided), sum(bool(one.undecided) for one in rehearsal.by_test.values())
    return (
        f"{plural(len(rehearsal.by_test), 'test')}, {plural(len(rehearsal.tried), noun)}"
        f" ({plural(rehearsal.runs, 'run')}): {broken}{f', {accepted} accepted' if accepted else ''}"
        f"{f', {open_ones} without a verdict with ' + plural(whom, 'test') if open_ones else ''}"
    )


def family(rehearsal: Rehearsal, breaks: Iterable[Break]) -> str:
    """Return the family of the change of *breaks* before it, where changes of several families were tried."""
    return f"({next(iter(breaks)).family}) " if rehearsal.family == "all" else ""


def told(breaks: Sequence[Break]) -> list[str]:
    """Return *breaks* of one change at one place as lines: what it does to which tests, and how it happens again."""
    first = breaks[0]
    more = f" and {plural(len(breaks) - 1, 'other test')}" if len(breaks) > 1 else ""
    return [
        f"{first.change}, which the API may do at any time, breaks {first.test}{more}",
        in_words(first),
        f"reproduce: {first.reproduce}",
    ]


def is_accepted(breaks: Iterable[Break]) -> bool:
    """Return whether all *breaks* are accepted."""
    return all(one.accepted is not None for one in breaks)


def foremost(breaks: Iterable[Break]) -> Break:
    """Return the first of *breaks*, of those that are not accepted if there are any."""
    return min(breaks, key=lambda one: one.accepted is not None)


def remarks(rehearsal: Rehearsal, quoted: Callable[[str], str] = str) -> Iterator[str]:
    """Yield what else is to be said; what came from tests and answers stands in it as *quoted* has it."""
    for one in rehearsal.joint:
        again = f"; reproduce: {quoted(one.reproduce)}" if one.reproduce else ""
        what = f"{quoted(one.test)} breaks under all of these at once, under none of them alone"
        yield f"only together: {what}: {', '.join(map(quoted, one.changes))}{again}"
    for reason, found in rehearsal.by_reason.items():
        tests, changes = sorted({test for test, _ in found}), sorted({change for _, change in found})
        whom = f"{plural(len(changes), 'change')} with {few(tests, quoted)}"
        yield f"no verdict for {whom} ({quoted(reason)}): {few(changes, quoted)}"
    if left_out := sorted(rehearsal.left_out):
        count = sum(bool(one.not_tried) for one in rehearsal.by_test.values())
        whom = f"{plural(len(left_out), 'change')} with {plural(count, 'test')}"
        yield f"not tried within the budget: {whom}: {few(left_out, quoted)}"
    for reason, tests in _by_reason(rehearsal.refused).items():
        yield f"not rehearsed: {few(tests, quoted)} ({quoted(reason)})"


def how(breaks: Iterable[Break]) -> str:
    """Return how the tests of *breaks* break: of one with place and error, of several how many how."""
    breaks = list(breaks)
    if len(breaks) == 1:
        return in_words(breaks[0])
    counts = Counter(one.verdict for one in breaks)
    return ", ".join(f"{count} {HOW[verdict][count != 1]}" for verdict, count in counts.most_common())


def _more(breaks: Iterable[Break]) -> Iterator[str]:
    """Yield where several tests break, whether that is accepted, and the line under which the first breaks again."""
    breaks = list(breaks)
    if len(breaks) > 1:
        for verdict, (single, _) in HOW.items():
            of_it = [one for one in breaks if one.verdict == verdict and one.place]
            places = list(dict.fromkeys(one.place for one in of_it if one.place))
            said = of_it[0].error if len(places) == 1 else None  # the first one's, as is the line that repeats it
            if places:
                yield f"{single} at {few(places)}{f': {said}' if said else ''}"
    for reason in dict.fromkeys(one.accepted for one in breaks if one.accepted is not None):
        count = sum(one.accepted == reason for one in breaks)
        yield f"accepted for {plural(count, 'test')}: {reason}"
    yield f"reproduce: {foremost(breaks).reproduce}"


def acceptance(failing: Sequence[Break], file: str | None) -> list[str]:
    """Return as lines what to write to accept one of the breaks that are *failing*; *file* is the one that is set."""
    if not failing:
        return []
    first, name = failing[0], file or "rehearsed.toml"
    texts = {"change": first.change, "test": first.test, "reason": "why this may be"}
    setting = "" if file is not None else ", and the name of that file into ini hubfiles_rehearsed"
    return [
        f"To accept a break, write such an entry into {name}{setting}; * stands for anything:",
        "    [[rehearsed]]",
        *(f"    {key} = {json.dumps(text, ensure_ascii=False)}" for key, text in texts.items()),
    ]


def _by_reason(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the names of each reason, from *pairs* of a name and its reason."""
    found: dict[str, list[str]] = {}
    for name, reason in sorted(pairs):
        found.setdefault(reason, []).append(name)
    return found
