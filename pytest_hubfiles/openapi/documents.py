"""OpenAPI documents: read without trust, and their references followed."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pytest_hubfiles import regular_files
from pytest_hubfiles.cassettes.errors import RefusedError
from pytest_hubfiles.cassettes.reading import utf8_text
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.judge.schema_files import DIALECT
from pytest_hubfiles.judge.source import Source
from pytest_hubfiles.model.body import BodyNotJsonError, parse_json
from pytest_hubfiles.model.json_types import pointed_at
from pytest_hubfiles.openapi.yaml_reader import OpenApiReader
from pytest_hubfiles.visible import shown, visible

LARGEST: Final = 32_000_000  # bytes; HubSpot's largest document has about one million
_DEEPEST: Final = 100  # levels; Python and libyaml can recurse deeper
_OPENAPI: Final = re.compile(r"3\.(?P<minor>[01])(?:\.[0-9]+.*)?")
_OWN_DIALECT: Final = "https://spec.openapis.org/oas/3.1/dialect/"
_NOWHERE: Final = object()


class OpenApiError(HubfilesError):
    """An OpenAPI document cannot be imported; ``source`` and ``reason`` say which and why."""

    def __init__(self, source: str, reason: str) -> None:
        self.source, self.reason = source, reason
        super().__init__(f"The OpenAPI document {source} cannot be imported: {reason}")


@dataclass(frozen=True)
class Document:
    """An OpenAPI 3.0 or 3.1 document as plain JSON values; ``source`` is its name in messages.

    ``sha256`` is the digest of the file that it was read from, empty where there was none.

    Raises:
        OpenApiError: if *content* is no such document.
    """

    source: str
    content: Mapping[str, Any]
    sha256: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.content, Mapping):
            raise self.error("it is no mapping; an OpenAPI document begins with 'openapi: 3.…'")
        if "swagger" in self.content:
            raise self.error(
                f"it is Swagger {self.content['swagger']}; OpenAPI 3.0 and 3.1 are read.\n"
                "Convert it first, with swagger2openapi or https://converter.swagger.io."
            )
        if "openapi" not in self.content:
            raise self.error("it is no OpenAPI document: it has no 'openapi' key with a version such as 3.0.1")
        if self._version is None:
            raise self.error(f"its OpenAPI version is {self.content['openapi']!r}; 3.0 and 3.1 are read")
        if not isinstance(self.content.get("paths"), Mapping) or not self.content["paths"]:
            raise self.error("it describes no paths")
        self.check_dialect(self.content.get("jsonSchemaDialect"))

    @property
    def is_30(self) -> bool:
        """Whether this is OpenAPI 3.0, whose schemas are not JSON Schema yet."""
        return self._version is not None and self._version["minor"] == "0"

    @property
    def _version(self) -> re.Match[str] | None:
        return _OPENAPI.fullmatch(str(self.content["openapi"]))  # in YAML without quotes, 3.1 is a number

    @property
    def origin(self) -> Source:
        """What a contract remembers of this document."""
        info = self.content.get("info")
        title, version = (str(info.get(key, "")) if isinstance(info, Mapping) else "" for key in ("title", "version"))
        return Source(visible(title), visible(version), self.sha256)

    def error(self, reason: str) -> OpenApiError:
        """Return the error for this document, with its *reason*."""
        return OpenApiError(self.source, reason)

    def check_dialect(self, uri: object) -> None:
        """Refuse any dialect of JSON Schema but OpenAPI's own: its keywords could mean something else."""
        if uri is not None and uri != DIALECT and not (isinstance(uri, str) and uri.startswith(_OWN_DIALECT)):
            raise self.error(f"its schemas are written in {uri!r}; draft 2020-12 ({DIALECT}) is read")

    def lookup(self, reference: object) -> Any:
        """Return what *reference* (``#/components/schemas/File``) points at in this document.

        Raises:
            OpenApiError: if it leads out of the document or to nothing.
        """
        if not isinstance(reference, str):
            raise self.error(f"a $ref is {reference!r}; a reference is a text such as #/components/schemas/File")
        if not reference.startswith("#"):
            raise self.error(
                f"its reference {reference!r} leads out of the document, and nothing is fetched.\n"
                "Bundle the parts into one document first, as with 'redocly bundle'."
            )
        if not reference.startswith("#/"):
            raise self.error(f"its reference {reference!r} is no JSON pointer; #/components/schemas/File is one")
        found = pointed_at(self.content, reference, _NOWHERE)
        if found is _NOWHERE:
            raise self.error(f"its reference {reference!r} leads nowhere")
        return found

    def follow(self, node: object, what: str) -> Mapping[str, Any]:
        """Return the object *node*, or the object that it refers to; other keys beside a reference are ignored.

        *what* is its name in messages.

        Raises:
            OpenApiError: if a reference leads nowhere, back to itself, or to no object.
        """
        passed: list[object] = []
        while isinstance(node, Mapping) and "$ref" in node:
            reference = node["$ref"]
            if reference in passed:
                raise self.error(f"its reference {reference!r} leads back to itself")
            passed.append(reference)
            node = self.lookup(reference)
        if not isinstance(node, Mapping):
            raise self.error(f"{what} is {_kind(node)}, not an object")
        return node


def read(path: Path) -> Document:
    """Read the OpenAPI document in the file *path*, JSON or YAML.

    Raises:
        OpenApiError: if there is no such file, or it is too large, nested too deeply, or no OpenAPI document.
    """
    try:
        content = regular_files.read(path, LARGEST)
    except OSError as error:
        raise OpenApiError(shown(path), error.strerror or str(error)) from None
    return parse(content, shown(path))


def parse(content: bytes, source: str) -> Document:
    """Parse *content* as YAML if *source* ends in .yaml or .yml, as JSON if it ends in .json or a brace comes first.

    Raises:
        OpenApiError: as for `read`.
    """
    is_yaml = source.lower().endswith((".yaml", ".yml"))
    is_json = source.lower().endswith(".json") or content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    try:
        value = _from_json(content) if is_json and not is_yaml else _from_yaml(content)
    except RefusedError as error:
        line = "" if error.line is None else f", line {error.line}"
        raise OpenApiError(source, f"{error.reason}{line}") from None
    return Document(source, value, hashlib.sha256(content).hexdigest())


def _from_json(content: bytes) -> Any:
    try:
        value = parse_json(content)
    except BodyNotJsonError as error:
        raise RefusedError(f"it is not JSON: {error.reason}") from None
    within = [(value, 1)]
    while within:
        here, depth = within.pop()
        if depth > _DEEPEST:
            raise RefusedError(f"it is nested more than {_DEEPEST} levels deep")
        if isinstance(here, float) and not math.isfinite(here):
            raise RefusedError("it holds a number that is too large")
        children = here.values() if isinstance(here, dict) else here if isinstance(here, list) else ()
        within += [(child, depth + 1) for child in children]
    return value


def _from_yaml(content: bytes) -> Any:
    utf8_text(content)
    return OpenApiReader(content, LARGEST, f"{LARGEST // 1_000_000} MB").whole()


def _kind(value: object) -> str:
    names = {type(None): "null", bool: "a boolean", str: "a text", list: "a list", dict: "an object"}
    return names.get(type(value), "a number")
