"""Which schemas an OpenAPI document has for the bodies of an operation."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from pytest_hubfiles.judge.schema_files import DIALECT, KEYWORD
from pytest_hubfiles.openapi.definitions import Definitions
from pytest_hubfiles.openapi.documents import Document, OpenApiError
from pytest_hubfiles.openapi.operations import Operation

_WITH_BODY: Final = frozenset({"patch", "post", "put"})
_JSON: Final = ("application/json", "application/*", "*/*")  # the first of these describes JSON bodies
_STATUS: Final = re.compile(r"[1-5](?:[0-9]{2}|[Xx]{2})|default")
_WITHOUT_BODY: Final = frozenset({204, 205})  # RFC 9110

_MediaTypes = Mapping[str, Mapping[str, Any]]


REQUEST: Final = "request"
"""Names the body of the request, as a status names that of an answer."""


class BodyUnusableError(OpenApiError):
    """The document has no usable schema for a body; ``body`` is `REQUEST` or a status."""

    def __init__(self, error: OpenApiError, body: str) -> None:
        self.body = body
        super().__init__(error.source, error.reason)


@dataclass(frozen=True)
class Bodies:
    """The bodies of one operation; ``notes`` collects sentences on what is not judged."""

    document: Document
    operation: Operation
    notes: dict[str, None]

    def contract(self, name: str, unusable: Collection[str] = ()) -> dict[str, Any]:
        """Return the content of the schema file for these bodies; *name* is the name of the operation.

        The bodies *unusable* (`REQUEST`, or the status of an answer) are not judged.

        Raises:
            OpenApiError: if the document's description of the operation cannot be understood.
            BodyUnusableError: if one of the other bodies has no usable schema; it says which.
        """
        node = self.document.follow(self.operation.node, str(self.operation))
        if "servers" in node:
            self._note(f"{self.operation} has servers of its own; those of its path or document count here")
        answers = Definitions(self.document, request=False)
        responses = self._responses(node, answers, unusable)
        requests = Definitions(self.document, request=True)
        request = None if REQUEST in unusable else self._request(node, requests)
        if any(answers.made.get(name, schema) != schema for name, schema in requests.made.items()):
            requests = Definitions(self.document, request=True, suffix=".request")
            request = self._request(node, requests)
        self.notes.update(answers.notes | requests.notes)
        about = {
            "method": self.operation.method.upper(),
            "path": self.operation.path,
            "request": request,
            "responses": responses,
            "source": self.document.origin._asdict() if self.document.sha256 else None,
        }
        content = {
            "$schema": DIALECT,
            "title": f"{name} {self.operation.version}",
            KEYWORD: {key: value for key, value in about.items() if value is not None},
            "$ref": next((pointer for status, pointer in responses.items() if status[0] == "2" and pointer), None),
            "$defs": dict(sorted((answers.made | requests.made).items())),
        }
        return {key: value for key, value in content.items() if value is not None}

    def _request(self, node: Mapping[str, Any], definitions: Definitions) -> str | None:
        """Return the pointer to the schema of the request's body, None if no body is judged."""
        if self.operation.method not in _WITH_BODY or node.get("requestBody") is None:
            return None
        where = f"the request's body of {self.operation}"
        with self._needed_for(REQUEST):
            body = self.document.follow(node["requestBody"], where)
            content = self._media_types(body, where)
        if body.get("required") is not True:
            self._note(f"{where} is optional, so it is not judged")
        elif not set(content) <= set(_JSON):
            self._note(f"{where} may be {', '.join(content)}, so it is not judged")
        elif content:
            with self._needed_for(REQUEST):
                return self._pointer(content, definitions, "Request")
        return None

    def _responses(
        self, node: Mapping[str, Any], definitions: Definitions, unusable: Collection[str]
    ) -> dict[str, str | None]:
        """Return the pointer to the schema of each status, in order; ``default``, for all other errors, comes last.

        A range (``4XX``) becomes the registered statuses in it: a contract has no ranges.
        """
        given = self.document.follow(node.get("responses") or {}, f"what {self.operation} answers")
        exact: dict[str, str | None] = {}
        ranges: dict[str, str | None] = {}
        for status, answer in given.items():
            if status.startswith("x-"):
                continue
            if not _STATUS.fullmatch(status):
                raise self.document.error(
                    f"{self.operation} answers {status!r}; that can be three digits, a range such as 4XX, or default"
                )
            pointer = None if status in unusable else self._answer(status, answer, definitions)
            (ranges if status[-1] in "Xx" else exact)[status] = pointer
        if "default" in exact and not any(status.startswith("2") for status in (*exact, *ranges)):
            ranges["2XX"] = exact["default"]  # here it covers every status, in a contract only errors
        for status, pointer in ranges.items():
            for code in HTTPStatus:
                if code // 100 == int(status[0]):
                    exact.setdefault(str(code.value), None if code in _WITHOUT_BODY else pointer)
        return dict(sorted(exact.items()))

    def _answer(self, status: str, answer: object, definitions: Definitions) -> str | None:
        """Return the pointer to the schema of an answer, None if it has no body or no JSON body."""
        where = f"the answer {status} of {self.operation}"
        with self._needed_for(status):
            content = self._media_types(self.document.follow(answer, where), where)
            return self._answered(status, content, definitions, where)

    def _answered(self, status: str, content: _MediaTypes, definitions: Definitions, where: str) -> str | None:
        if content and content.keys().isdisjoint(_JSON):
            self._note(f"{where} is {', '.join(content)}, so its body is not judged")
        elif content and self._is_binary(content):
            self._note(f"{where} is binary, so its body is not judged")
        elif content:
            return self._pointer(content, definitions, f"Response{status.title()}")
        return None

    @contextmanager
    def _needed_for(self, body: str) -> Iterator[None]:
        """Say of whatever is wrong with the document that it makes *body* unusable."""
        try:
            yield
        except BodyUnusableError:
            raise
        except OpenApiError as error:
            raise BodyUnusableError(error, body) from None

    def _media_types(self, node: Mapping[str, Any], where: str) -> _MediaTypes:
        content = self.document.follow(node.get("content") or {}, f"the content of {where}")
        return {
            kind.split(";")[0].strip().lower(): self.document.follow(media or {}, f"{kind} of {where}")
            for kind, media in content.items()
        }

    def _is_binary(self, content: _MediaTypes) -> bool:
        schema = _json_of(content).get("schema")
        if isinstance(schema, Mapping) and "$ref" in schema:
            schema = self.document.follow(schema, "a schema")
        return isinstance(schema, Mapping) and schema.get("format") == "binary"

    def _pointer(self, content: _MediaTypes, definitions: Definitions, name: str) -> str:
        schema = _json_of(content).get("schema")
        return definitions.add({} if schema is None else schema, name)

    def _note(self, sentence: str) -> None:
        self.notes[sentence] = None


def _json_of(content: _MediaTypes) -> Mapping[str, Any]:
    return next(content[kind] for kind in _JSON if kind in content)
