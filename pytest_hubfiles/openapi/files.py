"""The schema files of a document's contracts: what is there, what changes in it, and how it is written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_hubfiles import cassettes, regular_files
from pytest_hubfiles.compare.contracts import TwoContracts
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.judge import schema_files
from pytest_hubfiles.judge.contract import Contract
from pytest_hubfiles.model.finding import Finding
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
    document = {"$schema": schema_files.DIALECT, **contract.document}  # schema_files removes it
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


@dataclass(frozen=True)
class SchemaFile:
    """The file of one contract of a document: its ``content``, and what is there ``before`` it is written, if anything.

    ``old`` is the contract that is there; ``why_not_compared`` says why there is none although there is a file.
    """

    path: Path
    contract: Contract
    content: bytes
    before: bytes | None
    old: Contract | None = None
    why_not_compared: str | None = None

    @classmethod
    def of(cls, contract: Contract, folder: Path) -> SchemaFile:
        """Return the file of *contract* in *folder*: ``<version>/<operation>.json``.

        Raises:
            FileNotWrittenError: if what is there cannot be read; with the system's reason.
        """
        path = folder / contract.version / f"{contract.operation}.json"
        before, content = _content(path), text_of(contract)
        if before is None or before == content:
            return cls(path, contract, content, before, contract if before else None)
        try:
            return cls(path, contract, content, before, schema_files.read(path))
        except schema_files.SchemaFileError as error:
            return cls(path, contract, content, before, None, error.reason)

    @property
    def is_written(self) -> bool:
        """Whether the file is to be written: it is not there, or differs."""
        return self.before != self.content

    @property
    def is_changed(self) -> bool:
        """Whether there is a file that judges otherwise; the document that it was made from judges nothing."""
        if self.before is None or not self.is_written:
            return False
        return self.old is None or _judging(self.old) != _judging(self.contract)

    def findings(self) -> list[Finding]:
        """Return what changes for a consumer, as a comparison of two versions tells it."""
        if self.old is None or not self.is_changed:
            return []
        return list(TwoContracts(self.old, self.contract, ("the file", "the document")).findings())


def _judging(contract: Contract) -> dict[str, Any]:
    """Return the document of *contract* without what judges nothing: its title, and what it was made from."""
    document = {key: value for key, value in contract.document.items() if key != "title"}
    about = {key: value for key, value in document[schema_files.KEYWORD].items() if key != "source"}
    return {**document, schema_files.KEYWORD: about}


def save(files: Sequence[SchemaFile], force: bool = False) -> None:
    """Write *files*, each atomically; one that holds the same is left alone.

    Raises:
        FilesDifferError: if one judges otherwise and *force* is not given; then nothing is written.
        FileNotWrittenError: with the system's reason.
    """
    differing = [file.path for file in files if file.is_changed]
    if differing and not force:
        raise FilesDifferError(differing)
    for file in files:
        try:
            if file.is_written:
                cassettes.write(file.path, file.content)
        except cassettes.CassetteNotWrittenError as error:
            raise FileNotWrittenError(file.path, error.reason) from None


def contracts_in(folder: Path) -> list[Contract]:
    """Return the contracts in the files of *folder*, without those that cannot be used."""
    found = []
    for file in sorted(folder.glob("*/*.json")):
        with suppress(schema_files.SchemaFileError):
            found.append(schema_files.read(file))
    return found


def _content(path: Path) -> bytes | None:
    try:
        return regular_files.read(path).replace(b"\r\n", b"\n")  # a checkout on Windows may have these line ends
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FileNotWrittenError(path, error.strerror or str(error)) from None
