"""The arguments and options that several commands take, and the rules that these make."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.report.publishing import RENDERERS
from pytest_hubfiles.settings.values import NEEDED, OPTIONS, OptionError
from pytest_hubfiles.visible import shown

if TYPE_CHECKING:
    from pytest_hubfiles.run.needed import Needs
    from pytest_hubfiles.run.rules import Rules

FORMATS: Final = click.Choice(list(RENDERERS))


def setting(name: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """Return what reads an option of the command as the plugin reads its own."""

    def read(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
        if value in (None, ()):
            return OPTIONS[name].default
        try:
            return OPTIONS[name].read(parameter.opts[0], value)
        except OptionError as error:
            raise click.UsageError(str(error)) from None

    return read


_JUDGING: Final = (
    click.option("--format", "form", type=FORMATS, default="terminal", show_default=True),
    click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the report there."),
    click.option(
        "--fail-on",
        metavar="LEVEL",
        callback=setting("fail_on"),
        help="Fail from this severity on: breaking (default), warning, info, needed, never.",
    ),
    click.option(
        "--needs",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="What your tests need; hubfiles needs writes it.",
    ),
    click.option("--strict", is_flag=True, help="Documentation to the letter: no known deviation is excused."),
    click.option(
        "--schemas",
        multiple=True,
        metavar="DIR",
        callback=setting("schemas"),
        help="More schemas, searched first (repeatable).",
    ),
    click.option(
        "--deviations", type=click.Path(path_type=Path), metavar="FILE", help="A file of your own deviations."
    ),
)


def judging_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of a command that judges or compares, and reports; it is given their ``rules``."""

    @wraps(command)
    def with_rules(
        *args: Any,
        fail_on: Any,
        needs: Path | None,
        strict: bool,
        schemas: tuple[Path, ...],
        deviations: Path | None,
        **given: Any,
    ) -> None:
        try:
            rules = replace(_rules(fail_on, strict, schemas, deviations), needs=_needs(needs, fail_on))
        except HubfilesError as error:
            raise click.UsageError(str(error)) from None
        command(*args, rules=rules, **given)

    for option in reversed(_JUDGING):
        with_rules = option(with_rules)
    return with_rules


def _needs(folder: Path | None, fail_on: Any) -> Needs | None:
    from pytest_hubfiles.run import needed

    if folder is None and fail_on == NEEDED:
        raise OptionError("--fail-on", fail_on, "it asks what your tests need: give the folder of that with --needs")
    return None if folder is None else needed.load(folder)


def _rules(fail_on: Any, strict: bool, schemas: tuple[Path, ...], own_deviations: Path | None) -> Rules:
    """Return the rules that a command is given: *fail_on* is a level, *schemas* are searched first.

    Raises:
        HubfilesError: if the schemas or the user's own deviations cannot be used.
    """
    from pytest_hubfiles.judge import deviations, schema_files, shipped
    from pytest_hubfiles.run.rules import Rules, fails_on

    own = () if own_deviations is None else deviations.load(own_deviations)
    shipped_ones = cache(lambda: deviations.load(shipped.shipped_schemas() / "deviations.toml"))
    return Rules(
        contracts=schema_files.load(schemas),
        deviations=lambda: own + shipped_ones(),
        **fails_on(fail_on),
        strict=strict,
    )


def cassettes_at(paths: Iterable[Path]) -> list[Path]:
    """Return the cassettes at *paths*, each once, and the candidates.

    Raises:
        click.UsageError: for a path at which there is no cassette.
    """
    from pytest_hubfiles.run import check

    found: dict[str, Path] = {}
    for path in paths:
        if not os.path.exists(path):  # noqa: PTH110  # Path.exists raises where a name is too long, or a folder closed
            raise click.UsageError(f"{shown(path)}: there is no such file or folder")
        if not path.is_dir() and path.name.endswith(".candidate.yaml"):
            raise click.UsageError(f"{shown(path)} is a candidate, judged when it was recorded; see hubfiles accept")
        cassettes = check.cassettes_in(path)
        if all(map(check.is_candidate, cassettes)):
            raise click.UsageError(f"{shown(path)}: no cassette there; one ends in {', '.join(check.SUFFIXES)}")
        for cassette in cassettes:
            found.setdefault(os.path.abspath(cassette), cassette)  # noqa: PTH100  # links stay what they are called
    return list(found.values())
