"""Tests that keep a change of the API, and the cassettes that they share with the tests which record them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import pytest

from pytest_hubfiles import cassettes
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.plugin.marker import marker_arguments
from pytest_hubfiles.plugin.run_settings import Run
from pytest_hubfiles.plugin.settings_of_test import cassette_of, version_of

_MOST_NAMED: Final = 3


class _Placed(NamedTuple):
    """A test, its cassette, the name that its marker has for that, and the changes that its marker keeps."""

    test: str
    cassette: Path
    name: str | None
    changes: tuple[str, ...]


_Found = TypeVar("_Found")
_KNOWN: Final[pytest.StashKey[dict[str, list[Any]]]] = pytest.StashKey()


def once(run: Run, name: str, found: Callable[[], list[_Found]]) -> list[_Found]:
    """Return what was *found* under this *name* when it was first asked for, as every test of the run may ask."""
    known: dict[str, list[Any]] = run.config.stash.setdefault(_KNOWN, {})
    if name not in known:
        known[name] = found()
    return known[name]


def keepers(item: pytest.Item, run: Run, cassette: Path) -> dict[str, str]:
    """Return each change of what *cassette* holds that tests of the suite keep alone, with the first that does."""
    kept: dict[str, str] = {}
    for one in _placed(item, run):
        if one.cassette == cassette and len(one.changes) == 1:
            kept.setdefault(one.changes[0], one.test)
    return kept


def recorded_by(item: pytest.Item, run: Run, cassette: Path) -> str | None:
    """Return the test that records *cassette*, which *item* shares as it keeps a change; None if that is not here."""
    found = (one.test for one in _placed(item, run) if one.cassette == cassette and not one.changes)
    return next(found, None)


def named_in_markers(item: pytest.Item, run: Run) -> set[Path]:
    """Return the cassettes that tests which record name in their markers, so that they are these tests'."""
    return {one.cassette for one in _placed(item, run) if one.name is not None and not one.changes}


def naming(item: pytest.Item, run: Run, old: Path, new: Path, version: str) -> list[str]:
    """Return as lines which tests name *old* in their markers, and what they have to say once it is called *new*."""
    names = [one.test for one in _placed(item, run) if one.cassette == old and one.name is not None]
    said = f'"{name_of(new, run, version)}"'
    more = [f"{len(names) - _MOST_NAMED} more tests"] if len(names) > _MOST_NAMED else []
    return [f"Then say cassette={said} in the marker of {', '.join([*names[:_MOST_NAMED], *more])}."] if names else []


def of_the_same_name(cassette: Path, run: Run, version: str) -> list[str]:
    """Return what markers call the cassettes of *version* that have the name of *cassette*, which is not there."""
    found = (path for path in cassettes.find(run.cassettes / version) if path.name == cassette.name)
    return [name_of(path, run, version) for path in found]


def name_of(cassette: Path, run: Run, version: str) -> str:
    """Return what a marker calls *cassette*."""
    return cassette.relative_to(run.cassettes / version).as_posix().removesuffix(cassettes.SUFFIX)


def _placed(item: pytest.Item, run: Run) -> Sequence[_Placed]:
    """Return the tests of the run of *item*, those left out too, as far as their markers can be read."""
    return once(run, "tests with their cassettes", lambda: list(_find_placed(item, run)))


def _find_placed(item: pytest.Item, run: Run) -> Iterator[_Placed]:
    for other in (*item.session.items, *run.deselected):
        if "hubfiles" not in getattr(other, "fixturenames", ()):
            continue
        try:
            markers = marker_arguments(other.iter_markers("hubfiles"))
            version = _version(other, run, markers)
            found, changes = cassette_of(other, run, version, markers), run.get("change", markers)
        except HubfilesError:
            continue
        yield _Placed(other.nodeid, found, _first(markers, "cassette"), changes)


def _version(item: pytest.Item, run: Run, markers: tuple[Mapping[str, Any], ...]) -> str:
    return str(version_of(item) or run.get("version", markers)[0])


def _first(markers: tuple[Mapping[str, Any], ...], argument: str) -> str | None:
    return next((str(given[argument]) for given in markers if given.get(argument) is not None), None)
