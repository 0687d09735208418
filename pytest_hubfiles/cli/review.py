"""``hubfiles review``: a walk through what keeps candidates back, a key for each decision."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from pytest_hubfiles.cli.options import settings_at
from pytest_hubfiles.cli.output import USAGE, say
from pytest_hubfiles.compare.beside import ABSENT, Beside
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.model.days import last_day
from pytest_hubfiles.model.policy import Category, Kind
from pytest_hubfiles.record import candidates
from pytest_hubfiles.report.formats.failure_text import facts
from pytest_hubfiles.run.review import Question, Review
from pytest_hubfiles.visible import shown

_ACCEPT: Final = "a accept   "
_KEYS: Final = "d deviation   s skip   q quit"
_MOST_SHOWN: Final = 5  # candidates that one finding keeps back, by name


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH…]")
def review(paths: tuple[Path, ...]) -> None:
    """Walk through candidates, and decide about each finding that keeps one back.

    PATH is a candidate, its cassette, or a folder of them; without one, the cassette root. A finding is shown with the
    shape before and after; what several candidates show is asked once. Keys: a accepts it, d excuses it by a deviation
    with a reason and a last day, s skips it, q quits. Each decision is written at once. A candidate about which nothing
    is open becomes the cassette.

    Without a terminal it lists what there is to review. Exit status: 0 nothing is left, 1 something is, 2 usage, or no
    terminal and something to review.
    """
    try:
        settings = settings_at(paths)
        found = Review(settings, paths or (settings.cassettes,))
        if not (found.questions or found.ready or found.refused):
            say("nothing to review: there is no candidate")
            return
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            _list(found)
            sys.exit(USAGE)
        sys.exit(_Walk(found).run())
    except HubfilesError as error:
        raise click.UsageError(str(error)) from None


def _list(found: Review) -> None:
    for question in found.questions:
        say("\n".join([*facts([question.finding]), *(f"  {shown(path)}" for path in question.candidates)]))
    for path in found.ready:
        say(f"nothing is open about {shown(path)}; to make it the cassette: hubfiles accept {shown(path)}")
    for path, reasons in found.refused.items():
        say(f"nobody can accept {shown(path)}: {'; '.join(reasons)}")
    say("To decide about each, run hubfiles review in a terminal.", err=True)


class _Walk:
    """One walk through all that is open: it is looked at anew after each decision, which may settle more."""

    def __init__(self, found: Review) -> None:
        self._found = found
        self._skipped: set[str] = set()
        self._done = self._promoted = 0
        self._failed: set[Path] = set()

    def run(self) -> int:
        """Ask about each finding until there is none, or somebody quits; return the exit status."""
        try:
            self._go()
        except (KeyboardInterrupt, click.Abort):  # wherever it is pressed: what was decided is written
            click.echo()
        for path, reasons in self._found.refused.items():
            say(f"Nobody can accept {shown(path)} yet: {'; '.join(reasons)}. {candidates.way_on(reasons)}")
        left, refused = len(self._found.questions), len(self._found.refused)
        say(
            f"{self._done} decided, {self._promoted} promoted, {left} left"
            f"{f', {refused} that nobody can accept' if refused else ''}"
            f"{'; hubfiles review goes on with these' if left else ''}"
        )
        return int(bool(left or self._failed or self._found.refused))

    def _go(self) -> None:
        self._promote()
        while (waiting := self._waiting()) and self._ask(waiting[0], len(waiting)):
            pass

    def _decided(self) -> None:
        self._done += 1
        self._found = Review(settings_at(self._found.paths), self._found.paths)
        self._promote()

    def _waiting(self) -> Sequence[Question]:
        return [one for one in self._found.questions if one.finding.fingerprint not in self._skipped]

    def _promote(self) -> None:
        for candidate in self._found.ready:
            if candidate in self._failed:
                continue
            try:
                say(f"promoted: {shown(self._found.promote(candidate))}")
                self._promoted += 1
            except HubfilesError as error:
                self._failed.add(candidate)
                say(str(error), err=True)

    def _ask(self, question: Question, waiting: int) -> bool:
        """Show *question* and do what is typed; return whether to go on."""
        self._show(question, waiting)
        while True:
            say(f"{'' if question.takes_deviation else _ACCEPT}{_KEYS} > ", nl=False, bold=True)
            key = _key()
            click.echo(key if key.isprintable() else "")
            if key == "s":
                self._skipped.add(question.finding.fingerprint)
                return True
            if key in ("q", "\x03", "\x04", "\x1b"):
                return False
            if key == "a" and question.takes_deviation:
                say("A replay would go on failing for it: d excuses it, until a day if you like.")
            elif key == "a":
                self._found.accept(question)
                self._decided()
                return True
            elif key == "d" and self._deviate(question):
                self._decided()
                return True

    def _show(self, question: Question, waiting: int) -> None:
        finding = question.finding
        number = self._done + len(self._skipped) + 1
        say(f"\n{number} of {number + waiting - 1}", dim=True)
        say("\n".join(facts([finding])))
        _show_shapes(self._found.shapes(question), question)
        say("")
        for path in question.candidates[:_MOST_SHOWN]:
            line = f":{finding.line}" if finding.line and path == question.candidates[0] else ""
            say(f"  {shown(path)}{line}")
        if len(question.candidates) > _MOST_SHOWN:
            say(f"  and {len(question.candidates) - _MOST_SHOWN} more")

    def _deviate(self, question: Question) -> bool:
        """Ask for the reason and the last day, and write the deviation; return whether there is one."""
        reason = click.prompt("Reason (empty: back)", default="", show_default=False).strip()
        if not reason:
            return False
        until = _day()
        try:
            self._found.deviate(question, reason, until)
        except HubfilesError as error:
            say(str(error), err=True)
            return False
        say(f"accepted into {shown(self._found.settings.deviations_file)}")
        return True


def _show_shapes(around: Beside, question: Question) -> None:
    """Show the object in which the place of the finding lies, the difference marked, each other member as it is now."""
    finding = question.finding
    if all(row.before == row.after for row in around.rows):
        return  # the finding is about no member: a status, a media type
    before = "recorded before" if finding.category is Category.DRIFT else "documented"
    say(f"\n  {around.path}")
    renamed = finding.after if finding.kind is Kind.FIELD_RENAMED else None
    now = {row.name: row.after for row in around.rows}
    width = max(len(row.name) for row in around.rows)
    for row in around.rows:
        if row.path == finding.path and renamed in now:
            say(f"  ~ {row.name:<{width}}  is called {renamed} now, {now[renamed]}", fg="yellow")
        elif row.path == finding.path:
            say(f"  - {row.name:<{width}}  {row.before}  ({before})", fg="red")
            say(f"  + {row.name:<{width}}  {row.after}  (recorded now)", fg="green")
        elif row.after != ABSENT and row.name != renamed:
            say(f"    {row.name:<{width}}  {row.after}")


def _day() -> dt.date | None:
    """Ask for the last day until one is typed that there is, and that is not past; None for none."""
    while True:
        text = click.prompt("Last day, such as 2027-09-30 (empty: none)", default="", show_default=False).strip()
        try:
            return last_day(text) if text else None
        except ValueError as error:
            say(str(error))


def _key() -> str:
    """Return the key that is pressed; q where the terminal is gone."""
    try:
        return click.getchar().lower()
    except (EOFError, KeyboardInterrupt):
        return "q"
