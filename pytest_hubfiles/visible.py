"""Text from outside as it may stand in a terminal, in the log of a CI job and in a report."""

from __future__ import annotations

import json
import os
import re
from pathlib import PurePath
from typing import Final

_COMMAND: Final = re.compile(r"^(\s*)::|##(?=\[|vso\[)")
"""What a CI runner takes for a command to itself: GitHub's two forms, the older one anywhere in a line, and Azure's.

Source: ``ActionCommand.cs`` of github.com/actions/runner, which cuts off white space before it looks.
"""


_SHORT: Final = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def visible(text: str) -> str:
    """Return *text* in one line that looks like what it is.

    What does not print stands as an escape: control characters, line breaks, marks that turn the direction of writing.
    What a CI runner would take for a command is none any more.
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() else _SHORT.get(c) or _escape(ord(c)) for c in text)
    return _COMMAND.sub(_defused, text) if ":" in text or "#" in text else text


def visible_lines(text: str) -> str:
    """Return *text*, each line of it as :func:`visible` does."""
    return "\n".join(map(visible, text.split("\n")))


def clauses(*reasons: str) -> str:
    """Return *reasons* as parts of one sentence, which ends behind them."""
    return "; ".join(reason.removesuffix(".") for reason in reasons)


def shown(path: PurePath | str) -> str:
    """Return the name of a file as people read it."""
    return visible(path.as_posix() if isinstance(path, PurePath) else path)


def seen_from(folder: PurePath, path: PurePath) -> str:
    """Return what *path* is called in *folder*: its whole name where it lies on another drive of Windows."""
    try:
        return os.path.relpath(path, folder)
    except ValueError:
        return str(path)


def visible_json(text: str) -> str:
    """Return JSON that means the same as *text*, which the standard library wrote, and is visible."""
    lines = (line if line.isprintable() else "".join(map(_escaped, line)) for line in text.split("\n"))
    return _COMMAND.sub(lambda match: f"#\\u0023{match[0][2:]}", "\n".join(lines))


def _escape(number: int) -> str:
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _escaped(character: str) -> str:
    return character if character.isprintable() else json.dumps(character)[1:-1]


def _defused(match: re.Match[str]) -> str:
    return f"{match[1]}:\\u003a" if match[0].endswith("::") else "#\\u0023"
