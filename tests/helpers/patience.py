"""How long the tests wait for what may have hung, in seconds: far longer than anything takes that is only slow."""

from __future__ import annotations

from typing import Final

PATIENCE: Final = 600.0
"""For one thing: a request, a thread, a small process."""
LONG_PATIENCE: Final = 3600.0
"""For a process that does many."""
