"""Gathers what tests report, and reports the run when it ends."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pytest_hubfiles.plugin.colours import BEGINS_WITH_FACT, FailureText, write_marked
from pytest_hubfiles.plugin.explaining import shell_of
from pytest_hubfiles.plugin.hooks import COMPLAINTS, PARTIAL
from pytest_hubfiles.plugin.own_faults import complaining, complains
from pytest_hubfiles.plugin.run_settings import Run
from pytest_hubfiles.visible import visible_lines

if TYPE_CHECKING:
    from pytest_hubfiles.model.finding import Finding
    from pytest_hubfiles.report.rehearsal import Rehearsal


def _changed(changes: Sequence[str]) -> str | None:
    """Return that the answers of a run were not as they were recorded."""
    what = "changes" if len(changes) > 1 else "a change"
    return f"replayed with {what} that HubSpot has not made: {' and '.join(changes)}" if changes else None


class Reporter:
    """Gathers what tests report, in the process that reports the run."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._session: pytest.Session | None = None
        self.notes: list[str] = []
        self.stdout = b""

    @pytest.hookimpl(tryfirst=True)  # the first that answers is the last that is asked, and xdist answers
    def pytest_runtestloop(self) -> None:
        """Note that tests are run."""
        self.run.started()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note that this is no full run where a file or class could not be collected, or was skipped."""
        self.run.partial = self.run.partial or not report.passed

    @pytest.hookimpl(optionalhook=True)
    @complains
    def pytest_testnodedown(self, node: Any) -> None:
        """Note that this is no full run where a worker left tests out, or crashed."""
        output = getattr(node, "workeroutput", {})
        self.run.partial = self.run.partial or output.get(PARTIAL, True)
        self.run.complaints += output.get(COMPLAINTS, [])

    @pytest.hookimpl(tryfirst=True)
    @complains
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in what a test reports when it ends, in this process or in a worker."""
        if report.failed and isinstance(report.longrepr, str) and getattr(report, BEGINS_WITH_FACT, False):
            text: Any = FailureText(report.longrepr, *report.location[:2])
            report.longrepr = text  # which a worker cannot hand on
        if report.when == "setup" and not report.passed:
            self.run.partial = True  # skipped, or failed before it could open its cassette
        if report.when == "teardown" and not self.run.is_elsewhere:
            if (rehearsed := self.run.rehearsals.take(report)) is not None:
                self._rehearsal().add(rehearsed)
            if (record := self.run.records.take(report)) is not None:
                self.run.report.add(record)

    def _rehearsal(self) -> Rehearsal:
        from pytest_hubfiles.report.rehearsal import Rehearsal

        report = self.run.report
        report.rehearsal = report.rehearsal or Rehearsal(self.run.get("rehearse"))
        return report.rehearsal

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Judge the run as a whole, write its reports, and set its exit status."""
        self._session = session
        if exitstatus in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERNAL_ERROR):
            return
        with complaining(self.run, "judging the run"):
            self._judge_run(session, exitstatus)
        if self.run.complaints:
            self.run.report.failed = True
        with complaining(self.run, "writing reports"):
            if self.run.has_report:
                self._write_reports()
        self._set_exit_status()

    def _judge_run(self, session: pytest.Session, exitstatus: int) -> None:
        run = self.run
        if not run.has_report:
            return
        from pytest_hubfiles.report import version_ends
        from pytest_hubfiles.run import needed, verdict

        run.report.run_findings += run.rules().excuse(version_ends.findings(run.report.records, run.today))
        if any(record.recording for record in run.report.records):
            from pytest_hubfiles.record import forget_run

            forget_run(run.id)
        if run.report.judged:
            self._name_sources()
        if run.compared is not None:
            self._compare(*run.compared)
        if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and self._is_full(session):
            run.report.run_findings += self._unused()
            self._note(needed.gone(run.needs, (record.test for record in run.report.records)))
            if exitstatus == pytest.ExitCode.OK:  # a test that failed may have found less than it would
                run.report.stale_deviations = self._stale()
        if run.get("rehearse") is not None:
            from pytest_hubfiles.plugin.rehearsing import remember_breaks
            from pytest_hubfiles.rehearsal import accepted, needs

            rehearsal = self._rehearsal()
            rehearsal.needs = needs.schemas(rehearsal)
            rehearsal.breaks = accepted.accept(rehearsal.breaks, run.accepted_breaks, run.today)
            self.notes += accepted.run_out(run.accepted_breaks, run.today)
            if self._is_full(session):
                self.notes += accepted.of_no_test(run.accepted_breaks, {record.test for record in run.report.records})
            remember_breaks(session.config, rehearsal)
            if exitstatus != pytest.ExitCode.INTERRUPTED:
                run.complaints += verdict.of_rehearsal(rehearsal)
        self._note(self._candidates() if run.get("candidates") else None)
        self._note(_changed(run.get("change")))
        run.complaints += self._versions_not_checked()
        self._note(needed.unknown(run.report.findings) if run.rules().only_needed else None)
        run.complaints += verdict.of_run(run.report, run.rules(), run.get("min_judged"), "--hubfiles-min-judged")

    def _candidates(self) -> str:
        """Return which tests replayed a candidate: their cassettes may say otherwise."""
        from pytest_hubfiles import cassettes

        replayed = [r for r in self.run.report.records if cassettes.is_candidate(r.cassette)]
        if not replayed:
            return "no candidate was replayed: no test has one, and each replayed its cassette"
        count = f"{len(replayed)} test{'s' * (len(replayed) > 1)} replayed candidates, not cassettes"
        names = [name for name in dict.fromkeys(r.cassette for r in replayed) if self._is_acceptable(name)]
        if not names:
            return f"{count}; none of them can be accepted yet"
        return f"{count}; to make cassettes of those that can be: {shlex.join(['hubfiles', 'accept', *names])}"

    def _is_acceptable(self, candidate: str) -> bool:
        from pytest_hubfiles.cassettes import CassetteUnreadableError
        from pytest_hubfiles.record import candidates

        try:
            return not candidates.why_refused(self.run.config.rootpath / candidate, self.run.limits)
        except CassetteUnreadableError:
            return False

    def _name_sources(self) -> None:
        from pytest_hubfiles.report.formats.source_lines import source_lines

        self.run.report.sources = self.run.contracts.sources
        self.notes += source_lines(self.run.report) if self.run.config.get_verbosity() > 0 else []

    def _note(self, line: str | None) -> None:
        self.notes += [line] if line else []

    def _set_exit_status(self) -> None:
        green = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
        if self.run.complaints and self._session is not None and self._session.exitstatus in green:
            self._session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _is_full(self, session: pytest.Session) -> bool:
        """Return whether every test of the suite has run, so that a cassette nobody opened is one nobody needs."""
        config = session.config
        narrowed = ("keyword", "markexpr", "deselect", "lf", "ignore", "ignore_glob")
        own = ("--hubfiles-version", "--hubfiles-candidates")
        everything = config.args_source is config.ArgsSource.TESTPATHS or (
            config.args_source is config.ArgsSource.INVOCATION_DIR and config.invocation_params.dir == config.rootpath
        )
        stopped = bool(session.shouldstop or session.shouldfail)
        return (
            everything
            and not self.run.get("check")
            and not self.run.partial
            and not stopped
            and bool(self.run.report.records)
            and not any(config.getoption(name, None) for name in (*narrowed, *own))
        )

    def _versions_not_checked(self) -> list[str]:
        """Return a complaint for each version asked for of which no cassette held anything to judge."""
        if not self.run.get("check"):
            return []
        judged = {contract.version for contract in self.run.report.judged}
        return [
            f"nothing was judged of version {version}, which --hubfiles-version asks for"
            for version in self.run.checked_versions or ()
            if version not in judged
        ]

    def _unused(self) -> list[Finding]:
        from pytest_hubfiles.model.finding import Finding
        from pytest_hubfiles.model.policy import Kind

        return [
            Finding.of(
                Kind.CASSETTE_UNUSED,
                f"{shown} is opened by no test; move it along if its test was renamed or moved, else delete it",
                before=shown,
                cassette=shown,
            )
            for shown in self._not_opened()
        ]

    def _not_opened(self) -> Iterator[str]:
        """Yield our cassettes that no test opened, except those of versions that no test ran for.

        What lies in no version's folder is another recorder's: pytest-recording and pytest-vcr use the same root.
        """
        from pytest_hubfiles import cassettes
        from pytest_hubfiles.model.hubspot_api import is_version

        opened, root = set(self.run.report.cassettes), self.run.cassettes
        above = len(root.parts)
        by_folder: dict[str, list[str]] = {}
        for path in cassettes.find(root):
            by_folder.setdefault(path.parts[above], []).append(self.run.shown(path))
        for folder, shown in by_folder.items():
            if is_version(folder) and not opened.isdisjoint(shown):
                yield from (name for name in shown if name not in opened)

    def _compare(self, old: str, new: str) -> None:
        """Compare two versions: their schemas, and all their recordings, whichever of them this run replayed."""
        from pytest_hubfiles.compare.sides import in_folder, pairs
        from pytest_hubfiles.compare.versions import Migration
        from pytest_hubfiles.plugin.progress import progress_line

        run = self.run
        folders = (run.cassettes / old, run.cassettes / new)
        sides = [in_folder(folder, run.shown(folder), run.limits, run.additions) for folder in folders]
        line = progress_line(run.config)
        each = partial(line.over, done="compared", what="cassettes")
        recordings, unreadable = pairs(sides[0], sides[1], run.contracts.identify, each)
        migration = Migration(old, new, run.contracts, recordings)
        found = run.rules().excuse(migration.findings(), old)
        run.report.run_findings += [*migration.excused(found), *unreadable]
        comparison = migration.comparison(found)
        is_rehearsed = run.rehearsed_versions == (old, new)
        run.report.comparison = comparison.with_tests(self._rehearsal().operations) if is_rehearsed else comparison

    def _stale(self) -> list[str]:
        from pytest_hubfiles.judge import deviations

        return deviations.stale(self.run.own_deviations, self.run.report.findings, self.run.today)

    def _write_reports(self) -> None:
        wanted = self.run.get("report")
        if wanted:
            from pytest_hubfiles.report.publishing import publish

            published = publish(self.run.report, wanted, self.run.config.invocation_params.dir)
            self.stdout = published.stdout
            self.run.complaints += published.unwritten
            self.notes += published.notes

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write what was judged, recorded and found."""
        known = len(self.run.complaints)
        with complaining(self.run, "writing the summary"):
            if self.run.has_report:
                self._summarise(terminalreporter)
        for complaint in self.run.complaints[known:]:
            terminalreporter.write(f"{visible_lines(complaint)}\n")
        self._set_exit_status()

    def _summarise(self, terminalreporter: pytest.TerminalReporter) -> None:
        run = self.run
        from pytest_hubfiles.judge.deviations import run_out
        from pytest_hubfiles.report.formats.terminal import render_terminal

        if not (run.report.worth_telling or run.complaints or self.notes):
            return
        noted = visible_lines("\n".join([*run_out(run.own_deviations, run.today), *self.notes])).splitlines()
        lines = [*render_terminal(run.report, run.is_verbose), *noted]
        lines += self._ways_out()
        terminalreporter.ensure_newline()
        if len(lines) == 1 and not run.complaints:
            lines = [f"hubfiles: {lines[0]}"]
        else:
            terminalreporter.section("hubfiles")
        for line in map(run.redaction.redacted, lines):
            write_marked(terminalreporter, line)
            terminalreporter.write_line("")
        for complaint in run.complaints:
            terminalreporter.write_line(visible_lines(run.redaction.redacted(complaint)), red=True)

    def _ways_out(self) -> list[str]:
        """Return the commands that settle what several tests failed for, each told by itself what settles it alone."""
        from pytest_hubfiles.report.formats.way_out import ways_out_of_all, ways_out_of_run
        from pytest_hubfiles.run import verdict

        run = self.run
        of_run = verdict.at_or_above(run.report.run_findings, run.rules())
        written = next((path for form, path in run.get("report") if form == "json" and path != "-"), None)
        failing = verdict.failing((f for record in run.report.records for f in record.findings), run.rules())
        shell = shell_of(run)
        moved: list[str] = []
        if any(record.orphans for record in run.report.records):
            from pytest_hubfiles.plugin import moved_tests

            moved = moved_tests.advice_of_all(run)
        return [
            *moved,
            *ways_out_of_all(run.report.records, failing, shell, self._mode()),
            *ways_out_of_run(of_run, shell, written),
            *self._acceptance(),
        ]

    def _acceptance(self) -> list[str]:
        """Return what to write to accept a break of a rehearsal that fails the run."""
        from pytest_hubfiles.report.formats.rehearsal_text import acceptance

        run, rehearsal = self.run, self.run.report.rehearsal
        file = run.get("rehearsed")
        return [] if rehearsal is None else acceptance(rehearsal.failing, None if file is None else run.shown(file))

    def _mode(self) -> str:
        """Return the mode in which what was not kept is recorded again: that of the run, if it was to keep anything."""
        from pytest_hubfiles.settings.values import RecordMode

        mode: RecordMode = self.run.get("record")
        again: str = (RecordMode.REWRITE if mode is RecordMode.NONE else mode).value
        return again

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """Write what goes to stdout, after everybody else has written there.

        As UTF-8, whatever the terminal speaks, and with lines as they are: it is for a program to read.
        """
        if not self.stdout:
            return
        terminal = config.pluginmanager.get_plugin("terminalreporter")
        if terminal is not None:
            terminal.ensure_newline()
        sys.stdout.flush()
        buffer = getattr(sys.stdout, "buffer", None)
        if buffer is None:  # somebody put a plain text stream in its place
            sys.stdout.write(self.stdout.decode())
        else:
            buffer.write(self.stdout)
            buffer.flush()
