"""The report as JSON, for other programs; ``report.schema.json`` in this package describes it."""

from __future__ import annotations

import json
from importlib import metadata, resources
from typing import Any, Final

from pytest_hubfiles.compare.comparison import ByTests, Compared, Comparison, Verdict
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.judge.source import Source
from pytest_hubfiles.model.body import BodyNotJsonError, parse_json
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.report.record import Contracted
from pytest_hubfiles.report.rehearsal import Rehearsal
from pytest_hubfiles.report.report import Report, Tally
from pytest_hubfiles.visible import visible_json

REPORT_VERSION: Final = 1


class ReportUnreadableError(HubfilesError):
    """What is no report of this version; ``source`` and ``reason`` say which and why."""

    def __init__(self, source: str, reason: str) -> None:
        self.source, self.reason = source, reason
        super().__init__(f"{source} cannot be read as a report: {reason}")


def render_json(report: Report) -> str:
    """Return *report* as the JSON document that ``report.schema.json`` in this package describes."""
    document: dict[str, Any] = {
        "report_version": REPORT_VERSION,
        "tool": {"name": "pytest-hubfiles", "version": tool_version()},
        "checked": checked(report),
        "findings": [finding.to_dict() for finding in report.findings],
        "worst": None if report.worst is None else report.worst.value,
        "failed": report.failed,
    }
    if report.comparison is not None:
        document["comparison"] = compared(report.comparison)
    if report.rehearsal is not None:
        document["rehearsal"] = report.rehearsal.to_dict()
    if report.stale_deviations:
        document["stale_deviations"] = report.stale_deviations
    return visible_json(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"


def checked(report: Report) -> dict[str, Any]:
    """Return what the run looked at, as the JSON document has it."""
    return {
        "cassettes": report.cassette_count,
        "exchanges": report.exchange_count,
        "judged": report.judged_count,
        "contracts": [
            {**contract._asdict(), "exchanges": count, **_source(report, contract)}
            for contract, count in report.judged.items()
        ],
        "not_judged": [
            {"url": url, "reason": reason, "exchanges": count} for (url, reason), count in report.not_judged.items()
        ],
    }


def _source(report: Report, contract: Contracted) -> dict[str, Any]:
    source = report.sources.get((contract.version, contract.operation))
    return {} if source is None else {"source": source._asdict()}


def compared(comparison: Comparison) -> dict[str, Any]:
    """Return what a comparison came to, as the JSON document has it."""
    return {
        "old": comparison.old,
        "new": comparison.new,
        "verdict": comparison.verdict.value,
        "operations": [
            {
                "operation": one.operation,
                "verdict": one.verdict.value,
                "schemas": one.schemas.value,
                "recordings": one.recordings.value,
                **({} if one.tests is None else {"tests": one.tests.value}),
                **({} if one.is_recorded else {"recorded": False}),
            }
            for one in comparison.operations
        ],
        "missing": list(comparison.missing),
        "support": list(comparison.support),
        "accepted": comparison.accepted,
    }


def read_json(text: bytes, source: str) -> Report:
    """Return the report that :func:`render_json` wrote as *text*; messages call it *source*.

    Raises:
        ReportUnreadableError: if it is not JSON, does not fit ``report.schema.json``, is of another report
            version, or contradicts itself.
    """
    try:
        document = parse_json(text)
    except BodyNotJsonError as error:
        raise ReportUnreadableError(source, f"it is not JSON ({error.reason})") from None
    if not isinstance(document, dict) or "report_version" not in document:
        raise ReportUnreadableError(source, "it is not written by --hubfiles-report json:… or --format json")
    if document["report_version"] != REPORT_VERSION:
        found = json.dumps(document["report_version"])[:40]
        raise ReportUnreadableError(source, f"its report_version is {found}, and this hubfiles reads {REPORT_VERSION}")
    _check(document, source)
    findings = [Finding.from_dict(finding) for finding in document["findings"]]
    for position, (finding, written) in enumerate(zip(findings, document["findings"], strict=True)):
        if finding.fingerprint != written["fingerprint"]:
            raise ReportUnreadableError(source, f"$.findings[{position}] was changed: its fingerprint is another's")
    facts = document["checked"]
    tally = Tally(
        facts["cassettes"],
        {
            Contracted(c["version"], c["operation"], c["http_status"], c["task_status"]): c["exchanges"]
            for c in facts["contracts"]
        },
        {(u["url"], u["reason"]): u["exchanges"] for u in facts["not_judged"]},
    )
    report = Report(
        run_findings=findings,
        failed=document["failed"],
        comparison=_comparison(document["comparison"]) if "comparison" in document else None,
        stale_deviations=document.get("stale_deviations", []),
        elsewhere=tally,
        sources={(c["version"], c["operation"]): Source(**c["source"]) for c in facts["contracts"] if "source" in c},
        rehearsal=Rehearsal.from_dict(document["rehearsal"]) if "rehearsal" in document else None,
    )
    if (report.judged_count, report.exchange_count) != (facts["judged"], facts["exchanges"]):
        raise ReportUnreadableError(source, "$.checked contradicts itself: its counts do not add up")
    if document["worst"] != (report.worst and report.worst.value):
        raise ReportUnreadableError(source, "$.worst is not the worst of its findings")
    return report


def _comparison(facts: dict[str, Any]) -> Comparison:
    operations = (
        Compared(
            one["operation"],
            Verdict(one["schemas"]),
            Verdict(one["recordings"]),
            ByTests(one["tests"]) if "tests" in one else None,
            one.get("recorded", True),
        )
        for one in facts["operations"]
    )
    missing, support = tuple(facts["missing"]), tuple(facts["support"])
    return Comparison(facts["old"], facts["new"], tuple(operations), missing, support, facts.get("accepted", 0))


def _check(document: dict[str, Any], source: str) -> None:
    from pytest_hubfiles.judge.validator import first_error  # jsonschema: only who reads reports needs it

    schema = json.loads(resources.files("pytest_hubfiles").joinpath("report.schema.json").read_text(encoding="utf-8"))
    try:
        error = first_error(schema, document)
    except RecursionError:
        raise ReportUnreadableError(source, "it is nested too deeply") from None
    if error is not None:
        raise ReportUnreadableError(source, error)


def tool_version() -> str:
    """Return the version of this distribution, ``0+unknown`` where it is used without being installed."""
    try:
        return metadata.version("pytest-hubfiles")
    except metadata.PackageNotFoundError:
        return "0+unknown"
