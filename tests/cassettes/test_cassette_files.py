"""Files of cassettes: what is never opened or written, what a killed writer leaves, and what other runs add."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.answers import COMPLETE, interaction
from helpers.hostile import one

from pytest_hubfiles import cassettes
from pytest_hubfiles.cassettes import CassetteNotWrittenError, CassetteUnreadableError, Limits, files, writing
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.record import StagedRecordings, promotion
from pytest_hubfiles.settings.values import RecordMode


def asked(name: str, **facts: object) -> Interaction:
    """Return the answer to a request for *name*."""
    return replace(interaction("GET", f"/files/v3/{name}", COMPLETE), **facts)  # type: ignore[arg-type]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A cassette root with a folder for a version in it."""
    (tmp_path / "cassettes" / "v3").mkdir(parents=True)
    return tmp_path / "cassettes"


@pytest.fixture(autouse=True)
def _private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))


# --- reading --------------------------------------------------------------------------------------------------


def test_interactions_know_their_lines(root: Path) -> None:
    """Each interaction tells the line it begins in, comments counted, so that a finding can name it."""
    file = root / "x.yaml"
    file.write_bytes(b"# a comment\n" + cassettes.dump([asked("a"), asked("b")]))
    lines = file.read_text().splitlines()
    found = [i.line for i in cassettes.read(file)]
    assert found == [number for number, line in enumerate(lines, start=1) if line.startswith("- request:")]
    assert len(found) == 2


def test_interactions_come_one_by_one(root: Path) -> None:
    """What is good is yielded before what is wrong further down is reached."""
    file = root / "x.yaml"
    file.write_text(one(end="- {request: {}}\nversion: 1\n"))
    reading = cassettes.iterate(file)
    assert next(reading).url == "https://x/y"
    with pytest.raises(CassetteUnreadableError, match=r"line 7 cannot be read: interaction 2 is malformed"):
        next(reading)


def test_links_are_neither_read_nor_written_through(root: Path) -> None:
    """A cassette that is a link is refused with the reason, and what it leads to stays."""
    outside = root.parent / "outside.yaml"
    outside.write_bytes(cassettes.dump([asked("a")]))
    (root / "x.yaml").symlink_to(outside)
    with pytest.raises(CassetteUnreadableError, match="it is not a regular file but a symbolic link; put the file in"):
        cassettes.read(root / "x.yaml", Limits(root=root))
    with pytest.raises(CassetteNotWrittenError, match="what lies there is a symbolic link, not a regular file"):
        cassettes.write(root / "x.yaml", b"new", root)
    assert outside.read_bytes() == cassettes.dump([asked("a")])


def test_a_root_may_be_a_link(root: Path) -> None:
    """Where a team keeps its cassettes is its own affair: only below the root is no link followed."""
    linked = root.parent / "linked"
    linked.symlink_to(root)
    cassettes.save(linked / "v3" / "x.yaml", [asked("a")], Limits(root=linked))
    assert cassettes.read(linked / "v3" / "x.yaml", Limits(root=linked)) == [asked("a")]


# --- writing --------------------------------------------------------------------------------------------------


def test_permissions_stay(root: Path) -> None:
    """A file that was there hands on its permissions to the one that takes its place."""
    file = root / "x.yaml"
    file.write_bytes(b"old")
    file.chmod(0o640)
    cassettes.write(file, b"new")
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"new", 0o640)


def test_a_file_that_is_being_read_is_replaced_later(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows refuses to replace a file that somebody reads: it is tried again, and not for ever."""
    refusals = [PermissionError(13, "Access is denied")] * 2
    really = Path.replace

    def replacing(path: Path, target: Path) -> Path:
        if refusals:
            raise refusals.pop()
        return really(path, target)

    monkeypatch.setattr(files, "_WAITS", (0, 0))
    monkeypatch.setattr(Path, "replace", replacing)
    file = root / "x.yaml"
    cassettes.save(file, [asked("a")], Limits(root=root))
    assert [i.url for i in cassettes.read(file)] == [asked("a").url]

    refusals += [PermissionError(13, "Access is denied")] * 3
    with pytest.raises(CassetteNotWrittenError, match="Access is denied"):
        cassettes.save(file, [asked("b")], Limits(root=root))
    assert [path.name for path in root.iterdir() if path.is_file()] == ["x.yaml"]


def test_read_only_files_stay(root: Path) -> None:
    """A file that its owner made read-only is not replaced, by root neither."""
    file = root / "x.yaml"
    file.write_bytes(b"old")
    file.chmod(0o444)
    with pytest.raises(CassetteNotWrittenError, match="the file that lies there is read-only; make it writable first"):
        cassettes.write(file, b"new")
    assert file.read_bytes() == b"old"


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (
            asked("a", response_body=b"x" * 2_000_000),
            "it would have 2.0 MB, more than hubfiles_max_cassette_mb = 1 lets",
        ),
        (asked("a", status_code=42), "it could not be read again: interaction 1 is malformed: its HTTP status is 42"),
        (asked("a", reason="\ud800"), r"'\\ud800' in it is no character"),
    ],
    ids=["too large", "malformed", "no text"],
)
def test_what_could_not_be_read_is_not_written(root: Path, made: Interaction, reason: str) -> None:
    """What reading would refuse is refused before it takes the place of a good cassette."""
    file = root / "x.yaml"
    file.write_bytes(b"old")
    with pytest.raises(CassetteNotWrittenError, match=reason):
        cassettes.save(file, [made], Limits(1.0, root))
    assert file.read_bytes() == b"old"


def test_what_is_far_too_large_is_not_even_made(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bodies that are too large by themselves are refused before a file is made of them, which would take minutes."""
    monkeypatch.setattr(writing, "dump", lambda _: pytest.fail("a file was made"))

    with pytest.raises(CassetteNotWrittenError, match=r"it would have 2\.0 MB, more than hubfiles_max_cassette_mb = 1"):
        cassettes.save(root / "x.yaml", [asked("a", response_body=b"x" * 2_000_000)], Limits(1.0, root))


def test_what_a_killed_writer_left_goes_with_the_next(root: Path) -> None:
    """Whoever holds the lock removes the temporary files of the cassette and its candidate, and no others."""
    file = root / "x.yaml"
    token = "0123456789abcdef"
    for name in (f".x.yaml.{token}.tmp", f".x.candidate.yaml.{token}.tmp", f".y.yaml.{token}.tmp", ".x.yaml.mine.tmp"):
        (root / name).write_bytes(b"half")
    with cassettes.locked(file, "me"):
        pass
    assert sorted(path.name for path in root.iterdir()) == [".x.yaml.mine.tmp", f".y.yaml.{token}.tmp", "v3"]


# --- several runs at a time -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [RecordMode.ONCE, RecordMode.NEW_EPISODES, RecordMode.ALL, RecordMode.REWRITE])
def test_runs_side_by_side_keep_what_the_other_recorded(root: Path, mode: RecordMode) -> None:
    """Two runs that began together fill a shared cassette together; of the same request, the later answer stays."""
    file = root / "v3" / "x.yaml"
    one_run, other = (StagedRecordings(file, run, mode, True, Limits(root=root)) for run in "ab")
    assert one_run.begin("test_a")
    assert other.begin("test_b")
    one_run.promote("test_a", 0, [asked("a"), asked("same", reason="first")])
    other.promote("test_b", 0, [asked("b"), asked("same", reason="second")])
    one_run.promote("test_c", 1, [asked("c")])
    found = [(i.path.rpartition("/")[2], i.reason) for i in cassettes.read(file)]
    assert {name for name, _ in found} == {"a", "b", "c", "same"}


def test_a_cassette_of_one_test_is_the_later_runs(root: Path) -> None:
    """Where only one test uses a cassette, two runs do not mix their recordings of it."""
    file = root / "v3" / "x.yaml"
    one_run, other = (StagedRecordings(file, run, RecordMode.REWRITE, limits=Limits(root=root)) for run in "ab")
    for run in (one_run, other):
        run.begin("test_a")
    one_run.promote("test_a", 0, [asked("a")])
    other.promote("test_a", 0, [asked("b")])
    assert cassettes.read(file) == [asked("b")]


def test_what_is_refused_is_not_saved_with_the_next(root: Path) -> None:
    """A recording that was reported as not saved does not get into the cassette with that of another test."""
    file = root / "v3" / "x.yaml"
    run = StagedRecordings(file, "a", RecordMode.ALL, True, Limits(root=root))
    run.begin("test_a")
    file.write_bytes(b"")
    file.chmod(0o444)
    with pytest.raises(CassetteNotWrittenError, match="read-only"):
        run.promote("test_a", 0, [asked("a")])
    file.chmod(0o644)
    run.promote("test_b", 1, [asked("b")])
    assert cassettes.read(file) == [asked("b")]


def test_a_run_that_cannot_keep_anything_does_not_begin(root: Path) -> None:
    """A link in the place of the cassette is an error before any request goes to the network."""
    (root / "v3" / "x.yaml").symlink_to(root / "elsewhere.yaml")
    with pytest.raises(CassetteNotWrittenError, match="a symbolic link"):
        StagedRecordings(root / "v3" / "x.yaml", "a", RecordMode.REWRITE, limits=Limits(root=root)).begin("test_a")


def test_recordings_of_dead_runs_are_removed(root: Path) -> None:
    """A run that ends removes its staged recordings, and those of runs that were killed a week ago."""
    for run, days in (("dead", 8), ("alive", 1), ("mine", 0)):
        folder = promotion.run_folder(run)
        folder.mkdir(parents=True)
        os.utime(folder, (time.time() - days * 86_400,) * 2)
    promotion.forget_run("mine")
    assert [path.name for path in promotion.run_folder("mine").parent.iterdir()] == ["alive"]
