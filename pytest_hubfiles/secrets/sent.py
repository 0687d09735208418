"""The write guard's eyes: which credentials a request, or the environment, holds.

It shares nothing with scrubbing, neither code nor lists of names.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

_LEAST_GUESSED: Final = 12  # characters of a value that is a credential only by the name of its variable

# --- names -----------------------------------------------------------------------------------------------------

# These patterns are compiled when something is sent or written: a replay does neither.
_CAMEL: Final = r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+"
_SECRET: Final = (
    r"(?:token|secret|passw(?:or)?d|passphrase|passcode|pwd|hapikey|credential|assertion|jwt|bearer|hubspotutk|csrf|xsrf"
    r"|(?:api|access|private|secret|signing|encryption|shared|master|client|subscription|license|auth|account|consumer"
    r"|storage|service|webhook|custom|functions|developer|app)_?key)(?:s?(?=_|\d|\Z)|(?=hash|value|id))"
)
_ADDRESS: Final = r"(?i)\b[a-z][a-z0-9+.-]{1,20}://[^\s\"'<>\\]+"
_MAYBE: Final = r"(?i)token|secret|pass|pwd|key|cred|assert|jwt|bearer|utk|srf|auth|code|sig|sess|sid|cookie"
_ONLY_IN_QUERIES: Final = (
    r"|\A(?:code|code_verifier|sig|signature|auth|key|sid|session|session_id|policy)\Z|_(?:sig|signature|auth)\Z"
)
_ONLY_IN_FIELDS: Final = (
    r"|\A(?:code|sig|signature|code_verifier|auth|authorization|cookie|sid|session)\Z|(?:\A|_)session_?id"
    r"|(?:amz|goog)_signature\Z"
)
_ONLY_IN_JSON: Final = (  # a code is an error's there
    r"|\A(?:auth|authorization|cookie|sid|session)\Z|(?:\A|_)session_?id|(?:amz|goog)_signature\Z"
)
_ONLY_IN_HEADERS: Final = (
    r"|auth(?:orization)?\Z|cookie|session|signature|private_app"
    r"|(?<!idempotency)(?<!socket)(?<!cache)(?<!surrogate)(?<!public)_key\Z|\Akey\Z"
)
_NO_SECRET: Final = (  # something about a credential, or a place in a list
    r"(?:page|cursor|next|prev|previous|sync|continuation|start|resume)_?token"
    r"|(?:token|secret|passw(?:or)?d|key|credential|assertion|signature|session|auth|authorization|cookie)s?_(?:\w+_)?"
    r"(?:names?|types?|status|state|ur[li]s?|endpoints?|paths?|file|filename|dir|hosts?|domain|region|expir\w*|ttl|timeout"
    r"|at|in|count|limit|left|length|size|scheme|modes?|methods?|algorithm|alg|scopes?|hint|enabled|disabled|required"
    r"|valid|policy|rules|format|pattern|fields?|headers?|prefix|label|title|version|date|time|provider|source|arn"
    r"|issuer|audience|owner|user|username|rotation)\Z"
    r"|(?:token|secret|credential|assertion)_ids?\Z|public_?key|(?:\A|_)(?:path|name|url|type)_(?:of|to|for)_"
)
_VARIABLE: Final = re.compile(  # also glued to what stands before: PGPASSWORD, HUBSPOTTOKEN
    r"(?i)(?:token|secret|password|passwd|passphrase|hapikey|credential"
    r"|(?:\A|_)(?:ssh)?pass|(?:\A|_)(?:pwd|jwt|pat|bearer)"
    r"|(?:api|access|private|secret|signing|encryption|auth|fernet|developer|portal)_?key)s?\d{0,3}(?:\Z|_)"
)


@lru_cache(maxsize=4096)
def _parted(name: str) -> str:
    return re.sub(_CAMEL, "_", name).strip("_").lower()


def _names_a_secret(name: str, more: str) -> bool:
    parted = _parted(name)
    return re.search(_SECRET + more, parted) is not None and re.search(_NO_SECRET, parted) is None


def _is_variable_of_a_secret(variable: str) -> bool:
    return _VARIABLE.search(variable) is not None and re.search(_NO_SECRET, variable.lower()) is None


# --- values ----------------------------------------------------------------------------------------------------

_ELSEWHERE: Final = (  # where something is, what it is called: URLs, hosts, addresses, paths, resources, mail
    r"(?is)[a-z][a-z0-9+.-]*://.*|(?:arn|urn|file|env|vault|ssm):.*|~?/?(?:[a-z._-]{1,30}[\\/]).*|[a-z]:[\\/].*|\.{1,2}[\\/].*"
    r"|(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,18}(?::\d+)?(?:/.*)?|localhost(?::\d+)?|[\d.]+(?::\d+)?|\[[0-9a-f:]+\](?::\d+)?"
    r"|[^@\s]+@[^@\s]+\.[a-z]{2,}|\d{4}-\d\d-\d\d.*|[<{$%\[].*[>}\]%]|\$\w+"
)
_BASE64ISH: Final = r"[A-Za-z0-9+/]{32,}={0,2}"
_ZERO_IDS: Final = frozenset(
    {"SCRUBBED", "00000000-0000-4000-8000-000000000000", "00000000-0000-0000-0000-000000000000"}
)
_DOCUMENTED: Final = (
    r"(?is).*example(?:key|token|secret)?|(.)\1{7,}|(?:x{3,}|\W|_){2,}|(?:pat-)?(?:[a-z]{2}\d-)?(?:([0-9a-fx])\2{3,}-?)+"
    r"|eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9\.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lI.*|sk_test_4eC39HqLyjWDarjtT1zdp7dc"
)


def _is_random(chunk: str) -> bool:
    """Return whether *chunk*, letters and digits, is none that people write: they mix once, and in words."""
    kinds = "".join("9" if c.isdigit() else "A" if c.isupper() else "a" for c in chunk)
    mixed = len(re.findall("9(?=[Aa])|(?<=9)9*[Aa]|[Aa](?=9)", kinds))
    numbers_inside = len(re.findall("(?<=[Aa])9+(?=[Aa])", kinds))
    short_humps = len(re.findall("(?<=a)A{1,2}a{0,1}(?=A|9|$)|(?<=A)a(?=A)", kinds))
    return (
        numbers_inside >= 2
        or (numbers_inside == 1 and len(chunk) >= 6)
        or (mixed >= 3 and len(chunk) >= 4)
        or (re.match("9+[Aa]", kinds) is not None and len(chunk) >= 8)
        or (chunk.isdigit() and len(chunk) >= 10)
        or (len(chunk) >= 24 and not (chunk.isalpha() and (chunk.islower() or chunk.isupper())))
        or short_humps >= 2
    )


def looks_made_up(value: str) -> bool:
    """Return whether *value* looks made by a machine: no word, number, URL, path, host, region, version or date."""
    value = value.strip()
    if value.isdigit() or len(value) < 8 or value in _ZERO_IDS or re.fullmatch(_DOCUMENTED, value):
        return False
    has_base64 = re.fullmatch(_BASE64ISH, value) and value[0] != "/" and not value.islower()
    if re.fullmatch(_ELSEWHERE, value) and not has_base64:
        return False
    return any(map(_is_random, re.findall("[A-Za-z0-9]+", value)))


def _is_password(value: str) -> bool:
    """Return whether *value*, under the name of a password, is one as people make them."""
    if re.fullmatch(_ELSEWHERE, value) or re.fullmatch(_DOCUMENTED, value) or value in _ZERO_IDS:
        return False
    return not value.isalpha() and not value.isdigit() and re.fullmatch(r"[a-z]+(?:[-_. ][a-z0-9]+)*", value) is None


# --- the environment -------------------------------------------------------------------------------------------

_ENVIRON: Final = type(os.environ)


def in_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the credentials in *environment*, each with the name of its variable.

    A name alone makes none: ``HUBSPOT_TOKEN_ENDPOINT`` holds a URL, ``SECRET_REGION`` a word.
    """
    if type(environment) is _ENVIRON:  # it encodes and decodes each name that it is asked for
        names = _decoded_secret(tuple(environment._data))  # type: ignore[attr-defined]  # at once: others may set some
    else:
        names = tuple(filter(_is_variable_of_a_secret, environment))
    for name in names:
        yield from ((part, name) for part in _in_variable(name, environment[name].strip()))


@lru_cache(maxsize=64)  # nearly every test looks at the same variables
def _decoded_secret(raw_names: tuple[str | bytes, ...]) -> tuple[str, ...]:
    """Return the names of the system's variables that promise a credential."""
    return tuple(filter(_is_variable_of_a_secret, map(os.fsdecode, raw_names)))


@lru_cache(maxsize=256)
def _in_variable(name: str, value: str) -> tuple[str, ...]:
    found = []
    if "://" in value[:40]:
        found += [part for part, _ in in_url(value) if len(part) >= _LEAST_GUESSED]
    elif value[:1] in ("{", "["):
        found += [part for field, part in _fields(value) if _holds(field, part, _ONLY_IN_JSON)]
    if len(value) >= _LEAST_GUESSED and (looks_made_up(value) or ("PASS" in name.upper() and _is_password(value))):
        found.append(value)
    return tuple(found)


# --- requests --------------------------------------------------------------------------------------------------


def in_headers(headers: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """Yield the credentials in the *headers* of a request, each with where it stands."""
    for name, values in headers.items():
        if not _names_a_secret(name, _ONLY_IN_HEADERS):
            continue
        what = f"the header {name} of a request"
        for value in values:
            lower = name.lower()
            if "cookie" in lower:
                found = _in_cookies(value)
            elif "authorization" in lower:
                found = _in_authorization(value)
            else:
                found = iter([value, *_in_authorization(value)] if looks_made_up(value) else [])
            yield from ((part, what) for part in found)


def _in_cookies(value: str) -> Iterator[str]:
    found = [
        single
        for cookie in value.split(";")
        for name, _, single in [cookie.strip().partition("=")]
        if looks_made_up(single) or (_names_a_secret(name, _ONLY_IN_FIELDS) and _is_password(single))
    ]
    if found:
        yield value
    for single in found:
        yield from {single, unquote(single), single.strip('"')}


_PARAMETERS: Final = r'([\w.-]+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^\s,;"=][^\s,;"]*))'
_PUBLIC: Final = (
    r"(?i)\A(?:realm|uri|algorithm|qop|nc|.*headers|.*version|.*timestamp|ts|created|expires|.*method|host|user\w*|charset"
    r"|opaque|stale|domain)\Z"
)


def _in_authorization(value: str) -> Iterator[str]:
    """Yield *value* whole, without its scheme, and by its parts: parameters, user and password, id and signature."""
    value = value.strip()
    scheme, _, rest = value.partition(" ")
    rest = rest.strip()
    parameters = re.findall(_PARAMETERS, rest)
    if not parameters:
        yield from (value, rest)
    for name, quoted, bare in parameters:
        if re.search(_PUBLIC, name):
            continue
        raw = quoted.replace("\\", "") or bare
        told = re.search(r"(?i)token|secret|passw|signature|sig\Z|response|mac|auth|key", name)
        for part in {raw, unquote(raw), raw.partition("/")[0]}:
            if looks_made_up(part) or (told and len(part) >= 8 and not part.isalpha() and not part.isdigit()):
                yield part
    if scheme.lower() == "basic":
        try:
            user = base64.b64decode(rest + "=" * (-len(rest) % 4), altchars=None).decode("utf-8")
        except ValueError:
            return
        yield user
        yield user.partition(":")[2]
        yield from filter(looks_made_up, [user.partition(":")[0]])
    elif not parameters:
        yield from filter(looks_made_up, rest.split(":"))


def in_url(url: str) -> Iterator[tuple[str, str]]:
    """Yield the credentials in *url*, each with where it stands."""
    try:
        parts = urlsplit(url)
        password, user = parts.password, parts.username
    except ValueError:  # no URL at all
        return
    if password and (looks_made_up(password) or _is_password(password)):
        yield from ((text, "the password in an address") for text in {password, unquote(password)})
    if user and not password and looks_made_up(user):
        yield user, "the user in an address"
    for name, value in parse_qsl(parts.query):
        if _holds(name, value, _ONLY_IN_QUERIES):
            yield value, f"the query parameter {name} of a request"


def in_body(body: bytes) -> Iterator[tuple[str, str]]:
    """Yield the credentials in the *body* of a request, each with where it stands."""
    wide = {(True, False): "utf-16-be", (False, True): "utf-16-le"}
    zeros = (body[:200:2].count(0) > 20, body[1:200:2].count(0) > 20) if len(body) > 60 else (False, False)
    charset = "utf-16" if body[:2] in (b"\xff\xfe", b"\xfe\xff") else wide.get(zeros, "utf-8")
    text = body.decode(charset, "replace").replace("\0", "")
    for address in re.findall(_ADDRESS, text.replace("\\/", "/")) if "://" in text or ":\\/" in text else ():
        yield from in_url(address)
    if text and re.search(_MAYBE, text):
        more = _ONLY_IN_JSON if text.lstrip("\ufeff \t\r\n")[:1] in ("{", "[") else _ONLY_IN_FIELDS
        for name, value in _fields(text):
            if _holds(name, value, more):
                yield value, f"the field {name} of a request's body"


def _holds(name: str, value: str, more: str) -> bool:
    if not _names_a_secret(name, more):
        return False
    return looks_made_up(value) or ("passw" in name.lower() and _is_password(value))


# Names, lines and headers are bounded: a text that is all of them is looked through once, not once for each.
_MULTIPART_FIELD: Final = r'(?i)name="?([^";\r\n]{1,200})"?(?:\r?\n[^\r\n]{1,1000}){0,20}\r?\n\r?\n([^\r\n]+)'
_Q: Final = r"\\*[\"'`]?"
_IN_ELEMENT: Final = r"<(?:\w+:)?([\w.-]{1,80})(?:\s[^<>]{0,400})?>\s*(?:<!\[CDATA\[)?\s*([^\s<>\]]{8,})"
_WRITTEN: Final = rf"([A-Za-z_][\w.$-]{{1,80}}){_Q}\]?\s*[=:>]+\s*\[?{_Q}([^\s\"'`<>\\,;&\]]{{8,}})"
_NAMED: Final = (
    rf"(?i)\b(?:name|key|field|header|param){_Q}\s*[=:]\s*{_Q}([\w. -]{{1,60}}?){_Q}[\s,;]{{1,40}}{_Q}"
    rf"(?:value|val|content){_Q}\s*[=:]\s*{_Q}([^\s\"'`<>\\,;]{{8,}})"
)
_NAMED_LAST: Final = (
    rf"(?i)\b(?:value|val|content){_Q}\s*[=:]\s*{_Q}([^\s\"'`<>\\,;]{{8,}}){_Q}[\s,;]{{1,40}}{_Q}"
    rf"(?:name|key|field|header|param){_Q}\s*[=:]\s*{_Q}([\w. -]{{1,60}})"
)


def _fields(text: str) -> Iterator[tuple[str, str]]:
    """Yield the named values in *text*: of a form, of multipart, of JSON at any depth, or as any text writes them."""
    yield from parse_qsl(text) if "=" in text else ()
    yield from re.findall(_MULTIPART_FIELD, text)
    try:
        document = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        yield from _written(text)
    else:
        yield from _in_json(document)


def _written(text: str) -> Iterator[tuple[str, str]]:
    for pattern in (_WRITTEN, _NAMED, _IN_ELEMENT):
        yield from re.findall(pattern, text)
    yield from ((name, value) for value, name in re.findall(_NAMED_LAST, text))


def _in_json(document: Any) -> Iterator[tuple[str, str]]:
    """Yield each string in *document* with the name above it, with a telling one further up, with one beside it."""
    waiting: list[tuple[str, str, Any]] = [("", "", document)]
    while waiting:
        name, above, value = waiting.pop()
        if isinstance(value, dict):
            said = value.get("name", value.get("key"))
            if isinstance(said, str):
                waiting.append((said, "", value.get("value")))
            above = name if name and _names_a_secret(name, _ONLY_IN_FIELDS) else above
            waiting.extend((key, above, child) for key, child in value.items())
        elif isinstance(value, list):
            waiting.extend((name, above, child) for child in value)
        elif isinstance(value, str):
            yield name, value
            if above:
                yield above, value
            if len(value) >= 10 and any(sign in value for sign in "=:>"):
                yield from _written(value)
