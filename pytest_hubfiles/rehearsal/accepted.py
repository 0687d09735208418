"""The breaks that a suite accepts: a TOML file of tables with ``change``, ``test``, ``reason`` and ``until``."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pytest_hubfiles import regular_files, toml
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.report.rehearsal import Break

TABLE: Final = "rehearsed"
_TEXTS: Final = ("change", "test", "reason")


class RehearsedFileError(HubfilesError):
    """A file of accepted breaks that cannot be used; ``path`` and ``reason`` say which and why."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"The file of accepted breaks {path} cannot be used: {reason}")


@dataclass(frozen=True, slots=True)
class Accepted:
    """A break that is accepted, with the *reason*, to the last day *until*; ``*`` stands for anything in its texts."""

    change: str
    test: str
    reason: str
    until: dt.date | None = None

    def matches(self, one: Break, today: dt.date) -> bool:
        """Return whether this is about *one*, and holds *today*."""
        is_about = fits(one.change, self.change) and fits(one.test, self.test)
        return is_about and (self.until is None or today <= self.until)


def fits(text: str, pattern: str) -> bool:
    """Return whether *text* is as *pattern* says, in which ``*`` stands for anything."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text, re.DOTALL) is not None


def load(path: Path) -> tuple[Accepted, ...]:
    """Read the ``[[rehearsed]]`` tables of the TOML file *path*.

    Raises:
        RehearsedFileError: if it cannot be read, is not TOML, or a table is wrong.
    """
    try:
        entries = toml.tables(regular_files.read_text(path), TABLE)
    except OSError as error:
        raise RehearsedFileError(path, error.strerror or str(error)) from None
    except UnicodeDecodeError as error:
        raise RehearsedFileError(path, f"it is not TOML: {error}") from None
    except ValueError as error:
        raise RehearsedFileError(path, str(error)) from None
    return tuple(_parse(path, number, entry) for number, entry in enumerate(entries, start=1))


def _parse(path: Path, number: int, entry: object) -> Accepted:
    if not isinstance(entry, dict):
        raise RehearsedFileError(path, f"entry {number} is {entry!r}, not a [[{TABLE}]] table")
    unknown = sorted(set(entry) - {*_TEXTS, "until"})
    if unknown:
        known = ", ".join((*_TEXTS, "until"))
        raise RehearsedFileError(path, f"entry {number}: {unknown[0]!r} is none of its keys, which are {known}")
    for name in _TEXTS:
        if not isinstance(entry.get(name), str) or not entry[name].strip():
            raise RehearsedFileError(path, f"entry {number}: {name} must be given, as a text")
    try:
        until = toml.last_day(entry["until"]) if "until" in entry else None
    except ValueError as error:
        raise RehearsedFileError(path, f"entry {number}: {error}") from None
    return Accepted(entry["change"], entry["test"], entry["reason"], until)


def accept(breaks: Iterable[Break], accepted: Iterable[Accepted], today: dt.date) -> list[Break]:
    """Return *breaks*, those that *accepted* is about with the reason; others as they are, which a test may keep."""
    accepted = list(accepted)
    return [
        replace(one, accepted=next((a.reason for a in accepted if a.matches(one, today)), one.accepted))
        for one in breaks
    ]


def run_out(accepted: Iterable[Accepted], today: dt.date) -> Iterator[str]:
    """Yield a line for each of *accepted* that is past its last day."""
    for one in accepted:
        if one.until is not None and one.until < today:
            yield f"an accepted break has run out: {one.change} in {one.test}, on {one.until} ({one.reason})"


def of_no_test(accepted: Iterable[Accepted], tests: Collection[str]) -> Iterator[str]:
    """Yield a line for each of *accepted* that is about none of *tests*, which are all that there are."""
    for one in accepted:
        if not any(fits(test, one.test) for test in tests):
            yield f"an accepted break is about no test: {one.change} in {one.test} ({one.reason})"
