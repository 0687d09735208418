"""The move from one version to another, rehearsed: what a user sees of a suite like any user's."""

from __future__ import annotations

import json
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
        time.sleep(1)
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
    uploader.upload_as_v3(hubfiles.base_url, BODY)

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
    for test in ("links", "strict", "fixed_version", "built_in", "both", "either"):
        downstream.write(of_v3(), downstream.cassette(f"test_{test}", version="v3"))
    for test in ("short_body", "ready"):
        downstream.write(of_v3(asked=SHORT), downstream.cassette(f"test_{test}", version="v3"))
    downstream.write(whole_import(), downstream.cassette("test_both"))
    downstream.write(whole_import(), downstream.cassette("test_of_another_version"))
    return downstream


def rehearse(suite: Downstream, *args: str, move: str = MOVE) -> tuple[pytest.RunResult, dict[str, Any]]:
    """Rehearse the move in a process of its own; return the run and what its JSON report says of the rehearsal."""
    report = suite.path / "report.json"
    result = suite.pytester.runpytest_subprocess(
        "-p", "no:hypothesispytest", "-W", "error", f"--hubfiles-rehearse={move}", f"--hubfiles-report=json:{report}",
        *args,
    )  # fmt: skip
    return result, json.loads(report.read_text("utf-8")).get("rehearsal", {})


def breaks(rehearsal: dict[str, Any]) -> dict[tuple[str, str], str]:
    return {(one["test"].partition("::")[2], one["change"]): one["verdict"] for one in rehearsal["breaks"]}


def test_try(suite: Downstream) -> None:
    """Print."""
    result, rehearsal = rehearse(suite)
    print(result.stdout.str(), json.dumps(rehearsal, indent=1))
    assert 0
