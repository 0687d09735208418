"""``hubfiles check``: the same judgement without pytest, as a person or a gate calls it."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result
from helpers.downstream import (
    SIZE_AS_TEXT,
    SIZES_ARE_TEXTS,
    Downstream,
    interaction,
    polled,
    started,
    whole_import,
    write_cassette,
)

import pytest_hubfiles
from pytest_hubfiles.cli.main import main
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.progress import ProgressLine, on_stream

BAD = [started(), polled("COMPLETE", change=SIZE_AS_TEXT)]
WAITING = interaction("GET", whole_import()[1].path, 200, {"status": "PENDING", "taskId": "A"})


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with cassettes below it."""
    monkeypatch.chdir(tmp_path)
    write_cassette("cassettes/good.yaml", *whole_import())
    return tmp_path


def check(*args: str) -> Result:
    return CliRunner().invoke(main, ["check", *args], catch_exceptions=False)


def test_good_cassettes() -> None:
    """Cassettes without a fault are reported by what they hold and until when that is supported, and end with 0."""
    done = check("cassettes")

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith(
        "judged 4 of 4 exchanges in 1 cassette\n"
        "  2026-03  import-start   202              1\n"
        "  2026-03  import-status  200  COMPLETE    1\n"
        "  2026-03  import-status  200  PENDING     1\n"
        "  2026-03  import-status  200  PROCESSING  1\n"
        "\nfindings: 1 "
    )
    (line,) = done.stdout.splitlines()[7:]
    assert "  2026-03  $  version-ends: 2026-03 is supported until September 2027 (2027-09-30), by HubSpot's" in line
    assert line.endswith("; used in 1 of 1 cassettes, for 2 operations [4 exchanges]")


def test_from_which_documents_the_contracts_came() -> None:
    """With ``-v`` the end says from which documents the contracts came that judged, and which nobody imported."""
    write_cassette("cassettes/ours.yaml", interaction("GET", polled("COMPLETE").path.replace("-03", "-09"), 200, {}))

    lines = [line for line in check("cassettes", "-v").stdout.splitlines() if line.startswith("contracts ")]

    assert lines[0].startswith(
        'contracts from "Files Files" 2026-03 (sha256 34ce84901702…): 2026-03 import-start, 2026-'
    )
    assert lines[1] == "contracts written by hand: 2026-09 import-status"


def test_findings_end_with_1() -> None:
    """A breaking finding is reported in a line, and ends the command with 1."""
    write_cassette("cassettes/bad.yaml", *BAD)

    done = check("cassettes")

    assert (done.exit_code, done.stderr) == (1, "")
    assert "judged 6 of 6 exchanges in 2 cassettes" in done.stdout
    assert "breaking  2026-03 import-status 200 COMPLETE  $.result.size  schema-violation: is string" in done.stdout


def test_a_cassette_is_judged_once() -> None:
    """What several paths lead to is judged once; a cassette can be named itself."""
    assert "judged 4 of 4 exchanges in 1 cassette" in check("cassettes", "cassettes/good.yaml", "./cassettes").stdout


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ((), 0),
        (("--strict",), 1),
        (("--fail-on", "info"), 1),
        (("--fail-on", "warning"), 0),
        (("--fail-on", "never", "--strict"), 0),
        (("--min-judged", "1"), 0),
        (("--min-judged", "2"), 1),
        (("--max-age", "30d", "--fail-on", "warning"), 1),
        (("--max-age", "30d"), 0),
    ],
)
def test_the_settings_decide_the_exit_status(args: tuple[str, ...], code: int) -> None:
    """Each option means what the plugin's does, and the exit status follows."""
    write_cassette(
        "cassettes/good.yaml", interaction("GET", WAITING.path, 200, WAITING.json, date="Mon, 05 Oct 2015 09:14:05 GMT")
    )

    assert check("cassettes", *args).exit_code == code


def test_deviations_of_ones_own() -> None:
    """``--deviations`` excuses what the file says, with the reason."""
    write_cassette("cassettes/bad.yaml", *BAD)
    Path("own.toml").write_text(SIZES_ARE_TEXTS, encoding="utf-8")

    done = check("cassettes", "--deviations", "own.toml")

    assert done.exit_code == 0
    assert "(known: Sizes are texts.)" in done.stdout


def test_a_deviation_that_has_run_out_is_reported() -> None:
    """A deviation past its last day excuses nothing, and is named to be renewed or deleted."""
    write_cassette("cassettes/bad.yaml", *BAD)
    Path("own.toml").write_text(f"{SIZES_ARE_TEXTS}until = 2020-01-31\n", encoding="utf-8")

    done = check("cassettes", "--deviations", "own.toml")

    assert done.exit_code == 1
    assert "a deviation has run out: $.result.size, on 2020-01-31 (Sizes are texts.)" in done.stdout


def test_schemas_of_ones_own() -> None:
    """``--schemas`` judges what the folder describes."""
    write_cassette("cassettes/good.yaml", interaction("GET", "/crm/v3/exports/1", 200, {"a": 1}))
    schema = {
        "x-hubfiles": {"method": "GET", "path": "/crm/v3/exports/{id}", "responses": {"200": "#/$defs/Answer"}},
        "$defs": {"Answer": {"type": "object", "properties": {"a": {"type": "string"}}}},
    }
    Path("own/v3").mkdir(parents=True)
    Path("own/v3/export.json").write_text(json.dumps(schema), encoding="utf-8")

    done = check("cassettes", "--schemas", "own")

    assert done.exit_code == 1
    assert "breaking  v3 export 200  $.a  schema-violation: is integer (1), documented as string" in done.stdout


@pytest.mark.parametrize("level", ["breaking", "never"])
@pytest.mark.parametrize(
    ("interactions", "said"), [([], "it holds no exchange"), ([interaction("GET", "/x", 200, {})], "no contract (1)")]
)
def test_a_cassette_in_which_nothing_is_judged(interactions: list[Interaction], said: str, level: str) -> None:
    """A cassette that gives nothing to judge ends the command with 1 and is named, whatever --fail-on says."""
    write_cassette("cassettes/nothing.yaml", *interactions)

    done = check("cassettes", "--fail-on", level)

    assert (done.exit_code, done.stderr) == (1, f"nothing was judged in cassettes/nothing.yaml: {said}\n")


def test_an_unreadable_cassette_is_a_finding() -> None:
    """A file that is no cassette is reported with file, line and reason, the others are judged, and the status is 2."""
    Path("cassettes/torn.yaml").write_text("interactions:\n- {request: \n", encoding="utf-8")

    done = check("cassettes")

    assert done.exit_code == 2
    assert "judged 4 of 4 exchanges in 2 cassettes" in done.stdout
    assert (
        "cassette-unreadable: The cassette cassettes/torn.yaml, line 3 cannot be read: it is not YAML: " in done.stdout
    )


def test_a_credential_is_reported_by_place_alone() -> None:
    """A credential is found, and printed neither with the finding nor with a URL that nothing judges."""
    token = "pat-na1-6b5d8f7c-9d1e-4f2a-8b3c-0123456789ab"
    write_cassette("cassettes/leak.yaml", started(), interaction("GET", f"/x?hapikey={token}", 200, {"id": token}))

    done = check("cassettes")

    assert done.exit_code == 1
    for place in ("URL", "response body, field id"):
        assert f"secret-in-cassette: a credential stands in the {place}. Revoke it" in done.stdout
    assert token not in done.output


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["nowhere"], "nowhere: there is no such file or folder"),
        (["x" * 300], "xxx: there is no such file or folder"),
        (["empty"], "empty: no cassette there; one ends in .json, .toml, .yaml, .yml"),
        (["cassettes/x.candidate.yaml"], "cassettes/x.candidate.yaml is a candidate, judged when it was recorded; see"),
        (["cassettes", "--fail-on", "terrible"], "--fail-on: 'terrible' is not possible; choose from info, warning, "),
        (["cassettes", "--max-age", "old"], "--max-age: 'old' is not possible; give a number of days or weeks"),
        (["cassettes", "--min-judged", "-1"], "--min-judged: '-1' is not possible; give a whole number, 0 or more"),
        (["cassettes", "--schemas", "nowhere"], "The schema file nowhere cannot be used: there is no such folder"),
        (["cassettes", "--deviations", "no.toml"], "The deviations file no.toml cannot be used: No such file"),
        (["cassettes", "--format", "pdf"], "'pdf' is not "),
        (["cassettes", "--format", "json", "--out", "cassettes/good.yaml/x"], "good.yaml/x could not be written: "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_done_ends_with_2(args: list[str], said: str) -> None:
    """A bad argument, or a file the command itself needs and cannot read or write, ends it with 2 and is quoted."""
    Path("empty").mkdir()
    Path("cassettes/x.candidate.yaml").write_text("", encoding="utf-8")

    done = check(*args)

    assert done.exit_code == 2
    assert said in done.stderr


def test_the_json_report() -> None:
    """``--format json`` writes the report that the package describes, and nothing else on stdout."""
    write_cassette("cassettes/bad.yaml", *BAD)
    schema = json.loads((Path(pytest_hubfiles.__file__).parent / "report.schema.json").read_text(encoding="utf-8"))

    done = check("cassettes", "--format", "json")
    document = json.loads(done.stdout)

    jsonschema.Draft202012Validator(schema).validate(document)
    assert (done.exit_code, document["failed"], document["worst"]) == (1, True, "breaking")
    assert document["checked"]["judged"] == 6
    assert [(f["cassette"], f["test"]) for f in document["findings"]] == [("cassettes/bad.yaml", None), (None, None)]


def test_the_report_in_a_file() -> None:
    """``--out`` writes the report to a file, its folder made, and tells the person at the terminal as well."""
    shown = check("cassettes")
    to_file = check("cassettes", "--format", "json", "--out", "a/b/report.json")
    text = check("cassettes", "--out", "a/report.txt")

    assert to_file.stdout == text.stdout == shown.stdout
    assert json.loads(Path("a/b/report.json").read_text(encoding="utf-8"))["checked"]["judged"] == 4
    assert Path("a/report.txt").read_text(encoding="utf-8") == shown.stdout


# --- progress ---


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "reported"), [(Terminal(), True), (io.StringIO(), False)], ids=["terminal", "file"])
def test_long_work_says_how_far_it_is(stream: io.StringIO, reported: bool) -> None:
    """On a terminal, and after a second, a line says how many cassettes are done; at the end it is gone."""
    seconds = iter([0.0, 0.1, 1.5, 1.6])
    paths = [Path("a"), Path("b"), Path("c")]

    line = ProgressLine(on_stream(stream), lambda: next(seconds))
    assert list(line.over(paths, "checked", "cassettes")) == paths

    lines = "\r\x1b[Kchecked 1 of 3 cassettes\r\x1b[Kchecked 2 of 3 cassettes\r\x1b[K"
    assert stream.getvalue() == (lines if reported else "")


def test_on_a_real_terminal() -> None:
    """The program itself, on a terminal, ends as it does without one and leaves no trace of progress."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "pytest_hubfiles", "check", "cassettes"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, text=True, check=False)
    os.close(theirs)
    os.set_blocking(ours, False)
    try:
        written = os.read(ours, 1000)
    except OSError:  # nothing came, and nobody is left to write
        written = b""
    os.close(ours)

    assert (done.returncode, "version-ends" in done.stdout.splitlines()[-1], written) == (0, True, b"")


def test_a_credential_fails_whatever_else_may_pass(downstream: Downstream) -> None:
    """``--fail-on never`` lets every finding pass but a credential that stands in a cassette, in both checks."""
    leaking = polled("COMPLETE", change={"accessToken": "pat-na1-a1b2c3d4-5e6f-4a1b-8c2d-3e4f5a6b7c8d"})
    path = downstream.write([leaking])
    for options in ((), ("--fail-on", "never")):
        assert check(str(path), *options).exit_code == 1
    assert downstream.run("--hubfiles-check", "--hubfiles-fail-on=never").ret == 1
    downstream.write([polled("COMPLETE", change={"size": "1"})])
    assert check(str(path), "--fail-on", "never").exit_code == 0


def test_what_settles_a_finding() -> None:
    """A check that is red names each finding that fails it by its fingerprint, and prints commands that settle all."""
    credential = polled("COMPLETE", change={"accessToken": "pat-eu1-a1b2c3d4-5e6f-4a1b-8c2d-3e4f5a6b7c8d"})
    write_cassette("more/bad.yaml", *BAD)
    write_cassette("more/worse.yaml", *BAD, credential)

    first = check("cassettes", "more").stdout
    for command in [line.split() for line in first.splitlines() if line.startswith("    hubfiles accept ")]:
        done = CliRunner().invoke(main, shlex.split(" ".join(command[1:])), catch_exceptions=False)
        assert done.exit_code == 0, done.output
    found = re.findall(r"^breaking .*\n          in more/.*, fingerprint [0-9a-f]{16}$", first, re.MULTILINE)

    assert len(found) == 2
    assert first.count("more/bad.yaml --finding") == 1
    assert check("cassettes", "more", "--deviations", "deviations.toml").exit_code == 0


def test_what_cannot_be_settled_by_accepting() -> None:
    """What only a report holds is accepted from one; that a file cannot be read is not to be accepted at all."""
    Path("pytest.ini").write_text("[pytest]\nhubfiles_deviations = deviations.toml\n", encoding="utf-8")
    Path("deviations.toml").write_text("", encoding="utf-8")
    said = check("cassettes", "--fail-on", "info").stdout.splitlines()
    Path("cassettes/good.yaml").write_text("interactions: [", encoding="utf-8")

    assert said[-2] == "To be ready for it, have the run write --format json --out hubfiles.json, and then:"
    assert said[-1].startswith("    hubfiles accept --finding ")
    assert check("cassettes").stdout.endswith(
        "\nhubfiles accept cannot settle cassette-unreadable: the code or the recording has to change.\n"
    )


def test_accepting_from_the_report_of_a_check(folder: Path) -> None:
    """The command for what only a report holds settles it, once the check has written one."""
    write_cassette("cassettes/good.yaml", *whole_import())
    Path("pytest.ini").write_text("[pytest]\nhubfiles_deviations = deviations.toml\n", encoding="utf-8")
    Path("deviations.toml").write_text("", encoding="utf-8")
    asked = ("cassettes", "--fail-on", "info", "--format", "json", "--out", "hubfiles.json")
    line = check(*asked).stdout.splitlines()[-1]

    CliRunner().invoke(main, shlex.split(line)[1:], catch_exceptions=False)

    assert "(known: seen and accepted)" in check("cassettes").stdout
