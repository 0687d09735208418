"""Texts as YAML's emitters write them, read without a YAML library: plain, in quotes, folded, as a block, as bytes.

Whatever could mean something else is left to a YAML library. No search here looks at a character twice, so the time is
linear for any text.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64
from json import JSONDecoder
from typing import Final

from pytest_hubfiles.errors import Portable

FOLDS: Final = {indent: "\n" + " " * indent for indent in (4, 6, 8)}
"""How a line goes on that is folded, by the indentation of what goes on."""
URL: Final = r"(https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:[/?#][!-~]*(?<!:))?)\n"
"""The pattern of a URL that nothing is folded in, to the end of its line."""
WORDS: Final = frozenset({"null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE"})
"""What is no text without quotes."""
_FIRST: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz/_($")
_DIGITS: Final = frozenset("0123456789")
_NUMBER: Final = re.compile(r"[0-9.eE+-]*").fullmatch
_BAD_FOLD: Final = {indent: re.compile(rf"\n(?!\n| {{{indent}}}(?! ))").search for indent in FOLDS}
_BREAKS: Final = {indent: re.compile(rf"\n(\n*) {{{indent}}}").sub for indent in FOLDS}
_OUTDENTED: Final = {indent: re.compile(rf"\n(?! {{{indent}}}|\n)").search for indent in FOLDS}
_AS_JSON: Final = JSONDecoder(strict=False).raw_decode
_SURROGATE: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u[dD][89a-fA-F]").search
_ESCAPE: Final = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL).sub
_ESCAPED: Final = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b", " ": " ",
    '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip


class OtherFormError(Portable, Exception):
    """A piece of a file is not in a form that is read without a YAML library."""


def text_of(line: str) -> str:
    """Return the text that a scalar in one *line* stands for.

    Raises:
        OtherFormError: if that is not certain, or if it is no text.
    """
    first = line[:1]
    if first == "'":
        if line[-1] != "'" or len(line) == 1:
            raise OtherFormError
        return _single_quoted(line[1:-1])
    if first == '"':
        if line[-1] != '"' or len(line) == 1:
            raise OtherFormError
        return _double_quoted(line[1:-1])
    if (
        (first not in _FIRST and (first not in _DIGITS or _NUMBER(line)))
        or ": " in line
        or " #" in line
        or line[-1] in " :"
        or line in WORDS
    ):
        raise OtherFormError
    return line


def text_at(text: str, place: int, indent: int) -> tuple[str, int]:
    """Return the scalar that begins at *place*, and where the next line begins.

    Raises:
        OtherFormError: as of :func:`text_of`; also of one whose further lines are not indented by *indent*.
    """
    first = text[place : place + 1]
    if first == "'":
        end = _closing(text, place, "'")
        return _single_quoted(_unfolded(text[place + 1 : end], indent)), end + 2
    if first == '"':
        end = _closing(text, place, '"')
        return _double_quoted(_joined(text[place + 1 : end], indent)), end + 2
    if first == "|":
        return _block(text, place + 1, indent)
    end = text.find("\n", place)
    if text.startswith(FOLDS[indent], end):
        outdented = _OUTDENTED[indent](text, end)
        end = -1 if outdented is None else outdented.start()
    if end < 0 or text.startswith("\n\n", end - 1):
        raise OtherFormError
    return text_of(_unfolded(text[place:end], indent)), end + 1


def bytes_at(text: str, place: int, indent: int) -> tuple[bytes, int]:
    """Return the bytes of a text or of a block of base64 that begins at *place*, and where the next line begins.

    Raises:
        OtherFormError: as of :func:`text_at`.
    """
    if text.startswith("!!binary |\n", place):
        block, place = _block(text, place + len("!!binary |"), indent)
        try:
            return a2b_base64(block.encode("ascii")), place
        except (Error, UnicodeEncodeError):
            raise OtherFormError from None
    found, place = text_at(text, place, indent)
    return found.encode(), place


def _closing(text: str, place: int, quote: str) -> int:
    """Return where the quotes that *text* opens at *place* close, at the end of a line."""
    end = place
    escape = "\\" if quote == '"' else quote
    while True:
        end = text.find(quote + "\n", end + 1)
        if end < 0:
            raise OtherFormError
        before = end
        while before - 1 > place and text[before - 1] == escape:
            before -= 1
        if (end - before) % 2 == 0:
            return end


def _single_quoted(text: str) -> str:
    if "'" in text:
        if "'" in text.replace("''", ""):
            raise OtherFormError
        return text.replace("''", "'")
    return text


def _double_quoted(text: str) -> str:
    if "\\" not in text:
        if '"' in text:
            raise OtherFormError
        return text
    if ("\\ud" in text or "\\uD" in text) and _SURROGATE(text):  # few texts have one to look at closely
        raise OtherFormError
    try:
        found, end = _AS_JSON(f'"{text}"')  # all but a few escapes are those of JSON
    except ValueError:
        return _escaped(text)
    if end < len(text) + 2:
        raise OtherFormError
    return str(found)


def _escaped(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        plain = match[4]
        if plain is not None:
            return _ESCAPED[plain]
        return chr(int(match[1] or match[2] or match[3], 16))

    if '"' in text.replace("\\\\", "").replace('\\"', ""):
        raise OtherFormError
    try:
        found = _ESCAPE(one, text)
        found.encode()
    except (KeyError, ValueError, OverflowError):
        raise OtherFormError from None
    return found


def _unfolded(text: str, indent: int) -> str:
    """Return *text* without the line breaks that a plain text and one in single quotes are folded at."""
    if "\n" not in text:
        return text
    if " \n" in text or _BAD_FOLD[indent](text):
        raise OtherFormError
    if "\n\n" in text:
        return str(_BREAKS[indent](lambda match: match[1] or " ", text))
    return text.replace(FOLDS[indent], " ")


def _joined(text: str, indent: int) -> str:
    r"""Return *text*, which stood in double quotes, without its folds; ``\`` and ``\ `` are escapes at their ends."""
    if "\n" not in text:
        return text
    if " \n" in text or "\n\n" in text or _BAD_FOLD[indent](text):
        raise OtherFormError
    fold = FOLDS[indent]
    if "\\\n" not in text:
        return text.replace(fold + "\\ ", "  ").replace(fold, " ")
    joined = []
    for number, line in enumerate(text.split(fold)):
        if number and line.startswith("\\ "):
            line = line[1:]
        if (len(line) - len(line.rstrip("\\"))) % 2:
            joined.append(line[:-1])
        else:
            joined += [line, " "]
    return "".join(joined[:-1] if joined[-1] == " " else joined)


def _block(text: str, place: int, indent: int) -> tuple[str, int]:
    """Return the content of a block, and where it ends; blank lines at either end are left to a YAML library."""
    is_stripped = text.startswith("-\n", place)
    place += is_stripped
    outdented = _OUTDENTED[indent](text, place)
    if not text.startswith(FOLDS[indent], place) or outdented is None or text[place + 1 + indent] in " \n":
        raise OtherFormError
    end = outdented.start()
    if text[end - 1] == "\n":
        raise OtherFormError
    lines = text[place + 1 + indent : end].replace(FOLDS[indent], "\n")
    if not lines.rpartition("\n")[2].strip(" "):
        raise OtherFormError
    return (lines if is_stripped else lines + "\n"), end + 1
