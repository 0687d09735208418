"""Answers requests at its ``HTTPAdapter``."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from typing import Any

from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.record.patch_points import PatchPoint
from pytest_hubfiles.record.wire import header_pairs


def patch_points(
    adapters: Any, find: Callable[..., Interaction | None], hand_over: Callable[[], object]
) -> Iterator[PatchPoint]:
    """Yield what is replaced; *adapters* is the module ``requests.adapters``.

    Raises:
        AttributeError: if somebody else has replaced ``HTTPAdapter.send``.
    """
    import requests.sessions
    import urllib3

    adapter, original = adapters.HTTPAdapter, vars(adapters.HTTPAdapter)["send"]
    if original.__module__ != adapters.__name__:
        raise AttributeError("HTTPAdapter.send is not that of requests")

    def send(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        answer = None
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        if type(self) is adapter and not args and isinstance(body, bytes) and _are_accepted(**kwargs):
            answer = find(request.method, request.url, body, request.headers.items())
        if answer is None:
            hand_over()
            return sending.successor(self, request, *args, **kwargs)
        raw = urllib3.HTTPResponse(
            body=io.BytesIO(answer.response_body),
            headers=urllib3.HTTPHeaderDict(header_pairs(answer)),
            status=answer.status_code,
            version=11,
            reason=answer.reason,
            preload_content=False,
            decode_content=False,
            request_method=request.method,
            request_url=request.path_url,
        )
        return self.build_response(request, raw)

    sending = PatchPoint(adapter, "send", original, send)
    yield sending
    # Nothing is sent, so no proxy is needed. Looking for one takes a third of the time of a request.
    yield PatchPoint(requests.sessions, "get_environ_proxies", requests.sessions.get_environ_proxies, _no_proxies)


def _no_proxies(*args: object, **kwargs: object) -> dict[str, str]:
    return {}


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
