"""What a test's requests and recordings have shown of credentials so far, and exchanges without them."""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import Any, Final

from pytest_hubfiles import secrets
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.record.wire import text_of
from pytest_hubfiles.secrets.write_guard import WriteGuard

_MANY: Final = 100  # headers of requests that are kept; of ten thousand they would take a tenth of all memory
_Headers = tuple[tuple[Any, Any], ...]


class Learned:
    """The credentials that one test has had so far, by value; the *write_guard* is to know those that were sent."""

    def __init__(self, write_guard: WriteGuard, additions: secrets.Additions) -> None:
        self._write_guard = write_guard
        self._additions = additions
        self._values = set(write_guard.values)
        self._seen: list[_Headers] = []  # not looked at so far

    def know(self, values: Iterable[str]) -> None:
        """Look for *values* everywhere from now on."""
        self._values.update(values)

    def learn(self, request: Interaction) -> None:
        """Know of the credentials in the headers of *request*."""
        self._values |= secrets.credentials_in(request.request_headers)

    def sent(self, request: Interaction) -> None:
        """Know of the credentials in *request*, which goes to the network, and have the write guard know of them."""
        self._write_guard.learn(request.url, request.request_headers, request.request_body)
        self.learn(request)

    def see(self, headers: Iterable[tuple[Any, Any]]) -> None:
        """Keep a request's *headers* to be looked at when there is something to tell, or when they are many."""
        seen = tuple(headers)
        if seen not in self._seen:  # each poll of a task has the same
            self._seen.append(seen)
            if len(self._seen) >= _MANY:
                self.look()

    def look(self) -> None:
        """Look at the headers that were kept."""
        while self._seen:
            headers: dict[str, tuple[str, ...]] = {}
            for name, value in self._seen.pop():
                headers[text_of(name)] = (*headers.get(text_of(name), ()), text_of(value))
            self._values |= secrets.credentials_in(headers)

    @property
    def values(self) -> Set[str]:
        """The credentials, those that the write guard knows with them."""
        self.look()
        return self._values | self._write_guard.values

    def scrubbed(self, interaction: Interaction) -> tuple[Interaction, frozenset[str]]:
        """Return *interaction* as a cassette holds it, and the credentials that were learned of it."""
        examined = secrets.scrub(interaction, self._values, self._additions)
        new = examined.values - self._values
        if new:
            self._values |= new  # and once more: what a field held may also stand in a message
            examined = secrets.scrub(interaction, self._values, self._additions)
        return examined.interaction, new
