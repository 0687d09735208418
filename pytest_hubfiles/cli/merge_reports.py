"""``hubfiles merge-reports``: one report of many runs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from pytest_hubfiles import regular_files
from pytest_hubfiles.cli.options import reports_as
from pytest_hubfiles.cli.output import USAGE, publish_report, say
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.rehearsal import needs
from pytest_hubfiles.report.formats.json_report import ReportUnreadableError, read_json
from pytest_hubfiles.report.merging import merged
from pytest_hubfiles.report.publishing import STDOUT
from pytest_hubfiles.report.report import Report
from pytest_hubfiles.visible import shown


@click.command("merge-reports")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="REPORT.json…")
@reports_as("json")
@click.option("--out", default=STDOUT, metavar="PATH", help="Where to write it; default stdout.")
def merge_reports(paths: tuple[Path, ...], form: str, out: str) -> None:
    """Merge the JSON reports of several runs, such as the shards of a suite, into one.

    Counts are added; the same finding of the same test and cassette is listed once. Exit status: 0 fine, 1 a run
    failed, 2 a report is unreadable, or the merged one cannot be written.
    """
    try:
        report = merged(_reports(paths))
        if report.rehearsal is not None:
            report.rehearsal.needs = needs.schemas(report.rehearsal)
    except HubfilesError as error:
        say(str(error), err=True)
        sys.exit(USAGE)
    publish_report(report, form, out)
    sys.exit(int(report.failed))


def _reports(paths: Iterable[Path]) -> Iterator[Report]:
    for path in paths:
        try:
            text = regular_files.read(path)
        except OSError as error:
            raise ReportUnreadableError(shown(path), error.strerror or str(error)) from None
        yield read_json(text, shown(path))
