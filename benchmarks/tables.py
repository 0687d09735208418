"""What was measured, as a table for the terminal, as JSON, and as the tables that the docs show."""

from __future__ import annotations

import json
import platform
import re
import statistics
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from benchmarks.promises import Result

_PEERS = {"recording": "pytest-recording", "bare": "pytest alone", None: "its own size"}
_NOTHING = "–"
_TOLERANCE = 1.05  # other builds of Python, and other environments, count some hundredths more or less


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 1_000 else f"{value:.3g}"


def lines(results: Sequence[Result]) -> Iterator[str]:
    """Yield the lines of the table: medians, the ratio with its spread over the rounds, the floor, and the promise."""
    head = f"{'ours':>9} {'peer':>9}    {'ratio':>6} {'spread':>15}  {'floor':>6}  {'promise':>8}"
    yield f"{'':4} {'':52} {head}  against"
    for result in results:
        figure = result.figure
        ours, theirs = (_shown(statistics.median(side)) if side else "" for side in (result.ours, result.theirs))
        spread = f"{min(result.ratios):.3f} – {max(result.ratios):.3f}"
        floor = "" if result.floor is None else f"{result.floor:.3f}"
        promise = "" if figure.limit is None else f"≤ {figure.limit:g}"
        kept = {True: " ", False: "✗", None: " "}[result.kept]
        against = f"{figure.peer or 'itself'} ({figure.ours.unit})"
        yield (
            f"{figure.promise:4} {figure.what:52} {ours:>9} {theirs:>9}  {kept} {result.ratio:6.3f} "
            f"{spread:>15}  {floor:>6}  {promise:>8}  {against}"
        )


def as_json(results: Sequence[Result], rounds: int) -> str:
    """Return what was measured, and with what."""
    document = {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "versions": {
            name: version(name) for name in ("pytest", "vcrpy", "jsonschema", "deepdiff", "requests", "httpx")
        },
        "rounds": rounds,
        "figures": [
            {
                "promise": result.figure.promise,
                "what": result.figure.what,
                "against": result.figure.peer,
                "unit": result.figure.ours.unit,
                "ours": [round(value, 4) for value in result.ours],
                "theirs": [round(value, 4) for value in result.theirs],
                "ratio": round(result.ratio, 4),
                "floor": None if result.floor is None else round(result.floor, 4),
                "limit": result.figure.limit,
                "kept": result.kept,
            }
            for result in results
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def slower(results: Sequence[Result], kept: Mapping[str, Any]) -> Iterator[str]:
    """Yield what to say of each figure that is more than a twentieth above that of *kept*, of an earlier measurement.

    Raises:
        KeyError: if *kept* lacks a figure.
    """
    before = {(one["promise"], one["what"], one["against"]): one["ratio"] for one in kept["figures"]}
    for result in results:
        figure = result.figure
        ratio = before[figure.promise, figure.what, figure.peer]
        if result.ratio > ratio * _TOLERANCE:
            yield f"{figure.promise} {figure.what}, against {figure.peer}: {result.ratio:.3f}, and was {ratio:.3f}"


def markdown(document: Mapping[str, Any]) -> str:
    """Return what is promised of a *document* that :func:`as_json` made, as a table in Markdown."""
    promised = [figure for figure in document["figures"] if figure["limit"] is not None]
    rows = [
        (
            figure["promise"],
            figure["what"],
            _PEERS.get(figure["against"], figure["against"]),
            f"{figure['ratio']:.3f}",
            _NOTHING if figure["floor"] is None else f"{figure['floor']:.3f}",
            f"{figure['limit']:g}",
            "reached" if figure["kept"] else "not yet",
        )
        for figure in promised
    ]
    head = ("", "what is measured", "against", "ratio", "floor", "aim", "")
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ("---",) * len(head), *rows))


def shown_in(readme: str, name: str, table: str) -> str:
    """Return *readme* with *table* where it shows the one called *name*."""
    start, end = f"<!-- {name} -->\n\n", f"\n\n<!-- end of {name} -->"
    return re.sub(f"(?s)(?<={re.escape(start)}).*(?={re.escape(end)})", lambda _: table, readme)
