"""Which values can be credentials, and which are placeholders, words, URLs, paths, hosts, regions, versions, dates."""

from __future__ import annotations

import re
from typing import Final

from pytest_hubfiles.model.json_types import UUID
from pytest_hubfiles.secrets.names import Telling

PLACEHOLDER: Final = "SCRUBBED"
EMAIL_PLACEHOLDER: Final = "scrubbed@example.com"
SHORTEST: Final = 8  # characters; a shorter value would be found inside common words
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


def placeholder(secret: str) -> str:
    """Return the placeholder for *secret*: of the same kind, so that the shape of what holds it stays."""
    if secret.isascii() and secret.isdigit():
        return "0" * len(secret)
    return next((instead for form, instead in _PLACEHOLDERS if form.fullmatch(secret)), PLACEHOLDER)


def is_placeholder(value: str) -> bool:
    """Return whether *value* is the placeholder of a recorder, ours or another."""
    return value == placeholder(value) or bool(_FOREIGN_PLACEHOLDER.fullmatch(value))


# --- examples --------------------------------------------------------------------------------------------------

_LONGEST_EXAMPLE: Final = 80  # characters
_EXAMPLE_WORDS: Final = (
    "your my our the this that some any of to for in here goes is not no real fake faked dummy tests"
    " testing replayed tester test mocked mock samples sample examples example placeholder changed changeme change me"
    " replaced replace"
    " with insert enter put add fill secrets secret password passwd passphrase pass pwd word tokens token apikey keys"
    " key api access refresh oauth2 oauth authorization auth bearer basic client private public application app"
    " username user admin root guest login credentials credential value string str text number integer boolean object"
    " array null none nil undefined unknown empty blank todo tbd foobar foo bar baz qux abcdefgh abcdef abcd abc xyz"
    " default redacted masked hidden removed filtered scrubbed sanitized censored omitted obfuscated encrypted"
    " invalid valid wrong bad good old new expired revoked missing required optional true false yes hubspot session"
    " cookie jwt id hash data localhost local development dev production prod staging demo pat na1 eu1 ap1 v1 v2 v3"
)
_EXAMPLE: Final = re.compile(
    rf"(?i)(?:{'|'.join(_EXAMPLE_WORDS.split())}|n/a|[\W_]|([a-z0-9])\1{{2,}}(?!\1)|(?<![^\W_])\d{{1,3}}(?!\d)"
    r"|(?<!\d)(?:0+|123(?:4(?:5(?:6(?:7(?:8(?:90?|9012)?)?)?)?)?)?|123456789abc|987654321)(?!\d))+"
)
_NAMED: Final = re.compile(  # <YOUR-API-KEY>, {token}, {{ token }}, ${TOKEN}, $TOKEN, %TOKEN%, __token__, [token]
    r"<[^<>]{1,60}>|\{{1,2}[^{}]{1,60}\}{1,2}|\$\{{1,2}[^{}]{1,60}\}{1,2}|\$[A-Z_]{2,60}|%[A-Z_]{2,60}%|__\w{1,60}__"
    r"|\[[^\[\]]{1,60}\]|:[a-z]+(?:_[a-z]+)*"
)
_DOCUMENTED: Final = re.compile(
    r"(?s)[\w/+=.~-]*(?:EXAMPLE|example)(?:[-_.]?(?:KEY|key|TOKEN|token|SECRET|secret))?"
    # The token of jwt.io, and the key of Stripe's documentation.
    r"|eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9\.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lI.*"
    r"|sk_test_4eC39HqLyjWDarjtT1zdp7dc"
)


def is_example(value: str) -> bool:
    """Return whether *value* stands for a credential and is none: a person's placeholder, or a documented example."""
    value = value.strip()
    if len(value) < 2 or value == placeholder(value) or _DOCUMENTED.fullmatch(value):
        return True
    if len(value) > _LONGEST_EXAMPLE:
        return False
    if _NAMED.fullmatch(value):
        return not _odd(value)
    return _EXAMPLE.fullmatch(value) is not None or _FOREIGN_PLACEHOLDER.fullmatch(value) is not None


# --- what looks like a credential ------------------------------------------------------------------------------

_PLAIN: Final = re.compile(  # a URL, a path, a host, a name of a resource, a date, a number, a version, a mail address
    r"(?i)[a-z][a-z0-9+.-]{0,30}://\S*|(?:arn|urn):\S+"
    r"|(?:[A-Z]:[\\/]|~[\w.-]*/|\.{1,2}/)\S*|/(?:[A-Za-z._-]{1,24}(?:/\S*)?)?"
    r"|(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,8}(?:com|net|org|io|dev|app|cloud|local|localhost|internal|test"
    r"|example|invalid|[a-z]{2})(?::\d{1,5})?(?:/\S*)?"
    r"|[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?::\d{1,5})?|\[?[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}\]?(?::\d{1,5})?"
    r"|\d{4}-\d{2}-\d{2}(?:[T ][\d:.]+(?:Z|[+-][\d:]+)?)?|[+-]?\d+(?:[.,]\d+)*[a-z%]{0,3}"
    r"|v?\d+(?:\.\d+){1,4}(?:[-+][\w.]+)?"
    r"|[^@\s]+@[^@\s]+\.[a-z]{2,}"
)
_PIECE: Final = re.compile(r"[A-Za-z0-9]+")
_WORDS: Final = re.compile(  # and words with a number before or after: v2, na1, sha256, 1080p, createdAt2, UTF8
    r"v?\d{1,9}[a-z]{0,3}|[A-Z]?[a-z]{0,16}\d{0,5}|[A-Z]{1,16}s?\d{0,5}|[A-Z]?[a-z]{1,16}(?:[A-Z][a-z]{1,16}){1,4}\d{0,4}"
)
_HUMPS: Final = re.compile(r"[A-Z][a-z]*")
_FEWEST_ODD: Final = 6  # characters


def _is_word(piece: str) -> bool:
    if not _WORDS.fullmatch(piece):
        return False
    humps = _HUMPS.findall(piece) if not piece.isupper() else []
    return sum(len(hump) < 3 for hump in humps) < 2


def _odd(value: str) -> int:
    """Return how many characters of *value* are in pieces that are neither words nor numbers."""
    return sum(len(piece) for piece in _PIECE.findall(value) if not _is_word(piece))


def is_opaque(value: str) -> bool:
    """Return whether *value* looks made by a machine: no word or words, URL, path, host, region, version or date."""
    if len(value) < SHORTEST or _PLAIN.fullmatch(value) or is_example(value):
        return False
    return _odd(value) >= _FEWEST_ODD


def is_distinctive(value: str) -> bool:
    """Return whether *value*, found where a credential stands, can be searched for elsewhere."""
    if is_opaque(value):
        return True
    if len(value) < SHORTEST or _PLAIN.fullmatch(value) or is_example(value):
        return False
    kinds = (str.islower, str.isupper, str.isdigit)  # a password as people make them
    return not any(map(str.isspace, value)) and all(any(map(kind, value)) for kind in kinds)


_PAGE: Final = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d{1,5})?(/[^?#@\s]*)?")


def _is_of_a_page(value: str) -> bool:
    """Return whether *value* is the URL of a page, as HubSpot's errors give one under ``api key``."""
    page = _PAGE.fullmatch(value)
    return page is not None and not any(map(is_opaque, (page[1] or "").split("/")))


def is_credential(told: Telling, value: str) -> bool:
    """Return whether *value* is a credential under a name that has *told* so much."""
    if told is Telling.MAYBE:
        return any(map(is_opaque, re.split(r"[\s;,=\"']+", value))) or is_distinctive(value)
    if told is Telling.SURELY:
        return bool(value) and not is_example(value) and not _is_of_a_page(value)
    return told is Telling.ALWAYS and bool(value)
