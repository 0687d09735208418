"""The options that every run of pytest is given: those of ini addopts and of the environment's PYTEST_ADDOPTS."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from typing import Any, NoReturn

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.settings.table import SETTINGS


class AddoptsUnreadableError(HubfilesError):
    """Options of pytest that cannot be read; ``reason`` says why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"addopts, or PYTEST_ADDOPTS, cannot be read: {reason}")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise AddoptsUnreadableError(message)


def words(options: str | Sequence[str]) -> list[str]:
    """Return *options* as a shell would split them.

    Raises:
        AddoptsUnreadableError: if a quotation does not end.
    """
    try:
        return shlex.split(options) if isinstance(options, str) else [str(word) for word in options]
    except ValueError as error:
        raise AddoptsUnreadableError(str(error)) from None


def given(options: Sequence[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the settings that *options* of pytest give, by name, and the ini values that they override.

    Raises:
        AddoptsUnreadableError: if one lacks its value.
    """
    parser = _Parser(add_help=False, allow_abbrev=False, argument_default=argparse.SUPPRESS)
    for setting in SETTINGS:
        if setting.flag is not None:
            action = "store_true" if setting.metavar is None else "append" if setting.repeatable else "store"
            parser.add_argument(setting.flag, dest=setting.name, action=action)
    parser.add_argument("-o", "--override-ini", dest="override-ini", action="append", default=[])
    found = vars(parser.parse_known_args(options)[0])
    overridden = (text.partition("=") for text in found.pop("override-ini"))
    return found, {name.strip(): value.strip() for name, _, value in overridden}
