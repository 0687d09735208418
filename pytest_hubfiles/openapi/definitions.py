"""Translates OpenAPI's schemas into definitions of JSON Schema draft 2020-12, without prose."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

import regex

from pytest_hubfiles.judge.bounded_keywords import is_quick
from pytest_hubfiles.judge.validator import FORMATS
from pytest_hubfiles.openapi.documents import Document

# The keywords that judge, in the order in which they are written.
_ORDER: Final = (
    *("$ref", "type", "format", "x-format", "enum", "const", "pattern", "x-pattern"),
    *("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength"),
    *("required", "dependentRequired", "properties", "patternProperties", "propertyNames", "additionalProperties"),
    *("unevaluatedProperties", "minProperties", "maxProperties", "dependentSchemas"),
    *("prefixItems", "items", "contains", "minContains", "maxContains", "unevaluatedItems"),
    *("minItems", "maxItems", "uniqueItems", "allOf", "anyOf", "oneOf", "not", "if", "then", "else"),
    *("contentEncoding", "contentMediaType", "deprecated", "readOnly", "writeOnly"),
)
_ONE_SCHEMA: Final = frozenset(
    {"additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then"}
    | {"unevaluatedItems", "unevaluatedProperties"}
)
_LISTED_SCHEMAS: Final = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_NAMED_SCHEMAS: Final = frozenset({"dependentSchemas", "patternProperties", "properties"})
_MARKS: Final = frozenset({"deprecated", "readOnly", "writeOnly"})
# The keywords that judge nothing: prose and names. A discriminator says which branch of a oneOf is meant; by OpenAPI
# 3.1.1 it does not change what is valid, so the branches judge without it.
_DROPPED: Final = frozenset(
    {"$anchor", "$comment", "$defs", "$dynamicAnchor", "$schema", "$vocabulary", "contentSchema", "default"}
    | {"definitions", "description", "discriminator", "example", "examples", "externalDocs", "nullable", "title", "xml"}
)
_REFUSED: Final = ("$dynamicRef", "$id", "$recursiveRef")  # these change the meaning of references
_COMPOSED: Final = frozenset({"$ref", "allOf", "anyOf", "const", "not", "oneOf"})
_COMPONENT: Final = "#/components/schemas/"


@dataclass
class Definitions:
    """The schemas that one side of an operation needs, by their names in its contract.

    A *request* does not require what is ``readOnly``, an answer not what is ``writeOnly``. ``notes`` collects what
    could not be kept. Every name ends with ``suffix``.
    """

    document: Document
    request: bool
    suffix: str = ""
    made: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)
    _waiting: list[tuple[str, Any, str]] = field(default_factory=list)

    def add(self, schema: object, name: str) -> str:
        """Define *schema* and all that it refers to; return the pointer to it. A plain reference keeps its own name.

        Raises:
            OpenApiError: if a reference leads nowhere, or something is no schema.
        """
        if isinstance(schema, Mapping) and "$ref" in schema and not self._says_more(schema):
            pointer = self._reference(schema["$ref"])
        else:
            pointer = self._define(schema, name, f"the schema of its {name}")
        while self._waiting:  # no recursion: a chain of references may be long
            name, schema, where = self._waiting.pop()
            self.made[name] = self._translated(schema, where)
        return pointer

    def _says_more(self, schema: Mapping[str, Any]) -> bool:
        if self.document.is_30:  # there, other keywords beside a reference are ignored
            return schema.get("nullable") is True
        return any(keyword in _ORDER for keyword in schema if keyword != "$ref")

    def _define(self, schema: object, name: str, where: str) -> str:
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-") or "Schema"
        name, number = stem + self.suffix, 2
        while name in self.made:
            name, number = f"{stem}-{number}{self.suffix}", number + 1
        self.made[name] = None  # taken
        self._waiting.append((name, schema, where))
        return f"#/$defs/{name}"

    def _reference(self, reference: Any) -> str:
        schema = self.document.lookup(reference)
        if reference not in self._names:
            name = unquote(reference).removeprefix(_COMPONENT).removeprefix("#/")
            self._names[reference] = self._define(schema, name.replace("~1", "/").replace("~0", "~"), reference)
        return self._names[reference]

    def _translated(self, schema: object, where: str, waived: frozenset[str] = frozenset()) -> Any:
        """Return *schema* in draft 2020-12; *waived* are the properties that it cannot require on this side."""
        if isinstance(schema, bool):
            return schema
        if not isinstance(schema, Mapping):
            raise self.document.error(f"{where} is {schema!r:.60}, not a schema")
        for keyword in _REFUSED:
            if keyword in schema:
                raise self.document.error(f"{where} has {keyword}, which is not supported; use #/… references")
        self.document.check_dialect(schema.get("$schema"))
        if "$ref" in schema and self.document.is_30:
            schema = {keyword: schema[keyword] for keyword in ("$ref", "nullable") if keyword in schema}
        if "required" in schema or "allOf" in schema:
            waived |= self._marked_properties(schema)
        made: dict[str, Any] = {}
        for keyword, value in schema.items():
            if value is None and keyword != "const":  # some generators write null for what they do not know
                continue
            made |= self._keyword(keyword, value, where, waived)
        for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
            if isinstance(made.get(exclusive), bool) and made.pop(exclusive) and bound in made:  # as in OpenAPI 3.0
                made[exclusive] = made.pop(bound)
        made = {keyword: made[keyword] for keyword in _ORDER if keyword in made}
        if self.document.is_30 and schema.get("nullable") is True:
            return _or_null(made)
        return made

    def _keyword(self, keyword: str, value: Any, where: str, waived: frozenset[str]) -> dict[str, Any]:
        """Return the translation of one keyword."""
        inside = f"{where}/{keyword}"
        if keyword == "$ref":
            return {keyword: self._reference(value)}
        if keyword in _ONE_SCHEMA:
            return {keyword: self._translated(value, inside)}
        if keyword in _LISTED_SCHEMAS:
            if not isinstance(value, list):
                raise self.document.error(f"{inside} is {value!r:.60}, not a list of schemas")
            passed_on = waived if keyword == "allOf" else frozenset[str]()
            return {keyword: [self._translated(branch, f"{inside}/{n}", passed_on) for n, branch in enumerate(value)]}
        if keyword in _NAMED_SCHEMAS:
            return self._named(keyword, value, inside)
        if keyword in _MARKS:
            return {keyword: True} if value is True else {}
        if keyword == "format" and value not in list(FORMATS.checkers):
            return {"x-format": value}  # kept, but nothing judges it
        if keyword == "pattern" and not self._is_pattern(value, where):
            return {"x-pattern": value}
        if keyword == "required" and isinstance(value, list):
            names = [name for name in value if name not in list(waived)]
            return {keyword: _sorted(names)} if names else {}
        if keyword == "enum":
            return {keyword: _sorted(value)}
        if keyword in _ORDER and not keyword.startswith("x-"):
            return {keyword: value}
        if keyword not in _DROPPED and not keyword.startswith("x-"):
            self.notes[f"{where} has {keyword!r:.60}, which is no keyword of OpenAPI: left out"] = None
        return {}

    def _named(self, keyword: str, value: Any, where: str) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise self.document.error(f"{where} is {value!r:.60}, not a mapping of schemas")
        named = {name: self._translated(value[name], f"{where}/{name}") for name in sorted(value)}
        if keyword != "patternProperties":
            return {keyword: named}
        kept = {pattern: schema for pattern, schema in named.items() if self._is_pattern(pattern, where, of_names=True)}
        if len(kept) == len(named):
            return {keyword: kept}
        # A pattern that is left out may cover any name.
        return {"patternProperties": {**kept, "": True}}

    def _is_pattern(self, pattern: Any, where: str, of_names: bool = False) -> bool:
        """Return whether Python can match *pattern*, which OpenAPI takes from JavaScript."""
        try:
            re.compile(pattern)
            regex.compile(pattern)
        except (re.error, regex.error, OverflowError, RecursionError, TypeError):
            self.notes[f"{where} has the pattern {pattern!r:.60}, which Python cannot read: not judged"] = None
            return False
        if of_names and not is_quick(pattern):
            self.notes[f"{where} has the pattern {pattern!r:.60}, which may take for ever: not judged"] = None
            return False
        return True

    def _marked_properties(self, schema: Mapping[str, Any]) -> frozenset[str]:
        """Return the properties of *schema* and its parts that this side need not have."""
        mark = "readOnly" if self.request else "writeOnly"
        names: set[str] = set()
        for part in self._parts(schema):
            properties = part.get("properties")
            for name, child in properties.items() if isinstance(properties, Mapping) else ():
                if any(part_of_child.get(mark) is True for part_of_child in self._parts(child)):
                    names.add(name)
        return frozenset(names)

    def _parts(self, schema: object) -> Iterator[Mapping[str, Any]]:
        """Yield *schema* and all schemas for the same value, each once; references are followed."""
        seen: set[int] = set()
        waiting = [schema]
        while waiting:
            part = waiting.pop()
            if not isinstance(part, Mapping) or id(part) in seen:
                continue
            seen.add(id(part))
            yield part
            if "$ref" in part:
                waiting.append(self.document.lookup(part["$ref"]))
            if isinstance(part.get("allOf"), list):
                waiting += part["allOf"]


def _sorted(values: Any) -> Any:
    """Return texts sorted, each once, null last; anything else as it is."""
    if not isinstance(values, list) or not all(value is None or isinstance(value, str) for value in values):
        return values
    return sorted({value for value in values if value is not None}) + [None] * (None in values)


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return *schema* with null allowed, whatever it is composed of.

    By the letter of OpenAPI 3.0.3, ``nullable`` has no effect beside an allOf or an enum, but its authors mean it.
    """
    if not _COMPOSED.isdisjoint(schema):
        return {"anyOf": [schema, {"type": "null"}]}
    if isinstance(schema.get("type"), str) and schema["type"] != "null":
        schema = {**schema, "type": [schema["type"], "null"]}
    if isinstance(schema.get("enum"), list) and None not in schema["enum"]:
        schema = {**schema, "enum": [*schema["enum"], None]}
    return schema
