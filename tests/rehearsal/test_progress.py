"""What a rehearsal shows at the terminal while it runs."""

from __future__ import annotations

import re
import sys

import pytest
from helpers.downstream import Downstream, whole_import
from helpers.terminals import on_a_terminal

ONLY = "--hubfiles-rehearse-only=import-status $.result.size"
SUITE = """
def test_strict(hubfiles):
    assert import_a_file(hubfiles).json["result"]["size"] > 0

def test_idle(hubfiles):
    import_a_file(hubfiles)
    pytest.skip("not here")

def test_without():
    pass
"""
STRICT = r"rehearsed test_files.py::test_strict: \d+ changes?, \d+ breaks? it"
IDLE = r"not rehearsed: test_files.py::test_idle \(it is skipped or expected to fail\)"


@pytest.fixture
def suite(downstream: Downstream) -> Downstream:
    """A test that breaks, one that cannot be rehearsed, and one that does not use the fixture."""
    downstream.tests(SUITE)
    for test in ("test_strict", "test_idle"):
        downstream.write(whole_import(), downstream.cassette(test))
    return downstream


def output(suite: Downstream, *args: str) -> str:
    arguments = ("--hubfiles-rehearse=breaking", ONLY, *args)
    return suite.pytester.runpytest_subprocess(*arguments).stdout.str().partition("= hubfiles =")[0]


@pytest.mark.slow
def test_verbose(suite: Downstream) -> None:
    """With -v each test that was rehearsed has a line before its own, which stays whole; no other test has."""
    lines = output(suite, "-v").splitlines()

    (at,) = [number for number, line in enumerate(lines) if re.fullmatch(STRICT, line)]
    assert lines[at + 1].startswith("test_files.py::test_strict PASSED")
    assert re.fullmatch(IDLE, lines[at + 2])
    assert lines[at + 3].startswith("test_files.py::test_idle SKIPPED")
    assert lines[at + 4].startswith("test_files.py::test_without PASSED")


@pytest.mark.slow
@pytest.mark.parametrize("args", [(), ("-q",), ("-v", "-n", "1")], ids=["plain", "quiet", "worker"])
def test_silent(suite: Downstream, args: tuple[str, ...]) -> None:
    """Into a file, with -q and under xdist the output is as it is without a rehearsal."""
    assert "rehears" not in output(suite, *args)


@pytest.mark.slow
def test_another_reporter(suite: Downstream) -> None:
    """Where a plugin shows the run in a way of its own, nothing is written into that."""
    (suite.path / "conftest.py").write_text(
        "import pytest\nfrom _pytest.terminal import TerminalReporter\n"
        "class Own(TerminalReporter):\n    pass\n"
        "@pytest.hookimpl(trylast=True)\n"
        "def pytest_configure(config):\n"
        "    old = config.pluginmanager.get_plugin('terminalreporter')\n"
        "    config.pluginmanager.unregister(old)\n"
        "    config.pluginmanager.register(Own(config), 'terminalreporter')\n",
        encoding="utf-8",
    )

    said = output(suite, "-v")
    assert "test_files.py::test_strict PASSED" in said
    assert "rehears" not in said


def rehearsed_on_a_terminal(suite: Downstream, *args: str) -> str:
    """Rehearse on a terminal, and return all that was written there."""
    command = [sys.executable, "-m", "pytest", "--hubfiles-rehearse=breaking", ONLY, "--color=yes", *args]
    return on_a_terminal(command, suite.path, columns=50)


@pytest.mark.slow
def test_on_a_terminal(suite: Downstream) -> None:
    """On a terminal one line counts the changes, within its width, and then says what came of it; breaks are red."""
    said, _, summary = rehearsed_on_a_terminal(suite).partition("= hubfiles =")

    counts = [
        tuple(map(int, one)) for one in re.findall(r"\rrehearsing test_files.py::test_strict: (\d+) of (\d+)", said)
    ]
    assert len(counts) > 2
    assert counts == sorted(counts)
    assert counts[0][0] == 0
    assert len({of for _, of in counts}) == 1
    drawn = [text for line in said.split("\n") for text in line.split("\r") if "rehears" in text]
    assert max(map(len, drawn)) < 50
    assert "\rrehearsed test_files.py::test_strict: " in said
    assert "\ntest_files.py " in said.split("\rrehearsed test_files.py::test_strict")[1]
    assert re.search(r"\x1b\[31m\x1b\[1mbreaks\x1b\[0m      1/1  import-status \$\.result\.size ", summary)
    assert "rehears" not in rehearsed_on_a_terminal(suite, "-q").partition("= hubfiles =")[0]
