"""Whoever waits at a terminal for a recording sees how far it is; nothing is written where nobody watches."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from contextlib import suppress

from helpers.downstream import HELPERS, Downstream, whole_import

SLOW = f"""{HELPERS}
def test_slow(hubfiles, capfd):
    print("of the test itself")
    task = hubfiles.start_import(**BODY)
    hubfiles.wait("import-status", task.json["id"], interval=0.6)
    assert "of the test itself" in capfd.readouterr().out
"""


def on_a_terminal(project: Downstream, *args: str) -> str:
    """Run pytest on a terminal 100 columns wide, and return what is written there."""
    reading, writing = pty.openpty()
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--hubfiles-base-url={project.sandbox.url}"]
    environment = {**os.environ, "COLUMNS": "100"}
    with subprocess.Popen([*command, *args], stdout=writing, stderr=writing, cwd=project.path, env=environment) as run:
        os.close(writing)
        said = b""
        with suppress(OSError):  # which Linux raises once nobody can write any more
            while piece := os.read(reading, 1 << 16):
                said += piece
        os.close(reading)
    assert run.returncode == 0, said.decode()
    return said.decode()


def test_a_recording(downstream: Downstream) -> None:
    """A recording of over a second says what it got last, in a line that is gone in the end; a replay says nothing."""
    (downstream.path / "test_files.py").write_text(SLOW, encoding="utf-8")

    said = on_a_terminal(downstream, "--hubfiles-record=once")

    assert "\rrecording test_files.py::test_slow: 4 exchanges, the last import-status COMPLETE" in said
    assert "1 exchange," not in said
    assert said.rindex("\r ") > said.rindex("recording ")
    assert "of the test itself" not in said
    assert "recording " not in on_a_terminal(downstream)
    for options in (("-q",), ("-n1",), ("-p", "no:terminal")):
        downstream.restart()
        assert "recording " not in on_a_terminal(downstream, "--hubfiles-record=rewrite", *options)


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
