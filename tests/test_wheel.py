"""The wheel, installed by itself into an environment that has nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
import zipfile
from email.message import Message
from email.parser import BytesParser
from pathlib import Path

import pytest

from pytest_hubfiles.sandbox import Sandbox
from pytest_hubfiles.settings.values import REPORT_FORMATS

pytestmark = pytest.mark.slow  # pip makes the wheel, and an environment
PROJECT = Path(__file__).parent.parent

TEST = '''
def test_import_completes(hubfiles):
    """A file is imported with the built-in calls."""
    task = hubfiles.start_import(url="https://example.com/cat.png", access="PRIVATE")
    assert hubfiles.wait("import-status", task.json["id"], interval=0).task_status == "COMPLETE"
'''


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(PROJECT)]
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    """What PyPI reads of the wheel; the payload is the page that it shows."""
    with zipfile.ZipFile(wheel) as archive:
        return BytesParser().parsebytes(archive.read("pytest_hubfiles-1.0.0.dist-info/METADATA"))


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has the wheel and what it depends on, and nothing else."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", str(wheel)], check=True, capture_output=True)
    return python


def _run(python: Path, project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON"))}
    environment["HUBSPOT_ACCESS_TOKEN"] = "a-token-for-tests"
    command = [python, "-W", "error", "-m", *arguments]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


def test_wheel_holds_what_users_need(wheel: Path) -> None:
    """The wheel carries the schemas, the deviations, what reports are made of and the type marker, and no tests."""
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "pytest_hubfiles/schemas/deviations.toml",
        "pytest_hubfiles/schemas/v3/import-status.json",
        "pytest_hubfiles/schemas/2026-09-beta/import-start.json",
        "pytest_hubfiles/report.schema.json",
        "pytest_hubfiles/report/formats/page/page.html",
        "pytest_hubfiles/report/formats/page/page.css",
        "pytest_hubfiles/report/formats/page/page.js",
        "pytest_hubfiles/py.typed",
    } <= names
    assert {name.split("/")[0] for name in names} == {"pytest_hubfiles", "pytest_hubfiles-1.0.0.dist-info"}


def test_pypi_shows_links_and_pictures_of_this_version(metadata: Message) -> None:
    """On PyPI's page every link is absolute, and what it names lies in this repository; code is as it was."""
    page = metadata.get_payload(decode=True).decode()  # type: ignore[union-attr]
    code = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert code.findall(page) == code.findall(readme)
    prose = code.sub("", page)
    targets = re.findall(r"\]\(([^)\s]+)|(?:src|srcset|href)=\"([^\"]+)", prose)
    links = [markdown or html for markdown, html in targets if not markdown.startswith("#")]
    assert [link for link in links if not link.startswith("https://")] == []
    ours = re.compile(
        r"https://(?:raw\.githubusercontent|github)\.com/pytest-hubfiles/pytest-hubfiles/(?:blob/)?v1\.0\.0/([^#]+)"
    )
    paths = [match[1] for link in links if (match := ours.match(link))]
    assert len(paths) >= len(re.findall(r"\]\((?!https?:|#)", code.sub("", readme))) > 0
    assert [path for path in paths if not (PROJECT / path).exists()] == []


def test_pypi_knows_where_everything_is(metadata: Message) -> None:
    """The project's addresses are there by the names that PyPI knows, and so is what the package is."""
    urls = dict(entry.split(", ") for entry in metadata.get_all("Project-URL", []))
    assert set(urls) == {"Documentation", "Issues", "Changelog", "Source"}
    assert "Framework :: Pytest" in metadata.get_all("Classifier", [])


@pytest.mark.slow
def test_wheel_records_and_replays_in_a_bare_environment(bare: Path, tmp_path: Path) -> None:
    """With nothing but the wheel and its dependencies, a suite is recorded, replayed, judged and reported on."""
    (tmp_path / "test_bare.py").write_text(TEST, encoding="utf-8")
    with Sandbox() as sandbox:
        recorded = _run(bare, tmp_path, "pytest", "--hubfiles-record", "once", "--hubfiles-base-url", sandbox.url)
    formats = [f"--hubfiles-report={name}:report.{name}" for name in REPORT_FORMATS]
    replayed = _run(bare, tmp_path, "pytest", "--hubfiles-min-judged", "4", *formats)
    assert recorded.returncode == 0, recorded.stdout + recorded.stderr
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
    assert "judged 4 of 4 exchanges" in replayed.stdout
    assert [name for name in REPORT_FORMATS if not (tmp_path / f"report.{name}").stat().st_size] == []


def test_wheel_brings_the_command(bare: Path, tmp_path: Path) -> None:
    """The command line is there, as a command and as a module."""
    module = _run(bare, tmp_path, "pytest_hubfiles", "--version")
    command = subprocess.run([bare.with_name("hubfiles"), "--version"], capture_output=True, text=True, check=False)
    assert module.returncode == command.returncode == 0, module.stderr
    assert "hubfiles, version 1.0.0" in module.stdout
    assert module.stdout == command.stdout
