"""What a test gets when it asks for ``hubfiles``."""

from __future__ import annotations

import functools
import json
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pytest_hubfiles.errors import HubfilesError
from pytest_hubfiles.judge.registry import Contracts
from pytest_hubfiles.model.exchange import Exchange
from pytest_hubfiles.model.finding import Finding
from pytest_hubfiles.model.task_states import TERMINAL
from pytest_hubfiles.record.token import TokenMissingError
from pytest_hubfiles.run.one_test import TestRun

_REQUEST_SECONDS = 30.0


class TaskTimeoutError(HubfilesError, TimeoutError):
    """A task did not end in the time given; ``last`` is the last answer."""

    def __init__(self, operation: str, task_id: str, seconds: float, last: Exchange) -> None:
        self.operation, self.task_id, self.seconds, self.last = operation, task_id, seconds, last
        super().__init__(
            f"{operation} of task {task_id} was {last.task_status or 'without a state'} after {seconds:g} seconds.\n"
            "Give wait() a longer timeout=, or look at the task in HubSpot."
        )


class TaskPollError(HubfilesError):
    """A poll got an error instead of a state; ``exchange`` is that answer."""

    def __init__(self, operation: str, task_id: str, exchange: Exchange) -> None:
        self.operation, self.task_id, self.exchange = operation, task_id, exchange
        body = exchange.body[:300].decode("utf-8", "replace")
        super().__init__(f"{operation} of task {task_id} got HTTP {exchange.status_code}: {body}")


class ExchangeIgnoredError(HubfilesError):
    """A built-in call of which nothing is known, because hubfiles_vcr_config has vcrpy ignore its host."""

    def __init__(self, url: str) -> None:
        self.url = url
        super().__init__(
            f"{url} was asked and its answer was not recorded: hubfiles_vcr_config has vcrpy ignore this request.\n"
            "Take the host out of ignore_hosts, or call it with a client of your own."
        )


@functools.cache
def _tls() -> ssl.SSLContext:
    """Return the context that urllib would make for each request; reading the certificates takes some 20 ms."""
    return ssl.create_default_context()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Leaves a redirect to the caller: an API that redirects is a finding, not something to follow."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


@dataclass
class HubFiles:
    """HubSpot's asynchronous Files operations in one version, recorded or replayed.

    ``base_url`` is where to send requests now; any HTTP client of the test is recorded or answered from
    ``cassette`` as well. ``recording`` says whether requests may reach the network.
    """

    version: str
    base_url: str
    cassette: Path
    _test_run: TestRun = field(repr=False)
    _contracts: Contracts = field(repr=False)
    _token: str | None = field(repr=False)
    _sending: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False, compare=False)

    @property
    def recording(self) -> bool:
        """Whether requests go to the network when nothing is recorded for them."""
        return self._test_run.recorder.live

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """What this test has exchanged so far, in the order of asking, whichever client did."""
        return tuple(self._test_run.recorder.exchanges)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What has been found in these exchanges so far, the worst first."""
        return tuple(self._test_run.findings)

    def start_import(self, **body: Any) -> Exchange:
        """Start an import from a URL; *body* is sent as it is given (``url=``, ``access=``, …).

        Source: operation ``import-start``; dated versions require ``duplicateValidationScope``,
        ``duplicateValidationStrategy`` and ``overwrite`` where v3 required ``url``.

        Raises:
            TokenMissingError: if this would be recorded without a token.
        """
        return self._start("import-start", body)

    def start_folder_update(self, **body: Any) -> Exchange:
        """Start to rename or move a folder; *body* is sent as it is given (``id=``, ``name=``, …).

        Raises:
            TokenMissingError: if this would be recorded without a token.
        """
        return self._start("folder-update-start", body)

    def import_status(self, task_id: str) -> Exchange:
        """Ask once how far an import is.

        Raises:
            TokenMissingError: if this would be recorded without a token.
        """
        return self._poll("import-status", task_id)

    def folder_update_status(self, task_id: str) -> Exchange:
        """Ask once how far a folder update is.

        Raises:
            TokenMissingError: if this would be recorded without a token.
        """
        return self._poll("folder-update-status", task_id)

    def wait(self, operation: str, task_id: str, *, timeout: float = 60.0, interval: float = 2.0) -> Exchange:
        """Poll *operation* until the task is COMPLETE or CANCELED; return the last answer.

        *timeout* and *interval* are seconds; replaying what was recorded, it neither sleeps nor times out.

        Raises:
            TaskTimeoutError: if the task has not ended in time; a TimeoutError.
            TaskPollError: if a poll gets anything but a 2xx, or an HTML page.
            ContractNotFoundError: if this version has no such operation.
        """
        deadline, history = time.monotonic() + timeout, self._test_run.recorder.history
        while True:
            before = history.answered_live
            exchange = self._poll(operation, task_id)
            if not 200 <= exchange.status_code < 300 or exchange.interaction.transient:
                raise TaskPollError(operation, task_id, exchange)
            if exchange.task_status in TERMINAL:
                return exchange
            recorder = self._test_run.recorder
            if recorder.history.answered_live > before or recorder.tape.is_changed:  # so the task needs time
                if time.monotonic() + interval > deadline:
                    raise TaskTimeoutError(operation, task_id, timeout, exchange)
                time.sleep(interval)

    def _start(self, operation: str, body: Mapping[str, Any]) -> Exchange:
        contract = self._contracts.get(self.version, operation)
        return self._send(contract.method, contract.path, json.dumps(body).encode())

    def _poll(self, operation: str, task_id: str) -> Exchange:
        contract = self._contracts.get(self.version, operation)
        head, _, tail = contract.path.partition("{")
        path = f"{head}{quote(str(task_id), safe='')}{tail.partition('}')[2]}"
        return self._send(contract.method, path, None)

    def _send(self, method: str, path: str, body: bytes | None) -> Exchange:
        url = self.base_url + path
        recorder = self._test_run.recorder
        if recorder.live and not self._token and not recorder.can_play(method, url, body or b""):
            raise TokenMissingError(f"{method} {url}")
        with self._sending:  # in several threads, nobody could tell whose exchange is whose
            before = len(recorder.history)
            if not recorder.answers(method, url, body or b""):
                self._ask(method, url, body)
            for exchange in recorder.history.since(before):
                if exchange.method == method and exchange.interaction.path.endswith(path):
                    return exchange
        raise ExchangeIgnoredError(url)

    def _ask(self, method: str, url: str, body: bytes | None) -> None:
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self.recording and self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        request = urllib.request.Request(url, data=body, headers=headers, method=method)  # noqa: S310  # http or https: options.py
        opener = urllib.request.build_opener(_NoRedirect, urllib.request.HTTPSHandler(context=_tls()))
        try:
            with opener.open(request, timeout=_REQUEST_SECONDS) as answer:
                answer.read()
        except urllib.error.HTTPError as error:  # an answer like any other
            error.close()
