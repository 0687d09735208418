"""``hubfiles changes``: what cassettes allow a test to be tried with, for people and for programs."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from helpers.answers import CONTRACTS
from helpers.downstream import interaction, polled, whole_import, write_cassette
from helpers.exports import EXPORTS
from helpers.recordings import ODD_SCHEMA, exports, odd

from pytest_hubfiles.cli.main import main
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.rehearsal.changes import families_of


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a cassette below it."""
    monkeypatch.chdir(tmp_path)
    write_cassette("cassettes/good.yaml", *whole_import())
    return tmp_path


def changes(*args: str) -> Result:
    return CliRunner().invoke(main, ["changes", *args], catch_exceptions=False)


def test_for_people() -> None:
    """The folder cassettes is read unless another is named, and its changes stand by operation, place and family."""
    done = changes()

    assert (done.exit_code, done.stderr) == (0, "")
    expected = families_of(whole_import(), CONTRACTS)
    counts = [list(expected.values()).count(its) for its in ("allowed", "breaking", "event")]
    lines = done.stdout.splitlines()
    assert lines[0] == (
        f"{len(expected)} changes, by 1 cassette: {counts[0]} allowed, {counts[1]} breaking, {counts[2]} events"
    )
    assert lines[2] == "import-start  (2026-03)"
    assert "import-status  (2026-03)" in lines
    assert re.search(r"(?m)^  \$\.status +allowed   enum-value-added \[while-waiting\|at-the-end\]$", done.stdout)
    assert re.search(
        r"(?m)^  \$\.requestedAt +breaking  format-changed empty\|epoch\|date-only\|free-text, ", done.stdout
    )
    assert re.search(
        r"(?m)^  \(the answer\) +event     task-canceled, task-without-result, one-poll-more, ", done.stdout
    )


def test_for_programs() -> None:
    """As JSON each change has its name, its parts, its family, and where it can be tried."""
    write_cassette("cassettes/more.yaml", *whole_import())
    done = changes("cassettes", "--format", "json")

    listed = json.loads(done.stdout)["changes"]
    assert [(one["change"], one["family"]) for one in listed] == [
        (str(change), its) for change, its in families_of(whole_import(), CONTRACTS).items()
    ]
    assert listed[0] == {
        "change": "import-status $.status enum-value-added",
        "family": "allowed",
        "operation": "import-status",
        "path": "$.status",
        "kind": "enum-value-added",
        "variant": None,
        "versions": ["2026-03"],
        "cassettes": ["cassettes/good.yaml", "cassettes/more.yaml"],
    }


@pytest.mark.parametrize(("asked", "its"), [("allowed", "allowed"), ("breaking", "breaking"), ("events", "event")])
def test_one_family(asked: str, its: str) -> None:
    """Asked for one family, it lists that one."""
    listed = json.loads(changes("--family", asked, "--format", "json").stdout)["changes"]

    assert {one["family"] for one in listed} == {its}


def test_schemas_of_ones_own(tmp_path: Path) -> None:
    """What is under a contract of the user's own has changes by that contract, and none without it."""
    Path("exports.json").write_text(json.dumps(EXPORTS), "utf-8")
    assert CliRunner().invoke(main, ["import-openapi", "exports.json", "--out", "schemas"]).exit_code == 0
    write_cassette("own/exports.yaml", *exports().interactions)

    assert "export-status  (v3)\n" in changes("own", "--schemas", "schemas").stdout
    done = changes("own")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("No change to list: no cassette there holds an exchange under a contract")


def test_versions_that_differ() -> None:
    """A change that is allowed in one version and breaks another is listed of each."""
    write_cassette("cassettes/v3.yaml", *(_of_v3(interaction) for interaction in whole_import()))
    listed = json.loads(changes("--format", "json").stdout)["changes"]

    change = "import-status $.result.access field-removed"
    assert {one["family"]: one["versions"] for one in listed if one["change"] == change} == {
        "allowed": ["2026-03"],
        "breaking": ["v3"],
    }
    assert "import-status  (2026-03, v3)\n" in changes().stdout


def _of_v3(made: Interaction) -> Interaction:
    path = made.path.replace("2026-03", "v3")
    return interaction(made.method, path, made.status_code, made.json, asked=json.loads(made.request_body or b"null"))


def test_values_that_a_runner_would_obey() -> None:
    """A value that is a command to a CI runner is none in what is printed, and JSON still means it."""
    schema = copy.deepcopy(ODD_SCHEMA)
    schema["$defs"]["Cell"]["properties"]["colour"]["enum"] = ["red", "##[error]x"]
    Path("schemas/v3").mkdir(parents=True)
    Path("schemas/v3/odd.json").write_text(json.dumps(schema), "utf-8")
    write_cassette("own/odd.yaml", *odd().interactions)
    done = changes("own", "--schemas", "schemas", "--format", "json")

    names = [one["change"] for one in json.loads(done.stdout)["changes"]]
    assert "odd $.rows[*][*].colour enum-value-added ##[error]x" in names
    assert "##[" not in done.stdout
    assert "##[" not in changes("own", "--schemas", "schemas").stdout


def test_what_cannot_be_read() -> None:
    """A cassette that cannot be read is named with the reason and makes it end with 2; the others are listed."""
    Path("cassettes/bad.yaml").write_text("interactions: 5\n", "utf-8")
    done = changes()

    assert done.exit_code == 2
    assert "cassettes/bad.yaml" in done.stderr
    assert "by 1 cassette: " in done.stdout


def test_wrong_use() -> None:
    """A path that is not there, a candidate and an unknown family end with 2 and say what is wrong."""
    write_cassette("only/x.candidate.yaml", polled("COMPLETE"))
    for args, said in (
        (["nowhere"], "nowhere: there is no such file or folder"),
        (["only/x.candidate.yaml"], "only/x.candidate.yaml is a candidate"),
        (["only"], "only: no cassette there"),
        (["--family", "some"], "'some' is not one of 'allowed', 'breaking', 'events', 'all'"),
    ):
        done = changes(*args)
        assert (done.exit_code, done.stdout) == (2, "")
        assert said in done.stderr


def test_candidates_are_left_out() -> None:
    """A candidate beside a cassette allows nothing."""
    write_cassette("cassettes/good.candidate.yaml", polled("COMPLETE", change={"other": 1}))

    assert "$.other" not in changes().stdout
