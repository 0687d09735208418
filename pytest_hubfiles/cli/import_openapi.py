"""``hubfiles import-openapi``: schema files from an OpenAPI document."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import click

from pytest_hubfiles.cli.options import destination
from pytest_hubfiles.cli.output import USAGE, progress, say
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.visible import shown


@click.command("import-openapi")
@click.argument("spec", type=click.Path(path_type=Path), metavar="SPEC")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Default: what ini hubfiles_schemas names.")
@click.option("--version", "label", metavar="LABEL", help="The version, instead of the one that stands in the paths.")
@click.option("--path", "globs", multiple=True, metavar="GLOB", help="Paths to import besides (repeatable).")
@click.option("--force", is_flag=True, help="Replace files that are there and say something else.")
def import_openapi(*, spec: Path, out: Path | None, label: str | None, globs: tuple[str, ...], force: bool) -> None:
    """Write schema files from SPEC, an OpenAPI 3.0 or 3.1 document in JSON or YAML.

    There is one for each path that ends in /tasks/{…}/status, one for the POST that starts its task, and one for
    each operation on a path that --path matches: DIR/<version>/<operation>.json. Rename a file to rename its
    operation. Exit status: 0, or 2 where nothing was written.
    """
    from pytest_hubfiles import openapi
    from pytest_hubfiles.judge import schema_files  # what they import takes longer than any other command needs

    try:
        folder = destination(out, "schemas")
        each = partial(progress, done="imported", what="operations")
        imported = openapi.contracts(openapi.read(spec), globs, label, schema_files.load().entries, each)
        files = openapi.save(imported.contracts, folder, force)
    except HubfilesError as error:
        say(str(error), err=True)
        sys.exit(USAGE)
    for note in imported.notes:
        say(f"note: {note}", err=True)
    for contract, (file, written) in zip(imported.contracts, files.items(), strict=True):
        say(f"{'written' if written else 'unchanged'}: {shown(file)} ({contract.method} {contract.path})")
