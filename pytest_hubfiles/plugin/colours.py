"""Severities in colour, through pytest's own terminal writer, which knows whether there is to be any."""

from __future__ import annotations

from typing import Any, Final

_MARKUP: Final = {
    "breaking": {"red": True, "bold": True},
    "breaks": {"red": True, "bold": True},
    "warning": {"yellow": True, "bold": True},
    "info": {"cyan": True},
}
"""How the first word of a line is marked."""


def write_marked(terminal: Any, line: str) -> None:
    """Write *line* without its end to *terminal*, a reporter or a writer of pytest's, its severity marked."""
    word = line.partition(" ")[0]
    if word in _MARKUP:
        terminal.write(word, **_MARKUP[word])
        line = line.removeprefix(word)
    terminal.write(line)


class ColouredText(str):
    """The text of a failure, which marks the severities in it where pytest shows it."""

    __slots__ = ()

    def toterminal(self, writer: Any) -> None:
        """Write the text to *writer*, as pytest asks whatever a test failed with."""
        for number, line in enumerate(self.splitlines()):
            if number:
                write_marked(writer, line)
            else:
                writer.write(line, bold=True)
            writer.line()
