"""The report as workflow commands of GitHub Actions, which annotate a run and the files of a pull request.

Source of the syntax and of its escapes: GitHub's "Workflow commands for GitHub Actions" and ``toCommandValue``
in the package @actions/core. GitHub shows ten errors, ten warnings and ten notices of a step; the rest is in its log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pytest_hubfiles.model.policy import Severity
from pytest_hubfiles.report.formats.rehearsal_text import headline, told
from pytest_hubfiles.report.grouping import (
    OTHER_REASONS,
    Seen,
    across_tests,
    count_by_severity,
    fails_for_other_reasons,
    in_words,
    judged_in_words,
    meaning,
    plural,
    verdict_of,
    what_it_says,
)
from pytest_hubfiles.report.rehearsal import Break
from pytest_hubfiles.report.report import Report
from pytest_hubfiles.visible import visible, visible_lines

COMMANDS: Final[Mapping[Severity, str]] = {
    Severity.BREAKING: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "notice",
}


def render_github(report: Report) -> str:
    """Return *report* as lines for the log of a GitHub job: the verdict, then a command for each finding."""
    every = across_tests(report.findings)
    seen = [one for one in every if one.finding.deviation is None]
    known = [one for one in every if one.finding.deviation is not None]
    found = in_words(count_by_severity(seen)) or "no findings"
    found += f", {plural(len(known), 'known deviation')}" if known else ""
    lines = [f"hubfiles: {'failed' if report.failed else 'passed'}: {found}; {judged_in_words(report)}"]
    if fails_for_other_reasons(report):
        lines.append(f"::error title=hubfiles::{_data(OTHER_REASONS)}")
    if (compared := report.comparison) is not None:
        lines.append(f"hubfiles: from {visible(compared.old)} to {visible(compared.new)}: {meaning(compared)}")
        lines += [f"hubfiles: {visible(one.operation)}: {verdict_of(one)}" for one in compared.operations]
    lines += [f"::notice title=hubfiles::{_data(line)}" for line in report.stale_deviations]
    breaks = []
    if report.rehearsal is not None:
        lines.append(f"hubfiles: rehearsal: {visible(headline(report.rehearsal))}")
        breaks = report.rehearsal.failing_by_place
    if known:  # no annotations, of which GitHub shows ten: a part of the log that is folded away
        lines.append("::group::hubfiles: known deviations")
        lines += [visible("; ".join(_message(one).splitlines())) for one in known]
        lines.append("::endgroup::")
    return "\n".join([*lines, *map(_command, seen), *map(_of_breaks, breaks)]) + "\n"


def _command(one: Seen) -> str:
    finding = one.finding
    properties: dict[str, object] = {}
    if finding.cassette is not None:
        properties["file"] = finding.cassette
        if finding.line is not None:
            properties["line"] = finding.line
    elif finding.test is not None:
        properties["file"] = finding.test.partition("::")[0]
    subject = " ".join(str(f) for f in (finding.version, finding.operation) if f is not None)
    properties["title"] = f"{finding.severity.value} {finding.kind.value}{subject and ': '}{subject}"
    return _annotation(COMMANDS[finding.severity], properties, _message(one))


def _of_breaks(breaks: Sequence[Break]) -> str:
    file, line = breaks[0].file_and_line
    place = {"file": file} if line is None else {"file": file, "line": line}
    return _annotation("error", {**place, "title": f"breaks under {breaks[0].change}"}, "\n".join(told(breaks)))


def _annotation(command: str, properties: Mapping[str, object], said: str) -> str:
    shown = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{command} {shown}::{_data(said)}"


def _message(one: Seen) -> str:
    finding = one.finding
    facts = (finding.severity.value, finding.version, finding.operation, finding.http_status, finding.task_status)
    place = " ".join(str(fact) for fact in facts if fact is not None)
    said = [f"{place} {finding.path}: {what_it_says(finding)}"]
    if finding.before is not None or finding.after is not None:
        said.append(f"{finding.before or 'nothing'} → {finding.after or 'nothing'}")
    if finding.deviation is not None:
        said.append(f"known deviation: {finding.deviation}")
    said += [f"test: {test}" for test in one.tests[:3]]
    if others := [str(place) for place in one.places[1:]]:
        said.append(f"also in {', '.join(others[:3])}{', …' if len(others) > 3 else ''}")
    said.append(f"{plural(finding.exchanges, 'exchange')}, fingerprint {finding.fingerprint}")
    return "\n".join(said)


def _data(text: str) -> str:
    return visible_lines(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
