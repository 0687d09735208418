"""Pipes, devices, links and folders in the place of a file: nothing waits, nothing is passed over in silence."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from helpers.downstream import Downstream, polled
from helpers.patience import PATIENCE

from pytest_hubfiles import cassettes
from pytest_hubfiles.cli.main import main

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")


def hubfiles(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """Run a command, which must not wait for ever."""
    command = [sys.executable, "-m", "pytest_hubfiles", *args]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE)


ODD = {
    "pipe": ("a named pipe", "no candidate"),
    "device": ("a device", "a symbolic link", "no candidate"),
    "folder": ("folder", "no cassette", "no candidate"),
    "nowhere": ("No such file", "there is no", "no candidate"),
    "/proc/self/mem": ("Input/output error", "no candidate"),  # it opens, and nobody can read its first byte
}
if not Path("/proc/self/mem").exists():
    del ODD["/proc/self/mem"]
COMMANDS: dict[str, list[str]] = {
    "merge-reports": ["merge-reports", "ODD"],
    "accept --report": [
        "accept",
        "--finding",
        "0123456789abcdef",
        "--reason",
        "x",
        "--report",
        "ODD",
        "--file",
        "d.toml",
    ],
    "accept --file": [
        "accept",
        "--finding",
        "FINGERPRINT",
        "--reason",
        "x",
        "--report",
        "report.json",
        "--file",
        "ODD",
    ],
    "check": ["check", "good", "ODD"],
    "diff": ["diff", "ODD", "good/2026-03/a.yaml"],
    "accept": ["accept", "ODD"],
    "check --deviations": ["check", "good", "--deviations", "ODD"],
    "import-openapi": ["import-openapi", "ODD", "--out", "schemas"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device").symlink_to("/dev/zero")
    (tmp_path / "folder").mkdir()
    good = tmp_path / "good" / "2026-03" / "a.yaml"
    good.parent.mkdir(parents=True)
    good.write_bytes(cassettes.dump([polled("COMPLETE", change={"size": "x", "completedAt": 7})]))
    report = str(tmp_path / "report.json")
    assert CliRunner().invoke(main, ["check", str(good.parents[1]), "--format", "json", "--out", report]).exit_code == 1
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("command", COMMANDS)
def test_what_commands_open(folder: Path, command: str, odd: str) -> None:
    """Whatever file is named on the command line, it is read within bounds or refused with a reason."""
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    words = {"ODD": odd, "FINGERPRINT": report["findings"][0]["fingerprint"]}
    done = hubfiles(folder, *[words.get(arg, arg) for arg in COMMANDS[command]])

    if (command, odd) == ("accept --file", "nowhere"):  # it is made
        assert done.returncode == 0
        return
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    said = (done.stdout + done.stderr).replace("Is a directory", "folder")
    assert any(reason.lower() in said.lower() for reason in ODD[odd]), said


def test_both_checks_see_the_same_files(downstream: Downstream) -> None:
    """Pipes, devices, links and hidden folders: the command line and pytest tell the same of the same files."""
    root = downstream.path / "cassettes" / "2026-03"
    downstream.write([polled("COMPLETE")], root / "good.yaml")
    downstream.write([polled("COMPLETE")], root / ".hidden" / "good.yaml")
    downstream.write([polled("COMPLETE")], downstream.path / "elsewhere" / "good.yaml")
    os.mkfifo(root / "pipe.yaml")
    (root / "device.yaml").symlink_to("/dev/null")
    (root / "broken.yaml").symlink_to("nowhere.yaml")
    (root / "linked").symlink_to(downstream.path / "elsewhere", target_is_directory=True)
    (root / "loop").symlink_to(root.parent, target_is_directory=True)
    expected = {".hidden/good.yaml", "broken.yaml", "device.yaml", "good.yaml", "linked", "loop", "pipe.yaml"}

    hubfiles(downstream.path, "check", "cassettes", "--format", "json", "--out", "check.json")
    result = downstream.run("--hubfiles-check", "--hubfiles-report=json:pytest.json")

    seen = []
    for name in ("check.json", "pytest.json"):
        report = json.loads((downstream.path / name).read_text(encoding="utf-8"))
        assert report["checked"]["cassettes"] == len(expected)
        unreadable = [f for f in report["findings"] if f["kind"] == "cassette-unreadable"]
        seen.append({f["cassette"].rpartition("2026-03/")[2]: f["message"] for f in unreadable})
        assert seen[-1].keys() == expected - {"good.yaml", ".hidden/good.yaml"}
    assert seen[0] == seen[1]
    result.assert_outcomes(passed=2, failed=5)


def test_an_odd_file_named_to_pytest(downstream: Downstream) -> None:
    """A pipe that is named on pytest's command line is refused too."""
    os.mkfifo(downstream.path / "pipe.yaml")
    result = downstream.run("--hubfiles-check", "pipe.yaml")
    assert result.ret != 0
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()


def _closed(folder: Path) -> None:
    folder.chmod(0o000)


def _deep(folder: Path) -> None:
    """Make folders below *folder* until no system call can name the last."""
    here = Path.cwd()
    try:
        os.chdir(folder)
        for _ in range(20):
            Path("d" * 250).mkdir()
            os.chdir("d" * 250)
    finally:
        os.chdir(here)


CLOSED = {"closed": (_closed, "Permission denied"), "too deep": (_deep, "File name too long")}
_WITHOUT_PRIVILEGES = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
"""Root without these is a user like any other."""


def without_privileges(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """Run a Python module as a user who may not read everything."""
    command = [*(_WITHOUT_PRIVILEGES if os.geteuid() == 0 else ()), sys.executable, "-m", *args]
    environment = {**os.environ, "PYTEST_ADDOPTS": ""}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE
    )


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root reads every folder")
@pytest.mark.parametrize("kind", CLOSED)
def test_a_folder_that_nobody_can_search(downstream: Downstream, kind: str) -> None:
    """What cannot be seen is no green: both checks and a comparison name the folder, and say why."""
    close, reason = CLOSED[kind]
    downstream.write([polled("COMPLETE")], downstream.path / "cassettes" / "2026-03" / "good.yaml")
    folder = downstream.path / "cassettes" / "v3"
    folder.mkdir(exist_ok=True)
    close(folder)
    try:
        checked = without_privileges(downstream.path, "pytest_hubfiles", "check", "cassettes")
        compared = without_privileges(downstream.path, "pytest_hubfiles", "diff", "cassettes", "cassettes")
        tested = without_privileges(downstream.path, "pytest", "--hubfiles-check", "-p", "no:cacheprovider")
    finally:
        folder.chmod(0o755)
    if kind == "too deep":  # which is too much for pytest itself
        assert tested.returncode not in (0, 5)
        tested = checked
    for done in (checked, compared, tested):
        assert done.returncode == (1 if done is tested is not checked else 2), done.stdout + done.stderr
        assert "The cassette cassettes/v3" in done.stdout
        assert f"cannot be read: {reason}" in done.stdout
        assert "Traceback" not in done.stdout + done.stderr


LINKS = {
    "the machine": ("/", True),
    "processes": ("/proc", True),
    "no cassettes": ("../elsewhere", False),
    "itself": (".", False),
}


@pytest.mark.slow
@pytest.mark.parametrize("target", LINKS)
def test_a_link_to_a_folder(downstream: Downstream, target: str) -> None:
    """A link in the place of a folder is no way out: it is refused where it may hold cassettes, and never searched."""
    leads_to, is_refused = LINKS[target]
    (downstream.path / "elsewhere").mkdir()
    root = downstream.path / "cassettes" / "2026-03"
    downstream.write([polled("COMPLETE")], root / "good.yaml")
    (root / "sub").mkdir()
    for name in ("sub/one", "sub/two"):
        (root / name).symlink_to(f"../../{leads_to}" if leads_to.startswith("..") else leads_to)

    checked = hubfiles(downstream.path, "check", "cassettes")
    tested = downstream.run_apart("--hubfiles-check")

    assert checked.returncode == (2 if is_refused else 0), checked.stderr
    assert "Traceback" not in checked.stderr
    tested.assert_outcomes(passed=1, failed=2 if is_refused else 0)
    if is_refused:
        assert "one is a symbolic link; put a folder in its place" in checked.stdout


def test_a_folder_that_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that cannot be searched is told of, and fails the check: nobody knows what is in it."""
    good, closed = tmp_path / "2026-03" / "a.yaml", tmp_path / "v3"
    good.parent.mkdir()
    good.write_bytes(cassettes.dump([polled("COMPLETE")]))
    closed.mkdir(mode=0)
    if os.access(closed, os.R_OK):  # for root nothing is closed
        search = os.scandir

        def scandir(folder: Path) -> os._ScandirIterator[str]:
            if str(folder) == str(closed):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
            return search(folder)

        monkeypatch.setattr(os, "scandir", scandir)

    done = CliRunner().invoke(main, ["check", str(tmp_path)])

    assert done.exit_code == 2
    assert f"The cassette {closed} cannot be read" in done.output
    assert "judged 1 of 1 exchange" in done.output


def test_a_link_to_what_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link to a folder of which a part is gone before it is searched, as in /proc, ends in no traceback."""
    gone = tmp_path / "elsewhere" / "gone"
    gone.mkdir(parents=True)
    put = tmp_path / "cassettes" / "a.yaml"
    put.parent.mkdir()
    put.write_bytes(cassettes.dump([polled("COMPLETE")]))
    (put.parent / "linked").symlink_to(gone.parent, target_is_directory=True)
    search = os.scandir

    def scandir(folder: Path) -> os._ScandirIterator[str]:
        if Path(folder).name == "gone":
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder))
        return search(folder)

    monkeypatch.setattr(os, "scandir", scandir)

    assert CliRunner().invoke(main, ["check", str(put.parent)]).exit_code == 0


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="there is no file here that opens and cannot be read")
def test_a_file_that_cannot_be_read_on() -> None:
    """A file that opens, and whose reading the system refuses, is a cassette that cannot be read."""
    done = CliRunner().invoke(main, ["check", "/proc/self/mem"])

    assert done.exit_code == 2
    assert "The cassette /proc/self/mem cannot be read: " in done.output
