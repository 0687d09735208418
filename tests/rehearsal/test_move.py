"""What was recorded in one version, as another documents it: paths, links, and what is no longer promised."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from helpers.downstream import interaction

from pytest_hubfiles.judge.contract import Contract
from pytest_hubfiles.judge.registry import Contracts
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.rehearsal.move import Move, moved_path

STRING = {"type": "string"}


def contract(
    version: str,
    path: str,
    answer: Mapping[str, Any],
    *,
    method: str = "GET",
    operation: str = "job",
    status: str = "200",
) -> Contract:
    """Make the contract of an operation with one answer."""
    document = {"$defs": {"Answer": answer}}
    return Contract(version, operation, "GET", path, None, {status: "#/$defs/Answer"}, document)


def an_object(*required: str, **members: Any) -> dict[str, Any]:
    """Make the schema of an object."""
    return {"type": "object", "required": list(required), "properties": members}


def move(*entries: Contract) -> Move:
    return Move("v1", "v2", Contracts(entries))


@pytest.mark.parametrize(
    ("old", "new", "path", "moved"),
    [
        ("/a/v1/{task}/status", "/b/v2/jobs/{task}", "/a/v1/7/status", "/b/v2/jobs/7"),
        ("/a/v1/{x}/{y}", "/a/v2/{y}/{x}", "/a/v1/1/2", "/a/v2/2/1"),
        ("/a/v1/{x}/{y}", "/a/v2/{p}/{q}", "/a/v1/1/2", "/a/v2/1/2"),
        ("/a/v1/{x}", "/a/v2", "/a/v1/1", "/a/v2"),
        ("/a/v1/{x}", "/a/v2/{x}", "/a/v1/v1", "/a/v2/v1"),  # the version in a parameter is none
        ("/a/v1/{x}", "/a/v2/{x}", "/a/v1/a%2Fb/", "/a/v2/a%2Fb"),
        ("/a/v1/{x}", "/a/v2/{x}", "/a//V1/1", "/a/v2/1"),
        ("/a/v1", "/a/v2/{x}", "/a/v1", None),
        ("/a/v1", "/a/v2", "/b/v1", None),
    ],
)
def test_the_path_of_the_same_operation(old: str, new: str, path: str, moved: str | None) -> None:
    """A path is that of the new contract, with the parameters of the old one by name, else by place."""
    pair = contract("v1", old, an_object()), contract("v2", new, an_object())
    assert moved_path(path, *pair) == moved


def test_requests_and_links_are_moved() -> None:
    """Requests of the old version and whole links to them are moved; the rest stays, what is gone is left out."""
    entries = (
        contract("v1", "/a/v1/{task}", an_object()),
        contract("v2", "/a/v2/{task}", an_object()),
        contract("v1", "/gone/v1", an_object(), operation="gone"),
    )
    answer = {"next": ["https://eu.example.com/a/v1/8?x=v1", "/a/v1/9"], "text": "see /a/v1/8", "gone": "/gone/v1"}
    other = interaction("GET", "/else/v1", 200, {"next": "/a/v1/8"})
    mine = interaction("GET", "/a/v1/7?page=v1", 200, answer)

    first, second = move(*entries).moved([mine, other, interaction("GET", "/gone/v1", 200, {})])

    assert first.url.endswith("/a/v2/7?page=v1")
    assert first.json == {**answer, "next": ["https://eu.example.com/a/v2/8?x=v1", "/a/v2/9"]}
    assert second is other


def changes(old: Mapping[str, Any], new: Mapping[str, Any], answer: object, **facts: Any) -> list[str]:
    """List what is no longer promised of an answer."""
    recorded = [interaction("GET", "/v1/job", 200, answer)]
    found = move(contract("v1", "/v1/job", old), contract("v2", "/v2/job", new, **facts)).changes_of(recorded)
    return list(map(str, found))


@pytest.mark.parametrize(
    ("old", "new", "answer", "gone"),
    [
        (an_object("a", a=STRING), an_object(a=STRING), {"a": "x"}, ["$.a"]),
        (an_object("a", a=STRING), an_object(a=STRING), {}, []),  # not recorded
        (an_object("a", a=STRING), an_object("a", a=STRING), {"a": "x"}, []),
        (an_object(a=STRING), an_object(a=STRING), {"a": "x"}, []),  # it never was promised
        (an_object(a=STRING, b=STRING), an_object(b=STRING), {"a": "x", "b": "y"}, ["$.a"]),
        (an_object(b=STRING), an_object(b=STRING), {"a": "x"}, ["$.a"]),  # neither documents it
        (an_object("a", a=STRING), an_object(), {"a": "x"}, ["$.a"]),
        (an_object(a=STRING), an_object(), {"a": "x"}, []),  # any member is fine
        (an_object(a=an_object("b", b=STRING)), an_object(c=STRING), {"a": {"b": "x"}}, ["$.a"]),  # the outermost
        (
            an_object(a={"type": "array", "items": an_object("b", b=STRING)}),
            an_object(a={"type": "array", "items": an_object(b=STRING)}),
            {"a": [{"b": "x"}, {}]},
            ["$.a[*].b"],
        ),
        (
            an_object(a={"type": "object", "additionalProperties": an_object("b", b=STRING)}),
            an_object(a={"type": "object", "additionalProperties": an_object(b=STRING)}),
            {"a": {"k": {"b": "x"}}},
            ["$.a.k.b"],
        ),
    ],
)
def test_what_is_no_longer_promised(
    old: Mapping[str, Any], new: Mapping[str, Any], answer: object, gone: list[str]
) -> None:
    """It is each recorded member that was required and is not, or that is declared no more: the outermost of them."""
    assert changes(old, new, answer) == [f"job {path} field-removed" for path in gone]


def test_another_status_is_one_of_the_changes() -> None:
    """Where the new version documents another success, that is tried as well."""
    schema = an_object("a", a=STRING)
    assert changes(schema, an_object(a=STRING), {"a": "x"}, status="202") == [
        "job success-status-changed 202",
        "job $.a field-removed",
    ]


def test_what_changes_do_to_a_moved_recording() -> None:
    """The changes of a move are made to answers at their new place."""
    from pytest_hubfiles.rehearsal.applied import applying

    made = move(contract("v1", "/v1/job", an_object("a", a=STRING)), contract("v2", "/v2/job", an_object(a=STRING)))
    recorded = [interaction("GET", "/v1/job", 200, {"a": "x"})]
    (answer,) = applying(made.changes_of(recorded), made.contracts, made)(recorded)
    assert (answer.path, json.loads(answer.body)) == ("/v2/job", {})


def test_operations_of_the_old_version() -> None:
    """Only operations of the old version count as those that a test uses."""
    entries = [contract(v, f"/{v}/job", an_object(), operation=f"job-{v}") for v in ("v1", "v2")]
    recorded: list[Interaction] = [interaction("GET", f"/{v}/job", 200, {}) for v in ("v1", "v2", "v1", "v9")]
    assert move(*entries).operations(recorded) == ["job-v1"]
