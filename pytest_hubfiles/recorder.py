"""A test's cassette: every HTTP client of the test is recorded into it or answered from it."""

from __future__ import annotations

import bisect
import copy
import http.client
import json
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FunctionType, MappingProxyType, TracebackType
from typing import Any, Final
from unittest import mock
from urllib.parse import urlsplit
from weakref import WeakSet

import vcr.patch
from vcr import VCR
from vcr.cassette import Cassette
from vcr.record_mode import RecordMode as VcrMode
from vcr.request import Request
from vcr.stubs import VCRHTTPConnection, VCRHTTPSConnection

from pytest_hubfiles import cassettes, scrubbing
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.exchanges import CANONICAL_ORIGIN, Exchange, Interaction
from pytest_hubfiles.findings import Category, Finding, Kind, severity_of
from pytest_hubfiles.lifecycle import TERMINAL
from pytest_hubfiles.options import RecordMode
from pytest_hubfiles.takes import Takes

VCR_OPTIONS: Final = frozenset(
    {
        "after_load_interaction",
        "before_record_request",
        "before_record_response",
        "before_save_interaction",
        "custom_patches",
        "filter_headers",
        "filter_nested_post_data_parameters",
        "filter_post_data_parameters",
        "filter_query_parameters",
        "filter_sensitive_data",
        "ignore_hosts",
        "ignore_localhost",
        "skip_patchers",
    }
)
"""What the fixture ``hubfiles_vcr_config`` may hand on to vcrpy; everything else is this plugin's to decide."""


class VcrConfigError(HubfilesError):
    """The fixture ``hubfiles_vcr_config`` returned something that cannot be handed on to vcrpy."""

    def __init__(self, given: object) -> None:
        super().__init__(
            f"hubfiles_vcr_config returned {given}; it can set {', '.join(sorted(VCR_OPTIONS))}.\n"
            "The cassette's path, mode, matching and format are set by pytest-hubfiles' own options."
        )


class UnmatchedRequestError(HubfilesError):
    """A request for which nothing is recorded; ``finding`` says what came closest and why it did not match."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding.message)


def canonical_url(url: str, base_url: str) -> str:
    """Return *url* under HubSpot's own origin if it goes to *base_url*, else as it is."""
    if url == base_url or url.startswith((base_url + "/", base_url + "?")):
        return CANONICAL_ORIGIN + url[len(base_url) :]
    base, given = urlsplit(base_url), urlsplit(url)
    default = {"http": 80, "https": 443}
    origins = [(parts.scheme, parts.hostname, parts.port or default.get(parts.scheme)) for parts in (base, given)]
    if origins[0] == origins[1] and f"{given.path}/".startswith(f"{base.path}/"):
        rest = given.path[len(base.path) :] + (f"?{given.query}" if given.query else "")
        return CANONICAL_ORIGIN + rest
    return url


@dataclass
class _Tape:
    """The recorded answers, in order, each played once and the end of a task as often as it is asked for."""

    interactions: list[Interaction]
    answers: list[dict[str, Any]]
    played: set[int] = field(default_factory=set)
    index: dict[tuple[Any, ...], list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, interaction in enumerate(self.interactions):
            self.index.setdefault(interaction.match_key, []).append(number)

    def next(self, request: Interaction) -> int | None:
        """Return the number of the answer to *request*, None where there is none (any more)."""
        same = self.index.get(request.match_key, ())
        for number in same:
            if number not in self.played:
                return number
        # vcrpy would fail a task polled once more than it was recorded; HubSpot would repeat its last answer.
        if same and self.interactions[same[-1]].task_status in TERMINAL:
            return same[-1]
        return None

    def explain(self, request: Interaction, cassette: str) -> Finding:
        """Return the finding for a *request* that has no answer."""
        same = self.index.get(request.match_key, ())
        asked = f"{request.method} {request.path}"
        kind = Kind.UNMATCHED_REQUEST
        if same:
            last = self.interactions[same[-1]]
            times = f"{len(same)} time{'s' * (len(same) != 1)}"
            if last.task_id is not None and last.status_code < 300:
                kind = Kind.TASK_NEVER_ENDED
                said = (
                    f"{asked} was polled {times} when it was recorded and is polled once more now; the last answer "
                    f"was {last.task_status or 'without a state'}: the recorded task never ended. Record it again, "
                    f"polling until it is {' or '.join(sorted(TERMINAL))}."
                )
            else:
                said = f"{asked} was recorded {times} and is asked for once more now. Record it again."
        elif not self.interactions:
            said = f"{asked}: nothing is recorded in {cassette}. Record it with --hubfiles-record once."
        else:
            closest = max(self.interactions, key=lambda recorded: _likeness(request, recorded))
            said = (
                f"{asked} is not in {cassette}.\n"
                f"  closest recorded: {closest.method} {closest.path}\n"
                + "".join(f"  {difference}\n" for difference in _differences(request, closest))
                + "Record it with --hubfiles-record new_episodes, or all of it again with rewrite."
            )
        return Finding(
            kind=kind, severity=severity_of(kind), category=Category.REPLAY, message=said, after=asked,
            cassette=str(cassette),
        )  # fmt: skip


def _likeness(asked: Interaction, recorded: Interaction) -> tuple[int, int]:
    (method, path, query, body), (method2, path2, query2, body2) = asked.match_key, recorded.match_key
    shared = sum(one == other for one, other in zip(path.split("/"), path2.split("/"), strict=False))
    return (path == path2) * 4 + (method == method2) * 2 + (query == query2) + (body == body2), shared


def _differences(asked: Interaction, recorded: Interaction) -> list[str]:
    names = ("method", "path", "query", "body")
    found = []
    for name, now, then in zip(names, asked.match_key, recorded.match_key, strict=True):
        if now != then:
            shown = [_shown(value) for value in (then, now)]
            found.append(f"{name} differs: recorded {shown[0]}, asked {shown[1]}")
    return found


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        value = "&".join(f"{name}={text}" for name, text in value)
    text = str(value) or "none"
    return text if len(text) <= 200 else text[:199] + "…"


class _Bridge(Cassette):  # type: ignore[misc]  # vcrpy ships no types
    """What vcrpy's clients talk to in place of its own cassette: questions and answers go to the recorder."""

    def __init__(self, *, recorder: Recorder, **config: Any) -> None:
        self._recorder = recorder
        hooks = config.pop("before_record_request")
        # The user's hooks see HubSpot's origin wherever a request goes, so that they do the same when it is
        # recorded and when it is replayed, and ignore_localhost does not mean what a stand-in on it answers.
        super().__init__(before_record_request=lambda request: hooks(recorder.under_hubspot(request)), **config)

    @property
    def write_protected(self) -> bool:
        """Never: a request that must not go out is refused in :meth:`can_play_response_for`."""
        return False

    def can_play_response_for(self, request: Request) -> bool:
        filtered = self.filter_request(request)
        return bool(filtered) and self._recorder.asked(request, filtered)

    def play_response(self, request: Request) -> dict[str, Any]:
        return self._recorder.play(request)

    def append(self, request: Request, response: dict[str, Any]) -> None:
        if not self.rewound:  # vcrpy is loading what was recorded
            super().append(request, response)
            return
        if not self.filter_request(request):  # a host to ignore: no business of ours
            return
        with self._recorder.lock:
            before = len(self.data)
            super().append(request, response)
            stored = self.data[before:]
            # The save hooks of the user's vcrpy configuration run now, not when the context ends: the
            # recording is compared before that. What they leave reaches _Memory.save_cassette.
            self._persister.saved.clear()
            if stored:
                self._persist({"requests": [stored[0][0]], "responses": [stored[0][1]]})
            self.dirty = False
            self._recorder.received(request, response, list(self._persister.saved))

    def find_requests_with_most_matches(self, request: Request) -> list[tuple[Request, list[str], list[str]]]:
        """Return what aiohttp's stub is to ask for next along a redirect."""
        return [(self._recorder.redirected(request), [], [])]


class _Memory:
    """A vcrpy persister that reads what the recorder has read and hands back what vcrpy would save."""

    def __init__(self, interactions: Sequence[Interaction]) -> None:
        self._interactions = interactions
        self.saved: list[tuple[Request, dict[str, Any]]] = []

    def load_cassette(self, path: object, serializer: object) -> tuple[list[Request], list[dict[str, Any]]]:
        requests = [
            Request(i.method, i.url, i.request_body, {name: list(v) for name, v in i.request_headers.items()})
            for i in self._interactions
        ]
        return requests, [_answer(interaction) for interaction in self._interactions]

    def save_cassette(self, path: object, cassette_dict: Mapping[str, Any], serializer: object) -> None:
        self.saved.extend(zip(cassette_dict["requests"], cassette_dict["responses"], strict=True))


def _answer(interaction: Interaction) -> dict[str, Any]:
    return {
        "status": {"code": interaction.status_code, "message": interaction.reason},
        "headers": {name: list(values) for name, values in interaction.response_headers.items()},
        "body": {"string": interaction.response_body},
    }


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _body_bytes(body: Any) -> bytes:
    """Return a request's body as bytes, whatever form the client gave it in."""
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode("utf-8")
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body)
    if isinstance(body, (dict, list)):  # aiohttp's json= as it was given; vcrpy's hook comes before it is encoded
        return json.dumps(body).encode("utf-8")
    if hasattr(body, "read"):
        return _body_bytes(body.read())
    if isinstance(body, Iterable):
        return b"".join(bytes([part]) if isinstance(part, int) else _body_bytes(part) for part in body)
    return b""  # a form object that only its client can encode: the request is recognised by everything else


def _interaction(request: Request, response: Mapping[str, Any], base_url: str) -> Interaction:
    """Return vcrpy's request and response as one of ours, under HubSpot's origin."""
    return Interaction(
        method=_text(request.method).upper(),
        url=canonical_url(_text(request.uri), base_url),
        request_headers={_text(name): (_text(value),) for name, value in request.headers.items()},
        request_body=_body_bytes(request.body),
        status_code=response["status"]["code"],
        reason=_text(response["status"]["message"] or ""),
        response_headers={_text(name): tuple(map(_text, values)) for name, values in response["headers"].items()},
        response_body=_body_bytes((response.get("body") or {}).get("string")),
    )


class _Connection(VCRHTTPConnection, vcr.patch._HTTPConnection):  # type: ignore[misc]  # vcrpy ships no types
    """What an ``http.client.HTTPConnection`` is while there is a recorder."""


class _TlsConnection(VCRHTTPSConnection, vcr.patch._HTTPSConnection):  # type: ignore[misc]  # likewise
    """What an ``http.client.HTTPSConnection`` is while there is a recorder."""


def _patches(bridge: _Bridge, skipped: Iterable[str]) -> Iterator[AbstractContextManager[Any]]:
    """Yield what takes the place of vcrpy's own patches, or comes on top of them."""
    # vcrpy takes its patches off, for all threads, while one of them sends a request or makes a connection:
    # requests of the others then go out unseen, in replay too. It need not, with http.client patched as below.
    yield mock.patch.object(vcr.patch, "force_reset", nullcontext)
    if "httplib" not in skipped:
        yield from _http_client_patches(vcr.patch._HTTPConnection, _Connection, bridge)
        yield from _http_client_patches(vcr.patch._HTTPSConnection, _TlsConnection, bridge)
    if "aiohttp" not in skipped and "aiohttp" in sys.modules:
        yield from _aiohttp_patches()


def _http_client_patches(real: Any, stub: Any, bridge: _Bridge) -> Iterator[AbstractContextManager[Any]]:
    """Make every connection of the class *real* one that asks *bridge*.

    vcrpy replaces the class in ``http.client``, which misses modules that imported it by its name.
    """
    sending = type(real.__name__, (real,), {})  # what the stub sends through; only real itself is stood in for
    asking = type(real.__name__, (stub,), {"cassette": bridge, "_baseclass": sending})
    # It calls its base by this class's name in http.client, which a cassette of the test's own may replace.
    original = real.__init__
    names = {**original.__globals__, real.__name__: real}
    prepare = FunctionType(original.__code__, names, argdefs=original.__defaults__, closure=original.__closure__)
    prepare.__kwdefaults__ = original.__kwdefaults__

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807  # it is one
        if type(self) is real:
            self.__class__ = asking
            self.__init__(*args, **kwargs)
        else:
            prepare(self, *args, **kwargs)

    yield mock.patch.object(real, "__init__", __init__)
    yield mock.patch.object(http.client, real.__name__, real)  # a cassette around this one may have replaced it
    yield mock.patch.object(stub.__mro__[1], "_baseclass", sending)  # a cassette within this one sends by itself


def _aiohttp_patches() -> Iterator[AbstractContextManager[Any]]:
    import aiohttp
    from vcr.stubs.aiohttp_stubs import MockClientResponse

    ask = aiohttp.ClientSession._request

    async def _request(session: aiohttp.ClientSession, method: str, url: Any, **given: Any) -> Any:
        return await ask(session, method, url, **await _encoded(session, given))

    # vcrpy asks before aiohttp encodes what it was given: no form would be stored as it is sent.
    if hasattr(aiohttp.Payload, "as_bytes"):  # since aiohttp 3.12
        yield mock.patch.object(aiohttp.ClientSession, "_request", _request)
    # Replayed answers of vcrpy know no charset, and any page is JSON to them.
    for name in ("json", "text"):
        yield mock.patch.object(MockClientResponse, name, getattr(aiohttp.ClientResponse, name))


async def _encoded(session: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments *given* for a request with their ``json`` or form encoded as aiohttp does it."""
    import aiohttp

    data = given.get("data")
    payload: Any
    if data is None and given.get("json") is not None:
        payload = aiohttp.JsonPayload(given["json"], dumps=session.json_serialize)
    elif given.get("json") is not None:  # data as well: aiohttp refuses that
        return given
    elif isinstance(data, aiohttp.FormData):
        payload = data()
    elif data and isinstance(data, (dict, list, tuple, Mapping)):
        payload = aiohttp.FormData(data)()
    else:
        return given
    headers = session._prepare_headers(given.get("headers"))
    headers.setdefault("Content-Type", payload.content_type)
    return {**given, "json": None, "data": await payload.as_bytes(), "headers": headers}


_NO_ANSWER: Final[Mapping[str, Any]] = {"status": {"code": 599, "message": ""}, "headers": {}}
Identify = Callable[[Interaction], Exchange]


class Recorder(AbstractContextManager["Recorder"]):
    """Records or replays what happens between entering and leaving it.

    ``shown`` is how messages call the cassette. ``exchanges`` is what happened, as a cassette would keep it;
    ``recorded`` what came from the network, in the order it was asked for; ``problems`` the requests without an
    answer; ``outages`` what was no answer of the API; ``live`` whether requests may reach the network.
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
        secrets: Iterable[str] = (),
        vcr_config: Mapping[str, Any] = MappingProxyType({}),
        max_megabytes: float = 64.0,
        test: str = "",
    ) -> None:
        if not isinstance(vcr_config, Mapping):
            raise VcrConfigError(f"a {type(vcr_config).__name__}, not a dict")
        if unknown := sorted(map(repr, set(vcr_config) - VCR_OPTIONS)):
            raise VcrConfigError(f"a dict with {', '.join(unknown)}")
        self.cassette, self.shown, self.mode, self.takes = cassette, shown, mode, takes
        self.base_url = base_url
        self.lock = threading.RLock()
        self.exchanges: list[Exchange] = []
        self.recorded: list[Interaction] = []
        self._order: list[int] = []  # as the how many-th the request of each of them was sent
        self.problems: list[Finding] = []
        self._identify = identify
        self._secrets = set(secrets)
        self._live: dict[Request, tuple[int, Interaction]] = {}  # sent, and without an answer so far
        self._sent = 0
        self._reserved: dict[Request, int] = {}
        self._played: WeakSet[Request] = WeakSet()
        self._last_played = threading.local()
        self._outages: list[str] = []
        self.live = self._goes_live(test)
        self.unreadable: cassettes.CassetteUnreadableError | None = None
        replayed: list[Interaction] = []
        try:
            self.original = self._load(max_megabytes)
            if not self.live or mode is RecordMode.NEW_EPISODES:
                replayed = [interaction.plain() for interaction in self.original]
        except cassettes.CassetteUnreadableError as error:
            self.original, self.unreadable = [], error
        self._memory = _Memory(replayed)
        self._skipped = tuple(vcr_config.get("skip_patchers", ()))
        self._context = self._build_context(vcr_config)
        self._patched = ExitStack()

    def _goes_live(self, test: str) -> bool:
        if self.mode is RecordMode.NONE:
            return False
        return self.takes is None or self.takes.begin(test)

    def _load(self, max_megabytes: float) -> list[Interaction]:
        if self.live and self.takes is not None:
            return self.takes.original(max_megabytes)
        return cassettes.read(self.cassette, max_megabytes) if self.cassette.exists() else []

    def _build_context(self, config: Mapping[str, Any]) -> AbstractContextManager[Any]:
        try:
            vcr.patch.validate_skip_patchers(self._skipped)
        except ValueError as error:
            raise VcrConfigError(f"a dict with skip_patchers={list(self._skipped)!r} ({error})") from None
        ours = {
            "path": str(self.cassette),
            "persister": self._memory,
            "skip_patchers": (*self._skipped, "httplib"),  # see _http_client_patches
            "custom_patches": tuple(config.get("custom_patches", ())),
        }
        merged = VCR(record_mode=VcrMode.NEW_EPISODES).get_merged_config(**{**config, **ours})
        context: AbstractContextManager[Any] = _Bridge.use(recorder=self, **merged)
        return context

    def __enter__(self) -> Recorder:
        with ExitStack() as entering:  # what fails in here leaves nothing patched
            bridge = entering.enter_context(self._context)
            for patch in _patches(bridge, self._skipped):
                entering.enter_context(patch)
            # The user's load hooks have run: what they left is what is recognised and answered.
            answers = list(bridge.responses)
            loaded = [
                _interaction(request, answer, self.base_url)
                for request, answer in zip(bridge.requests, answers, strict=True)
            ]
            self._tape = _Tape(loaded, answers)
            self._patched = entering.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._patched.__exit__(kind, error, trace)

    # --- asked by vcrpy's clients ---------------------------------------------------------------------------

    def asked(self, request: Request, filtered: Request) -> bool:
        """Return whether *request* is answered from the tape; False sends it to the network.

        Raises:
            UnmatchedRequestError: if it has no answer and must not go out.
        """
        with self.lock:
            if request in self._reserved or request in self._played:
                return True
            if request in self._live:
                return False
            wanted = self._wanted(filtered)
            number = self._tape.next(wanted)
            if number is None:  # the dummy token of a replay may be a word that the recording is full of
                number = self._tape.next(scrubbing.scrub(_interaction(filtered, _NO_ANSWER, self.base_url)))
            if number is not None:
                self._tape.played.add(number)
                self._reserved[request] = number
                return True
            if not self.live:
                raise self._unmatched(wanted)
            self._sent += 1
            self._live[request] = (self._sent, wanted)
            return False

    def _unmatched(self, wanted: Interaction) -> UnmatchedRequestError:
        unreadable = self._unreadable_finding()
        if unreadable is not None:  # said once, of the file
            return UnmatchedRequestError(unreadable)
        exchange = self._identify(wanted)
        finding = replace(
            self._tape.explain(wanted, self.shown),
            operation=exchange.operation,
            version=exchange.version,
        )
        self.problems.append(finding)
        return UnmatchedRequestError(finding)

    def _wanted(self, request: Request) -> Interaction:
        """Return the request as the cassette would hold it, credentials taken out."""
        raw = _interaction(request, _NO_ANSWER, self.base_url)
        self._secrets |= scrubbing.credentials_in(raw.request_headers)
        return scrubbing.scrub(raw, self._secrets)

    def under_hubspot(self, request: Request) -> Request:
        """Return *request* under HubSpot's origin if it goes to the base URL, else as it is."""
        moved = copy.copy(request)
        moved.uri = canonical_url(_text(request.uri), self.base_url)
        return moved

    def redirected(self, request: Request) -> Request:
        """Return *request*, the step after the redirect just played in this thread, as a client would make it."""
        with self.lock:
            last = self._last_played.interaction
            keeps_method = last.status_code in (307, 308) or last.method == "HEAD"
            asked = Request(last.method if keeps_method else "GET", request.uri, None, request.headers)
            wanted = self._wanted(asked).match_key
            for recorded in self._tape.interactions:  # with the body or without: aiohttp's stub records none
                if recorded.match_key[:3] == wanted[:3] and self._tape.next(recorded) is not None:
                    asked.body = recorded.request_body
                    break
            return asked

    def play(self, request: Request) -> dict[str, Any]:
        """Return the recorded answer that :meth:`asked` promised for *request*.

        Raises:
            UnmatchedRequestError: if it promised none: a recorded redirect leads to what is not recorded.
        """
        with self.lock:
            if request not in self._reserved:
                self._live.pop(request, None)
                raise self._unmatched(self._wanted(request))
            number = self._reserved.pop(request)
            self._played.add(request)  # http.client asks for its last request again when it is told to connect
            self._last_played.interaction = self._tape.interactions[number]
            self.exchanges.append(self._identify(self._tape.interactions[number]))
            return copy.deepcopy(self._tape.answers[number])

    def received(
        self,
        request: Request,
        response: Mapping[str, Any],
        saved: Sequence[tuple[Request, Mapping[str, Any]]],
    ) -> None:
        """Take note of an answer from the network; *saved* is what the user's hooks left of it, if anything."""
        with self.lock:
            raw = _interaction(request, response, self.base_url)
            self._secrets |= scrubbing.credentials_in(raw.request_headers)
            number = self._answered(request, raw)
            kept = [scrubbing.scrub(_interaction(*pair, self.base_url), self._secrets) for pair in saved]
            place = bisect.bisect(self._order, number)  # concurrent requests are answered in any order
            self._order[place:place] = [number] * len(kept)
            self.recorded[place:place] = kept
            for interaction in kept or [scrubbing.scrub(raw, self._secrets)]:
                self.exchanges.append(self._identify(interaction))
                if interaction.outage:
                    self._outages.append(f"{interaction.method} {interaction.path} got {interaction.outage}")

    def _answered(self, request: Request, raw: Interaction) -> int:
        """Return as the how many-th the request of an answer was sent."""
        if request not in self._live:  # aiohttp's stub makes new requests along redirects
            same = (sent for sent, (_, wanted) in self._live.items() if wanted.match_key == raw.match_key)
            request = next(same, request)
        self._sent += 1
        return self._live.pop(request, (self._sent, raw))[0]

    # --- asked by the plugin --------------------------------------------------------------------------------

    @property
    def outages(self) -> list[str]:
        """What was no answer of the API: bad statuses, HTML pages, and requests that no answer came for."""
        silent = [f"{wanted.method} {wanted.path} got no answer" for _, wanted in self._live.values()]
        return list(dict.fromkeys([*self._outages, *silent]))

    def can_play(self, method: str, url: str, body: bytes) -> bool:
        """Return whether a request would be answered from the tape."""
        with self.lock:
            return self._tape.next(self._wanted(Request(method, url, body, {}))) is not None

    @property
    def unplayed(self) -> list[Interaction]:
        """The recorded exchanges that nobody has asked for."""
        return [i for number, i in enumerate(self._tape.interactions) if number not in self._tape.played]

    def _unreadable_finding(self) -> Finding | None:
        if self.unreadable is None:
            return None
        return Finding(
            kind=Kind.CASSETTE_UNREADABLE,
            severity=severity_of(Kind.CASSETTE_UNREADABLE),
            category=Category.REPLAY,
            message=(
                f"{self.unreadable.described(self.shown)}\n"
                "Record it again with --hubfiles-record rewrite and --hubfiles-accept, or restore it."
            ),
        )

    def file_findings(self) -> list[Finding]:
        """Return what is wrong with the cassette file itself: unreadable, or with a credential in it."""
        unreadable = self._unreadable_finding()
        if unreadable is not None:
            return [unreadable]
        places = dict.fromkeys(place for interaction in self.original for place in scrubbing.secrets_in(interaction))
        if not places:
            return []
        return [
            Finding(
                kind=Kind.SECRET_IN_CASSETTE,
                severity=severity_of(Kind.SECRET_IN_CASSETTE),
                category=Category.REPLAY,
                message=f"a credential stands in {'; '.join(places)}. Revoke it, and record the cassette again.",
                after="; ".join(places),
            )
        ]
