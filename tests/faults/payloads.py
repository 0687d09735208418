"""Answers as HubSpot gives them and as it does not, with credentials in them, and what scrubbing must leave alone."""

from __future__ import annotations

import json
import random
from typing import Any

from helpers.answers import CANCELED, COMPLETE, LOCATOR, NOT_FOUND, PENDING, UNDECODABLE, answer
from helpers.looking import shape_of
from hypothesis import strategies as st

from faults import canaries
from pytest_hubfiles.model.exchange import Exchange
from pytest_hubfiles.secrets import scrub

_KINDS = (canaries.private_app, canaries.oauth, canaries.data_center_key, canaries.uuid, canaries.opaque, canaries.jwt)
_rng = random.Random(7)
_TOKENS = st.sampled_from([kind(_rng) for kind in _KINDS for _ in range(20)])
_NAMES = st.sampled_from(["token", "accessToken", "client_secret", "apiKey", "note", "owner", "x", "expiresAt", "size"])
_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        _TOKENS,
        _TOKENS.map(lambda token: f"https://cdn.example.com/a?Expires=1&Signature={token}"),
        _TOKENS.map(lambda token: f"Bearer {token} was sent by someone@example.org"),
        _TOKENS.map(lambda token: json.dumps({"refreshToken": token, "n": [1, 2.5]})),
        st.sampled_from(
            ["someone@example.org", "2026-10-05T09:14:02.117Z", "2026-10-05", "https://x.example/a", "12", ""]
        ),
        st.sampled_from([None, True, 7, -1, 2**53, 1.5, 1e300]),
    ),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=5,
)
_BASES = st.sampled_from(
    [
        ("import-status", COMPLETE), ("import-status", PENDING), ("import-status", CANCELED),
        ("import-start", LOCATOR), ("import-status", NOT_FOUND), ("import-status", UNDECODABLE),
    ]
)  # fmt: skip


@st.composite
def payloads(draw: st.DrawFn) -> Exchange:
    """Draw an answer: a documented one with fields changed, left out and added, at the top and in its result."""
    operation, documented = draw(_BASES)
    body = dict(documented)
    for name in draw(st.lists(st.sampled_from(sorted(body)), max_size=2, unique=True)):
        if draw(st.booleans()):
            body[name] = draw(_VALUES)
        else:
            del body[name]
    body.update(draw(st.dictionaries(_NAMES, _VALUES, max_size=3)))
    if isinstance(body.get("result"), dict):
        body["result"] = {**body["result"], **draw(st.dictionaries(_NAMES, _VALUES, max_size=2))}
    content = json.dumps(body, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 2]))).encode()
    return answer(operation, content, version=draw(st.sampled_from(["v3", "2026-03"])))


def changed_by_scrubbing(exchange: Exchange) -> list[str]:
    """Return what scrubbing *exchange* changes that it must not: its shape, what its contract says, or itself twice."""
    from helpers.answers import CONTRACTS

    once = scrub(exchange.interaction).interaction
    found = []
    if scrub(once).interaction != once:
        found.append("scrubbing twice is not scrubbing once")
    if shape_of(once.json, {}).tree() != shape_of(exchange.json, {}).tree():
        found.append("another shape")
    verdicts = [
        [(f.kind, f.path, f.keyword) for f in CONTRACTS.check(CONTRACTS.identify(interaction))]
        for interaction in (exchange.interaction, once)
    ]
    if verdicts[0] != verdicts[1]:
        found.append(f"another verdict: {verdicts}")
    return [f"{problem}: {exchange.body!r} became {once.body!r}" for problem in found]
