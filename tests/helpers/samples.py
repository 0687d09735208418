"""Reports for the tests of their formats: plain, empty, large, and full of text that means harm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_hubfiles.compare.comparison import Compared, Comparison, Verdict
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.json_types import child_path
from pytest_hubfiles.model.policy import Category, Kind, Severity, severity_of
from pytest_hubfiles.report.record import Contracted, Record
from pytest_hubfiles.report.report import Report

CONTRACT, DRIFT, VERSION, REPLAY = Category.CONTRACT, Category.DRIFT, Category.VERSION, Category.REPLAY
TEST = "tests/test_uploader.py::test_import_completes"
CASSETTE = "cassettes/2026-03/tests/test_uploader/test_import_completes.yaml"

HOSTILE = (
    "<script>alert(1)</script>",
    "</code></pre></details><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "' autofocus onfocus='alert(1)",
    "<!-- ", "-->", "]]>", "<details>", "&lt;b&gt; &#64; &amp;", "</style><style>*{display:none}</style>",
    "| a | b |", "a|b", "\\|", "\\", "a\\`b|", "`", "``", "```\ncode\n```", " ` ", "` | `", "~~~",
    "@everyone", "@octocat", "#123", "octo/repo#1", "user@example.com",
    "[click](http://evil.example)", "![x](http://evil.example/x.png)", "http://evil.example", "www.evil.example",
    "<http://evil.example>", "javascript:alert(1)", "[x]: http://evil.example", "[^1]", "$x^2$",
    "\n\n# heading", "\n- item", "---", "   indented", " ", "   ", "*b* _i_ ~~s~~", "\ttab",
    "\r\n::error::x", "\n::set-env name=PATH::/tmp", "%0A::warning::x", "::stop-commands::x", "a,b:c=d%25",
    "##[error]x", "{{ 7 * 7 }}", "{% raw %}", "{#", "${{ github.token }}", "{0} {1}", "$.items[*].x](y)",
    "\u202egnp.exe", "\u2028\u2029", "\ud800", "\x1b[31mred", "\x00", "\x85", "é ü 漢 🎈", "a" * 5000,
)  # fmt: skip

few = settings(max_examples=60)

nasty = st.text(st.sampled_from("`|<>@[]()!#*_~\\\n\r\t &;:/%{}'\"-+=.,0aé漢\u2028\u202e\ud800\x1b"), max_size=40)
"""Text of what means something to one of the formats."""


def for_hostile_text(test: Callable[[str], None]) -> Callable[[], None]:
    """Have *test* hold of each text that means harm, and of others like them."""
    for text in HOSTILE:
        test = example(text)(test)
    return few(given(nasty)(test))


def finding(kind: str, path: str = "$", before: str | None = None, after: str | None = None, **more: Any) -> Finding:
    what = Kind(kind)
    facts = {
        "severity": severity_of(what),
        "category": DRIFT,
        "message": f"{path} differs",
        "version": "2026-03",
        "operation": "import-status",
        "http_status": 200,
        "task_status": "COMPLETE",
        "test": TEST,
        "cassette": CASSETTE,
    }
    return Finding(kind=what, path=path, before=before, after=after, **{**facts, **more})


WARNING = Severity.WARNING


def full_of(text: str) -> Finding:
    """Make a finding that has *text* wherever text can come from outside."""
    return finding(
        "schema-violation", child_path("$", text), text, text,
        category=CONTRACT, message=text, version=text, operation=text, task_status=text, keyword=text,
        test=text, cassette=text, deviation=text,
    )  # fmt: skip


def report(*findings: Finding, failed: bool = True, unjudged: tuple[tuple[str, str], ...] = ()) -> Report:
    judged = {
        Contracted("2026-03", "import-start", 202, None): 3,
        Contracted("2026-03", "import-status", 200, "PENDING"): 4,
        Contracted("v3", "folder-update-status", 200, "COMPLETE"): 2,
    }
    return Report([Record(TEST, CASSETTE, judged, list(unjudged), list(findings), failed)], [], failed)


def hostile(text: str) -> Report:
    """Make a report that has *text* wherever text can come from outside."""
    made = report(full_of(text), unjudged=((text, text),))
    judged = {Contracted(text, text, 200, text): 1}
    comparison = Comparison(text, text, (Compared(text, Verdict.CHECK, Verdict.SAFE),), (text,), (text,))
    records = [replace(record, judged=judged) for record in made.records]
    return Report(records, [], True, comparison=comparison, stale_deviations=[text])


RICH_FINDINGS = (
    finding("type-changed", "$.result.size", "integer", "string", line=112),
    finding(
        "schema-violation", "$.result.size", "integer", "string", category=CONTRACT, keyword="type", line=112,
        message='$.result.size is string ("24574"), documented as integer',
    ),
    finding("field-removed", "$.result.access", "string", message="$.result.access (string) is gone", severity=WARNING),
    finding("field-added", "$.result.visibility", None, "string"),
    finding("null-appeared", "$.result.parentFolderId", "string", "null or string"),
    finding("enum-value-added", "$.status", "COMPLETE, PENDING", "STALLED", task_status="STALLED"),
    finding("field-now-optional", "$.errors[*].context", "always", "sometimes", task_status="PROCESSING"),
    finding("undocumented-field", "$.links['self-link']", None, "string", category=CONTRACT, task_status="PENDING"),
    replace(
        finding("schema-violation", "$.completedAt", "present", "absent", category=CONTRACT, keyword="required"),
        severity=severity_of(Kind.FIELD_ADDED), deviation="A waiting task has no completedAt.",
    ),
    finding("success-status-changed", "$", "202", "200", operation="import-start", http_status=None, task_status=None),
    finding(
        "unmatched-request", category=REPLAY, http_status=None, task_status=None, version="v3",
        message="POST /files/v3/files/import-from-url/async is not recorded.\n  body differs: recorded 1, asked 2",
        test="tests/test_dog.py::test_dog[v3]", cassette="cassettes/v3/tests/test_dog/test_dog.yaml",
    ),
    finding(
        "cassette-unused", before="cassettes/v3/gone.yaml", category=REPLAY, version=None, operation=None,
        http_status=None, task_status=None, test=None, cassette="cassettes/v3/gone.yaml",
        message="cassettes/v3/gone.yaml is opened by no test",
    ),
    finding("element-mixed", "$.result.tags[*]", "string", "object or string", version="v3"),
    finding("type-changed", "$.result.size", "integer", "string", category=VERSION, test=None, cassette=None),
)  # fmt: skip


def rich() -> Report:
    """Make a report with findings of every category and severity, one of them seen by two tests."""
    again = replace(
        RICH_FINDINGS[1], test="tests/test_uploader.py::test_again", cassette="cassettes/shared.yaml", line=9
    )
    return report(*RICH_FINDINGS, again, unjudged=(("https://api.hubapi.com/crm/v3/objects", "no contract"),))


def compared() -> Report:
    """Make a report of a comparison of two versions, with a deviation that matches nothing any more."""
    made = report(
        finding("type-changed", "$.result.size", "integer", "string", category=VERSION, test=None, cassette=None,
                message="schemas: $.result.size changed its type"),
        finding("field-removed", "$.result.access", "string", category=VERSION, test=None, cassette=None,
                message="recordings: $.result.access is gone", severity=WARNING),
        failed=False,
    )  # fmt: skip
    made.comparison = Comparison(
        "v3",
        "2026-03",
        (
            Compared("import-start", Verdict.CHECK, Verdict.SAFE),
            Compared("import-status", Verdict.BREAKING, Verdict.CHECK),
        ),
        ("folder-update-start: nothing is recorded in v3",),
        ("v3 is supported until September 2027",),
    )
    made.stale_deviations = ["deviations.toml: a deviation matches nothing any more: $.result.size"]
    return made


def large(count: int) -> Report:
    """Make a report of *count* findings, of three severities in turn, over many operations and states."""
    kinds = ("type-changed", "integer-widened", "field-added")
    return report(
        *(
            finding(
                kinds[number % 3],
                f"$.result.part{number % 7}.field{number}",
                "integer",
                "string",
                operation=f"operation-{number % 5}",
                version=("v3", "2025-09", "2026-03")[number // 3 % 3],
                task_status=("PENDING", "PROCESSING", "COMPLETE")[number // 9 % 3],
                test=f"tests/test_{number}.py::test_it",
            )
            for number in range(count)
        )
    )
