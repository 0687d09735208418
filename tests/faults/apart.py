"""Processes of their own for what may kill, hang or fill its process, and what it may take there.

How long something takes is held against what ``json.loads`` takes in the same process, or not judged at all. What is
given in seconds ends what hangs, and is far more than anything that is only slow.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

from helpers.patience import LONG_PATIENCE

_TESTS = Path(__file__).resolve().parent.parent


def run_apart(
    module: str, *args: str, folder: Path, seconds: float | None = LONG_PATIENCE
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m module *args`` with *folder* for its temporary files.

    Raises:
        subprocess.TimeoutExpired: if it has not ended after *seconds*; of None, it never is.
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


def _parsing(content: bytes) -> float:
    """Return how many seconds of the processor ``json.loads`` takes for *content*, the least of five tries."""
    taken = []
    for _ in range(5):
        started = time.process_time()
        with contextlib.suppress(ValueError, RecursionError):  # what is no JSON, or too deep, takes next to nothing
            json.loads(content)
        taken.append(time.process_time() - started)
    return min(taken)


@cache
def _parsing_a_megabyte() -> float:
    return _parsing(b"[" + b"1," * 2**19 + b"1]")


@contextlib.contextmanager
def within(times: float, *contents: bytes, megabytes: float = 1) -> Iterator[None]:
    """End this process, whatever it does, if what is done in here takes the processor too long.

    It may take so many *times* what ``json.loads`` takes in this process for *contents*, and for so many *megabytes* of
    numbers besides.
    """
    most = times * (sum(map(_parsing, contents)) + megabytes * _parsing_a_megabyte())
    signal.setitimer(signal.ITIMER_PROF, most)  # its signal ends this process
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


Case = tuple[str, Callable[[], str]]
"""A title, and a function that returns what went wrong, or nothing."""


def survive(module: str, *args: str, tries: int = 3) -> tuple[int, list[str]]:
    """Run ``python -m module *args FOLDER START``, which calls :func:`watch`, again after each death of the process.

    Returns how many cases there are, and what went wrong, a death too. A case takes too long if it does so in each of
    its *tries*: whatever else the machine does can only make it slower.
    """
    start, tried, problems = 0, 0, []
    with tempfile.TemporaryDirectory() as folder:
        while True:
            # watch() ends what hangs, one case at a time: there are thousands, and each takes longer on a slow machine.
            done = run_apart(module, *args, folder, str(start), folder=Path(folder), seconds=None)
            problems += done.stdout.splitlines()
            number, title = json.loads((Path(folder) / "reached").read_text())
            if not done.returncode:
                return number + 1, problems
            if number < start:
                raise RuntimeError(done.stderr)
            tried = tried + 1 if number == start else 1
            start = number
            if done.returncode == -signal.SIGPROF and tried < tries:
                continue
            why = "it takes too long" if done.returncode == -signal.SIGPROF else "it ends the process"
            problems.append(f"{title}: {why} ({done.returncode}) {done.stderr[-200:]}")
            start, tried = number + 1, 0


def watch(cases: Iterable[Case], folder: Path, start: int) -> None:
    """Run the cases from number *start* on, and print what goes wrong; one that hangs ends this process."""
    for number, (title, check) in enumerate(cases):
        if number < start:
            continue
        (folder / "reached").write_text(json.dumps([number, title]))
        faulthandler.dump_traceback_later(LONG_PATIENCE, exit=True)
        try:
            problem = check()
        except BaseException as error:  # noqa: BLE001  # that is what must not be
            problem = f"it ends in {error!r}"
        faulthandler.cancel_dump_traceback_later()
        if problem:
            print(f"{title}: {problem[:200]!r}", flush=True)  # noqa: T201  # read by survive()
