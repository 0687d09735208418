"""The tests of a suite, as pytest collects them, and the cassettes that they look for until now."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Final

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.settings import addopts
from pytest_hubfiles.settings.project import Project

_SUFFIXES: Final = ("", ".yaml", ".yml", ".json")
_SHOWN_LINES: Final = 15
_OPTIONS: Final = {
    "--record-mode": True, "--allowed-hosts": True, "--block-network": False, "--disable-recording": False,
    "--vcr-record": True, "--vcr-record-mode": True, "--disable-vcr": False,
}  # fmt: skip
"""The options of pytest-recording and pytest-vcr, and whether each takes a value."""


class SuiteNotCollectedError(HubfilesError):
    """Pytest cannot collect the tests of a suite; ``said`` is the end of what it says."""

    def __init__(self, said: str) -> None:
        self.said = said
        super().__init__(f"pytest cannot collect the tests, which tells which cassette each looks for:\n{said}")


@dataclass(frozen=True)
class SuiteTest:
    """One test of a suite.

    ``function`` is its name with its classes, ``name`` that of the cassette which pytest-recording gives it, ``named``
    are the cassettes that its markers name. ``is_case`` says that it is of vcrpy's test case. ``targets`` is where its
    cassette will lie, by version.
    """

    id: str
    file: Path
    function: str
    is_marked: bool
    is_case: bool
    is_adopted: bool
    takes_cassette: bool
    name: str
    named: tuple[str, ...]
    targets: Mapping[str, Path]

    def looks_for(self, found: Collection[Path], used: Sequence[str | None]) -> list[Path]:
        """Return which of the cassettes *found* it looks for; *used* are those that its code names for vcrpy.

        None among *used* stands for a cassette that has the name of the function.
        """
        of_its_name = [self._of_its_name(found)] if self.is_marked or self.is_case or None in used else []
        by_path = [_ending_with(path, found, self.file) for path in (*self.named, *used) if path is not None]
        return list(dict.fromkeys(path for path in (*of_its_name, *by_path) if path is not None))

    def _of_its_name(self, found: Collection[Path]) -> Path | None:
        """Return the cassette of its name: where pytest-recording has it, where pytest-vcr has it, or the only one."""
        folder, module = self.file.parent, self.file.stem
        names = {self.name + suffix for suffix in _SUFFIXES}
        names |= {self.function.rpartition(".")[2] + suffix for suffix in _SUFFIXES if not self.is_marked}
        alike = [path for path in found if path.name in names]
        for place in (folder / "cassettes" / module, folder / "cassettes", folder):
            here = [path for path in alike if path.parent.absolute() == place]
            if here:
                return here[0]
        of_module = [path for path in alike if path.parent.name == module] or alike
        return of_module[0] if len(of_module) == 1 else None


def _ending_with(named: str, found: Iterable[Path], file: Path) -> Path | None:
    """Return the one of *found* whose path ends with *named*, the nearest to *file* where there are several."""
    wanted = [PurePath(named + suffix).parts for suffix in _SUFFIXES]
    wanted = [tuple(part for part in parts if part not in (".", "..")) for parts in wanted]
    ending = [path for path in found if any(path.absolute().parts[-len(parts) :] == parts for parts in wanted)]
    return max(ending, key=lambda path: len(os.path.commonpath([path.absolute(), file])), default=None)


@dataclass(frozen=True)
class Suite:
    """The ``tests`` of a suite, and the ``version`` for which a test runs that says nothing of it.

    ``options`` are those of its recorder in addopts, which no pytest knows without that recorder.
    """

    version: str
    tests: tuple[SuiteTest, ...]
    options: tuple[str, ...] = ()


def collected(paths: Sequence[Path]) -> Suite:
    """Return the suite at *paths*, which pytest collects in a process of its own; nothing is written into it.

    Raises:
        SuiteNotCollectedError: if pytest finds no test, or cannot import one.
    """
    with tempfile.TemporaryDirectory(prefix="hubfiles-adopt-") as folder:
        told = Path(folder) / "tests.json"
        plugins = ("-p", "pytest_hubfiles", "-p", "pytest_hubfiles.plugin.adopting", "-p", "no:cacheprovider")
        options, in_addopts = _without_recorders(Project.of(paths).settings.get("addopts", ""))
        others, in_environment = _without_recorders(os.environ.get("PYTEST_ADDOPTS", ""))
        given = ["-o", f"addopts={options}"] if in_addopts else []
        command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *given, *plugins, *map(str, paths)]
        environment = {**os.environ, "HUBFILES_ADOPT": str(told), "PYTHONDONTWRITEBYTECODE": "1"}
        environment |= {"PYTEST_ADDOPTS": others} if in_environment else {}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  # no shell; paths are the user's own
        if done.returncode or not told.is_file():
            lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
            raise SuiteNotCollectedError("\n".join(lines[-_SHOWN_LINES:]))
        facts = json.loads(told.read_text(encoding="utf-8"))
    return Suite(facts["version"], tuple(map(_test, facts["tests"])), (*in_addopts, *in_environment))


def _without_recorders(options: str | Sequence[str]) -> tuple[str, list[str]]:
    """Return *options* of pytest without those of other recorders, and those: they need not be installed.

    Source: ``pytest_addoption`` of pytest-recording 0.14.1 and pytest-vcr 1.0.2.
    """
    kept, gone = list[str](), list[str]()
    takes_next = False
    for word in addopts.words(options):
        name, is_whole, _ = word.partition("=")
        if takes_next:
            takes_next = False
            gone[-1] += f" {word}"
        elif name in _OPTIONS:
            takes_next = _OPTIONS[name] and not is_whole
            gone.append(word)
        else:
            kept.append(word)
    return shlex.join(kept), gone


def _test(facts: Mapping[str, object]) -> SuiteTest:
    given = dict(facts)
    targets = {version: Path(path) for version, path in given.pop("targets").items()}  # type: ignore[attr-defined]  # as plugin/adopting.py writes it
    given |= {"file": Path(str(given["file"])), "named": tuple(given["named"])}  # type: ignore[arg-type]  # likewise
    return SuiteTest(**given, targets=targets)  # type: ignore[arg-type]  # likewise
