"""Each record mode: what is played, what goes to the network, and what is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.downstream import TEST_IMPORT, Downstream, answers, constant_server, polled, started, whole_import

from pytest_hubfiles import cassettes
from pytest_hubfiles.settings.values import RecordMode

WHOLE = [("POST", None), ("GET", "PENDING"), ("GET", "PROCESSING"), ("GET", "COMPLETE")]
MODES = [mode.value for mode in RecordMode]
TWO_IMPORTS = """
def test_import(hubfiles):
    import_a_file(hubfiles)
    import_a_file(hubfiles, name="other")
"""


def recorded_sizes(downstream: Downstream) -> list[object]:
    return [
        i.json["result"]["size"] for i in cassettes.read(downstream.cassette()) if i.task_status == "COMPLETE"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "asked", "written"),
    [
        ("none", 0, False),
        ("once", 4, True),
        ("new_episodes", 4, True),
        ("all", 4, True),
        ("rewrite", 4, True),
        ("refresh", 4, True),
        ("verify", 4, False),
    ],
)
def test_without_a_cassette(downstream: Downstream, mode: str, asked: int, written: bool) -> None:
    """Where there is no cassette, every mode but none asks the network, and every one of these but verify writes."""
    downstream.tests()

    result = downstream.run_live(f"--hubfiles-record={mode}")

    assert downstream.asked() == asked
    assert downstream.cassette().exists() is written
    if mode == "none":
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(
            ["*nothing is recorded in cassettes/2026-03/test_files/test_import.yaml. *--hubfiles-record once*"]
        )
    else:
        result.assert_outcomes(passed=1)
    if written:
        assert answers(downstream.cassette()) == WHOLE
        result.stdout.fnmatch_lines(["recorded: cassettes/2026-03/test_files/test_import.yaml"])
    else:
        assert downstream.yaml_files() == []


@pytest.mark.parametrize(
    ("mode", "asked"),
    [("none", 0), ("once", 0), ("new_episodes", 0), ("all", 4), ("rewrite", 4), ("refresh", 4), ("verify", 4)],
)
def test_with_a_whole_cassette(downstream: Downstream, mode: str, asked: int) -> None:
    """Where all is recorded, none, once and new_episodes ask nothing; the others record or compare all of it."""
    downstream.tests()
    downstream.record()
    old = downstream.cassette().read_bytes()
    downstream.restart()

    result = downstream.run_live(f"--hubfiles-record={mode}")

    result.assert_outcomes(passed=1)
    assert downstream.asked() == asked
    assert answers(downstream.cassette()) == WHOLE
    if mode in ("none", "once", "new_episodes", "refresh", "verify"):
        assert downstream.cassette().read_bytes() == old
        result.stdout.no_fnmatch_line("recorded: *")
    else:
        result.stdout.fnmatch_lines(["recorded: *test_import.yaml"])
    if mode == "verify":
        result.stdout.fnmatch_lines(["verified against the network, nothing written: 1 test"])


@pytest.mark.parametrize(
    ("mode", "asked", "passes"),
    [("none", 0, False), ("once", 0, False), ("new_episodes", 4, True), ("all", 8, True), ("rewrite", 8, True)],
)
def test_with_half_a_cassette(downstream: Downstream, mode: str, asked: int, passes: bool) -> None:
    """What is missing is an error in none and once, is added in new_episodes, and comes anew in all and rewrite."""
    downstream.tests()
    downstream.record()
    downstream.tests(TWO_IMPORTS)
    if mode != "new_episodes":  # there the second import is to get an id that nothing is recorded for
        downstream.restart()

    result = downstream.run_live(f"--hubfiles-record={mode}")

    assert downstream.asked() == asked
    result.assert_outcomes(passed=int(passes), failed=int(not passes))
    assert answers(downstream.cassette()) == (WHOLE * 2 if passes else WHOLE)


def test_once_says_what_to_do_about_the_missing(downstream: Downstream) -> None:
    """In mode once a request that an existing cassette lacks fails, and new_episodes is named as the way out."""
    downstream.tests()
    downstream.record()
    downstream.tests(TWO_IMPORTS)

    result = downstream.run_live("--hubfiles-record=once")

    result.stdout.fnmatch_lines(["*unmatched-request: POST *", "*new_episodes*rewrite*"])


OTHER = started({"url": "https://example.com/old.png", "access": "PRIVATE"})


@pytest.mark.parametrize(("mode", "kept"), [("new_episodes", True), ("all", True), ("rewrite", False)])
def test_what_becomes_of_recordings_nobody_asked_for(downstream: Downstream, mode: str, kept: bool) -> None:
    """new_episodes and all keep a recorded exchange that no test asks for, rewrite leaves it out."""
    downstream.tests()
    downstream.write([OTHER])

    result = downstream.run_live(f"--hubfiles-record={mode}", "--hubfiles-accept")

    result.assert_outcomes(passed=1)
    assert answers(downstream.cassette()) == [("POST", None)] * kept + WHOLE


def test_all_replaces_what_it_recorded_again(downstream: Downstream) -> None:
    """Mode all replaces the answers to requests it made again, so that a replay sees the new ones."""
    downstream.tests()
    downstream.record()
    downstream.restart("size-as-string")

    downstream.run_live("--hubfiles-record=all", "--hubfiles-accept", "--hubfiles-fail-on=never")

    assert recorded_sizes(downstream) == ["24574"]


SEVERAL = """
@pytest.mark.parametrize("name", ["one", "two", "three"])
def test_import(hubfiles, name):
    import_a_file(hubfiles, name=name)
"""


def test_what_is_accepted_says_nothing_of_how_it_was(downstream: Downstream) -> None:
    """A change of every answer weighs the same in every test, though those before have been accepted already."""
    downstream.tests(SEVERAL)
    downstream.record()
    downstream.restart("renamed-field")

    downstream.run_live("--hubfiles-record=refresh", "--hubfiles-accept", "--hubfiles-report=json:r.json")

    found = json.loads((downstream.path / "r.json").read_text("utf-8"))["findings"]
    drift = [(one["kind"], one["severity"]) for one in found if one["kind"].startswith("field-")]
    assert set(drift) == {("field-renamed", "breaking")}


def test_all_forgets_the_polls_of_a_task_that_was_started_anew(downstream: Downstream) -> None:
    """A task started again has another id: mode all leaves no polls of the old one, which nobody would ask for."""
    downstream.tests()
    downstream.record()

    downstream.record(mode="all")

    assert answers(downstream.cassette()) == WHOLE


@pytest.mark.parametrize("mode", ["all", "rewrite"])
def test_recording_again_writes_the_same_bytes(downstream: Downstream, mode: str) -> None:
    """The same answers make the same bytes, in the place of a cassette and where there was none."""
    downstream.tests()
    with constant_server() as address:
        downstream.record(f"--hubfiles-base-url={address}")
        before = downstream.cassette().read_bytes()
        downstream.cassette().unlink()

        downstream.record(f"--hubfiles-base-url={address}", mode=mode)
        assert downstream.cassette().read_bytes() == before
        downstream.record(f"--hubfiles-base-url={address}", mode=mode)

    assert downstream.cassette().read_bytes() == before


# --- verify ---


def test_verify_fails_on_drift_and_writes_nothing(downstream: Downstream) -> None:
    """Verify compares with the cassette and fails on drift; it neither writes nor speaks of a file it kept."""
    downstream.tests()
    downstream.record()
    old = downstream.cassette().read_bytes()
    downstream.sandbox.switch("size-as-string")

    result = downstream.run_live("--hubfiles-record=verify")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["breaking *$.result.size *type-changed: *integer*string*"])
    result.stdout.fnmatch_lines(["verified against the network, nothing written: 1 test"])
    for wrong in ("*is kept beside*", "*not replaced*", "*could not be verified*"):
        result.stdout.no_fnmatch_line(wrong)
    assert downstream.cassette().read_bytes() == old
    assert downstream.yaml_files() == ["cassettes/2026-03/test_files/test_import.yaml"]


def test_verify_fails_on_an_outage(downstream: Downstream) -> None:
    """An outage is no answer to compare with: the test fails though it did not mind, and nothing is written."""
    downstream.tests("def test_import(hubfiles): hubfiles.import_status('AAAAEZ6whGI')")
    downstream.sandbox.switch("server-error")

    result = downstream.run_live("--hubfiles-record=verify")

    result.assert_outcomes(failed=1)
    name = "cassettes/2026-03/test_files/test_import.yaml"
    result.stdout.fnmatch_lines(
        [
            f"{name} could not be verified: GET */status got HTTP 500.",
            f"not verified: {name} (GET */status got HTTP 500)",
        ]
    )
    for wrong in ("*not replaced*", "verified against the network*"):
        result.stdout.no_fnmatch_line(wrong)
    assert downstream.yaml_files() == []


# --- tests that share a cassette ---

SHARED = """
pytestmark = pytest.mark.hubfiles(cassette="shared/imports")

@pytest.mark.parametrize("name", ["alpha", "beta", "gamma", "delta", "omega"])
def test_import(hubfiles, name):
    import_a_file(hubfiles, url=f"https://example.com/{name}.png")
"""
NAMES = ["alpha", "beta", "gamma", "delta", "omega"]


def asked(cassette: Path) -> list[str]:
    """Return the names that a shared cassette has imports of, in order."""
    bodies = [i.request_body.decode() for i in cassettes.read(cassette) if i.method == "POST"]
    return [body.split(".png")[0].split("/")[-1] for body in bodies]


@pytest.mark.parametrize("mode", ["once", "rewrite", "new_episodes", "all"])
def test_tests_that_share_a_cassette_fill_it_together(downstream: Downstream, mode: str) -> None:
    """Each of five tests adds its part to the cassette they share, in the order of the tests, and all replay."""
    downstream.tests(SHARED)

    result = downstream.run_live(f"--hubfiles-record={mode}")

    result.assert_outcomes(passed=5)
    shared = downstream.cassette("imports", file="shared")
    assert answers(shared) == WHOLE * 5
    assert asked(shared) == NAMES
    downstream.run().assert_outcomes(passed=5)


@pytest.mark.parametrize("mode", ["once", "rewrite"])
def test_a_second_run_starts_anew(downstream: Downstream, mode: str) -> None:
    """Once leaves the shared cassette of an earlier run alone; rewrite replaces what is asked again, once."""
    downstream.tests(SHARED)
    downstream.record(mode=mode)

    result = downstream.run_live(f"--hubfiles-record={mode}", "-k", "alpha or beta")

    result.assert_outcomes(passed=2, deselected=3)
    shared = downstream.cassette("imports", file="shared")
    assert answers(shared) == WHOLE * 5
    assert asked(shared) == (NAMES if mode == "once" else [*NAMES[2:], *NAMES[:2]])


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["once", "rewrite"])
def test_workers_fill_a_shared_cassette_alike(downstream: Downstream, mode: str) -> None:
    """Under -n 2 a shared cassette has the very bytes that it has without."""
    downstream.tests(SHARED)
    shared = downstream.cassette("imports", file="shared")
    with constant_server() as address:
        downstream.record(f"--hubfiles-base-url={address}", mode=mode)
        alone = shared.read_bytes()
        shared.unlink()

        result = downstream.run_apart(f"--hubfiles-base-url={address}", f"--hubfiles-record={mode}", "-n", "2")

    result.assert_outcomes(passed=5)
    assert shared.read_bytes() == alone
    assert answers(shared) == [("POST", None), ("GET", "COMPLETE")] * 5
    assert not downstream.candidate("imports", file="shared").exists()


def test_one_of_them_failing_keeps_its_part_out(downstream: Downstream) -> None:
    """Where one of the tests that share a cassette fails, the others' parts are in it and its own is not."""
    downstream.tests(SHARED + "    assert name != 'gamma'\n")

    result = downstream.run_live("--hubfiles-record=once")

    result.assert_outcomes(passed=4, failed=1)
    shared = downstream.cassette("imports", file="shared")
    assert answers(shared) == WHOLE * 4
    assert answers(downstream.candidate("imports", file="shared")) == WHOLE * 5


def test_a_whole_import_is_what_the_examples_replay(downstream: Downstream) -> None:
    """The recording these tests write by hand replays like one that was recorded."""
    downstream.tests(TEST_IMPORT)
    downstream.write(whole_import())
    downstream.run().assert_outcomes(passed=1)

    downstream.write([started(), polled("COMPLETE")])
    downstream.run().assert_outcomes(passed=1)


MISSING = """
def test_missing(hubfiles):
    assert hubfiles.import_status("BBBBEZ6whGI").status_code == 404
"""


@pytest.mark.parametrize("mode", ["rewrite", "all", "verify"])
def test_what_another_test_of_the_cassette_recorded_is_no_drift(downstream: Downstream, mode: str) -> None:
    """A test that asks for a missing task is not compared with the one beside it that finished a task."""
    downstream.tests("pytestmark = pytest.mark.hubfiles(cassette='shared')\n" + TEST_IMPORT + MISSING)
    downstream.record()

    downstream.run_live(f"--hubfiles-record={mode}").assert_outcomes(passed=2)


def test_a_new_request_is_no_drift(downstream: Downstream) -> None:
    """What new_episodes adds to a cassette replaces nothing: it is not compared with the other requests in it."""
    downstream.tests()
    downstream.record()
    downstream.tests(TEST_IMPORT + '    assert hubfiles.import_status("BBBBEZ6whGI").status_code == 404\n')

    downstream.run_live("--hubfiles-record=new_episodes").assert_outcomes(passed=1)


def test_rewriting_a_shared_cassette_keeps_what_a_deselected_test_recorded(downstream: Downstream) -> None:
    """Rewrite of one of the tests that share a cassette leaves the recordings of the others in it."""
    downstream.tests("pytestmark = pytest.mark.hubfiles(cassette='shared')\n" + TEST_IMPORT + MISSING)
    downstream.record()

    downstream.run_live("--hubfiles-record=rewrite", "-k", "test_import").assert_outcomes(passed=1, deselected=1)

    downstream.sandbox.close()
    downstream.run().assert_outcomes(passed=2)
