"""Any HTTP client is recorded and replayed truly, alone and in another's place."""

from __future__ import annotations

import ast
import inspect
import json
import socket
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import vcr.patch
from helpers.downstream import Downstream
from helpers.http_clients import IMPORTERS, REPLAYERS, SENDERS, STATES, watched_sockets

from pytest_hubfiles import cassettes
from pytest_hubfiles.model.hubspot_api import CANONICAL_ORIGIN
from pytest_hubfiles.record.clients import CLIENTS

TESTS = """
import pathlib
import pytest
from helpers import http_clients

@pytest.mark.hubfiles(version="v3", cassette="import")
@pytest.mark.parametrize("client", http_clients.REPLAYERS)
def test_import(hubfiles, client):
    answers = http_clients.REPLAYERS[client](hubfiles.base_url)
    http_clients.save(answers, pathlib.Path("answers", client + ".json"))
    assert [answer.status for answer in answers] == [202, 200, 200, 200]
    assert [answer.json["status"] for answer in answers[1:]] == http_clients.STATES
    assert len(hubfiles.exchanges) >= 4
    assert {exchange.operation for exchange in hubfiles.exchanges} == {"import-start", "import-status"}
"""


@pytest.fixture
def counting() -> Iterator[tuple[str, list[str]]]:
    """A raw server on loopback that notes every connection made to it and answers none."""
    seen: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ended = threading.Event()

        def accept() -> None:
            while True:
                connection, address = server.accept()
                connection.close()
                if ended.is_set():
                    return
                seen.append(str(address))

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"http://127.0.0.1:{port}", seen
        ended.set()
        socket.create_connection(("127.0.0.1", port)).close()
        thread.join()


def _answers(downstream: Downstream, client: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads((downstream.path / "answers" / f"{client}.json").read_text())
    return found


@pytest.mark.parametrize("client", IMPORTERS)
def test_each_client_is_recorded_and_every_client_replays_it(
    downstream: Downstream, counting: tuple[str, list[str]], client: str
) -> None:
    """What one client recorded reaches every client as it was, judged, and nothing leaves the process."""
    downstream.tests(TESTS)
    downstream.record(f"test_files.py::test_import[{client}]", "--hubfiles-min-judged=4")
    live = _answers(downstream, client)
    text = (downstream.path / "cassettes/v3/import.yaml").read_text(encoding="utf-8")
    assert text.count(f"uri: {CANONICAL_ORIGIN}/files/v3/") >= 4
    assert "uri: http://" not in text
    assert "a-token-for-tests" not in text
    downstream.sandbox.close()
    elsewhere, connections = counting
    for arguments in ([], [f"--hubfiles-base-url={elsewhere}"]):
        with watched_sockets() as seen:
            result = downstream.run(*arguments, f"--hubfiles-min-judged={4 * len(REPLAYERS)}")
        assert result.ret == 0, result.stdout.str()
        result.assert_outcomes(passed=len(REPLAYERS))
        assert seen == []
        assert connections == []
        # HubSpot's client hands out no bytes of the first answer, so there only its id is compared.
        assert _answers(downstream, client) == live
        replayed = {name: _answers(downstream, name) for name in REPLAYERS}
        for name, answers in replayed.items():
            assert [answer["body"] for answer in answers[1:]] == [answer["body"] for answer in live[1:]], name
            assert [(answer["status"], answer["reason"]) for answer in answers] == [
                (answer["status"], answer["reason"]) for answer in live
            ], name
            assert [json.loads(str(answer["body"])).get("id") for answer in answers] == [
                json.loads(str(answer["body"])).get("id") for answer in live
            ], name


THREADS = """
import json
import pathlib
import pytest
from helpers import http_clients

@pytest.mark.hubfiles(version="v3")
def test_import(hubfiles):
    imports = http_clients.import_in_threads(hubfiles.base_url)
    http_clients.save([answer for answers in imports for answer in answers], pathlib.Path("answers", "all.json"))
    for answers in imports:
        assert [answer.json["status"] for answer in answers[1:]] == http_clients.STATES
    assert len({answers[0].json["id"] for answers in imports}) == 8
    assert len(hubfiles.exchanges) == 32
"""


@pytest.mark.slow
@pytest.mark.parametrize("round_", range(3))
def test_eight_threads_record_and_replay_an_import_each(downstream: Downstream, round_: int) -> None:
    """Clients of eight kinds in eight threads lose nothing, mix nothing up, and reach no socket in replay."""
    downstream.tests(THREADS)
    downstream.record("--hubfiles-min-judged=32")
    live = _answers(downstream, "all")
    downstream.sandbox.close()
    with watched_sockets() as seen:
        result = downstream.run("--hubfiles-min-judged=32", "--hubfiles-fail-on=warning")
    assert result.ret == 0, result.stdout.str()
    assert seen == []
    assert _answers(downstream, "all") == live


FOLDERS = """
import pytest
from hubspot import HubSpot
from hubspot.files import FolderUpdateInputWithId

@pytest.mark.hubfiles(version="v3")
def test_folders(hubfiles):
    client = HubSpot(access_token="a-token-for-tests", host=hubfiles.base_url)
    given = FolderUpdateInputWithId(id="42", name="renamed")
    task, status, _ = client.files.folders_api.update_properties_recursively_with_http_info(
        folder_update_input_with_id=given
    )
    assert status == 202
    polls = [client.files.folders_api.check_update_status(task.id) for _ in range(4)]
    assert [poll.status for poll in polls] == ["PENDING", "PROCESSING", "COMPLETE", "COMPLETE"]
    assert polls[-1].result.name == "renamed"
    assert {e.operation for e in hubfiles.exchanges} == {"folder-update-start", "folder-update-status"}
"""


def test_hubspots_client_updates_a_folder_live_and_replayed(downstream: Downstream) -> None:
    """The folder operations of HubSpot's own client are recorded, judged and replayed as models."""
    downstream.tests(FOLDERS)
    downstream.record("--hubfiles-min-judged=5")
    downstream.sandbox.close()
    with watched_sockets() as seen:
        result = downstream.run("--hubfiles-min-judged=5", "--hubfiles-fail-on=warning")
    assert result.ret == 0, result.stdout.str()
    assert seen == []


POLLS_AT_ONCE = """
import asyncio
import json
import aiohttp
import pytest
from helpers import http_clients

@pytest.mark.hubfiles(version="v3")
def test_import(hubfiles):
    async def poll():
        async with aiohttp.ClientSession(hubfiles.base_url) as session:
            headers = {"Authorization": "Bearer " + http_clients.TOKEN}
            async with session.post(http_clients.START, json=http_clients.IMPORT, headers=headers) as answer:
                task = (await answer.json())["id"]

            async def once():
                async with session.get(f"{http_clients.START}/tasks/{task}/status", headers=headers) as answer:
                    return (await answer.json())["status"]

            return await asyncio.gather(*[once() for _ in range(6)])

    states = asyncio.run(poll())
    assert sorted(states) == ["COMPLETE"] * 4 + ["PENDING", "PROCESSING"]
    if not hubfiles.recording:
        assert states == [*http_clients.STATES, "COMPLETE", "COMPLETE", "COMPLETE"]
"""


def test_identical_polls_at_once_are_answered_in_recorded_order(downstream: Downstream) -> None:
    """Six aiohttp polls of one task at once each get an answer, in replay the recorded ones in their order."""
    downstream.tests(POLLS_AT_ONCE)
    result = downstream.run_live("--hubfiles-record=once")
    assert result.ret == 0, result.stdout.str()
    cassette = downstream.cassette(version="v3")
    recorded = cassettes.read(cassette)
    # What the server answered first is not to be known: put them in the order a task goes through.
    recorded.sort(key=lambda i: ["", *STATES].index(i.task_status or ""))
    cassette.write_bytes(cassettes.dump(recorded))
    downstream.sandbox.close()
    with watched_sockets() as seen:
        result = downstream.run()
    assert result.ret == 0, result.stdout.str()
    assert seen == []


ANY_METHOD = """
import pathlib
import pytest
from helpers import http_clients

@pytest.mark.hubfiles(version="v3", judge=False, allow=["outage"])  # the fake server answers some with a page
def test_methods(hubfiles):
    url = hubfiles.base_url + "/files/v3/files/76"
    answers = [
        send(method, url, {"Authorization": "Bearer " + http_clients.TOKEN}, body)
        for send in http_clients.SENDERS.values()
        for method, body in (("HEAD", None), ("DELETE", None), ("PUT", b"{}"), ("PATCH", b"{}"), ("OPTIONS", None))
    ]
    http_clients.save(answers, pathlib.Path("answers", "all.json"))
    assert all(answer.status in (404, 405) for answer in answers)
"""


def test_every_method_is_recorded_and_replayed(downstream: Downstream) -> None:
    """HEAD, DELETE, PUT, PATCH and OPTIONS reach every client in replay as they did live."""
    downstream.tests(ANY_METHOD)
    downstream.record()
    live = _answers(downstream, "all")
    downstream.sandbox.close()
    with watched_sockets() as seen:
        result = downstream.run()
    assert result.ret == 0, result.stdout.str()
    assert seen == []
    assert _answers(downstream, "all") == live


class _Redirecting(BaseHTTPRequestHandler):
    """Leads from ``/a`` by 302 and ``/b`` by 307, with whole addresses, to ``/c``."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args: object) -> None:
        """Keep silent."""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        target = {"/a": (302, "/b"), "/b": (307, "/c")}.get(self.path)
        body = b"" if target else json.dumps({"method": self.command}).encode()
        self.send_response(target[0] if target else 200)
        if target:
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_address[1]}{target[1]}")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815  # the name http.server looks for


@pytest.fixture
def redirecting() -> Iterator[str]:
    """A server that redirects, at its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Redirecting) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


REDIRECTS = """
import asyncio
import json
import aiohttp
import httpx
import pytest
import requests
import urllib.request
import urllib3
from helpers import http_clients

def with_requests(method, url):
    answer = requests.request(method, url, data=b"{}" if method == "POST" else None)
    return answer.json(), [past.status_code for past in answer.history]

def with_httpx(method, url):
    answer = httpx.request(method, url, content=b"{}" if method == "POST" else None, follow_redirects=True, timeout=600)
    return answer.json(), [past.status_code for past in answer.history]

def with_aiohttp(method, url):
    async def send():
        async with aiohttp.ClientSession() as session:
            async with session.request(method, url, data=b"{}" if method == "POST" else None) as answer:
                return await answer.json(), [past.status for past in answer.history]
    return asyncio.run(send())

def with_urllib3(method, url):
    with urllib3.PoolManager() as pool:
        answer = pool.request(method, url, body=b"{}" if method == "POST" else None)
        return json.loads(answer.data), [past.status for past in answer.retries.history]

CLIENTS = {"requests": with_requests, "httpx": with_httpx, "aiohttp": with_aiohttp, "urllib3": with_urllib3}

@pytest.mark.hubfiles(version="v3", allow=["outage"])
@pytest.mark.parametrize("client", CLIENTS)
def test_redirects(hubfiles, client):
    for _ in range(2):
        assert CLIENTS[client]("GET", hubfiles.base_url + "/a") == ({"method": "GET"}, [302, 307])
    assert CLIENTS[client]("POST", hubfiles.base_url + "/b") == ({"method": "POST"}, [307])
    assert [exchange.status_code for exchange in hubfiles.exchanges] == [302, 307, 200, 302, 307, 200, 307, 200]
"""


def test_redirects_are_followed_in_replay_as_they_were_live(
    downstream: Downstream, redirecting: str, counting: tuple[str, list[str]]
) -> None:
    """A test that allows outages records each step of a redirect, and no step of its replay leaves."""
    downstream.tests(REDIRECTS)
    result = downstream.run(f"--hubfiles-base-url={redirecting}", "--hubfiles-record=once")
    assert result.ret == 0, result.stdout.str()
    for arguments in ([], [f"--hubfiles-base-url={counting[0]}"]):
        with watched_sockets() as seen:
            result = downstream.run("--hubfiles-fail-on=warning", *arguments)
        assert result.ret == 0, result.stdout.str()
        assert seen == []


def test_a_redirect_to_what_is_not_recorded_is_refused(downstream: Downstream, redirecting: str) -> None:
    """Where the target of a recorded redirect is missing, aiohttp gets an error, not another answer."""
    downstream.tests(REDIRECTS)
    downstream.run(f"--hubfiles-base-url={redirecting}", "--hubfiles-record=once")
    for path in (downstream.path / "cassettes").rglob("*.yaml"):
        path.write_bytes(cassettes.dump([i for i in cassettes.read(path) if i.path != "/b"]))
    with watched_sockets() as seen:
        result = downstream.run()
    result.assert_outcomes(failed=4)
    result.stdout.fnmatch_lines(["*unmatched-request*GET https://api.hubapi.com/b is not in cassettes/*"])
    assert seen == []


def test_a_recorded_redirect_is_not_followed_to_the_network(downstream: Downstream, redirecting: str) -> None:
    """Adding to a cassette, aiohttp's step after a recorded redirect is refused if it is not recorded too."""
    downstream.tests(REDIRECTS)
    downstream.run(f"--hubfiles-base-url={redirecting}", "--hubfiles-record=once", "-k", "aiohttp")
    for path in (downstream.path / "cassettes").rglob("*.yaml"):
        path.write_bytes(cassettes.dump([i for i in cassettes.read(path) if i.path != "/b"]))
    result = downstream.run(f"--hubfiles-base-url={redirecting}", "--hubfiles-record=new_episodes", "-k", "aiohttp")
    result.assert_outcomes(failed=1, deselected=3)
    result.stdout.fnmatch_lines([f"*UnmatchedRequestError*GET {redirecting}/b is not in cassettes/*"])


UNMATCHED = """
import asyncio
import aiohttp
import httpx
import pytest
import requests
import urllib3
from hubspot import HubSpot
from requests.adapters import HTTPAdapter
from urllib3 import Retry
from helpers import http_clients

STUBBORN = Retry(total=50, backoff_factor=5, status_forcelist=[500])

def with_urllib3(url):
    with urllib3.PoolManager(retries=STUBBORN) as pool:
        pool.request("GET", url + "/none")

def with_requests(url):
    with requests.Session() as session:
        session.mount("https://", HTTPAdapter(max_retries=STUBBORN))
        session.get(url + "/none")

def with_hubspot(url):
    HubSpot(access_token="a-token-for-tests", host=url, retry=STUBBORN).files.files_api.check_import("AAAA")

def with_httpx(url):
    with httpx.Client(transport=httpx.HTTPTransport(retries=50)) as client:
        client.get(url + "/none")

CLIENTS = {"urllib3": with_urllib3, "requests": with_requests, "hubspot-api-client": with_hubspot, "httpx": with_httpx}
CLIENTS.update({name: (lambda url, send=send: send("GET", url + "/none", {}, None))
                for name, send in http_clients.SENDERS.items() if name not in CLIENTS})

@pytest.mark.hubfiles(version="v3")
@pytest.mark.parametrize("client", CLIENTS)
def test_swallowing(hubfiles, client):
    try:
        CLIENTS[client](hubfiles.base_url)
    except Exception:
        pass
    assert [finding.kind.value for finding in hubfiles.findings] == ["unmatched-request"]
"""


def test_an_unmatched_request_is_refused_once_and_fails_a_test_that_swallows_it(downstream: Downstream) -> None:
    """No client retries what the recorder refused, none gets out, and the test fails in spite of its except."""
    downstream.tests(UNMATCHED)
    with watched_sockets() as seen:
        result = downstream.run()
    count = len(IMPORTERS)
    result.assert_outcomes(failed=count)
    assert result.stdout.str().count("test_swallowing[") >= count
    assert "AssertionError" not in result.stdout.str()
    result.stdout.fnmatch_lines(["*nothing is recorded in cassettes/v3/test_files/*"])
    assert seen == []


NESTED = """
import requests
import pytest
import vcr
from helpers import http_clients

CLIENTS = {name: send for name, send in http_clients.SENDERS.items() if name != "http.client-early"}
HEADERS = {"Authorization": "Bearer " + http_clients.TOKEN, "Accept-Encoding": "identity"}

@pytest.mark.hubfiles(version="v3", allow=["outage"])
@pytest.mark.parametrize("client", CLIENTS)
def test_nested(hubfiles, client):
    send = CLIENTS[client]
    send("GET", hubfiles.base_url + "/files/v3/files/1", HEADERS, None)
    with vcr.use_cassette(f"inner-{client}.yaml", record_mode="once", match_on=["method", "path"]):
        answer = send("GET", hubfiles.base_url + "/files/v3/files/2", HEADERS, None)
    assert answer.status == 404
    assert len(hubfiles.exchanges) == 1
    send("GET", hubfiles.base_url + "/files/v3/files/3", HEADERS, None)
    assert len(hubfiles.exchanges) == 2
"""


def test_a_cassette_opened_within_a_test_keeps_what_is_its_own(downstream: Downstream) -> None:
    """Requests made under a vcrpy cassette of the test's own go to that one, those before and after to ours."""
    downstream.tests(NESTED)
    downstream.record()
    inner = sorted(downstream.path.glob("inner-*.yaml"))
    assert len(inner) == len(SENDERS) - 1
    assert all(path.read_text().count("/files/v3/files/2") == 1 for path in inner)
    downstream.sandbox.close()
    with watched_sockets() as seen:
        result = downstream.run()
    assert result.ret == 0, result.stdout.str()
    assert seen == []


AROUND = """
import pathlib
import pytest
import vcr
from helpers import http_clients

@pytest.fixture(autouse=True)
def around():
    with vcr.use_cassette("outer.yaml", record_mode="none") as outer:
        yield
        assert outer.play_count == 0

@pytest.mark.hubfiles(version="v3", cassette="import")
@pytest.mark.parametrize("client", http_clients.IMPORTERS)
def test_import(around, hubfiles, client):
    answers = http_clients.IMPORTERS[client](hubfiles.base_url)
    assert [answer.json["status"] for answer in answers[1:]] == http_clients.STATES
    assert len(hubfiles.exchanges) >= 4
"""


@pytest.mark.slow
def test_a_cassette_around_a_test_gets_nothing(downstream: Downstream) -> None:
    """Within a vcrpy cassette that a fixture opened before, every client is recorded and replayed by ours."""
    downstream.tests(AROUND)
    downstream.record("--hubfiles-min-judged=40")
    downstream.sandbox.close()
    with watched_sockets() as seen:
        result = downstream.run("--hubfiles-min-judged=40")
    assert result.ret == 0, result.stdout.str()
    assert seen == []
    assert not (downstream.path / "outer.yaml").exists()


AFTER = """
import http.client
import pytest
from helpers import http_clients
import aiohttp, httpx, urllib3
from vcr.stubs.aiohttp_stubs import MockClientResponse

def state():
    return [http.client.HTTPConnection, http.client.HTTPConnection.__init__, http.client.HTTPSConnection,
            http.client.HTTPSConnection.__init__, aiohttp.ClientSession._request, MockClientResponse.json,
            MockClientResponse.text, httpx.HTTPTransport.handle_request, urllib3.connection.HTTPConnection]

BEFORE = state()

@pytest.mark.hubfiles(version="v3")
def test_import(hubfiles):
    http_clients.IMPORTERS["http.client-early"](hubfiles.base_url)

def test_after():
    assert state() == BEFORE
"""


def test_clients_are_as_they_were_once_a_test_is_over(downstream: Downstream) -> None:
    """What is patched for a test is as it was for the next one, which reaches the network again."""
    downstream.tests(AFTER)
    downstream.record()


AIOHTTP = """
import asyncio
import aiohttp
import pytest

@pytest.mark.hubfiles(version="v3", judge=False)
def test_answers(hubfiles):
    async def ask(kind):
        async with aiohttp.ClientSession(hubfiles.base_url) as session:
            async with session.get("/" + kind) as answer:
                assert answer.status == 200
                text = await answer.text()
                try:
                    return text, await answer.json()
                except aiohttp.ContentTypeError as error:
                    return text, str(error.status)
    assert asyncio.run(ask("latin")) == ('{"name": "café"}', {"name": "café"})
    assert asyncio.run(ask("page")) == ("né <1>", "200")
    assert asyncio.run(ask("empty")) == ("", None)
"""


class _Charsets(_Redirecting):
    """Answers in charsets and types of which JSON in UTF-8 is but one."""

    def do_GET(self) -> None:
        kind, body = {
            "/latin": ("application/json; charset=latin-1", '{"name": "café"}'.encode("latin-1")),
            "/page": ("text/plain; charset=iso-8859-15", "né <1>".encode("iso-8859-15")),
            "/empty": ("application/json", b""),
        }[self.path]
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def test_aiohttp_reads_text_and_json_in_replay_as_it_does_live(downstream: Downstream) -> None:
    """A charset counts in replay, and what is not JSON is refused, as by aiohttp itself."""
    downstream.tests(AIOHTTP)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Charsets) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        result = downstream.run(
            f"--hubfiles-base-url=http://127.0.0.1:{server.server_address[1]}", "--hubfiles-record=once"
        )
        server.shutdown()
        thread.join()
    assert result.ret == 0, result.stdout.str()
    result = downstream.run()
    assert result.ret == 0, result.stdout.str()


def test_every_client_that_vcrpy_patches_is_in_the_table() -> None:
    """A client that a release of vcrpy begins to patch needs a row, or a replay would leave its requests to sockets."""
    imports = [node for node in ast.walk(ast.parse(inspect.getsource(vcr.patch))) if isinstance(node, ast.Import)]
    imported = {alias.name.partition(".")[0] for node in imports for alias in node.names}

    assert imported - sys.stdlib_module_names <= {client.name for client in CLIENTS}
