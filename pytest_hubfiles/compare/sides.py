"""One side of a comparison: a cassette, a folder of cassettes, or what git has of either."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from pytest_hubfiles import cassettes
from pytest_hubfiles.cassettes import USUAL, Limits, file_findings
from pytest_hubfiles.compare.comparison import Pair
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.model.exchange import Exchange, Interaction
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.secrets import NOTHING_MORE, Additions
from pytest_hubfiles.visible import shown, visible

_REGULAR_FILE: Final = "100"  # git's modes of regular files begin so; 120000 is a link, 160000 a submodule


class RecordingsNotFoundError(HubfilesError):
    """A side of a comparison is not there; ``display_name`` and ``reason`` say which and why."""

    def __init__(self, display_name: str, reason: str) -> None:
        self.display_name, self.reason = display_name, reason
        super().__init__(f"{display_name}: {reason}")


@dataclass(frozen=True, slots=True)
class Recordings:
    """The cassettes of one side, by their path below it; the path of a single file is empty.

    ``name`` is the display name of the side. A cassette is read when its reader is called, which may raise
    :class:`~pytest_hubfiles.cassettes.CassetteUnreadableError`. ``files`` are those that are files, not git's.
    """

    name: str
    readers: Mapping[str, Callable[[], list[Interaction]]]
    is_folder: bool
    additions: Additions = NOTHING_MORE
    files: Mapping[str, Path] = field(default_factory=dict)

    def called(self, name: str) -> str:
        """Return the display name of the cassette *name* of this side."""
        return f"{self.name.rstrip('/')}/{name}" if name else self.name

    def exchanges(self, name: str, identify: Callable[[Interaction], Exchange]) -> list[Exchange]:
        """Read the cassette *name*, without credentials; return nothing if this side does not have it.

        Raises:
            CassetteUnreadableError: if it cannot be read.
        """
        if name not in self.readers:
            return []
        clean, _ = file_findings.scrubbed(self.readers[name](), self.additions)
        return [identify(interaction) for interaction in clean]


def pair(
    old: Recordings, new: Recordings, name: str, identify: Callable[[Interaction], Exchange]
) -> tuple[Pair, list[Finding]]:
    """Read the cassette *name* of two sides; one that cannot be read counts as empty, and is a finding."""
    sides: list[list[Exchange]] = []
    complaints: list[Finding] = []
    for side in (old, new):
        try:
            sides.append(side.exchanges(name, identify))
        except cassettes.CassetteUnreadableError as error:
            advice = "It was not compared. Restore it, or record it again."
            complaints.append(file_findings.unreadable(error, side.called(name), advice))
            sides.append([])
    return (sides[0], sides[1]), complaints


def pairs(
    old: Recordings,
    new: Recordings,
    identify: Callable[[Interaction], Exchange],
    each: Callable[[Sequence[str]], Iterable[str]] = iter,
) -> tuple[list[Pair], list[Finding]]:
    """Read all cassettes of two sides, paired by name; a cassette that cannot be read is a finding.

    *each* goes through their names.
    """
    read = [pair(old, new, name, identify) for name in each(sorted(old.readers.keys() | new.readers.keys()))]
    return [found for found, _ in read], [complaint for _, complaints in read for complaint in complaints]


def in_folder(
    folder: Path, display_name: str, limits: Limits = USUAL, additions: Additions = NOTHING_MORE
) -> Recordings:
    """Return the cassettes in *folder*, none if there is no such folder; candidates are left out.

    A folder that is closed is a cassette that cannot be read. *additions* are scrubbed from what is read, too.
    """
    closed: list[OSError] = []
    found = cassettes.find(folder, closed.append)
    found += [Path(error.filename) for error in closed if not isinstance(error, FileNotFoundError)]
    files = {shown(file.relative_to(folder)): file for file in found}
    readers = {name: partial(cassettes.read, file, limits) for name, file in files.items()}
    return Recordings(display_name, readers, is_folder=True, additions=additions, files=files)


def of_path(path: Path, limits: Limits = USUAL, additions: Additions = NOTHING_MORE) -> Recordings:
    """Return the cassette *path*, or those in the folder *path*; candidates are left out.

    *additions* are scrubbed from what is read, too.

    Raises:
        RecordingsNotFoundError: if *path* does not exist, or is a folder without cassettes.
    """
    display_name = shown(path)
    if not os.path.exists(path):  # noqa: PTH110  # Path.exists raises if a name is too long, or a folder closed
        raise RecordingsNotFoundError(display_name, "there is no such file or folder")
    if not path.is_dir():
        return Recordings(display_name, {"": partial(cassettes.read, path, limits)}, False, additions, {"": path})
    return _filled(in_folder(path, display_name, limits, additions))


def of_revision(revision: str, path: Path, limits: Limits = USUAL, additions: Additions = NOTHING_MORE) -> Recordings:
    """Return what the git *revision* has under *path*, a cassette or a folder of them; *additions* as for `of_path`.

    Raises:
        RecordingsNotFoundError: if git is missing, *path* is in no repository, or the revision is unknown or
            has no cassette there.
    """
    display_name = visible(f"{revision}:{path.as_posix()}")
    folder = next(parent for parent in (path.absolute(), *path.absolute().parents) if parent.is_dir())
    top = _top(display_name, folder.resolve())
    git = partial(_git, display_name, top)
    commit = _commit(git, display_name, revision)
    below = (folder.resolve() / path.absolute().relative_to(folder)).relative_to(top).as_posix()
    listed = git("ls-tree", "-r", "-z", "--full-tree", commit, "--", *([] if below == "." else [below]))
    blobs: dict[str, str] = {}
    for entry in listed.decode("utf-8", "surrogateescape").split("\0"):
        facts, _, name = entry.partition("\t")
        if facts.startswith(_REGULAR_FILE) and name.endswith(cassettes.SUFFIX):
            blobs[name] = facts.split()[2]
    readers = {
        ("" if name == below else name.removeprefix(f"{below}/")): partial(
            _read_blob, git, blob, f"{revision}:{name}", limits
        )
        for name, blob in sorted(blobs.items())
        if name == below or not cassettes.is_candidate(name)
    }
    return _filled(Recordings(display_name, readers, below not in blobs, additions))


def _top(display_name: str, folder: Path) -> Path:
    """Return the top of the working tree that *folder* is in.

    It is looked for here: git itself takes any folder for a repository that has HEAD, objects and refs in it, with the
    commands that its config names; a pull request can bring such a folder of cassettes, and cannot bring a ``.git``.
    """
    _executable(display_name)
    for parent in (folder, *folder.parents):
        if os.path.lexists(parent / ".git"):
            _git(display_name, parent, "rev-parse", "--show-toplevel")  # which says what is wrong with it
            return parent
    raise RecordingsNotFoundError(display_name, "git says: not a git repository (or any of the parent directories)")


def _commit(git: Callable[..., bytes], display_name: str, revision: str) -> str:
    if not revision.startswith("-"):  # git would take it for an option; no revision has such a name
        with suppress(RecordingsNotFoundError):
            return git("rev-parse", "--quiet", "--verify", f"{revision}^{{commit}}").decode().strip()
    raise RecordingsNotFoundError(display_name, f"git knows no revision {revision!r}")


def _filled(recordings: Recordings) -> Recordings:
    if not recordings.readers:
        raise RecordingsNotFoundError(
            recordings.name, f"there is no cassette in it; one is called <name>{cassettes.SUFFIX}"
        )
    return recordings


def _read_blob(git: Callable[..., bytes], blob: str, display_name: str, limits: Limits) -> list[Interaction]:
    """Read a cassette from git, within the limits of any other file."""
    with tempfile.TemporaryDirectory(prefix="hubfiles-diff-") as folder:
        file = Path(folder) / f"cassette{cassettes.SUFFIX}"
        try:
            if int(git("cat-file", "-s", blob)) > limits.bytes:  # before all of it is in memory
                raise cassettes.CassetteUnreadableError(file, f"it is larger than {limits.setting} lets pass")
            file.write_bytes(git("cat-file", "blob", blob))
            return cassettes.read(file, limits)
        except cassettes.CassetteUnreadableError as error:
            raise cassettes.CassetteUnreadableError(Path(display_name), error.reason, error.line) from None


def _executable(display_name: str) -> str:
    git = shutil.which("git")
    if git is None:
        raise RecordingsNotFoundError(display_name, "git is not installed, or not on PATH")
    return git


def _git(display_name: str, folder: Path, *arguments: str) -> bytes:
    command = [_executable(display_name), "-C", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603  # no shell; arguments that could be options are checked
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
        raise RecordingsNotFoundError(display_name, f"git says: {said or f'exit status {done.returncode}'}")
    return done.stdout
