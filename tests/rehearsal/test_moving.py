"""The runs of one test as another version, with a test that is made up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from pytest_hubfiles.judge.registry import Contracts
from pytest_hubfiles.rehearsal.changes import Change
from pytest_hubfiles.rehearsal.move import Move
from pytest_hubfiles.rehearsal.moving import Moving
from pytest_hubfiles.rehearsal.rehearse import ASKS_OTHERWISE, ENDS_OTHERWISE, OneTest, Told
from pytest_hubfiles.rehearsal.search import NOT_AGAIN
from pytest_hubfiles.report.rehearsal import Ending, Joint, Rehearsed

A, STATUS = (Change("job", path, "field-removed") for path in ("$.a", "$.status"))
PASSES = Told(Ending.PASSES, asked=("x",), operations=("job",))
RAISES = Told(Ending.RAISES, "E", "f.py:1 f", ("x",))


def moving(attempt: Callable[[Sequence[Change], bool], Told], *, over: bool = False) -> Rehearsed:
    """Rehearse a move with two members that are not promised, one of which steers."""
    move = Move("v1", "v2", Contracts(()))
    return Moving(OneTest("t", "t"), move, ["job"], [A, STATUS], attempt).run(lambda: over)


def test_what_breaks_only_together_in_two_groups() -> None:
    """What needs one of two members that are not tried in one run is found once everything is absent."""
    told = moving(lambda changes, as_new: RAISES if len(changes) == 2 else PASSES)
    assert [(one.change, one.reproduce) for one in told.breaks] == [("v1:v2", "pytest t --hubfiles-rehearse v1:v2")]
    assert told.joint == (Joint("t", (str(A), str(STATUS)), "pytest t --hubfiles-rehearse v1:v2"),)
    assert told.operations == {"job": True}


def test_a_test_that_passes() -> None:
    """A test that needs nothing that is absent breaks nowhere, and its operation is safe."""
    told = moving(lambda changes, as_new: PASSES)
    assert (told.breaks, told.joint, told.operations) == ((), (), {"job": False})
    assert told.tried == ("v1:v2", str(A), str(STATUS))


def test_a_test_that_has_the_answers_already() -> None:
    """What a test does not ask for tells nothing of it: a test before may have left that to it."""
    told = moving(lambda changes, as_new: replace(PASSES, operations=("another",)))
    assert told.breaks == ()
    reasons = {change: "nothing of job here" in why for change, why in told.undecided.items()}
    assert reasons == {"v1:v2": True, str(A): True, str(STATUS): True}
    assert "v1:v2" not in told.tried


def test_a_test_that_breaks_with_nothing_absent() -> None:
    """A test that breaks as the new version is not tried without any member."""
    told = moving(lambda changes, as_new: RAISES if as_new else PASSES)
    assert [(one.change, one.verdict, one.place) for one in told.breaks] == [("v1:v2", "raises", "f.py:1 f")]
    assert told.tried == ("v1:v2",)
    assert told.operations == {"job": True}


def in_turn(*told: Told) -> Callable[[Sequence[Change], bool], Told]:
    """Answer each run with the next of *told*."""
    left = list(told)
    return lambda changes, as_new: left.pop(0)


@pytest.mark.parametrize(
    "runs", [(PASSES, RAISES, PASSES), (PASSES, Told(None, "it died"))], ids=["now-and-then", "no-end"]
)
def test_a_break_that_is_not_sure(runs: tuple[Told, ...]) -> None:
    """What breaks the test once and not the next time, or comes to no end, is no verdict."""
    told = moving(in_turn(*runs))
    assert (told.breaks, told.tried) == ((), ())
    assert told.undecided == dict.fromkeys(("v1:v2", str(A), str(STATUS)), NOT_AGAIN if len(runs) == 3 else "it died")


def test_a_test_that_ends_otherwise() -> None:
    """A test that does not end the second time as it did the first is not rehearsed, and says why."""
    other = Told(Ending.PASSES, asked=("y",))
    assert moving(in_turn(PASSES, RAISES, RAISES, other)).refused == ASKS_OTHERWISE
    assert moving(in_turn(PASSES, RAISES, RAISES, RAISES)).refused == ENDS_OTHERWISE
    assert moving(in_turn(Told(Ending.FAILS, "E"))).refused == "it does not pass in a process of its own: E"
