"""A change is put in at one place, what a recorder replays, and reaches every client as a server would have sent it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from helpers.answers import CONTRACTS
from helpers.downstream import STATUS, polled, started
from helpers.http_clients import SENDERS, Answer, Send

from pytest_hubfiles import cassettes
from pytest_hubfiles.model.hubspot_api import CANONICAL_ORIGIN
from pytest_hubfiles.record import Interception, Recorder
from pytest_hubfiles.rehearsal.changes import apply, parse
from pytest_hubfiles.settings.values import RecordMode

RECORDED = [started(), *[polled("PENDING")] * 10, polled("COMPLETE")]


@contextmanager
def replaying(folder: Path, name: str) -> Iterator[Recorder]:
    """Answer every client from a cassette with the change *name*."""
    cassette = folder / "c.yaml"
    cassettes.write(cassette, cassettes.dump(RECORDED))
    recorder = Recorder(
        cassette=cassette, display_name="c.yaml", mode=RecordMode.NONE, staged=None, base_url=CANONICAL_ORIGIN,
        identify=CONTRACTS.identify,
    )  # fmt: skip
    recorder.replayed = list(apply(parse(name), recorder.replayed, CONTRACTS))
    with Interception(recorder):
        yield recorder


@contextmanager
def closing_server() -> Iterator[str]:
    """Serve connections that are closed once a request has come; give the address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        connection.recv(65536)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def outcome(send: Send, url: str) -> str | Answer:
    """Return what a poll comes to: the answer, or the class of the error."""
    try:
        return send("GET", url, {}, None)
    except Exception as error:  # noqa: BLE001  # each client has its own
        return f"{type(error).__module__}.{type(error).__name__}"


@pytest.mark.parametrize("send", SENDERS.values(), ids=SENDERS)
def test_a_cut_connection(send: Send, tmp_path: Path) -> None:
    """A client whose connection is cut gets the error that it gets from a server that closes, and can ask again."""
    with closing_server() as url:
        real = outcome(send, url)
    with replaying(tmp_path, "import-status outage cut-for-good") as recorder:
        assert outcome(send, CANONICAL_ORIGIN + STATUS) == real
        assert not recorder.faults
    with replaying(tmp_path, "import-status outage cut"):
        outcome(send, CANONICAL_ORIGIN + STATUS)
        assert isinstance(outcome(send, CANONICAL_ORIGIN + STATUS), Answer)


@pytest.mark.parametrize("send", SENDERS.values(), ids=SENDERS)
@pytest.mark.parametrize(
    "name",
    ["$.status enum-value-added", "$.completedAt format-changed no-millis", "success-status-changed 204",
     "body-emptied", "body-emptied null", "body-not-json html", "content-type-changed latin-1",
     "content-type-changed missing", "operation-gone",
     "deprecation-announced", "outage 500", "outage 502-for-good", "task-canceled"],
)  # fmt: skip
def test_what_reaches_a_client(send: Send, name: str, tmp_path: Path) -> None:
    """Status, body and headers of the changed answers reach each client as they are."""
    polls = [i for i in apply(parse(f"import-status {name}"), RECORDED, CONTRACTS) if i.method == "GET"]
    with replaying(tmp_path, f"import-status {name}") as recorder:
        for poll in (polls[0], polls[1]):
            answer = send("GET", CANONICAL_ORIGIN + STATUS, {}, None)
            assert (answer.status, answer.body) == (poll.status_code, poll.body)
            for header in ("content-type", "retry-after", "sunset"):
                assert ", ".join(answer.headers.get(header, ())) == poll.headers.get(header, "")
        assert not recorder.faults
