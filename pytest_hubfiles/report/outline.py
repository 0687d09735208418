"""The paths that findings are about as one tree, with what each was before and is after."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.policy import Kind

_STEP: Final = re.compile(r"\.(\*|[^.\[]+)|\['((?:[^'\\]|\\.)*)'\]|(\[\*\])", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_SEPARATORS: Final = re.compile(r"(, | or )")

_STATUS, _BODY, _MEDIA = "HTTP status", "body", "media type"
ASPECTS: Final[Mapping[Kind, str]] = {
    Kind.UNDOCUMENTED_STATUS: _STATUS,
    Kind.SUCCESS_STATUS_CHANGED: _STATUS,
    Kind.ERROR_STATUS_CHANGED: _STATUS,
    Kind.OPERATION_GONE: _STATUS,
    Kind.CONTENT_TYPE_CHANGED: _MEDIA,
}
"""What of an answer a kind is about where it is not a field; anything else said of ``$`` is about the body."""


class Part(NamedTuple):
    """A piece of one side, and whether the other side lacks it."""

    text: str
    changed: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the tree: a name, and, where *findings* are about it, both sides; None where a side has nothing.

    ``findings`` of a parent are those below it.
    """

    depth: int
    name: str
    findings: tuple[Finding, ...]
    is_leaf: bool
    before: tuple[Part, ...] | None = None
    after: tuple[Part, ...] | None = None


@dataclass
class _Node:
    findings: list[Finding] = field(default_factory=list)
    children: dict[str, _Node] = field(default_factory=dict)

    def below(self) -> Iterator[Finding]:
        yield from self.findings
        for child in self.children.values():
            yield from child.below()


def steps_of(path: str) -> list[str]:
    """Return the names that a JSONPath goes by: ``size`` and, for the elements of an array, ``[*]``."""
    return [
        match[1] or match[3] or _ESCAPE.sub(lambda m: "\n" if m[1] == "n" else m[1], match[2] or "")
        for match in _STEP.finditer(path)
    ]


def outline(findings: Iterable[Finding]) -> list[Row]:
    """Return the tree of what *findings* say is another than it was; what has no two sides is left out."""
    root = _Node()
    for finding in sorted(findings, key=lambda f: f.path):
        if finding.before is None and finding.after is None:
            continue
        node = root
        for step in steps_of(finding.path) or [f"({ASPECTS.get(finding.kind, _BODY)})"]:
            node = node.children.setdefault(step, _Node())
        node.findings.append(finding)
    return [row for name, child in root.children.items() for row in _rows(name, child, 0)]


def _rows(name: str, node: _Node, depth: int) -> Iterator[Row]:
    # A chain of parents of one child each, as a.b.c, takes one line.
    while not node.findings and len(node.children) == 1:
        ((step, child),) = node.children.items()
        name = f"{name}{step}" if step == "[*]" else f"{name}.{step}"
        node = child
    for finding in node.findings:
        before, after = _marked(finding.before, finding.after), _marked(finding.after, finding.before)
        if before is not None and (finding.kind is Kind.ENUM_VALUE_ADDED or finding.keyword == "enum"):
            before = tuple(part._replace(changed=False) for part in before)  # one came, or is not among them: none went
        yield Row(depth, name, (finding,), True, before, after)
    if node.children and not node.findings:
        yield Row(depth, name, tuple(node.below()), False)
    for step, child in node.children.items():
        yield from _rows(step, child, depth + 1)


def _marked(text: str | None, other: str | None) -> tuple[Part, ...] | None:
    """Split a list such as ``null or string`` into its members, those marked that *other* lacks."""
    if text is None:
        return None
    known = set() if other is None else set(_SEPARATORS.split(other)[::2])
    pieces = _SEPARATORS.split(text)
    return tuple(Part(piece, position % 2 == 0 and piece not in known) for position, piece in enumerate(pieces))
