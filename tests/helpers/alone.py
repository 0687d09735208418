"""A run of pytest that loads this plugin and xdist alone.

Looking through everything that is installed, and importing each plugin found, takes longer than most runs do.
"""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

ALONE: Final = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "pytest_hubfiles,xdist.plugin"}
"""Variables of its environment."""
SUBTESTS: Final = ("-p", "pytest_subtests.plugin") if find_spec("pytest_subtests") else ()
"""Options that give such a run the fixture ``subtests``, which pytest 9 has itself."""
UNWANTED: Final = ("HUBSPOT_ACCESS_TOKEN", "PYTEST_ADDOPTS", "CI")
"""Variables that would change what it does."""


def alone(**more: str) -> dict[str, str]:
    """Return the environment of such a run, which finds ``pytest`` and ``hubfiles`` as they are installed here."""
    inherited = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**inherited, **ALONE, "PATH": path, **more}
