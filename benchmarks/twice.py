"""A pytest plugin that has a part of each replay done twice, so that what it costs can be counted."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names the part: ``package.module:function``."""
    parser.addoption("--twice", action="append", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Replace each function named by one that works twice."""
    for name in config.getoption("--twice"):
        module, _, path = name.partition(":")
        *owners, last = path.split(".")
        owner: Any = functools.reduce(getattr, owners, importlib.import_module(module))
        setattr(owner, last, _twice(getattr(owner, last)))


def _twice(work: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(work)
    def twice(*args: Any, **kwargs: Any) -> Any:
        first = work(*args, **kwargs)
        if isinstance(first, Iterator):
            list(first)
        if work.__name__ == "__enter__":
            args[0].__exit__(None, None, None)
        return work(*args, **kwargs)

    return twice
