"""The main job, step by step, on real HTTP: ``make demo`` runs this."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

SUITE = Path(__file__).parent / "contract"
HUBFILES = [sys.executable, "-m", "pytest_hubfiles"]
QUIETLY = ["-q", "--tb=short", "-p", "no:cacheprovider"]
PYTEST = [sys.executable, "-m", "pytest", *QUIETLY]


def say(text: str, look: str = "") -> None:
    """Print a headline, and below it what to look at."""
    headline = f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n=== {text}"
    print(headline, *([look] if look else []), sep="\n", flush=True)


def run(command: Sequence[str], project: Path, expected: int) -> None:
    """Run *command* in *project*, showing it and its output; stop the demo if it ends otherwise than *expected*."""
    typed = [part for part in command[2:] if part not in QUIETLY]
    print("$", shlex.join(["hubfiles", *typed[1:]] if typed[0] == "pytest_hubfiles" else typed), flush=True)
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    environment |= {"HUBSPOT_ACCESS_TOKEN": "demo-token-that-opens-nothing", "PYTHONDONTWRITEBYTECODE": "1"}
    result = subprocess.run(command, cwd=project, env=environment, check=False)
    if result.returncode != expected:
        sys.exit(f"the demo expected exit status {expected} and got {result.returncode}")


@contextmanager
def sandbox(*switches: str) -> Iterator[str]:
    """Serve the fake HubSpot server in a process of its own; give its address."""
    command = [*HUBFILES, "sandbox", *(part for name in switches for part in ("--drift", name))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        address = re.search(r"http://\S+", line)
        if address is None:
            sys.exit(f"the sandbox did not start: {line}")
        print("$", shlex.join(["hubfiles", *command[3:]]), flush=True)
        print(line.strip(), flush=True)
        try:
            yield address[0]
        finally:
            process.terminate()


def main() -> None:
    """Run the demo in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="hubfiles-demo-") as folder:
        project = Path(folder)
        shutil.copytree(SUITE, project / "tests", ignore=shutil.ignore_patterns("__pycache__"))
        (project / "pytest.ini").write_text("[pytest]\n")

        say(
            "1. Record: a downstream suite runs against a fake HubSpot server, v3 and 2026-03.",
            "Look at the last line but one: each answer was judged by the schema of its version.",
        )
        with sandbox() as address:
            run([*PYTEST, "--hubfiles-record", "once", "--hubfiles-base-url", address], project, 0)

        say(
            "2. Replay: the fake server is gone, nothing reaches a network, every recorded answer is judged again.",
            "With -v the table tells what was judged, and which deviations from the documentation are known.",
        )
        run([part for part in PYTEST if part != "-q"] + ["-v"], project, 0)

        say(
            "3. Record again: a field was renamed without notice; the gate fails and the cassettes stay as they are.",
            "A failure begins with what changed, and ends with the command that settles it.",
        )
        with sandbox("renamed-field") as address:
            run([*PYTEST, "--hubfiles-record", "refresh", "--hubfiles-base-url", address], project, 1)

        say(
            "4. Accept: somebody has read the drift; the candidates become the cassettes.",
            "hubfiles review would ask about each finding, with the shape before and after.",
        )
        run([*HUBFILES, "accept"], project, 0)

        say("5. Replay: what is recorded now is the new shape.", "Green, without a token and without a network.")
        run(PYTEST, project, 0)

        say(
            "6. Rehearse: which tests break under what the API may do at any time? Here: answers without a result.",
            "Each break names the line of code that raises, and the last line lets it happen again.",
        )
        only = ["--hubfiles-rehearse", "allowed", "--hubfiles-rehearse-only", "import-status $.result"]
        run([*PYTEST, *only], project, 1)
        say("Done. All of it happened in a temporary folder; nothing is left.")


if __name__ == "__main__":
    main()
