"""Every exception of the package reaches another process, and a copy, as it is."""

from __future__ import annotations

import copy
import importlib
import inspect
import pickle
import pkgutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.answers import CAT, PENDING, poll

import pytest_hubfiles
from pytest_hubfiles.compare.comparison import Comparison
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.policy import Kind
from pytest_hubfiles.openapi.documents import OpenApiError
from pytest_hubfiles.report.rehearsal import Rehearsal
from pytest_hubfiles.settings.values import RecordMode

POLL = poll({**PENDING, "status": "PROCESSING", "result": CAT})
FINDING = Finding.of(Kind.UNMATCHED_REQUEST, "GET /files is not in x.yaml", exchange=POLL, after="GET /files")
VALUES: dict[str, Any] = {
    "str": "a text",
    "int": 8080,
    "float": 1.5,
    "object": ["whatever", {"was": "given"}],
    "int | None": 7,
    "str | None": "a text",
    "Path": Path("cassettes/x.yaml"),
    "Finding": FINDING,
    "Exchange": POLL,
    "Comparison": Comparison("v3", "2026-03", (), (), ()),
    "Rehearsal": Rehearsal("allowed"),
    "RecordMode": RecordMode.ONCE,
    "Exception": KeyError("items"),
    "OpenApiError": OpenApiError("hubspot.json", "it is no object"),
    "Sequence[Finding]": [FINDING],
    "Sequence[Path]": [Path("a.json"), Path("b.json")],
    "Sequence[str]": ["one", "two"],
    "Iterable[str]": ["one", "two"],
    "list[str]": ["one", "two"],
}
"""A value for each annotation that a constructor of an exception has."""


def exceptions() -> Iterator[type[BaseException]]:
    """Yield every exception class that a module of the package defines, however deep in it."""
    for module in pkgutil.walk_packages(pytest_hubfiles.__path__, "pytest_hubfiles."):
        if not module.name.endswith("__main__"):
            loaded = importlib.import_module(module.name)
            for member in vars(loaded).values():
                if isinstance(member, type) and issubclass(member, BaseException) and member.__module__ == module.name:
                    yield member


def made(kind: type[BaseException], **values: Any) -> BaseException:
    """Make an exception of *kind*, each argument of its constructor given; *values* are some, by name."""
    constructor = kind.__init__
    if not inspect.isfunction(constructor):
        error = kind("a text")
    else:
        parameters = list(inspect.signature(constructor).parameters.values())[1:]
        missing = [p.annotation for p in parameters if p.annotation not in VALUES]
        assert not missing, f"VALUES has none for {missing} of {kind.__name__}"
        error = kind(*(values.get(p.name, VALUES[p.annotation]) for p in parameters))
    if hasattr(error, "add_note"):
        error.add_note("noted later")
    else:  # Python 3.10
        error.__notes__ = ["noted later"]  # type: ignore[attr-defined]
    return error


WAYS: dict[str, Callable[[BaseException], BaseException]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{
        f"protocol {protocol}": lambda error, protocol=protocol: pickle.loads(pickle.dumps(error, protocol))
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
}


def facts(error: BaseException) -> tuple[object, ...]:
    fields = {name: repr(value) if isinstance(value, Exception) else value for name, value in vars(error).items()}
    return type(error), error.args, str(error), fields


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", list(exceptions()), ids=lambda kind: kind.__name__)
def test_as_it_is(kind: type[BaseException], way: str) -> None:
    """Its type, message and fields are the same afterwards, and those of the copy's copy."""
    error = made(kind)
    error.__cause__ = ValueError("why")

    once = WAYS[way](error)

    assert facts(once) == facts(error)
    assert facts(WAYS[way](once)) == facts(error)
    assert repr(once) == repr(error)


@pytest.mark.parametrize("kind", list(exceptions()), ids=lambda kind: kind.__name__)
def test_sentences_are_joined(kind: type[BaseException]) -> None:
    """Whatever a reason ends with, the sentence that it becomes a part of has one full stop."""
    said = str(made(kind, reason="it is so.", reasons=["It is so.", "So it is."]))
    assert ".." not in said
    assert ".;" not in said


def test_a_class_of_a_suite() -> None:
    """An exception that a suite derives from ours survives likewise, with what its constructor asks for."""
    error = OfASuiteError("cat.png", attempts=3)

    other = pickle.loads(pickle.dumps(error))

    assert facts(other) == facts(error)
    assert other.attempts == 3


class OfASuiteError(pytest_hubfiles.HubfilesError):
    """As a suite may define one."""

    def __init__(self, name: str, *, attempts: int) -> None:
        self.attempts = attempts
        super().__init__(f"{name} failed {attempts} times")
