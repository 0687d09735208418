"""What a search finds in few runs is what one by one finds, whatever breaks a test."""

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
PLACES = 8
NESTED = [Change("import-status", f"$.{name}.x", "field-removed") for name in "abc"]
EVENTS = [Change("import-status", None, "one-poll-more"), Change("import-status", None, "task-canceled")]
ALL = [*CHANGES, *NESTED, *EVENTS]
singles = st.sets(st.sampled_from(ALL))
alike = st.tuples(st.sampled_from(KINDS), st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh"))
joint = st.sets(st.sampled_from(CHANGES[:8]), min_size=2, max_size=3)


class Test:
    """A test that breaks under each of *alone*, under all of one of *together*, and under one, not both, of *apart*."""

    __test__ = False

    def __init__(
        self,
        alone: set[Change],
        together: Sequence[set[Change]] = (),
        budget: int = 10_000,
        apart: Sequence[set[Change]] = (),
    ) -> None:
        self.alone, self.together, self.left, self.apart = alone, together, budget, apart
        self.groups: list[tuple[Change, ...]] = []

    def breaks(self, group: Sequence[Change]) -> bool:
        tried = set(group)
        is_together = any(needed <= tried for needed in self.together)
        return bool(self.alone & tried) or is_together or any(len(pair & tried) == 1 for pair in self.apart)

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
    """Each change has the verdict of a run with it alone, and each run is counted, as is each that was not needed."""
    test = Test(alone, [needed for needed in together if not needed & alone])
    found = Search(test).run(ALL)
    assert broken(found) == alone
    assert list(found.outcomes) == list(dict.fromkeys(found.outcomes))
    assert found.outcomes.keys() == set(ALL)
    assert found.not_tried == []
    assert found.runs == len(test.groups)
    assert found.inferred == len(ALL) - len({group for group in test.groups if len(group) == 1})


@given(pairs=st.lists(alike, max_size=3))
def test_what_two_changes_hide_of_each_other_is_found(pairs: list[tuple[tuple[str, str | None], str, str]]) -> None:
    """A test may hold one member against another: it breaks under a change of either, and passes under both."""
    apart = [{Change("import-status", f"$.{name}", *kind) for name in (a, b)} for kind, a, b in pairs if a != b]
    found = Search(Test(set(), apart=apart)).run(ALL)
    assert broken(found) == {change for change in ALL if Test(set(), apart=apart).breaks([change])}


@given(hidden=st.dictionaries(st.sampled_from(CHANGES), st.sampled_from(CHANGES[:PLACES]), max_size=3))
def test_what_is_gone_hides_nothing(hidden: dict[Change, Change]) -> None:
    """A test may look at one member only if another is there: what breaks it is found though that is gone."""
    hidden = {change: gone for change, gone in hidden.items() if change != gone}

    def attempt(group: Sequence[Change]) -> Ended:
        breaks = any(change in group and gone not in group for change, gone in hidden.items())
        return Ended(Ending.FAILS if breaks else Ending.PASSES)

    assert broken(Search(attempt).run(ALL)) == hidden.keys()


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


def test_few_breaks_need_few_runs() -> None:
    """What is written otherwise takes a run for each place rather than for each way; a break takes a few more."""
    fewest = PLACES + 2 * PLACES + 1  # what is gone alone, what sorts otherwise apart from the rest
    assert Search(Test(set())).run(CHANGES).runs == fewest
    assert Search(Test({CHANGES[-1]})).run(CHANGES).runs < len(CHANGES)
    assert Search(Test(set()), in_groups=False).run(CHANGES).runs == len(CHANGES)


@given(alone=singles)
def test_the_last_result_is_a_good_guess(alone: set[Change]) -> None:
    """With the changes that broke it the last time, a test takes a run for each and one for each group of the rest."""
    test = Test(alone)
    found = Search(test, suspects=alone).run(ALL)
    assert broken(found) == alone
    assert found.runs <= len(alone) + 3 * PLACES + len(NESTED) + len(EVENTS) + 2  # what is gone, and what that is in


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


@pytest.mark.parametrize("path", ["$", "$.status", "$.id", "$.results[*].id", "$['a'].status"])
def test_what_steers_a_test_is_tried_alone(path: str) -> None:
    """A changed state or id decides what a test asks and reads next: beside it, another change would not show."""
    steering = Change("import-status", path, "type-changed", "array")
    test = Test(set())
    Search(test).run([*CHANGES, steering])
    assert (steering,) in test.groups
