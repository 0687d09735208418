"""Tests that a plugin runs in processes of its own are told of where the run is."""

from __future__ import annotations

import sys

import pytest
from helpers.downstream import Downstream

A_PROCESS_A_TEST = """
import json
import os
import pytest
from _pytest.runner import runtestprotocol

class Sending:
    def __init__(self):
        self.reports = []

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report):
        self.reports.append(report._to_json())

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    reading, writing = os.pipe()
    if os.fork() == 0:
        sending = Sending()
        item.config.pluginmanager.register(sending)
        runtestprotocol(item, nextitem=None)
        with open(writing, "w") as file:
            json.dump(sending.reports, file)
        os._exit(0)
    os.close(writing)
    with open(reading) as file:
        for report in json.load(file):
            item.ihook.pytest_runtest_logreport(report=pytest.TestReport._from_json(report))
    os.wait()
    return True
"""


@pytest.mark.skipif(sys.platform == "win32", reason="it cannot fork")
def test_reports_that_come_from_a_fork(downstream: Downstream) -> None:
    """What a test in a fork reports, to its own process and then to that of the run, is counted, once."""
    downstream.tests()
    downstream.record()
    downstream.pytester.makeconftest(A_PROCESS_A_TEST)
    result = downstream.pytester.runpytest_subprocess("-v", "--hubfiles-record=none")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["judged 4 of 4 exchanges in 1 cassette"])
