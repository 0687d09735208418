"""Between vcrpy and the recorder: vcrpy's cassette and persister, and what they hold as our types."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, Final

from vcr import VCR
from vcr.cassette import Cassette
from vcr.record_mode import RecordMode
from vcr.request import Request

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.record.wire import answer_of, canonical_url, text_of

if TYPE_CHECKING:
    from pytest_hubfiles.record.recorder import Recorder


_PARAMETERS: Final = frozenset(inspect.signature(Cassette).parameters)


def _telling(method: Callable[..., Any]) -> Callable[..., Any]:
    """Have the recorder know of what goes wrong in *method*: it is raised into a client, which may swallow it."""

    @wraps(method)
    def told(self: Bridge, *args: Any) -> Any:
        __tracebackhide__ = True
        try:
            return method(self, *args)
        except HubfilesError:
            raise
        except Exception as error:
            self._recorder.failed(error)
            raise

    return told


class Bridge(Cassette):  # type: ignore[misc]  # vcrpy ships no types
    """What vcrpy's clients talk to in place of its own cassette: questions and answers go to the recorder."""

    def __init__(self, *, recorder: Recorder, is_plain: bool, **config: Any) -> None:
        self._recorder = recorder
        self._is_plain = is_plain  # the user has no hooks, and no request is to be ignored
        hooks = config.pop("before_record_request")
        # The user's hooks see HubSpot's origin wherever a request goes, so that they do the same when it is
        # recorded and when it is replayed, and ignore_localhost does not mean what a stand-in on it answers.
        super().__init__(before_record_request=lambda request: hooks(_under_hubspot(request, recorder)), **config)

    @property
    def write_protected(self) -> bool:
        """Whether no connection is to be made; a request that must not go out has been refused before it is asked."""
        return not self._recorder.live

    @_telling
    def can_play_response_for(self, request: Request) -> bool:
        """Return whether *request* is answered from the tape; one that is ignored goes its own way."""
        __tracebackhide__ = True
        if self._is_plain:
            return self._recorder.asked(request, request)
        filtered = self.filter_request(request)
        if not filtered:
            self._recorder.ignored(request)
            return False
        return self._recorder.asked(request, filtered)

    @_telling
    def play_response(self, request: Request) -> dict[str, Any]:
        """Return the recorded answer to *request*."""
        return self._recorder.play(request)

    @_telling
    def append(self, request: Request, response: dict[str, Any]) -> None:
        """Take in what vcrpy loads, and what came from the network."""
        if not self.rewound:  # vcrpy is loading what was recorded
            super().append(request, response)
            return
        if self._is_plain:  # nobody has a say in what is stored, and nothing is to be copied for them
            self._recorder.received(request, response)
            return
        if not self.filter_request(request):  # a host to ignore: no business of ours
            return
        with self._recorder.lock:
            before = len(self.data)
            super().append(request, response)
            stored = self.data[before:]
            # The save hooks of the user's vcrpy configuration run now, not when the context ends: the
            # recording is compared before that. What they leave reaches Memory.save_cassette.
            if stored and hasattr(Cassette, "_persist"):  # vcrpy 8.5 has no such hooks
                self._persister.saved.clear()
                self._persist({"requests": [stored[0][0]], "responses": [stored[0][1]]})
                stored = list(self._persister.saved)
            self.dirty = False
            self._recorder.received(request, response, stored)

    def find_requests_with_most_matches(self, request: Request) -> list[tuple[Request, list[str], list[str]]]:
        """Return what aiohttp's stub is to ask for next along a redirect."""
        asked = self._recorder.redirected(request)
        return [(Request(asked.method, asked.uri, asked.body, asked.headers), [], [])]


def _under_hubspot(request: Request, recorder: Recorder) -> Request:
    """Return *request* under HubSpot's origin if it goes to the base URL, else as it is."""
    moved = copy.copy(request)
    moved.uri = canonical_url(text_of(request.uri), recorder.base_url)
    return moved


def open_bridge(recorder: Recorder, interactions: Sequence[Interaction], config: Mapping[str, Any]) -> Bridge:
    """Return a bridge to *recorder*, loaded with *interactions* as the user's configuration *config* leaves them."""
    memory = Memory(interactions)
    merged = {**(_merged(config) if config else _plain()), "path": str(recorder.cassette), "persister": memory}
    if config:
        bridge: Bridge = Bridge.load(recorder=recorder, is_plain=False, **merged)
    else:
        bridge = Bridge(recorder=recorder, is_plain=True, **merged)
        bridge.rewound = True  # as if loaded: nobody has a say in what is, and the recorder has it already
    return bridge


def _merged(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return what vcrpy makes of *config*, as its cassette takes it."""
    ours = {
        "skip_patchers": (*config.get("skip_patchers", ()), "httplib"),  # see clients.py
        "custom_patches": tuple(config.get("custom_patches", ())),
    }
    merged = VCR(record_mode=RecordMode.NEW_EPISODES).get_merged_config(**{**config, **ours})
    return {name: value for name, value in merged.items() if name in _PARAMETERS}


@cache
def _plain() -> dict[str, Any]:
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
