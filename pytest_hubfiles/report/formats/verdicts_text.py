"""The words for how a test ends under a change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pytest_hubfiles.report.rehearsal import Break, Ending

HOW: Final = {
    Ending.FAILS.value: ("fails", "fail"),
    Ending.RAISES.value: ("raises", "raise"),
    Ending.GIVES_UP.value: ("gives up", "give up"),
    Ending.NEVER_ENDS.value: ("never ends", "never end"),
    Ending.ASKS_ELSE.value: ("asks what is not recorded", "ask what is not recorded"),
}
_MOST_NAMES: Final = 3


def in_words(one: Break) -> str:
    """Return how a test breaks, where and with which error."""
    said = f": {one.error}" if one.error else ""
    return f"{HOW[one.verdict][0]}{f' at {one.place}' if one.place else ''}{said}"


def few(names: list[str], quoted: Callable[[str], str] = str) -> str:
    """Return some of *names* as *quoted* has them, and how many more there are."""
    more = len(names) - _MOST_NAMES
    return ", ".join(map(quoted, names[:_MOST_NAMES])) + (f" and {more} more" if more > 0 else "")
