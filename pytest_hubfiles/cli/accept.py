"""``hubfiles accept``: candidates promoted, and findings written into the team's deviations."""

from __future__ import annotations

import datetime as dt
import sys
from dataclasses import replace
from pathlib import Path

import click

from pytest_hubfiles import cassettes
from pytest_hubfiles.cli.options import settings_at
from pytest_hubfiles.cli.output import USAGE, say
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.judge import deviations
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.record import CandidateRefusedError, accept_candidate
from pytest_hubfiles.run import accepted
from pytest_hubfiles.visible import shown


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH…]")
@click.option("--finding", metavar="FINGERPRINT", help="Accept a finding of a report instead: write a deviation.")
@click.option("--reason", metavar="TEXT", help="Why the finding is accepted; reports show it.")
@click.option("--until", metavar="DATE", help="The last day on which it is, such as 2027-09-30.")
@click.option(
    "--report",
    "reports",
    multiple=True,
    type=click.Path(path_type=Path),
    help="The JSON report that has the finding (repeatable); default hubfiles.json.",
)
@click.option(
    "--file",
    type=click.Path(path_type=Path),
    help="Where to write it; default: what the ini hubfiles_deviations names.",
)
def accept(
    *,
    paths: tuple[Path, ...],
    finding: str | None,
    reason: str | None,
    until: str | None,
    reports: tuple[Path, ...],
    file: Path | None,
) -> None:
    """Promote candidates: make what was recorded the cassette, in spite of its findings.

    PATH is a candidate, its cassette, or a folder of them; without one, the cassette root.
    A candidate of an outage or of a failed test is refused. Exit status: 0 all promoted, 1 some refused,
    2 nothing found or unreadable.

    With --finding, no candidate is touched: the finding of that fingerprint becomes an entry of your deviations
    file. From then on, and until DATE, it is reported as info with the reason. So does what was taken for a
    credential and is none, at its place in the cassettes of the reports. Exit status: 0 or 2.
    """
    if finding is not None:
        if paths:
            raise click.UsageError("--finding takes no PATH: it writes a deviation, and promotes nothing")
        _accept_finding(finding, reason, until, reports or (Path("hubfiles.json"),), file)
        return
    if reason or until or reports or file:
        raise click.UsageError("--reason, --until, --report and --file go with --finding FINGERPRINT")
    candidates: list[Path] = []
    for path in paths or (settings_at().cassettes,):
        found = _candidates(path)
        if not found:
            raise click.UsageError(
                f"{shown(path)}: no candidate there; one is called <name>{cassettes.CANDIDATE_SUFFIX}"
            )
        candidates += found
    status = 0
    for candidate in dict.fromkeys(candidates):
        try:
            say(f"promoted: {shown(accept_candidate(candidate, is_excused=_is_excused))}")
        except CandidateRefusedError as error:
            say(str(error), err=True)
            status = max(status, 1)
        except HubfilesError as error:
            say(str(error), err=True)
            status = USAGE
    sys.exit(status)


def _is_excused(finding: Finding) -> bool:
    """Return whether the team's deviations say that *finding* is none."""
    named: Path | None = settings_at().get("deviations")
    known = () if named is None or not named.exists() else deviations.load(named)
    today = dt.datetime.now(dt.timezone.utc).date()
    return any(one.matches(finding) and (one.until is None or today <= one.until) for one in known)


def _candidates(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(path.rglob(f"*{cassettes.CANDIDATE_SUFFIX}"))
    candidate = path if path.name.endswith(cassettes.CANDIDATE_SUFFIX) else cassettes.candidate_path(path)
    return [candidate] if candidate.is_file() else []


def _accept_finding(
    fingerprint: str, reason: str | None, until: str | None, reports: tuple[Path, ...], file: Path | None
) -> None:
    today = dt.datetime.now(dt.timezone.utc).date()
    if not (reason and reason.strip()):
        raise click.UsageError("--finding needs --reason TEXT: who reads the file later has to know why")
    try:
        last = None if until is None else dt.date.fromisoformat(until)
    except ValueError:
        raise click.UsageError(f"--until: {until!r} is no date such as 2027-09-30") from None
    if last is not None and last < today:
        raise click.UsageError(f"--until: {last} is past")
    try:
        named: Path | None = settings_at().get("deviations")
        target = file or named
        if target is None:
            raise click.UsageError(
                "give --file deviations.toml, or set hubfiles_deviations = deviations.toml in pytest's settings here"
            )
        found, report = accepted.find(fingerprint, reports)
        source = f"accepted from {shown(report)} on {today}"
        where = accepted.cassettes_with(fingerprint, reports)
        deviation = accepted.deviation_for(found, " ".join(reason.split()), source, last, where)
        known = deviations.load(target) if target.exists() else ()
        same = next(
            (
                d
                for d in known
                if (d.until is None or today <= d.until)
                and all(d.matches(replace(found, cassette=cassette)) for cassette in where or [found.cassette or ""])
            ),
            None,
        )
        if same is not None or found.deviation is not None:
            why = found.deviation if same is None else same.reason
            say(f"accepted already, nothing is written: {fingerprint} ({why})")
            return
        accepted.add(target, deviation)
    except HubfilesError as error:
        raise click.UsageError(str(error)) from None
    say(f"accepted into {shown(target)}: {found.operation or ''} {found.path} {found.kind.value}")
    if named is None or named.resolve() != target.resolve():
        say(f"Runs read it once pytest's settings say: hubfiles_deviations = {shown(target)}")
