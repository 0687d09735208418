"""R3: what was an outage and no answer never replaces a recording, and never passes; a server breaks off for real."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Sequence
from typing import Final

import vcr
from helpers.downstream import interaction

from faults import outages
from faults.ledger import Outcome
from faults.projects import Project, project
from pytest_hubfiles import cassettes

_TESTS: Final = """
from faults.outages import upload

@pytest.mark.parametrize("case", {cases!r})
def test_import(hubfiles, case):
    upload({client!r}, hubfiles.base_url, case)

{mark}
"""
_MODES: Final = {
    "rewrite": "requests",
    "all": "httpx",
    "new_episodes": "aiohttp",
    "once": "requests",
    "verify": "urllib",
}
_ELSEWHERE: Final = interaction("GET", "/files/2026-03/files/import-from-url/async/tasks/other/status", 404, {})
_BOUNDED: Final = (
    "http-401", "http-503", "login-302", "html-502", "html-unsaid", "nothing", "reset", "garbage", "cut-in-headers",
    "cut-in-body", "cut-in-chunk", "no-gzip", "half-a-json", "stall",
)  # fmt: skip
_ON_PURPOSE: Final = ("http-401", "http-429", "http-500", "http-503", "login-302", "html-502", "reset")


def run(bounded: bool) -> Outcome:
    """Record from an API that breaks off in each way at each place, in each mode."""
    places = ("1",) if bounded else outages.PLACES
    faults = _BOUNDED if bounded else outages.FAULTS
    cases = [f"{fault}.{place}" for fault, place in itertools.product(faults, places)]
    failures: list[str] = []
    count = 0
    with outages.upstream() as (api, url):
        for mode in ("rewrite",) if bounded else _MODES:
            with project() as suite:
                _write(suite, _MODES[mode], cases)
                _prepare(suite, api, url, mode)
                count += len(cases)
                failures += [f"{mode}: {what}" for what in _record(suite, api, url, mode, cases)]
        with project() as suite:
            failures += _unreachable(suite, api, url)
            count += 2
        with project() as suite:
            failures += _on_purpose(suite, api, url, _ON_PURPOSE[:2] if bounded else _ON_PURPOSE)
            control = _plain(suite, api, url)
    return Outcome("R3", "outages are never promoted", count, "replaced or green", control, tuple(failures))


def _write(suite: Project, client: str, cases: Sequence[str], mark: str = "") -> None:
    suite.tests(_TESTS.format(client=client, cases=list(cases), mark=mark and f"pytestmark = pytest.mark.{mark}"))


def _prepare(suite: Project, api: outages.Upstream, url: str, mode: str) -> None:
    """Make the recordings that must not be replaced."""
    api.reset(faulty=False)
    if mode == "once":  # which records only where there is nothing
        return
    good = suite.run(f"--hubfiles-base-url={url}", "--hubfiles-record=once")
    assert good.status == 0, good.output
    if mode == "new_episodes":  # which asks only for what there is not
        for path in suite.path.rglob("*.yaml"):
            path.write_bytes(cassettes.dump([_ELSEWHERE]))


def _record(suite: Project, api: outages.Upstream, url: str, mode: str, cases: Sequence[str]) -> list[str]:
    api.reset(faulty=True)
    old = suite.contents()
    ran = suite.run(f"--hubfiles-base-url={url}", f"--hubfiles-record={mode}", "--tb=no")
    found = [
        f"test_import[{case}] {how}" for case in cases if (how := ran.outcomes.get(f"test_import[{case}]")) != "failed"
    ]
    new = suite.contents()
    found += [f"{name} is another" for name in {**old, **new} if old.get(name) != new.get(name)]
    if mode in ("rewrite", "all", "verify"):
        replayed = suite.run("--tb=no")
        found += [f"{test} {how} in replay" for test, how in replayed.outcomes.items() if how != "passed"]
    return found


def _unreachable(suite: Project, api: outages.Upstream, url: str) -> list[str]:
    """Record from where nobody listens, and over TLS from a server that knows none."""
    _write(suite, "requests", ["unreachable.1"])
    _prepare(suite, api, url, "rewrite")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
    found = []
    for name, there in (("nobody listens", nobody), ("no TLS there", url.replace("http:", "https:"))):
        found += [f"{name}: {what}" for what in _record(suite, api, there, "rewrite", ["unreachable.1"])]
    return found


def _on_purpose(suite: Project, api: outages.Upstream, url: str, faults: Sequence[str]) -> list[str]:
    """Record outages in tests that say they want one; each is promoted and replays."""
    cases = [f"{fault}.1" for fault in faults]
    _write(suite, "requests", cases, "hubfiles(allow=['outage', 'body-not-json', 'content-type-changed'])")
    api.reset(faulty=True)
    recorded = suite.run(f"--hubfiles-base-url={url}", "--hubfiles-record=once", "--tb=no")
    found = [f"{test} {how} though it wants an outage" for test, how in recorded.outcomes.items() if how != "passed"]
    if len(suite.contents()) != len(cases):
        found.append(f"{len(suite.contents())} of {len(cases)} outages are recorded on purpose")
    replayed = suite.run("--tb=no")
    return found + [
        f"{test} {how} in replay of an outage" for test, how in replayed.outcomes.items() if how != "passed"
    ]


def _plain(suite: Project, api: outages.Upstream, url: str) -> bool:
    """Return whether plain vcrpy keeps an outage in a good recording's place."""
    path = suite.path / "plain.yaml"
    kept = []
    for faulty in (False, True):
        api.reset(faulty=faulty)
        with vcr.VCR(record_mode="all").use_cassette(str(path)):
            outages.upload("requests", url, "http-500.1")
        kept.append(path.read_bytes())
    return b"code: 500" not in kept[0] and b"code: 500" in kept[1]
