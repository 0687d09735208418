"""Answers httpx at its transports, with and without ``async``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.record.patch_points import PatchPoint
from pytest_hubfiles.record.wire import header_pairs


def patch_points(
    httpx: Any, find: Callable[..., Interaction | None], hand_over: Callable[[], object]
) -> Iterator[PatchPoint]:
    """Yield what is replaced; *httpx* is the module."""
    transport, async_transport = httpx.HTTPTransport, httpx.AsyncHTTPTransport

    def respond(request: Any) -> Any:
        """Return the response to *request*, made as vcrpy makes it, or None."""
        if not isinstance(request.stream, httpx.ByteStream):
            return None
        answer = find(request.method, str(request.url), b"".join(request.stream), request.headers.raw)
        return answer and httpx.Response(
            answer.status_code,
            headers=header_pairs(answer),
            stream=httpx.ByteStream(answer.response_body),
            extensions={"reason_phrase": answer.reason.encode()} if answer.reason else None,
        )

    def handle_request(self: Any, request: Any) -> Any:
        response = respond(request) if type(self) is transport else None
        if response is None:
            hand_over()
            return handling.successor(self, request)
        return response

    async def handle_async_request(self: Any, request: Any) -> Any:
        response = respond(request) if type(self) is async_transport else None
        if response is None:
            hand_over()
            return await async_handling.successor(self, request)
        return response

    handling = PatchPoint(transport, "handle_request", vars(transport)["handle_request"], handle_request)
    yield handling
    async_original = vars(async_transport)["handle_async_request"]
    async_handling = PatchPoint(async_transport, "handle_async_request", async_original, handle_async_request)
    yield async_handling
