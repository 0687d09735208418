"""Every setting can be given where the documentation says, the command line wins, and a bad value is refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from helpers.alone import alone
from helpers.downstream import Downstream, polled, started, whole_import

from pytest_hubfiles.judge import shipped
from pytest_hubfiles.model.hubspot_api import CANONICAL_ORIGIN
from pytest_hubfiles.settings import values
from pytest_hubfiles.settings.precedence import NAMED
from pytest_hubfiles.settings.table import MARKER_ARGUMENTS
from pytest_hubfiles.settings.values import REPORT_FORMATS


@dataclass(frozen=True)
class Setting:
    """One setting and what a test sees of it under each of two values."""

    name: str
    shows: str  # an expression in a test that has the fixture
    values: tuple[str, str]
    sees: tuple[str, str]
    marker: str | None = None  # the argument's name
    literal: Callable[[str], str] = repr
    flag: bool = False  # no value on the command line: giving it is the first of *values*

    def cli(self, value: str) -> list[str]:
        """Return the arguments that give *value* on the command line."""
        flag = f"--hubfiles-{self.name.replace('_', '-')}"
        return [flag] if self.flag else [flag, value]


def boolean(value: str) -> str:
    return str(value == "true")


def both_in_a_list(value: str) -> str:
    return f"[{value!r}]"


REPLAY = "hubfiles.start_import(**BODY), hubfiles.import_status('AAAAEZ6whGI')"
SEVERITIES = f"({REPLAY}) and [f.severity.value for f in hubfiles.findings if f.path == '$.completedAt']"
SETTINGS = [
    Setting("record", f"({REPLAY}) and hubfiles.recording", ("new_episodes", "none"), ("True", "False"), "record"),
    Setting("version", "hubfiles.version", ("v3", "2025-09"), ("v3", "2025-09"), "version"),
    Setting("version", "hubfiles.version", ("v3", "2025-09"), ("v3", "2025-09"), "versions", both_in_a_list),
    Setting("strict", SEVERITIES, ("true", "false"), ("['breaking']", "['info']"), "strict", boolean, flag=True),
    Setting("base_url", f"({REPLAY}) and hubfiles.base_url", ("http://127.0.0.1:9/a", "https://b.example:1"),
            ("http://127.0.0.1:9/a", "https://b.example:1")),
    Setting("cassettes", "hubfiles.cassette.parts[-4]", ("one", "other"), ("one", "other")),
]  # fmt: skip
IDS = [f"{setting.name}-{setting.marker}" if setting.marker else setting.name for setting in SETTINGS]


def seen(downstream: Downstream, setting: Setting, **given: str) -> str:
    """Run a test with *setting* given as *given* says, by source; return what it saw."""
    marker = ""
    if "marker" in given:
        marker = f"@pytest.mark.hubfiles({setting.marker}={setting.literal(given['marker'])})"
    downstream.ini(f"hubfiles_{setting.name} = {given['ini']}" if "ini" in given else "")
    downstream.tests(f"{marker}\ndef test_import(hubfiles):\n    print('sees', {setting.shows})\n")
    result = downstream.run("-s", "--hubfiles-fail-on=never", *(setting.cli(given["cli"]) if "cli" in given else []))
    result.assert_outcomes(passed=1)
    return next(line.split("sees ", 1)[1] for line in result.outlines if "sees " in line)


@pytest.fixture
def waiting(downstream: Downstream) -> Downstream:
    """A project with a recording in which a known deviation is at work."""
    pending = polled("PENDING")
    waiting_task = json.loads(pending.response_body)
    del waiting_task["completedAt"]
    downstream.write([started(), replace(pending, response_body=json.dumps(waiting_task).encode())])
    return downstream


@pytest.mark.parametrize("setting", SETTINGS, ids=IDS)
def test_each_source_is_heard(waiting: Downstream, setting: Setting) -> None:
    """A setting is heard from the command line, from the ini file and, where it has an argument, from the marker."""
    for source in ("cli", "ini", *(("marker",) if setting.marker else ())):
        for value, sees in list(zip(setting.values, setting.sees, strict=True)):
            if not (setting.flag and source == "cli" and value == "false"):
                assert seen(waiting, setting, **{source: value}) == sees, source


@pytest.mark.parametrize("setting", SETTINGS, ids=IDS)
def test_command_line_before_marker_before_ini(waiting: Downstream, setting: Setting) -> None:
    """Where two sources contradict each other, the command line wins over the marker, and either over the ini file."""
    order = ["cli", "marker", "ini"] if setting.marker else ["cli", "ini"]
    for number, winner in enumerate(order):
        for loser in order[number + 1 :]:
            for one, other in ((0, 1), (1, 0)):
                if setting.flag and winner == "cli" and one == 1:
                    continue  # there is no --hubfiles-no-strict
                given = {winner: setting.values[one], loser: setting.values[other]}
                assert seen(waiting, setting, **given) == setting.sees[one], (winner, loser)


def test_the_nearest_marker_wins(downstream: Downstream) -> None:
    """A marker on the test wins over one on its class, which wins over the module's, argument by argument."""
    downstream.tests(
        "pytestmark = pytest.mark.hubfiles(version='v3', cassette='module')\n"
        "def test_module(hubfiles): print('sees', hubfiles.version, hubfiles.cassette.stem)\n"
        "@pytest.mark.hubfiles(version='2025-09')\n"
        "class TestClass:\n"
        "    def test_class(self, hubfiles): print('sees', hubfiles.version, hubfiles.cassette.stem)\n"
        "    @pytest.mark.hubfiles(cassette='own')\n"
        "    def test_own(self, hubfiles): print('sees', hubfiles.version, hubfiles.cassette.stem)\n"
    )

    result = downstream.run("-s")

    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(["*sees v3 module", "*sees 2025-09 module", "*sees 2025-09 own"])


# --- the settings that a test does not see ---


@pytest.mark.parametrize(
    ("level", "passes"),
    [("info", False), ("warning", False), ("breaking", True), ("never", True)],
)
@pytest.mark.parametrize("source", ["cli", "ini", "cli over ini"])
def test_fail_on(downstream: Downstream, level: str, passes: bool, source: str) -> None:
    """The level from which findings fail a test comes from the command line, else from the ini file."""
    downstream.tests()
    downstream.write([started({"url": "https://example.com/cat.png", "access": "PRIVATE"}), *whole_import()[1:]])
    downstream.tests(
        "def test_import(hubfiles):\n"
        "    hubfiles.start_import(url='https://example.com/cat.png', access='PRIVATE')\n"
        f"    hubfiles.wait('import-status', '{polled('PENDING').task_id}')\n"
    )
    if source != "cli":
        opposite = "info" if passes else "never"
        downstream.ini(f"hubfiles_fail_on = {opposite if source == 'cli over ini' else level}")

    result = downstream.run(*([] if source == "ini" else ["--hubfiles-fail-on", level]))

    result.assert_outcomes(passed=int(passes), failed=int(not passes))
    result.stdout.fnmatch_lines(["warning * request-violation: the request's $.* is required and absent"])


@pytest.mark.parametrize("source", ["cli", "ini", "cli over ini"])
def test_min_judged(downstream: Downstream, source: str) -> None:
    """A run that judged fewer exchanges than asked for fails and says so; one that judged as many does not."""
    downstream.tests()
    downstream.write(whole_import())
    for least, code in ((4, pytest.ExitCode.OK), (5, pytest.ExitCode.TESTS_FAILED)):
        other = 9 - least
        downstream.ini("" if source == "cli" else f"hubfiles_min_judged = {least if source == 'ini' else other}")

        result = downstream.run(*([] if source == "ini" else ["--hubfiles-min-judged", str(least)]))

        assert result.ret == code
        result.assert_outcomes(passed=1)
        if code:
            result.stdout.fnmatch_lines(["judged 4 exchanges where --hubfiles-min-judged asks for 5"])


@pytest.fixture
def own_schemas(downstream: Downstream) -> Path:
    """A folder ``own`` in the project with an operation of a version that the package does not have."""
    folder = downstream.path / "own"
    import_start = shipped.shipped_schemas() / "2026-03" / "import-start.json"
    text = import_start.read_text(encoding="utf-8").replace("2026-03", "2031-01")
    (folder / "2031-01").mkdir(parents=True)
    (folder / "2031-01" / "import-start.json").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("source", ["cli", "ini"])
def test_schemas(downstream: Downstream, own_schemas: Path, source: str) -> None:
    """A folder of schemas given on the command line or in the ini file adds its versions to the shipped ones."""
    downstream.ini("hubfiles_schemas = own" if source == "ini" else "")
    downstream.tests("def test_import(hubfiles): print('sees', hubfiles.version)")
    given = ["--hubfiles-schemas", "own"] if source == "cli" else []

    result = downstream.run("-s", *given, "--hubfiles-version", "2031-01", "--hubfiles-version", "v3")

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*sees 2031-01", "*sees v3"])


DEVIATION = """
[[deviation]]
path = "$.result.size"
keyword = "type"
reason = "Sizes come as text."
source = "our own eyes"
"""


def test_deviations(downstream: Downstream) -> None:
    """A deviation in the file that the ini file names excuses a finding, and the reason is reported."""
    downstream.tests()
    result_with_text = {**whole_import()[3].json["result"], "size": "24574"}
    downstream.write([started(), polled("COMPLETE", change={"result": result_with_text})])
    downstream.run().assert_outcomes(failed=1)
    (downstream.path / "known.toml").write_text(DEVIATION, encoding="utf-8")
    downstream.ini("hubfiles_deviations = known.toml")

    result = downstream.run()

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["info *$.result.size*schema-violation: * (known: Sizes come as text.)"])


@pytest.mark.parametrize(("age", "stale"), [("1d", True), ("9999w", False)])
def test_max_age(downstream: Downstream, age: str, stale: bool) -> None:
    """A cassette older than the age in the ini file is stale: a warning that says how old it is."""
    downstream.tests()
    downstream.write([started(date="Mon, 05 Oct 2020 09:14:05 GMT"), *whole_import()[1:]])
    downstream.ini(f"hubfiles_max_age = {age}")

    result = downstream.run()

    result.assert_outcomes(passed=1)
    said = "recorded * days ago (2020-10-05), which is more than the 1 day of hubfiles_max_age; record it again"
    line = f"warning *cassette-stale: {said}"
    if stale:
        result.stdout.fnmatch_lines([line])
    else:
        result.stdout.no_fnmatch_line("*cassette-stale*")


@pytest.mark.parametrize(("megabytes", "passes"), [("0.0001", False), ("1", True)])
def test_max_cassette_mb(downstream: Downstream, megabytes: str, passes: bool) -> None:
    """A cassette larger than the ini file lets pass is refused, with its size and the setting."""
    downstream.tests()
    downstream.write(whole_import())
    downstream.ini(f"hubfiles_max_cassette_mb = {megabytes}")

    result = downstream.run()

    result.assert_outcomes(passed=int(passes), failed=int(not passes))
    if not passes:
        result.stdout.fnmatch_lines(["*cassette-unreadable: * MB, more than hubfiles_max_cassette_mb = 0.0001 lets*"])


def test_accept_is_an_option_of_the_command_line_alone(downstream: Downstream) -> None:
    """Nothing in a repository can waive findings for good: there is no ini setting and no argument for it."""
    assert NAMED["accept"].ini is None
    assert "accept" not in MARKER_ARGUMENTS
    downstream.ini("hubfiles_accept = true")
    assert downstream.run("--strict-config").ret == pytest.ExitCode.USAGE_ERROR


def test_every_option_is_in_the_help(downstream: Downstream) -> None:
    """``pytest --help`` shows each option and each ini setting with its meaning."""
    text = downstream.run("--help").stdout.str()

    for setting in NAMED.values():
        assert setting.flag is None or setting.flag in text
        assert setting.ini is None or f"{setting.ini} (" in text


def test_the_help_says_what_there_is() -> None:
    """What the help says before anything is imported is what the modules say that are imported then."""
    assert f"record: {', '.join(mode.value for mode in values.RecordMode)};" in NAMED["record"].help
    assert NAMED["report"].help.endswith(f"formats: {', '.join(values.REPORT_FORMATS)}")
    assert NAMED["base_url"].help.endswith(f"default {CANONICAL_ORIGIN}")
    assert values.OPTIONS.keys() == NAMED.keys()


def test_what_may_be_given_several_times_is_read_so() -> None:
    """The command line and the ini file gather the values of those settings of which several are read."""
    several = {name for name, option in values.OPTIONS.items() if isinstance(option.default, tuple)}

    assert several == {name for name, setting in NAMED.items() if setting.repeatable}


# --- the network is forbidden ---


@pytest.mark.parametrize("mode", [mode.value for mode in values.RecordMode])
def test_none_on_the_command_line_forbids_the_network(downstream: Downstream, mode: str) -> None:
    """``--hubfiles-record none`` keeps every request in, whatever a marker or the ini file asks for."""
    downstream.ini(f"hubfiles_record = {mode}")
    downstream.tests(f"@pytest.mark.hubfiles(record={mode!r})\n{TEST}")

    result = downstream.run_live("--hubfiles-record=none")

    result.assert_outcomes(failed=1)
    assert downstream.asked() == 0
    assert downstream.yaml_files() == []


TEST = "def test_import(hubfiles):\n    import_a_file(hubfiles)\n"


# --- bad values ---

LISTED = {
    "record": ("sometimes", "choose from none, once, new_episodes, all, rewrite, refresh, verify"),
    "version": ("2026-3", "a version is written as in a path: v3, 2026-03 or 2026-09-beta"),
    "base_url": ("ftp://api.hubapi.com", "give an http or https address without user and query, such as https://*"),
    "fail_on": ("serious", "choose from info, warning, breaking, needed, never"),
    "min_judged": ("-1", "give a whole number, 0 or more"),
    "strict": ("maybe", "choose from true, false"),
    "max_age": ("30", "give a number of days or weeks, such as 30d or 12w"),
    "hosts": ("https://files.example.com", "give the name of a host, such as files.example.com, *"),
    "max_cassette_mb": ("0", "give a number of megabytes above 0"),
    "max_identical_answers": ("0", "give a whole number above 0"),
    "report": (
        "pdf:x.pdf",
        f"give FORMAT:PATH with a format from {', '.join(REPORT_FORMATS)} and a path or - for stdout",
    ),
}


def test_a_bad_file_of_deviations_is_a_bad_setting(downstream: Downstream) -> None:
    """A mistake in deviations.toml is told before any test runs, though no setting names the file."""
    downstream.tests()
    (downstream.path / "deviations.toml").write_text('[[deviation]]\npath = "$.x"\nkind = "field-added"\n')

    result = downstream.run()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["The deviations file *deviations.toml cannot be used: entry 1: reason and source must *"]
    )
    assert "itself failed" not in result.stdout.str()


def test_an_address_with_a_password_is_refused_without_telling_it(downstream: Downstream) -> None:
    """A base URL must not carry a credential, and the error that says so must not either."""
    downstream.tests()

    result = downstream.run("--hubfiles-base-url=https://user:a-secret-word@example.com/api")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --hubfiles-base-url: 'https://…@example.com/api' is not possible; give *"])
    assert "a-secret-word" not in result.stderr.str() + result.stdout.str()


def test_two_reports_in_one_place_are_refused(downstream: Downstream) -> None:
    """Two reports of one path would be one: that ends the run before it starts, with the path."""
    downstream.tests()

    result = downstream.run("--hubfiles-report=json:here", "--hubfiles-report=markdown:./here")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: --hubfiles-report: '*/here' is not possible; two reports would be written *"])


ON_THE_COMMAND_LINE = ("record", "version", "base_url", "fail_on", "min_judged", "report")


@pytest.mark.parametrize("name", ON_THE_COMMAND_LINE)
def test_a_bad_value_on_the_command_line(downstream: Downstream, name: str) -> None:
    """A bad value on the command line ends the run before it starts, quoted, with the good ones."""
    downstream.tests()
    bad, good = LISTED[name]
    flag = NAMED[name].flag

    result = downstream.run(f"{flag}={bad}")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {flag}: '{bad}' is not possible; {good}*"])


@pytest.mark.parametrize("name", [name for name in LISTED if name != "report"])
def test_a_bad_value_in_the_ini_file(downstream: Downstream, name: str) -> None:
    """A bad value in the ini file ends the run before it starts, quoted, with the good ones."""
    downstream.tests()
    bad, good = LISTED[name]
    downstream.ini(f"hubfiles_{name} = {bad}")

    result = downstream.run()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: ini hubfiles_{name}: '{bad}' is not possible; {good}"])


@pytest.mark.parametrize("bad", ["v4", "2031-01"])
@pytest.mark.parametrize("source", ["cli", "ini"])
def test_a_version_that_no_contract_describes(downstream: Downstream, bad: str, source: str) -> None:
    """A version without schemas ends the run before it starts, with the versions that have some."""
    downstream.tests()
    downstream.ini(f"hubfiles_version = {bad}" if source == "ini" else "")

    result = downstream.run(*([f"--hubfiles-version={bad}"] if source == "cli" else []))

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"ERROR: *hubfiles*version: '{bad}' is not possible; there are contracts for v3, 2025-09, 2026-03, *"]
    )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "hubfiles_schemas = nowhere",
            "*schema file *nowhere cannot be used: there is no such folder, which an option or *",
        ),
        ("hubfiles_schemas = empty", "*schema file *empty cannot be used: it holds no <version>/<operation>.json"),
        ("hubfiles_deviations = nowhere.toml", "*deviations file *nowhere.toml cannot be used: No such file*"),
        ("hubfiles_deviations = bad.toml", "*deviations file *bad.toml cannot be used: entry 1: * must be given"),
    ],
)
def test_a_bad_file(downstream: Downstream, line: str, said: str) -> None:
    """A schema folder or a deviations file that cannot be used ends the run before it starts, with its name."""
    downstream.tests()
    (downstream.path / "empty").mkdir()
    (downstream.path / "bad.toml").write_text("[[deviation]]\npath = '$'\n", encoding="utf-8")
    downstream.ini(line)

    result = downstream.run()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {said}"])


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("record='sometimes'", "*record=…): 'sometimes' is not possible; choose from none, once, *"),
        ("record=1", "*record=…): 1 is not possible; choose from none, once, *"),
        ("version='2026-3'", "*version=…): '2026-3' is not possible; a version is written as in a path: v3, *"),
        ("version=3", "*version=…): 3 is not possible; a version is written as in a path: v3, *"),
        ("version='v4'", "*version=…): 'v4' is not possible; there are contracts for v3, 2025-09, *"),
        ("versions=['v3', 'v4']", "*versions=…): 'v4' is not possible; there are contracts for v3, 2025-09, *"),
        ("versions=[]", "*versions=…): [[][]] is not possible; give at least one"),
        ("cassette=''", "*cassette=…): '' is not possible; give the name of a cassette, without a suffix"),
        ("cassette=7", "*cassette=…): 7 is not possible; give the name of a cassette, without a suffix"),
        ("strict='maybe'", "*strict=…): 'maybe' is not possible; choose from true, false"),
        ("judge='maybe'", "*judge=…): 'maybe' is not possible; choose from true, false"),
        ("allow=['everything']", "*allow=…): [[]'everything'] is not possible; choose from *type-changed*outage"),
        ("allow=7", "*allow=…): 7 is not possible; give a list of kinds"),
    ],
)
def test_a_bad_value_in_a_marker(downstream: Downstream, argument: str, said: str) -> None:
    """A bad value in a marker is an error of that test, quoted, with the good ones, and no other test's."""
    downstream.tests(f"@pytest.mark.hubfiles({argument})\ndef test_import(hubfiles): pass\ndef test_other(): pass")

    result = downstream.run("--continue-on-collection-errors")

    assert result.parseoutcomes()["errors"] == 1
    assert result.ret != 0
    result.stdout.fnmatch_lines([f"*pytest.mark.hubfiles({said}"])


@pytest.mark.parametrize(
    ("arguments", "quoted"),
    [
        ("recrod='once'", "'recrod'"),
        ("'v3'", "positional arguments such as 'v3'"),
        ("record='once', x=1", "'x'"),
        ("version='v3', versions=['2026-03']", "versions= and version= together"),
    ],
)
def test_an_argument_that_a_marker_does_not_take(downstream: Downstream, arguments: str, quoted: str) -> None:
    """An argument that the marker does not take is an error that quotes it and names those it takes."""
    downstream.tests(f"@pytest.mark.hubfiles({arguments})\n{TEST}")

    result = downstream.run()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [f"*@pytest.mark.hubfiles does not take {quoted}; it takes record=, version=, versions=, strict=, *judge="]
    )


# --- relative paths ---


def test_relative_paths_on_the_command_line(
    downstream: Downstream, own_schemas: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative path on the command line starts at the caller's folder, whatever the project's root."""
    downstream.ini()
    test = downstream.tests("def test_import(hubfiles): print('sees', hubfiles.version, hubfiles.cassette)")
    below = downstream.path / "below"
    below.mkdir()
    shutil.move(own_schemas, below / "own")
    monkeypatch.chdir(below)

    result = downstream.run(
        "-s", "--hubfiles-schemas=own", "--hubfiles-version=2031-01", "--hubfiles-cassettes=tapes",
        "--hubfiles-report=json:out/report.json", str(test),
    )  # fmt: skip

    result.assert_outcomes(passed=1)
    tape = below / "tapes" / "2031-01" / "test_files" / "test_import.yaml"
    result.stdout.fnmatch_lines([f"*sees 2031-01 {tape}"])
    assert (below / "out" / "report.json").is_file()


def test_relative_paths_in_the_ini_file(
    downstream: Downstream, own_schemas: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative path in the ini file starts at the ini file, wherever pytest is called."""
    (downstream.path / "known.toml").write_text(DEVIATION, encoding="utf-8")
    downstream.ini(
        "hubfiles_schemas = own",
        "hubfiles_version = 2031-01",
        "hubfiles_cassettes = tapes",
        "hubfiles_deviations = known.toml",
    )
    downstream.tests(
        "def test_import(hubfiles): print('sees', hubfiles.version, hubfiles.cassette)", "tests/test_files"
    )
    monkeypatch.chdir(downstream.path / "tests")

    result = downstream.run("-s")

    result.assert_outcomes(passed=1)
    tape = downstream.path / "tapes" / "2031-01" / "tests" / "test_files" / "test_import.yaml"
    result.stdout.fnmatch_lines([f"*sees 2031-01 {tape}"])


def test_without_a_setting_cassettes_lie_under_rootdir(downstream: Downstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default cassette root is the folder cassettes of the project's root, wherever pytest is called."""
    downstream.ini()
    downstream.tests("def test_import(hubfiles): print('sees', hubfiles.cassette)", "tests/test_files")
    monkeypatch.chdir(downstream.path / "tests")

    result = downstream.run("-s")

    tape = downstream.path / "cassettes" / "2026-03" / "tests" / "test_files" / "test_import.yaml"
    result.stdout.fnmatch_lines([f"*sees {tape}"])


def test_an_empty_ini_value_is_none(downstream: Downstream) -> None:
    """A setting left empty in the ini file counts as not set."""
    downstream.ini(*(f"{setting.ini} =" for setting in NAMED.values() if setting.ini))
    downstream.tests("def test_import(hubfiles): print('sees', hubfiles.version, hubfiles.base_url)")

    result = downstream.run("-s")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*sees 2026-03 https://api.hubapi.com"])


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--hubfiles-base-url=localhost:80"], "it lacks the scheme; give http://localhost:80 or https://localhost:80"),
        (["--hubfiles-base-url=http://127.0.0.1:99999"], "'http://127.0.0.1:99999' is not possible; give an http"),
        (["--hubfiles-cassettes=test_files.py"], "it is a file; give a folder"),
    ],
    ids=["scheme", "port", "root"],
)
def test_a_place_that_cannot_be(downstream: Downstream, args: list[str], said: str) -> None:
    """A port that does not exist, or a file as the cassette root, ends the run before it starts."""
    downstream.tests(TEST)

    result = downstream.run(*args)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: *{said}*"])


def test_cassettes_may_lie_on_another_drive(
    downstream: Downstream, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no path leads from rootdir to a cassette, as on another drive of Windows, messages name it as it is."""
    elsewhere = tmp_path_factory.mktemp("drive")
    relpath = os.path.relpath

    def within_a_drive(path: str, start: str = os.curdir) -> str:
        if str(elsewhere) in str(path):
            raise ValueError("path is on mount 'D:', start on mount 'C:'")
        return relpath(path, start)

    monkeypatch.setattr(os.path, "relpath", within_a_drive)
    downstream.tests()
    result = downstream.run_live("--hubfiles-record=once", f"--hubfiles-cassettes={elsewhere}")
    assert result.ret == 0, result.stdout.str()
    result.stdout.fnmatch_lines([f"recorded: {elsewhere}/2026-03/test_files/test_import.yaml"])


@pytest.mark.parametrize("more", ["", "hubfiles_record = none"], ids=["alone", "beside another"])
def test_a_name_that_is_no_setting(downstream: Downstream, more: str) -> None:
    """A slip in the name of a setting would leave a gate weaker without a word: it is refused, the nearest named."""
    downstream.tests()
    downstream.write(whole_import())
    downstream.ini("hubfiles_fail_onn = warning", more)

    result = downstream.run("-W", "ignore::pytest.PytestConfigWarning")

    assert result.ret != 0
    said = result.stdout.str() + result.stderr.str()
    assert "pytest.ini sets hubfiles_fail_onn, which is no setting; did you mean hubfiles_fail_on?" in said


def test_a_setting_of_the_suites_own(downstream: Downstream) -> None:
    """A conftest may read a setting whose name begins as ours do."""
    downstream.tests()
    downstream.write(whole_import())
    downstream.ini("hubfiles_portal = 1234567")
    (downstream.path / "conftest.py").write_text("def pytest_addoption(parser): parser.addini('hubfiles_portal', '')")

    downstream.run().assert_outcomes(passed=1)


def test_a_folder_elsewhere_that_pytest_takes_for_tests(tmp_path: Path) -> None:
    """Beside its option such a folder moves pytest's rootdir; joined to it, or within the project, it does not."""
    project, shared = tmp_path / "project", tmp_path / "shared"
    (project / "cassettes").mkdir(parents=True)
    shared.mkdir()
    (project / "pytest.ini").write_text("[pytest]\n", "utf-8")
    (project / "test_one.py").write_text("def test_one():\n    pass\n", "utf-8")

    def run(*args: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pytest", *args]
        return subprocess.run(command, cwd=project, env=alone(), capture_output=True, text=True, check=False)

    refused = run("--hubfiles-cassettes", "../shared")
    assert refused.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"makes {tmp_path} its rootdir: join it, --hubfiles-cassettes=../shared" in refused.stderr
    for args in (["--hubfiles-cassettes=../shared"], ["--hubfiles-cassettes", "cassettes"]):
        assert run(*args).returncode == pytest.ExitCode.OK
