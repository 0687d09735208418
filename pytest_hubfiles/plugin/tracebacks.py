"""Hides frames of HTTP clients, of vcrpy and of this plugin in the tracebacks of tests; ``--full-trace`` shows them."""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_hubfiles.errors import HubfilesError, grouped_in
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.record.clients import CLIENTS

if TYPE_CHECKING:
    from pytest_hubfiles.run.one_test import TestRun

_STDLIB: Final = sys.stdlib_module_names
_HIDDEN: Final = {client.name.partition(".")[0] for client in CLIENTS} - _STDLIB | {
    "anyio", "h11", "h2", "httpcore", "hubspot", "pytest_hubfiles", "vcr",
}  # fmt: skip
"""The packages whose frames say nothing of the test; what they call in the standard library does not either."""


class HiddenFrames:
    """Marks frames before pytest looks at a traceback, of the tests that *uses* says use this plugin."""

    def __init__(self, uses: Callable[[pytest.Item], bool]) -> None:
        self._uses = uses

    @pytest.hookimpl
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """Mark the frames to hide, in the way that pytest documents, of whatever the test raised.

        It is asked before pytest makes the report, and after pytest's unittest has put the test's own error in *call*.
        """
        if call.excinfo is not None and self._uses(item):
            for error in _with_causes(call.excinfo.value):
                for frame in _hidden(error):
                    # A frame's own variables are a copy, or take what is no variable of the function: PEP 667.
                    frame.f_locals["__tracebackhide__"] = True


def shorten(report: pytest.TestReport, error: BaseException, test_run: TestRun, full: bool) -> None:
    """Leave out of *report* the errors that led to *error* wholly within hidden frames, unless *full* is wanted.

    And have the short summary say what is known better than by a client's error: which request got no answer, and why.
    """
    shown: Any = report.longrepr
    chain = getattr(shown, "chain", None)
    errors = list(_chain(error))[::-1]  # as pytest has them: what was raised last comes last
    if chain is not None and len(chain) == len(errors) and not full:
        pairs = zip(chain, errors, strict=True)
        shown.chain = [part for part, one in pairs if one is error or not _is_wholly_hidden(one)]
    crash = getattr(shown, "reprcrash", None)
    if crash is None:
        return
    finding = vars(error).get("finding")
    if isinstance(finding, Finding):
        crash.message = f"{finding.kind.value} {finding.message}".partition("\n")[0]
    elif _raised_within_hidden(error) and test_run.recorder.transient_answers:
        asked, _, got = test_run.recorder.transient_answers[-1].partition(" got ")
        crash.message = f"{got} ({asked})"
    elif isinstance(error, HubfilesError):
        crash.message = str(error).partition("\n")[0]


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield *error* and what led to it, as a traceback tells it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    for one in _chain(error):
        yield one
        for inner in grouped_in(one):
            yield from _with_causes(inner)


def _frames(error: BaseException) -> list[FrameType]:
    return [frame for frame, _ in traceback.walk_tb(error.__traceback__)]


def _hidden(error: BaseException) -> Iterator[FrameType]:
    """Yield the frames of *error* that are no code of the test's, nor called by it but through such a frame."""
    is_within = False
    for frame in _frames(error):
        package = str(frame.f_globals.get("__name__")).partition(".")[0]
        is_within = package in _HIDDEN or (is_within and package in _STDLIB)
        if is_within and frame.f_code.co_flags & inspect.CO_OPTIMIZED:  # a function: what is a module's is all tests'
            yield frame


def _is_wholly_hidden(error: BaseException) -> bool:
    frames = _frames(error)
    return bool(frames) and len(list(_hidden(error))) == len(frames)


def _raised_within_hidden(error: BaseException) -> bool:
    frames = _frames(error)
    return bool(frames) and frames[-1] in list(_hidden(error))
