"""Record, re-record, fail, be killed, replay, in any order: the last promoted cassette loads and replays."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from faults.projects import Project, Ran, project
from faults.servers import RawServer, ReceivedRequest, reply
from helpers.downstream import polled
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pytest_hubfiles import cassettes

TESTS = """
import pathlib

def test_import(hubfiles):
    import_a_file(hubfiles)
    assert not pathlib.Path("fail").exists()
"""
MODES = st.sampled_from(["once", "new_episodes", "all", "rewrite", "refresh", "verify"])
KILLED = 9


class Recordings(RuleBasedStateMachine):
    """One test and its cassette, whose answers say in which ``generation`` they were given."""

    def __init__(self) -> None:
        super().__init__()
        self.generation = 0
        self.out = False
        self.promoted: int | None = None  # the generation of the answers in the cassette
        with ExitStack() as stack:
            self.server = stack.enter_context(RawServer(self._answer))
            self.project: Project = stack.enter_context(project())
            self.stack = stack.pop_all()
        self.project.tests(TESTS)
        self.path = self.project.cassette("test_import")

    def teardown(self) -> None:
        self.stack.close()

    def _answer(self, asked: ReceivedRequest) -> Iterator[bytes]:
        if self.out:
            yield reply(b"", 503, "Service Unavailable")
        elif asked.method == "POST":
            yield reply(json.dumps({"id": hashlib.sha256(asked.body).hexdigest()[:11]}).encode(), 202, "Accepted")
        else:
            body = json.loads(polled("COMPLETE").response_body)
            yield reply(json.dumps({**body, "result": {**body["result"], "size": self.generation}}).encode())

    def _run(self, mode: str) -> Ran:
        self.generation += 1
        return self._record_now(mode)

    def _record_now(self, mode: str) -> Ran:
        return self.project.run(f"--hubfiles-base-url={self.server.url}", f"--hubfiles-record={mode}")

    def _goes_live(self, mode: str) -> bool:
        return mode in ("all", "rewrite", "refresh", "verify") or self.promoted is None

    def _is_written(self, mode: str) -> bool:
        is_new = self.promoted is None
        return mode != "verify" and (is_new if mode == "refresh" else self._goes_live(mode))

    @rule(mode=MODES)
    def record(self, mode: str) -> None:
        """A good recording is promoted, where the mode records."""
        written = self._is_written(mode)
        ran = self._run(mode)
        assert ran.outcomes == {"test_import": "passed"}, ran.output
        if written:
            self.promoted = self.generation

    @rule(mode=MODES)
    def fail(self, mode: str) -> None:
        """A test that fails promotes nothing."""
        (self.project.path / "fail").touch()
        ran = self._run(mode)
        (self.project.path / "fail").unlink()
        assert ran.outcomes == {"test_import": "failed"}

    @rule(mode=MODES)
    def lose_the_api(self, mode: str) -> None:
        """An outage promotes nothing."""
        self.out = True
        ran = self._run(mode)
        self.out = False
        assert (ran.outcomes == {"test_import": "failed"}) is self._goes_live(mode), ran.output

    @rule(mode=MODES, moment=st.integers(1, 12))
    def be_killed(self, mode: str, moment: int) -> None:
        """A process that dies at any touch of the project's folder leaves the old cassette or the new one."""
        self.generation += 1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the child ends before another thread could matter
            child = os.fork()
        if child == 0:
            self._die_at(moment)
            try:
                self._record_now(mode)
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) in (0, KILLED)
        if self._is_written(mode) and self.path.exists() and self._recorded() == self.generation:
            self.promoted = self.generation

    def _die_at(self, moment: int) -> None:
        left = moment

        def watch(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal left
            if event in ("open", "os.rename", "os.remove", "os.mkdir") and "cassettes" in str(arguments[0]):
                left -= 1
                if left == 0:
                    os._exit(KILLED)

        sys.addaudithook(watch)

    def _recorded(self) -> int:
        sizes = [i.json["result"]["size"] for i in cassettes.read(self.path) if i.task_status == "COMPLETE"]
        assert len(set(sizes)) == 1, sizes
        return int(sizes[0])

    @invariant()
    def the_last_promoted_cassette_replays(self) -> None:
        """What was promoted last is what the file holds, to the end, and it replays."""
        assert self.path.exists() is (self.promoted is not None)
        if self.promoted is None:
            return
        assert self._recorded() == self.promoted
        ran = self.project.run()
        assert ran.outcomes == {"test_import": "passed"}, ran.output


TestRecordings = pytest.mark.slow(Recordings.TestCase)
TestRecordings.settings = settings(max_examples=5, stateful_step_count=6, suppress_health_check=list(HealthCheck))
