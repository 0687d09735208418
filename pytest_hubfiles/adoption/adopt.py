"""Which cassette each test of a suite is to have, and how it gets there."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Final

from pytest_hubfiles import cassettes
from pytest_hubfiles.adoption.edits import SuiteModule
from pytest_hubfiles.adoption.holdings import Holding, holding
from pytest_hubfiles.adoption.suite import Suite, SuiteTest
from pytest_hubfiles.model.hubspot_api import is_version
from pytest_hubfiles.run import check
from pytest_hubfiles.run.settings import Settings
from pytest_hubfiles.secrets.write_guard import WriteGuard
from pytest_hubfiles.visible import shown

_BEGINNING: Final = b"interactions:"
_IS_CASE: Final = (
    "has vcrpy's test case above it, in another module: have that be a unittest.TestCase, with "
    '@pytest.mark.usefixtures("hubfiles")'
)


@dataclass(frozen=True)
class Adopted:
    """A test, the cassettes ``sources`` of which its own is made, the ``version`` that they ask, and its ``target``."""

    test: SuiteTest
    sources: tuple[Holding, ...]
    version: str

    @property
    def target(self) -> Path:
        """Where the test will look for its cassette."""
        return self.test.targets[self.version]

    @property
    def is_there(self) -> bool:
        """Whether a cassette lies there already; it is left as it is."""
        return self.target.exists()

    @property
    def is_rewritten(self) -> bool:
        """Whether the cassette is written anew: it is made of several, or a credential has to go."""
        return len(self.sources) > 1 or any(one.places for one in self.sources)


@dataclass
class Adoption:
    """What there is to adopt in a suite: the cassettes that can be read, why others cannot, and the tests."""

    suite: Suite
    settings: Settings
    holdings: Mapping[Path, Holding]
    unreadable: Mapping[Path, str]
    modules: Mapping[Path, SuiteModule] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        suite: Suite,
        paths: Iterable[Path],
        settings: Settings,
        each: Callable[[Sequence[Path]], Iterable[Path]] = iter,
    ) -> Adoption:
        """Read the cassettes of other recorders at *paths*; *each* goes through them."""
        rules, holdings, unreadable = settings.rules(), {}, {}
        ours = os.path.abspath(settings.cassettes)  # noqa: PTH100  # links stay what they are called
        found = dict.fromkeys(file for path in paths for file in _files(path) if not _is_ours(file, ours))
        for file in each(list(found)):
            if file.suffix.lower() == ".toml" or cassettes.is_candidate(file):
                continue
            try:
                held = holding(file, settings, rules)
            except cassettes.CassetteUnreadableError as error:
                if "cassettes" in file.parts:
                    unreadable[file] = error.reason
                continue
            if held.interactions:
                holdings[file] = held
        modules = {file: SuiteModule(file) for file in dict.fromkeys(test.file for test in suite.tests)}
        return cls(suite, settings, holdings, unreadable, modules)

    @cached_property
    def tests(self) -> tuple[Adopted, ...]:
        """The tests that another recorder records until now, each with its cassettes."""
        used = {file: module.used() for file, module in self.modules.items()}
        adopted = []
        for test in self.suite.tests:
            its = used[test.file].get(test.function, [])
            sources = tuple(self.holdings[path] for path in test.looks_for(self.holdings, its))
            if test.is_marked or test.is_case or its:
                versions = [version for one in sources for version in one.versions if version in test.targets]
                adopted.append(Adopted(test, sources, versions[0] if versions else self.suite.version))
        return tuple(adopted)

    @cached_property
    def uses(self) -> Counter[Path]:
        """How many tests look for each cassette."""
        return Counter(one.path for test in self.tests for one in test.sources)

    @property
    def common_version(self) -> str | None:
        """The version that all tests have in common and that the settings do not say; None if there is none."""
        versions = {one.version for one in self.tests if one.sources}
        return next(iter(versions)) if len(versions) == 1 and self.suite.version not in versions else None

    def edits(self, root: Path) -> tuple[str, list[str]]:
        """Return what is to be changed in the tests as a unified diff with paths from *root*, and what is left."""
        usual = self.common_version or self.suite.version
        texts: list[str] = []
        notes: list[str] = []
        for file, module in self.modules.items():
            its = [one for one in self.tests if one.test.file == file]
            module.versions = {one.test.function: one.version for one in its if one.version != usual}
            texts.append(module.diff(root) if its else "")
            notes += dict.fromkeys(module.notes)
            if not module.cases():
                notes += [f"{one.test.id} {_IS_CASE}" for one in its if one.test.is_case]
        return "".join(texts), notes

    def configured(self) -> list[str]:
        """Return where the suite configures pytest-recording, in its modules and in the conftests above them."""
        conftests = (folder / "conftest.py" for file in self.modules for folder in file.parents)
        files = dict.fromkeys([*self.modules, *(file for file in conftests if file.is_file())])
        places = ((file, SuiteModule(file).config()) for file in files)
        return [f"{shown(os.path.relpath(file))}:{line}" for file, line in places if line is not None]

    def write(self, one: Adopted) -> str:
        """Put the cassette of a test where it will look for it; return what was done.

        One that no other test looks for is moved. A credential does not come along.

        Raises:
            CassetteNotWrittenError: if the system does not let it be written.
            CredentialInFileError: if a credential of this environment would be in it.
        """
        guard = partial(WriteGuard.of(os.environ).check, one.target)
        if one.is_rewritten:
            interactions = [interaction for source in one.sources for interaction in source.interactions]
            cassettes.save(one.target, interactions, self.settings.limits, check=guard)
        else:
            content = cassettes.content(one.sources[0].path, cassettes.Limits(self.settings.get("max_cassette_mb")))
            guard(content)
            cassettes.write(one.target, content, self.settings.cassettes)
        if any(self.uses[source.path] > 1 for source in one.sources):
            return "copied"
        for source in one.sources:
            with suppress(OSError):  # it is a copy then, and stays to be deleted
                source.path.unlink()
        return "moved"


def _files(path: Path) -> list[Path]:
    """Return what may be a cassette at *path*; vcrpy calls one after its function, with nothing behind the name."""
    bare = [file for file in path.rglob("*") if not file.suffix and file.is_file()] if path.is_dir() else []
    return [*check.cassettes_in(path), *(file for file in bare if _begins_as_one(file))]


def _begins_as_one(file: Path) -> bool:
    with suppress(OSError), file.open("rb") as opened:
        return opened.read(len(_BEGINNING)) == _BEGINNING
    return False


def _is_ours(file: Path, root: str) -> bool:
    """Return whether *file* lies in the folder of a version below our cassette *root*."""
    path = Path(os.path.abspath(file))  # noqa: PTH100  # likewise
    return path.is_relative_to(root) and is_version(path.relative_to(root).parts[0])
