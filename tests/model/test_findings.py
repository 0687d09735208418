"""The policy of severities, and what a finding keeps, counts and is known by."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pytest_hubfiles.model.finding import Finding, Needed, Share, merge, worst
from pytest_hubfiles.model.policy import POLICY, Case, Category, Kind, Severity, severity_of

CONTRACT = {
    "schema-violation": "breaking",
    "undocumented-field": "info",
    "undocumented-status": "breaking",
    "body-empty": "breaking",
    "body-not-json": "breaking",
    "content-type-changed": "breaking",
    "illegal-transition": "warning",
    "error-envelope": "warning",
    "request-violation": "warning",
    "unknown-operation": "info",
    "deprecation-announced": "warning",
    "other-host": "info",
    "version-ends": "info",
}
DRIFT = {
    "field-added": "info",
    "field-removed": "breaking",
    "field-renamed": "breaking",
    "field-now-optional": "info",
    "type-changed": "breaking",
    "integer-widened": "warning",
    "null-appeared": "breaking",
    "null-disappeared": "info",
    "null-only": "warning",
    "format-changed": "breaking",
    "enum-value-added": "warning",
    "element-mixed": "breaking",
    "array-emptied": "info",
    "array-filled": "info",
    "success-status-changed": "breaking",
    "error-status-changed": "breaking",
    "body-emptied": "breaking",
    "body-appeared": "warning",
    "content-type-changed": "breaking",
    "body-not-json": "breaking",
    "state-appeared": "info",
    "state-gone": "info",
    "operation-gone": "breaking",
}
REPLAY = {
    "unmatched-request": "breaking",
    "task-never-ended": "breaking",
    "unplayed": "warning",
    "cassette-unused": "warning",
    "cassette-stale": "warning",
    "cassette-unreadable": "breaking",
    "secret-in-cassette": "breaking",
}
TABLES = {
    Category.CONTRACT: CONTRACT,
    Category.DRIFT: DRIFT,
    Category.VERSION: {**DRIFT, "request-violation": "warning"},
    Category.REPLAY: REPLAY,
}
SEVERITIES = {**CONTRACT, **DRIFT, **REPLAY}
CASES = [
    ("field-removed", (Case.SOMETIMES_ABSENT,), "info"),
    ("field-removed", (Case.SOMETIMES_ABSENT, Case.REQUIRED), "info"),
    ("field-now-optional", (Case.REQUIRED,), "breaking"),
    ("null-appeared", (Case.NULL_ALLOWED,), "warning"),
    ("enum-value-added", (Case.LISTED,), "info"),
    ("enum-value-added", (Case.TASK_STATE,), "breaking"),
    ("format-changed", (Case.NARROWED,), "info"),
    ("format-changed", (Case.LOOSENED,), "warning"),
    ("version-ends", (Case.ENDS_SOON,), "warning"),
]
FINDING = Finding(
    kind=Kind.TYPE_CHANGED,
    severity=Severity.BREAKING,
    category=Category.DRIFT,
    message="$.result.size changed its type (integer → string)",
    version="v3",
    operation="import-status",
    http_status=200,
    task_status="COMPLETE",
    path="$.result.size",
    before="integer",
    after="string",
    keyword="type",
    test="tests/test_x.py::test_y[v3]",
    cassette="cassettes/v3/tests/test_x/test_y.yaml",
    deviation="known",
    exchanges=2,
)


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.value)
def test_every_kind_weighs_what_the_policy_says(kind: Kind) -> None:
    """Each kind has a row in the table, and its severity is the one written down here."""
    assert POLICY[kind].severity.value == SEVERITIES[kind.value]
    assert severity_of(kind).value == SEVERITIES[kind.value]


def test_policy_has_no_other_rows() -> None:
    """Table, kinds and the policy written down here name the same kinds."""
    assert set(POLICY) == set(Kind)
    assert {kind.value for kind in Kind} == set(SEVERITIES)


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.value)
def test_every_kind_stands_in_its_categories(kind: Kind) -> None:
    """A kind belongs to the categories whose table it stands in; two versions can differ in whatever can drift."""
    expected = {category for category, table in TABLES.items() if kind.value in table}
    assert set(POLICY[kind].categories) == expected


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.value)
def test_every_kind_says_what_it_means(kind: Kind) -> None:
    """Reports explain a kind by its meaning, so each has one of its own."""
    meaning = POLICY[kind].meaning
    assert meaning
    assert [other for other in Kind if POLICY[other].meaning == meaning] == [kind]


@pytest.mark.parametrize(("kind", "cases", "severity"), CASES)
def test_circumstances_change_what_a_kind_weighs(kind: str, cases: tuple[Case, ...], severity: str) -> None:
    """Under each condition that the policy names, the kind weighs what the policy says."""
    assert severity_of(Kind(kind), *cases).value == severity


def test_policy_has_no_other_circumstances() -> None:
    """No kind has a condition that is not written down here."""
    conditional = {(kind.value, case) for kind in Kind for case in POLICY[kind].unless}
    assert conditional == {(kind, cases[0]) for kind, cases, _ in CASES}


def test_other_circumstances_change_nothing() -> None:
    """A circumstance that a kind's row does not name leaves its severity alone."""
    assert severity_of(Kind.TYPE_CHANGED, *Case) is Severity.BREAKING


def test_severities_are_ordered() -> None:
    """Info weighs less than a warning, and a warning less than a break."""
    assert [s.value for s in sorted(Severity, key=lambda s: s.rank)] == ["info", "warning", "breaking"]


def test_fingerprint_is_stable() -> None:
    """The fingerprint is the same in every run and on every machine: gates keep lists of them."""
    assert FINDING.fingerprint == "d515838320493575"


@pytest.mark.parametrize(
    ("fact", "other"),
    [
        ("test", "tests/test_z.py::test_other"),
        ("cassette", "elsewhere.yaml"),
        ("message", "said in other words"),
        ("exchanges", 7),
        ("line", 7),
        ("severity", Severity.INFO),
        ("deviation", None),
    ],
)
def test_fingerprint_does_not_depend_on_where_it_was_seen(fact: str, other: object) -> None:
    """Test, cassette, wording, count and weight do not make another finding."""
    assert replace(FINDING, **{fact: other}).fingerprint == FINDING.fingerprint


@pytest.mark.parametrize(
    ("fact", "other"),
    [
        ("kind", Kind.FORMAT_CHANGED),
        ("category", Category.VERSION),
        ("version", "2026-03"),
        ("operation", "folder-update-status"),
        ("http_status", 202),
        ("task_status", None),
        ("path", "$.result.width"),
        ("before", "number"),
        ("after", "boolean"),
        ("keyword", None),
    ],
)
def test_fingerprint_depends_on_every_fact(fact: str, other: object) -> None:
    """Two findings that differ in a fact have different fingerprints."""
    assert replace(FINDING, **{fact: other}).fingerprint != FINDING.fingerprint


@pytest.mark.parametrize(
    "finding",
    [FINDING, Finding(Kind.UNPLAYED, Severity.WARNING, Category.REPLAY, "no longer asked for")],
    ids=["all facts", "few facts"],
)
def test_a_finding_survives_json(finding: Finding) -> None:
    """What goes through a report or from a worker to the controller comes back equal."""
    assert Finding.from_dict(json.loads(json.dumps(finding.to_dict()))) == finding


def test_report_has_the_documented_keys() -> None:
    """The JSON of a finding has the keys that the report's documentation shows."""
    assert set(FINDING.to_dict()) == {
        *("kind", "severity", "category", "version", "operation", "http_status", "task_status", "path", "before"),
        *("after", "keyword", "message", "test", "cassette", "fingerprint", "deviation", "exchanges", "line"),
        "needed_by",
    }


def test_who_needs_it_is_no_part_of_what_it_is() -> None:
    """A finding that says which tests need what changed has the fingerprint of one that does not, and says it again."""
    known = replace(FINDING, needed_by=Needed(("a", "b"), 3))
    assert known.fingerprint == FINDING.fingerprint
    assert (known.to_dict()["needed_by"], known.to_dict()["needed_of"]) == (["a", "b"], 3)
    assert Finding.from_dict(known.to_dict()) == known


@pytest.mark.parametrize(
    ("needed", "said"),
    [
        (Needed((), 16), "needed by none of 16 tests"),
        (Needed(("a",), 1), "needed by 1 of 1 test: a"),
        (Needed(("a", "b", "c", "d", "e"), 16), "needed by 5 of 16 tests: a, b, c and 2 more"),
        (Needed((), 3, 0), "needed by none of 3 tests; rehearsed with this change: 0 break, 3 do not"),
        (Needed(("a",), 2, 1), "needed by 1 of 2 tests: a; rehearsed with this change: 1 breaks, 1 does not"),
    ],
    ids=["none", "one", "many", "tried", "one-tried"],
)
def test_how_many_tests_need_it(needed: Needed, said: str) -> None:
    """In words it is how many tests of how many need it, and the first of them by name."""
    assert str(needed) == said


@pytest.mark.parametrize(
    "fact",
    [
        "message", "version", "operation", "task_status", "path", "before", "after", "keyword", "test", "cassette",
        "deviation",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    ("sent", "shown"),
    [("\ud83d", "\\ud83d"), ("\x1b[2J", "\\u001b[2J"), ("\x00", "\\u0000"), ("né 😀", "né 😀")],
    ids=["half a character", "escape sequence", "nul", "printable"],
)
def test_what_an_answer_holds_can_be_printed(fact: str, sent: str, shown: str) -> None:
    """Text from a body or a file reaches terminal and files as characters that each of them can take."""
    finding = replace(FINDING, **{fact: sent})
    assert getattr(finding, fact) == shown
    assert finding.fingerprint
    json.dumps(finding.to_dict(), ensure_ascii=False).encode()


def test_merging_counts_exchanges() -> None:
    """The same finding of the same test is one, with the exchanges of all added up."""
    assert merge([FINDING, replace(FINDING, exchanges=3)]) == [replace(FINDING, exchanges=5)]


@pytest.mark.parametrize("fact", ["test", "cassette", "path"])
def test_merging_keeps_apart_what_is_another_finding(fact: str) -> None:
    """A finding of another test, cassette or place stays one of its own."""
    other = replace(FINDING, **{fact: "$.elsewhere"})
    assert merge([FINDING, other]) == [FINDING, other]


def test_merging_puts_the_worst_first() -> None:
    """The worst stand first, and those that weigh the same in the order they were found."""
    info, warning = (replace(FINDING, severity=s, path=f"$.{s.value}") for s in (Severity.INFO, Severity.WARNING))
    second = replace(FINDING, path="$.second")
    assert merge([info, FINDING, warning, second]) == [FINDING, second, warning, info]


@pytest.mark.parametrize(
    ("severities", "expected"),
    [((), None), (("info",), "info"), (("info", "breaking", "warning"), "breaking"), (("warning", "info"), "warning")],
)
def test_worst(severities: tuple[str, ...], expected: str | None) -> None:
    """The worst of several findings is the highest severity, and of none there is none."""
    found = worst(replace(FINDING, severity=Severity(severity)) for severity in severities)
    assert (found and found.value) == expected


# --- what a message says of how many ---


def counted(seen: int, among: int, said: str = "the body is null {share} answers") -> Finding:
    share = Share(seen, among)
    return Finding.of(Kind.BODY_EMPTIED, said.format(share=share), exchanges=seen, share=share)


def test_counts_add_up_in_the_message() -> None:
    """The message of a finding that several exchanges show says in how many of how many of all."""
    (found,) = merge([counted(1, 1), counted(2, 3), counted(1, 10)])
    assert found.message == "the body is null in 4 of 14 answers"
    assert (found.exchanges, found.share) == (4, (4, 14))


def test_only_the_count_is_changed() -> None:
    """What else a message says stays, though it looks like a count."""
    said = "$['in 1 of 2'] was always there and now is {share} (a deviation for this ran out on 2026-01-02)"
    (found,) = merge([counted(1, 2, said), counted(3, 4, said)])
    assert found.message == said.format(share="in 4 of 6")


def test_a_count_survives_the_report() -> None:
    """What is read from a report adds up as well; a finding without a count has none there."""
    (found,) = merge(Finding.from_dict(json.loads(json.dumps(counted(n, 3).to_dict()))) for n in (1, 2))
    assert found == counted(3, 6)
    assert "share" not in Finding.of(Kind.BODY_APPEARED, "a body where there was none").to_dict()


def test_one_value_of_several_is_called_an_example() -> None:
    """A message that quotes a value says so if other exchanges had another; one that holds of all says nothing."""

    def quoting(value: str) -> Finding:
        said = f"$.size is string ({value}), documented as integer"
        return Finding.of(Kind.SCHEMA_VIOLATION, said, path="$.size", before="integer", after="string")

    (same,) = merge([quoting("1"), quoting("1")])
    (other,) = merge([quoting("1"), quoting("2"), quoting("1"), quoting("3")])
    assert same.message == "$.size is string (1), documented as integer"
    assert other.message == "$.size is string (1), documented as integer (one example of several)"
    assert other.exchanges == 4
