"""``--hubfiles-candidates``: code is mended against what was recorded, without recording again."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from helpers.downstream import Downstream
from helpers.slow import ALONE_OR_WORKERS

from pytest_hubfiles.cli.main import main

READS = """
@pytest.mark.hubfiles(version="{version}", record="once")
def test_access(hubfiles):
    assert import_a_file(hubfiles).json["result"]{read} == "PRIVATE"

def test_other(hubfiles):
    import_a_file(hubfiles, name="other")
"""
STRICT = READS.format(version="2026-03", read='["access"]')
MENDED = READS.format(version="2026-03", read='.get("access", "PRIVATE")')


@ALONE_OR_WORKERS
def test_the_day_of_a_drift(downstream: Downstream, args: tuple[str, ...]) -> None:
    """What breaks the code is replayed from the candidate until the code is mended; then it is accepted."""
    downstream.tests(STRICT)
    downstream.record()
    old = downstream.cassette("test_access").read_bytes()
    downstream.restart("no-access")
    downstream.run_live("--hubfiles-record=rewrite", "-k", "access").assert_outcomes(failed=1)
    downstream.asked()

    broken = downstream.run("--hubfiles-candidates", *args)
    downstream.tests(MENDED)
    mended = downstream.run("--hubfiles-candidates", *args)

    broken.assert_outcomes(passed=1, failed=1)
    broken.stdout.fnmatch_lines(["*KeyError: 'access'"])
    mended.assert_outcomes(passed=2)
    mended.stdout.fnmatch_lines(
        [
            "1 test replayed candidates, not cassettes; to make cassettes of those that can be: hubfiles accept "
            "cassettes/2026-03/test_files/test_access.candidate.yaml"
        ]
    )
    broken.stdout.fnmatch_lines(["1 test replayed candidates, not cassettes; none of them can be accepted yet"])
    assert "cassette-unused" not in mended.stdout.str()
    assert downstream.asked() == 0
    assert downstream.cassette("test_access").read_bytes() == old

    accepted = CliRunner().invoke(main, ["accept", str(downstream.candidate("test_access"))])

    assert accepted.exit_code == 0, accepted.output
    downstream.run(*args).assert_outcomes(passed=2)
    assert downstream.cassette("test_access").read_bytes() != old


def test_code_that_passes_with_what_breaks_the_contract(downstream: Downstream) -> None:
    """Whether the code can take what was recorded is said, although the contract fails the test."""
    test = "def test_import(hubfiles):\n    assert import_a_file(hubfiles).json['result']['size'] {}\n"
    downstream.tests(test.format("== 24574"))
    downstream.record()
    downstream.restart("size-as-string")
    downstream.run_live("--hubfiles-record=rewrite").assert_outcomes(failed=1)
    candidate = "cassette: cassettes/2026-03/test_files/test_import.candidate.yaml"

    broken = downstream.run("--hubfiles-candidates")
    downstream.tests(test.format("== '24574'"))
    mended = downstream.run("--hubfiles-candidates")

    broken.assert_outcomes(failed=1)
    mended.assert_outcomes(failed=1)
    broken.stdout.fnmatch_lines(["schema-violation $.result.size *", candidate])
    mended.stdout.fnmatch_lines(
        ["schema-violation $.result.size *", f"{candidate}; the test's own code passed with it"]
    )


def test_it_says_that_there_is_none(downstream: Downstream) -> None:
    """A run in which no test has a candidate is told apart from one that replayed them."""
    downstream.tests()
    downstream.record()

    result = downstream.run("--hubfiles-candidates")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["no candidate was replayed: no test has one, and each replayed its cassette"])


def test_it_does_not_go_with_recording(downstream: Downstream) -> None:
    """Recording and replaying candidates in one run are refused, before anything is asked."""
    downstream.tests()

    result = downstream.run_live("--hubfiles-candidates", "--hubfiles-record=once")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: --hubfiles-record: 'once' is not possible; --hubfiles-candidates replays what *"]
    )
    assert downstream.asked() == 0


def test_a_candidate_that_ends_early(downstream: Downstream) -> None:
    """Code that is mended goes on where its test failed while recording; that the recording ends there is said."""
    ends = "def test_import(hubfiles):\n    import_a_file(hubfiles)\n    {}\n    hubfiles.import_status('another')\n"
    downstream.tests(ends.format("assert 0"))
    downstream.run_live("--hubfiles-record=once").assert_outcomes(failed=1)
    downstream.tests(ends.format("pass"))

    result = downstream.run("--hubfiles-candidates")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*This candidate ends where its test failed while it was recorded: what comes then is not in it.",
            "*Record all of it again with --hubfiles-record rewrite.",
            "*pytest test_files.py::test_import --hubfiles-record rewrite*",
        ]
    )
    result.stdout.no_fnmatch_line("*new_episodes*")


def test_polls_beyond_where_a_candidate_ends(downstream: Downstream) -> None:
    """A task that had not ended when its test failed is no task that never ends."""
    polls = "def test_import(hubfiles):\n    task = hubfiles.start_import(**BODY).json['id']\n    {}\n"
    ask = "hubfiles.import_status(task)"
    downstream.tests(polls.format(f"{ask}; assert 0"))
    downstream.run_live("--hubfiles-record=once").assert_outcomes(failed=1)
    downstream.tests(polls.format(f"{ask}; {ask}"))

    result = downstream.run("--hubfiles-candidates")

    result.stdout.fnmatch_lines(["*This candidate ends where its test failed while it was recorded: *"])
