"""What may become of an answer as a whole: its status, its headers, the form of its body."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.model.known_answers import HTML, NOT_FOUND_PAGE, ROUTER_HTML, SUNSET, page
from pytest_hubfiles.model.task_states import TERMINAL
from pytest_hubfiles.rehearsal.changes.bodies import (
    in_charset,
    parsed,
    with_body,
    with_headers,
    with_json,
    with_status,
    without_headers,
)
from pytest_hubfiles.rehearsal.changes.places import DEEPEST
from pytest_hubfiles.rehearsal.changes.values import NEW_VALUE

_CATEGORIES: Final = ("category", "subCategory", "errorType")

AnswerEdit = Callable[[Interaction], Interaction]


def _status(code: int) -> AnswerEdit:
    return lambda answer: answer if answer.status_code == code or not _is_success(answer) else with_status(answer, code)


def _is_success(answer: Interaction) -> bool:
    return 200 <= answer.status_code < 300


def _if_success(edit: AnswerEdit) -> AnswerEdit:
    return lambda answer: edit(answer) if _is_success(answer) and not answer.is_empty else answer


def _reordered(answer: Interaction) -> Interaction:
    read = parsed(answer)
    return answer if read is None else with_json(answer, _backwards(read.value))


def _backwards(value: object, depth: int = 0) -> object:
    if isinstance(value, dict) and depth < DEEPEST:
        return {name: _backwards(value[name], depth + 1) for name in reversed(value)}
    if isinstance(value, list) and depth < DEEPEST:
        return [_backwards(element, depth + 1) for element in value]
    return value


def _null(answer: Interaction) -> Interaction:
    return with_body(answer, b"null")


def _null_while_waiting(answer: Interaction) -> Interaction:
    return answer if answer.task_status is None or answer.task_status in TERMINAL else _null(answer)


def _cut(answer: Interaction) -> Interaction:
    return with_body(answer, answer.body[: len(answer.body) // 2])


def _error_status(code: int) -> AnswerEdit:
    return lambda answer: answer if answer.status_code == code else with_status(answer, code)


def _other_category(answer: Interaction) -> Interaction:
    """Return *answer* with another error category, under whichever of its names the error has."""
    read = parsed(answer)
    if read is None or not isinstance(read.value, dict):
        return answer
    others = {name: NEW_VALUE for name in _CATEGORIES if isinstance(read.value.get(name), str)}
    return with_json(answer, {**read.value, **others})


def _media_type(media_type: str) -> AnswerEdit:
    return lambda answer: answer if answer.media_type == media_type else with_body(answer, answer.body, media_type)


ERRORS: Final[Mapping[tuple[str, str | None], AnswerEdit]] = {
    ("error-category-changed", None): _other_category,
    ("error-status-changed", "400"): _error_status(400),
    ("error-status-changed", "404"): _error_status(404),
    ("error-status-changed", "409"): _error_status(409),
}
"""The same of an answer that is an error. HubSpot's definition of a breaking change names both."""

ANSWERS: Final[Mapping[tuple[str, str | None], AnswerEdit]] = {
    ("deprecation-announced", None): lambda answer: with_headers(answer, SUNSET),
    ("key-order-changed", None): _reordered,
    ("content-type-changed", "latin-1"): _if_success(lambda answer: in_charset(answer, "iso-8859-1")),
    ("success-status-changed", "200"): _status(200),
    ("success-status-changed", "201"): _status(201),
    ("success-status-changed", "202"): _status(202),
    ("success-status-changed", "204"): _status(204),
    ("body-emptied", "null-while-waiting"): _if_success(_null_while_waiting),
    ("body-emptied", "null"): _if_success(_null),
    ("body-emptied", None): _if_success(lambda answer: with_body(answer, b"")),
    ("content-type-changed", "problem+json"): _if_success(_media_type("application/problem+json")),
    ("content-type-changed", "text"): _if_success(_media_type("text/plain")),
    ("content-type-changed", "missing"): _if_success(lambda answer: without_headers(answer, "content-type")),
    ("body-not-json", "html"): _if_success(lambda answer: with_body(answer, page("HubSpot"), HTML)),
    ("body-not-json", "cut"): _if_success(_cut),
    ("operation-gone", None): lambda answer: with_status(with_body(answer, NOT_FOUND_PAGE, ROUTER_HTML), 404),
}
"""What becomes of one answer, by kind and variant; the very same answer comes back where nothing does."""
