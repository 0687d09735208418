"""What a credential looks like: the shapes of HubSpot's tokens, and the names of headers and fields that hold one."""

from __future__ import annotations

import base64
import re
from typing import Final

from pytest_hubfiles.model.json_types import UUID
from pytest_hubfiles.secrets.clean import CENTER, RUN, SHORTEST_RUN, folded, may_encode_token

PLACEHOLDER: Final = "SCRUBBED"
EMAIL_PLACEHOLDER: Final = "scrubbed@example.com"
_PLACEHOLDERS: Final = (  # of the same format, so that a contract judges them alike; to it, a blank may stand for the T
    (re.compile(UUID), "00000000-0000-4000-8000-000000000000"),
    (re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})", re.ASCII),
     "2000-01-01T00:00:00Z"),
    (re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII), "2000-01-01"),
    (re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}"), EMAIL_PLACEHOLDER),
    (re.compile(r"https?://\S+"), f"https://example.com/{PLACEHOLDER}"),
)  # fmt: skip
# The placeholders of other recorders and their users: cassetter writes [FILTERED], vcrpy whatever it is configured to.
_FOREIGN_PLACEHOLDER: Final = re.compile(
    r"(?i)(?:(?:bearer|basic)\s+)?(?:%5B|[\[<{(*_]){0,8}(?:dummy|filtered|masked|redacted|removed|scrubbed|x{3,64}|\*{3,64})"
    r"(?:%5D|[\]>})*_]){0,8}"
)
SHORTEST: Final = 8  # characters; a shorter value would be found inside common words


def placeholder(secret: str) -> str:
    """Return the placeholder for *secret*: of the same kind, so that the shape of what holds it stays."""
    if secret.isascii() and secret.isdigit():
        return "0" * len(secret)
    return next((instead for form, instead in _PLACEHOLDERS if form.fullmatch(secret)), PLACEHOLDER)


def is_placeholder(value: str) -> bool:
    """Return whether *value* is the placeholder of a recorder, ours or another."""
    return value == placeholder(value) or bool(_FOREIGN_PLACEHOLDER.fullmatch(value))


def is_distinctive(value: str) -> bool:
    """Return whether *value*, found where a credential stands, can be searched for: it is no word and no plain id."""
    if len(value) < SHORTEST or value == placeholder(value) or (value.isascii() and value.isdigit()):
        return False
    return len(value) >= 20 or any(letter.isdigit() for letter in value)


# --- shapes ----------------------------------------------------------------------------------------------------

# Private apps: pat-na1-<uuid>. Refresh tokens and developer keys: na1-<uuid>, or with na1- in place of the uuid's first
# four digits, as in HubSpot's OAuth guide. The personal access keys of HubSpot's command line are base64 around such a
# key. JSON Web Tokens begin with eyJ, and so does their second part. OAuth access tokens: see below.
_KEY: Final = rf"{CENTER}(?:{UUID}|(?:[0-9a-fA-F]{{4}}-){{4}}[0-9a-fA-F]{{12}})(?![0-9a-fA-F])"
_TOKEN: Final = re.compile(
    rf"pat-[a-z]{{2,4}}[0-9]{{0,2}}-{UUID}(?![0-9a-fA-F])"
    rf"|(?<![A-Za-z0-9]){_KEY}"
    r"|(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"
)
# An OAuth access token is a base64 protocol buffer: field 1 is the time when it expires, in ms, then comes field 2.
# Sources: "CJSP5qf1KhICAQEYs-gD…" in HubSpot's OAuth guide, and seven examples in public code.
_OAUTH: Final = re.compile(r"(?<![A-Za-z0-9+/_-])C[I-P][A-Za-z0-9+/_-]{7}[BRhx][I-L][A-Za-z0-9+/_-]{20,400}={0,2}")
_STANDARD: Final = str.maketrans("-_", "+/")
_OAUTH_YEARS: Final = (1_262_304_000_000, 2_840_140_800_000)  # 2010 to 2060


def _is_oauth(text: str) -> bool:
    head = base64.b64decode(text[:12].translate(_STANDARD))
    expires = sum((byte & 0x7F) << 7 * number for number, byte in enumerate(head[1:7]))
    return all(byte & 0x80 for byte in head[1:6]) and _OAUTH_YEARS[0] < expires < _OAUTH_YEARS[1]


_HEX: Final = re.compile(r"(?<![0-9a-fA-F])(?:[0-9a-fA-F]{2}){16,}(?![0-9a-fA-F])")
# In prose, a word follows "bearer"; a token has a digit, or is longer than words are.
BEARER: Final = re.compile(r"(?i)\b(bearer[ \t]+)(?=\S*[0-9]|\S{20})([A-Za-z0-9._~+/=-]{8,})")
BASIC: Final = re.compile(r"(?i)\b(basic[ \t]+)([A-Za-z0-9+/_-]{8,}={0,2})")
_PAIR: Final = re.compile(r"(?i)(?:token|secret|password)\W{1,5}(?=\S*[0-9])[A-Za-z0-9._~+/=-]{8,}")


def plain_tokens(text: str) -> list[str]:
    """Return what in *text* has the shape of a token."""
    found = [match[0] for match in _TOKEN.finditer(text)]
    return found + [match[0] for match in _OAUTH.finditer(text) if _is_oauth(match[0])]


def encoded_tokens(text: str) -> list[str]:
    """Return the stretches of base64 and hex in *text* that hold a token, or something that is named one."""
    found = []
    for run in filter(may_encode_token, RUN.findall(text)):
        # A path is such a stretch too, and the base64 may be one of its segments.
        parts = [part for part in dict.fromkeys([run, *run.split("/")]) if len(part) >= SHORTEST_RUN]
        found += [part for part in parts if _holds_token(*_from_base64(part))]
        found += [part for part in _HEX.findall(run) if _holds_token(bytes.fromhex(part).decode("latin-1"))]
    return found


def _holds_token(*texts: str) -> bool:
    return any(plain_tokens(text) or BEARER.search(text) or _PAIR.search(text) for text in texts)


def _from_base64(run: str) -> list[str]:
    """Return what *run* decodes to as base64, for each of the four offsets at which a group may begin."""
    run = run.rstrip("=").translate(_STANDARD)
    whole = (part[: len(part) - (len(part) % 4 == 1)] for part in (run[start:] for start in range(4)))
    return [base64.b64decode(part + "=" * (-len(part) % 4)).decode("latin-1") for part in whole]


def from_basic(encoded: str) -> str:
    """Return the user and password that Basic authentication sends as *encoded*; empty if it is anything else."""
    padded = encoded.rstrip("=").translate(_STANDARD)
    try:
        plain = base64.b64decode(padded + "=" * (-len(padded) % 4)).decode("utf-8")
    except ValueError:
        return ""
    return plain if ":" in plain and plain.isprintable() else ""


# --- names -----------------------------------------------------------------------------------------------------


def _names(*names: str) -> frozenset[str]:
    return frozenset(folded(name) for name in names)


SECRET_HEADERS: Final = _names(
    "authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "api-key", "x-hubspot-api-key",
    "x-auth-token", "x-access-token", "hapikey", "x-hubspot-signature", "x-hubspot-signature-v3", "x-csrf-token",
)  # fmt: skip
_FIELDS: Final = SECRET_HEADERS | _names(
    "token", "client_assertion", "secret", "hapikey", "private_key", "passwd", "pwd", "passphrase", "jwt",
    "hubspotutk", "signing_key", "encryption_key",
)  # fmt: skip
# A name with such an ending holds a credential, whatever comes before: webhook_token, portalApiKey.
_ENDINGS: Final = ("token", "secret", "password", "apikey", "accesskey", "privatekey", "secretkey", "accesskeyid")
_NO_SECRETS: Final = ("pagetoken", "nexttoken", "cursortoken", "synctoken", "continuationtoken")  # places in a list
_QUERY: Final = _names(
    "code", "signature", "sig", "policy", "key-pair-id", "googleaccessid", "x-amz-signature", "x-amz-credential",
    "x-goog-signature", "x-goog-credential", "code_verifier", "assertion",
)  # fmt: skip
_FORM: Final = _names("code", "code_verifier", "assertion")


def is_secret_header(name: str) -> bool:
    """Return whether a header of this *name* holds a credential."""
    return folded(name) in SECRET_HEADERS or is_secret_field(name)


def is_secret_field(name: str) -> bool:
    """Return whether a JSON field, or anything else, with this *name* holds a credential."""
    plain = folded(name)
    return plain in _FIELDS or (plain.endswith(_ENDINGS) and not plain.endswith(_NO_SECRETS))


def is_secret_parameter(name: str) -> bool:
    """Return whether the query parameter *name* holds a credential, or the signature of a signed URL."""
    return is_secret_field(name) or folded(name) in _QUERY


def is_secret_form_field(name: str) -> bool:
    """Return whether the form field *name* holds a credential."""
    return is_secret_field(name) or folded(name) in _FORM
