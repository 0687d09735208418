"""The rehearsal of a move to another version as lines for the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from pytest_hubfiles.model.policy import Kind
from pytest_hubfiles.report.formats.verdicts_text import few, in_words
from pytest_hubfiles.report.grouping import plural
from pytest_hubfiles.report.rehearsal import Break, Refused, Rehearsal

_REMOVED = f" {Kind.FIELD_REMOVED.value}"


def render_move(rehearsal: Rehearsal, old: str, new: str) -> list[str]:
    """Return how many tests pass as *new*, what breaks the others and where, and whose bodies *new* refuses."""
    broken = {one.test for one in rehearsal.breaks} | {one.test for one in rehearsal.joint}
    count = len(rehearsal.names)
    open_ones = rehearsal.without_verdict(rehearsal.family) - broken
    passing = count - len(broken) - len(open_ones)
    are = f"pass{'es' * (passing == 1)} against answers as {new} documents them"
    more = f", of {len(open_ones)} nothing is known" if open_ones else ""
    lines = [f"from {old} to {new}: of your {count} {old} test{'s' * (count != 1)} {passing} {are}{more}"]
    breaks = sorted(rehearsal.breaks, key=lambda one: (one.test, one.change))
    called = _short_names(rehearsal.names)
    rows = [(called.get(one.test, one.test), _what(one, rehearsal, new)) for one in breaks]
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    for (test, what), one in zip(rows, breaks, strict=True):
        lines.append(f"  {test.ljust(widths[0])}  {what.ljust(widths[1])}  {in_words(one)}")
        lines += [f"    accepted: {one.accepted}"] if one.accepted is not None else []
        lines.append(f"    reproduce: {one.reproduce}")
    lines += _refused(rehearsal.requests, called, new)
    said = f"  what is optional in {old} already was left as recorded: --hubfiles-rehearse allowed tries it absent"
    return [*lines, said] if passing else lines


def _what(one: Break, rehearsal: Rehearsal, new: str) -> str:
    """Return under what the test breaks."""
    if one.change != rehearsal.family:
        return f"{_place(one.change)} may be missing" if one.change.endswith(_REMOVED) else one.change
    together = [change for joint in rehearsal.joint if joint.test == one.test for change in joint.changes]
    return f"{' and '.join(map(_place, together))} may be missing at once" if together else f"run as {new}"


def _place(change: str) -> str:
    """Return the member that *change* removes; what is no removal as it is."""
    return change.removesuffix(_REMOVED).partition(" ")[2] if change.endswith(_REMOVED) else change


def _short_names(tests: Iterable[str]) -> dict[str, str]:
    """Return each of *tests* with its name alone, where no other has the same."""
    short = {test: test.partition("::")[2] or test for test in tests}
    counts = Counter(short.values())
    return {test: name if counts[name] == 1 else test for test, name in short.items()}


def _refused(requests: Iterable[Refused], called: dict[str, str], new: str) -> Iterator[str]:
    """Yield how many tests send a body that *new* refuses, and what is wrong with it; alike ones together."""
    alike: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for one in sorted(requests, key=lambda one: (one.test, one.operation)):
        alike.setdefault((one.operation, one.missing, one.wrong), []).append(called.get(one.test, one.test))
    for (operation, missing, wrong), tests in alike.items():
        faults = [
            f"{plural(len(paths), 'member')} {word} in {operation}: {', '.join(paths)}"
            for word, paths in (("missing", missing), ("wrong", wrong))
            if paths
        ]
        send = f"{plural(len(tests), 'test')} send{'s' * (len(tests) == 1)} a body that {new} refuses"
        yield f"  {send}: {few(tests)} ({'; '.join(faults)})"
