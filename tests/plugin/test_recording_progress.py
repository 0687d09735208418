"""Whoever waits at a terminal for a recording sees how far it is; nothing is written where nobody watches."""

from __future__ import annotations

import sys

import pytest
from helpers.downstream import HELPERS, Downstream, whole_import
from helpers.terminals import on_a_terminal

SLOW = f"""{HELPERS}
def test_slow(hubfiles, capfd):
    print("of the test itself")
    task = hubfiles.start_import(**BODY)
    hubfiles.wait("import-status", task.json["id"], interval=0.6)
    assert "of the test itself" in capfd.readouterr().out
"""


def recorded(project: Downstream, *args: str) -> str:
    """Run pytest on a terminal, and return what is written there."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--hubfiles-base-url={project.sandbox.url}"]
    return on_a_terminal([*command, *args], project.path, columns=100)


@pytest.mark.slow
def test_a_recording(downstream: Downstream) -> None:
    """A recording of over a second says what it got last, in a line that is gone in the end; a replay says nothing."""
    (downstream.path / "test_files.py").write_text(SLOW, encoding="utf-8")

    said = recorded(downstream, "--hubfiles-record=once")

    assert "\rrecording test_files.py::test_slow: 4 exchanges, the last import-status COMPLETE" in said
    assert "1 exchange," not in said
    assert said.rindex("\r ") > said.rindex("recording ")
    assert "of the test itself" not in said
    assert "recording " not in recorded(downstream)
    for options in (("-q",), ("-n1",), ("-p", "no:terminal")):
        downstream.restart()
        assert "recording " not in recorded(downstream, "--hubfiles-record=rewrite", *options)


@pytest.mark.slow
def test_without_a_terminal(downstream: Downstream) -> None:
    """Where the output goes into a file no progress is written, whatever it is about."""
    (downstream.path / "test_files.py").write_text(SLOW, encoding="utf-8")
    downstream.write(whole_import(), downstream.cassette(version="v3"))

    done = downstream.run_apart(
        "--hubfiles-record=once", "-v", "--hubfiles-compare=v3:2026-03", "--hubfiles-fail-on=never"
    )

    assert done.ret == 0
    assert "recording " not in done.stdout.str()
    assert "compared 0 of" not in done.stdout.str()
