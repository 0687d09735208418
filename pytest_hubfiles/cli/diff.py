"""``hubfiles diff``: how two sides of recordings differ in shape."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from pytest_hubfiles.cli.options import reads_settings, reports
from pytest_hubfiles.cli.output import USAGE, progress, publish_report, say
from pytest_hubfiles.compare.sides import of_path, of_revision
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.model.policy import Kind
from pytest_hubfiles.report.publishing import STDOUT
from pytest_hubfiles.run.diff import Diff
from pytest_hubfiles.run.needed import unknown
from pytest_hubfiles.run.settings import Settings
from pytest_hubfiles.visible import clauses


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="OLD NEW")
@click.option(
    "--rev", metavar="GITREV", help="Compare what git has at GITREV with the files; then only [PATH] is given."
)
@reports
@reads_settings("fail_on", "needs", "strict", "schemas", "deviations", judges=True)
def diff(*, paths: tuple[Path, ...], rev: str | None, settings: Settings, form: str, out: Path | None) -> None:
    """Tell how the recordings NEW differ in shape from the recordings OLD.

    OLD and NEW are two cassettes or two folders of them, of which those of the same path below are compared:
    hubfiles diff cassettes/v3 cassettes/2026-03. With --rev, PATH (default: the cassette root) as git has it at that
    revision is compared with PATH as it is.

    Exit status: 0 nothing at or above --fail-on, 1 something, 2 usage, unreadable input, or nothing to compare.
    """
    rules, limits = settings.rules(), replace(settings.limits, root=None)
    wanted = (0, 1) if rev is not None else (2,)
    if len(paths) not in wanted:
        raise click.UsageError("give OLD and NEW, or --rev GITREV and at most one PATH")
    try:
        if rev is None:
            old, new = (of_path(path, limits, settings.additions) for path in paths)
        else:
            path = paths[0] if paths else settings.cassettes
            old, new = (
                of_revision(rev, path, limits, settings.additions),
                of_path(path, limits, settings.additions),
            )
        if old.is_folder != new.is_folder:
            raise click.UsageError(f"{old.name} and {new.name}: give two cassettes or two folders, not one of each")
        report = Diff(old, new, rules).report(partial(progress, done="compared"))
    except HubfilesError as error:
        raise click.UsageError(str(error)) from None
    publish_report(report, form, STDOUT if out is None else str(out))
    note = unknown(report.findings) if rules.only_needed else None
    if note is not None:
        say(note, err=True)
    if any(finding.kind is Kind.CASSETTE_UNREADABLE for finding in report.findings):
        say("Some cassettes cannot be read.", err=True)
        sys.exit(USAGE)
    if not report.judged_count and not report.failed:
        reasons = {reason for _, reason in report.not_judged}
        apart = all(reason == "no contract" or " is not in " in reason for reason in reasons)
        why = f"{old.name} and {new.name} have no operation in common" if apart else clauses(*sorted(reasons))
        say(f"Nothing could be compared: {why}.", err=True)
        sys.exit(USAGE)
    sys.exit(int(report.failed))
