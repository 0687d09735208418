"""The recorder of one test: it answers requests from the cassette, or records what the network answers."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from pytest_hubfiles import cassettes, secrets
from pytest_hubfiles.model.exchange import Exchange, Interaction
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.match_key import match_key
from pytest_hubfiles.own_work import own_work_on_texts, own_work_while_sending
from pytest_hubfiles.record.history import History
from pytest_hubfiles.record.reach import Reach
from pytest_hubfiles.record.session_secrets import SessionSecrets, scrub_known
from pytest_hubfiles.record.stragglers import Stragglers
from pytest_hubfiles.record.tape import StoredCassette, Tape
from pytest_hubfiles.record.token import lacks_token
from pytest_hubfiles.record.vcrpy.installed import refuse_unsafe
from pytest_hubfiles.record.wire import (
    NO_ANSWER,
    ClientRequest,
    MadeUpRequest,
    answer_of,
    asked_label,
    canonical_url,
    is_plain,
    key_of,
    moved,
    text_of,
    to_interaction,
)
from pytest_hubfiles.secrets.write_guard import WriteGuard
from pytest_hubfiles.settings.values import RecordMode

if TYPE_CHECKING:
    from pytest_hubfiles.record.promotion import StagedRecordings
    from pytest_hubfiles.record.refusals import Refusals
    from pytest_hubfiles.record.requests_in_flight import RequestsInFlight


class Recorder:
    """Answers the requests of one test from its cassette, or records what the network answers.

    ``display_name`` is what messages call the cassette; ``original`` is what it held before the test, ``history`` what
    happens, as a cassette would hold it; ``problems`` are the requests without an answer, and the hosts asked besides;
    ``faults`` what failed in here or in a user's hook, which a client may have swallowed; ``incomplete`` says what the
    recording lacks. ``live`` says whether requests may reach the network, ``reach`` how far. ``stored`` is the cassette
    before the test, read unless ``recorded`` says what it holds; ``tape`` is what answers.
    """

    def __init__(
        self,
        *,
        cassette: Path,
        display_name: str,
        mode: RecordMode,
        staged: StagedRecordings | None,
        base_url: str,
        identify: Callable[[Interaction], Exchange],
        write_guard: WriteGuard | None = None,
        additions: secrets.Additions = secrets.NOTHING_MORE,
        vcr_config: Mapping[str, Any] = MappingProxyType({}),
        limits: cassettes.Limits = cassettes.USUAL,
        test: str = "",
        max_identical_answers: int = 500,
        stragglers: Stragglers | None = None,
        reach: Reach | None = None,
        recorded: list[Interaction] | None = None,
    ) -> None:
        refuse_unsafe()
        self.vcr_config, self.cassette, self.display_name, self.base_url = vcr_config, cassette, display_name, base_url
        self.mode, self.staged, self.test, self.reach = mode, staged, test, reach or Reach(base_url)
        self.live = mode is not RecordMode.NONE and (staged is None or staged.begin(test))
        self._home = os.getpid(), threading.get_ident()
        self.lock, self.history = threading.RLock(), History()
        self.problems, self.faults, self.incomplete = list[Finding](), list[str](), list[str]()
        self._max_identical, self._limits = max_identical_answers, limits
        self.stragglers = Stragglers([], base_url) if stragglers is None else stragglers
        self._identify, self._transient_answers = identify, list[str]()
        self._secrets = SessionSecrets(WriteGuard() if write_guard is None else write_guard, additions)
        self._reserved: dict[ClientRequest, tuple[int, int]] = {}  # the number of the answer, and when it was asked
        self._played, self._last_played = WeakSet[ClientRequest](), threading.local()
        read = self._read if recorded is None else lambda: recorded
        self.stored = StoredCassette(read, not self.live or mode is RecordMode.NEW_EPISODES, self._secrets)
        self.original, self.replayed = self.stored.original, self.stored.replayed
        self.tape = Tape([], [])

    def _read(self) -> list[Interaction]:
        if self.live and self.staged is not None:
            return self.staged.original()
        return cassettes.read(self.cassette, self._limits) if os.path.lexists(self.cassette) else []

    def load(self, loaded: Iterable[Interaction]) -> None:
        """Answer from *loaded*: ``replayed``, as the user's load hooks left it."""
        self.tape = self.stored.tape([moved(interaction, self.base_url) for interaction in loaded])
        self.tape.most_repeats = self._max_identical

    def note_fault(self, error: Exception) -> None:
        """Note what failed in here, or in a user's hook: it is raised into a client, which may swallow it."""
        self.faults.append(
            f"pytest-hubfiles, or a hook of hubfiles_vcr_config, failed: {type(error).__name__}: {error}"
        )

    # --- without vcrpy --------------------------------------------------------------------------------------

    def plain_answer(
        self, method: str, url: str, body: bytes, headers: Iterable[tuple[Any, Any]]
    ) -> Interaction | None:
        """Return the recorded answer to a request if it is a plain one; else return None, and nothing has happened."""
        self.stragglers.check(method, url)
        try:
            with self.lock, own_work_on_texts():
                number = self.tape.find(match_key(method.upper(), canonical_url(url, self.base_url), body))
                if number is None or not is_plain(self.tape.stored[number]):
                    return None
                self._secrets.defer(headers)
                self.tape.take(number)
                self.history.add(self._identify(self.tape.interactions[number]))
                return self.tape.stored[number]
        except Exception as error:
            self.note_fault(error)
            raise

    def answers(self, method: str, url: str, body: bytes) -> bool:
        """Answer a request that no client sends, if it has a plain answer; it is part of ``history`` then."""
        return not self.live and not self.vcr_config and self.plain_answer(method, url, body, ()) is not None

    # --- through vcrpy's bridge -----------------------------------------------------------------------------

    def reserve(self, request: ClientRequest, filtered: ClientRequest) -> bool:
        """Return whether *request* is answered from the tape; if not, it goes to the network.

        *filtered* is the request as the user's hooks left it.

        Raises:
            UnmatchedRequestError: if it has no answer and must not be sent.
            PollRefusedError: the same, of a poll.
            SwallowedRefusalError: if it has been refused before, and the test swallowed that.
            SameAnswerError, TokenMissingError: if the network always answers the same, or would for want of a token.
            LateRequestError: if it is of a test that has ended.
        """
        self.stragglers.check(text_of(request.method), text_of(request.uri))
        with self.lock, own_work_while_sending():
            if request in self._reserved or request in self._played:
                return True
            if self.live and request in self._in_flight:
                return False
            number = self._number_of(filtered)
            if number is not None:
                self.tape.take(number)
                self._reserved[request] = number, self.history.moment()
                return True
            if not self.live:
                raise self._refusals.unmatched(filtered, self._searched(filtered), self.tape)
            self._secrets.add_sent(to_interaction(request, NO_ANSWER, self.base_url))  # hooks may hide some of it
            refusal = self._beyond_reach(request, filtered) or self._endless(request, filtered)
            if refusal is not None:
                raise refusal
            self._in_flight.add(request, filtered, self.history.moment())
            return False

    def _number_of(self, filtered: ClientRequest) -> int | None:
        """Return the number of the answer to a request, which may hold credentials where the tape has placeholders."""
        number = None
        if not self.live:  # what matches as it is needs no scrubbing
            number = self.tape.find(key_of(filtered, self.base_url))
            if number is not None:
                self._secrets.defer(filtered.headers.items())
        if number is None and (self.tape.interactions or not self.live):
            number = self.tape.next(self._searched(filtered))
            if number is None:
                unscrubbed = to_interaction(filtered, NO_ANSWER, self.base_url)
                number = self.tape.next(self._secrets.scrub_dummy(unscrubbed))
        return number

    def play(self, request: ClientRequest) -> dict[str, Any]:
        """Return the recorded answer that :meth:`reserve` has reserved for *request*.

        Raises:
            UnmatchedRequestError: if it reserved none: a recorded redirect leads to what is not recorded.
        """
        with self.lock, own_work_while_sending():
            if request not in self._reserved:
                if self.live:
                    self._in_flight.remove(request)
                raise self._refusals.unmatched(request, self._searched(request), self.tape)
            number, asked = self._reserved.pop(request)
            self._played.add(request)  # http.client asks for its last request again when it is told to connect
            self._last_played.interaction = self.tape.interactions[number]
            self.history.add(self._identify(self.tape.interactions[number]), asked)
            return answer_of(self.tape.stored[number], self.base_url)

    def redirected(self, request: ClientRequest) -> MadeUpRequest:
        """Return *request*, which follows the redirect just played in this thread, as a client would send it."""
        with self.lock, own_work_while_sending():
            last = self._last_played.interaction
            keeps_method = last.status_code in (307, 308) or last.method == "HEAD"
            sent = MadeUpRequest(last.method if keeps_method else "GET", request.uri, None, request.headers)
            key = self._searched(sent).match_key
            recorded = self.tape.with_any_body(key)  # with it or without: aiohttp's stub records none
            sent.body = sent.body if recorded is None else recorded.request_body
            return sent

    def record(
        self,
        request: ClientRequest,
        response: Mapping[str, Any],
        saved: Sequence[tuple[ClientRequest, Mapping[str, Any]]] | None = None,
    ) -> None:
        """Record an answer from the network; *saved* is what the user's save hooks, if any, left of it."""
        with self.lock, own_work_while_sending():
            raw = to_interaction(request, response, self.base_url)
            self._secrets.add_sent(raw)  # once more, if its client has changed it since
            if request not in self._in_flight:  # it followed a redirect, unasked
                self._beyond_reach(request, request)
            too_much = self._in_flight.too_much(request, raw, self.base_url)
            if too_much is not None:  # to look for credentials in it, to judge and to write it would take far too long
                self.incomplete.append(too_much)
                return
            asked = self._in_flight.answered(request, raw) or self.history.moment()
            left = [raw] if saved is None else [to_interaction(*pair, self.base_url) for pair in saved]
            # What a hook removed is scrubbed everywhere too, as it may stand elsewhere.
            exchanged = [] if left == [raw] else [self._scrub(raw)]
            kept = [self._scrub(interaction) for interaction in left]
            self._in_flight.identical.add(raw, (exchanged or kept)[0].task_status)  # which is read but once
            for interaction in kept or exchanged:
                self.history.add_live(self._identify(interaction), asked, is_recorded=bool(kept))
                cause = "a body that its Content-Encoding is not true of" if raw.is_garbled else interaction.transient
                if cause:
                    self._transient_answers.append(f"{asked_label(request, interaction, self.base_url)} got {cause}")

    # --- what a green replay does not import ----------------------------------------------------------------

    @cached_property
    def _in_flight(self) -> RequestsInFlight:
        from pytest_hubfiles.record.requests_in_flight import RequestsInFlight

        return RequestsInFlight(self._as_recorded, self._max_identical, self._limits)

    @cached_property
    def _refusals(self) -> Refusals:
        from pytest_hubfiles.record.refusals import Refusals

        facts = self.display_name, self.reach, self.stored, self._identify, self.problems, self._home
        return Refusals(*facts, self.cassette, self.history)

    def _beyond_reach(self, request: ClientRequest, filtered: ClientRequest) -> BaseException | None:
        """Return the error for a *request* that must not be sent, None if it may be; tell of another host."""
        is_fine = self.reach.is_base(text_of(request.uri)) and not lacks_token(request.headers)
        return None if is_fine else self._refusals.beyond_reach(request, self._searched(filtered))

    def _endless(self, request: ClientRequest, filtered: ClientRequest) -> BaseException | None:
        """Return the error for a *request* whose answer is always the same, None if it may still change."""
        last = self._in_flight.identical.too_many(key_of(request, self.base_url))
        return last and self._refusals.endless(filtered, self._searched(filtered), last, self.incomplete)

    def failed(self, request: ClientRequest, error: BaseException) -> None:
        """Note that *error* is why a *request* to the network has no answer."""
        with self.lock, own_work_while_sending():
            self._in_flight.failed(request, error)

    def is_sending(self) -> bool:
        """Return whether a request that is recorded is under way."""
        with self.lock:
            return self._in_flight.are_waiting

    def refuse_connection(self, attempt: str) -> BaseException:
        """Return the error for an *attempt* to connect that the network block has stopped."""
        with self.lock, own_work_while_sending():
            return self._refusals.blocked(attempt, self.live)

    def refuse_unrecorded(self, attempt: str) -> BaseException:
        """Return the error for an *attempt* to send to HubSpot by a client that is not recorded."""
        with self.lock, own_work_while_sending():
            return self._refusals.unrecorded(attempt, self.incomplete)

    # --- without credentials --------------------------------------------------------------------------------

    @property
    def credentials(self) -> Set[str]:
        """The credentials that the test has used so far, by value."""
        self._examine_requests()
        return self._secrets.values

    def hand_on_credentials(self, run: SessionSecrets) -> None:
        """Have *run* know the credentials that the test has used so far."""
        with self.lock:
            if self.live:
                self._in_flight.recorded()
            self._secrets.hand_on(run)

    def _examine_requests(self) -> None:
        """Look for credentials in requests that were answered without that, and in those that have no answer yet."""
        with self.lock:
            self._secrets.examine_deferred()
            if self.live:
                self._in_flight.recorded()

    def _searched(self, request: ClientRequest) -> Interaction:
        """Return the request as the tape would hold it."""
        self._examine_requests()
        return self._as_recorded(request)

    def _as_recorded(self, request: ClientRequest) -> Interaction:
        """Return the request as a cassette holds it."""
        raw = to_interaction(request, NO_ANSWER, self.base_url)
        self._secrets.add_from(raw)
        return self._scrub(raw)

    def _scrub(self, interaction: Interaction) -> Interaction:
        """Return *interaction* as a cassette holds it; what is scrubbed in it is scrubbed everywhere from now on."""
        scrubbed, new = self._secrets.scrub(interaction)
        if new:  # and what was recorded before may hold it
            self.history.change(lambda e: replace(e, interaction=scrub_known(e.interaction, new)))
        return scrubbed

    # --- asked by the plugin --------------------------------------------------------------------------------

    @property
    def exchanges(self) -> list[Exchange]:
        """What happened, in the order of asking."""
        with self.lock:
            return self.history.exchanges

    @property
    def recorded(self) -> list[Interaction]:
        """What came from the network, in the order of asking."""
        with self.lock:
            return self.history.recorded

    @property
    def transient_answers(self) -> list[str]:
        """What was no answer of the API: bad statuses, HTML pages, and requests that got no answer."""
        if not self.live:
            return []
        with self.lock:
            return list(dict.fromkeys([*self._transient_answers, *self._in_flight.silent(self.base_url)]))

    def can_play(self, method: str, url: str, body: bytes) -> bool:
        """Return whether a request would be answered from the tape."""
        with self.lock:
            return self.tape.next(self._searched(MadeUpRequest(method, url, body))) is not None
