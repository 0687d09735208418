"""Scrubs credentials from an interaction, and reports where they stood; redacts them in texts for people."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from pytest_hubfiles.model.body import decode_body
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.model.hubspot_api import CANONICAL_ORIGIN
from pytest_hubfiles.secrets.bodies import scrub_body
from pytest_hubfiles.secrets.clean import NOTHING_MORE, Additions, Scrubbed, as_one_text, is_clean_text
from pytest_hubfiles.secrets.headers import kept_of_request, kept_of_response, scrubbed_headers
from pytest_hubfiles.secrets.known_values import redact_values, stands_in
from pytest_hubfiles.secrets.plausible import is_distinctive
from pytest_hubfiles.secrets.text import Scrubber


def scrub(interaction: Interaction, known: Collection[str] = (), additions: Additions = NOTHING_MORE) -> Scrubbed:
    """Return *interaction* fit to be written, and what was scrubbed from it.

    It has no credentials, only the headers that matter, and its body is decoded. *known* are credentials by value,
    which are scrubbed wherever they stand. Scrubbing twice is scrubbing once.
    """
    scrubber = Scrubber(tuple(sorted(known, key=len, reverse=True)), additions)
    plain = interaction.plain()
    kept = replace(
        plain,
        response_headers=kept_of_response(scrubber, plain.response_headers),
        request_headers=kept_of_request(scrubber, interaction.request_headers),
        request_body=decode_body(interaction.request_body, interaction.request_header("content-encoding"))[0],
    )
    text = as_one_text((kept,))  # most are clean: one look at all texts shows it (0.9 of the time of a recording)
    is_clean = additions.is_empty and is_clean_text(text) and not stands_in(text, scrubber.known)
    scrubbed = kept if is_clean else _scrub_kept(scrubber, kept)
    values = frozenset(value for value in scrubber.values if is_distinctive(value))
    return Scrubbed(scrubbed, tuple(dict.fromkeys(scrubber.places)), values)


def _scrub_kept(scrubber: Scrubber, kept: Interaction) -> Interaction:
    response_type = kept.headers.get("content-type", "")
    return replace(
        kept,
        url=_scrub_url(scrubber, kept.url),
        reason=scrubber.text("reason", kept.reason),
        request_headers=scrubbed_headers(scrubber, "request header", kept.request_headers),
        request_body=scrub_body(scrubber, "request body", kept.request_body, kept.request_header("content-type")),
        response_headers=scrubbed_headers(scrubber, "response header", kept.response_headers),
        response_body=scrub_body(scrubber, "response body", kept.response_body, response_type),
    )


def _scrub_url(scrubber: Scrubber, url: str) -> str:
    """Return *url* scrubbed; what every recording begins with, HubSpot's origin, is no credential."""
    rest = url.removeprefix(CANONICAL_ORIGIN)
    origin = CANONICAL_ORIGIN if rest != url and rest[:1] in ("", "/", "?", "#") else ""
    return origin + scrubber.text("URL", url.removeprefix(origin))


def redact(text: str, known: Collection[str] = ()) -> str:
    """Return a *text* for people, such as a log line, without credentials."""
    return Scrubber().text("text", redact_values(text, known))


def may_hold(interaction: Interaction, values: Collection[str]) -> bool:
    """Return whether one of *values* may stand in *interaction*; asking is faster than scrubbing again."""
    headers = (value for values in interaction.response_headers.values() for value in values)
    bodies = (body.decode("latin-1") for body in (interaction.request_body, interaction.response_body))
    texts = [interaction.url, interaction.reason, *headers, *bodies]
    # An escape or a wide charset can spell a value in many ways.
    return any("\\" in text or "\0" in text or stands_in(text, values) for text in texts)
