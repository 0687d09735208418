"""Measures what the plugin costs, prints the ratios beside what is promised, and draws how it grows."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks import parts, suites, tables
from benchmarks.processes import ROOT, Cost, Process, python_of, run
from benchmarks.promises import COUNTED, FIGURES, Costs

RESULTS = ROOT / "benchmarks" / "results.json"
INSTRUCTIONS = ROOT / "benchmarks" / "instructions.json"
PLOT = ROOT / "docs" / "images" / "growth.svg"
PARTS = ROOT / "benchmarks" / "parts.json"
PARTS_PLOT = ROOT / "docs" / "images" / "parts.svg"
PAGE = ROOT / "docs" / "explanation" / "performance.md"


@contextmanager
def _server() -> Iterator[str]:
    command = [str(python_of("ours")), "-m", "benchmarks.server"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.communicate()


def measure(processes: Sequence[Process], rounds: int) -> Costs:
    """Run all *processes*, *rounds* times and in turns: what disturbs a round disturbs all of it."""
    costs: dict[Process, list[Cost]] = {process: [] for process in processes}
    with tempfile.TemporaryDirectory() as name, _server() as server:
        folder = Path(name)
        # Not in this process: Linux tells of a child no peak below the one that its parent has had.
        with ProcessPoolExecutor(1) as writer:
            wanted = {process.folder: process for process in processes if process.suite}
            for process in wanted.values():
                writer.submit(suites.write, folder / process.folder, *process.suite, process.environment).result()
        for process in processes:  # compiles what it imports
            if process.suite and (process.suite[1] == 1 or process.counted):
                run(replace(process, counted=False), folder, server)
        counted = [process for process in processes if process.counted]
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # nothing disturbs a count, another one neither
            for process, cost in zip(counted, pool.map(lambda p: run(p, folder, server), counted), strict=True):
                costs[process].append(cost)
        for number in range(rounds):
            for process in processes:
                if not process.counted and (number == 0 or process.repeats):
                    sys.stderr.isatty() and sys.stderr.write(f"\rround {number + 1} of {rounds}: {process.folder:<40}")
                    sys.stderr.flush()
                    costs[process].append(run(process, folder, server))
    sys.stderr.write("\r" + " " * 72 + "\r")
    return {process: found * rounds if not process.repeats else found for process, found in costs.items()}


def main() -> int:
    """Measure; return 1 if a promise is not kept."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("promises", nargs="*", metavar="P", help="measure these alone: P3 P7")
    parser.add_argument("--rounds", type=int, default=5, help="how often; default 5")
    parser.add_argument("--quick", action="store_true", help="one round, for a first look")
    parser.add_argument(
        "--instructions", action="store_true", help="count instructions with valgrind, of what takes a millisecond"
    )
    parser.add_argument("--parts", action="store_true", help="count of what a replayed test consists, with valgrind")
    parser.add_argument(
        "--no-slower",
        action="store_true",
        help=f"count instructions, and fail where a ratio is a twentieth above that of {INSTRUCTIONS.name}",
    )
    parser.add_argument(
        "--save", action="store_true", help=f"write the figures to {RESULTS.name}, {PLOT.name} and {PAGE.name}"
    )
    options = parser.parse_args()
    options.instructions = options.instructions or options.no_slower
    if (options.instructions or options.parts) and shutil.which("valgrind") is None:
        parser.error("counting needs valgrind, which is not installed")
    if options.save and options.promises:
        parser.error("--save keeps whole tables; leave the promises out")
    if options.parts:
        return _parts(options.save)
    rounds = 1 if options.quick or options.instructions else options.rounds
    known = COUNTED if options.instructions else FIGURES
    figures = [figure for figure in known if not options.promises or figure.promise in options.promises]
    if not figures:
        parser.error(f"there are {', '.join(dict.fromkeys(figure.promise for figure in known))}")
    costs = measure(list(dict.fromkeys(process for figure in figures for process in figure.processes)), rounds)
    results = [figure.result(costs) for figure in figures]
    for line in tables.lines(results):
        print(line)
    if options.no_slower:
        slower = list(tables.slower(results, json.loads(INSTRUCTIONS.read_text(encoding="utf-8"))))
        print("\n".join(slower) or "no ratio is a twentieth above the one that is kept")
        return int(bool(slower))
    if options.save:
        _save(INSTRUCTIONS if options.instructions else RESULTS, tables.as_json(results, rounds))
    return int(any(result.kept is False for result in results))


def _parts(save: bool) -> int:
    document = parts.as_json(measure(parts.PROCESSES, 1))
    print("\n".join(parts.lines(document)))
    if save:
        PARTS.write_text(document, encoding="utf-8")
        _draw(PARTS, PARTS_PLOT)
    return 0


def _draw(source: Path, target: Path) -> None:
    subprocess.run([str(python_of("plot")), "-m", "benchmarks.plot", source, target], cwd=ROOT, check=True)


def _save(path: Path, document: str) -> None:
    path.write_text(document, encoding="utf-8")
    page = tables.shown_in(PAGE.read_text(encoding="utf-8"), path.stem, tables.markdown(json.loads(document)))
    PAGE.write_text(page, encoding="utf-8")
    if path == RESULTS:
        _draw(RESULTS, PLOT)


if __name__ == "__main__":
    sys.exit(main())
