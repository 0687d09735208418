"""Checks and compares corpora of growing size: what the time and the memory do, with one process and with more.

``make scale`` runs it; it takes minutes, since the largest corpus has 100,000 exchanges in 500 cassettes.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks import corpus

SIZES = ((10_000, 50), (100_000, 500))
WORKERS = os.cpu_count() or 1


@dataclass(frozen=True)
class Cost:
    """What a command took: seconds on the clock and of the processors, and the largest process in MB."""

    clock: float
    processors: float
    megabytes: float


def commands(old: Path, new: Path) -> dict[str, list[str]]:
    """Return what is measured, by what it is called."""
    module = [sys.executable, "-m"]
    check = [*module, "pytest", "-q", "-p", "no:cacheprovider", "--hubfiles-check", str(old), "--tb=no"]
    return {
        "hubfiles check": [*module, "pytest_hubfiles", "check", str(old)],
        "pytest --hubfiles-check": check,
        f"pytest --hubfiles-check -n {WORKERS}": [*check, "-n", str(WORKERS)],
        "hubfiles diff": [*module, "pytest_hubfiles", "diff", str(old), str(new)],
    }


def measure(command: list[str], folder: Path) -> Cost:
    """Run *command* in *folder*; what it prints is thrown away.

    Raises:
        subprocess.CalledProcessError: if it fails.
    """
    started = time.monotonic()
    child = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)
    return Cost(time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def table(costs: dict[str, list[Cost]], sizes: list[int]) -> Iterator[str]:
    """Yield the lines of the table, in Markdown: of each command, a row per size, with the power by which it grows."""
    yield "| command | exchanges | clock | processors | largest process | power of the size |"
    yield "|---|---|---|---|---|---|"
    for name, found in costs.items():
        for number, (size, cost) in enumerate(zip(sizes, found, strict=True)):
            power = ""
            if number:
                power = f"{math.log(cost.processors / found[0].processors) / math.log(size / sizes[0]):.2f}"
            took = f"{cost.clock:.0f} s | {cost.processors:.0f} s | {cost.megabytes:.0f} MB"
            yield f"| `{name}` | {size:,} | {took} | {power} |"


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.scale", description=__doc__)
    parser.add_argument("--tenth", action="store_true", help="corpora of a tenth of the size, for a first look")
    parts = 10 if parser.parse_args().tenth else 1
    costs: dict[str, list[Cost]] = {}
    with tempfile.TemporaryDirectory() as name:
        for exchanges, files in SIZES:
            old, new = (Path(name) / f"{side}-{exchanges}" for side in ("old", "new"))
            for folder in (old, new):
                corpus.write(folder, exchanges // parts, files // parts)
            for title, command in commands(old, new).items():
                costs.setdefault(title, []).append(measure(command, Path(name)))
    print("\n".join(table(costs, [exchanges // parts for exchanges, _ in SIZES])))


if __name__ == "__main__":
    main()
