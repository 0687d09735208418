"""Answers requests at its ``HTTPAdapter``."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from typing import Any

from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.record.fast.places import Asking
from pytest_hubfiles.record.patch_points import PatchPoint, is_by_itself
from pytest_hubfiles.record.wire import header_pairs


def patch_points(adapters: Any, asking: Asking) -> Iterator[PatchPoint]:
    """Yield what is replaced; *adapters* is the module ``requests.adapters``."""
    import requests.sessions
    import urllib3

    adapter = adapters.HTTPAdapter
    below = _Below(adapter, urllib3.PoolManager, urllib3.HTTPConnectionPool, urllib3.HTTPSConnectionPool)

    def send(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        answer = None
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        if (
            not args
            and isinstance(body, bytes)
            and _are_accepted(**kwargs)
            and below.is_untouched
            and _is_plain(self, adapter)
        ):
            answer = asking.find(request.method, request.url, body, request.headers.items())
        if answer is None:
            asking.hand_over()
            return sending.beneath(self, request, *args, **kwargs)
        return self.build_response(request, _raw(urllib3.HTTPResponse, answer, request))

    def get_environ_proxies(*args: Any, **kwargs: Any) -> Any:
        """Return none: nothing is sent, and looking for one takes a third of the time of a request."""
        return {} if asking.is_on() else proxies.beneath(*args, **kwargs)

    sending = PatchPoint(adapter, "send", vars(adapter)["send"], send)
    proxies = PatchPoint(
        requests.sessions, "get_environ_proxies", requests.sessions.get_environ_proxies, get_environ_proxies
    )
    yield sending
    yield proxies


def _raw(kind: Any, answer: Interaction, request: Any) -> Any:
    """Return *answer* as urllib3's response of that *kind*."""
    return kind(
        body=io.BytesIO(answer.response_body),
        headers=header_pairs(answer),  # of which it makes an HTTPHeaderDict, which urllib3 1.26 does not export
        status=answer.status_code,
        version=11,
        reason=answer.reason,
        preload_content=False,
        decode_content=False,
        request_method=request.method,
        request_url=request.path_url,
    )


class _Below:
    """What ``HTTPAdapter.send`` calls in a replay with vcrpy: classes whose attributes a test may have patched."""

    def __init__(self, *classes: type) -> None:
        self._attributes = [vars(one) for one in classes]
        self._classes = classes
        self._seen: list[dict[str, Any]] | None = None

    @property
    def is_untouched(self) -> bool:
        """Whether they are as they were when every attribute was that of its own package."""
        if self._seen is None:
            if not all(is_by_itself(one, name) for one in self._classes for name in vars(one)):
                return False
            self._seen = [dict(attributes) for attributes in self._attributes]
        return self._attributes == self._seen


def _is_plain(adapter: Any, kind: type) -> bool:
    """Return whether *adapter* is one of that *kind*, sends as the class does, and each request once."""
    if type(adapter) is not kind:
        return False
    pools: Any = vars(adapter).get("poolmanager")
    retries: Any = vars(adapter).get("max_retries")
    return (
        vars(adapter).keys().isdisjoint(vars(kind))
        and type(pools).__module__ == "urllib3.poolmanager"
        and vars(pools).keys().isdisjoint(vars(type(pools)))
        and pools.pool_classes_by_scheme is sys.modules[type(pools).__module__].pool_classes_by_scheme
        and retries.total == 0
        and not retries.status_forcelist
    )


def _are_accepted(
    stream: bool = False, timeout: Any = None, verify: Any = True, cert: Any = None, proxies: Any = None
) -> bool:
    """Return whether requests accepts these arguments of ``send()``, and needs no proxy or certificate for them."""
    seconds = timeout if isinstance(timeout, tuple) else (timeout, timeout)
    return (
        not proxies
        and cert is None
        and (verify in (True, False) or (isinstance(verify, str) and os.path.exists(verify)))  # noqa: PTH110  # as it does
        and len(seconds) == 2
        and all(s is None or (type(s) in (int, float) and s > 0) for s in seconds)
    )
