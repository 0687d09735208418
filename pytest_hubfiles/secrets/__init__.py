"""Scrubs credentials from an interaction before it is written, finds them in files, and redacts them in texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_hubfiles.secrets.clean import NOTHING_MORE, Additions, Scrubbed, are_clean

if TYPE_CHECKING:
    from pytest_hubfiles.secrets.headers import credentials_in
    from pytest_hubfiles.secrets.known_values import redact_data, redact_values
    from pytest_hubfiles.secrets.plausible import PLACEHOLDER, placeholder
    from pytest_hubfiles.secrets.scrubbing import may_hold, redact, scrub

__all__ = [
    "NOTHING_MORE",
    "PLACEHOLDER",
    "Additions",
    "Scrubbed",
    "are_clean",
    "credentials_in",
    "may_hold",
    "placeholder",
    "redact",
    "redact_data",
    "redact_values",
    "scrub",
]

_HOMES = {
    "PLACEHOLDER": "plausible",
    "credentials_in": "headers",
    "may_hold": "scrubbing",
    "placeholder": "plausible",
    "redact": "scrubbing",
    "redact_data": "known_values",
    "redact_values": "known_values",
    "scrub": "scrubbing",
}


def __getattr__(name: str) -> Any:
    """Import what scrubs when there is something to scrub: in a green replay there is not."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    globals()[name] = value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value
