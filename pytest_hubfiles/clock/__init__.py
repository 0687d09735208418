"""A virtual clock: sleeps return at once, and every clock that a program sees moves on by as much."""

from pytest_hubfiles.clock.virtual_clock import TwoClocksError, VirtualClock, active, prepare

__all__ = ["TwoClocksError", "VirtualClock", "active", "prepare"]
