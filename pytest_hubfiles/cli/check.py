"""``hubfiles check``: the cassettes of a folder, judged without pytest."""

from __future__ import annotations

import datetime as dt
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

import click

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.model.policy import Kind
from pytest_hubfiles.report.publishing import RENDERERS, STDOUT
from pytest_hubfiles.settings.values import OPTIONS, OptionError

if TYPE_CHECKING:
    from pytest_hubfiles.report.report import Report
    from pytest_hubfiles.run.rules import Rules

_QUIET_SECONDS: Final = 1.0
_CLEAR: Final = "\r\x1b[K"


def _setting(name: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """Return what reads an option of the command as the plugin reads its own."""

    def read(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
        if value in (None, ()):
            return OPTIONS[name].default
        try:
            return OPTIONS[name].read(parameter.opts[0], value)
        except OptionError as error:
            raise click.UsageError(str(error)) from None

    return read


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH…")
@click.option("--format", "form", type=click.Choice(list(RENDERERS)), default="terminal", show_default=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the report there.")
@click.option(
    "--fail-on",
    metavar="LEVEL",
    callback=_setting("fail_on"),
    help="Fail from this severity on: breaking (default), warning, info, never.",
)
@click.option("--strict", is_flag=True, help="Documentation to the letter: no known deviation is excused.")
@click.option(
    "--schemas",
    multiple=True,
    metavar="DIR",
    callback=_setting("schemas"),
    help="More schemas, searched first (repeatable).",
)
@click.option("--deviations", type=click.Path(path_type=Path), metavar="FILE", help="A file of your own deviations.")
@click.option("--max-age", metavar="AGE", callback=_setting("max_age"), help="Older cassettes are stale: 30d, 12w.")
@click.option("--min-judged", metavar="N", callback=_setting("min_judged"), help="Fail if fewer exchanges are judged.")
def check(
    paths: tuple[Path, ...],
    *,
    form: str,
    out: Path | None,
    fail_on: Any,
    strict: bool,
    schemas: tuple[Path, ...],
    deviations: Path | None,
    max_age: int | None,
    min_judged: int,
) -> None:
    """Judge every exchange of the cassettes in PATH by its contract, as pytest --hubfiles-check does.

    PATH is a cassette or a folder of them; candidates are left out. Exit status: 0 fine, 1 findings at or above
    --fail-on, or a cassette in which nothing could be judged, 2 usage, or a cassette, schemas or deviations that
    cannot be read. The settings of pytest's ini file are pytest's alone: give what is needed here.
    """
    from pytest_hubfiles.report.report import Report

    report = Report()
    try:
        given = rules(fail_on, strict, schemas, deviations, max_age)
        complaints = _check(_cassettes(paths), given, report)
    except HubfilesError as error:
        raise click.UsageError(str(error)) from None
    if report.judged_count < min_judged:
        complaints.append(f"judged {report.judged_count} exchanges where --min-judged asks for {min_judged}")
    report.failed = report.failed or bool(complaints)
    if form == "terminal" or out is not None:
        click.echo("\n".join(_lines(report, given)))
    if form != "terminal" or out is not None:
        publish_report(report, form, STDOUT if out is None else str(out))
    for complaint in complaints:
        click.echo(complaint, err=True)
    if any(finding.kind is Kind.CASSETTE_UNREADABLE for finding in report.findings):
        sys.exit(2)
    sys.exit(1 if report.failed else 0)


def rules(
    fail_on: Any,
    strict: bool,
    schemas: tuple[Path, ...],
    own_deviations: Path | None,
    max_age: int | None = None,
) -> Rules:
    """Return the rules that a command is given: *fail_on* is a severity or ``never``, *schemas* are searched first.

    Raises:
        HubfilesError: if the schemas or the user's own deviations cannot be used.
    """
    from pytest_hubfiles.judge import deviations, schema_files, shipped
    from pytest_hubfiles.run.rules import Rules

    own = () if own_deviations is None else deviations.load(own_deviations)
    shipped_ones = cache(lambda: deviations.load(shipped.shipped_schemas() / "deviations.toml"))
    return Rules(
        contracts=schema_files.load(schemas),
        deviations=lambda: own + shipped_ones(),
        fail_on=None if fail_on == "never" else fail_on,
        strict=strict,
        max_age_days=max_age,
    )


def _cassettes(paths: Iterable[Path]) -> list[Path]:
    """Return the cassettes at *paths*, each once; refuse a path at which there is none."""
    from pytest_hubfiles.run import check

    found: dict[str, Path] = {}
    for path in paths:
        if not os.path.exists(path):  # noqa: PTH110  # Path.exists raises where a name is too long, or a folder closed
            raise click.UsageError(f"{path}: there is no such file or folder")
        if not path.is_dir() and path.name.endswith(".candidate.yaml"):
            raise click.UsageError(f"{path} is a candidate, judged when it was recorded; see hubfiles accept")
        cassettes = check.cassettes_in(path)
        if not cassettes:
            raise click.UsageError(f"{path}: no cassette there; one ends in {', '.join(check.SUFFIXES)}")
        for cassette in cassettes:
            found.setdefault(os.path.abspath(cassette), cassette)  # noqa: PTH100  # links stay what they are called
    return list(found.values())


def _check(cassettes: Sequence[Path], rules: Rules, report: Report) -> list[str]:
    """Judge *cassettes* one after another into *report*; return a complaint for each with nothing to judge."""
    from pytest_hubfiles.run import check

    complaints = []
    for path in with_progress(cassettes, sys.stderr):
        checked = check.check(path, path.as_posix(), rules)
        report.add(checked.record)
        if checked.unjudged is not None:
            complaints.append(f"nothing was judged in {path.as_posix()}: {checked.unjudged}")
    return complaints


def with_progress(paths: Sequence[Path], stream: TextIO, clock: Callable[[], float] = time.monotonic) -> Iterator[Path]:
    """Yield *paths*; if that takes long and *stream* is a terminal, say there how far it is, in one line."""
    shows, started, told = stream.isatty(), clock(), False
    for number, path in enumerate(paths):
        if shows and clock() - started > _QUIET_SECONDS:
            stream.write(f"{_CLEAR}checked {number} of {len(paths)} cassettes")
            stream.flush()
            told = True
        yield path
    if told:
        stream.write(_CLEAR)
        stream.flush()


def _lines(report: Report, rules: Rules) -> list[str]:
    from pytest_hubfiles.judge.deviations import run_out
    from pytest_hubfiles.report.formats.terminal import render_terminal

    return [*render_terminal(report), *run_out(rules.deviations(), dt.datetime.now(dt.timezone.utc).date())]


def publish_report(report: Report, form: str, out: str) -> None:
    """Write *report* in a format to a path, or to stdout for ``-``, and say what could not be done.

    Raises:
        click.UsageError: if it cannot be written.
    """
    from pytest_hubfiles.report.publishing import publish

    published = publish(report, [(form, out)], Path())
    click.echo(published.stdout, nl=False)
    for note in published.notes:
        click.echo(note, err=True)
    if published.unwritten:
        raise click.UsageError("\n".join(published.unwritten))
