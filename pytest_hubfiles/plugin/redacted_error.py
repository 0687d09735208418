"""Takes credentials out of an error, and of all behind it, however it makes its text."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from pytest_hubfiles import secrets
from pytest_hubfiles.errors import grouped_in

Redact = Callable[[str], str]


def redact_error(error: BaseException, redact: Redact) -> BaseException:
    """Return *error* with what *redact* makes of its texts; a stand-in of its class if it cannot be made to say that.

    What it keeps is redacted in place, so is what is behind it: its cause, its context, the errors of a group. What is
    left are texts that its class makes of other objects, such as a request.
    """
    return _redact(error, redact, {})


def _redact(error: BaseException, redact: Redact, done: dict[int, BaseException]) -> BaseException:
    if id(error) in done:
        return done[id(error)]
    done[id(error)] = error
    for name in _kept_in(error):
        with suppress(Exception):  # a property may raise, or take nothing
            value = getattr(error, name)
            if (new := secrets.redact_data(value, redact)) is not value:
                setattr(error, name, new)
    for name in ("__cause__", "__context__"):
        if (behind := getattr(error, name)) is not None and (told := _redact(behind, redact, done)) is not behind:
            is_suppressed = error.__suppress_context__
            setattr(error, name, told)
            error.__suppress_context__ = is_suppressed
    grouped = grouped_in(error)
    told_group = [_redact(one, redact, done) for one in grouped]
    is_changed = any(told is not one for told, one in zip(told_group, grouped, strict=True))
    said = "".join(traceback.format_exception_only(error))
    if is_changed or redact(said) != said:
        done[id(error)] = _stand_in(error, redact, told_group)
    return done[id(error)]


def _kept_in(error: BaseException) -> Iterator[str]:
    """Yield the attributes in which *error* may keep a text: its own, those of slots, those of Python's errors."""
    yield from vars(error)
    for kind in type(error).__mro__:
        for name, attribute in vars(kind).items():
            is_member = inspect.ismemberdescriptor(attribute) or inspect.isgetsetdescriptor(attribute)
            if is_member and not name.startswith("__"):
                yield name
    yield "args"  # of a class that has made a property of it, too


def _stand_in(error: BaseException, redact: Redact, grouped: Sequence[BaseException]) -> BaseException:
    """Return an error of the class of *error*, with its attributes, that says the same without credentials."""
    kind, text, said = type(error), _said(str, error, redact), _said(repr, error, redact)
    looks = {
        "__module__": kind.__module__,
        "__qualname__": kind.__qualname__,
        "__str__": lambda _: text,
        "__repr__": lambda _: said,
    }
    told: BaseException
    try:
        arguments = (text, grouped) if grouped else error.args
        told = kind.__new__(type(kind.__name__, (kind,), dict(looks)), *arguments)
        told.__dict__.update(vars(error))
    except Exception:  # noqa: BLE001  # a class may refuse both
        told = type(kind.__name__, (Exception,), looks)()
    told.__cause__, told.__context__ = error.__cause__, error.__context__
    told.__suppress_context__ = error.__suppress_context__
    return told.with_traceback(error.__traceback__)


def _said(how: Callable[[object], str], error: BaseException, redact: Redact) -> str:
    try:
        return redact(how(error))
    except Exception as fault:  # noqa: BLE001  # of the class of the error
        return f"<{type(fault).__name__} in {how.__name__}>"
