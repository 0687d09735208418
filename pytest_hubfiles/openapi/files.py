"""Writes contracts as schema files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pytest_hubfiles import cassettes, regular_files
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.judge.contract import Contract
from pytest_hubfiles.judge.schema_files import DIALECT
from pytest_hubfiles.visible import shown


class FilesDifferError(HubfilesError):
    """The files ``paths`` exist and differ from what would be written."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.paths = tuple(paths)
        listed = "".join(f"\n  {shown(path)}" for path in paths)
        super().__init__(
            f"These files exist and differ from what would be written:{listed}\n"
            "Nothing was written. Replace them with --force, or give another folder with --out."
        )


class FileNotWrittenError(HubfilesError):
    """A schema file could not be written; ``path`` and ``reason`` say which and why."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"The schema file {shown(path)} could not be written: {reason}")


def text_of(contract: Contract) -> bytes:
    """Return the content of the schema file for *contract*, in the form of the shipped ones."""
    document = {"$schema": DIALECT, **contract.document}  # schema_files removes it
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def save(contracts: Sequence[Contract], folder: Path, force: bool = False) -> dict[Path, bool]:
    """Write *contracts* to ``<folder>/<version>/<operation>.json``; return the files, and whether each was written.

    A file that holds the same is left alone. Each file is replaced atomically.

    Raises:
        FilesDifferError: if a file differs and *force* is not given; then nothing is written.
        FileNotWrittenError: with the system's reason.
    """
    contents = {folder / c.version / f"{c.operation}.json": text_of(c) for c in contracts}
    old = {path: _content(path) for path in contents}
    changed = [path for path, content in contents.items() if old[path] != content]
    differing = [path for path in changed if old[path] is not None]
    if differing and not force:
        raise FilesDifferError(differing)
    for path in changed:
        try:
            cassettes.write(path, contents[path])
        except cassettes.CassetteNotWrittenError as error:
            raise FileNotWrittenError(path, error.reason) from None
    return {path: path in changed for path in contents}


def _content(path: Path) -> bytes | None:
    try:
        return regular_files.read(path).replace(b"\r\n", b"\n")  # a checkout on Windows may have these line ends
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FileNotWrittenError(path, error.strerror or str(error)) from None
