"""Keeps credentials out of what is logged while a test runs: by vcrpy, the HTTP clients, and by the root logger."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from copy import copy
from typing import Any, Final
from weakref import WeakKeyDictionary

from pytest_hubfiles.record.clients import CLIENTS, VCRPY
from pytest_hubfiles.record.patch_points import Replacements

# The filter of a logger does not see what the loggers below it log, so each is named.
_OF_VCRPY: Final = (
    "vcr.cassette", "vcr.matchers", "vcr.patch", "vcr.request", "vcr.stubs", "vcr.stubs.aiohttp_stubs",
    "vcr.stubs.httpcore_stubs", "vcr.stubs.httpx_stubs",
)  # fmt: skip


class RedactedLog(AbstractContextManager["RedactedLog"]):
    """While it is entered, keeps credentials out of what handlers of the root logger write: ``log_file``, the live log.

    *learn* is called before each record is handled, and not while the handler is locked: whoever records may log.
    What tests look at stays as it was logged: what pytest captures for ``caplog``, a text in memory, and what a handler
    gets that a test puts there itself, unless it writes a file. Handlers and formatters stay as they are. It may be
    entered once more while it is: the handlers that have come in between are none of the test's own.
    """

    def __init__(self, learn: Callable[[], None], redact: Callable[[str], str]) -> None:
        self._learn, self._redact = learn, redact
        self._replaced = Replacements()
        self._handlers: list[logging.Handler] = []
        self._depth = 0

    def __enter__(self) -> RedactedLog:
        self._handlers = list(logging.root.handlers)
        if not self.is_on:
            for name, instead in (("handle", self._handling), ("format", self._formatting)):
                method = _beneath(getattr(logging.Handler, name))
                setattr(logging.Handler, name, method)  # without what somebody has put back
                self._replaced.put_on(logging.Handler, name, instead(method))
        self._depth += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if not self.is_on:
            self._replaced.take_off()

    @property
    def is_on(self) -> bool:
        """Whether it is entered."""
        return self._depth > 0

    def _writes(self, handler: logging.Handler) -> bool:
        """Return whether *handler*, of the root logger, writes to where others than the test read."""
        is_file = isinstance(handler, logging.FileHandler) and handler in logging.root.handlers
        return self.is_on and (is_file or handler in self._handlers) and not _is_looked_at(handler)

    def _handling(self, handle: Callable[..., Any]) -> Callable[..., Any]:
        """Have *handle* get a record without credentials: it may hand that on, or have it formatted by others."""

        def handling(handler: logging.Handler, record: logging.LogRecord) -> Any:
            if self._writes(handler):
                self._learn()
                return handle(handler, self._redacted(record))
            return handle(handler, record)

        _OURS[handling] = self, handle
        return handling

    def _formatting(self, format_record: Callable[..., str]) -> Callable[..., str]:
        """Have *format_record* return a text without credentials: a record may have some in what is no text."""

        def formatting(handler: logging.Handler, record: logging.LogRecord) -> str:
            text = format_record(handler, record)
            return self._redact(text) if self._writes(handler) else text

        _OURS[formatting] = self, format_record
        return formatting

    def _redacted(self, record: logging.LogRecord) -> logging.LogRecord:
        """Return *record*, or a copy without credentials if there are any in its texts."""
        texts = {name: value for name, value in vars(record).items() if isinstance(value, str)}
        new: dict[str, object] = {
            name: redacted for name, text in texts.items() if (redacted := self._redact(text)) != text
        }
        with suppress(Exception):  # of arguments that do not fit, the handler itself will tell
            message = record.getMessage()
            if (said := self._redact(message)) != message:
                new |= {"msg": said, "args": None}
        if record.exc_info:
            trace = _FORMATTER.formatException(record.exc_info)
            if (said := self._redact(trace)) != trace:
                new |= {"exc_text": said, "exc_info": None}
        if new:
            record = copy(record)
            vars(record).update(new)
        return record


_FORMATTER: Final = logging.Formatter()
_OURS: Final[WeakKeyDictionary[Callable[..., Any], tuple[RedactedLog, Callable[..., Any]]]] = WeakKeyDictionary()
"""What was put in place of methods, for which log, and what is beneath it."""


def _beneath(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return *method* without what was put back of ours once its log was no longer entered."""
    while (found := _OURS.get(method)) is not None and not found[0].is_on:
        method = found[1]
    return method


def _is_looked_at(handler: logging.Handler) -> bool:
    try:
        return hasattr(handler, "records") or isinstance(getattr(handler, "stream", None), io.StringIO)
    except Exception:  # noqa: BLE001  # of a property
        return False


class FilteredLogs(AbstractContextManager["FilteredLogs"]):
    """While it is entered, drops what is logged of whole answers, but for warnings, and has *redact* change URLs.

    The filters stay on the loggers until the run ends, and let all pass between tests. What is not imported has no
    loggers, and gets none: pytest goes through all that there are six times a test.
    """

    def __init__(self, redact: Callable[[str], str]) -> None:
        self._redact = redact

    def __enter__(self) -> FilteredLogs:
        _LOGS.look()
        for logger, log_filter in _LOGS.filtered:
            if logger.filters[-1:] != [log_filter]:  # it redacts what the suite's own filters leave
                logger.removeFilter(log_filter)
                logger.addFilter(log_filter)
        _redacting.append(self._redact)
        return self

    def __exit__(self, *_: object) -> None:
        _redacting.remove(self._redact)


_redacting: Final[list[Callable[[str], str]]] = []  # of the tests that run: one may run within another


def _is_warning(record: logging.LogRecord) -> bool:
    return not _redacting or record.levelno >= logging.WARNING


def _redact(record: logging.LogRecord) -> bool:
    for redact in _redacting:
        message = record.getMessage()
        redacted = redact(message)
        if redacted != message:
            record.msg, record.args = redacted, ()
    return True


class _Logs:
    """The loggers of whole answers, and those of URLs, of what is imported; each with its filter."""

    def __init__(self) -> None:
        self.filtered: list[tuple[logging.Logger, Callable[[logging.LogRecord], bool]]] = []
        self._waiting = {
            VCRPY: dict.fromkeys(_OF_VCRPY, _is_warning),
            **{
                client.name: {
                    **dict.fromkeys(client.body_loggers, _is_warning),
                    **dict.fromkeys(client.url_loggers, _redact),
                }
                for client in CLIENTS
                if client.body_loggers or client.url_loggers
            },
        }

    def look(self) -> None:
        """Put the filters on the loggers of what has been imported since."""
        for module in [module for module in self._waiting if module in sys.modules]:
            for name, log_filter in self._waiting.pop(module).items():
                logger = logging.getLogger(name)
                logger.addFilter(log_filter)
                self.filtered.append((logger, log_filter))


_LOGS: Final = _Logs()


def filter_new_loggers() -> None:
    """Put the filters on the loggers of what the test has imported, or we have for it."""
    _LOGS.look()


def take_off_filters() -> None:
    """Leave no filter on any logger, unless a test runs: that of a run in which this one was a test's."""
    for logger, log_filter in () if _redacting else _LOGS.filtered:
        logger.removeFilter(log_filter)
