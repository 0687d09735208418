"""A command on a terminal of its own."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


def on_a_terminal(command: Sequence[str], folder: Path, columns: int) -> str:
    """Run *command* in *folder* on a terminal so many *columns* wide, and return what is written there.

    It has to end with 0.
    """
    reading, writing = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns)}
    with subprocess.Popen(command, stdout=writing, stderr=writing, cwd=folder, env=environment) as run:
        os.close(writing)
        said = b""
        with suppress(OSError):  # which Linux raises once nobody can write any more
            while piece := os.read(reading, 1 << 16):
                said += piece
        os.close(reading)
    assert run.returncode == 0, said.decode()
    return said.decode()
