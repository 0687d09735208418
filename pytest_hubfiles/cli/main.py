"""The command line: ``hubfiles`` and its commands, each in a module of its own."""

from __future__ import annotations

from typing import Any, Final

import click

from pytest_hubfiles.cli.accept import accept
from pytest_hubfiles.cli.adopt import adopt
from pytest_hubfiles.cli.changes import changes
from pytest_hubfiles.cli.check import check
from pytest_hubfiles.cli.diff import diff
from pytest_hubfiles.cli.import_openapi import import_openapi
from pytest_hubfiles.cli.merge_reports import merge_reports
from pytest_hubfiles.cli.needs import needs
from pytest_hubfiles.cli.review import review
from pytest_hubfiles.cli.sandbox import sandbox
from pytest_hubfiles.visible import visible_lines

EXAMPLES: Final = {
    accept: "hubfiles accept cassettes/2026-03/test_uploader",
    adopt: "hubfiles adopt tests",
    changes: "hubfiles changes cassettes --family allowed",
    check: "hubfiles check cassettes --format markdown --out report.md",
    diff: "hubfiles diff cassettes/v3 cassettes/2026-03",
    import_openapi: "hubfiles import-openapi crm-exports.json --out schemas",
    merge_reports: "hubfiles merge-reports 1.json 2.json --format html --out all.html",
    needs: "hubfiles needs rehearsed.json --out needs",
    review: "hubfiles review cassettes/2026-03",
    sandbox: "hubfiles sandbox --port 8787 --drift size-as-string",
}
"""Every command, with a line for a shell that its help ends with."""


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.ClickException as error:  # it may quote what was typed, or what a file is called
            vars(error)["message"] = visible_lines(error.message)
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands, each with the whole first sentence of its help, which click would cut."""
        with formatter.section("Commands"):
            rows = [(name, _first_sentence(self.commands[name].help or "")) for name in self.list_commands(ctx)]
            formatter.write_dl(rows)


def _first_sentence(text: str) -> str:
    paragraph = " ".join(text.split("\n\n", maxsplit=1)[0].split())
    sentence, stop, _ = paragraph.partition(". ")
    return sentence + stop.strip()


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    subcommand_metavar="COMMAND …",
    epilog=f"\b\nExample:\n  {EXAMPLES[check]}",
)
@click.version_option(package_name="pytest-hubfiles", prog_name="hubfiles")
def main() -> None:
    """Record, replay and contract-test HubSpot's asynchronous Files endpoints.

    The settings are pytest's own, from any folder of the project; an option overrides them. hubfiles COMMAND --help
    tells what a command does.
    """


for _command, _example in EXAMPLES.items():
    _command.epilog = f"\b\nExample:\n  {_example}"
    main.add_command(_command)
