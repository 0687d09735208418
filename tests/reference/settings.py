"""The settings, as pytest's command line, its ini file and the marker name them."""

from __future__ import annotations

from pytest_hubfiles.settings.table import SETTINGS
from reference.markdown import code, table, text


def settings() -> str:
    """Return a row for each setting of a run."""
    rows = []
    for setting in SETTINGS:
        if setting.flag or setting.ini:
            option = " ".join(filter(None, (setting.flag, setting.flag and setting.metavar)))
            names = filter(None, (code(option), code(setting.ini or "")))
            rows.append(("<br>".join(names), text(setting.help)))
    return table(("command line, ini file", "what it sets"), rows)


def marker() -> str:
    """Return a row for each argument of the marker."""
    rows = [
        (code(f"{argument}="), text(setting.help.replace(" (repeatable)", "")))
        for setting in SETTINGS
        for argument in reversed(setting.marker)
    ]
    return table(("argument", "what it sets"), rows)
