"""The text of a terminal as a picture, in a light and a dark one."""

from __future__ import annotations

import io
import re
from typing import Final

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from pictures.runs import COLUMNS

# Black, red, green, yellow, blue, magenta, cyan and white on each ground, legible by WCAG's AA.
_LIGHT: Final = [
    (36, 41, 47), (180, 35, 24), (17, 99, 41), (122, 83, 0),
    (9, 85, 184), (115, 55, 190), (20, 100, 110), (87, 96, 106),
]  # fmt: skip
_DARK: Final = [
    (110, 118, 129), (255, 123, 114), (86, 211, 100), (227, 179, 65),
    (121, 192, 255), (210, 168, 255), (86, 212, 221), (201, 209, 217),
]  # fmt: skip
THEMES: Final = {
    "light": TerminalTheme((246, 248, 250), (36, 41, 47), _LIGHT, _LIGHT),
    "dark": TerminalTheme((22, 27, 34), (230, 237, 243), _DARK, _DARK),
}
# Rich's own picture fetches its font from somebody else's server.
_FORMAT: Final = re.sub(r"@font-face \{\{.*?\n    \}\}\n", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace(
    "font-family: Fira Code, monospace",
    "font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
)


def picture(command: str, output: str, theme: str) -> str:
    """Return an SVG of a terminal in which *command* was typed and *output*, with its ANSI colours, printed."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="standard")
    console.print(Text(f"$ {command}", style="bold"))
    console.print(Text.from_ansi(output.strip("\n")), end="\n\n")  # rich cuts into the last line
    svg = console.export_svg(title="", theme=THEMES[theme], code_format=_FORMAT, unique_id="terminal")
    return "\n".join(line.rstrip() for line in svg.splitlines() if line.strip()) + "\n"
