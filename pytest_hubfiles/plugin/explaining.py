"""Has a red test say why: what was found, and the commands that settle it as the user's shell takes them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from pytest_hubfiles.plugin.run_settings import RUN, Run
from pytest_hubfiles.visible import seen_from

if TYPE_CHECKING:
    from pytest_hubfiles.report.formats.way_out import Shell
    from pytest_hubfiles.run.check import Checked
    from pytest_hubfiles.run.one_test import TestRun
    from pytest_hubfiles.run.verdict import Conclusion

_REPEATED: Final = ("base_url", "cassettes", "schemas", "fail_on", "strict")
"""The settings that a command repeats if the command line gave them, so that the test runs as it did."""
_PATHS: Final = ("cassettes", "schemas")
"""Those of them that are joined to their values: a path by itself pytest takes for tests, with an ini file near."""


def explained(item: pytest.Item, test_run: TestRun, conclusion: Conclusion, said: str = "") -> str:
    """Return why the test *item* failed, which came to *conclusion*, and what settles it.

    What was *said* of it already is left out.
    """
    from pytest_hubfiles import cassettes
    from pytest_hubfiles.record.failures import advice
    from pytest_hubfiles.report.formats.failure_text import FailedTest, explain

    run, recorder = item.config.stash[RUN], test_run.recorder
    moved: list[str] = []
    if recorder.stored.missed is not None:
        from pytest_hubfiles.plugin import moved_tests

        moved_tests.note(item, run, test_run)
        moved = moved_tests.advice(item, run, test_run)
    recording = item.nodeid
    if recorder.tape.is_changed:
        from pytest_hubfiles.plugin.kept_tests import recorded_by

        recording = recorded_by(item, run, recorder.cassette) or item.nodeid.partition("::")[0]
    candidate = None
    if recorder.staged is not None:
        candidate = here(run, cassettes.candidate_path(recorder.cassette))
    failed = FailedTest(
        test_run.shown,
        replace(
            shell_of(run, arguments_of([recording], run)),
            candidate=candidate,
            is_recorded=os.path.lexists(recorder.cassette),
        ),
        purpose=test_run.purpose,
        mode=recorder.mode.value,
        advice=tuple(advice(conclusion.refusals, recorder.base_url)),
        verbose=run.is_verbose,
        said=said,
        moved=tuple(moved),
        is_mended=test_run.passed and cassettes.is_candidate(test_run.shown),
    )
    return explain(conclusion.findings, conclusion.failing, conclusion.refusals, failed)


def explained_cassette(item: pytest.Item, checked: Checked) -> str:
    """Return why the cassette of *item* failed, which was *checked* by itself."""
    from pytest_hubfiles.report.formats.failure_text import FailedTest, explain

    run, record = item.config.stash[RUN], checked.record
    failed = FailedTest(record.cassette, shell_of(run), verbose=run.is_verbose)
    return explain(record.findings, checked.failing, (), failed)


def shell_of(run: Run, test: str | None = None) -> Shell:
    """Return what the user's shell calls what a command is about, in the folder in which *run* was started."""
    from pytest_hubfiles.report.formats.way_out import Shell

    config = run.config
    is_named = config.args_source is config.ArgsSource.ARGS
    return Shell(
        deviations=here(run, run.deviations_file),
        here=lambda shown: here(run, config.rootpath / shown),
        tests=lambda ids: arguments_of(ids, run),
        test=test,
        strict="--hubfiles-strict" if run.get("strict") else None,
        names_cassettes=bool(config.getoption("--hubfiles-cassettes") or (run.get("check") and is_named)),
    )


def here(run: Run, path: Path) -> str:
    """Return *path* as it is called in the folder in which *run* was started."""
    return seen_from(run.config.invocation_params.dir, path)


def arguments_of(ids: Iterable[str], run: Run) -> str:
    """Return the arguments with which pytest runs the tests called *ids* as they run now, but for how they record."""
    named = []
    for nodeid in dict.fromkeys(ids):
        file, separator, name = nodeid.partition("::")
        named.append(shlex.quote(f"{here(run, run.config.rootpath / file)}{separator}{name}"))
    return " ".join([*named, *_options(run.config)])


def _options(config: pytest.Config) -> Iterator[str]:
    from pytest_hubfiles.settings.precedence import NAMED

    for version in config.getoption("--hubfiles-version") or ():
        yield f"--hubfiles-version {shlex.quote(version)}"
    for name in _REPEATED:
        flag, value = NAMED[name].flag, config.getoption(str(NAMED[name].flag))
        between = "=" if name in _PATHS else " "
        if value is True:
            yield str(flag)
        else:
            values = value if isinstance(value, list) else [] if value is None else [value]
            yield from (f"{flag}{between}{shlex.quote(each)}" for each in values)
