"""The names of cassette files: as pytest-recording gives them, and safe on every file system."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Final

from pytest_hubfiles import secrets
from pytest_hubfiles.secrets.clean import is_clean_text

SUFFIX: Final = ".yaml"
CANDIDATE_SUFFIX: Final = ".candidate.yaml"
_UNSAFE: Final = re.compile(r"""[<>?%*:|"'/\\]|^[.\s]|[.\s]\Z""")
"""What some file system refuses, or reads otherwise, and what pytest-recording replaces, which is a little more."""

_WINDOWS_NAMES: Final = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9]|lpt[0-9])\s*(?:\..*)?")
_HASHED: Final = re.compile(r".*-[0-9a-f]{10}")
"""The form of a name with a hash. A safe name of this form could be that of another test."""

_LONGEST_NAME: Final = 100  # bytes, without suffixes; some file systems allow only 143
_LONGEST_WORDS: Final = _LONGEST_NAME - len("-0123456789")


def folded(name: str) -> str:
    """Return what is the same for two names that some file system takes for one: case and unicode form are gone."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).upper().casefold())


def safe_name(name: str) -> str:
    """Return *name* as a file name that is safe on every file system.

    It stays as it is, in unicode's composed form, if no file system minds it; two of those share a file where they are
    the same once they are ``folded``. Of any other the words stay, with a hash of the whole name, so that it shares its
    file with none: one with characters that are not safe, too long, that looks like such a name with a hash, or that
    holds a credential, which is left out.
    """
    clean = name if is_clean_text(name) else secrets.redact(name)
    composed, plain = unicodedata.normalize("NFC", name), folded(name)
    if (
        clean == name
        and composed
        and composed.isprintable()
        and not _UNSAFE.search(composed)
        and len(composed.encode()) <= _LONGEST_NAME
        and not plain.endswith(".candidate")
        and not _WINDOWS_NAMES.fullmatch(plain)
        and not _HASHED.fullmatch(plain)
    ):
        return composed
    spelled = "".join(char if char.isprintable() else "-" for char in unicodedata.normalize("NFC", clean))
    words = _UNSAFE.sub("-", spelled).encode()[:_LONGEST_WORDS].decode(errors="ignore").strip("-. ") or "cassette"
    if _WINDOWS_NAMES.fullmatch(folded(words)):
        words = words.replace(".", "-")  # there it is what comes before the first dot that counts
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return f"{words}-{digest}"


def _safe_folder(name: str) -> str:
    """Return *name* as the name of a folder, which no cassette beside it can have."""
    return safe_name(f"{name}/") if folded(name).endswith(SUFFIX) else safe_name(name)


@lru_cache(maxsize=256)  # the tests of a file have one folder
def _folder_for(root: Path, version: str, folder: str) -> Path:
    return root.joinpath(version, *map(_safe_folder, PurePosixPath(folder).parts))


def path_for(root: Path, version: str, folder: str, name: str) -> Path:
    """Return the path of the cassette *name* of a test file: ``<root>/<version>/<folder>/<name>.yaml``.

    *folder* has forward slashes. Each part is made safe by itself, so that no path leads out of *root*.
    """
    return _folder_for(root, version, folder) / (safe_name(name) + SUFFIX)


def named_path(root: Path, version: str, name: str) -> Path:
    """Return the path of the cassette that a marker calls *name*, which may have folders: ``shared/upload``."""
    *folders, last = [part for part in name.split("/") if part] or [name]
    return path_for(root, version, "/".join(folders), last.removesuffix(SUFFIX))


def candidate_path(cassette: Path) -> Path:
    """Return the path of the candidate for *cassette*, which is kept when it is not promoted."""
    return cassette.with_name(cassette.name.removesuffix(SUFFIX) + CANDIDATE_SUFFIX)


def is_candidate(path: Path | str) -> bool:
    """Return whether *path* is named as a candidate is."""
    return str(path).endswith(CANDIDATE_SUFFIX)


def of_candidate(candidate: Path) -> Path:
    """Return the path of the cassette that *candidate* may become."""
    return candidate.with_name(candidate.name.removesuffix(CANDIDATE_SUFFIX) + SUFFIX)


def find(root: Path, on_error: Callable[[OSError], None] | None = None) -> list[Path]:
    """Return the cassette files under *root*, sorted, without candidates; *on_error* gets why a folder is closed."""
    found = [
        os.path.join(folder, name)  # noqa: PTH118  # a run ends with this; pathlib would take ten times as long
        for folder, _, files in os.walk(root, onerror=on_error)
        for name in files
        if name.endswith(SUFFIX) and not is_candidate(name)
    ]
    return list(map(Path, sorted(found, key=lambda path: path.split(os.sep))))  # noqa: PTH206  # likewise
