"""Has every HTTP client of this process ask a recorder while a test runs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import TYPE_CHECKING

from pytest_hubfiles import secrets
from pytest_hubfiles.record.certificates import late_certificates
from pytest_hubfiles.record.fast.player import Player
from pytest_hubfiles.record.log_filter import filtered_logs, redacted_handlers
from pytest_hubfiles.record.network_block import NetworkBlock
from pytest_hubfiles.record.recorder import Recorder

if TYPE_CHECKING:
    from pytest_hubfiles.record.vcrpy.bridge import Bridge


class Interception(AbstractContextManager[Recorder]):
    """While it is entered, the clients ask *recorder*.

    No other connection leaves this machine in a replay, nor in a recording whose base URL is on it.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._block = self._network_block()
        self._entered = ExitStack()

    def __enter__(self) -> Recorder:
        recorder = self._recorder
        with ExitStack() as entering:  # what fails in here leaves nothing patched
            bridge = self._bridge() if recorder.vcr_config else None
            recorder.load(recorder.replayed if bridge is None else bridge.interactions())
            if recorder.live or bridge is not None:
                entering.enter_context(self._patched(bridge))
            else:
                entering.enter_context(Player(recorder.plain_answer, self._patched, self._patched_beneath))
            # A client may log a request before its credentials are known.
            entering.enter_context(filtered_logs(lambda line: secrets.redact(line, recorder.credentials)))
            entering.enter_context(redacted_handlers(lambda: recorder.credentials))
            if self._block is not None:
                entering.enter_context(self._block)
            if not recorder.live:
                entering.enter_context(late_certificates())
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

    def _ignored(self, url: str) -> None:
        if self._block is not None:
            self._block.open(url)

    def _bridge(self) -> Bridge:
        from pytest_hubfiles.record.vcrpy.bridge import open_bridge

        return open_bridge(self._recorder, self._ignored)

    def _patched(self, bridge: Bridge | None = None) -> AbstractContextManager[None]:
        """Return what has vcrpy's stubs ask the recorder."""
        from pytest_hubfiles.record.vcrpy.patching import patched

        skipped = self._recorder.vcr_config.get("skip_patchers", ())
        return patched(self._bridge() if bridge is None else bridge, skipped)

    def _patched_beneath(self) -> AbstractContextManager[Callable[[], None]]:
        """Return what has vcrpy's stubs ask the recorder, under what the test has patched."""
        from pytest_hubfiles.record.vcrpy.patching import patched_beneath

        return patched_beneath(self._bridge())
