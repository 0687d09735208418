"""Prints the lowest version of every dependency that pyproject.toml allows, as pip constraints."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from pytest_hubfiles import toml


def lowest(project: Path) -> list[str]:
    """Return ``name==version`` for each dependency.

    Raises:
        ValueError: if one of them has no lower bound.
    """
    document = toml.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    names = document["project"]["dependencies"]
    pins = []
    for requirement in names:
        if requirement.endswith("python_version < '3.11'") and sys.version_info >= (3, 11):
            continue
        if requirement.endswith("python_version >= '3.11'") and sys.version_info < (3, 11):
            continue
        match = re.match(r"([A-Za-z0-9._-]+)>=([0-9.]+)", requirement)
        if match is None:
            raise ValueError(f"{requirement} has no lower bound")
        pins.append(f"{match[1]}=={match[2]}")
    return pins


if __name__ == "__main__":
    print("\n".join(lowest(Path(__file__).parent.parent)))
