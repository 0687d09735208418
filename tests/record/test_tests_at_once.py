"""Two tests never record or replay at the same time in two threads: nobody could tell their requests apart."""

from __future__ import annotations

import pytest
from helpers.downstream import Downstream, answers, whole_import

OUTER = """
import threading

ALONE = ["-s", "-p", "no:recording", "-p", "no:cacheprovider", "-o", "python_files=*.py"]

def run_inner():
    codes.append(pytest.main([*ALONE, "inner.py"]))

codes = []

def test_outer(hubfiles):
    assert import_a_file(hubfiles).task_status == "COMPLETE"
    {run}
    assert codes == [{code}]
    assert len(hubfiles.exchanges) == 4
"""
IN_A_THREAD = "thread = threading.Thread(target=run_inner); thread.start(); thread.join()"


@pytest.mark.slow
@pytest.mark.parametrize("args", [(), ("--hubfiles-record=once",)], ids=["replayed", "recorded"])
def test_a_test_in_another_thread_is_refused(downstream: Downstream, args: tuple[str, ...]) -> None:
    """While a test records or replays, one in another thread is not run, and says why; the first is as ever."""
    outer, inner = downstream.cassette("test_outer"), downstream.cassette("test_inner", "inner")
    downstream.tests(OUTER.format(run=IN_A_THREAD, code=1))
    downstream.tests("\ndef test_inner(hubfiles): import_a_file(hubfiles)\n", "inner")
    if not args:
        downstream.write(whole_import(), outer)
        downstream.write(whole_import(), inner)

    result = downstream.run_apart("-s", "test_files.py", *args)

    assert result.ret == 0, result.stdout.str()
    result.stdout.fnmatch_lines(
        [
            "inner.py::test_inner was not run: test_files.py::test_outer records or replays at the same time, *",
            "Run tests side by side in processes instead: pytest -n auto with pytest-xdist, *",
            "*1 error in *",
            "*1 passed in *",
        ]
    )
    assert [method for method, _ in answers(outer)] == ["POST", "GET", "GET", "GET"]
    assert inner.exists() is not bool(args)


@pytest.mark.slow
def test_a_test_within_a_test_is_replayed(downstream: Downstream) -> None:
    """A test that runs pytest itself, in its own thread, replays, and so does what it runs."""
    downstream.write(whole_import(), downstream.cassette("test_outer"))
    downstream.write(whole_import(), downstream.cassette("test_inner", "inner"))
    downstream.tests(OUTER.format(run="run_inner()", code=0))
    downstream.tests("\ndef test_inner(hubfiles): import_a_file(hubfiles)\n", "inner")
    result = downstream.run_apart("-s", "test_files.py")
    assert result.ret == 0, result.stdout.str()


def test_built_in_calls_in_threads_get_their_own_exchange(downstream: Downstream) -> None:
    """Threads of one test that start the same import at once each get the task that they started."""
    downstream.tests("""
from concurrent.futures import ThreadPoolExecutor

def test_import(hubfiles):
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: import_a_file(hubfiles), range(8)))
    assert len({task.json["taskId"] for task in done}) == 8
    assert len(hubfiles.exchanges) == 8 * 4
""")
    downstream.record()
    replayed = downstream.run()
    assert replayed.ret == 0, replayed.stdout.str()
