"""The HTTP clients that tests send through, and what the package has to know of each."""

from __future__ import annotations

from typing import Final, NamedTuple

VCRPY: Final = "vcr"
"""The module that imports every client."""


class Client(NamedTuple):
    """An HTTP client, named after the module that a test imports.

    ``module`` has the classes through which it sends; once a client without one is imported, vcrpy answers every test.
    ``is_supported`` says whether messages name it.
    ``answered_by`` is the module of ``record/fast`` that answers it. ``hands_over`` are methods in ``module`` at which
    vcrpy takes over the test. ``in_process`` are those of an app or a mock in this process, which reach no network:
    they are left alone but where they stand for HubSpot. ``vcrpy_replaces`` are attributes in it that must be as they
    are by themselves when a test begins: vcrpy replaces them whoever has patched them before.
    ``url_loggers`` log URLs, ``body_loggers`` whole answers.
    """

    name: str
    module: str = ""
    is_supported: bool = False
    answered_by: str = ""
    hands_over: tuple[str, ...] = ()
    in_process: tuple[str, ...] = ()
    vcrpy_replaces: tuple[str, ...] = ()
    url_loggers: tuple[str, ...] = ()
    body_loggers: tuple[str, ...] = ()


CLIENTS: Final = (
    Client("requests", "requests.adapters", is_supported=True, answered_by="requests_adapter"),
    Client(
        "httpx", "httpx", is_supported=True, answered_by="httpx_transports",
        in_process=(
            "WSGITransport.handle_request", "ASGITransport.handle_async_request",
            "MockTransport.handle_request", "MockTransport.handle_async_request",
        ),
        url_loggers=("httpx",),
        body_loggers=("httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy"),
    ),
    Client(
        "aiohttp", "aiohttp.client", is_supported=True, url_loggers=("aiohttp.client",),
        hands_over=("ClientSession._request",),
    ),
    Client(
        "urllib3", "urllib3.connectionpool", is_supported=True,
        hands_over=("HTTPConnectionPool.urlopen",),
        vcrpy_replaces=(
            "HTTPConnectionPool.ConnectionCls", "HTTPConnectionPool._get_conn", "HTTPConnectionPool._new_conn",
            "HTTPSConnectionPool.ConnectionCls", "HTTPSConnectionPool._new_conn",
        ),
        url_loggers=(
            "urllib3.connection", "urllib3.connectionpool", "urllib3.poolmanager", "urllib3.util.retry",
            "hubspot.files.rest",  # HubSpot's own client sends through urllib3
        ),
    ),
    Client(
        "urllib3.connection", "urllib3.connection",
        hands_over=("HTTPConnection.__init__", "HTTPSConnection.__init__"),
    ),
    Client(
        "http.client", "http.client", is_supported=True,
        hands_over=("HTTPConnection.__init__", "HTTPSConnection.__init__"),
        vcrpy_replaces=("HTTPConnection", "HTTPSConnection"),
    ),
    *map(Client, ("boto3", "botocore", "httplib2", "httpx2", "httpx_curl_cffi", "pyreqwest", "tornado")),
)  # fmt: skip

SUPPORTED: Final = f"{', '.join(client.name for client in CLIENTS if client.is_supported)} or urllib"
"""The clients that messages name; urllib sends through http.client."""
