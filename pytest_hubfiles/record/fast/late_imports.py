"""Notices clients that a test imports: by then they have to be patched."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

from pytest_hubfiles.record.clients import CLIENTS, VCRPY, Client

_CLIENTS: Final = {VCRPY: CLIENTS, **{client.name: (client,) for client in CLIENTS}}
"""The clients that are imported once a module is."""


class LateImports:
    """An entry of ``sys.meta_path`` that calls *imported* once clients have been imported, or reloaded.

    It has the other entries find the client, so that modules and specs are as they are without it.
    """

    def __init__(self, imported: Callable[[Iterable[Client]], object]) -> None:
        self._imported = imported
        self._here = threading.local()

    @contextmanager
    def ignored(self) -> Iterator[None]:
        """Let this thread import clients: vcrpy looks for all of them."""
        before = self._is_ignored
        self._here.is_ignored = True
        try:
            yield
        finally:
            self._here.is_ignored = before

    @property
    def _is_ignored(self) -> bool:
        return getattr(self._here, "is_ignored", False)

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return how the other entries import *name* if it is a client."""
        if name not in _CLIENTS or self._is_ignored:
            return None
        for finder in sys.meta_path:
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = None if find is None else find(name, path, target)
            if spec is not None:
                self._watch(spec)
                return spec
        return None

    def _watch(self, spec: ModuleSpec) -> None:
        """Have the loader of *spec* report what it has executed."""
        loader: Any = spec.loader
        execute: Any = getattr(loader, "exec_module", None)

        def exec_module(module: ModuleType) -> None:
            if vars(loader).get("exec_module") is exec_module:
                del loader.exec_module  # what remains is the loader as it was
            with self.ignored() if module.__name__ == VCRPY else nullcontext():
                execute(module)
            if module.__name__ == spec.name:  # a loader may load several modules
                self._imported(_CLIENTS[spec.name])

        if execute is not None and hasattr(loader, "__dict__") and not isinstance(loader, type):
            loader.exec_module = exec_module
