"""Measures what the plugin costs, prints the ratios beside what is promised, and draws how it grows."""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from benchmarks import suites
from benchmarks.processes import ROOT, Cost, Process, python_of, run
from benchmarks.promises import FIGURES, Costs, Figure, Result

RESULTS = ROOT / "benchmarks" / "results.json"
PLOT = ROOT / "benchmarks" / "growth.svg"


@contextmanager
def _server() -> Iterator[str]:
    command = [str(python_of("ours")), "-m", "benchmarks.server"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.communicate()


def measure(figures: Sequence[Figure], rounds: int) -> Costs:
    """Run all that *figures* need, *rounds* times and in turns: what disturbs a round disturbs all of it."""
    processes = list(dict.fromkeys(process for figure in figures for process in figure.processes))
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
                run(process, folder, server)
        for number in range(rounds):
            for process in processes:
                if number == 0 or process.repeats:
                    sys.stderr.isatty() and sys.stderr.write(f"\rround {number + 1} of {rounds}: {process.folder:<40}")
                    sys.stderr.flush()
                    costs[process].append(run(process, folder, server))
    sys.stderr.write("\r" + " " * 72 + "\r")
    return {process: found * rounds if not process.repeats else found for process, found in costs.items()}


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 1_000 else f"{value:.3g}"


def table(results: Sequence[Result]) -> Iterator[str]:
    """Yield the lines of the table: medians, the ratio with its spread over the rounds, and the promise."""
    yield f"{'':4} {'':52} {'ours':>9} {'peer':>9}    {'ratio':>6} {'spread':>15}  {'promise':>8}  against"
    for result in results:
        figure = result.figure
        ours, theirs = (_shown(statistics.median(side)) if side else "" for side in (result.ours, result.theirs))
        spread = f"{min(result.ratios):.3f} – {max(result.ratios):.3f}"
        promise = "" if figure.limit is None else f"≤ {figure.limit:g}"
        kept = {True: " ", False: "✗", None: " "}[result.kept]
        against = f"{figure.peer or 'itself'} ({figure.ours.unit})"
        yield (
            f"{figure.promise:4} {figure.what:52} {ours:>9} {theirs:>9}  {kept} {result.ratio:6.3f} "
            f"{spread:>15}  {promise:>8}  {against}"
        )


def _as_json(results: Sequence[Result], rounds: int) -> str:
    document = {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "versions": {
            name: version(name) for name in ("pytest", "vcrpy", "jsonschema", "deepdiff", "requests", "httpx")
        },
        "rounds": rounds,
        "figures": [
            {
                "promise": result.figure.promise,
                "what": result.figure.what,
                "against": result.figure.peer,
                "unit": result.figure.ours.unit,
                "ours": [round(value, 4) for value in result.ours],
                "theirs": [round(value, 4) for value in result.theirs],
                "ratio": round(result.ratio, 4),
                "limit": result.figure.limit,
                "kept": result.kept,
            }
            for result in results
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    """Measure; return 1 if a promise is not kept."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("promises", nargs="*", metavar="P", help="measure these alone: P3 P7")
    parser.add_argument("--rounds", type=int, default=5, help="how often; default 5")
    parser.add_argument("--quick", action="store_true", help="one round, for a first look")
    parser.add_argument("--save", action="store_true", help=f"write {RESULTS.name} and {PLOT.name}")
    options = parser.parse_args()
    rounds = 1 if options.quick else options.rounds
    figures = [figure for figure in FIGURES if not options.promises or figure.promise in options.promises]
    if not figures:
        parser.error(f"there are {', '.join(dict.fromkeys(figure.promise for figure in FIGURES))}")
    costs = measure(figures, rounds)
    results = [figure.result(costs) for figure in figures]
    for line in table(results):
        print(line)
    if options.save:
        RESULTS.write_text(_as_json(results, rounds), encoding="utf-8")
        subprocess.run([str(python_of("plot")), "-m", "benchmarks.plot", RESULTS, PLOT], cwd=ROOT, check=True)
    return int(any(result.kept is False for result in results))


if __name__ == "__main__":
    sys.exit(main())
