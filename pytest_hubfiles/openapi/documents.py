"""OpenAPI documents: reading them without trust, and following the references inside them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import yaml
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.judge.schema_files import DIALECT
from pytest_hubfiles.model.body import BodyNotJsonError, parse_json

_LARGEST: Final = 32 * 2**20  # bytes; HubSpot's largest document has about one million
_DEEPEST: Final = 100  # levels; below what Python and libyaml can recurse
_MOST_VALUES: Final = 1_000_000  # with YAML's aliases written out
_OPENAPI: Final = re.compile(r"3\.(?P<minor>[01])(?:\.[0-9]+.*)?")
_OWN_DIALECT: Final = "https://spec.openapis.org/oas/3.1/dialect/"
_URI: Final = "urn:hubfiles:openapi"


class OpenApiError(HubfilesError):
    """An OpenAPI document that cannot be imported; ``source`` and ``reason`` say which and why."""

    def __init__(self, source: str, reason: str) -> None:
        self.source, self.reason = source, reason
        super().__init__(f"The OpenAPI document {source} cannot be imported: {reason}")


@dataclass(frozen=True)
class Document:
    """An OpenAPI 3.0 or 3.1 document as plain JSON values; ``source`` is what messages call it.

    Raises:
        OpenApiError: if *content* is no such document.
    """

    source: str
    content: Mapping[str, Any]

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
        """Whether this is OpenAPI 3.0, whose schemas are no JSON Schema yet."""
        return self._version is not None and self._version["minor"] == "0"

    @property
    def _version(self) -> re.Match[str] | None:
        return _OPENAPI.fullmatch(str(self.content["openapi"]))  # in YAML without quotes, 3.1 is a number

    def error(self, reason: str) -> OpenApiError:
        """Return the error that says *reason* of this document."""
        return OpenApiError(self.source, reason)

    def check_dialect(self, uri: object) -> None:
        """Refuse a dialect of JSON Schema other than OpenAPI's own, whose keywords would mean something else."""
        if uri is not None and uri != DIALECT and not (isinstance(uri, str) and uri.startswith(_OWN_DIALECT)):
            raise self.error(f"its schemas are written in {uri!r}; draft 2020-12 ({DIALECT}) is read")

    @cached_property
    def _registry(self) -> Registry[Any]:
        empty: Registry[Any] = Registry()  # one that retrieves nothing
        filled: Registry[Any] = empty.with_resource(_URI, Resource.opaque(self.content))
        return filled

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
        if reference in self._found:
            return self._found[reference]
        try:
            found = self._registry.resolver(_URI).lookup(reference).contents
        except (Unresolvable, TypeError, ValueError):  # the last two where a step leads into a text or a number
            raise self.error(f"its reference {reference!r} leads nowhere") from None
        self._found[reference] = found
        return found

    @cached_property
    def _found(self) -> dict[str, Any]:
        return {}

    def follow(self, node: object, what: str) -> Mapping[str, Any]:
        """Return the object *node*, or the one that it refers to; what stands beside a reference does not count.

        Raises:
            OpenApiError: if a reference leads astray or back to itself, or to no object.
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
        OpenApiError: if there is no such file, or it is neither, too large, too deep, or no OpenAPI document.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise OpenApiError(str(path), error.strerror or str(error)) from None
    if len(content) > _LARGEST:
        raise OpenApiError(str(path), f"it has more than {_LARGEST // 2**20} MB")
    return parse(content, str(path))


def parse(content: bytes, source: str) -> Document:
    """Read *content*, JSON or YAML; one that begins with a brace is JSON, unless *source* ends in .yaml or .yml.

    Raises:
        OpenApiError: as for `read`.
    """
    is_yaml = source.lower().endswith((".yaml", ".yml"))
    is_json = source.lower().endswith(".json") or content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    try:
        value = _from_json(content) if is_json and not is_yaml else _from_yaml(content)
    except ValueError as error:
        raise OpenApiError(source, str(error)) from None
    return Document(source, value)


def _from_json(content: bytes) -> Any:
    try:
        value = parse_json(content)
    except BodyNotJsonError as error:
        raise ValueError(f"it is not JSON: {error.reason}") from None
    within = [(value, 1)]
    while within:
        here, depth = within.pop()
        if depth > _DEEPEST:
            raise ValueError(f"it is nested more than {_DEEPEST} levels deep")
        if isinstance(here, float) and not math.isfinite(here):
            raise ValueError("it is not JSON that can be kept: a number is too large")
        children = here.values() if isinstance(here, dict) else here if isinstance(here, list) else ()
        within += [(child, depth + 1) for child in children]
    return value


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # libyaml where it was built in
    """Composes nodes; which plain words are no text is as in JSON, not as in YAML 1.1.

    Source: OpenAPI asks for YAML 1.2 with the tags of its JSON schema, so ``NO`` and ``2026-03-30`` are texts.
    """

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  # PyYAML's name and type


_TAG: Final = "tag:yaml.org,2002:"
_WORDS: Final = {
    "null": (r"null|Null|NULL|~|", ["n", "N", "~", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (r"-?(?:0|[1-9][0-9]*)", list("-0123456789")),
    "float": (r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", list("-0123456789")),
    "merge": (r"<<", ["<"]),
}
for _name, (_pattern, _first) in _WORDS.items():
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(f"^(?:{_pattern})$"), _first)
_SCALARS: Final[Mapping[str, Callable[[str], Any]]] = {
    _TAG + "null": lambda text: None,
    _TAG + "bool": lambda text: text.lower() == "true",
    _TAG + "int": int,
    _TAG + "float": float,
    _TAG + "str": str,
}


def _from_yaml(content: bytes) -> Any:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not UTF-8 text (byte {error.start})") from None
    try:
        depth = 0
        for event in yaml.parse(text, Loader=_Loader):  # first: libyaml composes without a limit
            depth += isinstance(event, yaml.events.CollectionStartEvent)
            depth -= isinstance(event, yaml.events.CollectionEndEvent)
            if depth > _DEEPEST:
                raise ValueError(f"it is nested more than {_DEEPEST} levels deep, {_line(event)}")
        return _Unfolding().value(yaml.compose(text, Loader=_Loader), 1)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ValueError(f"it is not YAML: {problem}{f', line {mark.line + 1}' if mark else ''}") from None


class _Unfolding:
    """Makes plain values of YAML nodes, aliases written out, and stops where these are too many."""

    def __init__(self) -> None:
        self.values = 0

    def value(self, node: yaml.nodes.Node | None, depth: int) -> Any:
        self.values += 1
        if self.values > _MOST_VALUES:
            raise ValueError(f"its YAML aliases unfold to more than {_MOST_VALUES} values")
        if node is None:
            return None
        if depth > _DEEPEST:
            raise ValueError(f"it is nested more than {_DEEPEST} levels deep, {_line(node)}")
        if node.tag == _TAG + "map" and isinstance(node, yaml.nodes.MappingNode):
            return self._mapping(node, depth)
        if node.tag == _TAG + "seq" and isinstance(node, yaml.nodes.SequenceNode):
            return [self.value(child, depth + 1) for child in node.value]
        if node.tag not in _SCALARS or not isinstance(node, yaml.nodes.ScalarNode):
            raise ValueError(f"it holds a {node.tag}, {_line(node)}; OpenAPI knows JSON's values only")
        try:
            value = _SCALARS[node.tag](node.value)
        except ValueError:
            raise ValueError(f"{node.value[:60]!r} is no {node.tag.removeprefix(_TAG)}, {_line(node)}") from None
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{node.value[:60]!r} is no number of JSON, {_line(node)}")
        return value

    def _mapping(self, node: yaml.nodes.MappingNode, depth: int) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        for key, child in node.value:
            if not isinstance(key, yaml.nodes.ScalarNode):
                raise ValueError(f"a key is no text, {_line(key)}")
            value = self.value(child, depth + 1)
            if key.tag == _TAG + "merge":
                for source in value if isinstance(value, list) else [value]:
                    if not isinstance(source, dict):
                        raise ValueError(f"what '<<' merges is no mapping, {_line(key)}")
                    merged = {**source, **merged}
            elif key.value in own:  # YAML refuses it and PyYAML lets the last one win
                raise ValueError(f"the key {key.value!r} stands twice in one mapping, {_line(key)}")
            else:
                own[key.value] = value  # as it is written: JSON's keys are texts, a status such as 200 too
        return {**merged, **own}


def _line(marked: Any) -> str:
    return f"line {marked.start_mark.line + 1}"


def _kind(value: object) -> str:
    names = {type(None): "null", bool: "a boolean", str: "a text", list: "a list", dict: "an object"}
    return names.get(type(value), "a number")
