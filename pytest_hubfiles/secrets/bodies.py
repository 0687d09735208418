"""Scrubs credentials from bodies: JSON, forms, multipart, gzip, and any other text."""

from __future__ import annotations

import gzip
import re
from typing import Final

from pytest_hubfiles.model.body import GZIP_START, charset_of, decode_body
from pytest_hubfiles.secrets import patterns
from pytest_hubfiles.secrets.json_text import is_json
from pytest_hubfiles.secrets.text import Scrubber

_FORM: Final = re.compile(r"\s*[A-Za-z0-9_.%+\[\]-]+=")
_MULTIPART: Final = re.compile(r"--([^\r\n]{1,70})\r?\n")  # 70: RFC 2046
_PART: Final = re.compile(r"(?s)(\r?\n(?:[^\r\n]+\r?\n)*\r?\n)(.*)\Z")
_PART_NAME: Final = re.compile(r"(?i)content-disposition:[^\r\n]*?[;\s]name=\"?([^\";\r\n]+)")


def scrub_body(scrubber: Scrubber, place: str, body: bytes, content_type: str) -> bytes:
    """Return *body* scrubbed as what it is; bytes that are no text stay as they are."""
    if body.startswith(GZIP_START):  # without a header that says so: a file, or the header was dropped
        inside, encoded = decode_body(body, "gzip")
        if encoded or inside.startswith(GZIP_START):  # a gzip file can hold itself, without end
            return body
        scrubbed = scrub_body(scrubber, place, inside, content_type)
        return body if scrubbed == inside else gzip.compress(scrubbed, mtime=0)
    try:
        charset = charset_of(content_type)
        text = body.decode(charset)
    except (LookupError, ValueError):  # ValueError: not in this charset, or its name contains a NUL
        charset = "latin-1"  # maps every byte to itself and back
        text = body.decode(charset)
    if not scrubber.may_hold(text):
        return body
    new = _scrub_text(scrubber, place, text, content_type.lower(), is_text=charset != "latin-1")
    # A lone surrogate, which only an escape can have brought, becomes an escape again.
    return body if new == text else new.encode(charset, "backslashreplace")


def _scrub_text(scrubber: Scrubber, place: str, text: str, media_type: str, *, is_text: bool) -> str:
    boundary = _MULTIPART.match(text)
    if boundary and ("multipart/" in media_type or text.rstrip().endswith(f"--{boundary[1]}--")):
        return _scrub_multipart(scrubber, place, text, boundary[1], prose=is_text)
    if text.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
        new = scrubber.json(place, text)
        return new if is_json(new) else scrubber.text(place, new, prose=is_text)
    if "x-www-form-urlencoded" in media_type or _FORM.match(text):
        return _scrub_form(scrubber, place, text)
    return scrubber.text(place, text, prose=is_text)


def _scrub_form(scrubber: Scrubber, place: str, text: str) -> str:
    pairs = (pair.partition("=") for pair in text.split("&"))
    scrubbed = (
        scrubber.pair(f"{place}, field", name, value, 0, patterns.is_secret_form_field) if equals else name
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
        if patterns.is_secret_form_field(name) or scrubber.additions.holds(name):
            value = scrubber.replace(where, value)
        elif value[:1] in ("{", "["):
            value = scrubber.json(where, value)
        else:
            value = scrubber.text(where, value, prose=prose)
        parts[number] = scrubber.text(place, headers) + value + (end if content else "")
    return f"--{boundary}".join(parts)
