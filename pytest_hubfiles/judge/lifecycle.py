"""The states of a task, and the order in which they may come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pytest_hubfiles.model.exchange import Exchange
from pytest_hubfiles.model.finding import Category, Finding, Kind, severity_of
from pytest_hubfiles.model.task_states import TRANSITIONS


def check(exchanges: Iterable[Exchange]) -> Iterator[Finding]:
    """Yield each step of a task that *exchanges*, in the order they happened, show going back."""
    last: dict[str, str] = {}
    for exchange in exchanges:
        state = exchange.task_status
        if state is None or exchange.operation is None:
            continue
        before = last.get(exchange.interaction.path)
        last[exchange.interaction.path] = state
        if before is not None and state in TRANSITIONS and state not in TRANSITIONS.get(before, {state}):
            yield Finding(
                kind=Kind.ILLEGAL_TRANSITION,
                severity=severity_of(Kind.ILLEGAL_TRANSITION),
                category=Category.CONTRACT,
                message=f"the task went from {before} to {state}",
                version=exchange.version,
                operation=exchange.operation,
                http_status=exchange.status_code,
                task_status=state,
                path="$.status",
                before=before,
                after=state,
                line=exchange.interaction.line,
            )
