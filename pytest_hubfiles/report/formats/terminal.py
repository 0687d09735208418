"""The report as text, for the person at the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from pytest_hubfiles.compare.comparison import Comparison, Verdict
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.policy import Kind, Severity
from pytest_hubfiles.report.formats.rehearsal_text import render_rehearsal
from pytest_hubfiles.report.grouping import (
    Seen,
    across_tests,
    alike,
    count_by_severity,
    in_words,
    judged_in_words,
    meaning,
    plural,
    verdict_of,
    what_it_says,
)
from pytest_hubfiles.report.record import Record
from pytest_hubfiles.report.report import Report
from pytest_hubfiles.visible import clauses, visible

_WORTH_SKIPPING: Final = 5.0
"""From how many seconds on it is said that replays waited."""


def in_one_line(finding: Finding) -> str:
    """Return all of a finding in one line, as JUnit XML's properties hold it."""
    return f"{' '.join(' '.join(render_finding(finding)).split())} [{finding.fingerprint}]"


def render_finding(*same: Finding) -> list[str]:
    """Return a finding as one line: severity, version, operation, status, state, path, kind, what changed.

    Of several that say the *same* of different answers, the line names them all. Where the message has more
    lines, they follow, indented.
    """
    finding = same[0]
    place = place_of(*same)
    said, *more = what_it_says(finding).splitlines() or [""]
    parts = (f"{finding.severity.value:<8}", place, finding.path, f"{finding.kind.value}: {said}")
    line = "  ".join(part for part in parts if part)
    exchanges = sum(f.exchanges for f in same)
    if exchanges > 1:
        line += f" [{exchanges} exchanges]"
    if finding.deviation is not None:
        line += f" (known: {finding.deviation})"
    more += [] if finding.needed_by is None else [str(finding.needed_by)]
    return [visible(line), *(f"          {visible(text.strip())}" for text in more)]


def place_of(*same: Finding) -> str:
    """Return in which answers findings were seen that say the *same*: ``2026-03, v3 import-status 200 COMPLETE``."""
    facts = ([f.version, f.operation, f.http_status, f.task_status] for f in same)
    columns = (dict.fromkeys(str(fact) for fact in column if fact is not None) for column in zip(*facts, strict=True))
    return " ".join(", ".join(column) for column in columns if column)


def render_findings(findings: Iterable[Finding], where: Mapping[int, str] | None = None) -> list[str]:
    """Return *findings* as lines for a terminal, known deviations last and each of them once.

    *where* is what to say below a finding, by the finding's ``id``.
    """
    listed = list(findings)
    lines: list[str] = []
    for same in alike(finding for finding in listed if finding.deviation is None):
        lines += render_finding(*same)
        below = [where[id(finding)] for finding in same if id(finding) in where] if where else []
        lines += [f"          {text}" for text in dict.fromkeys(below)]
    known: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in listed:
        if finding.deviation is not None:
            known.setdefault((finding.path, finding.kind.value, finding.message), []).append(finding)
    return lines + [line for same in known.values() for line in render_finding(*same)]


def render_terminal(report: Report, verbose: bool = True, named: Collection[str] = ()) -> list[str]:
    """Return *report* as the lines of the terminal section, below those findings whose fingerprints are *named* these.

    Without *verbose* the first line counts what the others leave out: the table of what was judged, what went well,
    findings of severity info and known deviations. It is the only line where there is nothing else to tell.
    """
    seen = across_tests(report.findings)
    listed = seen if verbose else [one for one in seen if one.finding.severity is not Severity.INFO]
    lines = _in_full(report) if verbose else [in_brief(report)]
    lines += _recordings(report, verbose)
    if listed:
        lines += ["", f"findings: {in_words(count_by_severity(listed))}"] if verbose else []
        lines += render_findings(
            (one.finding for one in listed),
            {id(one.finding): _places(one, named) for one in listed if one.tests or one.places},
        )
    elif verbose:
        lines.append("no findings")
    lines += [] if report.comparison is None else ["", *_comparison(report.comparison)]
    lines += [] if report.rehearsal is None else ["", *render_rehearsal(report.rehearsal)]
    lines += report.stale_deviations
    return list(map(visible, lines))


def in_brief(report: Report) -> str:
    """Return in one line what was judged and recorded, and how much there is that only ``-v`` lists."""
    line = f"{report.action} {report.judged_count} of {plural(report.exchange_count, 'exchange')}"
    recorded = len({record.cassette for record in report.records if record.promoted})
    line += f", recorded {plural(recorded, 'cassette')}" if recorded else ""
    count = sum(report.not_judged.values())
    left_out = [f"{count} not {report.action}"] if count else []
    left_out += counted(one.finding for one in across_tests(report.findings) if one.finding.severity is Severity.INFO)
    return f"{line}; {left_out_of(left_out)}" if left_out else line


def left_out_of(counts: Sequence[str]) -> str:
    """Return *counts* of what is not listed, and how to have it listed: ``2 known deviations, -v lists them``."""
    one = len(counts) == 1 and counts[0].startswith("1 ")
    return f"{' and '.join(filter(None, (', '.join(counts[:-1]), counts[-1])))}, -v lists {'it' if one else 'them'}"


def counted(findings: Iterable[Finding]) -> list[str]:
    """Return how many *findings* there are, such as ``2 known deviations``, ``1 finding of severity info``."""
    counts = Counter(None if finding.deviation is not None else finding.severity for finding in findings)
    parts = [f"{plural(counts[s], 'finding')} of severity {s.value}" for s in reversed(Severity) if counts[s]]
    return [*parts, plural(counts[None], "known deviation")] if counts[None] else parts


def _in_full(report: Report) -> list[str]:
    """Return what was judged, as a table, and what could not be."""
    lines = [judged_in_words(report)]
    if report.judged:
        rows = [(c.version, c.operation, str(c.http_status), c.task_status or "") for c in report.judged]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        for row, count in zip(rows, report.judged.values(), strict=True):
            cells = (fact.ljust(width) for fact, width in zip(row, widths, strict=True))
            lines.append(f"  {'  '.join(cells)}  {count}")
    return lines + [
        f"not {report.action}: {url} ({reason}) {count}" for (url, reason), count in report.not_judged.items()
    ]


def render_text(report: Report) -> str:
    """Return *report* as the text of the terminal section, for the command line."""
    return "\n".join(render_terminal(report)) + "\n"


def _comparison(comparison: Comparison) -> list[str]:
    """Return the verdict as a table: per operation, by the schemas, by the recordings, by tests if any were asked."""
    rows = [("operation", "verdict", "by schemas", "by recordings", "by your tests")]
    for one in comparison.operations:
        by_tests = "" if one.tests is None else one.tests.value
        rows.append((one.operation, verdict_of(one), one.schemas.value, one.recordings.value, by_tests))
    has_schemas = any(one.schemas is not Verdict.NOT_COMPARED for one in comparison.operations)
    shown = 5 if comparison.has_tests else 4 if has_schemas else 2
    widths = [max(len(row[column]) for row in rows) for column in range(shown)]
    lines = [f"from {comparison.old} to {comparison.new}: {meaning(comparison)}"]
    for row in rows if comparison.operations else ():
        cells = (fact.ljust(width) for fact, width in zip(row, widths, strict=False))
        lines.append(f"  {'  '.join(cells)}".rstrip())
    return [*lines, *comparison.missing, *comparison.support]


def _places(one: Seen, named: Collection[str]) -> str:
    """Return which tests saw a finding, or where no test ran, in which cassettes it is; its fingerprint if *named*."""
    cassettes = [place.cassette if place.line is None else f"{place.cassette}:{place.line}" for place in one.places]
    first, *more = one.tests or cassettes
    noun = "other test" if one.tests else "other place"
    fingerprint = one.finding.fingerprint
    said = f", fingerprint {fingerprint}" if fingerprint in named else ""
    return f"in {first}" + (f" and {plural(len(more), noun)}" if more else "") + said


def _asked(record: Record) -> bool:
    """Return whether a test sent requests that got no answer, or has a cassette that can answer none."""
    unanswered = (Kind.UNMATCHED_REQUEST, Kind.TASK_NEVER_ENDED, Kind.CASSETTE_UNREADABLE)
    return any(finding.kind in unanswered for finding in record.findings)


def _recordings(report: Report, verbose: bool) -> list[str]:
    promoted = sorted({record.cassette for record in report.records if record.promoted})
    lines = [f"recorded: {cassette}" for cassette in promoted] if verbose else []
    for record in report.records if verbose else ():  # else the failure of the test has said it
        if record.candidate is not None:
            lines.append(f"kept as a candidate: {record.candidate} ({clauses(*record.reasons)})")
        elif record.reasons:
            what = "verified" if record.verified else "recorded"
            lines.append(f"not {what}: {record.cassette} ({clauses(*record.reasons)})")
    idle = [r.test for r in report.records if r.is_test and not (r.judged or r.not_judged or r.reasons or _asked(r))]
    if idle:
        more = f" and {len(idle) - 3} more" if len(idle) > 3 else ""
        lines.append(f"no request was seen in {plural(len(idle), 'test')}: {', '.join(idle[:3])}{more}")
    verified = [r for r in report.records if r.verified and r.judged and not r.reasons]
    if verified and verbose:
        lines.append(f"verified against the network, nothing written: {plural(len(verified), 'test')}")
    waited = [record.waited for record in report.records if record.waited]
    if sum(waited) > _WORTH_SKIPPING:
        lines.append(
            f"{plural(len(waited), 'test')} waited {sum(waited):.0f} s in replays, which sleeps do: "
            "--hubfiles-sleep skip has them return at once and the clocks move on."
        )
    return lines
