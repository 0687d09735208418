"""The report as SARIF 2.1.0, for code scanning and for editors.

Source: SARIF 2.1.0 plus errata 01 (OASIS), sections given beside what follows them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final
from urllib.parse import quote, unquote

from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.policy import POLICY, Category, Kind, Severity
from pytest_hubfiles.report.formats.json_report import checked, compared, tool_version
from pytest_hubfiles.report.formats.rehearsal_text import told
from pytest_hubfiles.report.grouping import Seen, across_tests, what_it_says
from pytest_hubfiles.report.rehearsal import Break
from pytest_hubfiles.report.report import Report
from pytest_hubfiles.visible import visible_json, visible_lines

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS: Final[Mapping[Severity, str]] = {
    Severity.BREAKING: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "note",
}
_HOME: Final = "https://github.com/pytest-hubfiles/pytest-hubfiles"
_BREAKS: Final[Mapping[str, Any]] = {
    "id": "breaks-a-test",
    "name": "BreaksATest",
    "shortDescription": {"text": "A change that the API may make at any time breaks a test."},
    "fullDescription": {"text": "A test was rehearsed with a change that the API may make at any time, and broke."},
    "defaultConfiguration": {"level": "error"},
}
"""The rule that breaks found by a rehearsal are results of, where there are any."""

_VERSIONS: Final = re.compile(r"v[0-9]+|[0-9]{4}-[0-9]{2}(?:-beta)?")


def render_sarif(report: Report) -> str:
    """Return *report* as a SARIF 2.1.0 log with one run: kinds are its rules, findings its results."""
    breaks = report.rehearsal.failing_by_place if report.rehearsal is not None else []
    driver = {
        "name": "pytest-hubfiles",
        "version": tool_version(),
        "informationUri": _HOME,
        "rules": [*(_rule(kind) for kind in Kind), *([_BREAKS] if breaks else [])],
    }
    facts: dict[str, Any] = {
        "checked": checked(report),
        "failed": report.failed,
        "worst": None if report.worst is None else report.worst.value,
    }
    if report.comparison is not None:
        facts["comparison"] = compared(report.comparison)
    if report.stale_deviations:
        facts["stale_deviations"] = report.stale_deviations
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": True}],  # 3.20.14: of the tool itself, whatever it found
        "columnKind": "unicodeCodePoints",
        "results": [*(_result(one) for one in across_tests(report.findings)), *map(_of_breaks, breaks)],
        "properties": facts,
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return visible_json(json.dumps(log, indent=2, ensure_ascii=False)) + "\n"


def _rule(kind: Kind) -> dict[str, Any]:
    policy = POLICY[kind]
    cases = "".join(f"; {severity.value} if {case.value}" for case, severity in policy.unless.items())
    return {
        "id": kind.value,
        "name": "".join(word.title() for word in kind.value.split("-")),
        "shortDescription": {"text": f"{policy.meaning[0].upper()}{policy.meaning[1:]}."},
        "fullDescription": {
            "text": f"{policy.meaning[0].upper()}{policy.meaning[1:]}: {policy.severity.value}{cases}."
        },
        "defaultConfiguration": {"level": LEVELS[policy.severity]},
        "properties": {"categories": [category.value for category in policy.categories]},
    }


def _result(one: Seen) -> dict[str, Any]:
    finding = one.finding
    result: dict[str, Any] = {
        "ruleId": finding.kind.value,
        "ruleIndex": list(Kind).index(finding.kind),
        "level": LEVELS[finding.severity],
        "message": {"text": _message(finding)},
        "partialFingerprints": {"hubfilesFinding/v1": finding.fingerprint},
        "occurrenceCount": finding.exchanges,
        "properties": {**finding.to_dict(), "tests": list(one.tests)},
    }
    if locations := _locations(one):
        result["locations"] = locations[:1]  # 3.27.12: more than one only where all must be mended together
        if locations[1:]:
            result["relatedLocations"] = locations[1:]
    if finding.deviation is not None:
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": finding.deviation}]
    return result


def _of_breaks(breaks: Sequence[Break]) -> dict[str, Any]:
    first = breaks[0]
    file, line = first.file_and_line
    function = (first.place or "").partition(" ")[2]
    identity = "\n".join((first.change, file, function, first.verdict))  # no line, which moves
    place = _at(file, line)
    return {
        "ruleId": _BREAKS["id"],
        "ruleIndex": len(Kind),
        "level": "error",
        "message": {"text": _escaped("\n".join(told(breaks)))},
        "partialFingerprints": {
            "hubfilesBreak/v1": hashlib.sha256(identity.encode("utf-8", "backslashreplace")).hexdigest()[:16]
        },
        "locations": [{"physicalLocation": place}] if _is_below(place) else [],
        "properties": {**asdict(first), "reproduce": first.reproduce, "tests": [one.test for one in breaks]},
    }


def _message(finding: Finding) -> str:
    facts = (finding.version, finding.operation, finding.http_status, finding.task_status)
    place = " ".join(str(fact) for fact in facts if fact is not None)
    return _escaped(f"{place} {finding.path}: {what_it_says(finding)}".strip())


def _escaped(text: str) -> str:
    text = visible_lines(text)
    text = text.replace("{", "{{").replace("}", "}}")  # 3.11.5: a single one begins a placeholder
    return text.replace("[", "\\[").replace("]", "\\]") if "](" in text else text  # 3.11.6: that would be a link


def _locations(one: Seen) -> list[dict[str, Any]]:
    finding = one.finding
    logical = _logical(finding)
    places = [_at(*place) for place in one.places]
    if finding.category is Category.VERSION and (declared := _declaration(finding)) is not None:
        places.insert(0, declared)
    if not places:
        places = [_at(test.partition("::")[0], None) for test in one.tests[:1]]
    return [{"physicalLocation": place, **logical} for place in places if _is_below(place)]


def _at(file: str, line: int | None) -> dict[str, Any]:
    location: dict[str, Any] = {"artifactLocation": {"uri": quote(file, safe="/", errors="backslashreplace")}}
    return location if line is None else {**location, "region": {"startLine": line}}


_OUTSIDE: Final = re.compile(r"(^|[/\\])\.\.($|[/\\])|^/|^[A-Za-z]:[/\\]")


def _is_below(place: dict[str, Any]) -> bool:
    """Return whether a place is in the repository: who shows a report opens the file that it names."""
    return not _OUTSIDE.search(unquote(place["artifactLocation"]["uri"]))


def _logical(finding: Finding) -> dict[str, Any]:
    facts = (finding.version, finding.operation, finding.http_status, finding.task_status, finding.path)
    name = "/".join(str(fact) for fact in facts if fact is not None)
    return {"logicalLocations": [{"fullyQualifiedName": name, "kind": "member"}]}


def _declaration(finding: Finding) -> dict[str, Any] | None:
    """Return where the schema of the newest version that the finding names declares what it is about."""
    from pytest_hubfiles.report.schema_lines import line_of, schema_file

    for version in reversed(_VERSIONS.findall(finding.version or "")):
        file = schema_file(version, finding.operation or "")
        if file is not None:
            return _at(f"schemas/{version}/{file.name}", line_of(file, finding.path, finding.http_status))
    return None
