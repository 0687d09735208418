"""Processes of their own for what may kill, hang or fill its process."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

_TESTS = Path(__file__).resolve().parent.parent


def run_apart(module: str, *args: str, seconds: float, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run ``python -m module *args`` with *folder* for its temporary files.

    Raises:
        subprocess.TimeoutExpired: if it takes longer than *seconds*.
    """
    paths = os.pathsep.join([str(_TESTS), str(_TESTS.parent), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-m", module, *args],
        env={**os.environ, "PYTHONPATH": paths.rstrip(os.pathsep), "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds,
        check=False,
    )


def limit_memory(megabytes: int) -> None:
    """Let this process have so much memory more than it has, and no more."""
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    most = pages * resource.getpagesize() + megabytes * 2**20
    with contextlib.suppress(ValueError, OSError):  # macOS has no such limit
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


Case = tuple[str, Callable[[], str]]
"""A title, and a function that returns what went wrong, or nothing."""


def survive(module: str, *args: str) -> tuple[int, list[str]]:
    """Run ``python -m module *args FOLDER START``, which calls :func:`watch`, again after each death of the process.

    Returns how many cases there are, and what went wrong, a death too.
    """
    start, problems = 0, []
    with tempfile.TemporaryDirectory() as folder:
        while True:
            try:
                done = run_apart(module, *args, folder, str(start), seconds=300, folder=Path(folder))
                status, said = done.returncode, done.stderr
                problems += done.stdout.splitlines()
            except subprocess.TimeoutExpired:
                status, said = -signal.SIGKILL, "it hangs"
            number, title = json.loads((Path(folder) / "reached").read_text())
            if not status:
                return number + 1, problems
            if number < start:
                raise RuntimeError(said)
            problems.append(f"{title}: it ends the process ({status}) {said[-200:]}")
            start = number + 1


def watch(cases: Iterable[Case], folder: Path, start: int, seconds: float) -> None:
    """Run the cases from number *start* on, each within *seconds* of the processor, and print what goes wrong."""
    for number, (title, check) in enumerate(cases):
        if number < start:
            continue
        (folder / "reached").write_text(json.dumps([number, title]))
        signal.setitimer(signal.ITIMER_PROF, seconds)  # its signal ends this process, whatever it is doing
        try:
            problem = check()
        except BaseException as error:  # noqa: BLE001  # that is what must not be
            problem = f"it ends in {error!r}"
        signal.setitimer(signal.ITIMER_PROF, 0)
        if problem:
            print(f"{title}: {problem[:200]!r}", flush=True)  # noqa: T201  # read by survive()
