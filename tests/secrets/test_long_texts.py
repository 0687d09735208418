"""A long text is looked through within bounds, whatever it repeats: an answer cannot hang who records it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from helpers.patience import LONG_PATIENCE

REPEATED = [
    "%", "%25", "50% ", "7f3a9b2c", "token=", "token=a&", "token: ", "?token=", "<token>", "http://a:b@", "eyJ",
    "name=token,", 'name="token"\n', "token: |\n", "token:\n", "key=a;value=b ", '{"token":', "\\\\token",
    "Bearer ", "&#61;",
]  # fmt: skip
_LOOK = """
import sys
from faults.apart import within
from pytest_hubfiles import secrets
from pytest_hubfiles.secrets.write_guard import WriteGuard

text = "50% of the tokens are left\\n" + sys.argv[1] * (200_000 // len(sys.argv[1]))
with within(200, b""):
    secrets.redact(text)
with within(200, b""):
    WriteGuard().learn("https://api.hubapi.com/files", {}, text.encode())
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no timer of the processor")
@pytest.mark.parametrize("repeated", REPEATED)
def test_what_repeats_itself(repeated: str) -> None:
    """Scrubbing it, and learning credentials from it, takes at most 200 times ``json.loads`` of a megabyte."""
    done = subprocess.run(
        [sys.executable, "-c", _LOOK, repeated],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
        timeout=LONG_PATIENCE,
    )

    assert done.returncode == 0, done.stderr
