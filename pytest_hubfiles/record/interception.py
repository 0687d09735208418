"""Has every HTTP client of this process ask a recorder while a test runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Final

from pytest_hubfiles import secrets
from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.model.hubspot_api import CANONICAL_ORIGIN
from pytest_hubfiles.model.origin import host_of, is_loopback
from pytest_hubfiles.record.certificates import LateCertificates
from pytest_hubfiles.record.fast.player import Player
from pytest_hubfiles.record.log_filter import FilteredLogs, filter_new_loggers
from pytest_hubfiles.record.network_block import NetworkBlock
from pytest_hubfiles.record.recorder import Recorder
from pytest_hubfiles.record.vcrpy.installed import import_vcrpy, see_clients

if TYPE_CHECKING:
    from pytest_hubfiles.record.unrecorded_clients import UnrecordedClients
    from pytest_hubfiles.record.vcrpy.bridge import Bridge

_LOCK: Final = threading.Lock()
_ENTERED: Final[list[tuple[int, str]]] = []  # the threads and tests that record or replay


class TestsAtOnceError(HubfilesError):
    """Two tests record or replay in two threads of one process."""

    def __init__(self, test: str, other: str) -> None:
        self.test, self.other = test, other
        super().__init__(
            f"{test} was not run: {other} records or replays at the same time, in another thread of this process, "
            "and nobody could tell whose a request is.\n"
            "Run tests side by side in processes instead: pytest -n auto with pytest-xdist, or --workers without "
            "--tests-per-worker with pytest-parallel."
        )


Change = Callable[[Sequence[Interaction]], Iterable[Interaction]]
"""Returns what the API answers in place of what was recorded."""


class Interception(AbstractContextManager[Recorder]):
    """While it is entered, the clients ask *recorder*.

    No other connection leaves this machine in a replay, nor in a recording whose base URL is on it. With *change* the
    answers are what that makes of those recorded.
    """

    def __init__(self, recorder: Recorder, change: Change | None = None) -> None:
        self._recorder, self._change = recorder, change
        self._block = self._network_block()
        self._unrecorded = self._unrecorded_clients()
        self._entered = ExitStack()

    def __enter__(self) -> Recorder:
        recorder = self._recorder
        see_clients()
        with ExitStack() as entering:  # what fails in here leaves nothing patched
            entering.enter_context(_Alone(recorder.test))
            # First: vcrpy logs what it loads, and a client may log a request before its credentials are known.
            entering.enter_context(FilteredLogs(lambda line: secrets.redact(line, recorder.credentials)))
            bridge = self._bridge() if recorder.vcr_config else None
            loaded = recorder.replayed if bridge is None else bridge.interactions()
            recorder.load(loaded if self._change is None else self._change(loaded))
            recorder.tape.is_changed = self._change is not None
            if recorder.live or bridge is not None:
                entering.enter_context(self._patched(bridge))
            else:
                entering.enter_context(
                    Player(recorder.plain_answer, recorder.reach.is_hubspot, self._patched, self._patched_beneath)
                )
            if self._block is not None:
                entering.enter_context(self._block)
            if self._unrecorded is not None:
                entering.enter_context(self._unrecorded)
            if not recorder.live:
                entering.enter_context(LateCertificates())
            recorder.stragglers.begin(recorder.test)
            entering.callback(recorder.stragglers.end)
            self._entered = entering.pop_all()
        return recorder

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._entered.__exit__(kind, error, trace)

    def _network_block(self) -> NetworkBlock | None:
        recorder = self._recorder
        ignored = recorder.vcr_config.get("ignore_hosts", ())
        if not recorder.live:
            return NetworkBlock(recorder.base_url, recorder.refuse_connection, ignored)
        if not recorder.reach.is_local:
            return None
        block = NetworkBlock(None, recorder.refuse_connection, [*ignored, *recorder.reach.hosts])
        block.open(recorder.base_url)
        return block

    def _unrecorded_clients(self) -> UnrecordedClients | None:
        recorder, config = self._recorder, self._recorder.vcr_config
        host = host_of(recorder.base_url)
        is_ignored = not {host, host_of(CANONICAL_ORIGIN)}.isdisjoint(config.get("ignore_hosts", ()))
        if not recorder.live or is_ignored or (config.get("ignore_localhost") and is_loopback(host)):
            return None
        from pytest_hubfiles.record.unrecorded_clients import UnrecordedClients
        from pytest_hubfiles.record.vcrpy.failing_requests import is_stub_under_way

        def is_sending() -> bool:
            return recorder.is_sending() or is_stub_under_way()

        return UnrecordedClients(recorder.base_url, is_sending, recorder.refuse_unrecorded)

    def _ignored(self, url: str) -> None:
        for guard in (self._block, self._unrecorded):
            if guard is not None:
                guard.open(url)

    def _bridge(self) -> Bridge:
        import_vcrpy()
        from pytest_hubfiles.record.vcrpy.bridge import open_bridge

        filter_new_loggers()
        return open_bridge(self._recorder, self._ignored)

    def _patched(self, bridge: Bridge | None = None) -> AbstractContextManager[None]:
        """Return what has vcrpy's stubs ask the recorder."""
        bridge = self._bridge() if bridge is None else bridge
        from pytest_hubfiles.record.vcrpy.patching import patched

        return patched(bridge, self._recorder.vcr_config.get("skip_patchers", ()))

    def _patched_beneath(self) -> AbstractContextManager[Callable[[], None]]:
        """Return what has vcrpy's stubs ask the recorder, under what the test has patched."""
        try:
            bridge = self._bridge()
            from pytest_hubfiles.record.vcrpy.patching import patched_beneath

            return patched_beneath(bridge)
        except Exception as error:
            self._recorder.note_fault(error)
            raise


class _Alone(AbstractContextManager["_Alone"]):
    """Keeps tests in other threads from recording or replaying; one within another, in this thread, may.

    Raises:
        TestsAtOnceError: when it is entered, if one does so now.
    """

    def __init__(self, test: str) -> None:
        self._here = threading.get_ident(), test

    def __enter__(self) -> _Alone:
        ident, test = self._here
        with _LOCK:
            for thread, other in _ENTERED:
                if thread != ident:
                    raise TestsAtOnceError(test, other)
            _ENTERED.append(self._here)
        return self

    def __exit__(self, *_: object) -> None:
        with _LOCK:
            _ENTERED.remove(self._here)
