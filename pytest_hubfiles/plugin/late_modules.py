"""The modules that tests import only when they run, and what imports them for many processes at once."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import takewhile

from pytest_hubfiles.rehearsal.verdicts import is_installed


def imported_after(newest: str) -> Iterator[str]:
    """Yield the modules of installed packages that were imported after the one called *newest*."""
    for name in list(takewhile(lambda name: name != newest, reversed(sys.modules))):
        if is_installed(getattr(sys.modules[name], "__file__", None)):
            yield name


def is_of_python(module: str) -> bool:
    """Return whether *module* is of Python's own library, or ours."""
    package = module.partition(".")[0]
    return package in sys.stdlib_module_names or package == __name__.partition(".")[0]


def import_all(modules: Iterable[str]) -> None:
    """Import *modules*, as far as they can be, and without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in modules:
            with suppress(Exception):
                importlib.import_module(name)
