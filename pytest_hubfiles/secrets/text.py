"""Scrubs credentials from texts: URLs, header values, messages, JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, unquote, unquote_plus

from pytest_hubfiles.secrets import names, pairs, patterns
from pytest_hubfiles.secrets.clean import NOTHING_MORE, Additions, may_hold_credentials
from pytest_hubfiles.secrets.json_text import JSON_NUMBER, Scalar, is_json, json_scalars, unescaped
from pytest_hubfiles.secrets.known_values import replace_values, stands_in
from pytest_hubfiles.secrets.mail import without_mail_addresses
from pytest_hubfiles.secrets.names import Telling
from pytest_hubfiles.secrets.plausible import (
    is_credential,
    is_example,
    is_opaque,
    is_placeholder,
    placeholder,
)

_DEEPEST: Final = 5  # URLs in URLs, each percent-encoded once more; JSON in JSON strings

_QUERY_PAIR: Final = re.compile(r"([?&;])([A-Za-z0-9_.%\[\]-]+)=([^&;#\s\"'<>\\]*)")
_USER_INFO: Final = re.compile(r"(?i)(\b[a-z][a-z0-9+.-]{1,20}://)([^/\s\"'<>@?#]+)@")
# The paths of HubSpot's OAuth API hold the token itself: /oauth/v1/access-tokens/{token}.
_TOKEN_PATH: Final = re.compile(r"(?i)(/(?:access|refresh)[_-]?tokens?/)([^/?#\s\"'<>\\&]+)")
_ENCODED: Final = re.compile(  # from the start of a stretch alone: else a long one is looked through for each character
    r"(?<![^\s\"'<>&?=;/#\\])[^\s\"'<>&?=;/#\\]*%[0-9A-Fa-f]{2}[^\s\"'<>&?=;/#\\]*"
)


@dataclass
class Scrubber:
    """Scrubs one interaction; notes the credentials that it finds in ``values``, and their places in ``places``."""

    known: tuple[str, ...] = ()
    additions: Additions = NOTHING_MORE
    places: list[str] = field(default_factory=list)
    values: set[str] = field(default_factory=set)

    def replace(self, place: str, secret: str) -> str:
        """Note that *secret* was found at *place*, and return its placeholder.

        What stands for a credential already is none. In a request it becomes the placeholder that is matched with; an
        answer keeps it, as its test may have seen it.
        """
        if not secret:
            return secret
        if is_placeholder(secret):
            return placeholder(secret) if place.startswith(("URL", "request")) else secret
        self.places.append(place)
        self.values.add(secret)
        return placeholder(secret)

    def tell(self, name: str) -> Telling:
        """Return what the name of a field tells, by our lists or those of the suite."""
        return Telling.ALWAYS if self.additions.holds(name) else names.of_field(name)

    def tell_any(self, name: str) -> Telling:
        """Return what a *name* tells that may be a field's or a header's."""
        if self.additions.holds(name):
            return Telling.ALWAYS
        told = max(names.of_field(name), names.of_header(name))
        return min(told, Telling.MAYBE) if name.lower().endswith(("authorization", "cookie")) else told

    def may_hold(self, text: str) -> bool:
        """Return False only if there is nothing to scrub in *text*."""
        return not self.additions.is_empty or may_hold_credentials(text) or stands_in(text, self.known)

    def text(self, place: str, text: str, level: int = 0, *, prose: bool = True) -> str:
        """Scrub what is a secret in any text: known values, tokens, user info, signed URLs, mail addresses.

        *prose* is False for bytes that are no text: anything in them may look like a mail address.
        """
        if self.known:
            text = replace_values(text, self.known, lambda found: self.replace(place, found))
        if may_hold_credentials(text):
            text = self._shapes(place, text)
            text = _QUERY_PAIR.sub(lambda m: m[1] + self.pair(f"{place}, query", m[2], m[3], level), text)
            if "%" in text and level < _DEEPEST:
                text = _ENCODED.sub(lambda m: self._percent(place, m[0], level), text)
            text = self._pairs(place, text)
            if prose:
                text = without_mail_addresses(text)
        elif self.additions.fields:
            text = self._pairs(place, text)
            text = _QUERY_PAIR.sub(lambda m: m[1] + self.pair(f"{place}, query", m[2], m[3], level), text)
        for pattern in self.additions.patterns:
            text = pattern.sub(lambda m: self._matched(place, m), text)
        return text

    def _shapes(self, place: str, text: str) -> str:
        for token in [*patterns.plain_tokens(text), *patterns.encoded_tokens(text)]:
            text = text.replace(token, self.replace(place, token))
        text = patterns.BEARER.sub(lambda m: m[1] + self._unless_example(place, m[2]), text)
        text = patterns.BASIC.sub(
            lambda m: m[1] + (self.replace(place, m[2]) if patterns.from_basic(m[2]) else m[2]), text
        )
        text = _USER_INFO.sub(lambda m: f"{m[1]}{self._user_info(place, m[2])}@", text)
        return _TOKEN_PATH.sub(lambda m: m[1] + self._unless_example(f"{place}, path", m[2]), text)

    def _unless_example(self, place: str, value: str) -> str:
        is_kept = is_example(unquote(value)) and not is_placeholder(value)
        return value if is_kept else self.replace(place, value)

    def _user_info(self, place: str, user_info: str) -> str:
        """Scrub what stands before a host: a user with a password, or a token in place of a user."""
        user, colon, password = map(unquote, user_info.partition(":"))
        is_secret = not is_example(password) if colon else is_opaque(user)
        return self.replace(place, user_info) if is_secret else user_info

    def _pairs(self, place: str, text: str) -> str:
        """Scrub what a name in a text tells of: ``refresh_token=…``, ``Cookie: …``, ``<token>…</token>``."""
        parts, end = [], 0
        for value in pairs.under_escapes(text, self.tell_any):
            text = text.replace(value, self.replace(place, value))
        for start, stop, _ in pairs.found_in(text, self.tell_any):
            parts += [text[end:start], self.replace(place, text[start:stop])]
            end = stop
            if "\\" in text[start:stop]:
                self.values.add(unescaped(text[start:stop]))
        return "".join([*parts, text[end:]]) if parts else text

    def _matched(self, place: str, match: re.Match[str]) -> str:
        """Scrub what a pattern of the suite matched: its group, if it has one."""
        group = 1 if match.re.groups and match[1] is not None else 0
        start, end = (place - match.start() for place in match.span(group))
        return match[0][:start] + self.replace(place, match[group]) + match[0][end:]

    def _percent(self, place: str, encoded: str, level: int) -> str:
        """Scrub a percent-encoded stretch of text; encode it anew only if something was found."""
        plain = unquote(encoded)
        scrubbed = self.text(place, plain, level + 1) if plain != encoded else plain
        return encoded if scrubbed == plain else quote(scrubbed, safe="", errors="surrogatepass")

    def pair(
        self,
        place: str,
        name: str,
        value: str,
        level: int = 0,
        tell: Callable[[str], Telling] = names.of_parameter,
    ) -> str:
        """Scrub a pair of a query or a form; its value may be a URL with a query, and so on."""
        plain_name, plain = unquote_plus(name), unquote_plus(value)
        told = Telling.ALWAYS if self.additions.holds(plain_name) else tell(plain_name)
        if told and (is_credential(told, plain) or is_placeholder(plain)):
            if plain != value and plain != placeholder(plain):
                self.values.add(plain)
            return f"{name}={self.replace(f'{place} {plain_name}', value)}"
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

    def json(self, place: str, text: str, level: int = 0) -> str:
        """Scrub a JSON text token by token, so that all else keeps its bytes."""
        parts, end = [], 0
        for scalar in json_scalars(text, self.tell, self.tell_any):
            noted, name = len(self.places), scalar.name
            parts += [text[end : scalar.match.start()], self._json_value(place, scalar, level)]
            end = scalar.match.end()
            if name is not None and len(self.places) > noted:
                # A key may be a credential itself: then the place must not name it.
                where = f"{place}, field {Scrubber(self.known).text(place, name)}"
                self.places[noted:] = [where + found.removeprefix(place) for found in self.places[noted:]]
        return "".join([*parts, text[end:]])

    def _json_value(self, place: str, scalar: Scalar, level: int) -> str:
        token, inside, told = scalar.match[0], scalar.match["inside"], scalar.told
        if inside is not None:
            plain = unescaped(inside) if "\\" in inside else inside
            if told and (is_credential(told, plain) or is_placeholder(plain)):
                if plain != inside:
                    self.values.add(plain)
                return f'"{self.replace(place, inside)}{scalar.match["end"]}'
            return f'"{self._embedded(place, inside, level)}{scalar.match["end"]}'
        if token in ("true", "false", "null"):
            return token
        if not JSON_NUMBER.fullmatch(token):
            return self.replace(place, token) if told and is_credential(told, token) else token
        if told < Telling.SURELY:  # how many tokens are left
            return token
        new = "0" if float(token).is_integer() else "0.5"
        if token != new:
            self.places.append(place)
        return new

    def _embedded(self, place: str, inside: str, level: int) -> str:
        """Scrub the inside of a JSON string, in which any character may be written as an escape."""
        if "\\" not in inside:
            return self._maybe_json(place, inside, level + 1) if self.may_hold(inside) else inside
        plain = unescaped(inside)
        scrubbed = self._maybe_json(place, plain, level + 1)
        return inside if scrubbed == plain else json.dumps(scrubbed, ensure_ascii=inside.isascii())[1:-1]
