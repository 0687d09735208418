"""The report as Markdown, for a comment on a pull request or the summary of a job.

What came from an answer, a test or a file stands in code spans only: in these GitHub renders neither HTML nor links,
mentions or references. Source: the GitHub Flavored Markdown spec, 6.3 (code spans) and 4.10 (tables).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pytest_hubfiles.model.policy import Severity
from pytest_hubfiles.report.formats.rehearsal_text import foremost, headline, how, is_accepted, remarks
from pytest_hubfiles.report.grouping import (
    OTHER_REASONS,
    Group,
    Seen,
    across_tests,
    count_by_severity,
    fails_for_other_reasons,
    grouped,
    in_words,
    judged_in_words,
    meaning,
    plural,
    verdict_of,
    what_it_says,
)
from pytest_hubfiles.report.rehearsal import Rehearsal
from pytest_hubfiles.report.report import Report
from pytest_hubfiles.visible import visible

LIMIT: Final = 65_536
"""The largest comment that GitHub takes, in characters; it is kept in bytes, of which there are never fewer."""

_RESERVED: Final = 400  # for the words on what is left out
_TABLE: Final = 8_000  # bytes for what was judged, and as many for what was not
_LINES: Final = 8  # of a message
_SIGNS: Final[Mapping[Severity, str]] = {Severity.BREAKING: "🔴", Severity.WARNING: "🟠", Severity.INFO: "🔵"}


def code(text: str, most: int = 200) -> str:
    """Return *text* as a code span that nothing in it can end, cut to *most* characters and safe in a table."""
    shown = visible(text)
    shown = f"{shown[: most - 1]}…" if len(shown) > most else shown
    if not shown.strip():
        return f"`{shown or ' '}`"
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _cell(text: str) -> str:
    return code(text).replace("|", "\\|")


def render_markdown(report: Report) -> str:
    """Return *report* as Markdown that fits into a comment on GitHub; what is left out for that is said."""
    seen = across_tests(report.findings)
    head = [*_verdict(report, seen), *_severities(seen), *_comparison(report), *_rehearsal(report.rehearsal)]
    tail = _judged(report)
    fixed = _size([*head, *tail]) + _RESERVED
    shown = seen[: _fitting(seen, LIMIT - fixed)]
    lines = [*head]
    for group in grouped(shown):
        lines += ["", _heading(group), "", *(line for one in group.seen for line in _item(one))]
    if left_out := seen[len(shown) :]:
        lines += ["", f"**Left out, as a comment on GitHub holds no more: {in_words(count_by_severity(left_out))}.** "
                  "The reports `json` and `html` have everything."]  # fmt: skip
    return "\n".join([*lines, *tail]) + "\n"


def _size(lines: Iterable[str]) -> int:
    return sum(len(line.encode("utf-8", "backslashreplace")) + 1 for line in lines)


def _fitting(seen: list[Seen], room: int) -> int:
    """Return how many findings, from the worst on, fit into *room* bytes."""
    headings: set[str] = set()
    for number, one in enumerate(seen):
        (group,) = grouped([one])
        heading = _heading(group)
        room -= _size(_item(one)) + (0 if heading in headings else _size(["", heading, ""]))
        if room < 0:
            return number
        headings.add(heading)
    return len(seen)


def _verdict(report: Report, seen: list[Seen]) -> list[str]:
    sign, word = ("❌", "failed") if report.failed else ("✅", "passed")
    found = in_words(count_by_severity(seen)) or "no findings"
    lines = [f"## {sign} hubfiles: {word}", "", f"**{found}** · {judged_in_words(report)}"]
    return [*lines, "", f"> {OTHER_REASONS}"] if fails_for_other_reasons(report) else lines


def _severities(seen: list[Seen]) -> list[str]:
    if not seen:
        return []
    lines = ["", "| severity | findings | kinds |", "| :--- | ---: | :--- |"]
    for severity, count in count_by_severity(seen).items():
        kinds: dict[str, int] = {}
        for one in seen:
            if one.finding.severity is severity:
                kinds[one.finding.kind.value] = kinds.get(one.finding.kind.value, 0) + 1
        shown = ", ".join(f"`{kind}`{f' × {number}' if number > 1 else ''}" for kind, number in kinds.items())
        lines.append(f"| {_SIGNS[severity]} {severity.value} | {count} | {shown} |")
    return lines


def _comparison(report: Report) -> list[str]:
    lines = [f"- {code(line)}" for line in report.stale_deviations]
    stale = ["", *_as_many(lines)] if lines else []
    if report.comparison is None:
        return stale
    compared = report.comparison
    rows = (
        f"| {_cell(one.operation)} | {verdict_of(one)} | {one.schemas.value} | {one.recordings.value} |"
        + (f" {'' if one.tests is None else one.tests.value} |" * compared.has_tests)
        for one in compared.operations
    )
    return [
        "",
        f"**From {code(compared.old)} to {code(compared.new)}: {meaning(compared)}**",
        "",
        f"| operation | verdict | by schemas | by recordings |{' by your tests |' * compared.has_tests}",
        f"| :--- | :--- | :--- | :--- |{' :--- |' * compared.has_tests}",
        *_as_many(rows),
        "",
        *_as_many(f"- {code(line, 400)}" for line in (*compared.support, *compared.missing)),
        *stale,
    ]


def _rehearsal(rehearsal: Rehearsal | None) -> list[str]:
    if rehearsal is None:
        return []
    by_change, tried = rehearsal.by_change, rehearsal.tried
    lines = ["", f"**Rehearsal: {headline(rehearsal, code)}**"]
    rows = _as_many(
        f"| {'⚪ accepted' if is_accepted(breaks) else '🔴 breaks'} | {len(breaks)}/{tried[change]} | {_cell(change)} "
        f"| {_cell(how(breaks))} |"
        for change, breaks in by_change.items()
    )
    if rows:
        lines += ["", "| | tests | change | how |", "| :--- | ---: | :--- | :--- |", *rows]
    if len(rows) < len(by_change):
        lines += ["", f"and {plural(len(by_change) - len(rows), 'change')} more that break a test"]
    again = _as_many(f"- {code(foremost(breaks).reproduce, 1000)}" for breaks in by_change.values())
    if again:
        lines += ["", "<details><summary>How each happens again</summary>", "", *again, "", "</details>"]
    said = _as_many(f"- {line}" for line in remarks(rehearsal, code))
    return [*lines, "", *said] if said else lines


def _heading(group: Group) -> str:
    if group.version is None and group.operation is None and not group.state:
        return "### Cassettes and requests"
    facts = (group.operation, group.version, group.state or None)
    return f"### {' · '.join(code(fact) for fact in facts if fact is not None)}"


def _item(one: Seen) -> list[str]:
    finding = one.finding
    severity = finding.severity
    line = f"- {_SIGNS[severity]} **{severity.value}** {code(finding.path)} `{finding.kind.value}`"
    if finding.before is not None or finding.after is not None:
        was, came = (code(side) if side is not None else "nothing" for side in (finding.before, finding.after))
        line += f": {was} → {came}"
    said = what_it_says(finding).splitlines()
    lines = [f"{line}  ", *(f"  {code(text.strip(), 300)}  " for text in said[:_LINES])]
    if len(said) > _LINES:
        lines.append(f"  and {plural(len(said) - _LINES, 'line')} more  ")
    if finding.deviation is not None:
        lines.append(f"  known deviation: {code(finding.deviation, 300)}  ")
    if finding.needed_by is not None:
        lines.append(f"  {code(str(finding.needed_by), 300)}  ")
    facts = [_listed(one.tests), _listed([str(place) for place in one.places]), plural(finding.exchanges, "exchange")]
    where = " · ".join(fact for fact in facts if fact)
    return [*lines, f"  {where} · fingerprint `{finding.fingerprint}`"]


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return ", ".join(code(name) for name in names[:2]) + more


def _judged(report: Report) -> list[str]:
    if not (report.judged or report.not_judged):
        return []
    lines = ["", f"<details><summary>What was {report.action}</summary>", ""]
    if report.judged:
        rows = (
            f"| {' | '.join(_cell(str(fact)) if fact is not None else '' for fact in contract)} | {count} |"
            for contract, count in report.judged.items()
        )
        shown = _as_many(rows)
        lines += [
            "| version | operation | status | state | exchanges |",
            "| :--- | :--- | :--- | :--- | ---: |",
            *shown,
        ]
        if len(shown) < len(report.judged):
            lines += ["", f"and {plural(len(report.judged) - len(shown), 'row')} more"]
    if report.not_judged:
        shown = _as_many(
            f"- {code(url)} ({code(reason)}) × {count}" for (url, reason), count in report.not_judged.items()
        )
        lines += ["", f"Not {report.action}: {plural(sum(report.not_judged.values()), 'exchange')}", "", *shown]
        if len(shown) < len(report.not_judged):
            lines.append(f"- and {plural(len(report.not_judged) - len(shown), 'URL')} more")
    return [*lines, "", "</details>"]


def _as_many(rows: Iterable[str]) -> list[str]:
    room, shown = _TABLE, list[str]()
    for row in rows:
        room -= _size([row])
        if room < 0:
            break
        shown.append(row)
    return shown
