"""R18: a check that judged nothing is never green, whatever the reason and whatever --fail-on says."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from click.testing import CliRunner
from helpers.downstream import interaction, started, whole_import

from faults.ledger import Outcome
from pytest_hubfiles import cassettes
from pytest_hubfiles.cli.main import main
from pytest_hubfiles.judge import schema_files
from pytest_hubfiles.run import check
from pytest_hubfiles.run.rules import Rules

PAGE = b"<html><body>try again later</body></html>"


def _answered(status: int, body: bytes | None = None, content_type: str = "application/json") -> bytes:
    """Return a cassette in which every request is answered so; with the body that it had, unless *body* is given."""
    return cassettes.dump(
        [
            replace(
                i,
                status_code=status,
                response_headers={"Content-Type": (content_type,)},
                response_body=i.response_body if body is None else body,
            )
            for i in whole_import()
        ]
    )


ELSEWHERE = interaction("GET", "/crm/v3/objects/contacts", 200, {})
NOTHING: Mapping[str, bytes | None] = {
    "no file": None,
    "an empty file": b"",
    "no interaction": cassettes.dump([]),
    "no contract": cassettes.dump([ELSEWHERE, ELSEWHERE]),
    "redirects": cassettes.dump([replace(i, status_code=302) for i in whole_import()]),
    **{f"nothing but {status}": _answered(status) for status in (401, 403, 429, 500, 502, 503, 504)},
    **{f"pages with {status}": _answered(status, PAGE, "text/html") for status in (200, 202, 404, 500, 502, 503)},
    "pages called JSON": _answered(200, PAGE),
    **{f"statuses without a schema: {status}": _answered(status) for status in (201, 203, 206, 226)},
    "no content": _answered(204, b""),
    "bodies where nobody keeps them": cassettes.dump(whole_import()).replace(b"      string:", b"      json:"),
    "a torn file": cassettes.dump(whole_import())[:-40],
    "no text": b"\xff\xfe\x00",
    "another format": b"version: 2\ninteractions: []\n",
    "a version that does not exist": cassettes.dump([replace(started(), url="https://api.hubapi.com/files/v9/x")]),
}


def _by_command(folder: Path, level: str) -> int:
    return CliRunner().invoke(main, ["check", str(folder / "cassettes"), "--fail-on", level]).exit_code


def _by_pytest(folder: Path, level: str) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "--hubfiles-check", f"--hubfiles-fail-on={level}"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")} | {"PYTEST_ADDOPTS": ""}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False).returncode


def _naive(folder: Path, rules: Rules) -> int:
    """Return what a gate does that asks for findings alone."""
    found = [check.check(path, path.name, rules).failing for path in check.cassettes_in(folder / "cassettes")]
    return int(any(found))


def run(bounded: bool) -> Outcome:
    """Give a check nothing to judge in every way there is; it has to fail, by itself and in pytest."""
    failures, injected, fooled = [], 0, 0
    rules = Rules(contracts=schema_files.load(), fail_on=None)
    with tempfile.TemporaryDirectory() as temporary:
        for number, (name, content) in enumerate(NOTHING.items()):
            folder = Path(temporary) / str(number)
            (folder / "cassettes").mkdir(parents=True)
            (folder / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider\n", encoding="utf-8")
            if content is not None:
                (folder / "cassettes" / "x.yaml").write_bytes(content)
            fooled += _naive(folder, rules) == 0
            for level in ("never",) if bounded else ("never", "breaking"):
                gates = {"hubfiles check": _by_command}
                if not bounded or name == "no contract":
                    gates["pytest --hubfiles-check"] = _by_pytest
                for gate, green in gates.items():
                    injected += 1
                    if green(folder, level) == 0:
                        failures.append(f"{name}, --fail-on {level}: {gate} was green")
    return Outcome(
        "R18", "never green on nothing, checking cassettes", injected, "green", fooled == len(NOTHING), tuple(failures)
    )
