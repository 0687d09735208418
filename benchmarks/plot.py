"""Draws how long one cassette takes to replay, by its size, and of what a replayed test consists."""

from __future__ import annotations

import json
import re
import statistics
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt  # after the choice of what draws
from matplotlib.figure import Figure

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
    document = json.loads(source.read_text(encoding="utf-8"))
    figure = _growth(document) if "figures" in document else _parts(document)
    figure.tight_layout()
    figure.savefig(target, metadata={"Date": None})


def _growth(document: dict[str, Any]) -> Figure:
    figure, axes = plt.subplots(figsize=(6.4, 3.6))
    for name, by_size in points(document["figures"]).items():
        sizes = sorted(by_size)
        colour, mark = LINES[name]
        axes.plot(sizes, [by_size[s] for s in sizes], color=colour, marker=mark, label=NAMES.get(name, name))
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("exchanges in one cassette, all replayed in one test")
    axes.set_ylabel("CPU seconds of the process")
    axes.grid(color="#dee2e6", linewidth=0.6)
    axes.legend(frameon=False)
    return figure


SHADES = ("#ced4da", "#ffd8a8", "#ffa94d", "#f76707", "#d9480f", "#a61e4d", "#862e9c", "#868e96")


def _parts(document: dict[str, Any]) -> Figure:
    figure, axes = plt.subplots(figsize=(6.4, 3.4))
    clients = list(document)
    for row, client in enumerate(reversed(clients)):
        left = 0.0
        for (name, value), shade in zip(document[client]["parts"].items(), SHADES, strict=True):
            axes.barh(row, value, left=left, height=0.5, color=shade, label=name if row == 0 else None)
            left += value
        for name, value in document[client]["peers"].items():
            axes.plot([value, value], [row - 0.33, row + 0.33], color="#1971c2", linewidth=1.5)
            axes.annotate(name, (value, row + 0.36), ha="center", va="bottom", fontsize=8, color="#1971c2")
    axes.set_yticks(range(len(clients)), list(reversed(clients)))
    axes.set_ylim(-0.5, len(clients) - 0.4)
    axes.set_xlabel("million instructions of a test that replays one exchange")
    axes.legend(frameon=False, fontsize=8, ncols=3, loc="lower center", bbox_to_anchor=(0.45, 1.02))
    return figure


if __name__ == "__main__":
    draw(Path(sys.argv[1]), Path(sys.argv[2]))
