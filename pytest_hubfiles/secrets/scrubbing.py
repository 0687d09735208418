"""Takes credentials out of an interaction, and tells where they stood."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import quote, unquote, unquote_plus

from pytest_hubfiles.model.body import charset_of, decode_body
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.secrets import patterns
from pytest_hubfiles.secrets.clean import (
    NOTHING_MORE,
    Additions,
    Scrubbed,
    as_one_text,
    is_clean_text,
    may_hold_credentials,
)
from pytest_hubfiles.secrets.json_text import JSON_NUMBER, is_json, json_values, unescaped
from pytest_hubfiles.secrets.known_values import redacted, stands_in, take_out
from pytest_hubfiles.secrets.patterns import EMAIL_PLACEHOLDER, PLACEHOLDER, placeholder

_DEEPEST: Final = 5  # URLs in URLs, each percent-encoded once more; JSON in JSON strings

# An answer keeps what a contract or a client depends on; everything else, cookies first, stays out of the file.
KEPT_RESPONSE_HEADERS: Final = frozenset(
    {"allow", "content-type", "date", "deprecation", "link", "location", "retry-after", "sunset"}
)
KEPT_RESPONSE_PREFIXES: Final = ("ratelimit", "x-ratelimit", "x-hubspot-ratelimit")
KEPT_REQUEST_HEADERS: Final = frozenset({"accept", "content-type"})

_QUERY_PAIR: Final = re.compile(r"([?&;])([A-Za-z0-9_.%\[\]-]+)=([^&;#\s\"'<>\\]*)")
_PROSE_PAIR: Final = re.compile(  # in messages, and in headers as text
    r"(?i)(?<![A-Za-z0-9_.%?&;-])((?:[A-Za-z0-9_.-]{0,40}[_.-])?[a-z0-9]{0,20}"
    r"(?:token|secret|password|passwd|key|keyid|authorization|cookie|pwd|passphrase|jwt|assertion|signature|utk))"
    r"(=|: ?)([^&;#,\s\"'<>\\(){}\[\]]{8,})"
)
_USER_INFO: Final = re.compile(r"(?i)(\b[a-z][a-z0-9+.-]{1,20}://)([^/\s\"'<>@?#]+)@")
# HubSpot's OAuth API has the token itself in the path: /oauth/v1/access-tokens/{token}.
_TOKEN_PATH: Final = re.compile(r"(?i)(/(?:access|refresh)[_-]?tokens?/)([^/?#\s\"'<>\\&]+)")
_ENCODED: Final = re.compile(r"[^\s\"'<>&?=;/#\\]*%[0-9A-Fa-f]{2}[^\s\"'<>&?=;/#\\]*")
# photo@2x.png is the name of a picture; what stands before a host after :// is no name of a mailbox.
_EMAIL: Final = re.compile(
    r"(?:(?<=%[0-9A-Fa-f]{2})|(?<![A-Za-z0-9._+%-])(?<!://))"
    r"[A-Za-z0-9._+-]{1,64}(@|%40)(?![0-9]x\.)(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z0-9-])"
)
_FORM: Final = re.compile(r"\s*[A-Za-z0-9_.%+\[\]-]+=")
_GZIP_START: Final = b"\x1f\x8b"
_MULTIPART: Final = re.compile(r"--([^\r\n]{1,70})\r?\n")  # 70: RFC 2046
_PART: Final = re.compile(r"(?s)(\r?\n(?:[^\r\n]+\r?\n)*\r?\n)(.*)\Z")
_PART_NAME: Final = re.compile(r"(?i)content-disposition:[^\r\n]*?[;\s]name=\"?([^\";\r\n]+)")


def _is_secret(value: str) -> bool:
    """Return whether a secret header's value is one; Cloudflare's bot cookies open nothing and are everywhere."""
    is_bot_cookie = value.lstrip().startswith(("__cf_bm=", "__cfruid=", "_cfuvid="))
    return bool(value) and not patterns.is_stand_in(value) and not is_bot_cookie


@dataclass
class Scrubber:
    """Scrubs one interaction; ``places`` is where it found credentials, ``values`` are they."""

    known: tuple[str, ...] = ()
    additions: Additions = NOTHING_MORE
    places: list[str] = field(default_factory=list)
    values: set[str] = field(default_factory=set)

    def _instead(self, place: str, secret: str) -> str:
        if secret and not patterns.is_stand_in(secret):
            self.places.append(place)
            self.values.add(secret)
        return placeholder(secret) if secret else secret

    def _may_hold(self, text: str) -> bool:
        return not self.additions.is_empty or may_hold_credentials(text) or stands_in(text, self.known)

    def text(self, place: str, text: str, level: int = 0, *, prose: bool = True) -> str:
        """Scrub what is a secret wherever it stands: known values, tokens, user info, signed URLs, mail addresses.

        *prose* is False for bytes that are no text, in which anything may look like a mail address.
        """
        if self.known:
            text = take_out(text, self.known, lambda found: self._instead(place, found))
        if may_hold_credentials(text):
            text = self._shapes(place, text)
            text = _QUERY_PAIR.sub(lambda m: m[1] + self._pair(f"{place}, query", m[2], m[3], level), text)
            if "%" in text and level < _DEEPEST:
                text = _ENCODED.sub(lambda m: self._percent(place, m[0], level), text)
            if prose:
                text = _PROSE_PAIR.sub(lambda m: self._prose(place, m), text)
                text = _EMAIL.sub(lambda m: EMAIL_PLACEHOLDER.replace("@", m[1]), text)
        elif self.additions.fields:
            text = _QUERY_PAIR.sub(lambda m: m[1] + self._pair(f"{place}, query", m[2], m[3], level), text)
        for pattern in self.additions.patterns:
            text = pattern.sub(lambda m: self._matched(place, m), text)
        return text

    def _shapes(self, place: str, text: str) -> str:
        for token in [*patterns.plain_tokens(text), *patterns.encoded_tokens(text)]:
            text = text.replace(token, self._instead(place, token))
        text = patterns.BEARER.sub(lambda m: m[1] + self._instead(place, m[2]), text)
        text = patterns.BASIC.sub(
            lambda m: m[1] + (self._instead(place, m[2]) if patterns.from_basic(m[2]) else m[2]), text
        )
        text = _USER_INFO.sub(lambda m: f"{m[1]}{self._instead(place, m[2])}@", text)
        return _TOKEN_PATH.sub(lambda m: m[1] + self._instead(f"{place}, path", m[2]), text)

    def _matched(self, place: str, match: re.Match[str]) -> str:
        """Return what stands for what a pattern of the suite matched."""
        group = 1 if match.re.groups and match[1] is not None else 0
        start, end = (place - match.start() for place in match.span(group))
        return match[0][:start] + self._instead(place, match[group]) + match[0][end:]

    def _prose(self, place: str, match: re.Match[str]) -> str:
        """Scrub what a message calls a secret: ``refresh_token=…``, ``Cookie: …``."""
        name, sign, value = match.groups()
        if patterns.is_secret_field(name) and patterns.is_telling(value):
            value = self._instead(place, value)
        return f"{name}{sign}{value}"

    def _percent(self, place: str, encoded: str, level: int) -> str:
        """Scrub a stretch of text that is percent-encoded; it is encoded anew only where something was found."""
        plain = unquote(encoded)
        scrubbed = self.text(place, plain, level + 1) if plain != encoded else plain
        return encoded if scrubbed == plain else quote(scrubbed, safe="", errors="surrogatepass")

    def _pair(
        self,
        place: str,
        name: str,
        value: str,
        level: int = 0,
        secret: Callable[[str], bool] = patterns.is_secret_parameter,
    ) -> str:
        """Scrub a pair of a query or a form, whose value may be a URL with a query of its own, and so on."""
        plain_name = unquote_plus(name)
        if secret(plain_name) or self.additions.holds(plain_name):
            plain = unquote_plus(value)
            if plain != value and plain != placeholder(plain):
                self.values.add(plain)
            return f"{name}={self._instead(f'{place} {plain_name}', value)}"
        plain = unquote(value)
        if level == _DEEPEST or (plain == value and "?" not in value):
            return f"{name}={value}"
        scrubbed = self._maybe_json(place, plain, level + 1)
        if scrubbed != plain:
            value = scrubbed if plain == value else quote(scrubbed, safe="", errors="surrogatepass")
        return f"{name}={value}"

    def _maybe_json(self, place: str, text: str, level: int) -> str:
        """Scrub a text that may be a JSON document, such as the inside of a JSON string."""
        if text[:1] in "{[" and level <= _DEEPEST and is_json(text):
            return self.json(place, text, level)
        return self.text(place, text, level)

    def form(self, place: str, text: str) -> str:
        """Scrub an application/x-www-form-urlencoded body."""
        pairs = (pair.partition("=") for pair in text.split("&"))
        scrubbed = (
            self._pair(f"{place}, field", name, value, 0, patterns.is_secret_form_field) if equals else name
            for name, equals, value in pairs
        )
        return self.text(place, "&".join(scrubbed), prose="@" in text)

    def multipart(self, place: str, text: str, boundary: str, *, prose: bool) -> str:
        """Scrub each part of a multipart body: a field by its name, JSON as JSON, a file as a text."""
        parts = text.split(f"--{boundary}")
        for number, part in enumerate(parts):
            split, named = _PART.match(part), _PART_NAME.search(part)
            if split is None or named is None:
                parts[number] = self.text(place, part, prose=prose)
                continue
            headers, content = split.groups()
            value, end = (content[:-2], "\r\n") if content.endswith("\r\n") else (content.rstrip("\n"), "\n")
            name = named[1]
            if patterns.is_secret_form_field(name) or self.additions.holds(name):
                value = self._instead(f"{place}, field {name}", value)
            elif value[:1] in ("{", "["):
                value = self.json(f"{place}, field {name}", value)
            else:
                value = self.text(f"{place}, field {name}", value, prose=prose)
            parts[number] = self.text(place, headers) + value + (end if content else "")
        return f"--{boundary}".join(parts)

    def json(self, place: str, text: str, level: int = 0) -> str:
        """Scrub a JSON text token by token, so that what is no secret keeps its bytes."""
        parts, end = [], 0
        for match, name, secret in json_values(text, self._is_secret_field):
            noted = len(self.places)
            parts += [text[end : match.start()], self._json_value(place, match, secret, level)]
            end = match.end()
            if name is not None and len(self.places) > noted:
                # A key may be a credential itself; a place must not name it.
                where = f"{place}, field {Scrubber(self.known).text(place, name)}"
                self.places[noted:] = [where + found.removeprefix(place) for found in self.places[noted:]]
        return "".join([*parts, text[end:]])

    def _is_secret_field(self, name: str) -> bool:
        return patterns.is_secret_field(name) or self.additions.holds(name)

    def _json_value(self, place: str, match: re.Match[str], secret: bool, level: int) -> str:
        token, inside = match[0], match["inside"]
        if inside is not None:
            if secret and "\\" in inside:
                self.values.add(unescaped(inside))
            new = self._instead(place, inside) if secret else self._embedded(place, inside, level)
            return f'"{new}{match["end"]}'
        if not secret or token in ("true", "false", "null"):
            return token
        if not JSON_NUMBER.fullmatch(token):
            return self._instead(place, token)
        new = "0" if float(token).is_integer() else "0.5"
        if token != new:
            self.places.append(place)
        return new

    def _embedded(self, place: str, inside: str, level: int) -> str:
        """Scrub a JSON string's inside, in which any character may be written as an escape."""
        if "\\" not in inside:
            return self._maybe_json(place, inside, level + 1) if self._may_hold(inside) else inside
        plain = unescaped(inside)
        scrubbed = self._maybe_json(place, plain, level + 1)
        return inside if scrubbed == plain else json.dumps(scrubbed, ensure_ascii=inside.isascii())[1:-1]

    def body(self, place: str, body: bytes, content_type: str) -> bytes:
        """Scrub a body as what it says it is; bytes that are no text stay as they are."""
        if body.startswith(_GZIP_START):  # and no header says so: a file that is sent, or a header that was dropped
            inside, encoded = decode_body(body, "gzip")
            if encoded or inside.startswith(_GZIP_START):  # a file can hold itself, compressed, without end
                return body
            scrubbed = self.body(place, inside, content_type)
            return body if scrubbed == inside else gzip.compress(scrubbed, mtime=0)
        try:
            charset = charset_of(content_type)
            text = body.decode(charset)
        except (LookupError, ValueError):  # UnicodeError is one; a NUL in the name raises another
            charset = "latin-1"  # maps every byte to itself and back
            text = body.decode(charset)
        if not self._may_hold(text):
            return body
        is_text, media_type = charset != "latin-1", content_type.lower()
        boundary = _MULTIPART.match(text)
        if boundary and ("multipart/" in media_type or text.rstrip().endswith(f"--{boundary[1]}--")):
            new = self.multipart(place, text, boundary[1], prose=is_text)
        elif text.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
            new = self.json(place, text)
            if not is_json(new):
                new = self.text(place, new, prose=is_text)
        elif "x-www-form-urlencoded" in media_type or _FORM.match(text):
            new = self.form(place, text)
        else:
            new = self.text(place, text, prose=is_text)
        # A lone half of a character, which only an escape can have brought, goes back to being one.
        return body if new == text else new.encode(charset, "backslashreplace")

    def kept(
        self, place: str, headers: Mapping[str, tuple[str, ...]], keep: Callable[[str], bool]
    ) -> dict[str, tuple[str, ...]]:
        """Drop the headers that are not kept, noting what of them was secret."""
        kept = {}
        for name, values in sorted(headers.items(), key=lambda item: item[0].lower()):
            if keep(name.lower()):
                kept[name] = values
            elif patterns.is_secret_header(name) and any(_is_secret(value) for value in values):
                self.places.append(f"{place} {name}")
                self.values.update(part for value in values for part in _parts(name, value))
            else:  # not kept, and still told where it stands on disk
                for token in (token for value in values for token in patterns.plain_tokens(value)):
                    self._instead(f"{place} {name}", token)
        return kept

    def headers(self, place: str, headers: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        """Scrub the headers that are kept."""
        return {
            name: tuple(self.text(f"{place} {name}", value) for value in values) for name, values in headers.items()
        }

    def interaction(self, interaction: Interaction) -> Interaction:
        """Scrub what is kept of an interaction."""
        return replace(
            interaction,
            url=self.text("URL", interaction.url),
            reason=self.text("reason", interaction.reason),
            request_headers=self.headers("request header", interaction.request_headers),
            request_body=self.body(
                "request body", interaction.request_body, _header(interaction.request_headers, "content-type")
            ),
            response_headers=self.headers("response header", interaction.response_headers),
            response_body=self.body(
                "response body", interaction.response_body, interaction.headers.get("content-type", "")
            ),
        )


def _header(headers: Mapping[str, tuple[str, ...]], name: str) -> str:
    return next((values[0] for key, values in headers.items() if key.lower() == name and values), "")


def _parts(name: str, value: str) -> Iterator[str]:
    """Yield what of a secret header's *value* is to be looked for: without the scheme, and of a cookie each value."""
    if name.lower().endswith("authorization"):
        scheme, _, rest = value.strip().partition(" ")
        yield rest.strip() or scheme
        if scheme.lower() == "basic" and (plain := patterns.from_basic(rest.strip())):
            yield from (plain, plain.partition(":")[2])
    elif name.lower().endswith("cookie"):
        yield value
        cookies = value.split(";")[:1] if name.lower() == "set-cookie" else value.split(";")
        yield from filter(patterns.is_telling, (cookie.partition("=")[2].strip() for cookie in cookies))
    else:
        yield value


def credentials_in(headers: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """Return the credentials that a request's *headers* carry, to be looked for everywhere else."""
    found = {
        part
        for name, values in headers.items()
        if patterns.is_secret_header(name)
        for value in values
        for part in _parts(name, value)
    }
    return frozenset(value for value in found if len(value) >= patterns.SHORTEST and value != PLACEHOLDER)


def examine(interaction: Interaction, known: Collection[str] = (), additions: Additions = NOTHING_MORE) -> Scrubbed:
    """Return *interaction* fit to be written, and what was taken out of it.

    *known* are credentials by value; they are taken out wherever they stand. Scrubbing twice is scrubbing once.
    """
    scrubber = Scrubber(_longest_first(known), additions)

    def keeps_response(name: str) -> bool:
        return (
            name in KEPT_RESPONSE_HEADERS
            or name in additions.headers
            or name.startswith(KEPT_RESPONSE_PREFIXES)
            or name == "content-encoding"
        )

    def keeps_request(name: str) -> bool:
        return name in KEPT_REQUEST_HEADERS or name in additions.headers

    plain = interaction.plain()
    encoding = _header(interaction.request_headers, "content-encoding")
    kept = replace(
        plain,
        response_headers=scrubber.kept("response header", plain.response_headers, keeps_response),
        request_headers=scrubber.kept("request header", interaction.request_headers, keeps_request),
        request_body=decode_body(interaction.request_body, encoding)[0],
    )
    text = as_one_text((kept,))  # most are clean, and seen to be so at once rather than text by text (record: 0.9)
    is_clean = additions.is_empty and is_clean_text(text) and not stands_in(text, scrubber.known)
    scrubbed = kept if is_clean else scrubber.interaction(kept)
    values = (value for value in scrubber.values if patterns.is_telling(value))
    return Scrubbed(scrubbed, tuple(dict.fromkeys(scrubber.places)), frozenset(values))


def scrub(interaction: Interaction, known: Collection[str] = (), additions: Additions = NOTHING_MORE) -> Interaction:
    """Return *interaction* fit to be written: no credential, only headers that matter, the body decoded.

    *known* are credentials by value; they are taken out wherever they stand. Scrubbing twice is scrubbing once.
    """
    return examine(interaction, known, additions).interaction


def without_credentials(text: str, known: Collection[str] = ()) -> str:
    """Return a *text* for people, such as a log line, without credentials."""
    return Scrubber().text("text", redacted(text, known))


def may_hold(interaction: Interaction, values: Collection[str]) -> bool:
    """Return whether one of *values* may stand in *interaction*; it is quicker to ask than to scrub once more."""
    headers = (value for values in interaction.response_headers.values() for value in values)
    bodies = (body.decode("latin-1") for body in (interaction.request_body, interaction.response_body))
    texts = [interaction.url, interaction.reason, *headers, *bodies]
    # With an escape, or in another charset than the usual ones, it may be written in many a way.
    return any("\\" in text or "\0" in text or stands_in(text, values) for text in texts)


def _longest_first(known: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(known, key=len, reverse=True))
