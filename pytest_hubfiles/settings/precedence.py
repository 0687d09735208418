"""Which of those who set a setting decides: the command line, a marker, the ini file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from pytest_hubfiles.settings.table import SETTINGS
from pytest_hubfiles.settings.values import OPTIONS

Lookup = Callable[[str], Any]

NAMED: Final = {setting.name: setting for setting in SETTINGS}


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
