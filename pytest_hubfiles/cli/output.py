"""What commands show: their progress, their reports and their exit status."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from pytest_hubfiles.progress import ProgressLine, on_stream
from pytest_hubfiles.visible import visible, visible_lines

if TYPE_CHECKING:
    from pytest_hubfiles.report.report import Report

USAGE: Final = 2
"""The exit status where a command was used wrongly, or its input is unreadable."""

_Item = TypeVar("_Item")
_COLOURS: Final = {"breaking": "red", "breaks": "red", "warning": "yellow", "info": "cyan"}


def progress(items: Sequence[_Item], done: str, what: str = "cassettes") -> Iterator[_Item]:
    """Yield *items*; if that takes over a second and stderr is a terminal, say there how many are *done*."""
    return ProgressLine(on_stream(sys.stderr)).over(items, done, what)


def say(text: str, err: bool = False, nl: bool = True, **style: Any) -> None:
    """Write *text* to stdout, or to stderr, without anything in it that would act on a terminal or a CI runner.

    On a terminal it has *style*, as click calls it, or the severities with which lines begin have colours, unless
    NO_COLOR is set (https://no-color.org).
    """
    plain = visible_lines(text)
    lines = click.style(plain, **style) if style else "\n".join(map(_coloured, plain.split("\n")))
    click.echo(lines, err=err, nl=nl, color=False if os.environ.get("NO_COLOR") else None)


def _coloured(line: str) -> str:
    word, space, rest = line.partition(" ")
    return f"{click.style(word, fg=_COLOURS[word], bold=True)}{space}{rest}" if word in _COLOURS else line


def say_source(text: str) -> None:
    """Write source code, or a diff of it, to stdout as `say` does, but with its tabs and line ends."""
    kept = re.split(r"(\t|\r?\n)", text)  # every second piece is one of these
    click.echo("".join(piece if number % 2 else visible(piece) for number, piece in enumerate(kept)), nl=False)


def publish_report(report: Report, form: str, out: str) -> None:
    """Write *report* in a format to a path, or to stdout for ``-``, and say what could not be done.

    Raises:
        click.UsageError: if it cannot be written.
    """
    from pytest_hubfiles.report.publishing import publish

    published = publish(report, [(form, out)], Path())
    if form == "terminal" and sys.stdout.isatty():
        say(published.stdout.decode(), nl=False)
    else:  # for a program to read: as UTF-8, whatever this machine speaks
        click.echo(published.stdout, nl=False)
    for note in published.notes:
        say(note, err=True)
    if published.unwritten:
        raise click.UsageError("\n".join(published.unwritten))
