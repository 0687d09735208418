"""Runs the rows of the table and prints what became of each; exits 1 if one is broken without a reason."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from compat.senders import SENDERS
from compat.table import CLIENTS, PLUGINS, ROWS, Row
from pytest_hubfiles.sandbox import Sandbox

_PROJECT: Final = Path(__file__).parents[2]
_PAGE: Final = _PROJECT / "docs" / "compatibility.md"
_SOURCES: Final = {sender.name: sender.source for sender in SENDERS}
_HANGS: Final = 600  # seconds, for one run of a suite of four tests
_EXCHANGES: Final = 4  # of one import: it is started, and polled as PENDING, PROCESSING and COMPLETE
_SUITE: Final = """
HEADERS = {{"Authorization": "Bearer a-token-for-compat", "Accept": "application/json"}}
BODY = {{
    "url": "https://example.com/cat.png", "access": "PRIVATE", "duplicateValidationScope": "ENTIRE_PORTAL",
    "duplicateValidationStrategy": "NONE", "overwrite": False,
}}
START = "/files/2026-03/files/import-from-url/async"
{source}
def import_a_file(base):
    task = send("POST", base + START, BODY)["id"]
    for _ in range(9):
        answer = send("GET", f"{{base}}{{START}}/tasks/{{task}}/status")
        if answer["status"] == "COMPLETE":
            return answer
    raise AssertionError(answer)

def test_sent(hubfiles):
    assert import_a_file(hubfiles.base_url)["result"]["name"]

def test_built_in(hubfiles):
    task = hubfiles.start_import(**BODY).json["id"]
    assert hubfiles.wait("import-status", task, interval=0).task_status == "COMPLETE"
{tests}
"""


@dataclass(frozen=True)
class Ran:
    """A run of pytest: its exit status, its output, and its JSON report."""

    status: int
    output: str
    report: dict[str, Any]

    def kinds(self) -> set[str]:
        """Return the kinds of findings that are breaking."""
        return {f["kind"] for f in self.report.get("findings", []) if f["severity"] == "breaking"}


class Base:
    """What all environments have in common: installed once in *folder*, and compiled once."""

    def __init__(self, folder: Path) -> None:
        self.venv = folder / "base"
        build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(_PROJECT)]
        subprocess.run(build, capture_output=True, check=True)
        self.packages = [*map(str, folder.glob("*.whl")), "requests", "httpx"]
        _uv("venv", "--quiet", "--python", sys.executable, str(self.venv))
        python = str(self.venv / "bin" / "python")
        _uv("pip", "install", "--quiet", "--compile-bytecode", "--python", python, *self.packages)


class Suite:
    """The downstream suite of a row, in a folder of its own, with an environment of its own, made from a *base*."""

    def __init__(self, row: Row, folder: Path, base: Base) -> None:
        self.row, self.folder, self._base = row, folder, base
        self.python = folder / "venv" / "bin" / "python"

    @property
    def sent(self) -> Path:
        """What is recorded of the test that sends as the row says."""
        return self.folder / "cassettes" / "2026-03" / "test_suite" / "test_sent.yaml"

    def install(self) -> str:
        """Make the environment; return the versions of the row's packages."""
        shutil.copytree(self._base.venv, self.folder / "venv", symlinks=True, copy_function=os.link)
        _uv("pip", "install", "--quiet", "--python", str(self.python), *self._base.packages, *self.row.packages)
        names = [re.split(r"[\[<>=]", package)[0] for package in self.row.packages]
        listed = json.loads(_uv("pip", "list", "--format", "json", "--python", str(self.python)))
        versions = {one["name"].lower().replace("_", "-"): one["version"] for one in listed}
        return ", ".join(versions.get(name.lower().replace("_", "-"), "?") for name in names) or "of Python"

    def write(self, sender: str) -> None:
        """Write the suite that sends as *sender* does."""
        text = _SUITE.format(source=_SOURCES[sender], tests=self.row.tests)
        (self.folder / "test_suite.py").write_text(text, encoding="utf-8")
        (self.folder / "project_settings.py").write_text("SECRET_KEY = 'none'\n", encoding="utf-8")
        (self.folder / "pytest.ini").write_text(f"[pytest]\n{self.row.ini}\n", encoding="utf-8")

    def run(self, *args: str) -> Ran:
        """Run the suite."""
        report = self.folder / "hubfiles.json"
        report.unlink(missing_ok=True)
        env = {name: value for name, value in os.environ.items() if name not in ("CI", "PYTEST_ADDOPTS", "PYTHONPATH")}
        done = subprocess.run(
            [self.python, "-m", "pytest", *self.row.args, *args, "--hubfiles-report", f"json:{report}"],
            cwd=self.folder,
            env={**env, "HUBSPOT_ACCESS_TOKEN": "a-token-for-compat"},
            capture_output=True,
            text=True,
            timeout=_HANGS,
            check=False,
        )
        found = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}
        return Ran(done.returncode, done.stdout + done.stderr, found)


def _uv(*args: str) -> str:
    command = [str(Path(sys.executable).with_name("uv")), *args]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _wrong(suite: Suite) -> Iterator[str]:
    """Yield what goes wrong when the suite records, replays with the server gone, and records from one that drifts."""
    row = suite.row
    suite.write("requests" if row.cannot else row.sender)
    with Sandbox() as sandbox:
        recorded = suite.run("--hubfiles-record=once", f"--hubfiles-base-url={sandbox.url}")
    yield from _not_green("recording", recorded, row)
    suite.write(row.sender)
    replayed = suite.run()
    if row.cannot:
        if replayed.status == 0 or row.refusal not in replayed.output:
            yield f"replaying does not say {row.refusal!r}: {replayed.output[-300:]!r}"
        before = suite.sent.read_bytes()
        with Sandbox() as sandbox:
            again = suite.run("--hubfiles-record=rewrite", f"--hubfiles-base-url={sandbox.url}")
        if again.status == 0 or suite.sent.read_bytes() != before:
            yield f"recording again is green, or replaces what was recorded: {again.output[-300:]!r}"
        return
    yield from _not_green("replaying", replayed, row)
    if row.shows and not re.search(row.shows, replayed.output):
        yield f"the other plugin does not show {row.shows!r}"
    if row.file and not (suite.folder / row.file).exists():
        yield f"the other plugin has not written {row.file}"
    with Sandbox(switches=("size-as-string",)) as sandbox:
        drifted = suite.run("--hubfiles-record=rewrite", f"--hubfiles-base-url={sandbox.url}")
    if drifted.status == 0 or "type-changed" not in drifted.kinds():
        yield f"a drift is not found: {drifted.output[-300:]!r}"


def _not_green(doing: str, ran: Ran, row: Row) -> Iterator[str]:
    tests = 2 + row.more
    expected = tests * _EXCHANGES * (row.times if doing == "replaying" else 1)
    judged = ran.report.get("checked", {}).get("judged")
    if ran.status:
        yield f"{doing} ends with {ran.status}: {ran.output[-600:]!r}"
    elif judged != expected and not (doing == "recording" and row.times > 1):
        yield f"{doing} judges {judged} exchanges, not {expected}"
    if "INTERNALERROR" in ran.output:
        yield f"{doing}: INTERNALERROR"
    if re.search(r"(?:pytest_)?hubfiles\S*: ?\w*Warning", ran.output):
        yield f"{doing} warns of hubfiles"


def _verdict(row: Row, base: Base, folder: Path) -> tuple[str, list[str]]:
    """Return the versions that were tried, and what went wrong."""
    folder = Path(tempfile.mkdtemp(dir=folder))
    try:
        suite = Suite(row, folder, base)
        return suite.install(), list(_wrong(suite))
    except subprocess.CalledProcessError as error:
        return "", [f"cannot be installed: {error.stderr.strip().splitlines()[-1:]}"]
    except subprocess.TimeoutExpired as error:
        return "", [f"hangs: {error.cmd}"]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _line(row: Row, versions: str, problems: list[str]) -> str:
    verdict = "broken" if problems else f"cannot: {row.cannot}; the test fails and says so" if row.cannot else "works"
    return f"| {row.name} | {versions} | {verdict} |"


def main() -> int:
    """Run the rows that are asked for."""
    parser = argparse.ArgumentParser(prog="compat")
    parser.add_argument("names", nargs="*", help="rows; default: all")
    parser.add_argument("--often", action="store_true", help="the rows that most suites use")
    parser.add_argument("--save", action="store_true", help="write docs/compatibility.md")
    asked = parser.parse_args()
    rows = [r for r in ROWS if (not asked.often or r.often) and (not asked.names or r.name in asked.names)]
    lines: dict[str, str] = {}
    broken = 0
    with tempfile.TemporaryDirectory(prefix="compat-") as temporary, ThreadPoolExecutor(os.cpu_count()) as pool:
        folder = Path(temporary)
        verdicts = pool.map(partial(_verdict, base=Base(folder), folder=folder), rows)
        for row, (versions, problems) in zip(rows, verdicts, strict=True):
            lines[row.name] = _line(row, versions, problems)
            print(lines[row.name], flush=True)
            for problem in problems:
                print(f"    {problem}", flush=True)
            broken += bool(problems)
    if asked.save:
        _save(lines)
    print(f"{len(rows) - broken} passed, {broken} failed")
    return 1 if broken or not rows else 0


def _save(lines: dict[str, str]) -> None:
    head = _PAGE.read_text(encoding="utf-8").partition("\n| ")[0]
    tables = []
    for title, rows in (("plugin", PLUGINS), ("client", CLIENTS)):
        tables.append("\n".join([f"| {title} | version | |", "|---|---|---|", *(lines[row.name] for row in rows)]))
    _PAGE.write_text(f"{head}\n" + "\n\n".join(tables) + "\n", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
