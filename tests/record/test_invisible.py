"""Whatever a test does with a client, it records and replays as under plain vcrpy."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers import acts
from helpers.downstream import STATUS, Downstream, constant_server, polled

CONFTEST = f"""
import json, os, pathlib
import pytest

BY, FACTS = os.environ["BY"], {{}}

@pytest.fixture
def is_replay():
    return BY != "recording"

@pytest.fixture
def hubfiles_vcr_config():
    return {{"ignore_hosts": ["nowhere.example"]}} if BY == "configured" else {{}}  # vcrpy answers all of the test

@pytest.fixture
def url(request):
    if BY == "vcrpy":
        import vcr
        with vcr.use_cassette("plain.yaml", record_mode="none", allow_playback_repeats=True):
            yield "https://api.hubapi.com{STATUS}"
    else:
        yield request.getfixturevalue("hubfiles").base_url + "{STATUS}"

@pytest.fixture
def saw(request):
    return lambda *seen: FACTS.setdefault(request.node.name, []).append(json.loads(json.dumps(seen)))

def pytest_runtest_logreport(report):
    if report.failed:
        FACTS.pop(report.location[2], None)

def pytest_sessionfinish():
    pathlib.Path(BY + ".json").write_text(json.dumps(FACTS, indent=1))
"""


BETTER = {
    "test_imported_anew": "vcrpy knows one of the two modules alone",
    "test_stubbed_out[async_httpx-AsyncHTTPTransport-handle_async_request]": "vcrpy's stub is no coroutine function",
    **{f"test_threads[{client}]": "vcrpy takes its patches off while a thread sends" for client in acts.CLIENTS},
}
"""What plain vcrpy cannot replay, or shows otherwise than the client does; the first it cannot in our hands either."""


VCRPY_FROM_THE_START = ("configured", "replayed") if sys.version_info < (3, 11) else ("configured",)
MAY_FAIL = ("vcrpy", *VCRPY_FROM_THE_START)


def run(downstream: Downstream, monkeypatch: pytest.MonkeyPatch, by: str, *args: str) -> dict[str, Any]:
    """Run the acts in a process of their own; return what each saw that passed."""
    monkeypatch.setenv("BY", by)
    result = downstream.pytester.runpytest_subprocess("-q", *args)
    assert result.ret == 0 or by in MAY_FAIL, result.stdout.str()
    facts: dict[str, Any] = json.loads((downstream.path / f"{by}.json").read_text(encoding="utf-8"))
    return facts


@pytest.mark.slow
def test_what_tests_do_with_clients(downstream: Downstream, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each act passes while it is recorded; its replay passes too, and sees what it sees under plain vcrpy."""
    (downstream.path / "test_acts.py").write_bytes(Path(acts.__file__).read_bytes())
    (downstream.path / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    downstream.write([polled("COMPLETE")], downstream.path / "plain.yaml")

    with constant_server() as server:
        recorded = run(
            downstream, monkeypatch, "recording", f"--hubfiles-base-url={server}", "--hubfiles-record=rewrite"
        )
    by_vcrpy = run(downstream, monkeypatch, "vcrpy")
    for way in ("replayed", "configured"):
        replayed = run(downstream, monkeypatch, way)

        unseen = {"test_imported_anew"} if way in VCRPY_FROM_THE_START else set()
        assert recorded.keys() - replayed.keys() <= unseen
        assert replayed.keys() - by_vcrpy.keys() <= BETTER.keys()  # threads are not always unlucky
        differing = [
            f"{name}: {replayed[name]}, vcrpy {seen}"
            for name, seen in by_vcrpy.items()
            if seen != replayed[name] and name not in BETTER
        ]
        assert not differing, "\n".join([way, *differing])
