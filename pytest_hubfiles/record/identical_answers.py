"""Notices that the network goes on giving one answer to one request: then whoever asks may ask for ever."""

from __future__ import annotations

from typing import NamedTuple

from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.model.match_key import MatchKey


class Last(NamedTuple):
    """The last answer to a request, in words, and how many times in a row it came."""

    shown: str
    times: int


class IdenticalAnswers:
    """Counts for each request how many of its last answers were the same, up to *most*.

    Two polls of a task are answered the same if they show the same state, and two errors if they have one status,
    whatever else they show, such as the time or an id of the request.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._counted: dict[MatchKey, tuple[object, Last]] = {}

    def add(self, answered: Interaction) -> None:
        """Count an answer."""
        status, state = answered.status_code, answered.task_status
        answer = status, state or (answered.response_body if status < 400 else "an error")
        before, last = self._counted.get(answered.match_key, (None, None))
        count = last.times + 1 if last is not None and before == answer else 1
        self._counted[answered.match_key] = answer, Last(f"HTTP {status}{f', {state}' if state else ''}", count)

    def too_many(self, request: MatchKey) -> Last | None:
        """Return the last answer to *request* if it came so often that it must not be asked for again."""
        _, last = self._counted.get(request, (None, None))
        return last if last is not None and last.times >= self.most else None
