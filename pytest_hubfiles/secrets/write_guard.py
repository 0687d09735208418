"""The write guard takes the last look at a file: no credential that was sent or configured may be in its bytes.

It shares nothing with scrubbing, neither code nor lists of names: what one of the two misses, the other may find.
"""

from __future__ import annotations

import base64
import html
import re
import string
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.secrets import sent

SHORTEST: Final = 8
"""Characters; shorter credentials are not searched for: they would be found inside common words."""

_DEEPEST: Final = 4  # encodings inside one another
_MOST_VIEWS: Final = 24
_LARGEST_UNPACKED: Final = 32 * 2**20  # bytes

_OWN_VARIABLE: Final = "HUBSPOT_ACCESS_TOKEN"
_WORDS: Final = frozenset({"SCRUBBED", "replayed", "00000000-0000-4000-8000-000000000000", "interactions", "response"})
"""What stands in every cassette, or in place of a credential."""


class CredentialInFileError(HubfilesError):
    """A file would have held a credential and was not written.

    ``what`` says where the credential comes from, ``place`` where in ``file`` it would have stood. The credential
    itself is nowhere in this error.
    """

    def __init__(self, file: str, what: str, place: str) -> None:
        self.file, self.what, self.place = file, what, place
        super().__init__(
            f"{file} was not written: it would have held a credential, {what}, in {place}.\n"
            "The old file is unchanged. Name the field, or a pattern, in ini hubfiles_scrub, or remove the credential "
            "with the fixture hubfiles_vcr_config; then record again."
        )


@dataclass
class WriteGuard:
    """The credentials of one test that must not be written: each value, and where it comes from."""

    _known: dict[str, str] = field(default_factory=dict, repr=False)
    _public: Callable[[], str] = field(default=str, repr=False)

    @classmethod
    def of(
        cls, environment: Mapping[str, str], token: str | None = None, public: Callable[[], str] = str
    ) -> WriteGuard:
        """Return a guard that knows the *token* of the built-in calls and the credentials in *environment*.

        *public* returns, in small letters, what every recording holds, such as the base URL and the paths of contracts:
        no piece of it is a credential.
        """
        guard = cls(_public=public)
        if token:
            guard.know(token, "the token that the fixture hubfiles_token gives")
        guard.know(environment.get(_OWN_VARIABLE, ""), f"the value of {_OWN_VARIABLE}")
        for value, name in sent.in_environment(environment):
            guard.know(value, f"the value of {name}")
        return guard

    @property
    def values(self) -> frozenset[str]:
        """The credentials by value."""
        return frozenset(self._known)

    def know(self, value: str, what: str) -> None:
        """Search for *value* from now on, under the name *what*; not if it is too short, or public."""
        value = value.strip()
        if len(value) >= SHORTEST and value not in self._known and not self.is_public(value):
            self._known[value] = what

    def is_public(self, value: str) -> bool:
        """Return whether *value* is a piece of what every recording holds, or stands in place of a credential."""
        plain = value.strip()
        return plain in _WORDS or plain.rstrip("/").lower() in self._public()

    def learn(self, url: str, headers: Mapping[str, tuple[str, ...]], body: bytes) -> None:
        """Learn the credentials in a request that was sent."""
        for value, what in (*sent.in_headers(headers), *sent.in_url(url), *sent.in_body(body)):
            self.know(value, what)

    def check(self, file: str | Path, content: bytes) -> None:
        """Check the *content* that is about to be written as *file*.

        Raises:
            CredentialInFileError: if a credential is in it, in any encoding.
        """
        if not self._known:
            return
        found = self._found(content)
        if found is not None:
            raise CredentialInFileError(str(file), self._known[found], self._place(found, content))

    def _found(self, content: bytes, among: str | None = None) -> str | None:
        """Return a known value that is in *content*; if *among* is given, look for that value alone."""
        needles = [_needles(value) for value in (self._known if among is None else [among])]
        for view in _views(content):
            packed = view.translate(None, _WHITE)
            standard, lower = packed.translate(_STANDARD), packed.lower()
            for needle in needles:
                if (
                    needle.raw in view
                    or needle.packed in packed
                    or needle.hex in lower
                    or any(core in standard for core in needle.base64)
                ):
                    return needle.value
        return None

    def _place(self, value: str, content: bytes) -> str:
        """Return where *value* is: the number of its interaction, the part of that, and the line."""
        starts = [match.start() for match in re.finditer(_INTERACTION, content)]
        for number, start in enumerate(starts, start=1):
            end = starts[number] if number < len(starts) else len(content)
            if self._found(content[start:end], value) is None:
                continue
            parts = [(match.start(), match[1]) for match in re.compile(_PART).finditer(content, start, end)]
            side = ""
            for (begin, name), after in zip(parts, [*parts[1:], (end, b"")], strict=True):
                side = name.decode() if name in (b"request", b"response") else side
                if name.decode() != side and self._found(content[begin : after[0]], value) is not None:
                    line = content.count(b"\n", 0, begin) + 1
                    return f"interaction {number}, {side} {name.decode()} (from line {line})"
            return f"interaction {number}"
        return "what stands before the first interaction" if starts else "it"


_INTERACTION: Final = rb"(?m)^- request:"
_PART: Final = rb"(?m)^(?:- |  )(?:  )?(request|response|body|headers|method|uri|status):"
_WHITE: Final = string.whitespace.encode()
_STANDARD: Final = bytes.maketrans(b"-_", b"+/")


class _Needle(NamedTuple):
    value: str
    raw: bytes
    packed: bytes
    hex: bytes
    base64: tuple[bytes, ...]


def _needles(value: str) -> _Needle:
    raw = value.encode("utf-8", "surrogatepass")
    cores = []
    for offset in range(3):  # the core leaves out the characters that also encode the neighbours of the value
        encoded = base64.b64encode(bytes(offset) + raw + bytes(2))
        cores.append(encoded[-(-offset * 4 // 3) : (offset + len(raw)) * 4 // 3])
    return _Needle(value, raw, raw.translate(None, _WHITE), raw.hex().encode(), tuple(cores))


def _views(content: bytes) -> Iterator[bytes]:
    """Yield *content* as it stands, and as it reads after each of its encodings is undone."""
    seen, layer = {content}, [content]
    for _ in range(_DEEPEST):
        following = []
        for view in layer:
            yield view
            undoubled = (view.replace(mark * 2, mark) for mark in (b"'", b'"'))  # in YAML, in CSV
            for plain in (_percent_decoded(view), _unescaped(view), _of_entities(view), *undoubled, *_unpacked(view)):
                if plain not in seen and len(seen) < _MOST_VIEWS:
                    seen.add(plain)
                    following.append(plain)
        layer = following
    yield from layer


def _percent_decoded(view: bytes) -> bytes:
    return unquote_to_bytes(view) if b"%" in view else view


_ENTITY: Final = rb"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-z]{2,6});"


def _of_entities(view: bytes) -> bytes:
    """Undo the entities of XML and HTML."""
    return re.sub(_ENTITY, lambda m: html.unescape(m[0].decode()).encode("utf-8", "replace"), view)


_ESCAPE: Final = rb"(?s)(?:\\u[0-9a-fA-F]{4})+|\\U[0-9a-fA-F]{8}|\\x[0-9a-fA-F]{2}|\\."
_SIMPLE: Final = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"b": b"\b", b"f": b"\f", b"0": b"\0"}


def _unescaped(view: bytes) -> bytes:
    """Undo the backslash escapes of JSON and of YAML's double quotes."""
    return re.sub(_ESCAPE, _meant, view) if b"\\" in view else view


def _meant(match: re.Match[bytes]) -> bytes:
    escape = match[0]
    if escape[1:2] == b"u" and len(escape) > 2:
        units = bytes.fromhex(escape.replace(b"\\u", b"").decode())
        return units.decode("utf-16-be", "replace").encode("utf-8", "replace")
    if escape[1:2] == b"U" and len(escape) > 2:
        return bytes.fromhex(escape[2:].decode()).decode("utf-32-be", "replace").encode("utf-8", "replace")
    if escape[1:2] == b"x" and len(escape) > 2:
        return chr(int(escape[2:], 16)).encode()
    return _SIMPLE.get(escape[1:], escape[1:])


_BINARY: Final = rb"!!binary \|\n((?: +[A-Za-z0-9+/=]+(?:\n|\Z))+)"


def _unpacked(view: bytes) -> Iterator[bytes]:
    """Yield what is packed in *view*: base64 in YAML decoded, wide characters made narrow, bytes decompressed."""
    if view.startswith((b"\x1f\x8b", b"\x78")):
        with suppress(zlib.error):
            yield zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(view, _LARGEST_UNPACKED)
    if b"\0" in view:
        yield view.replace(b"\0", b"")
    for block in re.findall(_BINARY, view):
        with suppress(ValueError):
            yield base64.b64decode(block.translate(None, _WHITE))
