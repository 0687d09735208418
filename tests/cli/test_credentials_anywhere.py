"""A credential is found wherever in a file it stands, and in the file's name, by both checks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from helpers.downstream import Downstream, polled

from pytest_hubfiles import cassettes
from pytest_hubfiles.cassettes.names import safe_name
from pytest_hubfiles.cli.main import main

TOKEN = "pat-na1-a1b2c3d4-5e6f-4a1b-8c2d-3e4f5a6b7c8d"
GOOD = cassettes.dump([polled("COMPLETE")]).decode()
PLACES: dict[str, tuple[str, str]] = {
    "a comment": ("good.yaml", f"# my token is {TOKEN}\n{GOOD}"),
    "a comment in words": ("good.yaml", f"{GOOD}# password: Tr0ub4dor-and-3\n"),
    "an unknown key": ("good.yaml", f"{GOOD}recorded_with: {TOKEN}\n"),
    "an unknown key of an interaction": ("good.yaml", GOOD.replace("  response:", f"  by: {TOKEN}\n  response:")),
    "the name of a header": ("good.yaml", GOOD.replace("      Accept:", f"      X-{TOKEN}:")),
    "an anchor": ("good.yaml", GOOD.replace("version: 1", f"version: &{TOKEN} 1")),
    "the name of the file": (f"test-{TOKEN}.yaml", GOOD),
    "the name of the folder": (f"test-{TOKEN}/good.yaml", GOOD),
    "a candidate": ("good.candidate.yaml", cassettes.dump([polled("COMPLETE", change={"token": TOKEN})]).decode()),
    "a comment in a candidate": ("good.candidate.yaml", f"# {TOKEN}\n{GOOD}"),
}


@pytest.mark.parametrize("place", PLACES)
def test_it_is_found(downstream: Downstream, place: str) -> None:
    """Both checks fail and name the place, and neither repeats the credential."""
    name, text = PLACES[place]
    root = downstream.path / "cassettes" / "2026-03"
    downstream.write([polled("COMPLETE")], root / "other.yaml")
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")

    done = CliRunner().invoke(main, ["check", str(root)], catch_exceptions=False)
    result = downstream.run("--hubfiles-check", "--hubfiles-report=json:report.json", "-q")

    assert done.exit_code == 1, done.output
    assert result.ret == 1
    report = json.loads(Path("report.json").read_text(encoding="utf-8"))
    assert {finding["kind"] for finding in report["findings"]} >= {"secret-in-cassette"}
    assert report["checked"]["cassettes"] == (1 if "candidate" in name else 2)
    assert TOKEN not in done.output
    assert TOKEN not in json.dumps(report["findings"])


def test_good_files_have_none(downstream: Downstream) -> None:
    """Comments, unknown keys and candidates without a credential are no finding."""
    root = downstream.path / "cassettes" / "2026-03"
    downstream.write([polled("COMPLETE")], root / "good.yaml")
    (root / "good.candidate.yaml").write_text(f"# refused: findings\n{GOOD}", encoding="utf-8")
    (root / "more.yaml").write_text(f"# recorded on a Monday, see issue 12\n{GOOD}", encoding="utf-8")
    assert CliRunner().invoke(main, ["check", str(root)], catch_exceptions=False).exit_code == 0
    downstream.run("--hubfiles-check").assert_outcomes(passed=2, skipped=1)


def test_no_name_holds_one() -> None:
    """The cassette of a test whose parameter is a credential is not called after it."""
    name = safe_name(f"test_import[{TOKEN}]")
    assert TOKEN not in name
    assert name.startswith("test_import[")
    assert name != safe_name(f"test_import[{TOKEN[:-1]}0]")
    assert TOKEN not in safe_name(f"test-{TOKEN}")
