"""The pages in docs are true: what they have a reader write is written and run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from pytest_hubfiles.sandbox import Sandbox

DOCS = Path(__file__).parent.parent / "docs"
FILES = re.compile(r"^```python\n# ([\w./]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_tests_of_every_style(tmp_path: Path, sandbox: Sandbox) -> None:
    """The tests of that page, one folder of files, are recorded with a token and replay without one."""
    page = (DOCS / "how-to" / "fixtures.md").read_text(encoding="utf-8")
    for name, text in FILES.findall(page):
        (tmp_path / name).write_text(text, encoding="utf-8")

    def run(*args: str, **more: str) -> str:
        environment = {name: value for name, value in os.environ.items() if name not in ("CI", "HUBSPOT_ACCESS_TOKEN")}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:recording", *args]
        done = subprocess.run(
            command, cwd=tmp_path, env={**environment, **more}, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    record = ("--hubfiles-record=once", f"--hubfiles-base-url={sandbox.url}")
    assert "5 passed" in run(*record, HUBSPOT_ACCESS_TOKEN="a-token-for-tests")
    sandbox.close()
    assert "5 passed" in run()
    names = sorted(path.relative_to(tmp_path / "cassettes").as_posix() for path in tmp_path.rglob("*.yaml"))
    assert names == [
        "2026-03/test_async/test_start.yaml",
        "2026-03/test_case/TestUploads.test_start.yaml",
        "2026-03/test_session/test_starts.yaml",
        "v3/test_class/TestUploads.test_start.yaml",
        "v3/test_class/TestUploads.test_states.yaml",
    ]
