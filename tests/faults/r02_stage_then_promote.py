"""R2: however a test ends, its cassette is the old one, or a new one that replays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from helpers.downstream import constant_server, interaction

from faults.ledger import Outcome
from faults.projects import Project, project
from pytest_hubfiles import cassettes

_TESTS: Final = """
import os
import pathlib
import signal

BAD = pathlib.Path("bad").exists()

def carry_out(hubfiles):
    if not BAD:
        return import_a_file(hubfiles)
    hubfiles.start_import(**BODY)  # a recording of this alone does not replay

@pytest.fixture
def torn_down_badly(hubfiles):
    yield
    assert not BAD

@pytest.fixture
def torn_down_badly_at_last():
    yield
    assert not BAD

@pytest.fixture
def set_up_badly(hubfiles):
    carry_out(hubfiles)
    assert not BAD

def test_fails(hubfiles):
    carry_out(hubfiles)
    assert not BAD

def test_raises(hubfiles):
    carry_out(hubfiles)
    if BAD: raise OSError("no")

def test_skips(hubfiles):
    carry_out(hubfiles)
    if BAD: pytest.skip("later")

def test_xfails(hubfiles):
    carry_out(hubfiles)
    if BAD: pytest.xfail("known")

@pytest.mark.xfail(strict=False)
def test_is_xfail(hubfiles):
    carry_out(hubfiles)
    assert not BAD

@pytest.mark.xfail(BAD, strict=True, reason="passes though it must not")
def test_is_strict_xfail(hubfiles):
    carry_out(hubfiles)

@pytest.mark.xfail(BAD, strict=False, reason="passes")
def test_is_lax_xfail(hubfiles):
    import_a_file(hubfiles)

def test_teardown_fails(torn_down_badly, hubfiles):
    carry_out(hubfiles)

def test_last_teardown_fails(torn_down_badly_at_last, hubfiles):
    carry_out(hubfiles)

def test_setup_fails(set_up_badly):
    pass

def test_subtest_fails(hubfiles, subtests):
    carry_out(hubfiles)
    with subtests.test("one of many"):
        assert not BAD

def test_leaves(hubfiles):
    carry_out(hubfiles)
    if BAD: raise SystemExit(0)

def test_passes(hubfiles):
    import_a_file(hubfiles)

def test_is_interrupted(hubfiles):
    carry_out(hubfiles)
    if BAD: raise KeyboardInterrupt

def test_exits_pytest(hubfiles):
    carry_out(hubfiles)
    if BAD: pytest.exit("enough")

def test_exits_with_0(hubfiles):
    carry_out(hubfiles)
    if BAD: pytest.exit("enough", returncode=0)

def test_exits_process(hubfiles):
    carry_out(hubfiles)
    if BAD: os._exit(0)

def test_is_terminated(hubfiles):
    carry_out(hubfiles)
    if BAD: os.kill(os.getpid(), signal.SIGTERM)

def test_is_killed(hubfiles):
    carry_out(hubfiles)
    if BAD: os.kill(os.getpid(), signal.SIGKILL)
"""
_ENDS_THE_RUN: Final = ("test_is_interrupted", "test_exits_pytest", "test_exits_with_0")
_ENDS_THE_PROCESS: Final = ("test_exits_process", "test_is_terminated", "test_is_killed")
_MODES: Final = ("rewrite", "all", "new_episodes", "once", "verify")
_ELSEWHERE: Final = interaction("GET", "/files/2026-03/files/import-from-url/async/tasks/other/status", 404, {})
_BY_PYTEST_RECORDING: Final = """
import pathlib
import urllib.request

@pytest.mark.vcr
def test_fails():
    bad = pathlib.Path("bad").exists()
    for number in range(1 if bad else 2):
        urllib.request.urlopen(f"{url}/files/{number}/status").read()
    assert not bad
"""


def run(bounded: bool) -> Outcome:
    """End tests in each way in each mode, after half of their requests; replay what is left with the whole tests."""
    failures: list[str] = []
    count = 0
    with constant_server() as url:
        for mode in _MODES[:1] if bounded else _MODES:
            with project() as suite:
                suite.tests(_TESTS)
                names, what = _end_badly(suite, url, mode, _ENDS_THE_PROCESS[2:] if bounded else _ENDS_THE_PROCESS)
                count += names
                failures += [f"{mode}: {text}" for text in what]
        with project() as suite:
            control = _peer_breaks_one(suite, url)
    return Outcome("R2", "only a test that passed promotes", count, "broken", control, tuple(failures))


def _end_badly(suite: Project, url: str, mode: str, killers: Iterable[str]) -> tuple[int, list[str]]:
    live = f"--hubfiles-base-url={url}", f"--hubfiles-record={mode}", "--tb=no"
    if mode != "once":
        good = suite.run(live[0], "--hubfiles-record=once")
        assert good.status == 0, good.output
    if mode == "new_episodes":
        for name in suite.contents():
            suite.cassette(name).write_bytes(cassettes.dump([_ELSEWHERE]))
    old = suite.contents()
    (suite.path / "bad").touch()
    alone = (*_ENDS_THE_RUN, *_ENDS_THE_PROCESS)
    ended = suite.run(*live, "-k", f"not ({' or '.join(alone)})").outcomes
    suite.run(*live, "-x", "-k", "test_passes or test_fails")
    for name in _ENDS_THE_RUN:
        suite.run(*live, "-k", name)
    for name in killers:
        suite.run_apart(*live, "-k", name)
    (suite.path / "bad").unlink()
    new = suite.contents()
    changed = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    found = [
        f"{name} is {mode} by a test that did not pass"
        for name in changed
        if ended.get(name) not in ("passed", "xpassed")
    ]
    if changed or mode in ("rewrite", "all", "verify"):
        wanted = list(old) if mode in ("rewrite", "all", "verify") else changed
        replayed = suite.run("--tb=short", "-k", " or ".join(wanted)).outcomes
        found += [f"{name} {how} in replay" for name, how in replayed.items() if how not in ("passed", "xpassed")]
    return len(ended) + len(_ENDS_THE_RUN) + len(list(killers)), found


def _peer_breaks_one(suite: Project, url: str) -> bool:
    """Return whether pytest-recording leaves a cassette that no longer replays."""
    suite.tests(f"url = {url!r}\n{_BY_PYTEST_RECORDING}")
    plugin = "-p", "pytest_recording.plugin", "-W", "ignore"  # vcrpy has been imported before
    recorded = suite.run(*plugin, "--record-mode=once")
    (suite.path / "bad").touch()
    suite.run(*plugin, "--record-mode=rewrite")
    (suite.path / "bad").unlink()
    replayed = suite.run(*plugin, "--record-mode=none")
    return recorded.status == 0 and replayed.outcomes == {"test_fails": "failed"}
