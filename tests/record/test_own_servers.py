"""Apps and servers of the suite's own are no part of a recording, and messages say how to have it so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
import vcr.patch
from helpers.downstream import Downstream

from pytest_hubfiles import cassettes

HAS_STUBS = hasattr(vcr.patch, "_HttpxMockTransport_handle_request")  # vcrpy 8.5 has none of what is in the process
APPS = """
import asyncio, httpx

HEADERS = {"Authorization": "Bearer a-token-for-tests"}

def import_start(hubfiles):
    return hubfiles.base_url + "/files/2026-03/files/import-from-url/async"

def upload(hubfiles):
    return httpx.post(import_start(hubfiles), json=BODY, headers=HEADERS).content

def through_asgi(hubfiles, url):
    async def app(scope, receive, send):
        answer = upload(hubfiles)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": answer})
    async def ask():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
            return await client.get(url)
    return asyncio.run(ask())

def through_wsgi(hubfiles, url):
    def app(environ, start_response):
        start_response("200 OK", [])
        return [upload(hubfiles)]
    with httpx.Client(transport=httpx.WSGITransport(app)) as client:
        return client.get(url)

def through_mock(hubfiles, url):
    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=upload(hubfiles)))) as client:
        return client.get(url)

def through_async_mock(hubfiles, url):
    mock = httpx.MockTransport(lambda _: httpx.Response(200, content=upload(hubfiles)))
    async def ask():
        async with httpx.AsyncClient(transport=mock) as client:
            return await client.get(url)
    return asyncio.run(ask())
"""
WAYS = ("through_asgi", "through_wsgi", "through_mock", "through_async_mock")
LOCAL_SERVER = """
import pathlib, httpx

def test_server(hubfiles):
    assert httpx.get(pathlib.Path("server").read_text() + "/hello").text == "hello"
    assert import_a_file(hubfiles).task_status == "COMPLETE"
"""


class _Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # the name http.server looks for
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *args: object) -> None:
        """Keep silent."""


@contextmanager
def server_on_a_port_of_its_own(folder: Path) -> Iterator[str]:
    """Serve on any free port, which the file ``server`` tells, and give the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Hello) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        (folder / "server").write_text(url, encoding="utf-8")
        yield url
        server.shutdown()
        thread.join()


def paths(cassette: Path) -> list[str]:
    """List the paths of what a cassette answers, with the host where that is not HubSpot's."""
    return [i.url.removeprefix("https://api.hubapi.com") for i in cassettes.read(cassette)]


@pytest.mark.parametrize("way", WAYS)
def test_an_app_in_the_process_is_left_alone(downstream: Downstream, way: str) -> None:
    """An app under test runs in a replay too: what it is asked is not recorded, what it asks of HubSpot is."""
    downstream.tests(
        f"{APPS}\ndef test_app(hubfiles):\n"
        f"    assert {way}(hubfiles, 'http://test/upload').json()['id']\n"
        f"    assert {way}(hubfiles, 'https://app.example.com/upload').json()['id']\n"
        "    assert [e.operation for e in hubfiles.exchanges] == ['import-start'] * 2\n"
    )
    recorded = downstream.run_live("--hubfiles-record=once")
    assert recorded.ret == 0, recorded.stdout.str()
    recorded.stdout.no_fnmatch_line("*other-host*")
    assert paths(downstream.cassette("test_app")) == ["/files/2026-03/files/import-from-url/async"] * 2
    downstream.asked()

    replayed = downstream.run()

    assert replayed.ret == 0, replayed.stdout.str()
    assert downstream.asked() == 0


@pytest.mark.slow
def test_an_app_is_no_reason_for_vcrpy(downstream: Downstream) -> None:
    """A replay does not import vcrpy for an app in the process."""
    asking = "".join(f"    {way}(hubfiles, 'http://test/upload')\n" for way in WAYS)
    downstream.tests(
        f"{APPS}\nimport sys\ndef test_app(hubfiles):\n{asking}"
        "    assert hubfiles.recording or sys.version_info < (3, 11) or 'vcr' not in sys.modules\n"
    )
    downstream.run_apart("--hubfiles-record=once").assert_outcomes(passed=1)
    downstream.run_apart().assert_outcomes(passed=1)


@pytest.mark.skipif(not HAS_STUBS, reason="this vcrpy records no mock")
@pytest.mark.parametrize("base", ["https://api.hubapi.com", "{sandbox}"])
def test_a_mock_in_hubspots_place_is_recorded(downstream: Downstream, base: str) -> None:
    """What stands for HubSpot, at its origin or the base URL, is recorded, replayed and judged as HubSpot's answer."""
    url = base.format(sandbox=downstream.sandbox.url) + "/files/2026-03/files/import-from-url/async"
    downstream.tests(f"""
import httpx
def test_mock(hubfiles):
    mock = httpx.MockTransport(lambda _: httpx.Response(202, json={{"id": "1", "more": hubfiles.recording}}))
    with httpx.Client(transport=mock) as client:
        assert client.post({url!r}, json=BODY).json()["more"]
    assert [e.operation for e in hubfiles.exchanges] == ["import-start"]
""")
    live = () if base.startswith("https") else (f"--hubfiles-base-url={downstream.sandbox.url}",)
    downstream.run("--hubfiles-record=once", "--hubfiles-fail-on=never", *live).assert_outcomes(passed=1)
    result = downstream.run("--hubfiles-fail-on=info", *live)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*undocumented-field*"])


def test_the_advice_for_a_local_server_holds(downstream: Downstream) -> None:
    """A server on another port than when it was recorded is not found; what the message says to copy mends that."""
    downstream.tests(LOCAL_SERVER)
    with server_on_a_port_of_its_own(downstream.path) as before:
        recorded = downstream.run_live("--hubfiles-record=once")
        assert recorded.ret == 0, recorded.stdout.str()
        advice = (
            'If it is a server of the suite\'s own, have the fixture hubfiles_vcr_config return {"ignore_localhost"'
        )
        recorded.stdout.fnmatch_lines([f"*other-host: {before} is asked too: *{advice}: True}}."])
        with server_on_a_port_of_its_own(downstream.path) as url:
            result = downstream.run()
            result.assert_outcomes(failed=1)
            result.stdout.fnmatch_lines(
                [
                    f"E * GET {url}/hello is not in cassettes/2026-03/test_files/test_server.yaml.",
                    f"E *only the host differs: recorded for {before}, asked of {url}",
                    "E *If 127.0.0.1 is a server of the suite's own, * put this into conftest.py:",
                    "E *@pytest.fixture",
                    'E *def hubfiles_vcr_config(): return {"ignore_localhost": True}',
                ]
            )
            result.stdout.no_fnmatch_line("*--hubfiles-base-url*")
            fixture = result.stdout.str().partition("put this into conftest.py:\n")[2].splitlines()[:2]
            copied = "\n".join(line.removeprefix("E").strip() for line in fixture)
            (downstream.path / "conftest.py").write_text(f"import pytest\n{copied}\n", encoding="utf-8")
            assert downstream.run().ret == 0
            rewritten = downstream.run_live("--hubfiles-record=rewrite")
            assert rewritten.ret == 0, rewritten.stdout.str()
    assert not [path for path in paths(downstream.cassette("test_server")) if path.startswith("http:")]


@pytest.mark.parametrize("path", ["/hello", "/files/2026-03/other"])
def test_no_advice_to_record_hubspot_elsewhere(downstream: Downstream, path: str) -> None:
    """A server that is asked for another path than any of HubSpot's is not taken for HubSpot."""
    downstream.tests()
    downstream.record()
    downstream.tests(f"""
import httpx
def test_import(hubfiles):
    httpx.get("http://files.example.com{path}")
""")
    result = downstream.run()
    result.assert_outcomes(failed=1)
    assert 'def hubfiles_vcr_config(): return {"ignore_hosts": ["files.example.com"]}' in result.stdout.str()
    result.stdout.no_fnmatch_line("*set --hubfiles-base-url*")


def test_httpx_has_the_transports_that_are_left_alone() -> None:
    """The table of clients names every transport of httpx that vcrpy patches and that reaches no network."""
    transports = (httpx.WSGITransport, httpx.ASGITransport, httpx.MockTransport)
    from pytest_hubfiles.record.clients import CLIENTS

    (client,) = (client for client in CLIENTS if client.name == "httpx")
    names = {
        f"{owner.__name__}.{name}"
        for owner in transports
        for name in ("handle_request", "handle_async_request")
        if name in vars(owner)
    }
    assert set(client.in_process) == names
