"""A project with a suite, its recordings from the fake server, and what a rehearsal of it says."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from helpers.alone import alone
from helpers.downstream import write_cassette

from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.sandbox import Sandbox

TESTS: Final = Path(__file__).parents[1]
_HANGS: Final = 1800


@dataclass(frozen=True)
class Ran:
    """A run of pytest: its exit status, its output, and what its report says of the rehearsal."""

    status: int
    output: str
    rehearsal: dict[str, Any]

    @property
    def verdicts(self) -> dict[tuple[str, str], str]:
        """The verdict of each break, by test and change."""
        return {(one["test"], one["change"]): one["verdict"] for one in self.rehearsal["breaks"]}


@dataclass(frozen=True)
class Project:
    """A folder with a suite."""

    folder: Path

    def run(self, *args: str) -> Ran:
        """Run pytest in it."""
        with tempfile.TemporaryDirectory(prefix="hubfiles-report-") as reports:
            return self._ran(args, Path(reports) / "hubfiles.json")

    def _ran(self, args: Sequence[str], report: Path) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-W", "error", *args, "--hubfiles-report", f"json:{report}"],
            cwd=self.folder,
            env=alone(PYTHONPATH=str(TESTS), HUBSPOT_ACCESS_TOKEN="a-token-for-tests"),
            capture_output=True,
            text=True,
            timeout=_HANGS,
            check=False,
        )
        said = json.loads(report.read_text("utf-8")) if report.exists() else {}
        return Ran(done.returncode, done.stdout + done.stderr, said.get("rehearsal", {}))

    def rehearse(self, family: str, *args: str) -> Ran:
        """Rehearse it, without the result of any run before unless *args* ask for pytest's cache."""
        cached = () if "cached" in args else ("-p", "no:cacheprovider")
        skipping = "--hubfiles-sleep=skip"  # in the test itself, too
        return self.run(f"--hubfiles-rehearse={family}", skipping, *cached, *(arg for arg in args if arg != "cached"))

    def breaks_again(self, reproduce: str) -> Ran:
        """Run the line that a break prints."""
        return self.run("-p", "no:cacheprovider", *shlex.split(reproduce)[1:])

    def files(self) -> dict[str, bytes]:
        """Return what is in the folder, but for what pytest and Python keep there for themselves."""
        own = (".pytest_cache", "__pycache__")
        found = (path for path in sorted(self.folder.rglob("*")) if path.is_file())
        return {str(path): path.read_bytes() for path in found if not any(part in own for part in path.parts)}


def replaying(folder: Path, source: str, recorded: Sequence[Interaction], *ini: str) -> Project:
    """Return a project in *folder* whose tests have this *source*, and all replay what is *recorded*."""
    mark = "import pytest\npytestmark = pytest.mark.hubfiles(cassette='import')\n"
    (folder / "pytest.ini").write_text("\n".join(["[pytest]", *ini, ""]), "utf-8")
    (folder / "test_suite.py").write_text(mark + source, "utf-8")
    write_cassette(folder / "cassettes" / "2026-03" / "import.yaml", *recorded)
    return Project(folder)


@contextmanager
def project(source: str) -> Iterator[Project]:
    """Give a project whose suite has this *source*, recorded from the fake server."""
    with tempfile.TemporaryDirectory(prefix="hubfiles-rehearsal-") as folder:
        made = Project(Path(folder))
        (made.folder / "pytest.ini").write_text("[pytest]\n", "utf-8")
        (made.folder / "test_suite.py").write_text(source, "utf-8")
        with Sandbox() as sandbox:
            recorded = made.run("--hubfiles-record=once", f"--hubfiles-base-url={sandbox.url}")
        assert recorded.status == 0, recorded.output
        yield made
