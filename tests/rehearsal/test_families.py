"""The family of a change: what jsonschema and HubSpot's policy say of the changed answers, asked independently."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import jsonschema
import pytest
from helpers.answers import CONTRACTS
from helpers.downstream import STATUS, interaction, polled, started, whole_import
from helpers.recordings import ALL, Recorded, odd

from pytest_hubfiles.judge import deviations
from pytest_hubfiles.judge.registry import Contracts
from pytest_hubfiles.judge.shipped import shipped_schemas
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.rehearsal.changes import Change, apply, changes_of, families_of, parse
from pytest_hubfiles.rehearsal.changes.events import EVENTS


def family(change: Change, interactions: Sequence[Interaction], contracts: Contracts) -> str:
    """Return the family of a *change* that the recording allows."""
    return families_of(interactions, contracts)[change]


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


@pytest.mark.slow
@pytest.mark.parametrize("recorded", ALL.values(), ids=ALL)
def test_as_jsonschema_says(recorded: Recorded) -> None:
    """Of all changes at a place but a new name, the family is what jsonschema finds in the changed answers."""
    found = {c: its for c, its in families_of(*recorded).items() if c.path is not None and c.kind != "field-renamed"}

    assert found == {change: expected(change, recorded) for change in found}
    assert set(found.values()) == {"allowed", "breaking"}


@pytest.mark.parametrize("recorded", ALL.values(), ids=ALL)
def test_every_change_has_a_family(recorded: Recorded) -> None:
    """Each change that a recording allows has a family, and only what happens is an event."""
    listed = families_of(*recorded)

    assert list(listed) == list(changes_of(*recorded))
    assert {c for c, its in listed.items() if its == "event"} == {c for c in listed if (c.kind, c.variant) in EVENTS}


@pytest.fixture(scope="module")
def of_an_import() -> Mapping[Change, str]:
    """The families of all changes of a whole import."""
    return families_of(whole_import(), CONTRACTS)


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
        ("outage stall", "event"),
        ("redirect login", "event"),
        ("task-goes-back PROCESSING", "event"),
    ],
)  # fmt: skip
def test_families_of_an_import(of_an_import: Mapping[Change, str], name: str, its: str) -> None:
    """What the contract or HubSpot's policy lets come is allowed, what only happens an event, the rest breaks."""
    assert of_an_import[parse(f"import-status {name}")] == its


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


def test_other_errors_break() -> None:
    """Another error code or category breaks by HubSpot's own definition, whatever the contract says of errors."""
    error = {"status": "error", "message": "resource not found", "category": "OBJECT_NOT_FOUND"}
    found = families_of([interaction("GET", STATUS, 404, error), polled("COMPLETE")], CONTRACTS)
    of_errors = {str(change): its for change, its in found.items() if change.kind.startswith("error-")}

    assert of_errors == {
        f"import-status {name}": "breaking"
        for name in ("error-status-changed 400", "error-status-changed 409", "error-category-changed")
    }


def test_what_hubspot_is_known_to_send_is_allowed() -> None:
    """A change that makes nothing but what a known deviation says that HubSpot sends is allowed."""
    shipped = deviations.load(shipped_schemas() / "deviations.toml")
    waiting = interaction("GET", STATUS, 200, {**polled("PENDING").json, "startedAt": "2026-10-05T09:14:02.345Z"})
    change = parse("import-status $.startedAt field-removed")

    assert families_of([started(), waiting], CONTRACTS)[change] == "breaking"
    assert families_of([started(), waiting], CONTRACTS, shipped)[change] == "allowed"
    assert families_of([started(), polled("COMPLETE")], CONTRACTS, shipped)[change] == "breaking"


def test_the_schema_of_ones_own_operation() -> None:
    """By a schema that allows null, null is allowed."""
    body: dict[str, Any] = {"status": "COMPLETE", "a b": "x"}

    assert family(parse("odd status $['a b'] null-appeared"), *odd(body)) == "allowed"
    assert family(parse("odd status $.status null-appeared"), *odd(body)) == "breaking"
