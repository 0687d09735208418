"""Has vcrpy take over a test that imports a client: nothing would replace the classes of that client."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Final

from pytest_hubfiles.record.clients import CLIENTS

_WATCHED: Final = frozenset(client.name for client in CLIENTS) - {"httpcore"}  # httpx imports it when it needs it


class LateImports:
    """An entry of ``sys.meta_path`` that calls *hand_over* before a client is imported.

    *hand_over* has vcrpy take over, which imports every client, and returns whether a test is replayed.
    """

    def __init__(self, hand_over: Callable[[], bool]) -> None:
        self._hand_over = hand_over
        self._ignored = threading.local()

    @contextmanager
    def ignored(self) -> Iterator[None]:
        """Let this thread import clients: vcrpy looks for all of them."""
        self._ignored.here = True
        try:
            yield
        finally:
            self._ignored.here = False

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Return how to import *name*, if vcrpy has imported it."""
        if name not in _WATCHED or getattr(self._ignored, "here", False) or not self._hand_over():
            return None
        imported = sys.modules.get(name)
        return None if imported is None else ModuleSpec(name, _Imported(imported))  # type: ignore[arg-type]  # it is one


class _Imported:
    """A loader of a module that is imported already."""

    def __init__(self, module: ModuleType) -> None:
        self._module, self._spec = module, module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module."""
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        """Give the module back the spec that the import system has just replaced."""
        module.__spec__ = self._spec
