"""What a credential looks like: the shapes of HubSpot's tokens, plain and encoded."""

from __future__ import annotations

import base64
import re
from typing import Final

from pytest_hubfiles.model.json_types import UUID
from pytest_hubfiles.secrets.clean import CENTER, KEY_START, OAUTH_START, RUN, SHORTEST_RUN, may_encode_token
from pytest_hubfiles.secrets.plausible import is_example

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
    found = []
    if "pat-" in text or "eyJ" in text or KEY_START.search(text):  # most texts have none (0.1 of the time)
        found = [match[0] for match in _TOKEN.finditer(text) if not is_example(match[0])]
    if OAUTH_START.search(text):
        found += [match[0] for match in _OAUTH.finditer(text) if _is_oauth(match[0])]
    return found


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
