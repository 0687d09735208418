"""Takes credentials out of an interaction before anything is written, and finds those that were."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.policy import Kind
from pytest_hubfiles.secrets.clean import NOTHING_MORE, Additions, Scrubbed, are_clean

if TYPE_CHECKING:
    from pytest_hubfiles.secrets.known_values import redacted
    from pytest_hubfiles.secrets.patterns import PLACEHOLDER, placeholder
    from pytest_hubfiles.secrets.scrubbing import credentials_in, examine, may_hold, scrub, without_credentials

__all__ = [
    "NOTHING_MORE",
    "PLACEHOLDER",
    "Additions",
    "Scrubbed",
    "are_clean",
    "credentials_in",
    "examine",
    "findings_at",
    "may_hold",
    "placeholder",
    "redacted",
    "scrub",
    "without_credentials",
]

_HOMES = {
    "PLACEHOLDER": "patterns",
    "credentials_in": "scrubbing",
    "examine": "scrubbing",
    "may_hold": "scrubbing",
    "placeholder": "patterns",
    "redacted": "known_values",
    "scrub": "scrubbing",
    "without_credentials": "scrubbing",
}


def __getattr__(name: str) -> Any:
    """Import what takes something out when there is something to take out, which a green replay has not."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    globals()[name] = value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value


def findings_at(found: Iterable[tuple[int | None, Iterable[str]]]) -> list[Finding]:
    """Return the findings for the places that were *found*, each with the line at which its interaction begins."""
    lines: dict[str, list[int | None]] = {}
    for line, places in found:
        for place in places:
            lines.setdefault(place, []).append(line)
    return [
        Finding.of(
            Kind.SECRET_IN_CASSETTE,
            f"a credential stands in the {place}. Revoke it, and record the cassette again.",
            after=place,
            line=where[0],
            exchanges=len(where),
        )
        for place, where in lines.items()
    ]
