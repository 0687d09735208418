"""Scrubs credentials from bodies: JSON, forms, multipart, gzip, and any other text."""

from __future__ import annotations

import codecs
import gzip
import re
from typing import Final

from pytest_hubfiles.model.body import GZIP_START, charset_of, decode_body
from pytest_hubfiles.secrets import names
from pytest_hubfiles.secrets.json_text import is_json
from pytest_hubfiles.secrets.names import Telling
from pytest_hubfiles.secrets.plausible import is_credential, is_placeholder
from pytest_hubfiles.secrets.text import Scrubber

_FORM: Final = re.compile(r"\s*[A-Za-z0-9_.%+\[\]-]+=")
_MULTIPART: Final = re.compile(r"--([^\r\n]{1,70})\r?\n")  # 70: RFC 2046
_PART: Final = re.compile(r"(?s)(\r?\n(?:[^\r\n]+\r?\n)*\r?\n)(.*)\Z")
_PART_NAME: Final = re.compile(r"(?i)content-disposition:[^\r\n]*?[;\s]name=\"?([^\";\r\n]+)")

_MARKS: Final = (  # the longer ones first
    (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
)  # fmt: skip
_WIDE: Final = frozenset(charset for _, charset in _MARKS)
_LOOKED_AT: Final = 256  # bytes


def scrub_body(scrubber: Scrubber, place: str, body: bytes, content_type: str) -> bytes:
    """Return *body* scrubbed as what it is; bytes that are no text stay as they are."""
    if body.startswith(GZIP_START):  # without a header that says so: a file, or the header was dropped
        inside, encoded = decode_body(body, "gzip")
        if encoded or inside.startswith(GZIP_START):  # a gzip file can hold itself, without end
            return body
        scrubbed = scrub_body(scrubber, place, inside, content_type)
        return body if scrubbed == inside else gzip.compress(scrubbed, mtime=0)
    for charset in _charsets(body, content_type):
        body = _scrub_as(scrubber, place, body, content_type.lower(), charset)
    return body


def _scrub_as(scrubber: Scrubber, place: str, body: bytes, media_type: str, charset: str) -> bytes:
    """Return *body* scrubbed as a text in *charset*; as it is, if it is in another one."""
    mark = _mark_of(body) if charset in _WIDE else b""
    try:
        text = body[len(mark) :].decode(charset)
    except ValueError:
        return body
    if not scrubber.may_hold(text):
        return body
    new = _scrub_text(scrubber, place, text, media_type, is_text=charset != "latin-1")
    # A lone surrogate, which only an escape can have brought, becomes an escape again.
    return body if new == text else mark + new.encode(charset, "backslashreplace")


def _mark_of(body: bytes) -> bytes:
    """Return the byte order mark that *body* begins with."""
    return next((mark for mark, _ in _MARKS if body.startswith(mark)), b"")


def _wide_charset(body: bytes) -> str | None:
    """Return which wide charset *body* is in, by its mark or by where its zero bytes stand; None if in none."""
    start = body[:_LOOKED_AT]
    marked = next((charset for mark, charset in _MARKS if body.startswith(mark)), None)
    if marked is not None or b"\0" not in start:
        return marked
    # Of most characters, three bytes of four are zero in UTF-32, and one of two in UTF-16.
    zeros = tuple(start[place::4].count(0) * 8 > len(start) for place in range(4))
    if zeros in ((False, True, True, True), (True, True, True, False)):
        return "utf-32-be" if zeros[0] else "utf-32-le"
    return {(True, False): "utf-16-be", (False, True): "utf-16-le"}.get((zeros[0] and zeros[2], zeros[1] and zeros[3]))


def _charsets(body: bytes, content_type: str) -> list[str]:
    """Return the charsets to read *body* in: a wide one if it looks so, and what it names if it can be in that."""
    named = charset_of(content_type)
    wide = _wide_charset(body)
    if re.sub("[^0-9a-z]", "", named.lower()).startswith(("utf16", "utf32", "ucs")):
        named = "utf-8"  # in vain, or it looks so
    try:
        body.decode(named)
    except (LookupError, ValueError):  # ValueError: not in this charset, or its name contains a NUL
        named = "latin-1"  # maps every byte to itself and back
    return [named] if wide is None else [wide, named]


def _scrub_text(scrubber: Scrubber, place: str, text: str, media_type: str, *, is_text: bool) -> str:
    boundary = _MULTIPART.match(text)
    if boundary and ("multipart/" in media_type or text.rstrip().endswith(f"--{boundary[1]}--")):
        return _scrub_multipart(scrubber, place, text, boundary[1], prose=is_text)
    if text.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
        return scrubber.json(place, text if is_json(text) else scrubber.text(place, text, prose=is_text))
    if "x-www-form-urlencoded" in media_type or (_FORM.match(text) and "\n" not in text.strip()):
        return _scrub_form(scrubber, place, text)
    return scrubber.text(place, text, prose=is_text)


def _scrub_form(scrubber: Scrubber, place: str, text: str) -> str:
    pairs = (pair.partition("=") for pair in text.split("&"))
    scrubbed = (
        scrubber.pair(f"{place}, field", name, value, 0, names.of_form_field) if equals else name
        for name, equals, value in pairs
    )
    return scrubber.text(place, "&".join(scrubbed), prose="@" in text)


def _scrub_multipart(scrubber: Scrubber, place: str, text: str, boundary: str, *, prose: bool) -> str:
    """Scrub each part: a field by its name, JSON as JSON, a file as a text."""
    parts = text.split(f"--{boundary}")
    for number, part in enumerate(parts):
        split, named = _PART.match(part), _PART_NAME.search(part)
        if split is None or named is None:
            parts[number] = scrubber.text(place, part, prose=prose)
            continue
        headers, content = split.groups()
        value, end = (content[:-2], "\r\n") if content.endswith("\r\n") else (content.rstrip("\n"), "\n")
        name, where = named[1], f"{place}, field {named[1]}"
        told = Telling.ALWAYS if scrubber.additions.holds(name) else names.of_form_field(name)
        if told and (is_credential(told, value) or is_placeholder(value)):
            value = scrubber.replace(where, value)
        elif value[:1] in ("{", "["):
            value = scrubber.json(where, value)
        else:
            value = scrubber.text(where, value, prose=prose)
        parts[number] = scrubber.text(place, headers) + value + (end if content else "")
    return f"--{boundary}".join(parts)
