"""The family of a change: what jsonschema and HubSpot's policy say of the changed answers, asked independently."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import jsonschema
import pytest
from helpers.answers import CONTRACTS
from helpers.downstream import polled, started, whole_import
from helpers.recordings import ALL, Recorded, odd

from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.rehearsal.changes import Change, apply, changes_of, families_of, family, parse
from pytest_hubfiles.rehearsal.changes.events import EVENTS

CHECKER = jsonschema.FormatChecker(formats=())


@CHECKER.checks("date-time")
def _is_date_time(value: object) -> bool:
    if not isinstance(value, str):
        return True
    if not re.fullmatch(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", value):
        return False
    try:
        datetime.strptime(value[:19].upper(), "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        return False
    return True


@CHECKER.checks("uuid")
def _is_uuid(value: object) -> bool:
    return not isinstance(value, str) or bool(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value))


@CHECKER.checks("int32")
def _is_int32(value: object) -> bool:
    return not isinstance(value, int) or -(2**31) <= value < 2**31


def errors_of(answer: Interaction, recorded: Recorded) -> set[tuple[str, str, str]]:
    """Return what jsonschema says against the JSON of *answer*: the place, the keyword, the message."""
    contract = recorded.contracts.of(recorded.contracts.identify(answer))
    assert contract is not None
    pointer = contract.response(answer.status_code)
    schema = {**contract.document, "$ref": pointer}
    validator = jsonschema.Draft202012Validator(schema, format_checker=CHECKER)
    return {
        (re.sub(r"\[\d+\]", "[*]", error.json_path), str(error.validator), error.message)
        for error in validator.iter_errors(json.loads(answer.body))
    }


def expected(change: Change, recorded: Recorded) -> str:
    """Return the family of a change at a place by jsonschema alone."""
    for before, after in zip(recorded.interactions, apply(change, *recorded), strict=True):
        new = errors_of(after, recorded) - errors_of(before, recorded)
        if change.kind == "enum-value-added":
            new = {error for error in new if error[1] != "enum"}
        if after.status_code >= 400:  # HubSpot: treat every field of an error as optional
            new = {error for error in new if error[1] != "required"}
        if new:
            return "breaking"
    return "allowed"


@pytest.mark.parametrize("recorded", ALL.values(), ids=ALL)
def test_as_jsonschema_says(recorded: Recorded) -> None:
    """Of all changes at a place but a new name, the family is what jsonschema finds in the changed answers."""
    found = {c: its for c, its in families_of(*recorded).items() if c.path is not None and c.kind != "field-renamed"}

    assert found == {change: expected(change, recorded) for change in found}
    assert set(found.values()) == {"allowed", "breaking"}


@pytest.mark.parametrize("recorded", ALL.values(), ids=ALL)
def test_each_alone_as_all_together(recorded: Recorded) -> None:
    """The family of one change is that in the list of all, and only what happens is an event."""
    listed = families_of(*recorded)

    assert list(listed) == list(changes_of(*recorded))
    for change, its in list(listed.items())[::7]:
        assert family(change, *recorded) == its
    assert {c for c, its in listed.items() if its == "event"} == {c for c in listed if (c.kind, c.variant) in EVENTS}


@pytest.mark.parametrize(
    ("name", "its"),
    [
        ("$.status enum-value-added", "allowed"),
        ("$.result.access enum-value-added", "allowed"),
        ("$.result field-added", "allowed"),
        ("$.result.access field-removed", "allowed"),
        ("$.requestedAt field-removed", "allowed"),
        ("$.completedAt format-changed lower-case", "allowed"),
        ("$.completedAt format-changed offset", "allowed"),
        ("$.result.size integer-widened beyond-int32", "allowed"),
        ("$.result.id format-changed longer", "allowed"),
        ("key-order-changed", "allowed"),
        ("content-type-changed latin-1", "allowed"),
        ("deprecation-announced", "allowed"),
        ("$.result.id field-removed", "breaking"),
        ("$.result.access field-renamed", "breaking"),
        ("$.result.size integer-widened", "breaking"),
        ("$.completedAt format-changed epoch", "breaking"),
        ("$.status null-appeared", "breaking"),
        ("$.status type-changed integer", "breaking"),
        ("success-status-changed 201", "breaking"),
        ("body-emptied null", "breaking"),
        ("body-not-json html", "breaking"),
        ("content-type-changed problem+json", "breaking"),
        ("operation-gone", "breaking"),
        ("task-canceled", "event"),
        ("state-gone PENDING", "event"),
        ("outage 429", "event"),
    ],
)  # fmt: skip
def test_families_of_an_import(name: str, its: str) -> None:
    """What the contract or HubSpot's policy lets come is allowed, what only happens an event, the rest breaks."""
    assert family(parse(f"import-status {name}"), whole_import(), CONTRACTS) == its


def test_by_the_contract_of_the_version() -> None:
    """A member that one version requires and another does not is allowed to be absent in the other alone."""
    change = parse("import-status $.result.access field-removed")
    of_v3 = [replace(i, url=i.url.replace("2026-03", "v3")) for i in whole_import()]

    assert family(change, of_v3, CONTRACTS) == "breaking"
    assert family(change, whole_import(), CONTRACTS) == "allowed"


def test_what_was_wrong_before_is_no_news() -> None:
    """A fault that the recording has already makes no change breaking."""
    wrong: Sequence[Interaction] = [started(), polled("COMPLETE", change={"numErrors": "many"})]

    assert family(parse("import-status $.requestedAt field-removed"), wrong, CONTRACTS) == "allowed"
    assert family(parse("import-status $.numErrors null-appeared"), wrong, CONTRACTS) == "breaking"


def test_the_schema_of_ones_own_operation() -> None:
    """By a schema that allows null, null is allowed."""
    body: dict[str, Any] = {"status": "COMPLETE", "a b": "x"}

    assert family(parse("odd status $['a b'] null-appeared"), *odd(body)) == "allowed"
    assert family(parse("odd status $.status null-appeared"), *odd(body)) == "breaking"
