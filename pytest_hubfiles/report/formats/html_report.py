"""The report as one HTML page that needs nothing but a browser, and that no browser lets reach a network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from jinja2 import DictLoader, Environment, StrictUndefined, Template
from markupsafe import Markup

from pytest_hubfiles.compare.comparison import Comparison
from pytest_hubfiles.model.finding import RECORDINGS, SCHEMAS, Finding
from pytest_hubfiles.model.policy import POLICY, Category, Severity
from pytest_hubfiles.report.formats.json_report import tool_version
from pytest_hubfiles.report.formats.move_text import render_move
from pytest_hubfiles.report.formats.rehearsal_text import headline, remarks
from pytest_hubfiles.report.grouping import (
    OTHER_REASONS,
    Group,
    Seen,
    across_tests,
    count_by_severity,
    fails_for_other_reasons,
    grouped,
    in_words,
    meaning,
    plural,
    verdict_of,
    what_it_says,
)
from pytest_hubfiles.report.matrix import STATES, matrix_of
from pytest_hubfiles.report.outline import Row, outline
from pytest_hubfiles.report.rehearsal import Rehearsal
from pytest_hubfiles.report.report import Report
from pytest_hubfiles.visible import visible

_SIDES: Final[Mapping[Category, tuple[str, str, str]]] = {
    Category.CONTRACT: ("Against the contract", "documented", "received"),
    Category.DRIFT: ("Against the recording", "recorded before", "now"),
}
"""What findings of a category compare, and how the two sides are called; a replay compares no shapes."""


@dataclass(frozen=True, slots=True)
class _Shape:
    caption: str
    before: str
    after: str
    findings: list[Finding]
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class _Card:
    """A group as the page shows it; findings are numbered through the page, so that rows can link to them."""

    group: Group
    shapes: list[_Shape]
    seen: list[tuple[int, Seen]]
    findings: list[Finding]
    counts: Mapping[Severity, int]


def render_html(report: Report) -> str:
    """Return *report* as one page: no file beside it, no script or style but its own, no request.

    Everything that is not the page's own is escaped by the template; what does not print is shown as an escape.
    """
    seen = across_tests(report.findings)
    cards = _cards(seen, report.comparison)
    numbers = {id(one.finding): number for card in cards for number, one in card.seen}
    template, style, script = _parts()
    return template.render(
        report=report,
        counts={severity: count_by_severity(seen).get(severity, 0) for severity in reversed(Severity)},
        found=in_words(count_by_severity(seen)) or "no findings",
        total=len(seen),
        versions=_versions(seen),
        cards=cards,
        other_reasons=OTHER_REASONS if fails_for_other_reasons(report) else "",
        tool=tool_version(),
        style=style,
        script=script,
        policy_of_page=_policy(style, script),
        verdict_of=verdict_of,
        verdict=meaning(report.comparison) if report.comparison is not None else "",
        tones={
            "breaking": "breaking",
            "check": "warning",
            "safe": "good",
            "not compared": "none",
            "never recorded": "none",
        },
        meanings={kind: policy.meaning for kind, policy in POLICY.items()},
        number_of=lambda finding: numbers[id(finding)],
        plural=plural,
        said=what_it_says,
        severities=_severities,
        **_rehearsal(report.rehearsal),
    )


def _rehearsal(rehearsal: Rehearsal | None) -> dict[str, Any]:
    """Return what the page's table of changes by tests is made of."""
    if rehearsal is None:
        return {}
    matrix = matrix_of(rehearsal)
    move = [] if rehearsal.move is None else render_move(rehearsal, *rehearsal.move)
    return {
        "headline": move[0] if move else headline(rehearsal),
        "move": "\n".join(line.removeprefix("  ") for line in move[1:]),
        "matrix": matrix,
        "quiet": sum(row.is_quiet for place in matrix.places for row in place.changes),
        "remarks": list(remarks(rehearsal)),
        "states": STATES,
    }


@cache
def _parts() -> tuple[Template, Markup, Markup]:
    """Return the template of the page, and the style and script that stand in it."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_shown,
        loader=DictLoader({name: _own(name) for name in ("page.html", "rehearsal.html")}),
    )  # fmt: skip
    style, script = (_own(f"page.{kind}") + _own(f"rehearsal.{kind}") for kind in ("css", "js"))
    return environment.get_template("page.html"), style, script


def _own(name: str) -> Markup:
    """Return a part of the page that comes with this package, to stand in it as it is."""
    return Markup(resources.files(__package__).joinpath(f"page/{name}").read_text(encoding="utf-8"))  # noqa: S704


def _policy(style: str, script: str) -> str:
    """Return a content security policy that lets the page's own style and script pass, and nothing else at all."""
    style, script = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script))
    return (
        f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _shown(value: Any) -> Any:
    return visible(value) if type(value) is str else value  # Markup is the page's own


def _severities(findings: Iterable[Finding]) -> str:
    """Return the severities of *findings* as the filter reads them."""
    return " ".join(sorted({finding.severity.value for finding in findings}))


def _versions(seen: Iterable[Seen]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in seen:
        version = one.finding.version or ""
        counts[version] = counts.get(version, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (not item[0], not item[0].startswith("v"), item[0])))


def _cards(seen: Iterable[Seen], comparison: Comparison | None) -> list[_Card]:
    cards: list[_Card] = []
    number = 0
    for group in grouped(seen):
        numbered = list(enumerate(group.seen, number + 1))
        number += len(numbered)
        findings = [one.finding for one in group.seen]
        cards.append(_Card(group, _shapes(findings, comparison), numbered, findings, count_by_severity(group.seen)))
    return cards


def _shapes(findings: Iterable[Finding], comparison: Comparison | None) -> list[_Shape]:
    """Return a table of both sides for each thing that the answers were held against."""
    sides = ("old", "new") if comparison is None else (comparison.old, comparison.new)
    words: dict[tuple[Category, str], tuple[str, str, str]] = {
        **{(category, ""): said for category, said in _SIDES.items()},
        (Category.VERSION, SCHEMAS): ("Between versions, by schemas", *sides),
        (Category.VERSION, RECORDINGS): ("Between versions, by recordings", *sides),
        (Category.VERSION, ""): ("Between versions", *sides),
    }
    held: dict[tuple[Category, str], list[Finding]] = {}
    for finding in findings:
        source = next((label for label in (SCHEMAS, RECORDINGS) if finding.message.startswith(label)), "")
        held.setdefault((finding.category, source if finding.category is Category.VERSION else ""), []).append(finding)
    return [_Shape(*said, held[key], rows) for key, said in words.items() if (rows := outline(held.get(key, ())))]
