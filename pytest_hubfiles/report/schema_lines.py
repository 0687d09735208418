"""Where in a schema file a JSONPath is declared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import yaml

from pytest_hubfiles.judge.schema_files import KEYWORD
from pytest_hubfiles.judge.shipped import shipped_schemas
from pytest_hubfiles.model.json_types import pointer_steps
from pytest_hubfiles.report.outline import steps_of


def schema_file(version: str, operation: str) -> Path | None:
    """Return the shipped schema of *operation* in *version*, None where there is none."""
    folder = shipped_schemas()
    found = folder / version / f"{operation}.json"
    return found if found.is_file() and found.resolve().is_relative_to(folder.resolve()) else None


def line_of(file: Path, path: str, http_status: int | None = None) -> int | None:
    """Return the line, from 1, in which *file* declares *path* in answers of *http_status*.

    Where it does not declare all of *path*, it is the line of as much as it does; None where the file cannot
    be read.
    """
    root = _compose(file)
    if root is None:
        return None
    steps = steps_of(path)
    starts = [start for start in (_response(root, http_status), root) if start is not None]
    found = max((_walk(root, start, steps, ()) for start in starts), default=None)
    return None if found is None else found[1] + 1


@lru_cache(maxsize=64)
def _compose(file: Path) -> yaml.MappingNode | None:
    """Read JSON as the YAML it also is: its nodes know their lines."""
    try:
        node = yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (OSError, ValueError, yaml.YAMLError):
        return None
    return node if isinstance(node, yaml.MappingNode) else None


def _members(node: yaml.Node | None) -> dict[str, tuple[yaml.Node, yaml.Node]]:
    """Return key and value of each member of an object, by its name."""
    return {str(key.value): (key, value) for key, value in node.value} if isinstance(node, yaml.MappingNode) else {}


def _pointed_at(root: yaml.Node, pointer: str) -> yaml.Node | None:
    node: yaml.Node | None = root
    for name in pointer_steps(pointer):
        node = _members(node).get(name, (None, None))[1]
    return node


def _response(root: yaml.Node, http_status: int | None) -> yaml.Node | None:
    """Return the part of the file that judges answers of *http_status*, or of any success."""
    about = _members(root).get(KEYWORD, (None, None))[1]
    responses = _members(_members(about).get("responses", (None, None))[1])
    success = next((status for status in responses if status.startswith("2")), "")
    status = success if http_status is None else str(http_status)
    pointer = (responses.get(status) or responses.get("default") or (None, None))[1]
    return _pointed_at(root, str(pointer.value)) if isinstance(pointer, yaml.ScalarNode) else None


def _walk(root: yaml.Node, node: yaml.Node, steps: Sequence[str], above: tuple[int, ...]) -> tuple[int, int]:
    """Return how many of *steps* can be gone from *node*, and the line, from 0, that this leads to."""
    best = (0, node.start_mark.line)
    if id(node) in above:
        return best
    for alike in _same_value(root, node):
        best = max(best, _walk(root, alike, steps, (*above, id(node))), key=lambda found: found[0])
    if steps:
        step, *rest = steps
        for line, child in _children(node, step):
            far, deeper = _walk(root, child, rest, ())
            best = max(best, (far + 1, deeper if far else line), key=lambda found: found[0])
    return best


def _same_value(root: yaml.Node, node: yaml.Node) -> Iterator[yaml.Node]:
    """Yield the schemas that *node* holds its own value against."""
    members = _members(node)
    if "$ref" in members and (target := _pointed_at(root, str(members["$ref"][1].value))) is not None:
        yield target
    for keyword in ("allOf", "anyOf", "oneOf"):
        if keyword in members and isinstance(members[keyword][1], yaml.SequenceNode):
            yield from members[keyword][1].value


def _children(node: yaml.Node, step: str) -> Iterator[tuple[int, yaml.Node]]:
    """Yield the schemas that one *step* from *node* leads to, each with the line of its keyword or name."""
    members = _members(node)
    keyword = {"[*]": "items", "*": "additionalProperties"}.get(step)
    if keyword is not None and keyword in members:
        key, child = members[keyword]
        yield key.start_mark.line, child
    elif keyword is None:
        named = _members(members.get("properties", (None, None))[1])
        if step in named:
            key, child = named[step]
            yield key.start_mark.line, child
