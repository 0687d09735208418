"""Which of those who set a setting decides: the command line, a marker, the ini file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pytest_hubfiles.settings.table import SETTINGS, Setting
from pytest_hubfiles.settings.values import OPTIONS

NAMED: Final = {setting.name: setting for setting in SETTINGS}

Markers = Sequence[Mapping[str, Any]]
"""The arguments of the markers on a test, the nearest first."""


@dataclass(frozen=True)
class Sources:
    """Those who set settings, in a run of pytest or of the command line.

    ``option`` returns the option that sets a setting and its value, None where none is given; ``ini`` what the ini file
    says of a name, or nothing. Paths of an option are relative to the folder ``called_from``, others to ``ini_folder``.
    """

    option: Callable[[Setting], tuple[str, Any] | None] = lambda setting: None
    ini: Callable[[str], Any] = lambda name: None
    called_from: Path = Path()
    ini_folder: Path = Path()

    def decide(self, name: str, markers: Markers = ()) -> tuple[str, Any] | None:
        """Return who says what the setting *name* is, and what they say; None where nobody does.

        The command line decides, then the nearest marker, then the ini file.
        """
        setting = NAMED[name]
        if (given := self.option(setting)) is not None:
            return given
        for arguments in markers:
            for argument in setting.marker:
                if arguments.get(argument) is not None:
                    return f"@pytest.mark.hubfiles({argument}=…)", arguments[argument]
        if setting.ini is not None and (value := self.ini(setting.ini)):
            return f"ini {setting.ini}", value
        return None

    def resolve(self, name: str, markers: Markers = ()) -> Any:
        """Return what the setting *name* is, as :meth:`decide` finds it, or its default; a path from its folder.

        Raises:
            OptionError: if the value that decides is bad.
        """
        decided = self.decide(name, markers)
        if decided is None:
            return OPTIONS[name].default
        value = OPTIONS[name].read(*decided)
        folder = self.called_from if self.option(NAMED[name]) is not None else self.ini_folder
        if isinstance(value, Path):
            return folder / value
        if isinstance(value, tuple):
            return tuple(folder / item if isinstance(item, Path) else item for item in value)
        return value
