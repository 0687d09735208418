"""What was taken for a credential and is none is accepted as any other finding, where it stands and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from helpers.downstream import Downstream, polled, started

from pytest_hubfiles import cassettes
from pytest_hubfiles.cli.main import main

NONE = "c0ffee-1234-deadbeef-5678"  # the name of a build, say


@pytest.fixture
def project(downstream: Downstream, monkeypatch: pytest.MonkeyPatch) -> Downstream:
    """A project with a cassette in whose answer something looks like a credential."""
    monkeypatch.chdir(downstream.path)
    downstream.tests()
    downstream.ini("hubfiles_deviations = mine.toml")
    Path("mine.toml").write_text("", encoding="utf-8")
    write(downstream, "secret")
    return downstream


def write(downstream: Downstream, *fields: str, value: str = NONE) -> None:
    # In a header that a contract has nothing to say of.
    link = ", ".join(f"<https://x.example/?{field}={value}>" for field in fields)
    end = polled("COMPLETE")
    end = replace(end, response_headers={**end.response_headers, "Link": (link,)})
    downstream.write([started(), end])


def run(*args: str) -> Result:
    return CliRunner().invoke(main, args)


def accept(reports: Sequence[str] = ("hubfiles.json",)) -> list[Result]:
    found = [f for r in reports for f in json.loads(Path(r).read_text(encoding="utf-8"))["findings"]]
    prints = dict.fromkeys(f["fingerprint"] for f in found if f["kind"] == "secret-in-cassette")
    where = [part for report in reports for part in ("--report", report)]
    return [run("accept", "--finding", one, "--reason", "the name of a build", *where) for one in prints]


def test_in_a_replay(project: Downstream) -> None:
    """The next replay passes, and says why; another place of the same cassette still fails it."""
    failed = project.run("--hubfiles-report=json:hubfiles.json")
    (done,) = accept()
    passed = project.run()
    assert (failed.ret, done.exit_code, passed.ret) == (1, 0, 0)
    passed.stdout.fnmatch_lines(["info *secret-in-cassette: *query secret* (known: the name of a build)"])
    (again,) = accept()
    assert "accepted already" in again.output
    write(project, "secret", "token")
    assert project.run().ret == 1


def test_in_a_check(project: Downstream) -> None:
    """The command line and pytest's check read the same entry, wherever the cassettes are seen from."""
    alone = ["check", str(project.cassette()), "--deviations", "mine.toml"]
    assert run(*alone).exit_code == 1
    assert run("check", "cassettes", "--format", "json", "--out", "hubfiles.json").exit_code == 1
    (done,) = accept()
    assert done.exit_code == 0
    assert run(*alone).exit_code == 0
    assert run("check", "cassettes", "--deviations", "mine.toml").exit_code == 0
    assert project.run("--hubfiles-check", "cassettes").ret == 0


def test_in_other_cassettes(project: Downstream) -> None:
    """An entry is for the cassettes of its report, and for no other one."""
    other = project.path / "cassettes" / "2026-03" / "test_files" / "test_other.yaml"
    other.write_bytes(project.cassette().read_bytes())
    both = ["check", "cassettes", "--deviations", "mine.toml"]
    assert run("check", str(project.cassette()), "--format", "json", "--out", "hubfiles.json").exit_code == 1
    accept()
    assert run(*both).exit_code == 1
    assert run("check", "cassettes", "--format", "json", "--out", "all.json").exit_code == 1
    accept(["all.json"])
    assert run(*both).exit_code == 0


def test_in_a_recording(project: Downstream) -> None:
    """It no longer holds a recording back that keeps what the cassette had."""
    project.tests(
        "def test_import(hubfiles):\n    hubfiles.start_import(**{**BODY, 'url': 'https://example.com/b.png'})\n"
    )
    refused = project.run_live("--hubfiles-record=all", "--hubfiles-report=json:hubfiles.json")
    accept()
    let_through = project.run_live("--hubfiles-record=all")
    assert (refused.ret, let_through.ret) == (1, 0)
    assert any(NONE in str(i.response_headers) for i in cassettes.read(project.cassette()))


@pytest.mark.parametrize("missing", ["cassettes", "places"])
def test_an_entry_that_would_hide_every_credential(project: Downstream, missing: str) -> None:
    """An entry without its cassettes or its places is refused."""
    lines = {"cassettes": 'cassettes = ["a.yaml"]', "places": 'places = ["URL"]'}
    entry = '[[deviation]]\npath = "$"\nkind = "secret-in-cassette"\nreason = "r"\nsource = "s"\n'
    text = entry + "\n".join(line for name, line in lines.items() if name != missing) + "\n"
    Path("mine.toml").write_text(text, encoding="utf-8")
    done = run("check", "cassettes", "--deviations", "mine.toml")
    assert done.exit_code == 2
    assert "it needs the cassettes and the places, else it would hide every credential" in done.output
