"""The shell steps of an action or a workflow, run on this machine as a runner runs them."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from helpers.alone import alone

_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_GH = """#!/bin/sh
printf '%s\\n' "$*" >> "$FAKE_GH/asked"
case "$1 $2" in
  *" list") cat "$FAKE_GH/open" 2>/dev/null || true ;;
  *" create")
    test "$1" = label || echo https://github.com/example/suite/pull/1 | tee "$FAKE_GH/open" ;;
esac
"""


@dataclass
class Runner:
    """A runner with *folder* for its files; ``python`` is that of the tests, ``gh`` writes down what is asked."""

    folder: Path
    outputs: dict[str, str] = field(default_factory=dict)
    said: str = ""

    def __post_init__(self) -> None:
        (self.folder / "bin").mkdir(parents=True)
        gh = self.folder / "bin" / "gh"
        gh.write_text(_GH, encoding="utf-8")
        gh.chmod(0o755)

    @property
    def asked(self) -> str:
        """What gh was asked for, a line each."""
        path = self.folder / "asked"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    @property
    def summary(self) -> str:
        """The summary of the job."""
        return (self.folder / "summary").read_text(encoding="utf-8")

    def run(self, steps: list[dict[str, Any]], folder: Path, **inputs: str) -> int:
        """Run the shell steps whose condition holds, up to the first that fails; return its exit status, or 0."""
        self.outputs, self.said = {f"inputs.{name.replace('_', '-')}": value for name, value in inputs.items()}, ""
        for name in ("summary", "asked"):
            (self.folder / name).unlink(missing_ok=True)
        for step in steps:
            if "run" in step and self._holds(step.get("if", "")):
                status = self._run(step, folder)
                if status:
                    return status
        return 0

    def _run(self, step: dict[str, Any], folder: Path) -> int:
        output = self.folder / "output"
        output.write_text("", encoding="utf-8")
        environment = alone(PYTEST_ADDOPTS="-p no:cacheprovider", CI="true")
        environment.pop("GH_TOKEN", None)
        environment |= {
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{environment['PATH']}",
            "FAKE_GH": str(self.folder),
            "RUNNER_TEMP": str(self.folder),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            **{name: self._filled(value) for name, value in step.get("env", {}).items()},
        }
        shell = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", self._filled(step["run"])]
        ran = subprocess.run(shell, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        self.said += ran.stdout + ran.stderr
        for line in output.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            self.outputs[f"steps.{step.get('id')}.outputs.{name}"] = value
        return ran.returncode

    def _filled(self, text: str) -> str:
        return _EXPRESSION.sub(lambda match: self.outputs.get(match[1], ""), text)

    def _holds(self, condition: str) -> bool:
        if not condition:
            return True
        name, _, value = condition.partition(" == ")
        return self.outputs.get(name, "") == value.strip("'")


def action_steps(path: Path) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return the steps of a composite action, and its inputs with their defaults."""
    action = yaml.safe_load(path.read_text(encoding="utf-8"))
    defaults = {name.replace("-", "_"): facts["default"] for name, facts in action["inputs"].items()}
    return action["runs"]["steps"], defaults
