"""Replay: everything is answered from the cassette, nothing leaves, and what cannot be answered is reported."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from helpers.downstream import DOCUMENTED, START, STATUS, TASK, Downstream, interaction, polled, started, whole_import
from helpers.slow import ALONE_OR_WORKERS, params

from pytest_hubfiles.model.hubspot_api import CANONICAL_ORIGIN as ORIGIN

POLLING = """
def poll(hubfiles):
    return hubfiles.import_status("AAAAEZ6whGI").task_status
"""


_SEVERITIES = ("breaking", "warning", "info")


def findings(result: pytest.RunResult, kind: str) -> list[str]:
    """Return the lines of the terminal section that tell findings of *kind*, each once."""
    return sorted({line for line in result.outlines if f" {kind}: " in line and line.startswith(_SEVERITIES)})


# --- blocked ---

CLIENT = """
import json, urllib.request

def call(url, method="GET", body=None, headers={}):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method)) as answer:
        return json.loads(answer.read())
"""


@pytest.mark.parametrize("closed", [True, False], ids=["server gone", "server there"])
def test_replay_needs_no_server(downstream: Downstream, closed: bool) -> None:
    """What was recorded replays the same whether the server it came from is there or not, and never asks it."""
    downstream.tests()
    downstream.record()
    if closed:
        downstream.sandbox.close()

    result = downstream.run_live()

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["judged 4 of 4 exchanges in 1 cassette"])
    assert downstream.asked() == 0


@pytest.mark.parametrize("origin", ["hubfiles.base_url", "'https://api.hubapi.com'"])
def test_a_client_of_ones_own_is_answered(downstream: Downstream, origin: str) -> None:
    """Any client is answered at hubfiles.base_url and at HubSpot's own address, wherever that was recorded."""
    downstream.tests(
        CLIENT + "def test_import(hubfiles):\n"
        f"    task = call({origin} + {START!r}, 'POST', BODY)\n"
        f"    assert call({origin} + {STATUS!r})['status'] == 'PENDING'\n"
        "    assert [e.operation for e in hubfiles.exchanges] == ['import-start', 'import-status']\n"
    )
    downstream.write(whole_import()[:2])

    for result in (downstream.run_live(), downstream.run()):
        result.assert_outcomes(passed=1)
    assert downstream.asked() == 0


def test_an_unknown_request_never_leaves(downstream: Downstream) -> None:
    """A request that is not recorded is refused, to HubSpot, to another host and to the server recorded from."""
    downstream.tests(
        CLIENT + "@pytest.mark.parametrize('url', ['/files/v3/files', None, 'https://example.com/x'])\n"
        "def test_import(hubfiles, url):\n"
        "    call(hubfiles.base_url + (url or '/') if not url or url[0] == '/' else url)\n"
    )

    result = downstream.run_live()

    result.assert_outcomes(failed=3)
    assert downstream.asked() == 0


def test_replay_needs_no_token(downstream: Downstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """The built-in calls replay without a token; recording without one is an error that says where to put it."""
    downstream.tests()
    monkeypatch.delenv("HUBSPOT_ACCESS_TOKEN")

    recording = downstream.run_live("--hubfiles-record=once")

    recording.assert_outcomes(failed=1)
    recording.stdout.fnmatch_lines(
        [
            "E *TokenMissingError: POST * was not sent: it has no HubSpot access token, and * is not set.",
            "E *Set HUBSPOT_ACCESS_TOKEN to one of your account (to any value for hubfiles sandbox), or override *",
        ]
    )
    assert downstream.asked() == 0
    assert downstream.yaml_files() == []
    downstream.write(whole_import())
    downstream.run().assert_outcomes(passed=1)


def test_the_token_comes_from_a_fixture(downstream: Downstream) -> None:
    """A suite's own hubfiles_token is what the built-in calls send, and is in no file."""
    downstream.tests("@pytest.fixture\ndef hubfiles_token(): return 'a-token-of-my-own'\n" + TEST_WHOLE)

    downstream.record()

    sent = {request.headers["authorization"] for request in downstream.sandbox.requests}
    assert sent == {"Bearer a-token-of-my-own"}
    assert "a-token-of-my-own" not in downstream.cassette().read_text(encoding="utf-8")


CAREFUL = """
class Uploader:
    def __init__(self, base_url, token):
        if not token:
            raise ValueError("a token is required")
        self.header = "Bearer " + token

{}
@pytest.mark.parametrize("number", [1, 2])
def test_import(hubfiles_token, hubfiles, number):
    Uploader(hubfiles.base_url, hubfiles_token)
    import_a_file(hubfiles)
    print("token:", hubfiles_token)
"""


@pytest.mark.parametrize("marker", ["", "@pytest.mark.hubfiles(versions=['2026-03', 'v3'])"])
def test_a_client_that_insists_on_a_token(downstream: Downstream, monkeypatch: pytest.MonkeyPatch, marker: str) -> None:
    """A replay without one gets a word in its place, which is nowhere sent; a recording does not."""
    downstream.tests(CAREFUL.format(marker))
    downstream.record()
    count = 4 if marker else 2
    monkeypatch.delenv("HUBSPOT_ACCESS_TOKEN")

    replayed = downstream.run("-s")
    once = downstream.run_live("-s", "--hubfiles-record=once")
    recording = downstream.run_live("--hubfiles-record=rewrite")

    for result in (replayed, once):
        result.assert_outcomes(passed=count)
        assert result.stdout.str().count("token: replayed") == count
    recording.assert_outcomes(failed=count)
    recording.stdout.fnmatch_lines(["E *ValueError: a token is required"])
    assert downstream.asked() == 0


def test_a_replay_asks_for_no_token(downstream: Downstream) -> None:
    """A suite that fetches its token from where not everybody can is replayed by everybody; who records is reported."""
    fixture = "@pytest.fixture\ndef hubfiles_token(): raise OSError('the vault is locked')\n"
    downstream.tests(fixture + TEST_WHOLE)
    downstream.write(whole_import())

    downstream.run().assert_outcomes(passed=1)

    recording = downstream.run_live("--hubfiles-record=rewrite")
    recording.assert_outcomes(errors=1)
    recording.stdout.fnmatch_lines(["E *OSError: the vault is locked"])
    assert "pytest-hubfiles" not in recording.stdout.str().partition("= ERRORS =")[2].partition("= hubfiles =")[0]


def test_a_token_that_the_test_has_is_known_in_a_replay(downstream: Downstream) -> None:
    """What the fixture gives to the test, or to another fixture of it, stands in no report of its failure."""
    downstream.tests(
        "@pytest.fixture\ndef hubfiles_token(): return 'a-token-of-my-own-1'\n"
        "@pytest.fixture\ndef client(hubfiles_token): return hubfiles_token\n"
        "def test_import(hubfiles, client): assert client == 'another'\n"
    )
    downstream.write(whole_import())

    failed = downstream.run("--hubfiles-fail-on=never", "-l")

    failed.assert_outcomes(failed=1)
    failed.stdout.no_fnmatch_line("*a-token-of-my-own-1*")


TEST_WHOLE = "def test_import(hubfiles):\n    import_a_file(hubfiles)\n"


# --- in order, and at the end ---


def test_answers_come_in_recorded_order(downstream: Downstream) -> None:
    """Equal requests get the recorded answers one after the other."""
    downstream.tests(
        POLLING + "def test_import(hubfiles):\n"
        "    hubfiles.start_import(**BODY)\n"
        "    assert [poll(hubfiles) for _ in range(3)] == ['PENDING', 'PROCESSING', 'COMPLETE']\n"
        "    assert [e.task_status for e in hubfiles.exchanges] == [None, 'PENDING', 'PROCESSING', 'COMPLETE']\n"
    )
    downstream.write(whole_import())

    downstream.run().assert_outcomes(passed=1)


@pytest.mark.parametrize("state", ["COMPLETE", "CANCELED"])
def test_a_final_answer_is_given_for_ever(downstream: Downstream, state: str) -> None:
    """A task that has ended is answered with its end however often it is polled."""
    downstream.tests(
        f"{POLLING}def test_import(hubfiles):\n    assert {{poll(hubfiles) for _ in range(20)}} == {{{state!r}}}\n"
    )
    downstream.write([polled(state)])

    result = downstream.run()

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["judged 20 of 20 exchanges in 1 cassette"])


@pytest.mark.parametrize("polls", [1, 2, 5])
def test_a_task_that_never_ended(downstream: Downstream, polls: int) -> None:
    """One poll more than recorded, without an end, fails and says how many there were and that none was the last."""
    downstream.tests(TEST_WHOLE)
    downstream.write([started(), *[polled("PENDING")] * polls])

    result = downstream.run()

    result.assert_outcomes(failed=1)
    times = "1 time" if polls == 1 else f"{polls} times"
    assert findings(result, "task-never-ended") == [
        f"breaking  2026-03 import-status  $  task-never-ended: GET {ORIGIN}{STATUS} was polled {times} when it was "
        "recorded and is polled once more now; the last answer was PENDING: the recorded task never ended. "
        "Record it again, polling until it is CANCELED or COMPLETE."
    ]
    result.stdout.fnmatch_lines([f"judged {polls + 1} of {polls + 1} exchanges in 1 cassette"])


def test_a_state_that_may_be_an_end(downstream: Downstream) -> None:
    """A last state that HubSpot does not document may be an end, for which recording again is no way out."""
    downstream.tests(
        "def test_import(hubfiles):\n"
        "    task = hubfiles.start_import(**BODY).json['id']\n"
        "    for _ in range(2):\n        hubfiles.import_status(task)\n"
    )
    downstream.write([started(), polled("FAILED")])

    (found,) = findings(downstream.run(), "task-never-ended")

    assert (
        "the last answer was FAILED, a state that HubSpot does not document. If a task ends so, have the code " in found
    )
    assert found.endswith("if it does not, record it again, polling until it is CANCELED or COMPLETE.")


def test_waiting_never_sleeps_in_replay(downstream: Downstream) -> None:
    """wait() polls a recorded task without sleeping, and sleeps *interval* between polls that go out."""
    downstream.tests(
        "import time\n"
        "def test_import(hubfiles, monkeypatch):\n"
        "    naps = []\n"
        "    monkeypatch.setattr(time, 'sleep', naps.append)\n"
        "    task = hubfiles.start_import(**BODY)\n"
        "    hubfiles.wait('import-status', task.json['id'], timeout=3600, interval=7)\n"
        "    assert naps == ([] if hubfiles.cassette.exists() else [7, 7])\n"
    )

    downstream.record()
    downstream.run().assert_outcomes(passed=1)
    downstream.run_live("--hubfiles-record=new_episodes").assert_outcomes(passed=1)


def test_waiting_for_a_task_that_never_ends(downstream: Downstream) -> None:
    """wait() on a task that does not end raises a TimeoutError with the state, and what was recorded is kept aside."""
    downstream.tests(
        "def test_import(hubfiles):\n"
        "    task = hubfiles.start_import(**BODY)\n"
        "    with pytest.raises(TimeoutError) as caught:\n"
        "        hubfiles.wait('import-status', task.json['id'], timeout=0.05, interval=0.01)\n"
        "    assert caught.value.last.task_status in ('PENDING', 'PROCESSING')\n"
        "    raise caught.value\n"
    )
    downstream.restart("never-ends")

    result = downstream.run_live("--hubfiles-record=once")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            f"E *TaskTimeoutError: import-status of task {TASK} was P* after 0.05 seconds.",
            "E *Give wait() a longer timeout=, or look at the task in HubSpot.",
        ]
    )
    assert downstream.candidate().exists()


@pytest.mark.parametrize(
    ("switch", "said"),
    [("server-error", "got HTTP 500: {*"), ("html-200", "got HTTP 200: <!DOCTYPE html>*")],
)
def test_waiting_stops_at_an_answer_that_is_none(downstream: Downstream, switch: str, said: str) -> None:
    """wait() gives up at once on an error or a page of HTML, and quotes it."""
    downstream.tests(TEST_WHOLE)
    downstream.restart(switch)

    result = downstream.run_live("--hubfiles-record=once")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"E *TaskPollError: import-status of task {TASK} {said}"])
    assert downstream.asked() == 2


# --- what is not recorded ---


HOW = {
    False: "Record it with --hubfiles-record new_episodes, or all of it again with rewrite.",
    True: "Record all of it again with --hubfiles-record rewrite, or add this to it with new_episodes.",
}
"""What to do, by whether the request takes the place of a recorded one, which it would leave unused."""


@pytest.mark.parametrize(
    ("call", "lines"),
    [
        pytest.param(
            f"call(hubfiles.base_url + {START!r})",
            [f"closest recorded: POST {ORIGIN}{START} (*.yaml:2)", "method differs: recorded POST, asked GET"],
            id="method",
        ),
        pytest.param(
            f"call(hubfiles.base_url + {STATUS!r}.replace('AAAA', 'BBBB'))",
            [
                f"closest recorded: GET {ORIGIN}{STATUS} (*.yaml:*)",
                f"path differs: recorded {STATUS}, asked *BBBB*",
            ],
            id="path",
        ),
        pytest.param(
            f"call(hubfiles.base_url + {STATUS!r} + '?portalId=7')",
            [
                f"closest recorded: GET {ORIGIN}{STATUS} (*.yaml:*)",
                "query differs: recorded none, asked portalId=7",
            ],
            id="query",
        ),
        pytest.param(
            f"call(hubfiles.base_url + {START!r}, 'POST', {{'url': 'https://example.com/dog.png'}})",
            [
                f"closest recorded: POST {ORIGIN}{START} (*.yaml:2)",
                'body at $.access differs: recorded "PRIVATE", not asked',
                'body at $.url differs: recorded "https://example.com/cat.png", asked "https://example.com/dog.png"',
            ],
            id="body",
        ),
    ],
)
def test_an_unmatched_request_is_explained(downstream: Downstream, call: str, lines: list[str]) -> None:
    """A request without an answer says what came closest, in what it differs, and how to record it."""
    downstream.tests(f"{CLIENT}\ndef test_import(hubfiles):\n    {call}\n")
    downstream.write(whole_import())

    result = downstream.run()

    result.assert_outcomes(failed=1)
    assert len(findings(result, "unmatched-request")) == 1
    result.stdout.fnmatch_lines(
        [
            "breaking *unmatched-request: * is not in cassettes/2026-03/test_files/test_import.yaml.",
            *(f"          {line}" for line in lines),
            f"          {HOW[lines[-1].startswith(('query', 'body'))]}",
        ]
    )


def test_a_swallowed_error_still_fails(downstream: Downstream) -> None:
    """A request without an answer fails the test though its code caught the error and carried on."""
    downstream.tests(
        "def test_import(hubfiles):\n"
        "    for call in (hubfiles.start_import, lambda: hubfiles.import_status('another')):\n"
        "        try:\n            call()\n"
        "        except Exception:\n            pass\n"
    )
    downstream.write(whole_import())

    result = downstream.run()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["unmatched-request *", "breaking *unmatched-request: *", "breaking *unmatched-request: *"]
    )


def test_unmatched_requests_that_differ_in_their_bodies_are_all_reported(downstream: Downstream) -> None:
    """Two requests that nothing is recorded for are two findings, though only their bodies tell them apart."""
    downstream.tests(
        "def test_import(hubfiles):\n"
        "    for name in ('one', 'two'):\n"
        "        try:\n            hubfiles.start_import(**BODY, name=name)\n"
        "        except Exception:\n            pass\n"
    )
    downstream.write(whole_import())

    result = downstream.run()

    result.assert_outcomes(failed=1)
    for name in ("one", "two"):
        result.stdout.fnmatch_lines([f'*body at $.name differs: not recorded, asked "{name}"'])


def test_allowing_what_is_unmatched(downstream: Downstream) -> None:
    """A test can say that it expects a request without an answer."""
    downstream.tests(
        "@pytest.mark.hubfiles(allow=['unmatched-request'])\n"
        "def test_import(hubfiles):\n"
        "    with pytest.raises(Exception, match='nothing is recorded'):\n"
        "        hubfiles.start_import(**BODY)\n"
    )

    result = downstream.run()

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["info *unmatched-request: * (known: allowed by the test's marker)"])


@pytest.mark.parametrize(
    ("source", "reported"),
    [
        pytest.param("def test_import(hubfiles): hubfiles.start_import(**BODY)", 1, id="passes"),
        pytest.param("def test_import(hubfiles): assert hubfiles is None", 0, id="fails"),
        pytest.param("def test_import(hubfiles): pytest.skip('later')", 0, id="skips"),
        pytest.param(
            "@pytest.mark.hubfiles(cassette='test_files/test_import')\ndef test_import(hubfiles): pass", 0, id="shares"
        ),
    ],
)
@ALONE_OR_WORKERS
def test_what_is_no_longer_asked_for(downstream: Downstream, source: str, reported: int, args: list[str]) -> None:
    """A test that passed and left recorded exchanges unplayed gets a warning; one of a shared cassette does not."""
    downstream.tests(source)
    downstream.write([started(), polled("COMPLETE")])

    result = downstream.run(*args)

    assert len(findings(result, "unplayed")) == reported
    if reported:
        result.assert_outcomes(passed=1)
        result.stdout.fnmatch_lines(
            [f"warning   2026-03 import-status 200 *unplayed: GET {ORIGIN}{STATUS} is recorded, and the test no *"]
        )


# --- the file itself ---

BROKEN = {
    "empty": (b"", "it has no list of interactions; is it a vcrpy cassette?"),
    "not YAML": (b"interactions: [\n", ", line *: it is not YAML: *"),
    "not text": (b"\xff\xfe", "it is not UTF-8 text (byte 0)"),
    "another version": (b"interactions: []\nversion: 2\n", "its version is 2; only vcrpy's version 1 is read"),
    "no interactions": (b"version: 1\n", "it has no list of interactions; is it a vcrpy cassette?"),
    "half an interaction": (b"interactions:\n- request: {}\nversion: 1\n", "*interaction 1 *has no 'response'"),
    "an object": (
        b"interactions:\n- !!python/object:os.system {}\nversion: 1\n",
        "*its tag *python/object:os.system asks for more than plain data; *",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_an_unreadable_cassette(downstream: Downstream, kind: str) -> None:
    """A cassette that cannot be read fails its test with one finding that names it and says what is wrong."""
    content, said = BROKEN[kind]
    downstream.tests(f"{TEST_WHOLE}\ndef test_other(): pass")
    downstream.write([]).write_bytes(content)

    result = downstream.run()

    result.assert_outcomes(failed=1, passed=1)
    (line,) = findings(result, "cassette-unreadable")
    assert pytest.LineMatcher([line]).fnmatch_lines(
        [f"breaking *cassette-unreadable: The cassette cassettes/2026-03/test_files/test_import.yaml*{said}"]
    ) is None  # fmt: skip
    result.stdout.fnmatch_lines(["*Record it again with --hubfiles-record rewrite and --hubfiles-accept, or restore*"])
    result.stdout.no_fnmatch_line("*no request was seen*")


def test_an_unreadable_cassette_fails_a_test_that_asks_nothing(downstream: Downstream) -> None:
    """A test whose cassette cannot be read fails though it made no request."""
    downstream.tests("def test_import(hubfiles): pass")
    downstream.write([]).write_bytes(b"{")

    result = downstream.run()

    result.assert_outcomes(failed=1)
    assert len(findings(result, "cassette-unreadable")) == 1


def test_a_secret_in_a_cassette(downstream: Downstream) -> None:
    """A credential in a cassette fails the test and names the place, never the value."""
    secret = "pat-na1-0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
    downstream.tests(TEST_WHOLE)
    start, *polls = whole_import()
    downstream.write([replace(start, request_headers={"Authorization": (f"Bearer {secret}",)}), *polls])

    result = downstream.run()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["breaking *secret-in-cassette: a credential stands in *uthorization*Revoke it, *"])
    assert secret not in result.stdout.str()


@pytest.mark.parametrize(("days", "stale"), [("1", 1), ("99999", 0)])
def test_a_stale_cassette(downstream: Downstream, days: str, stale: int) -> None:
    """The oldest Date of a cassette tells its age; without a date, or without an age set, nothing is stale."""
    downstream.tests(TEST_WHOLE)
    downstream.write([started(date="Mon, 05 Oct 2020 09:14:05 GMT"), *whole_import()[1:]])
    downstream.run().stdout.no_fnmatch_line("*cassette-stale*")

    result = downstream.run("-o", f"hubfiles_max_age={days}d", "--hubfiles-fail-on=warning")

    assert len(findings(result, "cassette-stale")) == stale
    result.assert_outcomes(passed=1 - stale, failed=stale)
    downstream.write([replace(i, response_headers={"Content-Type": ("application/json",)}) for i in whole_import()])
    downstream.run("-o", "hubfiles_max_age=1d").stdout.no_fnmatch_line("*cassette-stale*")


# --- cassettes that nobody opens ---

UNUSED = (
    "warning   $  cassette-unused: cassettes/2026-03/test_files/test_gone.yaml is opened by no test; move it "
    "along if its test was renamed or moved, else delete it"
)
SUITE = f"{TEST_WHOLE}\ndef test_other(): pass\n"
LATE = """
@pytest.fixture
def late(request): return request.getfixturevalue("hubfiles")
%s
def test_import(late): import_a_file(late)
"""  # nothing tells before a test runs that it uses the fixture


@pytest.fixture
def with_unused(downstream: Downstream) -> Downstream:
    """A project with a cassette that no test opens, and a candidate, which is none."""
    downstream.tests(SUITE)
    downstream.write(whole_import())
    downstream.write(whole_import(), downstream.cassette("test_gone"))
    downstream.write(whole_import(), downstream.candidate("test_gone"))
    return downstream


FULL = {
    "plain": ([], SUITE),
    "workers": (["-n", "2"], SUITE),
    "expected failure": ([], f"{SUITE}\n@pytest.mark.xfail\ndef test_bad(): assert 0\n"),
    "failure": ([], f"{SUITE}\ndef test_bad(): assert 0\n"),
    "late": ([], LATE % "def test_other(): pass"),
    "late, workers": (["-n", "2"], LATE % "def test_other(): pass"),
}
PARTIAL = {
    "keyword": (["-k", "test_import"], SUITE),
    "mark": (["-m", "not slow"], SUITE),
    "test": (["test_files.py::test_import"], SUITE),
    "file": (["test_files.py"], SUITE),
    "ignored": (["--ignore=elsewhere"], SUITE),
    "version": (["--hubfiles-version=2026-03"], SUITE),
    "stopped": (["-x"], f"{SUITE}\ndef test_bad(): assert 0\ndef test_gone(hubfiles): import_a_file(hubfiles)\n"),
    "skipped": ([], f"{SUITE}\n@pytest.mark.skip\ndef test_gone(hubfiles): import_a_file(hubfiles)\n"),
    "not run": ([], f"{SUITE}\n@pytest.mark.xfail(run=False)\ndef test_gone(hubfiles): import_a_file(hubfiles)\n"),
    "failed before": (
        [],
        f"{SUITE}\n@pytest.fixture\ndef bad(): assert 0\ndef test_gone(bad, hubfiles): import_a_file(hubfiles)\n",
    ),
    "late, skipped": ([], LATE % "@pytest.mark.skip\ndef test_gone(late): import_a_file(late)\ndef test_other(): pass"),
    "late, failed before": (
        [],
        LATE
        % "@pytest.fixture\ndef bad(): assert 0\ndef test_gone(bad, late): import_a_file(late)\ndef test_x(): pass",
    ),
    "nothing used": ([], "def test_other(): pass"),
}


@pytest.mark.parametrize("how", params({how: how for how in FULL}, slow=["workers", "late, workers"]))
def test_a_full_run_tells_unused_cassettes(with_unused: Downstream, how: str) -> None:
    """After a run of the whole suite, a cassette that no test opened is a warning, which does not fail the run."""
    args, source = FULL[how]
    with_unused.tests(source)

    result = with_unused.run(*args)

    assert result.ret == int("assert 0" in source and "xfail" not in source)
    assert findings(result, "cassette-unused") == [UNUSED]


@pytest.mark.parametrize("how", PARTIAL)
def test_a_partial_run_does_not(with_unused: Downstream, how: str) -> None:
    """A run that left tests out, for whatever reason, says nothing of cassettes that no test opened."""
    args, source = PARTIAL[how]
    with_unused.tests(source)

    result = with_unused.run(*args)

    assert findings(result, "cassette-unused") == []
    assert result.parseoutcomes()["passed"] >= 1


@ALONE_OR_WORKERS
@pytest.mark.parametrize("suite", [SUITE, LATE % "def test_other(): pass"], ids=["by name", "late"])
def test_a_run_that_a_conftest_narrows_does_not(with_unused: Downstream, suite: str, args: list[str]) -> None:
    """Tests that a conftest deselects count as left out, in a worker as well."""
    with_unused.tests(f"{suite}\ndef test_gone(hubfiles): import_a_file(hubfiles)\n")
    with_unused.pytester.makeconftest(
        "def pytest_collection_modifyitems(config, items):\n    config.hook.pytest_deselected(items=[items.pop()])\n"
    )

    result = with_unused.run(*args)

    result.assert_outcomes(passed=2, deselected=result.parseoutcomes().get("deselected", 0))
    assert findings(result, "cassette-unused") == []


@pytest.mark.parametrize("suite", [SUITE, LATE % "def test_other(): pass"], ids=["by name", "late"])
@pytest.mark.parametrize("name", ["test_a", "test_z"])
def test_a_file_that_cannot_be_collected_leaves_the_run_partial(with_unused: Downstream, name: str, suite: str) -> None:
    """Where a file could not be collected or skips itself, its cassettes are not called unused."""
    with_unused.tests(suite)
    (with_unused.path / f"{name}.py").write_text("import pytest\npytest.skip(allow_module_level=True)\n")

    result = with_unused.run()

    assert result.ret == 0
    assert findings(result, "cassette-unused") == []


@ALONE_OR_WORKERS
def test_cassettes_of_versions_that_were_not_run_are_not_called_unused(
    with_unused: Downstream, args: list[str]
) -> None:
    """A run for one version says nothing of another's cassettes, nor of what other recorders keep in the same root."""
    with_unused.write(whole_import(), with_unused.cassette(version="v3"))
    with_unused.write(whole_import(), with_unused.path / "cassettes" / "test_files" / "test_of_pytest_recording.yaml")
    with_unused.write(whole_import(), with_unused.path / "cassettes" / "test_of_pytest_vcr.yaml")

    result = with_unused.run(*args)

    reported = [line.split("cassette-unused: ")[1].split(" ")[0] for line in findings(result, "cassette-unused")]
    assert reported == ["cassettes/2026-03/test_files/test_gone.yaml"]


def test_unused_cassettes_can_fail_a_run(with_unused: Downstream) -> None:
    """With fail_on warning, an unused cassette makes the run's exit status tell, though every test passed."""
    result = with_unused.run("--hubfiles-fail-on=warning")

    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert findings(result, "cassette-unused") == [UNUSED]


def test_another_method_is_under_no_contract(downstream: Downstream) -> None:
    """A recorded exchange that no contract describes replays, and is reported as not judged."""
    downstream.tests(f"{CLIENT}\ndef test_import(hubfiles):\n    call(hubfiles.base_url + '/files/v3/files/1')\n")
    downstream.write([interaction("GET", "/files/v3/files/1", 200, {"id": "1"})])

    result = downstream.run()

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            "judged 0 of 1 exchange in 1 cassette",
            "not judged: https://api.hubapi.com/files/v3/files/1 (no contract) 1",
            "info *unknown-operation: GET https://api.hubapi.com/files/v3/files/1 is under no contract",
        ]
    )


def test_ignoring_the_host_is_reported(downstream: Downstream) -> None:
    """A configuration that has vcrpy ignore HubSpot makes the built-in calls fail with the reason."""
    downstream.tests(
        "@pytest.fixture\ndef hubfiles_vcr_config(): return {'ignore_hosts': ['api.hubapi.com']}\n" + TEST_WHOLE
    )

    result = downstream.run_live("--hubfiles-record=once")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *ExchangeIgnoredError: *hubfiles_vcr_config has vcrpy ignore this request."])
    assert Path(downstream.path / "cassettes").exists() is False
    assert DOCUMENTED["url"] in downstream.sandbox.requests[0].body.decode()


GROUPED = """
@pytest.mark.xdist_group("cats")
class TestCats:
    def test_import(self, hubfiles):
        assert hubfiles.cassette.name == "TestCats.test_import.yaml"
        assert import_a_file(hubfiles).task_status == "COMPLETE"
"""


@pytest.mark.slow
def test_a_group_of_workers_is_no_part_of_the_name(downstream: Downstream) -> None:
    """A cassette is found whichever way xdist hands out the tests, though it adds a group to their ids."""
    downstream.tests(GROUPED)
    downstream.record()
    (recorded,) = downstream.yaml_files()

    result = downstream.run("-n", "1", "--dist", "loadgroup")

    result.assert_outcomes(passed=1)
    assert downstream.yaml_files() == [recorded]


@pytest.mark.parametrize(
    ("ask", "tries", "reported"),
    [
        ('hubfiles.import_status(task.json["id"])', 2, "task-never-ended: *polled 1 time when it was recorded*"),
        ("hubfiles.start_import(url='other')", 4, "unmatched-request: *[[]4 exchanges]"),
    ],
    ids=["a poll", "another request"],
)
def test_a_swallowed_refusal_ends_the_test(downstream: Downstream, ask: str, tries: int, reported: str) -> None:
    """A test that swallows a refusal and asks on is stopped, at once where it polls; the rest of the run goes on."""
    downstream.tests(
        f"""
import pathlib

def test_import(hubfiles):
    task = hubfiles.start_import(**BODY)
    tries = 0
    while True:
        tries += 1
        pathlib.Path("tries").write_text(str(tries))
        try:
            if {ask}.task_status == "COMPLETE":
                break
        except Exception:
            pass

def test_other(): pass
"""
    )
    downstream.write([started(), polled("PENDING")])

    result = downstream.run()

    result.assert_outcomes(failed=1, passed=1)
    assert (downstream.path / "tries").read_text() == str(tries)
    result.stdout.fnmatch_lines([f"breaking *{reported}*"])
