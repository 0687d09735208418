"""What tests call their cassettes: as pytest-recording does, and no two alike."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from pytest_hubfiles import cassettes
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.plugin.marker import marker_arguments
from pytest_hubfiles.visible import visible

if TYPE_CHECKING:
    from pytest_hubfiles.plugin.run_settings import Run


class SharedCassetteError(HubfilesError):
    """Two tests whose cassettes would be one file, on every file system or on some."""

    def __init__(self, test: str, other: str, shown: str, why: str) -> None:
        super().__init__(
            f"{visible(test)} and {visible(other)} would share the cassette {shown}, {why}.\n"
            'Rename one of them, or name its cassette: @pytest.mark.hubfiles(cassette="another-name").'
        )


_INNERMOST: Final = "which is called after the innermost class"
_FOLDED: Final = "on file systems that ignore case or the form of an accent, as those of macOS and Windows do"


def path_of(item: pytest.Item, root: Path, version: str) -> Path:
    """Return the path of the cassette of the test *item* under *root*, where no marker names one."""
    return cassettes.path_for(root, version, _folder_of(item), _name_of(item, version))


class Namesakes:
    """The tests of a run whose cassettes may be one file.

    Few runs have any, so names are compared before any path is made, and only of tests that name the fixture.
    """

    def __init__(self, items: Iterable[pytest.Item]) -> None:
        by_name: dict[str, list[pytest.Item]] = {}
        for item in items:
            if "hubfiles" in getattr(item, "fixturenames", ()):
                by_name.setdefault(_key_of(item), []).append(item)
        self._by_name = {name: found for name, found in by_name.items() if len(found) > 1}

    def check(self, item: pytest.Item, path: Path, version: str, run: Run) -> None:
        """Refuse the test *item*, whose cassette is *path*, if another test has that name, or one that some fold to it.

        Raises:
            SharedCassetteError: if there is another.
        """
        for other in self._by_name.get(_key_of(item), ()) if self._by_name else ():
            if other.nodeid == item.nodeid or any(
                "cassette" in arguments for arguments in marker_arguments(other.iter_markers("hubfiles"))
            ):
                continue
            theirs = path_of(other, run.cassettes, version)
            if cassettes.folded(str(theirs)) == cassettes.folded(str(path)):
                raise SharedCassetteError(
                    item.nodeid, other.nodeid, run.shown(path), _INNERMOST if theirs == path else _FOLDED
                )


def _key_of(item: pytest.Item) -> str:
    return cassettes.folded(f"{_folder_of(item)}/{name_with_class(item)}")


def _folder_of(item: pytest.Item) -> str:
    """Return the test's file as a folder name, from rootdir and without its suffix."""
    return item.nodeid.split("::", 1)[0].removesuffix(".py")


def name_with_class(item: pytest.Item) -> str:
    """Return the name of the test *item* with its innermost class, as pytest-recording puts them together."""
    # Not the test's own id, to which xdist adds its group with --dist loadgroup.
    owner = getattr(item, "cls", None)
    return item.name if owner is None else f"{owner.__name__}.{item.name}"


def _name_of(item: pytest.Item, version: str) -> str:
    """Return the test's name with its class and parameters, without the version's id."""
    name = name_with_class(item)
    callspec = getattr(item, "callspec", None)
    if callspec is None or "hubfiles" not in callspec.params:
        return name
    head = name[: len(name) - len(callspec.id) - 2]
    # Its id comes first, unless somebody else's pytest_generate_tests came before ours.
    rest = re.sub(rf"(?:^|-){re.escape(version)}(?=-|$)", "", callspec.id, count=1).removeprefix("-")
    return f"{head}[{rest}]" if rest else head
