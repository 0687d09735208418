"""The settings of one pytest process, and what is loaded once for it."""

from __future__ import annotations

import datetime as dt
import os
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_hubfiles.cassettes import Limits
from pytest_hubfiles.plugin.cassette_names import Namesakes
from pytest_hubfiles.plugin.redaction import Redaction
from pytest_hubfiles.settings.precedence import NAMED, decide, resolve
from pytest_hubfiles.settings.values import NEEDED, OptionError, nearest_first
from pytest_hubfiles.visible import visible

if TYPE_CHECKING:
    from pytest_hubfiles.judge.deviations import Deviation
    from pytest_hubfiles.judge.registry import Contracts
    from pytest_hubfiles.record.stragglers import Stragglers
    from pytest_hubfiles.rehearsal.accepted import Accepted
    from pytest_hubfiles.rehearsal.asking import MoveWatch
    from pytest_hubfiles.rehearsal.changes import Change
    from pytest_hubfiles.report.record import Record
    from pytest_hubfiles.report.report import Report
    from pytest_hubfiles.run.needed import Needs
    from pytest_hubfiles.run.rules import Rules
    from pytest_hubfiles.secrets import Additions
    from pytest_hubfiles.settings.table import Setting

RECORD: Final = "hubfiles"
"""The name of the user property in which a test hands its record to the report."""

_FINDING: Final = "hubfiles_finding"

REHEARSED: Final = "hubfiles_rehearsed"
"""The name of the user property in which a test hands on what its rehearsal came to."""


class Run:
    """The settings of one pytest process, checked when it is made, and what is loaded once for it."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        worker = getattr(config, "workerinput", None)
        self.is_worker = worker is not None
        self.id: str = worker[RECORD] if worker is not None else uuid.uuid4().hex
        self._report: Report | None = None
        self.today = dt.datetime.now(dt.timezone.utc).date()
        self._settled: dict[str, Any] = {}
        self._versions: list[str] | None = None
        self._namesakes: Namesakes | None = None
        self.complaints: list[str] = []
        self.redaction = Redaction()
        self.partial = False
        self.running = False
        self.tried: Sequence[Change] | None = None  # in a process that rehearses a test
        self.asking: MoveWatch | None = None  # likewise, if it runs as another version
        for name in NAMED:
            if self.decided(name) is not None:  # a default needs no check
                self.get(name)
        self.check_versions(self.get("version"))
        self._check_reports()
        if self.cassettes.is_file():
            source, value = self.decided("cassettes") or ("the cassette root", self.cassettes.name)
            raise OptionError(source, value, "it is a file; give a folder")
        self.compared  # noqa: B018  # checked before any test runs, as every setting is
        if self.get("rehearsed") is not None:
            self.accepted_breaks  # noqa: B018  # likewise
        self._check_needs()
        if self.get("change") is not None:
            from pytest_hubfiles.rehearsal.changes import parse

            parse(self.get("change"))
        if self.get("schemas"):
            self.contracts  # noqa: B018  # a bad schema file is reported before any test runs
        if self.get("deviations") is not None:
            self.deviations  # noqa: B018  # likewise

    def _check_needs(self) -> None:
        """Refuse to fail on what tests need where nothing says what that is."""
        if self.get("fail_on") == NEEDED and self.get("needs") is None:
            source, value = self.decided("fail_on") or ("", NEEDED)
            good = (
                "it asks what your tests need: name the folder of that in ini hubfiles_needs; hubfiles needs writes it"
            )
            raise OptionError(source, value, good)
        self.needs  # noqa: B018  # read before any test runs

    def _check_reports(self) -> None:
        """Refuse two reports that would be written over one another."""
        paths = [os.path.abspath(path) for _, path in self.get("report") if path != "-"]  # noqa: PTH100  # need not exist
        twice = next((path for path in paths if paths.count(path) > 1), None)
        if twice is not None:
            raise OptionError("--hubfiles-report", twice, "two reports would be written there; give each its own")

    def decided(self, name: str, markers: tuple[Mapping[str, Any], ...] = ()) -> tuple[str, Any] | None:
        """Return who says what the setting *name* is, and what they say; None where nobody does."""
        return decide(name, self.config.getoption, markers, self.config.getini)

    def get(self, name: str, markers: tuple[Mapping[str, Any], ...] = ()) -> Any:
        """Return a setting, its path made absolute: against the caller's folder, or the ini file's."""
        if any(argument in arguments for arguments in markers for argument in NAMED[name].marker):
            return self._resolved(name, markers)
        if name not in self._settled:  # no marker has a say in it: it is the same for all tests
            self._settled[name] = self._resolved(name, ())
        return self._settled[name]

    def _resolved(self, name: str, markers: tuple[Mapping[str, Any], ...]) -> Any:
        value = resolve(name, self.config.getoption, markers, self.config.getini)
        if isinstance(value, Path):
            return self._absolute(NAMED[name], value)
        if name == "schemas":
            return tuple(self._absolute(NAMED[name], path) for path in value)
        return value

    def _absolute(self, setting: Setting, path: Path) -> Path:
        given = setting.flag is not None and self.config.getoption(setting.flag)
        inipath = self.config.inipath
        folder = self.config.invocation_params.dir if given else inipath.parent if inipath else self.config.rootpath
        return folder / path

    def check_versions(self, versions: Iterable[str], markers: tuple[Mapping[str, Any], ...] = ()) -> None:
        """Refuse a version that no contract describes, if anybody asked for it."""
        decided = self.decided("version", markers)
        if decided is None:
            return
        from pytest_hubfiles.judge import shipped

        if self._versions is None:
            self._versions = shipped.versions_on_file(self.get("schemas"))
        for version in versions:
            if version not in self._versions:
                good = f"there are contracts for {', '.join(self._versions)}"
                raise OptionError(decided[0], version, good)

    @property
    def compared(self) -> tuple[str, str] | None:
        """The two versions to compare, None where nobody asked.

        Raises:
            OptionError: if they are not two different versions that contracts describe.
        """
        asked: str | None = self.get("compare")
        return None if asked is None else self._two_versions("--hubfiles-compare", asked)

    @property
    def rehearsed_versions(self) -> tuple[str, str] | None:
        """The version whose tests are rehearsed as another one, and that one; None where nobody asked.

        Raises:
            OptionError: if they are not two different versions that contracts describe.
        """
        asked: str | None = self.get("rehearse")
        return None if asked is None or ":" not in asked else self._two_versions("--hubfiles-rehearse", asked)

    def _two_versions(self, source: str, asked: str) -> tuple[str, str]:
        from pytest_hubfiles.judge import shipped

        known = shipped.versions_on_file(self.get("schemas"))
        old, _, new = asked.partition(":")
        unknown = next((version for version in (old, new) if version not in known), None)
        if unknown is None and old != new:
            return old, new
        good = f"give OLD:NEW, two different versions of {', '.join(nearest_first(unknown, known))}"
        raise OptionError(source, asked, good)

    @cached_property
    def cassettes(self) -> Path:
        """The cassette root."""
        root: Path | None = self.get("cassettes")
        return self.config.rootpath / "cassettes" if root is None else root

    @cached_property
    def limits(self) -> Limits:
        """What a cassette file of this run must keep to."""
        return Limits(self.get("max_cassette_mb"), self.cassettes)

    @property
    def checked_versions(self) -> tuple[str, ...] | None:
        """The versions to which the command line restricts a check of cassettes; None where it does not."""
        asked: tuple[str, ...] = self.get("version")
        return asked if self.config.getoption("--hubfiles-version") else None

    @cached_property
    def contracts(self) -> Contracts:
        """The contracts on file."""
        from pytest_hubfiles.judge import schema_files

        return schema_files.load(self.get("schemas"))

    def namesakes(self, items: list[pytest.Item]) -> Namesakes:
        """Return which of the tests of the run, all of its *items*, may have one cassette."""
        if self._namesakes is None:
            self._namesakes = Namesakes(items)
        return self._namesakes

    @cached_property
    def stragglers(self) -> Stragglers:
        """What tests have left behind, which makes the run complain if it sends."""
        from pytest_hubfiles.record.stragglers import Stragglers

        return Stragglers(self.complaints, self.get("base_url"))

    @cached_property
    def own_deviations(self) -> tuple[Deviation, ...]:
        """The user's own deviations."""
        from pytest_hubfiles.judge import deviations

        own = self.get("deviations")
        return deviations.load(own) if own is not None else ()

    @cached_property
    def accepted_breaks(self) -> tuple[Accepted, ...]:
        """The breaks in a rehearsal that the user accepts."""
        from pytest_hubfiles.rehearsal import accepted

        file = self.get("rehearsed")
        return accepted.load(file) if file is not None else ()

    @cached_property
    def needs(self) -> Needs | None:
        """What the tests need; None where no folder of it is named, or a rehearsal is to find it out."""
        folder = self.get("needs")
        if folder is None or (self.get("rehearse") is not None and not folder.exists()):
            return None
        from pytest_hubfiles.run import needed

        return needed.load(folder)

    @cached_property
    def deviations(self) -> tuple[Deviation, ...]:
        """The known deviations, the user's first."""
        from pytest_hubfiles.judge import deviations, shipped

        return self.own_deviations + deviations.load(shipped.shipped_schemas() / "deviations.toml")

    def rules(self, markers: tuple[Mapping[str, Any], ...] = ()) -> Rules:
        """Return by which rules a test with *markers*, or the run as a whole, is judged."""
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

    @property
    def report(self) -> Report:
        """The report of this run."""
        if self._report is None:
            from pytest_hubfiles.report.report import Report

            self._report = Report()
        return self._report

    @property
    def has_report(self) -> bool:
        """Whether there is a report to write: there is something in it, or it was asked for."""
        asked = bool(self.get("report")) or self.get("min_judged") > 0 or self.get("compare") is not None
        asked = asked or self.get("check") or self.get("rehearse") is not None
        return self.running and (self._report is not None or bool(self.complaints) or asked)

    def started(self) -> None:
        """Note that tests are run, unless they are only listed or planned."""
        self.running = not (self.config.getoption("collectonly") or self.config.getoption("setuponly"))

    def shown(self, path: Path) -> str:
        """Return *path* as messages name it: from rootdir, with forward slashes."""
        root, text = f"{self.config.rootpath}{os.sep}", str(path)
        try:
            below = text.removeprefix(root) if text.startswith(root) else os.path.relpath(path, self.config.rootpath)
        except ValueError:  # another drive of Windows
            below = text
        return visible(below.replace(os.sep, "/"))


RUN: Final[pytest.StashKey[Run]] = pytest.StashKey()


def hand_on(item: pytest.Item, record: Record) -> None:
    """Hand *record* to the run's report, through xdist's controller too, and to JUnit XML."""
    from pytest_hubfiles.report.formats.terminal import in_one_line

    item.user_properties[:] = [pair for pair in item.user_properties if pair[0] not in (RECORD, _FINDING)]  # of a rerun
    item.user_properties += [(_FINDING, in_one_line(finding)) for finding in record.findings]
    item.user_properties.append((RECORD, record.to_text()))
