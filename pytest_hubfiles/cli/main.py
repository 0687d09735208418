"""The command line: ``hubfiles`` and its commands, each in a module of its own."""

from __future__ import annotations

from typing import Any

import click

from pytest_hubfiles.cli.accept import accept
from pytest_hubfiles.cli.changes import changes
from pytest_hubfiles.cli.check import check
from pytest_hubfiles.cli.diff import diff
from pytest_hubfiles.cli.import_openapi import import_openapi
from pytest_hubfiles.cli.merge_reports import merge_reports
from pytest_hubfiles.cli.needs import needs
from pytest_hubfiles.cli.sandbox import sandbox
from pytest_hubfiles.visible import visible_lines


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.ClickException as error:  # it may quote what was typed, or what a file is called
            vars(error)["message"] = visible_lines(error.message)
            raise


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pytest-hubfiles", prog_name="hubfiles")
def main() -> None:
    """Record, replay and contract-test HubSpot's asynchronous Files endpoints."""


for _command in (check, changes, import_openapi, accept, diff, merge_reports, needs, sandbox):
    main.add_command(_command)
