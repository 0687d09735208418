"""Draws how long one cassette takes to replay, by its size: ours and the peers'."""

from __future__ import annotations

import json
import re
import statistics
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt  # after the choice of what draws

LINES = {
    "pytest-hubfiles": ("#d9480f", "o"),
    "cassetter": ("#495057", "s"),
    "recording": ("#1971c2", "^"),
}
NAMES = {"recording": "pytest-recording (vcrpy)"}


def points(figures: list[dict[str, object]]) -> dict[str, dict[int, float]]:
    """Return the seconds by size of each that replays."""
    found: dict[str, dict[int, float]] = {name: {} for name in LINES}
    for figure in figures:
        size = re.fullmatch(r"replay of ([0-9,]+)", str(figure["what"]))
        if size is None:
            continue
        number = int(size[1].replace(",", ""))
        for name, key in (("pytest-hubfiles", "ours"), (str(figure["against"]), "theirs")):
            values = figure[key]
            assert isinstance(values, list)
            if values:
                found[name][number] = statistics.median(values) / 1000
    return found


def draw(source: Path, target: Path) -> None:
    """Draw *target* from the results in *source*."""
    mpl.rcParams.update({"svg.hashsalt": "hubfiles", "font.size": 10, "axes.spines.top": False})
    mpl.rcParams["axes.spines.right"] = False
    figure, axes = plt.subplots(figsize=(6.4, 3.6))
    for name, by_size in points(json.loads(source.read_text(encoding="utf-8"))["figures"]).items():
        sizes = sorted(by_size)
        colour, mark = LINES[name]
        axes.plot(sizes, [by_size[s] for s in sizes], color=colour, marker=mark, label=NAMES.get(name, name))
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("exchanges in one cassette, all replayed in one test")
    axes.set_ylabel("CPU seconds of the process")
    axes.grid(color="#dee2e6", linewidth=0.6)
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(target, metadata={"Date": None})


if __name__ == "__main__":
    draw(Path(sys.argv[1]), Path(sys.argv[2]))
