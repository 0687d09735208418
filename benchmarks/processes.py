"""Runs a process and tells what it cost: CPU time, peak memory, or instructions; never wall clock."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_FOREIGN = ("HUBSPOT_", "PYTEST_", "PYTHON")
ROOT = Path(__file__).resolve().parent.parent


def python_of(environment: str) -> Path:
    """Return the interpreter of one of the environments that ``make bench`` sets up."""
    return ROOT / f".venv-bench-{environment}" / "bin" / "python"


class ProcessFailedError(Exception):
    """A process that did not do what was to be measured; says what it printed."""


@dataclass(frozen=True)
class Process:
    """A process to measure.

    ``suite`` is the kind and size of the generated suite it runs in, or None; ``counted`` has valgrind count its
    instructions instead of taking its time; ``repeats`` is False for one that is run once, however many rounds;
    ``runs_pytest`` is False for one whose ``arguments`` are all that Python is given.
    """

    environment: str
    suite: tuple[str, int] | None = None
    arguments: tuple[str, ...] = ()
    counted: bool = False
    repeats: bool = True
    runs_pytest: bool = True

    @property
    def folder(self) -> str:
        """The folder of its suite; environments with cassettes of other formats have one each."""
        kind, size = self.suite or ("none", 0)
        return f"{kind}-{size}-{self.environment}"


@dataclass(frozen=True)
class Cost:
    """What a process cost: seconds of CPU, peak memory in MB, instructions if counted, and what it said itself."""

    seconds: float
    megabytes: float
    instructions: int = 0
    printed: Mapping[str, float] = field(default_factory=dict)


def _command(process: Process) -> list[str]:
    python = [str(python_of(process.environment))]
    if process.counted:
        python = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *python]
    if process.suite is None or not process.runs_pytest:
        return [*python, *process.arguments]
    return [*python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *process.arguments]


def _renew(folder: Path) -> None:
    """Give a suite that records the cassettes it begins with, none if it begins with none."""
    seed = folder / "seed"
    if seed.is_dir():
        shutil.rmtree(folder / "cassettes", ignore_errors=True)
        shutil.copytree(seed, folder / "cassettes")


def run(process: Process, suites: Path, server: str) -> Cost:
    """Run *process* and return what it cost.

    Raises:
        ProcessFailedError: if it failed.
    """
    folder = suites / process.folder if process.suite else ROOT
    if process.suite:
        _renew(folder)
    environment = {
        # What an interpreter is reported from outside, such as to keep no bytecode, is not what users have.
        **{name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)},
        "BENCH_SERVER": server,
        "HUBSPOT_ACCESS_TOKEN": "a-token-for-benchmarks",
        "PYTHONHASHSEED": "0",
    }
    arguments = [argument.replace("BENCH_SERVER", server) for argument in _command(process)]
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(arguments, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode("utf-8", "replace")
    if child.returncode != 0:
        raise ProcessFailedError(f"{' '.join(arguments)} in {folder} ended with {child.returncode}:\n{text[-3000:]}")
    counted = re.search(r"Collected : ([0-9]+)", text)
    printed: Any = {} if process.suite or process.counted else json.loads(text.splitlines()[-1])
    return Cost(
        seconds=usage.ru_utime + usage.ru_stime,
        megabytes=usage.ru_maxrss / 1024,
        instructions=int(counted[1]) if counted else 0,
        printed=printed,
    )
