"""The HTTP clients that tests send through, and what the package has to know of each."""

from __future__ import annotations

from typing import Final, NamedTuple


class Client(NamedTuple):
    """An HTTP client, named after the module that a test imports.

    ``module`` has the classes through which it sends; a client without one is answered by vcrpy alone.
    ``answered_by`` is the module of ``record/fast`` that answers it. ``hands_over`` are methods in ``module`` at which
    vcrpy takes over the test. ``watched`` are attributes in it that nobody else may have replaced.
    ``url_loggers`` log URLs, ``body_loggers`` whole answers.
    """

    name: str
    module: str = ""
    is_supported: bool = False
    answered_by: str = ""
    hands_over: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()
    url_loggers: tuple[str, ...] = ()
    body_loggers: tuple[str, ...] = ()


CLIENTS: Final = (
    Client("requests", "requests.adapters", is_supported=True, answered_by="requests_adapter"),
    Client(
        "httpx", "httpx", is_supported=True, answered_by="httpx_transports", url_loggers=("httpx",),
        hands_over=(
            "WSGITransport.handle_request", "ASGITransport.handle_async_request",
            "MockTransport.handle_request", "MockTransport.handle_async_request",
        ),
    ),
    Client(
        "aiohttp", "aiohttp.client", is_supported=True, url_loggers=("aiohttp.client",),
        hands_over=("ClientSession._request",),
    ),
    Client(
        "urllib3", "urllib3.connectionpool", is_supported=True,
        hands_over=("HTTPConnectionPool.urlopen",),
        watched=("HTTPConnectionPool.ConnectionCls", "HTTPSConnectionPool.ConnectionCls"),
        url_loggers=(
            "urllib3.connection", "urllib3.connectionpool", "urllib3.poolmanager", "urllib3.util.retry",
            "hubspot.files.rest",  # HubSpot's own client sends through urllib3
        ),
    ),
    Client(
        "http.client", "http.client", is_supported=True,
        hands_over=("HTTPConnection.__init__", "HTTPSConnection.__init__"),
        watched=("HTTPConnection", "HTTPSConnection"),
    ),
    Client(
        "httpcore", "httpcore",
        hands_over=("ConnectionPool.handle_request", "AsyncConnectionPool.handle_async_request"),
        body_loggers=("httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy"),
    ),
    *map(Client, ("boto3", "botocore", "httplib2", "httpx2", "httpx_curl_cffi", "pyreqwest", "tornado")),
)  # fmt: skip

SUPPORTED: Final = f"{', '.join(client.name for client in CLIENTS if client.is_supported)} or urllib"
"""The clients that messages name; urllib sends through http.client."""
