"""Does this plugin's own work with Python's functions as they are by themselves.

A test may patch how files are read and modules are found, and its patches are still on while its answers are judged and
its failure is told. This is imported when the first test that uses the fixture is collected, before any test runs.
"""

from __future__ import annotations

import builtins
import importlib
import inspect
import io
import json
import os
import pathlib
import re
import select
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from itertools import compress, starmap
from operator import is_
from threading import active_count, get_ident
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, Final

_USED: Final[Mapping[Any, tuple[str, ...]]] = {
    builtins: ("__import__", "open"),
    io: ("open", "open_code"),
    importlib: ("import_module", "reload"),
    json: ("dump", "dumps", "load", "loads"),
    os: (
        "access", "close", "dup2", "fork", "fstat", "fsync", "getcwd", "getpid", "kill", "killpg", "link", "listdir",
        "lstat", "makedirs", "mkdir", "name", "open", "path", "pipe", "read", "readlink", "remove", "rename", "replace",
        "rmdir", "scandir", "setsid", "stat", "unlink", "utime", "waitpid", "write",
    ),
    os.path: (
        "abspath", "basename", "commonpath", "dirname", "exists", "isdir", "isfile", "islink", "join", "lexists",
        "normcase", "realpath",
    ),
    pathlib: ("Path", "PurePath"),
    pathlib.Path: (
        "exists", "glob", "is_dir", "is_file", "is_symlink", "iterdir", "lstat", "mkdir", "open", "read_bytes",
        "read_text", "rename", "replace", "resolve", "rglob", "stat", "unlink", "write_bytes", "write_text",
    ),
    re: ("compile", "findall", "finditer", "fullmatch", "match", "search", "split", "sub"),
    select: ("select",),
    signal: ("getsignal", "signal"),
    sys: ("platform",),
    shutil: ("copy", "copyfile", "move", "rmtree"),
    tempfile: ("NamedTemporaryFile", "TemporaryDirectory", "gettempdir", "mkdtemp", "mkstemp"),
    time: ("monotonic",),
}  # fmt: skip
"""What finds, reads and writes files and starts processes, of this plugin and of what it uses to do so."""
_FAKE: Final = "pyfakefs.fake_filesystem_unittest"
_MISSING: Final = object()


class _Owner:
    """A module or a class with functions that tests patch: what they are, and what it has itself of them.

    A class may inherit some, of which it has none itself.
    """

    __slots__ = ("are", "facts", "has", "owner")

    def __init__(self, owner: Any, names: tuple[str, ...]) -> None:
        self.owner, self.facts = owner, vars(owner)
        found = {name: inspect.getattr_static(owner, name, None) for name in names}
        self.are = {name: function for name, function in found.items() if _is_of_python(function)}
        self.has = {name: self.facts[name] for name in self.are if name in self.facts}

    def patched(self) -> Iterator[tuple[str, Any, Any]]:
        """Yield what was patched: its name, what it is by itself, and what is there."""
        for name, function in self.are.items():
            if self.facts.get(name, _MISSING) is not self.has.get(name, _MISSING):
                yield name, function, self.facts.get(name, _MISSING)


class _Patches:
    """The patches of what is in *owners*."""

    def __init__(self, owners: Iterable[_Owner]) -> None:
        self.owners = list(owners)
        self._had = [(one.facts, name, value) for one in self.owners for name, value in one.has.items()]
        self._inherited = [(one.facts, name) for one in self.owners for name in one.are if name not in one.has]

    def are_on(self) -> bool:
        """Return whether one is on, as is asked some five times a test; not by equality, which a mock would note."""
        try:
            for facts, name, value in self._had:
                if facts[name] is not value:
                    return True
        except KeyError:  # it was deleted
            return True
        return any(name in facts for facts, name in self._inherited)


def _is_of_python(function: object) -> bool:
    """Return whether *function* is none that somebody has put there: the first test may ask for the fixture late."""
    if isinstance(function, FunctionType):  # a mock, or functools.wraps, copies every name, but not the globals
        module = function.__globals__.get("__name__")
    elif isinstance(function, (BuiltinFunctionType, type)):
        module = function.__module__
    else:
        module = "os" if isinstance(function, (str, ModuleType)) else None
    return isinstance(module, str) and module.partition(".")[0] in sys.stdlib_module_names


_OWNERS: Final = [_Owner(owner, names) for owner, names in _USED.items()]
_PATCHES: Final = _Patches(_OWNERS)
_PATCHES_OF_TEXTS: Final = _Patches(owner for owner in _OWNERS if owner.owner in (json, re))


class OwnWork(AbstractContextManager["OwnWork"]):
    """While it is entered, those functions are what they are by themselves, and pyfakefs pauses."""

    def __enter__(self) -> OwnWork:
        """Begin where a test has patched nothing."""
        return self

    def __exit__(self, *_: object) -> None:
        """Put back what is aside."""

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Have the patches on again for a while, as a test runs within."""
        self.__exit__()
        try:
            yield
        finally:
            self.__enter__()


_NOTHING: Final = OwnWork()


def own_work() -> OwnWork:
    """Return what to enter for own work."""
    return _Aside(_PATCHES, is_for_all=True) if _FAKE in sys.modules or _PATCHES.are_on() else _NOTHING


def own_work_while_sending() -> OwnWork:
    """Return what to enter while a client of the test sends, as others may, and may write files.

    What can only be put aside for all threads stays on while there are others. pyfakefs stays on: when it pauses, it
    takes away what the test has imported.
    """
    return _Aside(_PATCHES, is_for_all=False) if _PATCHES.are_on() else _NOTHING


def own_work_of_imports() -> OwnWork:
    """Return the same for imports: pyfakefs takes away again what is imported while it is on.

    It pauses if there are no other threads, which might write files.
    """
    return own_work() if active_count() == 1 else own_work_while_sending()


def own_work_on_texts() -> OwnWork:
    """Return the same for work that needs no more than ``json`` and ``re``."""
    return _Aside(_PATCHES_OF_TEXTS, is_for_all=False) if _PATCHES_OF_TEXTS.are_on() else _NOTHING


class _Aside(OwnWork):
    """The same where a test has patched some of them, or may use pyfakefs; *is_for_all* if for every thread."""

    def __init__(self, patches: _Patches, *, is_for_all: bool) -> None:
        self._patches, self._is_for_all = patches, is_for_all
        self._put: list[tuple[_Owner, str, Any, Any]] = []
        self._faking: Any = None

    def __enter__(self) -> _Aside:
        """Put the patches aside."""
        is_alone = active_count() == 1
        if self._is_for_all:
            self._pause()
        for owner in self._patches.owners:
            for name, own, now in owner.patched():
                is_of_thread = callable(own) and callable(now) and not isinstance(own, type)
                if is_of_thread or is_alone or self._is_for_all:
                    put = _for_this_thread(own, now, owner) if is_of_thread and not is_alone else own
                    if _swapped(owner, name, now, put):
                        self._put.append((owner, name, put, now))
        return self

    def _pause(self) -> None:
        """Have pyfakefs pause, if it is on."""
        if _FAKE in sys.modules:
            patcher = getattr(sys.modules[_FAKE].Patcher, "PATCHER", None)
            is_on = getattr(patcher, "is_patching", getattr(patcher, "_patching", False))  # which older ones have
            if patcher is not None and is_on:
                self._faking = patcher
                patcher.pause()

    def __exit__(self, *_: object) -> None:
        """Put them on again, but for those that another thread has undone or made anew."""
        while self._put:
            owner, name, put, now = self._put.pop()
            if isinstance(put, _Either):
                put.end()
            _swapped(owner, name, put, now)
        if self._faking is not None:
            self._faking.resume()
            self._faking = None


def _swapped(owner: _Owner, name: str, old: Any, new: Any) -> bool:
    """Make the attribute *new* if it is *old* still, as another thread may undo its patch; return whether it was.

    No line of Python runs in between, so that no other thread does.
    """
    act, given = (delattr, (owner.owner, name)) if new is _MISSING else (setattr, (owner.owner, name, new))
    are_old = map(is_, map(owner.facts.get, (name,), (_MISSING,)), (old,))
    return bool([*starmap(act, compress([given], are_old))])


class _Either:
    """What is *own* in the thread that makes it, and in all others *now*, with its attributes."""

    __slots__ = ("_now", "_own", "_thread")

    def __init__(self, own: Any, now: Any) -> None:
        for name, value in (("_own", own), ("_now", now), ("_thread", get_ident())):
            object.__setattr__(self, name, value)

    def end(self) -> None:
        """Be *now* in every thread: another may have it as what it found, and put it back."""
        object.__setattr__(self, "_own", self._now)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return (self._own if get_ident() == self._thread else self._now)(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._now, name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._now, name, value)


def _for_this_thread(own: Any, now: Any, owner: _Owner) -> Callable[..., Any]:
    """Return what is *own* in this thread, and *now* in all others: a patch may keep files from being deleted."""
    if not isinstance(owner.owner, type):
        return _Either(own, now)  # another thread may ask a mock whether it was called
    thread = get_ident()
    is_bound = not hasattr(now, "__get__")  # a mock in a class gets no object

    def either(*args: Any, **kwargs: Any) -> Any:
        if get_ident() == thread:
            return own(*args, **kwargs)
        return now(*args[is_bound:], **kwargs)

    return either
