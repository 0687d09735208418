"""Why a test failed, as text: what fails it first, everything else that does, and what settles it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pytest_hubfiles.model.finding import WAIVABLE, Finding
from pytest_hubfiles.model.policy import Category
from pytest_hubfiles.report.formats.terminal import counted, left_out_of, place_of, render_findings
from pytest_hubfiles.report.formats.way_out import Shell, ways_out
from pytest_hubfiles.report.grouping import alike, what_it_says
from pytest_hubfiles.visible import clauses, visible, visible_lines


@dataclass(frozen=True, slots=True)
class FailedTest:
    """What failed, a test or a cassette by itself, beside what was found in it.

    ``cassette`` is what it is called. ``purpose`` is what the test did with
    it: ``record``, ``replay`` or ``verify``; ``mode`` the record mode. ``advice`` is about answers that did not come.
    ``said`` is what the test itself failed with, which may be a finding. ``moved`` says where its cassette may be.
    ``is_mended`` says that its own code passed with a candidate.
    """

    cassette: str
    shell: Shell
    purpose: str = "replay"
    mode: str = "rewrite"
    advice: tuple[str, ...] = ()
    verbose: bool = False
    said: str = ""
    moved: tuple[str, ...] = ()
    is_mended: bool = False


def explain(
    findings: Sequence[Finding], failing: Sequence[Finding], refusals: Sequence[str], failed: FailedTest
) -> str:
    """Return why a test failed, the weightiest fact first, and what to do about it.

    Of *findings*, those that do not fail it are counted, and listed where *failed* is verbose; drift is always listed:
    it may be what the test itself fails for. *refusals* are why its recording is not promoted.
    """
    weighty = sorted(failing, key=lambda f: (-f.severity.rank, f.category is not Category.DRIFT))
    lines = facts(f for f in weighty if not failed.said or f.message.partition("\n")[0] not in failed.said)
    refused = _refused(refusals, failed)
    if not lines:
        lines, refused = refused, []
    identities = {finding.identity for finding in weighty}
    others = [finding for finding in findings if finding.identity not in identities]
    lines += render_findings(finding for finding in others if failed.verbose or _is_fresh_drift(finding))
    left_out = [finding for finding in others if not (failed.verbose or _is_fresh_drift(finding))]
    if left_out:
        lines.append(f"{left_out_of(counted(left_out))}.")
    lines += refused
    lines += failed.moved
    lines += ways_out(weighty, refusals, failed.purpose, failed.mode, failed.shell)
    if not refusals and failed.shell.test is not None:
        mended = "; the test's own code passed with it" if failed.is_mended else ""
        lines.append(f"cassette: {failed.cassette}{mended}")
    return visible_lines("\n".join(lines))


def _is_fresh_drift(finding: Finding) -> bool:
    return finding.category is Category.DRIFT and finding.deviation is None


def facts(findings: Iterable[Finding]) -> list[str]:
    """Return *findings* as lines that begin with the fact, each followed by where it was seen."""
    return [line for same in alike(findings) for line in _block(*same)]


def _block(*same: Finding) -> list[str]:
    """Return a finding as lines, the fact first: ``type-changed $.result.size changed its type``, below it where."""
    finding, exchanges = same[0], sum(one.exchanges for one in same)
    fingerprints = ", ".join(dict.fromkeys(one.fingerprint for one in same))
    said, *more = what_it_says(finding).splitlines() or [""]
    path = "" if finding.path == "$" else f" {finding.path}"
    facts = [place_of(*same), f"{exchanges} exchanges" if exchanges > 1 else ""]
    facts += ["" if finding.deviation is None else f"known: {finding.deviation}", f"fingerprint {fingerprints}"]
    more += [] if finding.needed_by is None else [str(finding.needed_by)]
    return [
        visible(f"{finding.kind.value}{path} {said}"),
        visible(f"{finding.severity.value:<8}  {', '.join(filter(None, facts))}"),
        *(visible(f"          {line.strip()}") for line in more),
    ]


def _refused(refusals: Sequence[str], failed: FailedTest) -> list[str]:
    if not refusals:
        return []
    kept = tuple(refusals) == (WAIVABLE,)
    waivable = "of what was found" if kept else "what was found fails it"
    reasons = clauses(*(waivable if reason == WAIVABLE else reason for reason in refusals))
    if failed.purpose != "record":
        done = {"replay": "replayed", "verify": "verified"}[failed.purpose]
        return [f"{failed.cassette} could not be {done}: {reasons}.", *failed.advice]
    happened, became = "was not recorded", ""
    if failed.shell.is_recorded:
        happened, became = "was not replaced", "The old cassette is unchanged."
    if kept:
        became = "The new recording is kept beside it."
    why = ", because" if kept else ":"
    return [f"{failed.cassette} {happened}{why} {reasons}. {became}".rstrip(), *failed.advice]
