"""Keeps credentials out of what is logged while a test runs: by vcrpy, the HTTP clients, and into files and streams."""

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


class _Redacting(logging.Formatter):
    """Formats as another formatter does, and has that redacted: the record itself stays as it was logged."""

    def __init__(self, formatter: logging.Formatter | None, redact: Callable[[str], str]) -> None:
        super().__init__()
        self._inner, self._redact = formatter or logging.Formatter(), redact

    def format(self, record: logging.LogRecord) -> str:
        """Return what is written of *record*, with its traceback if it has one."""
        return self._redact(self._inner.format(record))


@contextmanager
def redacted_handlers(learn: Callable[[], None], redact: Callable[[str], str]) -> Iterator[None]:
    """Keep credentials out of the files and streams that are logged to: pytest's ``log_file`` and live log too.

    *learn* is called before each record is formatted, and not while the handler is locked: whoever records may log.
    What pytest captures for ``caplog`` stays as it was logged, for tests look at it.
    """

    def learn_now(_: logging.LogRecord) -> bool:
        learn()
        return True

    handlers = [
        (handler, handler.formatter)
        for handler in logging.getLogger().handlers
        if isinstance(handler, logging.StreamHandler)
        and not hasattr(handler, "records")
        and not isinstance(handler.formatter, _Redacting)
    ]
    for handler, formatter in handlers:
        handler.addFilter(learn_now)
        handler.setFormatter(_Redacting(formatter, redact))
    try:
        yield
    finally:
        for handler, formatter in handlers:
            handler.removeFilter(learn_now)
            handler.setFormatter(formatter)


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
