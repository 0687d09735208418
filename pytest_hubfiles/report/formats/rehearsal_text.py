"""A rehearsal as lines for the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from pytest_hubfiles.report.grouping import plural
from pytest_hubfiles.report.rehearsal import Break, Rehearsal, Verdict

_HOW: Final = {
    Verdict.FAILS.value: ("fails", "fail"),
    Verdict.RAISES.value: ("raises", "raise"),
    Verdict.GIVES_UP.value: ("gives up", "give up"),
    Verdict.NEVER_ENDS.value: ("never ends", "never end"),
    Verdict.ASKS_ELSE.value: ("asks what is not recorded", "ask what is not recorded"),
}
_MOST_PLACES: Final = 3


def render_rehearsal(rehearsal: Rehearsal) -> list[str]:
    """Return *rehearsal* as lines: what was tried, and below it each change that breaks a test, and how."""
    by_change = rehearsal.by_change
    kind = "" if rehearsal.family == "all" else f"{rehearsal.family.removesuffix('s')} "
    changes = f"{len(rehearsal.tried)} {kind}change{'s' * (len(rehearsal.tried) != 1)}"
    broken = f"{len(by_change)} of them break{'s' * (len(by_change) == 1)} a test" if by_change else "no test breaks"
    lines = [
        f"rehearsal: {plural(len(rehearsal.names), 'test')}, {changes} ({plural(rehearsal.runs, 'run')}): {broken}"
    ]
    if by_change:
        width = max(map(len, by_change))
        lines.append(f"    tests  {'change'.ljust(width)}  how")
        for change, breaks in by_change.items():
            share = f"{len(breaks)}/{rehearsal.tried[change]}"
            lines.append(f"  {share:>7}  {change.ljust(width)}  {_how(breaks)}")
            lines += [f"           {line}" for line in _more(breaks)]
    lines += [f"joint: {test} needs one of what these take away: {', '.join(g)}" for test, g in rehearsal.joint]
    if rehearsal.not_tried:
        lines.append(
            f"no verdict for {plural(len(rehearsal.not_tried), 'change')}: {_few(sorted(rehearsal.not_tried))}"
        )
    for reason, tests in _by_reason(rehearsal.refused).items():
        lines.append(f"not rehearsed: {_few(tests)} ({reason})")
    return lines


def _how(breaks: Iterable[Break]) -> str:
    breaks = list(breaks)
    if len(breaks) == 1:
        return _in_words(breaks[0])
    counts = Counter(one.verdict for one in breaks)
    return ", ".join(f"{count} {_HOW[verdict][count != 1]}" for verdict, count in counts.most_common())


def _in_words(one: Break) -> str:
    said = f": {one.error}" if one.error else ""
    return f"{_HOW[one.verdict][0]}{f' at {one.place}' if one.place else ''}{said}"


def _more(breaks: Iterable[Break]) -> Iterator[str]:
    """Yield where several tests break, whether that is accepted, and the line under which the first breaks again."""
    breaks = list(breaks)
    if len(breaks) > 1:
        for verdict, (single, _) in _HOW.items():
            of_it = [one for one in breaks if one.verdict == verdict and one.place]
            places = list(dict.fromkeys(one.place for one in of_it if one.place))
            said = of_it[0].error if len(places) == 1 else None  # the first one's, as is the line that repeats it
            if places:
                yield f"{single} at {_few(places)}{f': {said}' if said else ''}"
    for reason in dict.fromkeys(one.accepted for one in breaks if one.accepted is not None):
        count = sum(one.accepted == reason for one in breaks)
        yield f"accepted for {plural(count, 'test')}: {reason}"
    yield f"reproduce: {breaks[0].reproduce}"


def _few(names: list[str]) -> str:
    more = len(names) - _MOST_PLACES
    return ", ".join(names[:_MOST_PLACES]) + (f" and {more} more" if more > 0 else "")


def _by_reason(refused: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for test, reason in sorted(refused):
        found.setdefault(reason, []).append(test)
    return found
