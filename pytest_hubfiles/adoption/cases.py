"""Classes of tests that are vcrpy's test case, or have its mixin."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

CASE: Final = "VCRTestCase"
MIXIN: Final = "VCRMixin"
_HOOKS: Final = ("_get_vcr_kwargs", "_get_vcr", "_get_cassette_name", "_get_cassette_library_dir")


def cases(tree: ast.Module) -> Iterator[ast.ClassDef]:
    """Yield the classes in *tree* that name vcrpy's test case, or its mixin, as a base."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(_name(base) in (CASE, MIXIN) for base in node.bases):
            yield node


def bases_of(node: ast.ClassDef, text: str) -> str:
    """Return the bases that the class *node* in the source *text* has without vcrpy's, as source."""
    kept = [
        "unittest.TestCase" if _name(base) == CASE else ast.get_source_segment(text, base) or ast.unparse(base)
        for base in node.bases
        if _name(base) != MIXIN
    ]
    return ", ".join(dict.fromkeys(kept or ["unittest.TestCase"]))


def left_in(node: ast.ClassDef) -> Iterator[tuple[int, str]]:
    """Yield what of the class *node* is left to a person, with its line."""
    for one in ast.walk(node):
        if isinstance(one, ast.FunctionDef) and one.name in _HOOKS:
            yield one.lineno, f"{one.name} of {node.name} is vcrpy's; return what it adds from hubfiles_vcr_config"
        elif isinstance(one, ast.Attribute) and one.attr == "cassette" and _name(one.value) == "self":
            yield one.lineno, f"{node.name} looks into self.cassette; hubfiles.exchanges has what was sent"


def _name(node: ast.expr) -> str | None:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else None
