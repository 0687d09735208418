"""Validation by jsonschema, and its errors as faults. Imported when the fast validator does not accept a body."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError, best_match
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from pytest_hubfiles.judge.bounded_keywords import BoundedValidator, bounded
from pytest_hubfiles.judge.fast_validator import Fault, absence
from pytest_hubfiles.judge.formats import is_date_time, is_email, is_time
from pytest_hubfiles.model.json_types import child_path, is_uuid, type_of

# Which formats are checked must not depend on what happens to be installed: a format without a checker passes any
# value, in silence.
FORMATS: Final = FormatChecker(formats=("date", "ipv4", "ipv6", "regex"))


def _of_texts(check: Callable[[str], bool]) -> Callable[[object], bool]:
    """Return *check* for any value: a format says something of texts only."""
    return lambda value: not isinstance(value, str) or check(value)


def _integer_range(bits: int) -> Callable[[object], bool]:
    def fits(value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return True
        return bool(-(2 ** (bits - 1)) <= value < 2 ** (bits - 1))

    return fits


FORMATS.checks("date-time")(_of_texts(is_date_time))
FORMATS.checks("time")(_of_texts(is_time))
FORMATS.checks("email")(_of_texts(is_email))
FORMATS.checks("uuid")(_of_texts(is_uuid))
FORMATS.checks("int32")(_integer_range(32))
FORMATS.checks("int64")(_integer_range(64))
for _annotation in ("binary", "byte", "double", "float", "password"):  # OpenAPI's; constrain nothing
    FORMATS.checks(_annotation)(lambda value: True)


def first_error(schema: Mapping[str, Any], document: object) -> str | None:
    """Return where and how *document* fits *schema*, one of our own, least; None if it fits."""
    error = best_match(Draft202012Validator(schema).iter_errors(document))
    return None if error is None else f"at {error.json_path}: {error.message[:200]}"


class SchemaValidators:
    """jsonschema's validators for the parts of one schema file, each built once; *uri* names the file."""

    def __init__(self, document: Mapping[str, Any], uri: str) -> None:
        self._uri = uri
        empty: Registry[Any] = Registry()
        self._registry: Registry[Any] = empty.with_resource(uri, DRAFT202012.create_resource(document))
        self._validators: dict[str, Draft202012Validator] = {}

    def validator(self, pointer: str) -> Draft202012Validator:
        """Return the validator for the part of the file that *pointer* (``#/$defs/Error``) names."""
        if pointer not in self._validators:
            schema = {"$ref": self._uri + pointer}
            self._validators[pointer] = BoundedValidator(schema, registry=self._registry, format_checker=FORMATS)
        return self._validators[pointer]

    def lookup(self, reference: str) -> Any:
        """Return what *reference* points at in the file.

        Raises:
            referencing.exceptions.Unresolvable: if it points at nothing.
        """
        return self._registry.resolver(self._uri).lookup(reference).contents

    def faults(self, pointer: str, body: object, size: int) -> Iterator[Fault]:
        """Yield what is wrong with *body*, which has *size* bytes, by the part of the file that *pointer* names.

        Raises:
            TooSlowError: if judging it takes more time than its size justifies.
        """
        with bounded(size):
            for error in self.validator(pointer).iter_errors(body):
                yield from _explain(error)


def _excerpt(value: object) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):  # more digits than Python prints, or too many levels
        return "too large to show"
    return text if len(text) <= 60 else text[:57] + "…"


def _explain(error: ValidationError) -> Iterator[Fault]:
    """Yield the faults that *error* stands for."""
    path = "$"
    for step in error.absolute_path:
        path = f"{path}[*]" if isinstance(step, int) else child_path(path, str(step))
    keyword = str(error.validator or "false")  # the schema ``false`` has no keyword
    expected, instance = error.validator_value, error.instance
    if keyword == "required" and isinstance(instance, dict):
        for name in expected:
            if name not in instance:
                yield absence(child_path(path, str(name)))
        return
    if keyword == "type":
        before = expected if isinstance(expected, str) else " or ".join(map(str, expected))
        after = type_of(instance)
        displayed = after if instance is None else f"{after} ({_excerpt(instance)})"
        message = f"{path} is {displayed}, documented as {before}"
    elif keyword == "enum":
        before = ", ".join(str(value) for value in expected)
        after = _excerpt(instance)
        message = f"{path} is {after}, documented as one of {before}"
    elif keyword == "format":
        before, after = str(expected), f"not a {expected}"
        message = f"{path} is {_excerpt(instance)}, which is no {expected}"
    else:
        before, after = _excerpt(expected), type_of(instance)
        inner = best_match(error.context) if error.context else None
        message = f"{path}: {inner.message if inner else error.message}"[:300]
    yield path, keyword, before, after, message
