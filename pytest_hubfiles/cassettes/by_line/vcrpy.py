"""An exchange as vcrpy and this package write it, line by line."""

from __future__ import annotations

import re
from typing import Final

from pytest_hubfiles.cassettes.by_line.headers import NEXT, Known, after, headers_at
from pytest_hubfiles.cassettes.by_line.scalars import URL, OtherFormError, bytes_at, text_of
from pytest_hubfiles.model.exchange import Interaction

START: Final = "interactions:\n"
END: Final = "version: 1\n"
_REQUEST: Final = re.compile(rf"    method: ([A-Z]{{3,7}})\n    uri: {URL}  response:\n    body:\n      string: ").match
_STATUS: Final = re.compile(
    rf"    status:\n      code: ([1-9][0-9][0-9])\n      message: ([^\n]*)\n(?:    url: {URL})?"
).match


def exchange(text: str, place: int, line: int, known: Known) -> tuple[Interaction, int]:
    """Return the interaction that begins at *place*, in *line*, and where it ends.

    Raises:
        OtherFormError: if it has another form.
    """
    asked, place = _body(text, after(text, place, NEXT + "    body: "), 6)
    asked_headers, place = headers_at(text, place, "\n    method: ", known)
    request = _REQUEST(text, place)
    if request is None:
        raise OtherFormError
    answered, place = _body(text, request.end(), 8)
    answered = known.bodies.setdefault(answered, answered)
    headers, place = headers_at(text, place, "\n    status:\n", known)
    status = _STATUS(text, place)
    if status is None:
        raise OtherFormError
    method, url = request.groups()
    reason = status[2]
    if reason != "OK":
        reason = "" if reason == "null" else text_of(reason)
    known.values += 20  # at most, besides those of the headers
    return Interaction(method, url, asked_headers, asked, int(status[1]), reason, headers, answered, line), status.end()


def _body(text: str, place: int, indent: int) -> tuple[bytes, int]:
    if text.startswith("null\n", place):
        return b"", place + len("null\n")
    return bytes_at(text, place, indent)
