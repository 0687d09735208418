"""Pytest's ini files, read where there is no pytest: which file the team's own deviations are in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from pytest_hubfiles import regular_files, toml
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.visible import shown


class IniFileUnreadableError(HubfilesError):
    """An ini file of pytest's that cannot be read; ``file`` and ``reason`` say which and why."""

    def __init__(self, file: Path, reason: str) -> None:
        self.file, self.reason = file, reason
        super().__init__(f"{shown(file)} cannot be read: {reason}")


def _toml(*tables: str) -> Callable[[Path], Mapping[str, Any] | None]:
    def read(file: Path) -> Mapping[str, Any] | None:
        document = toml.loads(regular_files.read_text(file))
        for table in tables:
            found: Any = document
            for name in table.split("."):
                found = found.get(name, {}) if isinstance(found, dict) else {}
            if found:
                return found if isinstance(found, dict) else None
        return None

    return read


def _ini(section: str, always: bool = False) -> Callable[[Path], Mapping[str, Any] | None]:
    def read(file: Path) -> Mapping[str, Any] | None:
        import iniconfig

        document = iniconfig.IniConfig(str(file), regular_files.read_text(file))
        return dict(document[section].items()) if section in document else {} if always else None

    return read


# In the order in which pytest looks; the first that is one for pytest is the only one read.
_SETTINGS: Final[Mapping[str, Callable[[Path], Mapping[str, Any] | None]]] = {
    "pytest.toml": _toml("pytest"),
    ".pytest.toml": _toml("pytest"),
    "pytest.ini": _ini("pytest", always=True),
    ".pytest.ini": _ini("pytest", always=True),
    "pyproject.toml": _toml("tool.pytest.ini_options", "tool.pytest"),
    "tox.ini": _ini("pytest"),
    "setup.cfg": _ini("tool:pytest"),
}


def named_deviations(folder: Path) -> Path | None:
    """Return the file that pytest's settings in *folder* name as ``hubfiles_deviations``, None where none does.

    Raises:
        IniFileUnreadableError: if the settings cannot be read.
    """
    for name, read in _SETTINGS.items():
        file = folder / name
        if not file.is_file():
            continue
        try:
            settings = read(file)
        except Exception as error:  # noqa: BLE001  # each format has an error of its own
            raise IniFileUnreadableError(file, str(error)) from None
        if settings is not None:
            named = settings.get("hubfiles_deviations")
            return folder / named if isinstance(named, str) and named else None
    return None
