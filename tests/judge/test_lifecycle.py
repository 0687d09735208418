"""The order in which a task's states may come."""

from __future__ import annotations

import pytest
from helpers.answers import CONTRACTS, LOCATOR, PENDING, VERSIONS, answer, interaction, poll

from pytest_hubfiles.judge import lifecycle
from pytest_hubfiles.model.exchange import Exchange
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.policy import Category, Kind, Severity
from pytest_hubfiles.model.task_states import TERMINAL, TRANSITIONS

STATES = ("PENDING", "PROCESSING", "COMPLETE", "CANCELED")
FORWARD = {
    ("PENDING", "PROCESSING"),
    ("PENDING", "COMPLETE"),
    ("PENDING", "CANCELED"),
    ("PROCESSING", "COMPLETE"),
    ("PROCESSING", "CANCELED"),
}


def states(*names: str, **facts: str) -> list[Exchange]:
    return [poll({**PENDING, "status": name}, **facts) for name in names]


def check(exchanges: list[Exchange]) -> list[Finding]:
    return list(lifecycle.check(exchanges))


@pytest.mark.parametrize("after", STATES)
@pytest.mark.parametrize("before", STATES)
def test_transition(before: str, after: str) -> None:
    """A task goes forward or stays; every other step is one warning that names both states."""
    found = check(states(before, after))
    if before == after or (before, after) in FORWARD:
        assert found == []
        return
    (finding,) = found
    assert (finding.kind, finding.severity) == (Kind.ILLEGAL_TRANSITION, Severity.WARNING)
    assert finding.message == f"the task went from {before} to {after}"
    assert (finding.before, finding.after, finding.path) == (before, after, "$.status")


@pytest.mark.parametrize("version", VERSIONS)
def test_finding_says_what_it_is_about(version: str) -> None:
    """A finding names version, operation, HTTP status and the state that came."""
    (finding,) = check(states("COMPLETE", "PENDING", version=version))
    assert (finding.version, finding.operation) == (version, "import-status")
    assert (finding.http_status, finding.task_status, finding.category) == (200, "PENDING", Category.CONTRACT)


def test_tasks_are_followed_one_by_one() -> None:
    """A second task that waits while the first has ended goes nowhere back."""
    first, second = (states("PENDING", "COMPLETE", task=task) for task in "ab")
    assert check([*first, *second]) == []
    assert check([first[0], second[0], first[1], second[1]]) == []
    assert len(check([first[1], second[1], first[0], second[0]])) == 2


def test_same_id_of_another_operation_is_another_task() -> None:
    """An import and a folder update may have the same task id."""
    folder = answer("folder-update-status", {**PENDING, "status": "PENDING"})
    assert check([*states("COMPLETE"), folder]) == []


def test_every_step_back_is_reported() -> None:
    """A task that goes back twice has two findings."""
    found = check(states("PROCESSING", "PENDING", "COMPLETE", "PENDING"))
    assert [(f.before, f.after) for f in found] == [("PROCESSING", "PENDING"), ("COMPLETE", "PENDING")]


def test_answers_without_a_state_are_passed_over() -> None:
    """Errors, starters and bodies without a state change nothing of a task's."""
    between = [poll(b"", status=500), poll(b"null"), answer("import-start", LOCATOR), poll({"status": 7})]
    assert check([*states("PENDING"), *between, *states("COMPLETE")]) == []
    assert len(check([*states("COMPLETE"), *between, *states("PENDING")])) == 1


@pytest.mark.parametrize("names", [("FAILED", "PENDING"), ("COMPLETE", "FAILED"), ("FAILED", "RETRYING")])
def test_unlisted_states_have_no_order(names: tuple[str, ...]) -> None:
    """Of a state that nobody documents it is not known what may come before or after."""
    assert check(states(*names)) == []


def test_exchanges_under_no_contract_are_passed_over() -> None:
    """A path that only looks like a task's is nobody's task."""
    others = [
        CONTRACTS.identify(interaction("GET", "/other/tasks/1/status", {"status": name}))
        for name in ("COMPLETE", "PENDING")
    ]
    assert check(others) == []


def test_terminal_states_are_those_that_lead_nowhere() -> None:
    """The states in which a task stays are those that the table of transitions never leaves."""
    assert set(TRANSITIONS) == set(STATES)
    assert {s for s, after in TRANSITIONS.items() if after == {s}} == TERMINAL
