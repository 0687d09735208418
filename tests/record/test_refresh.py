"""Mode ``refresh``: what has the same shape leaves its cassette as it is, to the byte; what has not replaces it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from faults.servers import RawServer, ReceivedRequest, reply
from helpers.downstream import Downstream, polled
from helpers.slow import ALONE_OR_WORKERS

from pytest_hubfiles import cassettes

FILE = """
import requests

def test_import(hubfiles):
    done = import_a_file(hubfiles)
    file = requests.get(f"{hubfiles.base_url}/files/2026-03/files/{done.json['result']['id']}", timeout=9)
    assert file.json()["id"] == done.json["result"]["id"]
"""


class Api:
    """An API that gives another id to each task and each file, asked as often as the test polls."""

    def __init__(self) -> None:
        self.number = 100
        self.waiting = 0
        self.file: dict[str, object] = {"name": "cat"}
        self.more: dict[str, object] = {}
        self.polls = 0

    def __call__(self, asked: ReceivedRequest) -> Iterator[bytes]:
        if asked.method == "POST":
            self.number, self.polls = self.number + 1, 0
            yield reply(json.dumps({"id": f"task-{self.number}"}).encode(), 202, "Accepted")
        elif "tasks" in asked.path:
            self.polls += 1
            body = json.loads(polled("COMPLETE" if self.polls > self.waiting else "PROCESSING").response_body)
            if "result" in body:
                body["result"] |= {"id": str(self.number * 1000), **self.more}
            yield reply(json.dumps(body | {"taskId": f"task-{self.number}"}).encode())
        else:
            yield reply(json.dumps({"id": str(self.number * 1000), **self.file}).encode())


def refreshed(project: Downstream, api: Api, *args: str) -> pytest.RunResult:
    with RawServer(api) as server:
        return project.run(f"--hubfiles-base-url={server.url}", "--hubfiles-record=refresh", *args)


@pytest.mark.slow
def test_it_leaves_what_is_the_same_and_replaces_what_is_not(downstream: Downstream) -> None:
    """Other ids and times, and fewer polls, leave it; another request, state or shape, judged or not, does not."""
    api = Api()
    api.waiting = 2
    downstream.tests(FILE)
    refreshed(downstream, api).assert_outcomes(passed=1)
    cassette = downstream.cassette()

    def is_left(*args: str) -> bool:
        before = cassette.read_bytes()
        refreshed(downstream, api, *args).assert_outcomes(passed=1)
        downstream.run(*args).assert_outcomes(passed=1)
        return cassette.read_bytes() == before

    assert is_left()
    api.waiting = 3
    assert is_left()
    api.waiting = 0
    assert is_left()  # a state is not seen any more
    api.more = {"newField": 1}
    assert not is_left()  # under a contract
    assert is_left()
    api.file = {"name": None}
    assert not is_left()  # under none
    downstream.tests(FILE.replace("import_a_file(hubfiles)", "import_a_file(hubfiles, overwrite=True)"))
    assert not is_left()  # another body is asked
    downstream.tests(FILE + "    import_a_file(hubfiles, name='cat')\n")
    assert not is_left()  # one import more
    assert is_left()


def test_a_candidate_that_is_outdated_goes(downstream: Downstream) -> None:
    """Where the API is again as it was, the candidate that said otherwise is gone, and git sees no change at all."""
    downstream.tests()
    downstream.record()
    before = downstream.cassette().read_bytes()
    downstream.restart("size-as-string")
    downstream.run_live("--hubfiles-record=refresh").assert_outcomes(failed=1)
    assert downstream.candidate().exists()
    downstream.restart()

    downstream.run_live("--hubfiles-record=refresh").assert_outcomes(passed=1)

    assert downstream.yaml_files() == ["cassettes/2026-03/test_files/test_import.yaml"]
    assert downstream.cassette().read_bytes() == before


SHARED = """
@pytest.mark.hubfiles(cassette="shared")
def test_one(hubfiles):
    import_a_file(hubfiles)

@pytest.mark.hubfiles(cassette="shared")
def test_other(hubfiles):
    import_a_file(hubfiles, name="other")
"""


@ALONE_OR_WORKERS
def test_a_shared_cassette_is_left_too(downstream: Downstream, args: tuple[str, ...]) -> None:
    """Each of the tests finds its own part; one that asks something new adds it, and the other's part stays."""
    downstream.tests(SHARED)
    downstream.record()
    (cassette,) = (downstream.path / name for name in downstream.yaml_files())
    before = cassette.read_bytes()
    downstream.restart()

    downstream.run_live("--hubfiles-record=refresh", *args).assert_outcomes(passed=2)
    assert cassette.read_bytes() == before

    downstream.tests(SHARED.replace('"other"', '"another"'))
    downstream.run_live("--hubfiles-record=refresh", *args).assert_outcomes(passed=2)
    assert cassette.read_bytes() != before
    downstream.run().assert_outcomes(passed=2)


TOKEN = "pat-na1-0123abcd-4567-89ef-0123-456789abcdef"
BAD: dict[str, Callable[[str], str]] = {
    "a credential": lambda text: text.replace(
        "      Accept:\n", f"      X-Token:\n      - {TOKEN}\n      Accept:\n", 1
    ),
    "unreadable": lambda text: text + "- [",
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_cassette_is_replaced(downstream: Downstream, what: str) -> None:
    """One that holds a credential or cannot be read does not stay, whatever its shape."""
    downstream.tests()
    downstream.record()
    good = downstream.cassette().read_text()
    downstream.cassette().write_text(BAD[what](good))
    assert downstream.cassette().read_text() != good
    downstream.restart()

    downstream.run_live("--hubfiles-record=refresh", "--hubfiles-accept").assert_outcomes(passed=1)

    downstream.run().assert_outcomes(passed=1)
    assert TOKEN not in downstream.cassette().read_text()


def test_an_old_cassette_is_recorded_again(downstream: Downstream) -> None:
    """One that hubfiles_max_age calls stale is replaced, or it would be stale for ever."""
    downstream.tests()
    downstream.ini("hubfiles_max_age = 30d")
    downstream.record()
    old = ("Mon, 06 Jan 2020 00:00:00 GMT",)
    recorded = cassettes.read(downstream.cassette())
    downstream.write([replace(i, response_headers={**i.response_headers, "Date": old}) for i in recorded])
    before = downstream.cassette().read_bytes()
    downstream.restart()

    downstream.run_live("--hubfiles-record=refresh").assert_outcomes(passed=1)

    assert downstream.cassette().read_bytes() != before
