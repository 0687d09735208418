"""The names of changes: what users type comes back exactly, and what is no name is told with those that are near."""

from __future__ import annotations

import copy
import pickle

import pytest
from helpers.recordings import ALL, Recorded
from hypothesis import given
from hypothesis import strategies as st

from pytest_hubfiles.rehearsal.changes import Change, UnknownChangeError, changes_of, chosen, parse
from pytest_hubfiles.rehearsal.changes.places import member_path


@pytest.mark.parametrize("recorded", ALL.values(), ids=ALL)
def test_every_name_comes_back(recorded: Recorded) -> None:
    """Each change that a recording allows is what its name is read as, and no two have one name."""
    changes = changes_of(*recorded)

    assert [parse(str(change)) for change in changes] == list(changes)
    assert len({str(change) for change in changes}) == len(changes)
    assert all(str(change).isprintable() for change in changes)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        (
            "import-status $.completedAt format-changed no-millis",
            Change("import-status", "$.completedAt", "format-changed", "no-millis"),
        ),
        ("import-status $.status enum-value-added", Change("import-status", "$.status", "enum-value-added")),
        ("import-status success-status-changed 202", Change("import-status", None, "success-status-changed", "202")),
        ("import-status one-poll-more", Change("import-status", None, "one-poll-more")),
        ("import-status task-canceled", Change("import-status", None, "task-canceled")),
        ("import-status outage 429", Change("import-status", None, "outage", "429")),
        ("my op $['a $.b field-removed'] null-appeared", Change("my op", "$['a $.b field-removed']", "null-appeared")),
        ("op $.colour enum-value-added deep red", Change("op", "$.colour", "enum-value-added", "deep red")),
    ],
)  # fmt: skip
def test_names_as_documented(name: str, change: Change) -> None:
    """The names of the documentation, and those with spaces in each part, are read as the change that they say."""
    assert parse(name) == change
    assert parse(f"  {name}\n") == change
    assert str(change) == name


@given(st.lists(st.text(max_size=8), min_size=1, max_size=4), st.sampled_from(["field-removed", "null-appeared"]))
def test_any_key_in_a_path(names: list[str], kind: str) -> None:
    """A path of any keys at all survives."""
    path = "$"
    for name in names:
        path = member_path(path, name) + "[*]"
    change = Change("import-status", path, kind)

    assert str(change).isprintable()
    assert parse(str(change)) == change


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("import-status $.status enum-value-aded", "import-status $.status enum-value-added"),
        ("import-status $.x format-changed no-milis", "import-status $.x format-changed no-millis"),
        ("import-status outage 428", "import-status outage 429"),
        ("import-status one-pol-more", "import-status one-poll-more"),
        ("import-status $.x field-removed now", "import-status $.x field-removed"),
        ("import-status $.x outage 429", "import-status outage 429"),
    ],
)
def test_what_is_no_name(text: str, nearest: str) -> None:
    """A name that is wrong by a little is refused with the right one first."""
    with pytest.raises(UnknownChangeError) as raised:
        parse(text)

    assert raised.value.near[0] == nearest
    assert f"{text!r} is no change.\nThe nearest are:\n  {nearest}\n" in str(raised.value)


@pytest.mark.parametrize("text", ["", " ", "$.status", "nothing at all", "\x1b[31m \n $ field-removed-x"])
def test_what_is_like_no_name(text: str) -> None:
    """A text that is like no name is refused too, in words that act on no terminal."""
    with pytest.raises(UnknownChangeError) as raised:
        parse(text)

    assert str(raised.value).replace("\n", "").isprintable()
    assert "hubfiles changes lists them all" in str(raised.value)


def test_the_error_travels() -> None:
    """The error survives copy and pickle with its facts."""
    error = UnknownChangeError("x", ["a", "b"], " there")

    for same in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert (str(same), same.text, same.near) == (str(error), "x", ("a", "b"))


def test_chosen_among_those_of_a_recording() -> None:
    """What a recording does not allow is refused with those of its own changes that are near."""
    changes = changes_of(*ALL["exports"])

    assert chosen(str(changes[3]), changes) == changes[3]
    for text, near in (
        ("exports-status $.completedAt field-removed", "export-status $.completedAt field-removed"),
        ("export-status $.compltedAt field-removed", "export-status $.completedAt field-removed"),
        ("export-status $.nothing field-removed", "export-status $.result field-removed"),
    ):
        with pytest.raises(UnknownChangeError, match="that this recording allows") as raised:
            chosen(text, changes)
        assert near in raised.value.near
