"""``hubfiles accept --finding``: a finding of a report becomes an entry of the team's own deviations file."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from helpers.downstream import Downstream, polled, started

from pytest_hubfiles.cli.main import main
from pytest_hubfiles.judge import deviations
from pytest_hubfiles.judge.deviations import Deviation
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.policy import Category, Kind, Severity
from pytest_hubfiles.run import accepted

RETYPED = Finding(
    kind=Kind.SCHEMA_VIOLATION,
    severity=Severity.BREAKING,
    category=Category.CONTRACT,
    message="$.result.size is string",
    version="2026-03",
    operation="import-status",
    http_status=200,
    task_status="COMPLETE",
    path="$.result.size",
    before="integer",
    after="string",
    keyword="type",
    test="test_files.py::test_import",
)
DRIFT = Finding(
    kind=Kind.FIELD_REMOVED,
    severity=Severity.WARNING,
    category=Category.DRIFT,
    message="$.links is gone",
    version="2026-03",
    operation="import-start",
    http_status=202,
    path="$.links",
)
REPLAY = Finding(
    kind=Kind.UNPLAYED, severity=Severity.WARNING, category=Category.REPLAY, message="GET / is recorded", before="GET /"
)
KNOWN = Finding(
    kind=Kind.SCHEMA_VIOLATION,
    severity=Severity.INFO,
    category=Category.CONTRACT,
    message="$.startedAt is required and absent",
    path="$.startedAt",
    deviation="A task that waits has no time of start.",
)


@pytest.fixture(autouse=True)
def _here(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "downstream" not in request.fixturenames:
        monkeypatch.chdir(tmp_path)
        write_report(RETYPED, DRIFT, REPLAY, KNOWN)


def write_report(*findings: Finding, path: str = "hubfiles.json") -> None:
    document: dict[str, Any] = {"report_version": 1, "findings": [finding.to_dict() for finding in findings]}
    Path(path).write_text(json.dumps(document), encoding="utf-8")


def accept(finding: Finding | str, *args: str, reason: str = "we read both") -> Result:
    fingerprint = finding if isinstance(finding, str) else finding.fingerprint
    return CliRunner().invoke(main, ["accept", "--finding", fingerprint, "--reason", reason, *args])


def entries(path: str = "mine.toml") -> tuple[Deviation, ...]:
    return deviations.load(Path(path))


def test_a_finding_becomes_a_deviation() -> None:
    """The entry says what the finding says and no more, why, where it was accepted from, and when."""
    done = accept(RETYPED, "--file=mine.toml", "--until=2999-12-31")
    today = dt.datetime.now(dt.timezone.utc).date()

    assert (done.exit_code, done.stderr) == (0, "")
    assert Path("mine.toml").read_text(encoding="utf-8") == (
        "[[deviation]]\n"
        'versions = ["2026-03"]\n'
        'operations = ["import-status"]\n'
        'path = "$.result.size"\n'
        'kind = "schema-violation"\n'
        'keyword = "type"\n'
        'found = "string"\n'
        'states = ["COMPLETE"]\n'
        'reason = "we read both"\n'
        f'source = "accepted from hubfiles.json on {today}"\n'
        "until = 2999-12-31\n"
    )
    (entry,) = entries()
    assert entry.matches(RETYPED)
    assert not entry.matches(DRIFT)


def test_what_came_is_accepted_and_nothing_else() -> None:
    """Another type, or the same in a real answer where a comparison of versions was accepted, is found again."""
    accept(RETYPED, "--file=mine.toml")
    (entry,) = entries()
    assert not entry.matches(replace(RETYPED, after="object"))

    compared = replace(RETYPED, category=Category.VERSION)
    write_report(compared)
    accept(compared, "--file=other.toml")
    (entry,) = entries("other.toml")
    assert entry.matches(compared)
    assert not entry.matches(RETYPED)


def test_drift_becomes_a_deviation() -> None:
    """A finding without a JSON Schema keyword is known by its kind."""
    accept(DRIFT, "--file=mine.toml")

    (entry,) = entries()
    assert (entry.kind, entry.keyword, entry.states, entry.until) == (Kind.FIELD_REMOVED, None, (), None)
    assert entry.matches(DRIFT)


def test_accepting_twice() -> None:
    """A finding that an entry matches already is said to be accepted, and nothing is written."""
    accept(RETYPED, "--file=mine.toml")
    before = Path("mine.toml").read_bytes()
    done = accept(RETYPED, "--file=mine.toml", reason="again")

    assert done.exit_code == 0
    assert done.stdout == f"accepted already, nothing is written: {RETYPED.fingerprint} (we read both)\n"
    assert Path("mine.toml").read_bytes() == before


def test_a_finding_that_is_known_already() -> None:
    """A finding that the shipped deviations explain needs no entry."""
    done = accept(KNOWN, "--file=mine.toml")

    assert done.exit_code == 0
    assert "nothing is written" in done.stdout
    assert not Path("mine.toml").exists()


def test_an_entry_that_has_run_out() -> None:
    """A finding whose entry has run out renews that entry: its reason and its last day; all else stays."""
    text = (
        "# Ours.\n\n[[deviation]]\n"
        'path = "$.links" # since May\nkind = "field-removed"\nreason = "r"\nsource = "s"\nuntil = 2020-01-01\n\n'
        '[[deviation]]\npath = "$.x"\nkind = "field-removed"\nreason = "r"\nsource = "s"\n'
    )
    Path("mine.toml").write_text(text, encoding="utf-8")
    done = accept(DRIFT, "--file=mine.toml", "--until=2099-12-31")

    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("renewed in mine.toml: ")
    first, second = entries()
    assert (first.until, first.reason, second.until) == (dt.date(2099, 12, 31), "we read both", None)
    assert Path("mine.toml").read_text(encoding="utf-8").startswith(text.partition("reason")[0])


def test_an_entry_that_is_renewed_keeps_its_reason() -> None:
    """The reason of a printed command, which nobody has thought about, does not take the place of one."""
    accept(RETYPED, "--file=mine.toml", "--until=2099-12-31")
    (entry,) = entries()
    text = Path("mine.toml").read_text(encoding="utf-8").replace("2099-12-31", "2020-01-01")
    Path("mine.toml").write_text(text, encoding="utf-8")
    write_report(RETYPED)
    printed = ["accept", "--finding", RETYPED.fingerprint, "--reason", "seen and accepted", "--file=mine.toml"]
    assert CliRunner().invoke(main, [*printed, "--until=2099-12-31"], catch_exceptions=False).exit_code == 0
    assert entries() == (replace(entry, source=entries()[0].source),)


@pytest.mark.parametrize(
    "narrow", ['versions = ["v3"]', 'states = ["PENDING"]', 'category = "version"', 'found = "null"']
)
def test_an_entry_for_less_is_not_renewed(narrow: str) -> None:
    """An entry that has run out and did not excuse all of the finding stays as it is, beside a new one."""
    old = f'path = "$.result.size"\nkeyword = "type"\nreason = "r"\nsource = "s"\nuntil = 2020-01-01\n{narrow}\n'
    Path("mine.toml").write_text(f"[[deviation]]\n{old}", encoding="utf-8")
    done = accept(RETYPED, "--file=mine.toml")

    assert done.stdout.startswith("accepted into mine.toml: ")
    assert len(entries()) == 2
    assert old in Path("mine.toml").read_text(encoding="utf-8")


def test_an_entry_for_several_versions_is_renewed_once() -> None:
    """One entry for two versions that has run out is renewed for both, and told once."""
    other = replace(RETYPED, version="v3")
    write_report(RETYPED, other)
    arguments = ["accept", "--finding", RETYPED.fingerprint, other.fingerprint, "--reason=r", "--file=mine.toml"]
    for until in (["--until=2099-12-31"], ["--until=2098-12-31"]):
        done = CliRunner().invoke(main, [*arguments, *until], catch_exceptions=False)
        text = Path("mine.toml").read_text(encoding="utf-8")
        Path("mine.toml").write_text(text.replace("2099-12-31", "2020-01-01"), encoding="utf-8")

    first, second = done.stdout.splitlines()
    assert first == "renewed in mine.toml: import-status $.result.size schema-violation (2026-03, v3)"
    assert second.startswith("Runs read it once ")
    (entry,) = entries()
    assert (entry.until, entry.versions) == (dt.date(2098, 12, 31), ("2026-03", "v3"))


ENTRY = '[[deviation]]\noperations = ["{}"]\npath = "{}"\nkind = "field-added"\nreason = "r" # why\nsource = "s"\n'


def test_the_file_stays_readable() -> None:
    """The entry stands in its order, and every comment and blank line stays where it was."""
    first, last = ENTRY.format("folder-update-start", "$.a"), ENTRY.format("import-status", "$.b")
    Path("mine.toml").write_text(f"# Ours.\n\n# About a\n{first}\n# About b\n# in two lines\n{last}# The end\n")
    accept(DRIFT, "--file=mine.toml")

    text = Path("mine.toml").read_text(encoding="utf-8")
    entry = text[text.index('[[deviation]]\nversions = ["2026-03"]') : text.index("# About b")]
    assert text == f"# Ours.\n\n# About a\n{first}\n{entry}# About b\n# in two lines\n{last}# The end\n"
    assert entry.endswith("\n\n")
    assert [e.path for e in entries()] == ["$.a", "$.links", "$.b"]


@pytest.mark.parametrize(
    ("content", "paths"),
    [
        ("", ["$.links"]),
        ("# Ours.\n", ["$.links"]),
        (ENTRY.format("a", "$.a").rstrip("\n"), ["$.a", "$.links"]),
        ("# Ours.\n" + ENTRY.format("z", "$.z"), ["$.links", "$.z"]),
        (ENTRY.format("z", "$.z") + '\n[["deviation"]]\npath="$.y"\nkind="unplayed"\nreason="r"\nsource="s"\n',
         ["$.z", "$.y", "$.links"]),
        (ENTRY.format("z", "$.z").replace('"s"', '"""\n[[deviation]]\n"""'), ["$.z", "$.links"]),
        (ENTRY.format("z", "$.z").replace("[[", '[["').replace("]]", '"]]').replace('"s"', '"""\n[[deviation]]\n"""'),
         ["$.z", "$.links"]),
        ('deviation = [{path = "$.z", kind = "unplayed", reason = "r", source = "s"}]\n', None),
    ],
    ids=["empty", "a comment", "no newline", "before the first", "a quoted header", "a header in a text",
         "as many headers in texts", "inline"],
)  # fmt: skip
def test_files_of_all_forms(content: str, paths: list[str] | None) -> None:
    """Whatever TOML allows, the file holds all it held and the entry, or is as it was and the command says why."""
    Path("mine.toml").write_text(content, encoding="utf-8")
    done = accept(DRIFT, "--file=mine.toml")

    if paths is None:
        assert done.exit_code == 2
        assert "The deviations file" in done.stderr
        assert Path("mine.toml").read_text(encoding="utf-8") == content
    else:
        assert done.exit_code == 0, done.output
        assert [entry.path for entry in entries()] == paths
        assert content.strip() in Path("mine.toml").read_text(encoding="utf-8") or paths[0] == "$.links"


@pytest.mark.parametrize("reason", ['say "why"', "back\\slash", "ünïcode 🐈", "a\nline", "a # b", "'''"])
def test_reasons_of_all_kinds(reason: str) -> None:
    """Whatever a reason holds, it reads as it was given, in one line."""
    accept(DRIFT, "--file=mine.toml", reason=reason)

    assert entries()[0].reason == " ".join(reason.split())


SETTINGS = {
    "pytest.ini": "[pytest]\nhubfiles_deviations = mine.toml\n",
    ".pytest.ini": "[pytest]\nhubfiles_deviations = mine.toml  \n",
    "pyproject.toml": '[tool.pytest.ini_options]\nhubfiles_deviations = "mine.toml"\n',
    "tox.ini": "[pytest]\nhubfiles_deviations = mine.toml\n",
    "setup.cfg": "[tool:pytest]\nhubfiles_deviations = mine.toml\n",
    "pytest.toml": '[pytest]\nhubfiles_deviations = "mine.toml"\n',
}


@pytest.mark.parametrize("name", SETTINGS)
def test_the_file_that_pytest_reads(name: str) -> None:
    """Without ``--file`` the entry goes where pytest's settings say that the user's deviations are."""
    Path(name).write_text(SETTINGS[name], encoding="utf-8")
    done = accept(DRIFT)

    assert done.exit_code == 0, done.output
    assert done.stdout == "accepted into mine.toml: import-start $.links field-removed\n"
    assert len(entries()) == 1


def test_the_settings_that_count() -> None:
    """As in pytest, the first file of settings is the only one that counts."""
    Path("pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    Path("tox.ini").write_text(SETTINGS["tox.ini"], encoding="utf-8")
    done = accept(DRIFT)

    assert (done.exit_code, done.stdout) == (0, "accepted into deviations.toml: import-start $.links field-removed\n")
    assert len(entries("deviations.toml")) == 1


def test_a_file_that_runs_do_not_read() -> None:
    """Where pytest's settings name no file, or another, the command says what they lack."""
    done = accept(DRIFT, "--file=mine.toml")

    assert done.stdout.splitlines()[-1] == ("Runs read it once pytest's settings say: hubfiles_deviations = mine.toml")


def test_several_reports() -> None:
    """The finding is looked for in each report that is given."""
    write_report(DRIFT, path="one.json")
    write_report(RETYPED, path="two.json")
    done = accept(RETYPED, "--report=one.json", "--report=two.json", "--file=mine.toml")

    assert done.exit_code == 0
    assert entries()[0].source.startswith("accepted from two.json on ")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--finding", "nonsense", "--reason", "r"], "'nonsense' is no fingerprint; one has 16 of the characters"),
        (["--finding", "0" * 16, "--reason", "r"], f"{DRIFT.fingerprint} import-start $.links field-removed"),
        (["--finding", DRIFT.fingerprint], "--finding needs --reason TEXT"),
        (["--finding", DRIFT.fingerprint, "--reason", "  "], "--finding needs --reason TEXT"),
        (["--finding", DRIFT.fingerprint, "--reason", "r", "--until", "soon"], "--until: 'soon' is no date such as"),
        (["--finding", DRIFT.fingerprint, "--reason", "r", "--until", "2020-01-01"], "--until: 2020-01-01 is past"),
        (
            ["--finding", "0" * 16, "--reason", "r", "x.yaml"],
            f"No finding {'0' * 16} in x.yaml; these are in there: none",
        ),
        (["--finding", DRIFT.fingerprint, "0" * 16, "--reason", "r"], f"No finding {'0' * 16} in hubfiles.json or "),
        (["--finding", REPLAY.fingerprint, "--reason", "r"], "is about a recording (unplayed), not about the API"),
        (["--finding", DRIFT.fingerprint, "--reason", "r", "--report", "none.json"], "The report none.json cannot be"),
        (["--finding", DRIFT.fingerprint, "--reason", "r", "--report", "bad.json"], "bad.json is no JSON report"),
        (["--finding", DRIFT.fingerprint, "--reason", "r", "--report", "odd.json"], "odd.json is no JSON report"),
        (["--finding", DRIFT.fingerprint, "--reason", "r", "--file", "bad.toml"], "bad.toml cannot be used: it is not"),
        (["--finding", DRIFT.fingerprint, "--reason", "r", "--file", "no/../x/"], "cannot be used"),
        (["--reason", "r"], "--reason, --until, --report and --file go with --finding FINGERPRINT"),
    ],
)
def test_bad_usage(args: list[str], said: str) -> None:
    """Bad usage ends with status 2 and a reason, and writes nothing."""
    Path("bad.json").write_text("{", encoding="utf-8")
    Path("odd.json").write_text('{"findings": [{"kind": "moonshine"}]}', encoding="utf-8")
    Path("bad.toml").write_text("[[", encoding="utf-8")
    Path("x").mkdir()
    where = [] if "--file" in args or "--finding" not in args else ["--file=mine.toml"]
    done = CliRunner().invoke(main, ["accept", *args, *where])

    assert done.exit_code == 2, done.output
    assert said in " ".join(done.stderr.split())
    assert not Path("mine.toml").exists()
    assert Path("bad.toml").read_text(encoding="utf-8") == "[["


def test_settings_that_cannot_be_read() -> None:
    """Broken settings are named, not passed over."""
    Path("pyproject.toml").write_text("[tool", encoding="utf-8")
    done = accept(DRIFT)

    assert done.exit_code == 2
    assert "pyproject.toml cannot be read" in done.stderr


def test_many_at_once(tmp_path: Path) -> None:
    """Two that accept at the same time lose nothing: each waits for the other."""
    from concurrent.futures import ThreadPoolExecutor

    file = tmp_path / "shared.toml"
    wanted = [Deviation(f"$.field{number}", "r", "s", kind=Kind.FIELD_ADDED) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda deviation: accepted.add(file, deviation), wanted))

    assert list(deviations.load(file)) == wanted


def test_several_at_once() -> None:
    """Several are accepted by one command, over versions: what differs by the version alone is one entry."""
    others = [replace(RETYPED, version=version) for version in ("v3", "2025-09")]
    waiting = replace(RETYPED, task_status="PENDING")
    write_report(RETYPED, *others, waiting, DRIFT)
    done = accept(RETYPED, *(one.fingerprint for one in (*others, waiting, DRIFT, DRIFT)), "--file=mine.toml")

    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[:3] == [
        "accepted into mine.toml: import-status $.result.size schema-violation (2025-09, 2026-03, v3)",
        "accepted into mine.toml: import-status $.result.size schema-violation",
        "accepted into mine.toml: import-start $.links field-removed",
    ]
    assert [(e.path, e.versions, e.states) for e in entries()] == [
        ("$.links", ("2026-03",), ()),
        ("$.result.size", ("2025-09", "2026-03", "v3"), ("COMPLETE",)),
        ("$.result.size", ("2026-03",), ("PENDING",)),
    ]


def test_from_a_run_to_the_next(downstream: Downstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a run fails for is accepted from its report, and the next run passes and says why."""
    monkeypatch.chdir(downstream.path)
    downstream.tests()
    downstream.ini("hubfiles_deviations = mine.toml")
    size = {"result": {**polled("COMPLETE").json["result"], "size": "24574"}}
    downstream.write([started(), polled("COMPLETE", change=size)])
    Path("mine.toml").write_text("", encoding="utf-8")

    failed = downstream.run("--hubfiles-report=json:hubfiles.json")
    finding, *_ = json.loads(Path("hubfiles.json").read_text(encoding="utf-8"))["findings"]
    done = accept(finding["fingerprint"])
    passed = downstream.run()

    assert (failed.ret, done.exit_code, passed.ret) == (1, 0, 0)
    passed.stdout.fnmatch_lines(["info * $.result.size  schema-violation: * (known: we read both)"])


def test_accepted_drift_lets_a_recording_through(downstream: Downstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """Accepted drift no longer holds a recording back."""
    monkeypatch.chdir(downstream.path)
    downstream.tests()
    downstream.ini("hubfiles_deviations = mine.toml")
    Path("mine.toml").write_text("", encoding="utf-8")
    downstream.write([started(), polled("COMPLETE", change={"extra": "x"})])
    gate = "--hubfiles-fail-on=warning"

    refused = downstream.run_live("--hubfiles-record=rewrite", gate, "--hubfiles-report=json:hubfiles.json")
    found = json.loads(Path("hubfiles.json").read_text(encoding="utf-8"))["findings"]
    (gone,) = [finding for finding in found if finding["severity"] == "breaking"]
    done = accept(gone["fingerprint"])
    let_through = downstream.run_live("--hubfiles-record=rewrite", gate)

    assert (gone["category"], gone["kind"], gone["path"]) == ("drift", "field-removed", "$.extra")
    assert (refused.ret, done.exit_code, let_through.ret) == (1, 0, 0)
