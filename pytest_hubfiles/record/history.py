"""What one test has exchanged, in an order that is known to be possible."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import NamedTuple

from pytest_hubfiles.model.exchange import Exchange, Interaction
from pytest_hubfiles.model.task_states import TRANSITIONS, goes_back


class Asked(NamedTuple):
    """An exchange, the moments at which it was asked for and answered, and whether a cassette is to keep it."""

    exchange: Exchange
    asked: int
    answered: int
    is_recorded: bool


class History:
    """The exchanges of one test in the order in which they were asked for.

    Neither that nor the order of the answers is the order in which a server took requests that overlapped. Of two, one
    is known to be the later only if it was asked for when the other had its answer. So polls of one task that
    overlapped trade places where the task would seem to go back otherwise: a step back that is left is one that the
    task has taken. What comes from a tape is asked for and answered at once, and so is in the order of the tape.
    ``answered_live`` is how many answers came from the network and are recorded; ``on_live`` is called with each.

    Its user sees to it that only one thread at a time adds to it.
    """

    def __init__(self) -> None:
        self._now = 0
        self._answered: list[Asked] = []
        self._ordered: list[Asked] = []
        self._may_overlap = False
        self._last_asked = 0
        self.answered_live = 0
        self.on_live: Callable[[Exchange], None] = lambda exchange: None

    def moment(self) -> int:
        """Return the number of this moment: a later one has a higher number."""
        self._now += 1
        return self._now

    def __len__(self) -> int:
        return len(self._answered)

    def add(self, exchange: Exchange, asked: int | None = None) -> None:
        """Add what a tape has answered, that was asked for at the moment *asked*, else now."""
        at = self.moment() if asked is None else asked
        self._may_overlap = self._may_overlap or at < self._last_asked
        self._last_asked = at
        self._answered.append(Asked(exchange, at, at, False))

    def add_live(self, exchange: Exchange, asked: int, *, is_recorded: bool) -> None:
        """Add what the network has answered now."""
        self._may_overlap = True
        self._answered.append(Asked(exchange, asked, self.moment(), is_recorded))
        if is_recorded:
            self.answered_live += 1
            self.on_live(exchange)

    def since(self, count: int) -> list[Exchange]:
        """Return what was answered after the first *count* answers, in the order of the answers."""
        return [one.exchange for one in self._answered[count:]]

    @property
    def exchanges(self) -> list[Exchange]:
        """All exchanges."""
        return [one.exchange for one in self._in_order()]

    @property
    def recorded(self) -> list[Interaction]:
        """What a cassette is to keep."""
        return [one.exchange.interaction for one in self._in_order() if one.is_recorded]

    def change(self, changed: Callable[[Exchange], Exchange]) -> None:
        """Put what *changed* returns in the place of each exchange."""
        self._answered = [one._replace(exchange=changed(one.exchange)) for one in self._answered]
        self._ordered = []

    def _in_order(self) -> list[Asked]:
        if not self._may_overlap:
            return self._answered
        if len(self._ordered) != len(self._answered):
            self._ordered = _possible(sorted(self._answered, key=lambda one: one.asked))
        return self._ordered


def _possible(asked: list[Asked]) -> list[Asked]:
    """Return *asked*, in the order of asking, so that a task goes back only where that is known."""
    places: dict[str, list[int]] = {}
    for place, one in enumerate(asked):
        if one.exchange.task_status is not None:
            places.setdefault(one.exchange.interaction.path, []).append(place)
    ordered = list(asked)
    for same in places.values():
        polls = [asked[place] for place in same]
        states = [str(poll.exchange.task_status) for poll in polls]
        if any(map(goes_back, states, states[1:])):
            for place, poll in zip(same, _forward(polls), strict=True):
                ordered[place] = poll
    return ordered


def _forward(polls: list[Asked]) -> list[Asked]:
    """Return the *polls* of one task, which are in the order of asking, so that it goes back as little as can be.

    The next is always the one that leaves the task the most ways to go on, of all that were asked for before any of the
    others had its answer.
    """
    by_answer = iter(sorted(range(len(polls)), key=lambda number: polls[number].answered))
    first_answered = next(by_answer)
    ordered: list[Asked] = []
    taken: set[int] = set()
    waiting: list[tuple[int, int]] = []
    coming = 0
    while len(ordered) < len(polls):
        while first_answered in taken:
            first_answered = next(by_answer)
        while coming < len(polls) and polls[coming].asked <= polls[first_answered].answered:
            ways_on = len(TRANSITIONS.get(str(polls[coming].exchange.task_status), ())) or len(TRANSITIONS) + 1
            heapq.heappush(waiting, (-ways_on, coming))
            coming += 1
        _, number = heapq.heappop(waiting)
        taken.add(number)
        ordered.append(polls[number])
    return ordered
