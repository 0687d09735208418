"""What a test leaves behind sends nothing in another test's name, and nothing unseen."""

from __future__ import annotations

import json
import socket

import pytest
from helpers.downstream import STATUS, Downstream, interaction, polled
from helpers.patience import PATIENCE

from pytest_hubfiles.cassettes.names import safe_name

COMMON = f"""
import asyncio
import concurrent.futures
import threading
import time
import httpx
import requests

PATH = {STATUS!r}
PATIENCE = {PATIENCE!r}  # seconds; only stops what hangs
TOKEN = {{"Authorization": "Bearer a-token-for-tests"}}
errors = []

def by_requests(url):
    try:
        return requests.get(url, headers=TOKEN, timeout=60).json()["status"]
    except Exception as error:
        errors.append(error)

def by_httpx(url):
    try:
        return httpx.get(url, headers=TOKEN, timeout=60).json()["status"]
    except Exception as error:
        errors.append(error)
"""
THREAD = """
goes_on = threading.Event()

def late(url):
    goes_on.wait(PATIENCE)
    SEND(url)
    SEND(url)

left = []

def test_first(hubfiles):
    hubfiles.import_status("first")
    left.append(threading.Thread(target=late, args=(hubfiles.base_url + PATH,), name="the late one"))
    left[0].start()
"""
SLEEPING = """
def test_first(hubfiles):
    hubfiles.import_status("first")
    threading.Thread(target=time.sleep, args=(PATIENCE,), daemon=True).start()
"""
DURING = """
@pytest.mark.hubfiles(cassette="second")
def test_second(hubfiles):
    goes_on.set()
    left[0].join()
    assert hubfiles.import_status("second")
    assert [type(error).__name__ for error in errors] == ["LateRequestError"] * 2
    assert "test_first" in str(errors[0])
    assert len(hubfiles.exchanges) == 1
"""
BETWEEN = """
def test_second():
    goes_on.set()
    left[0].join()
    assert len(errors) == 2
"""
OTHER = """
@pytest.mark.hubfiles(cassette="third")
def test_third(hubfiles):
    assert hubfiles.import_status("third")
"""


def status_path(task: str) -> str:
    return STATUS.replace("AAAAEZ6whGI", task)


@pytest.fixture
def suite(downstream: Downstream) -> Downstream:
    """A project whose cassettes have an answer for each test, and one for whoever comes late."""
    for name, path in (("first", downstream.cassette("test_first")), ("second", None), ("third", None)):
        tape = [
            interaction("GET", status_path(name), 200, json.loads(polled("PENDING").response_body)),
            polled("PENDING"),
        ]
        downstream.write(
            tape[: 1 if name != "second" else 2], path or downstream.path / f"cassettes/2026-03/{name}.yaml"
        )
    return downstream


def told(result: pytest.RunResult, by: str = "the thread the late one") -> None:
    """Check that a run of tests that passed is red, and says why."""
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([f"*was refused: {by} was begun by test_files.py::test_first, which has ended.*"])
    result.stdout.fnmatch_lines(["*join the thread*"])


BY = pytest.mark.parametrize("send", [pytest.param("by_requests", marks=pytest.mark.slow), "by_httpx"])


@BY
@pytest.mark.parametrize("second", [DURING, BETWEEN], ids=["during another", "between two"])
def test_replayed(suite: Downstream, send: str, second: str) -> None:
    """A thread that sends after its test has ended is refused, though the next test has an answer, and told."""
    suite.tests(COMMON + THREAD.replace("SEND", send) + second + OTHER)

    result = suite.run_apart("--hubfiles-fail-on=never")

    result.assert_outcomes(passed=3)
    told(result)
    assert suite.asked() == 0


@pytest.mark.slow
@BY
@pytest.mark.parametrize("second", [DURING, BETWEEN], ids=["during another", "between two"])
def test_recorded(downstream: Downstream, send: str, second: str) -> None:
    """Recording likewise: the server is not asked, and no cassette has what came late."""
    downstream.tests(COMMON + THREAD.replace("SEND", send) + second + OTHER)

    result = downstream.run_apart("--hubfiles-record=once", "--hubfiles-fail-on=never")

    result.assert_outcomes(passed=3)
    told(result)
    assert downstream.asked() == (2 if second is BETWEEN else 3)
    text = "".join(path.read_text(encoding="utf-8") for path in downstream.path.rglob("*.yaml"))
    assert STATUS not in text


@pytest.mark.slow
def test_under_xdist(suite: Downstream) -> None:
    """What a worker refuses, the whole run tells."""
    suite.tests(COMMON + THREAD.replace("SEND", "by_requests") + DURING)

    told(suite.run_apart("--hubfiles-fail-on=never", "-n1"))


@pytest.mark.slow
def test_a_timer(suite: Downstream) -> None:
    """A timer is what a test has begun too."""
    suite.tests(
        COMMON
        + """
left = []

def test_first(hubfiles):
    hubfiles.import_status("first")
    left.append(threading.Timer(1, by_requests, (hubfiles.base_url + PATH,)))
    left[0].name = "the late one"
    left[0].start()

def test_second():
    left[0].join()
    assert len(errors) == 1
"""
    )

    told(suite.run_apart("--hubfiles-fail-on=never"))


@pytest.mark.slow
@pytest.mark.parametrize("workers", [(), ("-n1",)], ids=["alone", "xdist"])
@pytest.mark.parametrize("send", ["by_requests", "by_httpx"])
def test_after_the_last_test(suite: Downstream, send: str, workers: tuple[str, ...]) -> None:
    """A thread that Python waits for is waited for by the run, so that what it sends is told."""
    suite.tests(
        COMMON
        + f"""
def late(url):
    time.sleep(2)
    {send}(url)

def test_first(hubfiles):
    hubfiles.import_status("first")
    threading.Thread(target=late, args=(hubfiles.base_url + PATH,), name="the late one").start()
"""
    )

    result = suite.run_apart("--hubfiles-fail-on=never", *workers)

    result.assert_outcomes(passed=1)
    told(result)
    assert suite.asked() == 0


def test_nothing_is_left_on_the_sockets(suite: Downstream) -> None:
    """Once all has ended that tests left, the run is over and sockets are Python's own again: for what comes after."""
    before = socket.getaddrinfo, socket.socket.connect
    suite.tests(COMMON + THREAD.replace("SEND", "by_requests") + BETWEEN)

    suite.run("--hubfiles-fail-on=never").assert_outcomes(passed=2)
    assert (socket.getaddrinfo, socket.socket.connect) == before


def test_run_after_run_in_one_process(suite: Downstream) -> None:
    """Each run takes the place of the one before, whatever that has left: nothing piles up on the sockets."""
    suite.tests(COMMON + SLEEPING)
    before = socket.socket.connect
    for _ in range(3):
        suite.run("--hubfiles-fail-on=never").assert_outcomes(passed=1)
    guard = socket.socket.connect
    beneath = [cell.cell_contents for cell in guard.__closure__ or () if callable(cell.cell_contents)]
    assert guard is not before
    assert before in beneath


def test_a_thread_that_does_not_end(suite: Downstream) -> None:
    """A daemon that goes on for ever and sends nothing neither holds up the run nor fails it."""
    suite.tests(COMMON + SLEEPING + "    threading.Thread(target=threading.Event().wait, daemon=True).start()\n")

    result = suite.run_apart("--hubfiles-fail-on=never")

    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.OK


def test_at_exit(suite: Downstream) -> None:
    """What a test has registered to send at exit is refused, and told on stderr; what else it registered works."""
    suite.tests(
        COMMON
        + """
import atexit
import pathlib

def test_first(hubfiles):
    hubfiles.import_status("first")
    atexit.register(by_requests, hubfiles.base_url + PATH)
    atexit.register(pathlib.Path("ended").write_text, "yes")
    def removed():
        pathlib.Path("removed").touch()
    assert atexit.register(removed) is removed
    atexit.unregister(removed)

def test_second():
    assert type(atexit.register).__name__ == "builtin_function_or_method"
"""
    )

    result = suite.run_apart("--hubfiles-fail-on=never")

    result.assert_outcomes(passed=2)
    result.stderr.fnmatch_lines(["* was refused: what sent it at exit was begun by test_files.py::test_first, *"])
    assert suite.asked() == 0
    assert (suite.path / "ended").exists()
    assert not (suite.path / "removed").exists()


POOL = """
@pytest.fixture(scope="session")
def pool():
    with concurrent.futures.ThreadPoolExecutor(2, thread_name_prefix="pool") as pool:
        yield pool
"""


def test_a_pool_of_the_session_serves_every_test(suite: Downstream) -> None:
    """Its threads are started by the first test, and answer the second."""
    suite.tests(
        COMMON
        + POOL
        + """
def test_first(hubfiles, pool):
    url = hubfiles.base_url + PATH.replace("AAAAEZ6whGI", "first")
    assert pool.submit(by_requests, url).result() == "PENDING"

@pytest.mark.hubfiles(cassette="second")
def test_second(hubfiles, pool):
    url = hubfiles.base_url + PATH.replace("AAAAEZ6whGI", "second")
    assert list(pool.map(by_requests, [url, hubfiles.base_url + PATH])) == ["PENDING"] * 2
"""
    )

    result = suite.run_apart()

    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.OK


def test_what_a_pool_goes_on_doing(suite: Downstream) -> None:
    """What was handed to a pool by a test that has ended is refused; the same thread then serves the next test."""
    suite.tests(
        COMMON
        + POOL
        + """
goes_on = threading.Event()
left = []

def late(url):
    goes_on.wait(PATIENCE)
    return by_requests(url)

def test_first(hubfiles, pool):
    hubfiles.import_status("first")
    left.append([pool.submit(late, hubfiles.base_url + PATH) for _ in range(2)])

@pytest.mark.hubfiles(cassette="second")
def test_second(hubfiles, pool):
    goes_on.set()
    assert [future.result() for future in left[0]] == [None, None]
    assert [type(error).__name__ for error in errors] == ["LateRequestError"] * 2
    url = hubfiles.base_url + PATH.replace("AAAAEZ6whGI", "second")
    assert list(pool.map(by_requests, [url, hubfiles.base_url + PATH])) == ["PENDING"] * 2
"""
    )

    result = suite.run_apart("--hubfiles-fail-on=never")

    result.assert_outcomes(passed=2)
    told(result, "the thread pool_*")


LOOP = """
@pytest.fixture(scope="session")
def loop():
    loop = asyncio.new_event_loop()
    def runs():
        loop.run_forever()
    thread = threading.Thread(target=runs, name="loop")
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()

async def ask(url):
    async with httpx.AsyncClient() as client:
        return (await client.get(url)).json()["status"]

def run(loop, coroutine):
    return asyncio.run_coroutine_threadsafe(coroutine, loop)
"""


def test_a_task_that_nobody_awaits(suite: Downstream) -> None:
    """A task of a test that has ended is refused, in a loop that goes on to serve the next test."""
    suite.tests(
        COMMON
        + LOOP
        + """
left = []

async def late(gate, url):
    await gate.wait()
    try:
        return await ask(url)
    except Exception as error:
        errors.append(error)

async def opened(gate):
    gate.set()

def test_first(hubfiles, loop):
    gate = asyncio.Event()
    assert run(loop, ask(hubfiles.base_url + PATH.replace("AAAAEZ6whGI", "first"))).result() == "PENDING"
    left.extend([gate, run(loop, late(gate, hubfiles.base_url + PATH))])

@pytest.mark.hubfiles(cassette="second")
def test_second(hubfiles, loop):
    gate, task = left
    run(loop, opened(gate)).result()
    assert task.result() is None
    assert [type(error).__name__ for error in errors] == ["LateRequestError"]
    for name in ("second", "AAAAEZ6whGI"):
        assert run(loop, ask(hubfiles.base_url + PATH.replace("AAAAEZ6whGI", name))).result() == "PENDING"
"""
    )

    result = suite.run_apart("--hubfiles-fail-on=never")

    result.assert_outcomes(passed=2)
    told(result, "the task that sent it")


@pytest.mark.slow
def test_a_loop_in_a_thread_that_a_test_left(suite: Downstream) -> None:
    """A thread with a loop of its own, that carries out one coroutine, is what its test has begun."""
    suite.tests(
        COMMON
        + LOOP
        + """
goes_on = threading.Event()
left = []

async def late(url):
    goes_on.wait(PATIENCE)
    try:
        await ask(url)
    except Exception as error:
        errors.append(error)

def test_first(hubfiles):
    hubfiles.import_status("first")
    url = hubfiles.base_url + PATH
    left.append(threading.Thread(target=lambda: asyncio.run(late(url)), name="the late one"))
    left[0].start()

@pytest.mark.hubfiles(cassette="second")
def test_second(hubfiles):
    goes_on.set()
    left[0].join()
    assert hubfiles.import_status("second")
    assert [type(error).__name__ for error in errors] == ["LateRequestError"]
"""
    )

    result = suite.run_apart("--hubfiles-fail-on=never")

    result.assert_outcomes(passed=2)
    told(result)


@pytest.mark.slow
def test_a_loop_that_a_test_starts_for_all(suite: Downstream) -> None:
    """A loop in a thread, or the task in which anyio runs tests, serves each test though the first has started it."""
    for name in ("first", "second", "third"):
        tape = [interaction("GET", status_path(name), 200, json.loads(polled("PENDING").response_body))]
        suite.write(tape, suite.path / f"cassettes/2026-03/{name}.yaml")
    suite.tests(
        COMMON
        + LOOP
        + """
@pytest.fixture(scope="module")
def anyio_backend():
    return "asyncio"

@pytest.fixture(scope="module")
async def client(anyio_backend):
    async with httpx.AsyncClient() as client:
        yield client

@pytest.fixture
def late_client(hubfiles, request):
    return request.getfixturevalue("client")

TESTS = [pytest.param(name, marks=pytest.mark.hubfiles(cassette=name)) for name in ("first", "second", "third")]

@pytest.mark.anyio
@pytest.mark.parametrize("name", TESTS)
async def test_anyio(hubfiles, late_client, name):
    url = hubfiles.base_url + PATH.replace("AAAAEZ6whGI", name)
    (answer,) = await asyncio.gather(late_client.get(url))
    assert answer.json()["status"] == "PENDING"

@pytest.mark.parametrize("name", TESTS)
def test_loop(hubfiles, request, name):
    loop = request.getfixturevalue("loop")
    url = hubfiles.base_url + PATH.replace("AAAAEZ6whGI", name)
    assert run(loop, ask(url)).result() == "PENDING"
"""
    )

    result = suite.pytester.runpytest_subprocess("-p", "no:cacheprovider", "-p", "anyio")

    result.assert_outcomes(passed=6)
    assert result.ret == pytest.ExitCode.OK


@pytest.mark.slow
def test_who_has_ended_in_time(suite: Downstream) -> None:
    """A test that waits for its threads leaves nothing, and the run is green."""
    suite.tests(
        COMMON
        + """
def test_first(hubfiles):
    thread = threading.Thread(target=by_requests, args=(hubfiles.base_url + PATH.replace("AAAAEZ6whGI", "first"),))
    thread.start()
    thread.join()

@pytest.mark.hubfiles(cassette="third")
def test_third(hubfiles):
    assert by_httpx(hubfiles.base_url + PATH.replace("AAAAEZ6whGI", "third")) == "PENDING"
"""
    )

    result = suite.run_apart()

    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.OK


WORKER = """
import concurrent.futures, threading, time
import pytest, requests

class Worker(threading.Thread):
    "A worker of the session that looks for work again and again, in the call that will do it."

    def __init__(self):
        super().__init__(daemon=True)
        self.jobs, self.on = [], True

    def run(self):
        while self.on:
            self.do_one()

    def do_one(self):
        while self.on and not self.jobs:
            time.sleep(0.001)
        if self.on:
            future, job = self.jobs.pop(0)
            future.set_result(job())

@pytest.fixture(scope="session")
def worker():
    worker = Worker()
    worker.start()
    yield worker
    worker.on = False
    worker.join()

@pytest.mark.parametrize("number", range(3))
def test_by_a_worker(worker, hubfiles, number):
    future = concurrent.futures.Future()
    worker.jobs.append((future, lambda: requests.get(hubfiles.base_url + PATH, timeout=600).json()["status"]))
    assert future.result(timeout=600) == "COMPLETE"
"""


def test_a_worker_of_the_session_serves_every_test(downstream: Downstream) -> None:
    """A thread from before the tests that waits for work in its own way is nobody's, whatever test it worked for."""
    ended = polled("COMPLETE")
    downstream.tests(f"PATH = {ended.path!r}\n{WORKER}")
    for number in range(3):
        downstream.write([ended], downstream.cassette(safe_name(f"test_by_a_worker[{number}]")))
    downstream.run().assert_outcomes(passed=3)
