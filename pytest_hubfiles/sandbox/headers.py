"""The headers of HubSpot's answers, and the correlation ids in them."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from http import HTTPStatus

from pytest_hubfiles.model.known_answers import SUNSET
from pytest_hubfiles.sandbox.calls import Answer, HeaderPairs

# Names as in the dumps of 2024-07-16, 2025-08-21 and 2026-01-23 [R]; values are of their form.
_REPORT_URL = "https:\\/\\/a.nel.cloudflare.com\\/report\\/v4?s=c2FuZGJveA"
_NETWORK: HeaderPairs = (
    ("CF-Cache-Status", "DYNAMIC"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains; preload"),
    ("Report-To", f'{{"endpoints":[{{"url":"{_REPORT_URL}"}}],"group":"cf-nel","max_age":604800}}'),
    ("NEL", '{"success_fraction":0.01,"report_to":"cf-nel","max_age":604800}'),
    ("Server", "cloudflare"),
)
_ROUTER: HeaderPairs = (("Vary", "origin, Accept-Encoding"), ("access-control-allow-credentials", "false"))
_API: HeaderPairs = (("x-content-type-options", "nosniff"),)
_ENVOY: HeaderPairs = (  # in the dump of 2024-07-16 only; `correlation-v7` is the later state
    ("x-envoy-upstream-service-time", "42"),
    ("x-evy-trace-listener", "listener_https"),
    ("x-evy-trace-route-configuration", "listener_https/all"),
    ("x-evy-trace-route-service-name", "envoyset-translator"),
    ("x-evy-trace-served-by-pod", "iad02/hubapi-td/envoy-proxy-6b5d8f7c9d-sandb"),
    ("x-evy-trace-virtual-host", "all"),
)


def headers_around(answer: Answer, number: int, correlation_id: str, switches: tuple[str, ...]) -> HeaderPairs:
    """Return the headers of answer *number*, by its sender; the answer's own headers replace them."""
    around: HeaderPairs = (("CF-Ray", f"{_digest(number, 'ray')[:8].hex()}-SEA"), *_NETWORK)
    if answer.sender != "network":
        around += (*_ROUTER, ("x-hubspot-correlation-id", correlation_id))
    if answer.status in (HTTPStatus.ACCEPTED, HTTPStatus.METHOD_NOT_ALLOWED):
        around += (_bot_cookie(number),)
    if answer.sender == "api":
        around += (*_API, ("x-request-id", correlation_id), *_rate_limits(number))
        around += () if "correlation-v7" in switches else _ENVOY
        around += SUNSET if "sunset" in switches else ()
    own = {name.lower() for name, _ in answer.headers}
    return (*(pair for pair in around if pair[0].lower() not in own), *answer.headers)


def correlation_id(number: int, *, seventh: bool) -> str:
    """Make the correlation id of answer *number*: a UUIDv4, or the UUIDv7 seen since 2026-04 [R]."""
    value = int.from_bytes(_digest(number, "correlation")[:16], "big")
    if seventh:  # its first 48 bits are a time in ms; here, that of a published id plus the number
        value = (1776795600000 + number) << 80 | value & ((1 << 80) - 1)
    # By hand, because uuid.UUID sets versions above 5 only since Python 3.14.
    value = value & ~(0xF << 76) | (7 if seventh else 4) << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))


def _digest(number: int, purpose: str) -> bytes:
    """Make bytes that look random, the same in equal runs."""
    return hashlib.sha256(f"{purpose} {number}".encode()).digest()


def _bot_cookie(number: int) -> tuple[str, str]:
    """Make Cloudflare's cookie, seen on the 405 of 2026-01-23 [R]; that a 202 has it too is [I]."""
    expires = format_datetime(datetime.now(timezone.utc) + timedelta(minutes=30), usegmt=True)
    value = f"__cf_bm={_digest(number, 'cookie').hex()}; path=/; expires={expires}"
    return ("set-cookie", f"{value}; domain=.hubapi.com; HttpOnly; Secure; SameSite=None")


def _rate_limits(number: int) -> HeaderPairs:
    return (  # [R] values of 2026-05-14
        ("x-hubspot-ratelimit-daily", "250000"),
        ("x-hubspot-ratelimit-daily-remaining", str(max(0, 250000 - number))),
        ("x-hubspot-ratelimit-interval-milliseconds", "10000"),
        ("x-hubspot-ratelimit-max", "100"),
        ("x-hubspot-ratelimit-remaining", "98"),
        ("x-hubspot-ratelimit-secondly", "10"),
        ("x-hubspot-ratelimit-secondly-remaining", "9"),
    )
