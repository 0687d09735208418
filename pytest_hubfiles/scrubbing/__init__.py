"""Takes credentials out of an interaction before anything is written, and finds those that were."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from pytest_hubfiles.exchanges import Interaction
from pytest_hubfiles.findings import Finding, Kind, replay_finding
from pytest_hubfiles.scrubbing.known import redacted
from pytest_hubfiles.scrubbing.taking_out import (
    NOTHING_MORE,
    Additions,
    Scrubbed,
    Scrubber,
    are_clean,
    credentials_in,
    examine,
    may_hold,
)
from pytest_hubfiles.scrubbing.tokens import EMAIL_PLACEHOLDER, PLACEHOLDER, is_secret_header, placeholder

__all__ = [
    "EMAIL_PLACEHOLDER",
    "NOTHING_MORE",
    "PLACEHOLDER",
    "Additions",
    "Scrubbed",
    "are_clean",
    "credentials_in",
    "examine",
    "findings_at",
    "is_secret_header",
    "may_hold",
    "placeholder",
    "redacted",
    "scrub",
    "without_credentials",
]


def scrub(interaction: Interaction, known: Collection[str] = (), additions: Additions = NOTHING_MORE) -> Interaction:
    """Return *interaction* fit to be written: no credential, only headers that matter, the body decoded.

    *known* are credentials by value; they are taken out wherever they stand. Scrubbing twice is scrubbing once.
    """
    return examine(interaction, known, additions).interaction


def findings_at(found: Iterable[tuple[int | None, Iterable[str]]]) -> list[Finding]:
    """Return the findings for the places that were *found*, each with the line at which its interaction begins."""
    lines: dict[str, list[int | None]] = {}
    for line, places in found:
        for place in places:
            lines.setdefault(place, []).append(line)
    return [
        replay_finding(
            Kind.SECRET_IN_CASSETTE,
            f"a credential stands in the {place}. Revoke it, and record the cassette again.",
            after=place,
            line=where[0],
            exchanges=len(where),
        )
        for place, where in lines.items()
    ]


def without_credentials(text: str, known: Collection[str] = ()) -> str:
    """Return a *text* for people, such as a log line, without credentials."""
    return Scrubber().text("text", redacted(text, known))
