"""Which headers a recording keeps, and which credentials headers hold."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from pytest_hubfiles.secrets import authorization, names, patterns
from pytest_hubfiles.secrets.names import Telling
from pytest_hubfiles.secrets.plausible import PLACEHOLDER, SHORTEST, is_credential, is_example, is_placeholder

if TYPE_CHECKING:  # a replay asks for credentials_in and scrubs nothing
    from pytest_hubfiles.secrets.text import Scrubber

HeaderLists = Mapping[str, tuple[str, ...]]

# An answer keeps the headers that a contract or a client depends on. All others, cookies first, stay out of the file.
_RESPONSE_HEADERS: Final = frozenset(
    {"allow", "content-encoding", "content-type", "date", "deprecation", "link", "location", "retry-after", "sunset"}
)
_RESPONSE_PREFIXES: Final = ("ratelimit", "x-ratelimit", "x-hubspot-ratelimit")
_REQUEST_HEADERS: Final = frozenset({"accept", "content-type"})


def kept_of_response(scrubber: Scrubber, headers: HeaderLists) -> dict[str, tuple[str, ...]]:
    """Return the headers that an answer keeps; note the credentials in the others."""
    keep = {
        name
        for name in map(str.lower, headers)
        if name in _RESPONSE_HEADERS or name in scrubber.additions.headers or name.startswith(_RESPONSE_PREFIXES)
    }
    return _kept(scrubber, "response header", headers, keep)


def kept_of_request(scrubber: Scrubber, headers: HeaderLists) -> dict[str, tuple[str, ...]]:
    """Return the headers that a request keeps; note the credentials in the others."""
    return _kept(scrubber, "request header", headers, _REQUEST_HEADERS | scrubber.additions.headers)


def _kept(scrubber: Scrubber, place: str, headers: HeaderLists, keep: Collection[str]) -> dict[str, tuple[str, ...]]:
    kept = {}
    for name, values in sorted(headers.items(), key=lambda item: item[0].lower()):
        if name.lower() in keep:
            kept[name] = values
        elif found := [part for value in values if not _is_bot_cookie(value) for part in _parts(name, value)]:
            if not all(map(is_example, found)) and not all(map(_is_basic_example, values)):
                scrubber.places.append(f"{place} {name}")
            scrubber.values.update(found)
        else:  # not kept, but a token in it is a credential in the file on disk
            for token in (token for value in values for token in patterns.plain_tokens(value)):
                scrubber.replace(f"{place} {name}", token)
    return kept


def scrubbed_headers(scrubber: Scrubber, place: str, headers: HeaderLists) -> dict[str, tuple[str, ...]]:
    """Return *headers*, which are kept, with their values scrubbed."""
    return {
        name: tuple(scrubber.text(f"{place} {name}", value) for value in values) for name, values in headers.items()
    }


def _is_basic_example(value: str) -> bool:
    """Return whether *value* is a Basic authorization of a user and a password that are none."""
    plain = patterns.from_basic(value.strip().partition(" ")[2].strip())
    return bool(plain) and all(map(is_example, plain.split(":", 1)))


def _is_bot_cookie(value: str) -> bool:
    """Return whether the *value* of a header is a cookie of Cloudflare's that tells robots, and opens nothing."""
    return value.lstrip().startswith(("__cf_bm=", "__cfruid=", "_cfuvid="))


def _parts(name: str, value: str) -> Iterator[str]:
    """Yield the credentials in the *value* of the header *name*, none if it holds none."""
    told = names.of_header(name)
    if not told or is_placeholder(value):
        return
    if name.lower().endswith("authorization"):
        yield from (part for part in authorization.parts(value) if part and not is_placeholder(part))
    elif name.lower().endswith("cookie"):
        yield from authorization.of_cookies(value, is_set=name.lower().startswith("set"))
    elif is_credential(told, value):
        yield value
        if told is not Telling.NOTHING and " " in value.strip():  # Bearer X, under a name of one's own
            yield from (part for part in authorization.parts(value) if is_credential(Telling.MAYBE, part))


def credentials_in(headers: HeaderLists) -> frozenset[str]:
    """Return the credentials in the *headers* of a request; they are to be found everywhere else."""
    found = {part for name, values in headers.items() for value in values for part in _parts(name, value)}
    return frozenset(value for value in found if len(value) >= SHORTEST and value != PLACEHOLDER)
