"""What ``--hubfiles-compare OLD:NEW`` tells a team that moves from one version to another."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from helpers.answers import CONTRACTS, answer, poll
from helpers.downstream import Downstream

from pytest_hubfiles import cassettes
from pytest_hubfiles.cli.main import main
from pytest_hubfiles.compare.comparison import Verdict
from pytest_hubfiles.compare.versions import Migration, support
from pytest_hubfiles.judge import schema_files
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.policy import Category

BOTH = """
both = pytest.mark.hubfiles(versions=["v3", "2026-03"])

@both
def test_import(hubfiles):
    assert import_a_file(hubfiles).task_status == "COMPLETE"

@both
def test_canceled(hubfiles):
    assert import_a_file(hubfiles, url="https://example.com/canceled.png").task_status == "CANCELED"
"""
FROM_V3 = [
    ("breaking", "folder-update-start", "field-now-optional", "$.links"),
    ("breaking", "import-start", "field-now-optional", "$.links"),
    ("breaking", "import-status", "field-now-optional", "$.result.access"),
    ("warning", "import-start", "request-violation", "$.duplicateValidationScope"),
    ("warning", "import-start", "request-violation", "$.duplicateValidationStrategy"),
    ("warning", "import-start", "request-violation", "$.overwrite"),
    ("info", "import-start", "field-now-optional", "$.url"),
]


def reported(findings: list[Finding]) -> list[tuple[str, str | None, str, str]]:
    return sorted((f.severity.value, f.operation, f.kind.value, f.path) for f in findings)


def moved(old: str, new: str, *pairs: tuple[list[Any], list[Any]]) -> Migration:
    return Migration(old, new, CONTRACTS, pairs)


# --- by the schemas ---


@pytest.mark.parametrize("new", ["2025-09", "2026-03", "2026-09"])
def test_what_v3_and_its_successors_document(new: str) -> None:
    """Leaving v3, three answers lose a promise, and an import has to bring three fields more, and no url."""
    findings = list(moved("v3", new).findings())

    assert reported(findings) == sorted(FROM_V3)
    assert {f.category for f in findings} == {Category.VERSION}
    assert {f.version for f in findings} == {new}
    assert all(f.message.startswith("schemas: ") for f in findings)


def test_the_way_back() -> None:
    """Seen the other way round, a url has to be sent, and everything else is a relief."""
    findings = list(moved("2026-03", "v3").findings())

    assert [f.message for f in findings if f.severity.value != "info"] == [
        "schemas: $.url must be sent now; 2026-03 did not ask for it"
    ]
    assert [f.path for f in findings if f.severity.value == "info"] == [
        "$.duplicateValidationScope",
        "$.duplicateValidationStrategy",
        "$.overwrite",
    ]


def test_an_operation_that_is_gone() -> None:
    """The beta has no folder operations, which is breaking and said of each."""
    findings = list(moved("2026-09", "2026-09-beta").findings())

    assert reported(findings) == [
        ("breaking", "folder-update-start", "operation-gone", "$"),
        ("breaking", "folder-update-status", "operation-gone", "$"),
    ]


def test_an_operation_that_is_new() -> None:
    """An operation that only the new version has is named, and no finding."""
    migration = moved("2026-09-beta", "2026-09")
    comparison = migration.comparison(list(migration.findings()))

    assert not list(migration.findings())
    assert "only in 2026-09: folder-update-start" in comparison.missing
    assert {c.operation: c.verdict.value for c in comparison.operations} == {
        "folder-update-start": "not compared",
        "folder-update-status": "not compared",
        "import-start": "safe",
        "import-status": "safe",
    }


def test_versions_that_document_the_same() -> None:
    """Where two versions document the same, nothing is found."""
    assert not list(moved("2025-09", "2026-03").findings())


STATUS = {
    "type": "object",
    "required": ["status", "size"],
    "properties": {
        "status": {"type": "string", "enum": ["COMPLETE", "PENDING"]},
        "size": {"type": "integer"},
        "at": {"type": "string", "format": "date-time"},
        "name": {"type": "string"},
        "access": {"type": "string", "enum": ["PRIVATE"]},
        "list": {"type": "array", "items": {"type": "string"}},
        "links": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
INPUT = {
    "type": "object",
    "required": ["url"],
    "properties": {
        "url": {"type": "string"},
        "ttl": {"type": ["string", "null"]},
        "size": {"type": "number"},
        "access": {"type": "string", "enum": ["PRIVATE", "PUBLIC"]},
        "at": {"type": "string"},
        "on": {"type": "string", "format": "date"},
    },
}
ERROR = {"type": "object", "required": ["message"], "properties": {"message": {"type": "string"}}}

Change = Callable[[dict[str, Any]], object]


def two_versions(folder: Path, change: Change) -> Migration:
    """Write a status operation and its starter for two versions, the second changed, and compare them."""
    defs = {"Status": STATUS, "Input": INPUT, "Error": ERROR}
    for version in ("v8", "v9"):
        for name, method, path, request in (
            ("job-start", "POST", f"/jobs/{version}/async", "#/$defs/Input"),
            ("job-status", "GET", f"/jobs/{version}/async/tasks/{{id}}/status", None),
        ):
            about = {"method": method, "path": path, "responses": {"200": "#/$defs/Status", "default": "#/$defs/Error"}}
            document = {"x-hubfiles": about | ({"request": request} if request else {}), "$defs": copy.deepcopy(defs)}
            if version == "v9" and name == "job-status":
                change(document)
            if version == "v9" and name == "job-start":
                document["$defs"]["Input"] = _changed_input(change)
            file = folder / version / f"{name}.json"
            file.parent.mkdir(exist_ok=True)
            file.write_text(json.dumps(document))
    return Migration("v8", "v9", schema_files.load([folder]), [])


def _changed_input(change: Change) -> Any:
    document: dict[str, Any] = {"$defs": {"Status": copy.deepcopy(STATUS), "Input": copy.deepcopy(INPUT), "Error": {}}}
    document["x-hubfiles"] = {"responses": {"200": None, "default": None}}
    change(document)
    return document["$defs"]["Input"]


def status(name: str, value: Any) -> Change:
    return lambda document: document["$defs"]["Status"]["properties"].__setitem__(name, value)


def asked(name: str, value: Any) -> Change:
    return lambda document: document["$defs"]["Input"]["properties"].__setitem__(name, value)


ANSWERS: dict[str, tuple[Change, str, str, str, str]] = {
    "added": (status("new", {"type": "string"}), "info", "field-added", "$.new", "(string) is documented now"),
    "required gone": (
        lambda d: d["$defs"]["Status"]["properties"].pop("size"), "breaking", "field-removed", "$.size",
        "(integer) is gone",
    ),
    "optional gone": (
        lambda d: d["$defs"]["Status"]["properties"].pop("name"), "breaking", "field-removed", "$.name",
        "(string) is gone",
    ),
    "optional now": (
        lambda d: d["$defs"]["Status"]["required"].remove("size"), "breaking", "field-now-optional", "$.size",
        "was required in v8 and is not in v9, so it can be missing",
    ),
    "retyped": (status("size", {"type": "string"}), "breaking", "type-changed", "$.size", "changed its type"),
    "widened": (status("size", {"type": "number"}), "warning", "integer-widened", "$.size", "(integer → number)"),
    "null": (status("size", {"type": ["integer", "null"]}), "breaking", "null-appeared", "$.size", "can be null now"),
    "null in an enum": (
        status("access", {"enum": ["PRIVATE", None]}), "breaking", "null-appeared", "$.access", "can be null now"
    ),
    "format": (status("at", {"type": "string"}), "breaking", "format-changed", "$.at", "(date-time → text)"),
    "format new": (
        status("name", {"type": "string", "format": "uuid"}), "info", "format-changed", "$.name", "(text → uuid)"
    ),
    "enum": (
        status("access", {"type": "string", "enum": ["PRIVATE", "PUBLIC"]}), "warning", "enum-value-added", "$.access",
        "can be PUBLIC now",
    ),
    "state": (
        status("status", {"type": "string", "enum": ["COMPLETE", "FAILED", "PENDING"]}), "breaking", "enum-value-added",
        "$.status", "can be FAILED now",
    ),
    "elements": (
        status("list", {"type": "array", "items": {"type": "object"}}), "breaking", "type-changed", "$.list[*]",
        "changed its type (string → object)",
    ),
    "map": (
        status("links", {"type": "object", "additionalProperties": {"type": "integer"}}), "breaking", "type-changed",
        "$.links.*", "changed its type (string → integer)",
    ),
    "status": (
        lambda d: d["x-hubfiles"].update(responses={"202": "#/$defs/Status", "default": "#/$defs/Error"}), "breaking",
        "success-status-changed", "$", "HTTP 200 → 202",
    ),
    "no body": (
        lambda d: d["x-hubfiles"]["responses"].update({"200": None}), "breaking", "body-emptied", "$",
        "no body is documented any more",
    ),
    "error": (
        lambda d: d["$defs"]["Error"].update(properties={}), "breaking", "field-removed", "$.message",
        "(string) is gone (in errors)",
    ),
    "path": (
        lambda d: d["x-hubfiles"].update(path="/batch/v9/async/tasks/{id}/status"), "warning", "request-violation", "$",
        "the request is GET /batch/v9/async/tasks/{id}/status now, where v8 has GET /jobs/v8/async/tasks/{id}/status",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ANSWERS)
def test_what_a_schema_changes_of_an_answer(tmp_path: Path, case: str) -> None:
    """Each change of a documented answer is one finding, weighed for a consumer that the old version served."""
    change, severity, kind, path, said = ANSWERS[case]
    findings = [f for f in two_versions(tmp_path, change).findings() if f.operation == "job-status"]

    assert [(f.severity.value, f.kind.value, f.path) for f in findings] == [(severity, kind, path)]
    assert said in findings[0].message
    assert findings[0].message.startswith("schemas: ")


REQUESTS: dict[str, tuple[Change, str, str, str]] = {
    "newly required": (
        lambda d: d["$defs"]["Input"]["required"].append("size"), "$.size", "must be sent now; v8 did not ask for it",
        "required",
    ),
    "new and required": (
        lambda d: (asked("to", {"type": "string"})(d), d["$defs"]["Input"]["required"].append("to")), "$.to",
        "(string) must be sent now; v8 does not know it", "properties",
    ),
    "gone": (
        lambda d: d["$defs"]["Input"]["properties"].pop("at"), "$.at",
        "(string) is no longer documented, so it may be refused or passed over", "properties",
    ),
    "retyped": (asked("at", {"type": "integer"}), "$.at", "must be integer now, where v8 took string", "type"),
    "narrower number": (
        asked("size", {"type": "integer"}), "$.size", "must be integer now, where v8 took number", "type"
    ),
    "no null": (asked("ttl", {"type": "string"}), "$.ttl", "must not be null any more", "type"),
    "fewer values": (
        asked("access", {"type": "string", "enum": ["PRIVATE"]}), "$.access", "must not be PUBLIC any more", "enum"
    ),
    "format": (
        asked("at", {"type": "string", "format": "date-time"}), "$.at", "must be date-time now, where v8 took text",
        "format",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "path", "said", "keyword"), REQUESTS.values(), ids=REQUESTS)
def test_what_a_schema_asks_of_a_request(tmp_path: Path, change: Change, path: str, said: str, keyword: str) -> None:
    """Each thing that the new version asks of a request, and the old did not, is one warning."""
    findings = [f for f in two_versions(tmp_path, change).findings() if f.operation == "job-start"]

    assert [(f.severity.value, f.kind.value, f.path) for f in findings] == [("warning", "request-violation", path)]
    assert (findings[0].message, findings[0].keyword) == (f"schemas: {path} {said}", keyword)


@pytest.mark.parametrize(
    "change",
    [
        asked("more", {"type": "string"}),
        asked("size", {"type": ["number", "string"]}),
        asked("on", {"type": "string"}),
        asked("access", {"type": "string", "enum": ["PRIVATE", "PUBLIC", "SENSITIVE"]}),
    ],
    ids=["optional", "more types", "any format", "more values"],
)
def test_what_a_request_may_bring_besides(tmp_path: Path, change: Change) -> None:
    """What the new version takes besides concerns nobody who moves."""
    assert not list(two_versions(tmp_path, change).findings())


# --- by the recordings ---


def recorded(version: str, result: dict[str, Any] | None = None, **facts: Any) -> Any:
    body = {"status": "COMPLETE", "taskId": "AAAAEZ6whGI", "result": {"id": "1", "size": 24574, **(result or {})}}
    return poll({**body, **facts.pop("change", {})}, version=version, **facts)


def test_what_recordings_show() -> None:
    """A difference between the recordings is labelled so, and weighed by what the old version promised."""
    pair = [recorded("2025-09")], [recorded("2026-03", {"size": "24574"})]
    (finding,) = moved("2025-09", "2026-03", pair).findings()

    assert (finding.severity.value, finding.kind.value, finding.path) == ("breaking", "type-changed", "$.result.size")
    assert (finding.category, finding.version) == (Category.VERSION, "2026-03")
    assert finding.message == "recordings: $.result.size changed its type (integer → string)"


def test_shapes_are_those_of_all_recordings() -> None:
    """A field that one test of two does not see is missing from neither version if another test sees it."""
    pairs = [
        ([recorded("2025-09", {"name": "cat"})], [recorded("2026-03")]),
        ([recorded("2025-09")], [recorded("2026-03", {"name": "cat"})]),
    ]

    assert not list(moved("2025-09", "2026-03", *pairs).findings())


def test_requests_are_those_of_one_test() -> None:
    """Two tasks are the same request only if the same test asked: the first of one test is not that of another."""
    fine = answer("import-status", {"status": "COMPLETE"}, version="2025-09")
    lost = answer("import-status", {"status": "error"}, version="2026-03", status=404, task="BBBBEZ6whGI")
    apart = list(moved("2025-09", "2026-03", ([fine], []), ([], [lost])).findings())
    together = list(moved("2025-09", "2026-03", ([fine], [lost])).findings())

    assert not apart
    assert [f.kind.value for f in together] == ["operation-gone"]


def test_a_request_is_the_same_in_both_versions() -> None:
    """That the version stands in its path makes no other request of it."""
    asked_for = [
        answer("import-status", {"status": "error"}, version=version, status=status, task="4785")
        for version, status in (("2025-09", 400), ("2026-03", 404))
    ]
    (finding,) = moved("2025-09", "2026-03", (asked_for[:1], asked_for[1:])).findings()

    assert (finding.kind.value, finding.message) == ("error-status-changed", "recordings: HTTP 400 → 404")


def test_other_versions_are_left_out() -> None:
    """What a test of one version exchanged with another says nothing of either."""
    stranger = recorded("v3", {"size": "24574"})

    assert not list(moved("2025-09", "2026-03", ([recorded("2025-09")], [recorded("2026-03"), stranger])).findings())


def test_what_was_never_observed() -> None:
    """Each answer that a version documents or the other showed, and it did not show, is named."""
    migration = moved(
        "2025-09",
        "2026-03",
        ([recorded("2025-09"), recorded("2025-09", change={"status": "PENDING"})], [recorded("2026-03")]),
    )
    missing = migration.comparison([]).missing

    assert not list(migration.findings())
    assert "never observed in 2026-03: import-status 200 PENDING" in missing
    assert "never observed in 2025-09 or 2026-03: import-status 200 CANCELED" in missing
    assert not any("import-start" in line for line in missing)  # of what nobody recorded its verdict says so
    assert not any("COMPLETE" in line and "import-status" in line for line in missing)


def test_a_version_without_recordings() -> None:
    """That nothing was recorded is said once, and no verdict by recordings is made up."""
    comparison = moved("2025-09", "2026-03", ([recorded("2025-09")], [])).comparison([])

    assert comparison.missing[0] == "never recorded: 2026-03; of 2026-03 only the schemas speak"
    assert not any("never observed" in line and "2026-03" in line for line in comparison.missing)
    assert {c.recordings for c in comparison.operations} == {Verdict.NOT_COMPARED}
    assert {c.verdict for c in comparison.operations} == {Verdict.SAFE}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("v3", "2026-03", "v3 is supported until September 2027, announced in HubSpot's changelog: "),
        ("v3", "2026-03", "2026-03 is supported until September 2027, by HubSpot's versioning policy, 18 months from"),
        ("v3", "2026-03", "v3 to 2026-03 gains no time; 2026-09 is supported longest, until March 2028"),
        ("v3", "2026-09", "2026-09 is supported until March 2028"),
        ("2026-09", "2026-09-beta", "2026-09-beta: no end of its support is known"),
    ],
)
def test_how_long_a_version_is_supported(old: str, new: str, said: str) -> None:
    """The dates are reported with where they come from, and that a move gains no time."""
    assert any(line.startswith(said) for line in support(old, new))


def test_a_move_that_gains_time() -> None:
    """Nothing is said of time where the new version is supported for longer."""
    assert not any("gains no time" in line for line in support("v3", "2026-09"))


# --- the run ---


@pytest.fixture
def both(downstream: Downstream) -> Downstream:
    """A project with recordings of v3 and 2026-03."""
    downstream.tests(BOTH)
    downstream.record()
    return downstream


def test_a_run_that_compares(both: Downstream) -> None:
    """The run's section gives the verdicts, what was never observed, the dates, and what fails the run."""
    result = both.run("--hubfiles-compare=v3:2026-03")

    result.assert_outcomes(passed=4)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "findings: 2 breaking, 3 warning, *",
            "breaking  2026-03 import-start 202  $.links  field-now-optional: schemas: was required in v3 and is not*",
            "from v3 to 2026-03: breaking, what works with the old can fail with the new",
            "  operation             verdict         by schemas  by recordings",
            "  import-start          breaking        breaking    safe",
            "  import-status         breaking        breaking    safe",
            "  folder-update-start   never recorded  breaking    not compared",
            "  folder-update-status  never recorded  safe        not compared",
            "v3 is supported until September 2027, *",
            "2026-03 is supported until September 2027, *",
            "the run fails because of field-now-optional (--hubfiles-fail-on breaking)",
            "  import-start $.links field-now-optional: fingerprint ????????????????",
        ]
    )


def test_what_is_accepted_and_what_nobody_recorded(both: Downstream) -> None:
    """Accepted findings are counted where the result is told; operations that nobody recorded fail nothing."""
    both.run("--hubfiles-compare=v3:2026-03", "--hubfiles-report=json:hubfiles.json")
    found = json.loads((both.path / "hubfiles.json").read_text(encoding="utf-8"))["findings"]
    kinds = {"field-now-optional", "request-violation"}
    changed = [f["fingerprint"] for f in found if f["kind"] in kinds and f["deviation"] is None]
    idle = [f for f in found if f["kind"] in kinds and f["operation"] == "folder-update-start"]
    both.ini("hubfiles_deviations = mine.toml")
    arguments = ["accept", "--finding", *changed, "--reason=r", "--file=mine.toml", "--report=hubfiles.json"]
    assert CliRunner().invoke(main, arguments, catch_exceptions=False).exit_code == 0

    result = both.run("--hubfiles-compare=v3:2026-03", "-q", "-q", "--hubfiles-report=markdown:r.md")

    assert result.ret == 0
    said = f"from v3 to 2026-03: safe but for {len(changed)} findings that were accepted"
    result.stdout.fnmatch_lines([said, "  folder-update-start   never recorded  breaking    not compared"])
    assert [(f["severity"], f["deviation"]) for f in idle] == [("info", "nobody has recorded folder-update-start")]
    markdown = (both.path / "r.md").read_text(encoding="utf-8")
    assert "**From `v3` to `2026-03`: safe but for " in markdown
    assert "| `folder-update-start` | never recorded | breaking | not compared |" in markdown


@pytest.mark.slow
def test_the_report_of_a_comparison(both: Downstream) -> None:
    """The JSON report has the comparison, its findings, and fits its schema."""
    import jsonschema

    import pytest_hubfiles

    both.run("--hubfiles-compare=v3:2026-03", "--hubfiles-report=json:report.json", "-n", "2")
    document = json.loads((both.path / "report.json").read_text(encoding="utf-8"))
    schema = json.loads((Path(pytest_hubfiles.__file__).parent / "report.schema.json").read_text(encoding="utf-8"))

    jsonschema.Draft202012Validator(schema).validate(document)
    assert document["comparison"]["verdict"] == "breaking"
    assert document["comparison"]["operations"][0] == {
        "operation": "import-start", "verdict": "breaking", "schemas": "breaking", "recordings": "safe",
    }  # fmt: skip
    version = [f for f in document["findings"] if f["category"] == "version"]
    assert [(f["severity"], f["operation"], f["kind"], f["path"]) for f in version] == [
        *FROM_V3[1:-1],
        ("info", *FROM_V3[0][1:]),  # which nobody recorded
        FROM_V3[-1],
    ]
    assert document["failed"] is True


def test_recordings_that_drift_apart(both: Downstream) -> None:
    """Where the recordings show what the schemas do not say, the finding says that it was seen in them."""
    cassette = both.cassette("test_import")
    changed = re.sub(r'"size": ?([0-9]+)', r'"size":"\1"', cassette.read_text(encoding="utf-8"))
    cassette.write_text(changed, encoding="utf-8")

    result = both.run("--hubfiles-compare=v3:2026-03", "--hubfiles-fail-on=never")

    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["breaking  2026-03 import-status 200 COMPLETE  $.result.size  type-changed: recordings: changed its type (*"]
    )


def test_a_cassette_that_cannot_be_read(both: Downstream) -> None:
    """A recording that cannot be compared is a finding of its own, also where no test opens it."""
    broken = both.path / "cassettes" / "2026-03" / "other.yaml"
    broken.write_text("interactions: [", encoding="utf-8")

    result = both.run("--hubfiles-compare=v3:2026-03")

    result.stdout.fnmatch_lines(["breaking * cassette-unreadable: The cassette cassettes/2026-03/other.yaml*"])
    result.stdout.fnmatch_lines(["*It was not compared. Restore it, or record it again."])


def test_what_a_team_is_ready_for(both: Downstream) -> None:
    """A change that a deviation accepts is reported as known, and neither fails the run nor the verdict."""
    both.ini("hubfiles_deviations = mine.toml")
    entry = '[[deviation]]\npath = "{}"\nkind = "field-now-optional"\nreason = "we do not read it"\nsource = "us"\n'
    (both.path / "mine.toml").write_text(entry.format("$.links") + entry.format("$.result.access"), encoding="utf-8")

    result = both.run("--hubfiles-compare=v3:2026-03")

    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["from v3 to 2026-03: check, a consumer has to look at the warnings above, beside 2 findings that were *"]
    )
    result.stdout.fnmatch_lines(["info * $.result.access  field-now-optional: schemas: * (known: we do not read it)"])


ALL_VERSIONS = "v3, 2025-09, 2026-03, 2026-09, 2026-09-beta"
NO_PAIRS = [
    *((value, ALL_VERSIONS) for value in ("v3:", ":v3", "v3:v3", "v3:v99", "moon:v3")),
    ("v3:2026-03:2026-09", "2026-09, 2026-03, v3, 2025-09, 2026-09-beta"),
    ("2026-9:v3", "2026-09, 2026-03, 2025-09, v3, 2026-09-beta"),
]


@pytest.mark.parametrize(
    ("option", "value", "known"),
    [
        ("compare", "v3", ALL_VERSIONS),
        ("compare", "v3->2026-03", "2026-03, 2026-09, v3, 2025-09, 2026-09-beta"),
        *((option, *pair) for option in ("compare", "rehearse") for pair in NO_PAIRS),
    ],
)
def test_versions_that_are_no_pair(downstream: Downstream, option: str, value: str, known: str) -> None:
    """Anything but two different versions on file is refused, quoted; those on file are listed, the near ones first."""
    downstream.tests()

    result = downstream.run(f"--hubfiles-{option}={value}")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"*--hubfiles-{option}: {value!r} is not possible; give OLD:NEW, two different versions of {known}"]
    )


def test_a_version_of_ones_own(downstream: Downstream, tmp_path: Path) -> None:
    """A version that a user adds can be compared like any other; of its support nothing is known."""
    two_versions(tmp_path, status("size", {"type": "string"}))
    downstream.tests("def test_nothing():\n    pass\n")

    result = downstream.run(f"--hubfiles-schemas={tmp_path}", "--hubfiles-compare=v8:v9")

    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["breaking  v9 job-status 200  $.size  type-changed: *", "never recorded: v8 and v9; *", "v9: no end of *"]
    )


def test_a_list_of_tests_compares_nothing(both: Downstream) -> None:
    """Where tests are only listed, nothing is compared."""
    result = both.run("--hubfiles-compare=v3:2026-03", "--collect-only")

    assert result.ret == 0
    result.stdout.no_fnmatch_line("*from v3 to 2026-03*")
    assert cassettes.find(both.path)
