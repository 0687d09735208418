"""The order in which a test's exchanges are kept and judged."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from helpers.answers import PENDING, poll
from hypothesis import given
from hypothesis import strategies as st

from pytest_hubfiles.judge import lifecycle
from pytest_hubfiles.model.task_states import TRANSITIONS, goes_back
from pytest_hubfiles.record.history import History

Span = tuple[int, int, str]
"""The moments at which a poll is asked for and answered, and the state that it shows."""


def history_of(spans: Sequence[Span]) -> History:
    """Make a history of polls that the network has answered; moments are places in one list of events."""
    history = History()
    asked: dict[int, int] = {}
    begun = [(begin, number, False) for number, (begin, _, _) in enumerate(spans)]
    ended = [(end, number, True) for number, (_, end, _) in enumerate(spans)]
    for _, number, is_answer in sorted(begun + ended):
        if is_answer:
            state = poll({**PENDING, "status": spans[number][2]})
            history.add_live(state, asked[number], is_recorded=True)
        else:
            asked[number] = history.moment()
    return history


def states_of(history: History) -> list[str | None]:
    states = [exchange.task_status for exchange in history.exchanges]
    assert states == [interaction.task_status for interaction in history.recorded]
    return states


@pytest.mark.parametrize(
    ("spans", "states"),
    [
        ([(1, 2, "PENDING"), (3, 4, "COMPLETE")], ["PENDING", "COMPLETE"]),
        ([(1, 2, "COMPLETE"), (3, 4, "PENDING")], ["COMPLETE", "PENDING"]),  # which is a step back
        ([(1, 3, "COMPLETE"), (2, 4, "PENDING")], ["PENDING", "COMPLETE"]),
        ([(1, 4, "COMPLETE"), (2, 3, "PENDING")], ["PENDING", "COMPLETE"]),
        ([(1, 4, "PENDING"), (2, 3, "COMPLETE")], ["PENDING", "COMPLETE"]),
        ([(1, 9, "COMPLETE"), (2, 3, "PENDING"), (4, 5, "PROCESSING")], ["PENDING", "PROCESSING", "COMPLETE"]),
        (
            [(1, 9, "COMPLETE"), (2, 3, "FAILED"), (4, 5, "PENDING")],
            ["COMPLETE", "FAILED", "PENDING"],
        ),  # nobody lists it
        (
            [(1, 9, "COMPLETE"), (2, 3, "FAILED"), (4, 8, "PROCESSING"), (5, 6, "PENDING")],
            ["FAILED", "PENDING", "PROCESSING", "COMPLETE"],
        ),
        ([(1, 9, "COMPLETE"), (2, 3, "PROCESSING"), (4, 5, "PENDING")], ["PROCESSING", "PENDING", "COMPLETE"]),
    ],
)
def test_order(spans: list[Span], states: list[str]) -> None:
    """Polls stand in the order of asking, but for those that overlapped and would show a step back else."""
    assert states_of(history_of(spans)) == states


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(0, 30), st.sampled_from(["PENDING", "PROCESSING", "COMPLETE"])),
        max_size=12,
    )
)
def test_a_step_back_is_one_that_is_known(drawn: list[Span]) -> None:
    """There is a step back just where one poll had its answer before another was asked that shows an earlier state."""
    spans = [(2 * min(a, b), 2 * max(a, b) + 1, state) for a, b, state in drawn]
    history = history_of(spans)

    is_known = any(one[1] < other[0] and goes_back(one[2], other[2]) for one in spans for other in spans)

    assert bool(list(lifecycle.check(history.exchanges))) == is_known
    assert sorted(map(str, states_of(history))) == sorted(state for _, _, state in spans)


def test_what_a_tape_answers_keeps_its_order() -> None:
    """Answers of a tape are judged as they stand on it, in whichever order a client takes them."""
    history = History()
    first, second = history.moment(), history.moment()
    history.add(poll({**PENDING, "status": "COMPLETE"}), second)
    history.add(poll(PENDING), first)
    history.add(poll({**PENDING, "status": "CANCELED"}))
    assert [exchange.task_status for exchange in history.exchanges] == ["PENDING", "COMPLETE", "CANCELED"]
    assert history.recorded == []
    assert [exchange.task_status for exchange in history.since(1)] == ["PENDING", "CANCELED"]
    assert len(history) == 3
    assert history.answered_live == 0


def test_states_that_nobody_lists_have_no_order() -> None:
    """What is not among the states that are documented may come before and after any."""
    assert not any(goes_back(state, "FAILED") or goes_back("FAILED", state) for state in TRANSITIONS)
