"""What is done in a child is not seen in the parent, and a child always comes to an end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.patience import PATIENCE

from pytest_hubfiles.rehearsal import child
from pytest_hubfiles.rehearsal.child import NoEndError, NoForkError, check_can_fork, in_child

STATE: dict[str, Any] = {"seen": 0}


def why_not(work: Callable[[], Any], **limits: float) -> str:
    """Return why *work* came to no end."""
    with pytest.raises(NoEndError) as caught:
        in_child(work, **limits)
    return caught.value.reason


def test_what_a_child_says_comes_back() -> None:
    """Whatever JSON can hold comes back, however long."""
    said = {"text": "é" * 1_000_000, "list": [1, None, "x"]}
    assert in_child(lambda: said) == said


def test_what_it_says_with_its_last_breath(monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes back, too, if the child says it and ends just after the parent found nothing and asks if it lives."""
    ask = os.waitpid
    monkeypatch.setattr(os, "waitpid", lambda pid, options: ask(pid, options & ~os.WNOHANG))
    monkeypatch.setattr(child, "_LOOK_SECONDS", 0)
    assert in_child(lambda: STATE) == STATE


def test_the_parent_keeps_its_state(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Globals, the environment, the folder, and what is printed stay the child's own."""

    def work() -> dict[str, Any]:
        STATE["seen"] += 1
        os.environ["HUBFILES_CHILD"] = "1"
        os.chdir(tmp_path)
        sys.stdout.write("printed")
        os.write(1, b"written")
        sys.stderr.write("to stderr")
        return {"seen": STATE["seen"]}

    here = Path.cwd()
    assert [in_child(work), in_child(work)] == [{"seen": 1}, {"seen": 1}]
    assert STATE == {"seen": 0}
    assert "HUBFILES_CHILD" not in os.environ
    assert Path.cwd() == here
    assert capfd.readouterr() == ("", "")


def test_temporary_files_of_a_child_are_gone() -> None:
    """What a child makes where temporary files go is removed with it."""

    def work() -> dict[str, Any]:
        import tempfile

        folder = tempfile.mkdtemp()
        Path(folder, "left").write_text("x")
        return {"folder": folder}

    said = in_child(work)
    assert said is not None
    assert not Path(said["folder"]).exists()


def test_an_exception_of_a_child_is_said() -> None:
    """What is raised, even to end a process, comes back as a fault."""
    assert in_child(lambda: {}["x"]) == {"fault": "KeyError: 'x'"}
    assert in_child(sys.exit) == {"fault": "SystemExit: "}


def test_a_child_ends_past_what_others_have_put_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Coverage has ``os._exit`` write a file, on request: no run with a change is to leave one in the project."""
    monkeypatch.setattr(os, "_exit", lambda status: (tmp_path / "left").touch())
    assert in_child(lambda: {"as": "ever"}) == {"as": "ever"}
    assert not (tmp_path / "left").exists()


def test_a_child_that_dies_says_nothing() -> None:
    """A crash is no answer, and told as what it was."""
    assert why_not(os.abort) == "its process was ended by SIGABRT"
    assert why_not(lambda: os._exit(3)) == "its process ended with exit status 3"


CRASH = """
import faulthandler, os, sys
from pytest_hubfiles.rehearsal.child import NoEndError, in_child

faulthandler.enable(os.dup(2))
os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
try:
    in_child(os.abort)
except NoEndError as error:
    print(error.reason)
"""


def test_a_crash_writes_to_no_terminal() -> None:
    """Python tells of a crash where pytest keeps the terminal open for it; that of a child belongs to a verdict."""
    done = subprocess.run([sys.executable, "-c", CRASH], capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert (done.stdout, done.stderr) == ("its process was ended by SIGABRT\n", "")


def test_a_child_that_computes_for_ever_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system ends who takes more of the processor than is allowed."""

    def work() -> dict[str, Any]:
        while True:
            pass

    monkeypatch.setattr(child, "CPU_SECONDS", 1)
    assert why_not(work) == "it took more than 1 s of the processor"


def test_a_child_that_waits_for_ever_is_ended() -> None:
    """Who waits for what does not happen is ended, and what it has started with it."""

    def work() -> dict[str, Any]:
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
        threading.Event().wait()
        return {}

    assert why_not(work, seconds=0.5) == "it did not end within 0.5 s"


def test_a_grandchild_holds_nothing_up() -> None:
    """What a child leaves running, with all that it has inherited, is ended; nobody waits for it."""
    reading, writing = os.pipe()

    def work() -> dict[str, Any]:
        if os.fork() == 0:
            time.sleep(1000)
        return {"left": True}

    assert in_child(work) == {"left": True}
    os.close(writing)
    assert os.read(reading, 1) == b""  # nobody has the other end open any more
    os.close(reading)


SIGTERM = """
import os, pathlib, signal, sys, time
from pytest_hubfiles.rehearsal.child import in_child

fork = os.fork

def fork_and_wait():
    pid = fork()
    if pid:
        time.sleep(float(sys.argv[2]))
    return pid

def work():
    pathlib.Path(sys.argv[1], "pid").write_text(str(os.getpid()))
    os.kill(os.getppid(), signal.SIGTERM)
    time.sleep(1000)

os.fork = fork_and_wait
in_child(work)
"""


EARLY = """
import os, signal
from pytest_hubfiles.rehearsal.child import in_child

setsid = os.setsid

def be_told_first():
    os.kill(os.getpid(), signal.SIGTERM)
    setsid()

os.setsid = be_told_first
print(in_child(lambda: {"said": 1}))
"""


def test_a_child_that_is_told_to_end_ends_nobody_else() -> None:
    """One that has just been forked is of its parent's group still, and has its parent's handler."""
    command = [sys.executable, "-c", EARLY]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, start_new_session=True, check=False)
    assert (done.returncode, done.stdout) == (0, "{'said': 1}\n")


def wait_for_the_end_of(pid: int) -> None:
    """Wait until a process that was killed is gone, which whoever has taken it over may be slow to see."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.01)
    pytest.fail(f"process {pid} goes on")


@pytest.mark.parametrize("late", ["0", "1"])
def test_sigterm_leaves_nothing(tmp_path: Path, late: str) -> None:
    """A process that is told to end takes its child with it, and what that had as files; it ends as it would have.

    The child may be quicker than the one that has forked it.
    """
    command = [sys.executable, "-c", SIGTERM, tmp_path, late]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run(command, env=environment, check=False, timeout=PATIENCE)
    assert done.returncode == -signal.SIGTERM
    pid = int((tmp_path / "pid").read_text())
    wait_for_the_end_of(pid)
    assert [path.name for path in tmp_path.iterdir()] == ["pid"]


def test_a_machine_without_fork_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows cannot fork: that is said, with what can be done; nothing is tried in this process."""
    check_can_fork()
    monkeypatch.delattr(os, "fork")
    with pytest.raises(NoForkError, match="WSL or a container"):
        check_can_fork()
