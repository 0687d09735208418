"""R5: tests that record into one cassette at the same time, in workers and in separate runs, lose nothing."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from helpers.alone import alone
from helpers.answers import COMPLETE, interaction
from helpers.downstream import HELPERS, constant_server
from helpers.patience import LONG_PATIENCE

from faults.apart import run_apart
from faults.ledger import Outcome
from pytest_hubfiles import cassettes
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.record import StagedRecordings
from pytest_hubfiles.settings.values import RecordMode

MODES: Final = (RecordMode.ONCE, RecordMode.NEW_EPISODES, RecordMode.ALL, RecordMode.REWRITE)
RUNS, WORKERS, TESTS = 2, 4, 3


@dataclass(frozen=True)
class Barrier:
    """Lets forked processes go on together: each tells that it has come, and reads until the parent lets go."""

    come: tuple[int, int]
    gone: tuple[int, int]

    @classmethod
    def make(cls) -> Barrier:
        return cls(os.pipe(), os.pipe())

    def wait(self) -> None:
        os.write(self.come[1], b"x")
        os.close(self.gone[1])
        os.read(self.gone[0], 1)

    def open(self, number: int) -> None:
        """Wait for so many processes, then let all of them go."""
        while number:
            number -= len(os.read(self.come[0], number))
        for end in (*self.come, *self.gone):
            os.close(end)


def _made(run: int, worker: int, test: int) -> Interaction:
    return interaction("GET", f"/files/v3/files/{run}-{worker}-{test}", COMPLETE)


Recording = Callable[[Path, RecordMode, int, int, Barrier], None]


def _ours(path: Path, mode: RecordMode, run: int, worker: int, barrier: Barrier) -> None:
    staged = StagedRecordings(path, f"r05-{os.getppid()}-{run}", mode, shared=True)
    staged.begin("test")
    barrier.wait()
    for test in range(TESTS):
        staged.promote(f"test_{worker}_{test}", worker * TESTS + test, [_made(run, worker, test)])


def _killed(path: Path, mode: RecordMode, run: int, worker: int, barrier: Barrier) -> None:
    """Record, but in one of the processes be killed with the lock in hand."""
    if (run, worker) != (0, 0):
        _ours(path, mode, run, worker, barrier)
        return
    with cassettes.locked(path, "the killed"):
        os.write(barrier.come[1], b"x")
        os.kill(os.getpid(), signal.SIGKILL)


def _unlocked(path: Path, mode: RecordMode, run: int, worker: int, barrier: Barrier) -> None:
    """Read, add and write, as if alone: the positive control."""
    found = cassettes.read(path) if path.exists() else []
    barrier.wait()
    path.write_bytes(cassettes.dump([*found, *(_made(run, worker, test) for test in range(TESTS))]))


def _fork(record: Recording, path: Path, mode: RecordMode) -> tuple[int, list[str]]:
    """Let forked processes record into *path*; return how much, and what is lost of it."""
    barrier, children = Barrier.make(), {}
    if mode is not RecordMode.ONCE:
        cassettes.save(path, [interaction("GET", "/files/v3/files/old", COMPLETE)])
    for run in range(RUNS):
        for worker in range(WORKERS):
            child = os.fork()
            if child == 0:
                try:
                    record(path, mode, run, worker, barrier)
                    os._exit(0)
                except BaseException:  # noqa: BLE001  # it must not go on as the parent
                    traceback.print_exc()
                    os._exit(1)
            children[child] = run, worker
    barrier.open(RUNS * WORKERS)
    saved = [place for child, place in children.items() if os.waitpid(child, 0)[1] == 0]
    expected = RUNS * WORKERS - (record is _killed)
    problems = [] if len(saved) == expected else [f"{mode.value}: only {len(saved)} of {expected} could record"]
    there = {i.path for i in cassettes.read(path)}
    wanted = [f"/files/v3/files/{run}-{worker}-{test}" for run, worker in saved for test in range(TESTS)]
    if mode is not RecordMode.ONCE:
        wanted.append("/files/v3/files/old")
    lost = [path for path in wanted if path not in there]
    return len(wanted), problems + ([f"{mode.value}: {len(lost)} of {len(wanted)} lost"] if lost else [])


def _main(folder: Path, rounds: int) -> None:
    injected, problems, control = 0, [], []
    for count in range(rounds):
        for mode in MODES:
            for record in (_ours, _killed) if rounds > 1 or mode is RecordMode.ALL else (_ours,):
                number, lost = _fork(record, folder / f"{count}-{mode.value}-{record.__name__}.yaml", mode)
                injected += number
                problems += lost
    _, control = _fork(_unlocked, folder / "control.yaml", RecordMode.ALL)
    print(json.dumps([injected, problems, bool(control)]))  # noqa: T201  # read by run()


# --- whole runs of pytest -------------------------------------------------------------------------------------

SUITE: Final = """
pytestmark = pytest.mark.hubfiles(cassette="shared")

@pytest.mark.parametrize("number", range({tests}))
def test_import(hubfiles, number):
    import_a_file(hubfiles, name=f"{name}-{{number}}")
"""


@contextmanager
def _project(names: str, tests: int) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "pytest.ini").write_text("[pytest]\n")
        for name in names:
            text = HELPERS + SUITE.format(tests=tests, name=name)
            (Path(folder) / f"test_{name}.py").write_text(text, encoding="utf-8")
        yield Path(folder)


def _pytest(mode: RecordMode, bounded: bool) -> tuple[int, list[str]]:
    """Record with workers, in two runs at a time where the mode lets a second one record."""
    names, tests = ("a" if mode is RecordMode.ONCE else "ab"), 2 if bounded else 8
    workers = [] if bounded else ["-n", str(WORKERS)]
    with _project(names, tests) as folder, constant_server() as address:
        command = [
            sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
            f"--hubfiles-base-url={address}", f"--hubfiles-record={mode.value}", *workers,
        ]  # fmt: skip
        runs = [
            subprocess.Popen(
                [*command, f"test_{name}.py"],
                cwd=folder,
                env=alone(HUBSPOT_ACCESS_TOKEN="a-token-for-tests", TMPDIR=str(folder)),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for name in names
        ]
        said = [run.communicate(timeout=LONG_PATIENCE)[0] for run in runs]
        problems = [
            f"pytest in {mode.value}: {text[-500:]}" for run, text in zip(runs, said, strict=True) if run.returncode
        ]
        asked = [i.request_body for i in cassettes.read(folder / "cassettes" / "2026-03" / "shared.yaml")]
        there = set(re.findall(r'"([ab]-\d+)"', b" ".join(asked).decode()))
        wanted = {f"{name}-{number}" for name in names for number in range(tests)}
    if wanted - there:
        problems.append(f"pytest in {mode.value}: {len(wanted - there)} of {len(wanted)} lost")
    return len(wanted), problems


def run(bounded: bool) -> Outcome:
    """Record in every mode from many processes, and count what is missing."""
    with tempfile.TemporaryDirectory() as folder:
        done = run_apart(__name__, folder, "1" if bounded else "5", folder=Path(folder))
        if done.returncode:
            raise RuntimeError(done.stderr)
        injected, problems, control = json.loads(done.stdout.splitlines()[-1])
    for mode in (RecordMode.REWRITE,) if bounded else MODES:
        number, lost = _pytest(mode, bounded)
        injected += number
        problems += lost
    title = "parallel workers and runs lose nothing of a shared cassette"
    return Outcome("R5", title, injected, "lost", control, tuple(problems))


if __name__ == "__main__":
    _main(Path(sys.argv[1]), int(sys.argv[2]))
