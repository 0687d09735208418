"""The command line: ``hubfiles`` and its commands, those of some size in modules of their own."""

from __future__ import annotations

import datetime as dt
import signal
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import click

from pytest_hubfiles import cassettes
from pytest_hubfiles.cli.check import check, publish_report, rules
from pytest_hubfiles.cli.import_openapi import import_openapi
from pytest_hubfiles.compare.sides import of_path, of_revision
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.judge import deviations
from pytest_hubfiles.model.policy import Kind, Severity
from pytest_hubfiles.record import promotion
from pytest_hubfiles.report.formats.json_report import ReportUnreadableError, read_json
from pytest_hubfiles.report.publishing import RENDERERS, STDOUT
from pytest_hubfiles.report.report import Report, merged
from pytest_hubfiles.run import accepted
from pytest_hubfiles.run.diff import Diff
from pytest_hubfiles.sandbox import SWITCHES, Sandbox

_USAGE = 2
_FORMATS: Final = click.Choice(list(RENDERERS))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pytest-hubfiles", prog_name="hubfiles")
def main() -> None:
    """Record, replay and contract-test HubSpot's asynchronous Files endpoints."""


main.add_command(check)
main.add_command(import_openapi)


@main.command()
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

    PATH is a candidate, its cassette, or a folder of them; without one, the folder cassettes.
    A candidate of an outage or of a failed test is refused. Exit status: 0 all promoted, 1 some refused,
    2 nothing found or unreadable.

    With --finding, no candidate is touched: the finding of that fingerprint becomes an entry of your deviations
    file. From then on, and until DATE, it is reported as info with the reason. Exit status: 0 or 2.
    """
    if finding is not None:
        if paths:
            raise click.UsageError("--finding takes no PATH: it writes a deviation, and promotes nothing")
        _accept_finding(finding, reason, until, reports or (Path("hubfiles.json"),), file)
        return
    if reason or until or reports or file:
        raise click.UsageError("--reason, --until, --report and --file go with --finding FINGERPRINT")
    candidates: list[Path] = []
    for path in paths or (Path("cassettes"),):
        found = _candidates(path)
        if not found:
            raise click.UsageError(f"{path}: no candidate there; one is called <name>{cassettes.CANDIDATE_SUFFIX}")
        candidates += found
    status = 0
    for candidate in dict.fromkeys(candidates):
        try:
            click.echo(f"promoted: {promotion.accept(candidate)}")
        except promotion.CandidateRefusedError as error:
            click.echo(str(error), err=True)
            status = max(status, 1)
        except HubfilesError as error:
            click.echo(str(error), err=True)
            status = _USAGE
    sys.exit(status)


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
        named = accepted.named_file(Path())
        target = file or named
        if target is None:
            raise click.UsageError(
                "give --file deviations.toml, or set hubfiles_deviations = deviations.toml in pytest's settings here"
            )
        found, report = accepted.find(fingerprint, reports)
        source = f"accepted from {report.as_posix()} on {today}"
        deviation = accepted.deviation_for(found, " ".join(reason.split()), source, last)
        known = deviations.load(target) if target.exists() else ()
        same = next((d for d in known if d.matches(found) and (d.until is None or today <= d.until)), None)
        if same is not None or found.deviation is not None:
            why = found.deviation if same is None else same.reason
            click.echo(f"accepted already, nothing is written: {fingerprint} ({why})")
            return
        accepted.add(target, deviation)
    except HubfilesError as error:
        raise click.UsageError(str(error)) from None
    click.echo(f"accepted into {target.as_posix()}: {found.operation or ''} {found.path} {found.kind.value}")
    if named is None or named.resolve() != target.resolve():
        click.echo(f"Runs read it once pytest's settings say: hubfiles_deviations = {target.as_posix()}")


@main.command()
@click.argument("sides", nargs=-1, type=click.Path(path_type=Path), metavar="OLD NEW")
@click.option(
    "--rev", metavar="GITREV", help="Compare what git has at GITREV with the files; then only [PATH] is given."
)
@click.option(
    "--fail-on",
    type=click.Choice([*(severity.value for severity in Severity), "never"]),
    default=Severity.BREAKING.value,
    show_default=True,
    help="Exit with 1 from this severity on.",
)
@click.option("--format", "form", type=_FORMATS, default="terminal", show_default=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Where to write it; default stdout.")
@click.option(
    "--schemas",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="More schemas, searched first (repeatable).",
)
@click.option(
    "--deviations", "own", type=click.Path(path_type=Path), metavar="FILE", help="A file of your own deviations."
)
@click.option("--strict", is_flag=True, help="Documentation to the letter: no known deviation is excused.")
def diff(
    *,
    sides: tuple[Path, ...],
    rev: str | None,
    fail_on: str,
    form: str,
    out: Path | None,
    folders: tuple[Path, ...],
    own: Path | None,
    strict: bool,
) -> None:
    """Tell how the recordings NEW differ in shape from the recordings OLD.

    OLD and NEW are two cassettes or two folders of them, of which those of the same path below are compared:
    hubfiles diff cassettes/v3 cassettes/2026-03. With --rev, PATH (default: cassettes) as git has it at that revision
    is compared with PATH as it is.

    Exit status: 0 nothing at or above --fail-on, 1 something, 2 usage, unreadable input, or nothing to compare.
    """
    wanted = (0, 1) if rev is not None else (2,)
    if len(sides) not in wanted:
        raise click.UsageError("give OLD and NEW, or --rev GITREV and at most one PATH")
    try:
        if rev is None:
            old, new = map(of_path, sides)
        else:
            path = sides[0] if sides else Path("cassettes")
            old, new = of_revision(rev, path), of_path(path)
        if old.is_folder != new.is_folder:
            raise click.UsageError(f"{old.name} and {new.name}: give two cassettes or two folders, not one of each")
        level = fail_on if fail_on == "never" else Severity(fail_on)
        report = _compared(Diff(old, new, rules(level, strict, folders, own)))
    except HubfilesError as error:
        raise click.UsageError(str(error)) from None
    publish_report(report, form, STDOUT if out is None else str(out))
    if any(finding.kind is Kind.CASSETTE_UNREADABLE for finding in report.findings):
        click.echo("Some cassettes cannot be read.", err=True)
        sys.exit(_USAGE)
    if not report.judged_count:
        click.echo(
            f"Nothing could be compared: {old.name} and {new.name} have no operation in common.",
            err=True,
        )
        sys.exit(_USAGE)
    sys.exit(int(report.failed))


def _compared(compared: Diff) -> Report:
    """Compare, showing a person who waits how far it is."""
    if not sys.stderr.isatty():
        return compared.report(compared.names)
    with click.progressbar(compared.names, label="comparing", file=sys.stderr) as names:
        return compared.report(names)


@main.command("merge-reports")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="REPORT.json…")
@click.option("--format", "form", type=_FORMATS, default="json", show_default=True)
@click.option("--out", default=STDOUT, metavar="PATH", help="Where to write it; default stdout.")
def merge_reports(paths: tuple[Path, ...], form: str, out: str) -> None:
    """Merge the JSON reports of several runs, such as the shards of a suite, into one.

    Counts are added; the same finding of the same test and cassette is told once. Exit status: 0 fine, 1 a run
    failed, 2 a report is unreadable, or the merged one cannot be written.
    """
    try:
        report = merged(_reports(paths))
    except HubfilesError as error:
        click.echo(str(error), err=True)
        sys.exit(_USAGE)
    publish_report(report, form, out)
    sys.exit(int(report.failed))


def _reports(paths: Iterable[Path]) -> Iterator[Report]:
    for path in paths:
        try:
            text = path.read_bytes()
        except OSError as error:
            raise ReportUnreadableError(str(path), error.strerror or str(error)) from None
        yield read_json(text, str(path))


def _switches(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        for switch in SWITCHES.values():
            click.echo(f"{switch.name:<18} {switch.kind:<6} {switch.effect} ({switch.origin})")
        context.exit()


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port to listen on; 0 picks a free one.")
@click.option(
    "--drift", "switches", multiple=True, metavar="NAME…", help="A deviation to show, or a fault (repeatable)."
)
@click.option(
    "--list", is_flag=True, is_eager=True, expose_value=False, callback=_switches, help="List what --drift takes."
)
@click.argument("more", nargs=-1, metavar="")
def sandbox(port: int, switches: tuple[str, ...], more: tuple[str, ...]) -> None:
    """Serve a stand-in for HubSpot's four Files task endpoints on 127.0.0.1 until interrupted.

    It is built from public evidence and is not HubSpot; what it sends must not be taken for HubSpot's.
    """
    if more and not switches:
        raise click.UsageError(f"{more[0]!r} is no argument; switches are given with --drift")
    for stop in (signal.SIGINT, signal.SIGTERM):  # a shell starts its background jobs with SIGINT ignored
        signal.signal(stop, signal.default_int_handler)
    try:
        with Sandbox(port=port, switches=(*switches, *more)) as server:
            click.echo(f"HubSpot stand-in on {server.url} (Ctrl-C stops it)")
            sys.stdout.flush()
            while True:
                time.sleep(3600)
    except KeyboardInterrupt:
        click.echo("stopped")
    except HubfilesError as error:
        raise click.UsageError(str(error)) from None
