"""Where the schema files are, found without reading one."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources
from pathlib import Path


def shipped_schemas() -> Path:
    """Return the folder of the schemas that come with the package: inside it in a wheel, beside it in a checkout."""
    inside = Path(str(resources.files("pytest_hubfiles"))) / "schemas"
    return inside if inside.is_dir() else Path(__file__).resolve().parents[2] / "schemas"


def versions_on_file(folders: Iterable[Path]) -> list[str]:
    """Return the version labels that *folders* and the shipped schemas have, without reading a file."""
    labels = set()
    for folder in (*folders, shipped_schemas()):
        labels |= {file.parent.name for file in folder.glob("*/*.json")}
    return sorted(labels, key=lambda v: (not v.startswith("v"), v))
