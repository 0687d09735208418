"""``hubfiles accept --finding``: findings become entries of the team's own deviations file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from pytest_hubfiles.cli.output import say
from pytest_hubfiles.judge import deviations
from pytest_hubfiles.judge.deviations import Deviation
from pytest_hubfiles.model.days import last_day, today
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.run import accepted, on_disk
from pytest_hubfiles.run.accepted import FindingNotAcceptedError, FoundFinding
from pytest_hubfiles.run.settings import Settings
from pytest_hubfiles.visible import seen_from, shown

_REPORT: Final = Path("hubfiles.json")


def accept_findings(
    fingerprints: Sequence[str],
    settings: Settings,
    *,
    paths: Sequence[Path],
    reports: Sequence[Path],
    file: Path | None,
    reason: str | None,
    until: str | None,
) -> None:
    """Write the findings called *fingerprints* into *file*, or the one of the *settings*: all of them, or none.

    They are looked for in *reports*, or in the cassettes and candidates at *paths*.

    Raises:
        click.UsageError: if an option is bad.
        HubfilesError: if a finding is not there or cannot be accepted, or a file cannot be used; none is written.
    """
    bad = next((one for one in fingerprints if not accepted.is_fingerprint(one)), None)
    if bad is not None:
        raise FindingNotAcceptedError(f"{bad!r} is no fingerprint; one has 16 of the characters 0-9 and a-f")
    if not (reason and reason.strip()):
        raise click.UsageError("--finding needs --reason TEXT: who reads the file later has to know why")
    last = _last_day(until)
    target = file or settings.deviations_file
    known = deviations.load(target) if target.exists() else ()
    new = []
    for found in accepted.find(fingerprints, _sources(settings, paths, reports)):
        why = _accepted_already(found, known)
        if why is not None:
            say(f"accepted already, nothing is written: {found.finding.fingerprint} ({why})")
            continue
        new.append(accepted.deviation_for(found, reason, last))
    renewed = {deviation: accepted.renew(target, deviation) for deviation in new}
    for entry in dict.fromkeys(filter(None, renewed.values())):
        say(f"renewed in {shown(target)}: {_described(entry)}")
    for deviation in accepted.of_all_versions(one for one in new if renewed[one] is None):
        accepted.add(target, deviation)
        say(f"accepted into {shown(target)}: {_described(deviation)}")
    if new and target.resolve() != settings.deviations_file.resolve():
        named = Path(seen_from(settings.rootdir, target))  # from where the ini file is
        say(f"Runs read it once pytest's settings say: hubfiles_deviations = {shown(named)}")


def _sources(settings: Settings, paths: Sequence[Path], reports: Sequence[Path]) -> Mapping[str, Iterable[Finding]]:
    """Return where to look for a finding, and what is there, read when it is asked for."""
    if reports:
        return {shown(report): accepted.in_report(report) for report in reports}
    limits = replace(settings.limits, root=None)
    where = paths or [settings.cassettes]
    name = ", ".join(map(shown, where))
    sources: dict[str, Iterable[Finding]] = {}
    if _REPORT.is_file() and not paths:
        sources[shown(_REPORT)] = accepted.in_report(_REPORT)
    return {**sources, name: on_disk.findings(where, settings.rules(), limits, settings.additions)}


def _accepted_already(found: FoundFinding, known: Iterable[Deviation]) -> str | None:
    """Return why a finding is excused already, None if it is not in all cassettes that show it."""
    if found.finding.deviation is not None:
        return found.finding.deviation
    where = found.cassettes or (found.finding.cassette or "",)
    valid = (d for d in known if d.holds(today()))
    return next((d.reason for d in valid if all(d.matches(found.finding.but(cassette=c)) for c in where)), None)


def _described(deviation: Deviation) -> str:
    kind = "" if deviation.kind is None else deviation.kind.value
    versions = f" ({', '.join(deviation.versions)})" if len(deviation.versions) > 1 else ""
    return f"{' '.join(deviation.operations)} {deviation.path} {kind}{versions}"


def _last_day(until: str | None) -> dt.date | None:
    try:
        return None if until is None else last_day(until)
    except ValueError as error:
        raise click.UsageError(f"--until: {error}") from None
