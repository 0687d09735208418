"""Between vcrpy and the recorder: vcrpy's cassette and persister, and what they hold as our types."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from vcr import VCR
from vcr.cassette import Cassette
from vcr.record_mode import RecordMode
from vcr.request import Request

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.exchanges import Interaction, MatchKey, match_key
from pytest_hubfiles.origin import CANONICAL_ORIGIN

if TYPE_CHECKING:
    from pytest_hubfiles.recorder import Recorder


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
            self._recorder.faults.append(
                f"pytest-hubfiles, or a hook of hubfiles_vcr_config, failed: {type(error).__name__}: {error}"
            )
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
        super().__init__(before_record_request=lambda request: hooks(recorder.under_hubspot(request)), **config)

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
            self._recorder.received(request, response, [(request, response)])
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
        return [(self._recorder.redirected(request), [], [])]


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


def answer_of(interaction: Interaction) -> dict[str, Any]:
    """Return the answer as vcrpy's clients take it."""
    return {
        "status": {"code": interaction.status_code, "message": interaction.reason},
        "headers": {name: list(values) for name, values in interaction.response_headers.items()},
        "body": {"string": interaction.response_body},
    }


_HALVES: Final = re.compile("[\udc80-\udcff]")


def text_of(value: object) -> str:
    """Return what a client gave as text or bytes as text that a file can hold."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    text = str(value)
    if text.isascii():
        return text
    # aiohttp reads what is no UTF-8 in a header as halves of characters, which YAML cannot hold.
    return text.encode("utf-8", "surrogateescape").decode("latin-1") if _HALVES.search(text) else text


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


def to_interaction(request: Request, response: Mapping[str, Any], base_url: str) -> Interaction:
    """Return vcrpy's request and response as one of ours, under HubSpot's origin."""
    return Interaction(
        method=text_of(request.method).upper(),
        url=canonical_url(text_of(request.uri), base_url),
        request_headers={text_of(name): (text_of(value),) for name, value in request.headers.items()},
        request_body=_body_bytes(request.body),
        status_code=response["status"]["code"],
        reason=text_of(response["status"]["message"] or ""),
        response_headers={text_of(name): tuple(map(text_of, values)) for name, values in response["headers"].items()},
        response_body=_body_bytes((response.get("body") or {}).get("string")),
    )


def key_of(request: Request, base_url: str) -> MatchKey:
    """Return what *request* is recognised by, as it is: with whatever credentials it carries."""
    url = canonical_url(text_of(request.uri), base_url)
    return match_key(text_of(request.method).upper(), url, _body_bytes(request.body))


def moved(interaction: Interaction, base_url: str) -> Interaction:
    """Return *interaction* under HubSpot's own origin if it was recorded from *base_url*, else as it is."""
    url = canonical_url(interaction.url, base_url)
    return interaction if url == interaction.url else replace(interaction, url=url)


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
