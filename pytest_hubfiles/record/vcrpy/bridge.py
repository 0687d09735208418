"""Between vcrpy and the recorder: vcrpy's cassette and persister, and what they hold as our types."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from functools import cache, wraps
from typing import Any, Final

from vcr import VCR
from vcr.cassette import Cassette
from vcr.record_mode import RecordMode
from vcr.request import Request

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.model.exchange import NEVER_COMES, Interaction
from pytest_hubfiles.record.recorder import Recorder
from pytest_hubfiles.record.vcrpy.broken_connections import StalledError, disconnected
from pytest_hubfiles.record.vcrpy.clients import PATCHED_HERE
from pytest_hubfiles.record.wire import (
    NO_ANSWER,
    answer_of,
    asked_label,
    canonical_url,
    is_cut,
    text_of,
    to_interaction,
)

_PARAMETERS: Final = frozenset(inspect.signature(Cassette).parameters)
_being_sent: Final[ContextVar[Request | None]] = ContextVar("hubfiles_request", default=None)


def _noting_faults(method: Callable[..., Any]) -> Callable[..., Any]:
    """Have the recorder note what fails in *method*: it is raised into a client, which may swallow it."""

    @wraps(method)
    def noting(self: Bridge, *args: Any) -> Any:
        __tracebackhide__ = True
        try:
            return method(self, *args)
        except HubfilesError:
            raise
        except Exception as error:
            self._recorder.note_fault(error)
            raise

    return noting


class Bridge(Cassette):  # type: ignore[misc]  # vcrpy ships no types
    """What vcrpy's stubs talk to in place of vcrpy's own cassette; requests and answers go to the recorder.

    *on_ignored* gets the URL of each request that the user's hooks have vcrpy ignore. ``has_hooks`` says whether
    there are any.
    """

    def __init__(
        self, *, recorder: Recorder, on_ignored: Callable[[str], None], has_hooks: bool, **config: Any
    ) -> None:
        self._recorder, self._on_ignored, self._has_hooks = recorder, on_ignored, has_hooks
        hooks = config.pop("before_record_request")
        # The user's hooks see HubSpot's origin wherever a request goes, so that they do the same when it is
        # recorded and when it is replayed, and ignore_localhost does not mean a fake server's answers.
        super().__init__(before_record_request=lambda request: hooks(_under_hubspot(request, recorder)), **config)

    def interactions(self) -> list[Interaction]:
        """Return what was loaded, as the user's hooks left it."""
        base_url = self._recorder.base_url
        return [to_interaction(request, response, base_url) for request, response in self.data]

    def is_hubspot(self, url: str) -> bool:
        """Return whether *url* is HubSpot's in this test."""
        return self._recorder.reach.is_hubspot(url)

    @property
    def write_protected(self) -> bool:
        """Whether no connection is to be made; a request that must not be sent has been refused before."""
        return not self._recorder.live

    @_noting_faults
    def can_play_response_for(self, request: Request) -> bool:
        """Return whether *request* is answered from the tape; one that is ignored is sent."""
        __tracebackhide__ = True
        if not self._has_hooks:
            return self._reserve(request, request)
        filtered = self.filter_request(request)
        if filtered:
            return self._reserve(request, filtered)
        self._on_ignored(text_of(request.uri))
        return False

    def _reserve(self, request: Request, filtered: Request) -> bool:
        __tracebackhide__ = True
        is_answered = self._recorder.reserve(request, filtered)
        if not is_answered:
            _being_sent.set(request)
        return is_answered

    def failed(self, error: BaseException) -> None:
        """Note that *error* ended the request that this thread or task is sending."""
        request = _being_sent.get()
        if request is not None and not isinstance(error, HubfilesError):
            self._recorder.failed(request, error)

    def play_response(self, request: Request) -> dict[str, Any]:
        """Return the recorded answer to *request*.

        Raises:
            RemoteDisconnected: if the answer is a connection that was closed before all of it had come.
            StalledError: if the answer never comes.
        """
        answer: dict[str, Any] = self._play(request)
        if answer["status"]["code"] == NEVER_COMES:
            base_url = self._recorder.base_url
            raise StalledError(asked_label(request, to_interaction(request, NO_ANSWER, base_url), base_url))
        if is_cut(answer):
            raise disconnected()
        return answer

    def note_endless(self) -> None:
        """Note that a client waits for ever."""
        self._recorder.tape.is_endless = True

    @_noting_faults
    def _play(self, request: Request) -> dict[str, Any]:
        return self._recorder.play(request)

    def append(self, request: Request, response: dict[str, Any]) -> None:
        """Take in what vcrpy loads, and record what came from the network.

        What fails in here is noted, and fails the test; the client gets its answer. Some clients record in a callback,
        and would wait for ever for an answer that was lost to an error.
        """
        if not self.rewound:  # vcrpy is loading
            super().append(request, response)
            return
        with suppress(Exception):
            self._record(request, response)

    @_noting_faults
    def _record(self, request: Request, response: dict[str, Any]) -> None:
        if not self._has_hooks:  # nothing has to be copied for them
            self._recorder.record(request, response)
            return
        if not self.filter_request(request):  # a host to ignore
            return
        with self._recorder.lock:
            before = len(self.data)
            super().append(request, response)
            stored = self.data[before:]
            # The user's save hooks run now, not when the context ends: the recording is compared before that.
            # What they leave reaches Memory.save_cassette.
            if stored and hasattr(Cassette, "_persist"):  # vcrpy 8.5 has no such hooks
                self._persister.saved.clear()
                self._persist({"requests": [stored[0][0]], "responses": [stored[0][1]]})
                stored = list(self._persister.saved)
            self.dirty = False
            self._recorder.record(request, response, stored)

    def find_requests_with_most_matches(self, request: Request) -> list[tuple[Request, list[str], list[str]]]:
        """Return what aiohttp's stub is to ask for next along a redirect."""
        redirected = self._recorder.redirected(request)
        return [(Request(redirected.method, redirected.uri, redirected.body, redirected.headers), [], [])]


def _under_hubspot(request: Request, recorder: Recorder) -> Request:
    """Return *request* under HubSpot's origin if it goes to the base URL, else as it is."""
    moved = copy.copy(request)
    moved.uri = canonical_url(text_of(request.uri), recorder.base_url)
    return moved


def open_bridge(recorder: Recorder, on_ignored: Callable[[str], None]) -> Bridge:
    """Return a bridge to *recorder*, loaded with what it replays as the user's configuration leaves that."""
    config, memory = recorder.vcr_config, Memory(recorder.replayed)
    merged = {**(_merged(config) if config else _without_hooks()), "path": str(recorder.cassette), "persister": memory}
    if config:
        bridge: Bridge = Bridge.load(recorder=recorder, on_ignored=on_ignored, has_hooks=True, **merged)
    else:
        bridge = Bridge(recorder=recorder, on_ignored=on_ignored, has_hooks=False, **merged)
        bridge.rewound = True  # as if loaded: without hooks the recorder has all of it already
    return bridge


def _merged(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what vcrpy makes of *config*, as its cassette takes it."""
    ours = {
        "skip_patchers": (*config.get("skip_patchers", ()), *PATCHED_HERE),
        "custom_patches": tuple(config.get("custom_patches", ())),
    }
    merged = VCR(record_mode=RecordMode.NEW_EPISODES).get_merged_config(**{**config, **ours})
    return {name: value for name, value in merged.items() if name in _PARAMETERS}


@cache
def _without_hooks() -> dict[str, Any]:
    return _merged({})


class Memory:
    """A vcrpy persister that reads what the recorder has read and hands back what vcrpy would save."""

    def __init__(self, interactions: Sequence[Interaction]) -> None:
        self._interactions = interactions
        self.saved: list[tuple[Request, dict[str, Any]]] = []

    def load_cassette(self, path: object, serializer: object) -> tuple[list[Request], list[dict[str, Any]]]:
        """Return what the recorder has read."""
        requests = [
            Request(i.method, i.url, i.request_body, {name: list(v) for name, v in i.request_headers.items()})
            for i in self._interactions
        ]
        return requests, [answer_of(interaction) for interaction in self._interactions]

    def save_cassette(self, path: object, cassette_dict: Mapping[str, Any], serializer: object) -> None:
        """Hold what vcrpy would save."""
        self.saved.extend(zip(cassette_dict["requests"], cassette_dict["responses"], strict=True))
