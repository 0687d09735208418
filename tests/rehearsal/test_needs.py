"""What tests need of answers: schemas that refuse what broke a test, and nothing that was recorded."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import Any

import pytest
from helpers.answers import CONTRACTS
from helpers.downstream import STATUS, interaction, polled
from helpers.recordings import ALL
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.rehearsal.changes import Change, Recording, changes_of, parse
from pytest_hubfiles.rehearsal.evidence import evidence_of
from pytest_hubfiles.rehearsal.needs import schemas
from pytest_hubfiles.report.evidence import Evidence, united
from pytest_hubfiles.report.rehearsal import Rehearsal, Unbroken

NAMED_ALONE = ("field-renamed", "element-mixed")
"""Changes that no schema tells from others: their tests are named, and no more."""
BRINGS_OTHER_VALUES = (*NAMED_ALONE, "array-filled")
"""Changes that put in a value which another need may refuse."""
OF_ONE_VALUE = "enum-value-added"
DONE = polled("COMPLETE").json


@cache
def places(name: str) -> tuple[Change, ...]:
    """Return the changes at places in the successes of a recording."""
    recorded, contracts = ALL[name]
    recording = Recording(recorded, contracts)
    successes = {o for o, numbers in recording.operations.items() if recorded[numbers[-1]].status_code < 300}
    its = (c for c in changes_of(recorded, contracts) if c.path is not None and c.operation in successes)
    return tuple(c for c in its if (c.kind, c.variant) != ("field-added", "documented"))


def needs(recording: Recording, tried: Mapping[Change, bool], joint: Sequence[Sequence[Change]] = ()) -> dict[str, Any]:
    return of_evidence(evidence_of("test_it", recording, tried, joint))


def of_evidence(evidence: Evidence) -> dict[str, Any]:
    return schemas(Rehearsal("all", evidence=evidence))


def satisfies(recording: Recording, needed: Mapping[str, Mapping[str, Any]]) -> bool:
    """Return whether every success of a recording is as its operation's needs say."""
    answers = (
        (needed.get(e.version or "", {}).get(e.operation or ""), e.interaction.json)
        for e in recording.exchanges
        if e.interaction.status_code < 300
    )
    return all(schema is None or Draft202012Validator(schema).is_valid(answer) for schema, answer in answers)


def is_refused(change: Change, broken: Collection[Change]) -> bool:
    """Return whether *change* broke the test; a new value of an enumeration did if one at the same place did."""
    if change.kind != OF_ONE_VALUE:
        return change in broken
    return any((one.path, one.kind) == (change.path, change.kind) for one in broken)


@pytest.mark.parametrize("name", ALL)
@settings(deadline=None, max_examples=8)
@given(data=st.data())
def test_needs_refuse_what_broke_a_test_and_nothing_else(name: str, data: st.DataObject) -> None:
    """What was recorded satisfies its needs, and what differs from it by a change if and only if no test broke then."""
    recording = Recording(*ALL[name])
    changes = places(name)
    broken = set(data.draw(st.lists(st.sampled_from(changes), max_size=12))) if changes else set()
    needed = needs(recording, {change: change in broken for change in changes})
    for document in (schema for its in needed.values() for schema in its.values()):
        Draft202012Validator.check_schema(document)
    assert satisfies(recording, needed)
    for change in data.draw(st.lists(st.sampled_from(changes), max_size=12)) if changes else ():
        green = satisfies(Recording(recording.changed(change), recording.contracts), needed)
        if change.kind not in BRINGS_OTHER_VALUES and not is_refused(change, broken):
            assert green, change
    for change in broken if name != "odd" else ():  # in which some objects lack what others have
        if change.kind not in NAMED_ALONE:
            assert not satisfies(Recording(recording.changed(change), recording.contracts), needed), change


def status(*answers: object) -> Recording:
    """Return a recording of polls of a task, with these bodies."""
    return Recording([interaction("GET", STATUS, 200, answer) for answer in answers], CONTRACTS)


def of_status(recording: Recording, broken: Mapping[str, bool], joint: Sequence[Sequence[str]] = ()) -> Any:
    """Return the needs of the status operation, from changes by their names without the operation."""
    tried = {parse(f"import-status {name}"): broke for name, broke in broken.items()}
    groups = [[parse(f"import-status {name}") for name in group] for group in joint]
    return needs(recording, tried, groups)["2026-03"]["import-status"]


def fits(schema: Any, answer: object) -> bool:
    return Draft202012Validator(schema).is_valid(answer)


def test_what_one_state_has_is_needed_in_that_state() -> None:
    """What answers have in one state alone is needed of those, and of no others."""
    pending = polled("PENDING").json
    schema = of_status(status(pending, DONE), {"$.result field-removed": True, "$.taskId field-removed": True})
    assert schema["required"] == ["taskId"]
    assert fits(schema, pending)
    assert fits(schema, DONE)
    assert not fits(schema, {key: value for key, value in DONE.items() if key != "result"})


def test_what_is_not_tried_is_not_claimed() -> None:
    """A place of which nothing was tried is not in the needs; types are those recorded or found harmless."""
    tried = {"$.result.size null-appeared": True, "$.result.size type-changed string": False}
    schema = of_status(status(DONE), tried)
    assert list(schema["properties"]) == ["result"]
    assert schema["properties"]["result"] == {
        "properties": {
            "size": {
                "type": ["integer", "string"],
                "x-needed-by": {"null-appeared": ["test_it"]},
                "x-not-needed": ["type-changed string"],
            }
        }
    }
    assert schema["x-tests"] == ["test_it"]


def test_values_and_formats_that_matter() -> None:
    """Values of an enumeration are listed once a new one breaks a test, and a format is named once other texts do."""
    tried = {
        "$.status enum-value-added": True,
        "$.status null-appeared": True,
        "$.completedAt format-changed free-text": True,
        "$.startedAt format-changed no-millis": False,
    }
    properties = of_status(status(polled("PENDING").json, DONE), tried)["properties"]
    assert (properties["status"]["enum"], properties["status"]["type"]) == (["COMPLETE", "PENDING"], "string")
    assert properties["completedAt"]["format"] == "date-time"
    assert properties["startedAt"] == {"x-not-needed": ["format-changed no-millis"]}


def test_one_of_several_is_enough() -> None:
    """What breaks a test only together is refused only together."""
    group = ["$.result.url field-removed", "$.result.id field-removed"]
    answer = {**DONE, "result": {"url": "https://example.com/a", "id": "1"}}
    schema = of_status(status(answer), dict.fromkeys(group, False), [group])
    for left, fine in (({"url": "x"}, True), ({"id": "1"}, True), ({}, False)):
        assert fits(schema, {**answer, "result": left}) is fine
    (part,) = schema["allOf"]
    assert part["x-needed-by"] == ["test_it"]


def test_what_was_not_tried_with_each_test_is_not_known() -> None:
    """A change that the budget has left out with a test, or that came to no verdict, is none that breaks no test."""
    size, url, name = (f"$.result.{member} field-removed" for member in ("size", "id", "createdAt"))
    tried = {parse(f"import-status {change}"): change == name for change in (size, url, name)}
    both = united(
        evidence_of("test_a", status(DONE), tried, []),
        evidence_of("test_b", status(DONE), {parse(f"import-status {url}"): False}, []),
    )
    left_out = Unbroken(not_tried=frozenset({f"import-status {size}"}), undecided={f"import-status {name}": "it died"})
    unknown = dict.fromkeys(map(parse, left_out.left_of("import-status")))
    of_all = united(both, evidence_of("test_c", status(DONE), unknown, []))
    its = schemas(Rehearsal("all", by_test={"test_c": left_out}, evidence=of_all))["2026-03"]["import-status"]
    assert its["x-tests"] == ["test_a", "test_b", "test_c"]
    members = its["properties"]["result"]["properties"]
    assert members["size"] == {"x-not-tried": ["field-removed"]}
    assert members["id"]["x-not-needed"] == ["field-removed"]
    assert members["createdAt"]["x-needed-by"] == {"field-removed": ["test_a"]}
    assert members["createdAt"]["x-not-tried"] == ["field-removed"]


def test_what_was_not_tried_as_one_version_leaves_another_known() -> None:
    """A test that is of another version has no say, whatever it was not tried with."""
    size = parse("import-status $.result.size field-removed")
    old = Recording([interaction("GET", STATUS.replace("2026-03", "v3"), 200, DONE)], CONTRACTS)
    both = united(
        evidence_of("test_new", status(DONE), {size: False}, []), evidence_of("test_old", old, {size: None}, [])
    )
    left_out = Unbroken(undecided={str(size): "it skips itself"})
    found = schemas(Rehearsal("all", by_test={"test_new": Unbroken(), "test_old": left_out}, evidence=both))
    assert [*found] == ["2026-03"]
    its = found["2026-03"]["import-status"]
    assert its["x-tests"] == ["test_new"]
    assert its["properties"]["result"]["properties"]["size"] == {"x-not-needed": ["field-removed"]}


def test_what_another_test_has_recorded_is_refused_to_nobody() -> None:
    """What breaks one test, and is in what another has recorded, is not refused: the test that needs it is named."""
    name = "import-status $.result.size field-removed"
    bare = status({**DONE, "result": {"id": "1"}})
    both = united(
        evidence_of("test_size", status(DONE), {parse(name): True}, []),
        evidence_of("test_bare", bare, {parse("import-status $.result.id field-removed"): False}, []),
    )
    schema = of_evidence(both)["2026-03"]["import-status"]
    assert satisfies(bare, of_evidence(both))
    assert schema["properties"]["result"]["properties"]["size"]["x-needed-by"] == {"field-removed": ["test_size"]}
    assert schema["x-tests"] == ["test_bare", "test_size"]


@pytest.mark.parametrize("name", ALL)
def test_the_order_of_reports_does_not_matter(name: str) -> None:
    """The same evidence comes of several tests in any order, and of the same one taken twice."""
    recording = Recording(*ALL[name])

    def evidence(test: str, start: int) -> Evidence:
        return evidence_of(test, recording, {c: n % 3 == start for n, c in enumerate(places(name))}, [])

    one, other = evidence("test_one", 0), evidence("test_other", 1)
    assert united(one, other) == united(other, one) == united(united(one, other), one)


def test_what_is_no_matter_of_a_body_is_named() -> None:
    """A status that breaks a test is in the needs by name; what happens between the answers is no need."""
    recorded: list[Interaction] = [polled("PENDING"), polled("COMPLETE")]
    names = ["import-status success-status-changed 202", "import-status outage 429", "import-status body-emptied"]
    tried = {parse(name): "body" not in name for name in names}
    schema = needs(Recording(recorded, CONTRACTS), tried)["2026-03"]["import-status"]
    assert schema["x-needed-by"] == {"success-status-changed 202": ["test_it"]}
    assert schema["x-not-needed"] == ["body-emptied"]
