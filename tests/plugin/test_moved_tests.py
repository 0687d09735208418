"""A test that was renamed or moved is told how to take its cassette along."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from helpers.downstream import TEST_IMPORT, Downstream
from helpers.slow import ALONE_OR_WORKERS

from pytest_hubfiles.report.moves import paired

NAMED = TEST_IMPORT.replace("test_import", "test_{name}")
IN_CLASS = """
class Test{name}:
    @pytest.mark.parametrize("size", ["small png"])
    def test_import(self, hubfiles, size):
        import_a_file(hubfiles)
"""


def git(project: Downstream, *args: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    return subprocess.run(
        ["git", *identity, *args], cwd=project.path, check=True, capture_output=True, text=True
    ).stdout


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("test_files", NAMED.format(name="old")), ("test_files", NAMED.format(name="new"))),
        (("test_files", NAMED.format(name="old")), ("tests/more/test_moved", NAMED.format(name="old"))),
        (("test_files", IN_CLASS.format(name="Old")), ("test_files", IN_CLASS.format(name="New"))),
        (("test_files", NAMED.format(name="old")), ("tests/test_moved", NAMED.format(name="new"))),
        (("test_files", IN_CLASS.format(name="Old")), ("tests/test_moved", IN_CLASS.format(name="New"))),
        (("test_files", IN_CLASS.format(name="A")), ("test_files", IN_CLASS.format(name="A").replace("small", "tiny"))),
    ],
    ids=["renamed", "moved", "its class renamed", "moved and renamed", "class and file renamed", "its ids changed"],
)
def test_the_command_takes_it_along(downstream: Downstream, before: tuple[str, str], after: tuple[str, str]) -> None:
    """The failure prints a command; after it the test replays, and git sees a rename."""
    downstream.tests(before[1], before[0])
    downstream.record()
    git(downstream, "init", "-q")
    git(downstream, "add", "cassettes")
    git(downstream, "commit", "-qm", "Record")
    (recorded,) = downstream.yaml_files()
    (downstream.path / f"{before[0]}.py").unlink()
    downstream.tests(after[1], after[0])

    told = downstream.run()

    told.assert_outcomes(failed=1)
    command, at_the_end = (line.strip() for line in told.outlines if " git mv " in line)
    assert command == at_the_end
    subprocess.run(command, shell=True, cwd=downstream.path, check=True)
    downstream.run().assert_outcomes(passed=1)
    (moved,) = downstream.yaml_files()
    assert git(downstream, "status", "--porcelain", "cassettes").split(maxsplit=1)[0] == "R"
    assert shlex.quote(recorded) in command
    assert shlex.quote(moved) in command


def test_what_is_another_tests_is_left_alone(downstream: Downstream) -> None:
    """No cassette is offered whose test is still there, though it is not run, nor one that does not answer."""
    downstream.tests(TEST_IMPORT)
    downstream.tests(TEST_IMPORT.replace("import_a_file(hubfiles)", "import_a_file(hubfiles, name='cat')"), "test_more")
    downstream.record()
    downstream.tests(TEST_IMPORT + NAMED.format(name="new"))
    downstream.tests(NAMED.format(name="other"), "test_more")

    told = downstream.run("-k", "new or other")

    told.assert_outcomes(failed=2)
    assert "mv " not in told.stdout.str()
    told.stdout.fnmatch_lines(["*nothing is recorded in *test_new.yaml. Record it with --hubfiles-record once."])


def test_without_git_it_is_a_plain_move(downstream: Downstream) -> None:
    """A project under no version control is told to move the file, as it is called where pytest was started.

    A broken neighbour is passed over.
    """
    downstream.tests(NAMED.format(name="old"))
    downstream.record()
    downstream.cassette("test_older").write_text("interactions: [")
    elsewhere = "(hubfiles, monkeypatch):\n    monkeypatch.chdir('/')"
    downstream.tests(NAMED.format(name="new").replace("(hubfiles):", elsewhere))

    told = downstream.run()

    folder = "cassettes/2026-03/test_files"
    told.stdout.fnmatch_lines([f"    mv {folder}/test_old.yaml {folder}/test_new.yaml"])


def test_what_git_does_not_know_is_moved_plainly(downstream: Downstream) -> None:
    """A cassette that was never added is moved without git, which would refuse to."""
    downstream.tests(NAMED.format(name="old"))
    downstream.record()
    git(downstream, "init", "-q")
    downstream.tests(NAMED.format(name="new"))

    told = downstream.run()

    command = next(line.strip() for line in told.outlines if "    mv " in line)
    subprocess.run(command, shell=True, cwd=downstream.path, check=True)
    downstream.run().assert_outcomes(passed=1)


def test_a_candidate_goes_along(downstream: Downstream) -> None:
    """What is still to be accepted is taken along with the cassette, or it would become that of no test."""
    downstream.tests(NAMED.format(name="old"))
    downstream.record()
    downstream.candidate("test_old").write_bytes(downstream.cassette("test_old").read_bytes())
    downstream.tests(NAMED.format(name="new"))

    told = downstream.run()

    command = next(line.strip() for line in told.outlines if line.startswith("    mv "))
    subprocess.run(command, shell=True, cwd=downstream.path, check=True)
    downstream.run().assert_outcomes(passed=1)
    assert [path.rpartition("/")[2] for path in downstream.yaml_files()] == [
        "test_new.candidate.yaml",
        "test_new.yaml",
    ]


SAME = """
class Test{name}:
    def test_one(self, hubfiles):
        import_a_file(hubfiles)
    def test_two(self, hubfiles):
        import_a_file(hubfiles)
"""


@ALONE_OR_WORKERS
def test_no_cassette_is_offered_to_two_tests(downstream: Downstream, args: tuple[str, ...]) -> None:
    """Of tests that ask the same, each is told its own if names tell which that is; else all are named, none moved."""
    downstream.tests(SAME.format(name="Old") + NAMED.format(name="a") + NAMED.format(name="b"))
    sole = "import_a_file(hubfiles, name='cat')"
    downstream.tests(NAMED.format(name="sole").replace("import_a_file(hubfiles)", sole), "test_more")
    downstream.record()
    downstream.tests(SAME.format(name="New") + NAMED.format(name="x") + NAMED.format(name="y"))
    downstream.tests(
        NAMED.format(name="p").replace("import_a_file(hubfiles)", sole)
        + NAMED.format(name="q").replace("import_a_file(hubfiles)", sole),
        "test_more",
    )

    told = downstream.run(*args)

    folder = "cassettes/2026-03/test_files"
    lines = told.outlines
    end = lines[next(n for n, line in enumerate(lines) if "= hubfiles =" in line) :]
    moved = [f"    mv {folder}/TestOld.{name}.yaml {folder}/TestNew.{name}.yaml" for name in ("test_one", "test_two")]
    assert [line for line in end if " mv " in line] == moved
    assert sorted(line for line in lines[: -len(end)] if " mv " in line) == moved
    told.stdout.fnmatch_lines(
        [f"  {folder}/test_a.yaml", f"  {folder}/test_b.yaml", f"Move that to {folder}/test_?.yaml."]
    )
    assert f"  {folder}/test_a.yaml or {folder}/test_b.yaml becomes {folder}/test_x.yaml or {folder}/test_y.yaml" in end
    more = folder.replace("files", "more")
    assert f"  {more}/test_sole.yaml becomes {more}/test_p.yaml or {more}/test_q.yaml" in end


def test_workers_tell_in_any_order() -> None:
    """What is open is told in one order, whichever test was run first."""
    olds = ["a.yaml", "b.yaml"]
    assert list(paired({"y.yaml": olds, "x.yaml": olds}).open) == ["x.yaml", "y.yaml"]
