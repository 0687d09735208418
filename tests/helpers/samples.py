"""Reports for the tests of their formats: plain, empty, large, and full of text that means harm."""

from __future__ import annotations

import shlex
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
from pytest_hubfiles.report.rehearsal import Break, Joint, Rehearsal, Rehearsed
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


CHANGES = (
    "import-status $.status enum-value-added", "import-status $.status enum-value-added at-the-end",
    "import-status $.completedAt format-changed no-millis", "import-status $.completedAt format-changed offset",
    "import-status $.completedAt field-removed", "import-status $.result field-removed",
    "import-status $.result field-added", "import-status $.result.url field-removed",
    "import-status $.result.defaultHostingUrl field-removed", "import-start success-status-changed 200",
    "import-start $.links['self-link'] field-removed", "import-status one-poll-more",
)  # fmt: skip
UPLOADERS = (
    "tests/test_uploads.py::test_manual_duration[v3]", "tests/test_uploads.py::test_manual_wait[2026-03]",
    "tests/test_uploads.py::TestTyped::test_typed_file[2026-03]", "tests/test_sdk.py::test_sdk_complete",
    "tests/test_sdk.py::test_sdk_links",
)  # fmt: skip


def broken(change: int, test: int, verdict: str, error: str | None, place: str | None, **more: Any) -> Break:
    line = reproduce(UPLOADERS[test], CHANGES[change])
    return Break(CHANGES[change], "allowed", UPLOADERS[test], verdict, error, place, line, **more)


def reproduce(test: str, *changes: str) -> str:
    """Return the line that shows a break again."""
    return " ".join(["pytest", shlex.quote(test), *(f"--hubfiles-change {shlex.quote(one)}" for one in changes)])


def rehearsed() -> Report:
    """Make a report of a rehearsal in which each verdict occurs."""
    breaks = [
        broken(0, 0, "never-ends", None, "uploaders/manual.py:41 wait_forever"),
        broken(0, 1, "gives-up", "TimeoutError: not done in 60 s", "uploaders/manual.py:52 wait"),
        broken(0, 2, "raises", "ValidationError: 1 validation error for Task", "uploaders/typed.py:82 parse"),
        broken(1, 3, "fails", "AssertionError: assert 'LATER' == 'COMPLETE'", "tests/test_sdk.py:19 test_sdk_complete"),
        broken(2, 0, "raises", "ValueError: time data does not match", "uploaders/manual.py:67 duration"),
        broken(2, 1, "raises", "ValueError: time data does not match", "uploaders/manual.py:67 duration"),
        broken(9, 3, "asks-else", "HubfilesError: POST /files/v3/files is not recorded", "uploaders/sdk.py:17 run"),
        broken(5, 4, "raises", "KeyError: 'result'", "uploaders/sdk.py:30 url_of", accepted="no file, no import"),
    ]  # fmt: skip
    made = report(failed=True)
    made.rehearsal = Rehearsal("allowed")
    for number, test in enumerate(UPLOADERS):
        made.rehearsal.add(
            Rehearsed(
                test,
                tried=CHANGES[:-1] if number else CHANGES[:9],
                runs=30,
                breaks=tuple(one for one in breaks if one.test == test),
                joint=(Joint(test, CHANGES[7:9], reproduce(test, *CHANGES[7:9])),) if number == 1 else (),
                undecided={CHANGES[6]: "it took more than 20 s of the processor"} if number == 3 else {},
                not_tried=CHANGES[-1:] if number == 2 else (),
            )
        )
    made.rehearsal.add(Rehearsed("tests/test_sdk.py::test_skips", refused="it is skipped or expected to fail"))
    return made


def rehearsed_large(changes: int = 240, tests: int = 36) -> Report:
    """Make a report of a rehearsal of many changes with many tests, of which a sixth breaks."""
    verdicts = ("fails", "raises", "gives-up", "never-ends", "asks-else")
    kinds = ("field-removed", "null-appeared", "type-changed string", "type-changed object")
    names = [f"import-status $.result.part{n // 4 % 9}.field{n // 4} {kinds[n % 4]}" for n in range(changes)]
    made = report(failed=True)
    made.rehearsal = Rehearsal("breaking")
    for number in range(tests):
        test = f"tests/uploads/test_folder_{number % 5}.py::test_an_upload_that_has_a_long_name_{number}[2026-03]"
        breaks = tuple(
            Break(name, "breaking", test, verdicts[(n + number) % 5], "KeyError: 'size'", f"src/upload.py:{n} read",
                  reproduce(test, name))
            for n, name in enumerate(names)
            if n // 4 % 3 == 0 and (n * 7 + number * 3) % 4 < 2
        )  # fmt: skip
        made.rehearsal.add(Rehearsed(test, tuple(names), runs=changes, breaks=breaks))
    return made


def hostile_rehearsal(text: str) -> Report:
    """Make a report of a rehearsal that has *text* wherever text can come from outside."""
    made = report()
    made.rehearsal = Rehearsal(text)
    breaks = (
        Break(text, "allowed", text, "raises", text, f"{text}:7 {text}", reproduce(text, text)),
        Break(f"{text} x", "allowed", text, "fails", text, text, reproduce(text, f"{text} x"), text),
    )
    changes = (*(one.change for one in breaks), f"{text} y")
    made.rehearsal.add(
        Rehearsed(
            text,
            changes,
            1,
            breaks=breaks,
            joint=(Joint(text, changes, f"pytest {text}"),),
            not_tried=(f"{text} n",),
            undecided={f"{text} u": text},
        )
    )
    made.rehearsal.add(Rehearsed(text, refused=text))
    return made
