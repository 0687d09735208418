"""Has TLS contexts read their certificates when these are first needed: a replayed test makes many and uses none."""

from __future__ import annotations

import os
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

_READING: Final = ("load_verify_locations", "set_default_verify_paths")
_NEEDING: Final = ("cert_store_stats", "get_ca_certs", "wrap_bio", "wrap_socket")
_READ: Final[dict[str, Callable[..., None]]] = {name: getattr(ssl.SSLContext, name) for name in _READING}
_known: set[tuple[Any, ...]] = set()  # what has been read in this process without an error, as it stood on disk
_lock = threading.Lock()


class _Waiting(ssl.SSLContext):
    """A context with certificates still to be read; once it is asked for them, it is a plain one again."""

    def _settle(self) -> None:
        with _lock:
            for name, given, named in self.__dict__.pop("_hubfiles_waiting", ()):
                _READ[name](self, *given, **named)
            self.__class__ = ssl.SSLContext  # type: ignore[assignment]  # has the same layout


def _after_reading(name: str) -> Callable[..., Any]:
    plain = getattr(ssl.SSLContext, name)

    def needing(self: _Waiting, *given: Any, **named: Any) -> Any:
        _Waiting._settle(self)  # by now another thread may have made a plain one of it
        return plain(self, *given, **named)

    return needing


for _name in _NEEDING:
    setattr(_Waiting, _name, _after_reading(_name))


def _waiting(name: str) -> Callable[..., None]:
    def reading(self: ssl.SSLContext, *given: Any, **named: Any) -> None:
        key = (name, _state_of(*given, **named) if given or named else _state_of_defaults())
        if type(self) not in (ssl.SSLContext, _Waiting) or key not in _known:
            _READ[name](self, *given, **named)  # and says now what is wrong with the file, if anything is
            _known.add(key)
            return
        self.__dict__.setdefault("_hubfiles_waiting", []).append((name, given, named))
        self.__class__ = _Waiting

    return reading


def _state_of(cafile: Any = None, capath: Any = None, cadata: Any = None) -> tuple[Any, ...]:
    """Return what is to be read and how it stands on disk; *cadata* is compared by itself."""
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


_LATE: Final = {name: _waiting(name) for name in _READING}


@contextmanager
def read_late() -> Iterator[None]:
    """Have contexts that are made in here read certificates when they are first needed, if they were read before.

    Reading them takes 20 to 50 ms, for every ``httpx.Client()``. A context keeps waiting beyond this block, so
    that a client that outlives its test is as good as any.
    """
    originals = [(name, vars(ssl.SSLContext).get(name)) for name in _READING]
    for name in _READING:
        setattr(ssl.SSLContext, name, _LATE[name])
    try:
        yield
    finally:
        for name, original in originals:
            if original is None:  # it was inherited
                delattr(ssl.SSLContext, name)
            else:
                setattr(ssl.SSLContext, name, original)
