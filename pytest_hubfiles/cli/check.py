"""``hubfiles check``: the cassettes of a folder, judged without pytest."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pytest_hubfiles.cli.options import cassettes_at, reads_settings, reports
from pytest_hubfiles.cli.output import USAGE, progress, publish_report, say
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.model.policy import Kind
from pytest_hubfiles.report.publishing import STDOUT
from pytest_hubfiles.visible import seen_from, shown

if TYPE_CHECKING:
    from pytest_hubfiles.model.finding import Finding
    from pytest_hubfiles.report.report import Report
    from pytest_hubfiles.run.rules import Rules
    from pytest_hubfiles.run.settings import Settings


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH…]")
@reports
@click.option("-v", "--verbose", is_flag=True, help="Say from which documents the contracts came.")
@reads_settings("fail_on", "strict", "schemas", "deviations", "max_age", "min_judged", judges=True)
def check(paths: tuple[Path, ...], *, settings: Settings, form: str, out: Path | None, verbose: bool) -> None:
    """Judge every exchange of the cassettes in PATH by its contract, as pytest --hubfiles-check does.

    PATH is a cassette or a folder of them, default: the cassette root; candidates are left out. Nothing is compared, so
    that --fail-on needed is as breaking here.

    Exit status: 0 fine, 1 findings at or above --fail-on, or a cassette in which nothing could be judged, 2 usage, or
    a cassette, schemas or deviations that cannot be read.
    """
    from pytest_hubfiles.report import version_ends
    from pytest_hubfiles.report.formats.source_lines import source_lines
    from pytest_hubfiles.report.report import Report
    from pytest_hubfiles.run import verdict

    rules, report = settings.rules(), Report()
    try:
        complaints = _check(cassettes_at(paths or (settings.cassettes,)), settings, report)
    except HubfilesError as error:
        raise click.UsageError(str(error)) from None
    report.sources = rules.contracts.sources
    report.run_findings += rules.excuse(version_ends.findings(report.records, rules.today))
    complaints += verdict.of_run(report, rules, *_least(settings))
    report.failed = report.failed or bool(complaints)
    failing = verdict.failing(report.findings, rules)
    if form == "terminal" or out is not None:
        lines = [*_lines(report, rules, failing), *(source_lines(report) if verbose else ())]
        say("\n".join([*lines, *_ways_out(failing, settings, names_cassettes=bool(paths))]))
    if form != "terminal" or out is not None:
        publish_report(report, form, STDOUT if out is None else str(out))
    for complaint in complaints:
        say(complaint, err=True)
    if any(finding.kind is Kind.CASSETTE_UNREADABLE for finding in report.findings):
        sys.exit(USAGE)
    sys.exit(int(report.failed))


def _least(settings: Settings) -> tuple[int, str]:
    """Return how many exchanges are to be judged, and who says so."""
    source, _ = settings.decided("min_judged") or ("--min-judged", 0)
    return settings.get("min_judged"), source


def _check(cassettes: Sequence[Path], settings: Settings, report: Report) -> list[str]:
    """Judge *cassettes* into *report*; return a complaint for each with nothing to judge."""
    from pytest_hubfiles.run import check, side_by_side

    complaints, rules, limits = [], settings.rules(), replace(settings.limits, root=None)
    additions = settings.additions

    def judge(path: Path) -> check.Checked:
        return check.check(path, shown(path), rules, limits=limits, additions=additions)

    found = side_by_side.each(judge, cassettes, side_by_side.size_of)
    for path, checked in zip(progress(cassettes, "checked"), found, strict=True):
        report.add(checked.record)
        if checked.unjudged is not None:
            complaints.append(f"nothing was judged in {shown(path)}: {checked.unjudged}")
    return complaints


def _lines(report: Report, rules: Rules, failing: Sequence[Finding]) -> list[str]:
    from pytest_hubfiles.judge.deviations import run_out
    from pytest_hubfiles.report.formats.terminal import render_terminal

    named = {finding.fingerprint for finding in failing}
    return [*render_terminal(report, named=named), *run_out(rules.deviations(), rules.today)]


def _ways_out(failing: Sequence[Finding], settings: Settings, names_cassettes: bool) -> list[str]:
    """Return what settles the *failing* findings; ``accept`` has to be told of cassettes that were named."""
    from pytest_hubfiles.report.formats.way_out import Shell, ways_out_of_check

    file = seen_from(Path.cwd(), settings.deviations_file)
    shell = Shell(
        file,
        strict="--strict" if settings.get("strict") else None,
        writes_report="--format json --out hubfiles.json",
        names_cassettes=names_cassettes,
    )
    return ways_out_of_check(failing, shell) if failing else []
