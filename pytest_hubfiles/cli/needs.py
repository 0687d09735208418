"""``hubfiles needs``: what the tests need of each answer, as files."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from pytest_hubfiles import cassettes, regular_files
from pytest_hubfiles.cli.options import destination
from pytest_hubfiles.cli.output import USAGE, say
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.rehearsal.needs import schemas
from pytest_hubfiles.report.formats.json_report import ReportUnreadableError, read_json
from pytest_hubfiles.report.rehearsal import Rehearsal
from pytest_hubfiles.visible import shown, visible, visible_json


class NeedsNotWrittenError(HubfilesError):
    """A file of needs could not be written; ``path`` and ``reason`` say which and why."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"The needs {shown(path)} could not be written: {reason}")


class NothingKnownError(HubfilesError):
    """Reports in which no change was tried with any test to a verdict."""

    def __init__(self) -> None:
        super().__init__(
            "No needs were written: of no change it is known whether it breaks a test.\n"
            "See in the output of pytest --hubfiles-rehearse all why nothing was tried, give it more time with "
            "--hubfiles-rehearse-budget if that was why, and write the report again."
        )


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="REPORT.json…")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Default: what ini hubfiles_needs names.")
def needs(paths: tuple[Path, ...], *, out: Path | None) -> None:
    """Write what the rehearsed tests need of each answer: DIR/<version>/<operation>.json.

    Each file is a JSON Schema of the loosest answer under which every test stays green, with the tests that need each
    part. REPORT.json is what pytest --hubfiles-rehearse all --hubfiles-report json:REPORT.json writes; several, of
    shards or of other families, are taken together. A file of an operation that none tells of is left as it is.
    Exit status: 0, or 2 where a report is unreadable or tells of no rehearsal, or a file cannot be written.
    """
    try:
        folder = destination(out, "needs")
        rehearsal = _rehearsal(paths)
        found = schemas(rehearsal)
        for version, operations in found.items():
            for operation, schema in operations.items():
                path = folder / version / f"{operation}.json"
                is_new = _write(path, visible_json(json.dumps(schema, indent=2, ensure_ascii=False)) + "\n", folder)
                say(f"{'written' if is_new else 'unchanged'}: {shown(path)}")
        for test, reason in sorted(rehearsal.refused):
            say(f"not rehearsed, so that it is not known what it needs: {visible(test)} ({visible(reason)})")
        if not found:
            raise NothingKnownError
    except HubfilesError as error:
        say(str(error), err=True)
        sys.exit(USAGE)


def _rehearsal(paths: Iterable[Path]) -> Rehearsal:
    """Return all that the reports tell, whatever the families of their changes are."""
    whole = Rehearsal("all")
    for path in paths:
        try:
            report = read_json(regular_files.read(path), shown(path))
        except OSError as error:
            raise ReportUnreadableError(shown(path), error.strerror or str(error)) from None
        told = report.rehearsal
        if told is None or not (told.evidence or (told.refused and told.move is None)):
            reason = "it tells of no rehearsal of a test's answers; --hubfiles-rehearse all makes one that does"
            raise ReportUnreadableError(shown(path), reason)
        whole.merge(told)
    return whole


def _write(path: Path, text: str, root: Path) -> bool:
    """Write *text* to *path*, unless it is there; return whether it was written."""
    content = text.encode()
    try:
        if path.is_symlink() or not path.exists() or regular_files.read(path).replace(b"\r\n", b"\n") != content:
            cassettes.write(path, content, root)
            return True
    except cassettes.CassetteNotWrittenError as error:
        raise NeedsNotWrittenError(path, error.reason) from None
    except OSError as error:
        raise NeedsNotWrittenError(path, error.strerror or str(error)) from None
    return False
