"""The write guard takes the last look at a file: no credential that was sent or configured may be in its bytes.

It shares nothing with scrubbing, neither code nor lists of names: what one of the two misses, the other may find.
"""

from __future__ import annotations

import base64
import json
import re
import string
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, unquote_to_bytes, urlsplit

from pytest_hubfiles.errors import HubfilesError

SHORTEST: Final = 8
"""Characters; shorter credentials are not searched for: they would be found inside common words."""

_SHORTEST_GUESSED: Final = 12  # characters of a value that is a credential only by the name of its variable
_DEEPEST: Final = 4  # encodings inside one another
_MOST_VIEWS: Final = 24
_LARGEST_UNPACKED: Final = 32 * 2**20  # bytes

# These patterns are compiled when something is sent or written: a replay does neither.
_HEADER: Final = r"(?i)auth|cookie|token|secret|signature|session|api.?key|hapikey"
_PARAMETER: Final = (
    r"(?i)token|secret|passw|pwd|passphrase|api.?key|hapikey|access.?key|private.?key|signature|assertion|credential"
    r"|authorization|cookie|\A(?:code|code_verifier|sig)\Z"
)
_MAYBE: Final = _PARAMETER.replace(r"\A(?:code|code_verifier|sig)\Z", "code|sig")
_NO_CREDENTIAL: Final = r"(?i)page|cursor|next|sync|continuation|type|hint|expires"
_VARIABLE: Final = re.compile(
    r"(?i)(?:\A|_)(?:token|secret|password|passwd|passphrase|api_?key|hapikey|access_?key|private_?key|credentials?)"
    r"(?:\Z|_)"
)
_OWN_VARIABLE: Final = "HUBSPOT_ACCESS_TOKEN"
_WORDS: Final = frozenset({"SCRUBBED", "00000000-0000-4000-8000-000000000000"})


@lru_cache(maxsize=4096)  # every test looks at the same variables
def _names_a_credential(variable: str) -> bool:
    return _VARIABLE.search(variable) is not None


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

    @classmethod
    def of(cls, environment: Mapping[str, str], token: str | None = None) -> WriteGuard:
        """Return a guard that knows the *token* of the built-in calls and the credentials in *environment*."""
        guard = cls()
        if token:
            guard.know(token, "the token that the fixture hubfiles_token gives")
        guard.know(environment.get(_OWN_VARIABLE, ""), f"the value of {_OWN_VARIABLE}")
        for name in environment:
            if _names_a_credential(name):
                value = environment[name]
                if len(value) >= _SHORTEST_GUESSED and _is_no_word(value):
                    guard.know(value, f"the value of {name}")
        return guard

    @property
    def values(self) -> frozenset[str]:
        """The credentials by value."""
        return frozenset(self._known)

    def know(self, value: str, what: str) -> None:
        """Search for *value* from now on, under the name *what*; not if it is too short to be found reliably."""
        if len(value.strip()) >= SHORTEST and value not in _WORDS:
            self._known.setdefault(value.strip(), what)

    def learn(self, url: str, headers: Mapping[str, tuple[str, ...]], body: bytes) -> None:
        """Learn the credentials in a request that was sent."""
        for name, values in headers.items():
            if re.search(_HEADER, name):
                for value in values:
                    self._learn_header(name, value)
        parts = urlsplit(url)
        if parts.password:
            self._learn_field("password", parts.password, "the password in an address")
        for name, value in parse_qsl(parts.query):
            self._learn_field(name, value, f"the query parameter {name} of a request")
        text = body.decode("utf-8", "replace")
        if text and re.search(_MAYBE, text):
            for name, value in _fields(text):
                self._learn_field(name, value, f"the field {name} of a request's body")

    def _learn_header(self, name: str, value: str) -> None:
        what = f"the header {name} of a request"
        if "cookie" in name.lower():
            self.know(value, what)
            for cookie in value.split(";"):
                single = cookie.partition("=")[2]
                self.know(single if _is_no_word(single) else "", what)
            return
        if "authorization" not in name.lower() and not _is_no_word(value):
            return
        scheme, _, rest = value.partition(" ")
        self.know(value, what)
        self.know(rest, what)
        if scheme.lower() == "basic":
            try:
                user = base64.b64decode(rest).decode("utf-8")
            except ValueError:
                return
            self.know(user, what)
            self.know(user.partition(":")[2], what)

    def _learn_field(self, name: str, value: str, what: str) -> None:
        if re.search(_PARAMETER, name) and not re.search(_NO_CREDENTIAL, name) and _is_no_word(value):
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
            for plain in (_percent_decoded(view), _unescaped(view), view.replace(b"''", b"'"), *_unpacked(view)):
                if plain not in seen and len(seen) < _MOST_VIEWS:
                    seen.add(plain)
                    following.append(plain)
        layer = following
    yield from layer


def _percent_decoded(view: bytes) -> bytes:
    return unquote_to_bytes(view) if b"%" in view else view


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


# --- what a request holds --------------------------------------------------------------------------------------


def _is_no_word(value: str) -> bool:
    """Return whether *value* is neither an id nor a word: no number, and with a digit or longer than words are."""
    return not value.isdigit() and (len(value) >= 20 or any(letter.isdigit() for letter in value))


_MULTIPART_FIELD: Final = r'(?i)name="?([^";\r\n]+)"?(?:\r?\n[^\r\n]+)*\r?\n\r?\n([^\r\n]+)'


def _fields(text: str) -> Iterator[tuple[str, str]]:
    """Yield the named values in *text*: the fields of a form, of multipart, or of JSON at any depth."""
    yield from parse_qsl(text) if "=" in text else ()
    yield from re.findall(_MULTIPART_FIELD, text)
    try:
        waiting: list[Any] = [json.loads(text)]
    except (ValueError, RecursionError):
        return
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield from ((name, child) for name, child in value.items() if isinstance(child, str))
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
