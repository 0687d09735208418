"""What nothing uses any more once vcrpy is gone from the tests of a module: its import, and recorders made of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

_VCRPY: Final = "vcr"
_PLAIN: Final = frozenset({"cassette_library_dir", "match_on", "path_transformer", "record_mode", "serializer"})
"""What a recorder may be made with that has no meaning for ours; anything else is a person's to take along."""


def without_leftovers(text: str) -> str:
    """Return the source *text* without imports of vcrpy, and plain recorders, that nothing in it uses."""
    while True:
        tree = ast.parse(text)
        lines = text.splitlines(keepends=True)
        node = next((one for one in _unused(tree) if _is_alone(one, lines)), None)
        if node is None:
            return text
        first, last = node.lineno - 1, node.end_lineno or node.lineno
        is_between = first > 0 and last < len(lines) and not lines[first - 1].strip() and not lines[last].strip()
        text = "".join([*lines[:first], *lines[last + is_between :]])


def recorders_left(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of each recorder in *text* that nothing uses, and that is made with more."""
    tree = ast.parse(text)
    used = _used(tree)
    for node in tree.body:
        name = _recorder(node)
        if name is not None and name not in used:
            yield node.lineno, name


def _unused(tree: ast.Module) -> Iterator[ast.stmt]:
    used = _used(tree)
    for node in tree.body:
        if isinstance(node, ast.Import):
            is_vcrpy = all(alias.name.partition(".")[0] == _VCRPY for alias in node.names)
            names = [alias.asname or alias.name.partition(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            is_vcrpy = not node.level and (node.module or "").partition(".")[0] == _VCRPY
            names = [alias.asname or alias.name for alias in node.names]
        else:
            name = _recorder(node)
            is_vcrpy, names = name is not None and _is_plain(node), [str(name)]
        if is_vcrpy and used.isdisjoint(names):
            yield node


def _used(tree: ast.Module) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def _recorder(node: ast.stmt) -> str | None:
    """Return the name that ``name = vcr.VCR(…)`` gives, None for any other statement."""
    if not (isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.value, ast.Call)):
        return None
    made, target = node.value.func, node.targets[0]
    called = made.attr if isinstance(made, ast.Attribute) else made.id if isinstance(made, ast.Name) else None
    return target.id if called == "VCR" and isinstance(target, ast.Name) else None


def _is_plain(node: ast.stmt) -> bool:
    value = getattr(node, "value", None)
    return isinstance(value, ast.Call) and not value.args and _PLAIN.issuperset(one.arg or "" for one in value.keywords)


def _is_alone(node: ast.stmt, lines: list[str]) -> bool:
    """Return whether nothing but *node* stands in its lines."""
    last = lines[(node.end_lineno or node.lineno) - 1].encode()[node.end_col_offset or 0 :].decode().strip()
    return node.col_offset == 0 and (not last or last.startswith("#"))
