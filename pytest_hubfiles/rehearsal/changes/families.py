"""Whether a change is allowed by the contract, breaks it, or is an event."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from pytest_hubfiles.judge.deviations import Deviation
from pytest_hubfiles.judge.registry import Contracts
from pytest_hubfiles.model.exchange import Exchange, Interaction
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.policy import Kind
from pytest_hubfiles.rehearsal.changes.answers import ERRORS
from pytest_hubfiles.rehearsal.changes.kinds import ENUM, is_event
from pytest_hubfiles.rehearsal.changes.listing import each_change
from pytest_hubfiles.rehearsal.changes.names import Change
from pytest_hubfiles.rehearsal.changes.recording import Recording

Family = Literal["allowed", "breaking", "event"]


def families_of(
    recorded: Sequence[Interaction], contracts: Contracts, known: Collection[Deviation] = ()
) -> dict[Change, Family]:
    """Return every change that *recorded* allows with its family, the most telling first.

    The family says what the contract finds in the changed answers and did not find in the recorded ones. What *known*
    deviations say that HubSpot sends is nothing to find.
    """
    outline = Recording(recorded, contracts).outline
    found = [{_said(finding) for finding in contracts.check(exchange)} for exchange in outline.exchanges]
    return {change: _family(change, outline, changed, found, known) for change, changed in each_change(outline)}


def _family(
    change: Change,
    recording: Recording,
    changed: Sequence[Interaction],
    found: Sequence[Collection[object]],
    known: Collection[Deviation],
) -> Family:
    if is_event(change):
        return "event"
    if (change.kind, change.variant) in ERRORS:
        return "breaking"
    for before, after, known_before in zip(recording.exchanges, changed, found, strict=True):
        if after is before.interaction:
            continue
        for finding in recording.contracts.check(Exchange(after, before.operation, before.version)):
            is_new = _said(finding) not in known_before and not _may_come(finding, change)
            if is_new and not any(deviation.matches(finding) for deviation in known):
                return "breaking"
    return "allowed"


def _said(finding: Finding) -> tuple[str | None, ...]:
    """Return what *finding* says, in whatever state the task is; of what is not documented, any type is one."""
    after = None if finding.kind is Kind.UNDOCUMENTED_FIELD else finding.after
    return finding.kind.value, finding.path, finding.keyword, finding.before, after


def _may_come(finding: Finding, change: Change) -> bool:
    """Return whether HubSpot lets what was found come without notice.

    Source: HubSpot's definition of a breaking change: a new value of an existing field ("new option") is none, a new
    response field is not listed, and renaming one breaks. Its guide to error handling: treat every field of an error
    as optional. A header that announces the end of an operation is the notice itself.
    """
    return (
        finding.kind is Kind.DEPRECATION_ANNOUNCED
        or (finding.kind is Kind.UNDOCUMENTED_FIELD and change.kind == Kind.FIELD_ADDED.value)
        or (finding.keyword == "enum" and change.kind == ENUM)
        or (finding.kind is Kind.ERROR_ENVELOPE and finding.keyword == "required")
    )
