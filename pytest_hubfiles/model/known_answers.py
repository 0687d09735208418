"""What HubSpot is known, or taken, to answer once it changed or failed: values, bodies and headers, without a server.

Evidence in brackets: D (HubSpot documents it), R (a published recording or report shows it), I (inferred).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit, urlunsplit

Body = Mapping[str, object]

HTML: Final = "text/html; charset=UTF-8"
ROUTER_HTML: Final = "text/html;charset=utf-8"
NOT_FOUND_PAGE: Final = (  # [R] 2026-04: the published page ends after its heading; the rest is [I]
    b'<html>\n<head>\n<meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>\n'
    b"<title>Error 404 Not Found</title>\n</head>\n"
    b"<body><h2>HTTP ERROR 404 Not Found</h2>\n</body>\n</html>\n"
)
RETRY_AFTER: Final = ("Retry-After", "1")  # [I] optional: no HubSpot page and no recording has it on a 429
SUNSET: Final = (  # v3 becomes unsupported in September 2027 [D]; the day, and that a header says so, are [I]
    ("Deprecation", "@1774828800"),  # RFC 9745; 2026-03-30, when 2026-03 became available [D]
    ("Sunset", "Wed, 01 Sep 2027 00:00:00 GMT"),  # RFC 8594
)
LOGIN: Final = "https://app.hubspot.com/login"
LOGIN_REDIRECT: Final = "302 Found"  # [I] what web applications do without a session
DAILY: Final = "DAILY"
TEN_SECONDLY: Final = "TEN_SECONDLY_ROLLING"
_LIMITS: Final = {
    DAILY: "You have reached your daily limit.",
    TEN_SECONDLY: "You have reached your ten_secondly_rolling limit.",
}

CANCELED: Final = "The import was canceled."  # [I], as are all three
FAILED: Final = "The task failed."
NOT_DOWNLOADED: Final = "The file could not be downloaded."

TIMES: Final[Mapping[str, tuple[str, ...]]] = {
    "PENDING": ("requestedAt",),
    "PROCESSING": ("requestedAt", "startedAt"),
    "COMPLETE": ("requestedAt", "startedAt", "completedAt"),
    "CANCELED": ("requestedAt", "startedAt", "completedAt"),
    "FAILED": ("requestedAt", "startedAt", "completedAt"),
}
"""The times that a task shows in each state.

The specification requires startedAt and completedAt in all of them. That they are absent while they do not apply is
[I]: from a sibling's specification, and from File bodies.
"""


def page(title: str) -> bytes:
    """Return an HTML page of the content delivery network; every text of it is [I]."""
    return (
        f"<!DOCTYPE html>\n<html>\n<head><title>{title}</title></head>\n"
        f"<body><center><h1>{title}</h1></center></body>\n</html>\n"
    ).encode()


def rate_limited(policy: str, correlation_id: str) -> Body:
    """Return the error for a limit that was reached: [D] usage limits, [R] 2026-04: errorType in place of category."""
    return {
        "status": "error",
        "message": _LIMITS[policy],
        "errorType": "RATE_LIMIT",
        "correlationId": correlation_id,
        "policyName": policy,
        "requestId": correlation_id,
    }


def server_error(correlation_id: str) -> Body:
    """Return an internal error: [R] hubspot-php#192; the keys came in this order."""
    return {"correlationId": correlation_id, "message": "internal error", "status": "error"}


def task_error(message: str, **context: str) -> Body:
    """Return an entry of a task's ``errors``.

    Its form is that of recordings [R], without the ``errors`` and ``links`` that the specification requires. The
    category and message of a failed import are [I].
    """
    listed = {key: [value] for key, value in context.items()}
    return {"status": "error", "category": "VALIDATION_ERROR", "message": message, "context": listed}


def epoch(date_time: str) -> int:
    """Return the epoch in milliseconds, as the webhooks journal documents its times [D].

    Raises:
        ValueError: if *date_time* is none.
    """
    # datetime.fromisoformat reads three or six digits of a second only, before Python 3.11.
    text = re.sub(r"\.(\d+)", lambda fraction: f".{fraction[1]:0<6.6}", date_time.upper().replace("Z", "+00:00"))
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def on_old_host(url: str) -> str:
    """Return the *url* of a file as it was in 2021-11 [R]."""
    return urlunsplit(urlsplit(url)._replace(netloc="f.hubspotusercontent10.net"))
