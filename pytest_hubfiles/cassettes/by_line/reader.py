"""Reads the interactions of a file piece by piece."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from pytest_hubfiles.cassettes.by_line import cassetter, vcrpy
from pytest_hubfiles.cassettes.by_line.headers import NEXT, Known
from pytest_hubfiles.cassettes.by_line.scalars import OtherFormError
from pytest_hubfiles.cassettes.limits import BYTES_OF_A_VALUE, MOST_VALUES
from pytest_hubfiles.model.exchange import Interaction

_PRINTABLE: Final = bytes([*range(0x20, 0x7F), 0x0A])
_ODD: Final = re.compile("[^\n -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]").search
_PIECE: Final = 2**18  # bytes
_NEXT_ONE: Final = b"\n" + NEXT.encode()


@dataclass(frozen=True, slots=True)
class _Recorder:
    """How the file of a recorder begins, how it ends, and what reads an exchange of it."""

    start: str
    end: str
    exchange: Callable[[str, int, int, Known], tuple[Interaction, int]]

    def may_stop(self, text: str, place: int, is_last: bool) -> bool:
        """Return whether the last interaction of *text*, the last of the file or not, may end at *place*."""
        return text.startswith(self.end, place) if is_last and self.end else place == len(text)


_RECORDERS: Final = (
    _Recorder(vcrpy.START, vcrpy.END, vcrpy.exchange),
    _Recorder(cassetter.START, cassetter.END, cassetter.exchange),
)

_STARTS: Final = tuple(recorder.start.encode() for recorder in _RECORDERS)


def interactions_in(file: BinaryIO, most: int = sys.maxsize) -> Iterator[Interaction | None]:
    """Yield the interactions of a cassette *file*, as far as they have a form that is read here.

    None at the end means that this is the whole file. At most *most* bytes are read, even if the file grows meanwhile.
    """
    known, recorder = Known(), None
    line, size = 1, 0
    for text, is_last in _pieces(file, most):
        place = counted = 0
        if recorder is None:
            recorder = next((one for one in _RECORDERS if text.startswith(one.start)), None)
            if recorder is None:
                return
            place = len(recorder.start)
        while text.startswith(NEXT, place):
            line += text.count("\n", counted, place)
            counted = place
            try:
                interaction, place = recorder.exchange(text, place, line, known)
            except OtherFormError:
                return
            if not (text.startswith(NEXT, place) or recorder.may_stop(text, place, is_last)):
                return  # its last line may continue
            if known.values > MOST_VALUES + (size + place) // BYTES_OF_A_VALUE:
                return
            yield interaction
        if is_last and known.values and text[place:] == recorder.end:
            yield None
        if place < len(text):
            return
        line, size = line + text.count("\n", counted), size + len(text)


def _pieces(file: BinaryIO, most: int) -> Iterator[tuple[str, bool]]:
    """Yield *file* in pieces that begin where an interaction does, each with whether it is the last.

    It stops at a character that no emitter writes as it is. A cassette of 10,000 exchanges, held whole and as text
    besides, takes twice the memory.
    """
    rest, is_first = b"", True
    while True:
        wanted = min(max(_PIECE, len(rest)), most)
        read = file.read(wanted)
        most -= len(read)
        content, is_last = rest + read, len(read) < wanted or not most
        if is_first and not any(content.startswith(start[: len(content)]) for start in _STARTS):
            return  # before more of it is in memory
        end = len(content) if is_last else content.rfind(_NEXT_ONE) + 1
        piece, rest = content[:end], content[end:]
        is_first = is_first and not piece
        try:
            text = piece.decode("utf-8")
        except UnicodeDecodeError:
            return
        if piece.translate(None, _PRINTABLE) and _ODD(text):
            return
        if text:
            yield text, is_last
        if is_last:
            return
