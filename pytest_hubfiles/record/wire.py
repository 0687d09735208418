"""Requests and answers as the clients and vcrpy hold them, and as an :class:`Interaction`."""

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
from pytest_hubfiles.model.origin import HUBSPOT, key_of_parts, origin_key, origin_of
from pytest_hubfiles.visible import visible

NO_ANSWER: Final[Mapping[str, Any]] = {"status": {"code": 599, "message": ""}, "headers": {}}
"""In place of the response of a request that has none (yet)."""
MANY_HEADERS: Final = 50  # http.client refuses more than 100
is_plain_name: Final = re.compile(r"[A-Za-z0-9-]+").fullmatch
is_plain_value: Final = re.compile(r"[!-~](?:[ -~]*[!-~])?").fullmatch
_READ_BY_CLIENTS: Final = frozenset({"set-cookie", "content-encoding", "content-length", "transfer-encoding"})
_SURROGATES: Final = re.compile("[\udc80-\udcff]")


class ClientRequest(Protocol):
    """A request of a client, as vcrpy hands it on."""

    method: Any
    uri: Any
    body: Any
    headers: Mapping[Any, Any]


@dataclass(eq=False)
class MadeUpRequest:
    """A request that no client has sent."""

    method: str
    uri: str
    body: bytes | None = None
    headers: Mapping[Any, Any] = field(default_factory=dict)


def answer_of(interaction: Interaction, base_url: str = CANONICAL_ORIGIN) -> dict[str, Any]:
    """Return the answer as vcrpy's stubs take it; a redirect to HubSpot leads to *base_url*."""
    headers = {name: list(values) for name, values in interaction.response_headers.items()}
    if base_url != CANONICAL_ORIGIN:
        for name in filter(_is_location, headers):
            headers[name] = [_under_base(value, base_url) for value in headers[name]]
    return {
        "status": {"code": interaction.status_code, "message": interaction.reason},
        "headers": headers,
        "body": {"string": interaction.response_body},
    }


def is_cut(answer: Mapping[str, Any]) -> bool:
    """Return whether an *answer* as vcrpy's stubs take it announces more than it has.

    No recording is loaded so, for its lengths are dropped; a change of it can be.
    """
    lengths = [
        value for name, values in answer["headers"].items() if name.lower() == "content-length" for value in values
    ]
    return any(length.isdecimal() and int(length) > len(answer["body"]["string"]) for length in lengths)


def _under_base(url: str, base_url: str) -> str:
    rest = url.removeprefix(CANONICAL_ORIGIN)
    return base_url + rest if rest != url and rest[:1] in ("", "/", "?") else url


def header_pairs(answer: Interaction) -> list[tuple[str, str]]:
    """Return the headers of *answer* as the constructors of responses take them."""
    return [(name, value) for name, values in answer.response_headers.items() for value in values]


def is_plain(answer: Interaction) -> bool:
    """Return whether every client makes the same response of *answer*, with vcrpy and without it."""
    return (
        (200 <= answer.status_code < 300 or 400 <= answer.status_code < 600)
        and answer.status_code != 204
        and answer.method != "HEAD"
        and answer.reason.isascii()
        and answer.reason.isprintable()
        and sum(map(len, answer.response_headers.values())) <= MANY_HEADERS
        and all(
            is_plain_name(name) and name.lower() not in _READ_BY_CLIENTS and all(map(is_plain_value, values))
            for name, values in answer.response_headers.items()
        )
    )


def text_of(value: object) -> str:
    """Return a client's text or bytes as text that a file can hold."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    text = str(value)
    if text.isascii():
        return text
    # aiohttp decodes header bytes that are not UTF-8 to surrogates, which YAML cannot hold.
    return text.encode("utf-8", "surrogateescape").decode("latin-1") if _SURROGATES.search(text) else text


def _body_bytes(body: Any) -> bytes:
    """Return a request's body as bytes, whatever form the client gave it in."""
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode("utf-8")
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body)
    if isinstance(body, (dict, list)):  # aiohttp's json=, which vcrpy's stub sees before it is encoded
        return json.dumps(body).encode("utf-8")
    if hasattr(body, "read"):
        return _body_bytes(body.read())
    if isinstance(body, Iterable):
        return b"".join(bytes([part]) if isinstance(part, int) else _body_bytes(part) for part in body)
    return b""  # a form that only its client can encode: the request is matched by everything else


def to_interaction(request: ClientRequest, response: Mapping[str, Any], base_url: str) -> Interaction:
    """Return vcrpy's request and response as an interaction, under HubSpot's origin."""
    return Interaction(
        method=text_of(request.method).upper(),
        url=canonical_url(text_of(request.uri), base_url),
        request_headers={text_of(name): (text_of(value),) for name, value in request.headers.items()},
        request_body=_body_bytes(request.body),
        status_code=response["status"]["code"],
        reason=text_of(response["status"]["message"] or ""),
        response_headers=_answer_headers(dict(response["headers"]), base_url),  # of pairs, from tornado
        response_body=_body_bytes((response.get("body") or {}).get("string")),
    )


def _answer_headers(given: Mapping[Any, Any], base_url: str) -> dict[str, tuple[str, ...]]:
    """Return the headers of an answer; a redirect to the base URL leads to HubSpot, wherever it is replayed."""
    headers = {text_of(name): tuple(map(text_of, values)) for name, values in given.items()}
    for name in filter(_is_location, headers):
        headers[name] = tuple(canonical_url(v, base_url) if "://" in v else v for v in headers[name])
    return headers


def _is_location(name: str) -> bool:
    return name.lower() == "location"


def key_of(request: ClientRequest, base_url: str) -> MatchKey:
    """Return the match key of *request* as it is, with the credentials that it carries."""
    url = canonical_url(text_of(request.uri), base_url)
    return match_key(text_of(request.method).upper(), url, _body_bytes(request.body))


def moved(interaction: Interaction, base_url: str) -> Interaction:
    """Return *interaction* under HubSpot's own origin if it was recorded from *base_url*, else as it is."""
    url = canonical_url(interaction.url, base_url)
    return interaction if url == interaction.url else replace(interaction, url=url)


def canonical_url(url: str, base_url: str) -> str:
    """Return *url* under HubSpot's own origin if it goes to HubSpot or to *base_url*, else as it is."""
    if url == base_url or url.startswith((base_url + "/", base_url + "?")):
        return CANONICAL_ORIGIN + url[len(base_url) :]
    if url.startswith(CANONICAL_ORIGIN + "/"):
        return url
    try:
        base, given = urlsplit(base_url), urlsplit(url)
    except ValueError:  # brackets that hold no address
        return url
    key = key_of_parts(given.scheme, given.netloc)
    query = f"?{given.query}" if given.query else ""
    if key == key_of_parts(base.scheme, base.netloc) and f"{given.path}/".startswith(f"{base.path}/"):
        return CANONICAL_ORIGIN + given.path[len(base.path) :] + query
    return CANONICAL_ORIGIN + given.path + query if key == HUBSPOT else url


def asked_label(request: ClientRequest, recorded: Interaction, base_url: str) -> str:
    """Return method and URL of *request* for messages: where it went, and the path that *recorded* has of it."""
    origin, moved_from = origin_of(recorded.url), text_of(request.uri)
    prefix = ""
    if origin == CANONICAL_ORIGIN:  # it went there, or to the base URL
        origin = origin_of(moved_from)
        base = urlsplit(base_url).path
        is_below = origin_key(moved_from) == origin_key(base_url) and urlsplit(moved_from).path.startswith(base)
        prefix = base if is_below else ""
    return visible(f"{recorded.method} {origin}{prefix}{recorded.path}")
