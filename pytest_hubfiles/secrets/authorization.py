"""The parts of an ``Authorization`` header, whatever its scheme, and of a ``Cookie`` header."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from pytest_hubfiles.secrets import names
from pytest_hubfiles.secrets.patterns import from_basic
from pytest_hubfiles.secrets.plausible import SHORTEST, is_distinctive, is_example, is_opaque

_SCHEME: Final = re.compile(r"[A-Za-z][\w.+-]{0,40}")
# Token token="X", nonce="Y"; Credential=X/2015/us-east-1, Signature=Y. Base64 may end in one or two equals signs.
_PARAMETER: Final = re.compile(r"([A-Za-z_][\w.-]{0,60})[ \t]*=[ \t]*(?:\"((?:\\.|[^\"\\])*)\"|([^\s,;\"=][^\s,;\"]*))")
_NO_SECRETS: Final = names.listed(
    "realm uri algorithm qop nc signedheaders headers version oauth_version timestamp oauth_timestamp ts created"
    " expires oauth_signature_method signature_method host username userhash charset opaque stale domain"
)


def parts(value: str) -> Iterator[str]:
    """Yield each secret part of the *value* of an ``Authorization`` header: without its scheme, decoded."""
    scheme, _, rest = value.strip().partition(" ")
    rest = rest.strip()
    if not rest:
        scheme, rest = "", scheme
    if scheme and not _SCHEME.fullmatch(scheme):
        scheme, rest = "", value.strip()
    found = _PARAMETER.findall(rest)
    for name, quoted, bare in found:
        yield from _of_parameter(name.lower(), re.sub(r"\\(.)", r"\1", quoted) or bare)
    if found:
        return
    yield rest
    if scheme.lower() == "basic" and (plain := from_basic(rest)):
        user, _, password = plain.partition(":")
        yield from (plain, password)
        yield from filter(is_distinctive, [user])
    elif ":" in rest:  # AWS id:signature, SharedKey account:signature
        yield from filter(is_opaque, rest.split(":"))


def _of_parameter(name: str, value: str) -> Iterator[str]:
    if name in _NO_SECRETS:
        return
    plain = unquote(value)  # OAuth 1 encodes its values
    told = names.of_parameter(name) is names.Telling.SURELY
    for text in dict.fromkeys([value, plain]):
        if len(text) >= SHORTEST and (told or is_opaque(text)) and not is_example(text):
            yield text
    if "/" in plain:  # a key's id before the scope that it is for
        yield from filter(is_opaque, plain.split("/")[:1])


def of_cookies(value: str, *, is_set: bool) -> Iterator[str]:
    """Yield each secret value of a ``Cookie`` header, or of one that sets one; and all of it if there is any."""
    cookies = value.split(";")[:1] if is_set else value.split(";")
    found = []
    for cookie in cookies:
        name, _, single = cookie.strip().partition("=")
        single = single.strip().strip('"')
        told = names.of_field(name) is not names.Telling.NOTHING
        for text in dict.fromkeys([single, unquote(single)]):
            if len(text) >= SHORTEST and (is_opaque(text) or (told and not is_example(text))):
                found.append(text)
    if found:
        yield value
        yield from found
