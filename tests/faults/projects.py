"""Downstream projects for faults: a folder of its own, and pytest run in it, in this process or in one of its own."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any
from unittest import mock

import pytest
from helpers.alone import SUBTESTS
from helpers.downstream import HELPERS

_WITHOUT = ("cacheprovider", "faulthandler", "unraisableexception")  # the last collects garbage ten times a run
_ALONE = (
    *("-p", "pytest_hubfiles", "-W", "error"), *SUBTESTS, *(arg for name in _WITHOUT for arg in ("-p", f"no:{name}"))
)  # fmt: skip
_ENVIRONMENT = {
    "HUBSPOT_ACCESS_TOKEN": "a-token-for-tests",
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # an entry point of each plugin installed would be read in each run
    "PYTHONDONTWRITEBYTECODE": "1",
}
_UNWANTED = ("CI", "PYTEST_ADDOPTS", "PYTEST_PLUGINS")


@dataclass(eq=False)  # pytest 8.2 keeps plugins in a set
class Outcomes:
    """How each test of a run ended, by its name: ``passed``, ``failed``, ``error``, ``skipped`` and so on."""

    by_test: dict[str, str] = field(default_factory=dict)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take a phase in; a failure before or after the call outweighs it."""
        name = report.nodeid.partition("::")[2]
        if report.when == "call" or report.skipped:
            expected = {"passed": "xpassed", "skipped": "xfailed"} if hasattr(report, "wasxfail") else {}
            self.by_test[name] = expected.get(report.outcome, report.outcome)
        elif report.failed:
            self.by_test[name] = "error"


@dataclass(frozen=True)
class Ran:
    """A run of pytest: its exit status, what it printed, how each test ended (known of runs in this process)."""

    status: int
    output: str
    outcomes: Mapping[str, str]


@dataclass(frozen=True)
class Project:
    """A project that uses the plugin, in a folder of its own."""

    path: Path

    def tests(self, source: str, name: str = "test_files") -> None:
        """Write a test file, the helpers at its top."""
        (self.path / f"{name}.py").write_text(HELPERS + source, encoding="utf-8")

    def cassette(self, test: str) -> Path:
        """Return where a test's cassette lies."""
        return self.path / "cassettes" / "2026-03" / "test_files" / f"{test}.yaml"

    def contents(self) -> dict[str, bytes]:
        """Return every cassette with what it holds."""
        found = self.path.rglob("*.yaml")
        return {p.stem: p.read_bytes() for p in found if p.is_file() and not p.name.endswith(".candidate.yaml")}

    def run(self, *args: str, plugins: Sequence[object] = (), env: Mapping[str, str] = MappingProxyType({})) -> Ran:
        """Run pytest in this process, with *env* more in the environment."""
        outcomes, printed = Outcomes(), io.StringIO()
        before, folder, path = set(sys.modules), Path.cwd(), sys.path[:]
        with self._settings(env), contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            os.chdir(self.path)
            try:
                status = int(pytest.main([*_ALONE, *args], plugins=[outcomes, *plugins]))
            except Exception:  # noqa: BLE001  # a process of its own would print it and exit with 1, too
                status = 1
                printed.write(f"INTERNALERROR\n{traceback.format_exc()}")
            finally:
                os.chdir(folder)
                sys.path[:] = path
                for name in set(sys.modules) - before:
                    if str(getattr(sys.modules[name], "__file__", "")).startswith(str(self.path)):
                        del sys.modules[name]  # the next run has a file of that name, too
        return Ran(status, printed.getvalue(), outcomes.by_test)

    def run_apart(self, *args: str, **more: Any) -> Ran:
        """Run pytest in a process of its own."""
        with self._settings():
            done = subprocess.run(
                [sys.executable, "-m", "pytest", *_ALONE, *args],
                cwd=self.path, capture_output=True, text=True, check=False, **more,
            )  # fmt: skip
        return Ran(done.returncode, done.stdout + done.stderr, {})

    @contextlib.contextmanager
    def _settings(self, env: Mapping[str, str] = MappingProxyType({})) -> Iterator[None]:
        with mock.patch.dict(os.environ, _ENVIRONMENT):
            for name in _UNWANTED:
                os.environ.pop(name, None)
            os.environ.update(env)
            yield


@contextlib.contextmanager
def project(*ini: str) -> Iterator[Project]:
    """Make a project in a temporary folder, with the lines *ini* in its ini file."""
    with tempfile.TemporaryDirectory(prefix="hubfiles-faults-") as folder:
        path = Path(folder).resolve()
        (path / "pytest.ini").write_text("\n".join(["[pytest]", *ini, ""]), encoding="utf-8")
        yield Project(path)
