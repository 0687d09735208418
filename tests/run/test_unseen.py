"""A replay that saw no request judged nothing: it is not green on a recording that says otherwise."""

from __future__ import annotations

import pytest
from helpers.downstream import Downstream, whole_import

NOTHING = "def test_import(hubfiles): pass\n"


@pytest.fixture
def recorded(downstream: Downstream) -> Downstream:
    downstream.tests()
    downstream.record()
    return downstream


def test_nothing_seen_though_something_is_recorded(recorded: Downstream) -> None:
    """A test that passes on answers that nobody saw, as those of another process, fails and says so."""
    recorded.tests(
        """
import subprocess, sys

def test_import(hubfiles):
    subprocess.run([sys.executable, "-c", "pass"], check=True)
"""
    )

    result = recorded.run()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*.yaml could not be replayed: no request was seen, though 4 *"])


def test_nothing_recorded_and_nothing_seen(downstream: Downstream) -> None:
    """A test without a cassette that sends nothing has nothing to judge; the summary says that it sent nothing."""
    downstream.tests(NOTHING)

    result = downstream.run()

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["no request was seen in 1 test: test_files.py::test_import"])


def test_a_shared_cassette_may_be_for_other_tests(recorded: Downstream) -> None:
    """Where tests share a cassette, one of them may send nothing."""
    recorded.write(whole_import(), recorded.path / "cassettes/2026-03/shared.yaml")
    recorded.tests("@pytest.mark.hubfiles(cassette='shared')\n" + NOTHING)

    recorded.run().assert_outcomes(passed=1)
