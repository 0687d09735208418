"""Scrubbing removes credentials from any answer and changes nothing that a contract or a comparison sees."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import pytest
from faults.payloads import changed_by_scrubbing, payloads
from faults.r09_scan import lines
from helpers.looking import CLOSELY
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_hubfiles import secrets
from pytest_hubfiles.model.exchange import Exchange, Interaction
from pytest_hubfiles.secrets import patterns


@pytest.mark.slow
@settings(max_examples=150)
@given(payloads())
def test_scrubbing_keeps_shape_and_verdict_and_ends(exchange: Exchange) -> None:
    """Of any answer the shape and what its contract finds are the same before and after, and after twice."""
    assert changed_by_scrubbing(exchange) == []


TOKEN_PIECES = (
    "pat-", "na1-", "eu12-", "ap1-", "eyJ", "abcdefgh", ".eyJ", "CJSP5qf1", "KhICAQEYs-gD", "0123abcd", "-4abc",
    "-8abc", "-0123456789ab", "-", " ", "CI", "CP", "BJ", "/", "a", "xK", "019db16f-8c90-72b0-b3f7-d1e4b1d02aaf",
    "0123-", "ABCDEFGH123456789012345678", ".",
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=1_000)
@given(st.lists(st.sampled_from(TOKEN_PIECES), max_size=12).map("".join))
def test_no_token_is_passed_over_for_how_it_begins(text: str) -> None:
    """A text is looked through for the shapes of tokens unless it lacks what each of them begins with."""
    tokens = [match[0] for match in patterns._TOKEN.finditer(text) if not patterns.is_example(match[0])]
    tokens += [match[0] for match in patterns._OAUTH.finditer(text) if patterns._is_oauth(match[0])]

    assert patterns.plain_tokens(text) == tokens


NAMES = [
    *("Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "X-Api-Key", "hapikey", "X-HubSpot-Signature-v3"),
    *("private-app", "X-Custom-Key", "X-Auth", "x-csrf-token"),
    *("access_token", "accessTokenV2", "clientSecret", "apiKeys"),
    *("passwordHash", "passwd", "pwd", "passphrase", "sessionId", "PHPSESSID", "sid", "credentials", "tokens", "jwt"),
    *("hubspotutk", "privateKeyPem", "code", "policy", "sig"),
    *("Key-Pair-Id", "GoogleAccessId", "code_verifier", "assertion"),
    *("otp", "csrf", "xsrf", "bearer", "signature", "client_assertion"),
]
VALUE = "s3cr3t-v4lue-th4t-is-l0ng"
LINES = [line for _, line in lines(random.Random(7))]
PIECES = st.sampled_from(
    [
        *NAMES,
        *LINES,
        "https://a:b@c",
        "a@b.example",
        "?sig=1234567890",
        "token",
        "bearer ",
        "%",
        "\\u0070",
        ": ",
        '"',
        "x",
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=6), max_size=3).map("".join)
HEADERS = st.dictionaries(
    st.sampled_from([*NAMES, "Content-Type", "Location", "X-Request-Id"]), TEXTS.map(lambda text: (text,)), max_size=2
)
ANY = st.builds(
    lambda path, asked, sent, reason, reported, got: Interaction(
        "POST", f"https://api.hubapi.com/{path}", asked, sent.encode(), 200, reason, reported, got.encode()
    ),
    TEXTS, HEADERS, TEXTS, TEXTS, HEADERS, TEXTS | TEXTS.map(lambda text: json.dumps({"a": text})),
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=1_000)
@given(ANY, st.sets(st.sampled_from(["a-value-that-is-known", *LINES[:20]]), max_size=2))
def test_what_is_clean_at_a_glance_is_clean(interaction: Interaction, known: set[str]) -> None:
    """An exchange that is passed over as a whole holds nothing that a closer look at its parts would find."""
    closely = secrets.scrub(interaction, known, CLOSELY)
    found = (closely.interaction.url, closely.interaction.request_body, closely.interaction.response_body)
    as_it_is = (interaction.url, interaction.request_body, interaction.response_body)

    assert secrets.scrub(interaction, known) == closely
    assert known or not secrets.are_clean([interaction]) or (closely.places, found) == ((), as_it_is)


@pytest.mark.parametrize("part", ["url", "reason", "Accept", "Location", "request_body", "response_body"])
@pytest.mark.parametrize("value", ["a-value-that-is-known", "0123456789", "Kennwort"])
def test_no_known_value_is_passed_over(part: str, value: str) -> None:
    """A credential that is known by its value is scrubbed wherever it stands, even if nothing else marks it."""
    parts: dict[str, dict[str, Any]] = {
        "url": {"url": f"https://api.hubapi.com/{value}"},
        "reason": {"reason": value},
        "Accept": {"request_headers": {"Accept": (value,)}},
        "Location": {"response_headers": {"Location": (value,)}},
        "request_body": {"request_body": b'"%s"' % value.encode()},
        "response_body": {"response_body": b'"%s"' % value.encode()},
    }
    plain = Interaction("POST", "https://api.hubapi.com/", {}, b"", 200, "OK", {}, b"{}")
    scrubbed = secrets.scrub(replace(plain, **parts[part]), {value})

    assert scrubbed.places
    assert value not in repr(scrubbed.interaction)


@pytest.mark.parametrize("name", NAMES)
def test_no_secret_header_is_passed_over(name: str) -> None:
    """The name alone of a header that holds a credential has an exchange looked at closely."""
    for headers in ({name: (VALUE,)}, {name.upper().replace("_", "-"): (VALUE,)}):
        asked = Interaction("GET", "https://api.hubapi.com/", headers, b"", 200, "OK", {}, b"{}")

        assert not secrets.credentials_in(headers) or not secrets.are_clean([asked])
    answer = {name: VALUE, "a": [{name: [VALUE]}]}
    got = Interaction("GET", "https://api.hubapi.com/", {}, b"", 200, "OK", {}, json.dumps(answer).encode())
    assert not secrets.scrub(got, (), CLOSELY).places or not secrets.are_clean([got])


@pytest.mark.parametrize("line", LINES)
def test_no_token_is_passed_over(line: str) -> None:
    """Each way in which a token is written has an exchange looked at closely, wherever it stands."""
    plain = Interaction("GET", "https://api.hubapi.com/", {}, b"", 200, "OK", {}, b"{}")
    places: list[dict[str, Any]] = [
        {"response_body": line.encode()}, {"request_body": line.encode()}, {"url": f"{plain.url}{line}"},
        {"response_headers": {"X-Note": (line,)}}, {"reason": line},
    ]  # fmt: skip

    assert secrets.are_clean([plain])
    assert not any(secrets.are_clean([plain, replace(plain, **place)]) for place in places)


def test_no_token_is_passed_over_in_a_long_recording() -> None:
    """However many exchanges come before the one that holds it, or after."""
    plain = Interaction("GET", "https://api.hubapi.com/", {}, b"", 200, "OK", {}, b"{}")
    dirty = replace(plain, response_body=LINES[0].encode())

    assert secrets.are_clean([plain] * 350)
    for place in (0, 99, 100, 199, 349):
        assert not secrets.are_clean([*[plain] * place, dirty, *[plain] * (349 - place)])
