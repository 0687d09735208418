"""What a search finds is what each change does by itself, whatever breaks a test, and what several do together."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from helpers.recordings import ALL as RECORDINGS
from hypothesis import given
from hypothesis import strategies as st

from pytest_hubfiles.rehearsal.changes import Change, changes_of, parse
from pytest_hubfiles.rehearsal.search import Search, SearchResult
from pytest_hubfiles.report.rehearsal import Ended, Ending

GONE = ("field-removed", None)
WRITTEN = [("format-changed", variant) for variant in ("no-millis", "zero-offset", "other-host", "offset")]
KINDS = (GONE, *WRITTEN)
CHANGES = [Change("import-status", f"$.{name}", *kind) for kind in KINDS for name in "abcdefgh"]
NESTED = [Change("import-status", f"$.{name}.x", "field-removed") for name in "abc"]
EVENTS = [Change("import-status", None, "one-poll-more"), Change("import-status", None, "task-canceled")]
ALL = [*CHANGES, *NESTED, *EVENTS]
singles = st.sets(st.sampled_from(ALL))
joint = st.sets(st.sampled_from(CHANGES[:8]), min_size=2, max_size=3)


class Test:
    """A test that breaks under each of *alone*, and under all of one of *together*."""

    __test__ = False

    def __init__(self, alone: set[Change], together: Sequence[set[Change]] = (), budget: int = 10_000) -> None:
        self.alone, self.together, self.left = alone, together, budget
        self.groups: list[tuple[Change, ...]] = []

    def breaks(self, group: Sequence[Change]) -> bool:
        tried = set(group)
        return bool(self.alone & tried) or any(needed <= tried for needed in self.together)

    def __call__(self, group: Sequence[Change]) -> Ended | None:
        if not self.left:
            return None
        self.left -= 1
        self.groups.append(tuple(group))
        return Ended(Ending.FAILS if self.breaks(group) else Ending.PASSES)


def broken(found: SearchResult) -> set[Change]:
    return {change for change, outcome in found.outcomes.items() if outcome.verdict is Ending.FAILS}


@given(alone=singles, together=st.lists(joint, max_size=2))
def test_every_verdict_is_that_of_one_by_one(alone: set[Change], together: list[set[Change]]) -> None:
    """Each change has the verdict of a run with it alone, and each run is counted."""
    test = Test(alone, [needed for needed in together if not needed & alone])
    found = Search(test).run(ALL)
    assert broken(found) == alone
    assert list(found.outcomes) == list(dict.fromkeys(found.outcomes))
    assert found.outcomes.keys() == set(ALL)
    assert found.not_tried == []
    assert found.runs == len(test.groups)


@given(hidden=st.dictionaries(st.sampled_from(ALL), st.sampled_from(ALL), max_size=6))
def test_no_change_hides_another(hidden: dict[Change, Change]) -> None:
    """A test may hold one member against another, or look at one only if it can read another: each break is found."""
    hidden = {change: other for change, other in hidden.items() if change != other}

    def attempt(group: Sequence[Change]) -> Ended:
        breaks = any(change in group and other not in group for change, other in hidden.items())
        return Ended(Ending.FAILS if breaks else Ending.PASSES)

    assert broken(Search(attempt).run(ALL)) == hidden.keys()


def test_a_break_in_one_way_or_another() -> None:
    """What breaks a test twice breaks it, though threads decide in which way."""
    endings = iter([Ending.RAISES, Ending.FAILS, Ending.RAISES, Ending.PASSES])
    first, second = EVENTS
    found = Search(lambda group: Ended(next(endings))).run([first, second]).outcomes
    assert (found[first].verdict, found[second].verdict) == (Ending.RAISES, Ending.UNDECIDED)


@given(together=st.lists(joint, min_size=1, max_size=2))
def test_what_breaks_it_only_together_is_found(together: list[set[Change]]) -> None:
    """A group that breaks a test though none of its members does is a joint need, with no member too many."""
    test = Test(set(), together)
    found = Search(test).run(ALL)
    assert broken(found) == set()
    assert found.joint
    for group in map(set, found.joint):
        assert test.breaks(list(group))
        assert all(not test.breaks(list(group - {one})) for one in group)


@pytest.mark.parametrize("kind", ["null-appeared", "field-removed"])
def test_one_of_two_places_is_enough(kind: str) -> None:
    """Of a real recording, too, two places that must not both be null, or gone, are found as the needs of one test."""
    either = {parse(f"import-status $.result.{name} {kind}") for name in ("url", "defaultHostingUrl")}
    found = Search(Test(set(), [either])).run(changes_of(*RECORDINGS["2026-03-test_import_from_url"]))
    assert either in list(map(set, found.joint))


def test_an_id_that_is_no_task_steers_nothing() -> None:
    """A file has an id as well, and a test may need that or its path."""
    either = {parse(f"import-status $.result.{name} field-removed") for name in ("id", "path")}
    found = Search(Test(set(), [either])).run(changes_of(*RECORDINGS["2026-03-test_import_from_url"]))
    assert list(map(set, found.joint)) == [either]


@given(alone=singles)
def test_the_last_result_is_a_good_guess(alone: set[Change]) -> None:
    """What broke the test the last time has to break it once, what did not has to do so twice."""
    known, new = Search(Test(alone), suspects=alone).run(ALL), Search(Test(alone)).run(ALL)
    assert broken(known) == broken(new) == alone
    assert known.runs == new.runs - len(alone)


@given(alone=singles, budget=st.integers(0, 30))
def test_what_the_budget_leaves_out_is_named(alone: set[Change], budget: int) -> None:
    """A change has a verdict that is true, or is named as not tried; nothing is guessed."""
    found = Search(Test(alone, budget=budget)).run(ALL)
    assert broken(found) <= alone
    assert {c for c, outcome in found.outcomes.items() if outcome.verdict is Ending.PASSES}.isdisjoint(alone)
    assert set(found.not_tried) == set(ALL) - found.outcomes.keys()
    assert found.runs <= budget


def test_members_of_a_group_do_not_meet() -> None:
    """A place within another is never changed with it: what is gone cannot be changed as well."""
    test = Test(set())
    Search(test).run(ALL)
    for group in test.groups:
        paths = [change.path or "" for change in group]
        assert len(set(paths)) == len(paths)
        assert not any(one != other and one.startswith(f"{other}.") for one in paths for other in paths)


@pytest.mark.parametrize("path", ["$", "$.status", "$.id", "$.results[*].id"])
def test_what_steers_a_test_is_gone_alone(path: str) -> None:
    """A state or id decides what a test asks and reads next: without it, what else is gone would not show."""
    steering = Change("import-status", path, *GONE)
    test = Test(set())
    Search(test).run([*CHANGES, steering])
    assert [group for group in test.groups if steering in group] == [(steering,)]
