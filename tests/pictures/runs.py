"""The runs that the pictures show: the tests of the tutorial, against a fake HubSpot server that drifts."""

from __future__ import annotations

import io
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pexpect
from helpers.alone import alone
from helpers.pages import PAGES, named_file, snippets
from helpers.patience import PATIENCE

from pytest_hubfiles.sandbox import Sandbox

COLUMNS: Final = 100
FAILURE: Final = "pytest --hubfiles-record rewrite"
_TOKEN: Final = "a-token-for-pictures"
_PROMPT: Final = "q quit > "


@dataclass(frozen=True)
class Shown:
    """What there is to show: two texts of a terminal, with their colours, and two pages."""

    failure: str
    review: str
    report: Path
    rehearsal: Path


def shown(folder: Path) -> Shown:
    """Record the tutorial's tests in *folder*, rehearse them, and record the first anew from an API that drifted."""
    for text in snippets(PAGES["docs/tutorial.md"], "python"):
        name, content = named_file(text)
        (folder / name).write_text(content, encoding="utf-8")
    report, rehearsal = folder / "report.html", folder / "rehearsal.html"
    with Sandbox() as sandbox:
        _run("pytest -q --hubfiles-record once", folder, sandbox, 0)
        rehearse = f"pytest -q --hubfiles-rehearse allowed --hubfiles-report html:{rehearsal.name}"
        _run(rehearse, folder, sandbox, 1)
        sandbox.switch("size-as-string")
        more = f"-q --color=yes test_uploader.py --hubfiles-report html:{report.name}"
        failure = _run(f"{FAILURE} {more}", folder, sandbox, 1)
    return Shown(failure, _reviewed(folder), report, rehearsal)


def _run(line: str, folder: Path, sandbox: Sandbox, expected: int) -> str:
    """Run *line*, which has to end with *expected*, and return what it prints."""
    options = f"-p no:cacheprovider -o hubfiles_base_url={sandbox.url}"
    environment = alone(PYTEST_ADDOPTS=options, COLUMNS=str(COLUMNS), HUBSPOT_ACCESS_TOKEN=_TOKEN)
    done = subprocess.run(line, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == expected, done.stdout + done.stderr
    return done.stdout


def _reviewed(folder: Path) -> str:
    """Return what a review says on a terminal when its first finding is accepted, up to its second question."""
    terminal = pexpect.spawn(
        "hubfiles", ["review"], cwd=str(folder), env=alone(TERM="xterm"), encoding="utf-8", timeout=PATIENCE,
        dimensions=(60, COLUMNS),
    )  # fmt: skip
    terminal.logfile_read = io.StringIO()
    for key in "aq":
        terminal.expect(_PROMPT)
        terminal.send(key)
    terminal.expect(pexpect.EOF)
    said: str = terminal.logfile_read.getvalue()
    return said.replace("\r\n", "\n").partition("2 of 2")[0]
