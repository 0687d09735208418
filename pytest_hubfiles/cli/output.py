"""What commands show: their progress, their reports and their exit status."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO, TypeVar

import click

from pytest_hubfiles.visible import visible_lines

if TYPE_CHECKING:
    from pytest_hubfiles.report.report import Report

USAGE: Final = 2
"""The exit status where a command was used wrongly, or its input is unreadable."""

_Item = TypeVar("_Item")
_QUIET_SECONDS: Final = 1.0
_CLEAR: Final = "\r\x1b[K"


def progress(
    items: Sequence[_Item], done: str, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
) -> Iterator[_Item]:
    """Yield *items*; if that takes over a second and *stream* (stderr) is a terminal, say there how many are *done*."""
    stream = sys.stderr if stream is None else stream
    shows, started, is_shown = stream.isatty(), clock(), False
    for number, item in enumerate(items):
        if shows and clock() - started > _QUIET_SECONDS:
            stream.write(f"{_CLEAR}{done} {number} of {len(items)} cassettes")
            stream.flush()
            is_shown = True
        yield item
    if is_shown:
        stream.write(_CLEAR)
        stream.flush()


def say(text: str, err: bool = False) -> None:
    """Write *text* to stdout, or to stderr, without anything in it that would act on a terminal or a CI runner."""
    click.echo(visible_lines(text), err=err)


def publish_report(report: Report, form: str, out: str) -> None:
    """Write *report* in a format to a path, or to stdout for ``-``, and say what could not be done.

    Raises:
        click.UsageError: if it cannot be written.
    """
    from pytest_hubfiles.report.publishing import publish

    published = publish(report, [(form, out)], Path())
    click.echo(published.stdout, nl=False)
    for note in published.notes:
        say(note, err=True)
    if published.unwritten:
        raise click.UsageError("\n".join(published.unwritten))
