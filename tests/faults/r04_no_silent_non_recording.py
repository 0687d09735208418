"""R4: a run that was to record and did not is red, and says what is not recorded and why."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from unittest import mock

from helpers.downstream import TEST_IMPORT, constant_server, interaction

from faults.ledger import Outcome
from faults.projects import Project, Ran, project
from pytest_hubfiles import cassettes

_ELSEWHERE: Final = interaction("GET", "/files/2026-03/files/import-from-url/async/tasks/other/status", 404, {})
_MODES: Final = ("once", "rewrite", "all", "new_episodes")


@dataclass(frozen=True)
class _Case:
    """A project in which a recording is to be made, and how to ask for it."""

    suite: Project
    live: tuple[str, ...]

    def record(self, *more: str) -> Ran:
        """Record in this process."""
        return self.suite.run(*self.live, *more)


# --- what is in the way ------------------------------------------------------------------------------------


def _root_is_a_file(case: _Case) -> Ran:
    return case.record(f"--hubfiles-cassettes={case.suite.path / 'pytest.ini'}")


def _root_cannot_be_made(case: _Case) -> Ran:
    return case.record("--hubfiles-cassettes=/proc/hubfiles")


def _root_leads_nowhere(case: _Case) -> Ran:
    link = case.suite.path / "elsewhere"
    link.symlink_to("/proc/hubfiles/nowhere")
    return case.record(f"--hubfiles-cassettes={link}")


def _cassette_is_a_folder(case: _Case) -> Ran:
    path = case.suite.cassette("test_import")
    path.unlink(missing_ok=True)
    path.mkdir(parents=True)
    return case.record()


def _candidate_is_a_folder(case: _Case) -> Ran:
    cassettes.candidate_path(case.suite.cassette("test_import")).mkdir(parents=True)
    return case.record()


def _no_temporary_folder(case: _Case) -> Ran:
    with mock.patch.object(tempfile, "tempdir", "/proc"):
        return case.record("-s")  # pytest needs one for what tests print


def _file_size_limit(case: _Case) -> Ran:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))

    return case.suite.run_apart(*case.live, preexec_fn=limit)


def _refused(name: str, number: int, once: bool = False) -> Callable[[_Case], Ran]:
    """Have a system call fail wherever the plugin makes it for a file of its own."""

    def call(case: _Case) -> Ran:
        with _refusing(name, number, once):
            return case.record()

    return call


@contextlib.contextmanager
def _refusing(name: str, number: int, once: bool) -> Iterator[None]:
    owner: Any = Path if hasattr(Path, name) and name != "open" else os
    real = getattr(owner, name)
    refusals = 0

    def refuse(*args: Any, **kwargs: Any) -> Any:
        nonlocal refusals
        creates = name != "open" or (args[1] & os.O_CREAT and not str(args[0]).endswith(".lock"))
        if not creates or (once and refusals):
            return real(*args, **kwargs)
        refusals += 1
        raise OSError(number, os.strerror(number), str(args[0]))

    with mock.patch.object(owner, name, refuse):
        yield


_FAULTS: Final[dict[str, Callable[[_Case], Ran]]] = {
    "the root is a file": _root_is_a_file,
    "the root cannot be made": _root_cannot_be_made,
    "the root leads nowhere": _root_leads_nowhere,
    "the cassette is a folder": _cassette_is_a_folder,
    "the candidate is a folder": _candidate_is_a_folder,
    "there is no temporary folder": _no_temporary_folder,
    "files must be small": _file_size_limit,
    "open is refused": _refused("open", errno.EACCES),
    "the file system is read-only": _refused("open", errno.EROFS),
    "the disk is full": _refused("open", errno.ENOSPC),
    "too many files are open": _refused("open", errno.EMFILE),
    "open is refused once": _refused("open", errno.EIO, once=True),
    "nothing can be synced": _refused("fsync", errno.EIO),
    "syncing fails once": _refused("fsync", errno.ENOSPC, once=True),
    "nothing can be renamed": _refused("replace", errno.EACCES),
    "no folder can be made": _refused("mkdir", errno.EROFS),
}
_BOUNDED: Final = (
    "the root is a file", "the root cannot be made", "the cassette is a folder", "files must be small",
    "the disk is full", "syncing fails once", "nothing can be renamed",
)  # fmt: skip


def run(bounded: bool) -> Outcome:
    """Ask for a recording in each mode while something is in the way of it."""
    faults = {name: fault for name, fault in _FAULTS.items() if not bounded or name in _BOUNDED}
    failures: list[str] = []
    count = 0
    with constant_server() as url:
        for mode in _MODES[1:2] if bounded else _MODES:
            for name, fault in faults.items():
                count += 1
                failures += [f"{name}, {mode}: {what}" for what in _cost(url, mode, fault)]
        with contextlib.ExitStack() as swallowed:
            for name in ("save", "write"):
                swallowed.enter_context(mock.patch.object(cassettes, name, _swallowing(getattr(cassettes, name))))
            control = _cost(url, "rewrite", _FAULTS["the disk is full"])
    return Outcome(
        "R4", "what is not recorded is reported", count, "green and not saved", bool(control), tuple(failures)
    )


def _cost(url: str, mode: str, fault: Callable[[_Case], Ran]) -> list[str]:
    with project() as suite:
        suite.tests(TEST_IMPORT)
        path = suite.cassette("test_import")
        if mode != "once":
            path.parent.mkdir(parents=True)
            path.write_bytes(cassettes.dump([_ELSEWHERE]))
        old = suite.contents()
        ran = fault(_Case(suite, (f"--hubfiles-base-url={url}", f"--hubfiles-record={mode}", "--hubfiles-accept")))
        saved = suite.contents() not in (old, {})
        found = []
        if ran.status == 0 and not saved:
            found.append("green and not saved")
        if "INTERNALERROR" in ran.output:
            found.append("INTERNALERROR")
        reported = (
            "not recorded: ",
            "not replaced: ",
            "could not be written",
            "ERROR at setup",
            "cannot be read",
            "it is a file; give a folder",
        )
        if not saved and not any(said in ran.output for said in reported):
            found.append("nobody says that it is not recorded")
        if path.is_file() and saved:
            try:
                cassettes.read(path)
            except cassettes.CassetteUnreadableError as error:
                found.append(str(error))
        return found


def _swallowing(save: Callable[..., None]) -> Callable[..., None]:
    def swallow(*args: Any, **more: Any) -> None:
        with contextlib.suppress(cassettes.CassetteNotWrittenError):
            save(*args, **more)

    return swallow
