"""The kinds of changes: what each is made with, which are tried first, and what a name may say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from pytest_hubfiles.rehearsal.changes.answers import ANSWERS, ERRORS
from pytest_hubfiles.rehearsal.changes.events import EVENTS
from pytest_hubfiles.rehearsal.changes.names import Change, UnknownChangeError, near
from pytest_hubfiles.rehearsal.changes.places import STEP, Edit
from pytest_hubfiles.rehearsal.changes.structure import STRUCTURE
from pytest_hubfiles.rehearsal.changes.values import VALUES

ENUM: Final = "enum-value-added"
WHILE_WAITING: Final = "while-waiting"
AT_THE_END: Final = "at-the-end"
DOCUMENTED: Final = ("field-added", "documented")

EDITS: Final[Mapping[tuple[str, str | None], Edit]] = {**VALUES, **STRUCTURE}
"""The changes at a place that the value there and its declaration decide."""

_AT_A_PLACE: Final = (*EDITS, DOCUMENTED, (ENUM, None), (ENUM, WHILE_WAITING), (ENUM, AT_THE_END))
_OF_THE_WHOLE: Final = (*ANSWERS, *ERRORS, *EVENTS)
_ORDER: Final = (
    ENUM, "format-changed", "field-removed", "null-appeared", "field-added", "task-canceled", "task-without-result",
    "one-poll-more", "state-gone", "outage", "redirect", "success-status-changed",
    "error-status-changed", "error-category-changed", "array-emptied", "array-filled",
    "integer-widened", "type-changed", "field-renamed", "element-mixed", "body-emptied", "body-not-json",
    "content-type-changed", "operation-gone", "deprecation-announced", "key-order-changed", "ten-polls-more",
    "task-failed", "task-never-ends",
    "task-goes-back",
)  # fmt: skip
_RANKS: Final = {pair: number for number, pair in enumerate((*_AT_A_PLACE, *_OF_THE_WHOLE))}


def kind_rank(change: Change) -> int:
    """Return how early changes of this kind are tried: the most telling first."""
    return _ORDER.index(change.kind)


def variant_rank(change: Change) -> int:
    """Return how early this variant is tried among its kind; one that is a value of an enumeration comes last."""
    return _RANKS.get((change.kind, change.variant), len(_RANKS))


def is_event(change: Change) -> bool:
    """Return whether *change* is nothing about shapes, but what happens."""
    return (change.kind, change.variant) in EVENTS


_PATH: Final = rf"\${STEP}*"
_NAME: Final = re.compile(
    rf"(?P<operation>.+?) (?:(?P<path>{_PATH}) )?(?P<kind>{'|'.join(_ORDER)})(?: (?P<variant>.+))?"
)


def parse(text: str) -> Change:
    """Return the change that *text* names.

    Raises:
        UnknownChangeError: if there is no such kind or variant; whether a recording allows it is not asked.
    """
    match = _NAME.fullmatch(text.strip())
    change = match and Change(match["operation"], match["path"], match["kind"], match["variant"])
    if change is None or not _is_known(change):
        raise UnknownChangeError(text, near(text, _names_like(text)))
    return change


def _is_known(change: Change) -> bool:
    pair = (change.kind, change.variant)
    if change.path is None:
        return pair in _OF_THE_WHOLE
    return pair in _AT_A_PLACE or change.kind == ENUM  # its variant may be any value


def _names_like(text: str) -> Iterator[str]:
    """Yield the names of all kinds and variants for what *text* seems to say of operation and place."""
    operation, path = text.split(" ", maxsplit=1)[0], re.search(rf"(?<= ){_PATH}", text)
    yield from (str(Change(operation, path[0], *pair)) for pair in _AT_A_PLACE if path is not None)
    yield from (str(Change(operation, None, *pair)) for pair in _OF_THE_WHOLE)


def chosen(text: str, changes: Iterable[Change]) -> Change:
    """Return that of *changes* which *text* names.

    Raises:
        UnknownChangeError: if it names none of them; the names that come closest are of them.
    """
    by_name = {str(change): change for change in changes}
    change = by_name.get(text.strip())
    if change is None:
        raise UnknownChangeError(text, near(text, by_name), where=" that this recording allows")
    return change
