"""A request is known by where it goes: no host answers for another, and no recording reaches further than it may."""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
import vcr.patch
from helpers.downstream import START, STATUS, Downstream, interaction, polled, started, whole_import
from helpers.http_clients import TOKEN, watched_sockets

from pytest_hubfiles import cassettes
from pytest_hubfiles.model.exchange import Interaction
from pytest_hubfiles.model.hubspot_api import CANONICAL_ORIGIN as ORIGIN
from pytest_hubfiles.model.origin import HUBSPOT, is_loopback, origin_key, origin_of
from pytest_hubfiles.record.reach import Reach
from pytest_hubfiles.settings.values import OPTIONS, OptionError

CLIENTS = ("requests", "httpx", "httpx-async", "aiohttp", "urllib3", "urllib", "http.client")
CONNECTS_LATE = hasattr(vcr.patch, "PATCHER_NAMES")
"""Whether vcrpy connects by TLS when a request is sent; 8.5 does it before it knows the request."""
IF_OWN = " If it is a server of the suite's own, have the fixture hubfiles_vcr_config return {}."
ASKING = """
import json
from helpers import http_clients

def ask(client, url, method="GET", body=None, token=None):
    headers = {"Authorization": "Bearer " + token} if token else {}
    return http_clients.SENDERS[client](method, url, headers, body)
"""


class Server(ThreadingHTTPServer):
    """A server that says its own name, and keeps what it was asked: method, path and Authorization.

    ``redirects`` are the paths that it answers with a redirect, and to where.
    """

    daemon_threads = True

    def __init__(self, address: str) -> None:
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        super().__init__((address, 0), _Named)
        host = f"[{address}]" if ":" in address else address
        self.port = int(self.server_address[1])
        self.url = f"http://{host}:{self.port}"
        self.asked: list[tuple[str, str, str | None]] = []
        self.redirects: dict[str, str] = {}
        self.thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def close(self) -> None:
        """Stop serving."""
        self.shutdown()
        self.thread.join()
        self.server_close()


class _Named(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((self.command, self.path, self.headers.get("Authorization")))
        target = self.server.redirects.get(self.path)
        body = json.dumps({"server": self.server.url, "path": self.path}).encode()
        self.send_response(200 if target is None else 302)
        if target is not None:
            self.send_header("Location", target)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815  # the name http.server looks for

    def log_message(self, *args: object) -> None:
        """Keep silent."""


Serve = Callable[..., Server]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """What starts a server on an address of loopback."""
    with ExitStack() as stack:

        def start(address: str = "127.0.0.1") -> Server:
            try:
                server = Server(address)
            except OSError:
                pytest.skip(f"this machine has no {address}")
            stack.callback(server.close)
            return server

        yield start


def _tests(downstream: Downstream, body: str, marker: str = "judge=False") -> None:
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    downstream.tests(ASKING + f"\n@pytest.mark.hubfiles({marker})\ndef test_import(hubfiles):\n{lines}")


def _findings(result: pytest.RunResult, kind: str) -> list[str]:
    return [line for line in result.outlines if f"{kind}: " in line and "in test_files" not in line]


def _stored(downstream: Downstream) -> list[str]:
    return [interaction.url for interaction in cassettes.read(downstream.cassette())]


def _recorded(url: str, answer: object = None, method: str = "GET") -> Interaction:
    body = json.dumps({"from": url} if answer is None else answer).encode()
    return Interaction(method, url, {}, b"", 200, "OK", {"Content-Type": ("application/json",)}, body)


# --- origins -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        pytest.param("https://files.example.com/a", "https://files.example.com", id="plain"),
        pytest.param("HTTPS://FILES.Example.COM/a", "https://files.example.com", id="case"),
        pytest.param("https://files.example.com:443/a", "https://files.example.com", id="default-port"),
        pytest.param("http://files.example.com:80", "http://files.example.com", id="default-port-plain"),
        pytest.param("http://files.example.com:0080/a", "http://files.example.com", id="zeros"),
        pytest.param("http://files.example.com:443/a", "http://files.example.com:443", id="port-of-the-other-scheme"),
        pytest.param("https://files.example.com./a", "https://files.example.com", id="trailing-dot"),
        pytest.param("https://me:secret@files.example.com/a", "https://files.example.com", id="user-info"),
        pytest.param("https://api.hubapi.com@evil.example.com/a", "https://evil.example.com", id="user-like-hubspot"),
        pytest.param("https://api.hubapi.com:x@evil.example.com", "https://evil.example.com", id="password"),
        pytest.param("https://bücher.example/a", "https://xn--bcher-kva.example", id="idna"),
        pytest.param("http://[::1]:8080/a", "http://[::1]:8080", id="ipv6"),
        pytest.param("http://[0:0:0:0:0:0:0:1]/a", "http://[::1]", id="ipv6-long"),
        pytest.param("http://files.example.com:99999/a", "http://files.example.com:99999", id="no-such-port"),
    ],
)
def test_origins_are_written_one_way(url: str, origin: str) -> None:
    """Case, default ports, a final dot, user info and the writing of a name or address make no other origin."""
    assert origin_of(url) == origin
    assert origin_key(url) == origin


@pytest.mark.parametrize(
    ("url", "is_hubspot"),
    [
        ("https://api.hubapi.com/a", True),
        ("https://api.hubapi.com:443", True),
        ("https://API.HubAPI.com./a", True),
        ("https://api-eu1.hubapi.com/a", True),
        ("https://api.hubspot.com/a", True),
        ("https://api-na1.hubspot.com/a", True),
        ("http://api.hubapi.com/a", False),
        ("https://api.hubapi.com:8443/a", False),
        ("https://app.hubspot.com/a", False),
        ("https://api.hubapi.com.evil.example/a", False),
        ("https://evilhubapi.com/a", False),
        ("https://api.hubspot.com@evil.example.com/", False),
        ("http://127.0.0.1:8080/a", False),
    ],
)
def test_hubspots_api_hosts_are_one_origin(url: str, is_hubspot: bool) -> None:
    """Every host of HubSpot's API over TLS is the one origin; plain HTTP, other ports and look-alikes are not."""
    assert (origin_key(url) == HUBSPOT) is is_hubspot


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.2", "localhost", "a.LOCALHOST", "::1", "::ffff:127.0.0.1", "0.0.0.0"]
)
def test_loopback_is_known(host: str) -> None:
    """Whatever names this machine by itself is known to."""
    assert is_loopback(host)
    assert not is_loopback(f"{host}.example.com")


# --- a replay ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("client", CLIENTS)
def test_hosts_do_not_answer_for_each_other(downstream: Downstream, client: str) -> None:
    """Two hosts with one path are two requests, in whatever order they are asked."""
    urls = [
        "https://a.example.com/thing",
        "https://b.example.com/thing",
        "http://a.example.com/thing",
        ORIGIN + "/thing",
    ]
    downstream.write([_recorded(url) for url in urls])
    _tests(downstream, f"for url in {urls[::-1]!r}:\n    assert ask({client!r}, url).json == {{'from': url}}")

    with watched_sockets() as seen:
        result = downstream.run("--hubfiles-fail-on=warning")

    assert result.ret == 0, result.stdout.str()
    assert seen == []


@pytest.mark.parametrize("vcr_config", ["{}", "{'filter_headers': ['x-ours']}"], ids=["player", "vcrpy"])
@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example.com",
        "http://api.hubapi.com",
        "https://api.hubapi.com:8443",
        "https://api.hubapi.com.evil.example",
        "http://127.0.0.1:9",
        "http://[::1]:9",
    ],
)
def test_hubspots_answers_are_hubspots_alone(
    downstream: Downstream, client: str, elsewhere: str, vcr_config: str
) -> None:
    """HubSpot's answers answer nothing that was sent elsewhere, by either player; both hosts are named."""
    downstream.write(whole_import())
    downstream.tests(
        ASKING
        + f"@pytest.fixture\ndef hubfiles_vcr_config():\n    return {vcr_config}\n"
        + f"def test_import(hubfiles):\n    ask({client!r}, {elsewhere + START!r}, 'POST', json.dumps(BODY).encode())\n"
    )

    with watched_sockets() as seen:
        result = downstream.run()

    result.assert_outcomes(failed=1)
    assert seen == []
    result.stdout.fnmatch_lines(
        [
            f"breaking *unmatched-request: POST {elsewhere}{START} is not in *".replace("[", "[[]"),
            f"*closest recorded: POST {ORIGIN}{START}*",
            f"*only the host differs: recorded for {ORIGIN}, asked of {elsewhere}".replace("[", "[[]"),
            f"*--hubfiles-base-url {elsewhere} (ini hubfiles_base_url)*hubfiles.base_url.".replace("[", "[[]"),
        ]
    )


@pytest.mark.parametrize(
    ("base", "asked"),
    [
        pytest.param("http://127.0.0.1:8080", "http://127.0.0.1:8080", id="base-url"),
        pytest.param("http://127.0.0.1:8080", ORIGIN, id="hubspot"),
        pytest.param("http://127.0.0.1:8080", "https://api-na1.hubspot.com", id="regional"),
        pytest.param(ORIGIN, "https://api.hubapi.com:443", id="default-port"),
        pytest.param("http://Files.Example.com", "http://files.example.com:80", id="case-and-port"),
        pytest.param("https://files.example.com:443/api", "https://files.example.com/api", id="prefix"),
        pytest.param("http://[::1]:8080", "http://[0:0::1]:8080", id="ipv6"),
        pytest.param("http://127.0.0.1:8080", "http://me:secret@127.0.0.1:8080", id="user-info"),
        pytest.param("https://files.example.com.", "https://files.example.com", id="trailing-dot"),
    ],
)
@pytest.mark.parametrize("client", ["requests", "httpx", "aiohttp"])
def test_the_base_url_is_hubspot_however_it_is_written(
    downstream: Downstream, client: str, base: str, asked: str
) -> None:
    """What goes to the base URL, or to any host of HubSpot's API, is answered from HubSpot's recording."""
    downstream.write([started(), polled("COMPLETE")])
    _tests(downstream, f"assert ask({client!r}, {asked + STATUS!r}).json['status'] == 'COMPLETE'", "")

    result = downstream.run(f"--hubfiles-base-url={base}")

    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("client", ["requests", "httpx-async", "urllib"])
def test_what_others_recorded_elsewhere_is_answered_by_its_own_host(downstream: Downstream, client: str) -> None:
    """A cassette recorded from a mock answers that mock's address, not HubSpot's, and says which base URL would do."""
    mock = "http://mock.example.com:8080"
    downstream.write([_recorded(f"{mock}/files/v3/x")])
    _tests(downstream, f"assert ask({client!r}, {mock!r} + '/files/v3/x').status == 200")
    downstream.run().assert_outcomes(passed=1)

    _tests(downstream, f"assert ask({client!r}, hubfiles.base_url + '/files/v3/x').status == 200")
    downstream.run(f"--hubfiles-base-url={mock}").assert_outcomes(passed=1)
    result = downstream.run()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            f"*only the host differs: recorded for {mock}, asked of {ORIGIN}",
            f"*The base URL is {ORIGIN}. If {mock} is HubSpot's API for this test, set --hubfiles-base-url {mock} *",
        ]
    )


def test_the_closest_is_the_same_path_elsewhere(downstream: Downstream) -> None:
    """Of what is recorded, the same path of another host is closer than another path of the same; no base URL helps."""
    downstream.write([_recorded("https://a.example.com/x/y"), _recorded("https://b.example.com/x/z")])
    _tests(downstream, "ask('requests', 'https://b.example.com/x/y?n=1')")

    result = downstream.run()

    result.stdout.fnmatch_lines(
        [
            "breaking *unmatched-request: GET https://b.example.com/x/y is not in *",
            "*closest recorded: GET https://a.example.com/x/y*",
            "*  host differs: recorded for https://a.example.com, asked of https://b.example.com",
            "*  query differs: recorded none, asked n=1",
        ]
    )
    result.stdout.no_fnmatch_line("*--hubfiles-base-url*")


def test_no_password_is_told_with_a_url(downstream: Downstream) -> None:
    """The user and the password in a URL are in no message about it."""
    downstream.write(whole_import())
    _tests(downstream, f"ask('requests', 'https://someone:hidden-0001@evil.example.com{STATUS}?hapikey=hidden-0002')")

    result = downstream.run("--tb=no")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*GET https://evil.example.com{STATUS} is not in*"])
    assert "hidden" not in "\n".join(_findings(result, "unmatched-request"))


def test_a_session_of_aiohttp_knows_its_host(downstream: Downstream) -> None:
    """A session of aiohttp with a base URL of its own sends there; a cassette of HubSpot's does not answer it."""
    downstream.write(whole_import())
    body = f"""
import aiohttp, asyncio
async def poll(base):
    async with aiohttp.ClientSession(base) as session, session.get({STATUS!r}) as answer:
        return (await answer.json())["status"]
assert asyncio.run(poll(hubfiles.base_url)) == "PENDING"
asyncio.run(poll("https://evil.example.com"))
"""
    _tests(downstream, body, "")

    result = downstream.run()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*unmatched-request: GET https://evil.example.com{STATUS} is not in *"])


def test_a_url_without_an_origin_is_hubspots(downstream: Downstream) -> None:
    """Vcrpy stores no origin for a session of aiohttp that has a base URL; such a recording is the base URL's."""
    downstream.write([_recorded("/files/v3/x")])
    _tests(downstream, "assert ask('httpx', hubfiles.base_url + '/files/v3/x').status == 200")
    downstream.run().assert_outcomes(passed=1)


# --- a recording from this machine -------------------------------------------------------------------------


@pytest.mark.parametrize("client", CLIENTS)
def test_a_recording_from_this_machine_is_stored_as_hubspots(downstream: Downstream, serve: Serve, client: str) -> None:
    """What is recorded from the base URL is HubSpot's; what another server here said is that server's own."""
    base, other = serve(), serve("127.0.0.2")
    _tests(
        downstream,
        f"""
bases = [{other.url!r}, hubfiles.base_url]
for base in bases if hubfiles.recording else bases[::-1]:
    answered = ask({client!r}, base + "/thing").json["server"]
    assert answered == ({base.url!r} if base == hubfiles.base_url else base)
""",
    )
    result = downstream.run(f"--hubfiles-base-url={base.url}", "--hubfiles-record=once")
    assert result.ret == 0, result.stdout.str()
    assert _stored(downstream) == [f"{other.url}/thing", f"{ORIGIN}/thing"]
    assert _findings(result, "other-host") == [
        f"info      $  other-host: {other.url} is asked too: GET {other.url}/thing. The base URL is {base.url}."
        + IF_OWN.format('{"ignore_hosts": ["127.0.0.2"]}')
    ]

    for args in ((), (f"--hubfiles-base-url={base.url}",)):
        with watched_sockets() as seen:
            replayed = downstream.run("--hubfiles-fail-on=warning", *args)
        assert replayed.ret == 0, replayed.stdout.str()
        assert seen == []
        assert not _findings(replayed, "other-host")
    assert len(base.asked) == len(other.asked) == 1


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    ("path", "reason"),
    [
        pytest.param(START, "it is a request to HubSpot's API, which is at the base URL", id="operation"),
        pytest.param("/thing", "it carries HubSpot's token, which is for the base URL", id="token"),
    ],
)
def test_the_token_goes_to_the_base_url_alone(
    downstream: Downstream, serve: Serve, client: str, path: str, reason: str
) -> None:
    """Neither a request to HubSpot's API nor one with its token is sent to another server of this machine."""
    base, other = serve(), serve("127.0.0.2")
    given = "" if path == START else f"token={TOKEN!r}"
    _tests(
        downstream,
        f"try:\n    ask({client!r}, {other.url + path!r}, 'POST', b'{{}}', {given})\nexcept Exception:\n    pass",
    )

    result = downstream.run(f"--hubfiles-base-url={base.url}", "--hubfiles-record=once")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            f"breaking *unmatched-request: POST {other.url}{path} was not sent: {reason} {base.url}*",
            "*hubfiles.base_url, or name the host in ini hubfiles_hosts.",
        ]
    )
    assert other.asked == []
    assert not downstream.cassette().exists()


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        (ORIGIN + START, "HubSpot's own API is not asked beside it"),
        ("https://api-eu1.hubapi.com/x", "HubSpot's own API is not asked beside it"),
        ("http://192.0.2.1:8080/x", "on this machine, which the recording does not leave"),
        ("https://files.example.com/x", "on this machine, which the recording does not leave"),
    ],
)
def test_nothing_leaves_this_machine(downstream: Downstream, serve: Serve, client: str, url: str, reason: str) -> None:
    """A recording from a base URL on this machine sends nothing elsewhere, HubSpot's own host included."""
    base = serve()
    _tests(downstream, f"try:\n    ask({client!r}, {url!r}, token={TOKEN!r})\nexcept Exception:\n    pass")

    with watched_sockets() as seen:
        result = downstream.run(f"--hubfiles-base-url={base.url}", "--hubfiles-record=once")

    result.assert_outcomes(failed=1)
    said = f"GET {url} was not sent: *{reason}"
    if not CONNECTS_LATE and url.startswith("https:") and client in {"requests", "urllib3"}:
        said = f"looking up {urlsplit(url).hostname} was refused: *on this machine, which the recording does not leave"
    result.stdout.fnmatch_lines([f"breaking *unmatched-request: {said}*"])
    assert not [place for place in seen if "hubapi" in place or "192.0.2.1" in place or "example" in place]
    assert base.asked == []


def test_no_look_up_leaves_this_machine(downstream: Downstream, serve: Serve) -> None:
    """A client that is not recorded neither looks up nor connects to what is elsewhere; a server here it reaches."""
    base, own = serve(), serve("127.0.0.2")
    _tests(
        downstream,
        f"""
import socket
ask("requests", hubfiles.base_url + "/thing")
socket.create_connection(("127.0.0.2", {own.port})).close()
for attempt in (lambda: socket.getaddrinfo("api.hubapi.com", 443), lambda: socket.create_connection(("192.0.2.1", 80))):
    try:
        attempt()
    except OSError:
        pass
""",
    )

    result = downstream.run(f"--hubfiles-base-url={base.url}", "--hubfiles-record=once")

    result.assert_outcomes(failed=1)
    for what in ("looking up api.hubapi.com", "connecting to 192.0.2.1:80"):
        said = f"{what} was refused: the base URL {base.url} is on this machine, which the recording does not leave."
        assert f"unmatched-request {said}" in result.outlines
    result.stdout.fnmatch_lines(
        ["*If the test needs the host, name it in ignore_hosts of hubfiles_vcr_config: a replay reaches it too."]
    )


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("client", CLIENTS)
def test_a_base_url_on_this_machine_is_reached(downstream: Downstream, serve: Serve, client: str, address: str) -> None:
    """By IPv4 or IPv6, with a path of its own or not, what goes to the base URL is recorded as HubSpot's."""
    base = serve(address)
    _tests(downstream, f"assert ask({client!r}, hubfiles.base_url + '/thing').status == 200")

    result = downstream.run(
        f"--hubfiles-base-url={base.url}/prefix/", "--hubfiles-record=once", "--hubfiles-fail-on=info"
    )

    assert result.ret == 0, result.stdout.str()
    assert base.asked == [("GET", "/prefix/thing", None)]
    assert _stored(downstream) == [f"{ORIGIN}/thing"]
    downstream.run().assert_outcomes(passed=1)


def test_beside_the_prefix_is_the_same_origin(downstream: Downstream, serve: Serve) -> None:
    """What the base URL's server has beside the base URL's path is reached, told to nobody, and stored as its own."""
    base = serve()
    _tests(downstream, f"assert ask('requests', {base.url!r} + '/beside', token={TOKEN!r}).status == 200")

    result = downstream.run(
        f"--hubfiles-base-url={base.url}/prefix", "--hubfiles-record=once", "--hubfiles-fail-on=info"
    )

    assert result.ret == 0, result.stdout.str()
    assert _stored(downstream) == [f"{base.url}/beside"]


@pytest.mark.parametrize("client", CLIENTS)
def test_another_name_of_this_machine_is_another_host(downstream: Downstream, serve: Serve, client: str) -> None:
    """``localhost`` is not 127.0.0.1: nobody can tell whether one server answers both."""
    base = serve()
    by_name = f"http://localhost:{base.port}"
    _tests(downstream, f"ask({client!r}, {by_name + START!r}, 'POST', b'{{}}', token={TOKEN!r})")

    result = downstream.run(f"--hubfiles-base-url={base.url}", "--hubfiles-record=once")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*POST {by_name}{START} was not sent: *at the base URL {base.url}.*"])
    assert base.asked == []


@pytest.mark.parametrize("listed", ["127.0.0.2", "127.0.0.2:{port}", "*.0.0.2"])
@pytest.mark.parametrize("client", ["requests", "httpx", "aiohttp"])
def test_a_listed_host_is_reached(downstream: Downstream, serve: Serve, client: str, listed: str) -> None:
    """A host in ini ``hubfiles_hosts`` gets what the test sends it, and is told of."""
    base, other = serve(), serve("127.0.0.2")
    downstream.ini(f"hubfiles_hosts = {listed.format(port=other.port)}")
    _tests(downstream, f"assert ask({client!r}, {other.url + START!r}, 'POST', b'{{}}', token={TOKEN!r}).status == 200")

    result = downstream.run(f"--hubfiles-base-url={base.url}", "--hubfiles-record=once")

    assert result.ret == 0, result.stdout.str()
    assert other.asked == [("POST", START, f"Bearer {TOKEN}")]
    assert _findings(result, "other-host") == [
        f"info      $  other-host: {other.url} is asked too with HubSpot's token: POST {other.url}{START}. "
        f"The base URL is {base.url}."
    ]


@pytest.mark.parametrize("listed", ["127.0.0.2:1", "127.0.0.3", "0.0.2", "*.127.0.0.2"])
def test_a_host_that_is_not_listed_is_not_reached(downstream: Downstream, serve: Serve, listed: str) -> None:
    """Another port or another name than the one listed is not let through."""
    base, other = serve(), serve("127.0.0.2")
    downstream.ini(f"hubfiles_hosts = {listed}")
    _tests(downstream, f"ask('requests', {other.url + START!r}, 'POST', b'{{}}')")

    downstream.run(f"--hubfiles-base-url={base.url}", "--hubfiles-record=once").assert_outcomes(failed=1)

    assert other.asked == []


def test_a_listed_host_may_be_elsewhere() -> None:
    """A host by name, address or pattern is let through by what looks at requests and by what looks at sockets."""
    reach = Reach("http://127.0.0.1:8080", ["files.example.com", "*.s3.example.com", "192.0.2.7:8080", "[2001:db8::1]"])
    allowed = [
        "https://files.example.com/a",
        "http://x.y.s3.example.com/a",
        "http://192.0.2.7:8080/a",
        "http://[2001:db8::1]/a",
        "http://127.0.0.1:8080/a",
    ]
    refused = [
        "https://other.example.com/a",
        "https://s3.example.com/a",
        "http://192.0.2.7/a",
        "https://api.hubapi.com/a",
        "https://files.example.com@evil.example.com/a",
    ]
    assert [url for url in allowed + refused if reach.why_not(url, {}, is_operation=False) is None] == allowed
    patterns: list[Any] = reach.hosts
    assert patterns[0] == "files.example.com"
    assert patterns[1].fullmatch("x.s3.example.com")
    assert not patterns[1].fullmatch("s3.example.com")
    assert patterns[2:] == ["192.0.2.7", "2001:db8::1"]


@pytest.mark.parametrize(
    "value", ["", "*", "*.", "https://files.example.com", "a/b", "a b", "me@files.example.com", "a:x"]
)
def test_what_is_no_host(value: str) -> None:
    """A bad value of ``hubfiles_hosts`` is quoted, and a good one shown."""
    with pytest.raises(OptionError, match=r"give the name of a host, such as files\.example\.com"):
        OPTIONS["hosts"].read("ini hubfiles_hosts", [value])


def test_hosts_are_read_in_one_spelling() -> None:
    """Case counts for nothing, and an IPv6 address gets its brackets."""
    assert OPTIONS["hosts"].read("ini", ["Files.Example.com", "::1", "[::1]:80"]) == (
        "files.example.com",
        "[::1]",
        "[::1]:80",
    )


def test_a_name_of_this_machine_is_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A base URL whose name leads to loopback, or to an address of this machine, is on it; any other is not."""
    found = {"here.example.com": "127.0.0.1", "there.example.com": "192.0.2.1"}

    def look_up(host: str, *args: object, **kwargs: object) -> list[Any]:
        if host not in found:
            raise socket.gaierror(socket.EAI_NONAME, "not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found[host], 0))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    local = {
        name: Reach(f"http://{name}:8080").is_local for name in (*found, "nobody.example.com", "localhost", "[::1]")
    }
    assert local == {
        "here.example.com": True,
        "there.example.com": False,
        "nobody.example.com": False,
        "localhost": True,
        "[::1]": True,
    }
    assert not Reach().is_local


# --- a recording from elsewhere ----------------------------------------------------------------------------


@pytest.mark.parametrize("client", CLIENTS)
def test_from_hubspot_each_other_host_is_told_once(downstream: Downstream, serve: Serve, client: str) -> None:
    """With HubSpot as the base URL whatever else the test asks is recorded, and each other host told, once."""
    one, two = serve(), serve("127.0.0.2")
    _tests(
        downstream,
        f"""
for url in ({one.url!r}, {two.url!r}, {one.url!r}):
    assert ask({client!r}, url + "/thing").json["server"] == url
    assert ask({client!r}, url + "/other", token={TOKEN!r} if url == {two.url!r} else None).json["server"] == url
""",
    )

    result = downstream.run("--hubfiles-record=once")

    assert result.ret == 0, result.stdout.str()
    assert _findings(result, "other-host") == [
        f"info      $  other-host: {server.url} is asked too: GET {server.url}/thing. The base URL is {ORIGIN}."
        + IF_OWN.format(own)
        for server, own in ((one, '{"ignore_localhost": True}'), (two, '{"ignore_hosts": ["127.0.0.2"]}'))
    ]
    with watched_sockets() as seen:
        replayed = downstream.run("--hubfiles-fail-on=warning")
    assert replayed.ret == 0, replayed.stdout.str()
    assert seen == []


def test_hubspot_is_not_asked_beside_another_base_url() -> None:
    """Where the base URL is neither HubSpot's nor here, others are let through and told; HubSpot's own is refused."""
    reach = Reach("https://192.0.2.1:8443", token="a-token")
    assert reach.why_not("https://192.0.2.1:8443/a", {"Authorization": "Bearer a-token"}, is_operation=True) is None
    assert reach.why_not("https://files.example.com/a", {}, is_operation=False) is None
    assert "not asked beside it" in str(reach.why_not(ORIGIN + "/a", {}, is_operation=False))
    told = [
        reach.other_host("GET x", url, {}) for url in ("https://files.example.com/a", "https://files.example.com/b")
    ]
    assert told[0] is not None
    assert (told[0].kind.value, told[0].severity.value, told[0].after) == (
        "other-host",
        "info",
        "https://files.example.com",
    )
    assert told[1] is None
    assert reach.other_host("GET x", "https://app.hubspot.com/a", {}) is None


# --- redirects ---------------------------------------------------------------------------------------------

FOLLOWING = """
import asyncio, aiohttp, httpx, requests, urllib3, urllib.request

def with_requests(url):
    return requests.get(url, headers=HEADERS, timeout=600).json()

def with_httpx(url):
    return httpx.get(url, headers=HEADERS, follow_redirects=True, timeout=600).json()

def with_urllib3(url):
    with urllib3.PoolManager() as pool:
        return json.loads(pool.request("GET", url, headers=HEADERS).data)

def with_aiohttp(url):
    async def get():
        async with aiohttp.ClientSession() as session, session.get(url, headers=HEADERS) as answer:
            return await answer.json()
    return asyncio.run(get())

FOLLOW = {"requests": with_requests, "httpx": with_httpx, "urllib3": with_urllib3, "aiohttp": with_aiohttp}
HEADERS = {}
"""


def _following(downstream: Downstream, body: str) -> None:
    _tests(downstream, body, "judge=False, allow=['outage']")
    path = downstream.path / "test_files.py"
    path.write_text(FOLLOWING + path.read_text(encoding="utf-8"), encoding="utf-8")


@pytest.mark.parametrize("client", ["requests", "httpx", "urllib3", "aiohttp"])
def test_a_redirect_to_another_host_is_recorded_as_its_own(downstream: Downstream, serve: Serve, client: str) -> None:
    """A redirect from the base URL to another server here is told, and replayed from that server's own recording."""
    base, other = serve(), serve("127.0.0.2")
    base.redirects["/thing"] = f"{other.url}/thing"
    _following(downstream, f"assert FOLLOW[{client!r}](hubfiles.base_url + '/thing')['server'] == {other.url!r}")

    result = downstream.run(f"--hubfiles-base-url={base.url}", "--hubfiles-record=once")

    assert result.ret == 0, result.stdout.str()
    assert _stored(downstream) == [f"{ORIGIN}/thing", f"{other.url}/thing"]
    assert len(_findings(result, "other-host")) == 1
    with watched_sockets() as seen:
        replayed = downstream.run("--hubfiles-fail-on=warning")
    assert replayed.ret == 0, replayed.stdout.str()
    assert seen == []


@pytest.mark.parametrize("client", ["requests", "httpx", "urllib3", "aiohttp"])
@pytest.mark.parametrize("target", ["http://192.0.2.1/thing", ORIGIN + "/thing"])
def test_a_redirect_that_leaves_is_not_followed(downstream: Downstream, serve: Serve, client: str, target: str) -> None:
    """A recording from this machine follows no redirect that leaves it."""
    base = serve()
    base.redirects["/thing"] = target
    _following(downstream, f"FOLLOW[{client!r}](hubfiles.base_url + '/thing')")

    with watched_sockets() as seen:
        result = downstream.run(f"--hubfiles-base-url={base.url}", "--hubfiles-record=once")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["breaking *unmatched-request: *base URL*"])
    assert not [place for place in seen if "192.0.2.1" in place or "hubapi" in place]


@pytest.mark.parametrize("client", ["requests", "httpx", "urllib3", "aiohttp"])
def test_an_unasked_redirect_is_told(downstream: Downstream, serve: Serve, client: str) -> None:
    """A redirect to HubSpot's path on another server here fails the test, also of a client that asks nobody first."""
    base, other = serve(), serve("127.0.0.2")
    base.redirects["/thing"] = other.url + STATUS
    _following(downstream, f"FOLLOW[{client!r}](hubfiles.base_url + '/thing')")

    result = downstream.run(f"--hubfiles-base-url={base.url}", "--hubfiles-record=once")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"breaking *unmatched-request: GET {other.url}{STATUS} *"])
    assert [token for _, _, token in other.asked if token] == []


@pytest.mark.parametrize("client", ["requests", "httpx", "urllib3", "aiohttp"])
def test_a_redirect_within_the_base_url_is_replayed_under_any(
    downstream: Downstream, serve: Serve, client: str
) -> None:
    """What the base URL redirects to itself leads, in a replay, to the base URL of that replay."""
    base = serve()
    base.redirects["/thing"] = f"{base.url}/there"
    _following(downstream, f"assert FOLLOW[{client!r}](hubfiles.base_url + '/thing')['path'] == '/there'")
    result = downstream.run(f"--hubfiles-base-url={base.url}", "--hubfiles-record=once")
    assert result.ret == 0, result.stdout.str()
    assert cassettes.read(downstream.cassette())[0].headers["location"] == f"{ORIGIN}/there"

    for args in ((), (f"--hubfiles-base-url={base.url}",), ("--hubfiles-base-url=http://files.example.com/api",)):
        with watched_sockets() as seen:
            replayed = downstream.run("--hubfiles-fail-on=warning", *args)
        assert replayed.ret == 0, replayed.stdout.str()
        assert seen == []


# --- a proxy -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("client", ["requests", "httpx", "urllib"])
def test_a_proxy_takes_nothing_elsewhere(
    downstream: Downstream, serve: Serve, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy on this machine is no way out of a recording from it, nor do its users go unanswered in a replay."""
    base, proxy = serve(), serve("127.0.0.2")
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    for url in ("http://192.0.2.1/thing", "https://api.hubapi.com/thing")[: 2 if CONNECTS_LATE else 1]:
        _tests(downstream, f"ask({client!r}, {url!r}, token={TOKEN!r})")
        result = downstream.run(f"--hubfiles-base-url={base.url}", "--hubfiles-record=once")
        result.assert_outcomes(failed=1)
        assert f"GET {url} was not sent" in result.stdout.str()
    assert proxy.asked == []

    downstream.write([_recorded(url) for url in ("http://files.example.com/a", ORIGIN + "/a")])
    _tests(
        downstream,
        f"for url in ({ORIGIN + '/a'!r}, 'http://files.example.com/a'):\n"
        f"    assert ask({client!r}, url).json['from'] == url",
    )
    result = downstream.run()
    assert result.ret == 0, result.stdout.str()


# --- why there is no answer --------------------------------------------------------------------------------

FAILING = ("requests", "httpx", "httpx-async", "aiohttp", "urllib3", "urllib", "http.client")


def _unanswered(downstream: Downstream, client: str, base_url: str, *args: str) -> str:
    _tests(
        downstream,
        f"try:\n    ask({client!r}, hubfiles.base_url + '/thing?hapikey=hidden-0001')\nexcept Exception:\n    pass",
    )
    result = downstream.run(f"--hubfiles-base-url={base_url}", "--hubfiles-record=once", *args)
    result.assert_outcomes(failed=1)
    assert "hidden-0001" not in result.stdout.str()
    return result.stdout.str()


@pytest.mark.parametrize("client", FAILING)
def test_a_refused_connection_says_so(downstream: Downstream, client: str) -> None:
    """Where nobody listens, the whole URL is told and that the connection was refused."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    assert f"GET {url}/thing got no answer: connection refused" in _unanswered(downstream, client, url)


@pytest.mark.parametrize("client", FAILING)
def test_an_unknown_name_says_so(downstream: Downstream, client: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a name leads nowhere, the whole URL is told and that it was not resolved."""

    def look_up(host: Any, *args: object, **kwargs: object) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    url = "http://nobody.invalid:8080"
    assert f"GET {url}/thing got no answer: name not resolved" in _unanswered(downstream, client, url)


@pytest.mark.parametrize("client", [name for name in FAILING if name != "urllib3"])  # which waits for ever
def test_a_time_out_says_so(downstream: Downstream, client: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody answers in the client's time, the whole URL is told and that the time was up."""
    monkeypatch.setattr("helpers.http_clients.PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        if client == "aiohttp":
            monkeypatch.setattr("aiohttp.client.DEFAULT_TIMEOUT", __import__("aiohttp").ClientTimeout(total=0.2))
        assert f"GET {url}/thing got no answer: timed out" in _unanswered(downstream, client, url)


@pytest.mark.parametrize("client", FAILING)
def test_a_cut_connection_says_so(downstream: Downstream, client: str) -> None:
    """Where the server hangs up, the whole URL is told and that the connection was cut."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            for _ in range(10):
                try:
                    connection, _address = server.accept()
                except OSError:
                    return
                connection.recv(65536)
                connection.close()

        threading.Thread(target=hang_up, daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert f"GET {url}/thing got no answer: connection cut" in _unanswered(downstream, client, url)


def test_an_outage_names_the_whole_url(downstream: Downstream) -> None:
    """An answer that is an outage is told with the whole URL of its request, wherever that went."""
    downstream.restart("server-error")
    downstream.tests()
    result = downstream.run_live("--hubfiles-record=once")
    result.stdout.fnmatch_lines([f"*GET {downstream.sandbox.url}{START}/tasks/*/status got HTTP 500*"])


# --- what is recorded again --------------------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "kept"), [("all", ["https://files.example.com/thing"]), ("rewrite", [])])
def test_recording_again_replaces_by_origin(downstream: Downstream, serve: Serve, mode: str, kept: list[str]) -> None:
    """What others recorded from the base URL is replaced by what is recorded from it; another host's stays apart."""
    base = serve()
    downstream.write([_recorded(f"{base.url}/thing"), _recorded("https://files.example.com/thing")])
    _tests(downstream, "assert ask('requests', hubfiles.base_url + '/thing').status == 200")

    result = downstream.run(f"--hubfiles-base-url={base.url}", f"--hubfiles-record={mode}")

    assert result.ret == 0, result.stdout.str()
    assert _stored(downstream) == [*kept, f"{ORIGIN}/thing"]


@pytest.mark.parametrize("client", ["requests", "httpx", "urllib3"])
def test_a_recorded_redirect_leads_to_the_base_url_of_the_recording(
    downstream: Downstream, serve: Serve, client: str
) -> None:
    """Adding to a cassette, a recorded redirect to HubSpot leads to the base URL, not to HubSpot itself."""
    base = serve()
    downstream.write(
        [replace(_recorded(f"{ORIGIN}/thing"), status_code=302, response_headers={"Location": (f"{ORIGIN}/there",)})]
    )
    _following(downstream, f"assert FOLLOW[{client!r}](hubfiles.base_url + '/thing')['path'] == '/there'")

    result = downstream.run(f"--hubfiles-base-url={base.url}", "--hubfiles-record=new_episodes")

    assert result.ret == 0, result.stdout.str()
    assert [path for _, path, _ in base.asked] == ["/there"]


def test_the_origin_does_not_hide_drift(downstream: Downstream) -> None:
    """Recordings of one API from two places are compared with each other."""
    old, new = downstream.path / "old.yaml", downstream.path / "new.yaml"
    before = [replace(i, url=i.url.replace(ORIGIN, "http://127.0.0.1:8080")) for i in whole_import()]
    downstream.write(before, old)
    downstream.write([started(), interaction("GET", STATUS, 404, {"message": "gone"})], new)

    result = downstream.pytester.run(sys.executable, "-m", "pytest_hubfiles", "diff", "old.yaml", "new.yaml")

    assert result.ret == 1, result.stdout.str()
    result.stdout.fnmatch_lines(["breaking *import-status *operation-gone*"])
