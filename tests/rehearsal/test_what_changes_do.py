"""What changes do to a recording: what their names say, all of it, and nothing else."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from helpers.answers import CONTRACTS
from helpers.downstream import STATUS, interaction, polled, started, whole_import
from helpers.recordings import ALL, ODD_STATUS, SHIPPED, Recorded, odd
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.model.json_types import child_path
from pytest_hubfiles.rehearsal.applied import ChangesMeetError, named
from pytest_hubfiles.rehearsal.changes import Change, UnknownChangeError, apply, changes_of, parse
from pytest_hubfiles.visible import visible

ANYTHING: dict[str, Any] = {
    "x-hubfiles": {"method": "GET", "path": "/odd/v3/async/tasks/{taskId}/status", "responses": {"200": "#/$defs/Odd"}},
    "$defs": {"Odd": {"type": "object"}},
}
keys = st.sampled_from(["id", "a.b", "a b", "it's", "日本", "\x1b", "", "status", "dueAt"]) | st.text(max_size=4)
scalars = (
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["2026-10-05T09:14:02.117Z", "2026-10-05t09:14:02+02:00", "2026-02-30T00:00:00Z", "122", "/a/b",
                       "", "https://example.com/a", "019db16f-8c90-72b0-b3f7-d1e4b1d02aaf"]) | st.text(max_size=6)
)  # fmt: skip
bodies = st.dictionaries(
    keys,
    st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3)),
    max_size=4,
)


def differences(
    before: Any, after: Any, path: str = "$", parent: str | None = None
) -> Iterator[tuple[str, str | None]]:
    """Yield each place at which two bodies differ, and the place that it is in."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in {**before, **after}:
            inner = visible(child_path(path, name))
            if name not in before or name not in after:
                yield inner, path
            else:
                yield from differences(before[name], after[name], inner, path)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for one, other in zip(before, after, strict=True):
            yield from differences(one, other, f"{path}[*]", path)
    elif type(before) is not type(after) or before != after:
        yield path, parent


def check_place(change: Change, before: Interaction, after: Interaction) -> int:
    """Check that a change at a place alters that place and nothing else; return in how many places."""
    assert after.response_headers == before.response_headers
    assert (after.status_code, after.method, after.request_body) == (
        before.status_code,
        before.method,
        before.request_body,
    )
    found = list(differences(before.json, after.json))
    for path, parent in found:
        is_new_member = change.kind == "field-added" and parent == change.path
        is_renamed = change.kind == "field-renamed" and (change.path or "").startswith(parent or "?")
        assert path == change.path or is_new_member or is_renamed, (change, path)
    return len(found)


@pytest.mark.parametrize("recorded", ALL.values(), ids=ALL)
def test_each_change_alters_what_it_says(recorded: Recorded) -> None:
    """A change at a place alters that place in answers of its operation, and no other answer, request or place."""
    for change in changes_of(*recorded):
        changed = apply(change, *recorded)
        if change.path is None:
            assert changed != tuple(recorded.interactions)
            continue
        places = 0
        for before, after in zip(recorded.interactions, changed, strict=True):
            if recorded.contracts.identify(before).operation == change.operation:
                places += check_place(change, before, after)
            else:
                assert (before.response_body, before.status_code) == (after.response_body, after.status_code)
        assert places, change


@pytest.mark.slow
@settings(max_examples=40)
@given(bodies)
def test_shapes_of_any_kind(body: dict[str, Any]) -> None:
    """The same holds of any body at all, and every name comes back."""
    recorded = odd(body, ANYTHING)
    for change in changes_of(*recorded):
        assert parse(str(change)) == change
        (after,) = apply(change, *recorded)[-1:]
        if change.path is not None:
            assert check_place(change, recorded.interactions[0], after)


@pytest.mark.parametrize("recorded", ALL.values(), ids=ALL)
def test_nothing_recorded_is_touched(recorded: Recorded) -> None:
    """Listing and applying leave the recording as it was, to the byte, and come to the same again."""
    before = copy.deepcopy(list(recorded.interactions))
    parsed = [copy.deepcopy(i.json) for i in recorded.interactions if not i.is_empty]

    first, second = changes_of(*recorded), changes_of(*recorded)
    applied = [[apply(change, *recorded) for change in first] for _ in range(2)]

    assert first == second
    assert applied[0] == applied[1]
    assert list(recorded.interactions) == before
    assert [i.json for i in recorded.interactions if not i.is_empty] == parsed


@pytest.mark.parametrize("recorded", ALL.values(), ids=ALL)
def test_no_two_changes_are_one(recorded: Recorded) -> None:
    """Different names make different recordings, and none makes the recording itself."""
    made = [repr(list(recorded.interactions)), *(repr(list(apply(c, *recorded))) for c in changes_of(*recorded))]

    assert len(set(made)) == len(made)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parts[-5]}-{path.stem}")
def test_how_many_changes_shipped_cassettes_allow(path: Any) -> None:
    """Each shipped cassette allows changes of every sort, a number that a person can still look through."""
    recorded = ALL[f"{path.parts[-5]}-{path.stem}"]
    changes = changes_of(*recorded)

    assert 50 <= len(changes) <= 450
    assert {"field-removed", "null-appeared", "type-changed", "field-added", "outage"} <= {c.kind for c in changes}


def test_the_most_telling_come_first() -> None:
    """New values of an enumeration come first, then dates written otherwise, optional fields that are gone, null."""
    changes = [str(c) for c in changes_of(whole_import(), CONTRACTS)]

    assert changes[0] == "import-status $.status enum-value-added"
    order = [
        changes.index(f"import-status {name}")
        for name in ("$.completedAt format-changed no-millis", "$.result.size field-removed",
                     "$.result.id field-removed", "$.result.size null-appeared",
                     "$.result.size type-changed string", "key-order-changed")
    ]  # fmt: skip
    assert order == sorted(order)


def completed(name: str, **change: Any) -> Any:
    """Return the last body of an import, recorded with *change*, under the change *name* of import-status."""
    recorded = [started(), polled("COMPLETE", change=change)]
    return apply(parse(f"import-status {name}"), recorded, CONTRACTS)[-1].json


@pytest.mark.parametrize(
    ("before", "name", "after"),
    [
        ("2026-10-05T09:14:02.117Z", "format-changed no-millis", "2026-10-05T09:14:02Z"),
        ("2026-10-05T09:14:02.117Z", "format-changed six-digits", "2026-10-05T09:14:02.117000Z"),
        ("2026-10-05T09:14:02Z", "format-changed six-digits", "2026-10-05T09:14:02.000000Z"),
        ("2026-10-05T23:14:02.117Z", "format-changed offset", "2026-10-06T01:14:02.117+02:00"),
        ("2026-10-05T09:14:02.117Z", "format-changed zero-offset", "2026-10-05T09:14:02.117+00:00"),
        ("2026-10-05T09:14:02.117Z", "format-changed lower-case", "2026-10-05t09:14:02.117z"),
        ("2026-10-05T09:14:02.117Z", "format-changed epoch", "1791191642117"),
        ("2026-10-05T09:14:02.117Z", "format-changed date-only", "2026-10-05"),
        ("2026-10-05T09:14:02.117Z", "format-changed free-text", "yesterday"),
        ("2026-10-05T09:14:02.117Z", "format-changed empty", ""),
        ("2026-10-05T09:14:02.117Z", "type-changed integer", 1791191642117),
        ("2026-10-05T09:14:02.117Z", "null-appeared", None),
        ("2026-02-30T09:14:02Z", "format-changed offset", "2026-02-30T09:14:02Z"),
        ("https://a.example/b/c?d", "format-changed relative", "/b/c?d"),
        ("https://a.example/b", "format-changed other-host", "https://f.hubspotusercontent10.net/b"),
        (24574, "integer-widened beyond-int32", 4294991870),
        (24574, "integer-widened", 24574.5),
        (24574, "type-changed string", "24574"),
        (24574, "type-changed boolean", True),
        ("24574", "type-changed integer", 24574),
        ("cat", "type-changed integer", 1),
        (True, "type-changed string", "true"),
        (True, "type-changed integer", 1),
        ("cat", "type-changed object", {"value": "cat"}),
        ("cat", "type-changed array", ["cat"]),
        ({"a": 1}, "field-added", {"a": 1, "newField": "new"}),
        ([1, 2, 3], "array-emptied", []),
        ([1, 2, 3], "array-emptied one-left", [1]),
        ([1, 2], "element-mixed", [1, 2, "mixed"]),
        (["a"], "element-mixed", ["a", {"mixed": True}]),
    ],
)  # fmt: skip
def test_what_becomes_of_a_value(before: Any, name: str, after: Any) -> None:
    """Each kind and variant makes of a value what it says."""
    assert completed(f"$.startedAt {name}", startedAt=before)["startedAt"] == after


@pytest.mark.parametrize(
    ("key", "before", "name", "after"),
    [
        ("fileId", "122", "longer", "1229007199254740993000000"),
        ("id", "AAA", "longer", "AAA-9007199254740993000000"),
        ("id", "122", "text-id", "id-122x"),
        ("parent_id", "122", "text-id", "id-122x"),
        ("paid", "122", "text-id", "122"),
        ("id", "https://a.example", "longer", "https://a.example"),
    ],
)
def test_ids(key: str, before: str, name: str, after: str) -> None:
    """Members that are ids by their name can be longer, or texts in place of digits; others cannot."""
    assert completed(f"$.{key} format-changed {name}", **{key: before})[key] == after


def test_members() -> None:
    """A member can be gone, have another name, or come where the contract documents it and it was not."""
    assert "startedAt" not in completed("$.startedAt field-removed")
    renamed = completed("$.startedAt field-renamed")
    assert renamed["newStartedAt"] == "2026-10-05T09:14:02.345Z"
    assert "startedAt" not in renamed
    assert completed("$.errors field-added documented")["errors"] == []
    assert completed("$.numErrors field-added documented")["numErrors"] == 1
    assert completed("$.result.expiresAt field-added documented")["result"]["expiresAt"] == 1
    waiting = apply(parse("import-status $.result field-added documented"), whole_import(), CONTRACTS)[1].json
    assert set(waiting["result"]) == {"archived", "createdAt", "id", "updatedAt"}


def test_an_array_that_was_empty() -> None:
    """An empty array is filled with an element as the contract documents it, its required members alone."""
    recorded = odd()
    (changed,) = apply(parse("odd status $.empty array-filled"), *recorded)

    assert changed.json["empty"] == [{"id": "sample"}]


@pytest.mark.parametrize(
    ("variant", "states"),
    [
        ("", ["NEW_VALUE", "NEW_VALUE", "NEW_VALUE"]),
        (" while-waiting", ["NEW_VALUE", "NEW_VALUE", "COMPLETE"]),
        (" at-the-end", ["PENDING", "PROCESSING", "NEW_VALUE"]),
    ],
)
def test_a_new_state(variant: str, states: list[str]) -> None:
    """A new state is seen in all polls, or in those before the end, or at the end."""
    changed = apply(parse(f"import-status $.status enum-value-added{variant}"), whole_import(), CONTRACTS)

    assert [i.json["status"] for i in changed[1:]] == states


def test_values_that_are_listed() -> None:
    """Of another enumeration each value that the schema lists and the recording does not show is a change."""
    names = [str(change) for change in changes_of(*odd())]

    assert "odd status $.rows[*][*].colour enum-value-added deep red" in names
    assert "odd status $.rows[*][*].colour enum-value-added red" not in names
    (changed,) = apply(parse("odd status $.rows[*][*].colour enum-value-added deep red"), *odd())
    assert changed.json["rows"][0][0]["colour"] == "deep red"


@pytest.mark.parametrize("change", ["longer", "text-id"])
def test_polls_follow_a_new_id(change: str) -> None:
    """An API that gives a task another id answers its polls under that id, and those of other tasks as ever."""
    start, polls = "/files/2026-03/files/import-from-url/async", ("122", "123")
    recorded = [
        interaction("POST", start, 202, {"id": "122"}, asked={"a": 1}),
        *(interaction("GET", f"{start}/tasks/{task}/status", 200, {"status": "COMPLETE"}) for task in polls),
    ]
    begun, poll, other = apply(parse(f"import-start $.id format-changed {change}"), recorded, CONTRACTS)

    assert poll.task_id == begun.json["id"] != "122"
    assert other.task_id == "123"
    assert apply(parse("import-start $.id null-appeared"), recorded, CONTRACTS)[1].task_id == "122"


# --- whole answers ---------------------------------------------------------------------------------------------------


def answered(name: str, **headers: str) -> Interaction:
    """Return the last poll of an import, recorded with more *headers*, under the change *name* of import-status."""
    poll = polled("COMPLETE")
    more = {key.replace("_", "-"): (value,) for key, value in headers.items()}
    recorded = replace(poll, response_headers={**poll.response_headers, **more})
    return apply(parse(f"import-status {name}"), [started(), recorded], CONTRACTS)[-1]


@pytest.mark.parametrize(
    ("name", "status", "body", "content_type"),
    [
        ("success-status-changed 202", 202, None, "application/json"),
        ("success-status-changed 204", 204, b"", None),
        ("body-emptied", 200, b"", "application/json"),
        ("body-emptied null", 200, b"null", "application/json"),
        ("content-type-changed problem+json", 200, None, "application/problem+json"),
        ("content-type-changed text", 200, None, "text/plain"),
        ("content-type-changed latin-1", 200, None, "application/json;charset=iso-8859-1"),
        ("content-type-changed missing", 200, None, None),
    ],
)  # fmt: skip
def test_whole_answers(name: str, status: int, body: bytes | None, content_type: str | None) -> None:
    """An answer as a whole has the status, the body and the media type that the change says, the rest as it was."""
    changed = answered(name)

    assert changed.status_code == status
    assert changed.body == (polled("COMPLETE").body if body is None else body)
    assert changed.headers.get("content-type") == content_type
    assert changed.headers["date"]


def test_lengths_are_true() -> None:
    """A changed body comes with its own length, without the encoding of the old one; a 204 announces none."""
    changed = answered(
        "$.status field-removed", content_length="9", CONTENT_ENCODING="gzip", Transfer_Encoding="chunked"
    )
    assert changed.headers["content-length"] == str(len(changed.response_body))
    assert not {"content-encoding", "transfer-encoding"} & set(changed.headers)
    assert set(answered("success-status-changed 204", Content_Length="9").headers) == {"date"}


def test_bodies_that_are_no_json() -> None:
    """An HTML page comes as one, a cut body is the first half, and what is gone has the page of a router."""
    page, cut, gone = (answered(name) for name in ("body-not-json html", "body-not-json cut", "operation-gone"))

    assert (page.status_code, page.media_type) == (200, "text/html")
    assert page.body.startswith(b"<!DOCTYPE html>")
    assert cut.body == polled("COMPLETE").body[: len(polled("COMPLETE").body) // 2]
    assert (gone.status_code, gone.media_type, gone.reason) == (404, "text/html", "Not Found")


def test_headers_and_order() -> None:
    """The end of an operation is announced in headers, and members come in another order with the same values."""
    announced, reordered = answered("deprecation-announced"), answered("key-order-changed")

    assert announced.headers["deprecation"] == "@1774828800"
    assert announced.headers["sunset"] == "Wed, 01 Sep 2027 00:00:00 GMT"
    assert reordered.json == polled("COMPLETE").json
    assert list(reordered.json) == list(reversed(polled("COMPLETE").json))


@pytest.mark.parametrize(
    "text",
    ['{"status":"PENDING","taskId":"é"}', '{"status": "PENDING", "taskId": "\\u00e9"}', '{\n  "status": "PENDING"\n}',
     '{"status":"PENDING","n":12345678901234567890123,"t":"\\ud800"}'],
)  # fmt: skip
def test_the_rest_is_written_as_it_was(text: str) -> None:
    """A body keeps its spacing, its escapes and its numbers; only what is changed is written anew."""
    recorded = [replace(interaction("GET", ODD_STATUS, 200), response_body=text.encode())]
    (changed,) = apply(parse("odd status $.status enum-value-added"), recorded, odd().contracts)

    assert changed.response_body.decode() == text.replace("PENDING", "NEW_VALUE")


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "{", '{"a":1,"a":2}', "NaN", '{"a":1e999}', '{"a":' * 100_000 + "1" + "}" * 100_000]
)
def test_bodies_without_places(text: str) -> None:
    """A body that is no JSON object, or cannot be written again, has no places, and no fault comes of it."""
    recorded = [replace(interaction("GET", ODD_STATUS, 200), response_body=text.encode())]

    assert not [c for c in changes_of(recorded, odd().contracts) if c.path is not None and not c.path.startswith("$")]
    assert apply(parse("odd status $.a field-removed"), recorded, odd().contracts) == tuple(recorded)


def test_errors_beside_successes() -> None:
    """A change of shape is about the successes of an operation; only where it has none, about its errors."""
    error = interaction("GET", STATUS, 404, {"status": "error", "message": "resource not found"})
    change = parse("import-status $.status enum-value-added")

    assert [i.json["status"] for i in apply(change, [error, polled("COMPLETE")], CONTRACTS)] == ["error", "NEW_VALUE"]
    assert apply(parse("import-status $.status field-removed"), [error], CONTRACTS)[0].json == {
        "message": "resource not found"
    }


def test_other_errors() -> None:
    """An error comes with another code or category, whichever name it has, beside successes that stay."""
    error = {"status": "error", "message": "m", "errorType": "RATE", "subCategory": "a.B"}
    recorded = [interaction("GET", STATUS, 404, error), polled("COMPLETE")]
    coded = apply(parse("import-status error-status-changed 409"), recorded, CONTRACTS)
    named = apply(parse("import-status error-category-changed"), recorded, CONTRACTS)

    assert [(i.status_code, i.json) for i in coded] == [(409, error), (200, polled("COMPLETE").json)]
    assert named[0].json == {**error, "errorType": "NEW_VALUE", "subCategory": "NEW_VALUE"}
    assert named[1] == recorded[1]


def test_what_is_under_no_contract() -> None:
    """A request under no contract allows no change, and one of what is not recorded alters nothing."""
    other = [interaction("GET", "/crm/v3/objects", 200, {"a": 1})]

    assert changes_of(other, CONTRACTS) == ()
    assert apply(parse("import-status outage 429"), other, CONTRACTS) == tuple(other)
    with pytest.raises(UnknownChangeError):
        apply(Change("import-status", None, "no-such-thing"), whole_import(), CONTRACTS)


@pytest.mark.slow
def test_large_recordings() -> None:
    """Ten thousand polls, elements or keys allow as many changes as a few do: what repeats is looked at once."""
    error = {"status": "error", "message": "m", "category": "c", "context": {}, "errors": [], "links": {}}
    few, many = (
        changes_of([started(), *[polled("PENDING")] * n, polled("COMPLETE", change={"errors": [error] * n})], CONTRACTS)
        for n in (2, 10_000)
    )
    assert few == many
    keys = polled("COMPLETE", change={"links": {f"k{n}": "v" for n in range(10_000)}})
    assert len(changes_of([keys], CONTRACTS)) < 600


def test_an_element_that_differs_far_down() -> None:
    """A member that only the last of many elements has is a place too."""
    rows = [[{"id": "1"}]] * 500 + [[{"id": "1", "count": 5}]]

    assert parse("odd status $.rows[*][*].count field-removed") in changes_of(
        *odd({"status": "COMPLETE", "rows": rows})
    )


IMPORTED = whole_import()


@given(pair=st.lists(st.sampled_from(list(changes_of(IMPORTED, CONTRACTS))), min_size=2, max_size=2, unique=True))
def test_two_changes_at_once_both_show_whichever_is_named_first(pair: list[Change]) -> None:
    """Two changes can be made at once or cannot, in either order of their names, and neither hides the other."""

    def at_once(changes: list[Change]) -> list[Interaction] | None:
        try:
            return list(named(list(map(str, changes)), CONTRACTS, "a.yaml")(IMPORTED))
        except ChangesMeetError:
            return None

    found = [at_once(pair), at_once(pair[::-1])]
    assert (found[0] is None) == (found[1] is None)
    alone = [list(apply(change, IMPORTED, CONTRACTS)) for change in pair]
    assert all(one is None or one not in alone for one in found)


@pytest.mark.parametrize(
    "names",
    [
        ("$.status enum-value-added while-waiting", "state-gone PENDING"),
        ("$.status field-renamed", "one-poll-more"),
        ("body-emptied null-while-waiting", "state-gone PENDING"),
    ],
)
def test_what_happens_comes_before_what_it_shows(names: tuple[str, str]) -> None:
    """A change of what happens is made first, where it would undo the other."""
    texts = [f"import-status {name}" for name in names]
    assert named(texts, CONTRACTS, "a.yaml")(IMPORTED) == named(texts[::-1], CONTRACTS, "a.yaml")(IMPORTED)
