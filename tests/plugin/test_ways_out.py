"""No dead end: each failure prints the commands that settle it; taken out of the output and run in a shell, they do."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.alone import alone
from helpers.downstream import (
    SIZE_AS_TEXT,
    SIZES_ARE_TEXTS,
    Downstream,
    interaction,
    polled,
    started,
    whole_import,
)

from pytest_hubfiles import cassettes

TOKEN = "pat-eu1-a1b2c3d4-5e6f-4a1b-8c2d-3e4f5a6b7c8d"
RETYPED = {"result": {**whole_import()[3].json["result"], "size": "24574"}}
BOTH_VERSIONS = """
@pytest.mark.hubfiles(versions=["v3", "2026-03"])
def test_import(hubfiles):
    assert import_a_file(hubfiles).task_status == "COMPLETE"
"""


@pytest.fixture
def project(downstream: Downstream) -> Downstream:
    """A project with a test, whose ini file names the fake server."""
    downstream.tests()
    downstream.ini(f"hubfiles_base_url = {downstream.sandbox.url}")
    return downstream


def commands(text: str) -> list[str]:
    """Return the commands that stand in lines of their own."""
    return re.findall(r"^    ((?:hubfiles|pytest) .+)$", text, re.MULTILINE)


def shell(line: str, folder: Path) -> str:
    """Run *line* in a shell in *folder*; return what it says."""
    environment = alone(PYTEST_ADDOPTS="-p no:cacheprovider", HUBSPOT_ACCESS_TOKEN="a-token-for-tests")
    done = subprocess.run(line, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return f"{done.returncode}\n{done.stdout}{done.stderr}"


def settled(result: pytest.RunResult, folder: Path, kinds: Sequence[str]) -> str:
    """Run each command that *result* prints last for the run, which are of these *kinds*; return what they say."""
    assert result.ret == 1
    found = commands(result.stdout.str())
    last = found[len(found) - len(kinds) :]
    assert [re.sub(r" [0-9a-f]{16}", " F", line).startswith(kind) for line, kind in zip(last, kinds, strict=True)] == [
        True
    ] * len(kinds), last
    return "".join(shell(line, folder) for line in last)


@pytest.mark.slow
def test_drift_that_breaks_the_contract_in_two_versions(project: Downstream) -> None:
    """Two commands settle a run: the candidates of all tests, and the findings of all versions, in one entry."""
    project.tests(BOTH_VERSIONS)
    project.record()
    project.restart("size-as-string")
    gate = project.run_live("--hubfiles-record=rewrite")

    said = settled(gate, project.path, ["hubfiles accept cassettes/", "hubfiles accept --finding F F --reason "])

    assert said.count("promoted: ") == 2
    assert "A replay fails all the same" in said  # which the second command settles
    assert commands(said) == commands(gate.stdout.str())[-1:]
    assert "accepted into deviations.toml: import-status $.result.size schema-violation (2026-03, v3)" in said
    assert project.run().ret == 0


def test_drift_alone(project: Downstream) -> None:
    """One command makes the recording the cassette, and a replay of it is green."""
    project.record()
    project.restart("renamed-field")
    gate = project.run_live("--hubfiles-record=rewrite")

    said = settled(gate, project.path, ["hubfiles accept cassettes/2026-03/test_files/test_import.candidate.yaml"])

    assert said == "0\npromoted: cassettes/2026-03/test_files/test_import.yaml\n"
    assert project.run().ret == 0


def test_what_breaks_the_contract_in_a_replay(project: Downstream) -> None:
    """The finding of a cassette needs no report to be accepted by its fingerprint."""
    project.write([started(), polled("COMPLETE", change=RETYPED)])

    settled(project.run(), project.path, ["hubfiles accept --finding F --reason 'seen and accepted' --file"])

    assert project.run().ret == 0
    assert project.run("--hubfiles-check").ret == 0


def test_what_is_no_credential(project: Downstream) -> None:
    """It is accepted where it stands: the same in another cassette still fails."""
    end = polled("COMPLETE")
    end = replace(
        end, response_headers={**end.response_headers, "Link": ("<https://x.example/?secret=c0ffee-1234-b>",)}
    )
    project.tests("def test_import(hubfiles): import_a_file(hubfiles)\ndef test_b(hubfiles): import_a_file(hubfiles)\n")
    for test in ("test_import", "test_b"):
        project.write([started(), end], project.cassette(test))
    result = project.run("-k", "test_import")
    accepted, again = commands(result.stdout.str())

    assert again == "pytest test_files.py::test_import --hubfiles-record rewrite"
    assert accepted.startswith("hubfiles accept cassettes/2026-03/test_files/test_import.yaml --finding ")
    assert shell(accepted, project.path).startswith("0\n")
    project.run().assert_outcomes(passed=1, failed=1)


@pytest.mark.slow
def test_a_candidate_with_what_is_no_credential(project: Downstream) -> None:
    """A candidate that is refused for a credential says how to accept it as none; then it is promoted."""
    project.write(whole_import())
    answers = [polled("COMPLETE", change={"accessToken": TOKEN})]
    project.candidate().write_bytes(b"# refused: findings\n" + cassettes.dump(answers))
    accept = f"hubfiles accept {project.candidate().relative_to(project.path)}"

    refused = shell(accept, project.path)
    (command,) = commands(refused)

    assert refused.startswith("1\n")
    assert TOKEN not in refused
    assert shell(command, project.path).startswith("0\n")
    assert shell(accept, project.path).startswith("0\n")


@pytest.mark.slow
@pytest.mark.parametrize("left", [0, 1, 3, None], ids=["nothing", "no poll", "never ended", "unreadable"])
def test_what_accept_cannot_settle(project: Downstream, left: int | None) -> None:
    """A recording that does not fit is said to be none of accept's business, and recorded again by the command."""
    project.record()
    if left is None:
        project.cassette().write_text("interactions: [", encoding="utf-8")
    elif left:
        project.write(cassettes.read(project.cassette())[:left])
    else:
        project.cassette().unlink()
    project.restart()
    project.ini(f"hubfiles_base_url = {project.sandbox.url}")
    result = project.run()

    told = "hubfiles accept cannot settle *: the code or the recording has to change."
    result.stdout.fnmatch_lines(["To record it, with a token in HUBSPOT_ACCESS_TOKEN:" if left == 0 else told])
    settled(result, project.path, ["pytest test_files.py::test_import --hubfiles-record "])
    assert project.run().ret == 0


@pytest.mark.slow
def test_an_outage(project: Downstream) -> None:
    """What was not recorded for an outage is recorded by the command, once the server is there again."""
    url = project.sandbox.url
    project.sandbox.close()
    down = project.run("--hubfiles-record=once")
    down.stdout.fnmatch_lines(
        [
            "*test_import.yaml was not recorded: the test failed; POST * got no answer: connection refused.",
            f"The base URL is {url}, where nothing listens: start that server, or correct --hubfiles-base-url or *",
            "FAILED *::test_import - no answer: connection refused (POST *",
        ]
    )
    project.restart()
    project.ini(f"hubfiles_base_url = {project.sandbox.url}")

    settled(down, project.path, ["pytest test_files.py::test_import --hubfiles-record once"])

    assert project.run().ret == 0


def test_a_base_url_where_nothing_listens(project: Downstream) -> None:
    """Once the server runs that was not there, the same command records; limits of HubSpot are waited for."""
    project.record()
    down = project.run("--hubfiles-base-url=http://127.0.0.1:9", "--hubfiles-record=rewrite")
    project.restart("rate-limit")
    limited = project.run_live("--hubfiles-record=rewrite")

    assert commands(down.stdout.str()) == [
        "pytest test_files.py::test_import --hubfiles-base-url http://127.0.0.1:9 --hubfiles-record rewrite"
    ]
    down.stdout.no_fnmatch_line("*nothing that was recorded is judged*")
    limited.stdout.fnmatch_lines(
        [
            "*: the test failed; GET */status got HTTP 429 (Retry-After: 1). The old cassette is unchanged.",
            "HubSpot limits how many requests an account may send: wait 1 s, as Retry-After says, then record again, *",
        ]
    )


def test_an_announced_end_is_told_once(project: Downstream) -> None:
    """A header that every answer carries is told once, with the number of answers, in the failure and at the end."""
    project.restart("sunset")
    result = project.run_live("--hubfiles-record=once", "--hubfiles-fail-on=warning", "-q", "-q")

    said = [line for line in result.outlines if "deprecation-announced" in line and not line.startswith("FAILED")]
    assert len(said) == 2
    assert said[1].startswith("warning   2026-03 import-start, import-status  $  deprecation-announced: ")
    assert said[1].endswith(" [4 exchanges]")


@pytest.mark.slow
def test_verify_leads_to_a_candidate(project: Downstream) -> None:
    """What verify finds is kept by nobody: its command keeps it, and says how to go on."""
    project.record()
    project.restart("renamed-field")
    project.ini(f"hubfiles_base_url = {project.sandbox.url}")

    kept = settled(project.run("--hubfiles-record=verify"), project.path, ["pytest test_files.py::test_import"])
    (accept,) = commands(kept)

    assert shell(accept, project.path).startswith("0\n")
    assert project.run().ret == 0


@pytest.mark.slow
def test_from_a_subfolder_with_odd_names(project: Downstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths are those of the folder where pytest was started, quoted for a shell."""
    odd = (
        "@pytest.mark.parametrize('name', [\"it's; a 'b\"])\ndef test_import(hubfiles, name): import_a_file(hubfiles)\n"
    )
    folder = project.tests(odd, "my tests/test_files").parent
    (project.path / "test_files.py").unlink()
    project.record()
    project.restart("size-as-string")
    project.ini(f"hubfiles_base_url = {project.sandbox.url}")
    monkeypatch.chdir(folder)
    gate = project.run("--hubfiles-record=rewrite")

    settled(gate, folder, ["hubfiles accept '../cassettes/", "hubfiles accept --finding F --reason "])

    assert (project.path / "deviations.toml").is_file()
    assert project.run().ret == 0
    next(project.path.joinpath("cassettes").rglob("*.yaml")).unlink()
    settled(project.run(), folder, ["pytest 'test_files.py::test_import["])
    assert project.run().ret == 0


def test_nothing_is_excused_under_strict(project: Downstream) -> None:
    """Under --hubfiles-strict the failure says that no deviation counts there."""
    project.write([started(), polled("COMPLETE", change=RETYPED)])

    project.run("--hubfiles-strict").stdout.fnmatch_lines(["Under --hubfiles-strict nothing is excused: *"])


@pytest.mark.slow
def test_a_check_of_cassettes_elsewhere(project: Downstream) -> None:
    """A cassette that is checked by its path, and lies in no cassette root, is named in the command."""
    project.write([started(), polled("COMPLETE", change=RETYPED)], project.path / "old" / "import.yaml")
    result = project.run("--hubfiles-check", "old")

    settled(result, project.path, ["hubfiles accept old/import.yaml --finding F"])

    assert project.run("--hubfiles-check", "old").ret == 0


def test_a_host_that_is_written_into_the_code(project: Downstream) -> None:
    """A request to HubSpot beside a fake server is told at the code's own line, and that only the code can mend it."""
    project.tests(
        "def call(path):\n"
        "    import httpx\n"
        "    return httpx.get('https://api.hubapi.com' + path)\n"
        f"def test_import(hubfiles): call({interaction('GET', '/files/v3/files').path!r})\n"
    )
    result = project.run("--hubfiles-record=once")

    result.stdout.fnmatch_lines(
        [
            ">*httpx.get('https://api.hubapi.com' + path)",
            f"E *GET https://api.hubapi.com/files/v3/files was not sent: the base URL is {project.sandbox.url}, and *",
            "E *Have the client send to hubfiles.base_url, whatever the links in an answer say.",
            "hubfiles accept cannot settle unmatched-request: the code, or how it is run, has to change.",
            "FAILED *::test_import - unmatched-request GET https://api.hubapi.*",
        ]
    )
    result.stdout.no_fnmatch_line("*site-packages*")


@pytest.mark.slow
@pytest.mark.parametrize("reports", [True, False], ids=["with a report", "without one"])
def test_what_differs_between_versions(project: Downstream, reports: bool) -> None:
    """What breaks between two versions is accepted from a report, which the run is told to write if it wrote none."""
    project.write(whole_import())
    compare = ["--hubfiles-compare=v3:2026-03", *(["--hubfiles-report=json:found.json"] if reports else [])]
    red = project.run(*compare)
    if not reports:
        red.stdout.fnmatch_lines(["To be ready for it, have the run write --hubfiles-report json:hubfiles.json, and *"])
        assert project.run(*compare, "--hubfiles-report=json:hubfiles.json").ret == 1

    settled(red, project.path, ["hubfiles accept --finding F"])

    assert project.run(*compare).ret == 0


@pytest.mark.slow
def test_code_that_drift_breaks(project: Downstream) -> None:
    """A test that fails over what was recorded is told how to run against that, without recording again."""
    project.tests(
        "def test_import(hubfiles):\n    assert import_a_file(hubfiles).json['result']['defaultHostingUrl']\n"
    )
    project.record()
    project.restart("renamed-field")
    project.ini(f"hubfiles_base_url = {project.sandbox.url}")
    result = project.run("--hubfiles-record=rewrite")

    result.stdout.fnmatch_lines(["E *KeyError: 'defaultHostingUrl'", "field-renamed $.result.defaultHostingUrl *"])
    mend, again = commands(result.stdout.str())
    assert "KeyError" in shell(mend, project.path)
    project.tests("def test_import(hubfiles):\n    assert import_a_file(hubfiles).json['result']['hostingUrl']\n")
    assert shell(mend, project.path).startswith("0\n")
    accept = commands(shell(again, project.path))[0]
    assert shell(accept, project.path).startswith("0\n")
    assert project.run().ret == 0


MIXED = """
def test_import(hubfiles):
    import_a_file(hubfiles)

def test_typed(hubfiles):
    assert isinstance(import_a_file(hubfiles).json["result"]["size"], int)

def test_down(hubfiles):
    import httpx
    import_a_file(hubfiles)
    try:
        httpx.get("http://127.0.0.1:9/")
    except httpx.HTTPError:
        pass
"""


def test_what_is_left_over(project: Downstream) -> None:
    """Of recordings that cannot all be accepted, the end says which can, and for the others what is to be done."""
    project.tests(MIXED.partition("    try:")[0])
    project.record()
    project.tests(MIXED)
    project.restart("size-as-string")

    result = project.run_live("--hubfiles-record=rewrite")

    accept, mend, again, deviate = commands(result.stdout.str())[-4:]
    url = project.sandbox.url
    assert accept == "hubfiles accept cassettes/2026-03/test_files/test_import.candidate.yaml"
    assert mend == f"pytest test_files.py::test_typed --hubfiles-base-url {url} --hubfiles-candidates"
    assert again == f"pytest test_files.py::test_down --hubfiles-base-url {url} --hubfiles-record rewrite"
    assert deviate.startswith("hubfiles accept --finding ")
    result.stdout.fnmatch_lines(
        [
            "To make the recordings that can be accepted the cassettes:",
            "Recordings of tests that failed cannot be accepted yet. To mend the code against what was recorded:",
            "What cannot be accepted: GET http://127.0.0.1:9/ got no answer: connection refused.",
            "To record it again, once that is mended or over:",
        ]
    )


def test_a_cassette_that_cannot_be_read_is_recorded_again(project: Downstream) -> None:
    """Where a new recording is kept beside a broken cassette, the command that accepts it is all that is needed."""
    project.record()
    project.cassette().write_text("interactions: [", encoding="utf-8")

    result = project.run("--hubfiles-record=refresh")

    result.stdout.fnmatch_lines(["    hubfiles accept *test_import.candidate.yaml"])
    result.stdout.no_fnmatch_line("*cannot settle*")
    settled(result, project.path, ["hubfiles accept "])
    assert project.run().ret == 0


FROZEN = """
import freezegun

@pytest.fixture(scope="module", autouse=True)
def years_ago():
    with freezegun.freeze_time("2019-12-31"):
        yield

def test_import(hubfiles):
    import_a_file(hubfiles)
"""


def test_each_test_has_a_day_of_its_own(project: Downstream) -> None:
    """A deviation holds in a test that is frozen at a day before it ran out, and in no other for that."""
    project.write([started(), polled("COMPLETE", change=SIZE_AS_TEXT)])
    (project.path / "deviations.toml").write_text(f"{SIZES_ARE_TEXTS}until = 2020-01-01\n", encoding="utf-8")
    project.tests(FROZEN, "test_a")
    project.write([started(), polled("COMPLETE", change=SIZE_AS_TEXT)], project.cassette("test_import", "test_a"))

    result = project.run()

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["FAILED test_files.py::test_import *"])


def test_a_deviation_that_ran_out_gets_a_later_day(project: Downstream) -> None:
    """The command that settles what a deviation no longer excuses gives it a last day again, and keeps its reason."""
    project.write([started(), polled("COMPLETE", change=SIZE_AS_TEXT)])
    (project.path / "deviations.toml").write_text(f"{SIZES_ARE_TEXTS}until = 2020-01-01\n", encoding="utf-8")

    result = project.run()

    (line,) = [command for command in commands(result.stdout.str()) if command.startswith("hubfiles accept --finding")]
    assert re.search(r" --until 20\d\d-\d\d-\d\d ", line)
    assert shell(line, project.path).startswith("0\nrenewed in deviations.toml")
    text = (project.path / "deviations.toml").read_text(encoding="utf-8")
    assert "Sizes are texts." in text
    assert "2020-01-01" not in text
    assert project.run().ret == 0
