"""The settings of one run, of pytest or of the command line, and what they name, loaded once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_hubfiles.cassettes import Limits
from pytest_hubfiles.model.days import today
from pytest_hubfiles.settings.precedence import NAMED, Sources
from pytest_hubfiles.settings.values import DEVIATIONS, NEEDED, OptionError

if TYPE_CHECKING:
    from pytest_hubfiles.judge.deviations import Deviation
    from pytest_hubfiles.judge.registry import Contracts
    from pytest_hubfiles.run.needed import Needs
    from pytest_hubfiles.run.rules import Rules
    from pytest_hubfiles.secrets import Additions


class Settings:
    """What *sources* set in the project at *rootdir*; the values are checked when this is made.

    Raises:
        OptionError: if a value is bad.
    """

    def __init__(self, sources: Sources, rootdir: Path) -> None:
        self._sources, self.rootdir = sources, rootdir
        self._settled: dict[str, Any] = {}
        self._common_rules: Rules | None = None
        for name in NAMED:
            if self.decided(name) is not None:  # a default needs no check
                self.get(name)

    def read(self) -> None:
        """Read the files that the settings name, before anything is judged by them.

        Raises:
            HubfilesError: if one cannot be used, or is missing.
        """
        if self.get("fail_on") == NEEDED and self.get("needs") is None:
            source, value = self.decided("fail_on") or ("", NEEDED)
            good = (
                "it asks what your tests need: name the folder of that in ini hubfiles_needs, or with --needs of "
                "hubfiles diff; hubfiles needs writes it"
            )
            raise OptionError(source, value, good)
        self.needs  # noqa: B018  # read when it is first asked for
        if self.get("schemas"):
            self.contracts  # noqa: B018  # likewise
        self.own_deviations  # noqa: B018  # likewise

    def decided(self, name: str, markers: tuple[Mapping[str, Any], ...] = ()) -> tuple[str, Any] | None:
        """Return who says what the setting *name* is, and what they say; None where nobody does."""
        return self._sources.decide(name, markers)

    def get(self, name: str, markers: tuple[Mapping[str, Any], ...] = ()) -> Any:
        """Return a setting; a path in it is taken from the caller's folder, or from the ini file's."""
        if markers and any(argument in arguments for arguments in markers for argument in NAMED[name].marker):
            return self._sources.resolve(name, markers)
        if name not in self._settled:  # no marker has a say in it: it is the same for all tests
            self._settled[name] = self._sources.resolve(name)
        return self._settled[name]

    @cached_property
    def cassettes(self) -> Path:
        """The cassette root."""
        root: Path | None = self.get("cassettes")
        return self.rootdir / "cassettes" if root is None else root

    @cached_property
    def limits(self) -> Limits:
        """What a cassette file of this run must keep to."""
        return Limits(self.get("max_cassette_mb"), self.cassettes)

    @cached_property
    def additions(self) -> Additions:
        """What the suite's ini file adds to what is scrubbed and kept."""
        from pytest_hubfiles.secrets import Additions

        wanted = self.get("scrub")
        return Additions(
            fields=tuple(item for item in wanted if isinstance(item, str)),
            patterns=tuple(item for item in wanted if isinstance(item, re.Pattern)),
            headers=frozenset(self.get("keep_headers")),
        )

    @cached_property
    def contracts(self) -> Contracts:
        """The contracts on file."""
        from pytest_hubfiles.judge import schema_files

        return schema_files.load(self.get("schemas"))

    @property
    def deviations_file(self) -> Path:
        """The file of the user's own deviations: the one that is named, or that of the usual name, there or not."""
        named: Path | None = self.get("deviations")
        return self.rootdir / DEVIATIONS if named is None else named

    @cached_property
    def own_deviations(self) -> tuple[Deviation, ...]:
        """The user's own deviations."""
        from pytest_hubfiles.judge import deviations

        is_named = self.get("deviations") is not None
        return deviations.load(self.deviations_file) if is_named or self.deviations_file.exists() else ()

    @cached_property
    def deviations(self) -> tuple[Deviation, ...]:
        """The known deviations, the user's first."""
        from pytest_hubfiles.judge import deviations, shipped

        return self.own_deviations + deviations.load(shipped.shipped_schemas() / "deviations.toml")

    @cached_property
    def needs(self) -> Needs | None:
        """What the tests need; None where no folder of it is named, or a rehearsal is to find it out."""
        folder = self.get("needs")
        if folder is None or (self.get("rehearse") is not None and not folder.exists()):
            return None
        from pytest_hubfiles.run import needed

        return needed.load(folder)

    def rules(self, markers: tuple[Mapping[str, Any], ...] = ()) -> Rules:
        """Return by which rules a test with *markers*, or the run as a whole, is judged."""
        if markers:
            return self._rules(markers)
        if self._common_rules is None or self._common_rules.today != today():  # which another test may have frozen
            self._common_rules = self._rules(())
        return self._common_rules

    def _rules(self, markers: tuple[Mapping[str, Any], ...]) -> Rules:
        from pytest_hubfiles.run.rules import Rules, fails_on

        return Rules(
            contracts=self.contracts,
            deviations=lambda: self.deviations,
            **fails_on(self.get("fail_on")),
            needs=self.needs,
            strict=self.get("strict", markers),
            allow=self.get("allow", markers),
            judge=self.get("judge", markers),
            accept=self.get("accept"),
            max_age_days=self.get("max_age"),
        )
