"""``hubfiles review``: a walk through what keeps candidates back, in a real terminal."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from helpers.downstream import TEST_IMPORT, Downstream, polled, whole_import
from helpers.patience import PATIENCE

from pytest_hubfiles import cassettes

pexpect = pytest.importorskip("pexpect", reason="there is no pseudo-terminal")

TWO = TEST_IMPORT + TEST_IMPORT.replace("test_import", "test_other")
PROMPT = "q quit > "
COMMAND = str(Path(sys.executable).with_name("hubfiles"))


@pytest.fixture
def kept(downstream: Downstream) -> Downstream:
    """Two tests whose recordings were kept back: a field is gone, and another has a type that breaks the contract."""
    downstream.tests(TWO)
    downstream.record()
    downstream.restart("size-as-string", "no-access")
    downstream.run_live("--hubfiles-record=rewrite").assert_outcomes(failed=2)
    return downstream


def _take_interrupts() -> None:
    """Have Ctrl-C interrupt, which whoever started the tests in the background has had ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def walking(project: Downstream, *args: str, **environment: str) -> Iterator[pexpect.spawn]:
    """Start a review in a terminal of its own."""
    env = {**os.environ, "TERM": "xterm", **environment}
    terminal = pexpect.spawn(
        COMMAND, ["review", *args], cwd=str(project.path), env=env, encoding="utf-8", timeout=PATIENCE,
        dimensions=(60, 120), preexec_fn=_take_interrupts,
    )  # fmt: skip
    terminal.logfile_read = io.StringIO()
    try:
        yield terminal
    finally:
        terminal.close(force=True)


def ended(terminal: pexpect.spawn) -> tuple[str, int | None]:
    """Return all that a review has said, and its exit status."""
    terminal.expect(pexpect.EOF)
    terminal.wait()
    return terminal.logfile_read.getvalue(), terminal.exitstatus


def deviate(terminal: pexpect.spawn, reason: str, *days: str) -> None:
    terminal.send("d")
    terminal.expect("Reason")
    terminal.sendline(reason)
    for day in days:
        terminal.expect("Last day")
        terminal.sendline(day)


@pytest.mark.slow
def test_each_finding_is_decided_once(kept: Downstream) -> None:
    """What two candidates show is asked once, what happened first; decided, both become cassettes and replay."""
    with walking(kept) as terminal:
        terminal.expect(
            "1 of 3.*field-removed .*result.access.*- access +string: PRIVATE.*recorded before.*[+] access +absent"
        )
        terminal.expect("test_import.candidate.yaml:.*test_other.candidate.yaml.*" + PROMPT)
        terminal.send("a")
        terminal.expect("2 of 3.*type-changed .*result.size.*- size +integer.*[+] size +string .digits.*" + PROMPT)
        assert "a accept" in terminal.after
        terminal.send("a")
        terminal.expect("3 of 3.*schema-violation.*- size +integer.*documented.*[+] size +string .digits.*" + PROMPT)
        assert "a accept" not in terminal.after
        terminal.send("a")
        terminal.expect("go on failing for it: d excuses it.*" + PROMPT)
        deviate(terminal, "HubSpot said so", "2027-02-30", "2020-01-01", "2099-01-01")
        said, status = ended(terminal)

    assert "'2027-02-30' is no date" in said
    assert "2020-01-01 is past" in said
    assert "3 decided, 2 promoted, 0 left" in said
    assert status == 0
    assert kept.yaml_files() == [f"cassettes/2026-03/test_files/{name}.yaml" for name in ("test_import", "test_other")]
    written = (kept.path / "deviations.toml").read_text()
    assert 'reason = "HubSpot said so"' in written
    assert "until = 2099-01-01" in written
    kept.run().assert_outcomes(passed=2)


def test_a_rename_is_one_line(downstream: Downstream) -> None:
    """A field that has another name is shown in one line, with both names."""
    downstream.tests()
    downstream.record()
    downstream.restart("renamed-field")
    downstream.run_live("--hubfiles-record=rewrite").assert_outcomes(failed=1)
    with walking(downstream, NO_COLOR="1") as terminal:
        terminal.expect(PROMPT)
        terminal.send("q")
        said, _ = ended(terminal)

    (line,) = (line for line in said.partition("$.result\r")[2].splitlines() if "hostingUrl" in line.replace("H", "h"))
    assert line.split() == ["~", "defaultHostingUrl", "is", "called", "hostingUrl", "now,", "string", "(url)"]


@pytest.mark.slow
def test_quitting_loses_nothing(kept: Downstream) -> None:
    """What was decided before somebody quit, skipped or lost the terminal is not asked again."""
    with walking(kept) as terminal:
        terminal.expect(PROMPT)
        terminal.send("s")
        terminal.expect("2 of 3.*type-changed.*" + PROMPT)
        terminal.send("a")
        terminal.expect("3 of 3.*" + PROMPT)
        terminal.send("x")  # no key of it: it asks again
        terminal.expect(PROMPT)
        terminal.send("d")
        terminal.expect("Reason")
        terminal.sendline("")  # back
        terminal.expect(PROMPT)
        terminal.send("q")
        said, status = ended(terminal)
    assert "1 decided, 0 promoted, 2 left; hubfiles review goes on with these" in said
    assert status == 1

    with walking(kept) as terminal:
        terminal.expect("1 of 2.*field-removed.*" + PROMPT)
        terminal.sendintr()
        said, status = ended(terminal)
    assert "0 decided, 0 promoted, 2 left" in said
    assert status == 1
    assert "Traceback" not in said

    with walking(kept) as terminal:
        terminal.expect("1 of 2.*" + PROMPT)
        terminal.send("a")
        terminal.expect("2 of 2.*" + PROMPT)
        deviate(terminal, "known", "")
        said, status = ended(terminal)
    assert "2 decided, 2 promoted, 0 left" in said
    assert status == 0
    kept.run().assert_outcomes(passed=2)


@pytest.mark.slow
def test_another_recording_is_asked_about_anew(kept: Downstream) -> None:
    """A decision is about what was recorded: it goes with it."""
    with walking(kept) as terminal:
        terminal.expect("1 of 3.*" + PROMPT)
        terminal.send("a")
        terminal.expect("2 of 3.*" + PROMPT)
        terminal.send("q")
        ended(terminal)
    kept.restart("size-as-string", "no-access")
    kept.run_live("--hubfiles-record=rewrite").assert_outcomes(failed=2)

    with walking(kept) as terminal:
        terminal.expect("1 of 3.*field-removed.*" + PROMPT)


def test_what_is_no_credential_is_excused_at_its_place(downstream: Downstream) -> None:
    """What keeps a candidate back as a credential, and is none, takes a deviation that names the cassette."""
    downstream.write(whole_import())
    answers = [*whole_import()[:3], polled("COMPLETE", change={"accessToken": "pat-na1-" + "0a1b2c3d" * 4})]
    downstream.candidate().write_bytes(b"# refused: findings\n" + cassettes.dump(answers))

    with walking(downstream) as terminal:
        terminal.expect("secret-in-cassette.*" + PROMPT)
        deviate(terminal, "A made-up one", "")
        said, status = ended(terminal)

    assert "promoted: cassettes/2026-03/test_files/test_import.yaml" in said
    assert status == 0
    written = (downstream.path / "deviations.toml").read_text()
    assert 'cassettes = ["cassettes/2026-03/test_files/test_import.yaml"]' in written


@pytest.mark.slow
def test_one_candidate_alone(kept: Downstream) -> None:
    """With a path only what it names is walked through, without colours where NO_COLOR says so."""
    one = "cassettes/2026-03/test_files/test_other.candidate.yaml"

    with walking(kept, one, NO_COLOR="1") as terminal:
        terminal.expect(PROMPT)
        shown = terminal.before
        terminal.send("q")
        ended(terminal)

    assert "test_other" in shown
    assert "test_import" not in shown
    assert "\x1b" not in shown


def test_without_a_terminal_it_lists(kept: Downstream) -> None:
    """A pipe gets the findings, where they were seen and what nobody can accept, and the exit status 2."""
    refused = kept.candidate("test_refused")
    refused.write_bytes(b"# refused: the test did not pass\n" + kept.candidate().read_bytes())

    listed = subprocess.run(
        [COMMAND, "review"], cwd=kept.path, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )

    assert listed.returncode == 2
    assert "field-removed $.result.access" in listed.stdout
    assert "  cassettes/2026-03/test_files/test_other.candidate.yaml" in listed.stdout
    assert "nobody can accept cassettes/2026-03/test_files/test_refused.candidate.yaml: the test did not pass" in (
        listed.stdout
    )
    assert "To decide about each, run hubfiles review in a terminal." in listed.stderr


def test_there_is_nothing_to_review(downstream: Downstream) -> None:
    """Without candidates it says so; a terminal or none makes no difference."""
    downstream.tests()
    downstream.record()
    listed = subprocess.run([COMMAND, "review"], cwd=downstream.path, capture_output=True, text=True, check=False)
    assert (listed.returncode, listed.stdout) == (0, "nothing to review: there is no candidate\n")

    with walking(downstream) as terminal:
        said, status = ended(terminal)
    assert "nothing to review" in said
    assert status == 0


def test_what_cannot_be_accepted_is_told(kept: Downstream) -> None:
    """A candidate that a failed test left, or that cannot be read, is told at the end and stays."""
    shutil.copy(kept.candidate(), kept.candidate("test_refused"))
    refused = kept.candidate("test_refused")
    refused.write_bytes(b"# refused: the test failed\n" + refused.read_bytes())
    kept.candidate("test_torn").write_text("interactions: [")
    kept.candidate().unlink()
    kept.candidate("test_other").unlink()

    with walking(kept) as terminal:
        said, status = ended(terminal)

    refusal = "Nobody can accept cassettes/2026-03/test_files/test_refused.candidate.yaml yet: the test failed. Mend"
    assert refusal in said
    assert "pytest --hubfiles-candidates" in said
    assert "test_torn.candidate.yaml yet: " in said
    assert "0 decided, 0 promoted, 0 left, 2 that nobody can accept" in said
    assert status == 1
    assert refused.exists()
