"""The schemas on file: which one judges an exchange, and what it says of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_hubfiles.errors import HubfilesError, TooSlowError
from pytest_hubfiles.judge.declared import Declared, Place
from pytest_hubfiles.judge.fast_validator import Glance, at
from pytest_hubfiles.model.body import BodyNotJsonError, charset_of, parse_json
from pytest_hubfiles.model.exchange import Exchange, Interaction
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.json_types import child_path, type_of
from pytest_hubfiles.model.policy import Category, Kind, severity_of

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

    from pytest_hubfiles.judge.validator import Verdicts


class ContractNotFoundError(HubfilesError):
    """No schema describes this operation in this version."""

    def __init__(self, operation: str, version: str, known: Iterable[str], operations: Iterable[str] = ()) -> None:
        self.operation, self.version, self.known = operation, version, sorted(known)
        there = f"Operations of {version} on file: {', '.join(sorted(operations)) or 'none'}.\n"
        super().__init__(
            f"No contract for {operation} in version {version}.\n"
            f"{there if not self.known else ''}"
            f"Versions on file: {', '.join(self.known) or 'none'}.\n"
            f"Add schemas/{version}/{operation}.json with --hubfiles-schemas, or ask for a version on file."
        )


@dataclass(frozen=True)
class Contract:
    """What one version documents of one operation: its request, and its answers by HTTP status."""

    version: str
    operation: str
    method: str
    path: str
    request: str | None
    responses: Mapping[str, str | None]
    document: Mapping[str, Any] = field(repr=False)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What the path of a request must look like; an empty parameter counts as one."""
        parts = re.split(r"\{[^/{}]+\}", self.path)
        return re.compile("[^/]*".join(re.escape(part) for part in parts) + "/?")

    @cached_property
    def _verdicts(self) -> Verdicts:
        # jsonschema takes longer to import than a replayed test takes, and nearly all that is judged is plainly good.
        from pytest_hubfiles.judge.validator import Verdicts

        return Verdicts(self.document, f"urn:hubfiles:{self.version}:{self.operation}")

    def validator(self, pointer: str) -> Draft202012Validator:
        """Return the validator for the part of this file that *pointer* (``#/$defs/Error``) names, built once."""
        return self._verdicts.validator(pointer)

    def lookup(self, reference: str) -> Any:
        """Return what *reference* (``#/$defs/Error``) points at in this file.

        Raises:
            referencing.exceptions.Unresolvable: if it points at nothing.
        """
        found = at(self.document, reference)
        return self._verdicts.lookup(reference) if found is None else found

    def response(self, status: int) -> str | None:
        """Return the pointer to the schema for *status*, None where the contract wants no body or knows nothing."""
        return self.responses.get(str(status), self.responses.get("default") if status >= 400 else None)

    @property
    def successes(self) -> list[str]:
        """The 2xx statuses that the contract declares."""
        return sorted(status for status in self.responses if status.startswith("2"))

    @cached_property
    def _outlines(self) -> dict[str, Mapping[str, Declared]]:
        return {}

    def outline(self, status: int) -> Mapping[str, Declared]:
        """Return what the schema for *status* declares, by JSONPath."""
        return self.outline_of(self.response(status))

    def outline_of(self, pointer: str | None) -> Mapping[str, Declared]:
        """Return what the part of this file that *pointer* names declares, by JSONPath; of None, nothing."""
        if pointer is None:
            return {}
        if pointer not in self._outlines:
            facts: dict[str, Declared] = {}
            self._outline([{"$ref": pointer}], "$", True, facts, frozenset())
            self._outlines[pointer] = facts
        return self._outlines[pointer]

    @cached_property
    def _places(self) -> dict[int, Place]:
        return {}

    def place(self, status: int) -> Place:
        """Return the root of an answer with *status*, and what the schema declares from there on."""
        if status not in self._places:
            self._places[status] = Place(self.outline(status))
        return self._places[status]

    def _outline(
        self, schemas: Sequence[object], path: str, required: bool, facts: dict[str, Declared], above: frozenset[int]
    ) -> None:
        branches = self._all_branches(schemas)
        here = frozenset(id(branch) for branch in branches)
        if here & above:  # a schema that contains itself: one turn says all there is to say
            return
        types = frozenset(name for branch in branches for name in _types(branch))
        enums = [branch["enum"] for branch in branches if "enum" in branch]
        members: dict[str, list[object]] = {}
        for branch in branches:
            for name, child in branch.get("properties", {}).items():
                members.setdefault(name, []).append(child)
        others = [child for branch in branches for child in _of_other_names(branch) if child is not False]
        items = [branch["items"] for branch in branches if "items" in branch]
        facts[path] = Declared(
            required=required,
            nullable="null" in types or any(None in enum for enum in enums),
            enum=frozenset(str(value) for enum in enums for value in enum if value is not None) if enums else None,
            is_map=bool(others) and not members,
            types=types,
            format=next((branch["format"] for branch in branches if "format" in branch), None),
            members=tuple(members),
        )
        above |= here
        for name, children in members.items():
            needed = any(name in branch.get("required", ()) for branch in branches)
            self._outline(children, child_path(path, name), needed, facts, above)
        if items:
            self._outline(items, f"{path}[*]", True, facts, above)
        if others:
            self._outline(others, f"{path}.*", False, facts, above)

    def _all_branches(self, schemas: Sequence[object]) -> list[Mapping[str, Any]]:
        """Return all that *schemas* are composed of, each once, however often they refer to it."""
        return list({id(branch): branch for schema in schemas for branch in self._branches(schema)}.values())

    def _branches(self, schema: object) -> Iterator[Mapping[str, Any]]:
        """Yield *schema* and all that it is composed of, references followed."""
        if not isinstance(schema, Mapping):
            return
        yield schema
        if "$ref" in schema:
            yield from self._branches(self.lookup(schema["$ref"]))
        for keyword in ("allOf", "anyOf", "oneOf"):
            for branch in schema.get(keyword, ()):
                yield from self._branches(branch)
        for keyword in ("if", "then", "else"):
            if keyword in schema:
                yield from self._branches(schema[keyword])

    def check(self, exchange: Exchange) -> Iterator[Finding]:
        """Yield what the contract has to say of *exchange*, the most general fault first and then no further."""
        about = _About(exchange)
        yield from self._check_request(exchange, about)
        announced = [name for name in ("deprecation", "sunset") if name in exchange.headers]
        if announced:
            said = ", ".join(f"{name.title()}: {exchange.headers[name]}" for name in announced)
            yield about.finding(
                Kind.DEPRECATION_ANNOUNCED,
                f"HubSpot announces the end of this operation ({said})",
                keyword=announced[0],
            )
        if exchange.status_code >= 400:
            yield from self._check_error(exchange, about)
        elif 200 <= exchange.status_code < 300:
            yield from self._check_success(exchange, about)

    def _check_success(self, exchange: Exchange, about: _About) -> Iterator[Finding]:
        status = str(exchange.status_code)
        if status not in self.responses:
            documented = ", ".join(self.successes)
            yield about.finding(
                Kind.UNDOCUMENTED_STATUS,
                f"HTTP {status} where {documented} is documented",
                before=documented,
                after=status,
            )
            return
        pointer = self.responses[status]
        if pointer is None:
            return
        interaction = exchange.interaction
        if interaction.is_empty:
            yield about.finding(
                Kind.BODY_EMPTY, "no body where the contract wants one", before="object", after="nothing"
            )
            return
        other_type = interaction.media_type != "application/json"
        try:
            body = exchange.json
        except BodyNotJsonError as error:
            said = interaction.media_type or "no media type"
            yield about.finding(
                Kind.BODY_NOT_JSON,
                f"the body ({said}) is not JSON: {error.reason}",
                before="JSON",
                after="something else",
            )
            return
        if other_type:
            yield about.finding(
                Kind.CONTENT_TYPE_CHANGED,
                f"the media type is {interaction.media_type or 'missing'}, not application/json",
                before="application/json",
                after=interaction.media_type or "none",
            )
            return
        if body is None and not self.validator(pointer).is_valid(None):
            yield about.finding(
                Kind.BODY_EMPTY,
                "the body is null where the contract wants an object",
                before="object",
                after="null",
            )
            return
        yield from self._check_body(Kind.SCHEMA_VIOLATION, pointer, body, about)

    def _check_error(self, exchange: Exchange, about: _About) -> Iterator[Finding]:
        pointer = self.response(exchange.status_code)
        if pointer is None:
            return
        try:
            body = None if exchange.interaction.is_empty else exchange.json
        except BodyNotJsonError as error:
            yield about.finding(
                Kind.ERROR_ENVELOPE,
                f"the error ({exchange.interaction.media_type or 'untyped'}) is not the documented object: {error}",
                before="object",
                after="not JSON",
            )
            return
        if body is None:
            yield about.finding(
                Kind.ERROR_ENVELOPE,
                "the error has no body; the contract documents an object",
                before="object",
                after="nothing" if exchange.interaction.is_empty else "null",
            )
            return
        yield from self._check_body(Kind.ERROR_ENVELOPE, pointer, body, about)

    def _check_request(self, exchange: Exchange, about: _About) -> Iterator[Finding]:
        if self.request is None:
            return
        try:
            body = parse_json(
                exchange.interaction.request_body,
                charset_of(_first(exchange.interaction.request_headers, "content-type")),
            )
        except BodyNotJsonError as error:
            said = "is missing" if not exchange.interaction.request_body.strip() else f"is not JSON: {error.reason}"
            yield about.finding(Kind.REQUEST_VIOLATION, f"the request's body {said}", before="object", after="not JSON")
            return
        yield from self._check_body(Kind.REQUEST_VIOLATION, self.request, body, about)

    @cached_property
    def _glances(self) -> dict[str, Glance]:
        return {}

    def glance(self, pointer: str) -> Glance:
        """Return what is seen at a glance of bodies by the part of this file that *pointer* names."""
        if pointer not in self._glances:
            self._glances[pointer] = Glance.of(self.document, pointer)
        return self._glances[pointer]

    def _check_body(self, kind: Kind, pointer: str, body: object, about: _About) -> Iterator[Finding]:
        plain = self.glance(pointer).faults(body)
        faults = self._verdicts.faults(pointer, body, about.size) if plain is None else plain
        found: dict[tuple[str, ...], Finding] = {}  # by place and fault: a hundred elements alike are one finding
        undeclared: dict[str, str] = {}
        try:
            for path, keyword, before, after, message in faults:
                said = f"the request's {message}" if kind is Kind.REQUEST_VIOLATION else message
                finding = about.finding(kind, said, path=path, keyword=keyword, before=before, after=after)
                found.setdefault((path, keyword, before, after), finding)
            if plain is None:
                undeclared = dict(self._undeclared([{"$ref": pointer}], body, "$"))
        except RecursionError:
            yield about.finding(kind, "the body is nested too deeply to be judged", after="too deep")
            return
        except TooSlowError as error:
            yield about.finding(kind, f"the body cannot be judged in time: {error.reason}", after="too slow")
            return
        yield from found.values()
        if kind is not Kind.REQUEST_VIOLATION:
            for path, json_type in undeclared.items():
                said = f"{path} ({json_type}) is not documented"
                yield about.finding(Kind.UNDOCUMENTED_FIELD, said, path=path, after=json_type)

    def _undeclared(self, schemas: Sequence[object], value: object, path: str) -> Iterator[tuple[str, str]]:
        """Yield path and JSON type of each member that none of *schemas*, which describe *value* together, declares."""
        branches = self._all_branches(schemas)
        if isinstance(value, list):
            items = [branch["items"] for branch in branches if "items" in branch]
            for element in value:
                yield from self._undeclared(items, element, f"{path}[*]")
        elif isinstance(value, dict):
            declared: dict[str, list[object]] = {}
            others: list[object] = []
            for branch in branches:
                for name, child in branch.get("properties", {}).items():
                    declared.setdefault(name, []).append(child)
                for pattern, child in branch.get("patternProperties", {}).items():
                    for name in value:
                        if re.search(pattern, name):
                            declared.setdefault(name, []).append(child)
                others += _of_other_names(branch)
            if not declared and not others:  # an object of which nothing is said may hold anything
                return
            for name, member in value.items():
                where = child_path(path, name)
                if name in declared or others:
                    yield from self._undeclared(declared.get(name, others), member, where)
                else:
                    yield where, type_of(member)


def _types(schema: Mapping[str, Any]) -> Sequence[str]:
    types = schema.get("type", ())
    return (types,) if isinstance(types, str) else types


def _of_other_names(schema: Mapping[str, Any]) -> list[object]:
    """Return what *schema* says of the members it does not name."""
    return [schema[key] for key in ("additionalProperties", "unevaluatedProperties") if key in schema]


class _About(NamedTuple):
    """The exchange that findings are about."""

    exchange: Exchange

    @property
    def size(self) -> int:
        """How many bytes were sent and answered."""
        return len(self.exchange.interaction.request_body) + len(self.exchange.body)

    def finding(
        self,
        kind: Kind,
        message: str,
        *,
        path: str = "$",
        keyword: str | None = None,
        before: str | None = None,
        after: str | None = None,
    ) -> Finding:
        return Finding(
            kind=kind,
            severity=severity_of(kind),
            category=Category.CONTRACT,
            message=message,
            version=self.exchange.version,
            operation=self.exchange.operation,
            http_status=self.exchange.status_code,
            task_status=self.exchange.task_status,
            path=path,
            before=before,
            after=after,
            keyword=keyword,
            line=self.exchange.interaction.line,
        )


def _first(headers: Mapping[str, Sequence[str]], name: str) -> str:
    return next((values[0] for key, values in headers.items() if key.lower() == name and values), "")


@dataclass(frozen=True)
class Contracts:
    """All contracts of a run, in the order in which they are asked."""

    entries: tuple[Contract, ...]

    @property
    def versions(self) -> list[str]:
        """The versions on file, oldest first."""
        return sorted({contract.version for contract in self.entries}, key=lambda v: (not v.startswith("v"), v))

    @cached_property
    def _by_method(self) -> Mapping[str, Sequence[tuple[str, Contract]]]:
        """The contracts, each with the text that the paths of its requests begin with."""
        by_method: dict[str, list[tuple[str, Contract]]] = {}
        for contract in self.entries:
            by_method.setdefault(contract.method, []).append((contract.path.partition("{")[0], contract))
        return by_method

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, str], Contract]:
        return {(contract.version, contract.operation): contract for contract in reversed(self.entries)}

    def find(self, method: str, path: str) -> Contract | None:
        """Return the contract that describes requests of this *method* and *path*."""
        for start, contract in self._by_method.get(method, ()):
            if path.startswith(start) and contract.pattern.fullmatch(path):  # few patterns are ever needed
                return contract
        return None

    def get(self, version: str, operation: str) -> Contract:
        """Return the contract of *operation* in *version*.

        Raises:
            ContractNotFoundError: if there is none; it names the versions that have one.
        """
        contract = self._by_name.get((version, operation))
        if contract is None:
            known = {c.version for c in self.entries if c.operation == operation}
            operations = {c.operation for c in self.entries if c.version == version}
            raise ContractNotFoundError(operation, version, known, operations)
        return contract

    def identify(self, interaction: Interaction) -> Exchange:
        """Return *interaction* as an exchange of the operation and version its method and path belong to."""
        contract = self.find(interaction.method, interaction.path)
        if contract is None:
            return Exchange(interaction, None, None)
        return Exchange(interaction, contract.operation, contract.version)

    def of(self, exchange: Exchange) -> Contract | None:
        """Return the contract of an identified exchange, None where it has none."""
        if exchange.operation is None or exchange.version is None:
            return None
        return self.get(exchange.version, exchange.operation)

    def check(self, exchange: Exchange) -> Iterator[Finding]:
        """Yield what is wrong with *exchange* by the contract of its operation and version."""
        contract = self.of(exchange)
        if contract is not None:
            yield from contract.check(exchange)
        elif exchange.interaction.is_hubspot:
            yield _About(exchange).finding(
                Kind.UNKNOWN_OPERATION, f"{exchange.label} is under no contract", after=exchange.label
            )
