"""Requests and answers in the form in which vcrpy and its clients hold them, and as our types."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.model.hubspot_api import CANONICAL_ORIGIN
from pytest_hubfiles.model.match_key import MatchKey, match_key


class Asked(Protocol):
    """A request of a client, as vcrpy hands it on."""

    method: Any
    uri: Any
    body: Any
    headers: Mapping[Any, Any]


@dataclass(eq=False)
class Asking:
    """A request that is made up here."""

    method: str
    uri: str
    body: bytes | None = None
    headers: Mapping[Any, Any] = field(default_factory=dict)


def answer_of(interaction: Interaction) -> dict[str, Any]:
    """Return the answer as vcrpy's clients take it."""
    return {
        "status": {"code": interaction.status_code, "message": interaction.reason},
        "headers": {name: list(values) for name, values in interaction.response_headers.items()},
        "body": {"string": interaction.response_body},
    }


_HALVES: Final = re.compile("[\udc80-\udcff]")


def text_of(value: object) -> str:
    """Return what a client gave as text or bytes as text that a file can hold."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    text = str(value)
    if text.isascii():
        return text
    # aiohttp reads what is no UTF-8 in a header as halves of characters, which YAML cannot hold.
    return text.encode("utf-8", "surrogateescape").decode("latin-1") if _HALVES.search(text) else text


def _body_bytes(body: Any) -> bytes:
    """Return a request's body as bytes, whatever form the client gave it in."""
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode("utf-8")
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body)
    if isinstance(body, (dict, list)):  # aiohttp's json= as it was given; vcrpy's hook comes before it is encoded
        return json.dumps(body).encode("utf-8")
    if hasattr(body, "read"):
        return _body_bytes(body.read())
    if isinstance(body, Iterable):
        return b"".join(bytes([part]) if isinstance(part, int) else _body_bytes(part) for part in body)
    return b""  # a form object that only its client can encode: the request is recognised by everything else


def to_interaction(request: Asked, response: Mapping[str, Any], base_url: str) -> Interaction:
    """Return vcrpy's request and response as one of ours, under HubSpot's origin."""
    return Interaction(
        method=text_of(request.method).upper(),
        url=canonical_url(text_of(request.uri), base_url),
        request_headers={text_of(name): (text_of(value),) for name, value in request.headers.items()},
        request_body=_body_bytes(request.body),
        status_code=response["status"]["code"],
        reason=text_of(response["status"]["message"] or ""),
        response_headers={text_of(name): tuple(map(text_of, values)) for name, values in response["headers"].items()},
        response_body=_body_bytes((response.get("body") or {}).get("string")),
    )


def key_of(request: Asked, base_url: str) -> MatchKey:
    """Return what *request* is recognised by, as it is: with whatever credentials it carries."""
    url = canonical_url(text_of(request.uri), base_url)
    return match_key(text_of(request.method).upper(), url, _body_bytes(request.body))


def moved(interaction: Interaction, base_url: str) -> Interaction:
    """Return *interaction* under HubSpot's own origin if it was recorded from *base_url*, else as it is."""
    url = canonical_url(interaction.url, base_url)
    return interaction if url == interaction.url else replace(interaction, url=url)


def canonical_url(url: str, base_url: str) -> str:
    """Return *url* under HubSpot's own origin if it goes to *base_url*, else as it is."""
    if url == base_url or url.startswith((base_url + "/", base_url + "?")):
        return CANONICAL_ORIGIN + url[len(base_url) :]
    base, given = urlsplit(base_url), urlsplit(url)
    default = {"http": 80, "https": 443}
    origins = [(parts.scheme, parts.hostname, parts.port or default.get(parts.scheme)) for parts in (base, given)]
    if origins[0] == origins[1] and f"{given.path}/".startswith(f"{base.path}/"):
        rest = given.path[len(base.path) :] + (f"?{given.query}" if given.query else "")
        return CANONICAL_ORIGIN + rest
    return url
