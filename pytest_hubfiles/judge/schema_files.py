"""Schema files: how they become contracts, and what is refused in them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from pytest_hubfiles import regular_files
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.judge.contract import Contract
from pytest_hubfiles.judge.plain_schemas import is_plainly_valid
from pytest_hubfiles.judge.registry import Contracts
from pytest_hubfiles.judge.shipped import shipped_schemas
from pytest_hubfiles.judge.source import Source
from pytest_hubfiles.model.body import BodyNotJsonError, parse_json
from pytest_hubfiles.model.hubspot_api import ApiVersion, UnknownVersionError
from pytest_hubfiles.visible import shown

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
KEYWORD: Final = "x-hubfiles"
_METHODS: Final = ("DELETE", "GET", "PATCH", "POST", "PUT")


class SchemaFileError(HubfilesError):
    """A schema file cannot be used; ``path`` and ``reason`` say which and why."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"The schema file {shown(path)} cannot be used: {reason}")


def load(folders: Sequence[Path] = ()) -> Contracts:
    """Read the contracts in *folders*, which go first, and those that come with the package.

    Raises:
        SchemaFileError: if a folder holds no contract, or a file is not JSON, is no schema of draft 2020-12, names no
            path, has a reference that does not resolve inside it, or has a format that nothing checks.
    """
    contracts: list[Contract] = []
    sound: set[str] = set()
    for folder in folders:
        if not folder.is_dir():
            raise SchemaFileError(folder, "there is no such folder, which an option or setting named schemas gives")
        files = sorted(folder.glob("*/*.json"))
        if not files:
            raise SchemaFileError(folder, "it holds no <version>/<operation>.json")
        contracts.extend(checked(file, _parse(file), sound) for file in files)
    # Our own tests check the shipped files; checking them in every run would only take time.
    contracts.extend(_contract(file, _parse(file)) for file in sorted(shipped_schemas().glob("*/*.json")))
    return Contracts(tuple(contracts))


def read(file: Path) -> Contract:
    """Read the contract in *file*, ``<version>/<operation>.json``, with all checks for a user's own file.

    Raises:
        SchemaFileError: as for `load`.
    """
    return checked(file, _parse(file))


def checked(file: Path, document: object, sound: set[str] | None = None) -> Contract:
    """Return *document*, the content of *file*, as a contract, after the checks for a user's own file.

    *sound* are definitions, as JSON, that are valid schemas; those of *document* are added. Hundreds of files may share
    them, and each takes a hundred times what reading it does.

    Raises:
        SchemaFileError: as for `load`.
    """
    contract = _contract(file, document)
    _check_schema(file, contract, set() if sound is None else sound)
    return contract


def _parse(file: Path) -> object:
    try:
        document: object = parse_json(regular_files.read(file))
    except OSError as error:
        raise SchemaFileError(file, error.strerror or str(error)) from None
    except BodyNotJsonError as error:
        raise SchemaFileError(file, f"it is not JSON: {error.reason}") from None
    return document


def _contract(file: Path, document: object) -> Contract:
    if not isinstance(document, dict):
        raise SchemaFileError(file, "it is not a JSON object")
    try:
        ApiVersion(file.parent.name)
    except UnknownVersionError as error:
        raise SchemaFileError(file, f"its folder names no version: {error}") from None
    dialect = document.pop("$schema", DIALECT)  # if it stayed, jsonschema would use a validator without bounds
    if dialect != DIALECT:
        raise SchemaFileError(file, f"its $schema is {dialect!r}; only draft 2020-12 ({DIALECT}) is read")
    about = document.get(KEYWORD)
    if not isinstance(about, dict):
        raise SchemaFileError(file, f"it has no {KEYWORD!r} object with method, path and responses")
    method, path, responses = about.get("method"), about.get("path"), about.get("responses")
    request = about.get("request")
    if method not in _METHODS:
        raise SchemaFileError(file, f"its {KEYWORD}.method is {method!r}; it can be {', '.join(_METHODS)}")
    if not isinstance(path, str) or not path.startswith("/"):
        raise SchemaFileError(
            file, f"its {KEYWORD}.path is {path!r}; it must be a path such as /files/v3/…/{{taskId}}/status"
        )
    if not isinstance(responses, dict) or not responses:
        raise SchemaFileError(file, f"its {KEYWORD}.responses names no HTTP status")
    for status, pointer in responses.items():
        if not re.fullmatch(r"[1-5][0-9]{2}|default", status):
            raise SchemaFileError(
                file, f"its {KEYWORD}.responses has {status!r}; a status is three digits or 'default'"
            )
        if pointer is not None and not (isinstance(pointer, str) and pointer.startswith("#")):
            raise SchemaFileError(
                file, f"its {KEYWORD}.responses.{status} is {pointer!r}; give a pointer such as #/$defs/Error, or null"
            )
    if request is not None and not (isinstance(request, str) and request.startswith("#")):
        raise SchemaFileError(file, f"its {KEYWORD}.request is {request!r}; it must be a pointer such as #/$defs/Input")
    source = _source(file, about.get("source"))
    return Contract(file.parent.name, file.stem, method, path, request, responses, document, source)


def _source(file: Path, about: object) -> Source | None:
    if about is None:
        return None
    facts = about if isinstance(about, dict) else {}
    if facts.keys() != set(Source._fields) or not all(isinstance(fact, str) for fact in facts.values()):
        raise SchemaFileError(
            file, f"its {KEYWORD}.source is {about!r}; it must have {', '.join(Source._fields)}, each a text"
        )
    return Source(**facts)


def _check_schema(file: Path, contract: Contract, sound: set[str]) -> None:
    from jsonschema.exceptions import SchemaError
    from referencing.exceptions import Unresolvable

    document = contract.document
    try:
        _check_by_dialect(document, sound)
        schemas = list(_schemas_in(document))
    except SchemaError as error:
        raise SchemaFileError(file, f"it is no valid schema: {error.message} (at {error.json_path})") from None
    except RecursionError:
        raise SchemaFileError(file, "it is nested too deeply") from None
    for schema in schemas:
        _check_keywords(file, schema, is_root=schema is document)
    pointers = [pointer for pointer in (contract.request, *contract.responses.values()) if pointer is not None]
    known = {id(schema) for schema in schemas}
    for reference in [*pointers, *_references(schemas)]:
        if not reference.startswith("#"):
            raise SchemaFileError(
                file,
                f"its reference {reference!r} leads out of the file; references stay inside, and nothing is fetched",
            )
        try:
            found = contract.lookup(reference)
        except Unresolvable:
            raise SchemaFileError(file, f"its reference {reference!r} leads nowhere") from None
        if id(found) not in known and not isinstance(found, bool):
            raise SchemaFileError(file, f"its reference {reference!r} leads to no schema")
    for reference in pointers:
        _check_loops(file, contract, reference)


def _check_by_dialect(document: Mapping[str, Any], sound: set[str]) -> None:
    if is_plainly_valid(document):
        return
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    definitions = document.get("$defs")
    if not isinstance(definitions, Mapping):
        Draft202012Validator.check_schema(document)
        return
    Draft202012Validator.check_schema({key: part for key, part in document.items() if key != "$defs"})
    for name, definition in definitions.items():
        text = json.dumps(definition)
        if text not in sound:
            try:
                Draft202012Validator.check_schema(definition)
            except SchemaError as error:
                error.path.extendleft([name, "$defs"])
                raise
            sound.add(text)


def _check_keywords(file: Path, schema: Mapping[str, Any], is_root: bool) -> None:
    """Refuse what jsonschema would ignore in silence, and what would change the meaning of references."""
    import regex

    from pytest_hubfiles.judge.bounded_keywords import is_quick
    from pytest_hubfiles.judge.validator import FORMATS

    for keyword in () if is_root else ("$id", "$schema"):
        if keyword in schema:
            raise SchemaFileError(file, f"a part of it has an {keyword} of its own, {schema[keyword]!r}")
    for keyword in schema:
        if keyword not in _keywords() and not keyword.startswith("x-"):
            raise SchemaFileError(file, f"its keyword {keyword!r} is none of draft 2020-12, so nothing would check it")
    for pattern in schema.get("patternProperties", {}):
        if not is_quick(pattern):
            raise SchemaFileError(
                file,
                f"its patternProperties has {pattern!r}, which may take for ever; without groups, choices and more "
                "than one of * + ? it does not",
            )
    if "pattern" in schema:
        try:
            regex.compile(schema["pattern"])
        except (regex.error, RecursionError) as error:
            raise SchemaFileError(file, f"its pattern {schema['pattern']!r} is none: {error}") from None
    if schema.get("format", "date") not in FORMATS.checkers:
        raise SchemaFileError(
            file,
            f"nothing checks its format {schema['format']!r}; these are checked: {', '.join(sorted(FORMATS.checkers))}",
        )


def _check_loops(file: Path, contract: Contract, reference: str) -> None:
    """Refuse a schema that needs its own result to judge a value, or holds the value against too many schemas."""
    judged: dict[int, int] = {}  # by schema, how many schemas it holds one value against

    def visit(schema: object, above: frozenset[int]) -> int:
        if id(schema) in above:
            raise SchemaFileError(file, f"its reference {reference!r} leads back to itself")
        if not isinstance(schema, Mapping):
            return 1
        if id(schema) not in judged:
            here = above | {id(schema)}
            judged[id(schema)] = 1 + sum(visit(child, here) for child in _of_the_same_value(contract, schema))
            if judged[id(schema)] > _MOST_SCHEMAS:
                reason = f"holds one value against more than {_MOST_SCHEMAS:,} schemas"
                raise SchemaFileError(file, f"its reference {reference!r} {reason}")
            for child in _children(schema):
                visit(child, frozenset())
        return judged[id(schema)]

    try:
        visit(contract.lookup(reference), frozenset())
    except RecursionError:
        raise SchemaFileError(file, "it is nested too deeply") from None


_MOST_SCHEMAS: Final = 1_000  # that one value may be held against


def _of_the_same_value(contract: Contract, schema: Mapping[str, Any]) -> Iterator[object]:
    """Yield the schemas that judge the same value as *schema*."""
    for keyword in ("$ref", "$dynamicRef"):
        if keyword in schema:
            yield contract.lookup(schema[keyword])
    for keyword in ("allOf", "anyOf", "oneOf"):
        yield from schema.get(keyword, ())
    for keyword in ("if", "then", "else", "not"):
        if keyword in schema:
            yield schema[keyword]
    yield from schema.get("dependentSchemas", {}).values()


_PLAIN_VALUES: Final = frozenset({"const", "default", "dependentRequired", "enum", "examples"})
_NAMED_SCHEMAS: Final = frozenset({"$defs", "definitions", "dependentSchemas", "patternProperties", "properties"})


@cache
def _keywords() -> frozenset[str]:
    """Return the keywords that jsonschema checks, those that they use, and those that only describe."""
    from jsonschema import Draft202012Validator

    return frozenset(Draft202012Validator.VALIDATORS) | {
        *("then", "else", "minContains", "maxContains"),
        *("$anchor", "$comment", "$defs", "$dynamicAnchor", "$id", "$schema", "definitions"),
        *("contentEncoding", "contentMediaType", "contentSchema"),
        *("default", "deprecated", "description", "examples", "readOnly", "title", "writeOnly"),
    }


def _children(schema: Mapping[str, Any]) -> Iterator[object]:
    """Yield the schemas directly inside *schema*."""
    for keyword, value in schema.items():
        if keyword in _PLAIN_VALUES or keyword.startswith("x-"):
            continue
        if keyword in _NAMED_SCHEMAS:
            yield from value.values()
        elif isinstance(value, list):
            yield from value
        else:
            yield value


def _schemas_in(schema: object) -> Iterator[Mapping[str, Any]]:
    """Yield *schema* and every schema inside it."""
    if isinstance(schema, Mapping):
        yield schema
        for child in _children(schema):
            yield from _schemas_in(child)


def _references(schemas: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for schema in schemas:
        for keyword in ("$ref", "$dynamicRef"):
            if keyword in schema:
                yield schema[keyword]
