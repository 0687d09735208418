"""Takes credentials out of an interaction before anything is written, and finds those that were."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import quote, unquote, unquote_plus

from pytest_hubfiles.exchanges import Interaction, charset_of

PLACEHOLDER: Final = "SCRUBBED"
_ZERO_UUID: Final = "00000000-0000-4000-8000-000000000000"
_DEEPEST_URL: Final = 5  # URLs in URLs, each percent-encoded once more
_SHORTEST_KNOWN: Final = 8  # a shorter token would be found in half of all words

# An answer keeps what a contract or a client depends on; everything else, cookies first, stays out of the file.
KEPT_RESPONSE_HEADERS: Final = frozenset(
    {"allow", "content-type", "date", "deprecation", "link", "location", "retry-after", "sunset"}
)
KEPT_RESPONSE_PREFIXES: Final = ("ratelimit", "x-ratelimit", "x-hubspot-ratelimit")
KEPT_REQUEST_HEADERS: Final = frozenset({"accept", "content-type"})


def _names(*names: str) -> frozenset[str]:
    return frozenset(_folded(name) for name in names)


def _folded(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


_SECRET_HEADERS: Final = _names(
    "authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "api-key", "x-hubspot-api-key",
    "x-auth-token", "x-access-token", "hapikey", "x-hubspot-signature", "x-hubspot-signature-v3",
)  # fmt: skip
_SECRET_FIELDS: Final = _names(
    "access_token", "refresh_token", "id_token", "token", "bearer_token", "oauth_token", "session_token", "csrf_token",
    "auth_token", "client_secret", "client_assertion", "app_secret", "secret", "api_key", "hapikey",
    "developer_api_key", "private_app_token", "private_key", "secret_key", "secret_access_key", "password",
    "passwd", "authorization",
)  # fmt: skip
_SECRET_QUERY: Final = _SECRET_FIELDS | _names(
    "code", "signature", "sig", "policy", "key-pair-id", "awsaccesskeyid", "googleaccessid", "x-amz-signature",
    "x-amz-credential", "x-amz-security-token", "x-goog-signature", "x-goog-credential",
)  # fmt: skip
_SECRET_FORM: Final = _SECRET_FIELDS | _names("code", "code_verifier", "assertion")

_UUID: Final = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
# A private app's token is pat-na1-<uuid>; refresh tokens, client secrets and keys begin with the data center alone.
_HUBSPOT_TOKEN: Final = re.compile(
    rf"(?:pat-[a-z]{{2,4}}[0-9]{{0,2}}|(?<![A-Za-z0-9])(?:ap|eu|na)[0-9]{{1,2}})-{_UUID}(?![0-9a-fA-F])"
)
# What follows "bearer" in prose is a word; a token has a digit in it, or is longer than words are.
_BEARER: Final = re.compile(r"(?i)\b(bearer\s+)(?=\S*[0-9]|\S{20})([A-Za-z0-9._~+/=-]{8,})")
_QUERY_PAIR: Final = re.compile(r"([?&;])([A-Za-z0-9_.%-]+)=([^&;#\s\"'<>\\]*)")
_USER_INFO: Final = re.compile(r"(?i)(\bhttps?://)([^/\s\"'<>@?#]+)@")
_JSON_TOKEN: Final = re.compile(  # a text that was cut off may end inside a string
    r'"(?P<inside>(?:[^"\\]|\\.)*)(?P<end>"|\\?\Z)|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL
)
_JSON_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_FORM: Final = re.compile(r"\s*[A-Za-z0-9_.%+-]+=")
# What other recorders and their users put in a credential's place: cassetter writes [FILTERED], vcrpy what it is told.
_STAND_IN: Final = re.compile(
    r"(?i)(?:(?:bearer|basic)\s+)?(?:%5B|[\[<{(*_]){0,8}(?:dummy|filtered|masked|redacted|removed|scrubbed|x{3,64}|\*{3,64})"
    r"(?:%5D|[\]>})*_]){0,8}"
)


def placeholder(secret: str) -> str:
    """Return what stands for *secret*: of the same kind, so that the shape of what held it stays."""
    if re.fullmatch(_UUID, secret):
        return _ZERO_UUID
    return "0" * len(secret) if secret.isdigit() else PLACEHOLDER


def _is_secret(value: str) -> bool:
    """Return whether a secret header's value is one; Cloudflare's bot cookies open nothing and are everywhere."""
    return not (
        not value or _STAND_IN.fullmatch(value) or value.lstrip().startswith(("__cf_bm=", "__cfruid=", "_cfuvid="))
    )


@dataclass
class _Scrubber:
    """Scrubs one interaction and remembers the places at which it found something."""

    known: tuple[str, ...]
    places: list[str] = field(default_factory=list)

    def _instead(self, place: str, secret: str) -> str:
        new = placeholder(secret)
        if secret and secret != new and not _STAND_IN.fullmatch(secret):
            self.places.append(place)
            return new
        return secret

    def text(self, place: str, text: str, level: int = 0) -> str:
        """Scrub what is a secret wherever it stands: known values, tokens, user info, signed URLs."""
        for value in self.known:
            if value in text:
                text = text.replace(value, self._instead(place, value))
        text = _HUBSPOT_TOKEN.sub(lambda m: self._instead(place, m[0]), text)
        text = _BEARER.sub(lambda m: m[1] + self._instead(place, m[2]), text)
        text = _USER_INFO.sub(lambda m: f"{m[1]}{self._instead(place, m[2])}@", text)
        return _QUERY_PAIR.sub(lambda m: m[1] + self._pair(f"{place}, query", m[2], m[3], _SECRET_QUERY, level), text)

    def _pair(self, place: str, name: str, value: str, secret: frozenset[str], level: int = 0) -> str:
        """Scrub a pair of a query or a form, whose value may be a URL with a query of its own, and so on."""
        if _folded(unquote_plus(name)) in secret:
            return f"{name}={self._instead(f'{place} {unquote_plus(name)}', value)}"
        plain = unquote(value)
        if level == _DEEPEST_URL or (plain == value and "?" not in value):
            return f"{name}={value}"
        scrubbed = self.text(place, plain, level + 1)
        if scrubbed != plain:
            value = scrubbed if plain == value else quote(scrubbed, safe="")
        return f"{name}={value}"

    def form(self, place: str, text: str) -> str:
        """Scrub an application/x-www-form-urlencoded body."""
        pairs = (pair.partition("=") for pair in text.split("&"))
        scrubbed = (
            self._pair(f"{place}, field", name, value, _SECRET_FORM) if equals else name
            for name, equals, value in pairs
        )
        return self.text(place, "&".join(scrubbed))

    def json(self, place: str, text: str) -> str:
        """Scrub a JSON text token by token, so that what is no secret keeps its bytes."""
        parts, end = [], 0
        for match, name, secret in _json_values(text):
            noted = len(self.places)
            parts += [text[end : match.start()], self._json_value(place, match, secret)]
            end = match.end()
            if name is not None and len(self.places) > noted:
                # A key may be a credential itself; a place must not name it.
                where = f"{place}, field {_Scrubber(self.known).text(place, name)}"
                self.places[noted:] = [where + found.removeprefix(place) for found in self.places[noted:]]
        return "".join([*parts, text[end:]])

    def _json_value(self, place: str, match: re.Match[str], secret: bool) -> str:
        token, inside = match[0], match["inside"]
        if inside is not None:
            new = self._instead(place, inside) if secret else self._embedded(place, inside)
            return f'"{new}{match["end"]}'
        if not secret or token in ("true", "false", "null"):
            return token
        if not _JSON_NUMBER.fullmatch(token):
            return self._instead(place, token)
        new = "0" if float(token).is_integer() else "0.5"
        if token != new:
            self.places.append(place)
        return new

    def _embedded(self, place: str, inside: str) -> str:
        """Scrub a JSON string's inside, in which any character may be written as an escape."""
        if "\\" not in inside:
            return self.text(place, inside)
        plain = _unescaped(inside)
        scrubbed = self.text(place, plain)
        return inside if scrubbed == plain else json.dumps(scrubbed, ensure_ascii=inside.isascii())[1:-1]

    def body(self, place: str, body: bytes, content_type: str) -> bytes:
        """Scrub a body as what it says it is; bytes that are no text stay as they are."""
        try:
            charset = charset_of(content_type)
            text = body.decode(charset)
        except (LookupError, ValueError):  # UnicodeError is one; a NUL in the name raises another
            charset = "latin-1"  # maps every byte to itself and back
            text = body.decode(charset)
        if text.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
            new = self.json(place, text)
            if not _is_json(new):
                new = self.text(place, new)
        elif "x-www-form-urlencoded" in content_type.lower() or _FORM.match(text):
            new = self.form(place, text)
        else:
            new = self.text(place, text)
        # A lone half of a character, which only an escape can have brought, goes back to being one.
        return body if new == text else new.encode(charset, "backslashreplace")

    def headers(
        self, place: str, headers: Mapping[str, tuple[str, ...]], keep: Callable[[str], bool]
    ) -> dict[str, tuple[str, ...]]:
        """Drop the headers that are not kept, noting those that were secret, and scrub the others."""
        kept = {}
        for name, values in sorted(headers.items(), key=lambda item: item[0].lower()):
            if keep(name.lower()):
                kept[name] = tuple(self.text(f"{place} {name}", value) for value in values)
            elif _folded(name) in _SECRET_HEADERS and any(_is_secret(value) for value in values):
                self.places.append(f"{place} {name}")
        return kept


def _json_values(text: str) -> Iterator[tuple[re.Match[str], str | None, bool]]:
    """Yield each scalar of a JSON text with the nearest key above it, and whether that key names a secret."""
    above: list[tuple[str, str | None, bool]] = []  # bracket, key, secret
    key: str | None = None
    secret = False
    last: re.Match[str] | None = None

    def inherited() -> bool:
        return bool(above) and above[-1][2]

    for match in _JSON_TOKEN.finditer(text):
        token = match[0]
        if token in "{[":
            above.append((token, key, secret or inherited()))
            key, secret = (key if token == "[" else None), False
        elif token in "}]":
            if last is not None:
                yield last, key, secret or inherited()
                last = None
            if above:
                _, key, _ = above.pop()
            secret = False
        elif token == ":":
            if last is not None:
                yield last, None, False
                key = _unescaped(last["inside"] or last[0])
            else:
                key = None
            secret = key is not None and _folded(key) in _SECRET_FIELDS
            last = None
        elif token == ",":
            if last is not None:
                yield last, key, secret or inherited()
                last = None
            if above and above[-1][0] == "{":
                key, secret = None, False
        else:
            last = match
    if last is not None:
        yield last, key, secret or inherited()


def _is_json(text: str) -> bool:
    try:
        json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return False
    return True


def _unescaped(inside: str) -> str:
    """Return what the inside of a JSON string says, or the inside itself where it is no JSON."""
    try:
        return str(json.loads(f'"{inside}"', strict=False))
    except ValueError:
        return inside


def _keep_response(name: str) -> bool:
    return name in KEPT_RESPONSE_HEADERS or name.startswith(KEPT_RESPONSE_PREFIXES)


def _keep_request(name: str) -> bool:
    return name in KEPT_REQUEST_HEADERS


def _header(headers: Mapping[str, tuple[str, ...]], name: str) -> str:
    return next((values[0] for key, values in headers.items() if key.lower() == name and values), "")


def credentials_in(headers: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """Return the credentials that a request's *headers* carry, to be looked for everywhere else."""
    found = set()
    for name, values in headers.items():
        if _folded(name) in _SECRET_HEADERS:
            for value in values:
                found.add(value.split(" ", 1)[-1].strip() if name.lower().endswith("authorization") else value)
    return frozenset(value for value in found if len(value) >= _SHORTEST_KNOWN and value != PLACEHOLDER)


def examine(interaction: Interaction, known: Iterable[str] = ()) -> tuple[Interaction, list[str]]:
    """Return *interaction* as :func:`scrub` does, and the places at which a credential stood."""
    scrubber = _Scrubber(tuple(sorted(known, key=len, reverse=True)))
    request_type = _header(interaction.request_headers, "content-type")
    plain = interaction.plain()
    response_headers = scrubber.headers(
        "response header",
        plain.response_headers,
        lambda name: _keep_response(name) or name == "content-encoding",
    )
    scrubbed = replace(
        interaction,
        url=scrubber.text("URL", interaction.url),
        reason=scrubber.text("reason", interaction.reason),
        request_headers=scrubber.headers("request header", interaction.request_headers, _keep_request),
        request_body=scrubber.body("request body", interaction.request_body, request_type),
        response_headers=response_headers,
        response_body=scrubber.body("response body", plain.response_body, interaction.headers.get("content-type", "")),
    )
    return scrubbed, scrubber.places


def scrub(interaction: Interaction, known: Iterable[str] = ()) -> Interaction:
    """Return *interaction* fit to be written: no credential, only headers that matter, the body decoded.

    *known* are credentials by value; they are taken out wherever they stand. Scrubbing twice is scrubbing once.
    """
    return examine(interaction, known)[0]


def scrub_request(url: str, body: bytes, content_type: str, known: Iterable[str] = ()) -> tuple[str, bytes]:
    """Return a request's *url* and *body* as :func:`scrub` would store them, to look a recording up by them."""
    scrubber = _Scrubber(tuple(sorted(known, key=len, reverse=True)))
    return scrubber.text("URL", url), scrubber.body("request body", body, content_type)


def secrets_in(interaction: Interaction) -> list[str]:
    """Return the places of *interaction* at which a credential stands, never the credentials."""
    return list(dict.fromkeys(examine(interaction)[1]))
