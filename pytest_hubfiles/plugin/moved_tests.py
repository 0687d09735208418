"""Finds the cassettes of tests that were renamed or moved."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from pytest_hubfiles import cassettes
from pytest_hubfiles.plugin.cassette_names import path_of
from pytest_hubfiles.plugin.kept_tests import named_in_markers, naming, once
from pytest_hubfiles.plugin.marker import marker_arguments
from pytest_hubfiles.plugin.run_settings import Run
from pytest_hubfiles.plugin.settings_of_test import version_of
from pytest_hubfiles.report import moves
from pytest_hubfiles.visible import seen_from

if TYPE_CHECKING:
    from pytest_hubfiles.run.one_test import TestRun

_MOST_COMPARED: Final = 200
_MOST_READ: Final = 20
_MOST_NAMED: Final = 3


def note(item: pytest.Item, run: Run, test_run: TestRun) -> None:
    """Note which cassettes may be that of the test *item*, which has none and was renamed or moved.

    Those may which have an answer to what it asked, and whose own test is nowhere; of several, those that are called
    most alike.
    """
    request, cassette = test_run.recorder.stored.missed, test_run.recorder.cassette
    if request is None or test_run.shared or cassette.exists():
        return
    found = []
    for path in _orphans(run, item, test_run):
        try:
            recorded = cassettes.read(path, run.limits)
        except cassettes.CassetteUnreadableError:
            continue
        if any(interaction.match_key == request.match_key for interaction in recorded):
            found.append(run.shown(path))
    test_run.orphans = moves.closest(test_run.shown, found)


def advice(item: pytest.Item, run: Run, test_run: TestRun) -> list[str]:
    """Return as lines what to do with the cassettes that may be that of the test *item*."""
    olds, new = test_run.orphans, test_run.shown
    if not olds:
        return []
    if len(olds) > 1:
        first = "Cassettes whose tests are gone answer this request. If the test was renamed or moved, one is its own:"
        return [first, *(f"  {_quoted(run, old)}" for old in olds[:_MOST_NAMED]), f"Move that to {_quoted(run, new)}."]
    if moves.is_certain(olds[0], new, _without_cassette(run, item, test_run.siblings)):
        first = "A cassette whose test is gone answers this request. If the test was renamed or moved, take it along:"
        root = run.config.rootpath
        named = naming(item, run, root / olds[0], root / new, test_run.siblings.name)
        return [first, f"    {_moving(run, olds[0], new)}", *named]
    return [
        "A cassette whose test is gone answers this request, and may be this test's or that of another without any:",
        f"  {_quoted(run, olds[0])}",
        "Once all of them have run, the end of the output says what to move where.",
    ]


def advice_of_all(run: Run) -> list[str]:
    """Return as lines which cassettes to take along with all tests of the run that were renamed or moved."""
    certain, left = moves.paired({record.cassette: record.orphans for record in run.report.records if record.orphans})
    lines = []
    if certain:
        lines.append("To take along the cassettes of tests that were renamed or moved:")
        lines += [f"    {_moving(run, old, new)}" for old, new in certain]
    return lines + _open(left, run)


def _open(left: dict[str, list[str]], run: Run) -> list[str]:
    """Return what is said of cassettes that may belong to one test or to another."""
    if not left:
        return []
    by_olds: dict[tuple[str, ...], list[str]] = {}
    for new, olds in left.items():
        by_olds.setdefault(tuple(sorted(olds)), []).append(new)
    lines = ["Tests that were renamed or moved ask the same, so that you have to say which cassette is whose:"]
    return lines + [f"  {_one_of(run, olds)} becomes {_one_of(run, news)}" for olds, news in by_olds.items()]


def _one_of(run: Run, names: Sequence[str]) -> str:
    more = [f"one of {len(names) - _MOST_NAMED} more"] if len(names) > _MOST_NAMED else []
    return " or ".join([*(_quoted(run, name) for name in names[:_MOST_NAMED]), *more])


def _orphans(run: Run, item: pytest.Item, test_run: TestRun) -> list[Path]:
    """Return the cassettes of the version whose tests are gone, those first that are called most alike."""
    from difflib import SequenceMatcher

    folder, new = test_run.siblings, test_run.shown
    found = once(run, f"orphans of {folder}", lambda: _all_orphans(run, item, folder))
    near = sorted(found, key=lambda path: moves.likeness(run.shown(path), new), reverse=True)[:_MOST_COMPARED]
    likeness = SequenceMatcher(b=new)

    def alike(path: Path) -> tuple[int, float]:
        likeness.set_seq1(run.shown(path))
        return moves.likeness(run.shown(path), new), likeness.ratio()

    return sorted(near, key=alike, reverse=True)[:_MOST_READ]


def _all_orphans(run: Run, item: pytest.Item, folder: Path) -> list[Path]:
    has_test, named = _tests_on_file(run, item, folder), named_in_markers(item, run)
    found = (path for path in cassettes.find(folder) if path.parent != folder and path not in named)
    return [path for path in found if not has_test(path)]


def _tests_on_file(run: Run, item: pytest.Item, folder: Path) -> Callable[[Path], bool]:
    """Return what says whether there is a test that a cassette in *folder* is called after.

    Whether one with these parameters is there is known of tests that were collected with all of theirs.
    """
    version = folder.name
    collected = {path_of(other, run.cassettes, version) for other in _of_version(run, item, version)}
    is_whole = not any("[" in arg for arg in run.config.args)
    functions = {_without_ids(path) for path in collected} if is_whole else set()

    @cache
    def source(file: Path) -> str | None:
        try:
            return file.with_name(f"{file.name}.py").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None

    def has_test(path: Path) -> bool:
        if path in collected:
            return True
        text = source(run.config.rootpath / path.parent.relative_to(folder))
        *classes, name = path.name.removesuffix(cassettes.SUFFIX).partition("[")[0].split(".")
        words = (*classes, name)
        is_defined = text is not None and all(re.search(rf"\b(?:def|class)\s+{re.escape(w)}\b", text) for w in words)
        return is_defined and _without_ids(path) not in functions

    return has_test


def _without_ids(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(cassettes.SUFFIX).partition("[")[0])


def _of_version(run: Run, item: pytest.Item, version: str) -> Iterator[pytest.Item]:
    """Yield the tests of this run, those left out too, that use the fixture in *version* and name no cassette."""
    for other in (*item.session.items, *run.deselected):
        if "hubfiles" not in getattr(other, "fixturenames", ()):
            continue
        its = version_of(other)
        markers = marker_arguments(other.iter_markers("hubfiles"))
        if any("cassette" in arguments for arguments in markers):
            continue
        if its == version or (its is None and version in run.get("version", markers)):
            yield other


def _without_cassette(run: Run, item: pytest.Item, folder: Path) -> list[str]:
    """Return what the missing cassettes of the version are called."""

    def found() -> list[str]:
        paths = (path_of(other, run.cassettes, folder.name) for other in _of_version(run, item, folder.name))
        return [run.shown(path) for path in paths if not path.exists()]

    return once(run, f"missing in {folder}", found)


def _quoted(run: Run, shown: str) -> str:
    return shlex.quote(seen_from(run.config.invocation_params.dir, run.config.rootpath / shown))


def _moving(run: Run, old: str, new: str) -> str:
    root = run.config.rootpath
    folder = (root / new).parent
    first = [] if folder.exists() else [f"mkdir -p {_quoted(run, str(folder))}"]
    aside, beside = (str(cassettes.candidate_path(Path(name))) for name in (old, new))
    moves = [
        f"{'git mv' if _is_in_git(root / this) else 'mv'} {_quoted(run, this)} {_quoted(run, that)}"
        for this, that in ((old, new), (aside, beside))
        if this == old or (root / this).exists()
    ]
    return " && ".join([*first, *moves])


def _is_in_git(path: Path) -> bool:
    """Return whether git knows the file, and so has to be told where it goes."""
    git = shutil.which("git")
    if git is None or not any((parent / ".git").exists() for parent in path.parents):
        return False
    command = [git, "-C", str(path.parent), "-c", "core.fsmonitor=false", "ls-files", "--", path.name]
    return bool(subprocess.run(command, capture_output=True, check=False).stdout)  # noqa: S603  # no shell
