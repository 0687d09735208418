"""What settles what failed: commands for a shell, with the fingerprints and paths that they need."""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pytest_hubfiles.judge.deviations import SEEN, has_run_out
from pytest_hubfiles.model.days import today
from pytest_hubfiles.model.finding import TEST_FAILED, WAIVABLE, Finding
from pytest_hubfiles.model.policy import Category, Kind
from pytest_hubfiles.report.record import Record
from pytest_hubfiles.visible import clauses

_AGAIN: Final = dt.timedelta(days=90)
"""For how long a command has a deviation hold again that has run out."""

_COMMAND: Final = " " * 4
_MOST_REASONS: Final = 3


@dataclass(frozen=True, slots=True)
class Shell:
    """What a shell in the user's folder calls things.

    ``here`` returns what it calls a path from rootdir, ``tests`` with which arguments pytest runs tests by their ids as
    they ran now. ``test`` are the arguments with which pytest runs the test as it
    ran now, ``candidate`` is where its recording is kept, ``deviations`` the file that ``accept`` writes to.
    ``writes_report`` are the options with which what failed writes ``hubfiles.json``. ``strict`` is the option for
    which no deviation counts, None where one does, ``is_recorded`` that there is a cassette, ``names_cassettes`` that
    ``accept`` has to be told where to look, as they are not where the settings say.
    """

    deviations: str
    here: Callable[[str], str] = str
    tests: Callable[[Sequence[str]], str] = shlex.join
    test: str | None = None
    candidate: str | None = None
    strict: str | None = None
    writes_report: str = "--hubfiles-report json:hubfiles.json"
    is_recorded: bool = True
    names_cassettes: bool = False


def is_settled_by_deviation(finding: Finding) -> bool:
    """Return whether ``accept --finding`` settles *finding*, rather than accepting a candidate or recording again."""
    is_of_contract = finding.category is Category.CONTRACT and not is_of_run(finding)
    return finding.deviation is None and (is_of_contract or finding.kind is Kind.SECRET_IN_CASSETTE)


def is_of_run(finding: Finding) -> bool:
    """Return whether *finding* is about no single cassette, so that only a JSON report holds it."""
    return finding.category is Category.VERSION or finding.kind is Kind.VERSION_ENDS


def accept_candidates(candidates: Iterable[str]) -> str:
    """Return the command that makes *candidates* the cassettes beside them."""
    return shlex.join(["hubfiles", "accept", *candidates])


def accept_findings(findings: Sequence[Finding], shell: Shell) -> str:
    """Return the command that has *findings* accepted from now on, what is no credential in its cassettes alone."""
    fingerprints = sorted({finding.fingerprint for finding in findings})
    is_credential = any(finding.kind is Kind.SECRET_IN_CASSETTE for finding in findings)
    if is_credential:
        shown = list(dict.fromkeys(f.cassette for f in findings if f.cassette))
    else:  # one that shows it will do
        first = {f.fingerprint: f.cassette for f in reversed(findings) if f.cassette and shell.names_cassettes}
        shown = list(dict.fromkeys(first[one] for one in fingerprints if one in first))
    until = ["--until", str(today() + _AGAIN)] if any(map(has_run_out, findings)) else []
    of_findings = ["--finding", *fingerprints, "--reason", SEEN, *until, "--file", shell.deviations]
    return shlex.join(["hubfiles", "accept", *map(shell.here, shown), *of_findings])


def ways_out(findings: Sequence[Finding], refusals: Sequence[str], purpose: str, mode: str, shell: Shell) -> list[str]:
    """Return as lines what settles *findings*, which fail a test, and *refusals*, for which nothing is promoted.

    *purpose* is ``record``, ``replay`` or ``verify``; *mode* is the record mode of the run. Each command stands in a
    line of its own.
    """
    lines: list[str] = []
    if any(reason != WAIVABLE for reason in refusals):
        if shell.candidate is not None and TEST_FAILED in refusals and not {*refusals} - {TEST_FAILED, WAIVABLE}:
            lines += _said("To mend the code against what was recorded:", f"pytest {shell.test} --hubfiles-candidates")
        again = mode if purpose != "replay" else "rewrite"
        lines += _again("To record again, once that is mended or over:", again, shell)
        return lines + by_deviation([f for f in findings if f.kind is Kind.SECRET_IN_CASSETTE], shell)
    drift = [finding for finding in findings if finding.category is Category.DRIFT]
    if WAIVABLE in refusals and shell.candidate is not None:
        lines += _said(
            "Once you have read this, to make the recording the cassette:", accept_candidates([shell.candidate])
        )
    elif drift:
        lines += _again(
            "Nothing was kept. To keep what is sent now, as a candidate that can be accepted:", "rewrite", shell
        )
    lines += by_deviation([finding for finding in findings if is_settled_by_deviation(finding)], shell)
    replay = [finding for finding in findings if finding.category is Category.REPLAY]
    if WAIVABLE in refusals and shell.candidate is not None:  # which takes the place of what cannot be read
        replay = [finding for finding in replay if finding.kind is not Kind.CASSETTE_UNREADABLE]
    return lines + _by_recording(replay, purpose, shell)


def ways_out_of_check(failing: Sequence[Finding], shell: Shell) -> list[str]:
    """Return as lines what settles the findings that have cassettes fail which were judged by themselves."""
    lines = by_deviation([finding for finding in failing if is_settled_by_deviation(finding)], shell)
    lines += _by_recording([f for f in failing if f.category is Category.REPLAY], "replay", shell)
    return lines + ways_out_of_run(failing, shell)


def ways_out_of_run(findings: Iterable[Finding], shell: Shell, report: str | None = None) -> list[str]:
    """Return what has a run go on in spite of *findings* that only a JSON *report* holds, None if it wrote none."""
    held = [finding for finding in findings if is_of_run(finding) and finding.deviation is None]
    if not held:
        return []
    command = accept_findings(held, replace(shell, names_cassettes=False))
    if report is None:
        return _said(f"To be ready for it, have the run write {shell.writes_report}, and then:", command)
    return _said("To be ready for it:", f"{command} --report {shlex.quote(report)}")


def by_deviation(findings: Sequence[Finding], shell: Shell) -> list[str]:
    """Return as lines the commands that have *findings* accepted, credentials in the cassettes that show them alone."""
    credentials = [finding for finding in findings if finding.kind is Kind.SECRET_IN_CASSETTE]
    contract = [finding for finding in findings if finding not in credentials]
    lines = []
    if contract and shell.strict is not None:
        lines.append(f"Under {shell.strict} nothing is excused: without it, a deviation settles this.")
    if contract:
        lines += _said("To live with what breaks the contract:", accept_findings(contract, shell))
    if credentials:
        lines += _said("If it is no credential:", accept_findings(credentials, shell))
    return lines


def _by_recording(findings: Sequence[Finding], purpose: str, shell: Shell) -> list[str]:
    """Return what settles *findings* that say something of a recording, or of what the test asks."""
    if not findings:
        return []
    credentials = [finding for finding in findings if finding.kind is Kind.SECRET_IN_CASSETTE]
    others = [finding for finding in findings if finding not in credentials]
    lines = []
    if others and (shell.is_recorded or purpose == "record"):
        kinds = ", ".join(dict.fromkeys(finding.kind.value for finding in others))
        changes = "the code, or how it is run," if purpose == "record" else "the code or the recording"
        lines.append(f"hubfiles accept cannot settle {kinds}: {changes} has to change.")
    if credentials:
        lines += _again("If it is one, revoke it, and record without it:", "rewrite", shell)
    elif purpose != "record":
        unreadable = any(finding.kind is Kind.CASSETTE_UNREADABLE for finding in others)
        mode = f"rewrite{' --hubfiles-accept' * unreadable}" if shell.is_recorded else "once"
        lines += _again(
            "To record it again:" if shell.is_recorded else "To record it, with a token in HUBSPOT_ACCESS_TOKEN:",
            mode,
            shell,
        )
    return lines


def _again(why: str, mode: str, shell: Shell) -> list[str]:
    return [] if shell.test is None else _said(why, f"pytest {shell.test} --hubfiles-record {mode}")


def _said(why: str, command: str) -> list[str]:
    return [why, f"{_COMMAND}{command}"]


def ways_out_of_all(records: Iterable[Record], failing: Sequence[Finding], shell: Shell, mode: str) -> list[str]:
    """Return what settles all of several tests at once; nothing where a single one failed, which has said it.

    *failing* are the findings that fail one of them, *mode* is the record mode of the run.
    """
    waiting = [record for record in records if record.failed or record.reasons]
    if len(waiting) < 2:
        return []
    kept = {record.candidate for record in waiting if record.candidate is not None and record.reasons == [WAIVABLE]}
    left = [record for record in waiting if record.reasons and record.candidate not in kept]
    lines = []
    if kept:
        which = "the recordings that can be accepted" if left else "all these recordings"
        lines += _said(f"To make {which} the cassettes:", accept_candidates(map(shell.here, sorted(kept))))
    lines += _left_over(left, shell, mode)
    return lines + by_deviation([finding for finding in failing if is_settled_by_deviation(finding)], shell)


def _left_over(records: Iterable[Record], shell: Shell, mode: str) -> list[str]:
    """Return what is to be done about recordings that nobody can accept: mend the code, or record again."""
    mended: list[str] = []
    others: dict[str, None] = {}
    again: list[str] = []
    for record in records:
        if record.candidate is not None and not {*record.reasons} - {TEST_FAILED, WAIVABLE}:
            mended.append(record.test)
        else:
            again.append(record.test)
            others |= dict.fromkeys(reason for reason in record.reasons if reason not in (TEST_FAILED, WAIVABLE))
    lines = []
    if mended:
        why = "Recordings of tests that failed cannot be accepted yet. To mend the code against what was recorded:"
        lines += _said(why, f"pytest {shell.tests(mended)} --hubfiles-candidates")
    if again:
        said = clauses(*list(others)[:_MOST_REASONS])
        more = f", and {len(others) - _MOST_REASONS} more reasons" if len(others) > _MOST_REASONS else ""
        lines.append(f"What cannot be accepted: {said or TEST_FAILED}{more}.")
        lines += _said(
            "To record it again, once that is mended or over:", f"pytest {shell.tests(again)} --hubfiles-record {mode}"
        )
    return lines
