"""One line at a terminal that says how far something has come, for whoever would wait without a word."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TextIO, TypeVar

_Item = TypeVar("_Item")
_QUIET_SECONDS: Final = 1.0
_CLEAR: Final = "\r\x1b[K"


class ProgressLine:
    """A line that is written once something takes over a second, rewritten as it goes on, and gone when it ends.

    ``write`` puts a text in the place of the one that it wrote before; None where there is no terminal.
    """

    def __init__(self, write: Callable[[str], None] | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._write, self._clock, self._started, self._is_shown = write, clock, clock(), False

    def show(self, text: str) -> None:
        """Show *text*, unless it is too early."""
        if self._write is not None and self._clock() - self._started > _QUIET_SECONDS:
            self._write(text)
            self._is_shown = True

    def end(self) -> None:
        """Take the line away."""
        if self._write is not None and self._is_shown:
            self._write("")
            self._is_shown = False

    def over(self, items: Sequence[_Item], done: str, what: str) -> Iterator[_Item]:
        """Yield *items*; show how many of *what* are *done*."""
        for number, item in enumerate(items):
            self.show(f"{done} {number} of {len(items)} {what}")
            yield item
        self.end()


def on_stream(stream: TextIO) -> Callable[[str], None] | None:
    """Return what writes a line's text to *stream*, None if that is no terminal."""
    if not stream.isatty():
        return None

    def write(text: str) -> None:
        stream.write(f"{_CLEAR}{text}")
        stream.flush()

    return write
