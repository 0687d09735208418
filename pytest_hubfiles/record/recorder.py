"""A test's cassette: every HTTP client of the test is recorded into it or answered from it."""

from __future__ import annotations

import bisect
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

from pytest_hubfiles import cassettes, secrets
from pytest_hubfiles.cassettes import file_findings
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.model.exchange import Exchange, Interaction
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.match_key import match_key
from pytest_hubfiles.model.policy import Kind
from pytest_hubfiles.record.certificates import read_late
from pytest_hubfiles.record.fast.player import Player, is_plain
from pytest_hubfiles.record.log_filter import quiet_logs
from pytest_hubfiles.record.network_block import Seal, SealedError
from pytest_hubfiles.record.session_secrets import Learned
from pytest_hubfiles.record.tape import Tape
from pytest_hubfiles.record.vcrpy.installed import refuse_unsafe
from pytest_hubfiles.record.wire import Asked, Asking, answer_of, canonical_url, key_of, moved, text_of, to_interaction
from pytest_hubfiles.secrets.write_guard import WriteGuard
from pytest_hubfiles.settings.values import RecordMode

if TYPE_CHECKING:
    from pytest_hubfiles.record.promotion import Takes


class UnmatchedRequestError(HubfilesError):
    """A request for which nothing is recorded; ``finding`` says what came closest and why it did not match."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.message)


class PollRefusedError(BaseException):
    """A poll for which nothing is recorded (any more): a loop that swallows every Exception would poll for ever."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.message)


class SwallowedRefusalError(BaseException):
    """What has no answer is asked for again and again: no ``except Exception`` may keep the test from its end."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(
            f"{finding.after} was refused {_PATIENCE} times and is tried again: the refusal is swallowed, and a replay "
            f"has no more to say.\n{finding.message}"
        )


_PATIENCE: Final = 3  # refusals of one request; clients that retry on their own account give up about then
_NO_ANSWER: Final[Mapping[str, Any]] = {"status": {"code": 599, "message": ""}, "headers": {}}
Identify = Callable[[Interaction], Exchange]


def _examined(interactions: list[Interaction], additions: secrets.Additions) -> list[secrets.Scrubbed]:
    if additions.is_empty and secrets.are_clean(interactions):
        return [secrets.Scrubbed(interaction) for interaction in interactions]
    return [secrets.scrub(interaction, (), additions) for interaction in interactions]


def _told(stored: Interaction, examined: secrets.Scrubbed) -> Interaction:
    """Return a *stored* interaction as it is looked up, judged and told: as a recording of ours would hold it."""
    same = (
        not examined.places
        and stored.url == examined.interaction.url
        and stored.request_body == examined.interaction.request_body
        and stored.response_body == examined.interaction.response_body
    )
    return stored if same else examined.interaction


def _checked(config: object) -> Mapping[str, Any]:
    if isinstance(config, Mapping) and not config:
        return {}
    from pytest_hubfiles.record.vcrpy.config import checked

    return checked(config)


class _Sent:
    """A request on its way: as the how many-th it was sent, and how a cassette will hold it, once that is asked."""

    def __init__(self, number: int, asked: Asked) -> None:
        self.number, self.asked = number, asked
        self.wanted: Interaction | None = None


class Recorder(AbstractContextManager["Recorder"]):
    """Records or replays what happens between entering and leaving it.

    ``shown`` is how messages call the cassette. ``exchanges`` is what happened, as a cassette would keep it;
    ``recorded`` what came from the network, in the order it was asked for; ``problems`` the requests without an
    answer; ``faults`` what went wrong in here or in a user's hook, and may have been swallowed by a client;
    ``outages`` what was no answer of the API; ``live`` whether requests may reach the network.
    """

    def __init__(
        self,
        *,
        cassette: Path,
        shown: str,
        mode: RecordMode,
        takes: Takes | None,
        base_url: str,
        identify: Identify,
        write_guard: WriteGuard | None = None,
        additions: secrets.Additions = secrets.NOTHING_MORE,
        vcr_config: Mapping[str, Any] = MappingProxyType({}),
        limits: cassettes.Limits = cassettes.USUAL,
        test: str = "",
    ) -> None:
        refuse_unsafe()
        self._config = _checked(vcr_config)
        self.cassette, self.shown, self.mode, self.takes = cassette, shown, mode, takes
        self.base_url = base_url
        self.lock = threading.RLock()
        self.exchanges: list[Exchange] = []
        self.recorded: list[Interaction] = []
        self._order: list[int] = []  # as the how many-th the request of each of them was sent
        self.problems: list[Finding] = []
        self.faults: list[str] = []
        self._identify = identify
        self._learned = Learned(WriteGuard() if write_guard is None else write_guard, additions)
        self._additions = additions
        self._on_their_way: dict[Asked, _Sent] = {}
        self._sent = 0
        self._reserved: dict[Asked, int] = {}
        self._played: WeakSet[Asked] = WeakSet()
        self._last_played = threading.local()
        self._outages: list[str] = []
        self.live = self._goes_live(test)
        self.unreadable: cassettes.CassetteUnreadableError | None = None
        self._replayed: list[Interaction] = []
        try:
            stored = self._load(limits)
            if not self.live or mode is RecordMode.NEW_EPISODES:
                self._replayed = [interaction.plain() for interaction in stored]
        except cassettes.CassetteUnreadableError as error:
            stored, self.unreadable = [], error
        # What is judged and told is without what a foreign cassette may hold; what is answered is as it stands there.
        self._examined = _examined(stored, additions)
        self.original = [_told(interaction, e) for interaction, e in zip(stored, self._examined, strict=True)]
        self._learned.know(value for examined in self._examined for value in examined.values)
        self._refused: Counter[str | None] = Counter()
        self._seal = (
            None if self.live else Seal(base_url, self._connection_refused, self._config.get("ignore_hosts", ()))
        )
        self._patched = ExitStack()

    def _goes_live(self, test: str) -> bool:
        if self.mode is RecordMode.NONE:
            return False
        return self.takes is None or self.takes.begin(test)

    def _load(self, limits: cassettes.Limits) -> list[Interaction]:
        if self.live and self.takes is not None:
            return self.takes.original()
        return cassettes.read(self.cassette, limits) if os.path.lexists(self.cassette) else []

    def __enter__(self) -> Recorder:
        with ExitStack() as entering:  # what fails in here leaves nothing patched
            bridge = None
            if self._config:  # the user's load hooks run: what they leave is what is recognised and answered
                bridge = self._bridge()
                pairs = zip(bridge.requests, bridge.responses, strict=True)
                loaded = [to_interaction(*pair, self.base_url) for pair in pairs]
            else:
                loaded = [moved(interaction, self.base_url) for interaction in self._replayed]
            examined = self._examined
            if loaded != self._replayed or not self._additions.is_empty:  # something else than was examined
                examined = _examined(loaded, self._additions)
                self._learned.know(value for e in examined for value in e.values)
            told = [_told(interaction, e) for interaction, e in zip(loaded, examined, strict=False)]
            self._tape = Tape(told, loaded)
            if self.live or self._config:
                entering.enter_context(self._vcrpy(bridge))
            else:
                entering.enter_context(Player(self._plain_answer, self._vcrpy))
            entering.enter_context(quiet_logs(self._redacted_log))
            if self._seal is not None:
                entering.enter_context(self._seal)
                entering.enter_context(read_late())
            self._patched = entering.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._patched.__exit__(kind, error, trace)

    def _bridge(self) -> Any:
        from pytest_hubfiles.record.vcrpy.bridge import open_bridge

        return open_bridge(self, self._replayed, self._config)

    def _vcrpy(self, bridge: Any = None) -> AbstractContextManager[None]:
        """Return what has vcrpy stand in for every client, and ask this recorder."""
        from pytest_hubfiles.record.vcrpy.patching import patched

        return patched(self._bridge() if bridge is None else bridge, self._config.get("skip_patchers", ()))

    def failed(self, error: Exception) -> None:
        """Know of what went wrong in here, or in a user's hook: it is raised into a client, which may swallow it."""
        self.faults.append(
            f"pytest-hubfiles, or a hook of hubfiles_vcr_config, failed: {type(error).__name__}: {error}"
        )

    # --- asked by clients -----------------------------------------------------------------------------------

    def _plain_answer(
        self, method: str, url: str, body: bytes, headers: Iterable[tuple[Any, Any]]
    ) -> Interaction | None:
        """Return the recorded answer to a request, if there is one and it is a plain one; else nothing has happened."""
        try:
            key = match_key(method.upper(), canonical_url(url, self.base_url), body)
            with self.lock:
                number = self._tape.find(key)
                if number is None or not is_plain(self._tape.stored[number]):
                    return None
                self._learned.see(headers)
                self._tape.played.add(number)
                self.exchanges.append(self._identify(self._tape.interactions[number]))
                return self._tape.stored[number]
        except Exception as error:
            self.failed(error)
            raise

    # --- asked by vcrpy's clients ---------------------------------------------------------------------------

    def asked(self, request: Asked, filtered: Asked) -> bool:
        """Return whether *request* is answered from the tape; False sends it to the network.

        Raises:
            UnmatchedRequestError: if it has no answer and must not go out.
            PollRefusedError: the same, of a poll.
            SwallowedRefusalError: if that was said of it before, and swallowed.
        """
        __tracebackhide__ = True
        with self.lock:
            if request in self._reserved or request in self._played:
                return True
            if request in self._on_their_way:
                return False
            number = None
            if not self.live:  # what is answered needs no scrubbing: what it was recorded as held no credential
                number = self._tape.find(key_of(filtered, self.base_url))
                if number is not None:
                    self._learned.see(filtered.headers.items())
            if number is None and (self._tape.interactions or not self.live):
                wanted = self._wanted(filtered)
                number = self._tape.next(wanted)
                if number is None:  # the dummy token of a replay may be a word that the recording is full of
                    sent = to_interaction(filtered, _NO_ANSWER, self.base_url)
                    number = self._tape.next(secrets.scrub(sent, (), self._additions).interaction)
            if number is not None:
                self._tape.played.add(number)
                self._reserved[request] = number
                return True
            if not self.live:
                raise self._unmatched(wanted)
            sent = to_interaction(request, _NO_ANSWER, self.base_url)  # before the user's hooks took something out
            self._learned.sent(sent)
            self._sent += 1
            self._on_their_way[request] = _Sent(self._sent, filtered)
            return False

    def ignored(self, request: Asked) -> None:
        """Let *request* go its own way, which the user's hooks left it."""
        if self._seal is not None:
            self._seal.open(text_of(request.uri))

    def _unmatched(self, wanted: Interaction) -> BaseException:
        unreadable = self._unreadable_finding()
        if unreadable is not None:  # said once, of the file
            return self._refusal(replace(unreadable, after=f"{wanted.method} {wanted.path}"), UnmatchedRequestError)
        exchange = self._identify(wanted)
        finding = replace(
            self._tape.explain(wanted, self.shown),
            operation=exchange.operation,
            version=exchange.version,
        )
        self.problems.append(finding)
        if wanted.method == "GET" and wanted.task_id is not None:
            return PollRefusedError(finding)
        return self._refusal(finding, UnmatchedRequestError)

    def _refusal(self, finding: Finding, refusal: Callable[[Finding], BaseException]) -> BaseException:
        self._refused[finding.after] += 1
        return (refusal if self._refused[finding.after] <= _PATIENCE else SwallowedRefusalError)(finding)

    def _connection_refused(self, what: str) -> BaseException:
        finding = Finding.of(
            Kind.UNMATCHED_REQUEST,
            (
                f"{what} was refused: the test replays {self.shown}, and this client is none that is recorded.\n"
                "Let it send through requests, httpx, aiohttp, urllib3, urllib or http.client, or name the host in "
                "ignore_hosts of hubfiles_vcr_config."
            ),
            after=what,
        )
        with self.lock:
            self.problems.append(finding)
            return self._refusal(finding, lambda finding: SealedError(finding.message))

    def _wanted(self, request: Asked) -> Interaction:
        """Return the request as the cassette would hold it, credentials taken out."""
        self._learn()
        return self._as_kept(request)

    def _as_kept(self, request: Asked) -> Interaction:
        raw = to_interaction(request, _NO_ANSWER, self.base_url)
        self._learned.learn(raw)
        return self._scrubbed(raw)

    def _learn(self) -> None:
        """Look for credentials in requests that were answered without that, and in those that have no answer yet."""
        with self.lock:
            self._learned.look()
            self._pending()

    def _pending(self) -> list[Interaction]:
        """Return the requests that are on their way, as the cassette would hold them."""
        with self.lock:
            for sent in self._on_their_way.values():
                sent.wanted = sent.wanted or self._as_kept(sent.asked)
            return [sent.wanted for sent in self._on_their_way.values() if sent.wanted is not None]

    def _scrubbed(self, interaction: Interaction) -> Interaction:
        """Return *interaction* as a cassette holds it; what is taken out is looked for everywhere from now on."""
        scrubbed, new = self._learned.scrubbed(interaction)
        if new:  # and what was recorded before may hold it
            self.recorded = [self._without(before, new) for before in self.recorded]
            self.exchanges = [replace(e, interaction=self._without(e.interaction, new)) for e in self.exchanges]
        return scrubbed

    def _without(self, interaction: Interaction, values: frozenset[str]) -> Interaction:
        return secrets.scrub(interaction, values).interaction if secrets.may_hold(interaction, values) else interaction

    def _redacted_log(self, text: str) -> str:
        """Return a log line of a client, which may come before anything was learned of the request."""
        return secrets.redact(text, self.credentials)

    @property
    def credentials(self) -> Set[str]:
        """The credentials that this test has had so far, by value."""
        self._learn()
        return self._learned.values

    def redacted(self, text: str) -> str:
        """Return a *text* for people, such as a failure's, without the credentials that this test has had."""
        return secrets.redact_values(text, self.credentials)

    def redirected(self, request: Asked) -> Asking:
        """Return *request*, the step after the redirect just played in this thread, as a client would make it."""
        with self.lock:
            last = self._last_played.interaction
            keeps_method = last.status_code in (307, 308) or last.method == "HEAD"
            asked = Asking(last.method if keeps_method else "GET", request.uri, None, request.headers)
            wanted = self._wanted(asked).match_key
            for recorded in self._tape.interactions:  # with the body or without: aiohttp's stub records none
                if recorded.match_key[:3] == wanted[:3] and self._tape.next(recorded) is not None:
                    asked.body = recorded.request_body
                    break
            return asked

    def play(self, request: Asked) -> dict[str, Any]:
        """Return the recorded answer that :meth:`asked` promised for *request*.

        Raises:
            UnmatchedRequestError: if it promised none: a recorded redirect leads to what is not recorded.
        """
        with self.lock:
            if request not in self._reserved:
                self._on_their_way.pop(request, None)
                raise self._unmatched(self._wanted(request))
            number = self._reserved.pop(request)
            self._played.add(request)  # http.client asks for its last request again when it is told to connect
            self._last_played.interaction = self._tape.interactions[number]
            self.exchanges.append(self._identify(self._tape.interactions[number]))
            return answer_of(self._tape.stored[number])

    def received(
        self,
        request: Asked,
        response: Mapping[str, Any],
        saved: Sequence[tuple[Asked, Mapping[str, Any]]] | None = None,
    ) -> None:
        """Take note of an answer from the network; *saved* is what the user's hooks, if any, left of it."""
        with self.lock:
            raw = to_interaction(request, response, self.base_url)
            self._learned.sent(raw)
            number = self._answered(request, raw)
            left = [raw] if saved is None else [to_interaction(*pair, self.base_url) for pair in saved]
            # What a hook took out is learned too, for it may stand elsewhere; without hooks there is nothing more.
            told = [] if left == [raw] else [self._scrubbed(raw)]
            kept = [self._scrubbed(interaction) for interaction in left]
            place = bisect.bisect(self._order, number)  # concurrent requests are answered in any order
            self._order[place:place] = [number] * len(kept)
            self.recorded[place:place] = kept
            for interaction in kept or told:
                self.exchanges.append(self._identify(interaction))
                outage = "a body that its Content-Encoding is not true of" if raw.is_garbled else interaction.transient
                if outage:
                    self._outages.append(f"{interaction.method} {interaction.path} got {outage}")

    def _answered(self, request: Asked, raw: Interaction) -> int:
        """Return as the how many-th the request of an answer was sent."""
        self._sent += 1
        if request not in self._on_their_way:  # aiohttp's stub makes new requests along redirects
            pairs = zip(self._on_their_way, self._pending(), strict=True)
            request = next((sent for sent, wanted in pairs if wanted.match_key == raw.match_key), request)
        sent = self._on_their_way.pop(request, None)
        return self._sent if sent is None else sent.number

    def answers(self, method: str, url: str, body: bytes) -> bool:
        """Answer a request that no client makes, if it has a plain answer; it is among ``exchanges`` then."""
        return not self.live and not self._config and self._plain_answer(method, url, body, ()) is not None

    # --- asked by the plugin --------------------------------------------------------------------------------

    @property
    def outages(self) -> list[str]:
        """What was no answer of the API: bad statuses, HTML pages, and requests that no answer came for."""
        silent = [f"{wanted.method} {wanted.path} got no answer" for wanted in self._pending()]
        return list(dict.fromkeys([*self._outages, *silent]))

    def can_play(self, method: str, url: str, body: bytes) -> bool:
        """Return whether a request would be answered from the tape."""
        with self.lock:
            return self._tape.next(self._wanted(Asking(method, url, body))) is not None

    @property
    def unplayed(self) -> list[Interaction]:
        """The recorded exchanges that nobody has asked for."""
        return [i for number, i in enumerate(self._tape.interactions) if number not in self._tape.played]

    def _unreadable_finding(self) -> Finding | None:
        return None if self.unreadable is None else file_findings.unreadable(self.unreadable, self.shown)

    def file_findings(self) -> list[Finding]:
        """Return what is wrong with the cassette file itself: unreadable, or with a credential in it."""
        unreadable = self._unreadable_finding()
        if unreadable is not None:
            return [unreadable]
        return file_findings.credentials_found(
            (i.line, e.places) for i, e in zip(self.original, self._examined, strict=True)
        )
