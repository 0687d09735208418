"""Refuses requests that have no recorded answer: what the client gets, and what the test reports."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from pytest_hubfiles.errors import HubfilesError, Portable
from pytest_hubfiles.model.exchange import Exchange, Interaction
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.policy import Kind
from pytest_hubfiles.model.task_states import TERMINAL
from pytest_hubfiles.record.clients import SUPPORTED
from pytest_hubfiles.record.identical_answers import Last
from pytest_hubfiles.record.network_block import ConnectionBlockedError
from pytest_hubfiles.record.tape import StoredCassette, Tape

_PATIENCE: Final = 3  # refusals of one request; clients that retry by themselves give up after about as many
_PATIENCE_IN_CHILD: Final = 100  # what is no Exception kills the worker of a pool, whose caller then waits for ever
_CONTEXT: Final = 40  # characters that two texts share, shown before what differs
_MOST_SHOWN: Final = 200


class UnmatchedRequestError(HubfilesError):
    """A request for which nothing is recorded; ``finding`` says what is closest to it and why that does not match."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.message)


class PollRefusedError(Portable, BaseException):
    """A poll for which nothing is recorded (any more): a loop that swallows every Exception would poll for ever."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.message)


class SwallowedRefusalError(Portable, BaseException):
    """A request that was refused is sent again and again: no ``except Exception`` may keep the test from its end."""

    def __init__(self, finding: Finding, times: int) -> None:
        self.finding, self.times = finding, times
        super().__init__(
            f"{finding.after} was refused {times} times and is sent again: the test swallows the refusal, "
            f"and there is no other answer.\n{finding.message}"
        )


class SameAnswerError(HubfilesError):
    """A request that is being recorded has had the same answer so often that whoever sends it may never stop."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.message)


class Home(NamedTuple):
    """The process and the thread of a test, in which pytest takes in whatever is raised."""

    process: int
    thread: int

    @classmethod
    def here(cls) -> Home:
        """Return those that run this."""
        return cls(os.getpid(), threading.get_ident())


@dataclass
class Refusals:
    """Makes the errors for what one test must not send; their findings are added to ``problems``.

    Away from ``home`` each request is refused with an ``Exception`` at first: the pools of ``multiprocessing``, of
    processes and of threads, hand on nothing else, and whoever waits for such a worker would wait for ever.
    """

    display_name: str
    stored: StoredCassette
    identify: Callable[[Interaction], Exchange]
    problems: list[Finding]
    home: Home
    _counts: Counter[str | None] = field(default_factory=Counter)

    def unmatched(self, request: Interaction, tape: Tape) -> BaseException:
        """Return the error for a *request* to which *tape* has no answer."""
        unreadable = self.stored.unreadable_finding(self.display_name)
        if unreadable is not None:  # the finding of the file is reported once
            return self._counted(replace(unreadable, after=f"{request.method} {request.path}"), UnmatchedRequestError)
        exchange = self.identify(request)
        finding = explain(request, tape, self.display_name)
        finding = replace(finding, operation=exchange.operation, version=exchange.version)
        self.problems.append(finding)
        if request.method == "GET" and request.task_id is not None and Home.here() == self.home:
            return PollRefusedError(finding)
        return self._counted(finding, UnmatchedRequestError)

    def endless(self, request: Interaction, last: Last, told: list[str]) -> BaseException:
        """Return the error for a *request* whose *last* answer came too often in a row; add it to what is *told*."""
        sent = f"{request.method} {request.path}"
        said = f"{sent} got the same answer {last.times} times in a row ({last.shown})"
        if said not in told:
            told.append(said)
        message = (
            f"{said} while this test records, and is sent once more: that would go on for ever.\n"
            "Have the code give up after some time. If an answer can be so long in coming, raise "
            f"hubfiles_max_identical_answers in the ini file, which is {last.times}."
        )
        return self._counted(Finding.of(Kind.TASK_NEVER_ENDED, message, after=sent), SameAnswerError)

    def blocked(self, attempt: str) -> BaseException:
        """Return the error for an *attempt* to connect by a client that is not recorded."""
        finding = Finding.of(
            Kind.UNMATCHED_REQUEST,
            f"{attempt} was refused: the test replays {self.display_name}, and this client is not recorded.\n"
            f"Send the request through {SUPPORTED}, or name the host in ignore_hosts of hubfiles_vcr_config.",
            after=attempt,
        )
        self.problems.append(finding)
        return self._counted(finding, lambda finding: ConnectionBlockedError(finding.message))

    def _counted(self, finding: Finding, error: Callable[[Finding], BaseException]) -> BaseException:
        self._counts[finding.after] += 1
        patience = _PATIENCE if os.getpid() == self.home.process else _PATIENCE_IN_CHILD
        return error(finding) if self._counts[finding.after] <= patience else SwallowedRefusalError(finding, patience)


def explain(request: Interaction, tape: Tape, cassette: str) -> Finding:
    """Return the finding for a *request* to which *tape*, read from *cassette*, has no answer."""
    same = tape.index.get(request.match_key, ())
    sent = f"{request.method} {request.path}"
    kind = Kind.UNMATCHED_REQUEST
    if same:
        last = tape.interactions[same[-1]]
        times = f"{len(same)} time{'s' * (len(same) != 1)}"
        if last.task_status in TERMINAL:
            message = (
                f"{sent} was answered {last.task_status} {tape.most_repeats} times more than was recorded: the task "
                "has ended, and the test asks on. Have the code see that, or raise hubfiles_max_identical_answers in "
                f"the ini file, which is {tape.most_repeats}."
            )
        elif last.task_id is not None and last.status_code < 300:
            kind = Kind.TASK_NEVER_ENDED
            message = (
                f"{sent} was polled {times} when it was recorded and is polled once more now; the last answer "
                f"was {last.task_status or 'without a state'}: the recorded task never ended. Record it again, "
                f"polling until it is {' or '.join(sorted(TERMINAL))}."
            )
        else:
            message = f"{sent} was recorded {times} and is sent once more now. Record it again."
    elif not tape.interactions:
        message = f"{sent}: nothing is recorded in {cassette}. Record it with --hubfiles-record once."
    else:
        closest = max(tape.interactions, key=lambda recorded: _likeness(request, recorded))
        message = (
            f"{sent} is not in {cassette}.\n"
            f"  closest recorded: {closest.method} {closest.path}\n"
            + "".join(f"  {difference}\n" for difference in _differences(request, closest))
            + "Record it with --hubfiles-record new_episodes, or all of it again with rewrite."
        )
    return Finding.of(kind, message, after=sent, cassette=cassette)


def _likeness(request: Interaction, recorded: Interaction) -> tuple[int, int]:
    (method, path, query, body), (method2, path2, query2, body2) = request.match_key, recorded.match_key
    shared = sum(one == other for one, other in zip(path.split("/"), path2.split("/"), strict=False))
    return (path == path2) * 4 + (method == method2) * 2 + (query == query2) + (body == body2), shared


def _differences(request: Interaction, recorded: Interaction) -> list[str]:
    names = ("method", "path", "query", "body")
    found = []
    for name, now, then in zip(names, request.match_key, recorded.match_key, strict=True):
        if now != then:
            texts = _text(then), _text(now)
            alike = next(
                (place for place, pair in enumerate(zip(*texts, strict=False)) if pair[0] != pair[1]),
                min(map(len, texts)),
            )
            start = max(0, alike - _CONTEXT)
            found.append(f"{name} differs: recorded {_excerpt(texts[0], start)}, asked {_excerpt(texts[1], start)}")
    return found


def _text(value: object) -> str:
    return "&".join(f"{name}={text}" for name, text in value) if isinstance(value, tuple) else str(value)


def _excerpt(text: str, start: int) -> str:
    """Return *text* from *start*, where it begins to differ; a short one whole."""
    if len(text) <= _MOST_SHOWN:
        return text or "none"
    part = text[start : start + _MOST_SHOWN]
    return f"{'…' * (start > 0)}{part}{'…' * (start + _MOST_SHOWN < len(text))}"
