"""The arguments of ``@pytest.mark.hubfiles``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.settings.table import MARKER_ARGUMENTS, SETTINGS


class MarkerError(HubfilesError):
    """A ``hubfiles`` marker with an argument that does not exist, or with two that contradict each other."""

    def __init__(self, given: str) -> None:
        self.given = given
        super().__init__(
            f"@pytest.mark.hubfiles does not take {given}; "
            f"it takes {', '.join(f'{name}=' for name in MARKER_ARGUMENTS)}"
        )


def marker_arguments(markers: Iterator[pytest.Mark]) -> tuple[Mapping[str, Any], ...]:
    """Return the arguments of a test's markers, the nearest first.

    Raises:
        MarkerError: if one of them has an argument that does not exist, or sets one thing twice.
    """
    found = []
    for marker in markers:
        _check_marker(marker.args, marker.kwargs)
        found.append(marker.kwargs)
    return tuple(found)


def _check_marker(args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    if args:
        raise MarkerError(f"positional arguments such as {args[0]!r}")
    for name in kwargs:
        if name not in MARKER_ARGUMENTS:
            raise MarkerError(f"{name!r}")
    for setting in SETTINGS:
        given = [argument for argument in setting.marker if kwargs.get(argument) is not None]
        if len(given) > 1:
            raise MarkerError(f"{' and '.join(f'{argument}=' for argument in given)} together")
