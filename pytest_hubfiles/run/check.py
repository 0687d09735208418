"""Judges cassette files as they lie on disk, one after another, without a test and without a request."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pytest_hubfiles import cassettes, secrets
from pytest_hubfiles.cassettes import file_findings
from pytest_hubfiles.model.exchange import Exchange
from pytest_hubfiles.model.finding import Finding, merge
from pytest_hubfiles.model.policy import Kind
from pytest_hubfiles.report.record import Record, tally, versions_used
from pytest_hubfiles.run import verdict
from pytest_hubfiles.run.rules import Rules
from pytest_hubfiles.secrets import NOTHING_MORE, Additions

SUFFIXES: Final = (".json", ".toml", ".yaml", ".yml")
"""What the files end in that other recorders write, and our own."""
_MOST_LINKED: Final = 10_000  # files and folders; a link may lead to the whole machine


def is_cassette(path: Path) -> bool:
    """Return whether *path* is named as a cassette is, or as a candidate for one. No file is read."""
    return path.suffix.lower() in SUFFIXES and not path.stem.startswith(".")


def cassettes_in(path: Path) -> list[Path]:
    """Return the cassette *path*, or those in the folder *path*, sorted. No file is read.

    Whatever is named as a cassette is one, also a pipe, a device or a link to nothing. A folder that cannot be searched
    is returned itself, for it cannot be read either: a closed one, and a linked one with cassettes in it.
    """
    if not os.path.isdir(path):  # noqa: PTH112  # Path.is_dir raises where a folder above is closed
        return [path]
    found: list[Path] = []

    def note_closed(error: OSError) -> None:
        found.append(Path(error.filename))

    for folder, folders, files in os.walk(path, onerror=note_closed):
        found += [file for name in files if is_cassette(file := Path(folder, name))]
        found += [link for name in folders if holds_by_link(link := Path(folder, name))]
    return sorted(found)


def is_closed(path: Path) -> bool:
    """Return whether *path* is, or may be, a folder of which nobody can say what is in it."""
    try:
        os.scandir(path).close()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return False


def holds_by_link(folder: Path) -> bool:
    """Return whether *folder* is a link to a folder with cassettes in it, or to one that is closed or very large."""
    if not (os.path.islink(folder) and os.path.isdir(folder)):  # noqa: PTH112, PTH114  # as above
        return False
    seen = 0
    closed: list[OSError] = []
    for _, folders, files in os.walk(os.path.realpath(folder), onerror=closed.append):
        seen += len(folders) + len(files)
        if seen > _MOST_LINKED or any(is_cassette(Path(name)) for name in files):
            return True
    return not all(isinstance(error, FileNotFoundError) for error in closed)  # it may be gone, as in /proc


@dataclass(frozen=True, slots=True)
class Checked:
    """What checking one cassette came to.

    ``failing`` is what of its findings weighs enough to fail it; ``unjudged`` says why nothing in it was judged and is
    None where something was; ``left_out`` is whether that is only for the versions asked for.
    """

    record: Record
    failing: tuple[Finding, ...]
    unjudged: str | None
    left_out: bool


def check(
    path: Path,
    shown: str,
    rules: Rules,
    *,
    test: str | None = None,
    versions: Collection[str] | None = None,
    limits: cassettes.Limits = cassettes.USUAL,
    additions: Additions = NOTHING_MORE,
) -> Checked:
    """Judge every exchange of the cassette *path*, which messages call *shown*, and the file itself.

    *test* is the id of the test that does it. Exchanges of other *versions*, where any are given, are left out.
    *additions* are what a suite scrubs besides. In a candidate only credentials are looked for. Nothing of the
    exchanges is kept but counts and findings, in which no credential stands.
    """
    shown, test = secrets.redact(shown), test and secrets.redact(test)
    try:
        interactions, found = file_findings.scrubbed(cassettes.read(path, limits), additions)
        unjudged = None
    except cassettes.CassetteUnreadableError as error:
        interactions, found = [], [file_findings.unreadable(error, shown)]
        unjudged = "it cannot be read"
    found += file_findings.outside_recordings(path, limits, bool(found))
    if cassettes.is_candidate(path):
        return _of_candidate(shown, rules, test, found)
    exchanges = [e for e in map(rules.contracts.identify, interactions) if _is_asked_for(e, versions)]
    found += [*rules.stale(exchange.interaction for exchange in exchanges), *rules.check(exchanges)]
    judged, not_judged = tally(exchanges, rules.contracts)
    if not judged and unjudged is None:
        unjudged = _why(len(interactions), not_judged)
    findings = merge(rules.excuse(finding.but(test=test, cassette=shown) for finding in found))
    failing = tuple(verdict.failing(findings, rules))
    left_out = not judged and len(exchanges) < len(interactions) and not failing
    record = Record(
        test=test or shown,
        cassette=shown,
        judged=judged,
        not_judged=not_judged,
        findings=findings,
        used=versions_used(exchanges),
        failed=bool(failing) or (unjudged is not None and not left_out),
    )
    return Checked(record, failing, unjudged, left_out)


def _of_candidate(shown: str, rules: Rules, test: str | None, found: Sequence[Finding]) -> Checked:
    credentials = [f.but(test=test, cassette=shown) for f in found if f.kind is Kind.SECRET_IN_CASSETTE]
    findings = merge(rules.excuse(credentials))
    failing = tuple(verdict.failing(findings, rules))
    record = Record(test or shown, shown, {}, [], findings, failed=bool(failing), exists=False)
    return Checked(record, failing, None, left_out=False)


def _is_asked_for(exchange: Exchange, versions: Collection[str] | None) -> bool:
    return versions is None or exchange.version is None or exchange.version in versions


def _why(total: int, not_judged: Sequence[tuple[str, str]]) -> str:
    if not total:
        return "it holds no exchange"
    if not not_judged:
        return "it holds no exchange of a version asked for"
    reasons = Counter(reason for _, reason in not_judged)
    return ", ".join(f"{reason} ({count})" for reason, count in reasons.items())
