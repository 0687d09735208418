"""What may happen, whatever the shapes: a task that takes longer or ends otherwise, an outage."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from pytest_hubfiles.model import known_answers
from pytest_hubfiles.model.exchange import NEVER_COMES, Interaction
from pytest_hubfiles.model.known_answers import task_error
from pytest_hubfiles.model.task_states import TERMINAL
from pytest_hubfiles.rehearsal.changes.bodies import JSON, parsed, with_body, with_json, with_status

_CORRELATION_ID: Final = "019db16f-8c90-72b0-b3f7-d1e4b1d02aaf"  # [R] the form since 2026-04
_KEPT: Final = frozenset({"date"})  # what an outage has in common with any other answer
_FOR_GOOD: Final = "-for-good"


class Turn(NamedTuple):
    """One answer among those to the same request, all of them in order."""

    answer: Interaction
    number: int
    among: Sequence[Interaction]

    @property
    def is_first(self) -> bool:
        """Whether no other answer to the request came before."""
        return self.number == 0

    @property
    def ends(self) -> bool:
        """Whether the answer shows the end of a task."""
        return self.answer.task_status in TERMINAL


Event = Callable[[Turn], Sequence[Interaction]]
"""Returns what stands in place of an answer; just the very same answer if nothing does."""


# --- tasks --------------------------------------------------------------------------------------------------


def _waiting(turn: Turn) -> Interaction | None:
    """Return a poll that says that the task is still waiting: a recorded one, else one made of its end."""
    polls = [poll for poll in turn.among if poll.task_status is not None]
    waiting = next((poll for poll in polls if poll.task_status not in TERMINAL), None)
    return waiting or (_changed(polls[0], "PENDING", {}) if polls else None)


def _changed(poll: Interaction, state: str, more: Mapping[str, object]) -> Interaction:
    """Return *poll* in another *state*, as bodies of that state are: [I] what does not apply is absent."""
    times = {name for names in known_answers.TIMES.values() for name in names}
    left_out = {"result", "numErrors", "errors", *(times - set(known_answers.TIMES[state]))}
    read = parsed(poll)
    body = {} if read is None else {name: value for name, value in read.value.items() if name not in left_out}
    return with_json(poll, {**body, "status": state, **more})


def _more_polls(count: int) -> Event:
    def polled(turn: Turn) -> Sequence[Interaction]:
        waiting = _waiting(turn) if turn.is_first else None
        return [turn.answer] if waiting is None else [waiting] * count + [turn.answer]

    return polled


def _ended(state: str, message: str) -> Event:
    def end(turn: Turn) -> Sequence[Interaction]:
        if turn.answer.task_status != "COMPLETE":
            return [turn.answer]
        more: dict[str, Any] = {"numErrors": 1, "errors": [task_error(message)]}
        return [_changed(turn.answer, state, more)]

    return end


def _left_out(*states: str) -> Event:
    """Return the event that a task is not seen in *states*, in any but its last one if there are none."""

    def leave_out(turn: Turn) -> Sequence[Interaction]:
        state = turn.answer.task_status
        ends_later = any(poll.task_status in TERMINAL for poll in turn.among[turn.number + 1 :])
        is_left_out = state is not None and (state in states if states else not turn.ends)
        return [] if is_left_out and ends_later else [turn.answer]

    return leave_out


def _back_from(state: str) -> Event:
    """Return the event that a task, once it was seen in *state*, is seen waiting, and then in that state again."""

    def go_back(turn: Turn) -> Sequence[Interaction]:
        seen = next(
            number for number, poll in enumerate([*turn.among, None]) if poll is None or poll.task_status == state
        )
        if turn.number != seen:
            return [turn.answer]
        return [turn.answer, _changed(turn.answer, "PENDING", {}), turn.answer]

    return go_back


def _never_ends(turn: Turn) -> Sequence[Interaction]:
    waiting = _waiting(turn) if turn.ends else None
    return [turn.answer if waiting is None else waiting]


# --- outages ------------------------------------------------------------------------------------------------


def _limited(policy: str, *headers: tuple[str, str]) -> Callable[[Interaction], Interaction]:
    return lambda answer: _refusal(answer, 429, known_answers.rate_limited(policy, _CORRELATION_ID), *headers)


def _refusal(answer: Interaction, status: int, body: object, *headers: tuple[str, str]) -> Interaction:
    text = json.dumps(body, separators=(",", ":")).encode()
    return _outage(answer, status, text, JSON, *headers)


def _outage(answer: Interaction, status: int, body: bytes, content_type: str, *headers: tuple[str, str]) -> Interaction:
    kept = {name: values for name, values in answer.response_headers.items() if name.lower() in _KEPT}
    added = {name: (value,) for name, value in headers}
    bare = replace(answer, response_headers={**kept, **added})
    return with_status(with_body(bare, body, content_type), status)


def _cut(answer: Interaction) -> Interaction:
    """Return *answer* as if the connection closed half way through the announced body: clients raise what that is."""
    whole, half = answer.body, answer.body[: len(answer.body) // 2]
    cut = with_body(answer, half)
    kept = {name: values for name, values in cut.response_headers.items() if name.lower() != "content-length"}
    return replace(cut, response_headers={**kept, "Content-Length": (str(len(whole)),)})


def _stalled(answer: Interaction) -> Interaction:
    """Return what stands for *answer* where nothing comes: clients wait until their own time-out."""
    return replace(answer, status_code=NEVER_COMES, reason="", response_headers={}, response_body=b"")


def _redirected(answer: Interaction, status: int, to: str, body: bytes) -> Interaction:
    return _outage(answer, status, body, known_answers.HTML, ("Location", to))


def _to_login(answer: Interaction) -> list[Interaction]:
    """Return a redirect to the page on which people log in, and that page, for clients that follow."""
    asked = replace(answer, method="GET", url=known_answers.LOGIN, request_body=b"")
    login = _outage(asked, 200, known_answers.page("HubSpot Login"), known_answers.HTML)
    return [_redirected(answer, 302, known_answers.LOGIN, known_answers.page(known_answers.LOGIN_REDIRECT)), login]


def _elsewhere(turn: Turn) -> Sequence[Interaction]:
    """Return a redirect for good that keeps the method, and the answer at the place that it leads to."""
    url = urlsplit(turn.answer.url)
    moved = url._replace(query="&".join(filter(None, (url.query, "moved=true")))).geturl()
    return [_redirected(turn.answer, 308, moved, b""), replace(turn.answer, url=moved)]


_OUTAGES: Final[Mapping[str, Callable[[Interaction], Interaction]]] = {
    "429": _limited(known_answers.DAILY, known_answers.RETRY_AFTER),
    "429-no-retry-after": _limited(known_answers.TEN_SECONDLY),
    "500": lambda answer: _refusal(answer, 500, known_answers.server_error(_CORRELATION_ID)),
    "502": lambda answer: _outage(answer, 502, known_answers.page("502 Bad Gateway"), known_answers.HTML),
    "cut": _cut,
    "stall": _stalled,
}


def _once(outage: Callable[[Interaction], Interaction]) -> Event:
    return lambda turn: [outage(turn.answer), turn.answer] if turn.is_first else [turn.answer]


def _for_good(outage: Callable[[Interaction], Interaction]) -> Event:
    return lambda turn: [outage(turn.answer)]


EVENTS: Final[Mapping[tuple[str, str | None], Event]] = {
    ("task-canceled", None): _ended("CANCELED", known_answers.CANCELED),
    ("task-without-result", None): _ended("COMPLETE", known_answers.NOT_DOWNLOADED),
    ("one-poll-more", None): _more_polls(1),
    ("ten-polls-more", None): _more_polls(10),
    ("state-gone", "PENDING"): _left_out("PENDING"),
    ("state-gone", "PROCESSING"): _left_out("PROCESSING"),
    ("state-gone", "waiting"): _left_out(),
    ("task-failed", None): _ended("FAILED", known_answers.FAILED),
    ("task-never-ends", None): _never_ends,
    ("task-goes-back", "PROCESSING"): _back_from("PROCESSING"),
    ("task-goes-back", "COMPLETE"): _back_from("COMPLETE"),
    ("redirect", "moved"): _elsewhere,
    ("redirect", "login"): lambda turn: [*(_to_login(turn.answer) if turn.is_first else ()), turn.answer],
    ("redirect", "login-for-good"): lambda turn: _to_login(turn.answer),
    **{("outage", name): _once(outage) for name, outage in _OUTAGES.items()},
    **{("outage", name + _FOR_GOOD): _for_good(outage) for name, outage in _OUTAGES.items()},
}
"""What happens in place of one answer, by name and variant."""
