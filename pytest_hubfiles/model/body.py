"""The bytes of a body: their Content-Encoding, their charset, and the strict JSON in them."""

from __future__ import annotations

import importlib
import io
import json
import re
import zlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from pytest_hubfiles.errors import HubfilesError


class BodyNotJsonError(HubfilesError, ValueError):
    """A body that should be JSON and is not; ``reason`` says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


def charset_of(content_type: str) -> str:
    """Return the charset parameter of a Content-Type value, ``utf-8`` if there is none."""
    match = re.search(r"charset\s*=\s*\"?([^\s\";]+)", content_type, re.IGNORECASE)
    return match[1] if match else "utf-8"


def parse_json(body: bytes, charset: str = "utf-8") -> Any:
    """Parse *body* as strict JSON: no NaN, no Infinity, no key twice in one object.

    Raises:
        BodyNotJsonError: with the reason, and the place if it is known.
    """

    def refuse_constant(name: str) -> None:
        raise BodyNotJsonError(f"{name} is not JSON")

    def refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        mapping = dict(pairs)
        if len(mapping) != len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise BodyNotJsonError(f"the key {twice!r} stands twice in one object")
        return mapping

    try:
        text = body.decode(charset).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise BodyNotJsonError(f"it is not {charset} text (byte {error.start})") from None
    except (LookupError, ValueError):  # ValueError: its name contains a NUL
        raise BodyNotJsonError(f"its charset {charset!r} does not exist") from None
    try:
        return json.loads(text, parse_constant=refuse_constant, object_pairs_hook=refuse_duplicates)
    except BodyNotJsonError:
        raise
    except RecursionError:
        raise BodyNotJsonError("it is nested too deeply") from None
    except ValueError as error:
        kind = "an HTML page" if text.lstrip()[:1] == "<" else str(error)
        raise BodyNotJsonError(kind) from None


def is_text(body: bytes) -> bool:
    """Return whether *body* is UTF-8 text."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


GZIP_START: Final = b"\x1f\x8b"
FIRST_BYTES: Final[Mapping[str, bytes]] = {"gzip": GZIP_START, "x-gzip": GZIP_START, "zstd": b"\x28\xb5\x2f\xfd"}
"""The bytes that every body of a Content-Encoding begins with."""

_GZIP_MORE: Final = 12  # bytes that gzip takes more than zlib
_LARGEST_BODY: Final = 128 * 2**20  # bytes; a body that decodes to more stays encoded: it may be a decompression bomb


class _TooLargeError(ValueError):
    """A body decodes to more than is decoded."""


def _inflate(body: bytes, bits: int) -> tuple[bytes, bytes]:
    decoder = zlib.decompressobj(bits)
    text = decoder.decompress(body, _LARGEST_BODY + 1)
    _refuse_unfinished(text, decoder.eof)
    return text, decoder.unused_data


def _refuse_unfinished(text: bytes, is_whole: bool) -> None:
    if len(text) > _LARGEST_BODY:
        raise _TooLargeError
    if not is_whole:
        raise ValueError("it is cut")


def _gunzip(body: bytes) -> bytes:
    text, rest = _inflate(body, zlib.MAX_WBITS | 16)
    while rest.startswith(GZIP_START):  # a body may have several members
        more, rest = _inflate(rest, zlib.MAX_WBITS | 16)
        text += more
        _refuse_unfinished(text, is_whole=True)
    return text


def _undeflate(body: bytes) -> bytes:
    try:
        return _inflate(body, zlib.MAX_WBITS)[0]
    except zlib.error:
        text, rest = _inflate(body, -zlib.MAX_WBITS)  # some servers send raw deflate; clients accept both
        if rest:  # raw deflate has no checksum: one text in 1,000 decodes for some bytes by chance
            raise ValueError("it is no deflate") from None
        return text


def _import_first(*names: str) -> Any:
    for name in names:
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise ImportError(names[0])


def _unbrotli(body: bytes) -> bytes:
    decoder = _import_first("brotli", "brotlicffi").Decompressor()
    try:
        text: bytes = decoder.process(body, output_buffer_limit=_LARGEST_BODY + 1)
    except TypeError:  # brotli before 1.2 knows no limit
        text = decoder.process(body)
    _refuse_unfinished(text, decoder.is_finished())
    return text


def _unzstd(body: bytes) -> bytes:
    zstd = _import_first("compression.zstd", "backports.zstd", "zstandard")
    if zstd.__name__ == "zstandard":
        file = zstd.ZstdDecompressor().stream_reader(body, read_across_frames=True)
    else:
        file = zstd.open(io.BytesIO(body))
    with file:
        text: bytes = file.read(_LARGEST_BODY + 1)
    _refuse_unfinished(text, is_whole=True)
    return text


# A client offers br or zstd only if a library for it is installed. This package depends on none: that would change
# what every client of the suite offers.
_DECODERS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _undeflate,
    "br": _unbrotli,
    "zstd": _unzstd,
    "identity": lambda body: body,
}


def decode_body(body: bytes, content_encoding: str) -> tuple[bytes, bool]:
    """Undo *content_encoding* as far as possible; return the body, and whether it is still encoded.

    vcrpy stores the bodies of most clients decoded, and keeps the header. Such a body fails to decode and stays
    as it is.
    """
    for encoding in _undone_in_turn(content_encoding):
        decoder = _DECODERS.get(encoding)
        if decoder is None:
            return body, True
        try:
            body = decoder(body)
        except (ImportError, _TooLargeError):
            return body, True
        except Exception:  # noqa: BLE001  # each library raises an error class of its own; the bytes stay as they are
            return body, body.startswith(FIRST_BYTES[encoding]) if encoding in FIRST_BYTES else False
    return body, False


def is_as_long_packed(body: bytes) -> bool:
    """Return whether *body* is about as long as a Content-Encoding makes it: one of some 120 bytes of JSON is."""
    packed = len(zlib.compress(body)) + _GZIP_MORE
    return abs(packed - len(body)) * 10 <= len(body)


def decodes_to_too_much(body: bytes, content_encoding: str) -> bool:
    """Return whether *body* stays encoded for what it would decode to."""
    try:
        for encoding in _undone_in_turn(content_encoding):
            body = _DECODERS[encoding](body)
    except _TooLargeError:
        return True
    except Exception:  # noqa: BLE001  # as above
        return False
    return False


def _undone_in_turn(content_encoding: str) -> list[str]:
    return [part.strip().lower() for part in reversed(content_encoding.split(",")) if part.strip()]
