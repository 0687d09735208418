"""time-machine, the only module that imports it: the extra ``clock`` brings it."""

from __future__ import annotations

from pytest_hubfiles.errors import HubfilesError


class ClockMissingError(HubfilesError):
    """The virtual clock is wanted, and time-machine is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "Skipping sleeps, and replaying or rehearsing a change, need the package time-machine, which is not "
            'installed: pip install "pytest-hubfiles[clock]"'
        )


try:
    from time_machine import escape_hatch, travel, traveller_stack
except ModuleNotFoundError:
    raise ClockMissingError from None

__all__ = ["ClockMissingError", "escape_hatch", "travel", "traveller_stack"]
