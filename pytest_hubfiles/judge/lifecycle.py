"""Checks that the tasks of a test never go back to an earlier state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pytest_hubfiles.model.exchange import Exchange
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.policy import Kind
from pytest_hubfiles.model.task_states import goes_back


def check(exchanges: Iterable[Exchange]) -> Iterator[Finding]:
    """Yield a finding for each step back of a task that *exchanges* show, in the order in which they were asked for.

    That has to be an order in which they can have happened: see :class:`pytest_hubfiles.record.history.History`.
    """
    last: dict[str, str] = {}
    for exchange in exchanges:
        state = exchange.task_status
        if state is None or exchange.operation is None:
            continue
        before = last.get(exchange.interaction.path)
        last[exchange.interaction.path] = state
        if before is not None and goes_back(before, state):
            yield Finding.of(
                Kind.ILLEGAL_TRANSITION,
                f"the task went from {before} to {state}",
                exchange=exchange,
                path="$.status",
                before=before,
                after=state,
            )
