"""Processes of their own for what may kill, hang or fill its process."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
from pathlib import Path

_TESTS = Path(__file__).resolve().parent.parent


def run_apart(module: str, *args: str, seconds: float, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run ``python -m module *args`` with *folder* for its temporary files.

    Raises:
        subprocess.TimeoutExpired: if it takes longer than *seconds*.
    """
    paths = os.pathsep.join([str(_TESTS), str(_TESTS.parent), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, "-m", module, *args],
        env={**os.environ, "PYTHONPATH": paths.rstrip(os.pathsep), "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds,
        check=False,
    )


def limit_memory(megabytes: int) -> None:
    """Let this process have so much memory more than it has, and no more."""
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    most = pages * resource.getpagesize() + megabytes * 2**20
    with contextlib.suppress(ValueError, OSError):  # macOS has no such limit
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
