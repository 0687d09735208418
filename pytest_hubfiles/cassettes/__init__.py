"""Cassette files: their names, how they are read, and the one place that writes them."""

from pytest_hubfiles.cassettes.errors import CassetteNotWrittenError, CassetteUnreadableError
from pytest_hubfiles.cassettes.files import check_target, content_of, write
from pytest_hubfiles.cassettes.locking import identity, locked, private_folder
from pytest_hubfiles.cassettes.names import (
    CANDIDATE_SUFFIX,
    SUFFIX,
    candidate_path,
    find,
    named_path,
    path_for,
    safe_name,
)
from pytest_hubfiles.cassettes.reading import iterate, read
from pytest_hubfiles.cassettes.writing import dump, save

__all__ = [
    "CANDIDATE_SUFFIX",
    "SUFFIX",
    "CassetteNotWrittenError",
    "CassetteUnreadableError",
    "candidate_path",
    "check_target",
    "content_of",
    "dump",
    "find",
    "identity",
    "iterate",
    "locked",
    "named_path",
    "path_for",
    "private_folder",
    "read",
    "safe_name",
    "save",
    "write",
]
