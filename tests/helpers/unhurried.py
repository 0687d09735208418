"""Hypothesis without clocks, for the tests and the fault suite: to be slow is the machine's affair and no failure.

Importing this loads the profile; what ``settings()`` makes from then on starts from it.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")
