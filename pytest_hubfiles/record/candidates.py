"""Candidates: why each was kept back, what a person has decided about it, and how it becomes the cassette beside it.

Both stand as comments in the head of its file, so that nothing is lost, and go when something else is recorded.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from pytest_hubfiles import cassettes
from pytest_hubfiles.cassettes import file_findings
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.model.finding import TEST_FAILED, WAIVABLE, Finding
from pytest_hubfiles.secrets.write_guard import WriteGuard
from pytest_hubfiles.visible import clauses, shown

# A checkout on Windows may have these line ends.
_REFUSED: Final = re.compile(rb"^# refused: (.+?)\r?$", re.MULTILINE)
_ACCEPTED: Final = re.compile(rb"^# accepted: ([0-9a-f]{16})\r?$", re.MULTILINE)
_ORIGIN: Final = re.compile(r"https?://[^/\s]+")
_EMPTY: Final = "it holds no exchange"


class CandidateRefusedError(HubfilesError):
    """A candidate that must not become a cassette; ``path`` and ``reasons`` say which and why.

    ``credentials`` are those of the reasons that can be accepted, if what was found is no credential.
    """

    def __init__(self, path: Path, reasons: Sequence[str], credentials: Sequence[Finding] = ()) -> None:
        self.path, self.reasons, self.credentials = path, tuple(reasons), tuple(credentials)
        super().__init__(f"{shown(path)} was not promoted: {clauses(*reasons)}.\n{way_on(reasons)}")


def way_on(reasons: Sequence[str]) -> str:
    """Return what to do about a candidate that nobody can accept, for these *reasons*."""
    if {*reasons} == {TEST_FAILED}:
        return (
            "Mend the code until pytest --hubfiles-candidates has the test pass, and accept it then; "
            "or record again (--hubfiles-record rewrite), or delete it."
        )
    return "Drift and contract findings alone can be accepted. Record again (--hubfiles-record rewrite), or delete it."


def refusals(reasons: Iterable[str]) -> str:
    """Return *reasons* as comment lines, without the characters that would break a line."""
    lines = ("".join(c if c.isprintable() else "?" for c in reason) for reason in reasons)
    return "".join(f"# refused: {line}\n" for line in lines)


def reasons_in(content: bytes) -> list[str]:
    """Return the reasons that stand in the *content* of a candidate."""
    return [reason.decode("utf-8", "replace") for reason in _REFUSED.findall(content)]


def was_cut_short(path: Path, limits: cassettes.Limits = cassettes.USUAL) -> bool:
    """Return whether *path* is a candidate whose test failed while it was recorded."""
    if not cassettes.is_candidate(path):
        return False
    with suppress(cassettes.CassetteUnreadableError):
        return TEST_FAILED in reasons_in(cassettes.content(path, limits))
    return False


def why_refused(candidate: Path, limits: cassettes.Limits = cassettes.USUAL) -> list[str]:
    """Return why nobody can accept *candidate*: it was kept for more than findings, or holds an outage or nothing.

    Raises:
        CassetteUnreadableError: if it cannot be read.
    """
    interactions = cassettes.read(candidate, limits)
    return _why_refused(interactions, cassettes.content(candidate, limits)) or ([] if interactions else [_EMPTY])


def _why_refused(interactions: Sequence[Interaction], content: bytes) -> list[str]:
    reasons = [reason for reason in reasons_in(content) if reason != WAIVABLE]
    # Whoever wrote the file, and its reasons, may have forged them: its answers decide.
    outages = (f"{i.label} got {i.transient}" for i in interactions if i.transient)
    known = set(map(_anywhere, reasons))
    return reasons + [reason for reason in outages if _anywhere(reason) not in known]


def _anywhere(reason: str) -> str:
    """Return *reason* without the origin of a URL: it names that of the recording, and the file HubSpot's own."""
    return _ORIGIN.sub("", reason)


def lift(candidate: Path, reason: str, limits: cassettes.Limits = cassettes.USUAL) -> None:
    """Note in *candidate* that *reason* keeps it back no longer.

    Raises:
        CassetteUnreadableError: if it cannot be read.
        CassetteNotWrittenError: if it cannot be written; it is as it was.
    """
    line = re.escape(refusals([reason]).encode().rstrip())
    _change(candidate, lambda content: re.sub(rb"(?m)^" + line + rb"\r?\n", b"", content), limits)


def accepted_in(candidate: Path, limits: cassettes.Limits = cassettes.USUAL) -> frozenset[str]:
    """Return the fingerprints of the findings of *candidate* that a person has accepted.

    Raises:
        CassetteUnreadableError: if it cannot be read.
    """
    return frozenset(match.decode() for match in _ACCEPTED.findall(cassettes.content(candidate, limits)))


def accept_in(candidate: Path, fingerprint: str, limits: cassettes.Limits = cassettes.USUAL) -> None:
    """Note in *candidate* that the finding called *fingerprint* is accepted.

    Raises:
        CassetteUnreadableError: if it cannot be read.
        CassetteNotWrittenError: if it cannot be written; it is as it was.
    """

    def noted(content: bytes) -> bytes:
        known = fingerprint.encode() in _ACCEPTED.findall(content)
        return content if known else f"# accepted: {fingerprint}\n".encode() + content

    _change(candidate, noted, limits)


def _change(candidate: Path, changed: Callable[[bytes], bytes], limits: cassettes.Limits) -> None:
    """Write *candidate* as it is *changed*, if it is."""
    with cassettes.locked(cassettes.of_candidate(candidate), f"noting what is decided of {candidate.name}"):
        content = cassettes.content(candidate, limits)
        new = changed(content)
        if new != content:
            cassettes.write(candidate, new, limits.root)


def accept_candidate(
    candidate: Path,
    limits: cassettes.Limits = cassettes.USUAL,
    is_excused: Callable[[Finding], bool] = lambda finding: False,
) -> Path:
    """Promote *candidate* to the cassette beside it; return the cassette.

    *is_excused* says whether what looks like a credential has been accepted as none.

    Raises:
        CassetteUnreadableError: if the candidate cannot be read.
        CandidateRefusedError: if it was kept for more than findings, such as a test that failed, or holds an outage or
            a credential.
        CassetteNotWrittenError: if the cassette cannot be written.
        CredentialInFileError: if a credential of this environment is in it.
    """
    cassette = cassettes.of_candidate(candidate)
    with cassettes.locked(cassette, f"accepting {candidate.name}"):
        interactions = cassettes.read(candidate, limits)
        others = _why_refused(interactions, cassettes.content(candidate, limits))
        _, credentials = file_findings.scrubbed(interactions)
        named = [finding.but(cassette=shown(cassette)) for finding in credentials]
        doubted = [finding for finding in named if not is_excused(finding)]
        others += [finding.message for finding in doubted]
        if others or not interactions:
            raise CandidateRefusedError(candidate, others or [_EMPTY], doubted)
        write_guard = WriteGuard.of(os.environ)
        cassettes.save(cassette, interactions, limits, check=partial(write_guard.check, cassette))
        with suppress(OSError):  # it is the cassette now; the next recording removes it
            candidate.unlink()
    return cassette
