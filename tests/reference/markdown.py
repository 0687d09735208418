"""Markdown of tables and of docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; what stands in a cell is Markdown."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


def text(plain: str) -> str:
    """Return *plain* for a cell or a paragraph: nothing in it means anything to Markdown."""
    return re.sub(r"([*_|<\[])", r"\\\1", " ".join(plain.split()))


def code(plain: str) -> str:
    """Return *plain* as code for a cell; of a ``|`` in it GitHub and Python-Markdown make different things."""
    assert "|" not in plain
    return f"`{plain}`" if plain else ""


def docstring(of: object) -> str:
    """Return the docstring of *of* as Markdown: code between single backticks, and a list of what is raised."""
    said = inspect.getdoc(of) or ""
    said = re.sub(r":\w+:`([^`]+)`", r"`\1`", said.replace("``", "`"))
    before, raises, after = said.partition("Raises:\n")
    if not raises:
        return before.strip()
    errors = [line for line in re.split(r"\n(?=    \S+: )", "\n" + after.rstrip()) if line.strip()]
    items = [re.sub(r"^(\w+): ", r"`\1` ", " ".join(error.split())) for error in errors]
    return f"{before.strip()}\n\nRaises:\n\n" + "\n".join(f"- {item}" for item in items)


def first_part(of: object) -> str:
    """Return the docstring of *of* on one line, without what is raised."""
    return " ".join(docstring(of).partition("\n\nRaises:")[0].split())
