"""A replay lets no connection leave this machine, nor reach the base URL on it, whatever made it."""

from __future__ import annotations

import asyncio
import http.client
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from unittest.mock import Mock

import pytest
from helpers.downstream import Downstream, whole_import

from pytest_hubfiles.record.network_block import ConnectionBlockedError, NetworkBlock

ELSEWHERE = "192.0.2.1"  # RFC 5737: nobody's
NAMES = ("__init__", "connect", "connect_ex", "sendto", "sendmsg")
LOOK_UPS = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo")


def refusal(what: str) -> ConnectionBlockedError:
    return ConnectionBlockedError(f"{what} was refused")


Blocked = Callable[..., NetworkBlock]


@pytest.fixture(params=["alone", "within another"])
def blocked_by(request: pytest.FixtureRequest) -> Iterator[Blocked]:
    """What makes the block of a test: it stands before the sockets itself, or that of the run does, which asks it."""
    if request.param == "alone":
        yield NetworkBlock
        return
    with NetworkBlock("https://api.hubapi.com", refusal, concerns=lambda: False):
        yield NetworkBlock


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A server on loopback that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def base(listener: socket.socket, host: str = "127.0.0.1") -> str:
    return f"http://{host}:{listener.getsockname()[1]}"


def udp(send: Callable[[socket.socket], object]) -> Callable[[], object]:
    def call() -> object:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            return send(sock)

    return call


def tcp(send: Callable[[socket.socket], object]) -> Callable[[], object]:
    def call() -> object:
        with socket.socket() as sock:
            return send(sock)

    return call


ATTEMPTS: dict[str, Callable[[], object]] = {
    "connect": tcp(lambda sock: sock.connect((ELSEWHERE, 80))),
    "connect to a name": tcp(lambda sock: sock.connect(("api.hubapi.com", 80))),
    "connect_ex": tcp(lambda sock: sock.connect_ex((ELSEWHERE, 80))),
    "tls": lambda: (
        ssl.create_default_context().wrap_socket(socket.socket(), server_hostname="x").connect((ELSEWHERE, 443))
    ),
    "create_connection": lambda: socket.create_connection(("api.hubapi.com", 443)),
    "sendto": udp(lambda sock: sock.sendto(b"x", (ELSEWHERE, 53))),
    "sendto with flags": udp(lambda sock: sock.sendto(b"x", 0, (ELSEWHERE, 53))),
    "sendmsg": udp(lambda sock: sock.sendmsg([b"x"], [], 0, (ELSEWHERE, 53))),
    "broadcast": udp(lambda sock: sock.sendto(b"x", ("<broadcast>", 53))),
    "getaddrinfo": lambda: socket.getaddrinfo("api.hubapi.com", 443),
    "getaddrinfo of bytes": lambda: socket.getaddrinfo(b"api.hubapi.com", 443),
    "gethostbyname": lambda: socket.gethostbyname("api.hubapi.com"),
    "gethostbyname_ex": lambda: socket.gethostbyname_ex("api.hubapi.com"),
    "gethostbyaddr": lambda: socket.gethostbyaddr(ELSEWHERE),
    "gethostbyaddr of a name": lambda: socket.gethostbyaddr("api.hubapi.com"),
    "getnameinfo": lambda: socket.getnameinfo((ELSEWHERE, 443), 0),
    "asyncio": lambda: asyncio.run(asyncio.open_connection(ELSEWHERE, 443)),  # type: ignore[dict-item]
    "asyncio by name": lambda: asyncio.run(asyncio.open_connection("api.hubapi.com", 443)),  # type: ignore[dict-item]
    "a mapped address": lambda: socket.create_connection((f"::ffff:{ELSEWHERE}", 80)),
}


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_what_would_leave_is_refused(blocked_by: Blocked, attempt: str) -> None:
    """Whatever names an address or a host elsewhere is refused before it is tried, as a failed connection."""
    asked: list[str] = []

    def refuse(what: str) -> ConnectionBlockedError:
        asked.append(what)
        return refusal(what)

    with blocked_by("https://api.hubapi.com", refuse), pytest.raises(OSError, match="was refused"):
        ATTEMPTS[attempt]()
    assert len(asked) == 1


@pytest.mark.parametrize("is_left", [False, True], ids=["", "on what was left"])
def test_what_another_package_has_taken_away_is_put_back(
    blocked_by: Blocked, monkeypatch: pytest.MonkeyPatch, is_left: bool
) -> None:
    """Where somebody has put back Python's own method, the next socket finds the block; a test's patch is left."""
    if is_left:
        monkeypatch.setattr(socket.socket, "connect", lambda sock, address: None, raising=False)
    untouched, look_up = socket.socket.__mro__[1].connect, socket.getaddrinfo  # type: ignore[attr-defined]
    with blocked_by("https://api.hubapi.com", refusal), socket.socket() as sock:
        socket.socket.connect = untouched  # type: ignore[method-assign]  # as pytest-socket does
        socket.getaddrinfo = look_up  # type: ignore[assignment]
        monkeypatch.setattr(socket.socket, "connect_ex", lambda sock, address: 0)
        socket.socket().close()
        assert sock.connect_ex((ELSEWHERE, 80)) == 0
        for attempt in ("connect", "getaddrinfo"):
            with pytest.raises(ConnectionBlockedError):
                ATTEMPTS[attempt]()
        monkeypatch.undo()
        with pytest.raises(ConnectionBlockedError):
            sock.connect_ex((ELSEWHERE, 80))


def test_the_class_that_another_has_replaced_is_stood_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has imported the socket before somebody put a class of his own in its place gets out no more than others."""
    early = socket.socket
    monkeypatch.setattr(socket, "socket", type("Socket", (socket.socket,), {}))
    with NetworkBlock("https://api.hubapi.com", refusal), early() as sock, pytest.raises(ConnectionBlockedError):
        sock.connect((ELSEWHERE, 443))


def test_a_mock_in_place_of_the_class(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fixture may have put a mock there before: what has imported the socket earlier is refused all the same."""
    early = socket.socket
    monkeypatch.setattr(socket, "socket", Mock())
    with NetworkBlock("https://api.hubapi.com", refusal), early() as sock, pytest.raises(ConnectionBlockedError):
        sock.connect((ELSEWHERE, 443))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "127.0.0.1."])
def test_the_base_url_is_refused_though_it_is_here(blocked_by: Blocked, listener: socket.socket, host: str) -> None:
    """A fake server on loopback is recorded from, and a replay does not reach it, under whatever name."""
    for called in ("127.0.0.1", "localhost"):
        with (
            blocked_by(base(listener, host), refusal),
            pytest.raises(ConnectionBlockedError, match=f"connecting to .*:{listener.getsockname()[1]} was refused"),
        ):
            socket.create_connection((called, listener.getsockname()[1]))


def test_what_stays_here_is_let_through(blocked_by: Blocked, listener: socket.socket, tmp_path: Path) -> None:
    """A test's own server on loopback, a UNIX socket, a socket pair and a name for this machine are no way out."""
    port = listener.getsockname()[1]
    with blocked_by("https://api.hubapi.com", refusal):
        for host in ("127.0.0.1", "localhost", "::ffff:127.0.0.1"):
            with suppress(ConnectionRefusedError):  # where there is no IPv6, the system says so, not the block
                socket.create_connection((host, port)).close()
        with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
            connection.connect()
        asyncio.run(_open_and_close(port))
        one, other = socket.socketpair()
        one.close()
        other.close()
        with suppress(socket.gaierror):
            socket.gethostbyname(socket.gethostname())
        for host in ("", "127.0.0.1", "::"):
            socket.getfqdn(host)
        assert socket.getnameinfo((ELSEWHERE, 443), socket.NI_NUMERICHOST | socket.NI_NUMERICSERV) == (ELSEWHERE, "443")
        with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
            server.bind(str(tmp_path / "s"))
            server.listen()
            client.connect(str(tmp_path / "s"))


async def _open_and_close(port: int) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("hosts", [["localhost."], [re.compile("local.*")], ["127.0.0.1"]], ids=str)
def test_ignoring_loopback_does_not_open_the_base_url(
    blocked_by: Blocked, listener: socket.socket, hosts: list[str]
) -> None:
    """The base URL stays refused where loopback is a host to ignore: vcrpy's hooks see HubSpot's origin there."""
    with blocked_by(base(listener), refusal, hosts), pytest.raises(ConnectionBlockedError):
        socket.create_connection(("localhost", listener.getsockname()[1]))


def test_a_host_to_ignore_is_let_through(
    blocked_by: Blocked, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that vcrpy is told to ignore may be looked up, and what it leads to reached."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ELSEWHERE, 443))]
    reached: list[object] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args: found)
    monkeypatch.setattr(socket.socket, "connect", lambda sock, address: reached.append(address), raising=False)
    monkeypatch.setattr(socket, "gethostbyaddr", lambda host: (f"name of {host}", [], []))
    with blocked_by("https://api.hubapi.com", refusal, ["mail.example.com"]):
        with pytest.raises(ConnectionBlockedError), socket.socket() as sock:
            sock.connect((ELSEWHERE, 443))
        socket.create_connection(("mail.example.com", 443)).close()
        assert socket.getfqdn(ELSEWHERE) == f"name of {ELSEWHERE}"
    assert reached == [(ELSEWHERE, 443)]


def test_nothing_is_left_behind(blocked_by: Blocked, listener: socket.socket) -> None:
    """After a replay the sockets are as they were, also where somebody patched on top of it and undid that later."""
    before = {name: vars(socket.socket).get(name) for name in NAMES}
    look_ups = {name: getattr(socket, name) for name in LOOK_UPS}
    with blocked_by(base(listener), refusal), pytest.MonkeyPatch.context() as patched:
        blocked = socket.socket.connect
        patched.setattr(socket.socket, "connect", blocked)
    assert {name: vars(socket.socket).get(name) for name in NAMES} == before
    assert {name: getattr(socket, name) for name in LOOK_UPS} == look_ups

    late = pytest.MonkeyPatch()
    with blocked_by(base(listener), refusal):
        blocked = socket.socket.connect
        late.setattr(socket.socket, "connect", blocked)
    late.undo()
    with socket.socket() as sock:
        blocked(sock, listener.getsockname())
    if before["connect"] is None:  # for the tests that come
        del socket.socket.connect
    else:
        socket.socket.connect = before["connect"]  # type: ignore[method-assign]


def test_a_block_stands_on_top_of_what_was_patched_over_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """A patch over the block of the run is not trusted to ask it: that of the test stands on top, and goes alone."""
    reached: list[object] = []
    with NetworkBlock("https://api.hubapi.com", refusal, concerns=lambda: False), socket.socket() as sock:
        untouched = socket.socket.connect
        with NetworkBlock("https://api.hubapi.com", refusal):
            assert socket.socket.connect is untouched
            with pytest.raises(ConnectionBlockedError):
                sock.connect((ELSEWHERE, 443))
        monkeypatch.setattr(socket.socket, "connect", lambda sock, address: reached.append(address), raising=False)
        with NetworkBlock("https://api.hubapi.com", refusal), pytest.raises(ConnectionBlockedError):
            sock.connect((ELSEWHERE, 443))
        sock.connect((ELSEWHERE, 443))
    assert reached == [(ELSEWHERE, 443)]


def test_a_class_in_place_of_the_socket_is_stood_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where somebody has put another class in its place, the block of the test stands before that."""

    class Straight(socket.socket):
        def connect(self, address: object) -> None:
            pytest.fail("it is connected")

    with NetworkBlock("https://api.hubapi.com", refusal, concerns=lambda: False):
        monkeypatch.setattr(socket, "socket", Straight)
        block = NetworkBlock("https://api.hubapi.com", refusal)
        with block, socket.socket() as sock, pytest.raises(ConnectionBlockedError):
            sock.connect((ELSEWHERE, 443))


def test_threads_are_blocked_too(blocked_by: Blocked, listener: socket.socket) -> None:
    """A thread that the test has started does not get out either."""
    seen: list[BaseException] = []

    def connect() -> None:
        try:
            socket.create_connection(listener.getsockname())
        except ConnectionBlockedError as error:
            seen.append(error)

    with blocked_by(base(listener), refusal):
        thread = threading.Thread(target=connect)
        thread.start()
        thread.join()
    assert len(seen) == 1


# --- in a test ---

RAW = """
import socket

def test_import(hubfiles):
    import_a_file(hubfiles)
    try:
        socket.create_connection({address}).close()
    except OSError:
        pass
"""


def test_a_refused_connection_fails_the_test(downstream: Downstream) -> None:
    """A connection that a replay refuses fails the test though it swallowed the error, and says what to do."""
    downstream.tests()
    downstream.record()
    downstream.tests(RAW.format(address=("127.0.0.1", downstream.sandbox.port)))

    result = downstream.run_live()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            f"breaking *unmatched-request: connecting to 127.0.0.1:{downstream.sandbox.port} was refused: *",
            "*ignore_hosts of hubfiles_vcr_config*",
        ]
    )
    assert downstream.asked() == 0


def test_what_a_plugin_puts_back_of_the_socket_lets_nothing_through(downstream: Downstream) -> None:
    """Plugins that block sockets themselves put back what they found, as a test or one of its fixtures ends."""
    downstream.write(whole_import())
    (downstream.path / "conftest.py").write_text("import socket\n\nCONNECT = socket.socket.connect\n", encoding="utf-8")
    downstream.tests(
        f"""
import socket
from conftest import CONNECT

@pytest.fixture
def putting_back():
    yield
    socket.socket.connect = CONNECT

@pytest.fixture
def leaving(hubfiles):
    yield
    with socket.socket() as sock, pytest.raises(ConnectionRefusedError, match="was refused"):
        sock.connect(({ELSEWHERE!r}, 80))

def test_import(hubfiles, leaving, putting_back):
    import_a_file(hubfiles)
"""
    )

    result = downstream.run_apart()

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([f"breaking *connecting to {ELSEWHERE}:80 was refused: *"])


def test_a_recording_is_not_sealed(downstream: Downstream) -> None:
    """While recording, a test may talk to whom it likes."""
    downstream.tests(RAW.format(address=("127.0.0.1", downstream.sandbox.port)).replace("except OSError", "finally"))
    downstream.record()
