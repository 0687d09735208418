"""``hubfiles import-openapi``: schema files from an OpenAPI document, and what changed in those that are there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pytest_hubfiles.cli.options import destination
from pytest_hubfiles.cli.output import USAGE, progress, say
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.visible import shown

if TYPE_CHECKING:
    from pytest_hubfiles.judge.contract import Contract
    from pytest_hubfiles.model.finding import Finding
    from pytest_hubfiles.openapi import SchemaFile


@click.command("import-openapi")
@click.argument("spec", type=click.Path(path_type=Path), metavar="SPEC")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Default: what ini hubfiles_schemas names.")
@click.option("--version", "label", metavar="LABEL", help="The version, instead of the one that stands in the paths.")
@click.option("--path", "globs", multiple=True, metavar="GLOB", help="Paths to import besides (repeatable).")
@click.option("--check", "checks", is_flag=True, help="Write nothing; exit 1 where a contract changed.")
@click.option("--force", is_flag=True, help="Replace files that are there and judge otherwise.")
def import_openapi(
    *, spec: Path, out: Path | None, label: str | None, globs: tuple[str, ...], checks: bool, force: bool
) -> None:
    """Write schema files from SPEC, an OpenAPI 3.0 or 3.1 document in JSON or YAML.

    There is one for each path that ends in /tasks/{…}/status, one for the POST that starts its task, and one for
    each operation on a path that --path matches: DIR/<version>/<operation>.json. Rename a file to rename its
    operation. Each file remembers title, version and digest of SPEC, and an operation that was imported from a
    document of this title is imported again.

    What changes in a file that is there is told first, with kinds and severities as in a comparison; the file is
    replaced with --force alone. Exit status: 0, 1 with --check where something changed, 2 where nothing was written.
    """
    try:
        folder = destination(out, "schemas")
        files, lost, notes = _imported(spec, folder, label, globs)
        for note in notes:
            say(f"note: {note}", err=True)
        for line in _changes(files, lost):
            say(line)
        if checks:
            for file in files:
                say(f"{_state(file)}: {shown(file.path)} ({_made_of(file)})")
            sys.exit(int(bool(lost) or any(file.is_changed or file.before is None for file in files)))
        _save(files, force)
    except HubfilesError as error:
        say(str(error), err=True)
        sys.exit(USAGE)
    for file in files:
        say(f"{'written' if file.is_written else 'unchanged'}: {shown(file.path)} ({_made_of(file)})")


def _imported(
    spec: Path, folder: Path, label: str | None, globs: tuple[str, ...]
) -> tuple[list[SchemaFile], list[Contract], tuple[str, ...]]:
    """Return the files of the contracts of *spec*, the contracts in *folder* that it lost, and notes."""
    from pytest_hubfiles import openapi
    from pytest_hubfiles.judge import schema_files  # what they import takes longer than any other command needs

    document, there = openapi.read(spec), openapi.contracts_in(folder)
    again, lost = openapi.remembered(document, there)
    known = [*schema_files.load().entries, *there]
    each = partial(progress, done="imported", what="operations")
    imported = openapi.contracts(document, [*globs, *again], label, known, each)
    return [openapi.SchemaFile.of(contract, folder) for contract in imported.contracts], lost, imported.notes


def _save(files: list[SchemaFile], force: bool) -> None:
    from pytest_hubfiles import openapi

    openapi.save(files, force)


def _changes(files: list[SchemaFile], lost: list[Contract]) -> Iterator[str]:
    """Yield what changed in the contracts that are there, a line for each change."""
    from pytest_hubfiles.compare.contracts import gone
    from pytest_hubfiles.report.formats.terminal import render_finding

    found: list[Finding] = []
    for file in files:
        changes = file.findings()
        found += changes
        if file.is_changed:
            yield f"changed: {shown(file.path)} ({_made_of(file)})"
            if file.why_not_compared is not None:
                yield f"  what is there cannot be compared: {file.why_not_compared}"
            elif not changes:
                yield "  the schemas differ in what a comparison does not tell, such as a pattern or a limit"
        for finding in changes:
            yield from (f"  {line}" for line in render_finding(finding))
    for contract in lost:
        yield f"gone: {contract.version} {contract.operation} ({contract.method} {contract.path}); its file is left"
        yield from (f"  {line}" for line in render_finding(gone(contract, "the document")))


def _made_of(file: SchemaFile) -> str:
    """Return which request a file is about, and which document it was made from if that is another one now."""
    contract, old = file.contract, file.old
    said = f"{contract.method} {contract.path}"
    if old is None or old.source == contract.source:
        return said
    return f"{said}; made from {old.source or 'no document'}, now {contract.source}"


def _state(file: SchemaFile) -> str:
    return "new" if file.before is None else "changed" if file.is_changed else "unchanged"
