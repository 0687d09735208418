"""Which headers a recording keeps, and which credentials headers hold."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from pytest_hubfiles.secrets import patterns

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
        elif patterns.is_secret_header(name) and any(_is_secret(value) for value in values):
            scrubber.places.append(f"{place} {name}")
            scrubber.values.update(part for value in values for part in _parts(name, value))
        else:  # not kept, but a token in it is a credential in the file on disk
            for token in (token for value in values for token in patterns.plain_tokens(value)):
                scrubber.replace(f"{place} {name}", token)
    return kept


def scrubbed_headers(scrubber: Scrubber, place: str, headers: HeaderLists) -> dict[str, tuple[str, ...]]:
    """Return *headers*, which are kept, with their values scrubbed."""
    return {
        name: tuple(scrubber.text(f"{place} {name}", value) for value in values) for name, values in headers.items()
    }


def _is_secret(value: str) -> bool:
    """Return whether the value of a secret header is a credential; Cloudflare's bot cookies open nothing."""
    is_bot_cookie = value.lstrip().startswith(("__cf_bm=", "__cfruid=", "_cfuvid="))
    return bool(value) and not patterns.is_placeholder(value) and not is_bot_cookie


def _parts(name: str, value: str) -> Iterator[str]:
    """Yield the credentials in the *value* of a secret header: without the scheme, and each value of a cookie."""
    if name.lower().endswith("authorization"):
        scheme, _, rest = value.strip().partition(" ")
        yield rest.strip() or scheme
        if scheme.lower() == "basic" and (plain := patterns.from_basic(rest.strip())):
            yield from (plain, plain.partition(":")[2])
    elif name.lower().endswith("cookie"):
        yield value
        cookies = value.split(";")[:1] if name.lower() == "set-cookie" else value.split(";")
        yield from filter(patterns.is_distinctive, (cookie.partition("=")[2].strip() for cookie in cookies))
    else:
        yield value


def credentials_in(headers: HeaderLists) -> frozenset[str]:
    """Return the credentials in the *headers* of a request; they are to be found everywhere else."""
    found = {
        part
        for name, values in headers.items()
        if patterns.is_secret_header(name)
        for value in values
        for part in _parts(name, value)
    }
    return frozenset(value for value in found if len(value) >= patterns.SHORTEST and value != patterns.PLACEHOLDER)
