"""Every command reads pytest's settings, from any folder of the project; its own options go before them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from helpers.downstream import SIZE_AS_TEXT, SIZES_ARE_TEXTS, interaction, polled, started, whole_import, write_cassette
from helpers.exports import EXPORTS

from pytest_hubfiles.cli.main import main

NEW_DAY = "Mon, 05 Oct 2037 09:14:05 GMT"
OWN = {
    "x-hubfiles": {"method": "GET", "path": "/crm/v3/lists/{id}", "responses": {"200": "#/$defs/Answer"}},
    "$defs": {"Answer": {"type": "object", "properties": {"a": {"type": "string"}}}},
}


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose recordings lie in a folder of another name; commands are called far below its root."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    write_cassette(tmp_path / "tapes/size.yaml", started(), polled("COMPLETE", change=SIZE_AS_TEXT))
    (tmp_path / "known.toml").write_text(SIZES_ARE_TEXTS, encoding="utf-8")
    (tmp_path / "own/v3").mkdir(parents=True)
    (tmp_path / "own/v3/list.json").write_text(json.dumps(OWN), encoding="utf-8")
    (tmp_path / "src/deep").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "src/deep")
    return tmp_path


def ini(project: Path, *lines: str) -> None:
    (project / "tox.ini").write_text("\n".join(["[pytest]", "hubfiles_cassettes = tapes", *lines]), encoding="utf-8")


def hubfiles(*args: object) -> Result:
    return CliRunner().invoke(main, list(map(str, args)), catch_exceptions=False)


@pytest.mark.parametrize(
    ("lines", "code", "options", "then"),
    [
        ((), 1, ("--deviations", "../../known.toml"), 0),
        (("hubfiles_deviations = known.toml",), 0, ("--strict",), 1),
        (("hubfiles_deviations = known.toml", "hubfiles_strict = true"), 1, ("--fail-on", "never"), 0),
        (("hubfiles_fail_on = never",), 0, ("--fail-on", "breaking"), 1),
        (("hubfiles_fail_on = never", "hubfiles_min_judged = 3"), 1, ("--min-judged", "2"), 0),
        (("hubfiles_deviations = known.toml", "hubfiles_max_cassette_mb = 0.0001"), 2, ("--fail-on", "never"), 2),
        (("hubfiles_deviations = known.toml", "addopts = -q --hubfiles-fail-on info"), 1, ("--fail-on", "warning"), 0),
        (("hubfiles_deviations = known.toml", "addopts = -o hubfiles_strict=yes"), 1, ("--fail-on", "never"), 0),
    ],
    ids=["none", "deviations", "strict", "fail_on", "min_judged", "max_cassette_mb", "addopts", "addopts -o"],
)
def test_check(project: Path, lines: tuple[str, ...], code: int, options: tuple[str, ...], then: int) -> None:
    """``check`` without a path judges the cassette root by the ini file, and an option goes before that."""
    ini(project, *lines)
    write_cassette(project / "tapes/good.candidate.yaml", *whole_import())

    assert hubfiles("check").exit_code == code
    assert hubfiles("check", *options).exit_code == then
    assert hubfiles("check", "../../tapes", *options).exit_code == then


def test_age_schemas_and_what_is_scrubbed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is stale, what judges and what is no credential are the ini file's say too."""
    ini(project, "hubfiles_max_age = 30d", "hubfiles_schemas = own", "hubfiles_fail_on = never", "hubfiles_scrub = hue")
    old = interaction("GET", "/crm/v3/lists/1?hue=4711", 200, {"a": 1}, date="Mon, 05 Oct 2015 09:14:05 GMT")
    write_cassette(project / "tapes/size.yaml", old)

    done = hubfiles("check")
    assert "v3 list 200  $.a  schema-violation: is integer (1), documented as string" in done.stdout
    assert "cassette-stale: recorded " in done.stdout
    assert "a credential stands in the URL" in done.stdout
    monkeypatch.setenv("PYTEST_ADDOPTS", "-o hubfiles_max_age=")
    assert "cassette-stale" in hubfiles("check", "--max-age", "1d").stdout
    assert "cassette-stale" not in hubfiles("check", "--max-age", "9999w").stdout


def test_the_other_commands(project: Path) -> None:
    """``diff``, ``changes``, ``needs``, ``accept`` and ``import-openapi`` read them as well."""
    ini(project, "hubfiles_deviations = known.toml", "hubfiles_schemas = own", "hubfiles_needs = needs")
    write_cassette("old.yaml", started(), polled("COMPLETE"))
    (project / "known.toml").write_text(SIZES_ARE_TEXTS.replace('keyword = "type"', 'kind = "type-changed"'), "utf-8")
    assert hubfiles("needs", "none.json").stderr.startswith("none.json cannot be read as a report")
    (project / "needs").mkdir()
    assert "The needs in ../../needs cannot be read" in hubfiles("diff", "old.yaml", "../../tapes/size.yaml").stderr
    ini(project, "hubfiles_deviations = known.toml", "hubfiles_schemas = own")
    differs = hubfiles("diff", "old.yaml", "../../tapes/size.yaml")
    assert (differs.exit_code, "(known: Sizes are texts.)" in differs.stdout) == (0, True)
    assert hubfiles("diff", "old.yaml", "../../tapes/size.yaml", "--strict").exit_code == 1

    assert "changes, by 1 cassette" in hubfiles("changes").stdout
    write_cassette(project / "tapes/new.candidate.yaml", *whole_import())
    assert hubfiles("accept").stdout == "promoted: ../../tapes/new.yaml\n"

    Path("exports.json").write_text(json.dumps(EXPORTS), encoding="utf-8")
    assert "written: ../../own/v3/export-status.json" in hubfiles("import-openapi", "exports.json").stdout


def test_a_revision_of_the_cassette_root(project: Path) -> None:
    """``diff --rev`` compares the cassette root where no path is given."""
    ini(project)
    git = ("git", "-C", str(project), "-c", "user.name=T", "-c", "user.email=t@example.com")
    for command in (("init", "-q"), ("add", "."), ("commit", "-qm", "recorded")):
        subprocess.run([*git, *command], check=True, stdout=subprocess.DEVNULL)

    done = hubfiles("diff", "--rev", "HEAD")

    assert (done.exit_code, done.output.splitlines()[0]) == (0, "compared 2 of 2 exchanges in 1 cassette")


def test_where_nothing_says_where_to_write(project: Path) -> None:
    """A folder that neither an option nor the ini file names is asked for."""
    ini(project)
    assert "say with --out DIR where to write, or set hubfiles_needs" in hubfiles("needs", "x.json").stderr
    assert "say with --out DIR where to write, or set hubfiles_schemas" in hubfiles("import-openapi", "x.json").stderr


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["hubfiles_fail_on = terrible"], "ini hubfiles_fail_on: 'terrible' is not possible; choose from info, "),
        (["hubfiles_deviations = no.toml"], "The deviations file ../../no.toml cannot be used: No such file"),
        (["addopts = 'one"], "addopts, or PYTEST_ADDOPTS, cannot be read: No closing quotation"),
        (["addopts = --hubfiles-fail-on"], "cannot be read: argument --hubfiles-fail-on: expected one argument"),
    ],
    ids=["value", "file", "quotation", "option"],
)
def test_a_bad_setting(project: Path, lines: list[str], said: str) -> None:
    """A bad setting ends every command that reads it, as it ends pytest: quoted, with its source."""
    ini(project, *lines)
    done = hubfiles("check")

    assert done.exit_code == 2
    assert said in done.stderr


@pytest.mark.slow
def test_pytest_and_the_command_line_agree(project: Path) -> None:
    """Both judge the same project alike, from the same folder."""
    for lines, code in (((), 1), (("hubfiles_deviations = known.toml",), 0)):
        ini(project, *lines)
        pytests = [sys.executable, "-m", "pytest", "-q", "--hubfiles-check", "-p", "no:cacheprovider"]
        assert subprocess.run(pytests, check=False, capture_output=True).returncode == code
        assert hubfiles("check").exit_code == code
