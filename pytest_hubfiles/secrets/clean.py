"""The common case: there is nothing to scrub from a recording. A green replay loads no more than this."""

from __future__ import annotations

import base64
import re
import string
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from pytest_hubfiles.model.exchange import Interaction

SHORTEST_RUN: Final = 32
RUN: Final = re.compile(rf"[A-Za-z0-9+_/-]{{{SHORTEST_RUN},}}={{0,2}}")
CENTER: Final = r"(?:ap|eu|na)[0-9]{1,2}-"
_AT_ONCE: Final = 100  # interactions
# CENTER and four digits, looked for by the hyphen (0.15 of the time).
KEY_START: Final = re.compile(r"-(?:(?<=(?:ap|eu|na)[0-9]-)|(?<=(?:ap|eu|na)[0-9][0-9]-))[0-9a-fA-F]{4}")
_IN_RUNS: Final = frozenset((string.ascii_letters + string.digits + "+_/-").encode())
_BLANKED: Final = bytes(byte if byte in _IN_RUNS else 0x20 for byte in range(256))
OAUTH_START: Final = re.compile(r"C[I-P][A-Za-z0-9+/_-]{7}[BRhx][I-L]")


@lru_cache(maxsize=4096)  # the same few names come again and again
def folded(name: str) -> str:
    """Return *name* so that ``access_token``, ``accessToken`` and ``Access-Token`` are the same."""
    return re.sub("[^a-z0-9]", "", name.lower())


class Additions:
    """What a suite adds: ``fields`` and ``patterns`` to scrub, ``headers`` to keep.

    A pattern with a group scrubs what the group matched, any other pattern all that it matched.
    """

    def __init__(
        self,
        fields: Collection[str] = (),
        patterns: tuple[re.Pattern[str], ...] = (),
        headers: frozenset[str] = frozenset(),
    ) -> None:
        self.fields = frozenset(map(folded, fields))
        self.patterns, self.headers = patterns, headers

    @property
    def is_empty(self) -> bool:
        """Whether they make no text need a closer look."""
        return not self.fields and not self.patterns

    def holds(self, name: str) -> bool:
        """Return whether the suite has a field or parameter *name* scrubbed."""
        return bool(self.fields) and folded(name) in self.fields


NOTHING_MORE: Final = Additions()


class Scrubbed(NamedTuple):
    """An interaction fit to be written, the places where credentials stood, and those that can be searched for."""

    interaction: Interaction
    places: tuple[str, ...] = ()
    values: frozenset[str] = frozenset()


def _base64_forms(mark: str) -> set[str]:
    """Return what *mark* looks like inside base64, at each of the three offsets."""
    encoded = (base64.b64encode(bytes(offset) + mark.encode() + bytes(2)).decode() for offset in range(3))
    return {text[-(-offset * 4 // 3) : (offset + len(mark)) * 4 // 3] for offset, text in enumerate(encoded)}


_MARKS: Final = ("na1-", "na2-", "na3-", "eu1-", "ap1-", "pat-", "earer ", "_token", "Token")
_BASE64_MARKS: Final = tuple(sorted(set().union(*map(_base64_forms, _MARKS))))
_HEX_MARKS: Final = tuple(mark.encode().hex() for mark in _MARKS)


def may_encode_token(run: str) -> bool:
    """Return False only if no token stands in *run* as base64 or hex."""
    lower = run.lower()
    return any(mark in run for mark in _BASE64_MARKS) or any(mark in lower for mark in _HEX_MARKS)


def _long_runs(text: str) -> str:
    """Return what RUN matches in *text*, without it (0.3 of the time)."""
    pieces = text.encode("ascii", "replace").translate(_BLANKED).split()
    return b"\n".join([piece for piece in pieces if len(piece) >= SHORTEST_RUN]).decode("ascii")


def may_hold_credentials(text: str) -> bool:
    """Return False only if no rule of this package can find anything in *text*; most answers need no other look."""
    lower = text.lower()
    return (  # word by word: any() over a table would take three times as long
        "token" in lower
        or "secret" in lower
        or "pass" in lower
        or "key" in lower
        or "auth" in lower
        or "cookie" in lower
        or "bearer" in lower
        or "basic" in lower
        or "pwd" in lower
        or "jwt" in lower
        or "assertion" in lower
        or "signature" in lower
        or "utk" in lower
        or "sess" in lower
        or "sid" in lower
        or "cred" in lower
        or "srf" in lower
        or "otp" in lower
        or "private-app" in lower
        or "eyJ" in text
        or "pat-" in text
        or "=" in text
        or "@" in text
        or "%" in text
        or "\\" in text
        or KEY_START.search(text) is not None
        or OAUTH_START.search(text) is not None
        or (len(text) >= SHORTEST_RUN and may_encode_token(_long_runs(text)))
    )


def are_clean(interactions: Sequence[Interaction]) -> bool:
    """Return True only if there is nothing to scrub in any of *interactions*.

    It takes a hundred at a time as one text, since this needs four times the memory of what they hold.
    """
    starts = range(0, len(interactions), _AT_ONCE)
    return all(is_clean_text(as_one_text(interactions[start : start + _AT_ONCE])) for start in starts)


def as_one_text(interactions: Sequence[Interaction]) -> str:
    """Return all that is kept of *interactions* as one text; bytes that are no text become some other characters."""
    texts: set[str] = set()  # sets: bodies and headers that come again are looked at once (0.1 of the time of lists)
    bodies: set[bytes] = set()
    for interaction in interactions:
        texts |= {interaction.url, interaction.reason, *interaction.request_headers, *interaction.response_headers}
        texts.update(*interaction.request_headers.values(), *interaction.response_headers.values())
        bodies |= {interaction.request_body, interaction.response_body}
    return "\n".join([*texts, *(body.decode("latin-1") for body in bodies), ""])


def is_clean_text(text: str) -> bool:
    """Return True only if there is nothing to scrub in the interactions that :func:`as_one_text` made *text* of."""
    # An equals sign may be that of a secret, but most answers have this one. In another charset a text may be hidden.
    return text.isascii() and "\0" not in text and not may_hold_credentials(text.replace(";charset=utf-8\n", "\n"))
