"""Has libFuzzer look for bytes for which a target does not hold, led by the code that they reach.

``python -m fuzz [--minutes=N] [TARGET…]`` runs each target in a process of its own and tells how far it came; what it
finds is printed, to be kept in ``tests/test_fuzz.py``.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

SECONDS_EACH = 600  # only what hangs takes as long: reading and judging one input takes milliseconds


def main(arguments: list[str]) -> int:
    """Run the targets that are named, or all; return 1 if anything was found."""
    minutes = next((float(text.partition("=")[2]) for text in arguments if text.startswith("--minutes=")), 2.0)
    from fuzz.targets import SEEDS, TARGETS

    failed = 0
    for name in [text for text in arguments if text in TARGETS] or TARGETS:
        with tempfile.TemporaryDirectory(prefix="hubfiles-fuzz-") as folder:
            corpus = Path(folder, "corpus")
            corpus.mkdir()
            for number, seed in enumerate(SEEDS[name]()):
                (corpus / str(number)).write_bytes(seed)
            done = subprocess.run(
                [
                    *(sys.executable, "-m", "fuzz", "--inside", name, f"-max_total_time={int(minutes * 60)}"),
                    *(f"-timeout={SECONDS_EACH}", "-max_len=6000", "-rss_limit_mb=1024", f"-artifact_prefix={folder}/"),
                    *("-print_final_stats=1", str(corpus)),
                ],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            found = [path for path in Path(folder).iterdir() if path.is_file()]
            failed += bool(found) or done.returncode != 0
            reached = re.findall(r"cov: (\d+) ft: (\d+)", done.stderr)
            executed = re.findall(r"number_of_executed_units: (\d+)", done.stderr)
            reported = (
                f"{executed[-1] if executed else 'no'} inputs, {reached[-1][0] if reached else 'no'} edges reached"
            )
            print(f"{name}: {reported}, {len(found)} found", flush=True)
            for path in found:
                print(f"  {path.name}: {path.read_bytes()!r}")
            if found or done.returncode != 0:
                print((done.stdout + done.stderr)[-4_000:])
    return 1 if failed else 0


def inside(name: str, arguments: list[str]) -> None:
    """Fuzz the target *name* in this process."""
    import atheris

    with atheris.instrument_imports(include=["pytest_hubfiles", "yaml"]):
        from fuzz.targets import TARGETS
    atheris.Setup([sys.argv[0], *arguments], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        inside(sys.argv[2], sys.argv[3:])
    else:
        sys.exit(main(sys.argv[1:]))
