"""Every setting: its names on the command line, in the ini file and in a marker."""

from __future__ import annotations

from typing import Final


class Setting:
    """One setting: the names it goes by on the command line, in the ini file and in a marker, if it does.

    ``metavar`` is how help calls its value; one that the command line can set is a flag without it.
    """

    def __init__(
        self,
        name: str,
        help: str,
        *,
        metavar: str | None = None,
        cli: bool = True,
        ini: bool = True,
        marker: tuple[str, ...] = (),
        repeatable: bool = False,
    ) -> None:
        self.name, self.help, self.metavar, self.marker, self.repeatable = name, help, metavar, marker, repeatable
        self.flag = f"--hubfiles-{name.replace('_', '-')}" if cli else None
        self.ini = f"hubfiles_{name}" if ini else None


SETTINGS: Final = (
    Setting(
        "record",
        "when to record: none, once, new_episodes, all, rewrite, refresh, verify; default none",
        metavar="MODE",
        marker=("record",),
    ),
    Setting(
        "version",
        "run tests that use the fixture for this API version (repeatable); default 2026-03",
        metavar="V",
        marker=("versions", "version"),
        repeatable=True,
    ),
    Setting("base_url", "where recording goes; default https://api.hubapi.com", metavar="URL"),
    Setting("cassettes", "cassette root; default: cassettes under rootdir", metavar="DIR"),
    Setting("schemas", "more schemas, searched before the shipped ones (repeatable)", metavar="DIR", repeatable=True),
    Setting("strict", "documentation to the letter: no known deviation is excused", marker=("strict",)),
    Setting(
        "fail_on",
        "fail from this severity on: breaking, warning, info, needed, never; default breaking",
        metavar="LEVEL",
    ),
    Setting("accept", "promote candidates in spite of findings", ini=False),
    Setting("candidates", "replay a candidate in place of its cassette where there is one", ini=False),
    Setting(
        "report",
        "write a report, PATH or - for stdout (repeatable); formats: json, markdown, html, sarif, github",
        metavar="FORMAT:PATH",
        ini=False,
        repeatable=True,
    ),
    Setting(
        "compare",
        "report what changes from version OLD to NEW, by their schemas and by all their cassettes",
        metavar="OLD:NEW",
        ini=False,
    ),
    Setting(
        "check",
        "judge the cassettes under the cassette root, or under the paths given: each is collected as a test",
        ini=False,
    ),
    Setting("min_judged", "fail a run that judged fewer exchanges", metavar="N"),
    Setting(
        "deviations",
        "a file of your own deviations; default: deviations.toml in the rootdir",
        metavar="FILE",
        cli=False,
    ),
    Setting("max_age", "cassettes older than this (30d, 12w) are stale", metavar="AGE", cli=False),
    Setting("max_cassette_mb", "refuse larger cassette files; default 64", cli=False),
    Setting(
        "max_identical_answers",
        "end a test that asks on after so many equal answers in a row, a tenth of it for errors; default 500",
        cli=False,
    ),
    Setting(
        "scrub",
        "more to scrub from recordings: names of fields, or regular expressions between slashes",
        cli=False,
        repeatable=True,
    ),
    Setting(
        "hosts",
        "more hosts that a recording may reach: files.example.com, *.example.com, 192.0.2.7:8080",
        cli=False,
        repeatable=True,
    ),
    Setting("keep_headers", "more headers that recordings keep", cli=False, repeatable=True),
    Setting(
        "rehearse",
        "see which tests break under which change: allowed, breaking, events, all, or OLD:NEW",
        metavar="FAMILY",
        ini=False,
    ),
    Setting(
        "rehearse_only",
        "rehearse only changes that match, * in either part, or a change by its name (repeatable)",
        metavar='"OPERATION PATH"',
        ini=False,
        repeatable=True,
    ),
    Setting("rehearse_budget", "stop rehearsing after so much time (90s, 10m)", metavar="TIME", ini=False),
    Setting("rehearsed", "a file of breaks that you accept", cli=False),
    Setting("needs", "a folder of what your tests need, as hubfiles needs writes it", metavar="DIR", cli=False),
    Setting(
        "change",
        'replay with a change of the API, as "import-status $.status enum-value-added", or with several (repeatable)',
        metavar="CHANGE",
        ini=False,
        marker=("change",),
        repeatable=True,
    ),
    Setting(
        "sleep",
        "in replays: real, or skip, where sleeps return at once and move the clocks on; default real",
        metavar="MODE",
    ),
    Setting("cassette", "a name for the cassette, which tests may share", cli=False, ini=False, marker=("cassette",)),
    Setting(
        "allow",
        'kinds of findings that this test expects, or "outage" to record one on purpose',
        cli=False,
        ini=False,
        marker=("allow",),
    ),
    Setting("judge", "False: replay without judging", cli=False, ini=False, marker=("judge",)),
)


MARKER_ARGUMENTS: Final = tuple(name for setting in SETTINGS for name in reversed(setting.marker))
