"""Keeps credentials out of what vcrpy and the HTTP clients log while a test runs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

from pytest_hubfiles.record.clients import CLIENTS

# The filter of a logger does not see what the loggers below it log, so each is named.
_OF_VCRPY: Final = (
    "vcr.cassette", "vcr.matchers", "vcr.patch", "vcr.request", "vcr.stubs", "vcr.stubs.aiohttp_stubs",
    "vcr.stubs.httpcore_stubs", "vcr.stubs.httpx_stubs",
)  # fmt: skip


@contextmanager
def filtered_logs(redact: Callable[[str], str]) -> Iterator[None]:
    """Drop what is logged of whole answers, but for warnings; log URLs as *redact* returns them."""

    def is_warning(record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING

    def redact_record(record: logging.LogRecord) -> bool:
        message = record.getMessage()
        redacted = redact(message)
        if redacted != message:
            record.msg, record.args = redacted, ()
        return True

    body_loggers, url_loggers = _loggers()
    filters = [(logger, is_warning) for logger in body_loggers]
    filters += [(logger, redact_record) for logger in url_loggers]
    for logger, log_filter in filters:
        logger.addFilter(log_filter)
    try:
        yield
    finally:
        for logger, log_filter in filters:
            logger.removeFilter(log_filter)


@cache
def _loggers() -> tuple[list[logging.Logger], list[logging.Logger]]:
    """Return the loggers of whole answers, and those of URLs."""
    body_loggers = [*_OF_VCRPY, *(name for client in CLIENTS for name in client.body_loggers)]
    url_loggers = [name for client in CLIENTS for name in client.url_loggers]
    return list(map(logging.getLogger, body_loggers)), list(map(logging.getLogger, url_loggers))
