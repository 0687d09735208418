"""Notices that the network goes on giving one answer to one request: then whoever asks may ask for ever."""

from __future__ import annotations

from typing import Final, NamedTuple

from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.model.match_key import MatchKey

_LEAST: Final = 3  # a client may try that often by itself


class Last(NamedTuple):
    """The last answer to a request, in words, how many times in a row it came, and how many times it may.

    ``setting`` is what hubfiles_max_identical_answers says.
    """

    shown: str
    times: int
    most: int
    setting: int


class IdenticalAnswers:
    """Counts for each request how many of its last answers were the same, up to *most*; a tenth of it for errors.

    Two polls of a task are answered the same if they show the same state, and two errors if they have one status,
    whatever else they show, such as the time or an id of the request.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._counted: dict[MatchKey, tuple[object, Last]] = {}

    def add(self, answered: Interaction, state: str | None) -> None:
        """Count an answer that shows this *state* of a task, None if it shows none."""
        status = answered.status_code
        answer = status, state or (answered.response_body if status < 400 else "an error")
        before, last = self._counted.get(answered.match_key, (None, None))
        count = last.times + 1 if last is not None and before == answer else 1
        most = self.most if status < 400 else min(self.most, max(self.most // 10, _LEAST))
        shown = f"HTTP {status}{f', {state}' if state else ''}"
        self._counted[answered.match_key] = answer, Last(shown, count, most, self.most)

    def too_many(self, request: MatchKey) -> Last | None:
        """Return the last answer to *request* if it came so often that it must not be asked for again."""
        _, last = self._counted.get(request, (None, None))
        return last if last is not None and last.times >= last.most else None
