"""Keeps credentials out of what vcrpy and the HTTP clients log while there is a recorder."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

# A filter of a logger does not see what is logged to those below it, so each is named.
_TELLING_ALL: Final = (
    "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy", "vcr.cassette", "vcr.matchers",
    "vcr.patch", "vcr.request", "vcr.stubs", "vcr.stubs.aiohttp_stubs", "vcr.stubs.httpcore_stubs",
    "vcr.stubs.httpx_stubs",
)  # fmt: skip
_TELLING_URLS: Final = (
    "aiohttp.client", "httpx", "hubspot.files.rest", "urllib3.connection", "urllib3.connectionpool",
    "urllib3.poolmanager", "urllib3.util.retry",
)  # fmt: skip


@contextmanager
def quiet_logs(redacted: Callable[[str], str]) -> Iterator[None]:
    """Have those that log whole answers log warnings only; pass what others log of a request through *redacted*."""

    def is_warning(record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING

    def redact(record: logging.LogRecord) -> bool:
        said = record.getMessage()
        new = redacted(said)
        if new != said:
            record.msg, record.args = new, ()
        return True

    filters = [(logger, is_warning) for logger in _loggers(_TELLING_ALL)]
    filters += [(logger, redact) for logger in _loggers(_TELLING_URLS)]
    for logger, judge in filters:
        logger.addFilter(judge)
    try:
        yield
    finally:
        for logger, judge in filters:
            logger.removeFilter(judge)


@cache
def _loggers(names: tuple[str, ...]) -> list[logging.Logger]:
    return [logging.getLogger(name) for name in names]
