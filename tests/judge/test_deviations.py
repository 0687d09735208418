"""Known deviations: how they are written, what they lower, and when they stop."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.answers import CONTRACTS, VERSIONS

from pytest_hubfiles.judge import deviations, shipped
from pytest_hubfiles.judge.deviations import Deviation, DeviationsFileError
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.policy import Category, Kind, Severity

TODAY = dt.date(2026, 11, 22)
SHIPPED = deviations.load(shipped.shipped_schemas() / "deviations.toml")
FINDING = Finding(
    kind=Kind.SCHEMA_VIOLATION,
    severity=Severity.BREAKING,
    category=Category.CONTRACT,
    message="$.completedAt is required and absent",
    version="v3",
    operation="import-status",
    http_status=200,
    task_status="PENDING",
    path="$.completedAt",
    keyword="required",
)
ENTRY = Deviation(path="$.completedAt", reason="it has not ended", source="a recording", keyword="required")
LEAST = 'path = "$.a"\nreason = "r"\nsource = "s"\n'


def save(folder: Path, text: str | bytes) -> Path:
    file = folder / "deviations.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def read(folder: Path, entry: str) -> Deviation:
    (deviation,) = deviations.load(save(folder, "[[deviation]]\n" + entry))
    return deviation


# --- reading --------------------------------------------------------------------------------------------------


def test_whole_entry(tmp_path: Path) -> None:
    """Every documented key of an entry is read."""
    entry = read(
        tmp_path,
        LEAST
        + 'versions = ["v3", "2026-03"]\noperations = ["import-status"]\nstates = ["PENDING"]\n'
        + 'keyword = "required"\nkind = "schema-violation"\nuntil = 2027-09-30\n',
    )
    assert entry == Deviation(
        path="$.a",
        reason="r",
        source="s",
        versions=("v3", "2026-03"),
        operations=("import-status",),
        states=("PENDING",),
        keyword="required",
        kind=Kind.SCHEMA_VIOLATION,
        until=dt.date(2027, 9, 30),
    )


@pytest.mark.parametrize(
    "written",
    ['version = "v3"\noperation = "x"\nstate = "PENDING"', 'versions = "v3"\noperations = ["x"]\nstates = "PENDING"'],
    ids=["singular", "text for a list"],
)
def test_one_of_several(tmp_path: Path, written: str) -> None:
    """One version, operation or state needs no list, and its key may be in the singular."""
    entry = read(tmp_path, LEAST + 'keyword = "type"\n' + written)
    assert (entry.versions, entry.operations, entry.states) == (("v3",), ("x",), ("PENDING",))


@pytest.mark.parametrize("until", ['"2027-09-30"', "2027-09-30"], ids=["text", "date"])
def test_until_is_a_day(tmp_path: Path, until: str) -> None:
    """A date may be written as TOML's own or as a text."""
    assert read(tmp_path, LEAST + f'keyword = "type"\nuntil = {until}').until == dt.date(2027, 9, 30)


def test_empty_file_has_no_entries(tmp_path: Path) -> None:
    """A file without entries deviates in nothing."""
    assert deviations.load(save(tmp_path, "# nothing yet\n")) == ()


BAD_FILES: dict[str, tuple[str | bytes, str]] = {
    "not TOML": ("[[deviation]\n", "it is not TOML: "),
    "not UTF-8": (b"\xff", "it is not TOML: 'utf-8' codec"),
    "one table": ("[deviation]\n" + LEAST, "it holds one table; entries are [[deviation]] tables"),
    "other tables": ("[[deviations]]\n" + LEAST, "it holds deviations; entries are [[deviation]] tables"),
    "a text": ('deviation = "x"', "it holds one table; entries are [[deviation]] tables"),
}


@pytest.mark.parametrize(("text", "reason"), BAD_FILES.values(), ids=BAD_FILES)
def test_bad_file(tmp_path: Path, text: str | bytes, reason: str) -> None:
    """A file that holds no entries is refused by name and reason."""
    file = save(tmp_path, text)
    with pytest.raises(DeviationsFileError) as caught:
        deviations.load(file)
    assert caught.value.path == file
    assert str(caught.value).startswith(f"The deviations file {file} cannot be used: ")
    assert reason in caught.value.reason


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is refused by name."""
    with pytest.raises(DeviationsFileError, match=r"no\.toml cannot be used: No such file or directory"):
        deviations.load(tmp_path / "no.toml")


BAD_ENTRIES = {
    "no path": ('reason = "r"\nsource = "s"', "path must be given"),
    "only a path": ('path = "$.a"', "reason and source must be given"),
    "neither keyword nor kind": (LEAST, "it needs a keyword or a kind, else it would hide everything at its path"),
    "path that is none": (LEAST.replace("$.a", "a"), "its path 'a' is no JSONPath; one starts with $"),
    "unknown key": (
        LEAST + 'level = "x"',
        "'level' is not a key of a deviation; the keys are cassettes, category, found, keyword, kind, operations, "
        "path, places, reason, source, states, until, versions",
    ),
    "unknown kind": (LEAST + 'kind = "x"', "'x' is no kind of finding; there are schema-violation, undocumented-"),
    "path a number": (LEAST.replace('"$.a"', "7"), "path must be a text, not 7"),
    "empty reason": (LEAST.replace('"r"', '""'), "reason must be a text, not ''"),
    "versions a number": (LEAST + "versions = 3", "versions must be a string or a list of strings, not 3"),
    "versions empty": (LEAST + "versions = []", "versions must be a string or a list of strings, not []"),
    "states mixed": (LEAST + 'states = ["PENDING", 1]', "states must be a string or a list of strings, not ['PENDING'"),
    "versions twice": (LEAST + 'version = "v3"\nversions = ["v3"]', "it names its versions twice"),
    "until a time": (
        LEAST + "until = 2027-09-30T00:00:00Z",
        "until must be a date such as 2027-09-30, not '2027-09-30 00:00:00+00:00'",
    ),
    "until a word": (LEAST + 'until = "soon"', "until must be a date such as 2027-09-30, not 'soon'"),
    "until a number": (LEAST + "until = 2027", "until must be a date such as 2027-09-30, not '2027'"),
    "until no day": (LEAST + 'until = "2027-02-30"', "until must be a date such as 2027-09-30, not '2027-02-30'"),
}


@pytest.mark.parametrize(("entry", "reason"), BAD_ENTRIES.values(), ids=BAD_ENTRIES)
def test_bad_entry(tmp_path: Path, entry: str, reason: str) -> None:
    """A wrong entry is refused with the file, its number and the reason."""
    if reason.startswith("its path"):
        entry += 'keyword = "type"\n'
    file = save(tmp_path, "[[deviation]]\n" + LEAST + 'keyword = "type"\n[[deviation]]\n' + entry)
    with pytest.raises(DeviationsFileError) as caught:
        deviations.load(file)
    assert str(caught.value).startswith(f"The deviations file {file} cannot be used: entry 2: {reason}")


def test_entry_that_is_no_table(tmp_path: Path) -> None:
    """An entry that is no table is refused with its number."""
    with pytest.raises(DeviationsFileError, match=r"entry 1: it is 7, not a \[\[deviation\]\] table"):
        deviations.load(save(tmp_path, "deviation = [7]"))


# --- matching -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "narrower",
    [
        {},
        {"versions": ("2026-03", "v3")},
        {"operations": ("import-status",)},
        {"states": ("PENDING", "PROCESSING")},
        {"kind": Kind.SCHEMA_VIOLATION},
        {"kind": Kind.SCHEMA_VIOLATION, "keyword": None},
        {"until": TODAY},
    ],
    ids=["least", "version", "operation", "state", "kind", "kind alone", "last day"],
)
def test_what_matches_is_lowered(narrower: dict[str, object]) -> None:
    """A finding that an entry describes becomes info and carries the reason; nothing else of it changes."""
    found = deviations.lower([FINDING], (replace(ENTRY, **narrower),), TODAY)
    assert found == [replace(FINDING, severity=Severity.INFO, deviation="it has not ended")]


@pytest.mark.parametrize(
    "other",
    [
        {"path": "$.startedAt"},
        {"path": "$"},
        {"versions": ("2026-03",)},
        {"operations": ("folder-update-status",)},
        {"states": ("COMPLETE",)},
        {"keyword": "type"},
        {"kind": Kind.ERROR_ENVELOPE},
    ],
    ids=["path", "path above", "version", "operation", "state", "keyword", "kind"],
)
def test_what_does_not_match_is_left_alone(other: dict[str, object]) -> None:
    """A finding that differs from an entry in one fact stays as it is."""
    assert deviations.lower([FINDING], (replace(ENTRY, **other),), TODAY) == [FINDING]


def test_entry_that_has_run_out() -> None:
    """An entry past its last day lowers nothing, and the finding says that it has run out."""
    entry = replace(ENTRY, until=TODAY - dt.timedelta(days=1))
    (found,) = deviations.lower([FINDING], (entry,), TODAY)
    assert found.severity is Severity.BREAKING
    assert found.deviation is None
    assert found.message == "$.completedAt is required and absent (a deviation for this ran out on 2026-11-21)"


def test_another_entry_may_still_hold() -> None:
    """Of two entries for a finding, one that holds is enough."""
    old = replace(ENTRY, until=TODAY - dt.timedelta(days=1))
    (found,) = deviations.lower([FINDING], (old, replace(ENTRY, reason="renewed")), TODAY)
    assert (found.severity, found.deviation) == (Severity.INFO, "renewed")


def test_first_entry_gives_the_reason() -> None:
    """A team's own entry, which comes first, gives the reason rather than a shipped one."""
    (found,) = deviations.lower([FINDING], (replace(ENTRY, reason="ours"), ENTRY), TODAY)
    assert found.deviation == "ours"


def test_drift_can_be_accepted_by_its_kind() -> None:
    """An entry with a kind lowers findings of any category."""
    drift = replace(FINDING, kind=Kind.FIELD_REMOVED, category=Category.DRIFT, keyword=None)
    entry = replace(ENTRY, keyword=None, kind=Kind.FIELD_REMOVED)
    assert deviations.lower([drift], (entry,), TODAY)[0].severity is Severity.INFO


# --- the shipped file -----------------------------------------------------------------------------------------


def test_shipped_entries_give_their_evidence() -> None:
    """Every shipped entry says how sure its source is, and names versions and operations that there are."""
    assert SHIPPED
    for entry in SHIPPED:
        assert entry.source.startswith(("[D]", "[I]", "[R]"))
        assert entry.reason.endswith(".")
        assert entry.until is None  # one would run out in a release that somebody goes on using
        assert entry.versions == VERSIONS
        assert {c.operation for c in CONTRACTS.entries} >= set(entry.operations)


def test_shipped_entries_are_sorted_and_unique() -> None:
    """Entries stand in order and none is there twice."""
    keys = [(e.operations[::-1], e.path, e.keyword or "", e.kind or "") for e in SHIPPED]
    assert len(set(keys)) == len(keys)
    assert [e.path for e in SHIPPED if len(e.operations) == 2] == sorted(
        e.path for e in SHIPPED if len(e.operations) == 2
    )
