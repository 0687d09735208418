"""The commands of ``hubfiles`` with their options, as their help has them."""

from __future__ import annotations

import click

from pytest_hubfiles.cli.main import EXAMPLES, main
from pytest_hubfiles.sandbox.switches import SWITCHES
from reference.markdown import code, table, text


def commands() -> str:
    """Return a chapter for each command."""
    return "\n\n".join(_command(name, main.commands[name]) for name in sorted(main.commands))


def _command(name: str, command: click.Command) -> str:
    above = click.Context(main, info_name="hubfiles", **main.context_settings)
    context = click.Context(command, info_name=name, parent=above)
    told = [text(paragraph) for paragraph in (command.help or "").split("\n\n")]
    usage = " ".join(command.get_usage(context).removeprefix("Usage: ").split())
    records = [found for option in command.get_params(context) if (found := option.get_help_record(context))]
    options = table(("option", "what it does"), [_option(term, said) for term, said in records if said])
    example = f"Example: `{EXAMPLES[command]}`"
    return "\n\n".join([f"## hubfiles {name}", f"`{usage}`", *told, options, example])


def _option(term: str, said: str) -> tuple[str, str]:
    """Return a row; where an option takes one of several words, these stand beside what it does."""
    name, _, choices = term.partition(" [")
    if "|" not in choices:
        return code(term), text(said)
    return code(name), f"{', '.join(map(code, choices.rstrip(']').split('|')))}: {text(said)}"


def switches() -> str:
    """Return a row for each deviation of the sandbox."""
    rows = [(code(name), text(one.effect), text(one.origin)) for name, one in SWITCHES.items()]
    return table(("`--drift`", "what the fake server does", "why this is known, or thought of"), rows)
