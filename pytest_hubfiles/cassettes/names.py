"""The names of cassette files: one for every test, safe and unique on every file system."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Final

from pytest_hubfiles import secrets
from pytest_hubfiles.secrets.clean import is_clean_text

SUFFIX: Final = ".yaml"
CANDIDATE_SUFFIX: Final = ".candidate.yaml"
_SAFE_NAME: Final = re.compile(r"[a-z0-9_-][a-z0-9_.-]*")
_LONGEST_NAME: Final = 100  # bytes, without suffixes; some file systems allow only 143
_LONGEST_SLUG: Final = 60
_WINDOWS_NAMES: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?")
# The form of a slug for an unsafe name. A safe name of this form could be the slug of another name.
_SLUG_AND_HASH: Final = re.compile(rf"(?=.{{,{_LONGEST_SLUG + 11}}}\Z)[a-z0-9_]+(?:-[a-z0-9_]+)*-[0-9a-f]{{10}}")


def safe_name(name: str) -> str:
    """Return *name* as a file name that is safe and unique on every file system.

    A name of lower-case letters, digits, ``_``, ``-`` and ``.`` stays as it is. Any other becomes a slug with a hash
    of the whole name, and so does a name that looks like such a slug, or that holds a credential, which is left out.
    """
    clean = name if is_clean_text(name) else secrets.redact(name)
    if (
        clean == name
        and _SAFE_NAME.fullmatch(name)
        and len(name) <= _LONGEST_NAME
        and not name.endswith((".", ".candidate"))
        and not _WINDOWS_NAMES.fullmatch(name)
        and not _SLUG_AND_HASH.fullmatch(name)
    ):
        return name
    plain = unicodedata.normalize("NFKD", clean).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9_]+", "-", plain).strip("-")[:_LONGEST_SLUG].strip("-") or "cassette"
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return f"{slug}-{digest}"


def _safe_folder(name: str) -> str:
    """Return *name* as the name of a folder, which no cassette beside it can have."""
    return safe_name(f"{name}/") if name.endswith(SUFFIX) else safe_name(name)


def path_for(root: Path, version: str, folder: PurePosixPath, name: str) -> Path:
    """Return the path of the cassette *name* of a test file: ``<root>/<version>/<folder>/<name>.yaml``.

    Each part is made safe by itself, so that no path leads out of *root*.
    """
    parts = [_safe_folder(part) for part in folder.parts]
    return root.joinpath(version, *parts, safe_name(name) + SUFFIX)


def named_path(root: Path, version: str, name: str) -> Path:
    """Return the path of the cassette that a marker calls *name*, which may have folders: ``shared/upload``."""
    *folders, last = [part for part in name.split("/") if part] or [name]
    return path_for(root, version, PurePosixPath(*folders), last.removesuffix(SUFFIX))


def candidate_path(cassette: Path) -> Path:
    """Return the path of the candidate for *cassette*, which is kept when it is not promoted."""
    return cassette.with_name(cassette.name.removesuffix(SUFFIX) + CANDIDATE_SUFFIX)


def find(root: Path, on_error: Callable[[OSError], None] | None = None) -> list[Path]:
    """Return the cassette files under *root*, sorted, without candidates; *on_error* gets why a folder is closed."""
    found = (Path(folder, name) for folder, _, files in os.walk(root, onerror=on_error) for name in files)
    return sorted(path for path in found if path.name.endswith(SUFFIX) and not path.name.endswith(CANDIDATE_SUFFIX))
