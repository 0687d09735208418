"""Severities have colours on a terminal, and nowhere else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.downstream import polled, started, write_cassette

pty = pytest.importorskip("pty")
MARKED = b"\x1b[31m\x1b[1mbreaking\x1b[0m  2026-03 import-status"


@pytest.mark.slow
@pytest.mark.parametrize("command", ["check", "diff"])
def test_a_terminal(tmp_path: Path, command: str) -> None:
    """What breaks is red on a terminal; NO_COLOR, a pipe and a file get plain text."""
    good = write_cassette(tmp_path / "good.yaml", started(), polled("COMPLETE"))
    result = {**polled("COMPLETE").json["result"], "size": "24574"}
    bad = write_cassette(tmp_path / "bad.yaml", started(), polled("COMPLETE", change={"result": result}))
    line = [sys.executable, "-m", "pytest_hubfiles", command, *([] if command == "check" else [str(good)]), str(bad)]
    plain = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}

    def on_terminal(environment: dict[str, str]) -> bytes:
        master, slave = pty.openpty()
        with subprocess.Popen(line, stdout=slave, stderr=slave, env=environment, cwd=tmp_path) as process:
            os.close(slave)
            said = b""
            while True:
                try:
                    said += (part := os.read(master, 65536))
                except OSError:  # Linux tells the end so
                    break
                if not part:
                    break
            assert process.wait() == 1
        os.close(master)
        return said

    assert MARKED in on_terminal(plain)
    assert b"\x1b[31m" not in on_terminal({**plain, "NO_COLOR": "1"})
    piped = subprocess.run(line, capture_output=True, check=False, env=plain, cwd=tmp_path)
    assert b"\x1b" not in piped.stdout
    assert b"breaking  2026-03 import-status" in piped.stdout
