"""Answers httpx at its transports, with and without ``async``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pytest_hubfiles.record.fast.places import Asking
from pytest_hubfiles.record.patch_points import PatchPoint
from pytest_hubfiles.record.wire import header_pairs


def patch_points(httpx: Any, asking: Asking) -> Iterator[PatchPoint]:
    """Yield what is replaced; *httpx* is the module."""

    def respond(request: Any) -> Any:
        """Return the response to *request*, made as vcrpy makes it, or None."""
        if not isinstance(request.stream, httpx.ByteStream):
            return None
        answer = asking.find(request.method, str(request.url), b"".join(request.stream), request.headers.raw)
        return answer and httpx.Response(
            answer.status_code,
            headers=header_pairs(answer),
            stream=httpx.ByteStream(answer.response_body),
            extensions={"reason_phrase": answer.reason.encode()} if answer.reason else None,
        )

    def handle_request(self: Any, request: Any) -> Any:
        response = respond(request)
        if response is None:
            asking.hand_over()
            return handling.beneath(self, request)
        return response

    async def handle_async_request(self: Any, request: Any) -> Any:
        response = respond(request)
        if response is None:
            asking.hand_over()
            return await async_handling.beneath(self, request)
        return response

    transport, async_transport = httpx.HTTPTransport, httpx.AsyncHTTPTransport
    handling = PatchPoint(transport, "handle_request", vars(transport)["handle_request"], handle_request)
    async_original = vars(async_transport)["handle_async_request"]
    async_handling = PatchPoint(async_transport, "handle_async_request", async_original, handle_async_request)
    yield handling
    yield async_handling
