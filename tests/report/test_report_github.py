"""The report as workflow commands of GitHub Actions, read as its runner reads them, and the summary of a job."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.downstream import Downstream, started, whole_import
from helpers.samples import (
    CASSETTE,
    finding,
    for_hostile_text,
    full_of,
    hostile,
    hostile_rehearsal,
    rehearsed,
    rehearsed_large,
    report,
    rich,
)

from pytest_hubfiles.report.formats.github import render_github
from pytest_hubfiles.report.formats.markdown import render_markdown
from pytest_hubfiles.report.publishing import publish
from pytest_hubfiles.report.report import Report
from pytest_hubfiles.visible import visible_lines


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """Read *text* as the runner does (``ActionCommand.TryParseV2``): name, properties and data of each command."""
    found = []
    for line in re.split(r"\r\n|\r|\n", text):
        if not line.strip().startswith("::"):
            continue
        match = re.fullmatch(r"::([a-z-]+)(?: ([^:]*))?::(.*)", line.strip())
        assert match, line
        properties = dict(pair.split("=", 1) for pair in (match[2] or "").split(",") if pair)
        found.append((match[1], {name: _unescaped(value, True) for name, value in properties.items()}, match[3]))
    return [(name, properties, _unescaped(data, False)) for name, properties, data in found]


def _unescaped(text: str, is_property: bool) -> str:
    escapes = {"%0D": "\r", "%0A": "\n", **({"%3A": ":", "%2C": ","} if is_property else {}), "%25": "%"}
    for escape, character in escapes.items():
        text = text.replace(escape, character)
    return text


def test_a_command_for_each_finding() -> None:
    """Each finding annotates its line in its cassette, at the level of its severity, the worst first."""
    text = render_github(rich())

    assert text.startswith(
        "hubfiles: failed: 7 breaking, 3 warning, 3 info, 1 known deviation; judged 9 of 10 exchanges in 1 cassette\n::"
    )
    read = commands(text)
    folded = ["group", "endgroup"]
    assert [name for name, _, _ in read] == folded + ["error"] * 7 + ["warning"] * 3 + ["notice"] * 3
    (seen,) = [(properties, said) for _, properties, said in read if '("24574")' in said]
    properties, said = seen
    assert properties == {
        "file": "cassettes/shared.yaml",
        "line": "9",
        "title": "breaking schema-violation: 2026-03 import-status",
    }
    assert said.splitlines()[:2] == [
        'breaking 2026-03 import-status 200 COMPLETE $.result.size: is string ("24574"), documented as integer',
        "integer → string",
    ]
    assert f"\nalso in {CASSETTE}:112\n" in said
    assert re.search(r"\n2 exchanges, fingerprint [0-9a-f]{16}$", said)


def test_where_there_is_no_line() -> None:
    """A finding whose line is not known annotates the file, one without a cassette the file of its test."""
    without = [
        finding("field-added"),
        finding("field-added", "$.x", cassette=None),
        finding("integer-widened", "$.y", cassette=None, test=None),
    ]
    read = commands(render_github(report(*without)))

    assert sorted(str({n: v for n, v in p.items() if n != "title"}) for _, p, _ in read) == sorted(
        ["{'file': 'cassettes/2026-03/tests/test_uploader/test_import_completes.yaml'}",
         "{'file': 'tests/test_uploader.py'}", "{}"]
    )  # fmt: skip


def test_a_report_without_findings() -> None:
    """A run that found nothing says so in the log and annotates nothing."""
    assert render_github(report(failed=False)) == (
        "hubfiles: passed: no findings; judged 9 of 9 exchanges in 1 cassette\n"
    )


def test_a_failure_without_findings() -> None:
    """A run that failed though nothing was found is an error all the same."""
    ((name, properties, said),) = commands(render_github(report()))

    assert (name, properties) == ("error", {"title": "hubfiles"})
    assert said.startswith("The run failed for another reason than these findings")


def test_what_is_folded_is_plain_text() -> None:
    """GitHub reads an escape in a command alone; elsewhere it would show it."""
    known = render_github(report(replace(full_of("because"), deviation="because", before="a", after="b")))
    lines = known.partition("::group::hubfiles: known deviations\n")[2].partition("\n::endgroup::")[0].splitlines()
    assert len(lines) == 1
    assert "; a → b; known deviation: because; " in lines[0]
    assert "%" not in lines[0]


@for_hostile_text
def test_hostile_text(text: str) -> None:
    """Text that means harm stays inside its command: none is added, and each part is read as it was."""
    known = render_github(hostile(text))
    one = full_of(text)
    other_reasons, stale, *folded = commands(known)
    ((name, properties, said),) = commands(render_github(report(replace(one, deviation=None))))

    assert (other_reasons[:2], stale[:2]) == (("error", {"title": "hubfiles"}), ("notice", {"title": "hubfiles"}))
    assert [each[0] for each in folded] == ["group", "endgroup"]
    *_, between, end, last = known.split("\n")
    assert (f"fingerprint {one.fingerprint}" in between, end, last) == (True, "::endgroup::", "")
    assert name == "error"
    assert properties["file"] == visible_lines(one.cassette or "")
    assert properties["title"] == visible_lines(f"breaking schema-violation: {one.version} {one.operation}")
    assert one.fingerprint in said


# --- a rehearsal ---


def test_breaks_annotate_the_code() -> None:
    """A break of an allowed change that nobody accepts is an error at its place in the user's code; nothing else is."""
    read = commands(render_github(rehearsed()))

    assert [(name, p["file"], p.get("line")) for name, p, _ in read] == [
        ("error", "uploaders/sdk.py", "17"),
        ("error", "uploaders/manual.py", "67"),
        ("error", "uploaders/typed.py", "82"),
        ("error", "uploaders/manual.py", "41"),
        ("error", "uploaders/manual.py", "52"),
        ("error", "tests/test_sdk.py", "19"),
    ]
    _, properties, said = read[1]
    assert properties["title"] == "breaks under import-status $.completedAt format-changed no-millis"
    assert said.splitlines() == [
        "import-status $.completedAt format-changed no-millis, which the API may do at any time, breaks "
        "tests/test_uploads.py::test_manual_duration[v3] and 1 other test",
        "raises at uploaders/manual.py:67 duration: ValueError: time data does not match",
        "reproduce: pytest 'tests/test_uploads.py::test_manual_duration[v3]' --hubfiles-change "
        "'import-status $.completedAt format-changed no-millis'",
    ]
    other = render_github(rehearsed_large(8, 3))
    assert [name for name, p, _ in commands(other) if p != {"title": "hubfiles"}] == []
    assert "hubfiles: rehearsal: 3 tests, 8 breaking changes (24 runs): " in other


@for_hostile_text
def test_hostile_text_in_a_rehearsal(text: str) -> None:
    """Changes, tests, errors and places that mean harm stay inside the one command of the break."""
    ((name, properties, said),) = commands(render_github(hostile_rehearsal(text)))

    assert name == "error"
    assert properties["title"] == visible_lines(f"breaks under {text}")
    assert "reproduce: pytest " in said


# --- the summary of a job ---


def test_the_summary_is_appended(tmp_path: Path) -> None:
    """The report is appended to the job's summary as Markdown, once, after what other steps wrote."""
    summary = tmp_path / "summary.md"
    summary.write_text("# Earlier\n", encoding="utf-8")

    published = publish(rich(), [("github", "-"), ("github", "x.txt")], tmp_path, {"GITHUB_STEP_SUMMARY": str(summary)})

    assert summary.read_text(encoding="utf-8") == f"# Earlier\n{render_markdown(rich())}"
    assert published.stdout.decode() == (tmp_path / "x.txt").read_text(encoding="utf-8") == render_github(rich())
    assert (published.unwritten, published.notes) == ((), ())


@pytest.mark.parametrize("environment", [{}, {"GITHUB_STEP_SUMMARY": ""}])
def test_no_summary_where_there_is_none(tmp_path: Path, environment: dict[str, str]) -> None:
    """Outside a job nothing is appended anywhere."""
    assert publish(Report(), [("github", "-")], tmp_path, environment).notes == ()
    assert list(tmp_path.iterdir()) == []


def test_no_summary_for_another_format(tmp_path: Path) -> None:
    """A report in another format leaves the job's summary alone."""
    summary = tmp_path / "summary.md"

    publish(Report(), [("json", "-"), ("markdown", "-")], tmp_path, {"GITHUB_STEP_SUMMARY": str(summary)})

    assert not summary.exists()


def test_in_a_run(downstream: Downstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run in a job annotates on stdout, after everything else, and writes the summary."""
    downstream.tests()
    downstream.write([started({"url": "https://example.com/cat.png"}), *whole_import()[1:]])
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(downstream.path / "summary.md"))

    result = downstream.run("--hubfiles-report=github:-")

    assert result.outlines[-1].startswith(("::error ", "::warning "))
    assert (downstream.path / "summary.md").read_text(encoding="utf-8").startswith("## ❌ hubfiles: failed\n")


def test_a_summary_that_cannot_be_written(downstream: Downstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """A summary that cannot be written is reported with the reason; annotations and exit status are the same."""
    downstream.tests()
    downstream.write(whole_import())
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(downstream.path / "gone" / "summary.md"))

    result = downstream.run("--hubfiles-report=github:-")

    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "the job summary *summary.md (GITHUB_STEP_SUMMARY) could not be written: No such file or directory",
            "hubfiles: passed: 1 *; judged 4 of 4 exchanges in 1 cassette",
        ]
    )
