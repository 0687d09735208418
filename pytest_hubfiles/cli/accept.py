"""``hubfiles accept``: candidates promoted, and findings written into the team's deviations."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import click

from pytest_hubfiles import cassettes
from pytest_hubfiles.cli.accept_findings import accept_findings
from pytest_hubfiles.cli.options import settings_at
from pytest_hubfiles.cli.output import USAGE, say
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.record import CandidateRefusedError, accept_candidate
from pytest_hubfiles.report.formats.failure_text import facts
from pytest_hubfiles.report.formats.way_out import Shell, by_deviation, is_settled_by_deviation
from pytest_hubfiles.report.grouping import across_tests
from pytest_hubfiles.run import accepted, check, on_disk
from pytest_hubfiles.run.settings import Settings
from pytest_hubfiles.visible import seen_from, shown


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH…]")
@click.option(
    "--finding",
    "findings",
    multiple=True,
    metavar="F [F…]",
    help="Accept these findings instead, by their fingerprints: write deviations.",
)
@click.option("--reason", metavar="TEXT", help="Why they are accepted; reports show it.")
@click.option("--until", metavar="DATE", help="The last day on which they are, such as 2027-09-30.")
@click.option(
    "--report",
    "reports",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A JSON report that has them (repeatable); default: hubfiles.json, then the cassettes.",
)
@click.option(
    "--file",
    type=click.Path(path_type=Path),
    help="Where to write; default: what ini hubfiles_deviations names, or deviations.toml.",
)
def accept(
    *,
    paths: tuple[str, ...],
    findings: tuple[str, ...],
    reason: str | None,
    until: str | None,
    reports: tuple[Path, ...],
    file: Path | None,
) -> None:
    """Promote candidates: make what was recorded the cassette, in spite of its findings.

    PATH is a candidate, its cassette, or a folder of them; without one, the cassette root.
    A candidate of an outage or of a failed test is refused. Exit status: 0 all promoted, 1 some refused,
    2 nothing found or unreadable.

    With --finding, no candidate is touched: the findings of these fingerprints become entries of your deviations
    file. From then on, and until DATE, they are reported as info with the reason. A false alarm over a credential is
    accepted likewise, for its place in those cassettes alone. PATH is where to look for them, if no report has them:
    cassettes and candidates, or folders of them. Exit status: 0 or 2.
    """
    try:
        more = [text for text in paths if findings and accepted.is_fingerprint(text) and not _exists(text)]
        where = [Path(text) for text in paths if text not in more]
        settings = settings_at(where)
        if findings:
            accept_findings(
                [*findings, *more], settings, paths=where, reports=reports, file=file, reason=reason, until=until
            )
            return
        if reason or until or reports or file:
            raise click.UsageError("--reason, --until, --report and --file go with --finding FINGERPRINT")
        sys.exit(_promote(settings, where or [settings.cassettes]))
    except HubfilesError as error:
        raise click.UsageError(str(error)) from None


def _exists(text: str) -> bool:
    return os.path.exists(text)  # noqa: PTH110  # Path.exists raises where a name is too long


def _promote(settings: Settings, paths: Iterable[Path]) -> int:
    """Promote the candidates at *paths*; return the exit status.

    Raises:
        click.UsageError: if there is none at one of them.
    """
    candidates: list[Path] = []
    for path in paths:
        found = on_disk.candidates_in(path)
        if not found:
            raise click.UsageError(
                f"{shown(path)}: no candidate there; one is called <name>{cassettes.CANDIDATE_SUFFIX}"
            )
        candidates += found
    status, left = 0, list[Finding]()
    for candidate in dict.fromkeys(candidates):
        try:
            cassette = accept_candidate(candidate, is_excused=settings.rules().excuses)
            say(f"promoted: {shown(cassette)}")
            left += _failing(cassette, settings)
        except CandidateRefusedError as error:
            say(str(error), err=True)
            _say_way_out(error.credentials, settings, err=True)
            status = max(status, 1)
        except HubfilesError as error:
            say(str(error), err=True)
            status = USAGE
    if left:
        say("A replay fails all the same, for what is in there:")
        say("\n".join(facts(one.finding for one in across_tests(left))))
        _say_way_out([finding for finding in left if is_settled_by_deviation(finding)], settings)
    return status


def _failing(cassette: Path, settings: Settings) -> Sequence[Finding]:
    """Return what fails a replay of *cassette*."""
    limits = replace(settings.limits, root=None)
    return check.check(cassette, shown(cassette), settings.rules(), limits=limits, additions=settings.additions).failing


def _say_way_out(findings: Sequence[Finding], settings: Settings, err: bool = False) -> None:
    if findings:
        say("\n".join(by_deviation(findings, Shell(seen_from(Path.cwd(), settings.deviations_file)))), err=err)
