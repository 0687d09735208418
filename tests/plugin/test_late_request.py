"""A test, a step or a fixture that asks for ``hubfiles`` while it runs is recorded and judged as any other."""

from __future__ import annotations

import pytest
from helpers.downstream import Downstream

LATE = """
def test_import(request):
    assert import_a_file(request.getfixturevalue("hubfiles")).task_status == "COMPLETE"
"""


def test_asked_for_in_the_body(downstream: Downstream) -> None:
    """What such a test records is promoted, and replays with the server gone."""
    downstream.tests(LATE)
    downstream.record()
    assert downstream.cassette().exists()

    downstream.sandbox.close()
    result = downstream.run()

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["judged 4 of 4 exchanges in 1 cassette"])


@pytest.mark.parametrize("before", ["", "def test_before(hubfiles): pass\n"], ids=["the first", "a later one"])
def test_judged_in_its_call_phase(downstream: Downstream, before: str) -> None:
    """A finding fails it in its call phase, whether or not it is the first test of the run that uses the fixture."""
    downstream.tests(before + LATE)
    downstream.restart("size-as-string")

    result = downstream.run_live("--hubfiles-record=once")

    result.assert_outcomes(failed=1, passed=int(bool(before)))
    result.stdout.fnmatch_lines(
        ["schema-violation $.result.size *", "*was not recorded, because *", "FAILED *test_import*"]
    )
    assert not downstream.cassette().exists()


def test_a_fixture_that_asks(downstream: Downstream) -> None:
    """An autouse fixture that asks with ``getfixturevalue`` has each test recorded and judged."""
    downstream.tests(
        """
@pytest.fixture(autouse=True)
def client(request):
    return request.getfixturevalue("hubfiles")

def test_import(client):
    import_a_file(client)
"""
    )
    downstream.record()

    result = downstream.run()

    result.assert_outcomes(passed=1)
    assert downstream.cassette().exists()


def test_fixtures_that_override_it(downstream: Downstream) -> None:
    """A suite may put fixtures of its name over it, one over the other: each test has its own, in each version."""
    downstream.tests(
        """
@pytest.fixture
def hubfiles(hubfiles, request):
    yield hubfiles
    assert hubfiles.cassette.stem.endswith(request.node.originalname)

class TestOfAClass:
    @pytest.fixture
    def hubfiles(self, hubfiles, tmp_path):
        return hubfiles

    def test_import(self, hubfiles, request):
        import_a_file(hubfiles)
        assert hubfiles.cassette.parts[-3] == hubfiles.version
        assert f"[{hubfiles.version}]" in request.node.name

def test_other(hubfiles):
    import_a_file(hubfiles)
"""
    )
    versions = ("--hubfiles-version=v3", "--hubfiles-version=2026-03")
    downstream.record(*versions)
    assert len(downstream.yaml_files()) == 4
    downstream.run(*versions).assert_outcomes(passed=4)


SETTING_UP = """
import pytest
from _pytest.fixtures import pytest_fixture_setup as plain

@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(fixturedef, request):
    return plain(fixturedef, request)  # as plugins do that time fixtures
"""
OTHER_NAME = """
from pytest_hubfiles.plugin.entry import hubfiles as hub

class TestOwn:
    @pytest.fixture
    def hubfiles(self, hubfiles):
        return hubfiles

    def test_own(self, hubfiles):
        import_a_file(hubfiles)

def test_import(hub):
    import_a_file(hub)
    assert hub.cassette.stem == "test_import"
"""


def test_however_a_fixture_is_set_up(downstream: Downstream) -> None:
    """It is of the test that asks, under another name too, and where a plugin sets fixtures up in pytest's place."""
    downstream.pytester.makeconftest(SETTING_UP)
    downstream.tests(OTHER_NAME)
    downstream.run_live("--hubfiles-record=once").assert_outcomes(passed=2)
    downstream.run().assert_outcomes(passed=2)


def test_several_versions_are_refused(downstream: Downstream) -> None:
    """Asked for in several versions, such a test fails and says how to name the fixture; none is left out unsaid."""
    downstream.tests(LATE)

    result = downstream.run("--hubfiles-version=v3", "--hubfiles-version=2026-03")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*versions v3, 2026-03, *too late to be repeated.", '*usefixtures("hubfiles").'])


def test_clients_that_a_suite_builds_once(downstream: Downstream) -> None:
    """A session-scoped client takes the run's base URL from a fixture of its scope, recording and replaying."""
    downstream.tests(
        """
import requests

@pytest.fixture(scope="session")
def ask(hubfiles_base_url):
    session = requests.Session()
    session.headers["Authorization"] = "Bearer of-the-session"
    return lambda path: session.get(hubfiles_base_url + path)

def test_import(hubfiles, ask):
    task = hubfiles.start_import(**BODY).json["id"]
    path = f"/files/{hubfiles.version}/files/import-from-url/async/tasks/{task}/status"
    assert ask(path).json()["status"] == "PENDING"
"""
    )
    downstream.record()

    result = downstream.run()

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["judged 2 of 2 exchanges in 1 cassette"])
