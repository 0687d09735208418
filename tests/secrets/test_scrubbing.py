"""No credential reaches a file, and nothing else changes a byte."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from faults.canaries import PLACEMENTS, Placement, leaks, plant
from helpers.answers import COMPLETE, interaction
from helpers.looking import secrets_in, shape_of
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_hubfiles import cassettes
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.secrets import PLACEHOLDER, credentials_in, placeholder, scrub

UUID = "6f2b9c1e-33aa-4c5d-9e0f-0123456789ab"
ZERO_UUID = "00000000-0000-4000-8000-000000000000"
PRIVATE_APP = f"pat-na1-{UUID}"
SECRET = "s3cr3t-v4lue-th4t-is-l0ng"
PATH = "/files/v3/files/import-from-url/async"
SHAPES = [
    PRIVATE_APP,
    f"pat-eu1-{UUID}",
    f"pat-na2-{UUID.upper()}",
    f"na1-{UUID}",
    f"eu1-{UUID}",
    f"ap1-{UUID}",
    "na1-6f2b-33aa-4c5d-9e0f-0123456789ab",
    "eu1-6F2B-33AA-4C5D-9E0F-0123456789AB",
]
TAIL = "0123456789ab"


def get(body: object = b"{}", path: str = PATH, **facts: Any) -> Interaction:
    return interaction("GET", path, body, **facts)


def body_of(body: object, content_type: str = "application/json") -> bytes:
    return scrub(get(body, content_type=content_type)).interaction.response_body


def form_of(text: str, content_type: str = "application/x-www-form-urlencoded") -> bytes:
    made = interaction("POST", "/oauth/v1/token", request=text.encode(), request_headers={"Content-Type": content_type})
    return scrub(made).interaction.request_body


def url_of(path: str, origin: str = "https://api.hubapi.com") -> str:
    return scrub(get(path=path, origin=origin)).interaction.url.removeprefix(origin)


# --- headers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        *("Authorization", "authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "hapikey"),
        *("X-Auth-Token", "X-HubSpot-Signature", "X-HubSpot-Signature-V3", "User-Agent", "X-Stainless-OS", "X-Any"),
    ],
)
def test_request_headers_are_dropped(name: str) -> None:
    """Of a request only the headers that say what was sent and wanted are kept."""
    made = get(request_headers={name: SECRET, "Accept": "application/json", "content-type": "text/plain"})
    assert scrub(made).interaction.request_headers == {"Accept": ("application/json",), "content-type": ("text/plain",)}


@pytest.mark.parametrize(
    "name",
    [
        *("Allow", "Content-Type", "Date", "Deprecation", "Link", "Location", "Retry-After", "Sunset"),
        *("RateLimit-Limit", "X-RateLimit-Remaining", "X-HubSpot-RateLimit-Daily-Remaining"),
    ],
)
def test_response_headers_that_matter_are_kept(name: str) -> None:
    """What a contract or a client depends on stays, under the name it was sent with."""
    assert scrub(get(content_type=None, headers={name: "7"})).interaction.response_headers == {name: ("7",)}


@pytest.mark.parametrize(
    "name", ["Set-Cookie", "CF-Ray", "X-HubSpot-Correlation-Id", "Server", "Report-To", "Content-Length", "X-New"]
)
def test_other_response_headers_are_dropped(name: str) -> None:
    """Cookies, traces and whatever else comes stay out of the file."""
    assert scrub(get(content_type=None, headers={name: SECRET})).interaction.response_headers == {}


def test_kept_headers_are_scrubbed() -> None:
    """A Location may be a signed URL."""
    made = get(content_type=None, headers={"Location": f"https://x.net/a?Signature={SECRET}&b=c"}, status=302)
    assert scrub(made).interaction.response_headers == {"Location": (f"https://x.net/a?Signature={PLACEHOLDER}&b=c",)}


def test_headers_with_several_values_keep_them_all() -> None:
    """A header that was sent twice is kept twice."""
    made = replace(get(), response_headers={"Link": ("<a>", f"<https://x?token={SECRET}>")})
    assert scrub(made).interaction.response_headers == {"Link": ("<a>", f"<https://x?token={PLACEHOLDER}>")}


# --- URLs -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        *("hapikey", "access_token", "accessToken", "ACCESS-TOKEN", "refresh_token", "client_secret", "code", "token"),
        *("api_key", "apiKey", "Signature", "sig", "Policy", "Key-Pair-Id", "AWSAccessKeyId", "X-Amz-Signature"),
        *("X-Amz-Credential", "X-Amz-Security-Token", "X-Goog-Signature", "GoogleAccessId", "access%5Ftoken"),
    ],
)
def test_query(name: str) -> None:
    """The value of a secret parameter goes, whatever its place and spelling; its neighbours stay."""
    assert url_of(f"{PATH}?a=1&{name}={SECRET}&b=%20x+y") == f"{PATH}?a=1&{name}={PLACEHOLDER}&b=%20x+y"
    assert url_of(f"{PATH}?{name}={SECRET}#top") == f"{PATH}?{name}={PLACEHOLDER}#top"


@pytest.mark.parametrize("name", ["limit", "codec", "tokens_left", "tokenize", "after", "portalId"])
def test_other_parameters_stay(name: str) -> None:
    """A parameter that only resembles a secret's name stays."""
    assert url_of(f"{PATH}?{name}={SECRET}") == f"{PATH}?{name}={SECRET}"


def test_user_info() -> None:
    """User and password before a host go; an @ in a path or query is none."""
    assert (
        scrub(get(origin=f"https://me:{SECRET}@proxy.net")).interaction.url == f"https://{PLACEHOLDER}@proxy.net{PATH}"
    )
    assert url_of("/a/@b?c=@d") == "/a/@b?c=@d"


def test_url_in_a_query() -> None:
    """A signed URL that is itself a parameter is scrubbed, plain or percent-encoded, once or twice."""
    inner, clean = (f"https://x.net/f?a=1&Signature={value}" for value in (SECRET, PLACEHOLDER))
    assert url_of(f"/r?to={quote(inner, safe='')}&b=1") == f"/r?to={quote(clean, safe='')}&b=1"
    twice = quote(f"https://y.net?to={quote(inner, safe='')}", safe="")
    assert SECRET not in url_of(f"/r?to={twice}")
    assert url_of(f"/r?to=https://x.net/f?token={SECRET}") == f"/r?to=https://x.net/f?token={PLACEHOLDER}"


def test_half_a_character_beside_what_is_encoded() -> None:
    """A lone half of a character, which only an escape brings, is no traceback beside a percent sign."""
    kept = body_of(b'{"note": "%3Fu:me@x.example.org\\ud83d"}')
    assert b"me@" not in kept
    assert body_of(kept) == kept


def test_urls_in_urls_without_end() -> None:
    """A URL that holds URLs a thousand deep is no traceback."""
    url = "/r?a=" + "?a=" * 1000 + "%" + "25" * 1000 + "41"
    assert url_of(url) == url


@pytest.mark.parametrize("token", SHAPES)
@pytest.mark.parametrize("place", ["/files/{}/x", "/x?q={}", "/x?q=a%22{}%22"])
def test_token_in_a_url(place: str, token: str) -> None:
    """A token of HubSpot's shapes goes from any part of a URL."""
    assert TAIL not in url_of(place.format(token)).lower()


# --- JSON -----------------------------------------------------------------------------------------------------

NAMES = [
    *(
        "access_token",
        "accessToken",
        "ACCESS-TOKEN",
        "refresh_token",
        "refreshToken",
        "id_token",
        "token",
        "Bearer-Token",
    ),
    *("client_secret", "clientSecret", "secret", "api_key", "apiKey", "hapikey", "developerApiKey", "privateKey"),
    *("password", "Passwd", "authorization", "csrfToken", "access\\u005ftoken"),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "document", ['{{"{}": "{}"}}', '{{"a": [{{"b": {{"{}":"{}", "c" : 1e2}}}}]}}', '[1, {{"x":"y","{}"\t:\n"{}"}}]']
)
def test_json_fields(document: str, name: str) -> None:
    """A secret field goes at any depth, in snake and in camel case; spacing and numbers keep their bytes."""
    sent, kept = (document.format(name, value).encode() for value in (SECRET, PLACEHOLDER))
    assert body_of(sent) == kept


@pytest.mark.parametrize("name", ["tokensLeft", "taskId", "secretary", "keys", "correlationId", "url", "code"])
def test_other_json_fields_stay(name: str) -> None:
    """A field that only resembles a secret's name stays, and so do ids."""
    sent = json.dumps({name: UUID, "b": {name: [SECRET]}}).encode()
    assert body_of(sent) == sent


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("12345678901", "0"),
        ("-1", "0"),
        ("1e3", "0"),
        ("1.5", "0.5"),
        ("true", "true"),
        ("null", "null"),
        ('""', '""'),
        ('"482913"', '"000000"'),
        (f'"{UUID}"', f'"{ZERO_UUID}"'),
        ('["x9", 2, {"b": "c3"}]', f'["{PLACEHOLDER}", 0, {{"b": "c3"}}]'),
        ('{"value": "x1", "mode": "any", "c": 7}', f'{{"value": "{PLACEHOLDER}", "mode": "any", "c": 7}}'),
        (f'{{"a": {{"b": [["{SECRET}"]]}}, "c": 7}}', f'{{"a": {{"b": [["{PLACEHOLDER}"]]}}, "c": 7}}'),
        ("[]", "[]"),
    ],
)
def test_values_of_secret_fields(value: str, kept: str) -> None:
    """Numbers and ids go too, each for something of its kind, and of an object what looks like one; the rest stays."""
    rest = ', "after": {"a": "b1"}, "n": 12}'
    assert body_of(f'{{"token": {value}{rest}'.encode()) == f'{{"token": {kept}{rest}'.encode()


@pytest.mark.parametrize("separator", ["&", "\\u0026"], ids=["plain", "escaped"])
@pytest.mark.parametrize("equals", ["=", "\\u003d"], ids=["plain", "escaped"])
@pytest.mark.parametrize("slash", ["/", "\\/"], ids=["plain", "escaped"])
def test_signed_url_in_a_json_string(slash: str, equals: str, separator: str) -> None:
    """A signed URL in a body goes however its characters are escaped, and the document stays what it was."""
    url = f"https:{slash}{slash}x.net{slash}cat.png?Expires{equals}1{separator}Signature{equals}{SECRET}"
    sent = f'{{"id": "1", "url": "{url}", "size" : 24574}}'.encode()
    kept = body_of(sent)
    assert json.loads(kept) == {
        "id": "1",
        "url": f"https://x.net/cat.png?Expires=1&Signature={PLACEHOLDER}",
        "size": 24574,
    }
    assert kept.endswith(b', "size" : 24574}')


@pytest.mark.parametrize("token", SHAPES)
@pytest.mark.parametrize(
    "document",
    [
        '{{"message": "token {} expired"}}',
        '{{"{}": 1}}',
        '[["{}"]]',
        '{{"\\u0061": "\\u0022{}\\u0022"}}',
        "no JSON: {}",
    ],
)
def test_token_anywhere_in_a_body(document: str, token: str) -> None:
    """A token of HubSpot's shapes goes from values, keys, messages and texts."""
    assert TAIL.encode() not in body_of(document.format(token).encode()).lower()


@pytest.mark.parametrize(
    "text", [f"img1-{UUID}.png", f"v1-{UUID}", UUID, f"xna1-{UUID}", "pat-na1-short", f"pat-{UUID}"]
)
def test_what_only_resembles_a_token_stays(text: str) -> None:
    """Ids of files and correlations are no tokens."""
    sent = json.dumps({"name": text}).encode()
    assert body_of(sent) == sent


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"Bearer {SECRET}", f"Bearer {PLACEHOLDER}"),
        (f"sent 'bearer  {SECRET}' to you", f"sent 'bearer  {PLACEHOLDER}' to you"),
        ("a bearer authentication scheme", "a bearer authentication scheme"),
        ("Bearer tokens", "Bearer tokens"),
    ],
)
def test_bearer(text: str, kept: str) -> None:
    """What follows Bearer goes if it can be a token, and stays if it is a word."""
    assert body_of(json.dumps({"message": text}).encode()) == json.dumps({"message": kept}).encode()


@pytest.mark.parametrize(
    "cut",
    [
        b'{"a": 1, "access_token": "' + SECRET.encode(),
        b'{"access_token": "' + SECRET.encode() + b"\\",
        b'{"access_token": ' + SECRET.encode(),
        b'\xef\xbb\xbf{"access_token": "' + SECRET.encode() + b'"}',
        b'{"access_token": "' + SECRET.encode() + b'"}\n{"access_token": "' + SECRET.encode() + b'"}',
        b"{'access_token': '" + SECRET.encode() + b"'}",
        b"[2026-10-05] sent Bearer " + SECRET.encode(),
        b'{"a": "' + b"\xff" + b'", "access_token": "' + SECRET.encode() + b'"}',
    ],
    ids=["cut", "cut in an escape", "bare", "BOM", "two documents", "Python", "log", "bytes"],
)
def test_what_is_not_quite_json(cut: bytes) -> None:
    """A secret goes from a body that was cut off or is no JSON at all."""
    assert SECRET.encode() not in body_of(cut)


@pytest.mark.parametrize("charset", ["utf-16", "latin-1", "utf-8", "undefined", "klingon"])
def test_charsets(charset: str) -> None:
    """A body is searched in the charset it names, and in any that can be read if it names none there is."""
    encoding = charset if charset.startswith(("utf", "latin")) else "utf-8"
    sent = json.dumps({"token": SECRET, "name": "Käse"}, ensure_ascii=False).encode(encoding)
    kept = body_of(sent, f"application/json; charset={charset}")
    assert json.loads(kept.decode(encoding)) == {"token": PLACEHOLDER, "name": "Käse"}


def test_compressed_bodies() -> None:
    """A compressed body is stored as plain text, without the header that said so, and scrubbed."""
    made = get(gzip.compress(json.dumps({"token": SECRET}).encode()), headers={"Content-Encoding": "gzip"})
    kept = scrub(made).interaction
    assert json.loads(kept.response_body) == {"token": PLACEHOLDER}
    assert "Content-Encoding" not in kept.response_headers


def test_bytes_that_are_no_text_stay() -> None:
    """A picture keeps every byte."""
    sent = bytes(range(256)) * 3
    assert body_of(sent, "image/png") == sent


# --- forms ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "Application/X-WWW-Form-URLencoded;charset=utf-8", ""]
)
def test_form(content_type: str) -> None:
    """A secret field of a form goes, the first one too and whatever the form's type is called."""
    sent = f"client_secret={SECRET}&grant_type=authorization_code&code={SECRET}&clientId=a%20b+c&empty=&flag"
    kept = f"client_secret={PLACEHOLDER}&grant_type=authorization_code&code={PLACEHOLDER}&clientId=a%20b+c&empty=&flag"
    assert form_of(sent, content_type) == kept.encode()


def test_url_in_a_form() -> None:
    """A signed URL in a form's field goes."""
    assert SECRET.encode() not in form_of(f"a=1&url={quote(f'https://x.net/a?b=c&token={SECRET}', safe='')}")


@pytest.mark.parametrize("name", ["client_secret", "refreshToken", "password", "code"])
def test_multipart_fields(name: str) -> None:
    """A secret field of a multipart form goes, JSON in another is scrubbed as such; files and boundaries stay."""
    sent = (
        f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{SECRET}\r\n'
        '--b\r\nContent-Disposition: form-data; name="options"\r\nContent-Type: application/json\r\n\r\n'
        f'{{"access": "PRIVATE", "apiKey": "{SECRET}"}}\r\n'
        '--b\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\na@b.cc\xff\x00\r\n\r\n--b--\r\n'
    )
    made = interaction(
        "POST",
        PATH,
        request=sent.encode("latin-1"),
        request_headers={"Content-Type": "multipart/form-data; boundary=b"},
    )
    assert scrub(made).interaction.request_body == sent.replace(SECRET, PLACEHOLDER).encode("latin-1")


def test_compressed_request() -> None:
    """A request's body that was compressed is stored as it reads, and recognised so whatever the compressor did."""
    made = interaction(
        "POST",
        PATH,
        request=gzip.compress(json.dumps({"token": SECRET}).encode()),
        request_headers={"Content-Encoding": "gzip", "Content-Type": "application/json"},
    )
    kept = scrub(made).interaction
    assert json.loads(kept.request_body) == {"token": PLACEHOLDER}
    assert kept.request_headers == {"Content-Type": ("application/json",)}


# --- encodings, paths, prose ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/oauth/v1/refresh-tokens/{}",
        "/oauth/v1/access-tokens/{}",
        "/oauth/v3/access_tokens/{}?a=1",
        "/x?to=/oauth/v1/access-tokens/{}",
    ],
)
def test_token_in_a_path(path: str) -> None:
    """HubSpot's OAuth paths hold the token itself, whatever its form."""
    assert url_of(path.format(SECRET)) == path.format(PLACEHOLDER)
    assert scrub(get(content_type=None, headers={"Location": path.format(SECRET)})).interaction.response_headers == {
        "Location": (path.format(PLACEHOLDER),)
    }


@pytest.mark.parametrize("text", [f'{{"token": "{SECRET}"}}', f'[{{"a": {{"apiKey": "{SECRET}", "n": 1.50}}}}]'])
@pytest.mark.parametrize("levels", [1, 2, 3])
def test_json_in_json_strings(text: str, levels: int) -> None:
    """A JSON document in a JSON string is scrubbed as one, and what is no secret in it keeps its bytes."""
    sent, kept = text, text.replace(SECRET, PLACEHOLDER)
    for _ in range(levels):
        sent, kept = json.dumps({"payload": sent}), json.dumps({"payload": kept})
    assert body_of(sent.encode()) == kept.encode()


@pytest.mark.parametrize("token", [PRIVATE_APP, f"na1-{UUID}", f"Bearer {SECRET}"])
@pytest.mark.parametrize("around", [("", ""), ("me:", ""), ("x:", ":yz")])
def test_tokens_in_base64_and_hex(token: str, around: tuple[str, str]) -> None:
    """A token goes out of base64, wherever in it a group begins, out of hex, and percent-encoded."""
    plain = f"{around[0]}{token}{around[1]}" if "Bearer" not in token else f"{around[0]} {token} {around[1]}"
    for encoded in (
        base64.b64encode(plain.encode()).decode(),
        base64.urlsafe_b64encode(plain.encode()).decode().rstrip("="),
        plain.encode().hex(),
    ):
        kept = body_of(json.dumps({"note": f"a {encoded} b"}).encode())
        assert json.loads(kept) == {"note": f"a {PLACEHOLDER} b"}
    assert TAIL not in body_of(json.dumps({"note": "".join(f"%{b:02x}" for b in plain.encode())}).encode()).decode()


@pytest.mark.parametrize(
    "token",
    [
        "CKDZpunPLhICAQEYs-gDIIGOBii1hQIyGQAf3xBKEgsYjYMJVvlHEz9tFHAwSq1TQAM40s0D",  # HubSpot's OpenAPI example
        "CJSP5qf1KhICAQEYs-gDIIGOBii1hQIyGQAf3xBKmlwHjX7OIpuIFEavB2-qYAGQsF4",  # its OAuth guide's
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJlLXNpZ25hdHVyZQ",
    ],
)
def test_other_tokens(token: str) -> None:
    """OAuth access tokens and JSON Web Tokens go by their form."""
    assert json.loads(body_of({"note": f"use {token} now"})) == {"note": f"use {PLACEHOLDER} now"}


@pytest.mark.parametrize(
    "text",
    [
        "CKDZpunPLhICAQEY",  # too short
        "CAAAAAAAAhICAQEYs-gDIIGOBii1hQIyGQAf3xBKEgsYjYMJVvlHEz9tFHAwSq1TQAM40s0D",  # no time
        "DKDZpunPLhICAQEYs-gDIIGOBii1hQIyGQAf3xBKEgsYjYMJVvlHEz9tFHAwSq1TQAM40s0D",
        "na1-6f2b-33aa-4c5d-9e0f",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ],
)
def test_what_only_resembles_other_tokens_stays(text: str) -> None:
    """Hashes, ids and texts in base64 are no tokens."""
    sent = json.dumps({"name": text}).encode()
    assert body_of(sent) == sent


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"refused: refresh_token={SECRET}, try again", f"refused: refresh_token={PLACEHOLDER}, try again"),
        (f"X-Api-Key: {SECRET}", f"X-Api-Key: {PLACEHOLDER}"),
        (f"see ftp://me:{SECRET}@x.net", f"see ftp://{PLACEHOLDER}@x.net"),
        (f"sent Basic {base64.b64encode(f'me:{SECRET}'.encode()).decode()}", f"sent Basic {PLACEHOLDER}"),
        ("the token: invalid, key=value", "the token: invalid, key=value"),
        ("Basic authentication is off", "Basic authentication is off"),
    ],
)
def test_prose(text: str, kept: str) -> None:
    """What a message calls a secret goes, if it can be one."""
    assert body_of(text.encode(), "text/plain") == kept.encode()


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("ask jane.doe+1@sub.example.org now", "ask scrubbed@example.com now"),
        ("mailto:a@b.co", "mailto:scrubbed@example.com"),
        ("/contact/email/a@b.co/profile", "/contact/email/scrubbed@example.com/profile"),
        ("/contact/email/a%40b.co/profile", "/contact/email/scrubbed%40example.com/profile"),
        ("photo@2x.png", "photo@2x.png"),
        ("@handle and a@b", "@handle and a@b"),
    ],
)
def test_mail_addresses(text: str, kept: str) -> None:
    """A mail address goes for one that is none's, and is no credential."""
    made = get({"note": text})
    assert json.loads(scrub(made).interaction.response_body) == {"note": kept}
    assert secrets_in(made) == []


@pytest.mark.parametrize("place", PLACEMENTS, ids=lambda place: place.name)
def test_canaries(place: Placement) -> None:
    """Wherever a credential stands in a request and its answer, nothing of it is in the bytes of the cassette."""
    (one,) = plant(3, [place])
    asked = one.request()
    sent, headers = str(asked["body"]).encode("latin-1"), dict(asked["headers"])  # type: ignore[call-overload]
    about, content = one.answer(str(asked["method"]), str(asked["path"]), headers, sent)
    made = replace(
        interaction(str(asked["method"]), str(asked["path"]), content, content_type=None, headers=about),
        request_headers={name: (value,) for name, value in headers.items()},
        request_body=sent,
    )
    known = credentials_in(made.request_headers)
    kept = scrub(made, known | scrub(made, known).values).interaction
    assert leaks([one], {"cassette": cassettes.dump([kept])}) == []
    assert scrub(kept, known).interaction == kept
    assert secrets_in(kept) == []


# --- known values ---------------------------------------------------------------------------------------------


def test_known_values_go_from_everywhere() -> None:
    """A credential that was sent is scrubbed by its value, wherever it stands and in any escape."""
    escaped = f"\\u{ord(SECRET[0]):04x}{SECRET[1:]}"
    made = interaction(
        "POST",
        f"/a/{SECRET}?q={SECRET}",
        f'{{"note": "used {SECRET}", "{SECRET}": ["{SECRET}"], "escaped": "{escaped}"}}'.encode(),
        headers={"Location": f"/x/{SECRET}"},
        request=f"hello {SECRET}".encode(),
        request_headers={"Accept": SECRET},
    )
    kept = scrub(replace(made, reason=f"OK {SECRET}"), [SECRET]).interaction
    assert (kept.url, kept.reason) == (f"https://api.hubapi.com/a/{PLACEHOLDER}?q={PLACEHOLDER}", f"OK {PLACEHOLDER}")
    assert kept.request_headers == {"Accept": (PLACEHOLDER,)}
    assert kept.response_headers["Location"] == (f"/x/{PLACEHOLDER}",)
    assert kept.request_body == f"hello {PLACEHOLDER}".encode()
    assert json.loads(kept.response_body) == {
        "note": f"used {PLACEHOLDER}",
        PLACEHOLDER: [PLACEHOLDER],
        "escaped": PLACEHOLDER,
    }


def test_longer_known_values_go_first() -> None:
    """Of two credentials of which one begins the other, nothing of the longer one stays."""
    kept = scrub(get({"a": f"{SECRET}-more"}), [SECRET, f"{SECRET}-more"]).interaction
    assert json.loads(kept.response_body) == {"a": PLACEHOLDER}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Authorization": f"Bearer {SECRET}"}, {SECRET}),
        ({"authorization": SECRET}, {SECRET}),
        ({"X-Api-Key": SECRET, "Cookie": "session=kfjwmzqp"}, {SECRET, "session=kfjwmzqp", "kfjwmzqp"}),
        ({"Authorization": "Bearer short"}, set()),
        ({"Authorization": f"Bearer {PLACEHOLDER}"}, set()),
        ({"Accept": SECRET}, set()),
    ],
)
def test_credentials_of_a_request(headers: Mapping[str, str], expected: set[str]) -> None:
    """The credentials a request carries are known by value, but for those too short to be looked for."""
    assert credentials_in({name: (value,) for name, value in headers.items()}) == expected


# --- places ---------------------------------------------------------------------------------------------------


def test_places_are_named_and_values_are_not() -> None:
    """What is found is reported by its place, each place once, and never by its value."""
    made = interaction(
        "POST",
        f"/a?hapikey={SECRET}&b={PRIVATE_APP}",
        {"a": {"access_token": SECRET}, PRIVATE_APP: [PRIVATE_APP, PRIVATE_APP], "url": f"https://x?sig={SECRET}"},
        headers={"Set-Cookie": f"hubspotutk={SECRET}", "Location": f"https://u:{SECRET}@x"},
        request=f"client_secret={SECRET}".encode(),
        request_headers={"Authorization": f"Bearer {SECRET}", "Content-Type": "application/x-www-form-urlencoded"},
    )
    places = secrets_in(made)
    assert places == [
        "response header Set-Cookie",
        "request header Authorization",
        "URL",
        "URL, query hapikey",
        "request body, field client_secret",
        "response header Location",
        "response body, field access_token",
        "response body",
        f"response body, field {PLACEHOLDER}",
        "response body, field url, query sig",
    ]
    assert not any(secret in place for place in places for secret in (SECRET, UUID))


def test_clean_interactions_have_no_places() -> None:
    """An answer as HubSpot gives it, recorded with what is kept, holds no credential."""
    made = interaction("GET", f"{PATH}/tasks/AAAAEZ6whGI/status", COMPLETE, headers={"Date": "Tue, 06 Oct 2026"})
    assert secrets_in(made) == []


def test_what_was_scrubbed_holds_no_secret() -> None:
    """Nothing is found in an interaction that was scrubbed."""
    made = get(
        {"token": 1.5, "secret": UUID, "password": "12", "apiKey": ["x"], "m": f"Bearer {SECRET}"},
        f"{PATH}?code={SECRET}",
        headers={"Set-Cookie": "a=b"},
        request_headers={"Cookie": "c=d"},
    )
    assert secrets_in(made) != []
    assert secrets_in(scrub(made).interaction) == []


@pytest.mark.parametrize(
    ("secret", "kept"),
    [
        (UUID, ZERO_UUID),
        ("1234", "0000"),
        ("٣٤", PLACEHOLDER),
        ("abc", PLACEHOLDER),
        (f"{UUID}\n", PLACEHOLDER),
        ("", PLACEHOLDER),
        ("2026-10-05T09:14:02.117+02:00", "2000-01-01T00:00:00Z"),
        ("2026-10-05", "2000-01-01"),
        ("me@example.org", "scrubbed@example.com"),
        ("https://x.net/a?b=c", "https://example.com/SCRUBBED"),
    ],
)
def test_placeholder(secret: str, kept: str) -> None:
    """What stands for a secret is of its kind."""
    assert placeholder(secret) == kept


# --- properties -----------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        *(
            "token",
            "access_token",
            "a",
            "?",
            "&",
            "=",
            "%3F",
            "%26",
            "%3D",
            "https://",
            "u:p@",
            "x.net",
            "Bearer ",
            " ",
        ),
        *('"', "\\", "/", "{", "}", "[", "]", ":", ",", "é", "😀", "\ud83d", "\n", "1", SECRET, PRIVATE_APP, UUID),
    ]
)
TEXTS = st.lists(PIECES, max_size=6).map("".join)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["token", "apiKey", "id", "url", "secret"]) | TEXTS, inner, max_size=3)
    ),
    max_leaves=8,
)
few = settings(max_examples=150)


@few
@given(DOCUMENTS, st.booleans())
def test_scrubbing_twice_is_scrubbing_once(document: object, ascii_only: bool) -> None:
    """What was scrubbed is left alone by the next scrubbing."""
    sent = json.dumps(document, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    once = scrub(get(sent), [SECRET]).interaction
    assert scrub(once, [SECRET]).interaction == once


@few
@given(TEXTS, TEXTS, st.sampled_from(["text/plain", "application/x-www-form-urlencoded", "application/json"]))
def test_scrubbing_any_text_twice_is_scrubbing_once(url: str, text: str, content_type: str) -> None:
    """Whatever a URL, a form or a text holds, the second scrubbing changes nothing."""
    made = interaction(
        "POST",
        "/" + url.encode("utf-8", "replace").decode(),
        text.encode("utf-8", "replace"),
        content_type=content_type,
        request=text.encode("utf-8", "replace"),
        request_headers={"Content-Type": content_type},
    )
    once = scrub(made, [SECRET]).interaction
    assert scrub(once, [SECRET]).interaction == once


@few
@given(DOCUMENTS)
def test_scrubbed_json_is_json_of_the_same_shape(document: object) -> None:
    """A contract says the same of a scrubbed answer: types and formats stay, and so does what can be parsed.

    Only that a text has digits, or is a URL or a path, which no schema asks for, may go with what is scrubbed.
    """
    sent = json.dumps(document).encode()
    kept = json.loads(scrub(get(sent)).interaction.response_body)
    assert promised(shape_of(kept, {}).tree()) == promised(shape_of(renamed(document), {}).tree())


def promised(tree: object) -> object:
    """Return *tree* without the formats that no schema asks for."""
    return json.loads(re.sub(r'("format": )"(?:digits|url|path)"', r'\1"text"', json.dumps(tree)))


def renamed(value: object) -> object:
    """Return *value* with its keys as scrubbing leaves them: a key may be a credential itself."""
    if isinstance(value, dict):
        keys = json.loads(scrub(get(json.dumps([[key] for key in value]).encode())).interaction.response_body)
        return {key: renamed(child) for (key,), child in zip(keys, value.values(), strict=True)}
    return [renamed(child) for child in value] if isinstance(value, list) else value


HARMLESS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_characters="=@"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "näme", "size"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@few
@given(HARMLESS, st.booleans(), st.sampled_from([None, 1, 4]))
def test_what_is_no_secret_keeps_its_bytes(document: object, ascii_only: bool, indent: int | None) -> None:
    """Order, spacing, escapes, big integers and numbers of any form stay as they were sent."""
    text = json.dumps(document, ensure_ascii=ascii_only, indent=indent)
    sent = text.encode("utf-8", "surrogatepass")
    assert body_of(sent) == sent


@pytest.mark.parametrize(
    "sent",
    [
        b'{"b":1,"a":2 , "n":123456789012345678901234567890,"f":1.50E+2}',
        b'{"u":"\\u00e9\\/\\ud83d\\ude00\\"","e":"\xc3\xa9","t":"\\t\\u0009"}',
        b'{\r\n\t"a" :[ ]}\n\n',
        b'{"a": 1, "a": 2}',
        b'{"status":"COMPLETE","completedAt":"2026-10-05T09:14:03.020Z"}',
    ],
    ids=["numbers", "escapes", "spaces", "key twice", "an answer"],
)
def test_bytes_stay(sent: bytes) -> None:
    """Nothing that is no secret is written in another way."""
    assert body_of(sent) == sent
    secret = b'{"token": "x1", "rest": ' + sent.strip() + b"}"
    assert body_of(secret) == secret.replace(b'"x1"', b'"SCRUBBED"')


@pytest.mark.parametrize("name", ["__cf_bm", "__cfruid", "_cfuvid"])
def test_cookies_of_the_content_network_are_no_secrets(name: str) -> None:
    """Cloudflare's bot cookies, which stand in many a foreign cassette, are dropped and not reported."""
    made = get(content_type=None, headers={"Set-Cookie": f"{name}=abc.def; path=/; domain=.hubapi.com; HttpOnly"})
    assert secrets_in(made) == []
    assert scrub(made).interaction.response_headers == {}


@pytest.mark.parametrize(
    "body",
    [
        {"required": ["size", "accessToken"], "taskId": "AAAAEZ6whGI"},
        {"steps": [["client_secret"]], "taskId": "AAAAEZ6whGI"},
        {"notes": ['{"refreshToken": "SCRUBBED", "n": 1}'], "taskId": "AAAAEZ6whGI"},
    ],
    ids=["names", "nested", "scrubbed before"],
)
def test_a_name_at_the_end_of_a_list_tells_of_nothing_behind_it(body: dict[str, object]) -> None:
    """A name tells of the value beside it in its own list, not of the member that follows the list."""
    scrubbed = scrub(interaction("GET", "/files/v3/files/1", json.dumps(body).encode()))
    assert scrubbed.interaction.json == body
    assert scrubbed.places == ()
