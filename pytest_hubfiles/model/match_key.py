"""What replay recognises a request by."""

from __future__ import annotations

import json
import re
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from pytest_hubfiles.model.origin import key_of_parts

MatchKey = tuple[str, str, str, tuple[tuple[str, str], ...], str]
"""Origin, which is empty for HubSpot's, method, path, sorted query, comparable body."""

_PLAIN_PATH: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@/-]*")  # what RFC 3986 allows without percent-encoding


def match_key(method: str, url: str, body: bytes) -> MatchKey:
    """Return what replay recognises the request by; two requests that mean the same have equal keys."""
    parts = urlsplit(url)
    query = tuple(sorted(parse_qsl(parts.query, keep_blank_values=True))) if parts.query else ()
    origin = key_of_parts(parts.scheme, parts.netloc)
    return origin, method, comparable_path(parts.path), query, _comparable(body) if method == "POST" else ""


def comparable_path(path: str) -> str:
    """Return *path* in one spelling: clients differ in what they percent-encode."""
    if _PLAIN_PATH.fullmatch(path):
        return path or "/"
    segments = (unquote(segment, errors="surrogateescape") for segment in path.split("/"))
    return "/".join(quote(segment, safe="!$&'()*+,;=:@", errors="surrogateescape") for segment in segments)


def _comparable(body: bytes) -> str:
    """Return *body* in one spelling: JSON without its spacing and key order, multipart without its random boundary."""
    boundary = re.match(rb"--([^\r\n]{1,70})\r\n", body)  # 70: RFC 2046
    if boundary and body.rstrip().endswith(b"--" + boundary[1] + b"--"):
        body = body.replace(b"--" + boundary[1], b"--boundary")
    try:
        return json.dumps(json.loads(body), sort_keys=True)
    except (ValueError, RecursionError):
        return body.decode("latin-1")
