"""The requests that a test has sent to the network and that have no answer yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pytest_hubfiles.cassettes import Limits
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.record.failures import reason_of
from pytest_hubfiles.record.identical_answers import IdenticalAnswers
from pytest_hubfiles.record.wire import ClientRequest, asked_label


@dataclass
class _RequestInFlight:
    """A request in flight: when it was asked, its cassette form once computed, and why it failed, if it did."""

    asked: int
    request: ClientRequest
    recorded: Interaction | None = None
    failure: str | None = None


class RequestsInFlight:
    """The requests without an answer, by the objects in which the client's stub holds them.

    *record* returns a request as a cassette holds it. ``identical`` counts answers that are always the same. All
    answers together keep to *limits*.
    """

    def __init__(
        self, record: Callable[[ClientRequest], Interaction], max_identical_answers: int, limits: Limits
    ) -> None:
        self._record = record
        self._limits = limits
        self._bytes = 0
        self.identical = IdenticalAnswers(max_identical_answers)
        self._requests: dict[ClientRequest, _RequestInFlight] = {}

    def __contains__(self, request: ClientRequest) -> bool:
        return request in self._requests

    def add(self, request: ClientRequest, filtered: ClientRequest, asked: int) -> None:
        """Add *request*, which is *filtered* once the user's hooks have seen it, and *asked* at that moment."""
        self._requests[request] = _RequestInFlight(asked, filtered)

    @property
    def are_waiting(self) -> bool:
        """Whether one of them may still get an answer."""
        return any(sent.failure is None for sent in self._requests.values())

    def failed(self, request: ClientRequest, error: BaseException) -> None:
        """Note *error*, for which *request* will get no answer."""
        if request in self._requests:
            self._requests[request].failure = reason_of(error)

    def silent(self, base_url: str) -> Iterator[str]:
        """Yield what is to be said of each request from a test whose base URL is *base_url*."""
        for interaction, (request, sent) in zip(self.recorded(), list(self._requests.items()), strict=True):
            reason = "" if sent.failure is None else f": {sent.failure}"
            yield f"{asked_label(request, interaction, base_url)} got no answer{reason}"

    def remove(self, request: ClientRequest) -> None:
        """Remove *request*, which will get no answer."""
        self._requests.pop(request, None)

    def recorded(self) -> list[Interaction]:
        """Return the requests as the cassette would hold them."""
        for sent in self._requests.values():
            sent.recorded = sent.recorded or self._record(sent.request)
        return [sent.recorded for sent in self._requests.values() if sent.recorded is not None]

    def too_much(self, request: ClientRequest, answered: Interaction, base_url: str) -> str | None:
        """Count an answer to *request*; return why no cassette could hold it with those before, None if one could."""
        size = len(answered.body)
        if not answered.is_bomb and self._bytes + size <= self._limits.bytes:
            self._bytes += size
            return None
        self.remove(request)
        asked = asked_label(request, self._record(request), base_url)
        said = "a compressed answer far too large" if answered.is_bomb else f"an answer of {size / 1_000_000:.1f} MB"
        return f"{asked} got {said}, and {self._limits.setting} is for all that a test records"

    def answered(self, request: ClientRequest, answered: Interaction) -> int | None:
        """Remove *request*, which has an answer; return the moment at which it was asked, None if it never was."""
        if request not in self._requests:  # aiohttp's stub makes new requests along redirects
            pairs = zip(self._requests, self.recorded(), strict=True)
            request = next((sent for sent, recorded in pairs if recorded.match_key == answered.match_key), request)
        sent = self._requests.pop(request, None)
        return None if sent is None else sent.asked
