"""The operations of an OpenAPI document: which are wanted, and their names."""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from pytest_hubfiles.judge.contract import Contract
from pytest_hubfiles.model.hubspot_api import is_version
from pytest_hubfiles.openapi.documents import Document, OpenApiError

_METHODS: Final = ("get", "post", "put", "patch", "delete")
_TASK_STATUS: Final = re.compile(r"(?P<start>/.+)/tasks/\{[^/{}]+\}/status/?")
_PARAMETER: Final = re.compile(r"\{([^/{}]*)\}")


@dataclass(frozen=True)
class Operation:
    """One method of one path; ``node`` is its description.

    ``task`` is ``start`` or ``status`` if it is one of the two operations of a task, ``start`` the path that starts
    that task.
    """

    method: str
    path: str
    version: str
    node: object
    task: str | None
    start: str

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def names(self) -> list[str]:
        """The names that it may have: the shortest first, the one with its whole path last."""
        whole = "-".join([self.method, *_words(self.path)])
        if self.task is None:
            return [whole]
        words = _words("/".join(s for s in self.start.split("/") if s != "async" and not _PARAMETER.search(s)))
        return [*("-".join([*words[-n:], self.task]) for n in range(1, len(words) + 1)), whole]


def wanted(
    document: Document, globs: Sequence[str], version: str | None, notes: dict[str, None]
) -> Iterator[Operation]:
    """Yield each wanted operation once, in the order of the document."""
    broken: list[OpenApiError] = []
    items = dict(_path_items(document, broken))
    notes.update(dict.fromkeys(f"a path is left out: {error.reason}" for error in broken))
    tasks: dict[tuple[str, str], tuple[str, str]] = {}  # method and path: its part in a task, and where that starts
    for path, (item, _) in items.items():
        match = _TASK_STATUS.fullmatch(path)
        if match is None or "get" not in item:
            continue
        tasks["get", path] = "status", match["start"]
        if "post" in items.get(match["start"], ({}, ""))[0]:
            tasks["post", match["start"]] = "start", match["start"]
        else:
            notes[f"{path}: no POST {match['start']} that would start the task"] = None
    chosen = {path for glob in globs for path in _matching(document, glob, list(items))}
    if not tasks and not chosen:
        raise broken[0] if broken else document.error(_nothing_wanted(list(items)))
    for path, (item, written) in items.items():
        for method in _METHODS:
            if method in item and (path in chosen or (method, path) in tasks):
                task, start = tasks.get((method, path), (None, path))
                label = version or _version_in(path)
                if label is None:
                    raise document.error(f"the path {written} names no version; say which it is with --version LABEL")
                yield Operation(method, path, label, item[method], task, start)


def _path_items(document: Document, broken: list[OpenApiError]) -> Iterator[tuple[str, tuple[Mapping[str, Any], str]]]:
    """Yield each path as requests have it, with its description and the path as the document has it.

    What is wrong with the description of a path goes to *broken*.
    """
    for written, node in document.content["paths"].items():
        if not written.startswith("/"):
            if not written.startswith("x-"):
                raise document.error(f"its path {written!r} does not begin with a slash")
            continue
        try:
            item = document.follow(node, f"its path {written}")
        except OpenApiError as error:
            broken.append(error)
            continue
        if isinstance(node, Mapping) and "$ref" in node:
            item = {**item, **{key: value for key, value in node.items() if key != "$ref"}}
        yield _base_path(document, item) + written, (item, written)


def _base_path(document: Document, item: Mapping[str, Any]) -> str:
    """Return the path of the first server; other servers are other places of the same API."""
    servers = item.get("servers") or document.content.get("servers") or [{}]
    server = servers[0] if isinstance(servers, list) else None
    if not isinstance(server, Mapping):
        raise document.error("its servers are no list of objects")
    url = server.get("url", "/")
    variables = server.get("variables") or {}
    if not isinstance(url, str) or not isinstance(variables, Mapping):
        raise document.error(f"its server {server!r:.80} has no url")
    for name, variable in variables.items():
        if isinstance(variable, Mapping):
            url = url.replace(f"{{{name}}}", str(variable.get("default", "")))
    try:
        path = urlsplit(url).path.strip("/")
    except ValueError as error:
        raise document.error(f"its server's url {url!r} is none: {error}") from None
    return f"/{path}" if path else ""


def _matching(document: Document, glob: str, paths: Sequence[str]) -> list[str]:
    found = [path for path in paths if fnmatch.fnmatchcase(path, glob)]
    if not found:
        near = difflib.get_close_matches(glob, paths, n=3, cutoff=0.3) or paths[:3]
        raise document.error(
            f"--path {glob!r} matches none of its {len(paths)} paths, as {', '.join(near)}.\n"
            "A * stands for any characters, slashes too; quote the pattern from your shell."
        )
    return found


def _nothing_wanted(paths: Sequence[str]) -> str:
    alike = [path for path in paths if path.rstrip("/").endswith("/status")]
    some = alike or list(paths)
    listed = "".join(f"\n  {path}" for path in some[:10])
    more = f"\n  and {len(some) - 10} more" if len(some) > 10 else ""
    said = "These end in /status:" if alike else "It has these:"
    return (
        f"none of its {len(paths)} paths ends in /tasks/{{…}}/status and has a GET.\n{said}{listed}{more}\n"
        "Say with --path GLOB which paths are meant."
    )


def described(document: Document) -> set[tuple[str, str]]:
    """Return method and path of each operation of *document*."""
    items = _path_items(document, [])
    return {(method.upper(), path) for path, (item, _) in items for method in _METHODS if method in item}


# --- names ----------------------------------------------------------------------------------------------------


def named(
    document: Document, operations: Sequence[Operation], known: Iterable[Contract]
) -> list[tuple[str, Operation]]:
    """Return *operations*, each with its name: the one in *known*, or its first that is unique.

    Both operations of a task have the same name but for its end.

    Raises:
        OpenApiError: if two operations of a version have no names that differ.
    """
    shipped = {_shape(contract.method, contract.path): contract.operation for contract in known}
    level = {operation.start: 0 for operation in operations}
    while True:
        found = [
            shipped.get(_shape(o.method, o.path)) or o.names[min(level[o.start], len(o.names) - 1)] for o in operations
        ]
        count = Counter((operation.version, name) for operation, name in zip(operations, found, strict=True))
        taken = {
            operation.start
            for operation, name in zip(operations, found, strict=True)
            if name != operation.names[-1]
            and _shape(operation.method, operation.path) not in shipped
            and (count[operation.version, name] > 1 or name in shipped.values())
        }
        if not taken:
            break
        for start in taken:
            level[start] += 1
    for (version, name), number in count.items():
        if number > 1:
            alike = [str(o) for o, n in zip(operations, found, strict=True) if (o.version, n) == (version, name)]
            raise document.error(f"{' and '.join(alike)} would all be called {name} in version {version}")
    return list(zip(found, operations, strict=True))


def _shape(method: str, path: str) -> tuple[str, str]:
    """Return method and path without the version and the names of parameters."""
    version = _version_in(path)
    segments = ["{version}" if segment == version else segment for segment in path.rstrip("/").split("/")]
    return method.upper(), _PARAMETER.sub("{}", "/".join(segments))


def _version_in(path: str) -> str | None:
    """Return the first segment of *path* that is a version label."""
    return next((segment for segment in path.split("/") if is_version(segment)), None)


def _words(path: str) -> list[str]:
    """Return the segments of *path* without its version, in lower case with dashes: ``{taskId}`` is by-task-id."""
    version = _version_in(path)
    made = []
    for segment in path.split("/"):
        if segment != version:
            text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", _PARAMETER.sub(r"-by-\1-", segment))
            made.append(re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-"))
    return [word for word in made if word]
