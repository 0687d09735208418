"""A test that a plugin tries again within its report, as pytest-retry does, is recorded and judged by its last try."""

from __future__ import annotations

import pytest
from helpers.downstream import Downstream

RETRY = """
import pytest

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when != "call" or report.passed:
        return report
    item.ihook.pytest_runtest_teardown(item=item, nextitem=item.parent)
    item._initrequest()
    item.ihook.pytest_runtest_setup(item=item)
    return pytest.TestReport.from_item_and_call(item, pytest.CallInfo.from_call(item.runtest, "call"))
"""
FLAKY = """
tries = []

def test_import(hubfiles):
    import_a_file(hubfiles)
    tries.append(1)
    assert len(tries) > 1
"""


@pytest.fixture
def retrying(downstream: Downstream) -> Downstream:
    downstream.pytester.makeconftest(RETRY)
    downstream.tests(FLAKY)
    return downstream


@pytest.mark.parametrize("mode", ["once", "rewrite", "all"])
def test_the_try_that_passes_is_recorded(retrying: Downstream, mode: str) -> None:
    """The first try promotes nothing and is no error; the second is promoted, and replays."""
    result = retrying.run_live(f"--hubfiles-record={mode}")

    result.assert_outcomes(passed=1)
    assert retrying.yaml_files() == ["cassettes/2026-03/test_files/test_import.yaml"]
    retrying.run().assert_outcomes(passed=1)


def test_the_last_try_is_judged(retrying: Downstream) -> None:
    """What the second try finds fails the test, though its own code passed."""
    retrying.restart("size-as-string")

    result = retrying.run_live("--hubfiles-record=once")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["breaking *$.result.size *schema-violation: *"])
    assert not retrying.cassette().exists()


def test_every_try_fails(retrying: Downstream) -> None:
    """A test that fails for good keeps its candidate, and its teardown is no error."""
    retrying.tests("def test_import(hubfiles):\n    import_a_file(hubfiles)\n    assert 0\n")

    result = retrying.run_live("--hubfiles-record=once")

    result.assert_outcomes(failed=1)
    assert retrying.yaml_files() == ["cassettes/2026-03/test_files/test_import.candidate.yaml"]
