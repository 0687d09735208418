"""Severities in colour, through pytest's own terminal writer, which knows whether there is to be any."""

from __future__ import annotations

from dataclasses import dataclass
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


BEGINS_WITH_FACT: Final = "hubfiles_begins_with_fact"
"""The attribute of a pytest report whose failure is a text of this plugin's, the fact in its first line."""


@dataclass(frozen=True, slots=True)
class Crash:
    """What pytest's short summary says of a failure: its ``message``, however long it is, and the place."""

    path: str
    lineno: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.lineno}: {self.message}"


class FailureText:
    """The text of a failure as pytest's controller has it: severities in colour, and one line of it as the fact.

    Of a plain text pytest's short summary shows all lines where CI is set.
    """

    def __init__(self, text: str, path: str, line: int | None) -> None:
        self.text = text
        self.reprcrash = Crash(path, (line or 0) + 1, text.partition("\n")[0])

    def __str__(self) -> str:
        return self.text

    def toterminal(self, writer: Any) -> None:
        """Write the text to *writer*, as pytest asks whatever a test failed with."""
        for number, line in enumerate(self.text.splitlines()):
            if number:
                write_marked(writer, line)
            else:
                writer.write(line, bold=True)
            writer.line()
