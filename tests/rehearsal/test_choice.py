"""Which changes ``--hubfiles-rehearse-only`` chooses."""

from __future__ import annotations

import pytest
from helpers.answers import CONTRACTS
from helpers.downstream import whole_import

from pytest_hubfiles.rehearsal.choice import Choice


@pytest.mark.parametrize(
    ("pattern", "kinds"),
    [
        ("import-status $.completedAt", {"field-removed", "format-changed"}),
        ("import-status $.completedAt format-changed no-millis", {"format-changed"}),
        ("import-status outage*", {"outage"}),
        ("import-status outage 429", {"outage"}),
        ("* $.completedAt field-*", {"field-removed", "field-renamed"}),
        ("  import-status   $.completedAt  null-appeared ", {"null-appeared"}),
    ],
)
def test_what_a_pattern_chooses(pattern: str, kinds: set[str]) -> None:
    """An operation and a place, a whole name or its beginning, an event: with * for anything."""
    chosen = [change for change, _ in Choice("all", (pattern,)).of(whole_import(), CONTRACTS)]
    assert chosen
    assert kinds <= {change.kind for change in chosen}
    if " field-" in pattern or "outage" in pattern or "appeared" in pattern:
        assert {change.kind for change in chosen} == kinds


@pytest.mark.parametrize("pattern", ["import-status $.complete", "import", "$.completedAt", "import-status $.result."])
def test_no_pattern_ends_within_a_word(pattern: str) -> None:
    """Without * a place is that place, and an operation that operation."""
    assert list(Choice("all", (pattern,)).of(whole_import(), CONTRACTS)) == []


def test_families() -> None:
    """Each change has one family, and ``all`` has those of each."""
    found = {family: dict(Choice(family).of(whole_import(), CONTRACTS)) for family in ("allowed", "breaking", "events")}
    assert {name: set(map(str, chosen.values())) for name, chosen in found.items()} == {
        "allowed": {"allowed"}, "breaking": {"breaking"}, "events": {"event"},
    }  # fmt: skip
    everything = dict(Choice("all").of(whole_import(), CONTRACTS))
    assert everything == {change: its for chosen in found.values() for change, its in chosen.items()}


def test_what_was_asked_for_comes_back() -> None:
    """An answer repeats the access that the request asked for: no other documented value comes in its place."""
    changes = {str(change) for change, _ in Choice("all").of(whole_import(), CONTRACTS)}
    elsewhere = {str(change) for change, _ in Choice("all").of(whole_import()[1:], CONTRACTS)}
    other = "import-status $.result.access enum-value-added PUBLIC_INDEXABLE"
    assert "import-status $.result.access enum-value-added" in changes
    assert other not in changes
    assert other in elsewhere
