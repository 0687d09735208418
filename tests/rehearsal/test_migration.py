"""The move from one version to another, rehearsed: what a user sees of a suite like any user's."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest
from helpers.downstream import DATE, TASK, Downstream, interaction, polled, whole_import

from pytest_hubfiles.model.exchange import Interaction

UPLOADER = """
import re
import time
import requests

START = "{base}/files/{version}/files/import-from-url/async"

def poll(url, seconds=60):
    for _ in range(seconds):
        task = requests.get(url).json()
        if task["status"] == "COMPLETE":
            return task
        time.sleep(0.01)
    raise TimeoutError(url)

def upload_by_links(base, version, body):
    started = requests.post(START.format(base=base, version=version), json=body).json()
    return poll(base + "/files" + started["links"]["status"].partition("/files")[2])

def upload(base, version, body):
    start = START.format(base=base, version=version)
    return poll(f"{start}/tasks/{requests.post(start, json=body).json()['id']}/status")

def upload_by_either(base, version, body):
    start = START.format(base=base, version=version)
    started = requests.post(start, json=body).json()
    return started.get("links"), poll(f"{start}/tasks/{started['id']}/status")

V3 = "/files/v3/files/import-from-url/async"

def upload_to_v3(base, body):
    return poll(f"{base + V3}/tasks/{send(base + V3, body)['id']}/status")

def send(url, body):
    return requests.post(url, json=body).json()

def upload_as_v3(base, body):
    try:
        return upload(base, "v3", body)
    except Exception:
        return None

class File:
    def __init__(self, *, id, access, createdAt, updatedAt, archived, size=None):
        self.id, self.access = id, access
"""
SUITE = """
import pytest
import uploader

V3 = pytest.mark.hubfiles(version="v3")
SHORT = {"url": BODY["url"], "access": "PRIVATE"}

@V3
def test_links(hubfiles):
    assert uploader.upload_by_links(hubfiles.base_url, hubfiles.version, BODY)["result"]

@V3
def test_strict(hubfiles):
    assert uploader.File(**uploader.upload(hubfiles.base_url, hubfiles.version, BODY)["result"]).id

@V3
def test_fixed_version(hubfiles):
    uploader.upload_as_v3(hubfiles.base_url, SHORT)

@V3
def test_fixed_path(hubfiles):
    assert uploader.upload_to_v3(hubfiles.base_url, BODY)["result"]

@V3
def test_built_in(hubfiles):
    assert import_a_file(hubfiles).task_status == "COMPLETE"

@V3
def test_short_body(hubfiles):
    assert uploader.upload(hubfiles.base_url, hubfiles.version, SHORT)["result"]["id"]

@V3
def test_ready(hubfiles):
    body = SHORT if hubfiles.version == "v3" else {**BODY, "overwrite": True}
    assert uploader.upload(hubfiles.base_url, hubfiles.version, body)["result"].get("access", "PRIVATE")

@pytest.mark.hubfiles(versions=["v3", "2026-03"])
def test_both(hubfiles):
    assert uploader.upload(hubfiles.base_url, hubfiles.version, BODY)["result"]["access"]

@V3
def test_either(hubfiles):
    links, done = uploader.upload_by_either(hubfiles.base_url, hubfiles.version, BODY)
    assert links or done["result"]["access"]

def test_of_another_version(hubfiles):
    assert uploader.upload(hubfiles.base_url, hubfiles.version, BODY)["result"]["access"]
"""
SHORT = {"url": "https://example.com/cat.png", "access": "PRIVATE"}
MOVE = "v3:2026-09"
LINKS = "import-start $.links field-removed"
ACCESS = "import-status $.result.access field-removed"


def of_v3(asked: object | None = None, **change: Any) -> list[Interaction]:
    """Make an import as v3 answers it."""
    start = "/files/v3/files/import-from-url/async"
    links = {"status": f"https://api-na1.hubspot.com{start}/tasks/{TASK}/status"}
    first, *polls = whole_import()
    body = json.loads(first.request_body) if asked is None else asked
    moved = [interaction("POST", start, 202, {"id": TASK, "links": links}, asked=body)]
    for poll in (*polls[:-1], polled("COMPLETE", **change)):
        moved.append(interaction("GET", f"{start}/tasks/{TASK}/status", 200, poll.json, date=DATE))
    return moved


@pytest.fixture
def suite(downstream: Downstream) -> Downstream:
    """A suite with recordings of v3, and one test that has another version's."""
    downstream.tests(SUITE)
    (downstream.path / "uploader.py").write_text(UPLOADER, "utf-8")
    for test in ("links", "strict", "fixed_path", "built_in", "both", "either"):
        downstream.write(of_v3(), downstream.cassette(f"test_{test}", version="v3"))
    for test in ("fixed_version", "short_body", "ready"):
        downstream.write(of_v3(asked=SHORT), downstream.cassette(f"test_{test}", version="v3"))
    downstream.write(whole_import(), downstream.cassette("test_both"))
    downstream.write(whole_import(), downstream.cassette("test_of_another_version"))
    return downstream


def rehearse(suite: Downstream, *args: str, move: str = MOVE) -> tuple[pytest.RunResult, dict[str, Any]]:
    """Rehearse the move in a process of its own; return the run and what its JSON report says of the rehearsal."""
    report = suite.path / "report.json"
    result = suite.pytester.runpytest_subprocess(
        "-W", "error", f"--hubfiles-rehearse={move}", f"--hubfiles-report=json:{report}",
        *args,
    )  # fmt: skip
    return result, json.loads(report.read_text("utf-8")).get("rehearsal", {})


def breaks(rehearsal: dict[str, Any]) -> dict[tuple[str, str], str]:
    return {(one["test"].partition("::")[2], one["change"]): one["verdict"] for one in rehearsal["breaks"]}


REQUIRED = ["$.duplicateValidationScope", "$.duplicateValidationStrategy", "$.overwrite"]


def test_what_breaks_in_the_new_version(suite: Downstream) -> None:
    """Each test that needs what is no longer promised is named, with the place; so is a version that is in the code."""
    result, rehearsal = rehearse(suite)

    assert result.ret == 0
    result.assert_outcomes(passed=11)
    assert breaks(rehearsal) == {
        ("test_links", LINKS): "raises",
        ("test_strict", ACCESS): "raises",
        ("test_both[v3]", ACCESS): "raises",
        ("test_either", MOVE): "raises",
        ("test_fixed_version", MOVE): "asks-else",
        ("test_fixed_path", MOVE): "asks-else",
    }
    assert rehearsal["refused"] == []  # the test of another version is not a concern of this move
    (joint,) = rehearsal["joint"]
    assert (joint["test"], joint["changes"]) == ("test_files.py::test_either", [LINKS, ACCESS])
    assert [one["test"] for one in rehearsal["by_test"]] == sorted(
        f"test_files.py::test_{name}"
        for name in ("links", "strict", "both[v3]", "either", "fixed_version", "fixed_path", "built_in", "short_body",
                     "ready")
    )  # fmt: skip
    assert {one["family"] for one in rehearsal["breaks"]} == {"version"}
    lines = UPLOADER.splitlines()
    by_links, as_v3, to_v3 = (
        next(number for number, line in enumerate(lines, 1) if part in line)
        for part in ('["links"]', 'upload(base, "v3"', "send(base + V3")
    )
    result.stdout.fnmatch_lines(
        [
            "from v3 to 2026-09: of your 9 v3 tests 3 pass against answers as 2026-09 documents them",
            "  test_both[[]v3] *$.result.access may be missing *raises at test_files.py:* test_both: KeyError: *",
            "  test_either *$.links and $.result.access may be missing at once *raises at * test_either: *",
            f"  test_fixed_path *run as 2026-09 *asks * at uploader.py:{to_v3} upload_to_v3: v3 is written *",
            f"  test_fixed_version *run as 2026-09 *asks * at uploader.py:{as_v3} upload_as_v3: v3 is written *",
            f"  test_links *$.links may be missing *raises at uploader.py:{by_links} upload_by_links: KeyError: *",
            "  test_strict *$.result.access may be missing *raises at *: TypeError: *'access'",
        ]
    )


@pytest.mark.slow
def test_what_the_new_version_asks(suite: Downstream) -> None:
    """A body that the new version refuses is told with what it lacks; a test that sends another one then is ready."""
    result, rehearsal = rehearse(suite, "-k", "short or ready or built or fixed_version")
    assert rehearsal["requests"] == [
        {"test": f"test_files.py::{test}", "operation": "import-start", "missing": REQUIRED, "wrong": []}
        for test in ("test_fixed_version", "test_short_body")
    ]
    assert breaks(rehearsal) == {("test_fixed_version", MOVE): "asks-else"}
    assert rehearsal["operations"] == {"import-start": True, "import-status": False}
    result.stdout.fnmatch_lines(
        [
            "from v3 to 2026-09: of your 4 v3 tests 3 pass *",
            "  2 tests send a body that 2026-09 refuses: test_fixed_version, test_short_body "
            f"(3 members missing in import-start: {', '.join(REQUIRED)})",
        ]
    )


@pytest.mark.slow
def test_every_break_happens_again_from_its_line(suite: Downstream) -> None:
    """The line of a break fails the test with that change; where only the move breaks it, it says the same again."""
    _, rehearsal = rehearse(suite)
    for one in rehearsal["breaks"]:
        words = shlex.split(one["reproduce"])[1:]
        result = suite.pytester.runpytest_subprocess(*words)
        if one["change"] == MOVE:
            assert f"--hubfiles-rehearse {MOVE}" in one["reproduce"]
            result.assert_outcomes(passed=1)
            result.stdout.fnmatch_lines(["*of your 1 v3 test 0 pass *", f"  *{one['place']}: {one['error']}"])
        else:
            result.assert_outcomes(failed=1)
            assert one["error"].partition(":")[0] in result.stdout.str()


ONLY_THEN = """
@pytest.mark.hubfiles(version="v3")
def test_branch(hubfiles):
    done = import_a_file(hubfiles)
    assert hubfiles.version == "v3" or done.json["result"]["access"]

def test_default(hubfiles):
    assert import_a_file(hubfiles).json["result"]["access"]
"""


@pytest.mark.slow
def test_lines_that_need_more(downstream: Downstream) -> None:
    """What breaks only as the new version is a rehearsal again; a version of the command line is in the line."""
    downstream.tests(ONLY_THEN)
    for test in ("branch", "default"):
        downstream.write(of_v3(), downstream.cassette(f"test_{test}", version="v3"))
    _, rehearsal = rehearse(downstream, "--hubfiles-version=v3")
    lines = {one["test"].partition("::")[2]: one["reproduce"] for one in rehearsal["breaks"]}
    assert lines == {
        "test_branch": "pytest test_files.py::test_branch --hubfiles-version v3 --hubfiles-rehearse v3:2026-09",
        "test_default": f"pytest test_files.py::test_default --hubfiles-version v3 --hubfiles-change '{ACCESS}'",
    }
    downstream.run(*shlex.split(lines["test_default"])[1:]).assert_outcomes(failed=1)


@pytest.mark.slow
def test_workers_say_the_same(suite: Downstream) -> None:
    """Workers, and the last result as the guess, change nothing of what is found."""
    _, first = rehearse(suite)
    _, second = rehearse(suite, "-n", "2")
    for fact in ("breaks", "joint", "tried", "requests", "operations", "by_test"):
        assert first[fact] == second[fact]


def test_nothing_of_the_old_version(suite: Downstream) -> None:
    """Where no test is of the old version the run is red, and says how to have one."""
    result, rehearsal = rehearse(suite, "-k", "of_another")
    assert result.ret == 1
    assert rehearsal["tests"] == 0
    result.stdout.fnmatch_lines(["nothing was rehearsed: no test that replays is of version v3 *"])


@pytest.mark.slow
def test_the_budget_of_a_move(suite: Downstream) -> None:
    """When the time is over, what was not tried is named."""
    _, rehearsal = rehearse(suite, "--hubfiles-rehearse-budget=0s", "-k", "links")
    assert rehearsal["not_tried"] == [LINKS, ACCESS, MOVE]
    assert rehearsal["breaks"] == []


@pytest.mark.slow
def test_only_some_members(suite: Downstream) -> None:
    """A pattern keeps to the members that it names."""
    _, rehearsal = rehearse(suite, "--hubfiles-rehearse-only=import-status $.result*", "-k", "links or strict")
    assert breaks(rehearsal) == {("test_strict", ACCESS): "raises"}


@pytest.mark.slow
def test_beside_a_comparison(suite: Downstream) -> None:
    """The table of the comparison says by operation what the tests told, if both are of the same versions."""
    result, _ = rehearse(suite, f"--hubfiles-compare={MOVE}", "-k", "strict or built")
    result.stdout.fnmatch_lines(
        [
            "  operation *by schemas *by recordings *by your tests",
            "  import-start *  safe",
            "  import-status *  breaking",
            "  folder-update-start *  not rehearsed",
        ]
    )
    document = json.loads((suite.path / "report.json").read_text("utf-8"))
    told = {one["operation"]: one["tests"] for one in document["comparison"]["operations"]}
    assert told == {
        "folder-update-start": "not rehearsed",
        "folder-update-status": "not rehearsed",
        "import-start": "safe",
        "import-status": "breaking",
    }
    other, _ = rehearse(suite, "--hubfiles-compare=v3:2026-03", "-k", "strict")
    other.stdout.no_fnmatch_line("*by your tests*")


FOLDER = """
@pytest.mark.hubfiles(version="v3")
def test_folder(hubfiles):
    import requests
    path = f"/files/{hubfiles.version}/folders/update/async"
    assert requests.post(hubfiles.base_url + path, json={"id": "1"}).json()["id"]
"""


@pytest.mark.slow
def test_an_operation_that_is_gone(downstream: Downstream) -> None:
    """What the new version lacks answers nothing, wherever the test asks for it."""
    downstream.tests(FOLDER)
    path = "/files/v3/folders/update/async"
    answer = interaction("POST", path, 202, {"id": TASK, "links": {}}, asked={"id": "1"})
    downstream.write([answer], downstream.cassette("test_folder", version="v3"))
    _, rehearsal = rehearse(downstream, move="v3:2026-09-beta")
    (one,) = rehearsal["breaks"]
    assert (one["verdict"], one["change"]) == ("asks-else", "v3:2026-09-beta")
    assert one["place"].startswith("test_files.py:")
    assert "is written into the code" not in one["error"]
    assert rehearsal["operations"] == {"folder-update-start": True}
    assert rehearse(downstream)[1]["breaks"] == []


ON_PURPOSE = """
@pytest.mark.hubfiles(version="v3")
def test_refused(hubfiles):
    assert hubfiles.start_import(url="x").status_code == 400

@pytest.mark.hubfiles(version="v3")
def test_nothing_of_it(hubfiles):
    import requests
    assert requests.get(hubfiles.base_url + "/crm/v3/owners").json() == {}
"""


@pytest.mark.slow
def test_what_is_no_news(downstream: Downstream) -> None:
    """A body that was refused when it was recorded is not told; a test that asks nothing of the version is named."""
    downstream.tests(ON_PURPOSE)
    start, owners = "/files/v3/files/import-from-url/async", "/crm/v3/owners"
    error = {"category": "VALIDATION_ERROR", "correlationId": TASK, "message": "no access"}
    refused = interaction("POST", start, 400, error, asked={"url": "x"})
    downstream.write([refused], downstream.cassette("test_refused", version="v3"))
    downstream.write([interaction("GET", owners, 200, {})], downstream.cassette("test_nothing_of_it", version="v3"))
    result, rehearsal = rehearse(downstream, "--hubfiles-fail-on=never")
    assert rehearsal["requests"] == rehearsal["breaks"] == []
    assert [one["test"] for one in rehearsal["by_test"]] == ["test_files.py::test_refused"]
    result.stdout.fnmatch_lines(["not rehearsed: *test_nothing_of_it (nothing of v3 is recorded of it)"])
