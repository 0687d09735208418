"""Scrubbing takes credentials out of any answer and changes nothing that a contract or a comparison sees."""

from __future__ import annotations

from faults.payloads import changed_by_scrubbing, payloads
from hypothesis import HealthCheck, given, settings

from pytest_hubfiles.exchanges import Exchange


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(payloads())
def test_scrubbing_keeps_shape_and_verdict_and_ends(exchange: Exchange) -> None:
    """Of any answer the shape and what its contract finds are the same before and after, and after twice."""
    assert changed_by_scrubbing(exchange) == []
