"""What one version documents of one operation, and what an exchange breaks of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from pytest_hubfiles.judge.declared import Declarations, Declared, DeclaredPlace
from pytest_hubfiles.judge.fast_validator import FastValidator, Fault
from pytest_hubfiles.judge.source import Source
from pytest_hubfiles.model.body import BodyNotJsonError, charset_of, parse_json
from pytest_hubfiles.model.exchange import Exchange
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.json_types import pointed_at
from pytest_hubfiles.model.match_key import comparable_path
from pytest_hubfiles.model.policy import Kind

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

    from pytest_hubfiles.judge.validator import SchemaValidators


@dataclass(frozen=True)
class Contract:
    """What one version documents of one operation: its request, and its answers by HTTP status.

    ``request`` and ``responses`` are pointers to schemas in ``document``; None stands for no body. ``source`` is what
    the contract was made from, None where it was written by hand.
    """

    version: str
    operation: str
    method: str
    path: str
    request: str | None
    responses: Mapping[str, str | None]
    document: Mapping[str, Any] = field(repr=False)
    source: Source | None = None

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The pattern for the path of a request; a parameter may be empty."""
        parts = re.split(r"\{[^/{}]+\}", self.path)
        return re.compile("[^/]*".join(re.escape(part) for part in parts) + "/?")

    def describes(self, path: str) -> bool:
        """Return whether *path* is the documented one; it may be percent-encoded where it need not be."""
        return bool(self.pattern.fullmatch(path) or self.pattern.fullmatch(comparable_path(path)))

    @cached_property
    def _loose_pattern(self) -> re.Pattern[str]:
        return re.compile(self.pattern.pattern, re.IGNORECASE)

    def nearly_describes(self, tidied: str) -> bool:
        """Return whether a *tidied* path is the documented one but for its case."""
        return bool(self._loose_pattern.fullmatch(tidied))

    @cached_property
    def _validators(self) -> SchemaValidators:
        # Importing jsonschema takes longer than replaying a test, and the fast validator accepts nearly every body.
        from pytest_hubfiles.judge.validator import SchemaValidators

        return SchemaValidators(self.document, f"urn:hubfiles:{self.version}:{self.operation}")

    def validator(self, pointer: str) -> Draft202012Validator:
        """Return jsonschema's validator for the part of this file that *pointer* (``#/$defs/Error``) names."""
        return self._validators.validator(pointer)

    @cached_property
    def _fast_validators(self) -> dict[str, FastValidator]:
        return {}

    def fast_validator(self, pointer: str) -> FastValidator:
        """Return the fast validator for the part of this file that *pointer* names, built once."""
        if pointer not in self._fast_validators:
            self._fast_validators[pointer] = FastValidator.of(self.document, pointer)
        return self._fast_validators[pointer]

    def lookup(self, reference: str) -> Any:
        """Return what *reference* (``#/$defs/Error``) points at in this file.

        Raises:
            referencing.exceptions.Unresolvable: if it points at nothing.
        """
        found = pointed_at(self.document, reference)
        return self._validators.lookup(reference) if found is None else found

    def response(self, status: int) -> str | None:
        """Return the pointer to the schema for *status*; None if the contract wants no body or does not know it."""
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
        """Return what the schema at *pointer* declares, by JSONPath; nothing for None."""
        if pointer is None:
            return {}
        if pointer not in self._outlines:
            self._outlines[pointer] = Declarations(self.lookup).outline(pointer)
        return self._outlines[pointer]

    @cached_property
    def _places(self) -> dict[int, DeclaredPlace]:
        return {}

    def place(self, status: int) -> DeclaredPlace:
        """Return the root of an answer with *status*, with what the schema declares there and below."""
        if status not in self._places:
            self._places[status] = DeclaredPlace(self.outline(status))
        return self._places[status]

    def why_not_judged(self, exchange: Exchange) -> str | None:
        """Return why no schema of this contract judges the answer of *exchange*, None if one does.

        An outage says nothing of the contract, and may fit the schema of errors all the same.
        """
        status, outage = exchange.status_code, exchange.interaction.transient
        if 300 <= status < 400:
            return "a redirect"
        if outage is not None:
            return f"an outage: {outage}"
        return None if self.response(status) is not None else f"no schema describes HTTP {status}"

    # --- checks -------------------------------------------------------------------------------------------------------

    def check(self, exchange: Exchange) -> Iterator[Finding]:
        """Yield what *exchange* breaks of the contract. The most general fault of an answer hides the others."""
        yield from self._check_path(exchange)
        yield from self.check_request(exchange)
        announced = [name for name in ("deprecation", "sunset") if name in exchange.headers]
        if announced:
            headers = ", ".join(f"{name.title()}: {exchange.headers[name]}" for name in announced)
            said = f"HubSpot announces the end of this operation ({headers})"
            yield Finding.of(
                Kind.DEPRECATION_ANNOUNCED,
                said,
                exchange=exchange,
                keyword=announced[0],
                http_status=None,  # whichever answer carries it
                task_status=None,
            )
        if exchange.status_code >= 400:
            yield from self._check_error(exchange)
        elif 200 <= exchange.status_code < 300:
            yield from self._check_success(exchange)

    def _check_path(self, exchange: Exchange) -> Iterator[Finding]:
        """Yield that the path is nearly the documented one: a server may take it for another."""
        path = exchange.interaction.path
        if not self.describes(path):
            said = f"the path {path} is not written as documented, {self.path}"
            after = "written otherwise"
            yield Finding.of(Kind.REQUEST_VIOLATION, said, exchange=exchange, before=self.path, after=after)

    def _check_success(self, exchange: Exchange) -> Iterator[Finding]:
        status = str(exchange.status_code)
        if status not in self.responses:
            documented = ", ".join(self.successes)
            said = f"HTTP {status} where {documented} is documented"
            yield Finding.of(Kind.UNDOCUMENTED_STATUS, said, exchange=exchange, before=documented, after=status)
            return
        pointer = self.responses[status]
        if pointer is None:
            return
        fault = self._fault_of_whole(exchange, pointer)
        if fault is None:
            yield from self._check_body(Kind.SCHEMA_VIOLATION, pointer, exchange.json, exchange)
        else:
            yield fault

    def _fault_of_whole(self, exchange: Exchange, pointer: str) -> Finding | None:
        """Return what makes it pointless to hold a body against its schema, None if nothing does."""
        if exchange.interaction.is_empty:
            said = "no body where the contract wants one"
            return Finding.of(Kind.BODY_EMPTY, said, exchange=exchange, before="object", after="nothing")
        media_type = exchange.interaction.media_type
        try:
            body = exchange.json
        except BodyNotJsonError as error:
            said = f"the body ({media_type or 'no media type'}) is not JSON: {error.reason}"
            return Finding.of(Kind.BODY_NOT_JSON, said, exchange=exchange, before="JSON", after="something else")
        if media_type != "application/json":
            said, after = f"the media type is {media_type or 'missing'}, not application/json", media_type or "none"
            return Finding.of(
                Kind.CONTENT_TYPE_CHANGED, said, exchange=exchange, before="application/json", after=after
            )
        if body is None and not self.validator(pointer).is_valid(None):
            said = "the body is null where the contract wants an object"
            return Finding.of(Kind.BODY_EMPTY, said, exchange=exchange, before="object", after="null")
        return None

    def _check_error(self, exchange: Exchange) -> Iterator[Finding]:
        pointer = self.response(exchange.status_code)
        if pointer is None:
            return
        is_empty, media_type = exchange.interaction.is_empty, exchange.interaction.media_type
        try:
            body = None if is_empty else exchange.json
        except BodyNotJsonError as error:
            said = f"the error ({media_type or 'untyped'}) is not the documented object: {error}"
            yield Finding.of(Kind.ERROR_ENVELOPE, said, exchange=exchange, before="object", after="not JSON")
            return
        if body is None:
            said, after = "the error has no body; the contract documents an object", "nothing" if is_empty else "null"
            yield Finding.of(Kind.ERROR_ENVELOPE, said, exchange=exchange, before="object", after=after)
            return
        yield from self._check_body(Kind.ERROR_ENVELOPE, pointer, body, exchange)

    def check_request(self, exchange: Exchange) -> Iterator[Finding]:
        """Yield what the contract refuses of the body that was sent."""
        if self.request is None:
            return
        sent = exchange.interaction.request_body
        try:
            body = parse_json(sent, charset_of(exchange.interaction.request_header("content-type")))
        except BodyNotJsonError as error:
            said = f"is not JSON: {error.reason}" if sent.strip() else "is missing"
            said = f"the request's body {said}"
            yield Finding.of(Kind.REQUEST_VIOLATION, said, exchange=exchange, before="object", after="not JSON")
            return
        yield from self._check_body(Kind.REQUEST_VIOLATION, self.request, body, exchange)

    def _check_body(self, kind: Kind, pointer: str, body: object, exchange: Exchange) -> Iterator[Finding]:
        faults = self.fast_validator(pointer).faults(body)
        if faults is None:
            yield from self._check_slowly(kind, pointer, body, exchange)
        else:
            yield from _findings(kind, faults, exchange)

    def _check_slowly(self, kind: Kind, pointer: str, body: object, exchange: Exchange) -> Iterator[Finding]:
        """Yield what jsonschema finds, and the members that the schema does not declare."""
        from pytest_hubfiles.judge.bounded_keywords import TooSlowError

        size = len(exchange.interaction.request_body) + len(exchange.body)
        faults: dict[tuple[str, ...], Fault] = {}
        try:
            for fault in self._validators.faults(pointer, body, size):
                faults.setdefault(fault[:-1], fault)  # by all but the message: a hundred elements alike are one finding
            undeclared = Declarations(self.lookup).undeclared(pointer, body)
        except RecursionError:
            yield Finding.of(kind, "the body is nested too deeply to be judged", exchange=exchange, after="too deep")
            return
        except TooSlowError as error:
            yield Finding.of(
                kind, f"the body cannot be judged in time: {error.reason}", exchange=exchange, after="too slow"
            )
            return
        yield from _findings(kind, faults.values(), exchange)
        if kind is not Kind.REQUEST_VIOLATION:
            for path, json_type in undeclared.items():
                said = f"{path} ({json_type}) is not documented"
                yield Finding.of(Kind.UNDOCUMENTED_FIELD, said, exchange=exchange, path=path, after=json_type)


def tidied_path(path: str) -> str:
    """Return *path* without empty segments, dots and white space around it, and with nothing percent-encoded."""
    segments: list[str] = []
    for segment in unquote(path).replace("\\", "/").strip().split("/"):
        if segment == "..":
            segments = segments[:-1]
        elif segment not in ("", "."):
            segments.append(segment.strip())
    return "/" + "/".join(segments)


def _findings(kind: Kind, faults: Iterable[Fault], exchange: Exchange) -> Iterator[Finding]:
    for path, keyword, before, after, message in faults:
        said = f"the request's {message}" if kind is Kind.REQUEST_VIOLATION else message
        yield Finding.of(kind, said, exchange=exchange, path=path, keyword=keyword, before=before, after=after)
