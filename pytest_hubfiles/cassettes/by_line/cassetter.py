"""An exchange as cassetter writes it, line by line; its JSON bodies stand there as YAML."""

from __future__ import annotations

import re
from json.encoder import encode_basestring_ascii as _quoted
from typing import Final

from pytest_hubfiles.cassettes.by_line.headers import NEXT, Known, after, headers_at
from pytest_hubfiles.cassettes.by_line.scalars import URL, WORDS, OtherFormError, text_at, text_of
from pytest_hubfiles.model.exchange import Interaction

START: Final = "version: 1\ninteractions:\n"
END: Final = ""
_REQUEST: Final = re.compile(rf"    method: ([A-Z]{{3,7}})\n    uri: (?:>-\n      )?{URL}").match
_STATUS: Final = re.compile(r"  response:\n    status: ([1-9][0-9][0-9])\n").match
_RECORDED: Final = re.compile(r"  recorded_at: ([^\n]*)\n").match
_TYPE: Final = re.compile(r"    body:\n      type: ([a-z]+)\n").match
_NAME: Final = "[A-Za-z_$/][A-Za-z0-9_.$/-]{0,99}"
_KEY: Final = re.compile(rf"""(?:({_NAME})|("(?:[^"\\\n]|\\.){{0,99}}")):(?: |$)""").match
_PLAIN: Final = re.compile(  # most members, at once (0.95 of the instructions)
    rf"( *)({_NAME}): "
    r'(?:([A-Za-z/][A-Za-z0-9_./-]*|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{5,15}Z)|"([0-9]{1,40})"|(0|[1-9][0-9]{0,17}))'
).fullmatch
_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]{0,17}").fullmatch
_BEGINS_NUMBER: Final = frozenset("-0123456789")
_FRACTION: Final = re.compile(r"-?[0-9]{1,9}\.[0-9]{1,9}").fullmatch
_SAME_IN_JSON: Final = frozenset({"null", "true", "false", "[]", "{}"})
_DEEPEST_INDENT: Final = 100
_JSON_INDENT: Final = 8


def exchange(text: str, place: int, line: int, known: Known) -> tuple[Interaction, int]:
    """Return the interaction that begins at *place*, in *line*, and where it ends.

    Raises:
        OtherFormError: if it has another form.
    """
    request = _REQUEST(text, after(text, place, NEXT))
    if request is None:
        raise OtherFormError
    asked_headers, place = headers_at(text, request.end(), "\n    body:\n", known)
    asked, place = _body(text, place, "\n  response:\n", known)
    status = _STATUS(text, place)
    if status is None:
        raise OtherFormError
    headers, place = headers_at(text, status.end(), "\n    body:\n", known)
    answered, place = _body(text, place, "\n  recorded_at: ", known)
    recorded = _RECORDED(text, place)
    if recorded is None:
        raise OtherFormError
    text_of(recorded[1])
    answered = known.bodies.setdefault(answered, answered)
    known.values += 20  # at most, besides those of the headers and bodies
    method, url = request.groups()
    return Interaction(method, url, asked_headers, asked, int(status[1]), "", headers, answered, line), recorded.end()


def _body(text: str, place: int, stop: str, known: Known) -> tuple[bytes, int]:
    """Return the body that begins at *place*, and where it ends, which is before *stop*."""
    kind = _TYPE(text, place)
    if kind is None:
        raise OtherFormError
    place = kind.end()
    if kind[1] == "none":
        return b"", place
    if kind[1] == "json":
        place = after(text, place, "      content:")
        end = text.find(stop, place)
        content = text[place : max(end, place)]
        found = known.contents.get(content)  # one poll after another is answered with the same
        if found is None:
            known.forget()
            found = known.contents[content] = _json_of(content, known)
        known.values += found[1]
        return found[0], end + 1
    written, place = text_at(text, after(text, place, "      content: "), _JSON_INDENT)
    if kind[1] == "text":
        return written.encode(), place
    if kind[1] == "binary" and len(written) % 2 == 0 and written.isascii() and written.isalnum():
        return _from_hex(written), place
    raise OtherFormError


def _json_of(content: str, known: Known) -> tuple[bytes, int]:
    """Return the *content* of a body as JSON, and how many values it may hold at most."""
    first, *lines = content.split("\n")
    value, ended = (_scalar(first[1:]), 0) if first else _value(lines, 0, _JSON_INDENT, known)
    if ended < len(lines) or first[:1] not in ("", " "):
        raise OtherFormError
    return value.encode(), 3 * len(lines)


def _from_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise OtherFormError from None


def _value(lines: list[str], number: int, indent: int, known: Known) -> tuple[str, int]:
    """Return the mapping or list that begins in the line *number*, as JSON, and the number of the line after it.

    A list in a mapping is indented by as much as the key that it belongs to; so *indent* is that of a mapping.
    """
    if indent > _DEEPEST_INDENT or number >= len(lines):
        raise OtherFormError
    if lines[number].startswith(" " * (indent - 2) + "- "):
        return _list(lines, number, indent, known)
    return _mapping(lines, number, indent, known)


def _list(lines: list[str], number: int, indent: int, known: Known) -> tuple[str, int]:
    found = []
    dash = " " * (indent - 2) + "- "
    while number < len(lines) and lines[number].startswith(dash):
        line = lines[number][indent:]
        if _KEY(line):
            lines[number] = " " * indent + line
            value, number = _mapping(lines, number, indent, known)
        else:
            value, number = _scalar(line), number + 1
        found.append(value)
    return f"[{', '.join(found)}]", number


def _mapping(lines: list[str], number: int, indent: int, known: Known) -> tuple[str, int]:
    found: dict[str, str] = {}
    blank, members = " " * indent, known.members
    while number < len(lines):
        line = lines[number]
        member = members.get(line)
        if member is None and (plain := _PLAIN(line)) and len(plain[1]) == indent:
            _, name, word, digits, integer = plain.groups()
            value = integer or (word if word in _SAME_IN_JSON else f'"{word or digits}"')
            if name in WORDS or (word in WORDS and value is not word):
                raise OtherFormError
            json_text = f'"{name}": {value}'
            members[line] = indent, name, json_text
            number += 1
        elif member is None:
            if not line.startswith(blank):
                break
            name, rest = _key(line, indent)
            number += 1
            if rest == ">-":
                value, number = _folded(lines, number, indent + 2)
            elif rest:
                value = _scalar(rest)
            else:
                value, number = _value(lines, number, indent + 2, known)
            json_text = f"{_quoted(name)}: {value}"
            if rest and rest != ">-":
                members[line] = indent, name, json_text
        else:
            indented, name, json_text = member
            if indented != indent:
                break
            number += 1
        if name in found:
            raise OtherFormError
        found[name] = json_text
    if not found:
        raise OtherFormError
    return f"{{{', '.join(found.values())}}}", number


def _key(line: str, indent: int) -> tuple[str, str]:
    """Return the key of a *line*, and what stands after it."""
    key = _KEY(line, indent)
    if key is None or line[-1] == " ":
        raise OtherFormError
    name = key[1] or text_of(key[2])
    if name in WORDS:
        raise OtherFormError
    return name, line[key.end() :]


def _folded(lines: list[str], number: int, indent: int) -> tuple[str, int]:
    """Return the JSON of a folded block that has one line."""
    blank = " " * indent
    line = lines[number] if number < len(lines) else ""
    text = line[indent:]
    goes_on = number + 1 < len(lines) and (lines[number + 1].startswith(blank) or not lines[number + 1].strip(" "))
    if not line.startswith(blank) or text[:1] in ("", " ") or text[-1] == " " or goes_on:
        raise OtherFormError
    return _quoted(text), number + 1


def _scalar(text: str) -> str:
    """Return the JSON of a scalar in one line."""
    if text[:1] in _BEGINS_NUMBER:
        if _INTEGER(text):
            return text
        if _FRACTION(text):
            return repr(float(text))
    return text if text in _SAME_IN_JSON else _quoted(text_of(text))
