"""``hubfiles diff``: two cassettes, two folders of them, and what git has, as a person at a terminal compares them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result
from helpers.downstream import interaction, polled, started, whole_import, write_cassette

import pytest_hubfiles
from pytest_hubfiles import cassettes
from pytest_hubfiles.cli.main import main
from pytest_hubfiles.compare import sides
from pytest_hubfiles.judge import schema_files
from pytest_hubfiles.model.exchange import Interaction

DONE = polled("COMPLETE").json
DRIFTED = [started(), polled("COMPLETE", change={"result": {**DONE["result"], "size": "24574"}})]
WIDENED = [started(), polled("COMPLETE", change={"numErrors": 1.5})]
COUNTED = [started(), polled("COMPLETE", change={"numErrors": 1})]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def put(name: str, interactions: Sequence[Interaction]) -> Path:
    return write_cassette(name, *interactions)


def diff(*args: object) -> Result:
    return CliRunner().invoke(main, ["diff", *map(str, args)])


def document(*args: object) -> Any:
    done = diff(*args, "--format=json")
    return json.loads(done.stdout)


def of_version(version: str, interactions: Sequence[Interaction]) -> list[Interaction]:
    text = cassettes.dump(interactions).replace(b"/2026-03/", f"/{version}/".encode())
    path = Path("scratch.yaml")
    path.write_bytes(text)
    return cassettes.read(path)


def test_two_cassettes_alike() -> None:
    """Two recordings of one shape end with status 0, and what was compared is reported."""
    done = diff(put("old.yaml", whole_import()), put("new.yaml", [started(), polled("PENDING"), polled("COMPLETE")]))

    assert (done.exit_code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "compared 3 of 3 exchanges in 1 cassette"
    assert (
        "info      2026-03 import-status 200 PROCESSING  $.status  state-gone: no task is seen as PROCESSING any"
        in (done.stdout)
    )
    assert "from old.yaml to new.yaml: safe, no difference that can break a consumer" in lines


def test_two_cassettes_that_differ() -> None:
    """A difference is a finding of category drift, named with the new cassette, and ends with status 1."""
    old, new = put("old.yaml", whole_import()), put("new.yaml", DRIFTED)
    done, report = diff(old, new), document(old, new)

    assert done.exit_code == 1
    assert "breaking  2026-03 import-status 200 COMPLETE  $.result.size  type-changed: changed its type" in done.stdout
    worst = report["findings"][0]
    assert (worst["category"], worst["cassette"], worst["severity"]) == ("drift", "new.yaml", "breaking")
    assert report["failed"] is True
    assert report["comparison"]["operations"][1] == {
        "operation": "import-status", "verdict": "breaking", "schemas": "not compared", "recordings": "breaking",
    }  # fmt: skip


def test_the_json_report_fits_its_schema() -> None:
    """What ``--format json`` writes fits the schema of reports."""
    schema = json.loads((Path(pytest_hubfiles.__file__).parent / "report.schema.json").read_text(encoding="utf-8"))

    report = document(put("old.yaml", whole_import()), put("new.yaml", DRIFTED))

    jsonschema.Draft202012Validator(schema).validate(report)


@pytest.mark.parametrize(
    ("new", "level", "status"),
    [
        (DRIFTED, "breaking", 1),
        (DRIFTED, "never", 0),
        (WIDENED, "breaking", 0),
        (WIDENED, "warning", 1),
        ([*COUNTED, polled("CANCELED")], "warning", 0),
        ([*COUNTED, polled("CANCELED")], "info", 1),
    ],
    ids=["breaking", "never", "a warning passes", "a warning fails", "info passes", "info fails"],
)
def test_from_where_on_it_fails(new: list[Interaction], level: str, status: int) -> None:
    """``--fail-on`` sets the severity from which on the exit status is 1."""
    done = diff(put("old.yaml", COUNTED), put("new.yaml", new), "--fail-on", level)

    assert done.exit_code == status


def test_two_folders() -> None:
    """Cassettes of the same path below are compared; what only one side has is said; candidates are left out."""
    put("old/a/one.yaml", whole_import())
    put("old/two.yaml", whole_import())
    put("old/gone.yaml", whole_import())
    put("new/a/one.yaml", DRIFTED)
    put("new/two.yaml", whole_import())
    put("new/come.yaml", DRIFTED)
    put("new/two.candidate.yaml", DRIFTED)
    done = diff("old", "new/")

    assert done.exit_code == 1
    assert "compared 6 of 6 exchanges in 2 cassettes" in done.stdout
    assert done.stdout.count("type-changed") == 1
    assert done.stdout.splitlines()[-2:] == ["only in old: gone.yaml", "only in new: come.yaml"]


def test_two_versions() -> None:
    """Recordings of two versions are compared by operation, and their findings are of category version."""
    put("v3/one.yaml", of_version("v3", whole_import()))
    put("2026-03/one.yaml", DRIFTED)
    report = document("v3", "2026-03")

    worst = report["findings"][0]
    assert (worst["category"], worst["version"], worst["kind"]) == ("version", "2026-03", "type-changed")
    assert worst["message"] == "recordings: $.result.size changed its type (integer → string)"
    assert (report["comparison"]["old"], report["comparison"]["new"]) == ("v3", "2026-03")


def test_the_other_recordings_are_asked() -> None:
    """A field that vanished is no news where another old cassette shows it as sometimes absent."""
    bare = [started(), polled("COMPLETE", change={"result": {k: v for k, v in DONE["result"].items() if k != "size"}})]
    put("old/one.yaml", [started(), polled("COMPLETE")])
    put("new/one.yaml", bare)
    alone = document("old", "new")
    put("old/two.yaml", bare)
    put("new/two.yaml", bare)
    together = document("old", "new")

    assert [(f["kind"], f["severity"]) for f in alone["findings"]] == [("field-removed", "breaking")]
    assert [(f["kind"], f["severity"]) for f in together["findings"]] == [("field-removed", "info")]


def test_what_cannot_be_compared_is_reported() -> None:
    """An exchange under no contract, and an operation that the old side lacks, are counted and named."""
    other = interaction("GET", "/crm/v3/objects/contacts", 200, {})
    put("old.yaml", [polled("COMPLETE")])
    done = diff("old.yaml", put("new.yaml", [started(), polled("COMPLETE"), other]))

    assert done.exit_code == 0
    assert "compared 1 of 3 exchanges in 1 cassette" in done.stdout
    assert "not compared: https://api.hubapi.com/crm/v3/objects/contacts (no contract) 1" in done.stdout
    assert "/async (import-start is not in old.yaml) 1" in done.stdout


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([started()], [polled("COMPLETE")]),
        ([interaction("GET", "/crm", 200, {})], [interaction("GET", "/crm", 200, {})]),
        ([], [started()]),
    ],
    ids=["other operations", "no contract", "empty"],
)
def test_nothing_to_compare(old: list[Interaction], new: list[Interaction]) -> None:
    """Where nothing could be compared, that is said, and the status is 2, never 0."""
    done = diff(put("old.yaml", old), put("new.yaml", new))

    assert done.exit_code == 2
    assert done.stderr == "Nothing could be compared: old.yaml and new.yaml have no operation in common.\n"


def test_folders_without_a_common_cassette() -> None:
    """Two folders that share no path compare nothing."""
    put("old/one.yaml", whole_import())
    put("new/two.yaml", whole_import())

    assert diff("old", "new").exit_code == 2


def test_a_cassette_that_cannot_be_read() -> None:
    """What cannot be read ends with status 2 and is named; what can be is compared all the same."""
    put("old/one.yaml", whole_import())
    put("new/one.yaml", DRIFTED)
    put("old/two.yaml", whole_import())
    Path("new/two.yaml").write_text("interactions: [", encoding="utf-8")
    done = diff("old", "new")

    assert done.exit_code == 2
    assert "type-changed" in done.stdout
    assert re.search(
        r"cassette-unreadable: The cassette new/two.yaml, line \d+ cannot be read: it is not YAML", done.stdout
    )
    assert done.stderr == "Some cassettes cannot be read.\n"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([], "give OLD and NEW, or --rev GITREV and at most one PATH"),
        (["full"], "give OLD and NEW, or --rev GITREV and at most one PATH"),
        (["full", "full", "full"], "give OLD and NEW, or --rev GITREV and at most one PATH"),
        (["--rev", "HEAD", "full", "full"], "give OLD and NEW, or --rev GITREV and at most one PATH"),
        (["full", "nowhere"], "nowhere: there is no such file or folder"),
        (["full", "hollow"], "hollow: there is no cassette in it; one is called <name>.yaml"),
        (["full", "full/one.yaml"], "full and full/one.yaml: give two cassettes or two folders, not one of each"),
        (
            ["full", "full", "--fail-on", "loud"],
            "--fail-on: 'loud' is not possible; choose from info, warning, breaking, needed, never",
        ),
        (["full", "full", "--format", "smoke"], "'smoke' is not one of"),
        (["full", "full", "--schemas", "nowhere"], "The schema file nowhere cannot be used: there is no such folder"),
        (["full", "full", "--deviations", "nowhere"], "The deviations file nowhere cannot be used: No such file"),
        (["full", "full", "--out", "full/one.yaml/x"], "the report full/one.yaml/x could not be written: "),
    ],
)
def test_bad_usage(args: list[str], said: str) -> None:
    """Bad usage ends with status 2, and says what is wrong."""
    put("full/one.yaml", whole_import())
    Path("hollow").mkdir()
    done = diff(*args)

    assert done.exit_code == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())


def test_deviations() -> None:
    """A finding that the user's own deviations explain is reported as known; ``--strict`` heeds none."""
    old, new = put("old.yaml", [started(), polled("COMPLETE")]), put("new.yaml", DRIFTED)
    Path("mine.toml").write_text(
        '[[deviation]]\npath = "$.result.size"\nkind = "type-changed"\nreason = "we read both"\nsource = "us"\n',
        encoding="utf-8",
    )

    excused = diff(old, new, "--deviations=mine.toml")
    assert (excused.exit_code, "(known: we read both)" in excused.stdout) == (0, True)
    assert diff(old, new, "--deviations=mine.toml", "--strict").exit_code == 1


def test_into_a_file() -> None:
    """``--out`` writes the report there, and nothing to stdout."""
    done = diff(put("old.yaml", COUNTED), put("new.yaml", DRIFTED), "--format=json", "--out=report.json")

    assert (done.exit_code, done.stdout) == (1, "")
    assert json.loads(Path("report.json").read_text(encoding="utf-8"))["worst"] == "breaking"


# --- bodies that are not JSON, and what only one side has ---

WHOLE_BODY = json.dumps(DONE).encode()
GARBAGE = {
    "cut": WHOLE_BODY[:-20],
    "garbage": b"\x00\xff\xfe",
    "NaN": WHOLE_BODY.replace(b"24574", b"NaN"),
    "a key twice": WHOLE_BODY.replace(b"{", b'{"status": "COMPLETE", ', 1),
    "a page": b"<html></html>",
    "two documents": WHOLE_BODY * 2,
    "a text": b"COMPLETE",
    "too deep": b"[" * 100_000,
}


@pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE)
def test_a_new_body_that_is_not_json(body: bytes) -> None:
    """A body that was JSON and is not breaks, and is not counted as compared."""
    old = put("old.yaml", [started(), polled("COMPLETE")])
    new = put("new.yaml", [started(), replace(polled("COMPLETE"), response_body=body)])
    report = document(old, new)

    assert diff(old, new).exit_code == 1
    (found,) = report["findings"]
    assert (found["kind"], found["severity"], found["category"]) == ("body-not-json", "breaking", "drift")
    assert (found["operation"], found["http_status"], found["before"]) == ("import-status", 200, "JSON")
    assert report["checked"]["judged"] == 1
    assert [one["reason"] for one in report["checked"]["not_judged"]] == ["its body is not JSON"]
    assert {o["operation"]: o["recordings"] for o in report["comparison"]["operations"]} == {
        "import-start": "safe", "import-status": "breaking",
    }  # fmt: skip


def test_nothing_but_a_body_that_is_not_json() -> None:
    """It is told as well where it is all there is; where both sides are so, nothing is compared, and that is said."""
    good, bad = polled("COMPLETE"), replace(polled("COMPLETE"), response_body=b"{")
    put("good.yaml", [good])
    put("bad.yaml", [bad])

    assert diff("good.yaml", "bad.yaml").exit_code == 1
    for old, reason in (("bad.yaml", "its body is not JSON"),):
        done = diff(old, "bad.yaml")
        assert (done.exit_code, done.stderr) == (2, f"Nothing could be compared: {reason}.\n")
    done = diff("bad.yaml", "good.yaml")
    assert (done.exit_code, done.stderr) == (2, "Nothing could be compared: the body in bad.yaml is not JSON.\n")


def test_two_versions_of_which_one_is_not_json() -> None:
    """Between two versions it is told too, as a finding of category version."""
    put("v3/one.yaml", of_version("v3", [polled("COMPLETE")]))
    put("2026-03/one.yaml", [replace(polled("COMPLETE"), response_body=b"{")])
    (found,) = document("v3", "2026-03")["findings"]

    assert (found["category"], found["kind"], found["version"]) == ("version", "body-not-json", "2026-03")


def test_what_only_the_old_side_has() -> None:
    """An operation, or a status of one, that the new side does not show is named."""
    missing = interaction("GET", f"{started().path}/tasks/1/status", 404, {"status": "error", "message": "no"})
    old, new = put("old.yaml", [started(), polled("COMPLETE"), missing]), put("new.yaml", [polled("COMPLETE")])

    report = document(old, new)
    assert report["comparison"]["missing"] == [
        "only in old.yaml: 2026-03 import-start", "only in old.yaml: 2026-03 import-status HTTP 404",
    ]  # fmt: skip
    assert "only in old.yaml: 2026-03 import-start" in diff(old, new).stdout.splitlines()
    other = document(new, old)
    assert (other["comparison"]["missing"], other["checked"]["judged"]) == ([], 1)
    assert sorted(one["reason"] for one in other["checked"]["not_judged"]) == [
        "HTTP 404 of import-status is not in new.yaml", "import-start is not in new.yaml",
    ]  # fmt: skip


def test_statuses_that_a_finding_is_about_are_said_once() -> None:
    """A status that another took the place of is a finding, and no line beside it."""
    old, new = put("old.yaml", [polled("COMPLETE")]), put("new.yaml", [replace(polled("COMPLETE"), status_code=202)])
    report = document(old, new)

    assert [f["kind"] for f in report["findings"]] == ["success-status-changed"]
    assert (report["comparison"]["missing"], report["checked"]["judged"]) == ([], 1)


# --- what git has ---


def git(*args: str) -> str:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *who, *args], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository() -> None:
    """A repository with a recording committed, and then drifted."""
    git("init", "--quiet")
    put("cassettes/2026-03/one.yaml", whole_import())
    put("cassettes/2026-03/[two] -x.yaml", whole_import())
    put("cassettes/2026-03/one.candidate.yaml", DRIFTED)
    git("add", ".")
    git("commit", "--quiet", "--message", "Record")
    git("tag", "before")
    put("cassettes/2026-03/one.yaml", DRIFTED)


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    ("args", "old", "new"),
    [
        (["--rev", "HEAD"], "HEAD:cassettes", "cassettes"),
        (["--rev", "before", "cassettes/2026-03"], "before:cassettes/2026-03", "cassettes/2026-03"),
        (["--rev", "HEAD", "."], "HEAD:.", "."),
    ],
    ids=["cassettes", "a folder", "all"],
)
def test_a_revision(args: list[str], old: str, new: str) -> None:
    """``--rev`` compares what git has with what is there, by default in the folder cassettes."""
    done = diff(*args)

    assert done.exit_code == 1, done.output
    assert "compared 6 of 6 exchanges in 2 cassettes" in done.stdout
    assert f"from {old} to {new}: breaking" in done.stdout
    assert "candidate" not in done.stdout


@pytest.mark.usefixtures("repository")
def test_a_revision_of_one_cassette() -> None:
    """One cassette is compared with what it was, from a folder below the top too."""
    os.chdir("cassettes/2026-03")

    assert diff("--rev", "HEAD", "one.yaml").exit_code == 1
    assert diff("--rev", "HEAD", "[two] -x.yaml").exit_code == 0


@pytest.mark.usefixtures("repository")
def test_a_cassette_that_git_has_broken() -> None:
    """A cassette that cannot be read at a revision is named with the revision."""
    Path("cassettes/2026-03/one.yaml").write_text("interactions: [", encoding="utf-8")
    git("commit", "--quiet", "--all", "--message", "Break")
    put("cassettes/2026-03/one.yaml", DRIFTED)
    done = diff("--rev", "HEAD")

    assert done.exit_code == 2
    assert re.search(r"The cassette HEAD:cassettes/2026-03/one.yaml, line \d+ cannot be read", done.stdout)
    assert "(HEAD:cassettes/2026-03/one.yaml cannot be read) 1" in done.stdout


@pytest.mark.usefixtures("repository")
def test_links_in_git_are_not_followed() -> None:
    """A symbolic link that git has is no cassette: it may lead anywhere."""
    Path("cassettes/2026-03/link.yaml").symlink_to("one.yaml")
    git("add", ".")
    git("commit", "--quiet", "--message", "Link")
    done = diff("--rev", "HEAD", "cassettes/2026-03/link.yaml")

    assert done.exit_code == 2
    assert "there is no cassette in it" in done.stderr


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    ("revision", "path", "said"),
    [
        ("nowhen", "cassettes", "nowhen:cassettes: git knows no revision 'nowhen'"),
        ("--help", "cassettes", "--help:cassettes: git knows no revision '--help'"),
        ("--output=owned", "cassettes", "git knows no revision '--output=owned'"),
        ("", "cassettes", ":cassettes: git knows no revision ''"),
        ("HEAD:cassettes", "cassettes", "git knows no revision 'HEAD:cassettes'"),
        ("HEAD", "elsewhere", "HEAD:elsewhere: there is no cassette in it"),
    ],
)
def test_a_revision_that_is_none(revision: str, path: str, said: str) -> None:
    """What is no revision, or has nothing there, is named with status 2; none is taken for an option."""
    Path("elsewhere").mkdir()
    before = sorted(Path().iterdir())
    done = diff("--rev", revision, path)

    assert done.exit_code == 2
    assert said in done.stderr
    assert sorted(Path().iterdir()) == before


@pytest.mark.usefixtures("repository")
def test_a_repository_within_the_cassettes_is_none() -> None:
    """A pull request can bring a bare repository among the cassettes, whose config has git run commands."""
    git("clone", "--quiet", "--bare", ".", "bare")
    for name in ("HEAD", "config", "objects", "refs"):
        shutil.move(f"bare/{name}", "cassettes/")
    trap = f"[core]\n\trepositoryformatversion = 0\n\tbare = true\n\tfsmonitor = touch {Path.cwd()}/owned; false\n"
    trap += "[include]\n\tpath = /nowhere\n[extensions]\n"
    Path("cassettes/config").write_text(trap, encoding="utf-8")
    assert diff("--rev", "before").exit_code == 1
    shutil.rmtree("cassettes/objects")
    Path("cassettes/objects").mkdir()  # a repository that knows no revision: git must not ask it
    done = diff("--rev", "before")

    assert done.exit_code == 1, done.output
    assert "compared 6 of 6 exchanges in 2 cassettes" in done.stdout
    assert not Path("owned").exists()


@pytest.mark.usefixtures("repository")
def test_a_cassette_in_git_that_is_too_large() -> None:
    """What git has is bounded as a file is, before it is read."""
    recordings = sides.of_revision("HEAD", Path("cassettes"), cassettes.Limits(megabytes=0.001))
    with pytest.raises(cassettes.CassetteUnreadableError, match=r"HEAD:.*larger than hubfiles_max_cassette_mb = 0.001"):
        recordings.exchanges("2026-03/one.yaml", schema_files.load().identify)


def test_no_repository() -> None:
    """Outside of a repository, git's own words are handed on."""
    put("cassettes/one.yaml", whole_import())
    done = diff("--rev", "HEAD")

    assert done.exit_code == 2
    assert "HEAD:cassettes: git says: not a git repository" in done.stderr


def test_no_git(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without git, that is what is said."""
    put("cassettes/one.yaml", whole_import())
    monkeypatch.setenv("PATH", "")
    done = diff("--rev", "HEAD")

    assert done.exit_code == 2
    assert "HEAD:cassettes: git is not installed, or not on PATH" in done.stderr


def test_the_command_itself() -> None:
    """``hubfiles diff`` in a process of its own writes UTF-8 and ends with the status."""
    put("old.yaml", COUNTED)
    put("new.yaml", DRIFTED)
    command = [sys.executable, "-m", "pytest_hubfiles", "diff", "old.yaml", "new.yaml"]
    done = subprocess.run(command, capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (1, b"")
    assert "(integer → string)" in done.stdout.decode("utf-8")


def test_a_credential_that_is_echoed_is_not_reported() -> None:
    """What one request sent as a credential is not printed where another answer echoes it."""
    secret = "opaquesecretvalue99"
    sent = replace(started(), request_headers={"Authorization": (f"Bearer {secret}",)})
    put("old/a.yaml", whole_import())
    put("new/a.yaml", [sent, polled(secret), polled("COMPLETE")])

    done = [diff("old", "new", "--format", form) for form in ("terminal", "json")]

    assert all(result.exit_code == 1 for result in done)
    assert secret not in "".join(result.output for result in done)


def test_findings_name_their_cassette() -> None:
    """Below a finding stands the cassette in which it is."""
    done = diff(put("old.yaml", whole_import()), put("new.yaml", DRIFTED))

    assert "          in new.yaml" in done.stdout.splitlines()


def test_a_name_that_is_too_long() -> None:
    """A name that no file system takes is reported, not a traceback."""
    done = diff("x" * 300, "y")

    assert (done.exit_code, type(done.exception)) == (2, SystemExit)
    assert "there is no such file or folder" in done.stderr


@pytest.mark.parametrize(
    ("old", "new", "kind", "nth"),
    [
        (whole_import(), [started(), polled("PENDING"), DRIFTED[1]], "type-changed", 3),
        (
            whole_import(),
            [*whole_import()[:2], polled("COMPLETE"), polled("COMPLETE", change={"result": {}})],
            "field-now-optional",
            4,
        ),
        (whole_import(), [started(), polled("LOST"), polled("COMPLETE")], "enum-value-added", 2),
        ([started(), polled("COMPLETE")], [started(), polled("PENDING"), polled("COMPLETE")], "state-appeared", 2),
        (
            [started(), polled("COMPLETE")],
            [started(), polled("COMPLETE"), polled("COMPLETE", change={"result": {**DONE["result"], "more": 1}})],
            "field-added",
            3,
        ),
        (
            [started(), polled("COMPLETE")],
            [started(), polled("COMPLETE"), replace(polled("COMPLETE"), response_body=b"")],
            "body-emptied",
            3,
        ),
        (
            [started(), polled("COMPLETE")],
            [replace(started(), status_code=200), polled("COMPLETE")],
            "success-status-changed",
            1,
        ),
    ],
)
def test_a_difference_has_the_line_of_the_first_that_shows_it(
    old: Sequence[Interaction], new: Sequence[Interaction], kind: str, nth: int
) -> None:
    """A difference is reported with the line at which the first exchange of the new side that shows it begins."""
    path = put("new.yaml", new)
    found = [f for f in document(put("old.yaml", old), path)["findings"] if f["kind"] == kind]

    assert {(f["cassette"], f["line"]) for f in found} == {("new.yaml", cassettes.read(path)[nth - 1].line)}
