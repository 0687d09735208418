"""Promotes what the tests of a run have recorded to cassettes, or keeps it as candidates beside them."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

from pytest_hubfiles import cassettes
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.model.hubspot_api import CANONICAL_ORIGIN
from pytest_hubfiles.record import candidates
from pytest_hubfiles.record.wire import moved
from pytest_hubfiles.secrets.write_guard import WriteGuard
from pytest_hubfiles.settings.values import RecordMode

_WHOLE: Final = (RecordMode.ONCE, RecordMode.REWRITE, RecordMode.REFRESH)
_STALE_SECONDS: Final = 7 * 24 * 3600.0  # no run lasts a week; one that was killed leaves its recordings behind


@dataclass(frozen=True, slots=True)
class StagedRecordings:
    """What the tests of one run have recorded for one cassette, a file per test; ``shared`` if several tests use it.

    The files lie in a private folder outside the checkout until the run ends, scrubbed like the cassette. ``limits``
    are those of the cassette file; ``write_guard`` looks at each file before it is written. What others recorded from
    ``base_url`` went to HubSpot.
    """

    cassette: Path
    run: str
    mode: RecordMode
    shared: bool = False
    limits: cassettes.Limits = cassettes.USUAL
    write_guard: WriteGuard = field(default_factory=WriteGuard, compare=False)
    base_url: str = CANONICAL_ORIGIN

    @property
    def _folder(self) -> Path:
        return run_folder(self.run) / cassettes.identity(self.cassette)

    @property
    def _original(self) -> Path:
        return self._folder / "original.yaml"

    @property
    def _staged_limits(self) -> cassettes.Limits:
        """The limits of the staged files, which do not lie below the cassette root."""
        return replace(self.limits, root=None)

    def begin(self, holder: str) -> bool:
        """Note what the cassette is before this run changes it; return whether the test *holder* is to record.

        In mode ``once`` it is, unless the cassette existed when the run began.

        Raises:
            CassetteNotWrittenError: if it is clear already that no recording could be kept.
        """
        cassettes.check_target(self.cassette, self.limits.root)
        begun = self._folder / "begun"
        with cassettes.locked(self.cassette, holder), self._system_errors():
            if not begun.exists():
                exists = self.cassette.exists()
                if exists and self.mode is RecordMode.ONCE:
                    return False
                if exists:
                    self._folder.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(self.cassette, self._original)
                cassettes.write(begun, b"")  # last: after a kill, the next test begins anew
            return self.mode is not RecordMode.ONCE or not self._original.exists()

    def original(self) -> list[Interaction]:
        """Return what the cassette held before this run.

        Raises:
            CassetteUnreadableError: if it cannot be read; the error names the cassette itself.
        """
        if not self._original.exists():
            return []
        try:
            return cassettes.read(self._original, self._staged_limits)
        except cassettes.CassetteUnreadableError as error:
            raise cassettes.CassetteUnreadableError(self.cassette, error.reason, error.line) from None

    def promote(self, test: str, order: int, recorded: Sequence[Interaction]) -> None:
        """Make *recorded* part of the cassette, with what other tests of this run have recorded into it.

        Raises:
            CassetteNotWrittenError: the cassette is unchanged.
            CredentialInFileError: a credential would have been in a file; the cassette is unchanged.
        """
        with cassettes.locked(self.cassette, test), self._system_errors():
            base = self._base()
            staged = self._stage("promoted", test, order, recorded)
            candidate = cassettes.candidate_path(self.cassette)
            has_candidates = any((self._folder / "kept").glob("*.yaml"))
            try:
                if has_candidates:  # of other tests
                    self._write_candidate(candidate, base)
                if not base and list(staged.parent.iterdir()) == [staged]:  # copying takes 0.8 of a merge's time
                    cassettes.write(self.cassette, staged.read_bytes(), self.limits.root)
                else:
                    self._save(self.cassette, self._merged(("promoted",), base))
            except BaseException:
                with suppress(OSError):  # what was reported as not saved must not be saved with the next test
                    staged.unlink()
                raise
            if not has_candidates:
                with suppress(OSError):  # the cassette is written, whatever becomes of an older candidate
                    candidate.unlink()

    def leave(self, test: str) -> None:
        """Leave the cassette as it is, which *test* has found to be; what stands beside it as a candidate is outdated.

        Raises:
            CassetteNotWrittenError: if that cannot be done.
        """
        with cassettes.locked(self.cassette, test), self._system_errors():
            if not any((self._folder / "kept").glob("*.yaml")):  # by another test of this run
                cassettes.candidate_path(self.cassette).unlink(missing_ok=True)

    def keep(
        self,
        test: str,
        order: int,
        recorded: Sequence[Interaction],
        reasons: Sequence[str],
    ) -> Path:
        """Keep *recorded* as a candidate beside the cassette, with the *reasons* why; return its path.

        Raises:
            CassetteNotWrittenError: the cassette is unchanged.
            CredentialInFileError: a credential would have been in a file; the cassette is unchanged.
        """
        candidate = cassettes.candidate_path(self.cassette)
        with cassettes.locked(self.cassette, test), self._system_errors():
            base = self._base()
            self._stage("kept", test, order, recorded, reasons=reasons)
            self._write_candidate(candidate, base)
        return candidate

    @contextmanager
    def _system_errors(self) -> Iterator[None]:
        """Raise an error of the system, such as a full disk, as one about the cassette."""
        try:
            yield
        except OSError as error:
            raise cassettes.CassetteNotWrittenError(self.cassette, error.strerror or str(error)) from None

    def _stage(
        self,
        kind: str,
        test: str,
        order: int,
        recorded: Sequence[Interaction],
        *,
        reasons: Sequence[str] = (),
    ) -> Path:
        name = f"{order:08d}-{hashlib.sha256(test.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}.yaml"
        for other in ("promoted", "kept"):
            (self._folder / other / name).unlink(missing_ok=True)
        staged = self._folder / kind / name
        self._save(staged, recorded, candidates.refusals(reasons))
        return staged

    def _save(self, path: Path, interactions: Sequence[Interaction], header: str = "") -> None:
        is_private = path.is_relative_to(self._folder)
        named, limits = (self.cassette, self._staged_limits) if is_private else (path, self.limits)
        cassettes.save(path, interactions, limits, header=header, check=partial(self.write_guard.check, named))

    def _write_candidate(self, candidate: Path, base: Sequence[Interaction]) -> None:
        kept = sorted((self._folder / "kept").glob("*.yaml"))
        reasons = dict.fromkeys(reason for staged in kept for reason in candidates.reasons_in(staged.read_bytes()))
        header = "# A candidate: recorded, and not promoted to the cassette beside it.\n" + candidates.refusals(reasons)
        self._save(candidate, self._merged(("promoted", "kept"), base), header)

    def _recorded(self, kinds: Sequence[str]) -> list[Interaction]:
        paths = sorted((path for kind in kinds for path in (self._folder / kind).glob("*.yaml")), key=lambda p: p.name)
        return [interaction for path in paths for interaction in cassettes.read(path, self._staged_limits)]

    def _base(self) -> list[Interaction]:
        """Return what the cassette holds beside this run's recordings: what it held before, and what other runs add."""
        if not self.shared and self.mode in _WHOLE:  # this test records all of it
            return []
        try:
            current = cassettes.read(self.cassette, self.limits) if self.cassette.exists() else []
        except cassettes.CassetteUnreadableError:  # a finding, which only --hubfiles-accept waives
            return []
        own = Counter(map(_facts, self._recorded(("promoted",))))
        base = []
        for interaction in current:
            facts = _facts(interaction)
            if own[facts]:
                own[facts] -= 1
            else:
                base.append(interaction)
        return base

    def _merged(self, kinds: Sequence[str], base: Sequence[Interaction]) -> list[Interaction]:
        """Return *base* and the recordings in order; of the same request, a recording replaces what base has.

        What another test recorded into a shared cassette stays until that test records it again: it may be
        deselected, or refused.
        """
        recorded = self._recorded(kinds)
        stays = set()
        if base and self.mode is RecordMode.NEW_EPISODES:
            with suppress(cassettes.CassetteUnreadableError):
                stays = set(map(_facts, self.original()))
        again = {interaction.match_key for interaction in recorded}
        # A task that was started anew has another id: nobody will poll the old one.
        replaced = [moved(i, self.base_url).match_key in again for i in base]
        ended = {i.started_task for i, gone in zip(base, replaced, strict=True) if gone} - {None}
        kept = [
            i
            for i, gone in zip(base, replaced, strict=True)
            if (not gone and i.task_id not in ended) or _facts(i) in stays
        ]
        return kept + recorded


def _facts(interaction: Interaction) -> tuple[object, ...]:
    """Return what makes two interactions the same."""
    headers = (interaction.request_headers, interaction.response_headers)
    return (
        interaction.method,
        interaction.url,
        interaction.request_body,
        interaction.status_code,
        interaction.reason,
        interaction.response_body,
        *(tuple(sorted(lists.items())) for lists in headers),
    )


def run_folder(run: str) -> Path:
    """Return the folder of the staged recordings of *run*."""
    return cassettes.private_folder() / "runs" / run


def forget_run(run: str) -> None:
    """Remove the staged recordings of *run*, which has ended, and of runs that were killed a week ago."""
    folder = run_folder(run)
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        for other in list(folder.parent.iterdir()):
            if other.stat().st_mtime < time.time() - _STALE_SECONDS:
                shutil.rmtree(other, ignore_errors=True)
