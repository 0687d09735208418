"""Which of those who set a setting decides: the command line, a marker, the ini file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import pytest

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.plugin.entry import MARKER_ARGUMENTS, SETTINGS
from pytest_hubfiles.settings.values import OPTIONS

Lookup = Callable[[str], Any]

NAMED: Final = {setting.name: setting for setting in SETTINGS}


class MarkerError(HubfilesError):
    """A ``hubfiles`` marker with an argument that does not exist, or with two that contradict each other."""

    def __init__(self, given: str) -> None:
        self.given = given
        super().__init__(
            f"@pytest.mark.hubfiles does not take {given}; "
            f"it takes {', '.join(f'{name}=' for name in MARKER_ARGUMENTS)}"
        )


def decide(
    name: str,
    command_line: Lookup = lambda flag: None,
    markers: Sequence[Mapping[str, Any]] = (),
    ini: Lookup = lambda name: None,
) -> tuple[str, Any] | None:
    """Return who says what the setting *name* is, and what they say; None where nobody does.

    The command line decides, then the nearest marker, then the ini file. *command_line* and *ini* look a name
    up and return None (or nothing) where it is not set; *markers* are the arguments of the markers on a test,
    the nearest first.
    """
    setting = NAMED[name]
    if setting.flag is not None and (value := command_line(setting.flag)) is not None:
        return setting.flag, value
    for arguments in markers:
        for argument in setting.marker:
            if arguments.get(argument) is not None:
                return f"@pytest.mark.hubfiles({argument}=…)", arguments[argument]
    if setting.ini is not None and (value := ini(setting.ini)):
        return f"ini {setting.ini}", value
    return None


def resolve(
    name: str,
    command_line: Lookup = lambda flag: None,
    markers: Sequence[Mapping[str, Any]] = (),
    ini: Lookup = lambda name: None,
) -> Any:
    """Return what the setting *name* is, as :func:`decide` finds it, or its default.

    Raises:
        OptionError: if the value that decides is bad.
    """
    decided = decide(name, command_line, markers, ini)
    return OPTIONS[name].default if decided is None else OPTIONS[name].read(*decided)


def marker_arguments(markers: Iterator[pytest.Mark]) -> tuple[Mapping[str, Any], ...]:
    """Return the arguments of a test's markers, the nearest first.

    Raises:
        MarkerError: if one of them has an argument that does not exist, or sets one thing twice.
    """
    found = []
    for marker in markers:
        _check_marker(marker.args, marker.kwargs)
        found.append(marker.kwargs)
    return tuple(found)


def _check_marker(args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    if args:
        raise MarkerError(f"positional arguments such as {args[0]!r}")
    for name in kwargs:
        if name not in MARKER_ARGUMENTS:
            raise MarkerError(f"{name!r}")
    for setting in SETTINGS:
        given = [argument for argument in setting.marker if kwargs.get(argument) is not None]
        if len(given) > 1:
            raise MarkerError(f"{' and '.join(f'{argument}=' for argument in given)} together")
