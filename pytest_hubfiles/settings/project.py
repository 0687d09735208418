"""The project that a command is called in: its rootdir and its settings, found as pytest finds them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pytest_hubfiles import regular_files, toml
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.visible import seen_from, shown


class IniFileUnreadableError(HubfilesError):
    """An ini file of pytest's that cannot be read; ``file`` and ``reason`` say which and why."""

    def __init__(self, file: Path, reason: str) -> None:
        self.file, self.reason = file, reason
        super().__init__(f"{shown(file)} cannot be read: {reason}")


_Values = Mapping[str, Any]


def _table(*names: str, always: bool = False) -> Callable[[Path], _Values | None]:
    """Return what reads the first of the tables *names* that a TOML file has."""

    def read(file: Path) -> _Values | None:
        document = toml.loads(regular_files.read_text(file))
        for name in names:
            found: Any = document
            for part in name.split("."):
                found = found.get(part) if isinstance(found, dict) else None
            if found is not None:
                return found if isinstance(found, dict) else None
        return {} if always else None

    return read


def _section(name: str, always: bool = False) -> Callable[[Path], _Values | None]:
    """Return what reads the section *name* of an ini file."""

    def read(file: Path) -> _Values | None:
        import iniconfig

        document = iniconfig.IniConfig(str(file), regular_files.read_text(file))
        return dict(document[name].items()) if name in document else {} if always else None

    return read


# In the order in which pytest looks; the first that is one for pytest is the only one read.
_FILES: Final[Mapping[str, Callable[[Path], _Values | None]]] = {
    "pytest.toml": _table("pytest", always=True),
    ".pytest.toml": _table("pytest", always=True),
    "pytest.ini": _section("pytest", always=True),
    ".pytest.ini": _section("pytest", always=True),
    "pyproject.toml": _table("tool.pytest.ini_options", "tool.pytest"),
    "tox.ini": _section("pytest"),
    "setup.cfg": _section("tool:pytest"),
}


@dataclass(frozen=True)
class Project:
    """A project: pytest's ``rootdir``, seen from where the command is called, and what its ini file sets."""

    rootdir: Path
    settings: _Values

    @classmethod
    def of(cls, paths: Iterable[Path] = ()) -> Project:
        """Return the project of *paths*, as pytest finds it for its arguments; without any, of the working directory.

        Raises:
            IniFileUnreadableError: if an ini file that pytest would read cannot be read.
        """
        here = Path.cwd()
        folders = [path if path.is_dir() else path.parent for path in map(Path.absolute, paths) if _exists(path)]
        above = Path(os.path.commonpath(folders)) if folders else here
        found = _configured([above])
        if found is None:
            with_setup = next((f for f in (above, *above.parents) if (f / "setup.py").is_file()), None)
            found = (with_setup, {}) if with_setup is not None else _configured(folders or [here])
        if found is None:
            found = Path(os.path.commonpath([here, above])), {}
            if found[0] == found[0].parent:
                found = above, {}
        return cls(Path(seen_from(here, found[0])), found[1])

    def get(self, name: str) -> Any:
        """Return what the ini file says of *name*, each line of a text an item, as pytest reads lists."""
        value = self.settings.get(name)
        if isinstance(value, str):
            lines = [line.strip() for line in value.splitlines() if line.strip()]
            return lines if len(lines) > 1 else value.strip()
        return value


def _exists(path: Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110  # Path.exists raises where a name is too long, or a folder closed


def _configured(folders: Sequence[Path]) -> tuple[Path, _Values] | None:
    """Return the nearest folder with an ini file above one of *folders*, with its settings.

    A pyproject.toml that is not about pytest makes its folder the root where there is nothing better.
    """
    unrelated: Path | None = None
    for start in folders:
        for folder in (start, *start.parents):
            for name, read in _FILES.items():
                file = folder / name
                if not file.is_file():
                    continue
                try:
                    settings = read(file)
                except Exception as error:  # noqa: BLE001  # each format has an error of its own
                    raise IniFileUnreadableError(Path(seen_from(Path.cwd(), file)), str(error)) from None
                if settings is not None:
                    return folder, settings
                if name == "pyproject.toml" and unrelated is None:
                    unrelated = folder
    return None if unrelated is None else (unrelated, {})
