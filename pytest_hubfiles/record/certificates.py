"""Has TLS contexts read their certificates when they first need them, which a replayed test never does.

Without this each replayed test that builds an ``httpx.Client`` takes 0.98 of the instructions of the same test with
pytest-recording; with it 0.04 (P6 of ``make bench ARGS="P6 --instructions"``).
"""

from __future__ import annotations

import os
import ssl
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

from pytest_hubfiles.record.patch_points import Replacements

_READING: Final = ("load_verify_locations", "set_default_verify_paths")
_NEEDING: Final = ("cert_store_stats", "get_ca_certs", "wrap_bio", "wrap_socket")
_READ: Final[dict[str, Callable[..., None]]] = {name: getattr(ssl.SSLContext, name) for name in _READING}
_known: set[tuple[Any, ...]] = set()  # certificates on disk that this process has read without an error
_lock = threading.Lock()


class _LateContext(ssl.SSLContext):
    """A context with certificates still to be read; once it has read them it is a plain one again."""

    def _read(self) -> None:
        with _lock:
            for name, args, kwargs in self.__dict__.pop("_hubfiles_unread", ()):
                _READ[name](self, *args, **kwargs)
            self.__class__ = ssl.SSLContext  # type: ignore[assignment]  # has the same layout


def _after_reading(name: str) -> Callable[..., Any]:
    method = getattr(ssl.SSLContext, name)

    def needing(self: _LateContext, *args: Any, **kwargs: Any) -> Any:
        _LateContext._read(self)  # by its class: another thread may have made the context a plain one by now
        return method(self, *args, **kwargs)

    return needing


for _name in _NEEDING:
    setattr(_LateContext, _name, _after_reading(_name))


def _read_late(name: str) -> Callable[..., None]:
    def reading(self: ssl.SSLContext, *args: Any, **kwargs: Any) -> None:
        key = (name, _state_of(*args, **kwargs) if args or kwargs else _state_of_defaults())
        if type(self) not in (ssl.SSLContext, _LateContext) or key not in _known:
            _READ[name](self, *args, **kwargs)  # and raises now, if the file is missing or broken
            _known.add(key)
            return
        self.__dict__.setdefault("_hubfiles_unread", []).append((name, args, kwargs))
        self.__class__ = _LateContext

    return reading


def _state_of(cafile: Any = None, capath: Any = None, cadata: Any = None) -> tuple[Any, ...]:
    """Return what is to be read and the state of its files on disk; *cadata* is its own state."""
    return *(_stamp(path) for path in (cafile, capath)), bytes(cadata) if isinstance(cadata, bytearray) else cadata


def _state_of_defaults() -> tuple[Any, ...]:
    paths = ssl.get_default_verify_paths()
    return _stamp(paths.cafile), _stamp(paths.capath), paths.openssl_cafile, paths.openssl_capath


def _stamp(path: Any) -> tuple[Any, ...] | None:
    if path is None:
        return None
    try:
        about = Path(os.fsdecode(path)).stat()
    except (OSError, TypeError, ValueError):
        return (path,)
    return path, about.st_mtime_ns, about.st_size, about.st_ino


_LATE: Final = {name: _read_late(name) for name in _READING}


class LateCertificates(AbstractContextManager["LateCertificates"]):
    """While it is entered, contexts that are made read late what this process has read before.

    A context reads its certificates after that, too, so that a client may outlive its test.
    """

    def __init__(self) -> None:
        self._replaced = Replacements()

    def __enter__(self) -> LateCertificates:
        for name, late in _LATE.items():
            self._replaced.put_on(ssl.SSLContext, name, late)
        return self

    def __exit__(self, *_: object) -> None:
        self._replaced.take_off()
