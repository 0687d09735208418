"""Finds the cassette of a test that was renamed or moved."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pytest_hubfiles import cassettes
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.visible import seen_from

_MOST_READ: Final = 20


def advice(
    root: Path, version: str, cassette: Path, request: Interaction, limits: cassettes.Limits, *, here: Path
) -> str:
    """Return what to do where *cassette* is missing and its test was renamed or moved; nothing where none fits.

    That one fits which lies in the same folder or has the same name, has an answer to *request*, and whose own test is
    nowhere in its file. *root* is pytest's rootdir, *here* where the run was started.
    """
    folder = limits.root / version if limits.root is not None else cassette.parent
    for old in _orphans(root, folder, cassette):
        try:
            found = cassettes.read(old, limits)
        except cassettes.CassetteUnreadableError:
            continue
        if any(interaction.match_key == request.match_key for interaction in found):
            return _moving(root, old, cassette, here)
    return ""


def _orphans(root: Path, folder: Path, cassette: Path) -> Iterator[Path]:
    """Yield the cassettes whose tests are gone and that are near *cassette*, those first whose names are most alike."""
    from difflib import SequenceMatcher

    found = (path for path in cassettes.find(folder) if path.parent != folder)  # there lie those that markers name
    near = [path for path in found if path.parent == cassette.parent or path.name == cassette.name]
    likeness = SequenceMatcher(b=str(cassette))

    def alike(path: Path) -> float:
        likeness.set_seq1(str(path))
        return likeness.ratio()

    for path in sorted(near, key=alike, reverse=True)[:_MOST_READ]:
        if not _has_test(root / path.parent.relative_to(folder), path):
            yield path


def _has_test(file: Path, cassette: Path) -> bool:
    """Return whether the test file, whose name lacks its suffix, has a test that *cassette* is called after."""
    try:
        source = file.with_name(f"{file.name}.py").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    *classes, name = cassette.name.removesuffix(cassettes.SUFFIX).partition("[")[0].split(".")
    return all(re.search(rf"\b(?:def|class)\s+{re.escape(word)}\b", source) for word in (*classes, name))


def _moving(root: Path, old: Path, new: Path, here: Path) -> str:
    old_name, new_name, folder = (shlex.quote(seen_from(here, path)) for path in (old, new, new.parent))
    move = "git mv" if any((parent / ".git").exists() for parent in (root, *root.parents)) else "mv"
    first = "" if new.parent.exists() else f"mkdir -p {folder} && "
    return (
        "A cassette whose test is gone answers this request. If the test was renamed or moved, take it along:\n"
        f"  {first}{move} {old_name} {new_name}\n"
    )
