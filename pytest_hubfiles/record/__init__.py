"""Records a test's HTTP into a cassette, or answers it from one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_hubfiles.record.candidates import CandidateRefusedError, accept_candidate
    from pytest_hubfiles.record.interception import Interception
    from pytest_hubfiles.record.promotion import StagedRecordings, forget_run
    from pytest_hubfiles.record.recorder import Recorder

__all__ = ["CandidateRefusedError", "Interception", "Recorder", "StagedRecordings", "accept_candidate", "forget_run"]

_HOMES = {
    "CandidateRefusedError": "candidates",
    "Interception": "interception",
    "Recorder": "recorder",
    "StagedRecordings": "promotion",
    "accept_candidate": "candidates",
    "forget_run": "promotion",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is first asked for: a replay promotes nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
