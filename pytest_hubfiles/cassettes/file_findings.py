"""What is wrong with a cassette file itself: it cannot be read, or a credential stands in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pytest_hubfiles import secrets
from pytest_hubfiles.cassettes import CassetteUnreadableError
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.policy import Kind
from pytest_hubfiles.secrets import NOTHING_MORE, Additions

_AGAIN: Final = "Record it again with --hubfiles-record rewrite and --hubfiles-accept, or restore it."


def unreadable(error: CassetteUnreadableError, shown: str, advice: str = _AGAIN) -> Finding:
    """Return the finding for a cassette, called *shown*, that cannot be read, with an *advice*."""
    return Finding.of(
        Kind.CASSETTE_UNREADABLE, f"{error.described(shown)}\n{advice}", cassette=shown, before=shown, line=error.line
    )


def scrubbed(
    interactions: Sequence[Interaction], additions: Additions = NOTHING_MORE
) -> tuple[list[Interaction], list[Finding]]:
    """Return *interactions* without the credentials that stand in them, and a finding for each place.

    It names the places, never the credentials. What one of them sent as its own is looked for in all; *additions* are
    what a suite has taken out beside.
    """
    known = {value for interaction in interactions for value in secrets.credentials_in(interaction.request_headers)}
    examined = [secrets.examine(interaction, known, additions) for interaction in interactions]
    places = ((i.line, e.places) for i, e in zip(interactions, examined, strict=True))
    return [e.interaction for e in examined], secrets.findings_at(places)
