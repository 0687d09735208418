"""Whatever stands in a file, or is one's name, nothing that is told acts on a terminal or on a CI runner."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers.downstream import STATUS, Downstream, interaction, polled
from helpers.slow import params

from pytest_hubfiles import cassettes
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.report.formats import json_report
from pytest_hubfiles.visible import visible, visible_lines

EVIL = "\x1b]0;x\x07\r\n::error::x\n##[error]x\n##vso[task.complete]x\u202ex\u2028x\x9bx\u200b"
"""An escape sequence, line breaks of all kinds, commands of runners, marks that turn or hide text."""
ACTING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
COMMANDS = re.compile(r"(?m)^\s*::|##\[|##vso\[")
OWN_COMMANDS = re.compile(r"(?m)^::(?:(?:error|warning|notice) [^\n]*|group::hubfiles: known deviations|endgroup::)$")


def inert(output: str, own_commands: bool = False) -> None:
    assert not ACTING.search(output), ascii(output)
    assert not COMMANDS.search(OWN_COMMANDS.sub("", output) if own_commands else output), ascii(output)


def hostile_answers() -> list[Interaction]:
    """Answers with hostile texts in each of their places."""
    evil_key = interaction("GET", STATUS, 200, {"status": "COMPLETE", "taskId": "x", EVIL: {EVIL: EVIL}})
    bad_state = polled(EVIL)
    texts = polled("COMPLETE", change={"completedAt": EVIL, "result": {"id": EVIL, EVIL: [EVIL]}})
    failed = interaction("GET", STATUS, 400, {"category": EVIL, "message": EVIL, "status": EVIL, "errors": EVIL})
    plain = Interaction("GET", f"https://evil.example/{EVIL}", {}, b"", 200, "OK", {}, EVIL.encode())
    known = {"X-Evil": (EVIL,), "Content-Type": (f"text/{EVIL}",), "Sunset": (EVIL,), "Deprecation": (EVIL,)}
    headers = Interaction("GET", polled("PENDING").url, {}, b"", 200, EVIL, known, EVIL.encode())
    asked = interaction("POST", STATUS.partition("/tasks/")[0], 202, {"id": EVIL}, asked={EVIL: EVIL, "url": 1})
    return [asked, bad_state, evil_key, texts, failed, headers, plain, polled(EVIL, change={"status": EVIL * 2})]


def hubfiles(folder: Path, *args: str) -> str:
    """Run a command; return all that it wrote."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest_hubfiles", *args],
        cwd=folder, capture_output=True, check=False, timeout=600,
        env={**os.environ, "PYTHONIOENCODING": "utf-8:surrogateescape"},
    )  # fmt: skip
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done.stdout.decode() + done.stderr.decode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    names = [name.replace("/", "") for name in (EVIL, "::error::x", "##[error]x")]
    for place in ("old", "new"):
        for name in names:
            path = tmp_path / place / "2026-03" / name / f"{name}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            answers = hostile_answers() if place == "new" else [polled("COMPLETE"), polled("PENDING")]
            path.write_bytes(cassettes.dump(answers))
            path.with_name(f"{name}2.yaml").write_text(f"interactions:\n- {json.dumps(EVIL)}\nversion: 1\n")
            path.with_name(f"{name}.candidate.yaml").write_bytes(path.read_bytes())
    return tmp_path


FORMATS = ["terminal", "json", "markdown", "html", "sarif", "github"]


@pytest.mark.slow
@pytest.mark.parametrize("form", params({form: form for form in FORMATS}, slow={*FORMATS} - {"terminal"}))
def test_what_commands_write(folder: Path, form: str) -> None:
    """Of hostile cassettes under hostile names, no format shows more than texts."""
    is_github = form == "github"
    inert(hubfiles(folder, "check", "new", "--format", form), is_github)
    inert(hubfiles(folder, "diff", "old", "new", "--format", form), is_github)
    hubfiles(folder, "check", "new", "--format", "json", "--out", "report.json")
    document = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    inert((folder / "report.json").read_text(encoding="utf-8"))
    (folder / "evil.json").write_text(json.dumps(_poisoned(document)), encoding="utf-8")
    inert(hubfiles(folder, "merge-reports", "report.json", "--format", form), is_github)
    inert(hubfiles(folder, "merge-reports", "evil.json", "--format", form), is_github)


def _poisoned(value: Any, key: str = "") -> Any:
    """Return a report whose free texts are hostile; the words that its schema lists stay."""
    if isinstance(value, dict):
        return {name: _poisoned(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_poisoned(inner, key) for inner in value]
    listed = ("kind", "severity", "category", "worst", "action", "name", "fingerprint", "keyword")
    return value + EVIL if isinstance(value, str) and key not in listed else value


@pytest.mark.slow
@pytest.mark.parametrize("form", ["terminal", "json"])
def test_what_changes_are_called(folder: Path, form: str) -> None:
    """Nor do the names of the changes that hostile cassettes allow, whatever their keys."""
    listed = hubfiles(folder, "changes", "new", "old", "--format", form)
    inert(listed)
    assert "field-removed" in listed
    inert(hubfiles(folder, "changes", f"nowhere{EVIL}", "--family", EVIL))


@pytest.mark.slow
def test_what_else_commands_write(folder: Path) -> None:
    """Nor do the commands that promote, import and settle, nor what is said of a wrong argument."""
    evil = folder / "evil.json"
    evil.write_text(json.dumps({"openapi": "3.0.0", "info": {"title": EVIL}, "paths": {f"/{EVIL}": {"get": EVIL}}}))
    for args in (
        ["accept", "new"], ["accept", f"nowhere{EVIL}"], ["accept", "--finding", EVIL, "--reason", EVIL],
        ["check", f"nowhere{EVIL}"], ["diff", f"a{EVIL}", "b"], ["diff", "--rev", EVIL], [f"no{EVIL}"],
        ["check", "new", f"--no{EVIL}"], ["import-openapi", "evil.json", "--out", EVIL.replace("/", "")],
        ["import-openapi", EVIL, "--out", "x"], ["merge-reports", EVIL], ["check", "new", "--deviations", EVIL],
        ["check", "new", "--schemas", EVIL],
    ):  # fmt: skip
        inert(hubfiles(folder, *args))


def test_what_pytest_shows(downstream: Downstream) -> None:
    """A test that replays a hostile cassette, the run's section and JUnit XML show texts."""
    downstream.tests(
        "import requests\n\n"
        "def test_import(hubfiles):\n"
        f"    requests.get(hubfiles.base_url + {STATUS!r})\n"
        f"    requests.get(hubfiles.base_url + {STATUS!r})\n"
        f"    requests.get(hubfiles.base_url + {STATUS!r}, params={{'a': {EVIL!r}}})\n"
    )
    downstream.write([polled(EVIL), *hostile_answers()])
    (downstream.path / "cassettes" / "2026-03" / "test_files" / f"{EVIL.replace('/', '')}.yaml").write_text("x")

    result = downstream.run("--tb=no", "--hubfiles-report=markdown:report.md", "--junitxml=junit.xml")

    assert result.ret == 1
    ours = result.stdout.str().partition("= hubfiles =")[2]
    assert "findings: " in ours
    inert(ours)
    inert((downstream.path / "report.md").read_text(encoding="utf-8"))
    checked = downstream.run("--hubfiles-check", "--tb=short", "-q")
    inert(checked.stdout.str())


def test_what_is_visible() -> None:
    """Plain texts stay, whatever their language; each other character stands as its escape."""
    assert visible("ärger 日本 🙂 a::b # c") == "ärger 日本 🙂 a::b # c"
    assert visible("a\nb\x1b\u202e") == r"a\nb\u001b\u202e"
    assert visible("  ::error::x ##[x] ##vso[x]") == r"  :\u003aerror::x #\u0023[x] #\u0023vso[x]"
    assert visible_lines("a\n::b\tc") == "a\n:\\u003ab\\tc"
    inert(visible(EVIL))
    assert json_report is not None
