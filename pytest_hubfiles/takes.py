"""What one run has recorded for a cassette: a take per test, merged whatever the order and the worker."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pytest_hubfiles import cassettes
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.exchanges import Interaction
from pytest_hubfiles.findings import WAIVABLE
from pytest_hubfiles.gate import Gate
from pytest_hubfiles.options import RecordMode

_REFUSED: Final = re.compile(rb"^# refused: (.+)$", re.MULTILINE)


class CandidateRefusedError(HubfilesError):
    """A candidate that must not become a cassette; ``path`` and ``reasons`` say which and why."""

    def __init__(self, path: Path, reasons: Sequence[str]) -> None:
        self.path, self.reasons = path, tuple(reasons)
        super().__init__(
            f"{path} is not promoted: {'; '.join(reasons)}.\n"
            "Only drift and contract findings can be accepted. Record it again, or delete it."
        )


@dataclass(frozen=True, slots=True)
class Takes:
    """The takes of one run for one cassette; ``shared`` says whether several tests may use it.

    They lie in a private folder outside the checkout until the run ends, scrubbed like the cassette. ``gate`` looks
    at each file before it is written.
    """

    cassette: Path
    run: str
    mode: RecordMode
    shared: bool = False
    gate: Gate = field(default_factory=Gate, compare=False)

    @property
    def _folder(self) -> Path:
        return run_folder(self.run) / cassettes.identity(self.cassette)

    @property
    def _original(self) -> Path:
        return self._folder / "original.yaml"

    def begin(self, holder: str) -> bool:
        """Note what the cassette is before this run touches it; return whether this test is to record.

        In mode ``once`` it is, unless the cassette was there when the run began.
        """
        with cassettes.locked(self.cassette, holder):
            if not self._folder.exists():
                if self.cassette.exists() and self.mode is RecordMode.ONCE:
                    return False
                self._folder.mkdir(parents=True)
                if self.cassette.exists():
                    shutil.copyfile(self.cassette, self._original)
            return self.mode is not RecordMode.ONCE or not self._original.exists()

    def original(self, max_megabytes: float) -> list[Interaction]:
        """Return what the cassette held before this run.

        Raises:
            CassetteUnreadableError: if it cannot be read; the error names the cassette itself.
        """
        if not self._original.exists():
            return []
        try:
            return cassettes.read(self._original, max_megabytes)
        except cassettes.CassetteUnreadableError as error:
            raise cassettes.CassetteUnreadableError(self.cassette, error.reason, error.line) from None

    def promote(self, test: str, order: int, recorded: Sequence[Interaction], max_megabytes: float) -> None:
        """Make *recorded* part of the cassette, beside what other tests of this run recorded into it.

        Raises:
            CassetteNotWrittenError: the cassette is as it was.
            CredentialInFileError: a credential would have been in a file; the cassette is as it was.
        """
        with cassettes.locked(self.cassette, test):
            self._store("promoted", test, order, recorded, ())
            self._write(self.cassette, cassettes.dump(self._merged(("promoted",), max_megabytes)))
            candidate = cassettes.candidate_path(self.cassette)
            if any((self._folder / "kept").glob("*")):
                self._write_candidate(candidate, max_megabytes)
            else:
                candidate.unlink(missing_ok=True)

    def keep(
        self,
        test: str,
        order: int,
        recorded: Sequence[Interaction],
        reasons: Sequence[str],
        max_megabytes: float,
    ) -> Path:
        """Keep *recorded* as a candidate beside the cassette, with the *reasons* why; return its path.

        Raises:
            CassetteNotWrittenError: the cassette is as it was.
            CredentialInFileError: a credential would have been in a file; the cassette is as it was.
        """
        candidate = cassettes.candidate_path(self.cassette)
        with cassettes.locked(self.cassette, test):
            self._store("kept", test, order, recorded, reasons)
            self._write_candidate(candidate, max_megabytes)
        return candidate

    def _store(self, kind: str, test: str, order: int, recorded: Sequence[Interaction], reasons: Sequence[str]) -> None:
        name = f"{order:08d}-{hashlib.sha256(test.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}.yaml"
        for other in ("promoted", "kept"):
            (self._folder / other / name).unlink(missing_ok=True)
        header = "".join(f"# refused: {reason}\n" for reason in reasons)
        self._write(self._folder / kind / name, header.encode() + cassettes.dump(recorded))

    def _write(self, path: Path, content: bytes) -> None:
        self.gate.check(self.cassette if path.is_relative_to(self._folder) else path, content)
        cassettes.write(path, content)

    def _write_candidate(self, candidate: Path, max_megabytes: float) -> None:
        kept = sorted((self._folder / "kept").glob("*.yaml"))
        reasons = dict.fromkeys(reason for take in kept for reason in _reasons(take.read_bytes()))
        header = "# A candidate: recorded, and not promoted to the cassette beside it.\n" + "".join(
            f"# refused: {reason}\n" for reason in reasons
        )
        merged = self._merged(("promoted", "kept"), max_megabytes)
        self._write(candidate, header.encode() + cassettes.dump(merged))

    def _merged(self, kinds: Sequence[str], max_megabytes: float) -> list[Interaction]:
        takes = sorted((path for kind in kinds for path in (self._folder / kind).glob("*.yaml")), key=lambda p: p.name)
        recorded = [interaction for take in takes for interaction in cassettes.read(take, max_megabytes)]
        # What another test recorded into a shared cassette stays until that test records it again: it may be
        # deselected, or refused.
        if self.mode is RecordMode.ONCE or (self.mode is RecordMode.REWRITE and not self.shared):
            return recorded
        try:
            base = self.original(max_megabytes)
        except cassettes.CassetteUnreadableError:  # a finding, which only --hubfiles-accept lets pass
            base = []
        if self.mode in (RecordMode.ALL, RecordMode.REWRITE):
            again = {interaction.match_key for interaction in recorded}
            # A task that was started anew has another id: nobody will ask for the polls of the old one.
            ended = {i.started_task for i in base if i.match_key in again} - {None}
            base = [i for i in base if i.match_key not in again and i.task_id not in ended]
        return base + recorded


def _reasons(content: bytes) -> list[str]:
    return [reason.decode("utf-8", "replace") for reason in _REFUSED.findall(content)]


def accept(candidate: Path, max_megabytes: float = 64.0) -> Path:
    """Promote *candidate* to the cassette beside it; return the cassette.

    Raises:
        CassetteUnreadableError: if the candidate cannot be read.
        CandidateRefusedError: if it was refused for more than findings: an outage, a test that failed.
        CassetteNotWrittenError: if the cassette cannot be written.
        CredentialInFileError: if a credential of this environment is in it.
    """
    name = candidate.name.removesuffix(cassettes.CANDIDATE_SUFFIX)
    cassette = candidate.with_name(name + cassettes.SUFFIX)
    with cassettes.locked(cassette, f"accepting {candidate.name}"):
        interactions = cassettes.read(candidate, max_megabytes)
        reasons = _reasons(candidate.read_bytes())
        if not reasons:  # not written by a run of ours: what it holds must speak for itself
            reasons = [f"{i.method} {i.path} got {i.outage}" for i in interactions if i.outage]
        others = [reason for reason in reasons if reason != WAIVABLE]
        if others or not interactions:
            raise CandidateRefusedError(candidate, others or ["it holds no exchange"])
        content = cassettes.dump(interactions)
        Gate.of(os.environ).check(cassette, content)
        cassettes.write(cassette, content)
        candidate.unlink()
    return cassette


def run_folder(run: str) -> Path:
    """Return the folder in which the takes of *run* lie."""
    return cassettes.private_folder() / "runs" / run


def forget(run: str) -> None:
    """Remove the takes of *run*, once it has ended."""
    shutil.rmtree(run_folder(run), ignore_errors=True)
