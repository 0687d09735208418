"""The credentials that one test has used so far, and its recordings without them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from contextlib import suppress
from typing import Any, Final

from pytest_hubfiles import secrets
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.record.wire import text_of
from pytest_hubfiles.secrets.write_guard import WriteGuard

_MOST_DEFERRED: Final = 100  # requests; the headers of ten thousand would be a tenth of the memory of a test


class SessionSecrets:
    """The credentials that one test has used so far, by value; *write_guard* gets those that were sent."""

    def __init__(self, write_guard: WriteGuard, additions: secrets.Additions) -> None:
        self._write_guard = write_guard
        self._additions = additions
        self._values = set(write_guard.values)
        self._last_sent: tuple[str, Mapping[str, tuple[str, ...]], bytes] | None = None
        self._deferred: list[tuple[tuple[Any, Any], ...]] = []  # headers in which nobody has looked for credentials

    @property
    def has_additions(self) -> bool:
        """Whether the suite has fields or patterns of its own scrubbed."""
        return not self._additions.is_empty

    @property
    def values(self) -> Set[str]:
        """The credentials, with those that the write guard knows."""
        self.examine_deferred()
        return self._values | self._write_guard.values

    def add_from(self, request: Interaction) -> None:
        """Add the credentials in the headers of *request*."""
        self._add(secrets.credentials_in(request.request_headers))

    def _add(self, values: Iterable[str]) -> None:
        """Add *values*, but for pieces of what every recording holds: of the base URL, of the path of an operation."""
        self._values.update(value for value in values if not self._write_guard.is_public(value))

    def add_sent(self, request: Interaction) -> None:
        """Add the credentials in *request*, which goes to the network, unless the last one had the same."""
        sent = request.url, request.request_headers, request.request_body
        if sent != self._last_sent:
            self._last_sent = sent
            self._write_guard.learn(*sent)
            self.add_from(request)

    def defer(self, headers: Iterable[tuple[Any, Any]]) -> None:
        """Keep a request's *headers*, to be examined once a text is to be redacted or they are many."""
        deferred = tuple(headers)
        if deferred not in self._deferred:  # each poll of a task has the same
            self._deferred.append(deferred)
            if len(self._deferred) >= _MOST_DEFERRED:
                self.examine_deferred()

    def hand_on(self, run: SessionSecrets) -> None:
        """Have *run* know what this knows, and look for credentials in the same headers once a text is redacted."""
        run._add(self._values | self._write_guard.values)
        for headers in self._deferred:
            run.defer(headers)

    def examine_deferred(self) -> None:
        """Add the credentials in the headers that were kept."""
        with suppress(IndexError):  # another thread may log, too
            while self._deferred:
                kept = self._deferred.pop()
                headers: dict[str, tuple[str, ...]] = {}
                for name, value in kept:
                    headers[text_of(name)] = (*headers.get(text_of(name), ()), text_of(value))
                self._add(secrets.credentials_in(headers))

    def scrub_cassette(self, interactions: Sequence[Interaction]) -> list[secrets.Scrubbed]:
        """Return *interactions* that a cassette holds, scrubbed; the credentials in them are added."""
        if self._additions.is_empty and secrets.are_clean(interactions):
            return [secrets.Scrubbed(interaction) for interaction in interactions]
        scrubbed = [secrets.scrub(interaction, (), self._additions) for interaction in interactions]
        self._add(value for each in scrubbed for value in each.values)
        return scrubbed

    def scrub(self, interaction: Interaction) -> tuple[Interaction, frozenset[str]]:
        """Return *interaction* as a cassette holds it, and the credentials in it that are new and were added."""
        scrubbed = secrets.scrub(interaction, self._values, self._additions)
        earlier = frozenset(self._values)
        self._add(scrubbed.values)
        new = frozenset(self._values - earlier)
        if new:  # once more, as the value of a field may also stand in a message
            scrubbed = secrets.scrub(interaction, self._values, self._additions)
        return scrubbed.interaction, new

    def scrub_dummy(self, interaction: Interaction) -> Interaction:
        """Return *interaction* scrubbed without looking for the credentials that the test has used.

        The token of a replay may be a word that the recording is full of.
        """
        return secrets.scrub(interaction, (), self._additions).interaction


def scrub_known(interaction: Interaction, values: frozenset[str]) -> Interaction:
    """Return *interaction* without these *values*."""
    return secrets.scrub(interaction, values).interaction if secrets.may_hold(interaction, values) else interaction
