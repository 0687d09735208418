"""Keeps credentials out of what is logged while a test runs: by vcrpy, the HTTP clients, and by the root logger."""

from __future__ import annotations

import io
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from copy import copy
from os import stat as _stat  # as it is now: a test may count how often its mock of it is called
from stat import S_ISREG
from typing import Any, Final
from weakref import WeakKeyDictionary

from pytest_hubfiles import secrets
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
    gets that has come since this was entered, as a test puts it there, unless it writes a file. Handlers and formatters
    stay as they are. It may be entered once more while it is.
    """

    def __init__(self, learn: Callable[[], None], redact: Callable[[str], str]) -> None:
        self._learn, self._redact = learn, redact
        self._replaced = Replacements()
        self._handlers: list[logging.Handler] = []
        self._depth = 0

    def __enter__(self) -> RedactedLog:
        if not self.is_on:
            self._handlers = list(logging.root.handlers)
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

    @contextmanager
    def seeing(self) -> Iterator[None]:
        """Take the handlers that are added meanwhile for the suite's, and for none that a test puts there itself."""
        before = list(logging.root.handlers)
        yield
        self._handlers += [handler for handler in logging.root.handlers if handler not in before]

    @property
    def is_on(self) -> bool:
        """Whether it is entered."""
        return self._depth > 0

    def _writes(self, handler: logging.Handler) -> bool:
        """Return whether *handler*, of the root logger, writes to where others than the test read."""
        if not self.is_on:
            return False
        if handler in logging.root.handlers and _writes_file(handler):
            return True
        return handler in self._handlers and not _is_looked_at(handler)

    def _handling(self, handle: Callable[..., Any]) -> Callable[..., Any]:
        """Have *handle* get a record without credentials: it may hand that on, or have it formatted by others."""

        def handling(handler: logging.Handler, record: logging.LogRecord) -> Any:
            if self._writes(handler):
                self._learn()
                return handle(handler, self._redacted(record, _formats_alone(handler)))
            return handle(handler, record)

        _OURS[handling] = self, handle
        return handling

    def _formatting(self, format_record: Callable[..., Any]) -> Callable[..., Any]:
        """Have *format_record* return nothing with credentials: a record may have some in what is no text."""

        def formatting(handler: logging.Handler, record: logging.LogRecord) -> Any:
            formatted = format_record(handler, record)
            return secrets.redact_data(formatted, self._redact) if self._writes(handler) else formatted

        _OURS[formatting] = self, format_record
        return formatting

    def _redacted(self, record: logging.LogRecord, alone: bool) -> logging.LogRecord:
        """Return *record*, or a copy without credentials if there are any in it; a handler may format it *alone*."""
        facts = {name: value for name, value in vars(record).items() if name != "exc_info"}
        redacted = {name: secrets.redact_data(value, self._redact) for name, value in facts.items()}
        new = {name: value for name, value in redacted.items() if value is not facts[name]}
        with suppress(Exception):  # of arguments that do not fit, the handler itself will tell
            message = _with(record, new).getMessage()
            if (said := self._redact(message)) != message:
                new |= {"msg": said, "args": None}
        if record.exc_info and record.exc_info[0] is not None:
            trace = _FORMATTER.formatException(record.exc_info)
            if (said := self._redact(trace)) != trace or (alone and self._has_credentials_in_locals(record.exc_info)):
                new |= {"exc_text": said, "exc_info": None}
                if alone:
                    new |= {"msg": f"{_with(record, new).getMessage()}\n{said}", "args": None, "exc_text": None}
        return _with(record, new)

    def _has_credentials_in_locals(self, error: Any) -> bool:
        """Return whether a traceback of *error* with local variables would show some, as Rich and loguru print it."""
        try:
            shown = "".join(traceback.TracebackException(*error, capture_locals=True).format())
        except Exception:  # noqa: BLE001  # of a value that cannot be shown, before Python 3.11
            return True
        return self._redact(shown) != shown


def _with(record: logging.LogRecord, new: dict[str, object]) -> logging.LogRecord:
    """Return *record*, or a copy in which *new* stands in place of its own."""
    if not new:
        return record
    changed = copy(record)
    vars(changed).update(new)
    return changed


_FORMATTER: Final = logging.Formatter()
_OURS: Final[WeakKeyDictionary[Callable[..., Any], tuple[RedactedLog, Callable[..., Any]]]] = WeakKeyDictionary()
"""What was put in place of methods, for which log, and what is beneath it."""


def _beneath(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return *method* without what was put back of ours once its log was no longer entered."""
    while (found := _OURS.get(method)) is not None and not found[0].is_on:
        method = found[1]
    return method


def _formats_alone(handler: logging.Handler) -> bool:
    """Return whether *handler* has a way of its own to write a record, so that it may show more than its text."""
    module = getattr(type(handler).emit, "__module__", None)
    return str(module).partition(".")[0] not in ("logging", "_pytest")


def _writes_file(handler: logging.Handler) -> bool:
    if isinstance(handler, logging.FileHandler):
        return handler.baseFilename != os.devnull  # pytest's own, where there is no log_file
    try:
        name = getattr(getattr(handler, "stream", None), "name", None)
        return isinstance(name, str) and S_ISREG(_stat(name).st_mode)  # noqa: PTH116
    except Exception:  # noqa: BLE001  # of a property, or a name that is no path
        return False


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
