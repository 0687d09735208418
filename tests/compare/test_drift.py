"""What counts as drift between two recordings, what it weighs, and what is no drift at all."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from helpers.answers import (
    CANCELED,
    CAT,
    COMPLETE,
    CONTRACTS,
    DATED_IMPORT,
    FOLDER,
    JETTY,
    LOCATOR,
    NOT_FOUND,
    PENDING,
    PROCESSING,
    STANDARD_ERROR,
    TASK,
    UNDECODABLE,
    V3_IMPORT,
    VERSIONS,
    answer,
    interaction,
    poll,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_hubfiles.compare import drift
from pytest_hubfiles.judge import schema_files
from pytest_hubfiles.model.exchange import Exchange
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.json_types import child_path
from pytest_hubfiles.model.policy import Category, Kind
from pytest_hubfiles.run.rules import Rules

WHOLE = (PENDING, PROCESSING, COMPLETE)
UUID = "019db16f-8c90-72b0-b3f7-d1e4b1d02aaf"


def compare(
    before: Iterable[Exchange], after: Iterable[Exchange], history: Callable[[], Iterable[Exchange]] = tuple
) -> list[Finding]:
    return list(drift.compare(list(before), list(after), CONTRACTS, history))


def polls(*bodies: object, **facts: Any) -> list[Exchange]:
    return [poll(body, **facts) for body in bodies]


def reported(findings: Iterable[Finding]) -> list[tuple[str, str, str]]:
    return [(finding.kind.value, finding.severity.value, finding.path) for finding in findings]


def between(before: object, after: object, **facts: Any) -> list[tuple[str, str, str]]:
    """Return what is told of one answer that became another."""
    return reported(compare(polls(before, **facts), polls(after, **facts)))


def complete(**changed: Any) -> dict[str, Any]:
    return {**COMPLETE, **changed}


def with_file(**changed: Any) -> dict[str, Any]:
    return complete(result={**CAT, **changed})


def without(body: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names}


def file_without(*names: str, **changed: Any) -> dict[str, Any]:
    return complete(result=without({**CAT, **changed}, *names))


# --- no noise -------------------------------------------------------------------------------------------------

OTHER_CAT = {
    "access": "PRIVATE",
    **dict(reversed(CAT.items())),
    "id": "7",
    "parentFolderId": "1",
    "createdAt": "2021-01-01T00:00:00Z",
    "updatedAt": "2021-01-01T00:00:00.123456+02:00",
    "name": "a much longer name",
    "path": "/elsewhere.png",
    "size": 1,
    "height": 9_999_999_999,
    "width": 1.0,
    "url": "https://f.hubspotusercontent10.net/hubfs/8458264/cat.png",
    "defaultHostingUrl": "https://f.hubspotusercontent10.net/hubfs/8458264/cat.png",
    "archived": True,
}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (WHOLE, WHOLE),
        ((COMPLETE,), (complete(result=OTHER_CAT),)),
        ((COMPLETE,), (dict(reversed(COMPLETE.items())),)),
        ((COMPLETE,), (json.dumps(COMPLETE, indent=3).encode() + b"\r\n",)),
        (WHOLE, (PENDING, PENDING, PENDING, PROCESSING, COMPLETE)),
        ((PENDING, PENDING, PROCESSING, PROCESSING, COMPLETE), WHOLE),
        (WHOLE, (PENDING, PROCESSING, COMPLETE, COMPLETE)),
        ((complete(links={"a": "x"}),), (complete(links={"b": "y", "c": "z"}),)),
        (
            (CANCELED,),
            ({**CANCELED, "errors": [STANDARD_ERROR | {"context": {"id": ["1", "2"]}}] * 3, "numErrors": 3},),
        ),
        ((with_file(size=1.5),), (with_file(size=2),)),
        ((complete(links={"a": "x"}), complete(links={})), (complete(links={}), complete(links={"b": "x"}))),
        (((*WHOLE, without(COMPLETE, "result"))), (*WHOLE, without(COMPLETE, "result"), COMPLETE)),
    ],
    ids=[
        *("the same", "other values", "key order", "white space", "polls more", "polls fewer", "polled after the end"),
        *("keys of a map", "more elements", "number without a fraction", "map filled in one", "optional as often"),
    ],
)
def test_values_are_no_drift(before: Sequence[object], after: Sequence[object]) -> None:
    """Other ids, times, sizes, URLs, orders, spaces and numbers of polls are no finding."""
    assert reported(compare(polls(*before), polls(*after))) == []


def test_other_task_ids_are_no_drift() -> None:
    """A task has another id each time it is recorded, in body and path."""
    before = polls(*WHOLE) + polls(UNDECODABLE, status=400, task="1")
    after = [poll({**body, "taskId": "BBBB"}, task="BBBB") for body in WHOLE] + polls(UNDECODABLE, status=400, task="2")
    assert compare(before, after) == []


def test_states_are_compared_with_themselves_only() -> None:
    """A waiting task has fewer fields than one that ended, and that is no drift."""
    assert compare(polls(*WHOLE), polls(*reversed(WHOLE))) == []


def test_one_sided_operations_are_not_compared() -> None:
    """An operation that only one side exercised has nothing to be held against."""
    assert compare(polls(COMPLETE), [answer("folder-update-status", COMPLETE | {"result": FOLDER})]) == []
    assert compare([], polls(COMPLETE)) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_versions_are_compared_with_themselves_only(version: str) -> None:
    """A finding names the version it was found in, and other versions' answers have no part in it."""
    others = [poll(COMPLETE, version=other) for other in VERSIONS if other != version]
    (finding,) = compare(
        [*others, poll(COMPLETE, version=version)], [*others, poll(complete(taskId=1), version=version)]
    )
    assert (finding.version, finding.operation) == (version, "import-status")
    assert (finding.http_status, finding.task_status) == (200, "COMPLETE")
    assert finding.category is Category.DRIFT


def test_exchanges_under_no_contract_are_not_compared() -> None:
    """What belongs to no operation has no shape to keep."""
    sides = [[CONTRACTS.identify(interaction("GET", "/crm/v3/objects/contacts", body))] for body in ({"a": 1}, {})]
    assert compare(*sides) == []


def test_no_drift_costs_no_import_of_deepdiff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal shapes are found equal before DeepDiff is loaded, which takes longer than all the rest."""
    monkeypatch.setitem(sys.modules, "deepdiff", None)
    assert compare(polls(*WHOLE), polls(*WHOLE)) == []
    with pytest.raises(ImportError):
        compare(polls(COMPLETE), polls(complete(taskId=1)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)
few = settings(max_examples=60)


@few
@given(st.lists(JSON, min_size=1, max_size=3), st.sampled_from([200, 400]))
def test_nothing_drifts_against_itself(bodies: list[object], status: int) -> None:
    """Whatever an answer holds, the same answer again is no drift."""
    assert compare(polls(*bodies, status=status), polls(*bodies, *bodies, status=status)) == []


@pytest.mark.parametrize(
    "name", ["__typename", "fields", "elements", "types", "a'b", "a.b]", "root['x']", "", " ", "[0]", "two\nlines", "é"]
)
def test_every_new_field_is_reported(name: str) -> None:
    """A field of any name is reported when it comes and when it goes, on one line."""
    old, new = with_file(inner={"a": {}}), with_file(inner={"a": {name: {"b": 1}}})
    path = child_path("$.result.inner.a", name)
    assert between(old, new) == [("field-added", "info", path)]
    assert between(new, old) == [("field-removed", "breaking", path)]
    assert "\n" not in path


@few
@given(JSON, JSON)
def test_any_two_answers_can_be_compared(one: object, other: object) -> None:
    """Two answers with nothing in common end in findings, never in a traceback."""
    before, after = complete(result=one), complete(result=other)
    for finding in compare(polls(before), polls(after)):
        assert finding.path.startswith("$.result")
        assert finding.message


@pytest.mark.parametrize("levels", [100, 900])
def test_deep_answers_can_be_compared(levels: int) -> None:
    """Nesting does not exhaust Python's stack, and what changed near the surface is found."""
    deep = (
        json.dumps(complete(result=0)).encode().replace(b'"result": 0', b'"result": ' + b"[" * levels + b"]" * levels)
    )
    assert between(deep, deep) == []
    assert between(deep, deep.replace(b'"taskId": "AAAAEZ6whGI"', b'"taskId": 1')) == [
        ("type-changed", "breaking", "$.taskId")
    ]
    shallow = deep.replace(b"[" * levels, b"[[[1]]]", 1).replace(b"]" * levels, b"", 1)
    assert between(shallow, deep)


# --- fields ---------------------------------------------------------------------------------------------------

FIELDS = [
    ("field-added", COMPLETE, with_file(fileMd5="a47c"), [("field-added", "info", "$.result.fileMd5")]),
    (
        "two fields added",
        *(COMPLETE, with_file(fileMd5="a47c", sourceGroup="CONTENT")),
        [("field-added", "info", "$.result.fileMd5"), ("field-added", "info", "$.result.sourceGroup")],
    ),
    ("object added", without(COMPLETE, "result"), COMPLETE, [("field-added", "info", "$.result")]),
    ("required field removed", COMPLETE, file_without("id"), [("field-removed", "breaking", "$.result.id")]),
    ("optional field removed", COMPLETE, file_without("url"), [("field-removed", "breaking", "$.result.url")]),
    (
        "undocumented field removed",
        *(with_file(hint=1), COMPLETE, [("field-removed", "breaking", "$.result.hint")]),
    ),
    ("object removed", COMPLETE, without(COMPLETE, "result"), [("field-removed", "breaking", "$.result")]),
    (
        "field of an element removed",
        *(CANCELED, {**CANCELED, "errors": [without(STANDARD_ERROR, "message")]}),
        [("field-removed", "breaking", "$.errors[*].message")],
    ),
    ("map appears", COMPLETE, complete(links={}), [("field-added", "info", "$.links")]),
    ("map filled", complete(links={}), complete(links={"a": "x"}), [("field-added", "info", "$.links.*")]),
    ("map emptied", complete(links={"a": "x"}), complete(links={}), [("field-removed", "info", "$.links.*")]),
]


@pytest.mark.parametrize(("before", "after", "expected"), [case[1:] for case in FIELDS], ids=[c[0] for c in FIELDS])
def test_fields_that_come_and_go(before: object, after: object, expected: list[tuple[str, str, str]]) -> None:
    """A new field is info; a lost one breaks, whether the schema requires it or not."""
    assert between(before, after) == expected


def test_access_is_required_by_one_version_only() -> None:
    """What the schema requires is asked of the version that answered."""
    some = [COMPLETE, file_without("access")]
    for version, severity in (("v3", "breaking"), ("2026-03", "info")):
        found = compare(polls(COMPLETE, COMPLETE, version=version), polls(*some, version=version))
        assert reported(found) == [("field-now-optional", severity, "$.result.access")]


def test_removed_field_is_said_in_words() -> None:
    """The message names the place and the type it had."""
    (finding,) = compare(polls(COMPLETE), polls(file_without("size")))
    assert finding.message == "$.result.size (integer) is gone"
    assert (finding.before, finding.after) == ("integer", None)


def test_renamed_field_is_one_finding() -> None:
    """Where exactly one field of the type and format of a lost one came beside it, one finding has both names."""
    renamed, added = compare(polls(COMPLETE), polls(file_without("size", sizeInBytes=1, hint="x")))
    found = {f.kind.value: f for f in (renamed, added)}
    one = found["field-renamed"]
    assert (one.severity.value, one.path, one.before, one.after) == ("breaking", "$.result.size", "size", "sizeInBytes")
    assert one.message == "$.result.size (integer) is called sizeInBytes now"
    assert found["field-added"].path == "$.result.hint"


RENAMED = {
    "a text": ({"encoding"}, {"coding": "png"}),
    "a time": ({"createdAt"}, {"created": "2023-06-28T17:56:45.393Z"}),
    "a URL": ({"url"}, {"href": "https://example.com/cat.png", "hint": "x"}),
    "an id": ({"id"}, {"fileId": "7", "name2": "x"}),
    "a boolean": ({"archived"}, {"isArchived": True}),
    "two": ({"size", "archived"}, {"bytes": 1, "isArchived": True}),
}


@pytest.mark.parametrize(("gone", "came"), RENAMED.values(), ids=RENAMED)
def test_renamed(gone: set[str], came: dict[str, object]) -> None:
    """A field of any type may have another name now; what else came is new."""
    kinds = [f.kind.value for f in compare(polls(COMPLETE), polls(file_without(*gone, **came)))]
    assert sorted(kinds) == ["field-added"] * (len(came) - len(gone)) + ["field-renamed"] * len(gone)


NOT_RENAMED = {
    "several candidates": ({"size"}, {"bytes": 1, "octets": 2}, "; is it called bytes or octets now?"),
    "two for one": ({"height", "width"}, {"edge": 1}, "; is it called edge now?"),
    "two for two": ({"height", "width"}, {"x": 1, "y": 2}, "; is it called x or y now?"),
    "another type": ({"size"}, {"bytes": "1"}, ""),
    "another format": ({"createdAt"}, {"created": "yesterday"}, ""),
    "a URL is no text": ({"encoding"}, {"coding": "https://example.com/png"}, ""),
    "null": ({"size"}, {"bytes": None}, ""),
    "six candidates": ({"size"}, {f"a{n}": n for n in range(6)}, ""),
}


@pytest.mark.parametrize(("gone", "came", "asked"), NOT_RENAMED.values(), ids=NOT_RENAMED)
def test_not_renamed(gone: set[str], came: dict[str, object], asked: str) -> None:
    """Where it is not plain which field is the lost one, it is gone, and the candidates are named."""
    found = compare(polls(COMPLETE), polls(file_without(*gone, **came)))
    lost = [f for f in found if f.kind is Kind.FIELD_REMOVED]
    assert [f.severity.value for f in lost] == ["breaking"] * len(gone)
    assert {f.message.partition(" is gone")[2] for f in lost} == {asked}
    assert sorted(f.path for f in found if f.kind is Kind.FIELD_ADDED) == sorted(f"$.result.{name}" for name in came)


def test_two_nulls_are_not_one_field() -> None:
    """A field that is null has no type by which its new name could be guessed."""
    found = compare(polls(with_file(a=None)), polls(with_file(b=None)))
    assert sorted(f.message for f in found) == ["$.result.a (null) is gone", "$.result.b (null) was not there"]


def test_what_was_null_at_times_is_renamed_all_the_same() -> None:
    """A field that was null at times is known by the values that it had."""
    (found,) = compare(polls(with_file(a=None), with_file(a=1)), polls(with_file(b=2)))
    assert (found.kind.value, found.before, found.after) == ("field-renamed", "a", "b")


def test_what_was_absent_at_times_is_not_renamed() -> None:
    """A field that some answers lacked may be absent by chance; what came is asked for, not told."""
    found = compare(polls(COMPLETE, file_without("size")), polls(file_without("size", bytes=1)))
    assert reported(found) == [
        ("field-added", "info", "$.result.bytes"), ("field-removed", "info", "$.result.size"),
    ]  # fmt: skip


def test_renamed_field_of_another_format_is_not_offered() -> None:
    """A text is not offered as the new name of a time."""
    messages = [f.message for f in compare(polls(COMPLETE), polls(file_without("createdAt", created="yesterday")))]
    assert "$.result.createdAt (string) is gone" in messages


def test_field_that_was_sometimes_absent_may_be_absent() -> None:
    """A field that one of the old answers lacked is no loss when all lack it, though the schema requires it."""
    before = polls(COMPLETE, file_without("id"))
    assert reported(compare(before, polls(file_without("id")))) == [("field-removed", "info", "$.result.id")]


def test_field_that_other_cassettes_lack_may_be_absent() -> None:
    """A field that other recordings of the same answer show as sometimes absent is no loss."""
    gone = polls(file_without("height"))
    lacking = [
        *polls(file_without("height")),
        *polls(COMPLETE),
        *polls(NOT_FOUND, status=404),
        answer("import-start", LOCATOR),
    ]
    assert reported(compare(polls(COMPLETE), gone, lambda: lacking)) == [("field-removed", "info", "$.result.height")]
    assert reported(compare(polls(COMPLETE), gone, lambda: lacking[:1])) == [
        ("field-removed", "info", "$.result.height")
    ]


@pytest.mark.parametrize(
    "history",
    [
        polls(COMPLETE),
        polls(without(COMPLETE, "result")),
        polls({**PENDING}),
        polls(file_without("height"), version="2026-03"),
        polls(file_without("height"), status=201),
        [answer("folder-update-status", file_without("height"))],
        [],
    ],
    ids=["all have it", "no object", "another state", "another version", "another status", "another operation", "none"],
)
def test_other_recordings_count_for_the_same_answer_only(history: list[Exchange]) -> None:
    """Version, operation, HTTP status and state must be the same, and the field's object must be there."""
    found = compare(polls(COMPLETE), polls(file_without("height")), lambda: history)
    assert reported(found) == [("field-removed", "breaking", "$.result.height")]


def test_other_recordings_are_read_for_a_lost_field_only() -> None:
    """Reading all cassettes costs time, so they are read once there is something to ask of them."""

    def unread() -> Iterable[Exchange]:
        raise AssertionError("the history was read")

    assert compare(polls(COMPLETE), polls(with_file(size="1", new=1)), unread)


@pytest.mark.parametrize(("name", "severity"), [("id", "breaking"), ("url", "info")])
def test_field_now_optional(name: str, severity: str) -> None:
    """A field that was always there and now is in some breaks if the schema requires it, else it is info."""
    (finding,) = compare(polls(COMPLETE, COMPLETE), polls(COMPLETE, file_without(name), COMPLETE))
    assert reported([finding]) == [("field-now-optional", severity, f"$.result.{name}")]
    assert finding.message == f"$.result.{name} was always there and now is in 2 of 3"


def test_field_now_always_there_is_no_drift() -> None:
    """A field that some answers lacked and now none does takes nothing from anybody."""
    assert compare(polls(COMPLETE, file_without("id")), polls(COMPLETE, COMPLETE)) == []


def test_new_field_that_is_optional_is_one_finding() -> None:
    """A field that was not there before and now is in some answers was added, and nothing more."""
    found = reported(compare(polls(COMPLETE), polls(COMPLETE, with_file(hint=1))))
    assert found == [("field-added", "info", "$.result.hint")]


# --- types, null, formats, enumerations, arrays ---------------------------------------------------------------

VALUES = [
    ("integer to string", with_file(size="24574"), "type-changed", "breaking", "integer → string"),
    ("integer to object", with_file(size={"bytes": 1}), "type-changed", "breaking", "integer → object"),
    ("integer to array", with_file(size=[1]), "type-changed", "breaking", "integer → array"),
    ("integer to boolean", with_file(size=True), "type-changed", "breaking", "integer → boolean"),
    ("integer to number", with_file(size=1.5), "integer-widened", "warning", "integer → number"),
    ("integer to null", with_file(size=None), "null-appeared", "breaking", "integer → null"),
]


@pytest.mark.parametrize(("after", "kind", "severity", "said"), [v[1:] for v in VALUES], ids=[v[0] for v in VALUES])
def test_type_of_a_value(after: object, kind: str, severity: str, said: str) -> None:
    """Another JSON type is one finding that names both."""
    (finding,) = compare(polls(COMPLETE), polls(after))
    assert reported([finding]) == [(kind, severity, "$.result.size")]
    assert finding.message.endswith(f"({said})")
    assert f"{finding.before} → {finding.after}" == said


@pytest.mark.parametrize(
    ("field", "before", "after"),
    [
        ("archived", True, "true"),
        ("name", "cat", 7),
        ("name", "cat", {"a": {"b": 1}}),
        ("createdAt", "2023-06-28T17:56:45.393Z", 1_687_975_005_393),
        ("extra", [1], {"0": 1}),
        ("extra", {"0": [{}]}, [1]),
        ("extra", {"a": 1}, "text"),
    ],
)
def test_containers_and_scalars_that_swap(field: str, before: object, after: object) -> None:
    """Where a container came or went, or a time became a number, its contents are not reported as well."""
    old, new = with_file(**{field: before}), with_file(**{field: after})
    assert between(old, new) == between(new, old) == [("type-changed", "breaking", f"$.result.{field}")]


def test_number_that_is_an_integer_now_is_no_drift() -> None:
    """Every integer is a number."""
    assert between(with_file(size=1.5), with_file(size=1)) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("requestedAt", COMPLETE["requestedAt"]), ("result", CAT), ("links", {"a": "x"}), ("errors", [STANDARD_ERROR])],
)
def test_null_in_place_of_a_value(field: str, value: object) -> None:
    """Null instead of a text, an object, a map or an array is one finding, and the way back is info."""
    old, new = complete(**{field: value}), complete(**{field: None})
    assert between(old, new) == [("null-appeared", "breaking", f"$.{field}")]
    assert between(new, old) == [("null-disappeared", "info", f"$.{field}")]


def test_null_among_values() -> None:
    """Null in one of several answers is one finding, and the way back is info."""
    some = polls(COMPLETE, complete(requestedAt=None))
    (finding,) = compare(polls(COMPLETE), some)
    assert reported([finding]) == [("null-appeared", "breaking", "$.requestedAt")]
    assert finding.message == "$.requestedAt can be null now (string → null or string)"
    assert reported(compare(some, polls(COMPLETE))) == [("null-disappeared", "info", "$.requestedAt")]


def test_null_that_was_there_has_not_appeared() -> None:
    """Where null came now and then, and nothing else comes any more, that is told by a name of its own."""
    (found,) = compare(polls(COMPLETE, complete(requestedAt=None)), polls(complete(requestedAt=None)))
    assert reported([found]) == [("null-only", "warning", "$.requestedAt")]
    assert found.message == "$.requestedAt is always null now (null or string → null)"


@pytest.mark.parametrize("value", [1, "x", True, {"a": 1}, [1], {}], ids=repr)
def test_null_only(value: object) -> None:
    """A field of any type that is null in every answer now is one finding, the values it had beneath it not told."""
    before, after = polls(with_file(x=value), with_file(x=None)), polls(*[with_file(x=None)] * 3)
    assert reported(compare(before, after)) == [("null-only", "warning", "$.result.x")]
    assert reported(compare(after, after)) == []


def test_null_that_is_still_there_has_not_disappeared() -> None:
    """Where null came always and now comes now and then, it is still to be reckoned with."""
    assert compare(polls(complete(requestedAt=None)), polls(complete(requestedAt=None), COMPLETE)) == []


def test_null_and_another_type_is_one_finding() -> None:
    """Where null and another type came together, or null went with the type, one finding says both."""
    found = compare(polls(COMPLETE), polls(complete(taskId=None), complete(taskId=1)))
    assert [(f.kind, f.after) for f in found] == [(Kind.TYPE_CHANGED, "integer or null")]
    found = compare(polls(COMPLETE, complete(taskId=None)), polls(complete(taskId=1)))
    assert [(f.kind, f.after) for f in found] == [(Kind.TYPE_CHANGED, "integer")]


def test_answers_that_are_to_have_no_body(tmp_path: Path) -> None:
    """A status for which the contract wants no body is compared like any other."""
    compared = own_contract(tmp_path, status_code=204)
    assert compared(b"", b"") == []
    assert compared(b"", {"status": "DONE"}) == [("body-appeared", "warning", "$")]
    assert compared({"status": "DONE", "a": 1}, {"status": "DONE"}) == [("field-removed", "breaking", "$.a")]


def own_contract(
    folder: Path, status_code: int = 200, **properties: object
) -> Callable[[object, object], list[tuple[str, str, str]]]:
    """Return a comparison of two answers under a contract with these *properties*."""
    path = "/crm/v3/exports/export/async/tasks/{taskId}/status"
    export = {"type": "object", "required": ["status"], "properties": {"status": {"type": "string"}, **properties}}
    document = {
        "x-hubfiles": {"method": "GET", "path": path, "responses": {"200": "#/$defs/Export", "204": None}},
        "$defs": {"Export": export},
    }
    (folder / "v3").mkdir()
    (folder / "v3" / "export-status.json").write_text(json.dumps(document), encoding="utf-8")
    contracts = schema_files.load([folder])

    def compared(*bodies: object) -> list[tuple[str, str, str]]:
        path_of_one = path.replace("{taskId}", "1")
        sides = [[contracts.identify(interaction("GET", path_of_one, body, status=status_code))] for body in bodies]
        return reported(drift.compare(sides[0], sides[1], contracts))

    return compared


@pytest.mark.parametrize(
    "schema",
    [
        {"type": ["string", "null"]},
        {"enum": ["a", None]},
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
    ],
    ids=["type", "enum", "anyOf"],
)
def test_null_that_the_schema_allows(tmp_path: Path, schema: object) -> None:
    """Null where the schema allows it is a warning."""
    compared = own_contract(tmp_path, result=schema)
    found = compared({"status": "DONE", "result": "a"}, {"status": "DONE", "result": None})
    assert found == [("null-appeared", "warning", "$.result")]


def test_state_of_a_schema_without_an_enumeration(tmp_path: Path) -> None:
    """Where a schema lists no states, a new one has appeared."""
    assert own_contract(tmp_path)({"status": "DONE"}, {"status": "LOST"}) == [
        ("state-appeared", "info", "$.status"),
        ("state-gone", "info", "$.status"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "severity"),
    [
        ("2023-06-28T17:56:45.393Z", "1687975005393", "breaking"),
        ("2023-06-28T17:56:45.393Z", "yesterday", "breaking"),
        ("2023-06-28T17:56:45.393Z", "2023-06-28", "breaking"),
        (UUID, "7", "breaking"),
        (UUID, "2023-06-28T17:56:45.393Z", "breaking"),
        ("yesterday", "2023-06-28T17:56:45.393Z", "info"),
        ("7", UUID, "info"),
    ],
)
def test_format_changed(before: str, after: str, severity: str) -> None:
    """A time or a UUID that became something else breaks; a text that became one of them is stricter, so info."""
    found = between(with_file(createdAt=before), with_file(createdAt=after))
    assert found == [("format-changed", severity, "$.result.createdAt")]


URL = "https://12345.fs1.hubspotusercontent-na1.net/hubfs/12345/library/cat.png"
LOOSE = {
    "an id of digits is text": ("id", "122692044085", "AAAAEZ6whGI", "warning"),
    "an id of digits is a UUID": ("id", "122692044085", UUID, "breaking"),
    "an id in the middle": ("parentFolderId", "122692510820", "root", "warning"),
    "an id of digits is empty": ("parentFolderId", "122692510820", "", "warning"),
    "an id in snake case": ("hs_object_id", "7", "seven", "warning"),
    "ids": ("teamIds", ["7", "8"], ["7", "x"], "warning"),
    "a URL is relative": ("url", URL, "hubfs/12345/cat.png", "warning"),
    "a URL is a path": ("url", URL, "/hubfs/12345/cat.png", "breaking"),
    "a URL lacks its scheme": ("url", URL, "//12345.fs1.hubspotusercontent-na1.net/cat.png", "breaking"),
    "a URL is empty": ("defaultHostingUrl", URL, "", "warning"),
    "a path is none": ("path", "/library/cat.png", "library/cat.png", "warning"),
    "a path is empty": ("path", "/library/cat.png", "", "warning"),
    "a text is a URL": ("name", "cat", URL, "info"),
}
SAME_FORMAT = {
    "a name of digits": ("name", "2024", "cat"),
    "a text is digits": ("name", "cat", "2024"),
    "an id of text is digits": ("id", "AAAAEZ6whGI", "90151673"),
    "another host": ("url", URL, "http://f.hubspotusercontent10.net/hubfs/cat.png?x=1"),
    "another path": ("path", "/library/cat.png", "/other/my cat.png"),
    "not an id": ("valid", "7", "no"),
}


@pytest.mark.parametrize(("field", "before", "after", "severity"), LOOSE.values(), ids=LOOSE)
def test_formats_that_no_schema_promises(field: str, before: object, after: object, severity: str) -> None:
    """An id of digits that is text, and a URL or a path that is none any more, are told, with less weight."""
    path = f"$.result.{field}" + "[*]" * isinstance(before, list)
    assert between(with_file(**{field: before}), with_file(**{field: after})) == [("format-changed", severity, path)]


@pytest.mark.parametrize(("field", "before", "after"), SAME_FORMAT.values(), ids=SAME_FORMAT)
def test_formats_that_come_by_chance(field: str, before: str, after: str) -> None:
    """A name of digits, another URL, and an id of text that happens to have digits only are no drift."""
    assert between(with_file(**{field: before}), with_file(**{field: after})) == []


def test_links_that_are_relative() -> None:
    """The values of a declared map have one format, whatever their keys; lists in it have any."""
    assert between(complete(links={"a": URL}), complete(links={"b": "/hubfs/cat.png"})) == [
        ("format-changed", "breaking", "$.links.*")
    ]
    old, new = ([STANDARD_ERROR | {"context": context}] for context in ({"url": [URL]}, {"id": ["7"]}))
    assert between({**CANCELED, "errors": old}, {**CANCELED, "errors": new}) == []


# --- how often ---


def often(seen: int, among: int) -> list[Exchange]:
    return polls(*[COMPLETE] * seen, *[file_without("size")] * (among - seen))


@pytest.mark.parametrize(
    ("before", "after"),
    [((10, 11), (1, 11)), ((9, 10), (2, 10)), ((4, 5), (1, 5)), ((90, 100), (60, 100)), ((99, 100), (10, 100))],
)
def test_a_field_that_is_far_rarer(before: tuple[int, int], after: tuple[int, int]) -> None:
    """A field that was absent at times and is absent far more often now is told, with both counts."""
    (found,) = compare(often(*before), often(*after))
    assert reported([found]) == [("field-now-optional", "info", "$.result.size")]
    was, now = ("in {} of {}".format(*share) for share in (before, after))
    assert found.message == f"$.result.size was there {was} and now is {now}"


@pytest.mark.parametrize(
    ("before", "after"),
    [((10, 11), (9, 11)), ((1, 2), (1, 3)), ((2, 3), (1, 3)), ((1, 11), (10, 11)), ((3, 6), (2, 6)), ((1, 2), (2, 4))],
)
def test_a_field_that_is_as_rare(before: tuple[int, int], after: tuple[int, int]) -> None:
    """What comes by chance, and what is there more often, is no drift."""
    assert compare(often(*before), often(*after)) == []


def test_a_required_field_that_is_rarer() -> None:
    """A field that the schema requires breaks."""
    before, after = ([*[COMPLETE] * n, *[file_without("id")] * (11 - n)] for n in (10, 1))
    assert reported(compare(polls(*before), polls(*after))) == [("field-now-optional", "breaking", "$.result.id")]


def test_elements_in_which_a_field_is_rarer() -> None:
    """Elements of arrays are counted one by one, at any depth."""
    before, after = (with_file(rows=[{"a": 1, "b": 1}] * n + [{"a": 1}] * (11 - n)) for n in (10, 1))
    assert between(before, after) == [("field-now-optional", "info", "$.result.rows[*].b")]


def test_format_of_one_value_is_enough() -> None:
    """One text among many times is reported."""
    (finding,) = compare(polls(COMPLETE, COMPLETE), polls(COMPLETE, with_file(updatedAt="soon")))
    assert finding.message == "$.result.updatedAt changed its format (date-time → text)"


def test_enumeration_of_another_type_is_one_finding() -> None:
    """Where the value of an enumeration is no text any more, its type tells, and the number is no new value."""
    assert between(COMPLETE, with_file(access=3)) == [("type-changed", "breaking", "$.result.access")]
    found = reported(compare(polls(COMPLETE), polls(COMPLETE, with_file(access=3))))
    assert found == [("type-changed", "breaking", "$.result.access")]


@pytest.mark.parametrize(
    ("field", "value", "severity", "said"),
    [
        ("access", "PUBLIC_INDEXABLE", "info", "$.result.access can be PUBLIC_INDEXABLE now"),
        ("access", "TOP_SECRET", "warning", "$.result.access can be TOP_SECRET now, which is not documented"),
    ],
)
def test_enum_value_added(field: str, value: str, severity: str, said: str) -> None:
    """A listed value not seen before is info, an unlisted one a warning."""
    (finding,) = compare(polls(COMPLETE), polls(with_file(**{field: value})))
    assert reported([finding]) == [("enum-value-added", severity, f"$.result.{field}")]
    assert (finding.message, finding.before, finding.after) == (said, "PRIVATE", value)


def test_values_of_an_enumeration_seen_before_are_no_drift() -> None:
    """A value that an old answer showed is not new, and one that no new answer shows is not gone."""
    both = polls(COMPLETE, with_file(access="TOP_SECRET"))
    assert compare(both, polls(with_file(access="TOP_SECRET"))) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_unlisted_state_breaks(version: str) -> None:
    """A state that the schema does not list breaks clients that wait for one they know."""
    (finding,) = compare(polls(COMPLETE, version=version), polls(COMPLETE, complete(status="FAILED"), version=version))
    assert reported([finding]) == [("enum-value-added", "breaking", "$.status")]
    assert finding.message == "a task is FAILED, documented are CANCELED, COMPLETE, PENDING, PROCESSING"


def test_unlisted_state_seen_before_is_no_drift() -> None:
    """A state that the old recording showed is no news."""
    odd = polls(complete(status="FAILED"))
    assert compare(odd, odd) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["a"], ["a", {"b": 1}]),
        ([{"b": 1}], [{"b": 1}, "a"]),
        ([1], [1, "a"]),
        ([[1]], [[1], 1]),
    ],
    ids=["object among texts", "text among objects", "text among integers", "integer among arrays"],
)
def test_element_mixed(before: object, after: object) -> None:
    """Elements that stop sharing one JSON type are one finding."""
    (finding,) = compare(polls(with_file(tags=before)), polls(with_file(tags=after)))
    assert reported([finding]) == [("element-mixed", "breaking", "$.result.tags[*]")]
    assert finding.message.startswith("$.result.tags[*] do not share one type any more (")


def test_elements_that_were_mixed_already() -> None:
    """Elements that shared no type before can only get one more."""
    found = between(with_file(tags=["a", 1]), with_file(tags=["a", 1, {"b": 1}]))
    assert found == [("type-changed", "breaking", "$.result.tags[*]")]


def test_elements_of_another_type_are_not_mixed() -> None:
    """Elements that all changed their type share one still."""
    found = between(with_file(tags=["a"]), with_file(tags=[{"b": 1}]))
    assert found == [("type-changed", "breaking", "$.result.tags[*]")]
    assert between(with_file(tags=[1]), with_file(tags=[1, 2.5])) == [
        ("integer-widened", "warning", "$.result.tags[*]")
    ]


def test_arrays_that_are_emptied_and_filled() -> None:
    """An array without elements says nothing of them, so both ways are info."""
    full, empty = complete(errors=[STANDARD_ERROR]), complete(errors=[])
    assert between(full, empty) == [("array-emptied", "info", "$.errors")]
    assert between(empty, full) == [("array-filled", "info", "$.errors")]
    assert compare(polls(empty, full), polls(full)) == []


def test_sibling_family_of_2025() -> None:
    """The drift that teams saw in August 2025, null times and empty maps and arrays, is reported field by field."""
    found = between(without(COMPLETE, "requestedAt"), complete(requestedAt=None, links={}, errors=[]))
    assert found == [("field-added", "info", f"$.{name}") for name in ("errors", "links", "requestedAt")]


# --- statuses -------------------------------------------------------------------------------------------------


def statuses(*codes: int) -> list[Exchange]:
    bodies = {200: COMPLETE, 201: COMPLETE, 202: COMPLETE, 204: b"", 302: b""}
    return [poll(bodies.get(code, NOT_FOUND), status=code) for code in codes]


STATUSES = [
    ((200,), (202,), "success-status-changed", "HTTP 200 → 202"),
    ((200,), (204,), "success-status-changed", "HTTP 200 → 204"),
    ((200, 200), (200, 202), "success-status-changed", "HTTP 200 → 200, 202"),
    ((200, 202), (200, 200), "success-status-changed", "HTTP 200, 202 → 200"),
    ((200,), (302,), "success-status-changed", "HTTP 200 → 302"),
    ((200,), (400,), "success-status-changed", "HTTP 200 → 400"),
    ((200,), (404, 500), "success-status-changed", "HTTP 200 → 404, 500"),
    ((200, 200), (200, 404), "success-status-changed", "HTTP 200 → 404"),
    ((200,), (404,), "operation-gone", "HTTP 200 → 404"),
    ((200, 200), (404, 405, 410), "operation-gone", "HTTP 200 → 404, 405, 410"),
    ((200,), (405,), "operation-gone", "HTTP 200 → 405"),
    ((200,), (410,), "operation-gone", "HTTP 200 → 410"),
    ((404,), (400,), "error-status-changed", "HTTP 404 → 400"),
    ((400,), (500,), "error-status-changed", "HTTP 400 → 500"),
    ((404,), (200,), "success-status-changed", "HTTP 404 → 200"),
]


@pytest.mark.parametrize(
    ("before", "after", "kind", "said"), STATUSES, ids=[f"{case[0]} to {case[1]}" for case in STATUSES]
)
def test_statuses(before: tuple[int, ...], after: tuple[int, ...], kind: str, said: str) -> None:
    """Another success, an error in its place, another error, and an operation that is gone are one finding each."""
    (finding,) = compare(statuses(*before), statuses(*after))
    assert (finding.kind.value, finding.severity.value, finding.message) == (kind, "breaking", said)
    assert (finding.http_status, finding.path) == (None, "$")


def test_operation_gone_says_so_of_html_too() -> None:
    """The folder endpoints that a beta dropped answer a page of Jetty's, which is one finding."""
    old = [answer("folder-update-start", LOCATOR), answer("folder-update-status", COMPLETE | {"result": FOLDER})]
    new = [
        answer("folder-update-start", JETTY, status=404, content_type="text/html"),
        answer("folder-update-status", JETTY, status=404, content_type="text/html"),
    ]
    assert [(f.kind, f.operation) for f in compare(old, new)] == [
        (Kind.OPERATION_GONE, "folder-update-start"),
        (Kind.OPERATION_GONE, "folder-update-status"),
    ]


def test_error_for_one_of_two_requests() -> None:
    """An error where one request had a success is reported, though another request still has one."""
    old = [answer("import-start", LOCATOR, request=body) for body in (V3_IMPORT, DATED_IMPORT)]
    new = [old[0], answer("import-start", UNDECODABLE, request=DATED_IMPORT, status=400)]
    (finding,) = compare(old, new)
    assert (finding.kind, finding.message) == (Kind.SUCCESS_STATUS_CHANGED, "HTTP 202 → 400")


def test_request_is_the_same_whatever_its_spacing() -> None:
    """A client that orders and spaces JSON in another way sends the same request."""
    old = [answer("import-start", UNDECODABLE, request=DATED_IMPORT, status=400)]
    request = json.dumps(dict(reversed(DATED_IMPORT.items())), indent=1).encode()
    (finding,) = compare(old, [answer("import-start", UNDECODABLE, request=request, status=409)])
    assert (finding.kind, finding.message) == (Kind.ERROR_STATUS_CHANGED, "HTTP 400 → 409")


def test_other_requests_may_have_other_errors() -> None:
    """Another request that is refused says nothing of the first."""
    old = [answer("import-start", LOCATOR, request=V3_IMPORT)]
    new = [*old, answer("import-start", UNDECODABLE, request={"url": 7}, status=400)]
    assert compare(old, new) == []


def test_statuses_of_two_tasks_are_kept_apart() -> None:
    """Tasks are told apart by their order, since their ids change with every recording."""
    old = [poll(COMPLETE, task="a"), poll(NOT_FOUND, status=404, task="b")]
    assert compare(old, [poll(COMPLETE, task="c"), poll(NOT_FOUND, status=404, task="d")]) == []
    (finding,) = compare(old, [poll(COMPLETE, task="c"), poll(NOT_FOUND, status=410, task="d")])
    assert (finding.kind, finding.message) == (Kind.ERROR_STATUS_CHANGED, "HTTP 404 → 410")


def test_errors_have_shapes_too() -> None:
    """An error's body is compared with the error of the same status: clients read its category."""
    old, new = (polls(body, status=400) for body in (UNDECODABLE, without(UNDECODABLE, "category")))
    (finding,) = compare(old, new)
    assert reported([finding]) == [("field-removed", "breaking", "$.category")]
    assert (finding.http_status, finding.task_status) == (400, None)


def test_exchanges_are_counted() -> None:
    """A finding says how many exchanges showed it."""
    (finding,) = compare(polls(COMPLETE), polls(*[with_file(size="1")] * 3))
    assert finding.exchanges == 3
    (finding,) = compare(statuses(200), statuses(202, 202))
    assert finding.exchanges == 2


# --- bodies and media types -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "after"),
    [(b"null", "null"), (b"", "nothing"), (b" \n", "nothing")],
    ids=["null", "nothing", "white space"],
)
def test_body_emptied(body: bytes, after: str) -> None:
    """No body where there was one is one finding, and the state it would have had is not reported as gone."""
    (finding,) = compare(polls(*WHOLE), polls(body, PROCESSING, COMPLETE))
    assert reported([finding]) == [("body-emptied", "breaking", "$")]
    now = "the body is null" if after == "null" else "there is no body"
    assert finding.message == f"{now} in 1 of 3 answers, where there was one before"
    assert (finding.before, finding.after, finding.exchanges) == ("a body", after, 1)


def test_last_bodies_emptied() -> None:
    """Where some answers had no body before and now none has, the rest was emptied too."""
    assert reported(compare(polls(b"null", COMPLETE), polls(b"null", b"null"))) == [("body-emptied", "breaking", "$")]


def test_empty_bodies_that_were_empty_are_no_drift() -> None:
    """A waiting task that always answered null does so still."""
    assert compare(polls(b"null", COMPLETE), polls(b"null", b"null", COMPLETE)) == []
    assert compare(polls(b""), polls(b"")) == []
    assert compare(polls(b"null", COMPLETE), polls(COMPLETE)) == []


@pytest.mark.parametrize("body", [b"null", b""], ids=["null", "nothing"])
def test_body_appeared(body: bytes) -> None:
    """A body where there was none is a warning."""
    (finding,) = compare([answer("import-start", body)], [answer("import-start", LOCATOR)])
    assert reported([finding]) == [("body-appeared", "warning", "$")]
    assert finding.message == "a body where there was none"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("application/json", "text/html", "application/json → text/html"),
        ("application/json", None, "application/json → none"),
        ("text/plain", "application/json", "text/plain → application/json"),
    ],
)
def test_content_type_changed(before: str, after: str | None, said: str) -> None:
    """Another media type is one finding, and the body under it is not compared."""
    body = JETTY if after == "text/html" else COMPLETE
    (finding,) = compare(polls(COMPLETE, content_type=before), polls(body, content_type=after))
    assert (finding.kind, finding.severity.value, finding.message) == (Kind.CONTENT_TYPE_CHANGED, "breaking", said)


def test_charset_is_no_media_type() -> None:
    """A charset parameter that came or went is no drift."""
    old, new = (polls(COMPLETE, content_type=t) for t in ("application/json", "Application/JSON; charset=UTF-8"))
    assert compare(old, new) == []


def test_body_that_is_no_json() -> None:
    """A body that cannot be parsed has no shape, which is told once; where none could be parsed before, it is not."""
    cut = b'{"status": "COMP'
    (found,) = compare(polls(*WHOLE), polls(PENDING, cut, cut))
    assert reported([found]) == [("body-not-json", "breaking", "$")]
    assert found.message.startswith("the body is not JSON any more, in 2 of 3 answers: Unterminated string")
    assert compare(polls(cut), polls(cut)) == []


def test_body_that_is_no_json_is_said_once_of_a_recording() -> None:
    """In a new recording the contract says it, and the comparison does not say it again."""
    before, after = ([e.interaction for e in polls(body)] for body in (COMPLETE, b"{"))
    assert Rules(CONTRACTS).compare(before, after, tuple) == []


# --- states ---------------------------------------------------------------------------------------------------


def test_state_appeared() -> None:
    """A listed state that was not seen before is coverage, and its fields are compared with nothing."""
    (finding,) = compare(polls(COMPLETE), polls(PENDING, COMPLETE))
    assert reported([finding]) == [("state-appeared", "info", "$.status")]
    assert finding.message == "tasks are seen as PENDING now"


def test_state_gone() -> None:
    """A state that is not seen any more is coverage."""
    (finding,) = compare(polls(PENDING, COMPLETE), polls(COMPLETE))
    assert reported([finding]) == [("state-gone", "info", "$.status")]
    assert finding.message == "no task is seen as PENDING any more"


LOST = [
    ("lost", [without(b, "status") for b in WHOLE], [("field-removed", "breaking", "$.status")]),
    ("null", [{**b, "status": None} for b in WHOLE], [("null-appeared", "breaking", "$.status")]),
    ("a number", [{**b, "status": 3} for b in WHOLE], [("type-changed", "breaking", "$.status")]),
    ("an object", [{**b, "status": {"is": "x"}} for b in WHOLE], [("type-changed", "breaking", "$.status")]),
    ("lost in one", [without(PENDING, "status"), PROCESSING, COMPLETE], [("field-removed", "breaking", "$.status")]),
    ("an array", [[b] for b in WHOLE], [("type-changed", "breaking", "$")]),
]


@pytest.mark.parametrize(("after", "expected"), [case[1:] for case in LOST], ids=[case[0] for case in LOST])
def test_state_that_cannot_be_read_any_more(after: list[object], expected: list[tuple[str, str, str]]) -> None:
    """Where answers carry no state, what became of the status is the one finding, not a state that is gone."""
    assert reported(compare(polls(*WHOLE), polls(*after))) == expected


def test_renamed_state_names_the_likely_new_name() -> None:
    """A status under another name is reported with that name."""
    after = [{**without(body, "status"), "state": body["status"]} for body in WHOLE]
    (renamed,) = compare(polls(*WHOLE), polls(*after))
    assert renamed.message == "$.status (string) is called state now"
    assert renamed.severity.value == "breaking"


def test_state_that_can_be_read_again() -> None:
    """Answers that had no state and have one now are seen in a new state."""
    assert reported(compare(polls(without(COMPLETE, "status")), polls(COMPLETE))) == [
        ("state-appeared", "info", "$.status")
    ]


def test_task_ids_are_compared_by_kind_only() -> None:
    """An id of another length and alphabet is the same text, wherever it is used."""
    assert between(complete(taskId=TASK), complete(taskId="90151673")) == []


# --- too much -------------------------------------------------------------------------------------------------


def test_bodies_that_differ_in_thousands_of_places_are_one_finding() -> None:
    """What nobody could read is reported in a line that fails the test as a changed type does."""
    before, after = (with_file(**{f"{name}{n}": 1 for n in range(3_000)}) for name in ("a", "b"))
    (finding,) = compare(polls(before), polls(after))
    assert finding.kind is Kind.TYPE_CHANGED
    assert finding.message == "$ differs in more than 2,000 places: too many to list one by one"


def test_a_few_differences_between_thousands_of_fields_are_reported_one_by_one() -> None:
    """How large a body is does not matter, only in how much it differs."""
    many = {f"a{n}": 1 for n in range(5_000)}
    before, after = with_file(**many), with_file(**{**many, "a7": "x", "b": 1})
    assert {(f.kind, f.path) for f in compare(polls(before), polls(after))} == {
        (Kind.TYPE_CHANGED, "$.result.a7"),
        (Kind.FIELD_ADDED, "$.result.b"),
    }
