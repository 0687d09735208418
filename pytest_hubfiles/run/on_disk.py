"""What is found in cassettes and candidates as they lie on disk, whichever run has found it first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from pytest_hubfiles import cassettes
from pytest_hubfiles.cassettes import file_findings
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.model.finding import Finding, merge
from pytest_hubfiles.run import check
from pytest_hubfiles.run.rules import Rules
from pytest_hubfiles.secrets import NOTHING_MORE, Additions
from pytest_hubfiles.visible import shown


def findings(
    paths: Iterable[Path],
    rules: Rules,
    limits: cassettes.Limits = cassettes.USUAL,
    additions: Additions = NOTHING_MORE,
) -> Iterator[Finding]:
    """Yield what is found in the cassettes at *paths*, a file or a folder each, and in candidates beside them.

    A candidate is judged as the cassette that it may become, of which the findings say that they are, and compared with
    the cassette beside it. What cannot be read is passed over: whoever asks looks for something else.
    """
    for path in _with_candidates(file for named in paths for file in check.cassettes_in(named)):
        with suppress(cassettes.CassetteUnreadableError):
            yield from of_file(path, rules, limits, additions)


def of_file(path: Path, rules: Rules, limits: cassettes.Limits, additions: Additions = NOTHING_MORE) -> list[Finding]:
    """Return what is found in *path*, a cassette or a candidate.

    Raises:
        CassetteUnreadableError: if it cannot be read.
    """
    recorded, found = file_findings.scrubbed(cassettes.read(path, limits), additions)
    found += file_findings.outside_recordings(path, limits, bool(found))
    found += rules.check([rules.contracts.identify(interaction) for interaction in recorded])
    target = path
    if cassettes.is_candidate(path):
        target = cassettes.of_candidate(path)
        found += rules.compare(held_before(path, limits), recorded, tuple)
    return merge(rules.excuse(finding.but(cassette=shown(target)) for finding in found))


def candidates_in(path: Path) -> list[Path]:
    """Return the candidates in the folder *path*, sorted, or the one that *path* is or that lies beside it."""
    if path.is_dir():
        return sorted(path.rglob(f"*{cassettes.CANDIDATE_SUFFIX}"))
    candidate = path if cassettes.is_candidate(path) else cassettes.candidate_path(path)
    return [candidate] if candidate.is_file() else []


def held_before(candidate: Path, limits: cassettes.Limits) -> list[Interaction]:
    """Return what the cassette beside *candidate* holds, nothing if there is none that can be read."""
    cassette = cassettes.of_candidate(candidate)
    with suppress(cassettes.CassetteUnreadableError):
        return cassettes.read(cassette, limits) if cassette.exists() else []
    return []


def _with_candidates(paths: Iterable[Path]) -> list[Path]:
    found = [each for path in paths for each in (path, cassettes.candidate_path(path))]
    return list(dict.fromkeys(path for path in found if path.is_file()))
