"""Many large cassettes are looked at by several processes, with the outcome that one would have."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
from helpers.downstream import polled, started, write_cassette

from pytest_hubfiles.cli.main import main
from pytest_hubfiles.run import side_by_side
from pytest_hubfiles.run.side_by_side import ProcessEndedError, each, size_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere one process looks")


@pytest.fixture
def many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Files that are large together, on a machine with two processors."""
    monkeypatch.setattr(side_by_side, "_processors", lambda: 2)
    paths = [tmp_path / f"{number:02}.yaml" for number in range(20)]
    for path in paths:
        path.write_bytes(b"#" * 250_000)
    return paths


def who(path: Path) -> tuple[str, int]:
    return path.name, os.getpid()


def test_in_order_by_other_processes(many: list[Path]) -> None:
    """Each file is looked at once, by another process, and told in its order; a few small ones by this one."""
    found = list(each(who, many, size_of))
    assert [name for name, _ in found] == [path.name for path in many]
    assert os.getpid() not in {process for _, process in found}
    assert {process for _, process in each(who, many[:2], size_of)} == {os.getpid()}


def test_after_a_run_of_pytest_in_this_process(many: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """What pytester has imported, and forgotten again, is no other module than the one whose objects are sent."""
    list(each(who, many, size_of))
    monkeypatch.delitem(sys.modules, "concurrent.futures.process")
    assert [name for name, _ in each(who, many, size_of)] == [path.name for path in many]


def refuse(path: Path) -> None:
    raise side_by_side.HubfilesError(f"{path.name} is bad")


def end(path: Path) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_goes_wrong(many: list[Path]) -> None:
    """An error is raised as it is, and a process that the system ends is no wait for ever."""
    with pytest.raises(side_by_side.HubfilesError, match=r"00\.yaml is bad"):
        list(each(refuse, many, size_of))
    with pytest.raises(ProcessEndedError, match="was ended"):
        list(each(end, many, size_of))


def outcome(capfd: pytest.CaptureFixture[str], command: str, *paths: Path) -> tuple[object, str, str]:
    """Return the status of a command, and what it prints."""
    with pytest.raises(SystemExit) as ended:
        main([command, *map(str, paths)])
    return ended.value.code, *capfd.readouterr()


def test_a_check_says_the_same(
    many: list[Path], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ``hubfiles check`` prints, and its status, are the same whoever looks."""
    for number, path in enumerate(many):
        change = {"change": {"startedAt": number}} if number % 3 == 0 else {}
        write_cassette(path, started(), *[polled("PROCESSING", **change)] * 300, polled("COMPLETE"))
    many[5].write_text("interactions: [")

    together = outcome(capfd, "check", many[0].parent)
    monkeypatch.setattr(side_by_side, "_processors", lambda: 1)
    assert together == outcome(capfd, "check", many[0].parent)
    assert together[0] == 2
    assert "schema-violation" in together[1]


@pytest.mark.slow
def test_a_comparison_says_the_same(
    many: list[Path], tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So is what ``hubfiles diff`` prints."""
    other = tmp_path / "other"
    for number, path in enumerate(many):
        write_cassette(path, started(), *[polled("PROCESSING")] * 300, polled("COMPLETE"))
        change = {"change": {"startedAt": number}} if number % 3 == 0 else {}
        write_cassette(other / path.name, started(), *[polled("PROCESSING", **change)] * 300, polled("COMPLETE"))
    many[5].unlink()
    (other / many[6].name).write_text("interactions: [")

    together = outcome(capfd, "diff", tmp_path, other)
    monkeypatch.setattr(side_by_side, "_processors", lambda: 1)
    assert together == outcome(capfd, "diff", tmp_path, other)
    assert together[0] == 2
    assert "type-changed" in together[1]
