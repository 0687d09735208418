"""R6: no two tests share a cassette on any file system untold, and nothing is read or written outside the root."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from helpers.answers import COMPLETE, interaction
from helpers.patience import PATIENCE

from faults.apart import run_apart
from faults.ledger import Outcome
from pytest_hubfiles import cassettes
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.record import StagedRecordings
from pytest_hubfiles.settings.values import RecordMode

ROOT: Final = Path("/project/cassettes")
_MADE: Final = [interaction("GET", "/files/v3/a", COMPLETE)]
NASTY: Final = (
    "../conftest.py", "..", ".", "", "/", "/etc/passwd", "//server/share", "C:x", "C:\\x", "..\\..\\x", "a/../../../x",
    "~/x", "nul", "NUL.txt", "con", "com1.yaml", "lpt¹", "a\x00b", "a\nb", "a:stream", "x" * 5000, "é" * 300, "\ud800",
    "test.candidate", "x.candidate.yaml", ".git/config", "$(touch x)", "-rf", "a.", "a ", "*?", "aux.h", "%2e%2e/x",
)  # fmt: skip
_LOOK_ALIKE: Final = "aAbBıIİiſsKkßẞÉéëﬁµμÅÅ한한0/\\:._-  []|*?<>\"'\x00\n%~"

Place = Callable[[str, str], Path]


def _safe(folder: str, name: str) -> Path:
    return cassettes.path_for(ROOT, "v3", folder, name)


def _marked(folder: str, name: str) -> Path:
    return cassettes.named_path(ROOT, "v3", f"{folder}/{name}")


def _plain(folder: str, name: str) -> Path:
    """Put a name into a path as it comes: the positive control."""
    return Path(os.path.normpath(f"{ROOT}/v3/{folder}/{name}.yaml"))


def _folded(path: Path) -> Iterator[str]:
    """Yield what file systems that fold case, compose or decompose, and drop dots and blanks make of *path*."""
    for form in ("NFC", "NFD", "NFKC"):
        text = unicodedata.normalize(form, path.as_posix())
        yield form + "/".join(part.rstrip(". ") for part in unicodedata.normalize(form, text.casefold()).split("/"))
        yield form + "/".join(part.rstrip(". ") for part in text.upper().split("/"))


def _escapes(path: Path) -> bool:
    return not Path(os.path.normpath(path)).is_relative_to(ROOT / "v3") or os.path.normpath(path) != str(path)


def _unfit(path: Path) -> bool:
    names = (*path.relative_to(ROOT).parts, cassettes.candidate_path(path).name) if not _escapes(path) else ()
    return any(
        len(name.encode("utf-8", "surrogatepass")) > 120
        or name.split(".")[0].rstrip(" ").lower() in {"con", "prn", "aux", "nul", "com1", "lpt1"}
        or not name.isprintable()
        for name in names
    )


def _is_told(one: Path, other: Path) -> bool:
    """Return whether a run that has both tests refuses them: their names differ, if at all, by case or unicode form."""
    return cassettes.folded(str(one)) == cassettes.folded(str(other))


def _variants(drawn: random.Random) -> Iterator[tuple[str, str]]:
    """Yield pairs of names that somebody could take for each other."""
    classes = ["", "TestA::", "Testa::", "TestA::TestB::"]
    while True:
        base = "".join(drawn.choice(_LOOK_ALIKE) for _ in range(drawn.randint(0, 12)))
        one = f"{drawn.choice(classes)}test_{base}[{drawn.choice(['', 'v3-', 'a-b'])}{base}]"
        made = drawn.randrange(9)
        other = (
            one.upper(), one.casefold(), unicodedata.normalize("NFD", one), unicodedata.normalize("NFC", one),
            one.replace("::", "/"), one.replace("[", "-").replace("]", ""), one + drawn.choice([".", " ", "\x00"]),
            _safe("t", one).stem, one[::-1],
        )[made]  # fmt: skip
        yield one, other


def _of_names(place: Place, pairs: int) -> tuple[int, list[str]]:
    """Hold so many pairs of names, and all nasty ones, against the model; return how many, and what went wrong."""
    drawn, problems = random.Random(6), []
    source = _variants(drawn)
    for _ in range(pairs):
        one, other = next(source)
        if one == other:
            other = one + "'"
        first, second = place("tests/test_x", one), place("tests/test_x", other)
        if set(_folded(first)) & set(_folded(second)) and not _is_told(first, second):
            problems.append(f"{one!r} and {other!r} share {first}")
        if place("tests/test_x", one) != first:
            problems.append(f"{one!r} is not stable")
        problems += [
            f"{name!r} lies in {path}"
            for name, path in ((one, first), (other, second))
            if _escapes(path) or _unfit(path)
        ]
    seen: dict[str, Path] = {}
    for name in NASTY:
        for folder in ("tests", name):
            path = place(folder, name)
            if _escapes(path) or _unfit(path):
                problems.append(f"{name[:40]!r} in {folder[:40]!r} lies in {str(path)[:100]}")
        path = place("tests", name)
        for key in set(_folded(path)):
            if seen.setdefault(key, path) != path and not _is_told(seen[key], path):
                problems.append(f"{name[:40]!r} shares {str(path)[:60]} with another")
    return pairs + 2 * len(NASTY), problems


# --- links, pipes and devices ---------------------------------------------------------------------------------


def _shapes(root: Path, outside: Path) -> Mapping[str, Callable[[Path], Any]]:
    """Return ways to make the cassette *path* something that leads elsewhere."""

    def folder_link(path: Path) -> None:
        path.parent.rmdir()
        path.parent.symlink_to(outside.parent)

    return {
        "a link to a file outside": lambda path: path.symlink_to(outside),
        "a link to nothing": lambda path: path.symlink_to(outside.with_name("new.yaml")),
        "a folder that is a link": folder_link,
        "a link to itself": lambda path: path.symlink_to(path),
        "a named pipe": os.mkfifo,
        "a link to a device": lambda path: path.symlink_to("/dev/zero"),
        "a link to a pipe outside": lambda path: (
            os.mkfifo(root.parent / "pipe"),
            path.symlink_to(root.parent / "pipe"),
        ),
        "a folder": lambda path: path.mkdir(),
    }


def _uses(root: Path, path: Path) -> Mapping[str, Callable[[], Any]]:
    """Return what the plugin does with the cassette *path*."""
    limits = cassettes.Limits(root=root)

    def record(mode: RecordMode, shared: bool) -> None:
        staged = StagedRecordings(path, "r06", mode, shared, limits)
        staged.begin("test_a")
        staged.promote("test_a", 0, _MADE)

    def keep() -> None:
        StagedRecordings(path, "r06-keep", RecordMode.REWRITE, False, limits).keep("test_a", 0, _MADE, ["an outage"])

    return {
        "read": lambda: cassettes.read(path, limits),
        "read without a root": lambda: cassettes.read(path),
        "write": lambda: cassettes.save(path, _MADE, limits),
        **{
            f"{mode.value}{' shared' if shared else ''}": lambda mode=mode, shared=shared: record(mode, shared)
            for mode in (RecordMode.ONCE, RecordMode.NEW_EPISODES, RecordMode.ALL, RecordMode.REWRITE)
            for shared in (False, True)
        },
        "keep": keep,
    }


def _try(folder: Path, shape: str, use: str) -> str:
    """Use a cassette of a shape; return what went wrong, or nothing."""
    root, outside = folder / "cassettes", folder / "outside" / "test_y.yaml"
    path = root / "v3" / "test_y.yaml"
    path.parent.mkdir(parents=True)
    outside.parent.mkdir()
    outside.write_bytes(cassettes.dump(_MADE))
    before = {file.name: file.stat().st_mtime_ns for file in outside.parent.iterdir()}
    _shapes(root, outside)[shape](path)
    try:
        found = _uses(root, path)[use]()
        is_refused = False
    except HubfilesError:
        found, is_refused = None, True
    after = {file.name: file.stat().st_mtime_ns for file in outside.parent.iterdir()}
    if after != before:
        return "it wrote outside"
    if found:
        return "" if use == "read without a root" and shape == "a folder that is a link" else "it read outside"
    return "" if is_refused or use == "keep" else "it was not refused"


def _links(folder: Path) -> tuple[int, list[str]]:
    shapes = list(_shapes(folder, folder))
    injected, problems = 0, []
    for shape in shapes:
        done = None
        try:
            done = run_apart(__name__, shape, seconds=PATIENCE, folder=folder)
        except subprocess.TimeoutExpired:
            problems.append(f"{shape}: it hangs")
            continue
        if done.returncode:
            problems.append(f"{shape}: {done.stderr[-300:]}")
            continue
        results = json.loads(done.stdout)
        injected += len(results)
        problems += [f"{shape}, {use}: {problem}" for use, problem in results.items() if problem]
    return injected, problems


def run(bounded: bool) -> Outcome:
    """Hold names against the model, and put links where cassettes are looked for."""
    injected, problems = _of_names(_safe, 1_000 if bounded else 10_000)
    more, marked = _of_names(_marked, 0)
    _, control = _of_names(_plain, 200)
    with tempfile.TemporaryDirectory() as folder:
        links, followed = _links(Path(folder))
    title = "names are unique or refused, and stay inside the root, through no link"
    failures = (*problems, *(p for p in marked if "share" not in p), *followed)  # of markers, / and .yaml mean little
    return Outcome("R6", title, injected + more + links, "escaped", bool(control), failures)


def _main(shape: str) -> None:
    results = {}
    for use in _uses(Path(), Path("x")):
        with tempfile.TemporaryDirectory() as folder:
            results[use] = _try(Path(folder), shape, use)
    print(json.dumps(results))  # noqa: T201  # read by _links()


if __name__ == "__main__":
    _main(sys.argv[1])
