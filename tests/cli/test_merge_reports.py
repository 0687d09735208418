"""``hubfiles merge-reports``: the reports of several runs as one."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from helpers.downstream import Downstream, whole_import
from helpers.samples import CHANGES, UPLOADERS, compared, finding, large, rehearsed, rehearsed_large, report, rich

from pytest_hubfiles.cli.main import main
from pytest_hubfiles.compare.comparison import Compared, Verdict
from pytest_hubfiles.report.formats.json_report import ReportUnreadableError, read_json, render_json
from pytest_hubfiles.report.merging import merged
from pytest_hubfiles.report.publishing import RENDERERS, encoded, render
from pytest_hubfiles.report.record import Record
from pytest_hubfiles.report.rehearsal import Rehearsal, Unbroken
from pytest_hubfiles.report.report import Report
from pytest_hubfiles.settings.values import REPORT_FORMATS


def merge(*paths: object, args: tuple[str, ...] = ()) -> Result:
    return CliRunner().invoke(main, ["merge-reports", *map(str, paths), *args])


def written(folder: Path, *reports: Report) -> list[Path]:
    paths = [folder / f"shard-{number}.json" for number in range(len(reports))]
    for path, made in zip(paths, reports, strict=True):
        path.write_bytes(encoded(render_json(made)))
    return paths


def again(made: Report) -> Report:
    return read_json(encoded(render_json(made)), "the report")


# --- reading ---


@pytest.mark.parametrize(
    "made",
    [
        Report(), report(), report(failed=False), rich(), large(50), compared(),
        pytest.param(rehearsed(), id="rehearsed"),
        pytest.param(rehearsed_large(12, 4), id="rehearsed breaking"),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_read_is_what_was_written(made: Report) -> None:
    """A report that is read and written again is the same document, and the same in every format."""
    for name in REPORT_FORMATS:
        assert render(name, again(made)) == render(name, made)


def put(value: object, *where: str | int) -> Callable[[Any], object]:
    """Return a function that puts *value* into a document."""

    def corrupt(document: Any) -> object:
        *parents, name = where
        place = document
        for parent in parents:
            place = place[parent]
        place[name] = value
        return document

    return corrupt


@pytest.mark.parametrize("file", ["../../../etc/passwd", "/etc/passwd", "a/../../b", "C:\\x", "..\\x"])
def test_places_outside(tmp_path: Path, file: str) -> None:
    """SARIF leads nobody to a file outside the repository, whatever a report says."""
    (path,) = written(tmp_path, report(finding("schema-violation", cassette=file, test=None)))
    results = json.loads(merge(path, args=("--format", "sarif")).stdout)["runs"][0]["results"]
    assert len(results) == 1
    assert "locations" not in results[0]


CORRUPTIONS: dict[str, tuple[Callable[[Any], object], str]] = {
    "an array": (lambda d: [d], "it is not written by --hubfiles-report json:"),
    "another program's": (lambda d: {"tests": 3}, "it is not written by --hubfiles-report json:"),
    "a later version": (put(2, "report_version"), "its report_version is 2, and this hubfiles reads 1"),
    "a version that is none": (put("x" * 99, "report_version"), 'its report_version is "xxx'),
    "true for 1": (put(True, "report_version"), "at $.report_version: "),
    "a part missing": (lambda d: {**d, "checked": None}, "at $.checked: None is not of type 'object'"),
    "a part too many": (put(1, "more"), "at $: Additional properties are not allowed"),
    "an unknown kind": (put("field-fell-off", "findings", 0, "kind"), "at $.findings[0].kind: "),
    "a number as text": (put("2", "findings", 0, "exchanges"), "at $.findings[0].exchanges: "),
    "a negative count": (put(-1, "checked", "cassettes"), "at $.checked.cassettes: "),
    "counts that do not add up": (put(1, "checked", "judged"), "$.checked contradicts itself"),
    "a worst that is not": (put("info", "worst"), "$.worst is not the worst of its findings"),
    "a finding changed": (put("$.other", "findings", 1, "path"), "$.findings[1] was changed"),
}


@pytest.mark.parametrize("what", CORRUPTIONS)
def test_a_document_that_is_no_report(tmp_path: Path, what: str) -> None:
    """What is no report of this version is refused by name, with the place and the reason, and status 2."""
    corrupt, reason = CORRUPTIONS[what]
    path = tmp_path / "report.json"
    path.write_text(json.dumps(corrupt(json.loads(render_json(rich())))), encoding="utf-8")

    done = merge(*written(tmp_path, rich()), path)

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{path} cannot be read as a report: {reason}")
    assert len(done.stderr) < 600


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is not JSON ("),
        (b"<html>", "it is not JSON (an HTML page)"),
        (b'{"report_version": 1, "report_version": 1}', "it is not JSON (the key 'report_version' stands twice"),
        (b'{"report_version": NaN}', "it is not JSON (NaN is not JSON)"),
        (b"\xff\xfe", "it is not JSON (it is not utf-8 text"),
        (b"[" * 100_000, "it is not JSON (it is nested too deeply)"),
        (b'{"report_version": ' + b"[" * 500 + b"]" * 500 + b"}", "its report_version is [[["),
    ],
)
def test_a_file_that_is_no_json(tmp_path: Path, content: bytes, reason: str) -> None:
    """What is not JSON is refused with the reason and status 2."""
    path = tmp_path / "report.json"
    path.write_bytes(content)

    done = merge(path)

    assert done.exit_code == 2
    assert done.stderr.startswith(f"{path} cannot be read as a report: {reason}")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A file that is not there, a folder, and no file at all end with status 2 and a reason."""
    gone, folder, nothing = merge(tmp_path / "gone.json"), merge(tmp_path), merge()

    assert [gone.exit_code, folder.exit_code, nothing.exit_code] == [2, 2, 2]
    assert gone.stderr == f"{tmp_path / 'gone.json'} cannot be read as a report: No such file or directory\n"
    assert folder.stderr == f"{tmp_path} cannot be read as a report: Is a directory\n"
    assert "Missing argument 'REPORT.json…'" in nothing.stderr


# --- merging ---


def test_counts_are_added_and_findings_reported_once(tmp_path: Path) -> None:
    """Counts are added up, duplicates merged with their exchanges, the rest kept in the report's order."""
    one = finding("field-added", "$.a", exchanges=2)
    other = finding("type-changed", "$.b", test="tests/test_other.py::test_it")
    first = report(one, unjudged=(("https://x.example", "no contract"),), failed=False)
    second = report(replace(one, exchanges=3), other, unjudged=(("https://x.example", "no contract"),))

    done = merge(*written(tmp_path, first, second))

    document = json.loads(done.stdout)
    assert done.exit_code == 1
    assert [(f["path"], f["exchanges"]) for f in document["findings"]] == [("$.b", 1), ("$.a", 5)]
    assert (document["worst"], document["failed"]) == ("breaking", True)
    assert {name: count for name, count in document["checked"].items() if isinstance(count, int)} == {
        "cassettes": 2, "exchanges": 20, "judged": 18,
    }  # fmt: skip
    assert document["checked"]["not_judged"] == [{"url": "https://x.example", "reason": "no contract", "exchanges": 2}]
    assert [c["exchanges"] for c in document["checked"]["contracts"]] == [6, 8, 4]


@pytest.mark.parametrize("fact", ["test", "cassette", "path"])
def test_what_differs_stays_apart(fact: str) -> None:
    """The same finding of another test or cassette stays one of its own."""
    one = finding("field-added", "$.a")

    assert len(merged([report(one), report(replace(one, **{fact: "$.elsewhere"}))]).findings) == 2


def test_merging_is_associative_and_in_any_order() -> None:
    """Shards merged in any order, or merged from merged reports, come to the same report."""
    shards = [again(large(count)) for count in (3, 7, 20)] + [again(rich())]
    whole = render_json(merged(shards))

    mixed = list(shards)
    random.Random(7).shuffle(mixed)
    assert render_json(merged(mixed)) == whole
    assert render_json(merged([again(merged(shards[:2])), again(merged(shards[2:]))])) == whole


def test_one_report_merged_is_itself() -> None:
    """A single report is merged into what it is."""
    assert render_json(merged([again(rich())])) == render_json(rich())


def test_comparisons_are_merged() -> None:
    """Of the same comparison each operation gets the worse verdict; a deviation is stale where every report says so."""
    one, other = compared(), compared()
    assert one.comparison is not None
    other.comparison = one.comparison._replace(
        operations=(Compared("import-start", Verdict.SAFE, Verdict.BREAKING),), missing=("more",)
    )
    other.stale_deviations = [*one.stale_deviations, "another"]

    both = merged([one, other, *[merged([compared()])]])

    assert both.comparison == one.comparison._replace(
        operations=(Compared("import-start", Verdict.CHECK, Verdict.BREAKING), one.comparison.operations[1]),
        missing=(*one.comparison.missing, "more"),
    )
    assert both.stale_deviations == one.stale_deviations
    assert merged([one, report()]).stale_deviations == []


def shards(made: Report) -> list[Report]:
    """Return *made* as if each of its tests had been rehearsed by a run of its own."""
    whole = made.rehearsal
    assert whole is not None
    parts = []
    for test, unbroken in whole.by_test.items():
        part = Rehearsal(
            whole.family,
            {test: unbroken},
            whole.runs // len(whole.by_test),
            [broken for broken in whole.breaks if broken.test == test],
            [joint for joint in whole.joint if joint.test == test],
            list(whole.refused),
        )
        parts.append(Report(failed=True, rehearsal=part))
    return parts


def test_rehearsals_are_merged(tmp_path: Path) -> None:
    """Shards of a rehearsal make the report of the whole, in every format, whatever their order."""
    whole = Report(failed=True, rehearsal=rehearsed().rehearsal)
    parts = shards(whole)
    random.Random(0).shuffle(parts)
    paths = written(tmp_path, *parts)

    for name in RENDERERS:
        assert merge(*paths, args=("--format", name)).stdout_bytes == encoded(render(name, whole))


def test_the_same_test_rehearsed_twice(tmp_path: Path) -> None:
    """What two runs tried with one test counts once, and what one of them came to a verdict on is not left out."""
    one, other = rehearsed(), rehearsed()
    assert other.rehearsal is not None
    other.rehearsal.by_test[UPLOADERS[2]] = Unbroken(frozenset(CHANGES))

    for reports in ((one, other), (other, one)):
        both = json.loads(merge(*written(tmp_path, *reports)).stdout)["rehearsal"]
        assert one.rehearsal is not None
        assert both["tests"] == len(UPLOADERS)
        assert len(both["breaks"]) == len(one.rehearsal.breaks)
        assert both["tried"][CHANGES[-1]] == 1
        assert CHANGES[-1] not in both["not_tried"]


def test_other_rehearsals(tmp_path: Path) -> None:
    """Reports that rehearse other families are not merged: status 2, and what to do."""
    done = merge(*written(tmp_path, rehearsed(), rehearsed_large(4, 2)))

    assert done.exit_code == 2
    assert done.stderr == (
        "One report rehearses allowed, another breaking.\nMerge the reports of each family by themselves.\n"
    )


def test_other_comparisons(tmp_path: Path) -> None:
    """Reports that compare other things are not merged: status 2, and what to do."""
    other = compared()
    assert other.comparison is not None
    other.comparison = other.comparison._replace(new="2026-09")

    done = merge(*written(tmp_path, compared(), other))

    assert done.exit_code == 2
    assert done.stderr.startswith("One report compares v3 with 2026-03, another v3 with 2026-09.\nMerge ")


@pytest.mark.parametrize(("reports", "status"), [((False, False), 0), ((False, True), 1), ((True, False), 1)])
def test_the_exit_status(tmp_path: Path, reports: tuple[bool, ...], status: int) -> None:
    """The merged report failed, and the command ends with 1, if any of the runs failed."""
    done = merge(*written(tmp_path, *(report(failed=failed) for failed in reports)))

    assert (done.exit_code, json.loads(done.stdout)["failed"]) == (status, bool(status))


@pytest.mark.parametrize("name", REPORT_FORMATS)
def test_every_format(tmp_path: Path, name: str) -> None:
    """The merged report can be had in every format, in a file whose folders are made."""
    out = tmp_path / "a" / "b" / "report"

    done = merge(*written(tmp_path, rich()), args=("--format", name, "--out", str(out)))

    assert (done.exit_code, done.output) == (1, "")
    assert out.read_bytes() == encoded(render(name, rich()))


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    """A report that cannot be written ends with status 2 and the reason."""
    paths = written(tmp_path, rich())

    done = merge(*paths, args=("--out", str(paths[0] / "x.json")))

    assert done.exit_code == 2
    assert f"the report {paths[0] / 'x.json'} could not be written: " in done.stderr


def test_an_unknown_format(tmp_path: Path) -> None:
    """An unknown format is quoted and the good ones listed."""
    done = merge(*written(tmp_path, rich()), args=("--format", "pdf"))

    assert done.exit_code == 2
    assert f"'pdf' is not one of {', '.join(map(repr, RENDERERS))}" in done.stderr


def test_memory_follows_the_findings() -> None:
    """Many reports of the same findings need no more memory than few: nothing is kept of a report but what it adds."""

    def peak(count: int) -> int:
        tracemalloc.start()
        merged(large(100) for _ in range(count))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(1)
    assert peak(60) < 1.5 * peak(3)


def test_the_shards_of_a_suite(downstream: Downstream) -> None:
    """Two runs, each of a half of a suite, merge into what one run of all of it reports."""
    downstream.tests("def test_one(hubfiles): import_a_file(hubfiles)\ndef test_two(hubfiles): import_a_file(hubfiles)")
    for name in ("test_one", "test_two"):
        downstream.write(whole_import(), downstream.cassette(name))
    for name in ("one", "two", "test"):
        assert downstream.run("-k", name, f"--hubfiles-report=json:{name}.json").ret == 0

    command = [sys.executable, "-m", "pytest_hubfiles", "merge-reports", "one.json", "two.json"]
    done = subprocess.run(command, cwd=downstream.path, capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == (downstream.path / "test.json").read_bytes()


def test_a_recording_is_no_part_of_a_report() -> None:
    """What became of recordings is reported by the run that made them, and by no report."""
    made = Report([Record("t", "c", {}, [], [], False, promoted=True)])

    assert again(made).records == []
    with pytest.raises(ReportUnreadableError):
        read_json(b"{}", "it")
