"""Every format tells the same facts."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
from helpers.samples import RICH_FINDINGS, compared, large, rich

from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.report.formats.terminal import render_terminal
from pytest_hubfiles.report.publishing import RENDERERS, render
from pytest_hubfiles.settings.values import REPORT_FORMATS


def facts(finding: Finding) -> list[str]:
    named = (finding.kind.value, finding.severity.value, finding.path, finding.version, finding.fingerprint)
    return [fact for fact in named if fact is not None]


def plain(name: str, text: str) -> str:
    """Return what a reader of a format reads."""
    if name == "html":
        return unescape(text)
    if name == "github":
        return text.replace("%0A", "\n").replace("%25", "%")
    if name in ("json", "sarif"):
        return "\n".join(_strings(json.loads(text)))
    return text


def _strings(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.items() for part in item for text in _strings(part)]
    return [text for part in value for text in _strings(part)] if isinstance(value, list) else [str(value)]


@pytest.mark.parametrize("name", REPORT_FORMATS)
@pytest.mark.parametrize("finding", RICH_FINDINGS, ids=lambda f: f"{f.kind.value} {f.path}")
def test_the_facts(name: str, finding: Finding) -> None:
    """Kind, severity, path, version and fingerprint of each finding stand together in each format."""
    text = plain(name, render(name, rich()))

    place = text.index(finding.fingerprint)
    around = text[max(0, place - 2500) : place + 2500]
    assert [fact for fact in facts(finding) if fact not in around] == []


def test_the_terminal_tells_them_too() -> None:
    """The terminal section has kind, severity, path and version of each finding; the fingerprint is for machines."""
    text = "\n".join(render_terminal(rich()))

    for finding in RICH_FINDINGS:
        assert [fact for fact in facts(finding)[:-1] if fact not in text] == []


@pytest.mark.parametrize("name", [name for name in REPORT_FORMATS if name != "markdown"])
def test_none_is_left_out(name: str) -> None:
    """Every format but the one with a limit tells each of many findings."""
    text = render(name, large(400))

    assert [finding.path for finding in large(400).findings if finding.fingerprint not in text] == []


@pytest.mark.parametrize("name", RENDERERS)
def test_a_comparison(name: str) -> None:
    """Each format tells what a comparison comes to, for each operation, and each deviation that is stale."""
    made = compared()
    text = plain(name, render(name, made))

    assert made.comparison is not None
    for one in made.comparison.operations:
        assert re.search(f"{one.operation}.{{0,60}}?{one.verdict.value}", text, re.DOTALL)
    facts = ("v3", "2026-03", *made.stale_deviations)
    assert [fact for fact in facts if fact not in text] == []


def test_each_format_is_rendered_by_somebody() -> None:
    """The formats that options take are those that can be rendered, and the terminal's, which the run has anyway."""
    assert tuple(RENDERERS) == ("terminal", *REPORT_FORMATS)
