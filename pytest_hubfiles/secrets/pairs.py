"""Finds "name, sign, value" in any text: quoted JSON, event streams, XML, CSV, YAML, JSONP, logs, messages."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from pytest_hubfiles.secrets import authorization
from pytest_hubfiles.secrets.names import Telling, last_word, listed
from pytest_hubfiles.secrets.plausible import is_credential, is_distinctive

_LONGEST: Final = 20_000  # characters of a value; a longer one is searched by its shape alone
_JUDGED: Final = 256  # characters by which a value that no quote ends is told from words
_NAME: Final = re.compile(  # the lookbehind keeps what belongs to a query, which is scrubbed as one
    r"(?<![A-Za-z0-9_.%?&-])([A-Za-z_$][A-Za-z0-9_.$@-]{0,80})(\\*[\"'`]?)\]?"
    r"(?:[ \t]*(?:=>|:=|={1,3}|:)[ \t]*|[ \t]+\(?(?=[\"'`(]|(?<=\()\S))"
)
_QUOTED: Final = re.compile(
    rf"(\\*)([\"'`])((?:(?!\1\2)(?:\\.|[^\\\n])){{0,{_LONGEST}}}?)\1\2|\"\"\"([^\"]{{1,{_LONGEST}}})\"\"\"", re.DOTALL
)
_BARE: Final = re.compile(r"[^\s&;,\"'<>\\(){}\[\]`|]+")
_ARRAY: Final = re.compile(r"\[([^\[\]{}]{0,20000})\]|\(([^(){}]{0,20000})\)")
_ITEM: Final = re.compile(r"(\\*)([\"'`])((?:(?!\1\2)(?:\\.|[^\\])){0,20000}?)\1\2|[^\s,\"'`\\]+", re.DOTALL)
_BLOCK: Final = re.compile(
    r"(?:[|>][+-]?)?[ \t]*\r?\n((?:[ \t]+[^\s][^\n]*(?:\n|\Z)|[ \t]*-[ \t]+[^\n]*(?:\n|\Z)){1,200})"
)
_LINE_ITEM: Final = re.compile(r"(?m)^[ \t]*(-[ \t]+)?[\"']?([^\s\"'#][^\n\"']*?)[\"']?[ \t\r]*$")
_REST_OF_LINE: Final = re.compile(r"[^\r\n\"'<>\\]{1,4000}(?:\"[^\"\r\n]{0,4000}\"[^\r\n\"'<>\\]{0,4000}){0,20}")
_ELEMENT: Final = re.compile(
    r"<(?:[\w.-]{1,40}:)?([A-Za-z_][\w.-]{0,80})(?:\s[^<>]{0,400})?>"
    r"\s*(?:<!\[CDATA\[(.{1,20000}?)\]\]>|([^<>]{1,20000}?))\s*</",
    re.DOTALL,
)
_SIGN: Final = r"\\*[\"']?\s*[=:]\s*"
_CALLED: Final = rf"(?i)\b(?:name|key|id|field|header|param(?:eter)?|property|attribute|variable|label){_SIGN}\\*[\"']?"
_VALUE: Final = rf"(?:value|val|content|data|text){_SIGN}"
_SAID_FIRST: Final = re.compile(
    rf"{_CALLED}([A-Za-z_][\w. -]{{0,60}}?)\\*[\"']?[\s,;/]{{1,40}}(?:- )?\\*[\"']?{_VALUE}"
)
_SAID_LAST: Final = re.compile(
    rf"(?i)\b{_VALUE}(\\*[\"'])([^\"'\\<>\n]{{1,2000}}?)\1[\s,;/]{{1,40}}\\*[\"']?"
    rf"{_CALLED[4:]}([A-Za-z_][\w. -]{{0,60}}?)\\*[\"']"
)
_SAID_AS_ATTRIBUTE: Final = re.compile(rf"{_CALLED}([A-Za-z_][\w. -]{{0,60}}?)[\"'][^<>]{{0,200}}>([^<>]{{1,2000}})</")
_NAME_HEADS: Final = listed("name key field header parameter variable setting")
_VALUE_HEADS: Final = listed("value val content data")
_CELL: Final = re.compile(r"[\w .$-]{1,60}")


_ELEMENT_OF_VALUE: Final = re.compile(
    r"<(?:[\w.-]{1,40}:)?([A-Za-z_][\w.-]{0,80})\s[^<>]{0,400}?\b(?:value|val|content|data|text)=([\"'])([^\"'<>]{1,2000}?)\2"
)
_NEXT_ELEMENT: Final = re.compile(  # <key>token</key><string>X</string>
    r">\s*([A-Za-z_][\w .-]{0,60}?)\s*</[^<>]{1,80}>\s*(?:<[^<>/]{1,400}>\s*){1,2}([^<>]{1,2000}?)\s*</"
)
_ESCAPED: Final = re.compile(r"\\u00([0-7][0-9A-Fa-f])|\\x([0-7][0-9A-Fa-f])")
_FIRST_LINES: Final = 5  # in which the heads of a table may stand


class Found(NamedTuple):
    """A credential in a text: where it begins and ends, and the name that it stands under."""

    start: int
    end: int
    name: str


def found_in(text: str, tell: Callable[[str], Telling]) -> list[Found]:
    """Return the credentials in *text* that names tell of, in order; *tell* says what a name tells."""
    found = [*_named(text, tell)]
    if "<" in text:
        found += _elements(text, tell)
    lower = text.lower()
    if "value" in lower or "val" in lower or "content" in lower or "data" in lower or "text" in lower or "</" in text:
        found += _said(text, tell)
    if "\n" in text:
        found += _columns(text, tell)
    found.sort(key=lambda one: (one.start, -one.end))
    kept: list[Found] = []
    for one in found:
        if one.start < one.end and (not kept or one.start >= kept[-1].end):
            kept.append(one)
    return kept


def _named(text: str, tell: Callable[[str], Telling]) -> Iterator[Found]:
    """Yield what follows a name and a sign: ``"token": "X"``, ``token=X``, ``token: [X, Y]``, a block of lines."""
    header_end = bare_end = 0
    for match in _NAME.finditer(text):
        name, quote = match[1], match[2]
        told = tell(name)
        is_segment = text[match.start() - 1 : match.start()] == ":" and match[0].endswith(":")  # of an ARN or a URN
        if not told or is_segment:
            continue
        at = match.end()
        if not match[0].rstrip().endswith(("=", ":", ">")):  # invalid token (X), the key "X"
            told = min(told, Telling.MAYBE)
        if at >= header_end and name.lower().endswith(("authorization", "cookie")):
            rest = _REST_OF_LINE.match(text, at + (text[at : at + 1] in "\"'"))
            header_end = at if rest is None else rest.end()
            yield from () if rest is None else _header(rest, name)
        quoted = _QUOTED.match(text, at)
        if quoted is not None:
            group = 3 if quoted[3] is not None else 4
            if _counts(told, quoted[group], is_plain=not quote and match[0].rstrip().endswith(":")):
                yield Found(*quoted.span(group), name)
            continue
        listed = _ARRAY.match(text, at)
        if listed is not None:
            yield from _items(text, listed.span(1 if listed[1] is not None else 2), told, name)
            continue
        block = _BLOCK.match(text, at)
        if block is not None:
            yield from _block(text, block, told, name)
            continue
        if at >= bare_end:  # what begins inside a value ends with it
            bare = _BARE.match(text, at)
            bare_end = at if bare is None else bare.end()
        if at < bare_end and _counts_bare(told, text[at : min(bare_end, at + _JUDGED)]):
            yield Found(at, bare_end, name)


def _counts(told: Telling, value: str, *, is_plain: bool) -> bool:
    """Return whether *value* is a credential; in prose, where words follow any name, only if it is none of them."""
    if told is Telling.ALWAYS:
        return bool(value)
    if not is_credential(told, value):
        return False
    return not is_plain or is_distinctive(value) or is_credential(Telling.MAYBE, value)


@lru_cache(maxsize=256)  # a text that repeats itself is judged once
def _counts_bare(told: Telling, beginning: str) -> bool:
    """Return whether a value with this *beginning*, which no quote ends, is a credential."""
    return _counts(told, beginning, is_plain=True)


def _header(rest: re.Match[str], name: str) -> Iterator[Found]:
    """Yield the parts of a header that is written out: ``Authorization: Token token="X"``."""
    is_cookie = name.lower().endswith("cookie")
    is_set = name.lower().startswith("set")
    parts = authorization.of_cookies(rest[0], is_set=is_set) if is_cookie else authorization.parts(rest[0])
    for part in parts:
        start = rest.string.find(part, *rest.span())
        if start >= 0 and part != rest[0].strip() and is_credential(Telling.MAYBE, part):
            yield Found(start, start + len(part), name)


def _items(text: str, span: tuple[int, int], told: Telling, name: str) -> Iterator[Found]:
    for item in _ITEM.finditer(text, *span):
        group = 3 if item[3] is not None else 0
        if _counts(told, item[group], is_plain=group == 0):
            yield Found(*item.span(group), name)


def _block(text: str, block: re.Match[str], told: Telling, name: str) -> Iterator[Found]:
    """Yield the lines below a name, if they are a list or one text: a list of mappings has names of its own."""
    is_text = "|" in block[0][:2] or ">" in block[0][:2]
    for item in _LINE_ITEM.finditer(text, *block.span(1)):
        if (item[1] or is_text) and _counts(told, item[2], is_plain=True):
            yield Found(*item.span(2), name)


def _elements(text: str, tell: Callable[[str], Telling]) -> Iterator[Found]:
    """Yield the content of XML's elements: ``<access_token>X</access_token>``."""
    for match in _ELEMENT.finditer(text):
        told = tell(match[1])
        group = 2 if match[2] is not None else 3
        if told and is_credential(told, match[group]):
            yield Found(*match.span(group), match[1])

    for match in _ELEMENT_OF_VALUE.finditer(text):
        if (told := tell(match[1])) and is_credential(told, match[3]):
            yield Found(*match.span(3), match[1])
    for match in _NEXT_ELEMENT.finditer(text):
        if tell(match[1]) and is_credential(Telling.MAYBE, match[2]):
            yield Found(*match.span(2), match[1])


def under_escapes(text: str, tell: Callable[[str], Telling]) -> list[str]:
    """Return the credentials in *text* once its entities and its escapes of single characters are undone."""
    plain = text
    if "&" in text and ("&quot;" in text or "&lt;" in text or "&#" in text or "&apos;" in text):
        plain = html.unescape(text)
    if "\\u00" in text or "\\x" in text:
        plain = _ESCAPED.sub(lambda match: chr(int(match[1] or match[2], 16)), plain)
    if plain == text:
        return []
    return [plain[start:end] for start, end, _ in found_in(plain, tell)]


def _said(text: str, tell: Callable[[str], Telling]) -> Iterator[Found]:
    """Yield values beside their names: ``name: api_key, value: X``, ``<param name="token">X</param>``."""
    for match in _SAID_FIRST.finditer(text):
        told = tell(match[1])
        value = (_QUOTED.match(text, match.end()) or _BARE.match(text, match.end())) if told else None
        if value is not None:
            group = 3 if value.re is _QUOTED and value[3] is not None else 0
            if _counts(told, value[group], is_plain=group == 0):
                yield Found(*value.span(group), match[1])
    for match in _SAID_LAST.finditer(text):
        told = tell(match[3])
        if told and is_credential(told, match[2]):
            yield Found(*match.span(2), match[3])
    for match in _SAID_AS_ATTRIBUTE.finditer(text):
        told = tell(match[1])
        if told and is_credential(told, match[2]):
            yield Found(*match.span(2), match[1])


def _columns(text: str, tell: Callable[[str], Telling]) -> Iterator[Found]:
    """Yield the cells below telling heads of a table: CSV, with commas, semicolons, tabs or bars."""
    lines = list(re.finditer(r"[^\r\n]+", text))
    for number, line in enumerate(lines[:_FIRST_LINES]):
        sign = max(",;\t|", key=line[0].count)
        spans = list(_cells(text, line.span(), sign))
        heads = [text[slice(*span)].strip("\ufeff \t\"'") for span in spans]
        if not all(_CELL.fullmatch(head) or not head or "," in head for head in heads):
            continue
        named = [at for at, head in enumerate(heads) if last_word(head) in _NAME_HEADS]
        values = [at for at, head in enumerate(heads) if last_word(head) in _VALUE_HEADS]
        telling = {at: told for at, head in enumerate(heads) if head and (told := tell(head))}
        if not telling and not (named and values):
            continue
        for below in lines[number + 1 :]:
            cells = list(_cells(text, below.span(), sign))
            if len(cells) != len(heads):
                continue
            told_here = dict(telling)
            if named and values:
                told_here.update((at, tell(text[slice(*cells[named[0]])])) for at in values)
            for at, told in told_here.items():
                value = text[slice(*cells[at])]
                if told and is_credential(told, value) and (len(heads) > 1 or is_distinctive(value)):
                    yield Found(*cells[at], heads[at])
        return


def _cells(text: str, span: tuple[int, int], sign: str) -> Iterator[tuple[int, int]]:
    """Yield where each cell of a line begins and ends, without its quotes."""
    cell = re.compile(rf"[ ]*(?:\"((?:[^\"]|\"\")*)\"[ ]*|([^{re.escape(sign)}]*))(?:{re.escape(sign)}|\Z)")
    at, end = span
    while at <= end:
        match = cell.match(text, at, end)
        if match is None:
            return
        yield match.span(1) if match[1] is not None else match.span(2)
        if match.end() == end and not match[0].endswith(sign):
            return
        at = match.end()
