"""What tests import and what they ask for, from signatures and docstrings."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Final

import pytest_hubfiles
from pytest_hubfiles.plugin import entry
from reference.markdown import code, docstring, first_part, table

_MANY: Final = 9
"""Members, of which there is another table."""


def fixtures() -> str:
    """Return a row for each fixture."""
    source = Path(entry.__file__).read_text(encoding="utf-8")
    rows = []
    for scope, name in re.findall(r'^@pytest\.fixture(?:\(scope="(\w+)"\))?\ndef (\w+)', source, re.MULTILINE):
        rows.append((code(name), scope or "function", first_part(getattr(entry, name).__wrapped__)))
    return table(("fixture", "scope", "what it is"), sorted(rows))


def classes() -> str:
    """Return a chapter for each public name."""
    return "\n\n".join(_chapter(name, getattr(pytest_hubfiles, name)) for name in pytest_hubfiles.__all__)


def _chapter(name: str, of: Any) -> str:
    parts = [f"## {name}", docstring(of)]
    if issubclass(of, Enum) and len(of) > _MANY:
        example = next(iter(of))
        parts.append(f"The [kinds](findings.md) with underscores: `{name}.{example.name}` is `{example.value}`.")
    elif issubclass(of, Enum):
        parts.append(table(("member", "value"), [(code(f"{name}.{one.name}"), code(one.value)) for one in of]))
    elif not issubclass(of, BaseException):
        parts += [table(("attribute", "what it is"), list(_attributes(of))), *_methods(of)]
    return "\n\n".join(parts)


def _attributes(of: Any) -> Iterator[tuple[str, str]]:
    if dataclasses.is_dataclass(of):
        for one in dataclasses.fields(of):
            if one.repr and not one.name.startswith("_"):
                yield code(one.name), " or ".join(map(code, str(one.type).split(" | ")))
    for name, member in vars(of).items():
        if isinstance(member, property) and not name.startswith("_"):
            yield code(name), first_part(member)


def _methods(of: Any) -> Iterator[str]:
    for name, member in vars(of).items():
        if inspect.isfunction(member) and not name.startswith("_"):
            signature = str(inspect.signature(member)).replace("self, ", "").replace("(self)", "()").replace("'", "")
            yield f"### {of.__name__}.{name}\n\n`{name}{signature}`\n\n{docstring(member)}"
