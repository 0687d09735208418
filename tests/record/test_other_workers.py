"""What a pool's worker gets for a request that nothing is recorded for: an error that reaches who waits for it."""

from __future__ import annotations

import os

import pytest
from helpers.downstream import STATUS, Downstream, polled, started
from helpers.patience import PATIENCE

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the workers are forked")

SENDING = f"""
import concurrent.futures
import multiprocessing
import multiprocessing.pool
import httpx
import requests

PATIENCE = {PATIENCE!r}  # seconds; only stops what hangs
FORKED = multiprocessing.get_context("fork")

def by_requests(url):
    return requests.get(url, timeout=5).json()["status"]

def by_httpx(url):
    with httpx.Client() as client:
        return client.get(url).json()["status"]

def stubbornly(url):
    for _ in range(30):  # as uploaders do: it will come right at the next poll
        try:
            return requests.get(url, timeout=5).json()["status"]
        except Exception as error:
            last = error
    raise last

def in_a_pool(call, url):
    with FORKED.Pool(1) as pool:
        return pool.apply_async(call, (url,)).get(PATIENCE)

def in_a_thread_pool(call, url):
    with multiprocessing.pool.ThreadPool(1) as pool:
        return pool.apply_async(call, (url,)).get(PATIENCE)

def in_an_executor(call, url):
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=FORKED) as pool:
        return pool.submit(call, url).result(PATIENCE)
"""
TESTS = """
@pytest.mark.parametrize("where", [in_a_pool, in_a_thread_pool, in_an_executor])
@pytest.mark.parametrize("call", [by_requests, by_httpx])
@pytest.mark.hubfiles(cassette="import")
def test_poll(hubfiles, where, call):
    assert where(call, hubfiles.base_url + STATUS) == "PENDING"
    with pytest.raises(Exception, match="is not in|polled 1 time") as refused:
        where(call, hubfiles.base_url + STATUS.replace("AAAAEZ6whGI", "other"))
    assert type(refused.value).__name__ == "UnmatchedRequestError"
    assert refused.value.finding.operation == "import-status"
"""


@pytest.fixture
def suite(downstream: Downstream) -> Downstream:
    """A project whose cassette has one poll."""
    downstream.write([started(), polled("PENDING")], downstream.path / "cassettes" / "2026-03" / "import.yaml")
    return downstream


@pytest.mark.slow
def test_workers_hand_on_the_refusal(suite: Downstream) -> None:
    """In a pool a recorded answer is an answer, and a refusal is raised where the worker is awaited."""
    suite.tests(f"{SENDING}\nSTATUS = {STATUS!r}\n{TESTS}")

    result = suite.run_apart("--hubfiles-fail-on=never")

    result.assert_outcomes(passed=6)


@pytest.mark.slow
def test_what_a_worker_was_refused_fails_the_test(suite: Downstream) -> None:
    """A test that awaits such a worker fails with what was asked and what to do."""
    suite.tests(
        f"""{SENDING}
@pytest.mark.hubfiles(cassette="import")
def test_poll(hubfiles):
    in_a_pool(by_requests, hubfiles.base_url + {STATUS.replace("AAAAEZ6whGI", "other")!r})
"""
    )

    result = suite.run_apart()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*UnmatchedRequestError: GET */tasks/other/status is not in *", "*Record it with *"])


@pytest.mark.slow
def test_a_stubborn_worker_comes_to_its_own_end(suite: Downstream) -> None:
    """A worker that tries thirty times, whatever goes wrong, is not killed before its last try."""
    suite.tests(
        f"""{SENDING}
@pytest.mark.hubfiles(cassette="import")
def test_poll(hubfiles):
    with pytest.raises(Exception, match="is not in"):
        in_a_pool(stubbornly, hubfiles.base_url + {STATUS.replace("AAAAEZ6whGI", "other")!r})
"""
    )

    suite.run_apart("--hubfiles-fail-on=never").assert_outcomes(passed=1)


@pytest.mark.slow
def test_a_worker_that_never_gives_up_is_ended(suite: Downstream) -> None:
    """A process that swallows every Exception, and asks on and on, ends, and says why."""
    suite.tests(
        f"""{SENDING}
def forever(url):
    while True:
        try:
            return by_requests(url)
        except Exception:
            pass

@pytest.mark.hubfiles(cassette="import")
def test_poll(hubfiles):
    child = FORKED.Process(target=forever, args=(hubfiles.base_url + {STATUS.replace("AAAAEZ6whGI", "other")!r},))
    child.start()
    child.join(PATIENCE)
    assert child.exitcode == 1
"""
    )

    result = suite.run_apart("--hubfiles-fail-on=never", "-s")

    result.assert_outcomes(passed=1)
    assert "the test swallows the refusal" in result.stdout.str() + result.stderr.str()
