"""What a test is answered from: the cassette as it was before the test, and its answers, found by the request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus

from pytest_hubfiles import cassettes, secrets
from pytest_hubfiles.model.body import BodyNotJsonError
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.match_key import MatchKey
from pytest_hubfiles.model.task_states import TERMINAL
from pytest_hubfiles.record.session_secrets import SessionSecrets


@dataclass
class Tape:
    """The recorded answers in order; each is played once, the end of a task again and again.

    ``interactions`` are what requests are matched with, and what is judged and reported; ``stored`` what is answered.
    ``most_repeats`` is how often the end of a task is repeated: who asks on and on does not see that it has ended.
    ``is_changed`` says that this is not what was recorded: any answer is repeated then, as HubSpot would, for whoever
    asks on or tries again.
    ``has_waited`` says whether one was that shows no end, ``is_endless`` whether that went on until the last repeat, or
    a client waited for ever.
    ``takes_any_body`` says whether a request may have another body than the one recorded. ``watch`` is told what each
    request is matched by, and its answer, None if it has none.
    """

    interactions: list[Interaction]
    stored: list[Interaction]
    played: set[int] = field(default_factory=set)
    index: dict[MatchKey, list[int]] = field(default_factory=dict)
    most_repeats: int = 500
    is_changed: bool = False
    has_waited: bool = False
    is_endless: bool = False
    takes_any_body: bool = False
    watch: Callable[[MatchKey, Interaction | None], None] | None = None
    _repeats: Counter[int] = field(default_factory=Counter)
    _passed: dict[MatchKey, int] = field(default_factory=dict)  # how many of the same are played, at least

    def __post_init__(self) -> None:
        for number, interaction in enumerate(self.interactions):
            self.index.setdefault(interaction.match_key, []).append(number)

    def next(self, request: Interaction) -> int | None:
        """Return the number of the answer to *request*, None where there is none (any more)."""
        return self.find(request.match_key)

    def find(self, key: MatchKey) -> int | None:
        """Return the number of the answer to the request with this match key, None where there is none (any more)."""
        number = self._find(key)
        if number is None and self.takes_any_body:
            number = next((other for other in self._like(key) if other not in self.played), None)
        if self.watch is not None:
            self.watch(key, None if number is None else self.interactions[number])
        return number

    def _find(self, key: MatchKey) -> int | None:
        same = self.index.get(key, ())
        passed = self._passed.get(key, 0)
        while passed < len(same) and same[passed] in self.played:  # each is passed once, however many there are
            passed += 1
        if passed < len(same):
            self._passed[key] = passed
            return same[passed]
        # vcrpy would fail a task polled once more than it was recorded; HubSpot would repeat its last answer.
        if not same or not (self.interactions[same[-1]].task_status in TERMINAL or self.is_changed):
            return None
        if self._repeats[same[-1]] < self.most_repeats:
            return same[-1]
        self.is_endless = self.is_changed
        return None

    @property
    def repeats(self) -> int:
        """How often answers were given that had been given before."""
        return self._repeats.total()

    def with_any_body(self, key: MatchKey) -> Interaction | None:
        """Return the next request to be answered that is like *key* but for its body, None where there is none."""
        alike = (self.interactions[number] for number in self._like(key))
        return next((interaction for interaction in alike if self._find(interaction.match_key) is not None), None)

    def _like(self, key: MatchKey) -> Iterator[int]:
        """Yield the numbers of the requests that are like *key* but for its body."""
        return (number for number, i in enumerate(self.interactions) if i.match_key[:-1] == key[:-1])

    @property
    def unplayed(self) -> list[Interaction]:
        """What nobody has asked for."""
        return [i for number, i in enumerate(self.interactions) if number not in self.played]

    def take(self, number: int) -> None:
        """Note that the answer *number* is played."""
        if number in self.played:
            self._repeats[number] += 1
            answer = self.interactions[number]
            is_poll = answer.task_id is not None
            is_waiting = is_poll and answer.task_status not in TERMINAL and not _is_refusal(answer)
            self.has_waited = self.has_waited or is_waiting
        else:
            self.played.add(number)


def _is_refusal(answer: Interaction) -> bool:
    """Return whether *answer* is an error, or cut off."""
    try:
        answer.json  # noqa: B018  # read for what it raises
        return answer.status_code >= HTTPStatus.BAD_REQUEST
    except BodyNotJsonError:
        return True


class StoredCassette:
    """What the cassette held before the test.

    ``original`` is without the credentials that a foreign cassette may hold; ``replayed`` is as it stands in the file,
    as that is what the client gets. ``unreadable`` is why the file could not be read. ``missed`` is the
    first request that was to be answered while nothing was recorded at all.
    """

    def __init__(
        self, read: Callable[[], list[Interaction]], is_replayed: bool, session_secrets: SessionSecrets
    ) -> None:
        self._secrets = session_secrets
        self.unreadable: cassettes.CassetteUnreadableError | None = None
        self.replayed: list[Interaction] = []
        self.missed: Interaction | None = None
        try:
            stored = read()
            if is_replayed:
                self.replayed = [interaction.plain() for interaction in stored]
        except cassettes.CassetteUnreadableError as error:
            stored, self.unreadable = [], error
        self._scrubbed = session_secrets.scrub_cassette(stored)
        self.original = _reported(stored, self._scrubbed)

    def tape(self, loaded: list[Interaction]) -> Tape:
        """Return the tape for *loaded*: what is replayed, as the user's load hooks left it."""
        scrubbed = self._scrubbed
        if loaded != self.replayed or self._secrets.has_additions:
            scrubbed = self._secrets.scrub_cassette(loaded)
        return Tape(_reported(loaded, scrubbed), loaded)

    def unreadable_finding(self, display_name: str) -> Finding | None:
        """Return the finding for a file that could not be read, if it could not."""
        if self.unreadable is None:
            return None
        from pytest_hubfiles.cassettes import file_findings

        return file_findings.unreadable(self.unreadable, display_name)

    def findings(self, display_name: str) -> list[Finding]:
        """Return what is wrong with the file itself: it is unreadable, or credentials stand in it."""
        unreadable = self.unreadable_finding(display_name)
        if unreadable is not None:
            return [unreadable]
        places = [(i.line, s.places) for i, s in zip(self.original, self._scrubbed, strict=True) if s.places]
        if not places:
            return []
        from pytest_hubfiles.cassettes import file_findings

        return file_findings.credentials_found(places)


def _reported(stored: list[Interaction], scrubbed: list[secrets.Scrubbed]) -> list[Interaction]:
    """Return *stored* interactions as our own recordings would hold them."""
    return [i if _is_same(i, s) else s.interaction for i, s in zip(stored, scrubbed, strict=False)]


def _is_same(stored: Interaction, scrubbed: secrets.Scrubbed) -> bool:
    return (
        not scrubbed.places
        and stored.url == scrubbed.interaction.url
        and stored.request_body == scrubbed.interaction.request_body
        and stored.response_body == scrubbed.interaction.response_body
    )
