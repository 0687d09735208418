"""From which documents the contracts came that judged."""

from __future__ import annotations

from pytest_hubfiles.judge.source import Source
from pytest_hubfiles.report.report import Report


def source_lines(report: Report) -> list[str]:
    """Return a line for each document, with the contracts of it that judged, and one for those written by hand."""
    by_source: dict[Source | None, dict[str, None]] = {}
    for one in report.judged:
        named = f"{one.version} {one.operation}"
        by_source.setdefault(report.sources.get((one.version, one.operation)), {})[named] = None
    known = {source: names for source, names in by_source.items() if source is not None}
    lines = [f"contracts from {source}: {', '.join(names)}" for source, names in known.items()]
    by_hand = by_source.get(None)
    return lines + ([f"contracts written by hand: {', '.join(by_hand)}"] if by_hand else [])
