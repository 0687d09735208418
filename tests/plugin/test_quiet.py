"""What a user sees of a run: one line of a green one, of a red one what fails first, and the rest with -v."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from helpers.downstream import Downstream
from helpers.slow import ALONE_OR_WORKERS, params

from pytest_hubfiles import cassettes

KNOWN = "*$.completedAt *schema-violation: * (known: *)"
TABLE = "  2026-03  import-status  200  COMPLETE *"


@pytest.fixture
def recorded(downstream: Downstream) -> Downstream:
    """A project of two tests that are recorded, with what HubSpot is known to send."""
    downstream.tests("""
def test_import(hubfiles):
    assert import_a_file(hubfiles).task_status == "COMPLETE"

def test_again(hubfiles):
    assert import_a_file(hubfiles).task_status == "COMPLETE"
""")
    downstream.record()
    return downstream


def retype(recorded: Downstream, *tests: str) -> None:
    """Make the size of the file a string in what *tests* have recorded."""
    for test in tests:
        *before, last = cassettes.read(recorded.cassette(test))
        body = last.response_body.replace(b'"size": 24574', b'"size": "24574"').replace(
            b'"size":24574', b'"size":"24574"'
        )
        assert body != last.response_body
        recorded.write([*before, replace(last, response_body=body)], recorded.cassette(test))


def hubfiles_lines(result: pytest.RunResult) -> list[str]:
    """Return the lines of the end of the output, from what is ours to before pytest's own last line."""
    lines = result.stdout.str().splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("hubfiles: "))
    return lines[first:-1]


@pytest.mark.parametrize("args", [("-q",), ("-qq",), pytest.param(("-q", "-n2"), marks=pytest.mark.slow)], ids=" ".join)
def test_a_green_run_ends_with_one_line(recorded: Downstream, args: tuple[str, ...]) -> None:
    """What was judged, and how much there is to list, stand in one line; nothing else of ours is to be seen."""
    result = recorded.run(*args)

    assert result.ret == 0
    said = "judged 8 of 8 exchanges; 1 finding of severity info and 3 known deviations, -v lists them"
    assert hubfiles_lines(result) == [f"hubfiles: {said}"]
    assert result.stdout.str().count("hubfiles: ") == 1
    result.stdout.no_fnmatch_line("*schema-violation*")


def test_a_recording_says_what_it_wrote(downstream: Downstream) -> None:
    """A green recording ends with one line too, which counts the cassettes; -v names them."""
    downstream.tests()
    brief = downstream.run_live("-q", "--hubfiles-record=once")
    full = downstream.run_live("--hubfiles-record=rewrite")

    assert hubfiles_lines(brief)[0].startswith("hubfiles: judged 4 of 4 exchanges, recorded 1 cassette; ")
    full.stdout.fnmatch_lines(["recorded: cassettes/2026-03/test_files/test_import.yaml"])


def test_verbose_lists_all_of_it_once(recorded: Downstream) -> None:
    """With -v the table of what was judged, infos and known deviations are listed, each once; nothing is counted."""
    result = recorded.run("-v")

    result.stdout.fnmatch_lines(["*= hubfiles =*", "judged 8 of 8 exchanges in 2 cassettes", TABLE, KNOWN])
    assert result.stdout.str().count("import-status  200  COMPLETE") == 1
    result.stdout.no_fnmatch_line("*-v lists*")


def test_a_failure_begins_with_the_fact(recorded: Downstream) -> None:
    """What fails first begins the failure and its line of the short summary; the rest is counted, or listed with -v."""
    retype(recorded, "test_import", "test_again")
    brief, full = recorded.run("-q", "--color=no"), recorded.run("-v")

    fact = 'schema-violation $.result.size is string ("24574"), documented as integer'
    brief.stdout.fnmatch_lines(
        [
            "_* test_import _*",
            fact.replace("[", "[[]"),
            "breaking  2026-03 import-status 200 COMPLETE, fingerprint *",
            "3 known deviations, -v lists them.",
            "*= hubfiles =*",
            "judged 8 of 8 exchanges; 1 finding of severity info and 3 known deviations, -v lists them",
            "breaking  2026-03 import-status 200 COMPLETE  $.result.size  schema-violation: *",
            "FAILED test_files.py::test_import - schema-violation $.result.size *",
        ]
    )
    brief.stdout.no_fnmatch_line("*known: *")
    brief.stdout.no_fnmatch_line(TABLE)
    full.stdout.fnmatch_lines([fact, KNOWN, "*= hubfiles =*", TABLE, KNOWN])
    assert full.stdout.str().count("import-status  200  COMPLETE") == 1


def test_drift_is_told_before_what_breaks_the_contract(recorded: Downstream) -> None:
    """Of findings that weigh the same, what changed comes first: it is the news."""
    recorded.restart("size-as-string")
    result = recorded.run_live("-q", "--hubfiles-record=rewrite", "-k", "again")

    result.stdout.fnmatch_lines(
        ["type-changed $.result.size *", "schema-violation $.result.size *", "FAILED *::test_again - type-changed *"]
    )


def test_a_test_that_fails_by_itself_is_not_told_of_infos(recorded: Downstream) -> None:
    """Known deviations and infos add no section to the failure of a test's own assertion, but with -v."""
    recorded.tests("def test_import(hubfiles):\n    import_a_file(hubfiles)\n    assert 0\n")

    recorded.run("-q").stdout.no_fnmatch_line("*- hubfiles -*")
    recorded.run("-v").stdout.fnmatch_lines(["*- hubfiles -*", KNOWN])


def test_a_failing_info_is_listed(recorded: Downstream) -> None:
    """Where infos fail a run, they are listed without -v too."""
    result = recorded.run("-q", "--hubfiles-fail-on=info")

    assert result.ret == 1
    result.stdout.fnmatch_lines([KNOWN])


@ALONE_OR_WORKERS
def test_severities_have_colours(recorded: Downstream, args: tuple[str, ...]) -> None:
    """Severities are marked in the failure and in the summary as pytest's --color says, from workers too."""
    retype(recorded, "test_again")
    coloured, plain = (recorded.run(f"--color={said}", *args).stdout.str() for said in ("yes", "no"))

    assert len(re.findall(r"^\x1b\[31m\x1b\[1mbreaking\x1b\[0m  2026-03 import-status", coloured, re.MULTILINE)) == 2
    assert "\x1b[36minfo\x1b[0m" in coloured
    assert "\x1b" not in plain


def test_known_deviations_are_no_annotations(recorded: Downstream) -> None:
    """GitHub shows ten annotations of a step: none of them is spent on what is known, which the log has folded away."""
    retype(recorded, "test_again")
    result = recorded.run("-q", "--hubfiles-report=github:-", "--hubfiles-report=json:found.json")

    found = json.loads((recorded.path / "found.json").read_text(encoding="utf-8"))["findings"]
    lines = result.stdout.str().splitlines()
    annotations = [line for line in lines if line.startswith(("::error", "::warning", "::notice"))]
    assert sum(finding["deviation"] is not None for finding in found) > 0
    assert not any("known deviation" in line for line in annotations)
    assert [line.partition(" ")[0] for line in annotations] == ["::error", "::notice"]
    folded = lines[lines.index("::group::hubfiles: known deviations") : lines.index("::endgroup::")]
    assert len(folded) - 1 == len({f["fingerprint"] for f in found if f["deviation"] is not None})


RUNS = {"tests": (), "workers": ("-n2",), "cassettes": ("--hubfiles-check",)}


@pytest.mark.parametrize("args", params(RUNS, slow=["workers"]))
def test_the_short_summary_in_ci(recorded: Downstream, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...]) -> None:
    """Where CI is set, in which pytest cuts nothing, a line of the short summary is the fact, whole, and no more."""
    retype(recorded, "test_again")
    recorded.cassette().write_text("interactions: [", encoding="utf-8")
    monkeypatch.setenv("CI", "true")
    result = recorded.run("-q", *args)

    lines = result.stdout.str().splitlines()
    told = lines[next(n for n, line in enumerate(lines) if "short test summary info" in line) + 1 : -1]
    assert sorted(line.partition(" - ")[2] for line in told) == [
        "cassette-unreadable The cassette cassettes/2026-03/test_files/test_import.yaml, line 2 cannot be read: "
        "it is not YAML: did not find expected node content",
        'schema-violation $.result.size is string ("24574"), documented as integer',
    ]
