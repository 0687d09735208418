"""``hubfiles accept`` looks at a candidate as hard as a recording is looked at."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from helpers.downstream import Downstream, interaction, polled, whole_import

from pytest_hubfiles import cassettes
from pytest_hubfiles.cli.main import main
from pytest_hubfiles.model.exchange import Interaction

TOKEN = "pat-eu1-a1b2c3d4-5e6f-4a1b-8c2d-3e4f5a6b7c8d"
WAIVED = b"# refused: findings\n"


def accepted(downstream: Downstream, answers: list[Interaction], header: bytes = WAIVED) -> tuple[int, str]:
    """Put a candidate beside a good cassette, accept it; return the exit status and what was said."""
    path = downstream.write(whole_import())
    before = path.read_bytes()
    candidate = downstream.candidate()
    candidate.write_bytes(header + cassettes.dump(answers))
    done = CliRunner().invoke(main, ["accept", str(candidate)], catch_exceptions=False)
    assert (path.read_bytes() == before) == (done.exit_code != 0)
    assert candidate.exists() == (done.exit_code != 0)
    return done.exit_code, done.output


def test_a_candidate_with_a_credential_is_refused(downstream: Downstream) -> None:
    """A token in an answer keeps a candidate from being promoted, whatever its header says; it is not repeated."""
    status, said = accepted(downstream, [polled("COMPLETE", change={"accessToken": TOKEN})])
    assert status == 1
    assert "a credential stands in" in said
    assert TOKEN not in said


def test_a_forged_reason_lets_no_outage_through(downstream: Downstream) -> None:
    """What a candidate says of itself is not believed: its answers decide, with and without such a line."""
    outage = interaction("GET", polled("PENDING").path, 503)
    for header in (WAIVED, b""):
        status, said = accepted(downstream, [*whole_import(), outage], header)
        assert status == 1
        assert "503" in said


def test_a_good_candidate_is_promoted(downstream: Downstream) -> None:
    """One that was kept for findings alone becomes the cassette."""
    status, said = accepted(downstream, [polled("COMPLETE", change={"size": "1"})])
    assert status == 0, said


def test_line_ends_of_windows_are_no_reason(downstream: Downstream) -> None:
    """A candidate that git has checked out with the line ends of Windows is promoted as any other."""
    status, said = accepted(downstream, [polled("COMPLETE", change={"size": "1"})], WAIVED.replace(b"\n", b"\r\n"))
    assert status == 0, said


def test_what_was_accepted_as_no_credential_is_promoted(
    downstream: Downstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A place that the team's deviations call no credential keeps no candidate back."""
    monkeypatch.chdir(downstream.path)
    downstream.ini("hubfiles_deviations = mine.toml")
    (downstream.path / "mine.toml").write_text(
        '[[deviation]]\npath = "$"\nkind = "secret-in-cassette"\nreason = "made up"\nsource = "us"\n'
        'cassettes = ["cassettes/2026-03/test_files/test_import.yaml"]\n'
        'places = ["response body, field accessToken"]\n',
        encoding="utf-8",
    )
    downstream.write(whole_import())
    candidate = downstream.candidate().relative_to(downstream.path)
    candidate.write_bytes(WAIVED + cassettes.dump([polled("COMPLETE", change={"accessToken": TOKEN})]))
    done = CliRunner().invoke(main, ["accept", str(candidate)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
