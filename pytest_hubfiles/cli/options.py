"""What several commands take: the settings of pytest, each an option too, and formats and cassettes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.report.publishing import RENDERERS
from pytest_hubfiles.settings import addopts
from pytest_hubfiles.settings.precedence import NAMED, Sources
from pytest_hubfiles.settings.project import Project
from pytest_hubfiles.settings.table import Setting
from pytest_hubfiles.visible import shown

if TYPE_CHECKING:
    from pytest_hubfiles.run.settings import Settings

FORMATS: Final = click.Choice(list(RENDERERS))


def reads_settings(*names: str, judges: bool = False) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command ``settings``: what pytest's ini file sets, and above it the options *names*, which it takes.

    The ini file is that of the project in which the command's ``paths`` lie, or the caller. What the settings name is
    read first where the command *judges*.
    """

    def decorated(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def with_settings(*args: Any, **given: Any) -> None:
            options = {name: given.pop(name) for name in names}
            try:
                settings = settings_at(given.get("paths", ()), options)
                if judges:
                    settings.read()
            except HubfilesError as error:
                raise click.UsageError(str(error)) from None
            command(*args, settings=settings, **given)

        taking: Callable[..., None] = with_settings
        for name in reversed(names):
            taking = _option(NAMED[name])(taking)
        return taking

    return decorated


def settings_at(paths: Iterable[Path] = (), options: dict[str, Any] | None = None) -> Settings:
    """Return the settings of the project in which *paths* lie, or the caller; *options* go before its ini file.

    Raises:
        HubfilesError: if a value is bad, or the ini file cannot be read.
    """
    from pytest_hubfiles.run.settings import Settings

    project = Project.of(paths)
    added = [*addopts.words(project.settings.get("addopts", "")), *addopts.words(os.environ.get("PYTEST_ADDOPTS", ""))]
    of_pytest, overridden = addopts.given(added)
    given = {name: value for name, value in (options or {}).items() if value not in (None, (), False)}

    def option(setting: Setting) -> tuple[str, Any] | None:
        if setting.name in given:
            return _flag(setting), given[setting.name]
        return (f"addopts {setting.flag}", of_pytest[setting.name]) if setting.name in of_pytest else None

    def ini(name: str) -> Any:
        return overridden.get(name) or project.get(name)

    return Settings(Sources(option, ini, ini_folder=project.rootdir), project.rootdir)


def destination(out: Path | None, name: str) -> Path:
    """Return the folder *out*, or the first that the setting *name* names.

    Raises:
        click.UsageError: if there is none.
        HubfilesError: as for `settings_at`.
    """
    found = settings_at().get(name) if out is None else out
    folder: Path | None = next(iter(found), None) if isinstance(found, tuple) else found
    if folder is None:
        said = f"say with --out DIR where to write, or set hubfiles_{name} = {name} in pytest's settings"
        raise click.UsageError(said)
    return folder


def _flag(setting: Setting) -> str:
    return f"--{setting.name.replace('_', '-')}"


def _option(setting: Setting) -> Callable[[Callable[..., None]], Callable[..., None]]:
    said = f"{setting.help[0].upper()}{setting.help[1:]}."
    if setting.metavar is None:
        return click.option(_flag(setting), is_flag=True, help=said)
    return click.option(_flag(setting), metavar=setting.metavar, multiple=setting.repeatable, help=said)


def reports(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of a command that reports: in which format, and where to."""
    out = click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write the report there.")
    return reports_as("terminal")(out(command))


def reports_as(form: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add the option that says in which format to report, *form* where it is not given."""
    return click.option("--format", "form", type=FORMATS, default=form, show_default=True, help="How to report.")


def cassettes_at(paths: Iterable[Path]) -> list[Path]:
    """Return the cassettes at *paths*, each once, and the candidates.

    Raises:
        click.UsageError: for a path at which there is no cassette.
    """
    from pytest_hubfiles import cassettes
    from pytest_hubfiles.run import check

    found: dict[str, Path] = {}
    for path in paths:
        if not os.path.exists(path):  # noqa: PTH110  # Path.exists raises where a name is too long, or a folder closed
            raise click.UsageError(f"{shown(path)}: there is no such file or folder")
        if not path.is_dir() and cassettes.is_candidate(path):
            raise click.UsageError(f"{shown(path)} is a candidate, judged when it was recorded; see hubfiles accept")
        there = check.cassettes_in(path)
        if all(map(cassettes.is_candidate, there)):
            raise click.UsageError(f"{shown(path)}: no cassette there; one ends in {', '.join(check.SUFFIXES)}")
        for cassette in there:
            found.setdefault(os.path.abspath(cassette), cassette)  # noqa: PTH100  # links stay what they are called
    return list(found.values())
