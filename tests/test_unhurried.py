"""What Hypothesis tries out has all the time in the world."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

TESTS = Path(__file__).parent


def test_no_example_has_a_deadline() -> None:
    """Neither an example nor the drawing of one fails a test by how long it takes."""
    assert settings().deadline is None
    assert HealthCheck.too_slow in settings().suppress_health_check


def test_the_fault_suite_has_none_either() -> None:
    """Run by itself, each row of the fault suite has the profile of the tests, in a process of its own."""
    code = "import faults.ledger; from hypothesis import settings; print(settings().deadline)"
    done = subprocess.run([sys.executable, "-c", code], cwd=TESTS, capture_output=True, text=True, check=True)
    assert done.stdout == "None\n"
