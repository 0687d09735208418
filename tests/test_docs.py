"""The README and the pages in docs are true: every snippet is run, and the tables are the code's."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml
from helpers.alone import alone
from helpers.exports import EXPORTS
from helpers.pages import FENCE, PAGES, PROJECT, TEXT, named_file, snippets
from rehearsals.promises import PROMISES

import pytest_hubfiles
from pytest_hubfiles.plugin import entry
from pytest_hubfiles.sandbox import Sandbox
from pytest_hubfiles.settings.values import RecordMode

STYLES = "docs/how-to/fixtures.md"
"""A page with a project of its own."""
HURRIED, TESTS = "-p helpers.hurried", str(PROJECT / "tests")
SVG = "{http://www.w3.org/2000/svg}"
MIGRATION = "docs/how-to/migrate.md"
"""A page whose snippets replace those of the tutorial."""
SHARDS = "docs/how-to/scale.md"
APART = {STYLES, MIGRATION, SHARDS, "docs/how-to/ci.md"}
"""Pages that have a test of their own; that on CI is in tests/test_ecosystem.py."""

# A page may repeat what another one shows.
BLOCKS = list(
    dict.fromkeys(found for name, page in PAGES.items() if name not in APART for found in FENCE.findall(page))
)


def blocks(language: str, having: str = "") -> list[str]:
    return [text for name, text in BLOCKS if name == language and having in text]


def block(language: str, having: str) -> str:
    (text,) = blocks(language, having)
    return text


class Reader:
    """Somebody who follows the pages in a folder of their own."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.folder, self.sandbox = folder, sandbox
        for text in blocks("python"):
            self.write(*named_file(text))

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def run(self, line: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a line that a page has for a shell, recording from the sandbox rather than from HubSpot."""
        options = f"{HURRIED} -p no:cacheprovider -o hubfiles_base_url={self.sandbox.url} -o hubfiles_sleep=skip"
        return subprocess.run(
            line,
            shell=True,
            cwd=self.folder,
            env=alone(PYTEST_ADDOPTS=options, PYTHONPATH=TESTS, **environment),
            capture_output=True,
            text=True,
            check=False,
        )

    def shows(self, command: str, **instead: str) -> int:
        """Run the command of a picture, with words of it replaced; see that it prints each line; return its status."""
        ((line, picture),) = console_lines(block("console", command))
        for word, value in instead.items():
            line = line.replace(word, value)
        return self.prints((line, picture))

    def prints(self, shown: tuple[str, list[str]], **environment: str) -> int:
        """Run a command, see that it prints each of the lines shown with it, and return its status."""
        line, picture = shown
        done = self.run(line, **environment)
        assert [told for told in picture if told not in done.stdout.splitlines()] == [], done.stdout + done.stderr
        return done.returncode


def console_lines(text: str) -> list[tuple[str, list[str]]]:
    """Return the commands of a console's text, each with the lines that it prints."""
    commands = [part.splitlines() for part in re.split(r"^\$ ", text, flags=re.MULTILINE) if part]
    return [(typed, printed) for typed, *printed in commands]


@pytest.fixture
def reader(tmp_path: Path, sandbox: Sandbox) -> Reader:
    """A reader with every Python snippet in a file of its own."""
    return Reader(tmp_path, sandbox)


def test_every_snippet_is_of_a_kind_that_is_run() -> None:
    """A snippet in a language that no test here runs would go unproved."""
    languages = {"console", "json", "markdown", "python", "sh", "text", "toml", "yaml"}
    assert {language for language, _ in BLOCKS} == languages


def test_first_test_is_recorded_with_a_token_and_replayed_without(reader: Reader) -> None:
    """The two commands after the first test record it and replay it, with the network gone."""
    record, replay = block("sh", "--hubfiles-record once\npytest\n").splitlines()
    first = reader.run(record)
    reader.sandbox.close()
    second = reader.run(replay)
    assert first.returncode == 0, first.stdout
    assert "5 passed" in first.stdout
    assert second.returncode == 0, second.stdout
    assert (reader.folder / "cassettes/2026-03/test_uploader/test_uploader.yaml").is_file()
    assert "pat-na1-your-own" not in "".join(path.read_text("utf-8") for path in reader.folder.rglob("*.yaml"))


@pytest.mark.slow
def test_picture_is_what_the_gate_prints(reader: Reader) -> None:
    """The output in the page and in the picture is real, and the command below it accepts what it shows."""
    command, *picture = block("console", "rewrite").splitlines()
    only = " test_uploader.py"
    assert reader.run(f"pytest{only} --hubfiles-record once", HUBSPOT_ACCESS_TOKEN="a-token-for-tests").returncode == 0
    reader.sandbox.switch("size-as-string")
    gate = reader.run(command.removeprefix("$ ") + f" -q{only}", HUBSPOT_ACCESS_TOKEN="a-token-for-tests")
    printed = gate.stdout.splitlines()
    assert gate.returncode == 1
    assert [line for line in picture if line not in printed] == []
    for theme in ("light", "dark"):
        drawn = text_of_picture(PROJECT / "docs" / "images" / f"failure-{theme}.svg")
        told = [line for line in picture[2:] if line.strip("_ ") != "test_uploader"]
        assert [line for line in told if "".join(line.split()) not in drawn] == []
    accepted = reader.run(block("sh", "hubfiles accept").strip())
    assert accepted.returncode == 0, accepted.stderr
    assert "promoted: cassettes/2026-03/test_uploader/test_uploader.yaml" in accepted.stdout


def text_of_picture(path: Path) -> str:
    """Return the text of a terminal's picture without its spaces, which are drawn in many ways."""
    drawn = "".join("".join(element.itertext()) for element in ET.parse(path).iter(f"{SVG}text"))
    return "".join(drawn.split())


@pytest.mark.slow
def test_each_report_looks_as_shown(reader: Reader) -> None:
    """The samples of report formats are what the gate at the top writes, and the picture of the page is there."""
    test = "pytest test_uploader.py --hubfiles-record"
    assert reader.run(f"{test} once", HUBSPOT_ACCESS_TOKEN="a-token-for-tests").returncode == 0
    reader.sandbox.switch("size-as-string")
    formats = ("json", "markdown", "sarif", "github")
    reports = " ".join(f"--hubfiles-report {name}:report.{name}" for name in formats)
    assert reader.run(f"{test} rewrite {reports}", HUBSPOT_ACCESS_TOKEN="a-token-for-tests").returncode == 1
    written = {name: (reader.folder / f"report.{name}").read_text("utf-8") for name in formats}

    assert block("markdown", "hubfiles: failed") in written["markdown"]
    assert block("text", "::error") in written["github"]
    finding = json.loads(block("json", '"kind": "type-changed"'))
    assert [found for found in json.loads(written["json"])["findings"] if has(found, finding)]
    result = json.loads(block("json", '"ruleId"'))
    assert [found for found in json.loads(written["sarif"])["runs"][0]["results"] if has(found, result)]
    assert reader.shows("hubfiles diff") == 1


def has(whole: object, part: object) -> bool:
    """Return whether *part* is *whole* but for keys that it leaves out."""
    if isinstance(whole, dict) and isinstance(part, dict):
        return all(key in whole and has(whole[key], value) for key, value in part.items())
    if isinstance(whole, list) and isinstance(part, list):
        return len(whole) == len(part) and all(map(has, whole, part))
    return whole == part


@pytest.mark.slow
def test_shards_are_run_and_merged_as_shown(reader: Reader) -> None:
    """The workflow replays each version by itself, and makes one report of both; a shard without work is red."""
    (reader.folder / "test_uploader_rehearsed.py").unlink()
    record = "pytest -q --hubfiles-version v3 --hubfiles-version 2026-03 --hubfiles-record once"
    assert reader.run(record, HUBSPOT_ACCESS_TOKEN="a-token-for-tests").returncode == 0
    (workflow,) = snippets(PAGES[SHARDS], "yaml")
    jobs: dict[Any, Any] = yaml.safe_load(workflow)["jobs"]
    (shard,) = [step["run"] for step in jobs["replay"]["steps"] if "pytest" in step.get("run", "")]
    merge = jobs["report"]["steps"][2]["run"]
    versions = jobs["replay"]["strategy"]["matrix"]["version"]
    each = [shard.replace("${{ matrix.version }}", version) for version in versions]
    assert [reader.run(line).returncode for line in each] == [0, 0]
    assert reader.run(merge).returncode == 0
    assert (reader.folder / "hubfiles.html").read_text("utf-8").startswith("<!doctype html>")
    ((console,),) = map(console_lines, snippets(PAGES[SHARDS], "console"))
    assert reader.prints(console) == 0
    assert reader.run(f"{each[0]} -k official").returncode == 1


@pytest.mark.slow
def test_the_stand_in_is_recorded_with_any_token(reader: Reader) -> None:
    """The line that records from ``hubfiles sandbox`` does, wherever that listens."""
    line = block("sh", "8911").strip().replace("http://127.0.0.1:8911", reader.sandbox.url)

    result = reader.run(f"{line} test_uploader.py")

    assert result.returncode == 0, result.stdout


@pytest.mark.slow
def test_a_migration_goes_as_shown(reader: Reader) -> None:
    """Each step prints what it shows, each break happens again from its line, and the second step mends them all."""
    token = {"HUBSPOT_ACCESS_TOKEN": "a-token-for-tests"}
    assert reader.run("pytest -q --hubfiles-version v3 --hubfiles-record once", **token).returncode == 0
    pictures = snippets(PAGES[MIGRATION], "console")
    assert pictures[1] in PAGES["README.md"]
    inventory, move, again, compared = map(console_lines, pictures)
    for shown in (inventory, move):
        assert reader.prints(shown[0]) == 0
    lines = [line.partition("reproduce: ")[2] for line in move[0][1] if "reproduce: " in line]
    once_more = [reader.run(line) for line in lines]
    assert [done.returncode for done in once_more] == [1, 0]
    assert "of your 1 v3 test 0 pass against" in once_more[1].stdout

    for text in snippets(PAGES[MIGRATION], "python"):
        reader.write(*named_file(text))
    assert [reader.prints(shown, **token) for shown in again] == [0, 0]
    (both,) = [text for text in snippets(PAGES[MIGRATION], "sh") if "--hubfiles-record once" in text]
    assert reader.run(both.strip(), **token).returncode == 0
    assert reader.prints(compared[0]) == 1

    (ini,) = snippets(PAGES[MIGRATION], "ini")
    reader.write("pytest.ini", ini)
    rolled_out = reader.run("pytest -q")
    assert "8 passed" in rolled_out.stdout, rolled_out.stdout


@pytest.mark.slow
def test_check_prints_what_is_shown(reader: Reader) -> None:
    """``hubfiles check`` judges the recordings of both versions, ``changes`` lists what they allow, in these lines."""
    test = " test_import.py --hubfiles-record once"
    assert reader.run(f"pytest{test}", HUBSPOT_ACCESS_TOKEN="a-token-for-tests").returncode == 0

    assert reader.shows("hubfiles check cassettes") == 0
    assert reader.shows("pytest --hubfiles-check") == 0
    assert reader.shows("hubfiles changes cassettes") == 0


@pytest.mark.slow
def test_a_finding_is_accepted_as_shown(reader: Reader) -> None:
    """The command writes the finding of a JSON report into the deviations file, with its reason."""
    reader.sandbox.switch("size-as-string")
    ran = reader.run(
        "pytest test_uploader.py --hubfiles-record once --hubfiles-report json:hubfiles.json",
        HUBSPOT_ACCESS_TOKEN="a-token-for-tests",
    )
    findings = json.loads((reader.folder / "hubfiles.json").read_text("utf-8"))["findings"]
    (fingerprint,) = {f["fingerprint"] for f in findings if f["severity"] == "breaking"}

    assert ran.returncode == 1
    assert reader.shows("$ hubfiles accept --finding", FINGERPRINT=fingerprint) == 0
    assert "We read sizes as text." in (reader.folder / "deviations.toml").read_text("utf-8")


@pytest.mark.slow
def test_a_rehearsal_prints_what_is_shown(reader: Reader) -> None:
    """The breaks are those of the first test, each happens again from its line, and what is accepted is."""
    record = "pytest -q --hubfiles-record once test_uploader.py test_uploader_rehearsed.py"
    assert reader.run(record, HUBSPOT_ACCESS_TOKEN="a-token-for-tests").returncode == 0
    assert reader.shows("--hubfiles-rehearse allowed") == 1
    lines = [line.partition("reproduce: ")[2] for line in block("console", "--hubfiles-rehearse allowed").splitlines()]
    assert [reader.run(line).returncode for line in lines if line] == [1, 1]
    for text in blocks("toml", "[[rehearsed]]"):
        reader.write(*named_file(text))
    only = "--hubfiles-rehearse-only 'import-status $.result' -o hubfiles_rehearsed=rehearsed.toml"
    accepted = reader.run(f"pytest test_uploader.py --hubfiles-rehearse allowed {only}")
    assert accepted.returncode == 0, accepted.stdout
    assert "accepted for 1 test: no import without a result was seen yet" in accepted.stdout


@pytest.mark.slow
def test_needs_are_written_and_held_against_drift(reader: Reader) -> None:
    """The needs of the first test are written as shown, and drift that it does not need is no failure."""
    record = "pytest -q --hubfiles-record once test_uploader.py"
    assert reader.run(record, HUBSPOT_ACCESS_TOKEN="a-token-for-tests").returncode == 0
    rehearse = "pytest -q test_uploader.py --hubfiles-rehearse all --hubfiles-report json:rehearsed.json"
    assert reader.run(rehearse).returncode == 1  # an allowed change breaks it
    assert reader.shows("hubfiles needs") == 0
    reader.sandbox.switch("renamed-field")
    assert reader.shows("--hubfiles-fail-on needed", pytest="HUBSPOT_ACCESS_TOKEN=a-token-for-tests pytest") == 0


def test_contracts_are_imported_as_shown(reader: Reader) -> None:
    """The command makes two contracts of an OpenAPI document of CRM exports, which the plugin takes."""
    reader.write("crm-exports.json", json.dumps(EXPORTS))

    assert reader.shows("hubfiles import-openapi") == 0
    assert reader.run("pytest test_import.py --hubfiles-schemas schemas --collect-only").returncode == 0


@pytest.mark.slow
def test_gate_in_ci_runs(reader: Reader) -> None:
    """The workflow is valid YAML, and its pytest commands pass on a suite that has been recorded."""
    assert reader.run("pytest --hubfiles-record once", HUBSPOT_ACCESS_TOKEN="a-token-for-tests").returncode == 0
    workflow: dict[Any, Any] = yaml.safe_load(block("yaml", "jobs:"))
    commands = [step["run"] for step in workflow["jobs"]["contract"]["steps"] if "--hubfiles" in step.get("run", "")]
    results = [reader.run(line, HUBSPOT_ACCESS_TOKEN="a-token-for-tests") for line in commands]
    assert len(results) == 2
    assert [result.returncode for result in results] == [0, 0], "".join(result.stdout for result in results)
    assert json.loads((reader.folder / "hubfiles.json").read_text("utf-8"))["failed"] is False
    assert (reader.folder / "hubfiles.html").read_text("utf-8").startswith("<!doctype html>")


@pytest.mark.slow
def test_settings_and_deviations_are_accepted(reader: Reader) -> None:
    """The ini and the deviations file do what they say: the size may be a string, a warning fails."""
    for text in blocks("toml"):
        reader.write(*named_file(text))
    reader.sandbox.switch("size-as-string")
    result = reader.run("pytest test_uploader.py -v --hubfiles-record once", HUBSPOT_ACCESS_TOKEN="a-token-for-tests")
    assert result.returncode == 0, result.stdout
    assert "support has a ticket" in result.stdout


def test_schema_of_another_operation_judges_it(reader: Reader) -> None:
    """The schema of CRM exports, put in a folder, becomes a contract."""
    reader.write("schemas/v3/export-status.json", block("json", "x-hubfiles"))
    reader.write(
        "test_export.py",
        "from pytest_hubfiles.judge.schema_files import load\n"
        "from pathlib import Path\n"
        "def test_export():\n"
        "    contract = load([Path('schemas')]).get('v3', 'export-status')\n"
        "    assert contract.pattern.fullmatch('/crm/v3/exports/export/async/tasks/90151673/status')\n",
    )
    result = reader.run("pytest test_export.py --hubfiles-schemas schemas")
    assert result.returncode == 0, result.stdout


def test_set_up_commands_exist() -> None:
    """The two set-up commands are the Makefile's, and the package to install is this one."""
    commands = block("sh", "make demo").splitlines()
    assert commands == ["make demo", "make test"]
    for command in commands:
        subprocess.run([*command.split(), "--dry-run"], cwd=PROJECT, check=True, capture_output=True)
    assert block("sh", "pip install").strip() == "pip install pytest-hubfiles requests"
    assert 'name = "pytest-hubfiles"' in (PROJECT / "pyproject.toml").read_text(encoding="utf-8")


@pytest.mark.slow
def test_demo_runs_to_its_end(tmp_path: Path) -> None:
    """The demo records, replays, sees the gate fail, accepts, replays and rehearses, and leaves nothing behind."""
    before = set(PROJECT.rglob("*.yaml"))
    demo = [sys.executable, str(PROJECT / "tests" / "demo.py")]
    result = subprocess.run(demo, env=alone(TMPDIR=str(tmp_path)), capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.rstrip().endswith("nothing is left.")
    assert "field-renamed: (string) is called hostingUrl now" in result.stdout
    assert re.search(r"import-status \$\.result field-removed +raises|[0-9] raise", result.stdout)
    assert "reproduce: pytest " in result.stdout
    assert set(PROJECT.rglob("*.yaml")) == before
    assert [path for path in tmp_path.iterdir() if path.name.startswith("hubfiles-demo")] == []


def test_every_record_mode_is_reported() -> None:
    """The table of record modes names each mode once."""
    page = PAGES["docs/how-to/record.md"]
    assert re.findall(r"^\| `(\w+)`", page, re.MULTILINE) == [mode.value for mode in RecordMode]


@pytest.mark.parametrize("name", ["results", "instructions"])
def test_tables_of_speed_are_what_was_measured(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each table of speed is made of the figures that are kept beside the benchmarks."""
    monkeypatch.syspath_prepend(PROJECT)
    from benchmarks import tables

    measured = json.loads((PROJECT / "benchmarks" / f"{name}.json").read_text(encoding="utf-8"))
    assert f"<!-- {name} -->\n\n{tables.markdown(measured)}\n\n<!-- end of {name} -->" in TEXT


@pytest.mark.parametrize(("more", "is_slower"), [(1.06, True), (1.04, False), (0.5, False)])
def test_what_became_slower_is_told(monkeypatch: pytest.MonkeyPatch, more: float, is_slower: bool) -> None:
    """A ratio that is a twentieth above the one that is kept is told, for every figure that is counted."""
    monkeypatch.syspath_prepend(PROJECT)
    from benchmarks import tables
    from benchmarks.promises import COUNTED, Result

    kept = json.loads((PROJECT / "benchmarks/instructions.json").read_text(encoding="utf-8"))
    ratios = [one["ratio"] * more for one in kept["figures"]]
    results = [Result(one, (), (), (ratio,), None) for one, ratio in zip(COUNTED, ratios, strict=True)]
    told = list(tables.slower(results, kept))
    assert len(told) == is_slower * len(COUNTED)
    assert all(f"{ratio:.3f}, and was" in line for ratio, line in zip(ratios, told, strict=False))


@pytest.mark.slow
def test_tests_of_every_style(tmp_path: Path, sandbox: Sandbox) -> None:
    """The tests of that page, one folder of files, are recorded with a token and replay without one."""
    for language, text in FENCE.findall(PAGES[STYLES]):
        if language == "python":
            (tmp_path / named_file(text)[0]).write_text(text, encoding="utf-8")

    def run(*args: str, **more: str) -> str:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "anyio", *args]
        environment = alone(PYTHONPATH=TESTS, PYTEST_ADDOPTS=HURRIED, **more)
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    record = ("--hubfiles-record=once", f"--hubfiles-base-url={sandbox.url}")
    assert "5 passed" in run(*record, HUBSPOT_ACCESS_TOKEN="a-token-for-tests")
    sandbox.close()
    assert "5 passed" in run()
    names = sorted(path.relative_to(tmp_path / "cassettes").as_posix() for path in tmp_path.rglob("*.yaml"))
    assert names == [
        "2026-03/test_async/test_start.yaml",
        "2026-03/test_case/TestUploads.test_start.yaml",
        "2026-03/test_session/test_starts.yaml",
        "v3/test_class/TestUploads.test_start.yaml",
        "v3/test_class/TestUploads.test_states.yaml",
    ]


def test_troubleshooting_goes_by_what_is_printed() -> None:
    """Each heading there is a kind of finding, or the words of a message that the package has."""
    sources = " ".join(path.read_text(encoding="utf-8") for path in (PROJECT / "pytest_hubfiles").rglob("*.py"))
    spoken = re.sub(r'["\']\n\s+f?["\']', "", sources)  # a message over several lines of code
    headings = re.findall(r"^## (.*)$", PAGES["docs/troubleshooting.md"], re.MULTILINE)
    assert len(headings) > 10
    unknown = [
        heading
        for heading in headings
        if not all(part.strip(" :,.") in spoken for part in heading.split("…") if part.strip())
    ]
    assert unknown == []


def test_every_page_is_in_the_navigation() -> None:
    """A page that no menu names would be found by nobody; the site builds strictly, so that no link leads nowhere."""
    navigation = (PROJECT / "zensical.toml").read_text(encoding="utf-8")
    missing = [
        name for name in PAGES if name.startswith("docs/") and f'"{name.removeprefix("docs/")}"' not in navigation
    ]
    assert missing == []


def test_what_is_public_is_listed() -> None:
    """The page on stability names every fixture, every public name and every extra, and no others."""
    rows = dict(re.findall(r"^\| (the fixtures|the names in) (.*?) \|", PAGES["docs/stability.md"], re.MULTILINE))
    named = {what: re.findall(r"`(\w+)`", row) for what, row in rows.items()}
    source = Path(entry.__file__).read_text(encoding="utf-8")
    assert sorted(named["the fixtures"]) == sorted(re.findall(r"^@pytest.fixture.*\ndef (\w+)", source, re.MULTILINE))
    assert named["the names in"] == pytest_hubfiles.__all__


def test_links_of_the_readme_lead_somewhere() -> None:
    """Each relative link and picture of the README is a file of the project."""
    links = re.findall(r'(?:\]\(|src="|srcset=")(?!https?://|#)([^)#"]+)', PAGES["README.md"])
    assert links
    assert [link for link in links if not (PROJECT / link).exists()] == []


def test_table_of_rehearsals_has_every_promise() -> None:
    """Each promise of a rehearsal is shown with what was measured of it."""
    rows = re.findall(r"(?m)^\| (W[0-9]) \|", PAGES["docs/explanation/promises.md"])
    assert rows == [promise.__name__.upper() for promise in PROMISES]
