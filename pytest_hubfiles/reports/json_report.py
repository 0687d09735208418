"""The report as JSON, for other programs; ``report.schema.json`` beside this module describes it."""

from __future__ import annotations

import json
from importlib import metadata
from typing import Any, Final

from pytest_hubfiles.reports import Comparison, Report

REPORT_VERSION: Final = 1


def render_json(report: Report) -> str:
    """Return *report* as the JSON document that ``report.schema.json`` in this package describes."""
    document: dict[str, Any] = {
        "report_version": REPORT_VERSION,
        "tool": {"name": "pytest-hubfiles", "version": tool_version()},
        "checked": {
            "cassettes": len(report.cassettes),
            "exchanges": report.exchange_count,
            "judged": report.judged_count,
            "contracts": [{**c._asdict(), "exchanges": count} for c, count in report.judged.items()],
            "not_judged": [
                {"url": url, "reason": reason, "exchanges": count} for (url, reason), count in report.not_judged.items()
            ],
        },
        "findings": [finding.to_dict() for finding in report.findings],
        "worst": None if report.worst is None else report.worst.value,
        "failed": report.failed,
    }
    if report.comparison is not None:
        document["comparison"] = _compared(report.comparison)
    if report.stale_deviations:
        document["stale_deviations"] = report.stale_deviations
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _compared(comparison: Comparison) -> dict[str, Any]:
    return {
        "old": comparison.old,
        "new": comparison.new,
        "verdict": comparison.verdict.value,
        "operations": [
            {
                "operation": compared.operation,
                "verdict": compared.verdict.value,
                "schemas": compared.schemas.value,
                "recordings": compared.recordings.value,
            }
            for compared in comparison.operations
        ],
        "missing": list(comparison.missing),
        "support": list(comparison.support),
    }


def tool_version() -> str:
    """Return the version of this distribution, ``0+unknown`` where it is used without being installed."""
    try:
        return metadata.version("pytest-hubfiles")
    except metadata.PackageNotFoundError:
        return "0+unknown"
