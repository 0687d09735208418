"""The formats a report can be had in, and the one place that writes them."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pytest_hubfiles.report.report import Report
from pytest_hubfiles.visible import shown

STDOUT: Final = "-"

RENDERERS: Final[Mapping[str, str]] = {
    "terminal": "terminal.render_text",
    "json": "json_report.render_json",
    "markdown": "markdown.render_markdown",
    "html": "html_report.render_html",
    "sarif": "sarif.render_sarif",
    "github": "github.render_github",
}
"""Where each format is rendered, as module and function: only the format asked for is imported.

A run of pytest has its terminal section in any case; ``terminal`` is for the command line.
"""


def render(name: str, report: Report) -> str:
    """Return *report* in the format *name*, one of :data:`RENDERERS`."""
    module, _, function = RENDERERS[name].partition(".")
    text: str = getattr(importlib.import_module(f"{__package__}.formats.{module}"), function)(report)
    return text


@dataclass(frozen=True, slots=True)
class Published:
    """What is left to do once the files are written.

    ``stdout`` is what goes there, UTF-8; ``unwritten`` names the reports that could not be written, and why, ``notes``
    what could not be done beside.
    """

    stdout: bytes
    unwritten: tuple[str, ...]
    notes: tuple[str, ...]


def publish(
    report: Report, wanted: Iterable[tuple[str, str]], folder: Path, environment: Mapping[str, str] = os.environ
) -> Published:
    """Write *report* in each of the *wanted* formats to its path, seen from *folder*; ``-`` is stdout.

    Folders that are missing are made. Where the format is ``github`` and *environment* names the summary of a
    GitHub job, the report is appended to it as Markdown.
    """
    stdout: list[bytes] = []
    unwritten: list[str] = []
    notes: list[str] = []
    rendered: dict[str, bytes] = {}
    for name, path in dict.fromkeys(wanted):
        if name not in rendered:
            rendered[name] = encoded(render(name, report))
            summary = environment.get("GITHUB_STEP_SUMMARY") if name == "github" else None
            if summary and (reason := _append(Path(summary), encoded(render("markdown", report)))):
                notes.append(f"the job summary {summary} (GITHUB_STEP_SUMMARY) could not be written: {reason}")
        if path == STDOUT:
            stdout.append(rendered[name])
        elif reason := _write(folder / path, rendered[name]):
            unwritten.append(f"the report {shown(path)} could not be written: {reason}")
    return Published(b"".join(stdout), tuple(unwritten), tuple(notes))


def encoded(text: str) -> bytes:
    """Return *text* in UTF-8; a URL or the name of a test may hold half a character, which becomes an escape."""
    return text.encode("utf-8", "backslashreplace")


def _write(path: Path, content: bytes) -> str | None:
    """Write a report; return why that is not possible."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except (OSError, ValueError) as error:  # the latter for a NUL in the path
        return _reason(error)
    return None


def _append(path: Path, content: bytes) -> str | None:
    try:
        with path.open("ab") as file:
            file.write(content)
    except (OSError, ValueError) as error:
        return _reason(error)
    return None


def _reason(error: OSError | ValueError) -> str:
    return str(getattr(error, "strerror", None) or error)
