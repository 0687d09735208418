"""The settings of one pytest process, and what is loaded once for it."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Iterable, Mapping
from functools import cached_property
from os import getpid  # as it is now: a test may count how often its mock of it is called
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import pytest

from pytest_hubfiles import regular_files
from pytest_hubfiles.model.days import today
from pytest_hubfiles.model.hubspot_api import CANONICAL_ORIGIN
from pytest_hubfiles.model.policy import Severity
from pytest_hubfiles.plugin.cassette_names import Namesakes
from pytest_hubfiles.plugin.handover import Handover
from pytest_hubfiles.plugin.redaction import Redaction
from pytest_hubfiles.run.settings import Settings
from pytest_hubfiles.settings import addopts
from pytest_hubfiles.settings.precedence import NAMED, Sources
from pytest_hubfiles.settings.table import SETTINGS
from pytest_hubfiles.settings.values import OptionError, RecordMode, UnknownSettingError, nearest_first
from pytest_hubfiles.visible import seen_from, visible

if TYPE_CHECKING:
    from pytest_hubfiles.plugin.trial import Trial
    from pytest_hubfiles.record.stragglers import Stragglers
    from pytest_hubfiles.rehearsal.accepted import Accepted
    from pytest_hubfiles.report.record import Record
    from pytest_hubfiles.report.rehearsal import Rehearsed
    from pytest_hubfiles.report.report import Report
    from pytest_hubfiles.settings.table import Setting

RUN_ID: Final = "hubfiles"
"""The key under which an xdist worker is told which run it belongs to."""

ADDOPTS: Final = "hubfiles_addopts"
"""The key under which an xdist worker is told whether addopts say how to record."""

_INIS: Final = ("pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
"""The files in which pytest looks for its settings."""
_FINDING: Final = "hubfiles_finding"
_SET: Final = re.compile(r"^(hubfiles_\w+)\s*=", re.MULTILINE)
"""The name of a setting in an ini file, which begins its line in every form that pytest reads."""


class Run(Settings):
    """The settings of one pytest process, checked when it is made, and what is loaded once for it."""

    def __init__(self, config: pytest.Config) -> None:
        folder = config.inipath.parent if config.inipath else config.rootpath

        def option(setting: Setting) -> tuple[str, Any] | None:
            value = None if setting.flag is None else config.getoption(setting.flag)
            return None if value is None else (str(setting.flag), value)

        sources = Sources(option, config.getini, config.invocation_params.dir, folder)
        super().__init__(sources, config.rootpath)
        self.config = config
        worker = getattr(config, "workerinput", None)
        self.is_worker = worker is not None
        self.id: str = worker[RUN_ID] if worker is not None else uuid.uuid4().hex
        self._report: Report | None = None
        self.today = today()
        self._versions: list[str] | None = None
        self._namesakes: Namesakes | None = None
        self.complaints: list[str] = []
        self.redaction = Redaction()
        self.partial = False
        self.deselected: list[pytest.Item] = []
        self.running = False
        self._process = getpid()
        self.records = Handover("hubfiles", lambda: self.is_elsewhere, _record)
        self.rehearsals = Handover("hubfiles_rehearsed", lambda: self.is_elsewhere, _rehearsed)
        self.trial: Trial | None = None  # in a process that rehearses a test
        self.accepted: set[Path] = set()  # cassettes that took the place of others of another shape
        self.records_by_addopts: bool = self._records_by_addopts() if worker is None else worker[ADDOPTS]
        self._check_names()
        self._check_rootdir()
        self.check_versions(self.get("version"))
        self._check_reports()
        self._check_rehearsal()
        if self.cassettes.is_file():
            source, value = self.decided("cassettes") or ("the cassette root", self.cassettes.name)
            raise OptionError(source, value, "it is a file; give a folder")
        self.compared  # noqa: B018  # checked before any test runs, as every setting is
        if self.get("rehearsed") is not None:
            self.accepted_breaks  # noqa: B018  # likewise
        self._check_candidates()
        self.read()

    def _records_by_addopts(self) -> bool:
        """Return whether an ini file's ``addopts`` say how to record, rather than who has started the run."""
        flag = str(NAMED["record"].flag)
        given = [*map(str, self.config.invocation_params.args), *addopts.words(os.environ.get("PYTEST_ADDOPTS", ""))]
        is_named = any(argument == flag or argument.startswith(f"{flag}=") for argument in given)
        return self.config.getoption(flag) is not None and not is_named

    def _check_rootdir(self) -> None:
        """Refuse a folder elsewhere that pytest has taken for tests, and looked for its ini file near that."""
        config, here = self.config, self.config.invocation_params.dir
        near = next((above for above in (here, *here.parents) if any((above / name).is_file() for name in _INIS)), here)
        if config.rootpath not in near.parents or config.getoption("rootdir", None) is not None:
            return
        for name in ("cassettes", "schemas"):
            flag = str(NAMED[name].flag)
            value = config.getoption(flag)
            for given in value if isinstance(value, list) else [value]:
                is_alone = given is not None and str(given) in map(str, config.invocation_params.args)
                if is_alone and not (here / given).resolve().is_relative_to(near):
                    good = f"pytest takes it for tests and makes {config.rootpath} its rootdir: join it, {flag}={given}"
                    raise OptionError(flag, given, good)

    def _check_candidates(self) -> None:
        """Refuse to record what is replayed from candidates."""
        source, mode = self.decided("record") or ("", RecordMode.NONE)
        if self.get("candidates") and source == NAMED["record"].flag and mode != RecordMode.NONE.value:
            good = "--hubfiles-candidates replays what was recorded already; leave one of the two out"
            raise OptionError(source, mode, good)

    def _check_rehearsal(self) -> None:
        """Refuse what narrows a rehearsal down where there is none, and changes where there is one."""
        for name in ("rehearse_only", "rehearse_budget"):
            decided = self.decided(name)
            if decided is not None and self.get("rehearse") is None:
                source, value = decided
                good = "it narrows a rehearsal down: say what to rehearse, as with --hubfiles-rehearse allowed"
                raise OptionError(source, value[0] if isinstance(value, list) else value, good)
        if self.get("change") and self.get("rehearse") is not None:
            good = "all tests run with it: leave it out to rehearse, or --hubfiles-rehearse to run"
            raise OptionError(str(NAMED["change"].flag), self.get("change")[0], good)
        if self.get("change"):
            from pytest_hubfiles.rehearsal.changes import parse

            for change in self.get("change"):
                parse(change)

    def _check_names(self) -> None:
        """Refuse a name that is ours by its beginning, and that neither we nor a plugin of the suite's own reads."""
        file = self.config.inipath
        if file is None:
            return
        for name in _SET.findall(regular_files.read_text(file)):
            try:
                self.config.getini(name)
            except ValueError:
                raise UnknownSettingError(file.name, name, (s.ini for s in SETTINGS if s.ini)) from None

    def _check_reports(self) -> None:
        """Refuse two reports that would be written over one another."""
        paths = [os.path.abspath(path) for _, path in self.get("report") if path != "-"]  # noqa: PTH100  # need not exist
        twice = next((path for path in paths if paths.count(path) > 1), None)
        if twice is not None:
            raise OptionError("--hubfiles-report", twice, "two reports would be written there; give each its own")

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

    @property
    def checked_versions(self) -> tuple[str, ...] | None:
        """The versions to which the command line restricts a check of cassettes; None where it does not."""
        asked: tuple[str, ...] = self.get("version")
        return asked if self.config.getoption("--hubfiles-version") else None

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
    def public(self) -> str:
        """What every recording of the run holds, in small letters: the base URL and the paths of contracts."""
        base = urlsplit(self.get("base_url").lower())
        where = f"{base.scheme}://{base.netloc.rpartition('@')[2]}{base.path}"
        return f"{CANONICAL_ORIGIN}\n{where}\n{self.contracts.paths}"

    @property
    def is_verbose(self) -> bool:
        """Whether everything that was found is listed."""
        return self.config.getoption("verbose", 0) > 0 or self.get("fail_on") is Severity.INFO

    @cached_property
    def accepted_breaks(self) -> tuple[Accepted, ...]:
        """The breaks in a rehearsal that the user accepts."""
        from pytest_hubfiles.rehearsal import accepted

        file = self.get("rehearsed")
        return accepted.load(file) if file is not None else ()

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

    @property
    def is_elsewhere(self) -> bool:
        """Whether this process hands what its tests report to another one, which tells it."""
        return self.is_worker or getpid() != self._process

    def hand_on(self, item: pytest.Item, record: Record) -> None:
        """Hand *record* to what reports on the run, and its findings to JUnit XML."""
        from pytest_hubfiles.report.formats.terminal import in_one_line

        others = [one for one in item.user_properties if not isinstance(one, tuple) or one[:1] != (_FINDING,)]
        item.user_properties[:] = others  # without those of a run before
        item.user_properties += [(_FINDING, in_one_line(finding)) for finding in record.findings]
        self.records.give(item.nodeid, record)

    def started(self) -> None:
        """Note that tests are run, unless they are only listed or planned."""
        self.running = not (self.config.getoption("collectonly") or self.config.getoption("setuponly"))

    def shown(self, path: Path) -> str:
        """Return *path* as messages name it: from rootdir, with forward slashes."""
        root, text = f"{self.config.rootpath}{os.sep}", str(path)
        below = text.removeprefix(root) if text.startswith(root) else seen_from(self.config.rootpath, path)
        return visible(below.replace(os.sep, "/"))


RUN: Final[pytest.StashKey[Run]] = pytest.StashKey()


def _record(text: str) -> Record:
    from pytest_hubfiles.report.record import Record  # no run needs it before a test tells something

    return Record.from_text(text)


def _rehearsed(text: str) -> Rehearsed:
    from pytest_hubfiles.report.rehearsal import Rehearsed  # most runs rehearse nothing

    return Rehearsed.from_text(text)
