"""How what a test tells reaches the process that reports on the run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

import pytest


class _Told(Protocol):
    def to_text(self) -> str: ...


Told = TypeVar("Told", bound=_Told)


class Handover(Generic[Told]):
    """Hands on what tests tell, each once: as it is within a process, and as text to another one.

    The text goes with the last report of the test, as an attribute called *name*, and *read* reads it there;
    *is_elsewhere* says whether the run is reported in another process. A report that stays here has nothing with it: a
    suite may make it anew, and whoever writes reports writes all that they have.
    """

    def __init__(self, name: str, is_elsewhere: Callable[[], bool], read: Callable[[str], Told]) -> None:
        self._name, self._is_elsewhere, self._read = name, is_elsewhere, read
        self._here: dict[str, Told] = {}  # by test
        self._texts: dict[str, str] = {}  # likewise, until there is the report

    def give(self, test: str, told: Told) -> None:
        """Hand on what *test* has *told*, in place of what it told before."""
        if self._is_elsewhere():
            self._texts[test] = told.to_text()
        else:
            self._here[test] = told

    def attach(self, test: str, report: pytest.TestReport) -> None:
        """Have *report*, the last one of *test*, take with it what goes to another process."""
        text = self._texts.pop(test, None)
        if text is not None:
            setattr(report, self._name, text)

    def take(self, report: pytest.TestReport) -> Told | None:
        """Return what the test of *report* has told, None if it told nothing, or that was taken."""
        text = vars(report).pop(self._name, None)
        return self._here.pop(report.nodeid, None) if text is None else self._read(text)
