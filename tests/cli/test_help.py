"""What ``--help`` tells: whole, within 80 columns, with an example that works; and that a shell completes."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from helpers.downstream import whole_import, write_cassette
from helpers.exports import EXPORTS
from helpers.pages import TEXT

from pytest_hubfiles.cli.main import main

HUBFILES = str(Path(sys.executable).with_name("hubfiles"))
ASKED: dict[str, click.Command] = {"": main, **main.commands}


def help_of(command: str) -> str:
    environment = {**os.environ, "COLUMNS": "80", "LINES": "24"}
    done = subprocess.run(
        [HUBFILES, *command.split(), "--help"], capture_output=True, text=True, check=True, env=environment
    )
    return done.stdout


def example_of(text: str) -> str:
    return text.rstrip().splitlines()[-1].strip()


@pytest.mark.parametrize("command", ASKED, ids=lambda name: name or "hubfiles")
def test_help_is_whole(command: str) -> None:
    """Nothing is wider than 80 columns, cut, or broken within the name of an option; an example stands at the end."""
    text = help_of(command)

    assert max(map(len, text.splitlines())) <= 80
    assert "..." not in text
    assert not re.search(r"-\w*-$", text, re.MULTILINE)
    assert text.splitlines()[-2].strip() == "Example:"
    assert example_of(text).startswith(f"hubfiles {command}")
    for option in (p for p in ASKED[command].params if isinstance(p, click.Option) and p.name != "version"):
        assert option.help, f"{option.name} has no help"
    for name, one in main.commands.items() if not command else ():
        first = (one.help or "").split("\n\n")[0].split(". ")[0].rstrip(".")
        assert " ".join(f"{name} {first}.".split()) in " ".join(text.split())


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The JSON report of a rehearsal, from which needs can be written."""
    folder = tmp_path_factory.mktemp("rehearsed")
    write_cassette(folder / "cassettes/2026-03/test_it/test_import.yaml", *whole_import())
    (folder / "test_it.py").write_text(
        "def test_import(hubfiles):\n"
        "    body = dict(url='https://example.com/cat.png', access='PRIVATE', overwrite=False,\n"
        "        duplicateValidationScope='ENTIRE_PORTAL', duplicateValidationStrategy='NONE')\n"
        "    task = hubfiles.start_import(**body)\n"
        "    assert hubfiles.wait('import-status', task.json['id']).json['result']['size'] + 1\n",
        encoding="utf-8",
    )
    only = "--hubfiles-rehearse-only=import-status $.result.size"
    options = ("-q", "--hubfiles-rehearse=breaking", only, "--hubfiles-report=json:r.json")
    subprocess.run([sys.executable, "-m", "pytest", *options], cwd=folder, capture_output=True, check=True)
    return (folder / "r.json").read_text(encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, report: str) -> Path:
    """A project in which there is what the examples name."""
    monkeypatch.chdir(tmp_path)
    for version in ("v3", "2026-03"):
        write_cassette(f"cassettes/{version}/test_uploader/test_uploader.yaml", *whole_import())
    write_cassette("cassettes/2026-03/test_uploader/test_uploader.candidate.yaml", *whole_import())
    for name in ("rehearsed.json", "1.json", "2.json"):
        Path(name).write_text(report, encoding="utf-8")
    Path("crm-exports.json").write_text(json.dumps(EXPORTS), encoding="utf-8")
    write_cassette("tests/cassettes/test_it/test_import.yaml", *whole_import())
    Path("tests/test_it.py").write_text(
        "import pytest\n\n@pytest.mark.vcr\ndef test_import(): pass\n", encoding="utf-8"
    )
    return tmp_path


@pytest.mark.slow
@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("command", [name for name in ASKED if name != "sandbox"], ids=lambda name: name or "hubfiles")
def test_the_example_works(command: str) -> None:
    """The line that the help ends with can be copied."""
    words = shlex.split(example_of(help_of(command)))
    done = CliRunner().invoke(main, words[1:], catch_exceptions=False)

    assert done.exit_code == (2 if command == "review" else 0), done.output
    assert done.stderr in (
        "",
        "Nothing was changed; --write moves the cassettes.\n",
        "To decide about each, run hubfiles review in a terminal.\n",
    )


def test_the_example_of_the_sandbox() -> None:
    """The fake server of the example is started, and ends when it is told to."""
    words = shlex.split(example_of(help_of("sandbox")))
    port = words.index("--port") + 1
    words[port] = "0"  # another one may be taken
    with subprocess.Popen([HUBFILES, *words[1:]], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Fake HubSpot server on http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        assert process.wait() == 0


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_completion_in_bash(tmp_path: Path) -> None:
    """The line that the reference gives completes commands and options."""
    (line,) = re.findall(r'^eval "\$\(_HUBFILES_COMPLETE=bash_source hubfiles\)".*$', TEXT, re.MULTILINE)
    asks = f"PATH={shlex.quote(str(Path(HUBFILES).parent))}:$PATH; {line}\n"
    for typed in ("hubfiles import-openapi --for", "hubfiles merge"):
        asks += f"COMPREPLY=(); COMP_WORDS=({typed}); COMP_CWORD={typed.count(' ')}\n"
        asks += '_hubfiles_completion hubfiles; echo "${COMPREPLY[@]}"\n'
    done = subprocess.run(["bash", "-c", asks], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.split() == ["--force", "merge-reports"]
