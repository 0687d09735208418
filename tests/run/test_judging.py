"""How a test is judged: what fails it, when, with which words, and what it can say to that."""

from __future__ import annotations

import pytest
from helpers.downstream import DOCUMENTED, Downstream, polled, started, whole_import

from pytest_hubfiles.judge import schema_files
from pytest_hubfiles.run.rules import Rules

SIZE_AND_TIME = {"completedAt": 1759655643393, "result": {**whole_import()[3].json["result"], "size": "24574"}}
TWO_FAULTS = [started(), polled("COMPLETE", change=SIZE_AND_TIME)]
UNDOCUMENTED = {"url": "https://example.com/cat.png", "access": "PRIVATE"}
TEST = "def test_import(hubfiles):\n    import_a_file(hubfiles)\n"
SIZE = 'breaking *$.result.size *schema-violation: is string ("24574"), documented as integer'
TOLD_SIZE = 'schema-violation $.result.size is string ("24574"), documented as integer'
TOLD_TIME = "schema-violation $.completedAt is integer (1759655643393), documented as string"
TIME = "breaking *$.completedAt *schema-violation: is integer (1759655643393), documented as string"


@pytest.fixture
def faulty(downstream: Downstream) -> Downstream:
    """A project with a recording in which two things are against the contract."""
    downstream.tests(TEST)
    downstream.write(TWO_FAULTS)
    return downstream


def test_a_test_fails_once_with_everything_found(faulty: Downstream) -> None:
    """A test whose own code passed fails in its call phase, one time, with every finding and where the cassette is."""
    result = faulty.run("-rA")

    result.assert_outcomes(failed=1, passed=0, errors=0)
    result.stdout.fnmatch_lines(
        [
            TOLD_TIME,
            TOLD_SIZE,
            "cassette: cassettes/2026-03/test_files/test_import.yaml",
            TIME,
            SIZE,
            "FAILED test_files.py::test_import - schema-violation $.completedAt is *",
        ]
    )
    result.stdout.no_fnmatch_line("*plugin.py*")


def test_the_failure_is_in_the_call_phase(faulty: Downstream) -> None:
    """Whoever reads reports finds the failure in the call phase, as of any other test."""
    faulty.pytester.makeconftest("def pytest_runtest_logreport(report): print('phase', report.when, report.outcome)\n")

    faulty.run("-s").stdout.fnmatch_lines(["*phase setup passed", "*phase call failed", "*phase teardown passed"])


def test_the_error_of_a_test_stays(faulty: Downstream) -> None:
    """A test that fails by itself shows its own error first, and what was found in a section below."""
    faulty.tests(f"{TEST}    assert 1 == 2, 'my own'\n")

    result = faulty.run()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E *AssertionError: my own",
            "*- hubfiles -*",
            TOLD_TIME,
            TOLD_SIZE,
            "FAILED *AssertionError*",
        ]
    )


def test_a_good_test_says_nothing(downstream: Downstream) -> None:
    """A test in which nothing was found adds nothing to what pytest shows of it."""
    downstream.tests(f"{TEST}    assert 0\n")
    downstream.write(whole_import())

    result = downstream.run()

    result.stdout.no_fnmatch_line("*- hubfiles -*")
    result.stdout.fnmatch_lines(["findings: 1 *", "*  2026-03  $  version-ends: *"])


# --- from where on ---


@pytest.mark.parametrize(
    ("level", "body", "failing"),
    [
        ("never", DOCUMENTED, 0),
        ("breaking", DOCUMENTED, 2),
        ("breaking", UNDOCUMENTED, 2),
        ("warning", UNDOCUMENTED, 5),
        ("info", UNDOCUMENTED, 6),
    ],
)
def test_the_level_from_which_findings_fail(
    downstream: Downstream, level: str, body: dict[str, object], failing: int
) -> None:
    """What is below fail_on is reported and does not fail; what is at or above it does."""
    downstream.tests(
        "def test_import(hubfiles):\n"
        f"    hubfiles.start_import(**{body!r})\n"
        "    hubfiles.import_status('AAAAEZ6whGI')\n"
    )
    downstream.write([started(body), polled("COMPLETE", change={**SIZE_AND_TIME, "sparkle": 1})])

    result = downstream.run(f"--hubfiles-fail-on={level}")

    result.assert_outcomes(passed=int(not failing), failed=int(bool(failing)))
    assert result.stdout.str().count(", fingerprint ") == failing
    result.stdout.fnmatch_lines(["findings: 2 breaking*", TIME, SIZE, "info *$.sparkle *undocumented-field: *"])


# --- what a test can say to that ---

WAITING = {"completedAt": None}


@pytest.fixture
def deviating(downstream: Downstream) -> Downstream:
    """A project with a recording of what HubSpot is known to send in spite of its documentation."""
    downstream.tests()
    downstream.record()
    downstream.tests(TEST)
    return downstream


@pytest.mark.parametrize(
    ("args", "marker"),
    [
        pytest.param(["--hubfiles-strict"], "", id="command line"),
        pytest.param(["-o", "hubfiles_strict=true"], "", id="ini"),
        pytest.param([], "@pytest.mark.hubfiles(strict=True)\n", id="marker"),
    ],
)
def test_strict_takes_the_documentation_to_the_letter(deviating: Downstream, args: list[str], marker: str) -> None:
    """A known deviation is info with its reason; in strict mode it is what the schema makes of it."""
    known = deviating.run()
    deviating.tests(f"{marker}{TEST}")

    strict = deviating.run(*args)

    known.assert_outcomes(passed=1)
    known.stdout.fnmatch_lines(["info *PENDING  $.startedAt *schema-violation: * (known: A task that waits has no *)"])
    strict.assert_outcomes(failed=1)
    strict.stdout.fnmatch_lines(["breaking *PENDING  $.startedAt *schema-violation: is required and absent"])
    strict.stdout.no_fnmatch_line("*(known: *")


DEVIATION = """
[[deviation]]
path = "$.result.size"
keyword = "type"
reason = "Sizes come as text."
source = "our own eyes"
{more}

[[deviation]]
path = "$.completedAt"
keyword = "type"
reason = "Times come as numbers."
source = "our own eyes"
"""


@pytest.mark.parametrize(
    ("more", "args", "passes", "lines"),
    [
        pytest.param("", [], True, ["info *size* (known: Sizes come as text.)"], id="known"),
        pytest.param("until = 2099-12-31", [], True, ["info *size* (known: Sizes come as text.)"], id="still known"),
        pytest.param("until = 2020-12-31", [], False, ["breaking *size*(a deviation*ran out on 2020-12-31)"], id="out"),
        pytest.param("version = 'v3'", [], False, [SIZE], id="of another version"),
        pytest.param("state = 'COMPLETE'", [], True, ["info *size* (known: *"], id="of this state"),
        pytest.param("", ["--hubfiles-strict"], False, [SIZE, TIME], id="strict"),
    ],
)
def test_a_suites_own_deviations(
    faulty: Downstream, more: str, args: list[str], passes: bool, lines: list[str]
) -> None:
    """The file that ini hubfiles_deviations names excuses findings, with the reason, until its date."""
    (faulty.path / "known.toml").write_text(DEVIATION.format(more=more), encoding="utf-8")
    faulty.ini("hubfiles_deviations = known.toml")

    result = faulty.run(*args)

    result.assert_outcomes(passed=int(passes), failed=int(not passes))
    for line in lines:
        result.stdout.fnmatch_lines([line])


@pytest.mark.parametrize(
    ("allow", "passes"),
    [
        ("['schema-violation']", True),
        ("'schema-violation'", True),
        ("['type-changed', 'outage']", False),
        ("[]", False),
    ],
)
def test_a_test_allows_a_kind(faulty: Downstream, allow: str, passes: bool) -> None:
    """A kind of finding that a test's marker allows is info and says so; others fail as before."""
    faulty.tests(f"@pytest.mark.hubfiles(allow={allow})\n{TEST}")

    result = faulty.run()

    result.assert_outcomes(passed=int(passes), failed=int(not passes))
    if passes:
        result.stdout.fnmatch_lines(["info *schema-violation: * (known: allowed by the test's marker)"])


def test_a_test_that_is_not_to_be_judged(faulty: Downstream) -> None:
    """judge=False records and replays without judging, and the summary says what was not judged."""
    faulty.tests(f"@pytest.mark.hubfiles(judge=False)\n{TEST}")

    result = faulty.run()

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            "judged 0 of 2 exchanges in 1 cassette",
            "not judged: https://* (judging is off for the test) 1",
            "findings: 1 *",
            "*  2026-03  $  version-ends: *",
        ]
    )


def test_what_is_not_judged_still_has_to_replay(faulty: Downstream) -> None:
    """judge=False does not excuse a request without an answer."""
    faulty.tests("@pytest.mark.hubfiles(judge=False)\ndef test_import(hubfiles): hubfiles.import_status('another')")

    faulty.run().assert_outcomes(failed=1)


# --- what a test sees ---


def test_what_a_test_sees_of_its_exchanges(faulty: Downstream) -> None:
    """hubfiles.exchanges grows with each request; an exchange has all that a test may want to assert on."""
    faulty.tests(
        "def test_import(hubfiles):\n"
        "    assert hubfiles.exchanges == () and hubfiles.findings == ()\n"
        "    start = hubfiles.start_import(**BODY)\n"
        "    assert hubfiles.exchanges == (start,)\n"
        "    assert (start.operation, start.version, start.method) == ('import-start', '2026-03', 'POST')\n"
        "    assert start.url == 'https://api.hubapi.com/files/2026-03/files/import-from-url/async'\n"
        "    assert (start.status_code, start.task_status) == (202, None)\n"
        "    assert start.headers['CONTENT-TYPE'] == 'application/json'\n"
        '    assert start.body == b\'{"id": "AAAAEZ6whGI"}\'\n'
        "    assert start.json == {'id': 'AAAAEZ6whGI'} and start.json is start.json\n"
        "    assert hubfiles.findings == ()\n"
        "    done = hubfiles.wait('import-status', 'AAAAEZ6whGI')\n"
        "    assert hubfiles.exchanges == (start, done)\n"
        "    assert done.task_status == 'COMPLETE'\n"
        "    assert sorted(f.path for f in hubfiles.findings) == ['$.completedAt', '$.result.size']\n"
        "    first = hubfiles.findings[0]\n"
        "    assert (first.kind.value, first.severity.value) == ('schema-violation', 'breaking')\n"
        "    assert first.test == 'test_files.py::test_import'\n"
        "    assert first.cassette == 'cassettes/2026-03/test_files/test_import.yaml'\n"
        "    assert hubfiles.recording is False\n"
        "    assert hubfiles.version == '2026-03'\n"
        "    assert hubfiles.base_url == 'https://api.hubapi.com'\n"
        "    assert hubfiles.cassette.is_file()\n"
    )

    result = faulty.run()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([TOLD_TIME, TOLD_SIZE])


def test_what_a_test_sees_while_recording(downstream: Downstream) -> None:
    """While recording, a test sees what the cassette will hold: HubSpot's address, and no credential."""
    downstream.tests(
        "def test_import(hubfiles):\n"
        "    assert hubfiles.recording is True\n"
        "    assert hubfiles.base_url.startswith('http://127.0.0.1:')\n"
        "    start = hubfiles.start_import(**BODY)\n"
        "    assert start.url == 'https://api.hubapi.com/files/2026-03/files/import-from-url/async'\n"
        "    folder = hubfiles.start_folder_update(id='122692510820', name='pets')\n"
        "    done = hubfiles.wait('folder-update-status', folder.json['id'], interval=0)\n"
        "    assert hubfiles.folder_update_status(folder.json['id']).json['result']['name'] == 'pets'\n"
        "    assert 'a-token-for-tests' not in repr([vars(e.interaction) for e in hubfiles.exchanges])\n"
    )

    downstream.record()
    assert {request.headers["authorization"] for request in downstream.sandbox.requests} == {"Bearer a-token-for-tests"}
    downstream.sandbox.close()
    downstream.tests(
        "def test_import(hubfiles):\n"
        "    hubfiles.start_import(**BODY)\n"
        "    folder = hubfiles.start_folder_update(id='122692510820', name='pets')\n"
        "    assert hubfiles.wait('folder-update-status', folder.json['id']).json['result']['name'] == 'pets'\n"
    )
    downstream.run().assert_outcomes(passed=1)


def test_an_illegal_transition(downstream: Downstream) -> None:
    """A task that goes back to an earlier state is a warning."""
    downstream.tests("def test_import(hubfiles):\n    for _ in range(2): hubfiles.import_status('AAAAEZ6whGI')\n")
    downstream.write([polled("PROCESSING"), polled("PENDING")])

    result = downstream.run()

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["warning *PENDING *$.status *illegal-transition: the task went from PROCESSING to *"])


def test_what_goes_wrong_in_a_fixture(faulty: Downstream) -> None:
    """A fixture may use hubfiles; what it found is judged with the test, and shown where the fixture fails."""
    faulty.tests(
        "@pytest.fixture\ndef imported(hubfiles):\n    return import_a_file(hubfiles)\n"
        "@pytest.fixture\ndef broken(imported):\n    raise OSError('my own')\n"
        "def test_import(imported): pass\n"
        "@pytest.mark.hubfiles(cassette='test_files/test_import')\ndef test_broken(broken): pass\n"
    )

    result = faulty.run()

    result.assert_outcomes(failed=1, errors=1)
    result.stdout.fnmatch_lines(
        ["*ERROR at setup of test_broken*", "E *OSError: my own", "*- hubfiles -*", TOLD_TIME, TOLD_SIZE]
    )
    result.stdout.fnmatch_lines(["*_ test_import _*", TOLD_TIME, TOLD_SIZE])


@pytest.mark.parametrize(
    ("returned", "said"),
    [("{'record_mode': 'all'}", "*hubfiles_vcr_config returned *'record_mode'; it can set *filter_headers*"),
     ("[]", "*hubfiles_vcr_config returned a list, not a dict*")],
)  # fmt: skip
def test_a_vcr_configuration_that_is_none(faulty: Downstream, returned: str, said: str) -> None:
    """A suite's vcrpy configuration can set what it may, and an error names what that is."""
    faulty.tests(f"@pytest.fixture\ndef hubfiles_vcr_config(): return {returned}\n{TEST}")

    result = faulty.run()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([said])


def test_the_stand_in_is_a_fixture(downstream: Downstream) -> None:
    """hubfiles_sandbox is a server of the test's own, which any client reaches."""
    downstream.tests(
        "import json, urllib.request, urllib.error\n"
        "def test_sandbox(hubfiles_sandbox):\n"
        "    hubfiles_sandbox.switch('rate-limit')\n"
        "    url = hubfiles_sandbox.url + '/files/v3/files/import-from-url/async/tasks/x/status'\n"
        "    with pytest.raises(urllib.error.HTTPError) as caught:\n"
        "        urllib.request.urlopen(url)\n"
        "    assert caught.value.code == 429\n"
        "    caught.value.close()\n"
        "    assert len(hubfiles_sandbox.requests) == 1\n"
    )

    result = downstream.run()

    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*= hubfiles =*")


def test_a_deviation_past_its_last_day_is_reported(downstream: Downstream) -> None:
    """An entry that has run out is reported at the end of the run, though nothing would match it."""
    downstream.tests()
    downstream.write(whole_import())
    downstream.ini("hubfiles_deviations = own.toml")
    (downstream.path / "own.toml").write_text(
        '[[deviation]]\npath = "$.nothere"\nkeyword = "required"\nreason = "A ticket."\nsource = "us"\n'
        "until = 2020-01-01\n",
        encoding="utf-8",
    )

    result = downstream.run()

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["a deviation has run out: $.nothere, on 2020-01-01 (A ticket.); give its entry a later until, or delete it"]
    )


# --- what is held of what was judged ---


def test_what_is_let_go_is_judged_alike() -> None:
    """Exchanges that give up their parsed bodies are judged as others are, and parse them again for who asks."""
    contracts = schema_files.load()
    exchanges = [contracts.identify(interaction) for interaction in [*whole_import(), *TWO_FAULTS]]
    bodies, states = [e.json for e in exchanges], [e.task_status for e in exchanges]
    held = Rules(contracts).check(exchanges)
    assert len(held) == 2

    found = Rules(contracts).check(exchanges, lets_go=True)

    assert found == held
    assert [e.task_status for e in exchanges] == states
    assert all(e.json == body and e.json is not body for e, body in zip(exchanges, bodies, strict=True))
