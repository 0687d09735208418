"""Cassette files: their names, how they are read, and how they are written."""

import importlib
from typing import TYPE_CHECKING, Any

from pytest_hubfiles.cassettes.errors import CassetteNotWrittenError, CassetteUnreadableError
from pytest_hubfiles.cassettes.files import check_target, content, write
from pytest_hubfiles.cassettes.limits import USUAL, Limits
from pytest_hubfiles.cassettes.locking import identity, locked, private_folder
from pytest_hubfiles.cassettes.names import (
    CANDIDATE_SUFFIX,
    SUFFIX,
    candidate_path,
    find,
    folded,
    is_candidate,
    named_path,
    of_candidate,
    path_for,
    safe_name,
)
from pytest_hubfiles.cassettes.reading import iterate, read

if TYPE_CHECKING:
    from pytest_hubfiles.cassettes.writing import dump, save

__all__ = [
    "CANDIDATE_SUFFIX",
    "SUFFIX",
    "USUAL",
    "CassetteNotWrittenError",
    "CassetteUnreadableError",
    "Limits",
    "candidate_path",
    "check_target",
    "content",
    "dump",
    "find",
    "folded",
    "identity",
    "is_candidate",
    "iterate",
    "locked",
    "named_path",
    "of_candidate",
    "path_for",
    "private_folder",
    "read",
    "safe_name",
    "save",
    "write",
]


def __getattr__(name: str) -> Any:
    if name not in ("dump", "save"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # A replay writes nothing, and importing YAML takes longer than replaying a test.
    return getattr(importlib.import_module(f"{__name__}.writing"), name)
