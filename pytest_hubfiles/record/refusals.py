"""Refuses requests that have no recorded answer: what the client gets, and what the test reports."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from pytest_hubfiles import cassettes
from pytest_hubfiles.errors import HubfilesError, Portable
from pytest_hubfiles.model.exchange import Exchange, Interaction
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.hubspot_api import CANONICAL_ORIGIN
from pytest_hubfiles.model.origin import HUBSPOT, host_of, origin_of
from pytest_hubfiles.model.policy import Kind
from pytest_hubfiles.model.task_states import TERMINAL, TRANSITIONS
from pytest_hubfiles.record.body_differences import body_differences, differing
from pytest_hubfiles.record.candidates import was_cut_short
from pytest_hubfiles.record.clients import SUPPORTED
from pytest_hubfiles.record.history import History
from pytest_hubfiles.record.identical_answers import Last
from pytest_hubfiles.record.network_block import ConnectionBlockedError
from pytest_hubfiles.record.reach import Reach, ignoring, leads_to
from pytest_hubfiles.record.tape import StoredCassette, Tape
from pytest_hubfiles.record.token import TokenMissingError, lacks_token
from pytest_hubfiles.record.wire import ClientRequest, asked_label, text_of

_PATIENCE: Final = 3  # refusals of one request; clients that retry by themselves give up after about as many
_PATIENCE_IN_CHILD: Final = 100  # what is no Exception kills the worker of a pool, whose caller then waits for ever


_ENDS_EARLY: Final = "This candidate ends where its test failed while it was recorded: what comes then is not in it.\n"


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


@dataclass
class Refusals:
    """Makes the errors for what one test must not send; their findings are added to ``problems``.

    ``reach`` knows where HubSpot is in this test, and how far a recording may go beyond that. ``home`` are the process
    and the thread of the test, in which pytest takes in whatever is raised. Away from there each request is refused
    with an ``Exception`` at first: the pools of ``multiprocessing``, of processes and of threads, hand on nothing else,
    and whoever waits for such a worker would wait for ever.
    """

    display_name: str
    reach: Reach
    stored: StoredCassette
    identify: Callable[[Interaction], Exchange]
    problems: list[Finding]
    home: tuple[int, int]
    cassette: Path
    history: History
    _counts: Counter[str | None] = field(default_factory=Counter)

    def unmatched(self, sent: ClientRequest, request: Interaction, tape: Tape) -> BaseException:
        """Return the error for a request to which *tape* has no answer, as *sent* and as a cassette would hold it."""
        unreadable = self.stored.unreadable_finding(self.display_name)
        if unreadable is not None:  # the finding of the file is reported once
            return self._counted(replace(unreadable, after=request.label), UnmatchedRequestError)
        asked = asked_label(sent, request, self.reach.base_url)
        if not tape.interactions:
            self.stored.missed = self.stored.missed or request
        is_cut = was_cut_short(self.cassette)
        finding = explain(request, tape, self.display_name, asked, base_url=self.reach.base_url, ends_early=is_cut)
        return self._raised(request, finding)

    def beyond_reach(self, sent: ClientRequest, request: Interaction) -> BaseException | None:
        """Return the error for a request that a recording must not send, None if it may; tell of another host."""
        url, asked = text_of(sent.uri), asked_label(sent, request, self.reach.base_url)
        if self.reach.is_hubspot(url) and lacks_token(sent.headers):
            error, exchange = TokenMissingError(asked), self.identify(request)
            finding = Finding.of(Kind.UNMATCHED_REQUEST, str(error), after=request.label)
            self.problems.append(finding.but(operation=exchange.operation, version=exchange.version))
            return error
        other = self.reach.other_host(asked, url, sent.headers)
        if other is not None:
            self.problems.append(other)
        is_operation = self.identify(request).operation is not None
        reason = self.reach.why_not(url, sent.headers, is_operation)
        if reason is None:
            return None
        redirect = next((one for one in reversed(self.history.exchanges) if leads_to(one, url)), None)
        if redirect is not None:
            asked_before = f"{redirect.method} {redirect.interaction.path}"
            reason += f"; {asked_before} got HTTP {redirect.status_code}, which sent the client there"
            advice = "See why it is redirected: a token that is not accepted may lead to a login page."
        elif self.reach.is_hubspot(url):
            advice = "Have the client send to hubfiles.base_url, whatever the links in an answer say."
        else:
            advice = "Have the client send to hubfiles.base_url, or name the host in ini hubfiles_hosts."
        message = f"{asked} was not sent: {reason}.\n{advice}"
        return self._raised(request, Finding.of(Kind.UNMATCHED_REQUEST, message, after=request.label))

    def _raised(self, request: Interaction, finding: Finding) -> BaseException:
        exchange = self.identify(request)
        finding = finding.but(operation=exchange.operation, version=exchange.version)
        self.problems.append(finding)
        if (
            request.method == "GET"
            and request.task_id is not None
            and (os.getpid(), threading.get_ident()) == self.home
        ):
            return PollRefusedError(finding)
        return self._counted(finding, UnmatchedRequestError)

    def endless(self, sent: ClientRequest, request: Interaction, last: Last, told: list[str]) -> BaseException:
        """Return the error for a *request* whose *last* answer came too often in a row; add it to what is *told*."""
        asked = asked_label(sent, request, self.reach.base_url)
        said = f"{asked} got the same answer {last.times} times in a row ({last.shown})"
        if said not in told:
            told.append(said)
        message = (
            f"{said} while this test records, and is sent once more: that would go on for ever.\n"
            "Have the code give up after some time. If an answer can be so long in coming, raise "
            f"hubfiles_max_identical_answers in the ini file, which is {last.setting}"
            f"{'' if last.most == last.setting else ', a tenth of it for errors'}."
        )
        return self._counted(Finding.of(Kind.TASK_NEVER_ENDED, message, after=request.label), SameAnswerError)

    def blocked(self, attempt: str, recording: bool) -> BaseException:
        """Return the error for an *attempt* to connect by a client that is not recorded, or where none may go."""
        if recording:
            message = (
                f"{attempt} was refused: the base URL {self.reach.base_url} is on this machine, which the recording "
                "does not leave.\nIf the test needs the host, name it in ignore_hosts of hubfiles_vcr_config: a replay "
                "reaches it too."
            )
        else:
            message = (
                f"{attempt} was refused: the test replays {self.display_name}, and this client is not recorded.\n"
                f"Send the request through {SUPPORTED}, or name the host in ignore_hosts of hubfiles_vcr_config."
            )
        return self._connection(attempt, message)

    def unrecorded(self, attempt: str, told: list[str]) -> BaseException:
        """Return the error for an *attempt* to send by a client that is not recorded; add it to what is *told*."""
        said = f"{attempt} was refused: this client is not recorded"
        if said not in told:
            told.append(said)
        return self._connection(
            attempt,
            (
                f"{said}, and the cassette would lack what it asks.\n"
                f"Send the request through {SUPPORTED}, or name the host in ignore_hosts of hubfiles_vcr_config."
            ),
        )

    def _connection(self, attempt: str, message: str) -> BaseException:
        finding = Finding.of(Kind.UNMATCHED_REQUEST, message, after=attempt)
        self.problems.append(finding)
        return self._counted(finding, lambda finding: ConnectionBlockedError(finding.message))

    def _counted(self, finding: Finding, error: Callable[[Finding], BaseException]) -> BaseException:
        self._counts[finding.after] += 1
        patience = _PATIENCE if os.getpid() == self.home[0] else _PATIENCE_IN_CHILD
        return error(finding) if self._counts[finding.after] <= patience else SwallowedRefusalError(finding, patience)


def explain(
    request: Interaction,
    tape: Tape,
    cassette: str,
    asked: str = "",
    *,
    base_url: str = CANONICAL_ORIGIN,
    ends_early: bool = False,
) -> Finding:
    """Return the finding for a *request* to which *tape*, read from *cassette*, has no answer.

    *asked* is what the message calls it: where the test sent it. *base_url* is where HubSpot is in this test;
    *ends_early* says that it
    was recorded by a test that failed.
    """
    same = tape.index.get(request.match_key, ())
    sent = asked or request.label
    kind = Kind.UNMATCHED_REQUEST
    if same:
        kind, message = _asked_again(request, sent, tape, same)
        message = f"{message}\n{_ENDS_EARLY.rstrip()}" if ends_early else message
    elif not tape.interactions:
        own = _own_server(request)
        message = f"{sent}: nothing is recorded in {cassette}. Record it with --hubfiles-record once.{own}"
    else:
        closest = max(tape.interactions, key=lambda recorded: _likeness(request, recorded))
        base = _other_base(request, sent, closest, base_url)
        message = (
            f"{sent} is not in {cassette}.\n"
            f"  closest recorded: {closest.label}{_place(cassette, closest)}\n"
            + "".join(f"  {difference}\n" for difference in _differences(request, sent, closest))
            + base
            + (_ENDS_EARLY if ends_early else "")
            + _record_it(request, closest, cassette, is_used=closest not in tape.unplayed)
            + ("" if base else _own_server(request))
        )
    return Finding.of(kind, message, after=request.label, cassette=cassette)


def _record_it(request: Interaction, closest: Interaction, cassette: str, *, is_used: bool) -> str:
    """Return how to record *request*: if it takes the place of the *closest* recorded, that would be left unused.

    To a candidate nothing can be added.
    """
    if cassettes.is_candidate(cassette):
        return "Record all of it again with --hubfiles-record rewrite."
    if request.match_key[:3] == closest.match_key[:3] and not is_used:
        return "Record all of it again with --hubfiles-record rewrite, or add this to it with new_episodes."
    return "Record it with --hubfiles-record new_episodes, or all of it again with rewrite."


def _asked_again(request: Interaction, sent: str, tape: Tape, same: Sequence[int]) -> tuple[Kind, str]:
    """Return what to say of a request that *tape* has answered as often as it can, and of which kind that is."""
    kind = Kind.UNMATCHED_REQUEST
    last = tape.interactions[same[-1]]
    state = last.task_status or "without a state"
    times = f"{len(same)} time{'s' * (len(same) != 1)}"
    if tape.is_changed and tape.is_endless:
        kind = Kind.TASK_NEVER_ENDED
        message = (
            f"{sent} was answered {state} {tape.most_repeats} times more than was recorded, and is sent once more: "
            "under this change the test asks for ever. Have the code give up after some time, or see that the "
            "task is not going on."
        )
    elif last.task_status in TERMINAL:
        message = (
            f"{sent} was answered {last.task_status} {tape.most_repeats} times more than was recorded: the task "
            "has ended, and the test asks on. Have the code see that, or raise hubfiles_max_identical_answers in "
            f"the ini file, which is {tape.most_repeats}."
        )
    elif last.task_id is not None and last.status_code < 300:
        kind = Kind.TASK_NEVER_ENDED
        polled = (
            f"{sent} was polled {times} when it was recorded and is polled once more now; the last answer was {state}"
        )
        ends = f"polling until it is {' or '.join(sorted(TERMINAL))}."
        if last.task_status is None or last.task_status in TRANSITIONS:
            message = f"{polled}: the recorded task never ended. Record it again, {ends}"
        else:
            message = (
                f"{polled}, a state that HubSpot does not document. If a task ends so, have the code stop there; "
                f"if it does not, record it again, {ends}"
            )
    else:
        message = f"{sent} was recorded {times} and is sent once more now. Record it again.{_own_server(request)}"
    return kind, message


def _likeness(request: Interaction, recorded: Interaction) -> tuple[int, int]:
    (_, method, path, *others), (_, method2, path2, *others2) = request.match_key, recorded.match_key
    shared = sum(one == other for one, other in zip(path.split("/"), path2.split("/"), strict=False))
    alike = sum(one == other for one, other in zip(others, others2, strict=True))
    is_same_origin = request.match_key[0] == recorded.match_key[0]
    return (path == path2) * 8 + (method == method2) * 4 + alike + is_same_origin, shared


def _differences(request: Interaction, sent: str, recorded: Interaction) -> list[str]:
    names = ("origin", "method", "path", "query", "body")
    pairs = zip(names, request.match_key, recorded.match_key, strict=True)
    different = [(name, now, then) for name, now, then in pairs if now != then]
    found = []
    for name, now, then in different:
        if name == "origin":
            says = "only the host differs" if len(different) == 1 else "host differs"
            found.append(f"{says}: recorded for {origin_of(recorded.url)}, asked of {_asked_origin(sent)}")
            continue
        if name == "body":
            found += body_differences(str(then), str(now))
        else:
            found.append(differing(name, _text(then), _text(now)))
    return found


def _place(cassette: str, recorded: Interaction) -> str:
    """Return where the whole of what is recorded stands."""
    return "" if recorded.line is None else f" ({cassette}:{recorded.line})"


def _asked_origin(sent: str) -> str:
    return origin_of(sent.partition(" ")[2])


def _other_base(request: Interaction, sent: str, recorded: Interaction, base_url: str) -> str:
    """Return a line that says which base URL would have *request* match, if any: one of the two went to HubSpot."""
    now, then = request.match_key[0], recorded.match_key[0]
    if now == then or HUBSPOT not in (now, then) or request.match_key[2] != recorded.match_key[2]:
        return ""
    other = origin_of(recorded.url) if now == HUBSPOT else _asked_origin(sent)
    return (
        f"The base URL is {base_url}. If {other} is HubSpot's API for this test, "
        f"set --hubfiles-base-url {other} (ini hubfiles_base_url); else have the client send to hubfiles.base_url.\n"
    )


def _own_server(request: Interaction) -> str:
    """Return what has vcrpy leave the server of *request* alone, nothing if that is HubSpot's."""
    if request.match_key[0] == HUBSPOT:
        return ""
    return (
        f"\nIf {host_of(request.url)} is a server of the suite's own, which answers in a replay too, "
        "put this into conftest.py:\n"
        "  @pytest.fixture\n"
        f"  def hubfiles_vcr_config(): return {ignoring(request.url)}"
    )


def _text(value: object) -> str:
    return "&".join(f"{name}={text}" for name, text in value) if isinstance(value, tuple) else str(value)
