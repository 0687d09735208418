"""Which tests need what changed: findings held against a folder of needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.policy import Category, Kind
from pytest_hubfiles.run.needed import Needs, NeedsUnreadableError, gone, load, unknown

STATUS: dict[str, Any] = {
    "x-tests": ["a", "b", "c"],
    "x-needed-by": {"success-status-changed 202": ["a"], "type-changed array": ["a"]},
    "x-not-needed": ["body-emptied", "field-added"],
    "properties": {
        "status": {"x-needed-by": {"enum-value-added at-the-end": ["b"]}, "x-not-needed": ["enum-value-added"]},
        "completedAt": {
            "x-needed-by": {"format-changed date-only": ["c"]},
            "x-not-needed": ["format-changed free-text", "format-changed epoch"],
        },
        "result": {
            "properties": {
                "size": {
                    "type": ["integer", "null"],
                    "x-needed-by": {"type-changed string": ["a", "b"], "field-removed": ["a"]},
                    "x-not-needed": ["null-appeared", "integer-widened"],
                },
                "url": {"x-not-needed": ["field-removed"]},
                "name": {"x-not-tried": ["field-removed"]},
                "path": {"x-not-tried": ["field-removed"], "x-needed-by": {"field-removed": ["a"]}},
                "id": {"x-not-needed": ["field-removed"]},
            },
            "x-not-needed": ["field-added documented"],
        },
        "errors": {"items": {"x-needed-by": {"null-appeared": ["c"]}}, "x-needed-by": {"element-mixed": ["b"]}},
    },
    "allOf": [
        {
            "anyOf": [{}, {}],
            "x-joint": ["import-status $.result.url field-removed", "import-status $.result.id field-removed"],
            "x-needed-by": ["b"],
        }
    ],
}


def folder(path: Path, document: object = STATUS, version: str = "2026-03") -> Path:
    file = path / version / "import-status.json"
    file.parent.mkdir(parents=True)
    file.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path


@pytest.fixture
def needs(tmp_path: Path) -> Needs:
    return load(folder(tmp_path))


def drift(kind: Kind, path: str = "$", before: str | None = None, after: str | None = None, **more: Any) -> Finding:
    facts: dict[str, Any] = {"version": "2026-03", "operation": "import-status", "http_status": 200, **more}
    return Finding.of(
        kind, "it changed", path=path, before=before, after=after, **{"category": Category.DRIFT, **facts}
    )


SIZE = "$.result.size"
TOLD: Mapping[str, tuple[Finding, tuple[str, ...] | None]] = {
    "removed": (drift(Kind.FIELD_REMOVED, SIZE), ("a",)),
    "renamed, as removed": (drift(Kind.FIELD_RENAMED, SIZE, "size", "bytes"), ("a",)),
    "absent at times": (drift(Kind.FIELD_NOW_OPTIONAL, SIZE, "always", "sometimes"), ("a",)),
    "removed with all below": (drift(Kind.FIELD_REMOVED, "$.result"), ("a",)),
    "another type": (drift(Kind.TYPE_CHANGED, SIZE, "integer", "string"), ("a", "b")),
    "another type or null": (drift(Kind.TYPE_CHANGED, SIZE, "integer", "null or string"), ("a", "b")),
    "a type that was not tried": (drift(Kind.TYPE_CHANGED, SIZE, "integer", "boolean"), None),
    "types, some of them tried": (drift(Kind.TYPE_CHANGED, SIZE, "integer", "boolean or string"), ("a", "b")),
    "a type that tests are used to": (drift(Kind.TYPE_CHANGED, SIZE, "string", "integer"), ()),
    "null": (drift(Kind.NULL_APPEARED, SIZE), ()),
    "not tried with all": (drift(Kind.FIELD_REMOVED, "$.result.name"), None),
    "not tried with all, and needed": (drift(Kind.FIELD_REMOVED, "$.result.path"), ("a",)),
    "a number": (drift(Kind.INTEGER_WIDENED, SIZE), ()),
    "null among elements": (drift(Kind.NULL_APPEARED, "$.errors[*]"), ("c",)),
    "elements of several types": (drift(Kind.ELEMENT_MIXED, "$.errors[*]", "object", "object or string"), ("b",)),
    "a date that is none": (drift(Kind.FORMAT_CHANGED, "$.completedAt", "date-time", "text"), ("c",)),
    "milliseconds": (drift(Kind.FORMAT_CHANGED, "$.completedAt", "date-time", "digits"), ()),
    "a format that was not tried": (drift(Kind.FORMAT_CHANGED, "$.completedAt", "date-time", "uuid"), None),
    "a new state": (drift(Kind.ENUM_VALUE_ADDED, "$.status", "COMPLETE", "STUCK"), ("b",)),
    "a new field": (drift(Kind.FIELD_ADDED, "$.links"), ()),
    "a new field elsewhere": (drift(Kind.FIELD_ADDED, "$.errors[*].links"), None),
    "another success": (drift(Kind.SUCCESS_STATUS_CHANGED, "$", "200", "202", http_status=None), ("a",)),
    "no success": (drift(Kind.SUCCESS_STATUS_CHANGED, "$", "200", "500", http_status=None), None),
    "no body": (drift(Kind.BODY_EMPTIED), ()),
    "an error's answer": (drift(Kind.FIELD_REMOVED, SIZE, http_status=404), None),
    "errors of a version": (drift(Kind.FIELD_REMOVED, SIZE, http_status=None), None),
    "another operation": (drift(Kind.FIELD_REMOVED, SIZE, operation="import-start"), None),
    "another version": (drift(Kind.FIELD_REMOVED, SIZE, version="v3"), None),
    "by the contract": (drift(Kind.SCHEMA_VIOLATION, SIZE, category=Category.CONTRACT), None),
}


@pytest.mark.parametrize(("found", "tests"), TOLD.values(), ids=TOLD)
def test_which_tests_need_what_changed(needs: Needs, found: Finding, tests: tuple[str, ...] | None) -> None:
    """They are those that its like broke in a rehearsal: maybe none, or unknown where nothing like it was tried."""
    (told,) = needs.annotated([found])
    assert (told.needed_by and told.needed_by[:2]) == (None if tests is None else (tests, 3))


def test_what_breaks_a_test_only_together(needs: Needs) -> None:
    """A test that needs one of two is said to need them where both are gone, and not where one is."""
    url, name = (drift(Kind.FIELD_REMOVED, f"$.result.{member}") for member in ("url", "id"))
    assert [f.needed_by and f.needed_by[:2] for f in needs.annotated([url])] == [((), 3)]
    assert [f.needed_by and f.needed_by[:2] for f in needs.annotated([url, name])] == [(("b",), 3)] * 2


def test_between_versions_the_old_one_counts(needs: Needs) -> None:
    """The tests had answers of the version that is left, so that its needs are those that count."""
    found = drift(Kind.FIELD_REMOVED, SIZE, version="2026-09", category=Category.VERSION)
    assert [f.needed_by and f.needed_by[:2] for f in needs.annotated([found], "2026-03")] == [(("a",), 3)]
    assert [f.needed_by for f in needs.annotated([found])] == [None]


@pytest.mark.parametrize(
    ("document", "said"),
    [("{", "it is not JSON"), ("[]", "not written by hubfiles needs"), ("{}", "not written by hubfiles needs"),
     ({"x-tests": [], "properties": {"a": True}}, "not written by hubfiles needs")],
    ids=["no JSON", "a list", "no needs", "another schema"],
)  # fmt: skip
def test_what_is_no_needs(tmp_path: Path, document: object, said: str) -> None:
    """A file that is none of ours is named, with the reason and what to do."""
    with pytest.raises(NeedsUnreadableError, match=r"import-status\.json cannot be read: .*\n.*hubfiles needs") as told:
        load(folder(tmp_path, document))
    assert said in str(told.value)


def test_no_needs(tmp_path: Path) -> None:
    """A folder that is not there, or holds no needs, is said to be so."""
    with pytest.raises(NeedsUnreadableError, match="there is no such folder"):
        load(tmp_path / "needs")
    with pytest.raises(NeedsUnreadableError, match="it holds none"):
        load(tmp_path)


def test_needs_of_tests_that_are_gone(needs: Needs) -> None:
    """Tests in the needs that are none any more are named in one line, and nothing is said where all are there."""
    assert gone(needs, ["a", "b", "c", "d"]) is None
    assert gone(None, ["a"]) is None
    assert (gone(needs, ["a"]) or "").startswith("hubfiles_needs is out of date: b, c are no tests any more; ")


def test_what_is_not_known_is_counted(needs: Needs) -> None:
    """Differences that no rehearsal has tried are counted, once each, whatever is only for information left out."""
    found = [one for one, _ in TOLD.values()]
    known = needs.annotated(found)
    assert (unknown(found + found) or "").startswith(f"of {len({f.fingerprint for f in found if weighs(f)})} ")
    assert (unknown(known) or "").startswith("of 8 differences it is not known ")
    assert unknown([f for f in known if f.needed_by is not None]) is None


def weighs(finding: Finding) -> bool:
    return finding.is_difference and finding.severity.rank > 0
