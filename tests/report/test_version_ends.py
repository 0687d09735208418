"""Whoever uses a version whose support ends is told, once a run and version, when it ends and how much uses it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.answers import COMPLETE, CONTRACTS, STANDARD_ERROR, VERSIONS, interaction, poll
from helpers.downstream import Downstream, started, whole_import
from helpers.slow import params

from pytest_hubfiles.judge.support import supported
from pytest_hubfiles.model.exchange import Exchange
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.policy import Category
from pytest_hubfiles.report import version_ends
from pytest_hubfiles.report.merging import merged
from pytest_hubfiles.report.record import Contracted, Record, tally, versions_used
from pytest_hubfiles.report.report import Report

EARLY = dt.date(2026, 11, 29)
V3 = (
    "v3 is supported until September 2027 (2027-09-30), announced in HubSpot's changelog: Legacy APIs and legacy "
    "apps, what's going unsupported and when; used in "
)


def record(test: str, *exchanges: Exchange) -> Record:
    judged, not_judged = tally(exchanges, CONTRACTS)
    return Record(test, "a.yaml", judged, not_judged, [], False, used=versions_used(exchanges))


def elsewhere(path: str, origin: str = "https://api.hubapi.com") -> Exchange:
    return CONTRACTS.identify(interaction("GET", path, {}, origin=origin))


def found(*records: Record, today: dt.date = EARLY) -> list[Finding]:
    return list(version_ends.findings(records, today))


def test_v3() -> None:
    """The end of v3 is told with its day, its source, and how many tests and operations use it."""
    (finding,) = found(record("one", poll(COMPLETE), poll(COMPLETE)), record("two", poll(COMPLETE)), record("three"))

    assert (finding.kind.value, finding.severity.value) == ("version-ends", "info")
    assert (finding.category, finding.version, finding.after) == (Category.CONTRACT, "v3", "2027-09-30")
    assert finding.message == f"{V3}2 of 3 tests, for 1 operation"
    assert finding.exchanges == 3
    assert Record.from_text(record("one", poll(COMPLETE)).to_text()).used == {"v3": {"import-status": 1}}


def test_a_candidate_is_no_cassette() -> None:
    """What a check looks at for credentials alone is not counted."""
    judged = replace(record("a.yaml", poll(COMPLETE)), cassette="a.yaml")
    candidate = Record("a.candidate.yaml", "a.candidate.yaml", {}, [], [], False)

    (finding,) = found(judged, candidate)

    assert finding.message == f"{V3}1 of 1 cassettes, for 1 operation"


@pytest.mark.parametrize(
    ("today", "severity"),
    [
        (dt.date(2027, 4, 2), "info"),
        (dt.date(2027, 4, 3), "warning"),
        (dt.date(2027, 9, 30), "warning"),
        (dt.date(2027, 10, 1), "warning"),
        (dt.date(2040, 1, 1), "warning"),
    ],
)
def test_when_it_weighs_more(today: dt.date, severity: str) -> None:
    """In the last 180 days, and after, it is a warning; the finding stays the same one."""
    (finding,) = found(record("one", poll(COMPLETE)), today=today)
    assert finding.severity.value == severity
    assert finding.fingerprint == found(record("one", poll(COMPLETE)))[0].fingerprint
    assert (" was supported until " in finding.message) == (today > dt.date(2027, 9, 30))


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version(version: str) -> None:
    """Each version of which an end is known is told; of a beta none is."""
    told = [f.after for f in found(record("one", poll(COMPLETE, version=version)))]
    assert told == [str(support.last_day) for label, support in supported().items() if label == version]
    assert (version in supported()) == (version != "2026-09-beta")


@pytest.mark.parametrize(
    ("path", "origin", "versions"),
    [
        ("/crm/v3/objects/contacts/17", "https://api.hubapi.com", ["v3"]),
        ("/crm/objects/2026-03/contacts", "https://api-na1.hubspot.com", ["2026-03"]),
        ("/crm/v3/objects/contacts", "https://example.com", []),
        ("/crm/v99/objects", "https://api.hubapi.com", []),
        ("/oauth/token", "https://api.hubapi.com", []),
    ],
)
def test_paths_under_no_contract(path: str, origin: str, versions: list[str]) -> None:
    """A path of HubSpot's that no contract describes counts by the version in it; other hosts have none."""
    assert [f.version for f in found(record("one", elsewhere(path, origin)))] == versions


def test_operations_are_counted() -> None:
    """An outage of an operation is of that operation, and two ids are of one."""
    exchanges = [
        poll(COMPLETE), poll(STANDARD_ERROR, status=429), elsewhere("/crm/v3/objects/contacts/17"),
        elsewhere("/crm/v3/objects/contacts/18"), elsewhere("/crm/v3/lists"),
    ]  # fmt: skip
    (finding,) = found(record("one", *exchanges))
    assert finding.message == f"{V3}1 of 1 tests, for 3 operations"


def test_several_versions() -> None:
    """Each version is one finding, whatever else the run uses."""
    records = [record("one", poll(COMPLETE), poll(COMPLETE, version="2026-03")), record("two", poll(COMPLETE))]
    assert [(f.version, f.share) for f in found(*records)] == [("2026-03", (1, 2)), ("v3", (2, 2))]


def test_shards() -> None:
    """Reports of shards come to what one run of all would have said."""

    def report(*records: Record) -> Report:
        return Report(list(records), found(*records))

    one, two = record("one", poll(COMPLETE)), record("two", poll(COMPLETE))
    assert merged([report(one), report(two)]).findings == report(one, two).findings
    other = replace(two, used={"v3": {"import-start": 1}}, judged={Contracted("v3", "import-start", 202, None): 1})
    (finding,) = merged([report(one), report(other)]).findings
    assert finding.message == f"{V3}2 of 2 tests, for 2 operations"
    (finding,) = merged([report(one), report(record("two", elsewhere("/crm/v3/lists")))]).findings
    assert finding.message == f"{V3}2 of 2 tests, for at least 1 operation"


RUNS = {"tests": [], "workers": ["-n", "2"], "cassettes": ["--hubfiles-check"]}


@pytest.mark.parametrize("args", params(RUNS, slow=["workers"]))
def test_a_run(downstream: Downstream, args: list[str]) -> None:
    """A run tells it once, with workers too, and an own deviation settles it."""
    downstream.tests("\n".join(f"def test_{n}(hubfiles):\n    import_a_file(hubfiles)\n" for n in (1, 2)))
    for n in (1, 2):
        downstream.write(whole_import(), downstream.cassette(f"test_{n}"))
    result = downstream.run(*args)

    (line,) = [line for line in result.outlines if "version-ends" in line]
    assert "2026-03 is supported until September 2027 (2027-09-30), by HubSpot's versioning policy" in line
    noun = "cassettes" if "--hubfiles-check" in args else "tests"
    assert f"; used in 2 of 2 {noun}, for 2 operations [8 exchanges]" in line
    Path(downstream.path, "mine.toml").write_text(
        '[[deviation]]\npath = "$"\nkind = "version-ends"\nreason = "we move in May"\nsource = "us"\n', "utf-8"
    )
    downstream.ini("hubfiles_deviations = mine.toml")
    again = downstream.run(*args, "--hubfiles-fail-on=warning")
    assert again.ret == 0
    again.stdout.fnmatch_lines(["info *version-ends: * (known: we move in May)"])


def test_a_run_of_nothing(downstream: Downstream) -> None:
    """A run that sends nothing uses no version."""
    downstream.tests("def test(hubfiles):\n    pass\n")
    downstream.write([started()], downstream.cassette("test_other"))
    downstream.run().stdout.no_fnmatch_line("*version-ends*")
