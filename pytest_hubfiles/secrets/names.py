"""Which names say that a credential stands under them: of headers, parameters, fields, columns, elements.

A name is read word by word: ``accessTokenV2``, ``X-Custom-Key`` and ``PASSWORD_HASH`` are told by their parts. What
stands around the telling word decides whether the credential itself is meant (``passwordHash``) or something about it
(``passwordPolicy``, ``tokenUrl``, ``nextPageToken``).
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from typing import Final


class Telling(IntEnum):
    """How surely a name says that a credential stands under it.

    MAYBE counts only for a value that looks like one, ALWAYS is what a suite names itself.
    """

    NOTHING = 0
    MAYBE = 1
    SURELY = 2
    ALWAYS = 3


_WORD: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_GLUED: Final = re.compile(  # accesstoken, clientsecret, hubspotutk
    r"(token|secret|password|passwd|passphrase|credential|authorization|cookie|(?:api|access|private|secret|signing)key"
    r"|sess(?:ion)?(?=id)|utk|jwt)(s?)(id|hash|value)?\Z"
)
_KEYS: Final = {
    "apikey": "api key", "accesskey": "access key", "privatekey": "private key", "secretkey": "secret key",
    "signingkey": "signing key", "sess": "session",
}  # fmt: skip


def listed(words: str) -> frozenset[str]:
    """Return the *words* of a list that is written as one text."""
    return frozenset(words.split())


_SURE: Final = listed("token secret password passwd passphrase passcode pwd jwt apikey hapikey utk")
_LIKELY: Final = listed(
    "tokens secrets passwords passphrases jwts session sid sessid phpsessid jsessionid credential credentials auth"
    " authorization bearer cookie cookies otp csrf xsrf hapikeys apikeys pass passkey"
)
_SURE_KEYS: Final = listed("api access private secret signing encryption")
_LIKELY_KEYS: Final = listed(
    "custom client shared master auth account subscription consumer storage license admin service developer webhook"
    " app application integration partner merchant user server tenant org live prod hubspot functions ssh pgp gpg rsa"
    " hmac decryption symmetric session security app private"
)
_HARMLESS_KEYS: Final = listed(
    "public primary foreign sort partition cache object idempotency translation i18n row hash range group lookup map"
    " natural surrogate unique index property field column message metadata context file image asset issue project"
    " event form list item record websocket socket content next prev cursor page header name routing"
)
# After the telling word: what is said of the credential. Before it: what sort of thing it is.
_ABOUT: Final = listed(
    "name names type types status state states url urls uri uris endpoint endpoints path paths file filename folder"
    " dir host hostname domain region expires expiry expiration expire expired lifetime ttl timeout age at in on by"
    " count counts counter left limit limits remaining used usage length size max min mode scheme method methods"
    " algorithm alg scope scopes hint hints enabled disabled required valid invalid validity validation policy"
    " policies rule rules strength format pattern regex field fields header headers prefix suffix label title"
    " description help category kind version versions created updated changed modified date time timestamp issued"
    " issuer provider source location place position index offset rotation owner username arn ref reference protected"
    " error errors message reason id ids consent manager generator requested setting settings option options audience"
    " support supported"
)
_ITSELF: Final = listed(
    "hash value raw plain old new current previous primary secondary backup base64 b64 hex encoded encrypted enc pem"
    " string str data confirm confirmation again repeat v"
)
_PAGING: Final = listed(
    "page next prev previous cursor sync continuation start end resume paging pagination after before delta skip"
    " marker forward backward"
)
_COUNTED: Final = listed("max min total num number prompt completion input output cached used remaining reasoning")
_LEADING_AWAY: Final = listed("of to for by in from without")

_QUERY: Final = listed("code policy googleaccessid assertion")
_SIGNED: Final = listed("signature sig")
_SIGNATURE_HEADER: Final = re.compile(r"(?i)signature(?:[_-]?(?:v?\d+|sha\d+))?\Z")


@lru_cache(maxsize=4096)  # the same few names come again and again
def _words(name: str) -> tuple[str, ...]:
    words: list[str] = []
    for word in map(str.lower, _WORD.findall(name)):
        glued = _GLUED.search(word)
        if glued is None or word in _SURE or word in _LIKELY:
            words.append(word)
            continue
        stem, plural, rest = glued.groups()
        head = word[: glued.start()]
        words += [head] * bool(head) + (_KEYS.get(stem, stem) + plural).split() + [rest] * bool(rest)
    return tuple(words)


def last_word(name: str) -> str:
    """Return the last word of *name*, in small letters: that of ``headerName`` is ``name``."""
    return _words(name)[-1] if _words(name) else ""


def _at(words: tuple[str, ...], any_key: bool) -> tuple[int, int, Telling]:
    """Return where the last telling words begin and end, and how much they tell."""
    for end in range(len(words), 0, -1):
        word, before = words[end - 1], words[end - 2] if end > 1 else ""
        if word in _SURE:
            return end - 1, end, Telling.SURELY
        if word in ("key", "keys"):
            level = Telling.SURELY if before in _SURE_KEYS and word == "key" else Telling.MAYBE
            likely = before in _LIKELY_KEYS or (any_key and before and before not in _HARMLESS_KEYS)
            if before in _SURE_KEYS or likely:
                with_id = end < len(words) and words[end] == "id" and before == "access"
                return max(end - 2, 0), end + with_id, level
        if word in _LIKELY:
            with_id = word == "session" and end < len(words) and words[end] in ("id", "key")
            return end - 1, end + with_id, Telling.MAYBE
    return 0, 0, Telling.NOTHING


def _told(name: str, any_key: bool) -> Telling:
    words = _words(name)
    start, end, level = _at(words, any_key)
    if not level:
        return level
    before, after = words[start - 1] if start else "", words[end:]
    if any(word in _ABOUT for word in after) or before in _LEADING_AWAY:
        return Telling.NOTHING
    if words[start].startswith("token") and (before in _PAGING or before in _COUNTED):
        return Telling.NOTHING
    is_itself = all(word in _ITSELF or word.isdigit() for word in after)
    return level if is_itself else Telling.MAYBE


@lru_cache(maxsize=4096)
def of_field(name: str) -> Telling:
    """Return what *name* tells as that of a JSON field, or of anything that is none of the others."""
    if _words(name)[-2:] in (("amz", "signature"), ("goog", "signature")):  # of an upload that is signed as a form
        return Telling.SURELY
    return _told(name, any_key=False)


@lru_cache(maxsize=4096)
def of_parameter(name: str) -> Telling:
    """Return what *name* tells as that of a query parameter; there the signatures of signed URLs stand too."""
    words = _words(name)
    if words and words[-1] in _SIGNED:
        return Telling.SURELY
    if words and (words[-1] in _QUERY or words[-2:] in (("code", "verifier"), ("pair", "id"), ("access", "id"))):
        return Telling.MAYBE
    return _told(name, any_key=True) or (Telling.MAYBE if words == ("key",) else Telling.NOTHING)


@lru_cache(maxsize=4096)
def of_form_field(name: str) -> Telling:
    """Return what *name* tells as that of a form's field; HubSpot's OAuth forms send codes."""
    words = _words(name)
    if words in (("code",), ("code", "verifier"), ("assertion",)):
        return Telling.MAYBE
    return Telling.SURELY if words == ("client", "assertion") else of_field(name)


@lru_cache(maxsize=4096)
def of_header(name: str) -> Telling:
    """Return what *name* tells as that of a header."""
    if name.lower().endswith(("authorization", "cookie", "private-app", "private-app-legacy")):
        return Telling.SURELY
    if _SIGNATURE_HEADER.search(name):
        return Telling.SURELY
    return _told(name, any_key=True)
