"""Finds out which vcrpy is installed without importing it, which takes longer than a replay; and imports it."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from types import ModuleType
from typing import Final

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.own_work import own_work_of_imports

_FIRST_SAFE: Final = (8, 2, 1)  # vcrpy's release notes of 8.2.1: cassettes are loaded with a safe YAML loader


class VcrpyUnsafeError(HubfilesError):
    """The installed vcrpy runs code from a cassette."""

    def __init__(self, version: str) -> None:
        super().__init__(
            f"vcrpy {version} is installed, which runs code from a crafted cassette (GHSA-rpj2-4hq8-938g).\n"
            "Install vcrpy 8.5 or newer. Nothing was recorded or replayed."
        )


def refuse_unsafe() -> None:
    """Refuse a vcrpy that must not load a cassette.

    Raises:
        VcrpyUnsafeError: if it is older than the first safe one.
    """
    imported = sys.modules.get("vcr")
    version: str = _installed() if imported is None else imported.__version__
    if not _is_safe(version):
        raise VcrpyUnsafeError(version)


@cache
def _is_safe(version: str) -> bool:
    return tuple(map(int, re.findall(r"[0-9]+", version)[:3])) >= _FIRST_SAFE


@cache
def _installed() -> str:
    try:
        return metadata.version("vcrpy")
    except metadata.PackageNotFoundError:  # it is on the path without being installed
        import vcr

        return str(vcr.__version__)


_CLIENTS: Final = frozenset(
    {"aiohttp", "boto3", "botocore", "httpcore", "httplib2", "httpx", "requests", "tornado", "urllib3", "yaml"}
)
"""The packages that vcrpy looks for, and the one that it cannot do without."""
_NEEDED: Final = (
    "vcr.patch", "pytest_hubfiles.record.refusals", "pytest_hubfiles.record.requests_in_flight",
    "pytest_hubfiles.record.unrecorded_clients", "pytest_hubfiles.record.vcrpy.bridge",
    "pytest_hubfiles.record.vcrpy.failing_requests", "pytest_hubfiles.record.vcrpy.patching",
    "pytest_hubfiles.secrets.scrubbing",
)  # fmt: skip
_SEEN: Final[dict[str, ModuleType]] = {}


def see_clients() -> None:
    """Know the clients that are imported, before a test puts something in their place."""
    for name in _CLIENTS:
        module = sys.modules.get(name)
        if module is not None and not _is_no_module(name, module):
            _SEEN[name] = module


@contextmanager
def all_clients_there() -> Iterator[None]:
    """Have every client found that is installed, though a test has hidden it or put a mock in its place.

    vcrpy looks once for all tests which clients there are: when it is imported, and when its patches are made.
    """
    replaced = {name: module for name, module in list(sys.modules.items()) if _is_no_module(name, module)}
    for name in replaced:
        del sys.modules[name]  # what was never imported is found now
    sys.modules.update({name: module for name, module in _SEEN.items() if name in replaced})
    try:
        yield
    finally:
        sys.modules.update(replaced)


def _is_no_module(name: str, module: object) -> bool:
    """Return whether what ``sys.modules`` has under *name* says that there is none, or stands for a client."""
    if name.partition(".")[0] in _CLIENTS:
        return not isinstance(module, ModuleType) or module.__spec__ is None
    return module is None


def import_vcrpy() -> None:
    """Import vcrpy, and what uses it or is needed with it; what a test has broken leaves no half of vcrpy behind."""
    if all(name in sys.modules for name in _NEEDED):
        return
    before = set(sys.modules)
    try:
        with own_work_of_imports(), all_clients_there():
            for name in _NEEDED:
                importlib.import_module(name)
    except BaseException:
        for name in [name for name in sys.modules if name not in before and name.partition(".")[0] == "vcr"]:
            del sys.modules[name]
        raise
