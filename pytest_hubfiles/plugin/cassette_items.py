"""Cassette files as tests: what ``--hubfiles-check`` collects, and how each is judged."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_hubfiles import cassettes
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.plugin.explaining import explained_cassette
from pytest_hubfiles.plugin.own_faults import Failure
from pytest_hubfiles.plugin.run_settings import RUN
from pytest_hubfiles.run import check
from pytest_hubfiles.visible import visible


class NoCassetteRootError(HubfilesError):
    """Cassettes to be checked, and no folder of cassettes."""

    def __init__(self, root: Path) -> None:
        super().__init__(
            f"--hubfiles-check: there is no cassette root {visible(str(root))}; name the cassettes to check, or their "
            "folder, or set --hubfiles-cassettes"
        )


class CassetteCollector:
    """Collects the cassettes in the folders to search, and of the tests those whose file is named."""

    def __init__(self, config: pytest.Config) -> None:
        self.root: Path = config.stash[RUN].cassettes
        self.ignores = bool(config.getoption("ignore") or config.getoption("ignore_glob"))
        self.named: list[Path] = []
        if config.args_source is config.ArgsSource.ARGS:
            self._search_around_brackets(config)
            return
        if not self.root.is_dir():
            raise NoCassetteRootError(self.root)
        config.args[:] = [str(self.root)]  # pytest was about to search testpaths, or where it was started

    def _search_around_brackets(self, config: pytest.Config) -> None:
        """Have pytest search the folder of a cassette whose path has a bracket, which it would take for parameters."""
        folder = config.invocation_params.dir
        named = [Path(os.path.abspath(folder / arg)) for arg in config.args]  # noqa: PTH100  # links stay what they are called
        for place, path in enumerate(named):
            if "[" in config.args[place] and os.path.lexists(path):
                config.args[place] = str(next(outer for outer in path.parents if "[" not in str(outer)))
                self.named = named

    def _was_named(self, path: Path) -> bool:
        """Return whether *path* leads to, is or lies in what the command line names, and not only beside it."""
        return not self.named or any(
            path == named or path in named.parents or named in path.parents for named in self.named
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Leave out all other files; pytest does not ask about those that are named on the command line.

        A folder of cassettes may be called what no folder of tests may: ``build``, ``dist``, ``venv``.
        """
        if not self._was_named(collection_path):
            return True
        if check.is_closed(collection_path) or os.path.isdir(collection_path):  # noqa: PTH112  # Path.is_dir raises where a folder above is closed
            return False if self.root in collection_path.parents and not self.ignores else None
        return None if check.is_cassette(collection_path) else True

    def pytest_collect_directory(self, path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """Collect what is named as a cassette in a folder, whatever it is; a closed one cannot be read either."""
        if check.is_closed(path):
            return CassetteFile.from_parent(parent, path=path)
        return None if os.path.isfile(path / "__init__.py") else CassetteFolder.from_parent(parent, path=path)  # noqa: PTH113  # likewise

    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> CassetteFile | None:
        """Make a file that is named as a cassette is a collector of one test. It is not read yet."""
        return CassetteFile.from_parent(parent, path=file_path) if check.is_cassette(file_path) else None


class CassetteFolder(pytest.Directory):
    """A folder that may hold cassettes. Pytest's own passes over what is neither a file nor a folder."""

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """Yield the folders, files, pipes, devices and links in it, as far as they are collected."""
        for path in sorted(self.path.iterdir()):
            is_folder = os.path.isdir(path)  # noqa: PTH112  # likewise
            is_named = self.session.isinitpath(path, with_parents=is_folder)
            if not is_named and self.ihook.pytest_ignore_collect(collection_path=path, config=self.config):
                continue
            if check.holds_by_link(path) and not is_named:
                yield CassetteFile.from_parent(self, path=path)
            elif is_folder and path.is_symlink() and not is_named:
                continue  # nothing in it, and a link may lead back to where it is
            elif is_folder or check.is_closed(path):
                folder = self.ihook.pytest_collect_directory(path=path, parent=self)
                yield from () if folder is None else (folder,)
            else:
                yield from self.ihook.pytest_collect_file(file_path=path, parent=self)


class CassetteFile(pytest.File):
    """A cassette file as pytest collects it."""

    def collect(self) -> Iterator[CassetteItem]:
        """Yield the one test, which has the file's own id: the path from rootdir."""
        yield CassetteItem.from_parent(self, name=visible(self.name), nodeid=visible(self.nodeid))


class CassetteItem(pytest.Item):
    """The test that judges a cassette; it keeps nothing of what it reads."""

    @property
    def _root(self) -> Path:
        """What was named on the command line and holds this cassette: a link itself perhaps, but none below it."""
        folder = self.config.invocation_params.dir
        named = (Path(os.path.abspath(folder / arg.partition("::")[0])) for arg in self.config.args)  # noqa: PTH100  # links stay what they are called
        holding = [path for path in named if path == self.path or path in self.path.parents]
        return max(holding, key=lambda path: len(path.parts), default=self.config.stash[RUN].cassettes)

    def runtest(self) -> None:
        """Judge the cassette, hand on what was found, and fail with all of it."""
        run = self.config.stash[RUN]
        checked = check.check(
            self.path,
            run.shown(self.path),
            run.rules(),
            test=self.nodeid,
            versions=run.checked_versions,
            limits=replace(run.limits, root=self._root),
            additions=run.additions,
        )
        if checked.left_out:
            pytest.skip(str(checked.unjudged))
        run.hand_on(self, checked.record)
        if not checked.record.failed and cassettes.is_candidate(self.path):
            pytest.skip("a candidate, judged when it was recorded; no credential was found in it")
        if checked.record.failed:
            said = [explained_cassette(self, checked)]
            if checked.unjudged is not None:
                said.insert(bool(checked.failing), f"nothing in the cassette was judged: {checked.unjudged}")
            raise Failure("\n".join(filter(None, said)))

    def reportinfo(self) -> tuple[Path, None, str]:
        """Return where the test is, and how the head of its failure calls it."""
        return self.path, None, f"cassette {self.nodeid}"
