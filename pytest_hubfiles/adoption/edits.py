"""What to change in a test module of pytest-recording or plain vcrpy, so that its tests use the fixture."""

from __future__ import annotations

import ast
import difflib
import re
import tokenize
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from pytest_hubfiles.adoption.cases import bases_of, cases, left_in
from pytest_hubfiles.adoption.leftovers import recorders_left, without_leftovers
from pytest_hubfiles.visible import shown

_FIXTURE: Final = 'pytest.mark.usefixtures("hubfiles")'
_NO_LINE_END: Final = r"\ No newline at end of file"
_MARKERS_TO_DROP: Final = ("default_cassette", "block_network", "allowed_hosts")
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class SuiteModule:
    """A module of tests: which cassettes its functions use with vcrpy, and what is to be changed in it.

    ``versions`` says which functions are to say their version, by their name with their classes. ``notes`` are changes
    that only a person can make.
    """

    path: Path
    versions: Mapping[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @cached_property
    def _text(self) -> str:
        with tokenize.open(self.path) as file:  # which knows the encoding that a module names
            return file.read()

    @cached_property
    def _tree(self) -> ast.Module:
        return ast.parse(self._text)

    def config(self) -> int | None:
        """Return the line of pytest-recording's fixture ``vcr_config``, None if there is none."""
        return next((node.lineno for name, node in _functions(self._tree) if name == "vcr_config"), None)

    def used(self) -> dict[str, list[str | None]]:
        """Return the cassettes that each function uses with vcrpy, None for one of the function's own name."""
        found: dict[str, list[str | None]] = {}
        for name, node in _functions(self._tree):
            calls = [*node.decorator_list, *(item.context_expr for with_ in _withs(node) for item in with_.items)]
            named = [_cassette_of(call) for call in calls if _is_use_cassette(call)]
            if named:
                found[name] = named
        return found

    def diff(self, root: Path) -> str:
        """Return the changes as a unified diff with paths from *root*; an empty text where there is none."""
        name = shown(self.path.relative_to(root)) if self.path.is_relative_to(root) else shown(self.path)
        lines = difflib.unified_diff(_lines(self._text), _lines(self._changed()), f"a/{name}", f"b/{name}")
        return "".join(line if line.endswith("\n") else f"{line}\n{_NO_LINE_END}\n" for line in lines)

    def _changed(self) -> str:
        lines = _lines(self._text)
        changes = sorted(self._changes(), key=lambda change: (change.first, change.column), reverse=True)
        for change in changes:
            change.make(lines)
        if not changes:
            return self._text
        needed = ["pytest", *(["unittest"] if any(cases(self._tree)) else [])]
        at = _first_import(self._tree)
        lines[at:at] = [f"import {name}\n" for name in needed if not _imports(self._tree, name)]
        text = without_leftovers("".join(lines))
        for line, name in recorders_left(text):
            said = f"nothing uses {name} any more; return what it is made with from the fixture hubfiles_vcr_config"
            self.notes.append(f"{shown(self.path.name)}:{line}: {said}")
        return text

    def _changes(self) -> Iterator[_Change]:
        for name, node in _functions(self._tree):
            has_with = yield from self._without_withs(name, node)
            adds = [_FIXTURE] * has_with
            adds += [f'pytest.mark.hubfiles(version="{self.versions[name]}")'] if name in self.versions else []
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            if adds:
                yield _Change(first, first - 1, 0, "".join(f"{' ' * node.col_offset}@{one}\n" for one in adds))
        for case in cases(self._tree):
            yield from self._of_case(case)
        for one in ast.walk(self._tree):
            if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                yield from _decorators(one)
            elif isinstance(one, ast.Assign) and any(map(_is_pytestmark, one.targets)):
                marks = one.value.elts if isinstance(one.value, (ast.List, ast.Tuple)) else [one.value]
                yield from (_replaced(mark, _FIXTURE) for mark in marks if _marker(mark) == "vcr")

    def _of_case(self, node: ast.ClassDef) -> Iterator[_Change]:
        """Yield the changes that make vcrpy's test case a plain one that asks for the fixture."""
        first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
        yield _Change(first, first - 1, 0, f"{' ' * node.col_offset}@{_FIXTURE}\n")
        start, end = node.bases[0], node.bases[-1]
        last = end.end_lineno or end.lineno
        yield _Change(start.lineno, last, start.col_offset, bases_of(node, self._text), end=end.end_col_offset)
        self.notes += [f"{shown(self.path.name)}:{line}: {said}" for line, said in left_in(node)]

    def cases(self) -> set[str]:
        """Return the names of the classes that are vcrpy's test case by what the module says itself."""
        return {node.name for node in cases(self._tree)}

    def _without_withs(self, name: str, node: _Function) -> Generator[_Change, None, bool]:
        """Yield the changes that take the body of each ``with use_cassette(…)`` out of it; return whether any does."""
        found = False
        for with_ in _withs(node):
            if not any(_is_use_cassette(item.context_expr) for item in with_.items):
                continue
            first, last = with_.body[0].lineno, with_.end_lineno or with_.body[-1].lineno
            if len(with_.items) > 1 or with_.items[0].optional_vars is not None or first == with_.lineno:
                self._leave(with_, f"take the body of {name} out of its `with`, and ask for the fixture hubfiles")
                continue
            found = True
            yield _Change(with_.lineno, first - 1, 0, "")
            width = with_.body[0].col_offset - with_.col_offset
            kept = _within_texts(with_)
            yield from (_Change(line, line, 0, None, width) for line in range(first, last + 1) if line not in kept)
        return found

    def _leave(self, node: ast.stmt, advice: str) -> None:
        self.notes.append(f"{shown(self.path.name)}:{node.lineno}: {advice}; hubfiles.exchanges has what was sent")


@dataclass(frozen=True)
class _Change:
    """The lines from ``first`` to ``last`` become ``text``; without one they lose ``width`` spaces.

    With an ``end``, only what stands in the line from ``column`` to there is replaced.
    """

    first: int
    last: int
    column: int
    text: str | None
    width: int = 0
    end: int | None = None

    def make(self, lines: list[str]) -> None:
        if self.text is None:
            line = lines[self.first - 1]
            lines[self.first - 1] = line[self.width :] if not line[: self.width].strip() and line.strip() else line
        elif self.end is None:
            lines[self.first - 1 : self.last] = _lines(self.text)
        else:
            before = lines[self.first - 1].encode()[: self.column].decode()
            after = lines[self.last - 1].encode()[self.end :].decode()
            lines[self.first - 1 : self.last] = [f"{before}{self.text}{after}"]


def _lines(text: str) -> list[str]:
    """Return the lines of *text* with their ends, as Python counts lines: a form feed ends none."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _replaced(node: ast.expr, text: str) -> _Change:
    last = node.end_lineno or node.lineno
    return _Change(node.lineno, last, node.col_offset, text, end=node.end_col_offset)


def _decorators(node: _Function | ast.ClassDef) -> Iterator[_Change]:
    """Yield the changes of its decorators: the first for a recorder asks for the fixture instead, others go."""
    is_asked = False
    for one in node.decorator_list:
        name = _marker(one)
        if name == "vcr" or _is_use_cassette(one):
            if is_asked:
                yield _Change(one.lineno, one.end_lineno or one.lineno, 0, "")
            else:
                yield _replaced(one, _FIXTURE)
            is_asked = True
        elif name in _MARKERS_TO_DROP:
            yield _Change(one.lineno, one.end_lineno or one.lineno, 0, "")


def _functions(tree: ast.AST, within: str = "") -> Iterator[tuple[str, _Function]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{within}{node.name}.")
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield f"{within}{node.name}", node


def _withs(node: _Function) -> list[ast.With]:
    return [inner for inner in ast.walk(node) if isinstance(inner, ast.With)]


def _within_texts(node: ast.AST) -> set[int]:
    """Return the lines that begin within a text of several lines, where spaces count."""
    texts = (one for one in ast.walk(node) if isinstance(one, (ast.Constant, ast.JoinedStr)))
    return {line for one in texts for line in range(one.lineno + 1, (one.end_lineno or one.lineno) + 1)}


def _marker(node: ast.expr) -> str | None:
    """Return the name of the marker that *node* is: ``vcr`` for ``pytest.mark.vcr`` and ``mark.vcr(…)``."""
    target = node.func if isinstance(node, ast.Call) else node
    if not isinstance(target, ast.Attribute):
        return None
    owner = target.value
    name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else None
    return target.attr if name == "mark" else None


def _is_pytestmark(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "pytestmark"


def _is_use_cassette(node: ast.expr) -> bool:
    target = node.func if isinstance(node, ast.Call) else node
    return (isinstance(target, ast.Attribute) and target.attr == "use_cassette") or (
        isinstance(target, ast.Name) and target.id == "use_cassette"
    )


def _cassette_of(node: ast.expr) -> str | None:
    """Return the path that a call of ``use_cassette`` names; None where it names none, or only at run time."""
    if isinstance(node, ast.Call):
        given = [*node.args[:1], *(keyword.value for keyword in node.keywords if keyword.arg == "path")]
        for value in given:
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                return value.value
    return None


def _imports(tree: ast.Module, name: str) -> bool:
    return any(
        alias.name == name and alias.asname is None
        for node in tree.body
        if isinstance(node, ast.Import)
        for alias in node.names
    )


def _first_import(tree: ast.Module) -> int:
    """Return before which line an import can stand: the first import but those from __future__, or the first line."""
    for node in tree.body:
        is_future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if isinstance(node, (ast.Import, ast.ImportFrom)) and not is_future:
            return node.lineno - 1
    body = tree.body[1:] if ast.get_docstring(tree) is not None else tree.body
    return body[0].lineno - 1 if body else 0
